/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views of bytes, and the only reader of wire data. A span borrows; it never frees. A reader
 * remembers its first failure: read every field, then ask cyg_reader_ok() once; after a failure
 * reads give 0 and empty spans. Units: bytes. Integers: big endian on the wire (RFC 2408 3), host
 * order here. Thread: values, any. */
#pragma once

#include <cygnet/base.h>

struct cyg_span {
    const uint8_t *data; /* NULL only when len is 0 */
    size_t len;
};

struct cyg_reader {
    const uint8_t *begin, *pos, *end; /* after a failure pos stays at the field that did not fit */
    bool failed;
};

/* The bytes of a string without its NUL; borrows. A NULL string gives an empty span. */
CYG_PUBLIC struct cyg_span cyg_span_str(const char *text);

/* A span over an array variable: cyg_span_of_array(buffer). */
#define cyg_span_of_array(array) ((struct cyg_span){ (array), sizeof(array) })

/* Whether both have the same length and bytes. Not for secrets: see cyg_equal_ct. */
CYG_PUBLIC bool cyg_span_equal(struct cyg_span a, struct cyg_span b);

/* At most the first n bytes. */
CYG_PUBLIC struct cyg_span cyg_span_first(struct cyg_span s, size_t n);

/* What follows the first n bytes; empty when there are no more than n. */
CYG_PUBLIC struct cyg_span cyg_span_after(struct cyg_span s, size_t n);

/* At most the last n bytes. */
CYG_PUBLIC struct cyg_span cyg_span_last(struct cyg_span s, size_t n);

/* The bytes of whole from the begin of first to the end of last. Both must lie inside whole, first
 * not behind last (our own bug otherwise). For hashes over received bytes. */
CYG_PUBLIC struct cyg_span cyg_span_between(struct cyg_span whole, struct cyg_span first,
                                            struct cyg_span last);

/* Start reading at the first byte of s. */
CYG_PUBLIC struct cyg_reader cyg_reader_of(struct cyg_span s);

/* Read one integer, big endian; 0 when it did not fit. */
CYG_PUBLIC uint8_t cyg_reader_u8(struct cyg_reader *r);
CYG_PUBLIC uint16_t cyg_reader_u16(struct cyg_reader *r);
CYG_PUBLIC uint32_t cyg_reader_u32(struct cyg_reader *r);
CYG_PUBLIC uint64_t cyg_reader_u64(struct cyg_reader *r);

/* Take n bytes, borrowed from the input. Fails, and gives an empty span, when fewer are left.
 * Compares n with the bytes left, never pos + n with end: that sum can overflow. */
CYG_PUBLIC struct cyg_span cyg_reader_take(struct cyg_reader *r, size_t n);

/* Take all that is left, which may be nothing; after a failure nothing. */
CYG_PUBLIC struct cyg_span cyg_reader_rest(struct cyg_reader *r);

/* A reader of the next n bytes; this one goes on behind them. A failure of n fails both. */
CYG_PUBLIC struct cyg_reader cyg_reader_sub(struct cyg_reader *r, size_t n);

/* Bytes left; 0 after a failure. */
CYG_PUBLIC size_t cyg_reader_left(const struct cyg_reader *r);

/* Bytes read so far, or where the first failure is. */
CYG_PUBLIC size_t cyg_reader_offset(const struct cyg_reader *r);

/* Whether all reads so far were whole. */
CYG_MUST_USE CYG_PUBLIC bool cyg_reader_ok(const struct cyg_reader *r);

/* Whether all reads so far were whole and nothing is left. */
CYG_MUST_USE CYG_PUBLIC bool cyg_reader_done(const struct cyg_reader *r);
