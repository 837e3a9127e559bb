/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/span.h>

#include <stdlib.h>

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const struct cyg_span all = { bytes, sizeof bytes };

static void test_spans_are_cut_within_bounds(void **state)
{
    (void)state;
    for (size_t n = 0; n < 40; n++) {
        size_t inside = n < sizeof bytes ? n : sizeof bytes;
        struct cyg_span first = cyg_span_first(all, n), after = cyg_span_after(all, n);
        struct cyg_span last = cyg_span_last(all, n);
        assert_int_equal(first.len, inside);
        assert_int_equal(after.len, sizeof bytes - inside);
        assert_int_equal(last.len, inside);
        if (after.len > 0) {
            assert_ptr_equal(after.data, bytes + n);
        }
        if (last.len > 0) {
            assert_ptr_equal(last.data + last.len, bytes + sizeof bytes);
        }
    }
    assert_int_equal(cyg_span_first(all, SIZE_MAX).len, sizeof bytes);
    assert_int_equal(cyg_span_after(all, SIZE_MAX).len, 0);
    assert_int_equal(cyg_span_last(all, SIZE_MAX).len, sizeof bytes);
}

static void test_equal_compares_length_and_bytes(void **state)
{
    (void)state;
    const struct cyg_span empty = { NULL, 0 };
    assert_true(cyg_span_equal(all, all));
    assert_true(cyg_span_equal(empty, cyg_span_str("")));
    assert_true(cyg_span_equal(empty, cyg_span_str(NULL)));
    assert_true(cyg_span_equal(cyg_span_str("abc"), cyg_span_str("abc")));
    assert_false(cyg_span_equal(cyg_span_str("abc"), cyg_span_str("abd")));
    assert_false(cyg_span_equal(cyg_span_str("abc"), cyg_span_str("ab")));
    assert_false(cyg_span_equal(empty, cyg_span_str("a")));
}

static void test_between_spans_first_to_last(void **state)
{
    (void)state;
    struct cyg_span s =
        cyg_span_between(all, (struct cyg_span){ bytes + 2, 3 }, (struct cyg_span){ bytes + 6, 4 });
    assert_ptr_equal(s.data, bytes + 2);
    assert_int_equal(s.len, 8);
    s = cyg_span_between(all, cyg_span_first(all, 1), cyg_span_last(all, 1));
    assert_true(cyg_span_equal(s, all));
}

static void test_reads_big_endian(void **state)
{
    (void)state;
    struct cyg_reader r = cyg_reader_of(all);
    assert_int_equal(cyg_reader_u8(&r), 0x01);
    assert_int_equal(cyg_reader_u16(&r), 0x0203);
    assert_int_equal(cyg_reader_u32(&r), 0x04050607);
    assert_int_equal(cyg_reader_u64(&r), 0x08090a0b0c0d0e0f);
    assert_int_equal(cyg_reader_offset(&r), 15);
    assert_int_equal(cyg_reader_left(&r), 1);
    assert_true(cyg_reader_ok(&r));
    assert_false(cyg_reader_done(&r));
    struct cyg_span rest = cyg_reader_rest(&r);
    assert_int_equal(rest.len, 1);
    assert_true(cyg_reader_done(&r));
    assert_int_equal(cyg_reader_rest(&r).len, 0);
    assert_true(cyg_reader_done(&r));
}

/* Every operation at every length: it is whole, or it fails, gives nothing and stays failed. */
static void read_one(struct cyg_reader *r, int operation, size_t *ret_len, bool *ret_zero)
{
    struct cyg_span s = { NULL, 0 };
    struct cyg_reader sub;
    *ret_zero = true;
    switch (operation) {
    case 0:
        *ret_len = 1;
        *ret_zero = cyg_reader_u8(r) == 0;
        return;
    case 1:
        *ret_len = 2;
        *ret_zero = cyg_reader_u16(r) == 0;
        return;
    case 2:
        *ret_len = 4;
        *ret_zero = cyg_reader_u32(r) == 0;
        return;
    case 3:
        *ret_len = 8;
        *ret_zero = cyg_reader_u64(r) == 0;
        return;
    case 4:
        *ret_len = 5;
        s = cyg_reader_take(r, 5);
        *ret_zero = s.len == 0;
        return;
    default:
        *ret_len = 5;
        sub = cyg_reader_sub(r, 5);
        *ret_zero = cyg_reader_left(&sub) == 0;
        assert_int_equal(cyg_reader_ok(&sub), cyg_reader_ok(r));
        return;
    }
}

static void test_fails_at_every_truncation_and_stays_failed(void **state)
{
    (void)state;
    for (int operation = 0; operation < 6; operation++) {
        for (size_t len = 0; len <= sizeof bytes; len++) {
            uint8_t *copy = test_memdup(bytes, len); /* ASan sees one byte more */
            struct cyg_reader r = cyg_reader_of((struct cyg_span){ copy, len });
            size_t want, done = 0;
            bool zero;
            do {
                read_one(&r, operation, &want, &zero);
                done += cyg_reader_ok(&r) ? want : 0;
                assert_int_equal(zero, !cyg_reader_ok(&r));
            } while (cyg_reader_ok(&r));
            assert_int_equal(done, len / want * want);
            assert_int_equal(cyg_reader_offset(&r), done); /* where it did not fit */
            assert_int_equal(cyg_reader_left(&r), 0);
            assert_int_equal(cyg_reader_u8(&r), 0); /* what would fit comes no more */
            assert_int_equal(cyg_reader_rest(&r).len, 0);
            assert_false(cyg_reader_ok(&r));
            assert_false(cyg_reader_done(&r));
            free(copy);
        }
    }
}

static void test_lengths_that_would_overflow_fail(void **state)
{
    (void)state;
    static const size_t lengths[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, sizeof bytes };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct cyg_reader r = cyg_reader_of(all);
        cyg_reader_u8(&r);
        assert_int_equal(cyg_reader_take(&r, lengths[i]).len, 0);
        assert_false(cyg_reader_ok(&r));
    }
}

static void test_a_reader_of_nothing_reads_nothing(void **state)
{
    (void)state;
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ NULL, 0 });
    assert_true(cyg_reader_done(&r));
    assert_int_equal(cyg_reader_take(&r, 0).len, 0);
    assert_int_equal(cyg_reader_rest(&r).len, 0);
    assert_true(cyg_reader_done(&r));
    assert_int_equal(cyg_reader_u8(&r), 0);
    assert_false(cyg_reader_ok(&r));
}

static void test_a_sub_reader_ends_where_its_part_ends(void **state)
{
    (void)state;
    struct cyg_reader r = cyg_reader_of(all), sub = cyg_reader_sub(&r, 4);
    assert_int_equal(cyg_reader_u32(&sub), 0x01020304);
    assert_true(cyg_reader_done(&sub));
    assert_int_equal(cyg_reader_u8(&sub), 0);
    assert_false(cyg_reader_ok(&sub));
    assert_true(cyg_reader_ok(&r)); /* a failure inside is not one of the whole */
    assert_int_equal(cyg_reader_u8(&r), 5);
}

TEST_MAIN(cmocka_unit_test(test_spans_are_cut_within_bounds),
          cmocka_unit_test(test_equal_compares_length_and_bytes),
          cmocka_unit_test(test_between_spans_first_to_last),
          cmocka_unit_test(test_reads_big_endian),
          cmocka_unit_test(test_fails_at_every_truncation_and_stays_failed),
          cmocka_unit_test(test_lengths_that_would_overflow_fail),
          cmocka_unit_test(test_a_reader_of_nothing_reads_nothing),
          cmocka_unit_test(test_a_sub_reader_ends_where_its_part_ends));
