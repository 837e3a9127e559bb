/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/exchange_kinds.h"
#include "engine/natt.h"
#include "fixture.h"
#include "unit/test.h"

#include <string.h>

static uint8_t buffer[4096];

/* A message with these vendor IDs. */
static struct message with_vids(const enum vid_id *ids, size_t n)
{
    struct cyg_writer w = cyg_writer_of(buffer, sizeof buffer);
    struct header h = { .cookie_i = { 1 }, .version = VERSION_1_0, .exchange = EXCHANGE_MAIN };
    struct builder b;
    struct message m;
    builder_begin(&b, &w, &h);
    for (size_t i = 0; i < n; i++) {
        builder_payload(&b, PAYLOAD_VID, vid_info(ids[i])->send);
    }
    builder_end(&b);
    assert_int_equal(message_decode(builder_message(&b), &m, NULL), CYG_OK);
    return m;
}

static void test_prefers_the_rfc_then_newer_drafts(void **state)
{
    (void)state;
    static const enum vid_id all[] = { VID_NATT_02, VID_NATT_02N, VID_NATT_03, VID_NATT_RFC3947,
                                       VID_DPD };
    struct message m = with_vids(all, 5);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_BOTH), VID_NATT_RFC3947);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_RFC), VID_NATT_RFC3947);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_DRAFTS), VID_NATT_03);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_NONE), VID_UNKNOWN);
    m = with_vids(all, 2);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_BOTH), VID_NATT_02N);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_RFC), VID_UNKNOWN);
    m = with_vids(&all[4], 1);
    assert_int_equal(natt_choose(&m, CYG_NAT_VIDS_BOTH), VID_UNKNOWN);
}

static void test_offers_what_the_policy_says(void **state)
{
    (void)state;
    static const struct {
        uint8_t policy;
        size_t n;
    } rows[] = { { CYG_NAT_VIDS_BOTH, 4 },
                 { CYG_NAT_VIDS_RFC, 1 },
                 { CYG_NAT_VIDS_DRAFTS, 3 },
                 { CYG_NAT_VIDS_NONE, 0 } };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_writer w = cyg_writer_of(buffer, sizeof buffer);
        struct header h = { .cookie_i = { 1 }, .version = VERSION_1_0 };
        struct builder b;
        struct message m;
        builder_begin(&b, &w, &h);
        builder_payload(&b, PAYLOAD_NONCE, cyg_span_str("12345678"));
        natt_offer(&b, rows[i].policy);
        builder_end(&b);
        assert_int_equal(message_decode(builder_message(&b), &m, NULL), CYG_OK);
        assert_int_equal(m.count[PK_VID], rows[i].n);
    }
}

/* ---- NAT-D ---- */

/* A hash that tells inputs apart: the sum of (byte * place), over 20 bytes. */
static enum cyg_code toy_digest(void *self, enum cyg_alg alg, const struct cyg_span *parts,
                                size_t n, uint8_t *out)
{
    size_t at = 0;
    (void)self;
    memset(out, 0, cyg_alg_info(alg)->mac_out);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < parts[i].len; k++, at++) {
            out[at % 20] = (uint8_t)(out[at % 20] * 31 + parts[i].data[k] + 1);
        }
    }
    return CYG_OK;
}

static const struct cyg_hash_ops toy_hash = { .size = sizeof toy_hash, .digest = toy_digest };

/* What a peer at `sees` with our NAT-D code proves about itself; then what we find on `path`. */
static struct natt_result detect(const struct cyg_path *sees, const struct cyg_path *path,
                                 enum natt_kind kind, bool forced, uint8_t break_type)
{
    struct fixture f;
    fixture_init(&f, NULL);
    f.crypto.hash[CYG_ALG_SHA1] = (struct cyg_provider){ .ops = &toy_hash };
    struct exchange *x = fixture_exchange(&f, &main_mode_responder);
    x->sa->natt = (uint8_t)kind;
    struct cyg_writer w = cyg_writer_of(buffer, sizeof buffer);
    struct header h = { .cookie_i = { 1 }, .version = VERSION_1_0 };
    struct builder b;
    struct message m;
    struct natt_result result = { 0 };
    builder_begin(&b, &w, &h);
    builder_payload(&b, PAYLOAD_NONCE, cyg_span_str("12345678"));
    assert_int_equal(natt_prove(&b, x->sa, CYG_ALG_SHA1, sees, forced, NULL), CYG_OK);
    builder_end(&b);
    assert_int_equal(message_decode(builder_message(&b), &m, NULL), CYG_OK);
    for (size_t i = 0; i < m.n && break_type != 0; i++) {
        m.payloads[i].type = m.payloads[i].kind == PK_NATD ? break_type : m.payloads[i].type;
    }
    assert_int_equal(natt_detect(x->sa, CYG_ALG_SHA1, &m, path, &result, NULL), CYG_OK);
    fixture_clear(&f);
    return result;
}

/* The peer's view is ours turned round. */
static struct cyg_path turned(const struct cyg_path *path)
{
    return (struct cyg_path){ .local = path->remote, .remote = path->local };
}

static void test_sees_who_is_behind_a_nat(void **state)
{
    (void)state;
    struct cyg_path ours = fixture_path(7, 500), theirs = turned(&ours);
    struct natt_result r = detect(&theirs, &ours, NATT_RFC, false, 0);
    assert_false(r.local || r.remote);
    theirs.local.bytes[3] = 99; /* it believes to be somebody else */
    r = detect(&theirs, &ours, NATT_RFC, false, 0);
    assert_true(!r.local && r.remote);
    theirs = turned(&ours);
    theirs.remote.port = 1024; /* it wrote to another port than ours */
    r = detect(&theirs, &ours, NATT_DRAFT, false, 0);
    assert_true(r.local && !r.remote);
    theirs = turned(&ours);
    r = detect(&theirs, &ours, NATT_RFC, true, 0); /* forced: it pretends */
    assert_true(!r.local && r.remote);
}

/* H-026, H-027: payloads of the kind not agreed upon are as if absent. */
static void test_ignores_the_other_kinds_payloads(void **state)
{
    (void)state;
    struct cyg_path ours = fixture_path(7, 500), theirs = turned(&ours);
    theirs.local.bytes[3] = 99;
    struct natt_result r = detect(&theirs, &ours, NATT_RFC, false, PAYLOAD_NATD_DRAFT);
    assert_false(r.local || r.remote);
}

/* ---- ports and modes ---- */

static void test_floats_from_the_plain_ports_only(void **state)
{
    (void)state;
    struct engine_settings settings;
    engine_settings_default(&settings);
    struct cyg_path path = fixture_path(1, 500);
    struct cyg_path floated = natt_float(&settings, &path);
    assert_int_equal(floated.local.port, 4500);
    assert_int_equal(floated.remote.port, 4500);
    path.remote.port = 1234; /* behind a NAT that changes ports */
    floated = natt_float(&settings, &path);
    assert_int_equal(floated.local.port, 4500);
    assert_int_equal(floated.remote.port, 1234);
    path.local.port = 4500;
    floated = natt_float(&settings, &path);
    assert_int_equal(floated.remote.port, 1234);
}

static void test_modes_go_there_and_back(void **state)
{
    (void)state;
    static const enum natt_kind kinds[] = { NATT_NONE, NATT_DRAFT, NATT_RFC };
    for (uint8_t mode = CYG_MODE_TUNNEL; mode <= CYG_MODE_TRANSPORT; mode++) {
        for (size_t i = 0; i < CYG_LEN(kinds); i++) {
            for (unsigned nat = 0; nat < 2; nat++) {
                uint16_t number = natt_mode_encode(kinds[i], nat != 0, mode);
                assert_int_equal(natt_mode_decode(nat != 0, number), mode);
                assert_int_equal(natt_mode_decode(nat == 0, number), 0);
            }
        }
    }
    assert_int_equal(natt_mode_encode(NATT_DRAFT, true, CYG_MODE_TUNNEL), 61443);
    assert_int_equal(natt_mode_encode(NATT_RFC, true, CYG_MODE_TRANSPORT), 4);
}

TEST_MAIN(cmocka_unit_test(test_prefers_the_rfc_then_newer_drafts),
          cmocka_unit_test(test_offers_what_the_policy_says),
          cmocka_unit_test(test_sees_who_is_behind_a_nat),
          cmocka_unit_test(test_ignores_the_other_kinds_payloads),
          cmocka_unit_test(test_floats_from_the_plain_ports_only),
          cmocka_unit_test(test_modes_go_there_and_back));
