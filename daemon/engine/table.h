/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hash tables of objects that carry their own links: uthash, in one place, always with the engine's
 * keyed hash, so that nobody can choose cookies, SPIs or addresses that collide (H-102), and
 * without its exit() on an exhausted heap. A table is a pointer to its first item, NULL when empty;
 * items stand in the order in which they were added. The key's bytes belong to the object and don't
 * change while it is in the table. Thread: the engine's. */
#pragma once

#include <cygnet/span.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct engine;

struct table_item {
    UT_hash_handle hh;
};

/* Put an item in under a key. false: no memory, nothing has changed. */
CYG_MUST_USE bool table_add(const struct engine *engine, struct table_item **table,
                            struct table_item *item, struct cyg_span key);

/* The item under a key, the newest if there are several; NULL. */
struct table_item *table_find(const struct engine *engine, struct table_item *table,
                              struct cyg_span key);

/* Take an item out that is in. */
void table_remove(struct table_item **table, struct table_item *item);

/* The item added after this one; NULL. */
struct table_item *table_next(const struct table_item *item);

size_t table_count(const struct table_item *table);

/* The bytes of a variable as a key. */
#define TABLE_KEY(variable) ((struct cyg_span){ (const uint8_t *)&(variable), sizeof(variable) })

/* The object whose member an item is; NULL for NULL. */
#define TABLE_OWNER(type, member, item)                                                     \
    (__extension__({                                                                        \
        struct table_item *item_ = (item);                                                  \
        item_ == NULL ? NULL : (type *)(void *)((uint8_t *)item_ - offsetof(type, member)); \
    }))
