/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and writing the history; reading is history_read.c. What is beyond the bounds goes in the
 * transaction that adds, by indexes, so that its cost does not grow. */
#include "history_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const sqls[HISTORY_QUERIES] = {
#define QUERY(name, sql) [H_##name] = (sql),
#include "history_queries.def"
};

const char *history_sql(enum history_query which)
{
    return sqls[which];
}

/* ---- opening ---- */

static int past_deadline(void *context)
{
    const struct history *h = context;
    return cyg_time_now() >= h->deadline;
}

void history_set_deadline(struct history *h, cyg_usec deadline)
{
    h->deadline = deadline;
}

/* A file of this schema: its marks, and every statement can be prepared. Views and triggers of it
 * never run, and what else it holds is not looked at. */
static enum cyg_code prepare(struct history *h, const char *path, struct cyg_error *err)
{
    int application = 0, version = 0;
    enum cyg_code code = db_marks(h->db, path, &application, &version, err);
    if (code == CYG_OK && application != DB_HISTORY_APPLICATION_ID) {
        code = CYG_FAIL(err, CYG_R_STORE_NOT_OURS, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text("its application_id is another's"));
    }
    if (code == CYG_OK && version != DB_HISTORY_VERSION) {
        code = CYG_FAIL(err, CYG_R_STORE_NEWER, .got_quote = cyg_quote_text(path),
                        .got = (uint64_t)version, .want = DB_HISTORY_VERSION);
    }
    for (size_t i = 0; code == CYG_OK && i < HISTORY_QUERIES; i++) {
        const int rc = sqlite3_prepare_v3(h->db, sqls[i], -1, SQLITE_PREPARE_PERSISTENT,
                                          &h->statements[i], NULL);
        code = rc == SQLITE_OK ? CYG_OK : db_failure(h->db, rc, err);
    }
    return code;
}

static enum cyg_code number(struct history *h, enum history_query which, uint64_t *ret,
                            struct cyg_error *err)
{
    sqlite3_stmt *s = h->statements[which];
    const int rc = sqlite3_step(s);
    const sqlite3_int64 value = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    *ret = value > 0 ? (uint64_t)value : 0;
    return rc == SQLITE_ROW ? CYG_OK : db_failure(h->db, rc, err);
}

/* An empty file is one whose making was cut short. */
static enum cyg_code make_file(const char *path, struct cyg_error *err)
{
    struct stat st;
    if (lstat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode) || st.st_size > 0) {
            return CYG_OK; /* looked at next */
        }
        (void)unlink(path);
    }
    return db_create_with(path, db_history_schema, err);
}

static enum cyg_code open_file(struct history *h, const char *path, struct cyg_error *err)
{
    enum cyg_code code = make_file(path, err);
    if (code == CYG_OK) {
        code = db_check_mode(path, err);
    }
    if (code == CYG_OK) {
        code = db_connect(path, true, &h->db, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    sqlite3_busy_timeout(h->db, HISTORY_BUSY_MS);
    sqlite3_exec(h->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    code = prepare(h, path, err);
    if (code == CYG_OK) {
        code = number(h, H_LAST, &h->last, err);
    }
    if (code == CYG_OK) {
        code = number(h, H_COUNT, &h->count, err);
    }
    if (code == CYG_OK) {
        code = number(h, H_COUNT_DROPPED, &h->count_dropped, err);
    }
    if (code == CYG_OK) {
        sqlite3_progress_handler(h->db, 2000, past_deadline, h);
    }
    return code;
}

enum cyg_code history_open(const char *path, struct history **ret, struct cyg_error *err)
{
    CYG_CLEANUP(history_closep) struct history *h = calloc(1, sizeof *h);
    struct cyg_error why = { 0 };
    if (h == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (open_file(h, path, &why) != CYG_OK) {
        char text[512];
        return CYG_FAIL(err, CYG_R_HISTORY_OPEN, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_words(cyg_error_sentence(&why, text, sizeof text)));
    }
    *ret = CYG_TAKE(h);
    return CYG_OK;
}

void history_close(struct history *h)
{
    if (h == NULL) {
        return;
    }
    for (size_t i = 0; i < HISTORY_QUERIES; i++) {
        sqlite3_finalize(h->statements[i]);
    }
    db_close(h->db);
    free(h);
}

uint64_t history_last(const struct history *h)
{
    return h->last;
}

/* ---- statements ---- */

sqlite3_stmt *history_start(struct history *h, enum history_query which)
{
    return h->statements[which];
}

void history_reset(sqlite3_stmt *s)
{
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

/* Run to its end; *ret_changed (may be NULL): rows. */
static enum cyg_code run(struct history *h, sqlite3_stmt *s, uint64_t *ret_changed,
                         struct cyg_error *err)
{
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE && ret_changed != NULL) {
        *ret_changed = (uint64_t)sqlite3_changes(h->db);
    }
    history_reset(s);
    return rc == SQLITE_DONE ? CYG_OK : db_failure(h->db, rc, err);
}

static enum cyg_code run_plain(struct history *h, enum history_query which, struct cyg_error *err)
{
    return run(h, h->statements[which], NULL, err);
}

/* ---- writing ---- */

/* The first entry of a negotiation makes its row, later ones complete it. */
static enum cyg_code put_negotiation(struct history *h, const struct cyg_history_entry *e,
                                     struct cyg_error *err)
{
    const bool ends = e->kind == CYG_HISTORY_END;
    sqlite3_stmt *s = h->statements[H_NEGOTIATION];
    uint64_t inserted = 0;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)e->negotiation);
    bind_text(s, 2, e->source);
    sqlite3_bind_int(s, 3, e->begun_by);
    sqlite3_bind_int64(s, 4, e->when);
    enum cyg_code code = run(h, s, &inserted, err);
    if (code != CYG_OK) {
        return code;
    }
    h->count += inserted;
    s = h->statements[H_COMPLETE];
    sqlite3_bind_int64(s, 1, (sqlite3_int64)e->negotiation);
    bind_text(s, 2, e->peer);
    bind_text(s, 3, e->remote_id);
    sqlite3_bind_int64(s, 4, e->ike_uniqueid);
    bind_text(s, 5, e->cookie_i);
    bind_text(s, 6, e->cookie_r);
    bind_text(s, 7, ends ? e->result : "");
    bind_text(s, 8, ends ? e->text : "");
    sqlite3_bind_int(s, 9, e->begun_by);
    return run(h, s, NULL, err);
}

static enum cyg_code put_entry(struct history *h, const struct cyg_history_entry *e,
                               struct cyg_error *err)
{
    sqlite3_stmt *s = h->statements[H_ENTRY];
    const struct cyg_reason_info *info = cyg_reason_info(e->reason);
    const sqlite3_int64 numbers[] = {
        (sqlite3_int64)e->negotiation,
        e->seq,
        e->when,
        e->phase,
        e->sent,
        e->resent,
        e->reason,
        e->group,
        e->level,
        e->message_id,
        e->bytes,
    };
    const char *const texts[] = {
        cyg_history_kind_name(e->kind),
        info != NULL ? info->name : "",
        e->local,
        e->remote,
        e->exchange,
        e->text,
        e->mend,
        e->payloads,
        e->what,
        e->ours,
        e->theirs,
        e->differs,
        e->result,
    };
    int at = 1;
    for (size_t i = 0; i < CYG_LEN(numbers); i++) {
        sqlite3_bind_int64(s, at++, numbers[i]);
    }
    for (size_t i = 0; i < CYG_LEN(texts); i++) {
        bind_text(s, at++, texts[i] != NULL ? texts[i] : "");
    }
    return run(h, s, NULL, err);
}

static enum cyg_code put_drop(struct history *h, const struct cyg_history_drop *d,
                              struct cyg_error *err)
{
    sqlite3_stmt *s = h->statements[H_DROP];
    const struct cyg_reason_info *info = cyg_reason_info(d->reason);
    bind_text(s, 1, info != NULL ? info->name : "");
    bind_text(s, 2, d->network);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)d->count);
    sqlite3_bind_int64(s, 4, d->first);
    sqlite3_bind_int64(s, 5, d->last);
    enum cyg_code code = run(h, s, NULL, err);
    if (code == CYG_OK) {
        h->count_dropped++; /* at most: told exactly when it is pruned */
    }
    return code;
}

/* ---- forgetting ---- */

/* Of one peer and result, all but the newest `keep`. */
static enum cyg_code prune(struct history *h, const char *peer, const char *result, int keep,
                           struct cyg_error *err)
{
    sqlite3_stmt *s = h->statements[H_PRUNE_ENTRIES];
    uint64_t gone = 0;
    bind_text(s, 1, peer);
    bind_text(s, 2, result);
    sqlite3_bind_int(s, 3, keep);
    enum cyg_code code = run(h, s, NULL, err);
    if (code == CYG_OK) {
        s = h->statements[H_PRUNE];
        bind_text(s, 1, peer);
        bind_text(s, 2, result);
        sqlite3_bind_int(s, 3, keep);
        code = run(h, s, &gone, err);
    }
    h->count -= gone < h->count ? gone : h->count;
    return code;
}

/* What one end may have pushed out. Negotiations that never ended (the daemon was killed) count by
 * themselves. */
static enum cyg_code prune_peer(struct history *h, const char *peer, const char *result,
                                struct cyg_error *err)
{
    const bool unknown = peer[0] == '\0';
    const int keep = unknown                         ? HISTORY_UNKNOWN
                     : strcmp(result, "failed") == 0 ? HISTORY_FAILED_OF_PEER
                                                     : HISTORY_OTHERS_OF_PEER;
    enum cyg_code code = prune(h, peer, result, keep, err);
    return code == CYG_OK
               ? prune(h, peer, "", unknown ? HISTORY_UNKNOWN : HISTORY_FAILED_OF_PEER, err)
               : code;
}

/* All peers together: the oldest go. */
static enum cyg_code prune_all(struct history *h, struct cyg_error *err)
{
    enum cyg_code code = CYG_OK;
    while (code == CYG_OK && h->count > HISTORY_ALL) {
        uint64_t oldest = 0, gone = 0;
        code = number(h, H_OLDEST, &oldest, err);
        if (code == CYG_OK) {
            sqlite3_bind_int64(h->statements[H_FORGET_ENTRIES], 1, (sqlite3_int64)oldest);
            code = run(h, h->statements[H_FORGET_ENTRIES], NULL, err);
        }
        if (code == CYG_OK) {
            sqlite3_bind_int64(h->statements[H_FORGET], 1, (sqlite3_int64)oldest);
            code = run(h, h->statements[H_FORGET], &gone, err);
        }
        h->count = gone == 0 ? 0 : h->count - gone; /* 0: counted wrongly, somebody else wrote */
    }
    if (code == CYG_OK && h->count_dropped > HISTORY_DROPPED) {
        sqlite3_bind_int(h->statements[H_PRUNE_DROPPED], 1, HISTORY_DROPPED);
        code = run(h, h->statements[H_PRUNE_DROPPED], NULL, err);
        h->count_dropped = HISTORY_DROPPED;
    }
    return code;
}

static enum cyg_code write_all(struct history *h, const struct cyg_history_entry *entries, size_t n,
                               const struct cyg_history_drop *drops, size_t n_drops,
                               struct cyg_error *err)
{
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; code == CYG_OK && i < n; i++) {
        const struct cyg_history_entry *e = &entries[i];
        const bool last = i + 1 == n || entries[i + 1].negotiation != e->negotiation;
        if (last || i == 0 || entries[i - 1].negotiation != e->negotiation) {
            code = put_negotiation(h, e, err); /* the first knows its begin, the last the most */
        }
        if (code == CYG_OK) {
            code = put_entry(h, e, err);
        }
        if (code == CYG_OK && last) {
            code = prune_peer(h, e->peer, e->result, err);
        }
    }
    for (size_t i = 0; code == CYG_OK && i < n_drops; i++) {
        code = put_drop(h, &drops[i], err);
    }
    return code == CYG_OK ? prune_all(h, err) : code;
}

enum cyg_code history_write(struct history *h, const struct cyg_history_entry *entries, size_t n,
                            const struct cyg_history_drop *drops, size_t n_drops, cyg_usec deadline,
                            struct cyg_error *err)
{
    const uint64_t count = h->count, count_dropped = h->count_dropped;
    history_set_deadline(h, deadline);
    enum cyg_code code = run_plain(h, H_BEGIN, err);
    if (code == CYG_OK) {
        code = write_all(h, entries, n, drops, n_drops, err);
    }
    if (code == CYG_OK) {
        code = run_plain(h, H_COMMIT, err);
    }
    if (code != CYG_OK) {
        history_set_deadline(h, CYG_NEVER); /* what is rolled back must not be interrupted */
        if (!sqlite3_get_autocommit(h->db)) {
            sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
        }
        h->count = count;
        h->count_dropped = count_dropped;
        return code;
    }
    for (size_t i = 0; i < n; i++) {
        h->last = entries[i].negotiation > h->last ? entries[i].negotiation : h->last;
    }
    return CYG_OK;
}
