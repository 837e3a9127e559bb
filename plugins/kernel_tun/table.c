/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <stdlib.h>

#define FIRST_BUCKETS 64u

enum cyg_code table_init(struct table *t)
{
    struct node **buckets = calloc(FIRST_BUCKETS, sizeof(struct node *));
    if (buckets == NULL) {
        return CYG_NOMEM;
    }
    *t = (struct table){ .buckets = buckets, .mask = FIRST_BUCKETS - 1 };
    return CYG_OK;
}

void table_clear(struct table *t)
{
    free(t->buckets);
    *t = (struct table){ 0 };
}

static void put(struct table *t, struct node *node)
{
    struct node **bucket = &t->buckets[node->hash & t->mask];
    node->next = *bucket;
    *bucket = node;
}

/* Twice the buckets; without memory chains just get longer. */
static void grow(struct table *t)
{
    uint32_t old_size = t->mask + 1;
    struct node **old = t->buckets, **buckets = calloc(old_size * 2, sizeof(struct node *));
    if (buckets == NULL) {
        return;
    }
    t->buckets = buckets;
    t->mask = old_size * 2 - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        for (struct node *n = old[i], *next; n != NULL; n = next) {
            next = n->next;
            put(t, n);
        }
    }
    free(old);
}

void table_insert(struct table *t, struct node *node, uint32_t hash)
{
    if (t->count > t->mask && t->mask < UINT32_MAX / 4) {
        grow(t);
    }
    node->hash = hash;
    put(t, node);
    t->count++;
}

void table_remove(struct table *t, struct node *node)
{
    for (struct node **at = &t->buckets[node->hash & t->mask]; *at != NULL; at = &(*at)->next) {
        if (*at == node) {
            *at = node->next;
            t->count--;
            return;
        }
    }
}

static struct node *same_hash(struct node *n, uint32_t hash)
{
    while (n != NULL && n->hash != hash) {
        n = n->next;
    }
    return n;
}

struct node *table_first(const struct table *t, uint32_t hash)
{
    return same_hash(t->buckets[hash & t->mask], hash);
}

struct node *table_next(const struct node *node)
{
    return same_hash(node->next, node->hash);
}

void table_each(const struct table *t, void (*callback)(void *context, struct node *node),
                void *context)
{
    for (uint32_t i = 0; t->buckets != NULL && i <= t->mask; i++) {
        for (struct node *n = t->buckets[i], *next; n != NULL; n = next) {
            next = n->next;
            callback(context, n);
        }
    }
}
