/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attributes of a transform by meaning: both phases, both forms, and every refusal. */
#include "codec/sa.h"

#include "codec_test.h"

static enum cyg_code decode(uint8_t protocol, struct cyg_span attributes,
                            struct transform_values *ret, struct cyg_error *err)
{
    uint8_t *copy = test_memdup(attributes.data, attributes.len);
    const struct sa_transform t = { .number = 1, .id = 1, .attributes = { copy, attributes.len } };
    enum cyg_code code = transform_decode(protocol, &t, ret, err);
    free(copy);
    return code;
}

/* refused for this reason at this byte of the list; the result is untouched */
static void refuses(uint8_t protocol, struct cyg_span attributes, uint16_t reason, uint32_t offset)
{
    struct transform_values v = { .seconds = 4711 };
    struct cyg_error err = { 0 };
    assert_int_equal(decode(protocol, attributes, &v, &err), CYG_REFUSED);
    assert_int_equal(err.reason, reason);
    assert_int_equal(err.offset, offset);
    assert_int_equal(v.seconds, 4711);
}

#define IKE(...)                                                                   \
    PROTOCOL_ISAKMP, (struct cyg_span)                                             \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }
#define ESP_(...)                                                                  \
    PROTOCOL_ESP, (struct cyg_span)                                                \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

static void test_reads_phase_1(void **state)
{
    (void)state;
    struct transform_values v;
    assert_int_equal(
        decode(IKE(0x80, 1, 0, 7, 0x80, 2, 0, 4, 0x80, 3, 0, 1, 0x80, 4, 0, 14, 0x80, 14, 1, 0,
                   0x80, 11, 0, 1, 0, 12, 0, 4, 0, 1, 0x51, 0x80, 0x80, 11, 0, 2, 0x80, 12, 0, 9),
               &v, NULL),
        CYG_OK);
    assert_int_equal(v.present, 1u << TRANSFORM_CIPHER | 1u << TRANSFORM_HASH | 1u << TRANSFORM_AUTH
                                    | 1u << TRANSFORM_GROUP | 1u << TRANSFORM_KEY_LENGTH);
    assert_int_equal(v.value[TRANSFORM_CIPHER], IKE_CIPHER_AES);
    assert_int_equal(v.value[TRANSFORM_HASH], IKE_HASH_SHA2_256);
    assert_int_equal(v.value[TRANSFORM_AUTH], IKE_AUTH_PSK);
    assert_int_equal(v.value[TRANSFORM_GROUP], GROUP_DESC_MODP2048);
    assert_int_equal(v.value[TRANSFORM_KEY_LENGTH], 256);
    assert_true(v.has_seconds && v.has_kilobytes);
    assert_int_equal(v.seconds, 86400);
    assert_int_equal(v.kilobytes, 9);
    assert_int_equal(v.n_others, 0);
}

static void test_reads_phase_2(void **state)
{
    (void)state;
    struct transform_values v;
    assert_int_equal(decode(ESP_(0x80, 4, 0xf0, 3, 0x80, 5, 0, 2, 0x80, 6, 0, 128, 0x80, 3, 0, 2,
                                 0x80, 1, 0, 1, 0x80, 2, 0xe, 0x10, 0x80, 11, 0, 1),
                            &v, NULL),
                     CYG_OK);
    assert_int_equal(v.value[TRANSFORM_ENCAP], ENCAP_UDP_TUNNEL_DRAFT);
    assert_int_equal(v.value[TRANSFORM_INTEG], INTEG_ATTR_HMAC_SHA1);
    assert_int_equal(v.value[TRANSFORM_KEY_LENGTH], 128);
    assert_int_equal(v.value[TRANSFORM_GROUP], GROUP_DESC_MODP1024);
    assert_int_equal(v.value[TRANSFORM_ESN], 1);
    assert_int_equal(v.seconds, 3600);
    assert_false(v.has_kilobytes);
}

/* H-038: TLV of 1 to 4 bytes is as good as TV. */
static void test_numbers_in_tlv_form(void **state)
{
    (void)state;
    struct transform_values v;
    assert_int_equal(
        decode(IKE(0, 1, 0, 1, 5, 0, 2, 0, 2, 0, 2, 0, 3, 0, 3, 0, 0, 1, 0, 4, 0, 4, 0, 0, 0, 2),
               &v, NULL),
        CYG_OK);
    assert_int_equal(v.value[TRANSFORM_CIPHER], 5);
    assert_int_equal(v.value[TRANSFORM_HASH], 2);
    assert_int_equal(v.value[TRANSFORM_AUTH], 1);
    assert_int_equal(v.value[TRANSFORM_GROUP], 2);
    refuses(IKE(0, 1, 0, 0), CYG_R_ATTRIBUTE_SIZE, 0);
    refuses(IKE(0x80, 2, 0, 1, 0, 1, 0, 5, 0, 0, 0, 0, 7), CYG_R_ATTRIBUTE_SIZE, 4);
    refuses(IKE(0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7), CYG_R_ATTRIBUTE_SIZE, 0);
    refuses(IKE(0, 1, 0, 4, 0, 1, 0, 7), CYG_R_ATTRIBUTE_LARGE, 0);
    refuses(IKE(0, 1, 0xff, 0xff), CYG_R_ATTRIBUTE_CUT, 0);
    refuses(IKE(0x80, 1, 0, 7, 0x80), CYG_R_ATTRIBUTE_CUT, 4);
}

/* H-039: of two values neither the first nor the last one wins. */
static void test_refuses_duplicates(void **state)
{
    (void)state;
    refuses(IKE(0x80, 1, 0, 7, 0x80, 1, 0, 7), CYG_R_ATTRIBUTE_TWICE, 4);
    refuses(IKE(0x80, 4, 0, 2, 0x80, 1, 0, 7, 0, 4, 0, 2, 0, 14), CYG_R_ATTRIBUTE_TWICE, 8);
    refuses(ESP_(0x80, 6, 0, 128, 0x80, 6, 1, 0), CYG_R_ATTRIBUTE_TWICE, 4);
    refuses(ESP_(0x80, 99, 0, 1, 0x80, 98, 0, 1, 0x80, 99, 0, 1), CYG_R_ATTRIBUTE_TWICE, 8);
}

/* H-043 */
static void test_lifetimes_are_pairs(void **state)
{
    (void)state;
    refuses(IKE(0x80, 12, 1, 0, 0x80, 11, 0, 1), CYG_R_ATTRIBUTE_LIFE_ORDER, 0);
    refuses(IKE(0x80, 12, 1, 0), CYG_R_ATTRIBUTE_LIFE_ORDER, 0);
    refuses(IKE(0x80, 1, 0, 7, 0x80, 11, 0, 1), CYG_R_ATTRIBUTE_LIFE_ORDER, 4);
    refuses(IKE(0x80, 11, 0, 1, 0x80, 11, 0, 2, 0x80, 12, 1, 0), CYG_R_ATTRIBUTE_LIFE_ORDER, 4);
    refuses(IKE(0x80, 11, 0, 1, 0x80, 12, 1, 0, 0x80, 12, 1, 0), CYG_R_ATTRIBUTE_LIFE_ORDER, 8);
    refuses(IKE(0x80, 11, 0, 1, 0x80, 12, 1, 0, 0x80, 11, 0, 1, 0x80, 12, 1, 0),
            CYG_R_ATTRIBUTE_LIFE_TWICE, 8);
    refuses(ESP_(0x80, 1, 0, 3, 0x80, 2, 1, 0), CYG_R_ATTRIBUTE_LIFE_TYPE, 0);
    refuses(ESP_(0x80, 1, 0, 0, 0x80, 2, 1, 0), CYG_R_ATTRIBUTE_LIFE_TYPE, 0);
    refuses(ESP_(0x80, 1, 0, 1, 0x80, 2, 0, 0), CYG_R_ATTRIBUTE_LIFE_ZERO, 4);
    refuses(ESP_(0x80, 1, 0, 2, 0, 2, 0, 0), CYG_R_ATTRIBUTE_SIZE, 4);
    refuses(ESP_(0x80, 1, 0, 1, 0, 2, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1), CYG_R_ATTRIBUTE_SIZE, 4);
    struct transform_values v;
    assert_int_equal(
        decode(ESP_(0x80, 1, 0, 1, 0, 2, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), &v,
               NULL),
        CYG_OK);
    assert_true(v.seconds == UINT64_MAX);
}

/* H-041: private groups and unknown attributes are told, not swallowed. */
static void test_counts_what_it_does_not_know(void **state)
{
    (void)state;
    struct transform_values v;
    assert_int_equal(decode(IKE(0x80, 5, 0, 1, 0, 6, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0), &v, NULL),
                     CYG_OK);
    assert_int_equal(v.n_others, 3);
    assert_int_equal(v.first_other, 5);
    assert_int_equal(v.present, 0);
}

static void test_an_empty_list_is_allowed(void **state)
{
    (void)state;
    struct transform_values v;
    assert_int_equal(decode(PROTOCOL_ESP, (struct cyg_span){ NULL, 0 }, &v, NULL), CYG_OK);
    assert_int_equal(v.present, 0);
}

TEST_MAIN(cmocka_unit_test(test_reads_phase_1), cmocka_unit_test(test_reads_phase_2),
          cmocka_unit_test(test_numbers_in_tlv_form), cmocka_unit_test(test_refuses_duplicates),
          cmocka_unit_test(test_lifetimes_are_pairs),
          cmocka_unit_test(test_counts_what_it_does_not_know),
          cmocka_unit_test(test_an_empty_list_is_allowed));
