/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notification payload. */
#include "codec/notify.h"

#include "codec_test.h"

/* DPD R-U-THERE, RFC 3706 5.3: DOI 1, ISAKMP, SPI = both cookies, type 36136, sequence 42. */
static const uint8_t r_u_there[] = { 0, 0, 0, 1,  1,  16, 0x8d, 0x28, 1,  2,  3, 4, 5, 6,
                                     7, 8, 9, 10, 11, 12, 13,   14,   15, 16, 0, 0, 0, 42 };

static enum cyg_code try_notify(struct cyg_span body, struct cyg_error *err)
{
    struct notify n = { .type = 7 };
    enum cyg_code code = notify_decode(body, &n, err);
    assert_true(code == CYG_OK || n.type == 7);
    return code;
}

static void test_reads_the_fields(void **state)
{
    (void)state;
    struct notify n;
    uint32_t number = 0;
    assert_int_equal(notify_decode(cyg_span_of_array(r_u_there), &n, NULL), CYG_OK);
    assert_int_equal(n.doi, DOI_IPSEC);
    assert_int_equal(n.protocol, PROTOCOL_ISAKMP);
    assert_int_equal(n.type, NOTIFY_R_U_THERE);
    assert_span_equal(n.spi, (struct cyg_span){ r_u_there + 8, 16 });
    assert_int_equal(notify_dpd(&n, &number, NULL), CYG_OK);
    assert_int_equal(number, 42);
}

static void test_refuses_every_truncation(void **state)
{
    (void)state;
    test_refuses_truncations(cyg_span_of_array(r_u_there), 24, CYG_R_NOTIFY_SHORT, try_notify);
}

/* H-004, H-086: an SPI size that reaches behind the payload. */
static void test_refuses_an_spi_behind_the_end(void **state)
{
    (void)state;
    for (unsigned size = 0; size <= 255; size++) {
        uint8_t *copy = test_memdup(r_u_there, sizeof(r_u_there));
        struct cyg_error err = { 0 };
        copy[5] = (uint8_t)size;
        enum cyg_code code = try_notify((struct cyg_span){ copy, sizeof(r_u_there) }, &err);
        assert_int_equal(code, size <= 20 ? CYG_OK : CYG_MALFORMED);
        free(copy);
    }
}

/* H-083 */
static void test_dpd_has_fixed_sizes(void **state)
{
    (void)state;
    for (size_t spi = 0; spi <= 20; spi++) {
        for (size_t data = 0; data <= 6; data++) {
            const struct notify n = { .type = NOTIFY_R_U_THERE,
                                      .spi = { r_u_there, spi },
                                      .data = { r_u_there + 20, data } };
            uint32_t number = 7;
            struct cyg_error err = { 0 };
            enum cyg_code code = notify_dpd(&n, &number, &err);
            bool right = spi == 16 && data == 4;
            assert_int_equal(code, right ? CYG_OK : CYG_MALFORMED);
            assert_true(right || (number == 7 && err.reason == CYG_R_DPD_SIZE));
        }
    }
}

static void test_writes_the_same_bytes(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(r_u_there)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct notify n;
    assert_int_equal(notify_decode(cyg_span_of_array(r_u_there), &n, NULL), CYG_OK);
    notify_encode(&n, &w);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(r_u_there));
}

static void test_does_not_write_a_long_spi(void **state)
{
    (void)state;
    static const uint8_t spi[256];
    uint8_t buffer[400];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    const struct notify n = { .spi = { spi, 256 } };
    notify_encode(&n, &w);
    assert_false(cyg_writer_ok(&w));
}

TEST_MAIN(cmocka_unit_test(test_reads_the_fields), cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_refuses_an_spi_behind_the_end),
          cmocka_unit_test(test_dpd_has_fixed_sizes), cmocka_unit_test(test_writes_the_same_bytes),
          cmocka_unit_test(test_does_not_write_a_long_spi));
