/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lookup.h"

static enum cyg_code data_version(struct connection *c, int64_t *ret, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_DATA_VERSION, &s, err);
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    *ret = code == CYG_OK && row ? sqlite3_column_int64(s, 0) : 0;
    return code;
}

/* Begin reading; *ret_pending tells that something must be derived first. */
static enum cyg_code begin_reading(struct connection *c, bool *ret_pending,
                                   uint64_t *ret_generation, struct cyg_error *err)
{
    enum cyg_code code = connection_begin(c, false, err);
    if (code != CYG_OK) {
        return code;
    }
    CYG_CLEANUP(query_endp) sqlite3_stmt *changed = NULL;
    code = query_start(c, Q_CHANGED, &changed, err);
    if (code == CYG_OK) {
        code = query_step(changed, ret_pending, err);
    }
    if (code != CYG_OK || *ret_pending) {
        return code;
    }
    CYG_CLEANUP(query_endp) sqlite3_stmt *state = NULL;
    bool row = false;
    code = query_start(c, Q_STATE, &state, err);
    if (code == CYG_OK) {
        code = query_step(state, &row, err);
    }
    int64_t version = 0;
    if (code == CYG_OK) {
        code = data_version(c, &version, err);
    }
    if (code == CYG_OK && row) {
        *ret_generation = (uint64_t)sqlite3_column_int64(state, 0);
        c->knows = true;
        c->data_version = version;
        c->generation = *ret_generation;
    }
    return code;
}

bool lookup_peek(struct store *store, cyg_usec deadline, uint64_t *ret_generation)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < store->n_sources; i++) {
        CYG_CLEANUP(connection_givep) struct connection *c = NULL;
        int64_t version = 0;
        if (connection_take(&store->sources[i], deadline, &c, NULL) != CYG_OK || !c->knows
            || data_version(c, &version, NULL) != CYG_OK || version != c->data_version) {
            return false;
        }
        sum += c->generation;
    }
    *ret_generation = sum;
    return true;
}

/* Begin on all; *ret_pending is the first one in which something must be derived, else NULL. */
static enum cyg_code begin_all(struct lookup *lookup, cyg_usec deadline,
                               struct source **ret_pending, struct cyg_error *err)
{
    struct store *store = lookup->store;
    enum cyg_code code = CYG_OK;
    *ret_pending = NULL;
    lookup->generation = 0;
    pthread_rwlock_rdlock(&store->commits);
    for (size_t i = 0; i < lookup->n_sources && code == CYG_OK && *ret_pending == NULL; i++) {
        struct connection **c = &lookup->connections[i];
        uint64_t generation = 0;
        bool pending = false;
        code = connection_take(&store->sources[i], deadline, c, err);
        if (code == CYG_OK) {
            code = begin_reading(*c, &pending, &generation, err);
        }
        *ret_pending = pending ? &store->sources[i] : NULL;
        lookup->generation += generation;
    }
    pthread_rwlock_unlock(&store->commits);
    return code;
}

enum cyg_code lookup_begin(struct store *store, cyg_usec deadline, struct lookup *ret,
                           struct cyg_error *err)
{
    *ret = (struct lookup){ .store = store, .n_sources = store->n_sources };
    for (;;) {
        struct source *pending = NULL;
        enum cyg_code code = begin_all(ret, deadline, &pending, err);
        if (code != CYG_OK || pending == NULL) {
            return code;
        }
        lookup_end(ret);
        code = derive(store, pending, deadline, err);
        if (code != CYG_OK) {
            return code;
        }
        if (cyg_time_now() >= deadline) { /* somebody writes faster than we derive */
            return CYG_FAIL(err, CYG_R_STORE_BUSY);
        }
    }
}

void lookup_end(struct lookup *lookup)
{
    for (size_t i = 0; i < SOURCES; i++) {
        connection_give(CYG_TAKE(lookup->connections[i]));
    }
}
