/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See table.h. uthash's macros are expanded here and nowhere else. */
#include "table.h"

#include "engine_internal.h"

/* NOLINTNEXTLINE(readability-function-size) */
bool table_add(const struct engine *engine, struct table_item **table, struct table_item *item,
               struct cyg_span key)
{
    unsigned hash = (unsigned)engine_hash(engine, key);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, *table, key.data, (unsigned)key.len, hash, item);
    return item->hh.tbl != NULL;
}

/* NOLINTNEXTLINE(readability-function-size) */
struct table_item *table_find(const struct engine *engine, struct table_item *table,
                              struct cyg_span key)
{
    struct table_item *found;
    unsigned hash = (unsigned)engine_hash(engine, key);
    HASH_FIND_BYHASHVALUE(hh, table, key.data, (unsigned)key.len, hash, found);
    return found;
}

/* NOLINTNEXTLINE(readability-function-size) */
void table_remove(struct table_item **table, struct table_item *item)
{
    HASH_DELETE(hh, *table, item);
}

struct table_item *table_next(const struct table_item *item)
{
    return item->hh.next;
}

size_t table_count(const struct table_item *table)
{
    return HASH_COUNT(table);
}
