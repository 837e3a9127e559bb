/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prefixes.h"

#include <string.h>

/* Whether the host bits behind `bits` are all as `ones` says. */
static bool host_bits_are(const uint8_t *a, size_t len, unsigned bits, bool ones)
{
    for (unsigned i = bits; i < len * 8; i++) {
        if ((a[i / 8] >> (7 - i % 8) & 1) != ones) {
            return false;
        }
    }
    return true;
}

static void set_host_bits(uint8_t *a, size_t len, unsigned bits)
{
    for (unsigned i = bits; i < len * 8; i++) {
        a[i / 8] |= (uint8_t)(1u << (7 - i % 8));
    }
}

/* Add one; false when it was the highest address. */
static bool increment(uint8_t *a, size_t len)
{
    for (size_t i = len; i-- > 0;) {
        if (++a[i] != 0) {
            return true;
        }
    }
    return false;
}

size_t prefixes_of(const struct cyg_selector *selector, struct cyg_prefix ret[PREFIXES_MAX])
{
    struct cyg_address at = selector->from;
    const size_t len = cyg_address_len(&at);
    at.port = 0;
    size_t n = 0;
    while (len > 0 && n < PREFIXES_MAX && memcmp(at.bytes, selector->to.bytes, len) <= 0) {
        /* The widest prefix that begins here and does not go beyond the end. */
        unsigned bits = (unsigned)len * 8;
        uint8_t last[16];
        memcpy(last, at.bytes, len);
        while (bits > 0 && host_bits_are(at.bytes, len, bits - 1, false)) {
            uint8_t wider[16];
            memcpy(wider, at.bytes, len);
            set_host_bits(wider, len, bits - 1);
            if (memcmp(wider, selector->to.bytes, len) > 0) {
                break;
            }
            memcpy(last, wider, len);
            bits--;
        }
        ret[n++] = (struct cyg_prefix){ .address = at, .bits = (uint8_t)bits };
        memcpy(at.bytes, last, len);
        if (!increment(at.bytes, len)) {
            break;
        }
    }
    return n;
}

bool prefix_covers(const struct cyg_prefix *outer, const struct cyg_prefix *inner)
{
    return outer->address.family == inner->address.family && outer->bits <= inner->bits
           && cyg_prefix_contains(outer, &inner->address);
}

bool prefix_equal(const struct cyg_prefix *a, const struct cyg_prefix *b)
{
    return a->bits == b->bits && prefix_covers(a, b);
}
