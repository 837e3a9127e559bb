/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that were given and still hold: DESIGN's "groups are cached (1 024, emptied when the data
 * version changes)", and peers behind identities, so that their snapshot is shared by all who use
 * it. An answer counts only for the generation it was made of. Each has one place, by a hash with a
 * key of this process: a stranger can't make many land on one (H-102), only push one out. Thread:
 * any. Private to the plugin. */
#pragma once

#include <cygnet/secret.h>
#include <cygnet/store.h>

#include <pthread.h>

#define CACHE_ANSWERS 1024u

/* One answer for all remote addresses of a prefix (extent.c), so that strangers all over the
 * Internet share a few (H-097). */
struct cache_candidates {
    struct cyg_address local;
    struct cyg_prefix remote;
    struct cyg_candidates *all; /* NULL: the place is empty */
    size_t bytes;               /* of the block that all is */
};

struct cache_peer {
    uint64_t generation;
    struct cyg_peer_query query; /* pointers are not used */
    struct cyg_identity id;
    size_t psk_len;
    uint8_t psk[CYG_PSK_MAX];
    struct cyg_peer *peer; /* held; NULL: the place is empty */
};

/* By its id: the quick mode that follows takes the newest, which is the one of phase 1. */
struct cache_known {
    uint64_t generation;
    struct cyg_peer *peer; /* held; NULL: the place is empty */
};

struct cache {
    pthread_mutex_t lock;
    uint64_t key;
    struct cache_candidates *candidates; /* CACHE_ANSWERS of each; NULL until one is put in */
    uint64_t candidates_of;              /* the generation of all of them */
    bool lengths[129];                   /* of prefixes that are there */
    struct cache_peer *peers;
    struct cache_known *known;
};

void cache_init(struct cache *cache);
/* Wipe and free all. */
void cache_clear(struct cache *cache);
/* Forget all answers: another file has other generations. */
void cache_forget(struct cache *cache);

/* A copy that is the caller's; NULL when there is none. */
struct cyg_candidates *cache_find_candidates(struct cache *cache, uint64_t generation,
                                             const struct cyg_path *path);
/* Keep a copy of an answer, which is one block of so many bytes, for all remote addresses that have
 * the first bits in common. */
void cache_put_candidates(struct cache *cache, uint64_t generation, const struct cyg_path *path,
                          unsigned bits, const struct cyg_candidates *all, size_t bytes);

/* Held for the caller; NULL when there is none. */
struct cyg_peer *cache_find_peer(struct cache *cache, uint64_t generation,
                                 const struct cyg_peer_query *query);
void cache_put_peer(struct cache *cache, uint64_t generation, const struct cyg_peer_query *query,
                    struct cyg_peer *peer);

/* The same by source and id; keeping a peer by its query keeps it here too. */
struct cyg_peer *cache_find_known(struct cache *cache, uint64_t generation, uint8_t source,
                                  int64_t id);
void cache_put_known(struct cache *cache, uint64_t generation, struct cyg_peer *peer);
