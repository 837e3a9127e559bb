/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Larger answers are those of strange configurations; keeping them would be 100 MB. */
#define BYTES_MAX 16384u

void cache_init(struct cache *cache)
{
    *cache = (struct cache){ 0 };
    pthread_mutex_init(&cache->lock, NULL);
    if (getrandom(&cache->key, sizeof cache->key, GRND_NONBLOCK) != sizeof cache->key) {
        cache->key = cyg_time_now();
    }
}

static void clear_candidates(struct cache_candidates *c)
{
    cyg_candidates_free(c->all);
    *c = (struct cache_candidates){ 0 };
}

static void clear_peer(struct cache_peer *p)
{
    cyg_peer_release(p->peer);
    cyg_wipe(p, sizeof *p);
}

static void clear_known(struct cache_known *k)
{
    cyg_peer_release(k->peer);
    *k = (struct cache_known){ 0 };
}

static void forget_candidates(struct cache *cache)
{
    for (size_t i = 0; i < CACHE_ANSWERS && cache->candidates != NULL; i++) {
        clear_candidates(&cache->candidates[i]);
    }
    memset(cache->lengths, 0, sizeof cache->lengths);
}

void cache_forget(struct cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    forget_candidates(cache);
    for (size_t i = 0; i < CACHE_ANSWERS; i++) {
        if (cache->peers != NULL) {
            clear_peer(&cache->peers[i]);
        }
        if (cache->known != NULL) {
            clear_known(&cache->known[i]);
        }
    }
    pthread_mutex_unlock(&cache->lock);
}

void cache_clear(struct cache *cache)
{
    cache_forget(cache);
    free(cache->candidates);
    free(cache->peers);
    free(cache->known);
    pthread_mutex_destroy(&cache->lock);
}

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    return hash;
}

static size_t place_of(const struct cache *cache, const struct cyg_path *path,
                       const struct cyg_identity *id)
{
    uint8_t form[CYG_IDENTITY_MAX + 1]; /* names in any case have one place */
    size_t len = cyg_identity_match_form(id, form);
    uint64_t hash = mix(cache->key, path->local.bytes, sizeof path->local.bytes);
    hash = mix(hash, path->remote.bytes, sizeof path->remote.bytes);
    hash = mix(hash, form, len);
    return (hash ^ hash >> 32) % CACHE_ANSWERS;
}

/* ---- candidates ---- */

/* The same block at another place: its pointers point into itself. */
static struct cyg_candidates *copy_block(const struct cyg_candidates *from, size_t bytes)
{
    uint8_t *to = malloc(bytes);
    if (to == NULL) {
        return NULL;
    }
    memcpy(to, from, bytes);
    struct cyg_candidates *all = (struct cyg_candidates *)(void *)to;
    const uint8_t *base = (const uint8_t *)from;
    all->items = (struct cyg_candidate *)(void *)(to + ((const uint8_t *)from->items - base));
    for (size_t i = 0; i < all->n; i++) {
        struct cyg_candidate *c = &all->items[i];
        c->proposals =
            (const struct cyg_proposal *)(const void *)(to
                                                        + ((const uint8_t *)c->proposals - base));
        c->peer_name = (const char *)to + ((const uint8_t *)c->peer_name - base);
    }
    return all;
}

/* The prefix of so many bits; the place where its answer would be. */
static struct cache_candidates *place_of_prefix(const struct cache *cache,
                                                const struct cyg_path *path, unsigned bits,
                                                struct cyg_prefix *ret)
{
    *ret = (struct cyg_prefix){ .address = path->remote, .bits = (uint8_t)bits };
    for (size_t i = (bits + 7) / 8; i < sizeof ret->address.bytes; i++) {
        ret->address.bytes[i] = 0;
    }
    if (bits % 8 != 0) {
        ret->address.bytes[bits / 8] &= (uint8_t)(0xff00u >> bits % 8);
    }
    /* By words: while strangers flood us, each length in use is tried for each of them. */
    uint64_t words[4], hash = cache->key + bits;
    memcpy(words, path->local.bytes, 16);
    memcpy(words + 2, ret->address.bytes, 16);
    for (size_t i = 0; i < CYG_LEN(words); i++) {
        hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return &cache->candidates[hash % CACHE_ANSWERS];
}

static bool is_at(const struct cache_candidates *c, const struct cyg_path *path,
                  const struct cyg_prefix *prefix)
{
    return c->all != NULL && c->remote.bits == prefix->bits
           && cyg_address_equal(&c->remote.address, &prefix->address)
           && cyg_address_equal(&c->local, &path->local);
}

struct cyg_candidates *cache_find_candidates(struct cache *cache, uint64_t generation,
                                             const struct cyg_path *path)
{
    struct cyg_candidates *all = NULL;
    pthread_mutex_lock(&cache->lock);
    const bool some = cache->candidates != NULL && cache->candidates_of == generation;
    const unsigned longest = (unsigned)cyg_address_len(&path->remote) * 8;
    for (unsigned bits = 0; some && bits <= longest && all == NULL; bits++) {
        if (cache->lengths[bits]) {
            struct cyg_prefix prefix;
            const struct cache_candidates *c = place_of_prefix(cache, path, bits, &prefix);
            all = is_at(c, path, &prefix) ? copy_block(c->all, c->bytes) : NULL;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return all;
}

void cache_put_candidates(struct cache *cache, uint64_t generation, const struct cyg_path *path,
                          unsigned bits, const struct cyg_candidates *all, size_t bytes)
{
    struct cyg_candidates *copy = bytes <= BYTES_MAX ? copy_block(all, bytes) : NULL;
    if (copy == NULL) {
        return;
    }
    pthread_mutex_lock(&cache->lock);
    if (cache->candidates_of != generation) {
        forget_candidates(cache);
        cache->candidates_of = generation;
    }
    if (cache->candidates == NULL) {
        cache->candidates = calloc(CACHE_ANSWERS, sizeof *cache->candidates);
    }
    if (cache->candidates != NULL) {
        struct cyg_prefix prefix;
        struct cache_candidates *c = place_of_prefix(cache, path, bits, &prefix);
        clear_candidates(c);
        *c = (struct cache_candidates){
            .local = path->local, .remote = prefix, .all = CYG_TAKE(copy), .bytes = bytes
        };
        cache->lengths[bits] = true;
    }
    pthread_mutex_unlock(&cache->lock);
    cyg_candidates_free(copy);
}

/* ---- peers ---- */

static bool same_query(const struct cache_peer *p, const struct cyg_peer_query *q)
{
    return cyg_address_equal(&p->query.path.local, &q->path.local)
           && cyg_address_equal(&p->query.path.remote, &q->path.remote)
           && p->query.auth_method == q->auth_method && p->query.aggressive == q->aggressive
           && p->query.cipher == q->cipher && p->query.integ == q->integ
           && p->query.group == q->group && cyg_identity_equal(&p->id, q->remote_id)
           && cyg_equal_ct((struct cyg_span){ p->psk, p->psk_len }, q->psk);
}

struct cyg_peer *cache_find_peer(struct cache *cache, uint64_t generation,
                                 const struct cyg_peer_query *query)
{
    struct cyg_peer *peer = NULL;
    pthread_mutex_lock(&cache->lock);
    if (cache->peers != NULL) {
        const struct cache_peer *p = &cache->peers[place_of(cache, &query->path, query->remote_id)];
        if (p->peer != NULL && p->generation == generation && same_query(p, query)) {
            peer = cyg_peer_hold(p->peer);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return peer;
}

void cache_put_peer(struct cache *cache, uint64_t generation, const struct cyg_peer_query *query,
                    struct cyg_peer *peer)
{
    cache_put_known(cache, generation, peer);
    if (query->psk.len > CYG_PSK_MAX) {
        return;
    }
    pthread_mutex_lock(&cache->lock);
    if (cache->peers == NULL) {
        cache->peers = calloc(CACHE_ANSWERS, sizeof *cache->peers);
    }
    if (cache->peers != NULL) {
        struct cache_peer *p = &cache->peers[place_of(cache, &query->path, query->remote_id)];
        clear_peer(p);
        p->generation = generation;
        p->query = *query;
        p->id = *query->remote_id;
        p->psk_len = query->psk.len;
        if (query->psk.len > 0) {
            memcpy(p->psk, query->psk.data, query->psk.len);
        }
        p->peer = cyg_peer_hold(peer);
    }
    pthread_mutex_unlock(&cache->lock);
}

/* ---- peers by id ---- */

static size_t place_of_id(const struct cache *cache, uint8_t source, int64_t id)
{
    uint64_t hash = mix(mix(cache->key, &id, sizeof id), &source, sizeof source);
    return (hash ^ hash >> 32) % CACHE_ANSWERS;
}

struct cyg_peer *cache_find_known(struct cache *cache, uint64_t generation, uint8_t source,
                                  int64_t id)
{
    struct cyg_peer *peer = NULL;
    pthread_mutex_lock(&cache->lock);
    if (cache->known != NULL) {
        const struct cache_known *k = &cache->known[place_of_id(cache, source, id)];
        if (k->peer != NULL && k->generation == generation && k->peer->source == source
            && k->peer->id == id) {
            peer = cyg_peer_hold(k->peer);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return peer;
}

void cache_put_known(struct cache *cache, uint64_t generation, struct cyg_peer *peer)
{
    pthread_mutex_lock(&cache->lock);
    if (cache->known == NULL) {
        cache->known = calloc(CACHE_ANSWERS, sizeof *cache->known);
    }
    if (cache->known != NULL) {
        struct cache_known *k = &cache->known[place_of_id(cache, peer->source, peer->id)];
        clear_known(k);
        *k = (struct cache_known){ .generation = generation, .peer = cyg_peer_hold(peer) };
    }
    pthread_mutex_unlock(&cache->lock);
}
