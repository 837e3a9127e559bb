/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the codec share: every decoder sees every truncation of a valid sample, each on
 * a heap copy of exactly that size, so that AddressSanitizer sees a read of one byte more. */
#pragma once

#include "unit/test.h"

#include <cygnet/error.h>

#include <stdlib.h>
#include <string.h>

/* Decode body; check that the result is untouched after a failure. */
typedef enum cyg_code test_decode_fn(struct cyg_span body, struct cyg_error *err);

/* The reason that each truncation must be refused for. */
static inline void test_refuses_truncations(struct cyg_span sample, size_t whole_from,
                                            uint16_t reason, test_decode_fn *decode)
{
    for (size_t len = 0; len <= sample.len; len++) {
        uint8_t *copy = test_memdup(sample.data, len);
        struct cyg_error err = { 0 };
        enum cyg_code code = decode((struct cyg_span){ copy, len }, &err);
        if (len < whole_from) {
            assert_int_not_equal(code, CYG_OK);
            if (reason != 0) {
                assert_int_equal(err.reason, reason);
            }
            assert_true(err.offset <= len);
        } else {
            assert_int_equal(code, CYG_OK);
        }
        free(copy);
    }
}

static inline void assert_span_equal(struct cyg_span got, struct cyg_span want)
{
    assert_int_equal(got.len, want.len);
    if (want.len > 0) {
        assert_memory_equal(got.data, want.data, want.len);
    }
}
