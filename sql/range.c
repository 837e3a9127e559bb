/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address ranges as prefixes: at each step the largest prefix that begins where we are and does not
 * go beyond the end. */
#include "sql/rows.h"

#include <string.h>

static bool bit_at(const uint8_t *bytes, size_t bit)
{
    return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

static void set_bit(uint8_t *bytes, size_t bit, bool value)
{
    uint8_t mask = (uint8_t)(1u << (7 - bit % 8));
    bytes[bit / 8] = (uint8_t)(value ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask);
}

/* The last address of the prefix of `bits` bits that begins at `first`. */
static void last_of(const uint8_t first[16], size_t bits, size_t total, uint8_t ret[16])
{
    memcpy(ret, first, 16);
    for (size_t i = bits; i < total; i++) {
        set_bit(ret, i, true);
    }
}

/* Add one; false when it was the last address of all. */
static bool increment(uint8_t *bytes, size_t len)
{
    for (size_t i = len; i-- > 0;) {
        if (++bytes[i] != 0) {
            return true;
        }
    }
    return false;
}

enum cyg_code db_range_to_prefixes(const struct cyg_address *from, const struct cyg_address *to,
                                   struct cyg_prefix *ret, size_t max, size_t *ret_n)
{
    size_t len = cyg_address_len(from), total = len * 8, n = 0;
    uint8_t at[16], last[16];
    memcpy(at, from->bytes, sizeof at);
    for (;;) {
        size_t bits = total;
        while (bits > 0 && !bit_at(at, bits - 1)) {
            last_of(at, bits - 1, total, last);
            if (memcmp(last, to->bytes, len) > 0) {
                break;
            }
            bits--;
        }
        if (n == max) {
            return CYG_LIMIT;
        }
        ret[n] =
            (struct cyg_prefix){ .address = { .family = from->family }, .bits = (uint8_t)bits };
        memcpy(ret[n].address.bytes, at, len);
        n++;
        last_of(at, bits, total, last);
        if (memcmp(last, to->bytes, len) >= 0 || !increment(last, len)) {
            *ret_n = n;
            return CYG_OK;
        }
        memcpy(at, last, sizeof at);
    }
}
