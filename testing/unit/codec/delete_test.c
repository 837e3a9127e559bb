/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delete payload. */
#include "codec/delete.h"

#include "codec_test.h"

static const uint8_t two_esp[] = { 0, 0, 0, 1, 3, 4, 0, 2, 0xc1, 1, 2, 3, 0xc2, 4, 5, 6 };

static enum cyg_code try_delete(struct cyg_span body, struct cyg_error *err)
{
    struct delete_payload d = { .n = 77 };
    enum cyg_code code = delete_decode(body, &d, err);
    assert_true(code == CYG_OK || d.n == 77);
    return code;
}

static void test_reads_the_spis(void **state)
{
    (void)state;
    struct delete_payload d;
    assert_int_equal(delete_decode(cyg_span_of_array(two_esp), &d, NULL), CYG_OK);
    assert_int_equal(d.doi, DOI_IPSEC);
    assert_int_equal(d.protocol, PROTOCOL_ESP);
    assert_int_equal(d.n, 2);
    assert_span_equal(delete_spi(&d, 0), (struct cyg_span){ two_esp + 8, 4 });
    assert_span_equal(delete_spi(&d, 1), (struct cyg_span){ two_esp + 12, 4 });
}

static void test_refuses_every_truncation(void **state)
{
    (void)state;
    test_refuses_truncations(cyg_span_of_array(two_esp), sizeof(two_esp), 0, try_delete);
    test_refuses_truncations((struct cyg_span){ two_esp, 7 }, 8, CYG_R_DELETE_SHORT, try_delete);
}

/* H-078, H-080: sizes and counts, product included. */
static void test_size_and_count_must_fill_the_payload(void **state)
{
    (void)state;
    static const struct {
        uint8_t protocol, size;
        uint16_t n, bytes;
        uint16_t reason;
    } cases[] = {
        { PROTOCOL_ESP, 4, 1, 4, 0 },
        { PROTOCOL_AH, 4, 2, 8, 0 },
        { PROTOCOL_ISAKMP, 16, 1, 16, 0 },
        { PROTOCOL_IPCOMP, 2, 3, 6, 0 },
        { PROTOCOL_IPCOMP, 4, 2, 8, 0 },
        { 255, 3, 2, 6, 0 }, /* unknown protocol: the engine ignores it */
        { PROTOCOL_ESP, 4, 0, 0, CYG_R_DELETE_COUNT },
        { PROTOCOL_ESP, 4, 0, 4, CYG_R_DELETE_COUNT },
        { PROTOCOL_ESP, 4, 2, 4, CYG_R_DELETE_COUNT },
        { PROTOCOL_ESP, 4, 65535, 4, CYG_R_DELETE_COUNT },
        { PROTOCOL_ESP, 4, 1, 5, CYG_R_DELETE_COUNT },
        { PROTOCOL_ESP, 0, 2, 0, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_ESP, 3, 1, 3, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_ESP, 8, 1, 8, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_ESP, 16, 1, 16, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_ESP, 255, 65535, 16, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_ISAKMP, 0, 1, 0, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_ISAKMP, 4, 1, 4, CYG_R_DELETE_SPI_SIZE },
        { PROTOCOL_IPCOMP, 3, 1, 3, CYG_R_DELETE_SPI_SIZE },
        { 255, 0, 65535, 0, CYG_R_DELETE_SPI_SIZE },
        { 255, 255, 65535, 16, CYG_R_DELETE_COUNT },
    };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        uint8_t buffer[64] = { 0 };
        struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
        const struct delete_payload d = { .doi = DOI_IPSEC,
                                          .protocol = cases[i].protocol,
                                          .spi_size = cases[i].size,
                                          .n = cases[i].n,
                                          .spis = { two_esp, cases[i].bytes } };
        delete_encode(&d, &w);
        struct cyg_error err = { 0 };
        enum cyg_code code = try_delete(cyg_writer_span(&w), &err);
        assert_int_equal(code, cases[i].reason == 0 ? CYG_OK : CYG_MALFORMED);
        assert_int_equal(err.reason, cases[i].reason);
    }
}

static void test_writes_the_same_bytes(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(two_esp)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct delete_payload d;
    assert_int_equal(delete_decode(cyg_span_of_array(two_esp), &d, NULL), CYG_OK);
    delete_encode(&d, &w);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(two_esp));
}

TEST_MAIN(cmocka_unit_test(test_reads_the_spis), cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_size_and_count_must_fill_the_payload),
          cmocka_unit_test(test_writes_the_same_bytes));
