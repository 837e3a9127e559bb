/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAT original address payload, RFC 3947 5.2. The body of NAT-D is a bare hash and needs no
 * decoder. Thread: values. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

/* ID type (IPv4 or IPv6), three reserved bytes, address. CYG_R_NATOA_BAD otherwise (H-157). */
CYG_MUST_USE enum cyg_code natoa_decode(struct cyg_span body, struct cyg_address *ret,
                                        struct cyg_error *err);
void natoa_encode(const struct cyg_address *address, struct cyg_writer *w);
