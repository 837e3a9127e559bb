/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address groups: what the store says about a pair of addresses. While many handshakes are half
 * open, a flood or a hub that restarts, they are kept, at most 1 024, so that the store is not
 * asked again and again; each for all remote addresses of the prefix for which the store said it
 * (free_bits), so that a flood from random addresses asks once for each of a few prefixes (H-097).
 * When full, an old one goes by chance; all go when the data changed and when it is quiet again. In
 * quiet times each first message asks anew, so that a changed row counts from the next negotiation
 * on. What is kept for a prefix is only a reference to what the store said: where it says the same
 * of several, that stands in memory once. Ownership: counted; a handshake holds the one it was
 * answered from until it ends. Thread: the engine's. */
#pragma once

#include "table.h"

#include <cygnet/peer.h>

#define GROUPS_MAX  1024u
#define GROUPS_FROM 32u /* half-open handshakes, from which on they are kept */

struct engine;

struct group {
    unsigned references;
    uint8_t family; /* of the remote address */
    struct cyg_candidates *candidates;
};

/* The cached group for these addresses, held; NULL: ask the store. */
struct group *groups_find(struct engine *engine, const struct cyg_path *path);

/* Whether the cached group for these addresses is a configured prefix (H-097); does not hold. */
bool groups_known(const struct engine *engine, const struct cyg_path *path);

/* Keep what the store said (taken over); held for the caller. NULL: no memory, the candidates are
 * freed. */
struct group *groups_add(struct engine *engine, const struct cyg_path *path,
                         struct cyg_candidates *candidates);

/* Whether the prefix is long enough to count as known. */
bool group_is_known(const struct group *group);

void group_release(struct group *group);

/* Forget all: the data has changed, or the engine ends. */
void groups_flush(struct engine *engine);
