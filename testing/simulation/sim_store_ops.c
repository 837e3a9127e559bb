/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queries that the engine's storage jobs ask, answered from memory by the rules of DESIGN.md
 * "Peers: how one is found" and PROTOCOL.md "PSK of a main mode responder", over a handful of
 * peers. Every query may fail as busy, by chance. */
#include "simulation/sim_store.h"

#include <stdlib.h>

static bool is_busy(struct sim_store *store, struct cyg_error *err)
{
    if (pcg_below(&store->random, 1000) >= store->failing_permille) {
        return false;
    }
    (void)CYG_FAIL(err, CYG_R_BUSY, 0);
    return true;
}

/* ---- which peers fit an address pair ---- */

static bool any_contains(const struct cyg_prefix *prefixes, size_t n, const struct cyg_address *a,
                         unsigned *ret_bits)
{
    bool fits = n == 0;
    *ret_bits = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_any = prefixes[i].address.family == 0;
        if (is_any || cyg_prefix_contains(&prefixes[i], a)) {
            fits = true;
            *ret_bits = prefixes[i].bits > *ret_bits ? prefixes[i].bits : *ret_bits;
        }
    }
    return fits;
}

struct fitting {
    const struct sim_entry *entry;
    unsigned remote_bits, local_bits;
};

/* The order of DESIGN.md: remote prefix, local address named, name. */
static int fitting_order(const void *a, const void *b)
{
    const struct fitting *x = a, *y = b;
    if (x->remote_bits != y->remote_bits) {
        return x->remote_bits > y->remote_bits ? -1 : 1;
    }
    if ((x->local_bits > 0) != (y->local_bits > 0)) {
        return x->local_bits > 0 ? -1 : 1;
    }
    return strcmp(x->entry->name, y->entry->name);
}

static size_t find_fitting(const struct sim_store *store, const struct cyg_path *path,
                           struct fitting ret[SIM_STORE_PEERS])
{
    size_t n = 0;
    for (size_t i = 0; i < store->n_entries; i++) {
        const struct cyg_peer *peer = store->entries[i].peer;
        struct fitting f = { .entry = &store->entries[i] };
        if (peer != NULL
            && any_contains(peer->local_addrs, peer->n_local_addrs, &path->local, &f.local_bits)
            && any_contains(peer->remote_addrs, peer->n_remote_addrs, &path->remote,
                            &f.remote_bits)) {
            ret[n++] = f;
        }
    }
    qsort(ret, n, sizeof(*ret), fitting_order);
    return n;
}

static enum cyg_code store_candidates(void *self, const struct cyg_path *path, cyg_usec deadline,
                                      struct cyg_candidates **ret, struct cyg_error *err)
{
    struct sim_store *store = self;
    struct fitting fitting[SIM_STORE_PEERS];
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    size_t n = find_fitting(store, path, fitting);
    size_t proposals = 0;
    for (size_t i = 0; i < n; i++) {
        proposals += fitting[i].entry->peer->n_proposals;
    }
    size_t names = sizeof(struct cyg_candidates) + n * sizeof(struct cyg_candidate)
                   + proposals * sizeof(struct cyg_proposal);
    struct cyg_candidates *c = calloc(1, names + n * CYG_NAME_MAX);
    if (c == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM, 0);
    }
    c->items = (struct cyg_candidate *)(void *)(c + 1);
    struct cyg_proposal *p = (struct cyg_proposal *)(void *)(c->items + n);
    char *name = (char *)c + names;
    c->n = c->total_peers = n;
    c->generation = store->generation;
    c->remote_bits = n > 0 ? (uint8_t)fitting[0].remote_bits : 0;
    for (size_t i = 0; i < n; i++) {
        const struct sim_entry *entry = fitting[i].entry;
        const struct cyg_peer *peer = entry->peer;
        memcpy(p, peer->proposals, peer->n_proposals * sizeof(*p));
        memcpy(name, entry->name, CYG_NAME_MAX);
        c->items[i] = (struct cyg_candidate){ .proposals = p,
                                              .n_proposals = peer->n_proposals,
                                              .auth_method = peer->auth_method,
                                              .aggressive = peer->aggressive,
                                              .prefer_own = peer->prefer_own,
                                              .encap = peer->encap,
                                              .nat_vids = peer->nat_vids,
                                              .lifetime_s = peer->lifetime_s,
                                              .n_peers = 1,
                                              .peer_name = name,
                                              .has_secret = entry->has_secret,
                                              .secret = entry->secret };
        p += peer->n_proposals;
        name += CYG_NAME_MAX;
    }
    *ret = c;
    return CYG_OK;
}

/* ---- the peer itself ---- */

static bool holds(const uint8_t *list, size_t n, enum cyg_alg alg)
{
    return memchr(list, (int)alg, n) != NULL;
}

static bool allows(const struct cyg_peer *peer, const struct cyg_peer_query *q)
{
    for (size_t i = 0; i < peer->n_proposals; i++) {
        const struct cyg_proposal *p = &peer->proposals[i];
        if (holds(p->ciphers, p->n_ciphers, q->cipher) && holds(p->integs, p->n_integs, q->integ)
            && holds(p->groups, p->n_groups, q->group)) {
            return true;
        }
    }
    return false;
}

static bool fits_query(const struct sim_entry *entry, const struct cyg_peer_query *q)
{
    const struct cyg_peer *peer = entry->peer;
    return peer->auth_method == q->auth_method && peer->aggressive == q->aggressive
           && allows(peer, q)
           && cyg_span_equal(
               (struct cyg_span){ entry->secret.data, entry->has_secret ? entry->secret.len : 0 },
               q->psk);
}

static struct cyg_quote quote_identity(const struct cyg_identity *id)
{
    uint8_t bytes[CYG_IDENTITY_MAX + 1] = { id->type };
    memcpy(bytes + 1, id->data, id->len);
    return cyg_quote(CYG_QUOTE_IDENTITY, (struct cyg_span){ bytes, id->len + 1u });
}

static enum cyg_code store_by_identity(void *self, const struct cyg_peer_query *query,
                                       cyg_usec deadline, struct cyg_peer **ret,
                                       struct cyg_error *err)
{
    struct sim_store *store = self;
    struct fitting fitting[SIM_STORE_PEERS];
    const struct sim_entry *best = NULL;
    unsigned best_match = 0;
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    size_t n = find_fitting(store, &query->path, fitting);
    for (size_t i = 0; i < n; i++) {
        unsigned match = cyg_identity_match(&fitting[i].entry->peer->remote_id, query->remote_id);
        if (match > best_match && fits_query(fitting[i].entry, query)) {
            best = fitting[i].entry;
            best_match = match;
        }
    }
    if (best == NULL) {
        struct cyg_quote asked = quote_identity(query->remote_id);
        struct cyg_quote first = n > 0 ? quote_identity(&fitting[0].entry->peer->remote_id) : asked;
        return CYG_FAIL(err, CYG_R_PEER_NO_IDENTITY_FITS, .got = n, .got_quote = asked,
                        .want_quote = first);
    }
    *ret = cyg_peer_hold(best->peer);
    return CYG_OK;
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

static enum cyg_code not_found(struct cyg_error *err)
{
    (void)CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("there is no such peer"));
    return CYG_NOT_FOUND;
}

static enum cyg_code store_by_name(void *self, const char *name, const char *child,
                                   cyg_usec deadline, struct cyg_peer **ret, struct cyg_error *err)
{
    struct sim_store *store = self;
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    for (size_t i = 0; i < store->n_entries; i++) {
        struct sim_entry *entry = &store->entries[i];
        if (entry->peer != NULL && (name == NULL || strcmp(entry->name, name) == 0)
            && (child == NULL || has_child(entry->peer, child))) {
            *ret = cyg_peer_hold(entry->peer);
            return CYG_OK;
        }
    }
    return not_found(err);
}

static struct sim_entry *entry_by_id(struct sim_store *store, uint8_t source, int64_t id)
{
    bool is_known = source == 0 && id >= 1 && (size_t)id <= store->n_entries;
    return is_known ? &store->entries[id - 1] : NULL;
}

static enum cyg_code store_by_id(void *self, uint8_t source, int64_t id, cyg_usec deadline,
                                 struct cyg_peer **ret, struct cyg_error *err)
{
    struct sim_store *store = self;
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    const struct sim_entry *entry = entry_by_id(store, source, id);
    if (entry == NULL || entry->peer == NULL) {
        return not_found(err);
    }
    *ret = cyg_peer_hold(entry->peer);
    return CYG_OK;
}

static enum cyg_code store_secret(void *self, const struct cyg_peer *peer,
                                  const struct cyg_path *path, cyg_usec deadline,
                                  struct cyg_peer_secret *ret, struct cyg_error *err)
{
    struct sim_store *store = self;
    (void)path;
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    const struct sim_entry *entry = entry_by_id(store, peer->source, peer->id);
    if (entry == NULL || !entry->has_secret) {
        return not_found(err);
    }
    *ret = entry->secret;
    return CYG_OK;
}

static enum cyg_code store_list(void *self, const char *after, size_t max, cyg_usec deadline,
                                struct cyg_peer_row *ret, size_t *ret_n, struct cyg_error *err)
{
    struct sim_store *store = self;
    (void)after;
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    *ret_n = 0;
    for (size_t i = 0; after == NULL && i < store->n_entries && *ret_n < max; i++) {
        if (store->entries[i].peer != NULL) {
            struct cyg_peer_row *row = &ret[(*ret_n)++];
            *row = (struct cyg_peer_row){ .peer = cyg_peer_hold(store->entries[i].peer) };
            memcpy(row->name, store->entries[i].name, sizeof(row->name));
        }
    }
    return CYG_OK;
}

static enum cyg_code store_poll(void *self, cyg_usec deadline, struct cyg_peer_changes **ret,
                                struct cyg_error *err)
{
    struct sim_store *store = self;
    (void)deadline;
    if (is_busy(store, err)) {
        return CYG_LIMIT;
    }
    struct cyg_peer_changes *changes =
        calloc(1, sizeof(*changes) + store->n_entries * sizeof(struct cyg_peer_change));
    if (changes == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM, 0);
    }
    changes->items = (struct cyg_peer_change *)(void *)(changes + 1);
    changes->generation = store->generation;
    for (size_t i = 0; i < store->n_entries; i++) {
        struct sim_entry *entry = &store->entries[i];
        if (entry->touched) {
            struct cyg_peer_change *change = &changes->items[changes->n++];
            *change = (struct cyg_peer_change){ .id = entry->id, .gone = entry->peer == NULL };
            memcpy(change->name, entry->name, sizeof(change->name));
            entry->touched = false;
        }
    }
    *ret = changes;
    return CYG_OK;
}

const struct cyg_store_ops *sim_store_ops_table(void)
{
    static const struct cyg_store_ops ops = { .size = sizeof(ops),
                                              .candidates = store_candidates,
                                              .peer_by_identity = store_by_identity,
                                              .peer_by_name = store_by_name,
                                              .peer_by_id = store_by_id,
                                              .secret = store_secret,
                                              .list = store_list,
                                              .poll = store_poll };
    return &ops;
}
