/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Database files of cygnet: opening them so that neither file nor schema can harm us (H-175),
 * making and migrating them. Shared by the plugin store-sqlite and cygnetctl; what stands in the
 * rows is rows.h's business. Ownership: connections belong to the caller, db_close. Thread: a
 * connection is used by one thread at a time. */
#pragma once

#include <cygnet/error.h>

#include <sqlite3.h>

/* user_version and application_id of the schema that this program knows. */
#define DB_VERSION        1
#define DB_APPLICATION_ID 0x6379676e /* "cygn" */

/* A step from version - 1 to version. The list ends with version 0. */
struct db_migration {
    int version;
    const char *sql;
};

/* Text of sql/schema.sql, and of sql/migrations/NNN.sql in order. */
extern const char db_schema[];
/* Text of sql/history.sql, and its marks. */
extern const char db_history_schema[];
#define DB_HISTORY_VERSION        1
#define DB_HISTORY_APPLICATION_ID 0x63796768 /* "cygh" */

extern const struct db_migration db_migrations[];

/* Check that nobody but the owner (us or root) can write the file and that others can't read it, as
 * secrets stand in it. CYG_REFUSED, or CYG_NOT_FOUND when there is no such file. */
CYG_MUST_USE enum cyg_code db_check_mode(const char *path, struct cyg_error *err);

/* Open an existing file: defensive, its schema not trusted, no trigger or view of it ever run, with
 * limits. Its contents are not looked at. write: else every statement that writes fails. */
CYG_MUST_USE enum cyg_code db_connect(const char *path, bool write, sqlite3 **ret,
                                      struct cyg_error *err);

/* NULL is allowed. */
void db_close(sqlite3 *db);
CYG_DEFINE_CLEANUP(sqlite3 *, db_close);

/* The version of a connection's database. CYG_REFUSED when it is not cygnet's. */
CYG_MUST_USE enum cyg_code db_version(sqlite3 *db, const char *path, int *ret,
                                      struct cyg_error *err);

/* Check that the database is of this version and that tables, columns, indexes and triggers are
 * those of the schema; other tables, views and indexes may be there. */
CYG_MUST_USE enum cyg_code db_verify(sqlite3 *db, const char *path, struct cyg_error *err);

/* Make a new file, mode 0600, with the schema. CYG_REFUSED when there is one. */
CYG_MUST_USE enum cyg_code db_create(const char *path, struct cyg_error *err);
/* The same with another schema. */
CYG_MUST_USE enum cyg_code db_create_with(const char *path, const char *schema,
                                          struct cyg_error *err);
/* The marks of any database: PRAGMA application_id and user_version. */
CYG_MUST_USE enum cyg_code db_marks(sqlite3 *db, const char *path, int *ret_application,
                                    int *ret_version, struct cyg_error *err);

/* Bring a file to this version, in one transaction; nothing is changed when it fails. */
CYG_MUST_USE enum cyg_code db_upgrade(const char *path, int *ret_from, struct cyg_error *err);

/* The same to `version` with the migrations given: db_upgrade for tests. */
CYG_MUST_USE enum cyg_code db_migrate(sqlite3 *db, const char *path,
                                      const struct db_migration *migrations, int version,
                                      int *ret_from, struct cyg_error *err);

/* What the connection's last failure means: busy, damaged, full … Returns the reason's code. */
enum cyg_code db_failure(sqlite3 *db, int rc, struct cyg_error *err);
