/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"
#include "lookup.h"

#include <stdlib.h>

/* What happened before we came is not told by poll. */
static enum cyg_code skip_history(struct source *source, struct cyg_error *err)
{
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = connection_take_writer(source, CYG_NEVER, &c, err);
    if (code == CYG_OK) {
        code = query_start(c, Q_STATE, &s, err);
    }
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    if (code == CYG_OK && row) {
        source->reported = (uint64_t)sqlite3_column_int64(s, 0);
        source->reported_secrets = (uint64_t)sqlite3_column_int64(s, 1);
    }
    return code;
}

enum cyg_code store_open(const char *path, struct store **ret, struct cyg_error *err)
{
    CYG_CLEANUP(store_closep) struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    cache_init(&store->cache);
    pthread_rwlockattr_t fair; /* look-ups that follow one another don't keep a commit out */
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&store->commits, &fair);
    pthread_rwlockattr_destroy(&fair);
    enum cyg_code code = source_init(&store->sources[0], path, 0, err);
    if (code == CYG_OK) {
        store->n_sources = 1;
        code = derive_first(store, &store->sources[0], err);
    }
    if (code == CYG_OK) {
        code = skip_history(&store->sources[0], err);
    }
    if (code == CYG_OK) {
        *ret = CYG_TAKE(store);
    }
    return code;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->n_sources; i++) {
        source_clear(&store->sources[i]);
    }
    cache_clear(&store->cache);
    pthread_rwlock_destroy(&store->commits);
    history_close(store->history);
    free(store->history_path);
    free(store);
}

static void take_connection_work(struct connection *c, struct store_work *work)
{
    for (size_t i = 0; c != NULL && i < QUERIES; i++) {
        sqlite3_stmt *s = c->statements[i];
        if (s != NULL) {
            work->steps += (uint64_t)sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
            work->scanned += (uint64_t)sqlite3_stmt_status(s, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
        }
    }
}

void store_take_work(struct store *store, struct store_work *ret)
{
    *ret = (struct store_work){ 0 };
    for (size_t i = 0; i < store->n_sources; i++) {
        for (struct connection *c = store->sources[i].readers; c != NULL; c = c->next) {
            take_connection_work(c, ret);
        }
        take_connection_work(store->sources[i].writer, ret);
    }
}

void store_forget_answers(struct store *store)
{
    cache_forget(&store->cache);
}

const struct cyg_store_ops store_sqlite_ops = {
    .size = sizeof store_sqlite_ops,
    .candidates = store_candidates,
    .peer_by_identity = store_peer_by_identity,
    .peer_by_name = store_peer_by_name,
    .peer_by_id = store_peer_by_id,
    .secret = store_secret,
    .list = store_list,
    .poll = store_poll,
    .volatile_open = store_volatile_open,
    .volatile_close = store_volatile_close,
    .put_peer = store_put_peer,
    .remove_peer = store_remove_peer,
    .put_secret = store_put_secret,
    .remove_secret = store_remove_secret,
    .history_open = store_history_open,
    .history_write = store_history_write,
    .history_read = store_history_read,
};
