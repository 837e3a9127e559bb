/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fragment payload. */
#include "codec/fragment.h"

#include "codec_test.h"

static const uint8_t sample[] = { 0x12, 0x34, 3, 1, 'd', 'a', 't', 'a' };

static enum cyg_code try_fragment(struct cyg_span body, struct cyg_error *err)
{
    struct fragment f = { .id = 77 };
    enum cyg_code code = fragment_decode(body, &f, err);
    assert_true(code == CYG_OK || f.id == 77);
    return code;
}

static void test_reads_and_writes(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(sample)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct fragment f;
    assert_int_equal(fragment_decode(cyg_span_of_array(sample), &f, NULL), CYG_OK);
    assert_int_equal(f.id, 0x1234);
    assert_int_equal(f.number, 3);
    assert_true(f.last);
    assert_span_equal(f.data, cyg_span_str("data"));
    fragment_encode(&f, &w);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(sample));
}

/* H-089: one byte of data is the least. */
static void test_refuses_every_truncation(void **state)
{
    (void)state;
    test_refuses_truncations(cyg_span_of_array(sample), 5, CYG_R_FRAGMENT_SHORT, try_fragment);
}

/* H-090, H-092, H-096 */
static void test_numbers_and_flags(void **state)
{
    (void)state;
    uint8_t copy[sizeof(sample)];
    memcpy(copy, sample, sizeof(copy));
    for (unsigned number = 0; number <= 255; number++) {
        copy[2] = (uint8_t)number;
        struct cyg_error err = { 0 };
        bool right = number >= 1 && number <= 64;
        assert_true(right == (try_fragment(cyg_span_of_array(copy), &err) == CYG_OK));
        assert_int_equal(err.reason, right ? 0 : CYG_R_FRAGMENT_NUMBER);
    }
    copy[2] = 1;
    for (unsigned flags = 0; flags <= 255; flags++) {
        copy[3] = (uint8_t)flags;
        struct cyg_error err = { 0 };
        assert_true((flags <= 1) == (try_fragment(cyg_span_of_array(copy), &err) == CYG_OK));
        assert_int_equal(err.reason, flags <= 1 ? 0 : CYG_R_FRAGMENT_FLAGS);
    }
}

TEST_MAIN(cmocka_unit_test(test_reads_and_writes), cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_numbers_and_flags));
