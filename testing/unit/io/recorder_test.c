/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder: a negotiation's events become its entries, an end is told once, nothing waits for a
 * store that is slow, and what does not fit is counted. */
#include "io/recorder.h"

#include "codec/wire.h"
#include "unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 65536u

/* A store that keeps what it is given as text, one line an entry. */
struct fixture {
    struct control *control;
    struct lanes *lanes;
    struct recorder *recorder;
    pthread_mutex_t mutex;
    char text[TEXT_MAX];
    size_t len;
    atomic_uint entries, drops, lost;
    atomic_bool block, full;
    char live[TEXT_MAX];
};

static const char *begun_by(const struct cyg_history_entry *e)
{
    return e->begun_by == CYG_HISTORY_BY_US     ? "initiator"
           : e->begun_by == CYG_HISTORY_BY_PEER ? "responder"
                                                : "nobody";
}

static enum cyg_code write_history(void *self, const struct cyg_history_entry *entries, size_t n,
                                   const struct cyg_history_drop *drops, size_t n_drops,
                                   cyg_usec deadline, struct cyg_error *err)
{
    struct fixture *f = self;
    (void)deadline;
    while (f->block) {
        usleep(1000);
    }
    if (f->full) {
        return CYG_FAIL(err, CYG_R_STORE_FAILED);
    }
    pthread_mutex_lock(&f->mutex);
    for (size_t i = 0; i < n && f->len + 2048 < TEXT_MAX; i++) {
        const struct cyg_history_entry *e = &entries[i];
        const struct cyg_reason_info *info = cyg_reason_info(e->reason);
        f->len +=
            (size_t)snprintf(f->text + f->len, 2048, "%u.%u %s %s %s %s %s [%s|%s|%s] %s %u %s\n",
                             (unsigned)e->negotiation, e->seq, cyg_history_kind_name(e->kind),
                             e->peer[0] != '\0' ? e->peer : "-", info != NULL ? info->name : "-",
                             begun_by(e), e->result, e->theirs, e->ours, e->differs,
                             e->sent ? "sent" : "received", (unsigned)e->bytes, e->exchange);
    }
    pthread_mutex_unlock(&f->mutex);
    for (size_t i = 0; i < n_drops; i++) {
        assert_string_equal(drops[i].network, "192.0.2.0/24");
        atomic_fetch_add(&f->drops, (unsigned)drops[i].count);
    }
    atomic_fetch_add(&f->entries, (unsigned)n);
    return CYG_OK;
}

static const struct cyg_store_ops ops = { .size = sizeof ops, .history_write = write_history };

static void on_lost(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct fixture *f = context;
    (void)dropped;
    if (event->error.reason == CYG_R_HISTORY_LOST) {
        atomic_fetch_add(&f->lost, (unsigned)event->error.got);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    pthread_mutex_init(&f->mutex, NULL);
    assert_int_equal(control_new(&f->control), CYG_OK);
    assert_int_equal(lanes_new(1, &f->lanes), CYG_OK);
    assert_int_equal(recorder_new(f->control, f->lanes, &ops, f, 100, &f->recorder), CYG_OK);
    assert_int_not_equal(control_subscribe(f->control, CYG_EVENT_LOG, 0, on_lost, f), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    recorder_stop(f->recorder);
    lanes_close(f->lanes);
    recorder_free(f->recorder);
    control_free(f->control);
    lanes_free(f->lanes);
    free(f);
    return 0;
}

/* Until that many entries are in the store, 10 s. */
static bool reaches(atomic_uint *value, unsigned wanted)
{
    for (unsigned i = 0; i < 10000 && *value < wanted; i++) {
        usleep(1000);
    }
    return *value >= wanted;
}

static struct cyg_event about(enum cyg_event_type type, uint32_t id, const char *name)
{
    struct cyg_event event = { .type = type, .when = cyg_time_now(), .ike_uniqueid = id };
    snprintf(event.name, sizeof event.name, "%s", name);
    assert_int_equal(cyg_address_parse(cyg_span_str("192.0.2.7"), false, &event.path.remote, NULL),
                     CYG_OK);
    assert_int_equal(cyg_address_parse(cyg_span_str("192.0.2.1"), false, &event.path.local, NULL),
                     CYG_OK);
    event.path.remote.port = event.path.local.port = 500;
    memset(event.cookie_i, 1, sizeof event.cookie_i);
    return event;
}

/* A message of nothing but its header. */
static void message(struct fixture *f, uint32_t id, const char *name, bool sent, bool first,
                    enum exchange_type exchange, uint32_t message_id)
{
    uint8_t bytes[28] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    struct cyg_event event = about(CYG_EVENT_MESSAGE, id, name);
    memset(bytes + 8, first ? 0 : 2, 8);
    bytes[17] = 0x10;
    bytes[18] = (uint8_t)exchange;
    bytes[23] = (uint8_t)message_id;
    bytes[27] = sizeof bytes;
    event.sent = sent;
    event.message = cyg_span_of_array(bytes);
    control_publish(f->control, &event);
}

static void record(struct fixture *f, uint32_t id, const char *name, const struct cyg_error *error)
{
    struct cyg_event event = about(CYG_EVENT_LOG, id, name);
    event.level = 1;
    event.error = *error;
    control_publish(f->control, &event);
}

static void exchange_end(struct fixture *f, uint32_t id, const char *name,
                         enum exchange_type exchange, uint32_t message_id, uint16_t reason)
{
    struct cyg_event event = about(CYG_EVENT_EXCHANGE_END, id, name);
    event.exchange = (uint8_t)exchange;
    event.message_id = message_id;
    event.error.reason = reason;
    control_publish(f->control, &event);
}

static void has(struct fixture *f, const char *line)
{
    pthread_mutex_lock(&f->mutex);
    if (strstr(f->text, line) == NULL) {
        fail_msg("no \"%s\" in\n%s", line, f->text);
    }
    pthread_mutex_unlock(&f->mutex);
}

static struct cyg_quote proposal(const char *text)
{
    struct cyg_proposal p = { .protocol = CYG_PROPOSAL_IKE };
    assert_int_equal(cyg_proposal_parse(CYG_PROPOSAL_IKE, cyg_span_str(text), &p, NULL), CYG_OK);
    return cyg_quote(CYG_QUOTE_PROPOSAL, (struct cyg_span){ (const uint8_t *)&p, sizeof p });
}

static void test_a_refusal_has_both_sides_and_an_end(void **state)
{
    struct fixture *f = *state;
    message(f, 1, "", false, true, EXCHANGE_MAIN, 0);
    record(f, 1, "",
           &(struct cyg_error){ .reason = CYG_R_DIFFERS_CIPHER,
                                .got_quote = proposal("3des-sha256-modp2048"),
                                .want_quote = proposal("aes256-sha256-modp2048") });
    exchange_end(f, 1, "", EXCHANGE_MAIN, 0, CYG_R_NO_PROPOSAL_IKE);
    assert_true(reaches(&f->entries, 3));
    has(f, "101.1 message - MESSAGE_RECEIVED responder");
    has(f, "101.2 decision - DIFFERS_CIPHER responder  "
           "[3des-sha256-modp2048|aes256-sha256-modp2048|cipher]");
    has(f, "101.3 end - NO_PROPOSAL_IKE responder failed");
}

static void test_a_success_ends_when_it_is_quiet(void **state)
{
    struct fixture *f = *state;
    message(f, 4, "branch", true, true, EXCHANGE_MAIN, 0);
    exchange_end(f, 4, "branch", EXCHANGE_MAIN, 0, 0);
    record(f, 4, "branch", &(struct cyg_error){ .reason = CYG_R_IKE_IS_UP });
    message(f, 4, "branch", true, false, EXCHANGE_QUICK, 9);
    record(f, 4, "branch", &(struct cyg_error){ .reason = CYG_R_CHILD_IS_UP });
    exchange_end(f, 4, "branch", EXCHANGE_QUICK, 9, 0);
    assert_true(reaches(&f->entries, 5));
    has(f, "101.1 message branch MESSAGE_SENT initiator");
    has(f, "101.2 up branch IKE_IS_UP initiator");
    has(f, "101.5 end branch CHILD_IS_UP initiator up");
}

static void test_a_dpd_is_no_negotiation(void **state)
{
    struct fixture *f = *state;
    message(f, 5, "branch", false, false, EXCHANGE_INFORMATIONAL, 3);
    usleep(2600000);
    assert_int_equal(f->entries, 0);
}

/* FEATURES 4, 7: told two minutes after the tunnel came up, when its negotiation is long over. */
static void test_nothing_passes_is_told_as_one(void **state)
{
    struct fixture *f = *state;
    record(f, 5, "branch", &(struct cyg_error){ .reason = CYG_R_SHA256_TRUNCATED, .got = 4 });
    assert_true(reaches(&f->entries, 2));
    has(f, "1.1 decision branch SHA256_TRUNCATED nobody");
    has(f, "1.2 end branch SHA256_TRUNCATED nobody found");
}

/* A main mode that is up for us, until the peer has seen our last message. */
static void answered(struct fixture *f)
{
    message(f, 5, "branch", false, true, EXCHANGE_MAIN, 0);
    exchange_end(f, 5, "branch", EXCHANGE_MAIN, 0, 0);
    record(f, 5, "branch", &(struct cyg_error){ .reason = CYG_R_IKE_IS_UP });
    message(f, 5, "branch", false, false, EXCHANGE_INFORMATIONAL, 7);
    record(f, 5, "branch", &(struct cyg_error){ .reason = CYG_R_PEER_REFUSED, .got = 24 });
}

static void test_a_peer_that_refuses_our_last_message_is_not_up(void **state)
{
    struct fixture *f = *state;
    answered(f);
    assert_true(reaches(&f->entries, 5));
    has(f, "101.5 end branch PEER_REFUSED responder failed");
}

static void test_a_peer_that_refuses_and_goes_on_is_up(void **state)
{
    struct fixture *f = *state;
    answered(f);
    message(f, 5, "branch", false, false, EXCHANGE_QUICK, 9);
    record(f, 5, "branch", &(struct cyg_error){ .reason = CYG_R_CHILD_IS_UP });
    exchange_end(f, 5, "branch", EXCHANGE_QUICK, 9, 0);
    assert_true(reaches(&f->entries, 7));
    has(f, "101.7 end branch CHILD_IS_UP responder up");
}

/* Two seconds of an SA: a DPD, then a quick mode that we begin. */
static void test_who_begins_is_said_by_the_first_message_that_does(void **state)
{
    struct fixture *f = *state;
    message(f, 5, "branch", false, false, EXCHANGE_INFORMATIONAL, 3);
    message(f, 5, "branch", true, false, EXCHANGE_QUICK, 9);
    exchange_end(f, 5, "branch", EXCHANGE_QUICK, 9, CYG_R_NO_ANSWER);
    assert_true(reaches(&f->entries, 3));
    has(f, "101.3 end branch NO_ANSWER initiator failed");
}

static void test_we_offered_is_not_the_peers(void **state)
{
    struct fixture *f = *state;
    struct cyg_error e = { .reason = CYG_R_WE_OFFERED };
    e.got_quote.kind = CYG_QUOTE_PROPOSAL;
    message(f, 5, "branch", true, true, EXCHANGE_MAIN, 0);
    record(f, 5, "branch", &e);
    exchange_end(f, 5, "branch", EXCHANGE_MAIN, 0, CYG_R_NO_ANSWER);
    assert_true(reaches(&f->entries, 3));
    has(f, "decision branch WE_OFFERED initiator  [||]");
}

static void test_a_message_that_cannot_be_read_is_one(void **state)
{
    struct fixture *f = *state;
    struct cyg_event unread = about(CYG_EVENT_LOG, 5, "branch");
    message(f, 5, "branch", false, true, EXCHANGE_MAIN, 0);
    unread.level = 2;
    unread.exchange = EXCHANGE_MAIN;
    unread.error = (struct cyg_error){ .reason = CYG_R_MESSAGE_UNREAD, .got = 92 };
    control_publish(f->control, &unread);
    exchange_end(f, 5, "branch", EXCHANGE_MAIN, 0, CYG_R_HALF_OPEN_TIMEOUT);
    assert_true(reaches(&f->entries, 3));
    has(f, "101.2 message branch MESSAGE_UNREAD responder  [||] received 92 main mode");
}

static void flush(void *context)
{
    struct fixture *f = context;
    recorder_flush(f->recorder, &(struct cyg_history_query){ .peer = "branch" });
}

static void test_what_goes_on_can_be_asked_for(void **state)
{
    struct fixture *f = *state;
    message(f, 6, "branch", true, true, EXCHANGE_MAIN, 0);
    message(f, 7, "other", true, true, EXCHANGE_MAIN, 0);
    for (unsigned i = 0; i < 1000 && f->entries == 0; i++) { /* calls overtake events */
        control_call(f->control, flush, f);
        usleep(1000);
    }
    assert_true(reaches(&f->entries, 1));
    exchange_end(f, 6, "branch", EXCHANGE_MAIN, 0, CYG_R_NO_ANSWER);
    assert_true(reaches(&f->entries, 2));
    has(f, "101.2 end branch NO_ANSWER initiator failed");
    assert_null(strstr(f->text, "other"));
}

static void test_an_order_without_sa_is_an_attempt_and_told_once(void **state)
{
    struct fixture *f = *state;
    struct cyg_event done = about(CYG_EVENT_ORDER_DONE, 0, "branch");
    done.order_id = 5;
    done.error.reason = CYG_R_NO_SECRET;
    control_publish(f->control, &done);
    control_publish(f->control, &done);
    assert_true(reaches(&f->entries, 1));
    has(f, "101.1 end branch NO_SECRET initiator failed");
    usleep(50000);
    assert_int_equal(f->entries, 1);
}

static void test_dropped_messages_are_counted(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        record(f, 0, "", &(struct cyg_error){ .reason = CYG_R_NO_SA });
    }
    assert_true(reaches(&f->drops, 5));
    assert_int_equal(f->entries, 0);
}

static void test_no_more_than_64_entries_each(void **state)
{
    struct fixture *f = *state;
    message(f, 8, "branch", true, true, EXCHANGE_MAIN, 0);
    for (int i = 0; i < 100; i++) {
        record(f, 8, "branch", &(struct cyg_error){ .reason = CYG_R_MESSAGE_RESENT });
    }
    exchange_end(f, 8, "branch", EXCHANGE_MAIN, 0, CYG_R_NO_ANSWER);
    assert_true(reaches(&f->entries, CYG_HISTORY_ENTRIES_MAX));
    usleep(50000);
    assert_int_equal(f->entries, CYG_HISTORY_ENTRIES_MAX);
    has(f, "101.64 end branch NO_ANSWER");
}

/* Orders that fail at once: an entry each. */
static void fail_orders(struct fixture *f, uint64_t from, unsigned n)
{
    for (uint64_t i = from; i < from + n; i++) {
        struct cyg_event done = about(CYG_EVENT_ORDER_DONE, 0, "branch");
        done.order_id = i;
        done.error.reason = CYG_R_NO_SECRET;
        control_publish(f->control, &done);
    }
}

static void test_a_slow_store_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    f->block = true;
    const cyg_usec before = cyg_time_now();
    fail_orders(f, 1, RECORDER_FAILED + 40); /* more than a second may have */
    control_call(f->control, flush, f);
    assert_true(cyg_time_now() - before < CYG_SEC);
    assert_int_equal(f->entries, 0);
    f->block = false;
    assert_true(reaches(&f->entries, RECORDER_FAILED));
    assert_true(reaches(&f->lost, 1)); /* said */
}

static void test_what_the_store_refuses_is_counted(void **state)
{
    struct fixture *f = *state;
    f->full = true;
    fail_orders(f, 1, 1);
    usleep(400000);
    f->full = false;
    fail_orders(f, 2, 1); /* the next write says it */
    assert_true(reaches(&f->lost, 1));
    assert_true(reaches(&f->entries, 1));
}

static void on_live(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct fixture *f = context;
    const size_t len = strlen(f->live);
    (void)dropped;
    snprintf(f->live + len, sizeof f->live - len, "%u.%u %s, ", (unsigned)event->entry->negotiation,
             event->entry->seq, cyg_history_kind_name(event->entry->kind));
}

static void test_followers_hear_entries_as_they_come(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(control_subscribe(f->control, CYG_EVENT_HISTORY, 4, on_live, f), 0);
    message(f, 9, "branch", true, true, EXCHANGE_MAIN, 0);
    exchange_end(f, 9, "branch", EXCHANGE_MAIN, 0, CYG_R_NO_ANSWER);
    assert_true(reaches(&f->entries, 2));
    assert_string_equal(f->live, "101.1 message, 101.2 end, ");
}

#define RECORDER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(RECORDER_TEST(test_a_refusal_has_both_sides_and_an_end),
          RECORDER_TEST(test_a_success_ends_when_it_is_quiet),
          RECORDER_TEST(test_nothing_passes_is_told_as_one),
          RECORDER_TEST(test_a_peer_that_refuses_our_last_message_is_not_up),
          RECORDER_TEST(test_a_peer_that_refuses_and_goes_on_is_up),
          RECORDER_TEST(test_who_begins_is_said_by_the_first_message_that_does),
          RECORDER_TEST(test_we_offered_is_not_the_peers),
          RECORDER_TEST(test_a_message_that_cannot_be_read_is_one),
          RECORDER_TEST(test_a_dpd_is_no_negotiation),
          RECORDER_TEST(test_what_goes_on_can_be_asked_for),
          RECORDER_TEST(test_an_order_without_sa_is_an_attempt_and_told_once),
          RECORDER_TEST(test_dropped_messages_are_counted),
          RECORDER_TEST(test_no_more_than_64_entries_each),
          RECORDER_TEST(test_a_slow_store_holds_nobody_up),
          RECORDER_TEST(test_what_the_store_refuses_is_counted),
          RECORDER_TEST(test_followers_hear_entries_as_they_come));
