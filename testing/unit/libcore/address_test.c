/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/address.h>

#include <netinet/in.h>
#include <stdlib.h>

static struct cyg_address address(const char *text)
{
    struct cyg_address a;
    assert_int_equal(cyg_address_parse(cyg_span_str(text), true, &a, NULL), CYG_OK);
    return a;
}

static void test_addresses_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *formatted;
        uint8_t family;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", 4 },
        { "2001:DB8:0:0::1", "2001:db8::1", 6 },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1", 6 },
        { "%any", "%any", 0 },
        { "%any4", "0.0.0.0", 4 },
        { "%any6", "::", 6 },
        { "0.0.0.0", "0.0.0.0", 4 },
        { "255.255.255.255", "255.255.255.255", 4 },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_address a, again;
        char text[CYG_ADDRESS_TEXT];
        assert_int_equal(cyg_address_parse(cyg_span_str(rows[i].text), false, &a, NULL), CYG_OK);
        assert_int_equal(a.family, rows[i].family);
        assert_int_equal(a.port, 0);
        assert_string_equal(cyg_address_format(&a, text, sizeof text), rows[i].formatted);
        assert_int_equal(cyg_address_parse(cyg_span_str(text), false, &again, NULL), CYG_OK);
        assert_true(cyg_address_equal(&a, &again));
        assert_int_equal(cyg_address_len(&a), a.family == 4 ? 4 : a.family == 6 ? 16 : 0);
        assert_int_equal(cyg_address_span(&a).len, cyg_address_len(&a));
    }
}

static void test_what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.04x",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4:500",
        "[::1]",
        "::1%eth0",
        "fe80::1::",
        "%any5",
        "any",
        "0x7f.1",
        "1.2.3.4\n",
        "gw.example.org",
        "12345::",
        "::1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0123456789",
        "[1.2.3.4]",
    };
    struct cyg_address a = { .port = 77 };
    struct cyg_error err;
    for (size_t i = 0; i < CYG_LEN(texts); i++) {
        assert_int_equal(cyg_address_parse(cyg_span_str(texts[i]), false, &a, &err), CYG_MALFORMED);
        assert_int_equal(err.reason, CYG_R_ADDRESS_TEXT);
        assert_int_equal(a.port, 77);
    }
    assert_int_equal(
        cyg_address_parse((struct cyg_span){ (const uint8_t *)"1.2.3.4\0", 8 }, false, &a, NULL),
        CYG_MALFORMED);
}

static void test_endpoints(void **state)
{
    (void)state;
    static const struct {
        const char *text, *formatted; /* NULL: refused */
    } rows[] = {
        { "192.0.2.1:4500", "192.0.2.1[4500]" },
        { "192.0.2.1", "192.0.2.1[0]" },
        { "[2001:db8::1]:500", "2001:db8::1[500]" },
        { "[2001:db8::1]", "2001:db8::1[0]" },
        { "2001:db8::1", "2001:db8::1[0]" },
        { "%any:500", "%any[500]" },
        { "192.0.2.1:0", "192.0.2.1[0]" },
        { "192.0.2.1:65535", "192.0.2.1[65535]" },
        { "192.0.2.1:65536", NULL },
        { "192.0.2.1:", NULL },
        { "192.0.2.1:x", NULL },
        { "192.0.2.1:-1", NULL },
        { "192.0.2.1:99999999999999999999", NULL },
        { "[2001:db8::1", NULL },
        { "[]:500", NULL },
        { "[2001:db8::1]500", NULL },
        { ":500", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_address a;
        struct cyg_error err;
        char text[CYG_ADDRESS_TEXT];
        enum cyg_code code = cyg_address_parse(cyg_span_str(rows[i].text), true, &a, &err);
        if (rows[i].formatted == NULL) {
            assert_int_equal(code, CYG_MALFORMED);
            assert_int_equal(err.reason, CYG_R_ENDPOINT_TEXT);
        } else {
            assert_int_equal(code, CYG_OK);
            assert_string_equal(cyg_endpoint_format(&a, text, sizeof text), rows[i].formatted);
        }
    }
}

static void test_addresses_are_made_of_4_or_16_bytes(void **state)
{
    (void)state;
    uint8_t bytes[20] = { 1, 2, 3, 4 };
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct cyg_address a = { .family = 9 };
        uint8_t *copy = test_memdup(bytes, len);
        enum cyg_code code = cyg_address_of((struct cyg_span){ copy, len }, 500, &a);
        assert_int_equal(code, len == 4 || len == 16 ? CYG_OK : CYG_MALFORMED);
        assert_int_equal(a.family, len == 4 ? 4 : len == 16 ? 6 : 9);
        free(copy);
    }
}

static void test_compare_orders_by_family_then_bytes(void **state)
{
    (void)state;
    static const char *const ascending[] = { "%any",      "0.0.0.0", "10.0.0.9", "10.0.1.0",
                                             "192.0.2.1", "::",      "::1",      "ff02::1" };
    for (size_t i = 0; i < CYG_LEN(ascending); i++) {
        for (size_t j = 0; j < CYG_LEN(ascending); j++) {
            struct cyg_address a = address(ascending[i]), b = address(ascending[j]);
            int order = cyg_address_compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_int_equal(cyg_address_equal(&a, &b), i == j);
        }
    }
    struct cyg_address a = address("192.0.2.1:500"), b = address("192.0.2.1:4500");
    assert_true(cyg_address_equal(&a, &b));
    assert_false(cyg_endpoint_equal(&a, &b));
    b.port = 500;
    assert_true(cyg_endpoint_equal(&a, &b));
}

static void test_special_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool any, multicast, loopback;
    } rows[] = {
        { "%any", true, false, false },
        { "0.0.0.0", true, false, false },
        { "::", true, false, false },
        { "127.0.0.1", false, false, true },
        { "127.255.0.1", false, false, true },
        { "::1", false, false, true },
        { "::2", false, false, false },
        { "224.0.0.1", false, true, false },
        { "239.255.255.255", false, true, false },
        { "223.255.255.255", false, false, false },
        { "240.0.0.1", false, false, false },
        { "255.255.255.255", false, true, false },
        { "ff02::1", false, true, false },
        { "fe80::1", false, false, false },
        { "0.0.0.1", false, false, false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_address a = address(rows[i].text);
        assert_int_equal(cyg_address_is_any(&a), rows[i].any);
        assert_int_equal(cyg_address_is_multicast(&a), rows[i].multicast);
        assert_int_equal(cyg_address_is_loopback(&a), rows[i].loopback);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *address;
        int bits; /* -1: refused */
        bool inside;
    } rows[] = {
        { "10.0.0.0/8", "10.255.1.2", 8, true },
        { "10.0.0.0/8", "11.0.0.0", 8, false },
        { "10.1.2.3/8", "10.255.1.2", 8, true },
        { "192.0.2.128/25", "192.0.2.127", 25, false },
        { "192.0.2.128/25", "192.0.2.255", 25, true },
        { "192.0.2.1", "192.0.2.1", 32, true },
        { "192.0.2.1", "192.0.2.2", 32, false },
        { "0.0.0.0/0", "1.2.3.4", 0, true },
        { "0.0.0.0/0", "::1", 0, false },
        { "%any", "::1", 0, true },
        { "%any", "1.2.3.4", 0, true },
        { "%any4", "1.2.3.4", 0, true },
        { "%any4", "::1", 0, false },
        { "%any6", "::1", 0, true },
        { "2001:db8::/33", "2001:db8:7fff::1", 33, true },
        { "2001:db8::/33", "2001:db8:8000::1", 33, false },
        { "2001:db8::1/128", "2001:db8::1", 128, true },
        { "10.0.0.0/33", "", -1, false },
        { "10.0.0.0/", "", -1, false },
        { "10.0.0.0/x", "", -1, false },
        { "10.0.0.0/-1", "", -1, false },
        { "10.0.0.0/8/8", "", -1, false },
        { "2001:db8::/129", "", -1, false },
        { "%any/8", "", -1, false },
        { "/8", "", -1, false },
        { "", "", -1, false },
        { "10.0.0.0/256", "", -1, false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_prefix p;
        struct cyg_error err;
        enum cyg_code code = cyg_prefix_parse(cyg_span_str(rows[i].prefix), &p, &err);
        if (rows[i].bits < 0) {
            assert_int_equal(code, CYG_MALFORMED);
            assert_int_equal(err.reason, CYG_R_PREFIX_TEXT);
            continue;
        }
        assert_int_equal(code, CYG_OK);
        assert_int_equal(p.bits, rows[i].bits);
        struct cyg_address a = address(rows[i].address);
        assert_int_equal(cyg_prefix_contains(&p, &a), rows[i].inside);
    }
    struct cyg_prefix p;
    struct cyg_address host = address("10.0.0.0");
    assert_int_equal(cyg_prefix_parse(cyg_span_str("10.1.2.3/8"), &p, NULL), CYG_OK);
    assert_true(cyg_address_equal(&p.address, &host)); /* host bits are cleared */
    p.bits = 255; /* of somebody's memory: no read beyond the address */
    assert_false(cyg_prefix_contains(&p, &host));
}

static void test_sockaddr_both_ways(void **state)
{
    (void)state;
    static const char *const texts[] = { "192.0.2.1:500", "[2001:db8::1]:4500" };
    for (size_t i = 0; i < CYG_LEN(texts); i++) {
        struct sockaddr_storage sa;
        struct cyg_address a = address(texts[i]), back;
        socklen_t len = cyg_address_to_sockaddr(&a, &sa);
        assert_int_equal(len, i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        assert_int_equal(cyg_address_from_sockaddr((struct sockaddr *)&sa, &back), CYG_OK);
        assert_true(cyg_endpoint_equal(&a, &back));
    }
    /* What a socket of both families tells about IPv4. */
    struct sockaddr_storage sa;
    struct cyg_address mapped = address("[::ffff:192.0.2.1]:500"), back,
                       v4 = address("192.0.2.1:500");
    cyg_address_to_sockaddr(&mapped, &sa);
    assert_int_equal(cyg_address_from_sockaddr((struct sockaddr *)&sa, &back), CYG_OK);
    assert_true(cyg_endpoint_equal(&back, &v4));
    sa.ss_family = AF_UNIX;
    assert_int_equal(cyg_address_from_sockaddr((struct sockaddr *)&sa, &back), CYG_UNSUPPORTED);
}

TEST_MAIN(cmocka_unit_test(test_addresses_read_back),
          cmocka_unit_test(test_what_is_no_address_is_refused), cmocka_unit_test(test_endpoints),
          cmocka_unit_test(test_addresses_are_made_of_4_or_16_bytes),
          cmocka_unit_test(test_compare_orders_by_family_then_bytes),
          cmocka_unit_test(test_special_addresses), cmocka_unit_test(test_prefixes),
          cmocka_unit_test(test_sockaddr_both_ways));
