/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delete payload. */
#include "delete.h"

#define DELETE_HEAD_LEN 8u

/* The size of an SPI of this protocol; 0: unknown protocol, any size (H-080: ignored later). */
static uint8_t spi_size_of(uint8_t protocol, uint8_t got)
{
    switch (protocol) {
    case PROTOCOL_ISAKMP:
        return 2 * 8; /* both cookies */
    case PROTOCOL_AH:
    case PROTOCOL_ESP:
        return 4;
    case PROTOCOL_IPCOMP:
        return got == 4 ? 4 : 2; /* a CPI has two bytes; four are sent by some */
    default:
        return 0;
    }
}

enum cyg_code delete_decode(struct cyg_span body, struct delete_payload *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct delete_payload d;
    d.doi = cyg_reader_u32(&r);
    d.protocol = cyg_reader_u8(&r);
    d.spi_size = cyg_reader_u8(&r);
    d.n = cyg_reader_u16(&r);
    d.spis = cyg_reader_rest(&r);

    if (!cyg_reader_ok(&r)) {
        return CYG_FAIL(err, CYG_R_DELETE_SHORT, .payload = PAYLOAD_D,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len,
                        .want = DELETE_HEAD_LEN);
    }
    uint8_t want = spi_size_of(d.protocol, d.spi_size);
    if (d.spi_size == 0 || (want != 0 && d.spi_size != want)) { /* H-078 */
        return CYG_FAIL(err, CYG_R_DELETE_SPI_SIZE, .payload = PAYLOAD_D, .offset = 5,
                        .got = d.spi_size, .want = want != 0 ? want : 4);
    }
    /* At most 255 * 65535: no overflow. */
    if (d.n == 0 || (size_t)d.n * d.spi_size != d.spis.len) {
        return CYG_FAIL(err, CYG_R_DELETE_COUNT, .payload = PAYLOAD_D, .offset = 6, .got = d.n,
                        .want = d.spis.len);
    }
    *ret = d;
    return CYG_OK;
}

struct cyg_span delete_spi(const struct delete_payload *d, size_t i)
{
    return cyg_span_first(cyg_span_after(d->spis, i * d->spi_size), d->spi_size);
}

void delete_encode(const struct delete_payload *d, struct cyg_writer *w)
{
    cyg_writer_u32(w, d->doi);
    cyg_writer_u8(w, d->protocol);
    cyg_writer_u8(w, d->spi_size);
    cyg_writer_u16(w, d->n);
    cyg_writer_bytes(w, d->spis);
}
