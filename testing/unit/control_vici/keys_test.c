/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of keys: whole in itself, and the same as what doc/cygnet-swanctl.7 says. That it has
 * all of strongSwan's manual page is looked at by ctl/commands_test.sh. */
#include "unit/test.h"

#include "control_vici/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const places[KEY_SECTIONS] = {
    [KEY_CONN] = "",
    [KEY_LOCAL] = "local.",
    [KEY_REMOTE] = "remote.",
    [KEY_CHILD] = "children.<child>.",
};

static void test_rows_are_unique_and_say_when(void **state)
{
    (void)state;
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        assert_ptr_equal(key_find(key->section, cyg_span_str(key->name)), key);
        assert_true(key->help[0] != '\0');
        assert_int_equal(key->kind == KEY_IKEV2, key->milestone == 0);
        assert_true(key->kind == KEY_BUILT || key->kind == KEY_UPKEEP || key->column[0] == '\0'
                    || key->milestone > 1);
        assert_true(key->milestone <= 7);
    }
    const struct secret_key *secret;
    for (size_t i = 0; (secret = secret_key_at(i)) != NULL; i++) {
        assert_ptr_equal(secret_key_find(cyg_span_str(secret->type)), secret);
    }
}

/* What is harmless has to pass its own check. */
static void test_harmless_values_are_taken(void **state)
{
    (void)state;
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        char words[128], *save = NULL;
        snprintf(words, sizeof words, "%s", key->harmless);
        for (char *w = strtok_r(words, "|", &save); w != NULL; w = strtok_r(NULL, "|", &save)) {
            struct key_values values = { 0 };
            struct cyg_error err = { 0 };
            if (strcmp(w, "*") == 0) {
                continue;
            }
            if (key_values_add(&values, key, cyg_span_str(w), &err) != CYG_OK) {
                char text[512];
                fail_msg("%s = %s: %s", key->name, w, cyg_error_format(&err, text, sizeof text));
            }
            assert_int_equal(values.n, 1);
            assert_false(key_value_is_idle(&values.items[0]));
            key_values_clear(&values);
        }
    }
}

/* Forms that charon 5.9.8 takes, tried there, and their meaning. */
static void test_values_mean_what_charon_means(void **state)
{
    (void)state;
    static const struct {
        enum key_section section;
        const char *key, *value, *normal; /* NULL: refused */
    } rows[] = {
        { KEY_CHILD, "rekey_bytes", "1k", "1024" },
        { KEY_CHILD, "rekey_bytes", "5M", "5242880" },
        { KEY_CHILD, "rekey_bytes", "2g", "2147483648" },
        { KEY_CHILD, "rekey_bytes", "1 k", "1024" },
        { KEY_CHILD, "rekey_bytes", "010", "8" },
        { KEY_CHILD, "rekey_bytes", "0x10", "16" },
        { KEY_CHILD, "rekey_bytes", "1T", NULL },
        { KEY_CHILD, "rekey_bytes", "1kb", NULL },
        { KEY_CONN, "rekey_time", "1h", "3600" },
        { KEY_CONN, "rekey_time", "1H", "3600" },
        { KEY_CONN, "rekey_time", "2d", "172800" },
        { KEY_CONN, "rekey_time", "5 m", "300" },
        { KEY_CONN, "rekey_time", "0x10", "16" },
        { KEY_CONN, "rekey_time", "1h 30m", NULL },
        { KEY_CONN, "rekey_time", "1m30s", NULL },
        { KEY_CONN, "rekey_time", "-1", NULL }, /* charon: its default */
        { KEY_CONN, "rekey_time", "", NULL },
        { KEY_CONN, "rekey_time", "18446744073709551616", NULL },
        { KEY_CONN, "rekey_time", "18446744073709551615h", NULL },
        { KEY_CONN, "aggressive", "NO", "no" },
        { KEY_CONN, "aggressive", "disabled", "no" },
        { KEY_CONN, "aggressive", "0", "no" },
        { KEY_CONN, "aggressive", "on", NULL },
        { KEY_CONN, "encap", "enabled", "yes" },
        { KEY_CHILD, "dpd_action", "clear", "none" },
        { KEY_CHILD, "dpd_action", "route", "trap" },
        { KEY_CHILD, "dpd_action", "restart", "start" },
        { KEY_CHILD, "dpd_action", "start|trap", "trap | start" },
        { KEY_CHILD, "dpd_action", "hold", NULL },
        { KEY_CHILD, "mark_in", "0x0/0x0", "0" },
        { KEY_CHILD, "mark_in", "0", "0" },
        { KEY_CHILD, "mark_in", "1", NULL },
        { KEY_CHILD, "mark_in", "%unique", NULL },
        { KEY_LOCAL, "id", "", "%any" },
        { KEY_LOCAL, "id", "@#6b6579", "@#6b6579" },
        { KEY_LOCAL, "auth", "PSK", "psk" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        const struct key *key = key_find(rows[i].section, cyg_span_str(rows[i].key));
        struct key_values values = { 0 };
        struct cyg_error err = { 0 };
        assert_non_null(key);
        enum cyg_code code = key_values_add(&values, key, cyg_span_str(rows[i].value), &err);
        if ((code == CYG_OK) != (rows[i].normal != NULL)) {
            char text[512];
            fail_msg("%s = %s: %s", rows[i].key, rows[i].value,
                     cyg_error_format(&err, text, sizeof text));
        }
        if (code == CYG_OK) {
            assert_string_equal(values.items[0].text, rows[i].normal);
        }
        key_values_clear(&values);
    }
}

/* One line of the manual page for each row. */
static void format_row(const struct key *key, char *line, size_t size)
{
    static const char *const kinds[] = { [KEY_BUILT] = "has effect",
                                         [KEY_UPKEEP] = "kept",
                                         [KEY_LATER] = "refused",
                                         [KEY_IKEV2] = "IKEv2 only" };
    char when[8] = "";
    if (key->milestone > 1 && key->kind != KEY_BUILT) {
        snprintf(when, sizeof when, "M%u", (unsigned)key->milestone);
    }
    snprintf(line, size, "%s%s\t%s\t%s\t%s\t%s\n", places[key->section], key->name,
             kinds[key->kind], when,
             key->kind == KEY_LATER || key->kind == KEY_IKEV2 ? key->harmless : "", key->help);
}

static char *read_file(const char *relative)
{
    char *path = test_source_path(relative);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s is missing", path);
    }
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    free(path);
    return text;
}

/* The lines that are missing are printed as they belong into the page. */
static void test_the_manual_page_has_the_same_table(void **state)
{
    (void)state;
    char *page = read_file("doc/cygnet-swanctl.7");
    const struct key *key;
    size_t rows = 0, lines = 0, missing = 0;
    for (; (key = key_at(rows)) != NULL; rows++) {
        char line[512];
        format_row(key, line, sizeof line);
        if (strstr(page, line) == NULL) {
            print_message("# missing: %s", line);
            missing++;
        }
    }
    for (const char *p = page; (p = strchr(p, '\n')) != NULL;) {
        p++;
        const size_t n = strcspn(p, "\n");
        lines += memchr(p, '\t', n) != NULL && strncmp(p, "key\t", 4) != 0;
    }
    free(page);
    assert_int_equal(missing, 0);
    assert_int_equal(lines, rows); /* and nothing else */
}

/* H-160: charon can switch it off, we cannot; what has no effect is named. */
static void test_a_replay_window_is_never_too_small(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t number;
        bool idle;
    } rows[] = { { "0", 64, true },   { "32", 64, true },     { "63", 64, true },
                 { "64", 64, false }, { "0x80", 128, false }, { "4096", 4096, false } };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct key_values values = { 0 };
        const struct key *key = key_find(KEY_CHILD, cyg_span_str("replay_window"));
        assert_int_equal(key_values_add(&values, key, cyg_span_str(rows[i].text), NULL), CYG_OK);
        assert_int_equal(values.items[0].number, rows[i].number);
        assert_int_equal(key_value_is_idle(&values.items[0]), rows[i].idle);
        key_values_clear(&values);
    }
}

TEST_MAIN(cmocka_unit_test(test_rows_are_unique_and_say_when),
          cmocka_unit_test(test_harmless_values_are_taken),
          cmocka_unit_test(test_values_mean_what_charon_means),
          cmocka_unit_test(test_a_replay_window_is_never_too_small),
          cmocka_unit_test(test_the_manual_page_has_the_same_table));
