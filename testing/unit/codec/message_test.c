/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Header and chain: what is read, and what is refused for which reason at which byte. */
#include "codec/message.h"

#include "codec_test.h"

/* A message with NONCE (12 bytes), VID (0 bytes) and NAT-D of the drafts (4 bytes). */
static const uint8_t sample[] = {
    1,   2,  3, 4,  5,    6,    7,    8,    9, 10, 11, 12, 13, 14, 15, 16, /* cookies */
    10,  16, 2, 0,  0,    0,    0,    0,    0, 0,  0,  56,                 /* … to Length */
    13,  0,  0, 16, 1,    2,    3,    4,    5, 6,  7,  8,  9,  10, 11, 12, /* NONCE */
    130, 0,  0, 4,                                                         /* VID */
    0,   0,  0, 8,  0xca, 0xfe, 0xba, 0xbe,                                /* NAT-D */
};
_Static_assert(sizeof(sample) == 56, "the sample's Length");

/* A copy of the sample with one byte replaced. */
static struct cyg_span changed(uint8_t copy[sizeof(sample)], size_t at, uint8_t value)
{
    memcpy(copy, sample, sizeof(sample));
    copy[at] = value;
    return (struct cyg_span){ copy, sizeof(sample) };
}

static void refuses(struct cyg_span datagram, uint16_t reason, uint32_t offset)
{
    uint8_t *copy = test_memdup(datagram.data, datagram.len);
    struct message m;
    struct cyg_error err = { 0 };
    assert_int_not_equal(message_decode((struct cyg_span){ copy, datagram.len }, &m, &err), CYG_OK);
    assert_int_equal(err.reason, reason);
    assert_int_equal(err.offset, offset);
    assert_int_equal(m.n, 0);
    assert_int_equal(m.present, 0);
    free(copy);
}

static void test_reads_header_and_payloads(void **state)
{
    (void)state;
    struct message m;
    assert_int_equal(message_decode(cyg_span_of_array(sample), &m, NULL), CYG_OK);
    assert_memory_equal(m.header.cookie_r, sample + 8, 8);
    assert_int_equal(m.header.exchange, EXCHANGE_MAIN);
    assert_int_equal(m.n, 3);
    assert_int_equal(m.present, PL(NONCE) | PL(VID) | PL(NATD));
    assert_int_equal(m.count[PK_NATD], 1);
    assert_int_equal(m.payloads[2].type, 130);
    assert_span_equal(message_body(&m, PK_NATD), (struct cyg_span){ sample + 52, 4 });
    assert_span_equal(message_body(&m, PK_KE), (struct cyg_span){ NULL, 0 });
    assert_null(message_find(&m, PK_NATD, 1));
    assert_span_equal(message_after(&m, &m.payloads[0]), (struct cyg_span){ sample + 44, 12 });
    assert_span_equal(message_after(&m, &m.payloads[2]), (struct cyg_span){ NULL, 0 });
    assert_int_equal(message_offset(&m, &m.payloads[1]), 44);
}

static void test_a_header_can_be_written_again(void **state)
{
    (void)state;
    uint8_t again[HEADER_LEN];
    struct header h;
    assert_int_equal(header_decode(cyg_span_of_array(sample), &h, NULL), CYG_OK);
    struct cyg_writer w = cyg_writer_of(again, sizeof(again));
    header_encode(&h, &w);
    assert_span_equal(cyg_writer_span(&w), (struct cyg_span){ sample, HEADER_LEN });
}

static void test_finds_the_nth_of_a_kind(void **state)
{
    (void)state;
    static const uint8_t two[] = { 13, 0, 0, 5, 1, 0, 0, 0, 5, 2 };
    struct message m;
    assert_int_equal(message_decode_chain(PAYLOAD_VID, cyg_span_of_array(two), false, &m, NULL),
                     CYG_OK);
    assert_int_equal(m.count[PK_VID], 2);
    assert_int_equal(message_find(&m, PK_VID, 0)->body.data[0], 1);
    assert_int_equal(message_find(&m, PK_VID, 1)->body.data[0], 2);
    assert_null(message_find(&m, PK_VID, 2));
}

/* H-001, H-017: at no length is a part of the message taken for the whole. */
static void test_refuses_every_truncation(void **state)
{
    (void)state;
    for (size_t len = 0; len < HEADER_LEN; len++) {
        struct header h = { .message_id = 7 };
        struct cyg_error err;
        uint8_t *copy = test_memdup(sample, len);
        assert_int_equal(header_decode((struct cyg_span){ copy, len }, &h, &err), CYG_MALFORMED);
        assert_int_equal(err.reason, CYG_R_HEADER_SHORT);
        assert_int_equal(h.message_id, 7);
        free(copy);
    }
    for (size_t len = HEADER_LEN; len < sizeof(sample); len++) {
        refuses((struct cyg_span){ sample, len }, CYG_R_HEADER_LENGTH_BEYOND, 24);
        struct cyg_span chain = { sample + HEADER_LEN, len - HEADER_LEN };
        uint8_t *copy = test_memdup(chain.data, chain.len);
        struct message m;
        struct cyg_error err;
        assert_int_equal(
            message_decode_chain(sample[16], (struct cyg_span){ copy, chain.len }, true, &m, &err),
            CYG_MALFORMED);
        assert_true(err.reason == CYG_R_PAYLOAD_MISSING
                    || err.reason == CYG_R_PAYLOAD_LENGTH_BEYOND);
        free(copy);
    }
}

/* H-002 */
static void test_length_must_be_that_of_the_datagram(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        uint16_t reason;
    } cases[] = {
        { 0, CYG_R_HEADER_LENGTH_SMALL },
        { 27, CYG_R_HEADER_LENGTH_SMALL },
        { 28, CYG_R_HEADER_TAIL },
        { 55, CYG_R_HEADER_TAIL },
        { 57, CYG_R_HEADER_LENGTH_BEYOND },
        { 0x10000 + 56, CYG_R_HEADER_LENGTH_BEYOND },
        { 0x7fffffff, CYG_R_HEADER_LENGTH_BEYOND },
        { 0x80000000, CYG_R_HEADER_LENGTH_BEYOND },
        { 0xffffffff, CYG_R_HEADER_LENGTH_BEYOND },
    };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        struct header h;
        struct cyg_error err;
        assert_int_equal(header_decode(cyg_span_of_array(sample), &h, NULL), CYG_OK);
        h.length = cases[i].length;
        assert_int_equal(header_check(&h, sizeof(sample), false, &err), CYG_MALFORMED);
        assert_int_equal(err.reason, cases[i].reason);
    }
    refuses((struct cyg_span){ sample, HEADER_LEN }, CYG_R_HEADER_LENGTH_BEYOND, 24);
}

static void test_a_tail_is_cut_where_it_is_allowed(void **state)
{
    (void)state;
    uint8_t longer[sizeof(sample) + 9] = { 0 };
    memcpy(longer, sample, sizeof(sample));
    struct header h;
    assert_int_equal(header_decode(cyg_span_of_array(longer), &h, NULL), CYG_OK);
    assert_int_equal(header_check(&h, sizeof(longer), true, NULL), CYG_OK);
    assert_int_equal(header_body(&h, cyg_span_of_array(longer)).len, sizeof(sample) - HEADER_LEN);
}

static void test_a_message_needs_a_payload(void **state)
{
    (void)state;
    uint8_t bare[HEADER_LEN];
    memcpy(bare, sample, sizeof(bare));
    bare[27] = HEADER_LEN;
    refuses(cyg_span_of_array(bare), CYG_R_HEADER_EMPTY, 24);
    uint8_t copy[sizeof(sample)]; /* H-013 */
    refuses(changed(copy, 16, PAYLOAD_NONE), CYG_R_CHAIN_EMPTY, 28);
}

/* H-006, H-007, H-009 */
static void test_header_fields_are_checked(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        uint16_t reason;
    } cases[] = {
        { 17, 0x00, CYG_R_VERSION_MAJOR }, { 17, 0x20, CYG_R_VERSION_MAJOR },
        { 17, 0xf0, CYG_R_VERSION_MAJOR }, { 17, 0x11, CYG_R_VERSION_MINOR },
        { 17, 0x1f, CYG_R_VERSION_MINOR }, { 19, 0x08, CYG_R_HEADER_FLAGS },
        { 19, 0xf8, CYG_R_HEADER_FLAGS },  { 19, 0x80, CYG_R_HEADER_FLAGS },
    };
    uint8_t copy[sizeof(sample)];
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        refuses(changed(copy, cases[i].at, cases[i].value), cases[i].reason, (uint32_t)cases[i].at);
    }
    memcpy(copy, sample, sizeof(copy));
    memset(copy, 0, 8);
    refuses(cyg_span_of_array(copy), CYG_R_COOKIE_ZERO, 0);
    memcpy(copy, sample, sizeof(copy));
    memcpy(copy, copy + 8, 8);
    refuses(cyg_span_of_array(copy), CYG_R_COOKIE_SAME, 8);
    struct message m;
    assert_int_equal(message_decode(changed(copy, 19, 7), &m, NULL), CYG_OK); /* all known flags */
}

/* H-003, H-004, H-005 */
static void test_generic_headers_are_checked(void **state)
{
    (void)state;
    uint8_t copy[sizeof(sample)];
    for (uint8_t len = 0; len < 4; len++) {
        refuses(changed(copy, 31, len), CYG_R_PAYLOAD_LENGTH_SMALL, 30);
        refuses(changed(copy, 47, len), CYG_R_PAYLOAD_LENGTH_SMALL, 46);
    }
    refuses(changed(copy, 51, 9), CYG_R_PAYLOAD_LENGTH_BEYOND, 50);
    refuses(changed(copy, 50, 0xff), CYG_R_PAYLOAD_LENGTH_BEYOND, 50);
    refuses(changed(copy, 29, 0xff), CYG_R_PAYLOAD_RESERVED, 29);
    refuses(changed(copy, 45, 1), CYG_R_PAYLOAD_RESERVED, 45);
    refuses(changed(copy, 48, PAYLOAD_HASH), CYG_R_PAYLOAD_MISSING, 56); /* H-014 */
}

/* H-025, H-026: which types may stand in a message. */
static void test_types_are_sorted_into_kinds(void **state)
{
    (void)state;
    static const struct {
        uint8_t from, to;
        enum payload_kind kind;
    } ranges[] = {
        { 0, 0, PK_COUNT },        { 1, 1, PK_SA },          { 2, 3, PK_COUNT },
        { 4, 4, PK_KE },           { 5, 5, PK_ID },          { 6, 6, PK_CERT },
        { 7, 7, PK_CR },           { 8, 8, PK_HASH },        { 9, 9, PK_SIG },
        { 10, 10, PK_NONCE },      { 11, 11, PK_N },         { 12, 12, PK_D },
        { 13, 13, PK_VID },        { 14, 14, PK_ATTR },      { 15, 19, PK_COUNT },
        { 20, 20, PK_NATD },       { 21, 21, PK_NATOA },     { 22, 127, PK_COUNT },
        { 128, 129, PK_PRIVATE },  { 130, 130, PK_NATD },    { 131, 131, PK_NATOA },
        { 132, 132, PK_FRAGMENT }, { 133, 255, PK_PRIVATE },
    };
    unsigned seen = 0;
    for (size_t i = 0; i < CYG_LEN(ranges); i++) {
        for (unsigned type = ranges[i].from; type <= ranges[i].to; type++, seen++) {
            assert_int_equal(payload_kind_of((uint8_t)type), ranges[i].kind);
        }
    }
    assert_int_equal(seen, 256);
    uint8_t copy[sizeof(sample)];
    refuses(changed(copy, 16, 33), CYG_R_PAYLOAD_TYPE, 28);
    refuses(changed(copy, 44, 15), CYG_R_PAYLOAD_TYPE, 48);
}

/* H-015 */
static void test_at_most_64_payloads(void **state)
{
    (void)state;
    uint8_t chain[65 * 4];
    for (size_t i = 0; i < 65; i++) {
        memcpy(chain + 4 * i, (const uint8_t[]){ 13, 0, 0, 4 }, 4);
    }
    struct message m;
    struct cyg_error err;
    chain[63 * 4] = 0;
    assert_int_equal(
        message_decode_chain(PAYLOAD_VID, (struct cyg_span){ chain, 64 * 4 }, false, &m, NULL),
        CYG_OK);
    assert_int_equal(m.n, 64);
    assert_int_equal(m.count[PK_VID], 64);
    chain[63 * 4] = 13;
    chain[64 * 4] = 0;
    assert_int_equal(
        message_decode_chain(PAYLOAD_VID, (struct cyg_span){ chain, 65 * 4 }, false, &m, &err),
        CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_PAYLOADS_TOO_MANY);
}

/* H-014 */
static void test_padding_of_decrypted_messages(void **state)
{
    (void)state;
    uint8_t chain[5 + 256];
    memset(chain, 0xa5, sizeof(chain));
    memcpy(chain, (const uint8_t[]){ 0, 0, 0, 5, 1 }, 5);
    struct message m;
    struct cyg_error err;
    for (size_t padding = 0; padding <= 256; padding++) {
        uint8_t *copy = test_memdup(chain, 5 + padding);
        struct cyg_span bytes = { copy, 5 + padding };
        enum cyg_code code = message_decode_chain(PAYLOAD_HASH, bytes, true, &m, &err);
        assert_int_equal(code, padding <= 255 ? CYG_OK : CYG_MALFORMED);
        if (code == CYG_OK) {
            assert_int_equal(m.padding.len, padding);
            assert_int_equal(m.payload_bytes.len, 5);
            assert_int_equal(message_after(&m, &m.payloads[0]).len, 0); /* not the padding */
        } else {
            assert_int_equal(err.reason, CYG_R_PADDING_LONG);
        }
        code = message_decode_chain(PAYLOAD_HASH, bytes, false, &m, &err);
        assert_int_equal(code, padding == 0 ? CYG_OK : CYG_MALFORMED);
        if (padding > 0) {
            assert_int_equal(err.reason, CYG_R_MESSAGE_TRAILING);
        }
        free(copy);
    }
}

static void test_errors_are_placed_in_the_message(void **state)
{
    (void)state;
    struct message m;
    assert_int_equal(message_decode(cyg_span_of_array(sample), &m, NULL), CYG_OK);
    struct cyg_error err = { .reason = CYG_R_NATOA_BAD, .offset = 3 };
    assert_int_equal(payload_failed(&m, &m.payloads[2], CYG_MALFORMED, &err), CYG_MALFORMED);
    assert_int_equal(err.offset, 48 + 4 + 3);
    assert_int_equal(err.payload, 130);
}

/* H-060 */
static void test_nonces_have_8_to_256_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[257];
    struct cyg_error err;
    assert_int_equal(nonce_check((struct cyg_span){ bytes, 7 }, &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_NONCE_SIZE);
    assert_int_equal(nonce_check((struct cyg_span){ bytes, 8 }, &err), CYG_OK);
    assert_int_equal(nonce_check((struct cyg_span){ bytes, 256 }, &err), CYG_OK);
    assert_int_equal(nonce_check((struct cyg_span){ bytes, 257 }, &err), CYG_MALFORMED);
}

TEST_MAIN(cmocka_unit_test(test_reads_header_and_payloads),
          cmocka_unit_test(test_a_header_can_be_written_again),
          cmocka_unit_test(test_finds_the_nth_of_a_kind),
          cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_length_must_be_that_of_the_datagram),
          cmocka_unit_test(test_a_tail_is_cut_where_it_is_allowed),
          cmocka_unit_test(test_a_message_needs_a_payload),
          cmocka_unit_test(test_header_fields_are_checked),
          cmocka_unit_test(test_generic_headers_are_checked),
          cmocka_unit_test(test_types_are_sorted_into_kinds),
          cmocka_unit_test(test_at_most_64_payloads),
          cmocka_unit_test(test_padding_of_decrypted_messages),
          cmocka_unit_test(test_errors_are_placed_in_the_message),
          cmocka_unit_test(test_nonces_have_8_to_256_bytes));
