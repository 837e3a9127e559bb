/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SipHash-2-4, the keyed hash of all tables that a stranger can fill (H-102). Not for anything on
 * the wire. Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (2012). Thread: any. */
#pragma once

#include <cygnet/span.h>

struct siphash_key {
    uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, struct cyg_span bytes);
