/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address groups: the few prefixes that an address fits are found by one search for each prefix
 * length there is, whatever the number of peers. */
#include "lookup.h"

#include <string.h>

struct group_key group_key_of(const struct cyg_address *address, unsigned bits)
{
    struct cyg_span bytes = cyg_address_span(address);
    struct group_key key = { .family = address->family, .bits = bits, .len = bytes.len };
    if (bytes.len > 0) { /* memcpy wants a pointer even then */
        memcpy(key.bytes, bytes.data, bytes.len);
    }
    for (size_t i = bits; i < bytes.len * 8; i++) {
        key.bytes[i / 8] &= (uint8_t) ~(1u << (7 - i % 8));
    }
    return key;
}

static void bind_key(sqlite3_stmt *s, int at, const struct group_key *key)
{
    query_bind_number(s, at, key->family);
    query_bind_number(s, at + 1, key->bits);
    query_bind_bytes(s, at + 2, (struct cyg_span){ key->bytes, key->len });
}

struct search {
    struct connection *c;
    const struct cyg_path *path;
    struct group *groups;
    size_t n;
};

enum cyg_code group_next_bits(sqlite3_stmt *s, int at, int64_t *bits, struct cyg_error *err)
{
    query_bind_number(s, at, *bits);
    bool row = false;
    enum cyg_code code = query_step(s, &row, err);
    *bits = code == CYG_OK && row ? sqlite3_column_int64(s, 0) : -1;
    sqlite3_reset(s);
    return code;
}

static enum cyg_code add_group(struct search *search, const struct group_key *remote,
                               const struct group_key *local, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = query_start(search->c, Q_GROUP, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    bind_key(s, 1, remote);
    bind_key(s, 4, local);
    code = query_step(s, &row, err);
    if (code != CYG_OK || !row) {
        return code;
    }
    if (search->n == GROUPS) {
        return CYG_FAIL(err, CYG_R_ROW_GROUPS, .want = GROUPS);
    }
    search->groups[search->n++] = (struct group){
        .id = sqlite3_column_int64(s, 0),
        .source = search->c->source->number,
        .remote_bits = (unsigned)remote->bits,
        .local_bits = (unsigned)local->bits,
        .remote_named = remote->family != 0,
        .local_named = local->family != 0,
        .remote_is_host = remote->len > 0 && (size_t)remote->bits == remote->len * 8,
        .n_peers = (uint32_t)sqlite3_column_int64(s, 1),
    };
    return CYG_OK;
}

/* All groups of one remote prefix: local prefixes from long to short, then any. */
static enum cyg_code search_local(struct search *search, const struct group_key *remote,
                                  struct cyg_error *err)
{
    const struct cyg_address *own = &search->path->local;
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(search->c, Q_LOCAL_BITS, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    int64_t bits = own->family != 0 ? 129 : -1;
    while (bits >= 0) {
        bind_key(s, 1, remote);
        query_bind_number(s, 4, own->family);
        code = group_next_bits(s, 5, &bits, err);
        if (code != CYG_OK) {
            return code;
        }
        if (bits >= 0 && bits <= (int64_t)cyg_address_len(own) * 8) {
            struct group_key local = group_key_of(own, (unsigned)bits);
            code = add_group(search, remote, &local, err);
            if (code != CYG_OK) {
                return code;
            }
        }
    }
    const struct group_key any = { 0 };
    return add_group(search, remote, &any, err);
}

static enum cyg_code search_remote(struct search *search, struct cyg_error *err)
{
    const struct cyg_address *peer = &search->path->remote;
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(search->c, Q_REMOTE_BITS, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    int64_t bits = peer->family != 0 ? 129 : -1;
    while (bits >= 0) {
        query_bind_number(s, 1, peer->family);
        code = group_next_bits(s, 2, &bits, err);
        if (code != CYG_OK) {
            return code;
        }
        if (bits >= 0 && bits <= (int64_t)cyg_address_len(peer) * 8) {
            struct group_key remote = group_key_of(peer, (unsigned)bits);
            code = search_local(search, &remote, err);
            if (code != CYG_OK) {
                return code;
            }
        }
    }
    const struct group_key any = { 0 };
    return search_local(search, &any, err);
}

/* <0: a comes first. */
static int compare(const struct group *a, const struct group *b)
{
    if (a->remote_named != b->remote_named) {
        return a->remote_named ? -1 : 1;
    }
    if (a->remote_bits != b->remote_bits) {
        return a->remote_bits > b->remote_bits ? -1 : 1;
    }
    if (a->local_named != b->local_named) {
        return a->local_named ? -1 : 1;
    }
    if (a->local_bits != b->local_bits) {
        return a->local_bits > b->local_bits ? -1 : 1;
    }
    return a->source - b->source;
}

enum cyg_code groups_find(struct lookup *lookup, const struct cyg_path *path,
                          struct group ret[GROUPS], size_t *ret_n, struct cyg_error *err)
{
    struct search search = { .path = path, .groups = ret };
    for (size_t i = 0; i < lookup->n_sources; i++) {
        search.c = lookup->connections[i];
        enum cyg_code code = search_remote(&search, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    /* Each database's are in order already; there are few. */
    for (size_t i = 1; i < search.n; i++) {
        for (size_t j = i; j > 0 && compare(&ret[j], &ret[j - 1]) < 0; j--) {
            struct group moved = ret[j];
            ret[j] = ret[j - 1];
            ret[j - 1] = moved;
        }
    }
    *ret_n = search.n;
    return CYG_OK;
}

enum cyg_code group_policies(struct connection *c, int64_t group, int64_t ret[POLICIES + 1],
                             size_t *ret_n, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, Q_NEXT_POLICY, &s, err);
    size_t n = 0;
    int64_t last = 0;
    bool row = true;
    while (code == CYG_OK && row && n <= POLICIES) {
        query_bind_number(s, 1, group);
        query_bind_number(s, 2, last);
        code = query_step(s, &row, err);
        if (code == CYG_OK && row) {
            last = sqlite3_column_int64(s, 0);
            ret[n++] = last;
        }
        sqlite3_reset(s);
    }
    *ret_n = n;
    return code;
}

/* The text of lookup_policy is our own, but the file is not: what does not parse is left out. */
static size_t parse_proposals(struct cyg_span text, struct cyg_proposal *ret, size_t max)
{
    size_t n = 0;
    while (text.len > 0 && n < max) {
        const uint8_t *comma = memchr(text.data, ',', text.len);
        size_t len = comma != NULL ? (size_t)(comma - text.data) : text.len;
        if (cyg_proposal_parse(CYG_PROPOSAL_IKE, cyg_span_first(text, len), &ret[n], NULL)
            == CYG_OK) {
            n++;
        }
        text = cyg_span_after(text, len + 1);
    }
    return n;
}

enum cyg_code policy_load(struct connection *c, int64_t id, struct policy *ret,
                          struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    *ret = (struct policy){ .n_proposals = 0 };
    enum cyg_code code = query_start(c, Q_POLICY, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, id);
    code = query_step(s, &row, err);
    if (code != CYG_OK || !row) {
        return code;
    }
    ret->n_proposals = parse_proposals(query_bytes(s, 0), ret->proposals, CYG_LEN(ret->proposals));
    ret->auth_method = (uint16_t)sqlite3_column_int(s, 1);
    ret->aggressive = sqlite3_column_int(s, 2) != 0;
    ret->prefer_own = sqlite3_column_int(s, 3) != 0;
    ret->encap = sqlite3_column_int(s, 4) != 0;
    ret->nat_vids = (uint8_t)sqlite3_column_int(s, 5);
    ret->lifetime_s = (uint32_t)sqlite3_column_int64(s, 6);
    return CYG_OK;
}
