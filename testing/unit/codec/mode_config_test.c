/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attribute payload of transaction exchanges. */
#include "codec/mode_config.h"

#include "codec_test.h"

/* REPLY 0x1234: XAUTH type generic, user name "bob", password "secret" */
static const uint8_t reply[] = { 2,    0,   0x12, 0x34, 0xc0, 0x88, 0,    0,    0x40,
                                 0x89, 0,   3,    'b',  'o',  'b',  0x40, 0x8a, 0,
                                 6,    's', 'e',  'c',  'r',  'e',  't' };

static enum cyg_code try_config(struct cyg_span body, struct cyg_error *err)
{
    struct mode_config c = { .identifier = 77 };
    enum cyg_code code = mode_config_decode(body, &c, err);
    assert_true(code == CYG_OK || c.identifier == 77);
    return code;
}

static void test_reads_head_and_attributes(void **state)
{
    (void)state;
    struct mode_config c;
    struct attribute a;
    assert_int_equal(mode_config_decode(cyg_span_of_array(reply), &c, NULL), CYG_OK);
    assert_int_equal(c.type, CONFIG_REPLY);
    assert_int_equal(c.identifier, 0x1234);
    assert_true(attribute_next(&c.attributes, &a));
    assert_int_equal(a.type, CONFIG_ATTR_XAUTH_TYPE);
    assert_true(attribute_next(&c.attributes, &a));
    assert_int_equal(a.type, CONFIG_ATTR_XAUTH_USER_NAME);
    assert_span_equal(a.raw, cyg_span_str("bob"));
    assert_true(attribute_next(&c.attributes, &a));
    assert_false(attribute_next(&c.attributes, &a));
}

/* At the border between two attributes a shorter list is a list. */
static void test_refuses_every_truncation_inside_an_attribute(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof(reply); len++) {
        uint8_t *copy = test_memdup(reply, len);
        struct cyg_error err = { 0 };
        bool border = len == 4 || len == 8 || len == 15 || len == 25;
        enum cyg_code code = try_config((struct cyg_span){ copy, len }, &err);
        assert_true(border == (code == CYG_OK));
        assert_int_equal(err.reason, border    ? 0
                                     : len < 4 ? CYG_R_CONFIG_SHORT
                                               : CYG_R_ATTRIBUTE_CUT);
        assert_true(border || len < 4 || (err.offset >= 4 && err.offset <= len));
        free(copy);
    }
}

static void test_refuses_a_reserved_byte(void **state)
{
    (void)state;
    uint8_t copy[sizeof(reply)];
    struct cyg_error err;
    memcpy(copy, reply, sizeof(copy));
    copy[1] = 1;
    assert_int_equal(try_config(cyg_span_of_array(copy), &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_CONFIG_RESERVED);
    assert_int_equal(err.offset, 1);
}

static void test_writes_the_same_bytes(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(reply)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    mode_config_encode(CONFIG_REPLY, 0x1234, &w);
    attribute_encode(&w, CONFIG_ATTR_XAUTH_TYPE, XAUTH_TYPE_GENERIC);
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_USER_NAME, cyg_span_str("bob"));
    attribute_encode_tlv(&w, CONFIG_ATTR_XAUTH_USER_PASSWORD, cyg_span_str("secret"));
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(reply));
}

static void test_knows_which_values_are_secret(void **state)
{
    (void)state;
    unsigned xauth = 0;
    unsigned secret = 0;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        xauth += config_is_xauth((uint16_t)type);
        secret += config_is_secret((uint16_t)type);
    }
    assert_int_equal(xauth, 10);
    assert_int_equal(secret, 4);
    assert_true(config_is_secret(16522) && config_is_secret(16523) && config_is_secret(16528)
                && config_is_secret(16529));
    assert_true(config_is_xauth(16520) && config_is_xauth(16529));
}

/* A whole message of a transaction exchange: HASH, ATTR with the reply above. */
static size_t put_transaction(uint8_t *message, size_t size, struct cyg_span attributes)
{
    struct cyg_writer w = cyg_writer_of(message, size);
    static const uint8_t hash[20] = { 7 };
    struct header h = { .next = PAYLOAD_HASH,
                        .version = VERSION_1_0,
                        .exchange = 6,
                        .flags = FLAG_ENCRYPTION,
                        .message_id = 0x1234,
                        .length = (uint32_t)(HEADER_LEN + 4 + sizeof hash + 4 + attributes.len) };
    header_encode(&h, &w);
    cyg_writer_u8(&w, PAYLOAD_ATTR);
    cyg_writer_u8(&w, 0);
    cyg_writer_u16(&w, 4 + sizeof hash);
    cyg_writer_bytes(&w, cyg_span_of_array(hash));
    cyg_writer_u16(&w, 0);
    cyg_writer_u16(&w, (uint16_t)(4 + attributes.len));
    cyg_writer_bytes(&w, attributes);
    assert_true(cyg_writer_ok(&w));
    return h.length;
}

static bool contains(const uint8_t *bytes, size_t len, const char *text)
{
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

/* What logs, history and captures get of a message has no password in it. */
static void test_hides_secrets_and_nothing_else(void **state)
{
    (void)state;
    uint8_t message[128], before[128];
    const size_t len = put_transaction(message, sizeof message, cyg_span_of_array(reply));
    memcpy(before, message, len);
    assert_true(message_has_config((struct cyg_span){ message, len }));
    assert_true(contains(message, len, "secret"));
    message_hide_secrets(message, len);
    assert_false(contains(message, len, "secret"));
    assert_true(contains(message, len, "bob"));
    assert_memory_equal(message + len - 6, "******", 6);
    assert_memory_equal(message, before, len - 6);
}

static void test_hides_all_of_what_does_not_parse(void **state)
{
    (void)state;
    uint8_t message[128], cut[sizeof reply - 1];
    memcpy(cut, reply, sizeof cut);
    size_t len = put_transaction(message, sizeof message, cyg_span_of_array(cut));
    message_hide_secrets(message, len); /* the last attribute is cut */
    assert_false(contains(message, len, "secre"));
    assert_false(contains(message, len, "bob"));
    len = put_transaction(message, sizeof message, cyg_span_of_array(reply));
    message[HEADER_LEN + 3] = 1; /* the HASH payload's length is none */
    assert_true(message_has_config((struct cyg_span){ message, len }));
    message_hide_secrets(message, len);
    assert_false(contains(message, len, "secret"));
    message_hide_secrets(message, 5); /* not even a header */
}

static void test_other_messages_have_nothing_to_hide(void **state)
{
    (void)state;
    uint8_t message[128];
    const size_t len = put_transaction(message, sizeof message, cyg_span_of_array(reply));
    message[HEADER_LEN] = PAYLOAD_NONCE; /* in the place of ATTR */
    assert_false(message_has_config((struct cyg_span){ message, len }));
}

TEST_MAIN(cmocka_unit_test(test_hides_secrets_and_nothing_else),
          cmocka_unit_test(test_hides_all_of_what_does_not_parse),
          cmocka_unit_test(test_other_messages_have_nothing_to_hide),
          cmocka_unit_test(test_reads_head_and_attributes),
          cmocka_unit_test(test_refuses_every_truncation_inside_an_attribute),
          cmocka_unit_test(test_refuses_a_reserved_byte),
          cmocka_unit_test(test_writes_the_same_bytes),
          cmocka_unit_test(test_knows_which_values_are_secret));
