/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What MM1 and AM1 are answered from. Of each address group that fits: its distinct policies, and
 * of each policy the secrets of its peers, the first peer's by name first. Bounded, so that a
 * million peers of one group cost what one does. */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#define CLASSES    4u   /* distinct secrets that are named for one policy of a group */
#define CANDIDATES 256u /* of one answer */

struct candidate {
    struct policy policy;
    struct cyg_peer_secret secret;
    char secret_name[CYG_PEER_NAME + 1]; /* "": there is none */
    uint32_t n_peers;
    char name[CYG_PEER_NAME + 1]; /* of the first peer */
};

struct gather {
    struct lookup *lookup;
    const struct cyg_path *path;
    struct candidate *items;
    size_t n, room;
    struct cyg_error *err;
};

static void gather_clear(struct gather *g)
{
    if (g->items != NULL) {
        cyg_wipe(g->items, g->room * sizeof *g->items);
    }
    free(g->items);
}

/* Grow by hand: realloc would leave secrets behind. */
static struct candidate *gather_add(struct gather *g)
{
    if (g->n == g->room) {
        size_t room = g->room == 0 ? 4 : g->room * 2;
        struct candidate *bigger = calloc(room, sizeof *bigger);
        if (bigger == NULL) {
            return NULL;
        }
        if (g->n > 0) {
            memcpy(bigger, g->items, g->n * sizeof *bigger);
        }
        gather_clear(g);
        g->items = bigger;
        g->room = room;
    }
    return &g->items[g->n++];
}

/* The peers of one policy whose secret is found the same way. Those that come to the same secret as
 * an earlier candidate of the policy are counted there. */
static enum cyg_code gather_class(struct gather *g, const struct group *group,
                                  const struct policy *policy, int64_t psk, uint32_t n_peers,
                                  const char *name, size_t first)
{
    struct connection *c = g->lookup->connections[group->source];
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    struct psk_ask ask;
    enum cyg_code code = secret_ask_of_class(c, psk, g->path, group->remote_is_host, &ask, g->err);
    if (code != CYG_OK) {
        return code;
    }
    code = secret_find(g->lookup, &ask, &secret, g->err);
    if (code != CYG_OK && code != CYG_NOT_FOUND) {
        return code;
    }
    if (code == CYG_NOT_FOUND) {
        secret.name[0] = '\0';
    }
    for (size_t i = first; i < g->n; i++) {
        if (strcmp(g->items[i].secret_name, secret.name) == 0) {
            g->items[i].n_peers += n_peers;
            return CYG_OK;
        }
    }
    struct candidate *added = g->n < CANDIDATES ? gather_add(g) : NULL;
    if (added == NULL) {
        return g->n < CANDIDATES ? CYG_FAIL(g->err, CYG_R_NOMEM) : CYG_OK;
    }
    *added = (struct candidate){ .policy = *policy, .n_peers = n_peers };
    text_copy(added->name, sizeof added->name, name);
    text_copy(added->secret_name, sizeof added->secret_name, secret.name);
    if (secret.name[0] != '\0') {
        secret_export(&secret, &ask, &added->secret);
    }
    return CYG_OK;
}

static enum cyg_code first_of_class(struct gather *g, struct connection *c, int64_t group,
                                    int64_t policy, int64_t psk, char ret[CYG_PEER_NAME + 1])
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_FIRST_MEMBER_OF_PSK, &s, g->err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, group);
    query_bind_number(s, 2, policy);
    query_bind_number(s, 3, psk);
    code = query_step(s, &row, g->err);
    text_copy(ret, CYG_PEER_NAME + 1, code == CYG_OK && row ? query_text(s, 0) : "");
    return code;
}

/* The class of the first peer, then a few others. */
static enum cyg_code gather_classes(struct gather *g, const struct group *group, int64_t policy_id,
                                    const struct policy *policy, int64_t first_psk,
                                    const char *first_name)
{
    struct connection *c = g->lookup->connections[group->source];
    struct {
        int64_t psk;
        uint32_t n_peers;
    } classes[CLASSES + 1];
    size_t n = 0, first = g->n;
    uint32_t first_peers = 1;
    bool row = false;
    {
        CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
        enum cyg_code code = query_start(c, Q_ENTRIES, &s, g->err);
        if (code != CYG_OK) {
            return code;
        }
        query_bind_number(s, 1, group->id);
        query_bind_number(s, 2, policy_id);
        query_bind_number(s, 3, CLASSES);
        while ((code = query_step(s, &row, g->err)) == CYG_OK && row && n < CLASSES) {
            int64_t psk = sqlite3_column_int64(s, 0);
            uint32_t peers = (uint32_t)sqlite3_column_int64(s, 1);
            if (psk == first_psk) {
                first_peers = peers;
            } else {
                classes[n].psk = psk;
                classes[n++].n_peers = peers;
            }
        }
        if (code != CYG_OK) {
            return code;
        }
    }
    enum cyg_code code = gather_class(g, group, policy, first_psk, first_peers, first_name, first);
    for (size_t i = 0; i < n && code == CYG_OK; i++) {
        char name[CYG_PEER_NAME + 1];
        code = first_of_class(g, c, group->id, policy_id, classes[i].psk, name);
        if (code == CYG_OK && name[0] != '\0') {
            code = gather_class(g, group, policy, classes[i].psk, classes[i].n_peers, name, first);
        }
    }
    return code;
}

static enum cyg_code gather_policy(struct gather *g, const struct group *group, int64_t policy_id)
{
    struct connection *c = g->lookup->connections[group->source];
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(c, Q_FIRST_MEMBER, &s, g->err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, group->id);
    query_bind_number(s, 2, policy_id);
    code = query_step(s, &row, g->err);
    if (code != CYG_OK || !row) {
        return code;
    }
    char name[CYG_PEER_NAME + 1];
    text_copy(name, sizeof name, query_text(s, 0));
    int64_t psk = sqlite3_column_int64(s, 1);
    struct policy policy;
    code = policy_load(c, policy_id, &policy, g->err);
    return code == CYG_OK ? gather_classes(g, group, policy_id, &policy, psk, name) : code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->name, ((const struct candidate *)b)->name);
}

static enum cyg_code gather_group(struct gather *g, const struct group *group)
{
    int64_t policies[POLICIES + 1];
    size_t n = 0, first = g->n;
    enum cyg_code code =
        group_policies(g->lookup->connections[group->source], group->id, policies, &n, g->err);
    for (size_t i = 0; i < n && code == CYG_OK; i++) {
        code = gather_policy(g, group, policies[i]);
    }
    if (g->n > first) {
        qsort(g->items + first, g->n - first, sizeof *g->items, by_name);
    }
    return code;
}

/* One allocation: the head, the items, their proposals, their names. */
static struct cyg_candidates *pack(const struct gather *g, size_t *ret_bytes)
{
    size_t proposals = 0, names = 0;
    for (size_t i = 0; i < g->n; i++) {
        proposals += g->items[i].policy.n_proposals;
        names += strlen(g->items[i].name) + 1;
    }
    *ret_bytes = sizeof(struct cyg_candidates) + g->n * sizeof(struct cyg_candidate)
                 + proposals * sizeof(struct cyg_proposal) + names;
    struct cyg_candidates *all = calloc(1, *ret_bytes);
    if (all == NULL) {
        return NULL;
    }
    all->n = g->n;
    all->items = (struct cyg_candidate *)(all + 1);
    struct cyg_proposal *proposal = (struct cyg_proposal *)(all->items + g->n);
    char *name = (char *)(proposal + proposals);
    for (size_t i = 0; i < g->n; i++) {
        const struct candidate *from = &g->items[i];
        const struct policy *p = &from->policy;
        struct cyg_candidate *to = &all->items[i];
        *to = (struct cyg_candidate){ .proposals = proposal,
                                      .n_proposals = (uint16_t)p->n_proposals,
                                      .auth_method = p->auth_method,
                                      .aggressive = p->aggressive,
                                      .prefer_own = p->prefer_own,
                                      .encap = p->encap,
                                      .nat_vids = p->nat_vids,
                                      .lifetime_s = p->lifetime_s,
                                      .n_peers = from->n_peers,
                                      .peer_name = name,
                                      .has_secret = from->secret_name[0] != '\0',
                                      .secret = from->secret };
        memcpy(proposal, p->proposals, p->n_proposals * sizeof *proposal);
        proposal += p->n_proposals;
        memcpy(name, from->name, strlen(from->name) + 1);
        name += strlen(from->name) + 1;
    }
    return all;
}
_Static_assert(_Alignof(struct cyg_candidate) <= _Alignof(struct cyg_candidates)
                   && _Alignof(struct cyg_proposal) <= _Alignof(struct cyg_candidate),
               "pack lays them out one behind the other");

enum cyg_code store_candidates(void *self, const struct cyg_path *path, cyg_usec deadline,
                               struct cyg_candidates **ret, struct cyg_error *err)
{
    CYG_CLEANUP(lookup_end) struct lookup lookup = { 0 };
    CYG_CLEANUP(gather_clear)
    struct gather gather = { .lookup = &lookup, .path = path, .err = err };
    struct group groups[GROUPS];
    size_t n = 0, total = 0, bytes = 0;
    struct store *store = self;
    uint64_t generation = 0;
    struct cyg_candidates *all = NULL;
    if (lookup_peek(store, deadline, &generation)) {
        all = cache_find_candidates(&store->cache, generation, path);
    }
    if (all != NULL) {
        *ret = all;
        return CYG_OK;
    }
    enum cyg_code code = lookup_begin(store, deadline, &lookup, err);
    if (code == CYG_OK) {
        code = groups_find(&lookup, path, groups, &n, err);
    }
    for (size_t i = 0; i < n && code == CYG_OK; i++) {
        code = gather_group(&gather, &groups[i]);
        total += groups[i].n_peers;
    }
    unsigned bits = (unsigned)cyg_address_len(&path->remote) * 8;
    if (code == CYG_OK && (n == 0 || groups[0].remote_bits < bits)) { /* else it is a host's */
        code = extent_find(&lookup, &path->remote, &bits, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    all = pack(&gather, &bytes);
    if (all == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    all->total_peers = total;
    all->remote_bits = n > 0 ? (uint8_t)groups[0].remote_bits : 0; /* the longest comes first */
    all->free_bits = (uint8_t)(cyg_address_len(&path->remote) * 8 - bits);
    all->generation = lookup.generation;
    cache_put_candidates(&store->cache, lookup.generation, path, bits, all, bytes);
    *ret = all;
    return CYG_OK;
}
