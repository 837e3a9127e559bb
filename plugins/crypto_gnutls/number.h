/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers as limbs of GMP in memory of ours: no heap of GMP's, wiped by their cleanup. Everything
 * here takes time that depends on lengths only, so it may be used on secrets. */
#pragma once

#include <cygnet/secret.h>

#include <gmp.h>

#define NUMBER_LIMBS (CYG_SECRET_MAX / sizeof(mp_limb_t))

/* A number of at most 8192 bits, least significant limb first. */
struct number {
    mp_limb_t limbs[NUMBER_LIMBS];
};

/* Wipe. For CYG_CLEANUP. */
void number_clear(struct number *number);

/* Read a big-endian number into n limbs, zeros in front. The bytes must fit. */
void number_of_bytes(mp_limb_t *limbs, size_t n, struct cyg_span bytes);

/* Write the low len bytes big endian, leading zeros kept. */
void number_to_bytes(const mp_limb_t *limbs, size_t n, uint8_t *out, size_t len);

/* Whether all bytes are zero. */
bool number_is_zero(struct cyg_span bytes);

/* How many limbs hold so many bytes. */
static inline size_t number_limbs(size_t bytes)
{
    return (bytes + sizeof(mp_limb_t) - 1) / sizeof(mp_limb_t);
}

/* Working memory for the mpn_sec_ functions. */
struct scratch {
    mp_limb_t *limbs;
    size_t n;
};

/* CYG_NOMEM when there is none. */
CYG_MUST_USE enum cyg_code scratch_init(struct scratch *scratch, mp_size_t n);

/* Wipe and free. For CYG_CLEANUP. */
void scratch_clear(struct scratch *scratch);
