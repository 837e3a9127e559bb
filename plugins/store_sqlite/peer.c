/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers by name and by id, and pages of them. */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX 1000 /* rows of one page */

/* The secret belongs to what phase 1 depends on. Which one it is may depend on the path; the row's
 * own addresses stand for it here. FNV-1a: it only tells changes apart, in memory. */
static enum cyg_code mix_secret(struct lookup *lookup, struct cyg_peer *peer, struct cyg_error *err)
{
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    struct cyg_path path = { 0 };
    if (peer->n_initiate_to > 0) {
        path.remote = peer->initiate_to[0];
    }
    if (peer->n_local_addrs > 0) {
        path.local = peer->local_addrs[0].address;
    }
    struct psk_ask ask;
    secret_ask_of_peer(peer, &path, &ask);
    enum cyg_code code = secret_find(lookup, &ask, &secret, err);
    if (code == CYG_NOT_FOUND) {
        return CYG_OK;
    }
    for (size_t i = 0; i < secret.len; i++) {
        peer->phase1_hash = (peer->phase1_hash ^ secret.data[i]) * 0x100000001b3u;
    }
    return code;
}

static enum cyg_code load_id(struct connection *c, const char *name, int64_t *ret,
                             struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_PEER_ID, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, name);
    code = query_step(s, &row, err);
    *ret = code == CYG_OK && row ? sqlite3_column_int64(s, 0) : 0;
    return code;
}

/* What deriving found wrong with the row; it knows more than the row alone says. */
static enum cyg_code check_problem(struct connection *c, const char *name, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_PROBLEM, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, "peer");
    query_bind_text(s, 2, name);
    code = query_step(s, &row, err);
    if (code == CYG_OK && row) {
        return CYG_FAIL(err, CYG_R_PEER_PROBLEM, .got_quote = cyg_quote_text(name),
                        .want_quote = cyg_quote_text(query_text(s, 0)));
    }
    return code;
}

static enum cyg_code load_row(struct connection *c, const char *name, struct cyg_peer_build **ret,
                              struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *peer = NULL;
    CYG_CLEANUP(query_endp) sqlite3_stmt *children = NULL;
    enum cyg_code code = query_start(c, Q_PEER, &peer, err);
    if (code == CYG_OK) {
        code = query_start(c, Q_CHILDREN, &children, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(peer, 1, name);
    query_bind_text(children, 1, name);
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = NULL;
    struct db_problem problem;
    bool enabled = false;
    code = db_load_peer(peer, children, &build, &enabled, &problem, err);
    if (code == CYG_NOT_FOUND) {
        return CYG_FAIL(err, CYG_R_PEER_NAME_UNKNOWN, .got_quote = cyg_quote_text(name));
    }
    if (code == CYG_REFUSED) {
        return CYG_FAIL(err, CYG_R_PEER_PROBLEM, .got_quote = cyg_quote_text(name),
                        .want_quote = cyg_quote_text(problem.text));
    }
    if (code == CYG_OK && !enabled) {
        return CYG_FAIL(err, CYG_R_PEER_DISABLED, .got_quote = cyg_quote_text(name));
    }
    if (code == CYG_OK) {
        *ret = CYG_TAKE(build);
    }
    return code;
}

enum cyg_code peer_load(struct lookup *lookup, struct connection *c, const char *name,
                        struct cyg_peer **ret, struct cyg_error *err)
{
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = NULL;
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = NULL;
    enum cyg_code code = check_problem(c, name, err);
    if (code == CYG_OK) {
        code = load_row(c, name, &build, err);
    }
    int64_t id = 0;
    if (code == CYG_OK) {
        code = load_id(c, name, &id, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    struct cyg_peer *fields = cyg_peer_build_fields(build);
    fields->id = id;
    fields->source = c->source->number;
    code = cyg_peer_build_finish(build, &peer, err);
    if (code == CYG_OK) {
        code = mix_secret(lookup, peer, err);
    }
    if (code == CYG_OK) {
        *ret = CYG_TAKE(peer);
    }
    return code;
}

static bool has_child(const struct cyg_peer *peer, const char *child)
{
    for (size_t i = 0; i < peer->n_children; i++) {
        if (strcmp(peer->children[i].name, child) == 0) {
            return true;
        }
    }
    return false;
}

/* In one database: CYG_NOT_FOUND there lets the next one be asked. */
static enum cyg_code by_peer(struct lookup *lookup, struct connection *c, const char *name,
                             const char *child, struct cyg_peer **ret, struct cyg_error *err)
{
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = NULL;
    enum cyg_code code = peer_load(lookup, c, name, &peer, err);
    if (code != CYG_OK) {
        return code;
    }
    if (child != NULL && !has_child(peer, child)) {
        return CYG_FAIL(err, CYG_R_PEER_CHILD_UNKNOWN, .got_quote = cyg_quote_text(child),
                        .want_quote = cyg_quote_text(name));
    }
    *ret = CYG_TAKE(peer);
    return CYG_OK;
}

/* The first usable peer that has such a child; else what is wrong with the first one. */
static enum cyg_code by_child(struct lookup *lookup, struct connection *c, const char *child,
                              struct cyg_peer **ret, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    struct cyg_error first = { 0 };
    enum cyg_code result = CYG_NOT_FOUND, code = query_start(c, Q_PEERS_OF_CHILD, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, child);
    while ((code = query_step(s, &row, err)) == CYG_OK && row) {
        struct cyg_error detail = { 0 };
        code = peer_load(lookup, c, query_text(s, 0), ret, &detail);
        if (code == CYG_OK) {
            return CYG_OK;
        }
        if (first.reason == 0) {
            first = detail;
            result = code;
        }
    }
    if (code != CYG_OK) {
        return code;
    }
    if (first.reason == 0) {
        return CYG_FAIL(err, CYG_R_CHILD_NAME_UNKNOWN, .got_quote = cyg_quote_text(child));
    }
    if (err != NULL) {
        *err = first;
    }
    return result;
}

enum cyg_code store_peer_by_name(void *self, const char *peer, const char *child, cyg_usec deadline,
                                 struct cyg_peer **ret, struct cyg_error *err)
{
    CYG_CLEANUP(lookup_end) struct lookup lookup = { 0 };
    enum cyg_code code = lookup_begin(self, deadline, &lookup, err);
    if (code != CYG_OK) {
        return code;
    }
    if (peer == NULL && child == NULL) {
        return CYG_FAIL(err, CYG_R_PEER_NAME_UNKNOWN, .got_quote = cyg_quote_text(""));
    }
    code = CYG_NOT_FOUND;
    for (size_t i = 0; i < lookup.n_sources && code == CYG_NOT_FOUND; i++) {
        struct connection *c = lookup.connections[i];
        code = peer != NULL ? by_peer(&lookup, c, peer, child, ret, err)
                            : by_child(&lookup, c, child, ret, err);
    }
    return code;
}

static struct connection *connection_of(struct lookup *lookup, uint8_t source)
{
    for (size_t i = 0; i < lookup->n_sources; i++) {
        if (lookup->connections[i]->source->number == source) {
            return lookup->connections[i];
        }
    }
    return NULL;
}

enum cyg_code store_peer_by_id(void *self, uint8_t source, int64_t id, cyg_usec deadline,
                               struct cyg_peer **ret, struct cyg_error *err)
{
    CYG_CLEANUP(lookup_end) struct lookup lookup = { 0 };
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    struct store *store = self;
    struct cyg_peer *known = NULL;
    uint64_t generation = 0;
    bool row = false;
    if (lookup_peek(store, deadline, &generation)) {
        known = cache_find_known(&store->cache, generation, source, id);
    }
    if (known != NULL) {
        *ret = known;
        return CYG_OK;
    }
    enum cyg_code code = lookup_begin(store, deadline, &lookup, err);
    if (code != CYG_OK) {
        return code;
    }
    struct connection *c = connection_of(&lookup, source);
    if (c == NULL) {
        return CYG_FAIL(err, CYG_R_PEER_GONE);
    }
    code = query_start(c, Q_PEER_NAME, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, id);
    code = query_step(s, &row, err);
    if (code != CYG_OK) {
        return code;
    }
    if (!row) {
        return CYG_FAIL(err, CYG_R_PEER_GONE);
    }
    code = peer_load(&lookup, c, query_text(s, 0), ret, err);
    if (code == CYG_OK) {
        cache_put_known(&store->cache, lookup.generation, *ret);
    }
    return code;
}

/* ---- pages ---- */

/* The names that follow, at most max, of one database. */
static enum cyg_code next_names(struct connection *c, const char *after, size_t max,
                                struct cyg_peer_row *ret, size_t *ret_n, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_PEERS_AFTER, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, after != NULL ? after : "");
    query_bind_number(s, 2, (int64_t)max);
    size_t n = 0;
    while ((code = query_step(s, &row, err)) == CYG_OK && row && n < max) {
        ret[n] = (struct cyg_peer_row){ 0 };
        text_copy(ret[n].name, sizeof ret[n].name, query_text(s, 0));
        n++;
    }
    *ret_n = n;
    return code;
}

static int by_name_and_source(const void *a, const void *b)
{
    const struct cyg_peer_row *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    /* While the peers are not loaded, problem[0] tells the source. */
    return order != 0 ? order : x->problem[0] - y->problem[0];
}

static enum cyg_code fill_row(struct lookup *lookup, struct connection *c, struct cyg_peer_row *row,
                              struct cyg_error *err)
{
    struct cyg_error detail = { 0 };
    enum cyg_code code = peer_load(lookup, c, row->name, &row->peer, &detail);
    if (code != CYG_OK && code != CYG_REFUSED && code != CYG_NOT_FOUND) {
        if (err != NULL) {
            *err = detail;
        }
        return code;
    }
    if (code == CYG_OK) {
        return CYG_OK;
    }
    if (detail.reason != CYG_R_PEER_PROBLEM) {
        cyg_error_format(&detail, row->problem, sizeof row->problem);
        return CYG_OK;
    }
    /* The sentence quotes only the begin of it; here is room for all. */
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool found = false;
    code = query_start(c, Q_PROBLEM, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, "peer");
    query_bind_text(s, 2, row->name);
    code = query_step(s, &found, err);
    if (code == CYG_OK) {
        text_copy(row->problem, sizeof row->problem, found ? query_text(s, 0) : "");
    }
    return code;
}

/* The first max rows of all databases together, filled; what fails leaves nothing held. */
static enum cyg_code list_rows(struct lookup *lookup, const char *after, size_t max,
                               struct cyg_peer_row *rows, size_t *ret_n, struct cyg_error *err)
{
    enum cyg_code code = CYG_OK;
    size_t n = 0;
    for (size_t i = 0; code == CYG_OK && i < lookup->n_sources; i++) {
        size_t more = 0;
        code = next_names(lookup->connections[i], after, max, rows + n, &more, err);
        for (size_t k = n; k < n + more; k++) {
            rows[k].problem[0] = (char)i;
        }
        n += more;
    }
    qsort(rows, n, sizeof *rows, by_name_and_source);
    n = n < max ? n : max;
    for (size_t i = 0; code == CYG_OK && i < n; i++) {
        struct connection *c = lookup->connections[(size_t)rows[i].problem[0]];
        rows[i].problem[0] = '\0';
        code = fill_row(lookup, c, &rows[i], err);
    }
    for (size_t i = 0; code != CYG_OK && i < n; i++) {
        cyg_peer_release(rows[i].peer);
    }
    *ret_n = n;
    return code;
}

enum cyg_code store_list(void *self, const char *after, size_t max, cyg_usec deadline,
                         struct cyg_peer_row *ret, size_t *ret_n, struct cyg_error *err)
{
    CYG_CLEANUP(lookup_end) struct lookup lookup = { 0 };
    enum cyg_code code = lookup_begin(self, deadline, &lookup, err);
    if (code != CYG_OK) {
        return code;
    }
    max = max < LIST_MAX ? max : LIST_MAX;
    struct cyg_peer_row *rows = calloc(max * SOURCES + 1, sizeof *rows);
    if (rows == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    size_t n = 0;
    code = list_rows(&lookup, after, max, rows, &n, err);
    if (code == CYG_OK) {
        memcpy(ret, rows, n * sizeof *rows);
        *ret_n = n;
    }
    free(rows);
    return code;
}
