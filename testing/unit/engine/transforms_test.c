/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/exchange_kinds.h"
#include "engine/transforms.h"
#include "fixture.h"
#include "unit/test.h"

#include <string.h>

static struct fixture f;
static struct exchange *x;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f, NULL);
    x = fixture_exchange(&f, &main_mode_responder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_clear(&f);
    return 0;
}

/* ---- offers ---- */

struct wanted {
    uint16_t cipher, key_bits, hash, group, auth;
    uint32_t seconds;
};

static const struct wanted aes256_sha256_14 = { 7, 256, 4, 14, 1, 28800 };
static const struct wanted aes128_sha1_14 = { 7, 128, 2, 14, 1, 28800 };
static const struct wanted tripledes_md5_2 = { 5, 0, 1, 2, 1, 28800 };

static uint8_t buffer[16384];
static struct cyg_writer w;
static struct sa_encoder e;

static void begin(void)
{
    w = cyg_writer_of(buffer, sizeof buffer);
    sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
}

static void put(uint8_t number, const struct wanted *t)
{
    sa_encode_transform(&e, number, IKE_TRANSFORM_KEY_IKE);
    attribute_encode(&w, IKE_ATTR_CIPHER, t->cipher);
    attribute_encode(&w, IKE_ATTR_HASH, t->hash);
    attribute_encode(&w, IKE_ATTR_GROUP, t->group);
    attribute_encode(&w, IKE_ATTR_AUTH_METHOD, t->auth);
    attribute_encode(&w, IKE_ATTR_LIFE_TYPE, LIFE_SECONDS);
    attribute_encode(&w, IKE_ATTR_LIFE_DURATION, t->seconds);
    if (t->key_bits != 0) {
        attribute_encode(&w, IKE_ATTR_KEY_LENGTH, t->key_bits);
    }
}

static struct sa end(void)
{
    struct sa sa;
    sa_encode_end(&e);
    assert_true(cyg_writer_ok(&w));
    assert_int_equal(sa_decode(cyg_writer_span(&w), &sa, NULL), CYG_OK);
    return sa;
}

static struct sa offer_of(const struct wanted *const *list, size_t n)
{
    begin();
    sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    for (size_t i = 0; i < n; i++) {
        put((uint8_t)(i + 1), list[i]);
    }
    return end();
}

static struct cyg_proposal proposal_of(const char *text)
{
    struct cyg_proposal p;
    assert_int_equal(cyg_proposal_parse(CYG_PROPOSAL_IKE, cyg_span_str(text), &p, NULL), CYG_OK);
    return p;
}

static struct transforms_policy policy_of(const struct cyg_proposal *p, size_t n)
{
    return (struct transforms_policy){
        .proposals = p,
        .n_proposals = n,
        .auth_method = 1,
        .min_lifetime_s = 60,
    };
}

static enum cyg_code choose(const struct sa *sa, const struct transforms_policy *policy,
                            struct transforms_choice *ret, struct cyg_error *err)
{
    size_t which;
    return transforms_choose_ike(x, sa, policy, 1, ret, &which, err);
}

/* ---- phase 1 ---- */

static void test_takes_the_initiators_first(void **state)
{
    (void)state;
    const struct wanted *list[] = { &tripledes_md5_2, &aes128_sha1_14, &aes256_sha256_14 };
    struct sa sa = offer_of(list, 3);
    struct cyg_proposal p = proposal_of("aes256-aes128-sha256-sha1-modp2048");
    struct transforms_policy policy = policy_of(&p, 1);
    struct transforms_choice choice;
    assert_int_equal(choose(&sa, &policy, &choice, NULL), CYG_OK);
    assert_int_equal(choice.transform.number, 2);
    assert_int_equal(choice.cipher, CYG_ALG_AES128);
    assert_int_equal(choice.integ, CYG_ALG_SHA1);
    policy.prefer_own = true;
    assert_int_equal(choose(&sa, &policy, &choice, NULL), CYG_OK);
    assert_int_equal(choice.transform.number, 3);
    assert_int_equal(choice.cipher, CYG_ALG_AES256);
}

static void test_mixes_no_proposals_of_ours(void **state)
{
    (void)state;
    const struct wanted *list[] = { &aes128_sha1_14 };
    struct sa sa = offer_of(list, 1);
    struct cyg_proposal p[] = { proposal_of("aes128-sha256-modp2048"),
                                proposal_of("aes256-sha1-modp2048") };
    struct transforms_policy policy = policy_of(p, 2);
    struct transforms_choice choice;
    struct cyg_error err;
    assert_int_equal(choose(&sa, &policy, &choice, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_NO_PROPOSAL_IKE);
    assert_int_equal(err.got, 1);
}

static void test_names_the_nearest_pairs_nearest_first(void **state)
{
    (void)state;
    const struct wanted other_group = { 7, 256, 4, 5, 1, 28800 };
    const struct wanted other_auth = { 7, 256, 4, 14, 3, 28800 };
    const struct wanted *list[] = { &tripledes_md5_2, &aes128_sha1_14, &other_group, &other_auth };
    struct sa sa = offer_of(list, 4);
    struct cyg_proposal p = proposal_of("aes256-sha256-modp2048");
    struct transforms_policy policy = policy_of(&p, 1);
    struct transforms_choice choice;
    struct cyg_error err;
    char text[512];
    assert_int_equal(choose(&sa, &policy, &choice, &err), CYG_REFUSED);
    assert_int_equal(f.n_records, 3);
    assert_int_equal(f.records[0].reason, CYG_R_DIFFERS_GROUP);
    assert_int_equal(f.records[1].reason, CYG_R_DIFFERS_AUTH);
    assert_int_equal(f.records[2].reason, CYG_R_DIFFERS_CIPHER_HASH);
    assert_non_null(
        strstr(cyg_error_format(&f.records[0], text, sizeof text), "aes256-sha256-modp1536"));
    assert_non_null(strstr(text, "aes256-sha256-modp2048"));
}

static void test_the_candidates_stand_in_order(void **state)
{
    (void)state;
    const struct wanted *list[] = { &aes128_sha1_14, &aes256_sha256_14 };
    struct sa sa = offer_of(list, 2);
    struct cyg_proposal p[] = { proposal_of("3des-md5-modp1024"),
                                proposal_of("aes256-sha256-modp2048"),
                                proposal_of("aes128-sha1-modp2048") };
    struct transforms_policy policies[] = { policy_of(&p[0], 1), policy_of(&p[1], 1),
                                            policy_of(&p[2], 1) };
    struct transforms_choice choice;
    size_t which = 9;
    assert_int_equal(transforms_choose_ike(x, &sa, policies, 3, &choice, &which, NULL), CYG_OK);
    assert_int_equal(which, 1); /* the first candidate that allows anything */
    assert_int_equal(choice.transform.number, 2);
}

/* H-039 to H-043: what is wrong refuses that transform only. */
static void test_bad_transforms_leave_the_others(void **state)
{
    (void)state;
    const struct wanted no_key = { 7, 0, 4, 14, 1, 28800 };
    const struct wanted des_key = { 5, 192, 1, 2, 1, 28800 };
    const struct wanted short_life = { 7, 256, 4, 14, 1, 59 };
    const struct wanted odd_group = { 7, 256, 4, 1025, 1, 28800 };
    const struct wanted *list[] = { &no_key, &des_key, &short_life, &odd_group, &aes256_sha256_14 };
    struct sa sa = offer_of(list, 5);
    struct cyg_proposal p = proposal_of("aes256-3des-sha256-md5-modp2048-modp1024");
    struct transforms_policy policy = policy_of(&p, 1);
    struct transforms_choice choice;
    assert_int_equal(choose(&sa, &policy, &choice, NULL), CYG_OK);
    assert_int_equal(choice.transform.number, 5);
    assert_int_equal(fixture_said(&f, CYG_R_TRANSFORM_CIPHER), 2);
    assert_int_equal(fixture_said(&f, CYG_R_LIFETIME_SHORT), 1);
    assert_int_equal(fixture_said(&f, CYG_R_TRANSFORM_GROUP), 1);
}

/* H-036: equal numbers of adjacent proposals are one bundle. */
static void test_a_bundle_is_not_taken_apart(void **state)
{
    (void)state;
    begin();
    sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    put(1, &aes256_sha256_14);
    sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    put(1, &aes256_sha256_14);
    sa_encode_proposal(&e, 2, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    put(1, &aes256_sha256_14);
    struct sa sa = end();
    struct cyg_proposal p = proposal_of("aes256-sha256-modp2048");
    struct transforms_policy policy = policy_of(&p, 1);
    struct transforms_choice choice;
    assert_int_equal(choose(&sa, &policy, &choice, NULL), CYG_OK);
    assert_int_equal(choice.proposal.number, 2);
    assert_int_equal(fixture_said(&f, CYG_R_PROPOSAL_BUNDLE), 2);
}

/* H-037: the only good one is the last of 255. */
static void test_reads_a_long_offer_to_its_end(void **state)
{
    (void)state;
    begin();
    sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    for (unsigned i = 1; i <= 254; i++) {
        put((uint8_t)i, &tripledes_md5_2);
    }
    put(255, &aes256_sha256_14);
    struct sa sa = end();
    struct cyg_proposal p = proposal_of("aes256-sha256-modp2048");
    struct transforms_policy policy = policy_of(&p, 1);
    struct transforms_choice choice;
    assert_int_equal(choose(&sa, &policy, &choice, NULL), CYG_OK);
    assert_int_equal(choice.transform.number, 255);
}

/* ---- the answer ---- */

/* Number, order of attributes and TLV form stay (FEATURES 2: strict initiators). */
static void test_echoes_byte_for_byte(void **state)
{
    (void)state;
    static const uint8_t seconds[] = { 0, 0, 0x70, 0x80 };
    begin();
    sa_encode_proposal(&e, 7, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    put(3, &tripledes_md5_2);
    sa_encode_transform(&e, 9, IKE_TRANSFORM_KEY_IKE);
    attribute_encode(&w, IKE_ATTR_LIFE_TYPE, LIFE_SECONDS);
    attribute_encode_tlv(&w, IKE_ATTR_LIFE_DURATION, cyg_span_of_array(seconds));
    attribute_encode(&w, IKE_ATTR_GROUP, 14);
    attribute_encode(&w, IKE_ATTR_AUTH_METHOD, 1);
    attribute_encode(&w, IKE_ATTR_HASH, 4);
    attribute_encode(&w, IKE_ATTR_KEY_LENGTH, 256);
    attribute_encode(&w, IKE_ATTR_CIPHER, 7);
    struct sa sa = end();
    struct cyg_proposal p = proposal_of("aes256-sha256-modp2048");
    struct transforms_policy policy = policy_of(&p, 1);
    struct transforms_choice choice;
    uint8_t answer[256];
    struct cyg_writer out = cyg_writer_of(answer, sizeof answer);
    assert_int_equal(choose(&sa, &policy, &choice, NULL), CYG_OK);
    transforms_echo(&out, &choice, (struct cyg_span){ NULL, 0 });
    struct sa echoed;
    struct sa_proposal proposal = { 0 };
    struct sa_transform transform = { 0 };
    assert_int_equal(sa_decode(cyg_writer_span(&out), &echoed, NULL), CYG_OK);
    assert_true(sa_next_proposal(&echoed, &proposal));
    assert_int_equal(proposal.number, 7);
    assert_true(sa_next_transform(&proposal, &transform));
    assert_int_equal(transform.number, 9);
    assert_true(cyg_span_equal(transform.attributes, choice.transform.attributes));
}

/* ---- the initiator's check, H-044 ---- */

static enum cyg_code check(const struct wanted *answer, uint8_t number, struct cyg_error *err)
{
    uint8_t offer_bytes[512], answer_bytes[512];
    const struct wanted *list[] = { &aes256_sha256_14, &aes128_sha1_14 };
    struct sa sa = offer_of(list, 2), taken;
    memcpy(offer_bytes, sa.body.data, sa.body.len);
    assert_int_equal(sa_decode((struct cyg_span){ offer_bytes, sa.body.len }, &sa, NULL), CYG_OK);
    begin();
    sa_encode_proposal(&e, number, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    put(2, answer);
    taken = end();
    memcpy(answer_bytes, taken.body.data, taken.body.len);
    assert_int_equal(sa_decode((struct cyg_span){ answer_bytes, taken.body.len }, &taken, NULL),
                     CYG_OK);
    const struct transforms_policy policy = { .min_lifetime_s = 60 };
    struct transforms_choice choice;
    return transforms_check(&sa, &taken, &policy, &choice, err);
}

static void test_accepts_only_what_was_offered(void **state)
{
    (void)state;
    struct cyg_error err;
    struct wanted shorter = aes128_sha1_14, longer = aes128_sha1_14, weaker = aes256_sha256_14;
    shorter.seconds = 3600;
    longer.seconds = 86400;
    weaker.key_bits = 128;
    assert_int_equal(check(&aes256_sha256_14, 1, &err), CYG_OK);
    assert_int_equal(check(&aes128_sha1_14, 1, &err), CYG_OK);
    assert_int_equal(check(&shorter, 1, &err), CYG_OK);
    assert_int_equal(check(&longer, 1, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_CHOICE_NOT_OFFERED);
    assert_int_equal(check(&weaker, 1, &err), CYG_REFUSED);
    assert_int_equal(check(&tripledes_md5_2, 1, &err), CYG_REFUSED);
    assert_int_equal(check(&aes256_sha256_14, 2, &err), CYG_REFUSED);
}

static void test_two_answers_are_none(void **state)
{
    (void)state;
    const struct wanted *list[] = { &aes256_sha256_14, &aes128_sha1_14 };
    struct sa sa = offer_of(list, 2);
    const struct transforms_policy policy = { .min_lifetime_s = 60 };
    struct transforms_choice choice;
    struct cyg_error err;
    assert_int_equal(transforms_check(&sa, &sa, &policy, &choice, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_CHOICE_NOT_ONE);
    assert_int_equal(err.got, 2);
}

/* ---- phase 2 ---- */

static void put_esp(uint8_t number, uint8_t id, uint16_t key_bits, uint16_t integ, uint16_t mode,
                    uint16_t group)
{
    sa_encode_transform(&e, number, id);
    if (key_bits != 0) {
        attribute_encode(&w, IPSEC_ATTR_KEY_LENGTH, key_bits);
    }
    if (integ != 0) {
        attribute_encode(&w, IPSEC_ATTR_INTEG, integ);
    }
    if (group != 0) {
        attribute_encode(&w, IPSEC_ATTR_GROUP, group);
    }
    attribute_encode(&w, IPSEC_ATTR_ENCAP, mode);
}

static struct sa esp_offer(uint8_t id, uint16_t key_bits, uint16_t integ, uint16_t mode,
                           uint16_t group)
{
    static const uint8_t spi[] = { 0x12, 0x34, 0x56, 0x78 };
    begin();
    sa_encode_proposal(&e, 1, PROTOCOL_ESP, cyg_span_of_array(spi));
    put_esp(1, id, key_bits, integ, mode, group);
    return end();
}

static enum cyg_code choose_esp(const char *allowed, bool encapsulated, const struct sa *sa,
                                struct transforms_choice *ret)
{
    struct cyg_proposal p;
    assert_int_equal(cyg_proposal_parse(CYG_PROPOSAL_ESP, cyg_span_str(allowed), &p, NULL), CYG_OK);
    const struct transforms_policy policy = {
        .proposals = &p,
        .n_proposals = 1,
        .min_lifetime_s = 60,
        .encapsulated = encapsulated,
        .mode = CYG_MODE_TUNNEL,
    };
    struct cyg_error err;
    return transforms_choose_esp(x, sa, &policy, ret, &err);
}

/* H-046 */
static void test_esp_integrity_belongs_to_the_cipher(void **state)
{
    (void)state;
    struct transforms_choice choice;
    struct sa sa = esp_offer(ESP_AES_CBC, 128, 5, ENCAP_TUNNEL, 0);
    assert_int_equal(choose_esp("aes128-sha256", false, &sa, &choice), CYG_OK);
    assert_int_equal(choice.spi, 0x12345678);
    assert_int_equal(choice.lifetime.seconds, 28800); /* none said */
    sa = esp_offer(ESP_AES_CBC, 128, 0, ENCAP_TUNNEL, 0);
    assert_int_equal(choose_esp("aes128-sha256", false, &sa, &choice), CYG_REFUSED);
    assert_int_equal(fixture_said(&f, CYG_R_TRANSFORM_NO_INTEG), 1);
    sa = esp_offer(ESP_AES_GCM_16, 256, 0, ENCAP_TUNNEL, 0);
    assert_int_equal(choose_esp("aes256gcm16", false, &sa, &choice), CYG_OK);
    sa = esp_offer(ESP_AES_GCM_16, 256, 5, ENCAP_TUNNEL, 0);
    assert_int_equal(choose_esp("aes256gcm16", false, &sa, &choice), CYG_REFUSED);
    assert_int_equal(fixture_said(&f, CYG_R_TRANSFORM_AEAD_INTEG), 1);
}

/* H-049: the RFC's and the drafts' numbers are equal behind a NAT, and wrong without one. */
static void test_esp_mode_fits_the_nat(void **state)
{
    (void)state;
    struct transforms_choice choice;
    static const struct {
        uint16_t mode;
        bool nat, right;
    } rows[] = {
        { ENCAP_TUNNEL, false, true },
        { ENCAP_TUNNEL, true, false },
        { ENCAP_UDP_TUNNEL, true, true },
        { ENCAP_UDP_TUNNEL_DRAFT, true, true },
        { ENCAP_UDP_TUNNEL, false, false },
        { ENCAP_UDP_TUNNEL_DRAFT, false, false },
        { ENCAP_TRANSPORT, false, false },
        { ENCAP_UDP_TRANSPORT, true, false },
        { 0, false, false },
        { 0xffff, true, false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct sa sa = esp_offer(ESP_AES_CBC, 128, 5, rows[i].mode, 0);
        assert_int_equal(choose_esp("aes128-sha256", rows[i].nat, &sa, &choice),
                         rows[i].right ? CYG_OK : CYG_REFUSED);
    }
}

/* H-048 */
static void test_esp_one_pfs_group_only(void **state)
{
    (void)state;
    static const uint8_t spi[] = { 0x12, 0x34, 0x56, 0x78 };
    struct transforms_choice choice;
    begin();
    sa_encode_proposal(&e, 1, PROTOCOL_ESP, cyg_span_of_array(spi));
    put_esp(1, ESP_AES_CBC, 128, 5, ENCAP_TUNNEL, 14);
    put_esp(2, ESP_AES_CBC, 256, 5, ENCAP_TUNNEL, 5);
    struct sa sa = end();
    assert_int_equal(choose_esp("aes128-sha256-modp2048", false, &sa, &choice), CYG_REFUSED);
    sa = esp_offer(ESP_AES_CBC, 128, 5, ENCAP_TUNNEL, 14);
    assert_int_equal(choose_esp("aes128-sha256", false, &sa, &choice), CYG_REFUSED);
    assert_int_equal(fixture_said(&f, CYG_R_PFS_UNWANTED), 1);
    assert_int_equal(choose_esp("aes128-sha256-modp3072", false, &sa, &choice), CYG_REFUSED);
    assert_int_equal(fixture_said(&f, CYG_R_DIFFERS_PFS), 1);
    sa = esp_offer(ESP_AES_CBC, 128, 5, ENCAP_TUNNEL, 0);
    assert_int_equal(choose_esp("aes128-sha256-modp3072", false, &sa, &choice), CYG_REFUSED);
    assert_int_equal(fixture_said(&f, CYG_R_PFS_LACKING), 1);
    sa = esp_offer(ESP_AES_CBC, 128, 5, ENCAP_TUNNEL, 14);
    assert_int_equal(choose_esp("aes128-sha256-modp2048", false, &sa, &choice), CYG_OK);
    assert_int_equal(choice.group, CYG_ALG_MODP2048);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(TEST(test_takes_the_initiators_first), TEST(test_mixes_no_proposals_of_ours),
          TEST(test_names_the_nearest_pairs_nearest_first),
          TEST(test_the_candidates_stand_in_order), TEST(test_bad_transforms_leave_the_others),
          TEST(test_a_bundle_is_not_taken_apart), TEST(test_reads_a_long_offer_to_its_end),
          TEST(test_echoes_byte_for_byte), TEST(test_accepts_only_what_was_offered),
          TEST(test_two_answers_are_none), TEST(test_esp_integrity_belongs_to_the_cipher),
          TEST(test_esp_mode_fits_the_nat), TEST(test_esp_one_pfs_group_only));
