/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identification payload, RFC 2407 4.6.2. Whether the data fits its type is checked by
 * cyg_identity_of (phase 1) and cyg_selector_of (phase 2). Ownership: borrows. Thread: values. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

struct id {
    uint8_t type;     /* enum cyg_id_type, unknown ones too */
    uint8_t protocol; /* IP protocol, 0: any */
    uint16_t port;    /* 0: any */
    struct cyg_span data;
};

/* CYG_R_ID_SHORT below four bytes; empty data is the caller's business (H-112). */
CYG_MUST_USE enum cyg_code id_decode(struct cyg_span body, struct id *ret, struct cyg_error *err);
void id_encode(const struct id *id, struct cyg_writer *w);
