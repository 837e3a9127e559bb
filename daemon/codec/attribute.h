/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data attributes, RFC 2408 3.3: of transforms (sa.h) and of mode config (mode_config.h).
 * Ownership: borrows. Thread: values. */
#pragma once

#include <cygnet/error.h>
#include <cygnet/writer.h>

#define ATTRIBUTES_MAX 64u /* per transform, per ATTR payload (H-101) */

struct attribute {
    uint16_t type;         /* without the AF bit */
    bool basic;            /* came as TV: two bytes of value in the place of the length */
    bool has_value;        /* value is one: TV, or TLV of 1 to 8 bytes */
    uint64_t value;        /* else 0 */
    struct cyg_span raw;   /* the bytes of the value, two of a TV */
    struct cyg_span whole; /* with type and length */
};

/* Take the next attribute off *rest. Returns false at the end. What is cut (H-017, H-038) fails at
 * attributes_check, which has to be passed before; here it is the end. */
bool attribute_next(struct cyg_span *rest, struct attribute *ret);

/* Check that the list is whole and has at most 64 attributes: CYG_R_ATTRIBUTE_CUT,
 * CYG_R_ATTRIBUTES_TOO_MANY. Offsets count from the begin of the list. */
CYG_MUST_USE enum cyg_code attributes_check(struct cyg_span list, struct cyg_error *err);

/* Write as TV (value below 65536), or as TLV of 4 or 8 bytes, the shortest that holds it. */
void attribute_encode(struct cyg_writer *w, uint16_t type, uint64_t value);
/* Write as TLV, whatever the value. */
void attribute_encode_tlv(struct cyg_writer *w, uint16_t type, struct cyg_span value);
