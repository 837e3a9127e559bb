/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See groups.h. */
#include "groups.h"

#include "engine_internal.h"

#include <stdlib.h>
#include <string.h>

static void key_of(const struct cyg_path *path, uint8_t key[34])
{
    key[0] = path->local.family;
    memcpy(key + 1, path->local.bytes, 16);
    key[17] = path->remote.family;
    memcpy(key + 18, path->remote.bytes, 16);
}

static struct group *find(const struct engine *engine, const struct cyg_path *path)
{
    uint8_t key[34];
    key_of(path, key);
    return TABLE_OWNER(struct group, by_key,
                       table_find(engine, engine->groups, cyg_span_of_array(key)));
}

static bool is_busy(const struct engine *engine)
{
    return engine->counts.half_open >= GROUPS_FROM;
}

struct group *groups_find(struct engine *engine, const struct cyg_path *path)
{
    struct group *group = is_busy(engine) ? find(engine, path) : NULL;
    if (group != NULL) {
        group->references++;
    }
    return group;
}

bool group_is_known(const struct group *group)
{
    return group->candidates->remote_bits > (group->key[17] == 4 ? 8 : 16);
}

bool groups_known(const struct engine *engine, const struct cyg_path *path)
{
    const struct group *group = find(engine, path);
    return group != NULL && group_is_known(group);
}

void group_release(struct group *group)
{
    if (group != NULL && --group->references == 0) {
        cyg_candidates_free(group->candidates);
        free(group);
    }
}

static void forget(struct engine *engine, struct group *group)
{
    table_remove(&engine->groups, &group->by_key);
    engine->n_groups--;
    group->cached = false;
    group_release(group);
}

/* A slot counted from the oldest; a walk of at most GROUPS_MAX steps, only when the cache is full.
 */
static void forget_one(struct engine *engine)
{
    uint32_t steps = engine_below(engine, 16); /* near the oldest is as good as anywhere */
    struct table_item *item = engine->groups;
    while (steps-- > 0 && item != NULL && table_next(item) != NULL) {
        item = table_next(item);
    }
    if (item != NULL) {
        forget(engine, TABLE_OWNER(struct group, by_key, item));
    }
}

struct group *groups_add(struct engine *engine, const struct cyg_path *path,
                         struct cyg_candidates *candidates)
{
    struct group *old = find(engine, path);
    if (old != NULL) { /* two handshakes asked at the same time */
        forget(engine, old);
    }
    if (engine->n_groups >= GROUPS_MAX) {
        forget_one(engine);
    }
    struct group *group = calloc(1, sizeof *group);
    if (group == NULL) {
        cyg_candidates_free(candidates);
        return NULL;
    }
    key_of(path, group->key);
    group->candidates = candidates;
    group->references = 1;
    if (is_busy(engine)
        && table_add(engine, &engine->groups, &group->by_key, cyg_span_of_array(group->key))) {
        group->cached = true;
        group->references++;
        engine->n_groups++;
    }
    return group;
}

void groups_flush(struct engine *engine)
{
    while (engine->groups != NULL) {
        forget(engine, TABLE_OWNER(struct group, by_key, engine->groups));
    }
}
