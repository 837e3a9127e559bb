/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deriving: for each row that a trigger named in `changed`, what it comes to in the look-up tables.
 * In transactions of a thousand rows, so that a million take several and none is lost when a
 * deadline ends the work. */
#include "derive.h"

#include <string.h>

/* Rows of one transaction; and the version of what is derived: raise it when that changes. */
#define BATCH  1000
#define FORMAT 1

static enum cyg_code load_state(struct derivation *d, int64_t *ret_format, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(d->c, Q_STATE, &s, err);
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    if (code == CYG_OK && !row) {
        return CYG_FAIL(err, CYG_R_STORE_FAILED,
                        .got_quote = cyg_quote_text("lookup_state has no row"));
    }
    if (code == CYG_OK) {
        d->generation = sqlite3_column_int64(s, 0);
        d->secrets_generation = sqlite3_column_int64(s, 1);
        *ret_format = sqlite3_column_int64(s, 2);
    }
    return code;
}

static enum cyg_code store_state(struct derivation *d, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(d->c, Q_SET_STATE, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, d->generation);
    query_bind_number(s, 2, d->secrets_generation);
    query_bind_number(s, 3, FORMAT);
    return query_run(s, err);
}

enum cyg_code derive_problem(struct derivation *d, const char *kind, const char *name,
                             const char *problem, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(d->c, problem != NULL ? Q_SET_PROBLEM : Q_NO_PROBLEM, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, kind);
    query_bind_text(s, 2, name);
    if (problem != NULL) {
        query_bind_text(s, 3, problem);
    }
    return query_run(s, err);
}

/* ---- one peer ---- */

/* What was derived of it before. */
struct derived {
    bool known;
    int64_t id, members;
    bool gone;
    struct members held;
};

static enum cyg_code load_derived(struct derivation *d, const char *name, struct derived *ret,
                                  struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    *ret = (struct derived){ 0 };
    enum cyg_code code = query_start(d->c, Q_DERIVED, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, name);
    code = query_step(s, &ret->known, err);
    if (code != CYG_OK || !ret->known) {
        return code;
    }
    ret->id = sqlite3_column_int64(s, 0);
    ret->members = sqlite3_column_int64(s, 1);
    ret->gone = sqlite3_column_int64(s, 2) != 0;
    struct cyg_span form = query_bytes(s, 5);
    if (form.len > 0 && form.len <= sizeof ret->held.form) {
        ret->held.policy = sqlite3_column_int64(s, 3);
        ret->held.psk = sqlite3_column_int64(s, 4);
        ret->held.form_len = form.len;
        memcpy(ret->held.form, form.data, form.len);
        members_parse_groups(&ret->held, query_text(s, 6));
    }
    return code;
}

static enum cyg_code add_derived(struct derivation *d, const char *name, struct derived *derived,
                                 struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(d->c, Q_DERIVED_ADD, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, name);
    query_bind_number(s, 2, d->generation);
    code = query_step(s, &row, err);
    if (code != CYG_OK) {
        return code;
    }
    derived->id = sqlite3_column_int64(s, 0);
    return query_step(s, &row, err);
}

static enum cyg_code store_derived(struct derivation *d, int64_t id, bool gone,
                                   const struct members *held, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    char groups[MEMBERS_TEXT];
    enum cyg_code code = query_start(d->c, Q_DERIVED_SET, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    members_format_groups(held, groups);
    query_bind_number(s, 1, id);
    query_bind_number(s, 2, d->generation);
    query_bind_number(s, 3, d->generation);
    query_bind_number(s, 4, gone);
    if (held->form_len > 0) {
        query_bind_number(s, 5, held->policy);
        query_bind_number(s, 6, held->psk);
        query_bind_bytes(s, 7, (struct cyg_span){ held->form, held->form_len });
    }
    query_bind_text(s, 8, groups);
    return query_run(s, err);
}

/* The peer as its rows say; NULL where it is gone, disabled or has a problem. */
static enum cyg_code compile(struct derivation *d, const char *name, struct cyg_peer **ret,
                             bool *ret_gone, struct db_problem *ret_problem, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *row = NULL;
    CYG_CLEANUP(query_endp) sqlite3_stmt *children = NULL;
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = NULL;
    enum cyg_code code = query_start(d->c, Q_PEER, &row, err);
    if (code == CYG_OK) {
        code = query_start(d->c, Q_CHILDREN, &children, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(row, 1, name);
    query_bind_text(children, 1, name);
    bool enabled = true;
    ret_problem->text[0] = '\0';
    code = db_load_peer(row, children, &build, &enabled, ret_problem, err);
    *ret_gone = code == CYG_NOT_FOUND || ((code == CYG_OK || code == CYG_REFUSED) && !enabled);
    if (code == CYG_OK && enabled) {
        struct cyg_error detail = { 0 };
        code = cyg_peer_build_finish(build, ret, &detail);
        if (code != CYG_OK && code != CYG_NOMEM) {
            cyg_error_format(&detail, ret_problem->text, sizeof ret_problem->text);
            return CYG_OK;
        }
        return code == CYG_OK ? code : cyg_fail(err, &detail);
    }
    return code == CYG_REFUSED || code == CYG_NOT_FOUND ? CYG_OK : code;
}

static enum cyg_code derive_peer(struct derivation *d, const char *name, struct cyg_error *err)
{
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = NULL;
    struct derived derived;
    struct db_problem problem;
    bool gone = false;
    enum cyg_code code = load_derived(d, name, &derived, err);
    if (code == CYG_OK) {
        code = compile(d, name, &peer, &gone, &problem, err);
    }
    if (code == CYG_OK) {
        code = members_remove(d, name, &derived.held, err);
    }
    if (code == CYG_OK && !derived.known && !gone) {
        code = add_derived(d, name, &derived, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    struct members held = { 0 };
    if (peer != NULL) {
        struct cyg_error detail = { 0 };
        code = members_add(d, peer, derived.id, &held, &detail);
        if (code == CYG_REFUSED) {
            cyg_error_format(&detail, problem.text, sizeof problem.text);
        } else if (code != CYG_OK) {
            return cyg_fail(err, &detail);
        }
    }
    bool bad = !gone && problem.text[0] != '\0';
    code = derive_problem(d, "peer", name, bad ? problem.text : NULL, err);
    if (code == CYG_OK && (derived.known || !gone)) {
        code = store_derived(d, derived.id, gone, &held, err);
    }
    return code;
}

/* ---- batches ---- */

/* The next changed row of a kind; "" when there is none. */
static enum cyg_code next_changed(struct derivation *d, const char *kind, char *ret, size_t size,
                                  struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    ret[0] = '\0';
    enum cyg_code code = query_start(d->c, Q_NEXT_CHANGED, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, kind);
    code = query_step(s, &row, err);
    if (code == CYG_OK && row) {
        text_copy(ret, size, query_text(s, 0));
    }
    return code;
}

static enum cyg_code changed_done(struct derivation *d, const char *kind, const char *name,
                                  struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(d->c, Q_CHANGED_DONE, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, kind);
    query_bind_text(s, 2, name);
    return query_run(s, err);
}

/* Secrets first: they mark peers. */
static enum cyg_code derive_rows(struct derivation *d, bool *ret_more, struct cyg_error *err)
{
    static const struct {
        const char *kind;
        enum cyg_code (*one)(struct derivation *, const char *, struct cyg_error *);
    } kinds[] = { { "secret", derive_secret }, { "peer", derive_peer } };
    unsigned done = 0;
    for (size_t i = 0; i < CYG_LEN(kinds); i++) {
        for (;;) {
            char name[1024]; /* longer ones are no row of ours: CHECK allows 63 bytes */
            enum cyg_code code = next_changed(d, kinds[i].kind, name, sizeof name, err);
            if (code != CYG_OK) {
                return code;
            }
            if (name[0] == '\0') {
                break;
            }
            if (done++ == BATCH) {
                *ret_more = true;
                return CYG_OK;
            }
            code = kinds[i].one(d, name, err);
            if (code == CYG_OK) {
                code = changed_done(d, kinds[i].kind, name, err);
            }
            if (code != CYG_OK) {
                return code;
            }
        }
    }
    *ret_more = false;
    return CYG_OK;
}

static enum cyg_code run_all(struct connection *c, const enum query *queries, size_t n,
                             struct cyg_error *err)
{
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < n && code == CYG_OK; i++) {
        CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
        code = query_start(c, queries[i], &s, err);
        if (code == CYG_OK) {
            code = query_run(s, err);
        }
    }
    return code;
}

/* Forget what is derived and mark every row; ids of peers stay. */
static enum cyg_code start_over(struct derivation *d, struct cyg_error *err)
{
    static const enum query queries[] = {
        Q_CLEAR_MEMBERS, Q_CLEAR_ENTRIES,     Q_CLEAR_GROUPS,        Q_CLEAR_POLICIES,
        Q_CLEAR_PSKS,    Q_CLEAR_OWNERS,      Q_CLEAR_PATTERNS,      Q_CLEAR_PROBLEMS,
        Q_FORGET_PEERS,  Q_CHANGED_ALL_PEERS, Q_CHANGED_ALL_SECRETS,
    };
    return run_all(d->c, queries, CYG_LEN(queries), err);
}

/* In the open transaction. */
static enum cyg_code derive_some(struct connection *c, bool first, bool *ret_more,
                                 struct cyg_error *err)
{
    struct derivation d = { .c = c };
    int64_t format = 0;
    enum cyg_code code = load_state(&d, &format, err);
    if (code == CYG_OK && (format != FORMAT || first)) {
        code = start_over(&d, err);
    }
    d.generation++;
    if (code == CYG_OK) {
        code = derive_rows(&d, ret_more, err);
    }
    return code == CYG_OK ? store_state(&d, err) : code;
}

enum cyg_code derive_take(struct store *store, struct source *source, cyg_usec deadline,
                          struct connection **ret, struct cyg_error *err)
{
    struct connection *writers[SOURCES] = { NULL };
    enum cyg_code code = CYG_OK;
    /* Everybody takes them in this order. The last one is not yet counted while it is opened. */
    for (size_t i = 0; i < SOURCES && code == CYG_OK; i++) {
        if (&store->sources[i] == source || i < store->n_sources) {
            code = connection_take_writer(&store->sources[i], deadline, &writers[i], err);
        }
    }
    if (code != CYG_OK) {
        for (size_t i = 0; i < SOURCES; i++) {
            connection_give(writers[i]);
        }
        return code;
    }
    *ret = writers[source->number];
    (*ret)->other = writers[1 - source->number];
    return CYG_OK;
}
_Static_assert(SOURCES == 2, "there is one other");

enum cyg_code derive_commit(struct store *store, struct connection *c, struct cyg_error *err)
{
    if (c->other == NULL || sqlite3_get_autocommit(c->other->db)) {
        return connection_commit(c, err);
    }
    pthread_rwlock_wrlock(&store->commits);
    enum cyg_code code = connection_commit(c->other, err); /* alone, marks are needless, no more */
    if (code == CYG_OK) {
        code = connection_commit(c, err);
    }
    pthread_rwlock_unlock(&store->commits);
    return code;
}

static enum cyg_code derive_batch(struct store *store, struct connection *c, bool first,
                                  bool *ret_more, struct cyg_error *err)
{
    enum cyg_code code = connection_begin(c, true, err);
    if (code == CYG_OK) {
        code = derive_some(c, first, ret_more, err);
    }
    return code == CYG_OK ? derive_commit(store, c, err) : code;
}

enum cyg_code derive_open(struct connection *c, struct cyg_error *err)
{
    bool more = true;
    enum cyg_code code = CYG_OK;
    while (code == CYG_OK && more) {
        code = derive_some(c, false, &more, err);
    }
    return code;
}

enum cyg_code derive(struct store *store, struct source *source, cyg_usec deadline,
                     struct cyg_error *err)
{
    bool more = true;
    enum cyg_code code = CYG_OK;
    while (more && code == CYG_OK) {
        /* Given back after each batch: others may want to write too. */
        CYG_CLEANUP(connection_givep) struct connection *c = NULL;
        code = derive_take(store, source, deadline, &c, err);
        if (code == CYG_OK) {
            code = derive_batch(store, c, false, &more, err);
        }
        if (code == CYG_OK && more && cyg_time_now() >= deadline) {
            code = CYG_FAIL(err, CYG_R_STORE_BUSY);
        }
    }
    return code;
}

/* Peers that came or went without a trigger. Their contents we can't compare so cheaply. */
static enum cyg_code counts_differ(struct connection *c, bool *ret, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *changed = NULL;
    CYG_CLEANUP(query_endp) sqlite3_stmt *counts = NULL;
    bool pending = false, row = false;
    enum cyg_code code = query_start(c, Q_CHANGED, &changed, err);
    if (code == CYG_OK) {
        code = query_step(changed, &pending, err);
    }
    if (code == CYG_OK) {
        code = query_start(c, Q_COUNTS, &counts, err);
    }
    if (code == CYG_OK) {
        code = query_step(counts, &row, err);
    }
    *ret = code == CYG_OK && !pending && row
           && sqlite3_column_int64(counts, 0) != sqlite3_column_int64(counts, 1);
    return code;
}

enum cyg_code derive_first(struct store *store, struct source *source, struct cyg_error *err)
{
    bool more = false, differ = false;
    {
        CYG_CLEANUP(connection_givep) struct connection *c = NULL;
        enum cyg_code code = derive_take(store, source, CYG_NEVER, &c, err);
        if (code == CYG_OK) {
            code = counts_differ(c, &differ, err);
        }
        if (code == CYG_OK) {
            code = derive_batch(store, c, differ, &more, err);
        }
        if (code != CYG_OK) {
            return code;
        }
    }
    return more ? derive(store, source, CYG_NEVER, err) : CYG_OK;
}

enum cyg_code derive_replaced(struct store *store, cyg_usec deadline, struct cyg_error *err)
{
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    CYG_CLEANUP(query_endp) sqlite3_stmt *owners = NULL;
    bool row = true;
    enum cyg_code code = derive_take(store, &store->sources[0], deadline, &c, err);
    if (code == CYG_OK) {
        code = connection_begin(c, true, err);
    }
    if (code == CYG_OK) {
        code = connection_begin(c->other, true, err);
    }
    if (code == CYG_OK) {
        code = run_all(c->other, &(enum query){ Q_CHANGED_ALL_PEERS }, 1, err);
    }
    if (code == CYG_OK) {
        code = query_start(c->other, Q_OWNERS, &owners, err);
    }
    while (code == CYG_OK && (code = query_step(owners, &row, err)) == CYG_OK && row) {
        code = derive_mark_peers(c, query_bytes(owners, 0), err);
    }
    query_end(CYG_TAKE(owners)); /* else it would be open when that is committed */
    return code == CYG_OK ? derive_commit(store, c, err) : code;
}
