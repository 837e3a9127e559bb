/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making, migrating and checking database files. */
#include "sql/database.h"

#include "sql/check.h"
#include "unit/store_sqlite/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_a_new_database_is_the_owners_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    struct cyg_error err = { 0 };
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), DB_VERSION);
    assert_int_equal(fixture_number(f, "PRAGMA application_id"), DB_APPLICATION_ID);
    assert_int_equal(db_create(f->path, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_STORE_EXISTS);
    assert_int_equal(db_create("/nonexistent/peers.db", &err), CYG_INTERNAL);
    assert_int_equal(err.reason, CYG_R_STORE_OPEN);
}

/* The text of schema.sql alone makes the same database, by any program. */
static void test_schema_sql_alone_is_enough(void **state)
{
    struct fixture *f = *state;
    char path[128];
    sqlite3 *db = NULL;
    struct cyg_error err = { 0 };
    snprintf(path, sizeof path, "%s.new", f->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, db_schema, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(db_verify(db, path, &err), CYG_OK);
    sqlite3_close(db);
}

static void test_a_connection_is_hardened(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    struct cyg_error err = { 0 };
    int on = -1;
    assert_int_equal(db_connect(f->path, true, &db, &err), CYG_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on);
    assert_int_equal(on, 1);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1, &on);
    assert_int_equal(on, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &on);
    assert_int_equal(on, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, -1, &on);
    assert_int_equal(on, 0);
    assert_int_not_equal(sqlite3_exec(db, "ATTACH ':memory:' AS other", NULL, NULL, NULL),
                         SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE sqlite_schema SET sql = ''", NULL, NULL, NULL),
                         SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "SELECT load_extension('x')", NULL, NULL, NULL),
                         SQLITE_OK);
    db_close(db);
    assert_int_equal(db_connect(f->path, false, &db, &err), CYG_OK);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM peers", NULL, NULL, NULL), SQLITE_OK);
    db_close(db);
}

/* ---- migrations ---- */

static enum cyg_code migrate(struct fixture *f, const struct db_migration *migrations, int version,
                             int *ret_from, struct cyg_error *err)
{
    sqlite3 *db = NULL;
    assert_int_equal(db_connect(f->path, true, &db, err), CYG_OK);
    enum cyg_code code = db_migrate(db, f->path, migrations, version, ret_from, err);
    assert_true(sqlite3_get_autocommit(db));
    db_close(db);
    return code;
}

static void test_migrations_run_in_order_and_keep_the_rows(void **state)
{
    struct fixture *f = *state;
    static const struct db_migration migrations[] = {
        { 3, "UPDATE peers SET note = note || '!'; CREATE INDEX peers_note ON peers (note)" },
        { 2, "ALTER TABLE peers ADD COLUMN note TEXT NOT NULL DEFAULT 'new';" },
        { 0 },
    };
    int from = 0;
    struct cyg_error err = { 0 };
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a')");
    assert_int_equal(migrate(f, migrations, 3, &from, &err), CYG_OK);
    assert_int_equal(from, 1);
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), 3);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM peers WHERE note = 'new!'"), 1);
    assert_int_equal(migrate(f, migrations, 3, &from, &err), CYG_OK); /* nothing to do */
    assert_int_equal(from, 3);
    assert_int_equal(migrate(f, migrations, 2, &from, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_STORE_NEWER);
}

static void test_a_migration_that_fails_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct db_migration fails[] = {
        { 2, "ALTER TABLE peers ADD COLUMN note TEXT; DELETE FROM peers" },
        { 3, "INSERT INTO nowhere VALUES (1)" },
        { 0 },
    };
    static const struct db_migration ends[] = { { 2, "DELETE FROM peers; COMMIT" }, { 0 } };
    static const struct db_migration none[] = { { 3, "SELECT 1" }, { 0 } };
    int from = -1;
    struct cyg_error err = { 0 };
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a')");
    assert_int_equal(migrate(f, fails, 3, &from, &err), CYG_INTERNAL);
    assert_int_equal(from, -1);
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM peers"), 1);
    assert_int_equal(migrate(f, none, 3, &from, &err), CYG_UNSUPPORTED);
    assert_int_equal(err.reason, CYG_R_STORE_NO_MIGRATION);
    assert_int_equal(migrate(f, ends, 2, &from, &err), CYG_INTERNAL);
    assert_int_equal(err.reason, CYG_R_INTERNAL); /* a mistake of ours, and not hidden */
}

/* The way that `cygnetctl db upgrade` takes, with the migrations that there are: they lead from
 * version 1 to ours without a gap. */
static void test_our_own_migrations_lead_to_our_version(void **state)
{
    struct fixture *f = *state;
    int from = 0, expected = 2;
    struct cyg_error err = { 0 };
    for (const struct db_migration *m = db_migrations; m->version != 0; m++) {
        assert_int_equal(m->version, expected++);
    }
    assert_int_equal(expected, DB_VERSION + 1);
    assert_int_equal(db_upgrade(f->path, &from, &err), CYG_OK);
    assert_int_equal(from, DB_VERSION);
    fixture_sql(f, "DROP TABLE children");
    assert_int_equal(db_upgrade(f->path, &from, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_STORE_SCHEMA);
    fixture_sql(f, "PRAGMA user_version = 9");
    assert_int_equal(db_upgrade(f->path, &from, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_STORE_NEWER);
}

/* ---- check ---- */

struct findings {
    char text[4096];
};

static void note(void *context, const char *kind, const char *name, const char *problem)
{
    struct findings *f = context;
    size_t used = strlen(f->text);
    snprintf(f->text + used, sizeof f->text - used, "%s %s: %s\n", kind, name, problem);
}

static void test_check_finds_every_bad_row(void **state)
{
    struct fixture *f = *state;
    struct findings findings = { "" };
    struct db_counts counts;
    struct cyg_error err = { 0 };
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a'), ('b');"
                   "INSERT INTO children (peer, name) VALUES ('a', 'net'), ('b', 'net');"
                   "INSERT INTO secrets (name, secret) VALUES ('s', 'x')");
    assert_int_equal(db_check(f->path, note, &findings, &counts, &err), CYG_OK);
    assert_string_equal(findings.text, "");
    assert_int_equal(counts.peers, 2);
    assert_int_equal(counts.children, 2);
    assert_int_equal(counts.secrets, 1);
    assert_int_equal(counts.problems, 0);

    fixture_sql(f, "PRAGMA ignore_check_constraints = ON");
    sqlite3_db_config(f->client, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    fixture_sql(f, "UPDATE peers SET remote_addrs = 'gw.example.org' WHERE name = 'a';"
                   "UPDATE secrets SET secret = '0xgeheim';"
                   "UPDATE children SET mode = 'beet' WHERE peer = 'b';"
                   "INSERT INTO children (peer, name) VALUES ('gone', 'lan')");
    assert_int_equal(db_check(f->path, note, &findings, &counts, &err), CYG_OK);
    assert_int_equal(counts.problems,
                     6); /* with two CHECKs that are broken, which are the file's */
    assert_non_null(strstr(findings.text, "file : CHECK constraint failed in"));
    assert_non_null(strstr(findings.text, "peer a: remote_addrs: \"gw.example.org\" is a name"));
    assert_non_null(strstr(findings.text, "peer b: child net, mode: \"beet\" is none of"));
    assert_non_null(strstr(findings.text, "child lan: There is no peer \"gone\""));
    assert_non_null(strstr(findings.text, "secret s: secret: After 0x"));
    assert_null(strstr(findings.text, "geheim"));
}

static void test_check_refuses_what_is_no_database(void **state)
{
    struct fixture *f = *state;
    struct findings findings = { "" };
    struct db_counts counts;
    struct cyg_error err = { 0 };
    assert_int_equal(db_check("/nonexistent", note, &findings, &counts, &err), CYG_NOT_FOUND);
    assert_int_equal(chmod(f->path, 0644), 0);
    assert_int_equal(db_check(f->path, note, &findings, &counts, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_STORE_MODE);
    assert_int_equal(db_check("/dev/null", note, &findings, &counts, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_STORE_NOT_OURS);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_a_new_database_is_the_owners_alone),
          WITH_DATABASE(test_schema_sql_alone_is_enough),
          WITH_DATABASE(test_a_connection_is_hardened),
          WITH_DATABASE(test_migrations_run_in_order_and_keep_the_rows),
          WITH_DATABASE(test_a_migration_that_fails_changes_nothing),
          WITH_DATABASE(test_our_own_migrations_lead_to_our_version),
          WITH_DATABASE(test_check_finds_every_bad_row),
          WITH_DATABASE(test_check_refuses_what_is_no_database));
