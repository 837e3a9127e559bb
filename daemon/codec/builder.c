/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building messages. */
#include "builder.h"

#include <string.h>

enum {
    NEXT_IN_HEADER = 16,
    LENGTH_IN_HEADER = 24,
};

void builder_begin(struct builder *b, struct cyg_writer *w, const struct header *header)
{
    struct header h = *header;
    h.next = PAYLOAD_NONE;
    h.length = 0;
    size_t begin = cyg_writer_offset(w);
    *b = (struct builder){
        .w = w, .begin = begin, .next_at = begin + NEXT_IN_HEADER, .last_end = begin + HEADER_LEN
    };
    header_encode(&h, w);
}

void builder_payload_begin(struct builder *b, uint8_t type)
{
    if (b->open) {
        cyg_bug(__FILE__, __LINE__, "a payload inside a payload");
    }
    size_t at = cyg_writer_offset(b->w);
    cyg_writer_patch_u8(b->w, b->next_at, type);
    b->next_at = at;
    b->open = true;
    cyg_writer_u8(b->w, PAYLOAD_NONE);
    cyg_writer_u8(b->w, 0);
    b->block = cyg_writer_open(b->w, 2);
}

void builder_payload_end(struct builder *b)
{
    if (!b->open) {
        cyg_bug(__FILE__, __LINE__, "no payload is open");
    }
    cyg_writer_close(b->w, b->block);
    b->open = false;
    b->last_end = cyg_writer_offset(b->w);
}

void builder_payload(struct builder *b, uint8_t type, struct cyg_span body)
{
    builder_payload_begin(b, type);
    cyg_writer_bytes(b->w, body);
    builder_payload_end(b);
}

size_t builder_reserve(struct builder *b, uint8_t type, size_t n)
{
    builder_payload_begin(b, type);
    size_t at = cyg_writer_offset(b->w);
    cyg_writer_zero(b->w, n);
    builder_payload_end(b);
    return at;
}

void builder_fill(struct builder *b, size_t offset, struct cyg_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        cyg_writer_patch_u8(b->w, offset + i, bytes.data[i]);
    }
}

struct cyg_span builder_after(const struct builder *b, size_t offset, size_t n)
{
    struct cyg_span written = cyg_writer_span(b->w);
    return cyg_span_after(cyg_span_first(written, b->last_end), offset + n);
}

void builder_pad(struct builder *b, size_t block)
{
    size_t len = cyg_writer_offset(b->w) - b->begin - HEADER_LEN;
    if (b->open || block == 0) {
        cyg_bug(__FILE__, __LINE__, "padding belongs behind the last payload");
    }
    if (cyg_writer_ok(b->w)) {
        cyg_writer_zero(b->w, (block - len % block) % block);
    }
}

void builder_end(struct builder *b)
{
    if (b->open) {
        cyg_bug(__FILE__, __LINE__, "a payload is still open");
    }
    uint32_t len = (uint32_t)(cyg_writer_offset(b->w) - b->begin);
    cyg_writer_patch_u32(b->w, b->begin + LENGTH_IN_HEADER, len);
}

struct cyg_span builder_message(const struct builder *b)
{
    return cyg_span_after(cyg_writer_span(b->w), b->begin);
}

struct cyg_span builder_body(const struct builder *b)
{
    return cyg_span_after(cyg_writer_span(b->w), b->begin + HEADER_LEN);
}
