/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases that are damaged, strange, locked or not ours (H-175, H-176): refused with file, object
 * and reason, or answered with "busy" by the deadline. */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_open(struct fixture *f, enum cyg_reason want, const char *words)
{
    struct cyg_error err = { 0 };
    struct store *store = NULL;
    enum cyg_code code = store_open(f->path, &store, &err);
    if (code == CYG_OK) {
        store_close(store);
        fail_msg("opened, not refused: %s", words);
    }
    if (err.reason != want || strstr(fixture_reason(&err), words) == NULL
        || strstr(fixture_reason(&err), "peers.db") == NULL) {
        fail_msg("says \"%s\", not \"%s\"", fixture_reason(&err), words);
    }
}

static void close_client(struct fixture *f)
{
    fixture_sql(f, "PRAGMA journal_mode = DELETE"); /* all in one file */
    assert_int_equal(sqlite3_close(f->client), SQLITE_OK);
    f->client = NULL;
}

static void test_a_foreign_schema_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum cyg_reason reason;
        const char *words;
    } cases[] = {
        { "PRAGMA user_version = 2", CYG_R_STORE_NEWER,
          "has version 2, this cygnet knows up to 1" },
        { "PRAGMA user_version = 0", CYG_R_STORE_NOT_OURS, "is no database of cygnet" },
        { "PRAGMA application_id = 7", CYG_R_STORE_NOT_OURS, "is no database of cygnet" },
        { "DROP TABLE children", CYG_R_STORE_SCHEMA, "table children is missing" },
        { "DROP INDEX children_name", CYG_R_STORE_SCHEMA, "index children_name is missing" },
        { "DROP TRIGGER peers_update", CYG_R_STORE_SCHEMA, "trigger peers_update is missing" },
        { "DROP TABLE secrets; CREATE VIEW secrets (name, owners, secret) AS SELECT 'a', '', 'b'",
          CYG_R_STORE_SCHEMA, "table secrets is a view" },
        { "DROP TABLE problem; CREATE VIRTUAL TABLE problem USING fts5(a)", CYG_R_STORE_SCHEMA,
          "table problem is a virtual table" },
        { "DROP TABLE changed; CREATE TABLE changed (kind TEXT NOT NULL, name INTEGER)",
          CYG_R_STORE_SCHEMA, "table changed has no column kind" },
        { "ALTER TABLE peers DROP COLUMN dpd_timeout", CYG_R_STORE_SCHEMA, NULL },
        { "CREATE TRIGGER mine AFTER INSERT ON lookup_peer BEGIN"
          " INSERT INTO lookup_peer SELECT * FROM lookup_peer; END",
          CYG_R_STORE_SCHEMA, "trigger mine is not of cygnet" },
        { "DROP TRIGGER peers_delete;"
          "CREATE TRIGGER peers_delete AFTER DELETE ON peers BEGIN SELECT 1; END",
          CYG_R_STORE_SCHEMA, "trigger peers_delete has been changed" },
    };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        void *one = NULL;
        assert_int_equal(fixture_setup(&one), 0);
        struct fixture *f = one;
        if (cases[i].words == NULL) { /* SQLite itself stands before it */
            fixture_refused(f, cases[i].sql);
        } else {
            fixture_sql(f, cases[i].sql);
            expect_open(f, cases[i].reason, cases[i].words);
        }
        assert_int_equal(fixture_teardown(&one), 0);
    }
}

static void test_what_an_administrator_adds_is_let_be(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "CREATE TABLE notes (peer TEXT, note TEXT);"
                   "CREATE VIEW active AS SELECT name FROM peers WHERE enabled;"
                   "CREATE INDEX by_id ON peers (remote_id);"
                   "ALTER TABLE peers ADD COLUMN note TEXT;"
                   "INSERT INTO peers (name, note) VALUES ('a', 'the big one')");
    fixture_open(f);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem"), 0);
}

/* A trigger that came after we opened the file does not run in our writes. */
static void test_triggers_of_the_file_never_run_for_us(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_sql(f, "CREATE TABLE loot (x);"
                   "CREATE TRIGGER evil AFTER INSERT ON lookup_peer BEGIN"
                   " INSERT INTO loot SELECT secret FROM secrets; END;"
                   "INSERT INTO secrets (name, secret) VALUES ('s', 'geheim');"
                   "INSERT INTO peers (name) VALUES ('a')");
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(
        store_sqlite_ops.peer_by_name(f->store, "a", NULL, fixture_deadline(), &peer, &err),
        CYG_OK);
    cyg_peer_release(peer);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM loot"), 0);
}

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

static void test_files_that_are_no_database_are_refused(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[20000];
    close_client(f);
    write_file(f->path, "", 0);
    expect_open(f, CYG_R_STORE_NOT_OURS, "is no database of cygnet");
    write_file(f->path, bytes, sizeof bytes);
    expect_open(f, CYG_R_STORE_NOT_OURS, "is no database of cygnet");
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    write_file(f->path, bytes, sizeof bytes);
    expect_open(f, CYG_R_STORE_NOT_OURS, "is no database of cygnet");
    memcpy(bytes, "SQLite format 3", 16);
    write_file(f->path, bytes, sizeof bytes);
    expect_open(f, CYG_R_STORE_NOT_OURS, "is no database of cygnet");
    assert_int_equal(unlink(f->path), 0);
    expect_open(f, CYG_R_STORE_MISSING, "There is no database");
    assert_int_equal(mkdir(f->path, 0700), 0);
    expect_open(f, CYG_R_STORE_NOT_OURS, "no regular file");
    assert_int_equal(rmdir(f->path), 0);
}

/* Every length that a copy could have broken off at: opened or refused, but never worse. What the
 * file still has is used, what it has not is a reason of ours. */
static void test_a_truncated_database_never_does_harm(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                   " INSERT INTO peers (name, remote_addrs) SELECT 'p' || i, '10.0.0.' || i FROM n;"
                   "INSERT INTO secrets (name, secret) VALUES ('s', 'geheim')");
    close_client(f);
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    static uint8_t whole[1 << 20];
    size_t len = fread(whole, 1, sizeof whole, file), refused = 0;
    fclose(file);
    assert_true(len > 50000 && len < sizeof whole);
    for (size_t at = 0; at < len; at += at < 4096 ? 512 : 8192) {
        write_file(f->path, whole, at);
        struct store *store = NULL;
        struct cyg_error err = { 0 };
        if (store_open(f->path, &store, &err) != CYG_OK) {
            refused++;
            assert_true(err.reason >= 2200 && err.reason < 2300);
            continue;
        }
        struct cyg_path path = fixture_path("192.0.2.1", "10.0.0.77");
        struct cyg_candidates *all = NULL;
        if (store_sqlite_ops.candidates(store, &path, fixture_deadline(), &all, &err) == CYG_OK) {
            cyg_candidates_free(all);
        }
        store_close(store);
    }
    assert_true(refused > 5);
}

static void test_a_database_that_others_may_read_is_refused(void **state)
{
    struct fixture *f = *state;
    static const mode_t bad[] = { 0604, 0602, 0620, 0644, 0666, 0601 },
                        good[] = { 0600, 0640, 0400 };
    for (size_t i = 0; i < CYG_LEN(bad); i++) {
        assert_int_equal(chmod(f->path, bad[i]), 0);
        expect_open(f, CYG_R_STORE_MODE, "lets others at it");
    }
    for (size_t i = 0; i < CYG_LEN(good); i++) {
        struct cyg_error err;
        assert_int_equal(chmod(f->path, good[i]), 0);
        assert_int_equal(db_check_mode(f->path, &err), CYG_OK);
    }
    assert_int_equal(chmod(f->path, 0600), 0);
}

static enum cyg_code ask(struct fixture *f, cyg_usec within, struct cyg_error *err)
{
    struct cyg_path path = fixture_path("192.0.2.1", "10.0.0.1");
    struct cyg_candidates *all = NULL;
    enum cyg_code code =
        store_sqlite_ops.candidates(f->store, &path, cyg_time_now() + within, &all, err);
    cyg_candidates_free(all);
    return code;
}

/* H-176: somebody holds the file for ten minutes. */
static void test_a_locked_database_is_busy_by_the_deadline(void **state)
{
    struct fixture *f = *state;
    struct cyg_error err = { 0 };
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a')");
    fixture_open(f);
    assert_int_equal(ask(f, 10 * CYG_SEC, &err), CYG_OK);

    /* Who only writes for long disturbs nobody: nothing new is to be seen yet. */
    fixture_sql(f, "BEGIN IMMEDIATE; UPDATE peers SET encap = 1");
    assert_int_equal(ask(f, 10 * CYG_SEC, &err), CYG_OK);
    fixture_sql(f, "COMMIT; BEGIN IMMEDIATE");

    /* Now something is to be derived, and the lock is another's. */
    cyg_usec before = cyg_time_now();
    assert_int_equal(ask(f, CYG_SEC / 5, &err), CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_STORE_BUSY);
    cyg_usec took = cyg_time_now() - before;
    assert_true(took < 5 * CYG_SEC); /* a generous machine's 0.2 s */
    struct cyg_peer_changes *changes = NULL;
    assert_int_equal(store_sqlite_ops.poll(f->store, cyg_time_now() + CYG_SEC / 5, &changes, &err),
                     CYG_LIMIT);
    fixture_sql(f, "ROLLBACK");
    assert_int_equal(ask(f, 10 * CYG_SEC, &err), CYG_OK);
    assert_int_equal(store_sqlite_ops.poll(f->store, fixture_deadline(), &changes, &err), CYG_OK);
    assert_int_equal(changes->n, 1); /* what could not be told then is told now */
    cyg_peer_changes_free(changes);
}

static void test_a_deadline_that_is_over_is_busy(void **state)
{
    struct fixture *f = *state;
    struct cyg_error err = { 0 };
    fixture_open(f);
    fixture_sql(f,
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
                " INSERT INTO peers (name) SELECT 'p' || i FROM n");
    assert_int_equal(ask(f, 0, &err), CYG_LIMIT);
    assert_int_equal(err.reason, CYG_R_STORE_BUSY);
    /* What was derived until then stays so: with the next tries it comes to an end. */
    for (size_t i = 0; i < 1000 && ask(f, 20 * CYG_MSEC, &err) != CYG_OK; i++) {
        assert_int_equal(err.reason, CYG_R_STORE_BUSY);
    }
    assert_int_equal(ask(f, 10 * CYG_SEC, &err), CYG_OK);
}

/* Changed by hand behind SQLite's back, while it is open. */
static void test_damage_while_open_is_a_reason(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
                   " INSERT INTO peers (name, remote_addrs) SELECT 'p' || i, '10.0.0.1' FROM n");
    fixture_open(f);
    fixture_sql(f, "PRAGMA wal_checkpoint(TRUNCATE)");
    int fd = open(f->path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    static const uint8_t noise[4096 * 20] = { 0xff, 0xff };
    assert_int_equal(pwrite(fd, noise, sizeof noise, 4096), sizeof noise);
    close(fd);
    store_close(f->store); /* its cache would still answer */
    f->store = NULL;
    struct store *store = NULL;
    struct cyg_error err = { 0 };
    assert_int_not_equal(store_open(f->path, &store, &err), CYG_OK);
    assert_int_equal(err.reason, CYG_R_STORE_DAMAGED);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(cmocka_unit_test(test_a_foreign_schema_is_refused),
          WITH_DATABASE(test_what_an_administrator_adds_is_let_be),
          WITH_DATABASE(test_triggers_of_the_file_never_run_for_us),
          WITH_DATABASE(test_files_that_are_no_database_are_refused),
          WITH_DATABASE(test_a_truncated_database_never_does_harm),
          WITH_DATABASE(test_a_database_that_others_may_read_is_refused),
          WITH_DATABASE(test_a_locked_database_is_busy_by_the_deadline),
          WITH_DATABASE(test_a_deadline_that_is_over_is_busy),
          WITH_DATABASE(test_damage_while_open_is_a_reason));
