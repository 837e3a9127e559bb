/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* H-097, H-098: how many handshakes a stranger can make us keep, and who goes. */
#include "engine/exchange_kinds.h"
#include "engine/groups.h"
#include "engine/half_open.h"
#include "fixture.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

#define MAX 160u

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    struct engine_settings settings;
    engine_settings_default(&settings);
    settings.half_open_max = MAX;
    fixture_init(&f, &settings);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_clear(&f);
    return 0;
}

/* A first message from 198.51.source/256.source%256 with this cookie. */
static enum cyg_code admit(uint32_t source, uint8_t cookie, bool known,
                           struct half_open_entry **ret, struct cyg_error *err)
{
    struct cyg_path path = fixture_path(1, 500);
    struct header h = { .cookie_i = { 1, cookie } };
    path.remote.bytes[2] = (uint8_t)(source >> 8);
    path.remote.bytes[3] = (uint8_t)source;
    enum cyg_code code = half_open_admit(f.engine, &path, &h, 100, known, ret, err);
    if (code == CYG_OK) {
        (*ret)->exchange = fixture_exchange(&f, &main_mode_responder);
        (*ret)->exchange->half_open = *ret;
    }
    return code;
}

static void test_unknown_sources_fill_half_of_the_table(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    for (uint32_t i = 0; i < 4 * MAX; i++) {
        assert_int_equal(admit(i, 1, false, &entry, NULL), CYG_OK);
    }
    assert_int_equal(f.engine->counts.half_open, MAX / 2);
    for (uint32_t i = 0; i < MAX / 2; i++) {
        assert_int_equal(admit(1000 + i, 1, true, &entry, NULL), CYG_OK);
    }
    assert_int_equal(f.engine->counts.half_open, MAX); /* nobody had to go */
    assert_int_equal(admit(5000, 1, true, &entry, NULL), CYG_OK);
    assert_int_equal(f.engine->counts.half_open, MAX); /* an unknown one had */
    assert_int_equal(f.engine->half_open.n[HALF_OPEN_KNOWN], MAX / 2 + 1);
}

static void test_who_has_gone_on_is_not_replaced(void **state)
{
    (void)state;
    struct half_open_entry *kept[MAX / 2], *entry;
    struct cyg_error err;
    for (uint32_t i = 0; i < MAX / 2; i++) {
        assert_int_equal(admit(i, 1, false, &kept[i], NULL), CYG_OK);
        half_open_progressed(f.engine, kept[i]);
    }
    assert_int_equal(admit(999, 1, false, &entry, &err), CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_HALF_OPEN_FULL);
    assert_int_equal(f.engine->counts.half_open, MAX / 2);
    half_open_known(f.engine, kept[0]); /* the look-up says: a configured prefix */
    assert_int_equal(admit(999, 1, false, &entry, &err), CYG_OK);
}

static void test_one_address_has_few(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    struct cyg_error err;
    for (uint8_t i = 0; i < 5; i++) {
        assert_int_equal(admit(7, i, false, &entry, NULL), CYG_OK);
    }
    assert_int_equal(admit(7, 5, false, &entry, &err), CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_HALF_OPEN_ADDRESS);
    assert_int_equal(admit(8, 5, false, &entry, &err), CYG_OK);
    assert_int_equal(admit(7, 5, true, &entry, &err), CYG_OK); /* a known one may have 64 */
    exchange_end(entry->exchange, NULL);
    assert_int_equal(f.engine->counts.half_open, 6);
}

/* Ten connections of one gateway, begun at once: its address is looked up for each of them, but
 * once is enough to know that it is no stranger's. */
static void test_an_address_found_to_be_configured_has_many(void **state)
{
    (void)state;
    struct half_open_entry *entry = NULL;
    struct cyg_error err;
    for (uint8_t i = 0; i < 5; i++) {
        assert_int_equal(admit(7, i, false, &entry, NULL), CYG_OK);
    }
    half_open_known(f.engine, entry);
    for (uint8_t i = 5; i < HALF_OPEN_PER_KNOWN_ADDRESS; i++) {
        assert_int_equal(admit(7, i, false, &entry, &err), CYG_OK);
        half_open_known(f.engine, entry);
    }
    assert_int_equal(admit(7, 250, false, &entry, &err), CYG_LIMIT);
    assert_int_equal(err.want, HALF_OPEN_PER_KNOWN_ADDRESS);
}

static void test_long_messages_take_the_place_of_many(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    for (uint32_t i = 0; i < 32; i++) {
        struct cyg_path path = fixture_path((uint8_t)(1 + i), 500);
        struct header h = { .cookie_i = { 1 } };
        assert_int_equal(half_open_admit(f.engine, &path, &h, 9000, false, &entry, NULL), CYG_OK);
        entry->exchange = fixture_exchange(&f, &main_mode_responder);
        entry->exchange->half_open = entry;
        assert_true(f.engine->half_open.bytes <= MAX * HALF_OPEN_BYTES);
    }
    assert_int_equal(f.engine->counts.half_open, MAX * HALF_OPEN_BYTES / 9000);
}

static void test_is_found_by_endpoint_and_cookie(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    struct cyg_path path = fixture_path(1, 500);
    struct header h = { .cookie_i = { 1, 3 } };
    path.remote.bytes[2] = 0;
    path.remote.bytes[3] = 9;
    assert_int_equal(admit(9, 3, false, &entry, NULL), CYG_OK);
    assert_ptr_equal(half_open_find(f.engine, &path, &h), entry->exchange);
    h.cookie_i[1] = 4;
    assert_null(half_open_find(f.engine, &path, &h));
    h.cookie_i[1] = 3;
    path.remote.port = 501;
    assert_null(half_open_find(f.engine, &path, &h));
}

static void test_sends_three_bytes_for_one_until_it_is_proven(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    assert_int_equal(admit(9, 3, false, &entry, NULL), CYG_OK);
    assert_true(half_open_may_send(entry, 300));
    assert_false(half_open_may_send(entry, 301));
    half_open_sent(entry, 200);
    assert_true(half_open_may_send(entry, 100));
    assert_false(half_open_may_send(entry, 101));
    half_open_received(entry, 100);
    assert_true(half_open_may_send(entry, 400));
    half_open_progressed(f.engine, entry);
    assert_true(half_open_may_send(entry, 60000));
    assert_true(half_open_may_send(NULL, 60000)); /* ours */
}

static void test_who_authenticated_is_known_for_a_day(void **state)
{
    (void)state;
    struct cyg_path path = fixture_path(1, 500);
    assert_false(half_open_is_proven(f.engine, &path.remote));
    half_open_proven(f.engine, &path);
    path.remote.port = 1024; /* the address counts */
    assert_true(half_open_is_proven(f.engine, &path.remote));
    f.engine->now += 86400 * CYG_SEC;
    assert_false(half_open_is_proven(f.engine, &path.remote));
    for (uint32_t i = 0; i < 2 * HALF_OPEN_PROVEN; i++) { /* bounded */
        path.remote.bytes[1] = (uint8_t)(i >> 8);
        path.remote.bytes[2] = (uint8_t)i;
        half_open_proven(f.engine, &path);
    }
    assert_true(half_open_is_proven(f.engine, &path.remote));
    path.remote.bytes[1] = path.remote.bytes[2] = 0;
    assert_false(half_open_is_proven(f.engine, &path.remote));
}

static struct cyg_candidates *answer_of(const char *secret, uint8_t remote_bits)
{
    static const struct cyg_proposal proposal = { .protocol = CYG_PROPOSAL_IKE,
                                                  .n_ciphers = 1,
                                                  .ciphers = { CYG_ALG_AES256 } };
    struct {
        struct cyg_candidates head;
        struct cyg_candidate item;
    } *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->item = (struct cyg_candidate){ .proposals = &proposal,
                                         .n_proposals = 1,
                                         .auth_method = 1,
                                         .n_peers = 1,
                                         .peer_name = "p",
                                         .has_secret = true };
    made->item.secret.len = (uint16_t)strlen(secret);
    memcpy(made->item.secret.data, secret, strlen(secret));
    made->head = (struct cyg_candidates){
        .n = 1, .total_peers = 1, .items = &made->item, .generation = 1, .remote_bits = remote_bits
    };
    return &made->head;
}

static struct group *group_for(uint8_t source, const char *secret, uint8_t remote_bits)
{
    struct cyg_path path = fixture_path(1, 500);
    path.remote.bytes[3] = source;
    struct group *group = groups_add(f.engine, &path, answer_of(secret, remote_bits));
    assert_non_null(group);
    return group;
}

/* H-097: random sources that hear the same do not each cost a copy of it. */
static void test_equal_answers_are_kept_once(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    struct group *quiet[2] = { group_for(1, "secret", 0), group_for(2, "secret", 0) };
    assert_ptr_not_equal(quiet[0], quiet[1]); /* each asks anew, nothing is kept */
    group_release(quiet[0]);
    group_release(quiet[1]);
    for (uint32_t i = 0; i < GROUPS_FROM; i++) {
        assert_int_equal(admit(i, 1, false, &entry, NULL), CYG_OK);
    }
    struct group *first = group_for(1, "secret", 0), *same = group_for(2, "secret", 0);
    assert_ptr_equal(first, same);
    struct group *other_key = group_for(3, "other", 0);
    assert_ptr_not_equal(first, other_key);
    struct group *known = group_for(4, "other", 24);
    assert_ptr_not_equal(other_key, known);
    assert_true(group_is_known(known));
    assert_false(group_is_known(other_key));
    struct cyg_path path = fixture_path(1, 500);
    path.remote.bytes[3] = 2;
    assert_ptr_equal(groups_find(f.engine, &path), first);
    groups_flush(f.engine); /* who holds one keeps it */
    assert_null(groups_find(f.engine, &path));
    assert_int_equal(first->references, 3);
    assert_string_equal(first->candidates->items[0].peer_name, "p");
    struct group *anew = group_for(5, "other", 24);
    assert_ptr_not_equal(anew, known); /* the data may have changed */
    group_release(anew);
    group_release(known);
    group_release(other_key);
    for (unsigned i = 0; i < 3; i++) {
        group_release(first);
    }
}

static struct group *found_for(uint8_t source)
{
    struct cyg_path path = fixture_path(1, 500);
    path.remote.bytes[3] = source;
    struct group *found = groups_find(f.engine, &path);
    group_release(found); /* borrowed from here on */
    return found;
}

/* The same for so many addresses around one, and of this state of the data. */
static struct group *group_around(uint8_t source, uint8_t free_bits, uint64_t generation)
{
    struct cyg_path path = fixture_path(1, 500);
    path.remote.bytes[3] = source;
    struct cyg_candidates *answer = answer_of("secret", source);
    answer->free_bits = free_bits;
    answer->generation = generation;
    struct group *group = groups_add(f.engine, &path, answer);
    assert_non_null(group);
    group_release(group);
    return group;
}

/* H-097: a flood from random addresses asks the store once for each prefix it tells apart. */
static void test_an_answer_is_kept_for_its_prefix(void **state)
{
    (void)state;
    struct half_open_entry *entry;
    for (uint32_t i = 0; i < GROUPS_FROM; i++) {
        assert_int_equal(admit(i, 1, false, &entry, NULL), CYG_OK);
    }
    struct group *host = group_around(64, 0, 1);
    struct group *many = group_around(100, 5, 1); /* 96 to 127 */
    for (unsigned source = 0; source < 256; source++) {
        struct group *want = source == 64 ? host : source / 32 == 3 ? many : NULL;
        assert_ptr_equal(found_for((uint8_t)source), want);
    }
    struct group *one_of_them = group_around(101, 0, 1); /* the longer prefix wins */
    assert_ptr_not_equal(one_of_them, many);
    assert_ptr_equal(found_for(101), one_of_them);
    struct group *newer =
        group_around(1, 0, 2); /* a row has changed: which, only the store knows */
    assert_ptr_equal(found_for(1), newer);
    assert_null(found_for(64));
    assert_null(found_for(100));
    group_around(2, 255, 2); /* more than there are: a plugin's mistake */
    assert_non_null(found_for(2));
    assert_null(found_for(3));
    groups_flush(f.engine);
    for (size_t i = 0; i < CYG_LEN(f.engine->groups_of_bits); i++) {
        assert_int_equal(f.engine->groups_of_bits[i], 0);
    }
}

/* H-097: an entry is below 1 KiB, the exchange, the SA and a usual first message included. */
static void test_an_entry_is_small(void **state)
{
    (void)state;
    size_t entry = sizeof(struct half_open_entry) + sizeof(struct exchange) + sizeof(struct ike_sa);
    print_message("# entry %zu, exchange %zu, IKE SA %zu\n", sizeof(struct half_open_entry),
                  sizeof(struct exchange), sizeof(struct ike_sa));
    assert_true(entry + 256 <= 1536);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(TEST(test_unknown_sources_fill_half_of_the_table),
          TEST(test_who_has_gone_on_is_not_replaced), TEST(test_one_address_has_few),
          TEST(test_an_address_found_to_be_configured_has_many),
          TEST(test_long_messages_take_the_place_of_many),
          TEST(test_is_found_by_endpoint_and_cookie),
          TEST(test_sends_three_bytes_for_one_until_it_is_proven),
          TEST(test_who_authenticated_is_known_for_a_day), TEST(test_equal_answers_are_kept_once),
          TEST(test_an_answer_is_kept_for_its_prefix), TEST(test_an_entry_is_small));
