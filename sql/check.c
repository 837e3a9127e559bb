/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/check.h"

#include "sql/database.h"
#include "sql/rows.h"

#include <string.h>

struct check {
    sqlite3 *db;
    db_report *report;
    void *context;
    struct db_counts counts;
    struct cyg_error *err;
};

static void finalize(sqlite3_stmt *s)
{
    sqlite3_finalize(s);
}
CYG_DEFINE_CLEANUP(sqlite3_stmt *, finalize);

static enum cyg_code prepare(struct check *check, const char *sql, sqlite3_stmt **ret)
{
    int rc = sqlite3_prepare_v2(check->db, sql, -1, ret, NULL);
    return rc == SQLITE_OK ? CYG_OK : db_failure(check->db, rc, check->err);
}

static const char *text(sqlite3_stmt *s, int at)
{
    const unsigned char *t = sqlite3_column_text(s, at);
    return t != NULL ? (const char *)t : "";
}

static void report(struct check *check, const char *kind, const char *name, const char *problem)
{
    check->counts.problems++;
    check->report(check->context, kind, name, problem);
}

/* The rows of a query, each for a function. */
static enum cyg_code each(struct check *check, const char *sql,
                          enum cyg_code (*row)(struct check *, sqlite3_stmt *))
{
    CYG_CLEANUP(finalizep) sqlite3_stmt *s = NULL;
    enum cyg_code code = prepare(check, sql, &s);
    int rc = SQLITE_ROW;
    while (code == CYG_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        code = row(check, s);
    }
    if (code == CYG_OK && rc != SQLITE_DONE) {
        return db_failure(check->db, rc, check->err);
    }
    return code;
}

static enum cyg_code structure_row(struct check *check, sqlite3_stmt *s)
{
    if (strcmp(text(s, 0), "ok") != 0) {
        char line[160];
        cyg_escape(cyg_span_str(text(s, 0)), line, sizeof line);
        report(check, "file", "", line);
    }
    return CYG_OK;
}

/* What cygnetd found when it derived the row: it sees all peers of an address together. */
static enum cyg_code derived_problem(struct check *check, const char *kind, const char *name)
{
    CYG_CLEANUP(finalizep) sqlite3_stmt *s = NULL;
    enum cyg_code code = prepare(check,
                                 "SELECT problem FROM problem AS p WHERE kind = ?1 AND name = ?2"
                                 " AND NOT EXISTS (SELECT 1 FROM changed AS c WHERE c.kind = p.kind"
                                 " AND c.name = p.name)",
                                 &s);
    if (code != CYG_OK) {
        return code;
    }
    sqlite3_bind_text(s, 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) {
        report(check, kind, name, text(s, 0));
    }
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? CYG_OK : db_failure(check->db, rc, check->err);
}

static enum cyg_code load(struct check *check, const char *name, struct cyg_peer_build **ret,
                          struct db_problem *ret_problem)
{
    CYG_CLEANUP(finalizep) sqlite3_stmt *peer = NULL;
    CYG_CLEANUP(finalizep) sqlite3_stmt *children = NULL;
    bool enabled;
    enum cyg_code code =
        prepare(check, "SELECT " DB_PEER_COLUMNS " FROM peers WHERE name = ?1", &peer);
    if (code == CYG_OK) {
        code =
            prepare(check, "SELECT " DB_CHILD_COLUMNS " FROM children WHERE peer = ?1", &children);
    }
    if (code != CYG_OK) {
        return code;
    }
    sqlite3_bind_text(peer, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(children, 1, name, -1, SQLITE_STATIC);
    return db_load_peer(peer, children, ret, &enabled, ret_problem, check->err);
}

static enum cyg_code peer_row(struct check *check, sqlite3_stmt *s)
{
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = NULL;
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = NULL;
    struct db_problem problem;
    const char *name = text(s, 0);
    check->counts.peers++;
    enum cyg_code code = load(check, name, &build, &problem);
    if (code == CYG_OK) {
        struct cyg_error detail = { 0 };
        code = cyg_peer_build_finish(build, &peer, &detail);
        if (code == CYG_OK) {
            check->counts.children += peer->n_children;
            return derived_problem(check, "peer", name);
        }
        cyg_error_format(&detail, problem.text, sizeof problem.text);
        code = CYG_REFUSED;
    }
    if (code == CYG_REFUSED) {
        report(check, "peer", name, problem.text);
    }
    return code == CYG_REFUSED ? CYG_OK : code;
}

static enum cyg_code alone_row(struct check *check, sqlite3_stmt *s)
{
    char line[CYG_QUOTE_MAX * 2];
    struct cyg_error detail = { .reason = CYG_R_ROW_CHILD_ALONE,
                                .got_quote = cyg_quote_text(text(s, 0)) };
    report(check, "child", text(s, 1), cyg_error_format(&detail, line, sizeof line));
    return CYG_OK;
}

static enum cyg_code secret_row(struct check *check, sqlite3_stmt *s)
{
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    struct db_problem problem;
    check->counts.secrets++;
    if (db_read_secret(s, &secret, &problem) != CYG_OK) {
        report(check, "secret", text(s, 0), problem.text);
    }
    return CYG_OK;
}

enum cyg_code db_check(const char *path, db_report *to, void *context, struct db_counts *ret,
                       struct cyg_error *err)
{
    struct check check = { .report = to, .context = context, .err = err };
    static const struct {
        const char *sql;
        enum cyg_code (*row)(struct check *, sqlite3_stmt *);
    } parts[] = {
        { "PRAGMA integrity_check(20)", structure_row },
        { "SELECT name FROM peers ORDER BY name", peer_row },
        { "SELECT peer, name FROM children WHERE peer NOT IN (SELECT name FROM peers)", alone_row },
        { "SELECT " DB_SECRET_COLUMNS " FROM secrets ORDER BY name", secret_row },
    };
    CYG_CLEANUP(db_closep) sqlite3 *db = NULL;
    enum cyg_code code = db_check_mode(path, err);
    if (code == CYG_OK) {
        code = db_connect(path, false, &db, err);
    }
    if (code == CYG_OK) {
        code = db_verify(db, path, err);
    }
    check.db = db;
    for (size_t i = 0; i < CYG_LEN(parts) && code == CYG_OK; i++) {
        code = each(&check, parts[i].sql, parts[i].row);
    }
    *ret = check.counts;
    return code;
}
