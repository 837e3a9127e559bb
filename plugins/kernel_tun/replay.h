/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The replay window of one inbound SA: which sequence numbers were seen, RFC 4303 3.4.3, as a ring
 * of words (RFC 6479) so that moving it costs one word, not a shift of all. It is asked before the
 * ICV is checked and moved only afterwards (H-160). Owner: the SA. Units: packets. Thread: the
 * worker's. */
#pragma once

#include <cygnet/base.h>

#define REPLAY_MIN 64u
#define REPLAY_MAX 8192u

struct replay {
    uint32_t top;  /* highest sequence number taken; 0: none yet */
    uint32_t size; /* of the window in packets */
    uint32_t
        mask; /* number of words - 1; the words hold at least 64 packets more than the window */
    uint64_t *words;
};

enum replay_verdict {
    REPLAY_NEW = 0,
    REPLAY_SEEN,
    REPLAY_OLD,  /* left of the window */
    REPLAY_ZERO, /* sequence number 0 is never sent, RFC 4303 3.3.3 */
};

/* Make an empty window. size is brought into REPLAY_MIN..REPLAY_MAX: off is not possible. */
CYG_MUST_USE enum cyg_code replay_init(struct replay *r, uint32_t size);
void replay_clear(struct replay *r);

/* What is known of this number. Changes nothing. */
enum replay_verdict replay_check(const struct replay *r, uint32_t seq);

/* Take the number of a packet whose ICV was right and for which replay_check said REPLAY_NEW. */
void replay_take(struct replay *r, uint32_t seq);
