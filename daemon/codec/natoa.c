/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAT original address payload. */
#include "natoa.h"

#include <string.h>

/* The three reserved bytes are protocol and port of an ID payload; some peers fill them in, they
 * say nothing here. */
enum cyg_code natoa_decode(struct cyg_span body, struct cyg_address *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    uint8_t type = cyg_reader_u8(&r);
    (void)cyg_reader_take(&r, 3);
    size_t len = type == CYG_ID_IPV4_ADDR ? 4 : 16;
    struct cyg_span bytes = cyg_reader_take(&r, len);
    if (!cyg_reader_done(&r) || (type != CYG_ID_IPV4_ADDR && type != CYG_ID_IPV6_ADDR)) {
        return CYG_FAIL(err, CYG_R_NATOA_BAD, .payload = PAYLOAD_NATOA,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len);
    }
    struct cyg_address address = { .family = type == CYG_ID_IPV4_ADDR ? 4 : 6 };
    memcpy(address.bytes, bytes.data, bytes.len);
    *ret = address;
    return CYG_OK;
}

void natoa_encode(const struct cyg_address *address, struct cyg_writer *w)
{
    bool v4 = address->family == 4;
    cyg_writer_u8(w, v4 ? CYG_ID_IPV4_ADDR : CYG_ID_IPV6_ADDR);
    cyg_writer_zero(w, 3);
    cyg_writer_bytes(w, (struct cyg_span){ address->bytes, v4 ? 4 : 16 });
}
