/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include "log_internal.h"

#include <cygnet/settings_load.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char folder[64], path[96], settings[96];
    struct cyg_log *log;
    int8_t level;
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/cygnet-log-XXXXXX");
    *state = f;
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    snprintf(f->path, sizeof f->path, "%s/log", f->folder);
    snprintf(f->settings, sizeof f->settings, "%s/conf", f->folder);
    return 0;
}

static int clean(void **state)
{
    struct fixture *f = *state;
    char other[128];
    cyg_log_free(f->log);
    snprintf(other, sizeof other, "%s.1", f->path);
    unlink(other);
    unlink(f->path);
    unlink(f->settings);
    rmdir(f->folder);
    free(f);
    return 0;
}

/* Open a log with this section; target=FILE is put in where it says so. */
static enum cyg_code open_log(struct fixture *f, const char *options, struct cyg_error *err)
{
    static const struct cyg_settings_section sections[] = { { "log", cyg_log_settings } };
    struct cyg_settings *settings = NULL;
    FILE *file = fopen(f->settings, "w");
    assert_non_null(file);
    fprintf(file, "log { %s }\n", options);
    fclose(file);
    assert_int_equal(cyg_settings_load(f->settings, sections, 1, &settings, err), CYG_OK);
    enum cyg_code code = cyg_log_new(settings, &f->log, &f->level, err);
    cyg_settings_free(settings);
    return code;
}

static void open_file(struct fixture *f, const char *options)
{
    char text[256];
    snprintf(text, sizeof text, "target = \"%s\" %s", f->path, options);
    assert_int_equal(open_log(f, text, NULL), CYG_OK);
}

static size_t file_size(const struct fixture *f)
{
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    return (size_t)st.st_size;
}

/* What was written, and the file emptied. */
static char *written(struct fixture *f)
{
    static char text[65536];
    if (f->log != NULL) {
        cyg_log_flush(f->log);
    }
    FILE *file = fopen(f->path, "r+");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    assert_int_equal(ftruncate(fileno(file), 0), 0);
    fclose(file);
    return text;
}

static struct cyg_event event_of(enum cyg_reason reason)
{
    struct cyg_event e = { .type = CYG_EVENT_LOG, .group = CYG_LOG_IKE, .level = 1 };
    e.error.reason = (uint16_t)reason;
    return e;
}

static struct cyg_event from(enum cyg_reason reason, const char *address)
{
    struct cyg_event e = event_of(reason);
    assert_int_equal(cyg_address_parse(cyg_span_str(address), true, &e.path.remote, NULL), CYG_OK);
    assert_int_equal(cyg_address_parse(cyg_span_str("192.0.2.9:500"), true, &e.path.local, NULL),
                     CYG_OK);
    return e;
}

static void test_writes_charons_form(void **state)
{
    struct fixture *f = *state;
    open_file(f, "");
    struct cyg_event e = from(CYG_R_DH_PUBLIC_SIZE, "192.0.2.1:4500");
    e.error.got = 5;
    e.error.want = 256;
    snprintf(e.name, sizeof e.name, "branch7");
    e.ike_uniqueid = 3;
    cyg_log_event(f->log, &e, 0);
    char *line = written(f);
    /* 2026-01-01T00:00:00.000Z */
    assert_int_equal(line[10], 'T');
    assert_int_equal(line[23], 'Z');
    assert_string_equal(line + 24, " [IKE] <branch7|3> The Diffie-Hellman value has 5 bytes, the "
                                   "group needs 256.\n");
    e.name[0] = '\0';
    cyg_log_event(f->log, &e, 0);
    assert_non_null(strstr(written(f), " [IKE] <192.0.2.1[4500]> The "));
    e = event_of(CYG_R_BUSY);
    e.group = CYG_LOG_JOB;
    cyg_log_event(f->log, &e, 0);
    assert_non_null(strstr(written(f), " [JOB] Too much"));
}

static void test_writes_json_lines(void **state)
{
    struct fixture *f = *state;
    open_file(f, "json = yes");
    struct cyg_event e = from(CYG_R_INTERNAL, "[2001:db8::1]:500");
    snprintf(e.name, sizeof e.name, "a\"b\\c\n");
    e.ike_uniqueid = 7;
    e.cookie_i[7] = 0xab; /* the responder's is not known yet */
    e.error.got_quote = cyg_quote_text("x\x1b[31m\"");
    cyg_log_event(f->log, &e, 0);
    char *line = written(f);
    const char *expected = "\",\"level\":1,\"group\":\"IKE\",\"id\":2,\"reason\":\"INTERNAL\","
                           "\"ike\":7,\"name\":\"a\\\\x22b\\\\x5cc\\\\x0a\","
                           "\"initiator-spi\":\"00000000000000ab\","
                           "\"local\":\"192.0.2.9[500]\",\"remote\":\"2001:db8::1[500]\","
                           "\"text\":\"Internal failure: \\\"x\\\\x1b[31m\\\\x22\\\".\"}\n";
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_string_equal(strstr(line, "\",\"level\""), expected);
}

/* The longest that a record can be stays one whole line. */
static void test_long_records_stay_whole_lines(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[CYG_QUOTE_MAX];
    memset(bytes, '\\', sizeof bytes);
    open_file(f, "json = yes");
    struct cyg_event e = from(CYG_R_SETTINGS_TWICE, "[2001:db8:1111:2222:3333:4444:5555:6666]:500");
    memset(e.name, '"', sizeof e.name - 1);
    e.error.got_quote = e.error.want_quote = cyg_quote(CYG_QUOTE_TEXT, cyg_span_of_array(bytes));
    cyg_log_event(f->log, &e, 0);
    char *line = written(f);
    size_t len = strlen(line);
    assert_true(len < LOG_LINE_MAX + 1);
    assert_string_equal(line + len - 3, "\"}\n");
    assert_ptr_equal(strchr(line, '\n'), line + len - 1);
}

static void test_levels_count_per_group(void **state)
{
    struct fixture *f = *state;
    open_file(f, "level = 0 ike = 2 net = -1");
    assert_int_equal(f->level, 2);
    static const struct {
        uint8_t group;
        int8_t level;
        bool shown;
    } rows[] = {
        { CYG_LOG_IKE, 2, true },     { CYG_LOG_IKE, 3, false }, { CYG_LOG_CHD, 0, true },
        { CYG_LOG_CHD, 1, false },    { CYG_LOG_NET, 0, false }, { CYG_LOG_NET, -1, true },
        { CYG_LOG_GROUPS, 0, false },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_event e = event_of(CYG_R_NOMEM);
        e.group = rows[i].group;
        e.level = rows[i].level;
        cyg_log_event(f->log, &e, 0);
        assert_int_equal(written(f)[0] != '\0', rows[i].shown);
    }
    struct cyg_event e = event_of(CYG_R_NOMEM);
    e.type = CYG_EVENT_IKE_UP;
    cyg_log_event(f->log, &e, 0);
    assert_string_equal(written(f), "");
}

static void test_says_what_was_lost(void **state)
{
    struct fixture *f = *state;
    open_file(f, "");
    struct cyg_event e = event_of(CYG_R_NOMEM);
    cyg_log_event(f->log, &e, 12);
    char *text = written(f);
    assert_non_null(strstr(text, "[DMN] 12 records were lost"));
    assert_non_null(strstr(text, "Out of memory"));
}

/* What several processes append to a file, or write into a pipe, are whole lines. */
static void test_lines_wait_and_are_written_whole(void **state)
{
    struct fixture *f = *state;
    char text[8192];
    open_file(f, "");
    struct cyg_event e = event_of(CYG_R_NOMEM);
    cyg_log_event(f->log, &e, 0);
    assert_int_equal(file_size(f), 0);
    for (unsigned i = 0; i < 99; i++) {
        cyg_log_event(f->log, &e, 0);
    }
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    const size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_in_range(n, 1, 4096);
    assert_int_equal(text[n - 1], '\n');
    unsigned lines = 0;
    for (const char *at = strchr(written(f), '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        lines++;
    }
    assert_int_equal(lines, 100);
}

static void test_wrong_targets_are_refused(void **state)
{
    struct fixture *f = *state;
    struct cyg_error err;
    assert_int_equal(open_log(f, "target = syslog", &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_LOG_TARGET);
    assert_int_equal(open_log(f, "target = \"\"", &err), CYG_MALFORMED);
    assert_int_equal(open_log(f, "target = \"/nonexistent/log\"", &err), CYG_INTERNAL);
    assert_int_equal(err.reason, CYG_R_LOG_FILE);
    assert_null(f->log);
}

static void test_stderr_and_the_journal_can_be_opened(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_log(f, "target = stderr", NULL), CYG_OK);
    cyg_log_free(f->log);
    f->log = NULL;
    struct cyg_error err = { 0 };
#ifdef HAVE_SYSTEMD
    assert_int_equal(open_log(f, "target = journal", &err), CYG_OK);
#else
    assert_int_equal(open_log(f, "target = journal", &err), CYG_UNSUPPORTED);
    assert_int_equal(err.reason, CYG_R_LOG_NO_JOURNAL);
#endif
}

static void test_reopens_its_file_after_rotation(void **state)
{
    struct fixture *f = *state;
    char other[128];
    open_file(f, "");
    struct cyg_event e = event_of(CYG_R_NOMEM);
    snprintf(other, sizeof other, "%s.1", f->path);
    assert_int_equal(rename(f->path, other), 0);
    cyg_log_event(f->log, &e, 0);
    assert_int_equal(access(f->path, F_OK), -1);
    cyg_log_reopen(f->log);
    cyg_log_event(f->log, &e, 0);
    char *text = written(f);
    assert_non_null(strchr(text, '\n'));
    assert_null(strchr(strchr(text, '\n') + 1, '\n')); /* one line: the other is in the old file */
}

/* ---- H-104 ---- */

static void test_repeats_are_counted(void **state)
{
    struct fixture *f = *state;
    open_file(f, "");
    struct cyg_event e = from(CYG_R_DH_PUBLIC_BAD, "192.0.2.1:500");
    for (int i = 0; i < 1000; i++) {
        e.path.remote.bytes[3] = (uint8_t)i; /* all of one /24 */
        cyg_log_event(f->log, &e, 0);
    }
    char *text = written(f);
    assert_null(strchr(strchr(text, '\n') + 1, '\n'));
    cyg_log_free(f->log); /* the count is not forgotten */
    f->log = NULL;
    assert_non_null(strstr(written(f), "(and 998 more like this)"));
}

static void test_what_differs_is_not_counted_together(void **state)
{
    static struct log_limit limit; /* too big for the stack under ASan's taste */
    uint64_t repeats;
    (void)state;
    limit = (struct log_limit){ .seed = 1 };
    struct cyg_event a = from(CYG_R_DH_PUBLIC_BAD, "192.0.2.1:500");
    struct cyg_event b = from(CYG_R_DH_PUBLIC_SIZE, "192.0.2.1:500");
    struct cyg_event c = from(CYG_R_DH_PUBLIC_BAD, "192.0.3.1:500");
    struct cyg_event d = from(CYG_R_DH_PUBLIC_BAD, "[2001:db8:0:1::1]:500");
    struct cyg_event e = from(CYG_R_DH_PUBLIC_BAD, "[2001:db8:0:2::1]:500");
    struct cyg_event named = from(CYG_R_DH_PUBLIC_BAD, "192.0.2.1:500");
    snprintf(named.name, sizeof named.name, "x");
    struct cyg_event *all[] = { &a, &b, &c, &d, &e, &named };
    for (size_t i = 0; i < CYG_LEN(all); i++) {
        assert_true(log_limit_take(&limit, all[i], CYG_SEC, &repeats));
    }
    for (size_t i = 0; i < CYG_LEN(all); i++) {
        assert_false(log_limit_take(&limit, all[i], 2 * CYG_SEC, &repeats));
    }
    /* What nobody outside caused, and what a known peer's exchange tells, is never limited. */
    struct cyg_event own = event_of(CYG_R_DH_PUBLIC_BAD);
    struct cyg_event step = from(CYG_R_STARTED, "192.0.2.1:500");
    snprintf(step.name, sizeof step.name, "x");
    for (int i = 0; i < 3; i++) {
        assert_true(log_limit_take(&limit, &own, 2 * CYG_SEC, &repeats));
        assert_true(log_limit_take(&limit, &step, 2 * CYG_SEC, &repeats));
    }
}

static void test_a_count_is_told_after_its_time(void **state)
{
    static struct log_limit limit;
    uint64_t repeats, counted = 0;
    struct cyg_event last;
    (void)state;
    limit = (struct log_limit){ .seed = 2 };
    struct cyg_event e = from(CYG_R_DH_PUBLIC_BAD, "192.0.2.1:500");
    assert_true(log_limit_take(&limit, &e, CYG_SEC, &repeats));
    assert_false(log_limit_take(&limit, &e, CYG_SEC + 1, &repeats));
    assert_false(log_limit_take(&limit, &e, CYG_SEC + 2, &repeats));
    /* By the next one, */
    assert_true(log_limit_take(&limit, &e, CYG_SEC + LOG_LIMIT_TIME, &repeats));
    assert_int_equal(repeats, 2);
    assert_false(log_limit_take(&limit, &e, 2 * CYG_SEC + LOG_LIMIT_TIME, &repeats));
    /* or by the sweep, once. */
    size_t told = 0;
    for (size_t i = 0; i < 2 * LOG_LIMIT_SLOTS; i++) {
        told += log_limit_sweep(&limit, CYG_SEC + 2 * LOG_LIMIT_TIME, &last, &counted);
    }
    assert_int_equal(told, 1);
    assert_int_equal(counted, 1);
    assert_int_equal(last.error.reason, CYG_R_DH_PUBLIC_BAD);
}

/* From as many networks as there are: a bounded number of lines, the rest as one number. */
static void test_a_flood_from_everywhere_is_bounded(void **state)
{
    static struct log_limit limit;
    uint64_t repeats;
    size_t lines = 0;
    (void)state;
    limit = (struct log_limit){ .seed = 3 };
    struct cyg_event e = from(CYG_R_DH_PUBLIC_BAD, "10.0.0.1:500");
    const unsigned count = 100000;
    for (unsigned i = 0; i < count; i++) { /* in one second */
        e.path.remote.bytes[1] = (uint8_t)(i >> 8);
        e.path.remote.bytes[2] = (uint8_t)i;
        lines += log_limit_take(&limit, &e, CYG_SEC + i, &repeats);
    }
    assert_true(lines <= LOG_LIMIT_LINES);
    uint64_t sum = lines, counted;
    struct cyg_event last;
    for (size_t i = 0; i < LOG_LIMIT_SLOTS; i++) {
        sum += log_limit_sweep(&limit, CYG_NEVER, &last, &counted) ? counted : 0;
    }
    sum += log_limit_left_out(&limit, CYG_NEVER);
    assert_int_equal(sum, count); /* nothing is lost without being counted */
    assert_int_equal(log_limit_left_out(&limit, CYG_NEVER), 0);
}

static void *write_many(void *context)
{
    struct cyg_event e = event_of(CYG_R_NOMEM);
    for (int i = 0; i < 200; i++) {
        cyg_log_event(context, &e, 0);
    }
    return NULL;
}

static void test_lines_of_threads_do_not_mix(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[2];
    open_file(f, "");
    for (size_t i = 0; i < CYG_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, f->log), 0);
    }
    for (size_t i = 0; i < CYG_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    size_t lines = 0;
    for (char *line = written(f), *next; *line != '\0'; line = next + 1, lines++) {
        next = strchr(line, '\n');
        assert_non_null(next);
        *next = '\0';
        assert_string_equal(line + 24, " [IKE] Out of memory.");
    }
    assert_int_equal(lines, 400);
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, make, clean)

TEST_MAIN(WITH_LOG(test_writes_charons_form), WITH_LOG(test_writes_json_lines),
          WITH_LOG(test_long_records_stay_whole_lines), WITH_LOG(test_levels_count_per_group),
          WITH_LOG(test_lines_wait_and_are_written_whole), WITH_LOG(test_says_what_was_lost),
          WITH_LOG(test_wrong_targets_are_refused),
          WITH_LOG(test_stderr_and_the_journal_can_be_opened),
          WITH_LOG(test_reopens_its_file_after_rotation), WITH_LOG(test_repeats_are_counted),
          cmocka_unit_test(test_what_differs_is_not_counted_together),
          cmocka_unit_test(test_a_count_is_told_after_its_time),
          cmocka_unit_test(test_a_flood_from_everywhere_is_bounded),
          WITH_LOG(test_lines_of_threads_do_not_mix));
