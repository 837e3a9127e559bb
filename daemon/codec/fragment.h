/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fragment payload (132) of Cisco and Microsoft: one piece of a larger message. Ownership: borrows.
 * Thread: values. Source: FEATURES 1.8; the format is not an RFC. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

#define FRAGMENT_FLAG_LAST 0x01u
#define FRAGMENTS_MAX      64u /* of one message (H-092) */

struct fragment {
    uint16_t id;
    uint8_t number; /* from 1 */
    bool last;
    struct cyg_span data;
};

/* CYG_R_FRAGMENT_SHORT without a byte of data (H-089); CYG_R_FRAGMENT_NUMBER for 0 or above 64
 * (H-090, H-092); CYG_R_FRAGMENT_FLAGS for unknown bits (H-096). */
CYG_MUST_USE enum cyg_code fragment_decode(struct cyg_span body, struct fragment *ret,
                                           struct cyg_error *err);
void fragment_encode(const struct fragment *f, struct cyg_writer *w);
