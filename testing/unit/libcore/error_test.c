/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/algorithm.h>
#include <cygnet/selector.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cyg_error broken = {
    .reason = CYG_R_DH_PUBLIC_SIZE, .payload = 4, .offset = 7, .got = 5, .want = 6
};

/* ---- the table ---- */

static const struct {
    unsigned first, last;
    const char *name;
} sections[] = {
    { 1, 99, "general" },           { 100, 299, "plugins, settings, values" },
    { 1000, 1299, "messages" },     { 1300, 1899, "negotiation" },
    { 2000, 2099, "cryptography" }, { 2100, 2199, "authentication" },
    { 2200, 2399, "storage" },      { 2400, 2499, "data plane" },
    { 2500, 2699, "control" },      { 2700, 2799, "input and output" },
};

static size_t section_of(unsigned id)
{
    for (size_t i = 0; i < CYG_LEN(sections); i++) {
        if (id >= sections[i].first && id <= sections[i].last) {
            return i;
        }
    }
    fail_msg("reason %u is in no section", id);
    return 0;
}

static void test_ids_ascend_within_their_section(void **state)
{
    (void)state;
    unsigned last[CYG_LEN(sections)] = { 0 };
    const struct cyg_reason_info *row;
    for (size_t i = 0; (row = cyg_reason_at(i)) != NULL; i++) {
        size_t section = section_of(row->id);
        if (row->id <= last[section]) {
            fail_msg("reason %u %s stands behind %u", row->id, row->name, last[section]);
        }
        last[section] = row->id;
        assert_ptr_equal(cyg_reason_info(row->id), row);
    }
}

static const char *const placeholders[] = { "got",    "want",    "got_hex",   "want_hex",  "got_s",
                                            "offset", "payload", "got_quote", "want_quote" };

static void check_text(const struct cyg_reason_info *row, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (!isprint((unsigned char)*p)) {
            fail_msg("%s: a character that is no printable ASCII", row->name);
        }
        if (*p == '}') {
            fail_msg("%s: a brace that was not opened", row->name);
        }
        if (*p != '{') {
            continue;
        }
        size_t n = strcspn(p + 1, "}");
        bool known = false;
        for (size_t i = 0; i < CYG_LEN(placeholders); i++) {
            known =
                known || (strlen(placeholders[i]) == n && memcmp(p + 1, placeholders[i], n) == 0);
        }
        if (!known || p[n + 1] != '}') {
            fail_msg("%s: unknown placeholder at \"%s\"", row->name, p);
        }
        p += n + 1;
    }
}

static void test_every_row_is_whole(void **state)
{
    (void)state;
    const struct cyg_reason_info *row;
    for (size_t i = 0; (row = cyg_reason_at(i)) != NULL; i++) {
        size_t len = strlen(row->sentence), mend = strlen(row->mend);
        check_text(row, row->sentence);
        check_text(row, row->mend);
        if (len < 8 || strchr(".?!", row->sentence[len - 1]) == NULL) {
            fail_msg("%s: \"%s\" is no sentence", row->name, row->sentence);
        }
        if (mend > 0 && strchr(".?!)}", row->mend[mend - 1]) == NULL
            && !isalnum((unsigned char)row->mend[mend - 1])) {
            fail_msg("%s: \"%s\" has a strange end", row->name, row->mend);
        }
        if (row->level < -1 || row->level > 4) {
            fail_msg("%s: level %d", row->name, row->level);
        }
        if (row->code > CYG_OK || row->code < CYG_INTERNAL) {
            fail_msg("%s: code %d", row->name, row->code);
        }
    }
}

/* Rendered with everything set and with nothing set, in room for all and for little. */
static void test_every_row_renders(void **state)
{
    (void)state;
    const struct cyg_reason_info *row;
    for (size_t i = 0; (row = cyg_reason_at(i)) != NULL; i++) {
        struct cyg_error e = broken;
        char line[1024];
        e.reason = row->id;
        e.got_quote = cyg_quote_text("x\n\x1b");
        e.want_quote = cyg_quote(CYG_QUOTE_BYTES, cyg_span_str("\n"));
        assert_ptr_equal(cyg_error_format(&e, line, sizeof line), line);
        if (strchr(line, '{') != NULL || strlen(line) + 1 >= sizeof line) {
            fail_msg("%s renders as %s", row->name, line);
        }
        for (const char *p = line; *p != '\0'; p++) {
            assert_true(isprint((unsigned char)*p));
        }
        for (size_t size = 1; size < 12; size++) {
            char *little = (char *)test_memdup(line, size);
            cyg_error_format(&e, little, size);
            assert_true(strlen(little) < size);
            free(little);
        }
        if (row->code != CYG_OK) { /* else it tells what happened, and is no failure */
            assert_int_equal(cyg_fail(NULL, &e), row->code);
        }
    }
}

static void test_unknown_reasons_are_said_so(void **state)
{
    (void)state;
    char line[64];
    assert_null(cyg_reason_info(0));
    assert_null(cyg_reason_info(65535));
    assert_null(cyg_reason_at(SIZE_MAX));
    const struct cyg_error none = { .reason = 0 }, unknown = { .reason = 65535 };
    assert_string_equal(cyg_error_format(&none, line, sizeof line), "No error.");
    assert_string_equal(cyg_error_format(&unknown, line, sizeof line), "Unknown reason 65535.");
}

static void test_numbers_render_decimal_and_hexadecimal(void **state)
{
    (void)state;
    char line[512];
    struct cyg_error e = { .reason = CYG_R_CHILD_IS_UP, .got = 0xc0ffee, .want = 0x01020304 };
    e.got_quote = cyg_quote_text("peer");
    e.want_quote = cyg_quote_text("child");
    cyg_error_format(&e, line, sizeof line);
    assert_non_null(strstr(line, "c0ffee in"));
    assert_non_null(strstr(line, "1020304 out"));
    e = (struct cyg_error){ .reason = CYG_R_DH_PUBLIC_SIZE, .got = UINT64_MAX, .want = 6 };
    assert_string_equal(cyg_error_format(&e, line, sizeof line),
                        "The Diffie-Hellman value has 18446744073709551615 bytes, the group needs "
                        "6.");
    e = (struct cyg_error){ .reason = CYG_R_NO_PROPOSAL_IKE, .got = 1 };
    assert_memory_equal(cyg_error_format(&e, line, sizeof line),
                        "The peer offered 1 IKE proposal, none", 37);
    e.got = 2;
    assert_memory_equal(cyg_error_format(&e, line, sizeof line),
                        "The peer offered 2 IKE proposals, none", 38);
}

/* ---- records ---- */

static void test_fail_fills_the_record_and_gives_the_code(void **state)
{
    (void)state;
    struct cyg_error err;
    memset(&err, 0xaa, sizeof err);
    assert_int_equal(CYG_FAIL(&err, CYG_R_DH_PUBLIC_SIZE, .payload = 4, .got = 5, .want = 6),
                     CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_DH_PUBLIC_SIZE);
    assert_int_equal(err.payload, 4);
    assert_int_equal(err.got, 5);
    assert_int_equal(err.want, 6);
    assert_int_equal(err.offset, 0);
    assert_int_equal(err.got_quote.kind, CYG_QUOTE_NONE);
    assert_int_equal(CYG_FAIL(NULL, CYG_R_NOMEM), CYG_NOMEM);
}

static void test_quotes_are_cut(void **state)
{
    (void)state;
    uint8_t bytes[CYG_QUOTE_MAX + 1];
    memset(bytes, 'a', sizeof bytes);
    struct cyg_quote q = cyg_quote(CYG_QUOTE_BYTES, cyg_span_of_array(bytes));
    assert_int_equal(q.len, CYG_QUOTE_MAX);
    assert_int_equal(q.kind, CYG_QUOTE_BYTES);
    q = cyg_quote_text(NULL);
    assert_int_equal(q.len, 0);
    assert_int_equal(q.kind, CYG_QUOTE_TEXT);
    q = cyg_quote_text("abc");
    assert_int_equal(q.len, 3);
    assert_memory_equal(q.data, "abc", 3);
}

/* ---- quotes by kind ---- */

static struct cyg_quote quote_of(enum cyg_quote_kind kind, const void *data, size_t len)
{
    return cyg_quote(kind, (struct cyg_span){ data, len });
}

static void assert_renders(struct cyg_quote quote, const char *expected)
{
    char line[512], whole[512];
    struct cyg_error e = { .reason = CYG_R_INTERNAL, .got_quote = quote };
    snprintf(whole, sizeof whole, "Internal failure: %s.", expected);
    assert_string_equal(cyg_error_format(&e, line, sizeof line), whole);
}

static void test_quotes_render_by_kind(void **state)
{
    (void)state;
    struct cyg_address a;
    struct cyg_flow flow;
    struct cyg_proposal proposal;
    assert_renders((struct cyg_quote){ 0 }, "nothing");
    assert_renders(cyg_quote_text("a\"b"), "\"a\\x22b\"");
    assert_renders(quote_of(CYG_QUOTE_BYTES, "\x01\xff", 2), "01ff");
    assert_int_equal(cyg_address_parse(cyg_span_str("192.0.2.1"), false, &a, NULL), CYG_OK);
    assert_renders(quote_of(CYG_QUOTE_ADDRESS, &a, sizeof a), "192.0.2.1");
    a.port = 500;
    assert_renders(quote_of(CYG_QUOTE_ADDRESS, &a, sizeof a), "192.0.2.1[500]");
    assert_renders(quote_of(CYG_QUOTE_IDENTITY, "\x02gw.example.org", 15), "gw.example.org");
    assert_renders(quote_of(CYG_QUOTE_IDENTITY, "", 0), "%any");
    assert_int_equal(cyg_selector_parse(cyg_span_str("10.0.0.0/8[tcp/80]"), &flow.local, NULL),
                     CYG_OK);
    assert_int_equal(cyg_selector_parse(cyg_span_str("dynamic"), &flow.remote, NULL), CYG_OK);
    assert_renders(quote_of(CYG_QUOTE_SELECTOR, &flow.local, sizeof flow.local),
                   "10.0.0.0/8[tcp/80]");
    assert_renders(quote_of(CYG_QUOTE_FLOW, &flow, sizeof flow), "10.0.0.0/8[tcp/80] === dynamic");
    cyg_proposal_default(CYG_PROPOSAL_AH, &proposal);
    assert_renders(quote_of(CYG_QUOTE_PROPOSAL, &proposal, sizeof proposal), "sha512-sha256-sha1");
}

/* A quote of a struct that is not whole is shown as bytes, not read beyond. */
static void test_short_struct_quotes_render_as_bytes(void **state)
{
    (void)state;
    static const enum cyg_quote_kind kinds[] = { CYG_QUOTE_ADDRESS, CYG_QUOTE_SELECTOR,
                                                 CYG_QUOTE_PROPOSAL, CYG_QUOTE_FLOW };
    for (size_t i = 0; i < CYG_LEN(kinds); i++) {
        assert_renders(quote_of(kinds[i], "\x0a\x0b", 2), "0a0b");
    }
}

static void test_payloads_have_names(void **state)
{
    (void)state;
    static const struct {
        uint8_t payload;
        const char *name;
    } rows[] = { { 0, "message" },  { 1, "SA" },     { 4, "KE" },      { 11, "N" },
                 { 14, "ATTR" },    { 20, "NAT-D" }, { 130, "NAT-D" }, { 21, "NAT-OA" },
                 { 131, "NAT-OA" }, { 132, "FRAG" }, { 15, "(15)" },   { 255, "(255)" } };
    const struct cyg_reason_info *row = NULL;
    for (size_t i = 0; (row = cyg_reason_at(i)) != NULL; i++) {
        if (strstr(row->sentence, "{payload}") != NULL) {
            break;
        }
    }
    if (row == NULL) {
        test_skip("no row of reason.def names its payload");
    }
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char line[512];
        struct cyg_error e = { .reason = row->id, .payload = rows[i].payload };
        assert_non_null(strstr(cyg_error_format(&e, line, sizeof line), rows[i].name));
    }
}

/* ---- cyg_escape, H-181 ---- */

static void test_escape_shows_foreign_bytes_harmlessly(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "", "" },
        { "plain %n %s text", "plain %n %s text" },
        { "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" },
        { "\x1b[2J", "\\x1b[2J" },
        { "\"'\\", "\\x22\\x27\\x5c" },
        { "\xe2\x80\xae gnp", "\\xe2\\x80\\xae gnp" }, /* right-to-left override */
        { "\xff\xfe\xc0", "\\xff\\xfe\\xc0" },
        { "\x7f", "\\x7f" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char line[256];
        assert_string_equal(cyg_escape(cyg_span_str(rows[i].in), line, sizeof line), rows[i].out);
    }
    char line[16];
    assert_string_equal(cyg_escape((struct cyg_span){ (const uint8_t *)"a\0b", 3 }, line, 16),
                        "a\\x00b");
    assert_string_equal(cyg_escape((struct cyg_span){ NULL, 0 }, line, 16), "");
}

static void test_escape_cuts_to_128_bytes_and_to_the_buffer(void **state)
{
    (void)state;
    uint8_t text[60 * 1024];
    char line[256];
    memset(text, 'a', sizeof text);
    assert_int_equal(strlen(cyg_escape((struct cyg_span){ text, 128 }, line, sizeof line)), 128);
    assert_null(strstr(line, "..."));
    cyg_escape((struct cyg_span){ text, 129 }, line, sizeof line);
    assert_int_equal(strlen(line), 128);
    assert_string_equal(line + 125, "...");
    memset(text, '\n', sizeof text);
    cyg_escape(cyg_span_of_array(text), line, sizeof line);
    assert_int_equal(strlen(line), 4 * 31 + 3); /* no half escape */
    for (size_t size = 1; size < 20; size++) {
        char *little = (char *)test_memdup(line, size);
        cyg_escape(cyg_span_of_array(text), little, size);
        assert_true(strlen(little) < size);
        free(little);
    }
}

TEST_MAIN(cmocka_unit_test(test_ids_ascend_within_their_section),
          cmocka_unit_test(test_every_row_is_whole), cmocka_unit_test(test_every_row_renders),
          cmocka_unit_test(test_unknown_reasons_are_said_so),
          cmocka_unit_test(test_numbers_render_decimal_and_hexadecimal),
          cmocka_unit_test(test_fail_fills_the_record_and_gives_the_code),
          cmocka_unit_test(test_quotes_are_cut), cmocka_unit_test(test_quotes_render_by_kind),
          cmocka_unit_test(test_short_struct_quotes_render_as_bytes),
          cmocka_unit_test(test_payloads_have_names),
          cmocka_unit_test(test_escape_shows_foreign_bytes_harmlessly),
          cmocka_unit_test(test_escape_cuts_to_128_bytes_and_to_the_buffer));
