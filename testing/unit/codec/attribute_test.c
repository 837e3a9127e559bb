/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes in both forms. */
#include "codec/attribute.h"

#include "codec_test.h"

static const uint8_t list[] = {
    0x80, 1,    0,    7,                                     /* TV */
    0,    12,   0,    4,    0, 0, 0x70, 0x80,                /* TLV of 4 bytes */
    0,    2,    0,    0,                                     /* TLV of none */
    0,    3,    0,    9,    1, 2, 3,    4,    5, 6, 7, 8, 9, /* too long for a number */
    0xff, 0xff, 0xff, 0xff,                                  /* the largest TV */
};

static void test_reads_tv_and_tlv(void **state)
{
    (void)state;
    static const struct attribute want[] = {
        { .type = 1, .basic = true, .has_value = true, .value = 7 },
        { .type = 12, .has_value = true, .value = 28800 },
        { .type = 2 },
        { .type = 3 },
        { .type = 0x7fff, .basic = true, .has_value = true, .value = 0xffff },
    };
    static const size_t sizes[] = { 4, 8, 4, 13, 4 };
    struct cyg_span rest = cyg_span_of_array(list);
    struct attribute a;
    assert_int_equal(attributes_check(rest, NULL), CYG_OK);
    for (size_t i = 0; i < CYG_LEN(want); i++) {
        assert_true(attribute_next(&rest, &a));
        assert_int_equal(a.type, want[i].type);
        assert_int_equal(a.basic, want[i].basic);
        assert_int_equal(a.has_value, want[i].has_value);
        assert_int_equal(a.value, want[i].value);
        assert_int_equal(a.whole.len, sizes[i]);
        assert_int_equal(a.raw.len, a.basic ? 2 : sizes[i] - 4);
    }
    assert_false(attribute_next(&rest, &a));
    assert_int_equal(rest.len, 0);
}

static bool at_a_border(size_t len)
{
    return len == 0 || len == 4 || len == 12 || len == 16 || len == 29 || len == 33;
}

/* H-017, H-038 */
static void test_refuses_what_is_cut(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof(list); len++) {
        uint8_t *copy = test_memdup(list, len);
        struct cyg_error err = { 0 };
        enum cyg_code code = attributes_check((struct cyg_span){ copy, len }, &err);
        assert_int_equal(code, at_a_border(len) ? CYG_OK : CYG_REFUSED);
        assert_int_equal(err.reason, at_a_border(len) ? 0 : CYG_R_ATTRIBUTE_CUT);
        free(copy);
    }
}

/* H-101 */
static void test_at_most_64(void **state)
{
    (void)state;
    uint8_t many[65 * 4];
    for (size_t i = 0; i < 65; i++) {
        memcpy(many + 4 * i, (const uint8_t[]){ 0x80, (uint8_t)i, 0, 1 }, 4);
    }
    struct cyg_error err;
    assert_int_equal(attributes_check((struct cyg_span){ many, 64 * 4 }, NULL), CYG_OK);
    assert_int_equal(attributes_check((struct cyg_span){ many, 65 * 4 }, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_ATTRIBUTES_TOO_MANY);
}

static void test_writes_the_shortest_form(void **state)
{
    (void)state;
    static const uint8_t want[] = { 0x80, 11, 0, 1, 0x80, 12, 0xff, 0xff, 0,   12,  0,  4,
                                    0,    1,  0, 0, 0,    12, 0,    8,    0,   0,   0,  1,
                                    0,    0,  0, 0, 0,    5,  0,    3,    'a', 'b', 'c' };
    uint8_t buffer[64];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    attribute_encode(&w, 11, 1);
    attribute_encode(&w, 12, 0xffff);
    attribute_encode(&w, 12, 0x10000);
    attribute_encode(&w, 12, 0x100000000);
    attribute_encode_tlv(&w, 5, cyg_span_str("abc"));
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(want));
}

TEST_MAIN(cmocka_unit_test(test_reads_tv_and_tlv), cmocka_unit_test(test_refuses_what_is_cut),
          cmocka_unit_test(test_at_most_64), cmocka_unit_test(test_writes_the_shortest_form));
