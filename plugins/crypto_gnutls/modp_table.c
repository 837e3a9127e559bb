/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Powers of the generator 2 from a table: no squarings, one multiplication for every 5 bits of the
 * exponent, 0.07 ms instead of 0.3 for modp2048. The lowest bits need none at all, as 2^e with a
 * small e is a shift. Entries are read by mpn_sec_tabselect, which touches all of them, so that no
 * address depends on the exponent. */
#include "modp_internal.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES (1u << MODP_WINDOW)

/* The low bits that a shift does: the largest f with 2^(2^f - 1) < p, which is log2 of p's bits. */
static unsigned shift_bits(const struct modp_group *group)
{
    unsigned f = 0;
    while ((2u << f) <= group->bytes * 8u) {
        f++;
    }
    return f;
}

static size_t windows(const struct modp_group *group)
{
    size_t bits = group->exponent_bytes * 8u - shift_bits(group);
    return (bits + MODP_WINDOW - 1) / MODP_WINDOW;
}

/* count bits of the exponent from position on; bits beyond it are 0. Positions are public. */
static mp_limb_t exponent_bits(const mp_limb_t *exponent, size_t n, size_t position, unsigned count)
{
    size_t limb = position / GMP_NUMB_BITS;
    unsigned shift = position % GMP_NUMB_BITS;
    mp_limb_t low = limb < n ? exponent[limb] >> shift : 0;
    mp_limb_t high = shift > 0 && limb + 1 < n ? exponent[limb + 1] << (GMP_NUMB_BITS - shift) : 0;
    return (low | high) & (((mp_limb_t)1 << count) - 1u);
}

/* r = a * b / B^n mod p, B^n being the power of 2 above p: Montgomery's multiplication. Results are
 * below B^n, not always below p, which the inputs need not be either. -1/p mod B is 1 for all these
 * primes, for their lowest 64 bits are ones. scratch: 2n limbs and those of mpn_sec_mul. */
static void montgomery(const struct modp_group *group, mp_limb_t *r, const mp_limb_t *a,
                       const mp_limb_t *b, mp_limb_t *scratch)
{
    const mp_size_t n = (mp_size_t)group->n;
    mpn_sec_mul(scratch, a, n, b, n, scratch + 2 * n);
    for (mp_size_t i = 0; i < n; i++) {
        scratch[i] = mpn_addmul_1(scratch + i, group->prime, n, scratch[i]);
    }
    mp_limb_t carry = mpn_add_n(r, scratch + n, scratch, n);
    mpn_cnd_sub_n(carry, r, r, group->prime, n);
}

static mp_size_t montgomery_itch(const struct modp_group *group)
{
    mp_size_t n = (mp_size_t)group->n;
    return 2 * n + mpn_sec_mul_itch(n, n);
}

mp_limb_t *modp_table_build(const struct modp_group *group)
{
    const mp_size_t n = (mp_size_t)group->n;
    CYG_CLEANUP(scratch_clear) struct scratch scratch = { 0 };
    if (scratch_init(&scratch, montgomery_itch(group) + n) != CYG_OK) {
        return NULL;
    }
    mp_limb_t *table = calloc(windows(group) * ENTRIES * group->n, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    /* Entries hold 2^e * B^n, so that multiplying by one takes the B^n away again. 1 * B^n mod p is
     * B^n - p, as p is above half of B^n. */
    mp_limb_t *base = scratch.limbs, *rest = scratch.limbs + n;
    mpn_neg(base, group->prime, n);
    memcpy(table, base, group->n * sizeof *table);
    mpn_lshift(base, base, n, 1); /* 2 * B^n; the highest 64 bits of B^n - p are 0 */
    for (unsigned i = 0; i < shift_bits(group); i++) {
        montgomery(group, base, base, base, rest); /* 2^(2^f) * B^n in the end */
    }
    mp_limb_t *entry = table;
    for (size_t w = 0; w < windows(group); w++) {
        memcpy(entry, table, group->n * sizeof *table); /* base^0 */
        for (unsigned i = 1; i < ENTRIES; i++) {
            montgomery(group, entry + n, entry, base, rest);
            entry += n;
        }
        montgomery(group, base, entry, base, rest); /* base^32 */
        entry += n;
    }
    return table;
}

enum cyg_code modp_table_power(const struct modp_group *group, const mp_limb_t *table,
                               struct cyg_span exponent, mp_limb_t *ret)
{
    const mp_size_t n = (mp_size_t)group->n;
    const size_t exponent_n = number_limbs(exponent.len);
    CYG_CLEANUP(number_clear) struct number e;
    CYG_CLEANUP(scratch_clear) struct scratch scratch = { 0 };
    enum cyg_code code = scratch_init(&scratch, montgomery_itch(group) + n);
    if (code != CYG_OK) {
        return code;
    }
    mp_limb_t *entry = scratch.limbs, *rest = scratch.limbs + n;
    number_of_bytes(e.limbs, exponent_n, exponent);

    /* 2^(low bits): a number with one bit set, written limb by limb without a branch. */
    size_t position = shift_bits(group);
    mp_limb_t low = exponent_bits(e.limbs, exponent_n, 0, (unsigned)position);
    for (size_t i = 0; i < group->n; i++) {
        mp_limb_t other = (low / GMP_NUMB_BITS) ^ i;
        mp_limb_t here = 1u ^ ((other | (0 - other)) >> (GMP_NUMB_BITS - 1));
        ret[i] = here << (low % GMP_NUMB_BITS);
    }
    for (size_t w = 0; w < windows(group); w++) {
        mp_limb_t digit = exponent_bits(e.limbs, exponent_n, position, MODP_WINDOW);
        mpn_sec_tabselect(entry, table, n, ENTRIES, (mp_size_t)digit);
        montgomery(group, ret, ret, entry, rest);
        table += ENTRIES * group->n;
        position += MODP_WINDOW;
    }
    /* Below B^n now: at most one p too many. */
    mp_limb_t below = mpn_sub_n(entry, ret, group->prime, n);
    mpn_cnd_sub_n(1u - below, ret, ret, group->prime, n);
    return CYG_OK;
}
