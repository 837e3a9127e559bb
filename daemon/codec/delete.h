/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delete payload, RFC 2408 3.15. Ownership: borrows. Thread: values. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

struct delete_payload {
    uint32_t doi;
    uint8_t protocol; /* enum protocol_id, unknown ones too */
    uint8_t spi_size;
    uint16_t n;
    struct cyg_span spis; /* n * spi_size bytes */
};

/* CYG_R_DELETE_SHORT when it is cut; CYG_R_DELETE_COUNT for no SPI, or number and size that do not
 * fill the payload exactly; CYG_R_DELETE_SPI_SIZE when the size is not the protocol's: 16 for
 * ISAKMP, 4 for ESP and AH, 2 or 4 for IPComp (H-078, H-080). */
CYG_MUST_USE enum cyg_code delete_decode(struct cyg_span body, struct delete_payload *ret,
                                         struct cyg_error *err);

/* The ith SPI, i below n. */
struct cyg_span delete_spi(const struct delete_payload *d, size_t i);

void delete_encode(const struct delete_payload *d, struct cyg_writer *w);
