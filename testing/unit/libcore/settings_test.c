/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/settings_load.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tables of the daemon in small: what the file of the manual needs, and one option of each
 * type. */
static const struct cyg_setting top_options[] = {
    { .type = CYG_SETTING_LIST, .key = "plugins", .fallback = "crypto-gnutls, auth-psk" },
    { .type = CYG_SETTING_STRING, .key = "plugin_dir", .fallback = "/usr/lib/cygnet/plugins" },
    { .type = CYG_SETTING_INT, .key = "worker_threads", .fallback = "2", .min = 1, .max = 64 },
    { 0 },
};
static const struct cyg_setting listen_options[] = {
    { .type = CYG_SETTING_INT, .key = "port", .fallback = "500", .min = 1, .max = 65535 },
    { .type = CYG_SETTING_INT, .key = "nat_t_port", .fallback = "4500", .min = 1, .max = 65535 },
    { .type = CYG_SETTING_LIST, .key = "addresses", .fallback = "{ \"%any\" }" },
    { 0 },
};
static const struct cyg_setting log_options[] = {
    { .type = CYG_SETTING_STRING, .key = "target", .fallback = "stderr" },
    { .type = CYG_SETTING_INT, .key = "level", .fallback = "1", .min = -1, .max = 4 },
    { .type = CYG_SETTING_INT, .key = "ike", .min = -1, .max = 4 },
    { .type = CYG_SETTING_BOOL, .key = "json", .fallback = "no" },
    { 0 },
};
static const struct cyg_setting store_options[] = {
    { .type = CYG_SETTING_STRING, .key = "database", .required = true },
    { .type = CYG_SETTING_TIME, .key = "keep", .fallback = "4h", .min = 60, .max = 86400 },
    { .type = CYG_SETTING_BYTES, .key = "cache", .fallback = "512k" },
    { .type = CYG_SETTING_TIME, .key = "free_time" },
    { 0 },
};
static const struct cyg_settings_section sections[] = {
    { "", top_options },
    { "listen", listen_options },
    { "log", log_options },
    { "store-sqlite", store_options },
};

struct folder {
    char path[64];
};

static void write_file(const struct folder *f, const char *name, const char *text, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0644), 0);
}

static int make_folder(void **state)
{
    struct folder *f = malloc(sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/cygnet-settings-XXXXXX");
    *state = f;
    return mkdtemp(f->path) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", f->path);
    int result = system(command);
    free(f);
    return result;
}

static enum cyg_code load(const struct folder *f, const char *text, struct cyg_settings **ret,
                          struct cyg_error *err)
{
    char path[128];
    write_file(f, "cygnet.conf", text, strlen(text));
    snprintf(path, sizeof path, "%s/cygnet.conf", f->path);
    return cyg_settings_load(path, sections, CYG_LEN(sections), ret, err);
}

static struct cyg_settings *must_load(const struct folder *f, const char *text)
{
    struct cyg_settings *s = NULL;
    struct cyg_error err = { 0 };
    char line[512];
    if (load(f, text, &s, &err) != CYG_OK) {
        fail_msg("%s", cyg_error_format(&err, line, sizeof line));
    }
    return s;
}

static void test_reads_the_file_of_the_manual(void **state)
{
    struct cyg_settings *s = must_load(
        *state,
        "plugins = { crypto-gnutls, auth-psk, store-sqlite, kernel-tun, control-vici }\n"
        "plugin_dir = \"/usr/lib/cygnet/plugins\"\n"
        "worker_threads = 2\n"
        "listen { port = 500\n"
        "         nat_t_port = 4500\n"
        "         addresses = { \"%any\" } }\n"
        "log { target = stderr          # stderr, journal, or a file\n"
        "      level = 1                # -1 to 4, and per subsystem: ike = 2 \xe2\x80\xa6\n"
        "      json = no }\n"
        "store-sqlite { database = \"/var/lib/cygnet/cygnet.db\" }\n");
    assert_int_equal(cyg_settings_list_len(s, "", "plugins"), 5);
    assert_string_equal(cyg_settings_list_at(s, "", "plugins", 0), "crypto-gnutls");
    assert_string_equal(cyg_settings_list_at(s, "", "plugins", 4), "control-vici");
    assert_null(cyg_settings_list_at(s, "", "plugins", 5));
    assert_string_equal(cyg_settings_string(s, "", "plugin_dir"), "/usr/lib/cygnet/plugins");
    assert_int_equal(cyg_settings_int(s, "listen", "nat_t_port"), 4500);
    assert_string_equal(cyg_settings_list_at(s, "listen", "addresses", 0), "%any");
    assert_string_equal(cyg_settings_string(s, "log", "target"), "stderr");
    assert_int_equal(cyg_settings_int(s, "log", "level"), 1);
    assert_false(cyg_settings_bool(s, "log", "json"));
    assert_string_equal(cyg_settings_string(s, "store-sqlite", "database"),
                        "/var/lib/cygnet/cygnet.db");
    cyg_settings_free(s);
}

static void test_what_is_not_given_has_its_fallback(void **state)
{
    struct cyg_settings *s = must_load(*state, "store-sqlite { database = x }");
    assert_int_equal(cyg_settings_list_len(s, "", "plugins"), 2);
    assert_string_equal(cyg_settings_list_at(s, "", "plugins", 1), "auth-psk");
    assert_string_equal(cyg_settings_list_at(s, "listen", "addresses", 0), "%any");
    assert_int_equal(cyg_settings_int(s, "store-sqlite", "keep"), 4 * 3600);
    assert_int_equal(cyg_settings_int(s, "store-sqlite", "cache"), 512 * 1024);
    assert_int_equal(cyg_settings_int(s, "store-sqlite", "free_time"), 0);
    assert_null(cyg_settings_string(s, "log", "ike"));
    cyg_settings_free(s);
}

static void test_units_and_words(void **state)
{
    static const struct {
        const char *text;
        int64_t keep, cache;
    } rows[] = {
        { "keep = 90 cache = 4G", 90, INT64_C(4) << 30 },   { "keep = 90s cache = 1k", 90, 1024 },
        { "keep = 30m cache = 2M", 1800, 2 << 20 },         { "keep = 1d cache = 0", 86400, 0 },
        { "keep = 2H cache = 1T", 7200, INT64_C(1) << 40 },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char text[128];
        snprintf(text, sizeof text, "store-sqlite { database = x %s }", rows[i].text);
        struct cyg_settings *s = must_load(*state, text);
        assert_int_equal(cyg_settings_int(s, "store-sqlite", "keep"), rows[i].keep);
        assert_int_equal(cyg_settings_int(s, "store-sqlite", "cache"), rows[i].cache);
        cyg_settings_free(s);
    }
    static const char *const yes[] = { "yes", "true", "on", "YES" };
    for (size_t i = 0; i < CYG_LEN(yes); i++) {
        char text[128];
        snprintf(text, sizeof text, "store-sqlite { database = x } log { json = %s }", yes[i]);
        struct cyg_settings *s = must_load(*state, text);
        assert_true(cyg_settings_bool(s, "log", "json"));
        cyg_settings_free(s);
    }
}

/* Values are what stands there: no environment, no comment inside, no escape in single quotes. */
static void test_texts_are_taken_literally(void **state)
{
    static const struct {
        const char *written, *read;
    } rows[] = {
        { "\"${HOME}\"", "${HOME}" },
        { "${HOME}", "${HOME}" },
        { "/a${HOME}/b", "/a${HOME}/b" },
        { "\"$HOME\"", "$HOME" },
        { "'${HOME}'", "${HOME}" },
        { "\"\\${HOME}\"", "${HOME}" },
        { "\"a # b // c /* d\"", "a # b // c /* d" },
        { "/x//y", "/x//y" },
        { "*.example.org", "*.example.org" },
        { "a+b", "a+b" },
        { "\"a\\\"b\\x41\"", "a\"bA" },
        { "a\\b", "a\\b" },
        { "'a\\b'", "a\\b" },
        { "/* c */ x // d", "x" },
        { "\"${HOME:-x}\"", "${HOME:-x}" },
        { "\"\"", "" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char text[128];
        snprintf(text, sizeof text, "store-sqlite { database = %s\n }", rows[i].written);
        struct cyg_settings *s = must_load(*state, text);
        assert_string_equal(cyg_settings_string(s, "store-sqlite", "database"), rows[i].read);
        cyg_settings_free(s);
    }
}

static void test_lists(void **state)
{
    static const struct {
        const char *written;
        size_t n;
    } rows[] = {
        { "{ }", 0 },       { "{ a }", 1 },
        { "{ a, b, }", 2 }, { "{ a, # one\n \"b\" /* two */ , c }", 3 },
        { "a", 1 },         { "{\na\n,\nb\n}", 2 },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char text[128];
        snprintf(text, sizeof text, "plugins = %s\nstore-sqlite { database = x }", rows[i].written);
        struct cyg_settings *s = must_load(*state, text);
        assert_int_equal(cyg_settings_list_len(s, "", "plugins"), rows[i].n);
        cyg_settings_free(s);
    }
}

/* Every refusal: the reason, the line, and words that help. */
static const struct refusal {
    const char *text;
    enum cyg_reason reason;
    uint32_t line;
    const char *says, *helps;
} refusals[] = {
    { "wroker_threads = 2", CYG_R_SETTINGS_KEY, 1, "cygnet.conf:1: wroker_threads",
      "worker_threads" },
    { "\nlisten {\n prot = 5 }", CYG_R_SETTINGS_KEY, 3, "cygnet.conf:3: listen.prot", "port" },
    { "listne { port = 5 }", CYG_R_SETTINGS_SECTION, 1, "cygnet.conf:1: listne", "listen" },
    { "listen { log { level = 1 } }", CYG_R_SETTINGS_KEY, 1, "listen.log", "port" },
    { "root { }", CYG_R_SETTINGS_SECTION, 1, "root", "" },
    { "\" load\" = 5", CYG_R_SETTINGS_KEY, 1, " load", "" },
    { "\"log|level\" = 5", CYG_R_SETTINGS_KEY, 1, "log|level", "" },
    { "log { level = 1\n}\nlog { json = no }", CYG_R_SETTINGS_TWICE, 3, ":3: log", ":1: log" },
    { "log { level = 1\nlevel = 2 }", CYG_R_SETTINGS_TWICE, 2, ":2: level", ":1: level" },
    { "plugins = { a }\nplugins += { b }", CYG_R_SETTINGS_TWICE, 2, ":2: plugins", ":1: plugins" },
    { "plugins = { }\n\nplugins = { b }", CYG_R_SETTINGS_TWICE, 3, ":3: plugins", ":1: plugins" },
    { "worker_threads = many", CYG_R_SETTINGS_VALUE, 1, "worker_threads = many",
      "a whole number, 1 to 64" },
    { "worker_threads = 65", CYG_R_SETTINGS_VALUE, 1, "65", "1 to 64" },
    { "worker_threads = 0", CYG_R_SETTINGS_VALUE, 1, "= 0", "1 to 64" },
    { "worker_threads = 2s", CYG_R_SETTINGS_VALUE, 1, "2s", "a whole number" },
    { "worker_threads = \" 2\"", CYG_R_SETTINGS_VALUE, 1, "", "a whole number" },
    { "worker_threads = \"\"", CYG_R_SETTINGS_VALUE, 1, "", "a whole number" },
    { "worker_threads = 99999999999999999999", CYG_R_SETTINGS_VALUE, 1, "9999", "1 to 64" },
    { "log {\n\n json = maybe }", CYG_R_SETTINGS_VALUE, 3, "log.json = maybe", "yes or no" },
    { "store-sqlite { database = x keep = 30s }", CYG_R_SETTINGS_VALUE, 1, "keep = 30s",
      "60 to 86400 seconds" },
    { "store-sqlite { database = x keep = 4w }", CYG_R_SETTINGS_VALUE, 1, "keep = 4w", "4h" },
    { "store-sqlite { database = x free_time = -1 }", CYG_R_SETTINGS_VALUE, 1, "-1", "a time" },
    { "store-sqlite { database = x cache = 9999999999G }", CYG_R_SETTINGS_VALUE, 1, "cache", "4G" },
    { "log { level = 1 }", CYG_R_SETTINGS_MISSING, 0, "store-sqlite.database", "one text" },
    { "\nstore-sqlite { }", CYG_R_SETTINGS_MISSING, 2, ":2: store-sqlite.database", "" },
    { "worker_threads = { 1 }", CYG_R_SETTINGS_SYNTAX, 1, ":1: unexpected token", "braces" },
    { "worker_threads 2", CYG_R_SETTINGS_SYNTAX, 1, "missing equal sign", "" },
    { "log {\n level = = 2 }", CYG_R_SETTINGS_SYNTAX, 2, ":2: unexpected token", "" },
    { "\n\n}", CYG_R_SETTINGS_SYNTAX, 3, ":3: unexpected closing brace", "" },
    { "worker_threads += 2", CYG_R_SETTINGS_SYNTAX, 1, "append", "" },
    { "log \"x\" { level = 1 }", CYG_R_SETTINGS_SYNTAX, 1, ":1: missing opening brace", "" },
    { "plugins = { a b }", CYG_R_SETTINGS_SYNTAX, 1, "unexpected token", "" },
    { "\nlog { level = 1\n", CYG_R_SETTINGS_OPEN_END, 2, ":2: {", "Close" },
    { "\nplugins = { a, b", CYG_R_SETTINGS_OPEN_END, 2, ":2: plugins", "Close" },
    { "plugin_dir = \"abc\n\n", CYG_R_SETTINGS_OPEN_END, 1, ":1:", "Close" },
    { "plugin_dir = 'abc", CYG_R_SETTINGS_OPEN_END, 1, ":1:", "Close" },
    { "\n/* abc", CYG_R_SETTINGS_OPEN_END, 2, ":2:", "Close" },
    { "plugin_dir =", CYG_R_SETTINGS_OPEN_END, 1, ":1: plugin_dir", "Close" },
    { "\ninclude x", CYG_R_SETTINGS_INCLUDE, 2, ":2: include", "include(" },
    { "include(\"a\"", CYG_R_SETTINGS_INCLUDE, 1, ":1: include", "include(" },
    { "include(\"\")", CYG_R_SETTINGS_INCLUDE, 1, ":1: include", "include(" },
    { "include(\"missing.conf\")", CYG_R_SETTINGS_OPEN, 0, "missing.conf", "No such file" },
    { "include(\"cygnet.conf\")", CYG_R_SETTINGS_DEPTH, 1, "more than 8 deep", "includes itself" },
    { "include(\".\")", CYG_R_SETTINGS_OPEN, 0, "/.", "no regular file" },
};

static void test_refusals(void **state)
{
    for (size_t i = 0; i < CYG_LEN(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct cyg_settings *s = NULL;
        struct cyg_error err = { 0 };
        char line[512], says[300], helps[300];
        enum cyg_code code = load(*state, row->text, &s, &err);
        cyg_error_format(&err, line, sizeof line);
        cyg_escape(cyg_span_str(row->says), says, sizeof says);
        cyg_escape(cyg_span_str(row->helps), helps, sizeof helps);
        if (code == CYG_OK || s != NULL || err.reason != row->reason || err.offset != row->line
            || strstr(line, says) == NULL || strstr(line, helps) == NULL) {
            fail_msg("row %zu, line %u, reason %u: %s\n%s", i, err.offset, err.reason, row->text,
                     line);
        }
    }
}

static void test_include_is_sorted_relative_and_nested(void **state)
{
    static const char database[] = "store-sqlite { include(\"db\") }\n";
    assert_int_equal(
        mkdir(strcat(strcpy((char[128]){ 0 }, ((struct folder *)*state)->path), "/d"), 0755), 0);
    write_file(*state, "d/2.conf", "listen { port = 2\n}\n", 20);
    write_file(*state, "d/1.conf", database, strlen(database));
    write_file(*state, "d/db", "database = y", 12);
    struct cyg_settings *s = must_load(*state, "include('d/*.conf') include(\"d/none*\")\n"
                                               "log { json = yes }");
    assert_int_equal(cyg_settings_int(s, "listen", "port"), 2);
    assert_string_equal(cyg_settings_string(s, "store-sqlite", "database"), "y");
    assert_true(cyg_settings_bool(s, "log", "json"));
    cyg_settings_free(s);

    /* Lines and names are those of the file that has the mistake, before, in and behind it. */
    struct cyg_error err;
    write_file(*state, "d/2.conf", "listen {\nport = x\n}\n", 20);
    assert_int_equal(load(*state, "include(\"d/2.conf\")", &s, &err), CYG_MALFORMED);
    assert_int_equal(err.offset, 2);
    assert_non_null(memmem(err.got_quote.data, err.got_quote.len, "d/2.conf:2: ", 12));
    assert_int_equal(load(*state, "\ninclude(\"d/1.conf\")\n\nlog { levle = 2 }", &s, &err),
                     CYG_MALFORMED);
    assert_int_equal(err.offset, 4);
    assert_non_null(memmem(err.got_quote.data, err.got_quote.len, "cygnet.conf:4: ", 15));
    write_file(*state, "d/2.conf", "listen {\nport = = x\n}\n", 22);
    assert_int_equal(load(*state, "\n\ninclude(\"d/2.conf\")", &s, &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_SETTINGS_SYNTAX);
    assert_non_null(memmem(err.got_quote.data, err.got_quote.len, "d/2.conf:2: ", 12));
    /* A section begins and ends in one file. */
    write_file(*state, "d/2.conf", "listen {\n", 9);
    assert_int_equal(load(*state, "include(\"d/2.conf\") }", &s, &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_SETTINGS_OPEN_END);
}

static void test_refuses_files_that_others_may_write(void **state)
{
    static const mode_t modes[] = { 0664, 0646, 0666 };
    const struct folder *f = *state;
    struct cyg_settings *s = NULL;
    struct cyg_error err;
    char path[128], other[128];
    snprintf(path, sizeof path, "%s/cygnet.conf", f->path);
    snprintf(other, sizeof other, "%s/other", f->path);
    for (size_t i = 0; i < CYG_LEN(modes); i++) {
        write_file(f, "cygnet.conf", "store-sqlite { database = x }", 29);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(cyg_settings_load(path, sections, CYG_LEN(sections), &s, &err),
                         CYG_REFUSED);
        assert_int_equal(err.reason, CYG_R_SETTINGS_WRITABLE);
        write_file(f, "cygnet.conf", "include(\"other\")", 16);
        write_file(f, "other", "store-sqlite { database = x }", 29);
        assert_int_equal(chmod(other, modes[i]), 0);
        assert_int_equal(cyg_settings_load(path, sections, CYG_LEN(sections), &s, &err),
                         CYG_REFUSED);
        assert_int_equal(err.reason, CYG_R_SETTINGS_WRITABLE);
    }
    assert_null(s);
}

static void test_refuses_what_is_too_big_or_no_text(void **state)
{
    const struct folder *f = *state;
    struct cyg_settings *s = NULL;
    struct cyg_error err;
    char path[128];
    snprintf(path, sizeof path, "%s/cygnet.conf", f->path);
    const size_t size = 1024 * 1024 + 1;
    char *big = malloc(size);
    memset(big, ' ', size);
    write_file(f, "cygnet.conf", big, size);
    assert_int_equal(cyg_settings_load(path, sections, CYG_LEN(sections), &s, &err), CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_SETTINGS_BIG);
    memcpy(big, "store-sqlite { database = x }", 29);
    write_file(f, "cygnet.conf", big, size - 1); /* exactly the limit */
    assert_int_equal(cyg_settings_load(path, sections, CYG_LEN(sections), &s, &err), CYG_OK);
    cyg_settings_free(s);
    s = NULL;
    free(big);
    write_file(f, "cygnet.conf", "plugins = \0", 11);
    assert_int_equal(cyg_settings_load(path, sections, CYG_LEN(sections), &s, &err), CYG_NOT_FOUND);
    assert_int_equal(err.reason, CYG_R_SETTINGS_OPEN);
    assert_int_equal(cyg_settings_load("/nonexistent", sections, CYG_LEN(sections), &s, &err),
                     CYG_NOT_FOUND);
    assert_null(s);
}

static void test_peek_reads_the_top_level_alone(void **state)
{
    const struct folder *f = *state;
    static const char text[] = "unknown = 5\nmore { plugins = { x } deep { a = b } c = { d } }\n"
                               "plugins = { one, two } other += { x }\nworker_threads = 7\n"
                               "last { } titled \"x\" { y = z }\n";
    struct cyg_settings *s = NULL;
    struct cyg_error err = { 0 };
    char path[128], line[512];
    write_file(f, "cygnet.conf", text, strlen(text));
    snprintf(path, sizeof path, "%s/cygnet.conf", f->path);
    if (cyg_settings_peek(path, top_options, &s, &err) != CYG_OK) {
        fail_msg("%s", cyg_error_format(&err, line, sizeof line));
    }
    assert_int_equal(cyg_settings_list_len(s, "", "plugins"), 2);
    assert_int_equal(cyg_settings_int(s, "", "worker_threads"), 7);
    assert_string_equal(cyg_settings_string(s, "", "plugin_dir"), "/usr/lib/cygnet/plugins");
    cyg_settings_free(s);
    s = NULL;
    write_file(f, "cygnet.conf", "x = 1\nworker_threads = 700\n", 27);
    assert_int_equal(cyg_settings_peek(path, top_options, &s, &err), CYG_MALFORMED);
    assert_int_equal(err.offset, 2);
    assert_null(s);
}

/* Whatever is cut off: an answer or a refusal, never a crash. */
static void test_survives_every_truncation(void **state)
{
    static const char text[] = "plugins = { crypto-gnutls, 'auth-psk' } /* c */ # d\n"
                               "listen { port = 500 addresses = { \"%any\", ${X} } }\n"
                               "include(\"none*\")\nstore-sqlite { database = \"\\x41\\\"\" }\n";
    for (size_t len = 0; len < strlen(text); len++) {
        char path[128];
        struct cyg_settings *s = NULL;
        write_file(*state, "cygnet.conf", text, len);
        snprintf(path, sizeof path, "%s/cygnet.conf", ((struct folder *)*state)->path);
        if (cyg_settings_load(path, sections, CYG_LEN(sections), &s, NULL) == CYG_OK) {
            cyg_settings_free(s);
        }
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

TEST_MAIN(IN_FOLDER(test_reads_the_file_of_the_manual),
          IN_FOLDER(test_what_is_not_given_has_its_fallback), IN_FOLDER(test_units_and_words),
          IN_FOLDER(test_texts_are_taken_literally), IN_FOLDER(test_lists),
          IN_FOLDER(test_refusals), IN_FOLDER(test_include_is_sorted_relative_and_nested),
          IN_FOLDER(test_refuses_files_that_others_may_write),
          IN_FOLDER(test_refuses_what_is_too_big_or_no_text),
          IN_FOLDER(test_peek_reads_the_top_level_alone),
          IN_FOLDER(test_survives_every_truncation));
