/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peer behind an authenticated identity: within the groups that fit the addresses, exact
 * identities first, then patterns from the most specific; proposal, mode, method and secret must be
 * those that the exchange used (DESIGN "Peers: how one is found"). */
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTED       8u    /* identities that a refusal names */
#define PATTERNS_TRIED 1000u /* of one database: as many as there may be */

/* How near the best miss came, for the reason. */
enum miss {
    MISS_ADDRESS = 0,
    MISS_IDENTITY,
    MISS_POLICY,
    MISS_SECRET,
};

struct search {
    struct lookup *lookup;
    const struct cyg_peer_query *query;
    struct group groups[GROUPS];
    size_t n_groups;
    enum miss miss;
    char missed[CYG_PEER_NAME + 1]; /* the peer that came that near */
    char found[CYG_PEER_NAME + 1];  /* "" while there is none */
    uint8_t found_source;
    struct cyg_error *err;
};

struct pattern {
    unsigned specific;
    size_t len;
    uint8_t form[CYG_IDENTITY_MAX + 2];
};

static void note_miss(struct search *s, enum miss miss, const char *name)
{
    if (miss > s->miss) {
        s->miss = miss;
        text_copy(s->missed, sizeof s->missed, name);
    }
}

static bool has(const uint8_t *list, size_t n, enum cyg_alg alg)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == alg) {
            return true;
        }
    }
    return false;
}

static bool policy_allows(const struct policy *p, const struct cyg_peer_query *q)
{
    if (p->auth_method != q->auth_method || p->aggressive != q->aggressive) {
        return false;
    }
    for (size_t i = 0; i < p->n_proposals; i++) {
        const struct cyg_proposal *one = &p->proposals[i];
        if (has(one->ciphers, one->n_ciphers, q->cipher)
            && has(one->integs, one->n_integs, q->integ)
            && has(one->groups, one->n_groups, q->group)) {
            return true;
        }
    }
    return false;
}

/* Whether the peers of a class would have used the secret that was used. */
static enum cyg_code secret_agrees(struct search *s, struct connection *c,
                                   const struct group *group, int64_t psk, bool *ret)
{
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    struct psk_ask ask;
    *ret = s->query->psk.len == 0;
    if (*ret) {
        return CYG_OK; /* a method without, or not known yet */
    }
    enum cyg_code code =
        secret_ask_of_class(c, psk, &s->query->path, group->remote_is_host, &ask, s->err);
    if (code == CYG_OK) {
        code = secret_find(s->lookup, &ask, &secret, s->err);
    }
    if (code == CYG_OK) {
        *ret = cyg_equal_ct((struct cyg_span){ secret.data, secret.len }, s->query->psk);
    }
    return code == CYG_NOT_FOUND ? CYG_OK : code;
}

/* The peers of one policy of a group that have the identity. */
static enum cyg_code try_policy(struct search *s, struct connection *c, const struct group *group,
                                int64_t policy_id, struct cyg_span form)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *members = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_MEMBERS_OF_IDENTITY, &members, s->err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(members, 1, group->id);
    query_bind_number(members, 2, policy_id);
    query_bind_bytes(members, 3, form);
    code = query_step(members, &row, s->err);
    if (code != CYG_OK || !row) {
        return code;
    }
    struct policy policy;
    code = policy_load(c, policy_id, &policy, s->err);
    if (code != CYG_OK) {
        return code;
    }
    if (!policy_allows(&policy, s->query)) {
        note_miss(s, MISS_POLICY, query_text(members, 0));
        return CYG_OK;
    }
    while (code == CYG_OK && row) {
        const char *name = query_text(members, 0);
        bool agrees = false;
        code = secret_agrees(s, c, group, sqlite3_column_int64(members, 1), &agrees);
        if (code != CYG_OK) {
            return code;
        }
        if (agrees && (s->found[0] == '\0' || strcmp(name, s->found) < 0)) {
            text_copy(s->found, sizeof s->found, name);
            s->found_source = group->source;
        }
        if (agrees) {
            return CYG_OK; /* they come by name */
        }
        note_miss(s, MISS_SECRET, name);
        code = query_step(members, &row, s->err);
    }
    return code;
}

/* All groups in order, until one has a peer that fits. */
static enum cyg_code try_form(struct search *s, struct cyg_span form)
{
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < s->n_groups && s->found[0] == '\0' && code == CYG_OK; i++) {
        struct connection *c = s->lookup->connections[s->groups[i].source];
        int64_t policies[POLICIES + 1];
        size_t n = 0;
        code = group_policies(c, s->groups[i].id, policies, &n, s->err);
        for (size_t k = 0; k < n && code == CYG_OK; k++) {
            code = try_policy(s, c, &s->groups[i], policies[k], form);
        }
    }
    return code;
}

static int most_specific_first(const void *a, const void *b)
{
    const struct pattern *x = a, *y = b;
    return x->specific != y->specific ? (x->specific > y->specific ? -1 : 1) : 0;
}

/* The patterns of one database that match, at most max. */
static enum cyg_code matching_patterns(struct search *s, struct connection *c, struct pattern *ret,
                                       size_t max, size_t *n)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *all = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_PATTERNS, &all, s->err);
    if (code != CYG_OK) {
        return code;
    }
    while ((code = query_step(all, &row, s->err)) == CYG_OK && row && *n < max) {
        struct cyg_span form = query_bytes(all, 0);
        struct cyg_identity pattern;
        identity_of_form(form, &pattern);
        unsigned specific = cyg_identity_match(&pattern, s->query->remote_id);
        if (specific > 0 && form.len <= sizeof ret->form) {
            ret[*n].specific = specific;
            ret[*n].len = form.len;
            memcpy(ret[*n].form, form.data, form.len);
            (*n)++;
        }
    }
    return code;
}

static enum cyg_code try_patterns(struct search *s)
{
    size_t n = 0, max = PATTERNS_TRIED * SOURCES;
    struct pattern *patterns = malloc(max * sizeof *patterns);
    if (patterns == NULL) {
        return CYG_FAIL(s->err, CYG_R_NOMEM);
    }
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < s->lookup->n_sources && code == CYG_OK; i++) {
        size_t room = PATTERNS_TRIED * (i + 1);
        code = matching_patterns(s, s->lookup->connections[i], patterns, room, &n);
    }
    qsort(patterns, n, sizeof *patterns, most_specific_first);
    for (size_t i = 0; i < n && s->found[0] == '\0' && code == CYG_OK; i++) {
        code = try_form(s, (struct cyg_span){ patterns[i].form, patterns[i].len });
    }
    free(patterns);
    return code;
}

/* ---- why not ---- */

static struct cyg_quote quote_identity(const struct cyg_identity *id)
{
    uint8_t bytes[CYG_IDENTITY_MAX + 1] = { id->type };
    memcpy(bytes + 1, id->data, id->len);
    return cyg_quote(CYG_QUOTE_IDENTITY, (struct cyg_span){ bytes, id->len + 1u });
}

static struct cyg_quote quote_address(const struct cyg_address *a)
{
    return cyg_quote(CYG_QUOTE_ADDRESS, (struct cyg_span){ (const uint8_t *)a, sizeof *a });
}

/* The identities that are expected, as words, as far as they go. */
struct expected {
    char words[CYG_QUOTE_MAX + 1];
    size_t used, n;
};

static void expect(struct expected *e, const struct cyg_identity *id)
{
    char text[CYG_IDENTITY_TEXT];
    if (e->used < sizeof e->words) {
        e->used +=
            (size_t)snprintf(e->words + e->used, sizeof e->words - e->used, "%s%s",
                             e->n > 0 ? ", " : "", cyg_identity_format(id, text, sizeof text));
    }
    e->n++;
}

static enum cyg_code expect_members(struct search *s, struct connection *c, int64_t group,
                                    int64_t policy, struct expected *e)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *members = NULL;
    bool row = true;
    enum cyg_code code = query_start(c, Q_SOME_MEMBERS, &members, s->err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(members, 1, group);
    query_bind_number(members, 2, policy);
    query_bind_number(members, 3, EXPECTED);
    while ((code = query_step(members, &row, s->err)) == CYG_OK && row) {
        struct cyg_identity id;
        identity_of_form(query_bytes(members, 0), &id);
        expect(e, &id);
    }
    return code;
}

/* No peer has the identity: say what those that fit the addresses expect. */
static enum cyg_code fail_identity(struct search *s)
{
    struct expected e = { .n = 0 };
    size_t total = 0;
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < s->n_groups && code == CYG_OK; i++) {
        struct connection *c = s->lookup->connections[s->groups[i].source];
        int64_t policies[POLICIES + 1];
        size_t n = 0;
        total += s->groups[i].n_peers;
        if (e.n < EXPECTED) {
            code = group_policies(c, s->groups[i].id, policies, &n, s->err);
        }
        for (size_t k = 0; k < n && e.n < EXPECTED && code == CYG_OK; k++) {
            code = expect_members(s, c, s->groups[i].id, policies[k], &e);
        }
    }
    if (code != CYG_OK) {
        return code;
    }
    const bool is_private = cyg_identity_is_private(s->query->remote_id, &s->query->path.remote);
    return CYG_FAIL(s->err, is_private ? CYG_R_PEER_PRIVATE_IDENTITY : CYG_R_PEER_NO_IDENTITY_FITS,
                    .got = total, .got_quote = quote_identity(s->query->remote_id),
                    .want_quote = cyg_quote_words(e.words));
}

static enum cyg_code fail_search(struct search *s)
{
    switch (s->miss) {
    case MISS_ADDRESS:
        return CYG_FAIL(s->err, CYG_R_PEER_NO_ADDRESS_FITS,
                        .got_quote = quote_address(&s->query->path.remote),
                        .want_quote = quote_address(&s->query->path.local));
    case MISS_IDENTITY:
        return fail_identity(s);
    case MISS_POLICY:
    case MISS_SECRET:
        break;
    }
    return CYG_FAIL(
        s->err, s->miss == MISS_POLICY ? CYG_R_PEER_NO_POLICY_FITS : CYG_R_PEER_NO_SECRET_FITS,
        .got_quote = quote_identity(s->query->remote_id), .want_quote = cyg_quote_text(s->missed));
}

enum cyg_code store_peer_by_identity(void *self, const struct cyg_peer_query *query,
                                     cyg_usec deadline, struct cyg_peer **ret,
                                     struct cyg_error *err)
{
    CYG_CLEANUP(lookup_end) struct lookup lookup = { 0 };
    struct search s = { .lookup = &lookup, .query = query, .err = err };
    struct store *store = self;
    uint64_t generation = 0;
    struct cyg_peer *known = NULL;
    if (lookup_peek(store, deadline, &generation)) {
        known = cache_find_peer(&store->cache, generation, query);
    }
    if (known != NULL) {
        *ret = known;
        return CYG_OK;
    }
    enum cyg_code code = lookup_begin(store, deadline, &lookup, err);
    if (code == CYG_OK) {
        code = groups_find(&lookup, &query->path, s.groups, &s.n_groups, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    uint8_t form[CYG_IDENTITY_MAX + 1];
    size_t len = cyg_identity_match_form(query->remote_id, form);
    if (s.n_groups > 0) {
        s.miss = MISS_IDENTITY;
        code = try_form(&s, (struct cyg_span){ form, len });
        if (code == CYG_OK && s.found[0] == '\0') {
            code = try_patterns(&s);
        }
    }
    if (code != CYG_OK) {
        return code;
    }
    if (s.found[0] == '\0') {
        return fail_search(&s);
    }
    code = peer_load(&lookup, lookup.connections[s.found_source], s.found, ret, err);
    if (code == CYG_OK) {
        cache_put_peer(&store->cache, lookup.generation, query, *ret);
    }
    return code;
}
