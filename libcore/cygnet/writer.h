/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing wire data into a buffer of the caller's. Sticky like the reader: write everything, then
 * ask cyg_writer_ok() once; after a failure nothing more is written. Blocks whose length stands in
 * front of them are opened and closed, the length is patched in when they close. Units: bytes.
 * Integers: host order here, big endian on the wire. Thread: values, any. */
#pragma once

#include <cygnet/span.h>

struct cyg_writer {
    uint8_t *begin, *pos, *end;
    bool failed;
};

/* Where a length field waits for its block to be closed. */
struct cyg_block {
    size_t length_at;   /* offset of the 16-bit length field */
    size_t counts_from; /* offset of the first byte that the length counts */
};

/* Start writing at data, at most size bytes. data may be NULL when size is 0. */
CYG_PUBLIC struct cyg_writer cyg_writer_of(uint8_t *data, size_t size);

CYG_PUBLIC void cyg_writer_u8(struct cyg_writer *w, uint8_t value);
CYG_PUBLIC void cyg_writer_u16(struct cyg_writer *w, uint16_t value);
CYG_PUBLIC void cyg_writer_u32(struct cyg_writer *w, uint32_t value);
CYG_PUBLIC void cyg_writer_u64(struct cyg_writer *w, uint64_t value);

/* Copy bytes. */
CYG_PUBLIC void cyg_writer_bytes(struct cyg_writer *w, struct cyg_span bytes);

/* Write n zero bytes. */
CYG_PUBLIC void cyg_writer_zero(struct cyg_writer *w, size_t n);

/* Reserve n bytes to be filled by the caller at once; NULL when they do not fit. */
CYG_PUBLIC uint8_t *cyg_writer_reserve(struct cyg_writer *w, size_t n);

/* Write a 16-bit length to be patched. It will count from `before` bytes before the length field
 * (2 for ISAKMP's generic header: next payload, reserved, length) to where the block is closed. */
CYG_PUBLIC struct cyg_block cyg_writer_open(struct cyg_writer *w, size_t before);

/* Patch the length of a block; fails when it does not fit 16 bits. */
CYG_PUBLIC void cyg_writer_close(struct cyg_writer *w, struct cyg_block block);

/* Overwrite one byte (a next-payload field) or four (a message length) written before. */
CYG_PUBLIC void cyg_writer_patch_u8(struct cyg_writer *w, size_t offset, uint8_t value);
CYG_PUBLIC void cyg_writer_patch_u32(struct cyg_writer *w, size_t offset, uint32_t value);

/* Bytes written so far. */
CYG_PUBLIC size_t cyg_writer_offset(const struct cyg_writer *w);

/* What has been written, borrowed; empty after a failure. */
CYG_PUBLIC struct cyg_span cyg_writer_span(const struct cyg_writer *w);

/* Whether everything so far fitted. */
CYG_MUST_USE CYG_PUBLIC bool cyg_writer_ok(const struct cyg_writer *w);
