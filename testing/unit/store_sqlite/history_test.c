/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history's file: what is written is read again, what is beyond the bounds goes by indexes, and
 * a file that can't be used is refused without harm. */
#include "store_sqlite/history_internal.h"

#include "unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char folder[64], path[96];
    struct history *history;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/cygnet-history-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/history.db", f->folder);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    struct fixture *f = *state;
    history_close(f->history);
    for (size_t i = 0; i < CYG_LEN(tails); i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", f->path, tails[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void open_it(struct fixture *f)
{
    struct cyg_error err = { 0 };
    history_close(f->history);
    f->history = NULL;
    assert_int_equal(history_open(f->path, &f->history, &err), CYG_OK);
}

static struct cyg_history_entry entry(uint64_t number, uint32_t seq, const char *peer,
                                      const char *result)
{
    struct cyg_history_entry e = { .negotiation = number,
                                   .seq = seq,
                                   .kind =
                                       result[0] != '\0' ? CYG_HISTORY_END : CYG_HISTORY_DECISION,
                                   .phase = 1,
                                   .when = (int64_t)number,
                                   .reason = CYG_R_NO_ANSWER };
    for (unsigned i = 0; i < CYG_HISTORY_TEXTS; i++) {
        *cyg_history_text(&e, i) = "";
    }
    e.peer = peer;
    e.result = result;
    e.source = "192.0.2.1";
    return e;
}

/* One negotiation of one decision and its end. */
static enum cyg_code put(struct fixture *f, uint64_t number, const char *peer, const char *result)
{
    struct cyg_error err = { 0 };
    const struct cyg_history_entry both[] = { entry(number, 1, peer, ""),
                                              entry(number, 2, peer, result) };
    return history_write(f->history, both, 2, NULL, 0, CYG_NEVER, &err);
}

static struct cyg_history *get(struct fixture *f, const struct cyg_history_query *query)
{
    struct cyg_history *ret = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(history_read(f->history, query, NULL, 0, CYG_NEVER, &ret, &err), CYG_OK);
    return ret;
}

static uint64_t count(struct fixture *f, const char *sql)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->history->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    const uint64_t n = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static void test_what_is_written_is_read_again(void **state)
{
    struct fixture *f = *state;
    struct cyg_error err = { 0 };
    open_it(f);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct cyg_history_entry e[] = { entry(7, 1, "", ""), entry(7, 2, "branch", "failed") };
    e[0].kind = CYG_HISTORY_MESSAGE;
    e[0].sent = true;
    e[0].bytes = 184;
    e[0].payloads = "SA: IPSEC\n  P 1";
    e[0].begun_by = e[1].begun_by = CYG_HISTORY_BY_NONE;
    e[1].text = "No answer.";
    assert_int_equal(history_write(f->history, e, 2, NULL, 0, CYG_NEVER, &err), CYG_OK);
    open_it(f); /* a restart */
    assert_int_equal(history_last(f->history), 7);
    struct cyg_history *h = get(f, &(struct cyg_history_query){ .peer = "branch", .limit = 9 });
    assert_int_equal(h->n, 2);
    assert_int_equal(h->entries[0].kind, CYG_HISTORY_MESSAGE);
    assert_true(h->entries[0].sent);
    assert_int_equal(h->entries[0].bytes, 184);
    assert_string_equal(h->entries[0].payloads, "SA: IPSEC\n  P 1");
    assert_string_equal(h->entries[0].peer, "branch"); /* known by its end */
    assert_int_equal(h->entries[1].begun_by, CYG_HISTORY_BY_NONE);
    assert_string_equal(h->entries[1].text, "No answer.");
    assert_string_equal(h->entries[1].result, "failed");
    cyg_history_free(h);
}

static void test_a_peer_keeps_8_failed_and_4_others(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    for (uint64_t i = 1; i <= 30; i++) {
        assert_int_equal(put(f, i, "branch", i % 2 == 0 ? "failed" : "up"), CYG_OK);
    }
    assert_int_equal(put(f, 31, "other", "failed"), CYG_OK);
    struct cyg_history *h = get(f, &(struct cyg_history_query){ .peer = "branch", .limit = 99 });
    assert_int_equal(h->n, 2 * (8 + 4));
    assert_int_equal(h->entries[0].negotiation, 16); /* by time, the newest are there */
    assert_int_equal(h->entries[h->n - 1].negotiation, 30);
    cyg_history_free(h);
    assert_int_equal(count(f, "SELECT count(*) FROM entries"), 2 * (8 + 4 + 1));
    assert_int_equal(f->history->count, 13);
}

static void test_unknown_sources_keep_1024(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    assert_int_equal(put(f, 1, "branch", "failed"), CYG_OK);
    for (uint64_t i = 2; i <= HISTORY_UNKNOWN + 100; i++) {
        assert_int_equal(put(f, i, "", "failed"), CYG_OK);
    }
    assert_int_equal(count(f, "SELECT count(*) FROM negotiations WHERE peer = ''"),
                     HISTORY_UNKNOWN);
    assert_int_equal(count(f, "SELECT count(*) FROM negotiations WHERE peer = 'branch'"), 1);
}

static void test_all_peers_together_are_bounded(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    f->history->count = HISTORY_ALL; /* as if so many were there */
    assert_int_equal(put(f, 1, "a", "up"), CYG_OK);
    assert_int_equal(count(f, "SELECT count(*) FROM negotiations"), 0); /* the oldest was this */
    assert_int_equal(count(f, "SELECT count(*) FROM entries"), 0);
    assert_int_equal(f->history->count, HISTORY_ALL);
}

static void test_an_unknown_source_belongs_to_who_has_its_address(void **state)
{
    struct fixture *f = *state;
    struct cyg_prefix addresses[2];
    struct cyg_history *h = NULL;
    struct cyg_error err = { 0 };
    const struct cyg_history_query query = { .peer = "branch", .limit = 2 };
    open_it(f);
    assert_int_equal(cyg_prefix_parse(cyg_span_str("192.0.2.0/24"), &addresses[0], NULL), CYG_OK);
    assert_int_equal(cyg_prefix_parse(cyg_span_str("%any"), &addresses[1], NULL), CYG_OK);
    assert_int_equal(put(f, 1, "branch", "up"), CYG_OK);
    assert_int_equal(put(f, 2, "", "failed"), CYG_OK);
    assert_int_equal(put(f, 3, "another", "failed"), CYG_OK);
    assert_int_equal(history_read(f->history, &query, addresses, 1, CYG_NEVER, &h, &err), CYG_OK);
    assert_int_equal(h->n, 4);
    assert_int_equal(h->entries[0].negotiation, 1);
    assert_int_equal(h->entries[2].negotiation, 2);
    cyg_history_free(h);
    assert_int_equal(history_read(f->history, &query, addresses + 1, 1, CYG_NEVER, &h, &err),
                     CYG_OK);
    assert_int_equal(h->n, 2); /* %any fits everybody: nothing is said by it */
    cyg_history_free(h);
}

/* How many counts are read; the newest stands last. */
static void assert_drops(struct fixture *f, const struct cyg_history_query *query, size_t n)
{
    struct cyg_history *history = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(history_read(f->history, query, NULL, 0, CYG_NEVER, &history, &err), CYG_OK);
    assert_int_equal(history->n_drops, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(history->drops[i].reason, CYG_R_NO_SA);
        assert_true(i == 0 || history->drops[i].last >= history->drops[i - 1].last);
    }
    if (n == 1) {
        assert_int_equal(history->drops[0].count, 6);
        assert_int_equal(history->drops[0].first, 5);
        assert_string_equal(history->drops[0].network, "192.0.2.0/24");
    }
    cyg_history_free(history);
}

static void test_drops_are_counted_by_reason_and_network(void **state)
{
    struct fixture *f = *state;
    struct cyg_error err = { 0 };
    struct cyg_history_drop d = {
        .reason = CYG_R_NO_SA, .network = "192.0.2.0/24", .count = 3, .first = 5, .last = 6
    };
    open_it(f);
    assert_int_equal(history_write(f->history, NULL, 0, &d, 1, CYG_NEVER, &err), CYG_OK);
    assert_int_equal(history_write(f->history, NULL, 0, &d, 1, CYG_NEVER, &err), CYG_OK);
    assert_int_equal(count(f, "SELECT count FROM dropped WHERE code = 'NO_SA'"), 6);
    assert_drops(f, &(struct cyg_history_query){ 0 }, 1);
    assert_drops(f, &(struct cyg_history_query){ .unknown = true }, 1);
    assert_drops(f, &(struct cyg_history_query){ .peer = "a" }, 0);
    assert_drops(f, &(struct cyg_history_query){ .source = "192.0.2.1" }, 0);
    for (int i = 0; i < HISTORY_DROPPED + 50; i++) {
        snprintf(d.network, sizeof d.network, "10.%d.%d.0/24", i / 256, i % 256);
        d.last = 100 + i;
        assert_int_equal(history_write(f->history, NULL, 0, &d, 1, CYG_NEVER, &err), CYG_OK);
    }
    assert_in_range(count(f, "SELECT count(*) FROM dropped"), HISTORY_DROPPED - 1, HISTORY_DROPPED);
    assert_drops(f, &(struct cyg_history_query){ 0 }, 32);
}

static void test_what_writes_searches_by_index(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    for (int i = H_NEGOTIATION; i <= H_PRUNE_DROPPED; i++) {
        char sql[1024];
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", history_sql((enum history_query)i));
        assert_int_equal(sqlite3_prepare_v2(f->history->db, sql, -1, &s, NULL), SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            const char *plan = (const char *)sqlite3_column_text(s, 3);
            /* The order of an index, cut after 1 024, is no scan of the table. */
            if (strstr(plan, "SCAN") != NULL && strstr(plan, "dropped_by_last") == NULL) {
                fail_msg("%s: %s", sql, plan);
            }
        }
        sqlite3_finalize(s);
    }
}

static void refuses(struct fixture *f, const char *words)
{
    struct cyg_error err = { 0 };
    char text[512];
    assert_int_not_equal(history_open(f->path, &f->history, &err), CYG_OK);
    assert_null(f->history);
    assert_int_equal(err.reason, CYG_R_HISTORY_OPEN);
    cyg_error_format(&err, text, sizeof text);
    if (strstr(text, words) == NULL) {
        fail_msg("%s", text);
    }
}

static void write_file(const struct fixture *f, const void *bytes, size_t len, mode_t mode)
{
    const int fd = open(f->path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void test_h175_a_broken_file_is_refused_an_empty_one_made_anew(void **state)
{
    struct fixture *f = *state;
    char noise[8192];
    memset(noise, 'x', sizeof noise);
    write_file(f, noise, sizeof noise, 0600);
    refuses(f, "not a database");
    write_file(f, "", 0, 0600);
    open_it(f);
}

static void sql_on(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void closed(struct fixture *f)
{
    open_it(f);
    history_close(f->history);
    f->history = NULL;
}

static void test_h175_another_schema_version_or_mode_is_refused(void **state)
{
    struct fixture *f = *state;
    closed(f);
    sql_on(f, "PRAGMA user_version = 2");
    refuses(f, "version 2");
    sql_on(f, "PRAGMA user_version = 1; PRAGMA application_id = 1");
    refuses(f, "application_id");
    sql_on(f, "PRAGMA application_id = 0x63796768; DROP TABLE entries;"
              "CREATE VIEW entries AS SELECT * FROM negotiations");
    refuses(f, "database failed");
    assert_int_equal(chmod(f->path, 0666), 0);
    refuses(f, "mode");
}

static void test_h176_locked_or_full_loses_that_write_only(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = NULL;
    open_it(f);
    assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    const cyg_usec before = cyg_time_now();
    assert_int_equal(put(f, 1, "branch", "failed"), CYG_LIMIT);
    assert_true(cyg_time_now() - before < 5 * CYG_SEC);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(put(f, 2, "branch", "failed"), CYG_OK);

    assert_int_equal(sqlite3_exec(f->history->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
                     SQLITE_OK); /* as many as there are */
    enum cyg_code code = CYG_OK;
    uint64_t n = 3;
    while (code == CYG_OK && n < 2000) {
        char peer[16];
        snprintf(peer, sizeof peer, "p%u", (unsigned)n);
        code = put(f, n++, peer, "failed");
    }
    assert_int_equal(code, CYG_INTERNAL); /* full */
    const uint64_t whole = count(f, "SELECT count(*) FROM negotiations");
    assert_int_equal(whole, f->history->count);
    assert_int_equal(count(f, "SELECT count(*) FROM entries"), 2 * whole); /* nothing by halves */
    assert_int_equal(
        sqlite3_exec(f->history->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(put(f, n, "branch", "failed"), CYG_OK);
}

static void test_h178_names_with_sql_are_names(void **state)
{
    struct fixture *f = *state;
    static const char evil[] = "x' OR 1=1 --";
    open_it(f);
    assert_int_equal(put(f, 1, "branch", "failed"), CYG_OK);
    assert_int_equal(put(f, 2, evil, "failed"), CYG_OK);
    struct cyg_history_query query = { .limit = 9 };
    strcpy(query.peer, evil);
    struct cyg_history *h = get(f, &query);
    assert_int_equal(h->n, 2);
    assert_string_equal(h->entries[0].peer, evil);
    cyg_history_free(h);
    strcpy(query.peer, "%");
    h = get(f, &query);
    assert_int_equal(h->n, 0);
    cyg_history_free(h);
}

#define HISTORY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(HISTORY_TEST(test_what_is_written_is_read_again),
          HISTORY_TEST(test_a_peer_keeps_8_failed_and_4_others),
          HISTORY_TEST(test_unknown_sources_keep_1024),
          HISTORY_TEST(test_all_peers_together_are_bounded),
          HISTORY_TEST(test_an_unknown_source_belongs_to_who_has_its_address),
          HISTORY_TEST(test_drops_are_counted_by_reason_and_network),
          HISTORY_TEST(test_what_writes_searches_by_index),
          HISTORY_TEST(test_h175_a_broken_file_is_refused_an_empty_one_made_anew),
          HISTORY_TEST(test_h175_another_schema_version_or_mode_is_refused),
          HISTORY_TEST(test_h176_locked_or_full_loses_that_write_only),
          HISTORY_TEST(test_h178_names_with_sql_are_names));
