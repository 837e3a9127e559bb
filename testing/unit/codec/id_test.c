/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identification payload. */
#include "codec/id.h"

#include "codec_test.h"

/* ID_IPV4_ADDR_SUBNET, UDP, port 1701, 10.1.0.0/16 */
static const uint8_t subnet[] = { 4, 17, 6, 0xa5, 10, 1, 0, 0, 255, 255, 0, 0 };

static enum cyg_code try_id(struct cyg_span body, struct cyg_error *err)
{
    struct id id = { .type = 99 };
    enum cyg_code code = id_decode(body, &id, err);
    assert_true(code == CYG_OK || id.type == 99);
    return code;
}

static void test_reads_the_fields(void **state)
{
    (void)state;
    struct id id;
    assert_int_equal(id_decode(cyg_span_of_array(subnet), &id, NULL), CYG_OK);
    assert_int_equal(id.type, CYG_ID_IPV4_ADDR_SUBNET);
    assert_int_equal(id.protocol, 17);
    assert_int_equal(id.port, 1701);
    assert_span_equal(id.data, (struct cyg_span){ subnet + 4, 8 });
}

static void test_refuses_every_truncation(void **state)
{
    (void)state;
    test_refuses_truncations(cyg_span_of_array(subnet), 4, CYG_R_ID_SHORT, try_id);
}

static void test_writes_the_same_bytes(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(subnet)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct id id;
    assert_int_equal(id_decode(cyg_span_of_array(subnet), &id, NULL), CYG_OK);
    id_encode(&id, &w);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(subnet));
}

TEST_MAIN(cmocka_unit_test(test_reads_the_fields), cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_writes_the_same_bytes));
