/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/selector.h>

#include <stdlib.h>
#include <string.h>

static struct cyg_selector selector(const char *text)
{
    struct cyg_selector s;
    struct cyg_error err;
    char line[512];
    if (cyg_selector_parse(cyg_span_str(text), &s, &err) != CYG_OK) {
        fail_msg("%s: %s", text, cyg_error_format(&err, line, sizeof line));
    }
    return s;
}

static void test_reads_what_swanctl_conf_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *formatted;
        uint8_t protocol;
        uint16_t port;
        int bits;
    } rows[] = {
        { "10.0.0.0/8", "10.0.0.0/8", 0, 0, 8 },
        { "10.1.2.3/8", "10.0.0.0/8", 0, 0, 8 },
        { "10.0.0.1", "10.0.0.1/32", 0, 0, 32 },
        { "0.0.0.0/0", "0.0.0.0/0", 0, 0, 0 },
        { "::/0", "::/0", 0, 0, 0 },
        { "fd00::/8", "fd00::/8", 0, 0, 8 },
        { "10.0.0.1-10.0.0.9", "10.0.0.1..10.0.0.9", 0, 0, -1 },
        { "10.0.0.1..10.0.0.9", "10.0.0.1..10.0.0.9", 0, 0, -1 },
        { "10.0.0.0-10.0.0.255", "10.0.0.0/24", 0, 0, 24 },
        { "10.0.0.7-10.0.0.7", "10.0.0.7/32", 0, 0, 32 },
        { "0.0.0.0-255.255.255.255", "0.0.0.0/0", 0, 0, 0 },
        { "10.0.0.255-10.0.1.0", "10.0.0.255..10.0.1.0", 0, 0, -1 },
        { "2001:db8::1-2001:db8::9", "2001:db8::1..2001:db8::9", 0, 0, -1 },
        { "dynamic", "dynamic", 0, 0, -1 },
        { "%dynamic[udp/1701]", "dynamic[udp/1701]", 17, 1701, -1 },
        { "10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp/80]", 6, 80, 8 },
        { "10.0.0.0/8[UDP]", "10.0.0.0/8[udp]", 17, 0, 8 },
        { "10.0.0.0/8[17/1701]", "10.0.0.0/8[udp/1701]", 17, 1701, 8 },
        { "10.0.0.0/8[/53]", "10.0.0.0/8[/53]", 0, 53, 8 },
        { "10.0.0.0/8[any/any]", "10.0.0.0/8", 0, 0, 8 },
        { "10.0.0.0/8[200]", "10.0.0.0/8[200]", 200, 0, 8 },
        { "fd00::1[ipv6-icmp]", "fd00::1/128[icmpv6]", 58, 0, 128 },
        { "10.0.0.1-10.0.0.9[gre]", "10.0.0.1..10.0.0.9[gre]", 47, 0, -1 },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char text[CYG_SELECTOR_TEXT];
        struct cyg_selector s = selector(rows[i].text);
        assert_string_equal(cyg_selector_format(&s, text, sizeof text), rows[i].formatted);
        assert_int_equal(s.protocol, rows[i].protocol);
        assert_int_equal(s.port, rows[i].port);
        if (!s.dynamic) {
            assert_int_equal(cyg_selector_prefix_bits(&s), rows[i].bits);
        }
        struct cyg_selector again = selector(text);
        assert_true(cyg_selector_equal(&s, &again));
    }
}

static void test_what_is_no_selector_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cyg_reason reason;
    } rows[] = {
        { "", CYG_R_SELECTOR_TEXT },
        { "x", CYG_R_SELECTOR_TEXT },
        { "%any", CYG_R_SELECTOR_TEXT },
        { "10.0.0.0/33", CYG_R_SELECTOR_TEXT },
        { "10.0.0.1-", CYG_R_SELECTOR_TEXT },
        { "-10.0.0.1", CYG_R_SELECTOR_TEXT },
        { "10.0.0.1-::1", CYG_R_SELECTOR_TEXT },
        { "%any-%any", CYG_R_SELECTOR_TEXT },
        { "10.0.0.1-10.0.0.9-10.0.0.10", CYG_R_SELECTOR_TEXT },
        { "dynamic/8", CYG_R_SELECTOR_TEXT },
        { "10.0.0.0/8 ", CYG_R_SELECTOR_TEXT },
        { "[tcp]", CYG_R_SELECTOR_TEXT },
        { "10.0.0.9-10.0.0.1", CYG_R_SELECTOR_ORDER },
        { "10.0.0.1[tcp/80-90]", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[tcp/65536]", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[256]", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[tcq]", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[tcp/]", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[]", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[tcp", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[tcp]x", CYG_R_SELECTOR_PROTOCOL_TEXT },
        { "10.0.0.1[", CYG_R_SELECTOR_PROTOCOL_TEXT },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_selector s = { .protocol = 77 };
        struct cyg_error err = { 0 };
        char line[512];
        assert_int_equal(cyg_selector_parse(cyg_span_str(rows[i].text), &s, &err), CYG_MALFORMED);
        if (err.reason != rows[i].reason) {
            fail_msg("%s: %s", rows[i].text, cyg_error_format(&err, line, sizeof line));
        }
        assert_int_equal(s.protocol, 77);
    }
}

/* H-023, H-024: every type with every length. */
static void test_wire_selectors_are_checked(void **state)
{
    (void)state;
    static const uint8_t zeros[40];
    static const size_t lengths[] = { [1] = 4, [4] = 8, [5] = 16, [6] = 32, [7] = 8, [8] = 32 };
    for (unsigned type = 0; type < 256; type++) {
        for (size_t len = 0; len <= sizeof zeros; len++) {
            uint8_t *copy = test_memdup(zeros, len);
            struct cyg_selector s = { .protocol = 77 };
            struct cyg_error err = { 0 };
            bool known = type < CYG_LEN(lengths) && lengths[type] != 0;
            bool right = known && lengths[type] == len;
            enum cyg_code code =
                cyg_selector_of((uint8_t)type, 6, 80, (struct cyg_span){ copy, len }, &s, &err);
            assert_int_equal(code, right ? CYG_OK : CYG_MALFORMED);
            assert_int_equal(s.protocol, right ? 6 : 77);
            assert_int_equal(err.reason, right   ? 0
                                         : known ? CYG_R_SELECTOR_LENGTH
                                                 : CYG_R_SELECTOR_TYPE);
            free(copy);
        }
    }
}

static void test_wire_masks_have_no_holes_and_ranges_are_forward(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        const char *data; /* 8 bytes */
        uint16_t reason;  /* 0: right */
        const char *text;
    } rows[] = {
        { 4, "\x0a\x01\x02\x03\xff\x00\x00\x00", 0, "10.0.0.0/8" },
        { 4, "\x0a\x01\x02\x03\xff\xff\xff\xff", 0, "10.1.2.3/32" },
        { 4, "\x0a\x01\x02\x03\x00\x00\x00\x00", 0, "0.0.0.0/0" },
        { 4, "\x0a\x01\x02\x03\xff\xfe\x00\x00", 0, "10.0.0.0/15" },
        { 4, "\x0a\x01\x02\x03\xff\x00\xff\x00", CYG_R_SELECTOR_MASK, NULL },
        { 4, "\x0a\x01\x02\x03\x00\x00\x00\x01", CYG_R_SELECTOR_MASK, NULL },
        { 4, "\x0a\x01\x02\x03\xfd\x00\x00\x00", CYG_R_SELECTOR_MASK, NULL },
        { 7, "\x0a\x01\x02\x03\x0a\x01\x02\x09", 0, "10.1.2.3..10.1.2.9" },
        { 7, "\x0a\x01\x02\x03\x0a\x01\x02\x03", 0, "10.1.2.3/32" },
        { 7, "\x0a\x01\x02\x03\x0a\x01\x02\x02", CYG_R_SELECTOR_ORDER, NULL },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_selector s;
        struct cyg_error err = { 0 };
        char text[CYG_SELECTOR_TEXT];
        enum cyg_code code = cyg_selector_of(
            rows[i].type, 0, 0, (struct cyg_span){ (const uint8_t *)rows[i].data, 8 }, &s, &err);
        assert_int_equal(err.reason, rows[i].reason);
        assert_int_equal(code, rows[i].text != NULL ? CYG_OK : CYG_MALFORMED);
        if (rows[i].text != NULL) {
            assert_string_equal(cyg_selector_format(&s, text, sizeof text), rows[i].text);
        }
    }
}

static void test_the_narrowest_type_goes_on_the_wire_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t type;
    } rows[] = {
        { "10.0.0.1", 1 },           { "10.0.0.0/8", 4 },
        { "0.0.0.0/0", 4 },          { "10.0.0.1-10.0.0.9", 7 },
        { "10.0.0.0-10.0.0.15", 4 }, { "fd00::1", 5 },
        { "fd00::/8", 6 },           { "::/0", 6 },
        { "fd00::1-fd00::9", 8 },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_selector s = selector(rows[i].text), back;
        uint8_t type, data[32];
        size_t len;
        cyg_selector_to_id(&s, &type, data, &len);
        assert_int_equal(type, rows[i].type);
        assert_int_equal(cyg_selector_of(type, 0, 0, (struct cyg_span){ data, len }, &back, NULL),
                         CYG_OK);
        assert_true(cyg_selector_equal(&s, &back));
    }
}

static void test_sets_are_compared(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool contains, overlaps; /* a contains b */
    } rows[] = {
        { "10.0.0.0/8", "10.0.0.0/8", true, true },
        { "10.0.0.0/8", "10.1.0.0/16", true, true },
        { "10.1.0.0/16", "10.0.0.0/8", false, true },
        { "10.0.0.0/8", "11.0.0.0/8", false, false },
        { "10.0.0.0-10.0.0.9", "10.0.0.9-10.0.0.20", false, true },
        { "10.0.0.0-10.0.0.9", "10.0.0.10-10.0.0.20", false, false },
        { "0.0.0.0/0", "::1", false, false },
        { "10.0.0.0/8", "10.0.0.1[tcp]", true, true },
        { "10.0.0.0/8[tcp]", "10.0.0.1", false, true },
        { "10.0.0.0/8[tcp]", "10.0.0.1[udp]", false, false },
        { "10.0.0.0/8[tcp]", "10.0.0.1[tcp/80]", true, true },
        { "10.0.0.0/8[tcp/80]", "10.0.0.1[tcp]", false, true },
        { "10.0.0.0/8[tcp/80]", "10.0.0.1[tcp/81]", false, false },
        { "dynamic", "10.0.0.1", false, false },
        { "10.0.0.0/8", "dynamic", false, false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_selector a = selector(rows[i].a), b = selector(rows[i].b);
        assert_int_equal(cyg_selector_contains(&a, &b), rows[i].contains);
        assert_int_equal(cyg_selector_overlaps(&a, &b), rows[i].overlaps);
        assert_int_equal(cyg_selector_overlaps(&b, &a), rows[i].overlaps);
    }
    /* A subnet, a range and a host are equal when their addresses are. */
    struct cyg_selector a = selector("10.0.0.0/31"), b = selector("10.0.0.0-10.0.0.1");
    assert_true(cyg_selector_equal(&a, &b));
    b.port = 80;
    assert_false(cyg_selector_equal(&a, &b));
    a = selector("dynamic");
    b = selector("dynamic");
    assert_true(cyg_selector_equal(&a, &b));
}

static void test_has_knows_what_belongs_to_it(void **state)
{
    (void)state;
    struct cyg_selector s = selector("10.0.0.1-10.0.0.9[udp/1701]"), wide = selector("10.0.0.0/8");
    struct cyg_selector dynamic = selector("dynamic");
    struct cyg_address in, out, v6;
    assert_int_equal(cyg_address_parse(cyg_span_str("10.0.0.9"), false, &in, NULL), CYG_OK);
    assert_int_equal(cyg_address_parse(cyg_span_str("10.0.0.10"), false, &out, NULL), CYG_OK);
    assert_int_equal(cyg_address_parse(cyg_span_str("::1"), false, &v6, NULL), CYG_OK);
    assert_true(cyg_selector_has(&s, &in, 17, 1701));
    assert_false(cyg_selector_has(&s, &in, 17, 1702));
    assert_false(cyg_selector_has(&s, &in, 6, 1701));
    assert_false(cyg_selector_has(&s, &out, 17, 1701));
    assert_true(cyg_selector_has(&wide, &out, 6, 5));
    assert_false(cyg_selector_has(&wide, &v6, 6, 5));
    assert_false(cyg_selector_has(&dynamic, &in, 0, 0));
    struct cyg_selector host;
    in.port = 500;
    cyg_selector_of_address(&in, &host);
    assert_true(cyg_selector_has(&host, &in, 6, 5));
    assert_int_equal(cyg_selector_prefix_bits(&host), 32);
    assert_int_equal(host.from.port, 0);
}

TEST_MAIN(cmocka_unit_test(test_reads_what_swanctl_conf_writes),
          cmocka_unit_test(test_what_is_no_selector_is_refused),
          cmocka_unit_test(test_wire_selectors_are_checked),
          cmocka_unit_test(test_wire_masks_have_no_holes_and_ranges_are_forward),
          cmocka_unit_test(test_the_narrowest_type_goes_on_the_wire_and_back),
          cmocka_unit_test(test_sets_are_compared),
          cmocka_unit_test(test_has_knows_what_belongs_to_it));
