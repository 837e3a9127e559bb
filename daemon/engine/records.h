/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why things were decided as they were, kept for one exchange: at most 64 records and 1 KiB of
 * quotes (DESIGN.md "Reasons"); each is published when it is added. Ownership: the exchange's
 * arena. Thread: the engine's. */
#pragma once

#include "exchange.h"

#include <cygnet/error.h>

#define RECORDS_MAX       64u
#define RECORDS_QUOTE_MAX 1024u

/* A record as it is kept: quotes stand in the common area. */
struct record {
    uint64_t got, want;
    uint32_t offset;
    uint16_t reason;
    uint16_t quotes_at; /* of got_quote, want_quote behind it */
    uint8_t payload, level, got_kind, got_len, want_kind, want_len;
};
_Static_assert(sizeof(struct record) <= 64, "DESIGN.md: a record has at most 64 bytes");

/* Keep and publish, behind the message that it is about where that could not be opened. Beyond the
 * bounds it is published only. */
void records_add(struct exchange *x, const struct cyg_error *err);
/* How many are kept; the nth as it was. */
size_t records_count(const struct exchange *x);
void records_get(const struct exchange *x, size_t n, struct cyg_error *ret);
