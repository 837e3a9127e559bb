/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See groups.h. */
#include "groups.h"

#include "engine_internal.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>

#define KEY 35 /* families and bytes of both addresses, how many bits of the remote one count */

/* What is cached for a local address and a remote prefix. */
struct group_use {
    struct table_item by_key; /* engine->groups */
    uint8_t key[KEY];
    struct group *group; /* held */
};

static void key_of(const struct cyg_path *path, unsigned bits, uint8_t key[KEY])
{
    key[0] = path->local.family;
    memcpy(key + 1, path->local.bytes, 16);
    key[17] = path->remote.family;
    memset(key + 18, 0, 16);
    memcpy(key + 18, path->remote.bytes, (bits + 7) / 8);
    if (bits % 8 != 0) {
        key[18 + bits / 8] &= (uint8_t)(0xff00u >> bits % 8);
    }
    key[34] = (uint8_t)bits;
}

static struct group_use *find_prefix(const struct engine *engine, const struct cyg_path *path,
                                     unsigned bits)
{
    uint8_t key[KEY];
    key_of(path, bits, key);
    return TABLE_OWNER(struct group_use, by_key,
                       table_find(engine, engine->groups, cyg_span_of_array(key)));
}

/* Longest prefix first. Those of one state of the data don't overlap: a flood hears few. */
static struct group_use *find(const struct engine *engine, const struct cyg_path *path)
{
    struct group_use *use = NULL;
    unsigned left = engine->n_groups > 0 ? (unsigned)cyg_address_len(&path->remote) * 8 + 1 : 0;
    for (; left > 0 && use == NULL; left--) {
        use = engine->groups_of_bits[left - 1] > 0 ? find_prefix(engine, path, left - 1) : NULL;
    }
    return use;
}

static bool is_busy(const struct engine *engine)
{
    return engine->counts.half_open >= GROUPS_FROM;
}

struct group *groups_find(struct engine *engine, const struct cyg_path *path)
{
    const struct group_use *use = is_busy(engine) ? find(engine, path) : NULL;
    if (use == NULL) {
        return NULL;
    }
    use->group->references++;
    return use->group;
}

bool group_is_known(const struct group *group)
{
    return group->candidates->remote_bits > (group->family == 4 ? 8 : 16);
}

bool groups_known(const struct engine *engine, const struct cyg_path *path)
{
    const struct group_use *use = find(engine, path);
    return use != NULL && group_is_known(use->group);
}

void group_release(struct group *group)
{
    if (group != NULL && --group->references == 0) {
        cyg_candidates_free(group->candidates);
        free(group);
    }
}

static void forget(struct engine *engine, struct group_use *use)
{
    table_remove(&engine->groups, &use->by_key);
    engine->n_groups--;
    engine->groups_of_bits[use->key[KEY - 1]]--;
    group_release(use->group);
    free(use);
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
        forget(engine, TABLE_OWNER(struct group_use, by_key, item));
    }
}

/* ---- the same answer again ---- */

static bool same_proposal(const struct cyg_proposal *a, const struct cyg_proposal *b)
{
    return a->protocol == b->protocol && a->n_ciphers == b->n_ciphers && a->n_integs == b->n_integs
           && a->n_groups == b->n_groups && memcmp(a->ciphers, b->ciphers, a->n_ciphers) == 0
           && memcmp(a->integs, b->integs, a->n_integs) == 0
           && memcmp(a->groups, b->groups, a->n_groups) == 0;
}

static bool same_secret(const struct cyg_peer_secret *a, const struct cyg_peer_secret *b)
{
    if (a->n_owners != b->n_owners
        || !cyg_equal_ct((struct cyg_span){ a->data, a->len },
                         (struct cyg_span){ b->data, b->len })) {
        return false;
    }
    for (size_t i = 0; i < a->n_owners && i < CYG_LEN(a->owners); i++) {
        if (!cyg_identity_equal(&a->owners[i], &b->owners[i])) {
            return false;
        }
    }
    return true;
}

static bool same_candidate(const struct cyg_candidate *a, const struct cyg_candidate *b)
{
    if (a->n_proposals != b->n_proposals || a->auth_method != b->auth_method
        || a->aggressive != b->aggressive || a->prefer_own != b->prefer_own || a->encap != b->encap
        || a->nat_vids != b->nat_vids || a->lifetime_s != b->lifetime_s || a->n_peers != b->n_peers
        || strcmp(a->peer_name, b->peer_name) != 0 || a->has_secret != b->has_secret
        || (a->has_secret && !same_secret(&a->secret, &b->secret))) {
        return false;
    }
    for (size_t i = 0; i < a->n_proposals; i++) {
        if (!same_proposal(&a->proposals[i], &b->proposals[i])) {
            return false;
        }
    }
    return true;
}

static bool same_candidates(const struct cyg_candidates *a, const struct cyg_candidates *b)
{
    if (a->n != b->n || a->total_peers != b->total_peers || a->generation != b->generation
        || a->remote_bits != b->remote_bits) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!same_candidate(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

/* What was said last, if that is the same; held for the caller. */
static struct group *group_of(struct engine *engine, uint8_t family,
                              struct cyg_candidates *candidates)
{
    struct group *last = engine->last_group;
    if (last != NULL && last->family == family && same_candidates(last->candidates, candidates)) {
        cyg_candidates_free(candidates);
        last->references++;
        return last;
    }
    struct group *group = malloc(sizeof *group);
    if (group == NULL) {
        cyg_candidates_free(candidates);
        return NULL;
    }
    *group = (struct group){ .references = 1, .family = family, .candidates = candidates };
    if (is_busy(engine)) {
        group_release(last);
        engine->last_group = group;
        group->references++;
    }
    return group;
}

struct group *groups_add(struct engine *engine, const struct cyg_path *path,
                         struct cyg_candidates *candidates)
{
    const unsigned all = (unsigned)cyg_address_len(&path->remote) * 8;
    const unsigned bits = candidates->free_bits <= all ? all - candidates->free_bits : all;
    if (engine->last_group != NULL
        && engine->last_group->candidates->generation != candidates->generation) {
        groups_flush(engine); /* what changed may lie within a prefix that is kept */
    }
    struct group_use *old = find(engine, path);
    if (old != NULL) { /* two handshakes asked at the same time */
        forget(engine, old);
    }
    if (engine->n_groups >= GROUPS_MAX) {
        forget_one(engine);
    }
    struct group *group = group_of(engine, path->remote.family, candidates);
    struct group_use *use = group != NULL && is_busy(engine) ? calloc(1, sizeof *use) : NULL;
    if (use == NULL) {
        return group;
    }
    key_of(path, bits, use->key);
    if (!table_add(engine, &engine->groups, &use->by_key, cyg_span_of_array(use->key))) {
        free(use);
        return group;
    }
    use->group = group;
    group->references++;
    engine->n_groups++;
    engine->groups_of_bits[bits]++;
    return group;
}

void groups_flush(struct engine *engine)
{
    while (engine->groups != NULL) {
        forget(engine, TABLE_OWNER(struct group_use, by_key, engine->groups));
    }
    group_release(engine->last_group);
    engine->last_group = NULL;
}
