/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *tmp = getenv("TMPDIR");
    if (f == NULL) {
        return -1;
    }
    snprintf(f->folder, sizeof f->folder, "%.40s/cygstoreXXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    snprintf(f->path, sizeof f->path, "%s/peers.db", f->folder);
    struct cyg_error err = { 0 };
    if (db_create(f->path, &err) != CYG_OK) {
        print_error("%s\n", fixture_reason(&err));
        return -1;
    }
    if (sqlite3_open_v2(f->path, &f->client, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        return -1;
    }
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".new", ".old" };
    struct fixture *f = *state;
    store_close(f->store);
    sqlite3_close(f->client);
    for (size_t i = 0; i < CYG_LEN(suffixes); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        unlink(path);
    }
    int rc = rmdir(f->folder);
    free(f);
    return rc;
}

void fixture_sql(struct fixture *f, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(f->client, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

const char *fixture_refused(struct fixture *f, const char *sql)
{
    static char text[512];
    char *message = NULL;
    if (sqlite3_exec(f->client, sql, NULL, NULL, &message) == SQLITE_OK) {
        fail_msg("not refused: %s", sql);
    }
    snprintf(text, sizeof text, "%s", message);
    sqlite3_free(message);
    return text;
}

int64_t fixture_number(struct fixture *f, const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(f->client, sql, -1, &s, NULL) != SQLITE_OK
        || sqlite3_step(s) != SQLITE_ROW) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(f->client));
    }
    int64_t number = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return number;
}

void fixture_open(struct fixture *f)
{
    struct cyg_error err = { 0 };
    if (store_open(f->path, &f->store, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
}

cyg_usec fixture_deadline(void)
{
    return cyg_time_now() + 30 * CYG_SEC; /* sanitizers on a busy machine */
}

struct cyg_path fixture_path(const char *local, const char *remote)
{
    struct cyg_path path;
    struct cyg_error err;
    assert_int_equal(cyg_address_parse(cyg_span_str(local), false, &path.local, &err), CYG_OK);
    assert_int_equal(cyg_address_parse(cyg_span_str(remote), false, &path.remote, &err), CYG_OK);
    return path;
}

struct cyg_identity fixture_identity(const char *text)
{
    struct cyg_identity id;
    struct cyg_error err = { 0 };
    if (cyg_identity_parse(cyg_span_str(text), &id, &err) != CYG_OK) {
        fail_msg("%s: %s", text, fixture_reason(&err));
    }
    return id;
}

const char *fixture_reason(const struct cyg_error *err)
{
    static char text[512];
    return cyg_error_format(err, text, sizeof text);
}

void fixture_fill(struct fixture *f, unsigned from, unsigned to)
{
    char sql[1024];
    /* The checks of the schema are tested elsewhere; without them this takes a second. */
    sqlite3_db_config(f->client, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    snprintf(
        sql, sizeof sql,
        "PRAGMA synchronous = OFF; BEGIN;"
        "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (VALUES (%u) UNION ALL"
        " SELECT i + 1 FROM n WHERE i < %u) SELECT i FROM n;"
        "INSERT INTO peers (name, remote_addrs, local_id, remote_id)"
        " SELECT printf('p%%07d', i), CASE i %% 3 WHEN 0 THEN '%%any'"
        " WHEN 1 THEN printf('10.%%d.%%d.%%d', i >> 16, i >> 8 & 255, i & 255)"
        " ELSE printf('172.16.%%d.0/24', i %% 16) END, 'gw.x', printf('b%%d.x', i) FROM n;"
        "INSERT INTO children (peer, name) SELECT printf('p%%07d', i), 'net' FROM n;"
        "INSERT INTO secrets (name, owners, secret)"
        " SELECT printf('s%%07d', i), printf('gw.x, b%%d.x', i), 'secret' FROM n WHERE i %% 4 = 0;"
        "INSERT INTO changed SELECT 'peer', printf('p%%07d', i) FROM n;"
        "INSERT INTO changed SELECT 'secret', printf('s%%07d', i) FROM n WHERE i %% 4 = 0;"
        "DROP TABLE n; COMMIT",
        from, to);
    fixture_sql(f, sql);
}
