/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of IKE SAs, and what finds them. */
#include "engine/by_peer.h"
#include "engine/exchange_kinds.h"
#include "fixture.h"
#include "unit/test.h"

#include "codec/builder.h"

#include <stdlib.h>
#include <string.h>

static struct fixture f;

static struct ike_sa *sa_new(bool initiator, int64_t row)
{
    static struct cyg_peer peers[10];
    struct cyg_path path = fixture_path(1, 500);
    struct ike_sa *sa = NULL;
    peers[row].references = 1000; /* never freed */
    peers[row].id = row;
    peers[row].name = "";
    assert_int_equal(
        ike_sa_new(f.engine, &path, initiator, row == 0 ? NULL : &peers[row], &sa, NULL), CYG_OK);
    return sa;
}

static void test_what_we_begin_has_a_number_at_once(void **state)
{
    (void)state;
    assert_int_equal(sa_new(true, 0)->uniqueid, 1);
    struct ike_sa *answered = sa_new(false, 0);
    assert_int_equal(answered->uniqueid, 0);
    assert_int_equal(sa_new(true, 0)->uniqueid, 2);
    ike_sa_number(answered);
    ike_sa_number(answered);
    assert_int_equal(answered->uniqueid, 3);
    assert_ptr_equal(ike_sa_by_uniqueid(f.engine, 3), answered);
    assert_null(ike_sa_by_uniqueid(f.engine, 0));
    assert_null(ike_sa_by_uniqueid(f.engine, 4));
}

/* First messages from everywhere: a number each would be used up in half a day. */
static void test_a_flood_of_first_messages_uses_up_few_numbers(void **state)
{
    (void)state;
    struct cyg_path path = fixture_path(1, 500);
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t bytes[128];
        struct cyg_writer w = cyg_writer_of(bytes, sizeof bytes);
        struct builder b;
        struct header h = { .version = VERSION_1_0, .exchange = EXCHANGE_MAIN };
        memcpy(h.cookie_i, &i, sizeof i);
        h.cookie_i[7] = 1;
        memcpy(path.remote.bytes, &i, sizeof i);
        path.remote.bytes[0] = 20;
        builder_begin(&b, &w, &h);
        builder_payload(&b, PAYLOAD_SA, (struct cyg_span){ (const uint8_t[8]){ 0, 0, 0, 1 }, 8 });
        builder_end(&b);
        engine_packet(f.engine, f.now + i * 50, &path, builder_message(&b));
    }
    assert_true(f.engine->counts.handshakes_failed == 20000); /* each had an SA */
    assert_true(f.engine->next_uniqueid <= 2 * (100 + 100));
}

static void test_numbers_begin_anew_after_the_last(void **state)
{
    (void)state;
    struct ike_sa *sas[8], *old = sa_new(true, 0);
    f.engine->next_uniqueid = UINT32_MAX - 2;
    for (size_t i = 0; i < CYG_LEN(sas); i++) {
        sas[i] = sa_new(true, 0);
    }
    assert_int_equal(old->uniqueid, 1);
    assert_int_equal(sas[1]->uniqueid, UINT32_MAX);
    assert_int_equal(sas[2]->uniqueid, 2); /* 1 is in use, 0 is none */
    ike_sa_end(sas[3], false, NULL);
    for (size_t i = 0; i < CYG_LEN(sas); i++) {
        struct ike_sa *found = ike_sa_by_uniqueid(f.engine, sas[i]->uniqueid);
        assert_ptr_equal(found, i == 3 ? NULL : sas[i]);
    }
    assert_ptr_equal(ike_sa_by_uniqueid(f.engine, 1), old);
    uint32_t last = 0, n = 0;
    for (uint32_t i = ike_sa_index_after(f.engine, 0); i < f.engine->index.n; i++) {
        if (f.engine->index.items[i].sa != NULL) {
            assert_true(f.engine->index.items[i].uniqueid > last);
            last = f.engine->index.items[i].uniqueid;
            n++;
        }
    }
    assert_int_equal(n, CYG_LEN(sas));
}

static void test_numbers_are_found_whatever_has_gone(void **state)
{
    (void)state;
    static struct ike_sa *sas[500];
    for (size_t i = 0; i < CYG_LEN(sas); i++) {
        sas[i] = sa_new(true, 0);
    }
    for (size_t i = 0; i < CYG_LEN(sas); i += i % 3 == 0 ? 1 : 2) {
        ike_sa_end(sas[i], false, NULL);
    }
    for (uint32_t i = 0; i < CYG_LEN(sas); i++) {
        assert_ptr_equal(ike_sa_by_uniqueid(f.engine, i + 1), sas[i]->ended ? NULL : sas[i]);
    }
}

static void test_sas_are_found_by_the_row_of_their_peer(void **state)
{
    (void)state;
    struct ike_sa *first = sa_new(true, 7), *other = sa_new(true, 8), *second = sa_new(true, 7);
    assert_ptr_equal(by_peer_first(f.engine, 0, 7), first);
    assert_ptr_equal(first->row_next, second);
    assert_null(second->row_next);
    assert_null(by_peer_first(f.engine, 1, 7)); /* another database */
    ike_sa_end(first, false, NULL);
    assert_ptr_equal(by_peer_first(f.engine, 0, 7), second);
    ike_sa_end(second, false, NULL);
    assert_null(by_peer_first(f.engine, 0, 7));
    assert_ptr_equal(by_peer_first(f.engine, 0, 8), other);
}

#define TEST(name) \
    cmocka_unit_test_prestate_setup_teardown(name, fixture_setup, fixture_teardown, &f)

TEST_MAIN(TEST(test_what_we_begin_has_a_number_at_once),
          TEST(test_a_flood_of_first_messages_uses_up_few_numbers),
          TEST(test_numbers_begin_anew_after_the_last),
          TEST(test_numbers_are_found_whatever_has_gone),
          TEST(test_sas_are_found_by_the_row_of_their_peer));
