/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/identity.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct cyg_identity identity(const char *text)
{
    struct cyg_identity id;
    struct cyg_error err;
    char line[512];
    if (cyg_identity_parse(cyg_span_str(text), &id, &err) != CYG_OK) {
        fail_msg("%s: %s", text, cyg_error_format(&err, line, sizeof line));
    }
    return id;
}

static void test_reads_what_swanctl_conf_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t type;
        size_t len;
        const char *formatted;
    } rows[] = {
        { "%any", CYG_ID_ANY, 0, "%any" },
        { "*", CYG_ID_ANY, 0, "%any" },
        { "0.0.0.0", CYG_ID_ANY, 0, "%any" },
        { "192.0.2.1", CYG_ID_IPV4_ADDR, 4, "192.0.2.1" },
        { "2001:db8::1", CYG_ID_IPV6_ADDR, 16, "2001:db8::1" },
        { "ipv4:192.0.2.1", CYG_ID_IPV4_ADDR, 4, "192.0.2.1" },
        { "ipv6:#20010db8000000000000000000000001", CYG_ID_IPV6_ADDR, 16, "2001:db8::1" },
        { "gw.example.org", CYG_ID_FQDN, 14, "gw.example.org" },
        { "@gw.example.org", CYG_ID_FQDN, 14, "gw.example.org" },
        { "FQDN:gw", CYG_ID_FQDN, 2, "gw" },
        { "dns:gw", CYG_ID_FQDN, 2, "gw" },
        { "fqdn:10.0.0.1", CYG_ID_FQDN, 8, "fqdn:10.0.0.1" },
        { "fqdn:joe@x", CYG_ID_FQDN, 5, "fqdn:joe@x" },
        { "fqdn:a=b", CYG_ID_FQDN, 3, "fqdn:a=b" },
        { "@%any", CYG_ID_FQDN, 4, "fqdn:%any" },
        { "joe@example.org", CYG_ID_USER_FQDN, 15, "joe@example.org" },
        { "@@joe@example.org", CYG_ID_USER_FQDN, 15, "joe@example.org" },
        { "email:joe", CYG_ID_USER_FQDN, 3, "userfqdn:joe" },
        { "rfc822:joe@x", CYG_ID_USER_FQDN, 5, "joe@x" },
        { "*@example.org", CYG_ID_USER_FQDN, 13, "*@example.org" },
        { "@#6b6579", CYG_ID_KEY_ID, 3, "keyid:key" },
        { "@#00FF", CYG_ID_KEY_ID, 2, "@#00ff" },
        { "keyid:group", CYG_ID_KEY_ID, 5, "keyid:group" },
        { "keyid:#0a", CYG_ID_KEY_ID, 1, "@#0a" },
        { "10.0.0.0/8", CYG_ID_IPV4_ADDR_SUBNET, 8, "10.0.0.0/8" },
        { "10.0.0.1-10.0.0.9", CYG_ID_IPV4_ADDR_RANGE, 8, "10.0.0.1..10.0.0.9" },
        { "2001:db8::/32", CYG_ID_IPV6_ADDR_SUBNET, 32, "2001:db8::/32" },
        { "asn1dn:#3000", CYG_ID_DER_ASN1_DN, 2, "asn1dn:#3000" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char text[CYG_IDENTITY_TEXT];
        struct cyg_identity id = identity(rows[i].text), again;
        assert_int_equal(id.type, rows[i].type);
        assert_int_equal(id.len, rows[i].len);
        assert_string_equal(cyg_identity_format(&id, text, sizeof text), rows[i].formatted);
        again = identity(text);
        assert_true(cyg_identity_equal(&id, &again));
    }
}

static void test_what_is_no_identity_is_refused(void **state)
{
    (void)state;
    char long_name[CYG_IDENTITY_MAX + 2];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const struct {
        const char *text;
        enum cyg_reason reason;
    } rows[] = {
        { "", CYG_R_IDENTITY_TEXT },
        { "@", CYG_R_IDENTITY_TEXT },
        { "@@", CYG_R_IDENTITY_TEXT },
        { "@#", CYG_R_IDENTITY_TEXT },
        { "@#6", CYG_R_IDENTITY_TEXT },
        { "@#6x", CYG_R_IDENTITY_TEXT },
        { "@##", CYG_R_IDENTITY_TEXT },
        { "ipv4:gw", CYG_R_IDENTITY_TEXT },
        { "ipv4:2001:db8::1", CYG_R_IDENTITY_TEXT },
        { "ipv4:#0a0000", CYG_R_IDENTITY_TEXT },
        { "fqdn:", CYG_R_IDENTITY_TEXT },
        { "fqdn:#00", CYG_R_IDENTITY_TEXT },
        { "asn1dn:#30", CYG_R_IDENTITY_TEXT },
        { "asn1dn:CN=x", CYG_R_IDENTITY_DN_TEXT },
        { "C=CH, O=x, CN=y", CYG_R_IDENTITY_DN_TEXT },
        { long_name, CYG_R_IDENTITY_TEXT },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_identity id = { .type = 200 };
        struct cyg_error err = { 0 };
        assert_int_not_equal(cyg_identity_parse(cyg_span_str(rows[i].text), &id, &err), CYG_OK);
        assert_int_equal(err.reason, rows[i].reason);
        assert_int_equal(id.type, 200);
    }
    /* CYG_UNSUPPORTED says: not wrong, only not yet. */
    struct cyg_identity id;
    assert_int_equal(cyg_identity_parse(cyg_span_str("CN=x"), &id, NULL), CYG_UNSUPPORTED);
}

/* H-112: every type with every length. */
static void test_wire_identities_are_checked(void **state)
{
    (void)state;
    static const uint8_t data[40] = { 0x30, 38, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                      1,    1,  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                      1,    1,  1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    static const size_t fixed[] = { [1] = 4, [4] = 8, [5] = 16, [6] = 32, [7] = 8, [8] = 32 };
    for (unsigned type = 0; type < 256; type++) {
        for (size_t len = 0; len <= sizeof data; len++) {
            uint8_t *copy = test_memdup(data, len);
            struct cyg_identity id = { .type = 200 };
            bool right = type >= 1 && type <= 11 && len > 0;
            if (type < CYG_LEN(fixed) && fixed[type] != 0) {
                right = len == fixed[type];
            } else if (type == 9 || type == 10) {
                right = len == 40; /* 0x30, 38 and 38 bytes */
            }
            enum cyg_code code =
                cyg_identity_of((uint8_t)type, (struct cyg_span){ copy, len }, &id, NULL);
            assert_int_equal(code, right ? CYG_OK : CYG_MALFORMED);
            assert_int_equal(id.type, right ? type : 200);
            free(copy);
        }
    }
}

static void test_wire_names_hold_no_nul_and_are_bounded(void **state)
{
    (void)state;
    static const uint8_t big[CYG_IDENTITY_MAX + 1] = { 1 };
    struct cyg_identity id;
    struct cyg_error err;
    struct cyg_span nul = { (const uint8_t *)"a\0b", 3 };
    assert_int_equal(cyg_identity_of(CYG_ID_FQDN, nul, &id, &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_IDENTITY_NUL);
    assert_int_equal(cyg_identity_of(CYG_ID_USER_FQDN, nul, &id, &err), CYG_MALFORMED);
    assert_int_equal(cyg_identity_of(CYG_ID_KEY_ID, nul, &id, &err), CYG_OK);
    assert_int_equal(cyg_identity_of(CYG_ID_KEY_ID, cyg_span_of_array(big), &id, &err), CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_IDENTITY_LONG);
    assert_int_equal(
        cyg_identity_of(CYG_ID_KEY_ID, (struct cyg_span){ big, CYG_IDENTITY_MAX }, &id, &err),
        CYG_OK);
}

/* H-114: one value, whole, with the shortest definite length. */
static void test_wire_der_is_checked(void **state)
{
    (void)state;
    uint8_t long_form[3 + 200] = { 0x30, 0x81, 200 }, longer[4 + 300] = { 0x30, 0x82, 1, 44 };
    const struct {
        struct cyg_span der;
        bool right;
    } rows[] = {
        { cyg_span_of_array(long_form), true },
        { cyg_span_of_array(longer), true },
        { { (const uint8_t *)"\x30\x00", 2 }, true },
        { { (const uint8_t *)"\x30\x01", 2 }, false },         /* cut */
        { { (const uint8_t *)"\x30\x00\x00", 3 }, false },     /* trailing */
        { { (const uint8_t *)"\x30\x80\x00\x00", 4 }, false }, /* indefinite */
        { { (const uint8_t *)"\x30\x81\x00", 3 }, false },     /* not the shortest */
        { { (const uint8_t *)"\x30\x82\x00\x01\x00", 5 }, false },
        { { (const uint8_t *)"\x30\x84\x00\x00\x00\x00", 6 }, false },
        { { (const uint8_t *)"\x30", 1 }, false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_identity id;
        assert_int_equal(cyg_identity_of(CYG_ID_DER_ASN1_DN, rows[i].der, &id, NULL),
                         rows[i].right ? CYG_OK : CYG_MALFORMED);
    }
}

static void test_an_address_makes_an_identity(void **state)
{
    (void)state;
    struct cyg_address a;
    struct cyg_identity id, want = identity("192.0.2.1");
    assert_int_equal(cyg_address_parse(cyg_span_str("192.0.2.1:500"), true, &a, NULL), CYG_OK);
    cyg_identity_of_address(&a, &id);
    assert_true(cyg_identity_equal(&id, &want));
    assert_int_equal(cyg_address_parse(cyg_span_str("::1"), true, &a, NULL), CYG_OK);
    cyg_identity_of_address(&a, &id);
    assert_int_equal(id.type, CYG_ID_IPV6_ADDR);
    a = (struct cyg_address){ 0 };
    cyg_identity_of_address(&a, &id);
    assert_int_equal(id.type, CYG_ID_ANY);
    assert_int_equal(id.len, 0);
}

static void test_names_compare_in_any_case_and_by_type(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        { "GW.Example.ORG", "gw.example.org", true },
        { "Joe@X", "joe@x", true },
        { "gw.example.org.", "gw.example.org", false },
        { "fqdn:10.0.0.1", "10.0.0.1", false }, /* H-111 */
        { "fqdn:joe@x", "joe@x", false },
        { "keyid:Group", "keyid:group", false },
        { "keyid:a", "fqdn:a", false },
        { "%any", "gw", false },
        { "\xc3\x84.example", "\xc3\xa4.example", false }, /* ASCII alone */
        { "10.0.0.1", "10.0.0.1", true },
        { "10.0.0.1", "10.0.0.2", false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_identity a = identity(rows[i].a), b = identity(rows[i].b);
        uint8_t form_a[CYG_IDENTITY_MAX + 1], form_b[CYG_IDENTITY_MAX + 1];
        assert_int_equal(cyg_identity_equal(&a, &b), rows[i].equal);
        /* The database finds what compares equal, and nothing else. */
        struct cyg_span key_a = { form_a, cyg_identity_match_form(&a, form_a) };
        struct cyg_span key_b = { form_b, cyg_identity_match_form(&b, form_b) };
        assert_int_equal(cyg_span_equal(key_a, key_b), rows[i].equal);
        assert_int_equal(form_a[0], a.type);
    }
}

static void test_patterns_match_the_more_specific_first(void **state)
{
    (void)state;
    /* For each: patterns that match, the best first, then such that do not. */
    static const struct {
        const char *presented;
        const char *match[6], *miss[6];
    } rows[] = {
        { "gw.branch.example.org",
          { "GW.branch.example.org", "*.branch.example.org", "*.example.org", "%any" },
          { "*.example.com", "gw.branch.example", "*@example.org", "*branch.example.orgs" } },
        { "joe@example.org",
          { "joe@example.org", "*@example.org", "%any" },
          { "*.example.org", "*@example.com", "fqdn:joe@example.org" } },
        { "example.org", { "example.org", "%any" }, { "*.example.org", "*example.org" } },
        { "10.1.2.3",
          { "10.1.2.3", "10.1.2.0/24", "10.0.0.0/8", "%any" },
          { "10.1.3.0/24", "fqdn:10.1.2.3", "2001:db8::/32" } },
        { "10.1.2.3",
          { "10.1.2.3", "10.1.2.1-10.1.2.3", "%any" },
          { "10.1.2.4-10.1.2.9", "10.1.1.1-10.1.2.2" } },
        { "2001:db8::1",
          { "2001:db8::1", "2001:db8::/64", "2001:db8::/32", "%any" },
          { "2001:db9::/32" } },
        /* What a peer presents is no pattern (H-113). */
        { "fqdn:*.example.org", { "*.example.org", "%any" }, { "gw.example.org" } },
        { "keyid:group", { "keyid:group", "%any" }, { "keyid:*", "keyid:groups" } },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_identity presented = identity(rows[i].presented);
        unsigned before = UINT_MAX;
        for (size_t j = 0; rows[i].match[j] != NULL; j++) {
            struct cyg_identity pattern = identity(rows[i].match[j]);
            unsigned score = cyg_identity_match(&pattern, &presented);
            if (score == 0 || score >= before) {
                fail_msg("%s against %s: %u", rows[i].match[j], rows[i].presented, score);
            }
            before = score;
        }
        for (size_t j = 0; rows[i].miss[j] != NULL; j++) {
            struct cyg_identity pattern = identity(rows[i].miss[j]);
            if (cyg_identity_match(&pattern, &presented) != 0) {
                fail_msg("%s matches %s", rows[i].miss[j], rows[i].presented);
            }
        }
    }
}

static void test_patterns_are_known_as_such(void **state)
{
    (void)state;
    static const char *const patterns[] = { "%any", "*.x", "*@x", "10.0.0.0/8",
                                            "10.0.0.1-10.0.0.9" };
    static const char *const plain[] = { "gw.x", "joe@x", "10.0.0.1", "::1", "keyid:*", "fqdn:a*" };
    for (size_t i = 0; i < CYG_LEN(patterns); i++) {
        struct cyg_identity id = identity(patterns[i]);
        assert_true(cyg_identity_is_pattern(&id));
    }
    for (size_t i = 0; i < CYG_LEN(plain); i++) {
        struct cyg_identity id = identity(plain[i]);
        assert_false(cyg_identity_is_pattern(&id));
    }
}

/* H-181 */
static void test_foreign_bytes_are_escaped(void **state)
{
    (void)state;
    struct cyg_identity id;
    char text[CYG_IDENTITY_TEXT];
    static const char evil[] = "a\n\x1b[2J%n";
    assert_int_equal(cyg_identity_of(CYG_ID_FQDN, cyg_span_str(evil), &id, NULL), CYG_OK);
    assert_string_equal(cyg_identity_format(&id, text, sizeof text), "a\\x0a\\x1b[2J%n");
    uint8_t big[CYG_IDENTITY_MAX];
    memset(big, 0xff, sizeof big);
    for (uint8_t type = 0; type < 13; type++) {
        id = (struct cyg_identity){ .type = type, .len = sizeof big };
        memcpy(id.data, big, sizeof big);
        for (size_t size = 1; size <= sizeof text; size += 15) {
            cyg_identity_format(&id, text, size);
            assert_true(strlen(text) < size);
        }
    }
}

TEST_MAIN(cmocka_unit_test(test_reads_what_swanctl_conf_writes),
          cmocka_unit_test(test_what_is_no_identity_is_refused),
          cmocka_unit_test(test_wire_identities_are_checked),
          cmocka_unit_test(test_wire_names_hold_no_nul_and_are_bounded),
          cmocka_unit_test(test_wire_der_is_checked),
          cmocka_unit_test(test_an_address_makes_an_identity),
          cmocka_unit_test(test_names_compare_in_any_case_and_by_type),
          cmocka_unit_test(test_patterns_match_the_more_specific_first),
          cmocka_unit_test(test_patterns_are_known_as_such),
          cmocka_unit_test(test_foreign_bytes_are_escaped));
