/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting together what this host itself has cut before it came to us: transport mode protects
 * whole datagrams, and cuts, if at all, behind ESP (RFC 4303 3.1.1). The kernel gives us its
 * fragments in order and without gaps, so nothing else is taken. Bound: FRAGMENT_SLOTS datagrams of
 * 64 KiB. Thread: the worker's. */
#pragma once

#include "inner.h"

#define FRAGMENT_SLOTS 8u

struct fragment_slot {
    uint8_t *packet; /* 65535 bytes, made when first used; NULL: none yet */
    struct inner first;
    uint32_t id;
    size_t len; /* 0: free */
};

struct fragments {
    unsigned next; /* the slot that is given away next, when all are taken */
    struct fragment_slot slots[FRAGMENT_SLOTS];
};

/* Take a parsed fragment. DROP_NONE: *ret_packet and *ret are the whole datagram, to be cut on its
 * way (not dont_fragment), valid until the next call. DROP_INNER_MORE: kept, more is to come.
 * DROP_INNER_FRAGMENT: out of order, or too long; its datagram is given up. */
CYG_MUST_USE enum drop fragments_take(struct fragments *f, const uint8_t *packet,
                                      const struct inner *p, uint8_t **ret_packet,
                                      struct inner *ret);
/* Whether the begin of this fragment's datagram is kept. */
bool fragments_know(const struct fragments *f, const uint8_t *packet, const struct inner *p);
void fragments_clear(struct fragments *f);
