/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening, making and migrating database files. What a schema must look like: verify.c. */
#include "sql/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000 /* for cygnetctl; the plugin sets its own by deadline */

/* H-175: what a file may ask of us. */
static const struct {
    int limit, value;
} limits[] = {
    { SQLITE_LIMIT_LENGTH, 4 << 20 },     { SQLITE_LIMIT_SQL_LENGTH, 1 << 18 },
    { SQLITE_LIMIT_COLUMN, 100 },         { SQLITE_LIMIT_EXPR_DEPTH, 200 },
    { SQLITE_LIMIT_COMPOUND_SELECT, 20 }, { SQLITE_LIMIT_VDBE_OP, 50000 },
    { SQLITE_LIMIT_FUNCTION_ARG, 10 },    { SQLITE_LIMIT_ATTACHED, 0 },
    { SQLITE_LIMIT_TRIGGER_DEPTH, 10 },   { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200 },
    { SQLITE_LIMIT_VARIABLE_NUMBER, 50 }, { SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const struct {
    int option, value;
} options[] = {
    { SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
    { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
    { SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_DQS_DDL, 0 },
};

enum cyg_code db_failure(sqlite3 *db, int rc, struct cyg_error *err)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return CYG_FAIL(err, CYG_R_STORE_BUSY);
    case SQLITE_NOMEM:
        return CYG_FAIL(err, CYG_R_NOMEM);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CYG_FAIL(err, CYG_R_STORE_DAMAGED,
                        .got_quote = cyg_quote_text(sqlite3_db_filename(db, "main")),
                        .want_quote = cyg_quote_text(sqlite3_errmsg(db)));
    default:
        return CYG_FAIL(err, CYG_R_STORE_FAILED,
                        .got_quote =
                            cyg_quote_text(db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc)));
    }
}

enum cyg_code db_check_mode(const char *path, struct cyg_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return CYG_FAIL(err, CYG_R_STORE_MISSING, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text(strerror(errno)));
    }
    if (!S_ISREG(st.st_mode)) {
        return CYG_FAIL(err, CYG_R_STORE_NOT_OURS, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text("no regular file"));
    }
    if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0 || (st.st_uid != 0 && st.st_uid != geteuid())) {
        return CYG_FAIL(err, CYG_R_STORE_MODE, .got_quote = cyg_quote_text(path),
                        .got = st.st_mode & 0777u);
    }
    return CYG_OK;
}

static int harden(sqlite3 *db)
{
    for (size_t i = 0; i < CYG_LEN(limits); i++) {
        sqlite3_limit(db, limits[i].limit, limits[i].value);
    }
    for (size_t i = 0; i < CYG_LEN(options); i++) {
        int rc = sqlite3_db_config(db, options[i].option, options[i].value, (int *)NULL);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    /* Reads no page yet. mmap stays off: a file that is cut would end us with SIGBUS. */
    return sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;", NULL, NULL,
                        NULL);
}

static enum cyg_code connect_with(const char *path, int flags, sqlite3 **ret, struct cyg_error *err)
{
    CYG_CLEANUP(db_closep) sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(
        path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
        NULL);
    if (rc == SQLITE_OK) {
        rc = harden(db);
    }
    if (rc != SQLITE_OK) {
        if (rc == SQLITE_NOMEM) {
            return CYG_FAIL(err, CYG_R_NOMEM);
        }
        return CYG_FAIL(err, CYG_R_STORE_OPEN, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text(sqlite3_errmsg(db)));
    }
    *ret = CYG_TAKE(db);
    return CYG_OK;
}

enum cyg_code db_connect(const char *path, bool write, sqlite3 **ret, struct cyg_error *err)
{
    CYG_CLEANUP(db_closep) sqlite3 *db = NULL;
    /* A reader writes too: the shared memory of the write-ahead log. */
    enum cyg_code code = connect_with(path, SQLITE_OPEN_READWRITE, &db, err);
    if (code != CYG_OK) {
        return code;
    }
    const char *mode = write ? "PRAGMA synchronous = NORMAL" : "PRAGMA query_only = ON";
    int rc = sqlite3_exec(db, mode, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        return db_failure(db, rc, err);
    }
    *ret = CYG_TAKE(db);
    return CYG_OK;
}

void db_close(sqlite3 *db)
{
    sqlite3_close_v2(db);
}

/* One number that a pragma gives. */
static int pragma_number(sqlite3 *db, const char *sql, int *ret)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        if (rc == SQLITE_ROW) {
            *ret = sqlite3_column_int(s, 0);
            rc = SQLITE_OK;
        }
    }
    sqlite3_finalize(s);
    return rc;
}

enum cyg_code db_marks(sqlite3 *db, const char *path, int *ret_application, int *ret_version,
                       struct cyg_error *err)
{
    int rc = pragma_number(db, "PRAGMA application_id", ret_application);
    if (rc == SQLITE_OK) {
        rc = pragma_number(db, "PRAGMA user_version", ret_version);
    }
    if ((rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT) {
        return CYG_FAIL(err, CYG_R_STORE_NOT_OURS, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text(sqlite3_errmsg(db)));
    }
    return rc == SQLITE_OK ? CYG_OK : db_failure(db, rc, err);
}

enum cyg_code db_version(sqlite3 *db, const char *path, int *ret, struct cyg_error *err)
{
    int application = 0, version = 0;
    enum cyg_code code = db_marks(db, path, &application, &version, err);
    if (code != CYG_OK) {
        return code;
    }
    if (application != DB_APPLICATION_ID || version < 1) {
        return CYG_FAIL(err, CYG_R_STORE_NOT_OURS, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text("its application_id is another's"));
    }
    *ret = version;
    return CYG_OK;
}

enum cyg_code db_create(const char *path, struct cyg_error *err)
{
    return db_create_with(path, db_schema, err);
}

enum cyg_code db_create_with(const char *path, const char *schema, struct cyg_error *err)
{
    /* Made by us, so that it never exists with another mode; SQLite gives -wal and -shm the same.
     */
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return CYG_FAIL(err, errno == EEXIST ? CYG_R_STORE_EXISTS : CYG_R_STORE_OPEN,
                        .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text(strerror(errno)));
    }
    close(fd);
    CYG_CLEANUP(db_closep) sqlite3 *db = NULL;
    enum cyg_code code = connect_with(path, SQLITE_OPEN_READWRITE, &db, err);
    if (code == CYG_OK) {
        int rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;", NULL, NULL, NULL);
        if (rc == SQLITE_OK) {
            rc = sqlite3_exec(db, schema, NULL, NULL, NULL);
        }
        if (rc == SQLITE_OK) {
            rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        }
        if (rc != SQLITE_OK) {
            code = db_failure(db, rc, err);
        }
    }
    if (code != CYG_OK) {
        unlink(path);
    }
    return code;
}

/* All steps, without the transaction around them. */
static enum cyg_code migrate_steps(sqlite3 *db, const struct db_migration *migrations, int from,
                                   int version, struct cyg_error *err)
{
    for (int next = from + 1; next <= version; next++) {
        const struct db_migration *m = migrations;
        while (m->version != 0 && m->version != next) {
            m++;
        }
        if (m->version == 0) {
            return CYG_FAIL(err, CYG_R_STORE_NO_MIGRATION, .got = (uint64_t)from,
                            .want = (uint64_t)next);
        }
        char set[64];
        snprintf(set, sizeof set, "PRAGMA user_version = %d", next);
        int rc = sqlite3_exec(db, m->sql, NULL, NULL, NULL);
        if (rc == SQLITE_OK) {
            rc = sqlite3_exec(db, set, NULL, NULL, NULL);
        }
        if (rc != SQLITE_OK) {
            return db_failure(db, rc, err);
        }
        /* A step must not end the transaction: half of it would stay. */
        if (sqlite3_get_autocommit(db)) {
            return CYG_FAIL(err, CYG_R_INTERNAL,
                            .got_quote = cyg_quote_text("a migration ended its transaction"));
        }
    }
    return CYG_OK;
}

static enum cyg_code migrate(sqlite3 *db, const char *path, const struct db_migration *migrations,
                             int version, bool verify, int *ret_from, struct cyg_error *err)
{
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        return db_failure(db, rc, err);
    }
    int from = 0;
    enum cyg_code code = db_version(db, path, &from, err);
    if (code == CYG_OK && from > version) {
        code = CYG_FAIL(err, CYG_R_STORE_NEWER, .got_quote = cyg_quote_text(path),
                        .got = (uint64_t)from, .want = (uint64_t)version);
    }
    if (code == CYG_OK) {
        code = migrate_steps(db, migrations, from, version, err);
    }
    if (code == CYG_OK && verify) {
        code = db_verify(db, path, err);
    }
    if (code == CYG_OK) {
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        if (rc != SQLITE_OK) {
            code = db_failure(db, rc, err);
        }
    }
    if (code != CYG_OK) {
        if (!sqlite3_get_autocommit(db)) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        }
        return code;
    }
    *ret_from = from;
    return CYG_OK;
}

enum cyg_code db_migrate(sqlite3 *db, const char *path, const struct db_migration *migrations,
                         int version, int *ret_from, struct cyg_error *err)
{
    return migrate(db, path, migrations, version, false, ret_from, err);
}

enum cyg_code db_upgrade(const char *path, int *ret_from, struct cyg_error *err)
{
    CYG_CLEANUP(db_closep) sqlite3 *db = NULL;
    enum cyg_code code = db_connect(path, true, &db, err);
    if (code != CYG_OK) {
        return code;
    }
    return migrate(db, path, db_migrations, DB_VERSION, true, ret_from, err);
}
