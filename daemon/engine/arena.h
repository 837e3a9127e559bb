/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of one exchange: taken piece by piece, given back, wiped, all at once. Nothing in it has a
 * destructor. Bounded: an arena never holds more than ARENA_MAX bytes, so that a peer who makes us
 * keep things (SA payload, nonces, KE) can't make us keep more. Units: bytes. Thread: the
 * engine's. */
#pragma once

#include <cygnet/span.h>

#define ARENA_MAX 65536u

struct arena_block;

struct arena {
    struct arena_block *blocks;
    uint32_t total; /* bytes taken from the heap */
};

/* Take size bytes, zeroed, aligned for any object. NULL: no memory, or beyond ARENA_MAX. */
void *arena_take(struct arena *arena, size_t size);

/* Take a copy of bytes. CYG_NOMEM, *ret untouched, when there is no room. */
CYG_MUST_USE enum cyg_code arena_copy(struct arena *arena, struct cyg_span bytes,
                                      struct cyg_span *ret);

/* Wipe and free everything. */
void arena_clear(struct arena *arena);
