/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers as limbs in memory of ours. */
#include "number.h"

#include <stdlib.h>
#include <string.h>

void number_clear(struct number *number)
{
    cyg_wipe(number, sizeof *number);
}

void number_of_bytes(mp_limb_t *limbs, size_t n, struct cyg_span bytes)
{
    memset(limbs, 0, n * sizeof *limbs);
    for (size_t i = 0; i < bytes.len; i++) {
        mp_limb_t byte = bytes.data[bytes.len - 1 - i];
        limbs[i / sizeof *limbs] |= byte << (i % sizeof *limbs * 8u);
    }
}

void number_to_bytes(const mp_limb_t *limbs, size_t n, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t limb = i / sizeof *limbs;
        mp_limb_t value = limb < n ? limbs[limb] : 0;
        out[len - 1 - i] = (uint8_t)(value >> (i % sizeof *limbs * 8u));
    }
}

bool number_is_zero(struct cyg_span bytes)
{
    volatile uint8_t any = 0; /* the compiler must not stop at the first byte that is not 0 */
    for (size_t i = 0; i < bytes.len; i++) {
        any = any | bytes.data[i];
    }
    return any == 0;
}

enum cyg_code scratch_init(struct scratch *scratch, mp_size_t n)
{
    scratch->n = (size_t)n;
    scratch->limbs = calloc(scratch->n, sizeof *scratch->limbs);
    return scratch->limbs != NULL ? CYG_OK : CYG_NOMEM;
}

void scratch_clear(struct scratch *scratch)
{
    if (scratch->limbs != NULL) {
        cyg_wipe(scratch->limbs, scratch->n * sizeof *scratch->limbs);
        free(scratch->limbs);
    }
    scratch->limbs = NULL;
}
