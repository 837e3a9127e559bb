/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notification payload, RFC 2408 3.14, RFC 2407 4.6.3, RFC 3706. Ownership: borrows. Thread:
 * values. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

struct notify {
    uint32_t doi;
    uint8_t protocol; /* enum protocol_id, unknown ones too */
    uint16_t type;    /* enum notify_type, unknown ones too */
    struct cyg_span spi;
    struct cyg_span data;
};

/* CYG_R_NOTIFY_SHORT (H-004, H-086). */
CYG_MUST_USE enum cyg_code notify_decode(struct cyg_span body, struct notify *ret,
                                         struct cyg_error *err);
/* The writer fails when the SPI has more than 255 bytes. */
void notify_encode(const struct notify *n, struct cyg_writer *w);

/* Whether a type says that something was refused: 0 is reserved, from 8192 on they are private or
 * status, RFC 2408 3.14.1. */
bool notify_is_error(uint16_t type);

/* R-U-THERE and its ACK (RFC 3706 5.3): the SPI is both cookies, the data a 32-bit number. DOI and
 * protocol are not looked at. CYG_R_DPD_SIZE for another size of either (H-083). Whether the SPI is
 * ours is the engine's business. */
CYG_MUST_USE enum cyg_code notify_dpd(const struct notify *n, uint32_t *ret_number,
                                      struct cyg_error *err);
