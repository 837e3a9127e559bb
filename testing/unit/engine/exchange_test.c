/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Repetition, waiting messages, what outlives an exchange. */
#include "engine/exchange_kinds.h"
#include "engine/outgoing.h"
#include "engine/records.h"
#include "fixture.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

static struct fixture f;

static struct datagram *datagram(void)
{
    struct datagram *d = calloc(1, sizeof *d + 40);
    d->len = 40;
    return d;
}

/* 4 s * 1.8^n, five repetitions. */
static void test_repeats_at_the_right_times_then_ends(void **state)
{
    (void)state;
    static const double at[] = { 4.0, 11.2, 24.16, 47.488, 89.4784 };
    struct exchange *x = fixture_exchange(&f, &main_mode_initiator);
    uint64_t id = x->id;
    exchange_work_begin(x, 1); /* as if MM1 had gone out */
    x->sent = datagram();
    exchange_conclude(x, STEP_TAKEN, NULL);
    for (size_t i = 0; i < CYG_LEN(at); i++) {
        cyg_usec due = f.now + (cyg_usec)(at[i] * 1e6);
        assert_int_equal(f.sent, i);
        (void)engine_timer(f.engine, due - 2);
        assert_int_equal(f.sent, i);
        (void)engine_timer(f.engine, due + 2);
        assert_int_equal(f.sent, i + 1);
    }
    (void)engine_timer(f.engine, f.now + 165060000);
    assert_non_null(exchange_by_id(f.engine, id));
    assert_true(engine_timer(f.engine, f.now + 165063000) == CYG_NEVER);
    assert_null(exchange_by_id(f.engine, id));
    assert_int_equal(f.sent, 5);
    assert_int_equal(fixture_said(&f, CYG_R_NO_ANSWER), 1);
    assert_int_equal(f.engine->counts.ike_sas, 0);
}

/* H-066 */
static void test_an_answer_is_repeated_once_a_second_and_five_times(void **state)
{
    (void)state;
    struct exchange *x = fixture_exchange(&f, &main_mode_responder);
    x->sent = datagram();
    x->replied = true;
    x->answered_at = f.engine->now;
    for (unsigned ms = 0; ms < 20000; ms += 100) {
        f.engine->now = f.now + ms * CYG_MSEC;
        exchange_repeat_answer(x);
    }
    assert_int_equal(f.sent, 5);
}

/* A message that is taken, with or without an answer of ours. */
static void take(struct exchange *x, uint64_t seen, uint8_t next, bool answered)
{
    static const struct step step = { .name = "a step" };
    x->work = (struct work){ .step = &step, .seen = seen, .next = next, .active = true };
    if (answered) {
        struct outgoing o;
        outgoing_begin(&o, x, PROTECT_NONE);
        assert_int_equal(outgoing_send(&o, NULL), CYG_OK);
    }
    exchange_conclude(x, STEP_TAKEN, NULL);
}

/* H-066, H-067: QM3 is the last word, so its duplicate gets none; least of all QM2 again. */
static void test_a_message_without_answer_is_answered_with_none(void **state)
{
    (void)state;
    struct exchange *x = fixture_exchange(&f, &quick_mode_responder);
    struct ike_sa *sa = x->sa;
    take(x, 11, 1, true);
    assert_int_equal(f.sent, 1);
    f.engine->now += CYG_SEC;
    exchange_repeat_answer(x);
    assert_int_equal(f.sent, 2);
    take(x, 12, quick_mode_responder.done, false);
    assert_true(x->ended);
    assert_false(replies_repeat(sa, 12));
    assert_false(replies_repeat(sa, 11)); /* H-067: the older one is over, too */
}

static void test_the_answer_to_the_last_message_outlives_the_exchange(void **state)
{
    (void)state;
    struct exchange *x = fixture_exchange(&f, &quick_mode_responder);
    struct ike_sa *sa = x->sa;
    take(x, 11, 1, true);
    take(x, 12, quick_mode_responder.done, true);
    f.engine->now += CYG_SEC;
    assert_true(replies_repeat(sa, 12));
    assert_int_equal(f.sent, 3);
}

static void test_a_suspended_exchange_keeps_four_messages(void **state)
{
    (void)state;
    static uint8_t bytes[9000];
    struct exchange *x = fixture_exchange(&f, &main_mode_responder);
    struct cyg_path path = fixture_path(1, 500);
    x->suspended = true;
    exchange_wait(x, &path, (struct cyg_span){ bytes, 9000 }); /* above 8 KiB */
    assert_int_equal(x->n_waiting, 0);
    for (unsigned i = 0; i < 10; i++) {
        exchange_wait(x, &path, (struct cyg_span){ bytes, 1000 });
    }
    assert_int_equal(x->n_waiting, WAITING_MAX);
    assert_int_equal(f.engine->counts.queued_bytes, 4000);
    assert_int_equal(f.engine->queued_unproven, 4000);
    exchange_end(x, NULL);
    assert_int_equal(f.engine->counts.queued_bytes, 0);
    assert_int_equal(f.engine->queued_unproven, 0);
}

/* While MM2 is worked on, no responder cookie is known, so messages with any may wait; what comes
 * from there is as foreign as if it had come later. */
static void test_a_waiting_message_with_another_cookie_is_dropped(void **state)
{
    (void)state;
    for (uint8_t cookie = 7; cookie <= 8; cookie++) {
        struct exchange *x = fixture_exchange(&f, &main_mode_initiator);
        uint8_t bytes[32] = { 0 };
        struct cyg_writer w = cyg_writer_of(bytes, sizeof bytes);
        const struct header h = { .next = PAYLOAD_VID,
                                  .version = VERSION_1_0,
                                  .exchange = EXCHANGE_MAIN,
                                  .length = sizeof bytes };
        header_encode(&h, &w);
        memcpy(bytes, x->sa->cookie_i, COOKIE_LEN);
        bytes[COOKIE_LEN] = cookie;
        bytes[HEADER_LEN + 3] = 4; /* an empty VID */
        x->state = 1;
        x->suspended = true;
        exchange_wait(x, &x->sa->path, cyg_span_of_array(bytes));
        exchange_work_begin(x, 2);
        ike_sa_learn_cookie(x->sa, (const uint8_t[COOKIE_LEN]){ 7 });
        x->suspended = false;
        exchange_conclude(x, STEP_TAKEN, NULL);
        assert_int_equal(x->n_waiting, 0);
        /* looked at: KE and nonce are missing; or not */
        assert_int_equal(fixture_said(&f, CYG_R_STEP_PAYLOAD_MISSING), 1);
        assert_int_equal(fixture_said(&f, CYG_R_COOKIES_UNKNOWN), cookie == 7 ? 0 : 1);
    }
}

static void test_strangers_share_64_kib(void **state)
{
    (void)state;
    static uint8_t bytes[8000];
    struct cyg_path path = fixture_path(1, 500);
    for (unsigned i = 0; i < 20; i++) {
        struct exchange *x = fixture_exchange(&f, &main_mode_responder);
        x->suspended = true;
        exchange_wait(x, &path, (struct cyg_span){ bytes, sizeof bytes });
    }
    assert_int_equal(f.engine->counts.queued_bytes, 8 * sizeof bytes);
}

static void test_replies_live_two_minutes(void **state)
{
    (void)state;
    struct exchange *x = fixture_exchange(&f, &main_mode_responder);
    struct ike_sa *sa = x->sa;
    for (uint64_t i = 1; i <= 100; i++) { /* more than the ring ever holds */
        replies_keep(sa, i, datagram());
    }
    assert_int_equal(sa->replies->capacity, REPLIES_MAX);
    assert_false(replies_repeat(sa, 36)); /* the oldest have gone */
    f.engine->now += CYG_SEC;
    assert_true(replies_repeat(sa, 37));
    assert_true(replies_repeat(sa, 100));
    assert_int_equal(f.sent, 2);
    assert_true(replies_repeat(sa, 100)); /* known, but not twice a second */
    assert_int_equal(f.sent, 2);
    f.engine->now += 120 * CYG_SEC;
    assert_false(replies_repeat(sa, 100));
    ike_sa_timer_restart(sa);
    assert_null(sa->replies); /* an idle SA stays small */
}

/* H-068 */
static void test_remembers_the_last_1024_message_ids(void **state)
{
    (void)state;
    struct exchange *x = fixture_exchange(&f, &main_mode_responder);
    struct ike_sa *sa = x->sa;
    uint32_t id = 0;
    assert_false(message_ids_used(sa, 1));
    for (uint32_t i = 1; i <= 3; i++) {
        message_ids_add(sa, i, false);
    }
    assert_int_equal(sa->ids.capacity, MESSAGE_IDS_MIN);
    for (uint32_t i = 4; i <= 2000; i++) {
        message_ids_add(sa, i, false);
    }
    assert_int_equal(sa->ids.capacity, MESSAGE_IDS_MAX);
    assert_true(message_ids_used(sa, 2000));
    assert_true(message_ids_used(sa, 2000 - MESSAGE_IDS_MAX + 1));
    assert_false(message_ids_used(sa, 2000 - MESSAGE_IDS_MAX));
    for (uint32_t i = 1; i <= 1000; i++) { /* a day of R-U-THERE takes no place from quick modes */
        message_ids_add(sa, 0x10000 + i, true);
    }
    assert_int_equal(sa->info_ids.capacity, MESSAGE_IDS_INFO);
    assert_true(message_ids_used(sa, 0x10000 + 1000));
    assert_false(message_ids_used(sa, 0x10000 + 1000 - MESSAGE_IDS_INFO));
    assert_true(message_ids_used(sa, 2000 - MESSAGE_IDS_MAX + 1));
    assert_int_equal(message_ids_new(sa, &id, NULL), CYG_OK);
    assert_true(id != 0 && !message_ids_used(sa, id));
}

static void test_records_are_bounded(void **state)
{
    (void)state;
    struct exchange *x = fixture_exchange(&f, &main_mode_initiator);
    for (uint64_t i = 0; i < 100; i++) {
        struct cyg_error err;
        (void)CYG_FAIL(&err, CYG_R_DIFFERS_GROUP, .got = i,
                       .got_quote = cyg_quote_text("thirty bytes of quoted text..."));
        records_add(x, &err);
    }
    struct cyg_error back;
    assert_int_equal(records_count(x), 34); /* 1 KiB of quotes is used up first */
    records_get(x, 33, &back);
    assert_int_equal(back.got, 33);
    assert_int_equal(back.got_quote.len, 30);
    assert_memory_equal(back.got_quote.data, "thirty", 6);
    for (uint64_t i = 0; i < 100; i++) {
        struct cyg_error err;
        (void)CYG_FAIL(&err, CYG_R_NOMEM, .got = i);
        records_add(x, &err);
    }
    assert_int_equal(records_count(x), RECORDS_MAX);
}

#define TEST(name) \
    cmocka_unit_test_prestate_setup_teardown(name, fixture_setup, fixture_teardown, &f)

TEST_MAIN(TEST(test_repeats_at_the_right_times_then_ends),
          TEST(test_an_answer_is_repeated_once_a_second_and_five_times),
          TEST(test_a_message_without_answer_is_answered_with_none),
          TEST(test_the_answer_to_the_last_message_outlives_the_exchange),
          TEST(test_a_suspended_exchange_keeps_four_messages),
          TEST(test_a_waiting_message_with_another_cookie_is_dropped),
          TEST(test_strangers_share_64_kib), TEST(test_replies_live_two_minutes),
          TEST(test_remembers_the_last_1024_message_ids), TEST(test_records_are_bounded));
