/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For which remote addresses an answer holds (H-097): all in the widest prefix around the one that
 * was asked for in which nothing is told apart, no configured prefix and no address that owns a
 * secret. Of one length, the prefix that shares most bits with an address is its neighbour in
 * order, so that a search or two for each length in use is enough. */
#include "lookup.h"

struct extent {
    struct connection *c;
    struct cyg_span address;
    unsigned bits; /* so far: shorter prefixes hold something that is told apart */
};

static unsigned common_bits(struct cyg_span a, struct cyg_span b)
{
    unsigned n = 0;
    for (size_t i = 0; i < a.len; i++) {
        uint8_t differ = a.data[i] ^ b.data[i];
        if (differ != 0) {
            return n + (unsigned)__builtin_clz(differ) - 24;
        }
        n += 8;
    }
    return n;
}

/* Something of `bits` bits lies there: it is in all, or in none of the answer's addresses. */
static void part_from(struct extent *e, struct cyg_span neighbour, unsigned bits)
{
    if (neighbour.len != e->address.len) {
        return;
    }
    unsigned common = common_bits(e->address, neighbour);
    unsigned needed = common < bits ? common + 1 : bits;
    e->bits = needed > e->bits ? needed : e->bits;
}

/* The neighbours in lookup_group of one prefix length. */
static enum cyg_code part_from_prefixes(struct extent *e, const struct cyg_address *remote,
                                        unsigned bits, struct cyg_error *err)
{
    static const enum query both[] = { Q_REMOTE_BEFORE, Q_REMOTE_BEHIND };
    const struct group_key key = group_key_of(remote, bits);
    for (size_t i = 0; i < CYG_LEN(both); i++) {
        CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
        bool row = false;
        enum cyg_code code = query_start(e->c, both[i], &s, err);
        if (code != CYG_OK) {
            return code;
        }
        query_bind_number(s, 1, key.family);
        query_bind_number(s, 2, key.bits);
        query_bind_bytes(s, 3, (struct cyg_span){ key.bytes, key.len });
        code = query_step(s, &row, err);
        if (code != CYG_OK) {
            return code;
        }
        if (row) {
            part_from(e, query_bytes(s, 0), bits);
        }
    }
    return CYG_OK;
}

/* The neighbours among the addresses that own secrets. */
static enum cyg_code part_from_owners(struct extent *e, const struct cyg_address *remote,
                                      struct cyg_error *err)
{
    static const enum query both[] = { Q_OWNER_BEFORE, Q_OWNER_BEHIND };
    struct cyg_identity id;
    uint8_t form[CYG_IDENTITY_MAX + 1];
    cyg_identity_of_address(remote, &id);
    size_t len = cyg_identity_match_form(&id, form);
    for (size_t i = 0; i < CYG_LEN(both); i++) {
        CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
        bool row = false;
        enum cyg_code code = query_start(e->c, both[i], &s, err);
        if (code != CYG_OK) {
            return code;
        }
        query_bind_bytes(s, 1, (struct cyg_span){ form, len });
        code = query_step(s, &row, err);
        if (code != CYG_OK) {
            return code;
        }
        struct cyg_span owner = row ? query_bytes(s, 0) : (struct cyg_span){ 0 };
        if (owner.len > 0 && owner.data[0] == form[0]) {
            part_from(e, cyg_span_after(owner, 1), (unsigned)e->address.len * 8);
        }
    }
    return CYG_OK;
}

static enum cyg_code part_in_database(struct extent *e, const struct cyg_address *remote,
                                      struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(e->c, Q_REMOTE_BITS, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    int64_t bits = 129;
    while (code == CYG_OK && bits > 0) {
        query_bind_number(s, 1, remote->family);
        code = group_next_bits(s, 2, &bits, err);
        if (code == CYG_OK && bits > 0 && bits <= (int64_t)e->address.len * 8) {
            code = part_from_prefixes(e, remote, (unsigned)bits, err);
        }
    }
    return code == CYG_OK ? part_from_owners(e, remote, err) : code;
}

enum cyg_code extent_find(struct lookup *lookup, const struct cyg_address *remote, unsigned *ret,
                          struct cyg_error *err)
{
    struct extent e = { .address = cyg_address_span(remote) };
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < lookup->n_sources && code == CYG_OK && e.address.len > 0; i++) {
        e.c = lookup->connections[i];
        code = part_in_database(&e, remote, err);
    }
    *ret = e.bits;
    return code;
}
