/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed since the last time it was asked, from the generations of the look-up tables. */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#define CHANGES 4096u /* told one by one; beyond that "all" */

struct gather {
    struct cyg_peer_changes head;
    struct cyg_peer_change items[CHANGES];
};

static enum cyg_code read_state(struct connection *c, int64_t *ret_generation, int64_t *ret_secrets,
                                struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_STATE, &s, err);
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    if (code == CYG_OK && row) {
        *ret_generation = sqlite3_column_int64(s, 0);
        *ret_secrets = sqlite3_column_int64(s, 1);
    }
    return code;
}

static enum cyg_code read_changes(struct connection *c, struct gather *g, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_CHANGES, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, (int64_t)c->source->reported);
    query_bind_number(s, 2, CHANGES + 1);
    while ((code = query_step(s, &row, err)) == CYG_OK && row) {
        if (g->head.n == CHANGES) {
            g->head.all = true;
            break;
        }
        struct cyg_peer_change *change = &g->items[g->head.n++];
        *change = (struct cyg_peer_change){ .id = sqlite3_column_int64(s, 0),
                                            .source = c->source->number,
                                            .gone = sqlite3_column_int64(s, 2) != 0 };
        text_copy(change->name, sizeof change->name, query_text(s, 1));
    }
    return code;
}

/* The rows of those that are gone have done their duty. */
static enum cyg_code forget_gone(struct connection *c, int64_t generation, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, Q_GONE_DELETE, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, generation);
    return query_run(s, err);
}

/* reported belongs to the writer's holder; it advances only when everything has succeeded, so that
 * nothing goes untold. */
static enum cyg_code poll_writer(struct connection *c, struct gather *g, struct cyg_error *err)
{
    struct source *source = c->source;
    int64_t generation = 0, secrets = 0;
    size_t before = g->head.n;
    enum cyg_code code = connection_begin(c, true, err);
    if (code == CYG_OK) {
        code = read_state(c, &generation, &secrets, err);
    }
    if (code == CYG_OK && (uint64_t)generation == source->reported && !source->report_all) {
        g->head.generation += (uint64_t)generation;
        return CYG_OK; /* nothing: the transaction is rolled back */
    }
    if (code == CYG_OK) {
        code = read_changes(c, g, err);
    }
    bool gone = false;
    for (size_t i = before; i < g->head.n; i++) {
        gone = gone || g->items[i].gone;
    }
    if (code == CYG_OK && (gone || g->head.all)) {
        code = forget_gone(c, generation, err);
    }
    if (code == CYG_OK) {
        code = connection_commit(c, err);
    }
    if (code == CYG_OK) {
        g->head.all =
            g->head.all || source->report_all || (uint64_t)secrets > source->reported_secrets;
        source->reported = (uint64_t)generation;
        source->reported_secrets = (uint64_t)secrets;
        source->report_all = false;
        g->head.generation += (uint64_t)generation;
    }
    return code;
}

static enum cyg_code poll_source(struct store *store, struct source *source, cyg_usec deadline,
                                 struct gather *g, struct cyg_error *err)
{
    bool replaced = false;
    enum cyg_code code = source_refresh(source, deadline, &replaced, err);
    if (code == CYG_OK && replaced) {
        cache_forget(&store->cache);
        code = derive_first(store, source, err);
        if (code == CYG_OK && store->n_sources == SOURCES) {
            code = derive_replaced(store, deadline, err);
        }
    }
    if (code == CYG_OK) {
        code = derive(store, source, deadline, err);
    }
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    if (code == CYG_OK) {
        code = connection_take_writer(source, deadline, &c, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    source->report_all = source->report_all || replaced;
    return poll_writer(c, g, err);
}

enum cyg_code store_poll(void *self, cyg_usec deadline, struct cyg_peer_changes **ret,
                         struct cyg_error *err)
{
    struct store *store = self;
    struct gather *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    /* What one database has told it does not tell again, so another one's failure (told by the next
     * poll) or want of memory must not lose it. */
    enum cyg_code failed = CYG_OK;
    for (size_t i = 0; i < store->n_sources; i++) {
        struct cyg_error why = { 0 };
        enum cyg_code code = poll_source(store, &store->sources[i], deadline, g, &why);
        if (code != CYG_OK && failed == CYG_OK) {
            failed = code;
            if (err != NULL) {
                *err = why;
            }
        }
    }
    if (failed != CYG_OK && g->head.n == 0 && !g->head.all) {
        free(g);
        return failed;
    }
    g->head.items = g->items;
    *ret = &g->head;
    return CYG_OK;
}
