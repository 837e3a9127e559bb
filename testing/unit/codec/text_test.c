/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as text: what a person reads, and what must never be in it. */
#include "codec/text.h"

#include "codec/builder.h"
#include "codec/delete.h"
#include "codec/fragment.h"
#include "codec/id.h"
#include "codec/mode_config.h"
#include "codec/natoa.h"
#include "codec/notify.h"
#include "codec/sa.h"
#include "codec/vid.h"
#include "codec_test.h"

#include <stdio.h>

/* All lines of a text, each ended by a line feed. */
struct story {
    char text[65536];
    size_t len, lines;
};

static void add_line(void *context, const char *line)
{
    struct story *s = (struct story *)context;
    size_t len = strlen(line);
    assert_true(len < TEXT_LINE);
    for (size_t i = 0; i < len; i++) { /* H-181 */
        assert_true(line[i] >= 0x20 && line[i] < 0x7f);
    }
    s->lines++;
    if (len + 2 < sizeof(s->text) - s->len) {
        s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len, "%s\n", line);
    }
}

static struct story story;

/* The text of the message that b has built, decoded again. */
static const char *told(const struct builder *b, char line[TEXT_LINE])
{
    struct message m;
    const struct text_sink sink = { add_line, &story };
    story.len = story.lines = 0;
    story.text[0] = '\0';
    assert_true(cyg_writer_ok(b->w));
    assert_int_equal(header_decode(builder_message(b), &m.header, NULL), CYG_OK);
    assert_int_equal(message_decode_chain(m.header.next, builder_body(b), true, &m, NULL), CYG_OK);
    message_format(&m, &sink);
    message_format_line(&m, line, TEXT_LINE);
    return story.text;
}

static void begin(struct builder *b, struct cyg_writer *w, uint8_t *buffer, size_t size,
                  uint8_t exchange)
{
    const struct header h = { .cookie_i = { 1, 2, 3, 4, 5, 6, 7, 8 },
                              .cookie_r = { 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8 },
                              .version = VERSION_1_0,
                              .exchange = exchange,
                              .flags = (uint8_t)(exchange == EXCHANGE_MAIN ? 0 : FLAG_ENCRYPTION),
                              .message_id = exchange == EXCHANGE_MAIN ? 0 : 0xc0ffee };
    *w = cyg_writer_of(buffer, size);
    builder_begin(b, w, &h);
}

static void test_tells_a_first_message(void **state)
{
    (void)state;
    uint8_t buffer[1000];
    struct cyg_writer w;
    struct builder b;
    struct sa_encoder e;
    char line[TEXT_LINE];
    begin(&b, &w, buffer, sizeof(buffer), EXCHANGE_MAIN);
    builder_payload_begin(&b, PAYLOAD_SA);
    sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    sa_encode_transform(&e, 1, IKE_TRANSFORM_KEY_IKE);
    attribute_encode(&w, IKE_ATTR_CIPHER, IKE_CIPHER_AES);
    attribute_encode(&w, IKE_ATTR_KEY_LENGTH, 256);
    attribute_encode(&w, IKE_ATTR_HASH, IKE_HASH_SHA2_256);
    attribute_encode(&w, IKE_ATTR_GROUP, 4711);
    attribute_encode(&w, 77, 1);
    attribute_encode(&w, IKE_ATTR_LIFE_TYPE, LIFE_SECONDS);
    attribute_encode(&w, IKE_ATTR_LIFE_DURATION, 86400);
    sa_encode_end(&e);
    builder_payload_end(&b);
    builder_payload(&b, PAYLOAD_VID, vid_info(VID_DPD)->send);
    builder_payload(&b, PAYLOAD_VID, cyg_span_str("Frob\x1b[2J"));
    builder_end(&b);
    assert_string_equal(told(&b, line),
                        "Identity Protection 0102030405060708:a1a2a3a4a5a6a7a8 120 bytes\n"
                        "  SA: IPSEC, identity only, 1 proposal, 1 transform\n"
                        "    P 1: PROTO_ISAKMP, 1 transform\n"
                        "      T 1: KEY_IKE, Encryption Algorithm=AES-CBC, Key Length=256, "
                        "Hash Algorithm=SHA2-256, Group Description=group description (4711), "
                        "attribute (77)=1, Life Type=seconds, Life Duration=86400\n"
                        "  VID: DPD (RFC 3706) 0100\n"
                        "  VID: unknown 46726f621b5b324a\n");
    assert_string_equal(line, "Identity Protection 0102030405060708:a1a2a3a4a5a6a7a8 120 bytes "
                              "[SA, VID DPD (RFC 3706), VID]");
}

static void test_tells_quick_mode(void **state)
{
    (void)state;
    static const uint8_t nonce[16];
    uint8_t buffer[1000];
    struct cyg_writer w;
    struct builder b;
    struct sa_encoder e;
    char line[TEXT_LINE];
    begin(&b, &w, buffer, sizeof(buffer), EXCHANGE_QUICK);
    builder_reserve(&b, PAYLOAD_HASH, 20);
    builder_payload_begin(&b, PAYLOAD_SA);
    sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_proposal(&e, 0, PROTOCOL_ESP, cyg_span_str("\xc1spi"));
    sa_encode_transform(&e, 0, ESP_AES_GCM_16);
    attribute_encode(&w, IPSEC_ATTR_ENCAP, ENCAP_UDP_TUNNEL_DRAFT);
    sa_encode_end(&e);
    builder_payload_end(&b);
    builder_payload(&b, PAYLOAD_NONCE, cyg_span_of_array(nonce));
    const struct id ids[] = {
        { .type = CYG_ID_IPV4_ADDR_SUBNET,
          .data = { (const uint8_t[]){ 10, 1, 0, 0, 255, 255, 0, 0 }, 8 } },
        { .type = CYG_ID_IPV4_ADDR,
          .protocol = 17,
          .port = 1701,
          .data = { (const uint8_t[]){ 192, 0, 2, 1 }, 4 } },
        { .type = CYG_ID_FQDN, .data = cyg_span_str("moon.example.org") },
        { .type = 99, .data = cyg_span_str("\"x\"\n") },
    };
    for (size_t i = 0; i < CYG_LEN(ids); i++) {
        builder_payload_begin(&b, PAYLOAD_ID);
        id_encode(&ids[i], &w);
        builder_payload_end(&b);
    }
    builder_payload_begin(&b, PAYLOAD_NATOA_DRAFT);
    natoa_encode(&(const struct cyg_address){ .family = 4, .bytes = { 10, 0, 0, 9 } }, &w);
    builder_payload_end(&b);
    builder_pad(&b, 16);
    builder_end(&b);
    assert_string_equal(
        told(&b, line),
        "Quick Mode 0102030405060708:a1a2a3a4a5a6a7a8 #00c0ffee encrypted 188 bytes\n"
        "  HASH: 20 bytes\n"
        "  SA: IPSEC, identity only, 1 proposal, 1 transform\n"
        "    P 0: PROTO_IPSEC_ESP, SPI c1737069, 1 transform\n"
        "      T 0: ESP_AES-GCM_16, Encapsulation Mode=UDP-Encapsulated-Tunnel (draft)\n"
        "  NONCE: 16 bytes\n"
        "  ID: ID_IPV4_ADDR_SUBNET 10.1.0.0/16\n"
        "  ID: ID_IPV4_ADDR 192.0.2.1, protocol 17, port 1701\n"
        "  ID: ID_FQDN moon.example.org\n"
        "  ID: identification type (99) 2278220a\n"
        "  NAT-OA (draft): 10.0.0.9\n"
        "  padding: 4 bytes\n");
    assert_non_null(strstr(line, "[HASH, SA, NONCE, ID, ID, ID, ID, NAT-OA (draft)]"));
}

static void test_tells_informational(void **state)
{
    (void)state;
    uint8_t buffer[1000];
    struct cyg_writer w;
    struct builder b;
    char line[TEXT_LINE];
    const struct notify notifies[] = {
        { .doi = DOI_IPSEC,
          .protocol = PROTOCOL_ISAKMP,
          .type = NOTIFY_R_U_THERE,
          .spi = cyg_span_str("0123456789abcdef"),
          .data = { (const uint8_t[]){ 0, 0, 0, 42 }, 4 } },
        { .doi = DOI_IPSEC,
          .protocol = PROTOCOL_ESP,
          .type = NOTIFY_RESPONDER_LIFETIME,
          .data = { (const uint8_t[]){ 0x80, 1, 0, 1, 0x80, 2, 0xe, 0x10 }, 8 } },
        { .doi = 9, .protocol = 9, .type = 40500, .data = cyg_span_str("why \"not\"") },
    };
    begin(&b, &w, buffer, sizeof(buffer), EXCHANGE_INFORMATIONAL);
    for (size_t i = 0; i < CYG_LEN(notifies); i++) {
        builder_payload_begin(&b, PAYLOAD_N);
        notify_encode(&notifies[i], &w);
        builder_payload_end(&b);
    }
    builder_payload_begin(&b, PAYLOAD_D);
    delete_encode(&(const struct delete_payload){ .doi = DOI_IPSEC,
                                                  .protocol = PROTOCOL_ESP,
                                                  .spi_size = 4,
                                                  .n = 2,
                                                  .spis = cyg_span_str("abcdefgh") },
                  &w);
    builder_payload_end(&b);
    builder_payload(&b, PAYLOAD_N, cyg_span_str("cut"));
    builder_end(&b);
    assert_string_equal(
        told(&b, line),
        "Informational 0102030405060708:a1a2a3a4a5a6a7a8 #00c0ffee encrypted 128 bytes\n"
        "  N: R-U-THERE, IPSEC, PROTO_ISAKMP, SPI 30313233343536373839616263646566, number 42\n"
        "  N: RESPONDER-LIFETIME, IPSEC, PROTO_IPSEC_ESP, SA Life Type=seconds, "
        "SA Life Duration=3600\n"
        "  N: notify message type (40500), DOI (9), protocol (9), data \"why \\x22not\\x22\"\n"
        "  D: PROTO_IPSEC_ESP, IPSEC, 2 SPIs 61626364 65666768\n"
        "  N: malformed at byte 125: The notification payload has 3 bytes and ends in the "
        "middle.\n");
    assert_non_null(strstr(line, "[N R-U-THERE, N RESPONDER-LIFETIME, N notify message type "
                                 "(40500), D PROTO_IPSEC_ESP, N]"));
}

/* H-183: passwords are in no form of the text. */
static void test_hides_secrets(void **state)
{
    (void)state;
    uint8_t buffer[1000];
    struct cyg_writer w;
    struct builder b;
    char line[TEXT_LINE];
    begin(&b, &w, buffer, sizeof(buffer), EXCHANGE_TRANSACTION);
    builder_payload_begin(&b, PAYLOAD_ATTR);
    mode_config_encode(CONFIG_REPLY, 7, &w);
    attribute_encode(&w, CONFIG_ATTR_XAUTH_TYPE, XAUTH_TYPE_GENERIC);
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_USER_NAME, cyg_span_str("bob"));
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_USER_PASSWORD, cyg_span_str("hunter2"));
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_PASSCODE, cyg_span_str("hunter2"));
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_NEXT_PIN, cyg_span_str("hunter2"));
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_ANSWER, cyg_span_str("hunter2"));
    attribute_encode(&w, CONFIG_ATTR_XAUTH_PASSCODE, 4711);
    attribute_encode_tlv(&w, CONFIG_ATTR_IP4_ADDRESS, cyg_span_str("\x0a\x01\x02\x03"));
    attribute_encode_tlv(&w, CONFIG_ATTR_IP4_DNS, (struct cyg_span){ NULL, 0 });
    attribute_encode(&w, CONFIG_ATTR_XAUTH_STATUS, 1);
    builder_payload_end(&b);
    builder_payload_begin(&b, PAYLOAD_FRAGMENT);
    fragment_encode(
        &(const struct fragment){
            .id = 1, .number = 2, .last = true, .data = cyg_span_str("hunter2") },
        &w);
    builder_payload_end(&b);
    builder_payload(&b, PAYLOAD_KE, cyg_span_str("hunter2"));
    builder_end(&b);
    assert_string_equal(told(&b, line),
                        "Transaction 0102030405060708:a1a2a3a4a5a6a7a8 #00c0ffee encrypted 137 "
                        "bytes\n"
                        "  ATTR: ISAKMP_CFG_REPLY, identifier 7\n"
                        "    XAUTH-TYPE: Generic\n"
                        "    XAUTH-USER-NAME: \"bob\"\n"
                        "    XAUTH-USER-PASSWORD: (secret)\n"
                        "    XAUTH-PASSCODE: (secret)\n"
                        "    XAUTH-NEXT-PIN: (secret)\n"
                        "    XAUTH-ANSWER: (secret)\n"
                        "    XAUTH-PASSCODE: (secret)\n"
                        "    INTERNAL_IP4_ADDRESS: 10.1.2.3\n"
                        "    INTERNAL_IP4_DNS\n"
                        "    XAUTH-STATUS: 1\n"
                        "  FRAGMENT: id 1, number 2, the last, 7 bytes\n"
                        "  KE: 7 bytes\n");
    assert_null(strstr(story.text, "hunter2"));
    assert_null(strstr(story.text, "68756e746572"));
    assert_null(strstr(line, "hunter2"));
}

/* However small the buffer, it ends with NUL, and "..." where something is missing. */
static void test_lines_are_cut_in_small_buffers(void **state)
{
    (void)state;
    struct message m = { .header = { .version = 0x25, .exchange = 200, .message_id = 1 } };
    char whole[TEXT_LINE];
    message_format_line(&m, whole, sizeof(whole));
    assert_string_equal(whole, "exchange type (200) 0000000000000000:0000000000000000 #00000001 "
                               "version 2.5 0 bytes []");
    for (size_t size = 0; size <= strlen(whole) + 1; size++) {
        char *buffer = malloc(size);
        message_format_line(&m, buffer, size);
        if (size > strlen(whole)) {
            assert_string_equal(buffer, whole);
        } else if (size >= 4) {
            assert_int_equal(strlen(buffer), size - 1);
            assert_string_equal(buffer + size - 4, "...");
        } else {
            assert_true(size == 0 || strlen(buffer) < size);
        }
        free(buffer);
    }
}

TEST_MAIN(cmocka_unit_test(test_tells_a_first_message), cmocka_unit_test(test_tells_quick_mode),
          cmocka_unit_test(test_tells_informational), cmocka_unit_test(test_hides_secrets),
          cmocka_unit_test(test_lines_are_cut_in_small_buffers));
