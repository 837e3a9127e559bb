/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the builder writes is what the decoder reads, byte for byte. */
#include "codec/builder.h"

#include "codec/notify.h"
#include "codec_test.h"

static const struct header header = {
    .cookie_i = { 1, 2, 3, 4, 5, 6, 7, 8 },
    .cookie_r = { 9, 9, 9, 9, 9, 9, 9, 9 },
    .version = VERSION_1_0,
    .exchange = EXCHANGE_INFORMATIONAL,
    .message_id = 0x01020304,
    .next = 77,     /* ignored */
    .length = 4711, /* ignored */
};

static void test_chains_payloads_and_patches_lengths(void **state)
{
    (void)state;
    static const uint8_t want[] = {
        1,  2, 3, 4,  5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9,  10, 16, 5, 0, 1, 2, 3,    4, 0, 0, 0, 56,
        11, 0, 0, 12, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 16, 0,  0,  0, 1, 1, 4, 0x60, 2, 1, 1, 1, 1,
    };
    uint8_t buffer[100];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct builder b;
    const struct notify n = { .doi = DOI_IPSEC,
                              .protocol = PROTOCOL_ISAKMP,
                              .type = NOTIFY_INITIAL_CONTACT,
                              .spi = { (const uint8_t[]){ 1, 1, 1, 1 }, 4 } };
    builder_begin(&b, &w, &header);
    builder_payload(&b, PAYLOAD_NONCE,
                    (struct cyg_span){ (const uint8_t[]){ 8, 7, 6, 5, 4, 3, 2, 1 }, 8 });
    builder_payload_begin(&b, PAYLOAD_N);
    notify_encode(&n, &w);
    builder_payload_end(&b);
    builder_end(&b);
    assert_true(cyg_writer_ok(&w));
    assert_span_equal(builder_message(&b), cyg_span_of_array(want));
}

/* An Informational: HASH reserved, filled over what follows it, padded, all behind other bytes. */
static void test_reserve_fill_after_and_pad(void **state)
{
    (void)state;
    uint8_t buffer[200];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    cyg_writer_u32(&w, 0xdddddddd); /* something else in front of the message */
    struct builder b;
    static const uint8_t hash[20] = { 0xaa };
    builder_begin(&b, &w, &header);
    size_t at = builder_reserve(&b, PAYLOAD_HASH, sizeof(hash));
    builder_payload(&b, PAYLOAD_VID, cyg_span_str("abc"));
    static const uint8_t vid[] = { 0, 0, 0, 7, 'a', 'b', 'c' };
    assert_span_equal(builder_after(&b, at, sizeof(hash)), cyg_span_of_array(vid));
    builder_fill(&b, at, cyg_span_of_array(hash));
    builder_pad(&b, 16); /* 24 + 7 = 31 bytes: one of padding */
    assert_span_equal(builder_after(&b, at, sizeof(hash)), cyg_span_of_array(vid));
    builder_end(&b);
    assert_int_equal(builder_body(&b).len, 32);

    struct message m;
    assert_int_equal(header_decode(builder_message(&b), &m.header, NULL), CYG_OK);
    assert_int_equal(m.header.length, HEADER_LEN + 32);
    assert_int_equal(message_decode_chain(m.header.next, builder_body(&b), true, &m, NULL), CYG_OK);
    assert_int_equal(m.present, PL(HASH) | PL(VID));
    assert_span_equal(message_body(&m, PK_HASH), cyg_span_of_array(hash));
    assert_int_equal(m.padding.len, 1);
    builder_pad(&b, 16); /* already whole */
    assert_int_equal(builder_body(&b).len, 32);
}

/* However small the buffer: no write behind it, and one failure at the end. */
static void test_a_small_buffer_fails_once(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 80; size++) {
        uint8_t *buffer = malloc(size);
        struct cyg_writer w = cyg_writer_of(buffer, size);
        struct builder b;
        builder_begin(&b, &w, &header);
        size_t at = builder_reserve(&b, PAYLOAD_HASH, 20);
        builder_payload(&b, PAYLOAD_VID, cyg_span_str("abc"));
        builder_fill(&b, at, cyg_span_str("hash"));
        builder_pad(&b, 8);
        builder_end(&b);
        assert_int_equal(cyg_writer_ok(&w), size >= HEADER_LEN + 32);
        assert_int_equal(builder_message(&b).len, size >= HEADER_LEN + 32 ? HEADER_LEN + 32 : 0);
        assert_true(cyg_writer_ok(&w) || builder_after(&b, at, 20).len == 0);
        free(buffer);
    }
}

TEST_MAIN(cmocka_unit_test(test_chains_payloads_and_patches_lengths),
          cmocka_unit_test(test_reserve_fill_after_and_pad),
          cmocka_unit_test(test_a_small_buffer_fails_once));
