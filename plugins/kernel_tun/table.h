/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash table of records that carry their own node as first member. It grows, never shrinks. The
 * hashes are made of what the engine and our own random numbers chose (SPIs, request ids, selectors
 * of authenticated peers), hence not keyed. Owner: records stay the caller's. Thread: the
 * worker's. */
#pragma once

#include <cygnet/base.h>

struct node {
    struct node *next;
    uint32_t hash;
};

struct table {
    struct node **buckets;
    uint32_t mask, count;
};

CYG_MUST_USE enum cyg_code table_init(struct table *t);
void table_clear(struct table *t); /* frees the buckets only */

/* Add a record. Full growth is tried, not needed: never fails. */
void table_insert(struct table *t, struct node *node, uint32_t hash);
void table_remove(struct table *t, struct node *node);

/* The records with this hash: for (n = table_first(t, h); n != NULL; n = table_next(n)) */
struct node *table_first(const struct table *t, uint32_t hash);
struct node *table_next(const struct node *node);

/* All records; the one that is given may be removed. */
void table_each(const struct table *t, void (*callback)(void *context, struct node *node),
                void *context);

static inline uint32_t hash_mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ (b * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(h >> 32) ^ (uint32_t)h;
}
