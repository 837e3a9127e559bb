/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The MODP groups: their primes, and powers of the generator from a table. */
#pragma once

#include "number.h"

#include <cygnet/algorithm.h>

#include <stdatomic.h>

#define MODP_BITS_MAX 8192u

/* Digits of the exponent that the table covers at once, to the base 2^MODP_WINDOW. */
#define MODP_WINDOW 5u

/* How many powers are computed the plain way before the table is built. Building costs as much as
 * seven powers save; a daemon that needs a group rarely, or only in the loader's test, never has
 * the table (0.35 MB for modp2048, 2.6 MB for modp8192). */
#define MODP_TABLE_AFTER 8u

/* One group. All is constant once made, but for the table that appears once. */
struct modp_group {
    enum cyg_alg alg;
    size_t n;                   /* limbs of p */
    size_t bytes;               /* of p */
    size_t exponent_bytes;      /* of a private value */
    mp_limb_t *prime;           /* p */
    atomic_uint uses;           /* powers of the generator so far, up to MODP_TABLE_AFTER */
    _Atomic(mp_limb_t *) table; /* NULL until built; owned */
};

/* The prime of bits bits, see modp_prime.c. ret has bits / GMP_NUMB_BITS limbs. */
void modp_prime(mp_limb_t *ret, unsigned bits, uint64_t k);

/* Build the table of powers of 2 for the group. NULL when there is no memory. The caller frees. */
mp_limb_t *modp_table_build(const struct modp_group *group);

/* ret = 2^exponent mod p by the table, in time that depends on the group only. exponent: as many
 * bytes as the group's private values have. */
CYG_MUST_USE enum cyg_code modp_table_power(const struct modp_group *group, const mp_limb_t *table,
                                            struct cyg_span exponent, mp_limb_t *ret);

/* ret = base^exponent mod p the plain way; base below p. Time depends on the lengths only. */
CYG_MUST_USE enum cyg_code modp_power(const struct modp_group *group, const mp_limb_t *base,
                                      struct cyg_span exponent, mp_limb_t *ret);

/* 2^exponent mod p, by the table once it pays: builds it in the call that makes it worth while. */
CYG_MUST_USE enum cyg_code modp_power_of_2(struct modp_group *group, struct cyg_span exponent,
                                           mp_limb_t *ret);
