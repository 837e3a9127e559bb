/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fragment payload. */
#include "fragment.h"

#define FRAGMENT_HEAD_LEN 4u

enum cyg_code fragment_decode(struct cyg_span body, struct fragment *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct fragment f;
    f.id = cyg_reader_u16(&r);
    f.number = cyg_reader_u8(&r);
    uint8_t flags = cyg_reader_u8(&r);
    f.last = (flags & FRAGMENT_FLAG_LAST) != 0;
    f.data = cyg_reader_rest(&r);

    if (!cyg_reader_ok(&r) || f.data.len == 0) { /* H-089 */
        return CYG_FAIL(err, CYG_R_FRAGMENT_SHORT, .payload = PAYLOAD_FRAGMENT,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len,
                        .want = FRAGMENT_HEAD_LEN);
    }
    if (f.number == 0 || f.number > FRAGMENTS_MAX) { /* H-090, H-092 */
        return CYG_FAIL(err, CYG_R_FRAGMENT_NUMBER, .payload = PAYLOAD_FRAGMENT, .offset = 2,
                        .got = f.number, .want = FRAGMENTS_MAX);
    }
    if ((flags & ~FRAGMENT_FLAG_LAST) != 0) { /* H-096 */
        return CYG_FAIL(err, CYG_R_FRAGMENT_FLAGS, .payload = PAYLOAD_FRAGMENT, .offset = 3,
                        .got = flags);
    }
    *ret = f;
    return CYG_OK;
}

void fragment_encode(const struct fragment *f, struct cyg_writer *w)
{
    cyg_writer_u16(w, f->id);
    cyg_writer_u8(w, f->number);
    cyg_writer_u8(w, f->last ? FRAGMENT_FLAG_LAST : 0);
    cyg_writer_bytes(w, f->data);
}
