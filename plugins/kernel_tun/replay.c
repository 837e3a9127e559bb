/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replay window, RFC 4303 3.4.3 and App. A, without extended sequence numbers. */
#include "replay.h"

#include <stdlib.h>

#define WORD_BITS 64u

enum cyg_code replay_init(struct replay *r, uint32_t size)
{
    if (size < REPLAY_MIN) {
        size = REPLAY_MIN; /* H-160: on for every SA */
    }
    if (size > REPLAY_MAX) {
        size = REPLAY_MAX;
    }
    uint32_t words = 2;
    while (words * WORD_BITS < size + WORD_BITS) {
        words *= 2;
    }
    uint64_t *ring = calloc(words, sizeof(*ring));
    if (ring == NULL) {
        return CYG_NOMEM;
    }
    *r = (struct replay){ .size = size, .mask = words - 1, .words = ring };
    return CYG_OK;
}

void replay_clear(struct replay *r)
{
    free(r->words);
    *r = (struct replay){ 0 };
}

enum replay_verdict replay_check(const struct replay *r, uint32_t seq)
{
    if (seq == 0) {
        return REPLAY_ZERO;
    }
    if (seq > r->top) {
        return REPLAY_NEW;
    }
    if (r->top - seq >= r->size) {
        return REPLAY_OLD;
    }
    uint64_t word = r->words[(seq / WORD_BITS) & r->mask];
    return (word >> (seq % WORD_BITS) & 1) != 0 ? REPLAY_SEEN : REPLAY_NEW;
}

void replay_take(struct replay *r, uint32_t seq)
{
    if (seq > r->top) {
        /* Empty the words between the old top and the new one, each at most once. */
        uint32_t from = r->top / WORD_BITS, words = seq / WORD_BITS - from;
        if (words > r->mask + 1) {
            words = r->mask + 1;
        }
        for (uint32_t i = 1; i <= words; i++) {
            r->words[(from + i) & r->mask] = 0;
        }
        r->top = seq;
    }
    r->words[(seq / WORD_BITS) & r->mask] |= (uint64_t)1 << (seq % WORD_BITS);
}
