/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAT original address payload. */
#include "codec/natoa.h"

#include "codec_test.h"

static const uint8_t v4[] = { 1, 0, 0, 0, 192, 0, 2, 7 };
static const uint8_t v6[] = { 5, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

static enum cyg_code try_natoa(struct cyg_span body, struct cyg_error *err)
{
    struct cyg_address a = { .family = 99 };
    enum cyg_code code = natoa_decode(body, &a, err);
    assert_true(code == CYG_OK || a.family == 99);
    return code;
}

static void test_reads_and_writes_both_families(void **state)
{
    (void)state;
    const struct cyg_span samples[] = { cyg_span_of_array(v4), cyg_span_of_array(v6) };
    for (size_t i = 0; i < CYG_LEN(samples); i++) {
        uint8_t buffer[20];
        struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
        struct cyg_address a;
        assert_int_equal(natoa_decode(samples[i], &a, NULL), CYG_OK);
        assert_int_equal(a.family, i == 0 ? 4 : 6);
        assert_int_equal(a.port, 0);
        natoa_encode(&a, &w);
        assert_span_equal(cyg_writer_span(&w), samples[i]);
    }
}

/* H-157 */
static void test_refuses_other_types_and_lengths(void **state)
{
    (void)state;
    uint8_t longer[21] = { 1 };
    for (unsigned type = 0; type <= 255; type++) {
        for (size_t len = 0; len <= sizeof(longer); len++) {
            uint8_t *copy = test_memdup(longer, len);
            struct cyg_error err = { 0 };
            if (len > 0) {
                copy[0] = (uint8_t)type;
            }
            bool right = (type == 1 && len == 8) || (type == 5 && len == 20);
            assert_int_equal(try_natoa((struct cyg_span){ copy, len }, &err),
                             right ? CYG_OK : CYG_MALFORMED);
            assert_int_equal(err.reason, right ? 0 : CYG_R_NATOA_BAD);
            free(copy);
        }
    }
}

TEST_MAIN(cmocka_unit_test(test_reads_and_writes_both_families),
          cmocka_unit_test(test_refuses_other_types_and_lengths));
