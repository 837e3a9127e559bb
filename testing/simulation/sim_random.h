/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCG32, a small seeded generator (O'Neill, "PCG: A Family of Simple Fast Space-Efficient
 * Statistically Good Algorithms", 2014; XSH-RR 64/32). Not for keys: it makes simulations repeat.
 * Streams of one seed are independent of each other. Thread: values. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pcg {
    uint64_t state, increment;
};

static inline uint32_t pcg_next(struct pcg *g)
{
    uint64_t old = g->state;
    g->state = old * 6364136223846793005u + g->increment;
    uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return (mixed >> turn) | (mixed << ((32u - turn) & 31u));
}

static inline struct pcg pcg_of(uint64_t seed, uint64_t stream)
{
    struct pcg g = { 0, (stream << 1) | 1u };
    (void)pcg_next(&g);
    g.state += seed;
    (void)pcg_next(&g);
    return g;
}

static inline uint64_t pcg_next64(struct pcg *g)
{
    uint64_t high = pcg_next(g);
    return high << 32 | pcg_next(g);
}

/* 0 .. limit - 1; 0 for a limit of 0. The bias of at most limit / 2^32 does not matter here. */
static inline uint32_t pcg_below(struct pcg *g, uint32_t limit)
{
    return (uint32_t)((uint64_t)pcg_next(g) * limit >> 32);
}

static inline uint64_t pcg_between(struct pcg *g, uint64_t low, uint64_t high)
{
    return high <= low ? low : low + pcg_next64(g) % (high - low + 1);
}

static inline void pcg_fill(struct pcg *g, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(pcg_next(g) >> 24);
    }
}
