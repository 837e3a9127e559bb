/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often something may be done for one source, and for all together: notifies in clear, log
 * records of strangers (H-006, H-104). A fixed number of slots, found by a keyed hash: no
 * allocation, and a stranger who fills them only silences himself and those who share his slot.
 * Thread: the engine's. */
#pragma once

#include <cygnet/address.h>
#include <cygnet/time.h>

#define LIMIT_SLOTS 256u

struct engine;

struct limit {
    cyg_usec every;             /* once in this time per slot */
    uint32_t burst;             /* at most this many per second for all slots together */
    cyg_usec second;            /* begin of the running second */
    uint32_t in_second;         /* used of it */
    cyg_usec next[LIMIT_SLOTS]; /* when a slot is free again */
    uint32_t suppressed[LIMIT_SLOTS];
};

/* Whether it may be done now for this source; `what` tells kinds apart (a reason, 0). Addresses
 * count by /24 and /48. *ret_suppressed: how often it was refused since the last time; may be
 * NULL. */
bool limit_take(struct engine *engine, struct limit *limit, const struct cyg_address *source,
                uint32_t what, uint32_t *ret_suppressed);
