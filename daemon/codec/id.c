/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identification payload. */
#include "id.h"

#define ID_HEAD_LEN 4u

enum cyg_code id_decode(struct cyg_span body, struct id *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct id id;
    id.type = cyg_reader_u8(&r);
    id.protocol = cyg_reader_u8(&r);
    id.port = cyg_reader_u16(&r);
    id.data = cyg_reader_rest(&r);

    if (!cyg_reader_ok(&r)) { /* H-004 */
        return CYG_FAIL(err, CYG_R_ID_SHORT, .payload = PAYLOAD_ID,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len,
                        .want = ID_HEAD_LEN);
    }
    *ret = id;
    return CYG_OK;
}

void id_encode(const struct id *id, struct cyg_writer *w)
{
    cyg_writer_u8(w, id->type);
    cyg_writer_u8(w, id->protocol);
    cyg_writer_u16(w, id->port);
    cyg_writer_bytes(w, id->data);
}
