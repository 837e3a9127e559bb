/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notification payload. */
#include "notify.h"

enum cyg_code notify_decode(struct cyg_span body, struct notify *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct notify n;
    n.doi = cyg_reader_u32(&r);
    n.protocol = cyg_reader_u8(&r);
    uint8_t spi_len = cyg_reader_u8(&r);
    n.type = cyg_reader_u16(&r);
    n.spi = cyg_reader_take(&r, spi_len);
    n.data = cyg_reader_rest(&r);

    if (!cyg_reader_ok(&r)) { /* H-004, H-086 */
        return CYG_FAIL(err, CYG_R_NOTIFY_SHORT, .payload = PAYLOAD_N,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len);
    }
    *ret = n;
    return CYG_OK;
}

void notify_encode(const struct notify *n, struct cyg_writer *w)
{
    if (n->spi.len > UINT8_MAX) {
        w->failed = true;
        return;
    }
    cyg_writer_u32(w, n->doi);
    cyg_writer_u8(w, n->protocol);
    cyg_writer_u8(w, (uint8_t)n->spi.len);
    cyg_writer_u16(w, n->type);
    cyg_writer_bytes(w, n->spi);
    cyg_writer_bytes(w, n->data);
}

bool notify_is_error(uint16_t type)
{
    return type != 0 && type < 8192;
}

enum cyg_code notify_dpd(const struct notify *n, uint32_t *ret_number, struct cyg_error *err)
{
    const size_t both_cookies = 16;
    struct cyg_reader r = cyg_reader_of(n->data);
    uint32_t number = cyg_reader_u32(&r);
    if (n->spi.len != both_cookies || !cyg_reader_done(&r)) { /* H-083 */
        return CYG_FAIL(err, CYG_R_DPD_SIZE, .payload = PAYLOAD_N, .got = n->spi.len,
                        .want = n->data.len);
    }
    *ret_number = number;
    return CYG_OK;
}
