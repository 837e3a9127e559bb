/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a database has the schema that we know: compared object by object with one made in memory
 * from our own text. Nothing of the file is executed for it (H-175). */
#include "sql/database.h"

#include <stdio.h>
#include <string.h>

struct object {
    const char *type, *name, *table, *sql; /* borrowed from the statement that read it */
};

static enum cyg_code wrong(const char *path, const char *type, const char *name, const char *what,
                           struct cyg_error *err)
{
    char text[CYG_QUOTE_MAX + 1];
    snprintf(text, sizeof text, "%s %s %s", type, name, what);
    return CYG_FAIL(err, CYG_R_STORE_SCHEMA, .got_quote = cyg_quote_text(path),
                    .want_quote = cyg_quote_text(text));
}

static const char *column(sqlite3_stmt *s, int at)
{
    const unsigned char *text = sqlite3_column_text(s, at);
    return text != NULL ? (const char *)text : "";
}

static struct object read_object(sqlite3_stmt *s)
{
    return (struct object){ column(s, 0), column(s, 1), column(s, 2), column(s, 3) };
}

/* Each column that we expect, with its type, NOT NULL and place in the key. More are allowed. */
static enum cyg_code verify_columns(sqlite3 *db, sqlite3 *model, const char *path,
                                    const struct object *table, struct cyg_error *err)
{
    char *sql = sqlite3_mprintf("SELECT name FROM pragma_table_info(%Q)", table->name);
    sqlite3_stmt *s = NULL;
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(model, sql, -1, &s, NULL);
    sqlite3_free(sql);
    enum cyg_code code = CYG_OK;
    while (rc == SQLITE_OK && code == CYG_OK && sqlite3_step(s) == SQLITE_ROW) {
        const char *name = column(s, 0), *want = NULL, *got = NULL;
        int want_null = 0, got_null = 0, want_key = 0, got_key = 0;
        if (sqlite3_table_column_metadata(model, "main", table->name, name, &want, NULL, &want_null,
                                          &want_key, NULL)
                != SQLITE_OK
            || sqlite3_table_column_metadata(db, "main", table->name, name, &got, NULL, &got_null,
                                             &got_key, NULL)
                   != SQLITE_OK
            || strcmp(want != NULL ? want : "", got != NULL ? got : "") != 0
            || want_null != got_null || want_key != got_key) {
            char what[80];
            snprintf(what, sizeof what, "has no column %s as it should be", name);
            code = wrong(path, table->type, table->name, what, err);
        }
    }
    sqlite3_finalize(s);
    return rc == SQLITE_OK ? code : db_failure(model, rc, err);
}

static enum cyg_code verify_object(sqlite3 *db, sqlite3 *model, sqlite3_stmt *find,
                                   const char *path, const struct object *want,
                                   struct cyg_error *err)
{
    sqlite3_reset(find);
    sqlite3_bind_text(find, 1, want->name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(find);
    if (rc == SQLITE_DONE) {
        return wrong(path, want->type, want->name, "is missing", err);
    }
    if (rc != SQLITE_ROW) {
        return db_failure(db, rc, err);
    }
    struct object got = read_object(find);
    if (strcmp(want->type, got.type) != 0) {
        char what[32];
        snprintf(what, sizeof what, "is a %s", got.type);
        return wrong(path, want->type, want->name, what, err);
    }
    if (strcmp(want->table, got.table) != 0) {
        return wrong(path, want->type, want->name, "belongs to another table", err);
    }
    if (strcmp(want->type, "table") == 0) {
        /* The text differs after ALTER TABLE; what counts are the columns, and that it is no
         * virtual table, whose code would run. */
        if (strncmp(got.sql, "CREATE TABLE", 12) != 0) {
            return wrong(path, want->type, want->name, "is a virtual table", err);
        }
        return verify_columns(db, model, path, want, err);
    }
    if (strcmp(want->sql, got.sql) != 0) {
        return wrong(path, want->type, want->name, "has been changed", err);
    }
    return CYG_OK;
}

/* Triggers that are not ours: what they do to a client's writes, we can't know. */
static enum cyg_code verify_triggers(sqlite3 *db, sqlite3_stmt *find, const char *path,
                                     struct cyg_error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'", -1, &s,
                                NULL);
    enum cyg_code code = rc == SQLITE_OK ? CYG_OK : db_failure(db, rc, err);
    while (code == CYG_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        sqlite3_reset(find);
        sqlite3_bind_text(find, 1, column(s, 0), -1, SQLITE_TRANSIENT);
        if (sqlite3_step(find) != SQLITE_ROW) {
            code = wrong(path, "trigger", column(s, 0), "is not of cygnet", err);
        }
    }
    if (code == CYG_OK && rc != SQLITE_DONE) {
        code = db_failure(db, rc, err);
    }
    sqlite3_finalize(s);
    return code;
}

static enum cyg_code verify_with(sqlite3 *db, sqlite3 *model, const char *path,
                                 struct cyg_error *err)
{
    static const char all[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
    static const char one[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name = ?1";
    sqlite3_stmt *wanted = NULL, *find = NULL, *find_model = NULL;
    int rc = sqlite3_prepare_v2(model, all, -1, &wanted, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_prepare_v2(model, one, -1, &find_model, NULL);
    }
    enum cyg_code code = rc == SQLITE_OK ? CYG_OK : db_failure(model, rc, err);
    if (code == CYG_OK) {
        rc = sqlite3_prepare_v2(db, one, -1, &find, NULL);
        if (rc != SQLITE_OK) {
            code = db_failure(db, rc, err);
        }
    }
    while (code == CYG_OK && sqlite3_step(wanted) == SQLITE_ROW) {
        struct object want = read_object(wanted);
        code = verify_object(db, model, find, path, &want, err);
    }
    if (code == CYG_OK) {
        code = verify_triggers(db, find_model, path, err);
    }
    sqlite3_finalize(wanted);
    sqlite3_finalize(find);
    sqlite3_finalize(find_model);
    return code;
}

enum cyg_code db_verify(sqlite3 *db, const char *path, struct cyg_error *err)
{
    int version = 0;
    enum cyg_code code = db_version(db, path, &version, err);
    if (code != CYG_OK) {
        return code;
    }
    if (version != DB_VERSION) {
        return CYG_FAIL(err, version > DB_VERSION ? CYG_R_STORE_NEWER : CYG_R_STORE_OLDER,
                        .got_quote = cyg_quote_text(path), .got = (uint64_t)version,
                        .want = DB_VERSION);
    }
    CYG_CLEANUP(db_closep) sqlite3 *model = NULL;
    int rc = sqlite3_open_v2(
        ":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(model, db_schema, NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK) {
        return db_failure(model, rc, err);
    }
    return verify_with(db, model, path, err);
}
