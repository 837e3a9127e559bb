/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificate and certificate request payloads. */
#include "codec/cert.h"

#include "codec_test.h"

static const uint8_t sample[] = { 4, 0x30, 0x03, 0x02, 0x01, 0x05 };

static enum cyg_code try_cert(struct cyg_span body, struct cyg_error *err)
{
    struct cert cert = { .encoding = 77 };
    enum cyg_code code = cert_decode(body, &cert, err);
    assert_true(code == CYG_OK || cert.encoding == 77);
    return code;
}

static void test_reads_and_writes(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(sample)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct cert cert;
    assert_int_equal(cert_decode(cyg_span_of_array(sample), &cert, NULL), CYG_OK);
    assert_int_equal(cert.encoding, CERT_X509_SIGN);
    assert_int_equal(cert.data.len, 5);
    cert_encode(&cert, &w);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(sample));
}

/* H-029: a request of one byte (any authority) is whole. */
static void test_refuses_every_truncation(void **state)
{
    (void)state;
    test_refuses_truncations(cyg_span_of_array(sample), 1, CYG_R_CERT_SHORT, try_cert);
}

TEST_MAIN(cmocka_unit_test(test_reads_and_writes), cmocka_unit_test(test_refuses_every_truncation));
