/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/writer.h>

#include <stdlib.h>
#include <string.h>

/* A payload with a block in a block, as ISAKMP writes them; 28 bytes. */
static void write_sample(struct cyg_writer *w)
{
    cyg_writer_u8(w, 0xaa); /* next payload */
    cyg_writer_u8(w, 0);
    struct cyg_block outer = cyg_writer_open(w, 2); /* counts from the first byte */
    cyg_writer_u32(w, 0x01020304);
    cyg_writer_u64(w, 0x05060708090a0b0c);
    struct cyg_block inner = cyg_writer_open(w, 0);
    cyg_writer_bytes(w, cyg_span_str("abc"));
    cyg_writer_zero(w, 2);
    cyg_writer_close(w, inner);
    uint8_t *at = cyg_writer_reserve(w, 2);
    if (at != NULL) {
        memset(at, 0xee, 2);
    }
    cyg_writer_close(w, outer);
    cyg_writer_u8(w, 0xff);
    cyg_writer_u16(w, 0xfffe);
    cyg_writer_patch_u8(w, 0, 0xbb);
    cyg_writer_patch_u32(w, 4, 0x11121314);
}

static const uint8_t sample[] = { 0xbb, 0, 0, 25,   0x11, 0x12, 0x13, 0x14, 5,   6,
                                  7,    8, 9, 10,   11,   12,   0,    7,    'a', 'b',
                                  'c',  0, 0, 0xee, 0xee, 0xff, 0xff, 0xfe };

static void test_writes_big_endian_and_patches_lengths(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof buffer);
    write_sample(&w);
    assert_true(cyg_writer_ok(&w));
    assert_int_equal(cyg_writer_offset(&w), sizeof sample);
    assert_int_equal(cyg_writer_span(&w).len, sizeof sample);
    assert_memory_equal(cyg_writer_span(&w).data, sample, sizeof sample);
}

static void test_fails_in_every_buffer_that_is_too_small(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof sample; size++) {
        uint8_t *buffer = malloc(size); /* ASan sees one byte more */
        struct cyg_writer w = cyg_writer_of(buffer, size);
        write_sample(&w);
        assert_false(cyg_writer_ok(&w));
        assert_int_equal(cyg_writer_span(&w).len, 0);
        free(buffer);
    }
    uint8_t *buffer = malloc(sizeof sample);
    struct cyg_writer w = cyg_writer_of(buffer, sizeof sample);
    write_sample(&w);
    assert_true(cyg_writer_ok(&w));
    free(buffer);
}

static void test_stays_failed(void **state)
{
    (void)state;
    uint8_t buffer[4] = { 0 };
    struct cyg_writer w = cyg_writer_of(buffer, sizeof buffer);
    struct cyg_block block = cyg_writer_open(&w, 0);
    cyg_writer_u64(&w, 1);
    cyg_writer_u8(&w, 0xaa); /* would fit */
    cyg_writer_close(&w, block);
    cyg_writer_patch_u8(&w, 0, 0xaa);
    assert_null(cyg_writer_reserve(&w, 0));
    assert_false(cyg_writer_ok(&w));
    assert_memory_equal(buffer, "\0\0\0\0", 4);
}

static void test_a_block_beyond_16_bits_fails(void **state)
{
    (void)state;
    uint8_t *buffer = malloc(70000);
    for (size_t inside = 65533; inside <= 65534; inside++) {
        struct cyg_writer w = cyg_writer_of(buffer, 70000);
        struct cyg_block block = cyg_writer_open(&w, 0);
        cyg_writer_zero(&w, inside); /* and its own two bytes */
        cyg_writer_close(&w, block);
        assert_int_equal(cyg_writer_ok(&w), inside == 65533);
    }
    free(buffer);
}

static void test_sizes_that_would_overflow_fail(void **state)
{
    (void)state;
    uint8_t buffer[4];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof buffer);
    cyg_writer_u8(&w, 1);
    assert_null(cyg_writer_reserve(&w, SIZE_MAX));
    assert_false(cyg_writer_ok(&w));
}

static void test_nothing_fits_no_buffer(void **state)
{
    (void)state;
    struct cyg_writer w = cyg_writer_of(NULL, 0);
    cyg_writer_bytes(&w, (struct cyg_span){ NULL, 0 });
    assert_true(cyg_writer_ok(&w));
    cyg_writer_u8(&w, 0);
    assert_false(cyg_writer_ok(&w));
}

TEST_MAIN(cmocka_unit_test(test_writes_big_endian_and_patches_lengths),
          cmocka_unit_test(test_fails_in_every_buffer_that_is_too_small),
          cmocka_unit_test(test_stays_failed), cmocka_unit_test(test_a_block_beyond_16_bits_fails),
          cmocka_unit_test(test_sizes_that_would_overflow_fail),
          cmocka_unit_test(test_nothing_fits_no_buffer));
