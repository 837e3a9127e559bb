/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificate and certificate request payloads, RFC 2408 3.9, 3.10: an encoding and opaque bytes.
 * Ownership: borrows. Thread: values. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

struct cert {
    uint8_t encoding;     /* enum cert_encoding, unknown ones too */
    struct cyg_span data; /* certificate; of a request the authority's DER name, may be empty */
};

/* CYG_R_CERT_SHORT for an empty body (H-029, H-030). */
CYG_MUST_USE enum cyg_code cert_decode(struct cyg_span body, struct cert *ret,
                                       struct cyg_error *err);
void cert_encode(const struct cert *cert, struct cyg_writer *w);
