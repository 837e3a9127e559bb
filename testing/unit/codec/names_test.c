/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names: every table is in order (the search relies on it), fits its buffer, and names the numbers
 * that FEATURES lists. */
#include "codec/names.h"

#include "codec_test.h"

static void test_every_row_is_found(void **state)
{
    (void)state;
    static const struct {
        enum name_table table;
        uint16_t number;
    } rows[] = {
#define ROWS(table, number)            { table, number },
#define EXCHANGE(symbol, number, text) ROWS(NAME_EXCHANGE, number)
#include "codec/wire.def"
#define PAYLOAD(symbol, number, text) ROWS(NAME_PAYLOAD, number)
#include "codec/wire.def"
#define DOI(symbol, number, text) ROWS(NAME_DOI, number)
#include "codec/wire.def"
#define PROTOCOL(symbol, number, text) ROWS(NAME_PROTOCOL, number)
#include "codec/wire.def"
#define NOTIFY(symbol, number, text) ROWS(NAME_NOTIFY, number)
#include "codec/wire.def"
#define ID(symbol, number, text) ROWS(NAME_ID, number)
#include "codec/wire.def"
#define CERT(symbol, number, text) ROWS(NAME_CERT, number)
#include "codec/wire.def"
#define IKE_ATTR(symbol, number, text) ROWS(NAME_IKE_ATTR, number)
#include "codec/wire.def"
#define IKE_CIPHER(symbol, number, text) ROWS(NAME_IKE_CIPHER, number)
#include "codec/wire.def"
#define IKE_HASH(symbol, number, text) ROWS(NAME_IKE_HASH, number)
#include "codec/wire.def"
#define IKE_AUTH(symbol, number, text) ROWS(NAME_IKE_AUTH, number)
#include "codec/wire.def"
#define GROUP_DESC(symbol, number, text) ROWS(NAME_GROUP_DESC, number)
#include "codec/wire.def"
#define GROUP_TYPE(symbol, number, text) ROWS(NAME_GROUP_TYPE, number)
#include "codec/wire.def"
#define LIFE(symbol, number, text) ROWS(NAME_LIFE, number)
#include "codec/wire.def"
#define IKE_TRANSFORM(symbol, number, text) ROWS(NAME_IKE_TRANSFORM, number)
#include "codec/wire.def"
#define IPSEC_ATTR(symbol, number, text) ROWS(NAME_IPSEC_ATTR, number)
#include "codec/wire.def"
#define ESP(symbol, number, text) ROWS(NAME_ESP, number)
#include "codec/wire.def"
#define AH(symbol, number, text) ROWS(NAME_AH, number)
#include "codec/wire.def"
#define IPCOMP(symbol, number, text) ROWS(NAME_IPCOMP, number)
#include "codec/wire.def"
#define ENCAP(symbol, number, text) ROWS(NAME_ENCAP, number)
#include "codec/wire.def"
#define INTEG_ATTR(symbol, number, text) ROWS(NAME_INTEG_ATTR, number)
#include "codec/wire.def"
#define CONFIG(symbol, number, text) ROWS(NAME_CONFIG, number)
#include "codec/wire.def"
#define CONFIG_ATTR(symbol, number, text) ROWS(NAME_CONFIG_ATTR, number)
#include "codec/wire.def"
#define XAUTH_TYPE(symbol, number, text) ROWS(NAME_XAUTH_TYPE, number)
#include "codec/wire.def"
    };
    bool seen[NAME_TABLES] = { false };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        const char *name = name_find(rows[i].table, rows[i].number);
        assert_non_null(name);
        assert_true(strlen(name) < NAME_TEXT);
        seen[rows[i].table] = true;
    }
    for (size_t i = 0; i < NAME_TABLES; i++) {
        assert_true(seen[i]);
    }
}

static void test_known_numbers(void **state)
{
    (void)state;
    assert_string_equal(name_find(NAME_EXCHANGE, 2), "Identity Protection");
    assert_string_equal(name_find(NAME_EXCHANGE, 32), "Quick Mode");
    assert_string_equal(name_find(NAME_NOTIFY, 14), "NO-PROPOSAL-CHOSEN");
    assert_string_equal(name_find(NAME_NOTIFY, 24578), "INITIAL-CONTACT");
    assert_string_equal(name_find(NAME_NOTIFY, 40503), "NETSCREEN-HEARTBEAT");
    assert_string_equal(name_find(NAME_ID, 11), "ID_KEY_ID");
    assert_string_equal(name_find(NAME_IKE_AUTH, 65001), "XAUTHInitPreShared");
    assert_string_equal(name_find(NAME_ESP, 20), "ESP_AES-GCM_16");
    assert_string_equal(name_find(NAME_ENCAP, 61444), "UDP-Encapsulated-Transport (draft)");
    assert_string_equal(name_find(NAME_CONFIG_ATTR, 28682), "UNITY_DDNS_HOSTNAME");
}

static void test_unknown_numbers_are_shown(void **state)
{
    (void)state;
    char text[NAME_TEXT];
    assert_null(name_find(NAME_NOTIFY, 40500));
    assert_string_equal(name_format(NAME_NOTIFY, 40500, text, sizeof(text)),
                        "notify message type (40500)");
    assert_string_equal(name_format(NAME_INTEG_ATTR, UINT64_MAX, text, sizeof(text)),
                        "authentication algorithm (18446744073709551615)");
    for (size_t i = 0; i < NAME_TABLES; i++) {
        assert_null(name_find((enum name_table)i, UINT64_MAX));
        assert_true(strlen(name_format((enum name_table)i, UINT64_MAX, text, sizeof(text)))
                    < sizeof(text) - 1);
    }
}

static void test_tables_follow_the_protocol(void **state)
{
    (void)state;
    assert_int_equal(name_transforms_of(PROTOCOL_ISAKMP), NAME_IKE_TRANSFORM);
    assert_int_equal(name_transforms_of(PROTOCOL_AH), NAME_AH);
    assert_int_equal(name_transforms_of(PROTOCOL_IPCOMP), NAME_IPCOMP);
    assert_int_equal(name_transforms_of(PROTOCOL_ESP), NAME_ESP);
    assert_int_equal(name_attributes_of(PROTOCOL_ISAKMP), NAME_IKE_ATTR);
    assert_int_equal(name_attributes_of(PROTOCOL_AH), NAME_IPSEC_ATTR);
    assert_int_equal(name_values_of(PROTOCOL_ISAKMP, IKE_ATTR_HASH), NAME_IKE_HASH);
    assert_int_equal(name_values_of(PROTOCOL_ISAKMP, IKE_ATTR_KEY_LENGTH), NAME_TABLES);
    assert_int_equal(name_values_of(PROTOCOL_ESP, IPSEC_ATTR_INTEG), NAME_INTEG_ATTR);
}

TEST_MAIN(cmocka_unit_test(test_every_row_is_found), cmocka_unit_test(test_known_numbers),
          cmocka_unit_test(test_unknown_numbers_are_shown),
          cmocka_unit_test(test_tables_follow_the_protocol));
