/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer of wire data. */
#include <cygnet/writer.h>

#include <string.h>

struct cyg_writer cyg_writer_of(uint8_t *data, size_t size)
{
    static uint8_t nothing[1];
    uint8_t *begin = size > 0 ? data : nothing;
    return (struct cyg_writer){ .begin = begin, .pos = begin, .end = begin + size };
}

uint8_t *cyg_writer_reserve(struct cyg_writer *w, size_t n)
{
    if (w->failed || n > (size_t)(w->end - w->pos)) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = w->pos;
    w->pos += n;
    return at;
}

static void store_integer(uint8_t *at, size_t n, uint64_t value)
{
    for (size_t i = n; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void write_integer(struct cyg_writer *w, size_t n, uint64_t value)
{
    uint8_t *at = cyg_writer_reserve(w, n);
    if (at != NULL) {
        store_integer(at, n, value);
    }
}

void cyg_writer_u8(struct cyg_writer *w, uint8_t value)
{
    write_integer(w, 1, value);
}

void cyg_writer_u16(struct cyg_writer *w, uint16_t value)
{
    write_integer(w, 2, value);
}

void cyg_writer_u32(struct cyg_writer *w, uint32_t value)
{
    write_integer(w, 4, value);
}

void cyg_writer_u64(struct cyg_writer *w, uint64_t value)
{
    write_integer(w, 8, value);
}

void cyg_writer_bytes(struct cyg_writer *w, struct cyg_span bytes)
{
    uint8_t *at = cyg_writer_reserve(w, bytes.len);
    if (at != NULL && bytes.len > 0) {
        memcpy(at, bytes.data, bytes.len);
    }
}

void cyg_writer_zero(struct cyg_writer *w, size_t n)
{
    uint8_t *at = cyg_writer_reserve(w, n);
    if (at != NULL) {
        memset(at, 0, n);
    }
}

struct cyg_block cyg_writer_open(struct cyg_writer *w, size_t before)
{
    size_t at = cyg_writer_offset(w);
    if (w->failed) {
        return (struct cyg_block){ .length_at = 0 };
    }
    if (before > at) {
        cyg_bug(__FILE__, __LINE__, "a block begins before the buffer");
    }
    cyg_writer_u16(w, 0);
    return (struct cyg_block){ .length_at = at, .counts_from = at - before };
}

void cyg_writer_close(struct cyg_writer *w, struct cyg_block block)
{
    if (w->failed) {
        return;
    }
    size_t length = cyg_writer_offset(w) - block.counts_from;
    if (length > UINT16_MAX) {
        w->failed = true;
        return;
    }
    store_integer(w->begin + block.length_at, 2, length);
}

/* Overwrite n bytes that have been written before. */
static void patch(struct cyg_writer *w, size_t offset, size_t n, uint64_t value)
{
    if (w->failed) {
        return;
    }
    size_t written = cyg_writer_offset(w);
    if (n > written || offset > written - n) {
        cyg_bug(__FILE__, __LINE__, "a patch behind what was written");
    }
    store_integer(w->begin + offset, n, value);
}

void cyg_writer_patch_u8(struct cyg_writer *w, size_t offset, uint8_t value)
{
    patch(w, offset, 1, value);
}

void cyg_writer_patch_u32(struct cyg_writer *w, size_t offset, uint32_t value)
{
    patch(w, offset, 4, value);
}

size_t cyg_writer_offset(const struct cyg_writer *w)
{
    return (size_t)(w->pos - w->begin);
}

struct cyg_span cyg_writer_span(const struct cyg_writer *w)
{
    return w->failed ? (struct cyg_span){ NULL, 0 }
                     : (struct cyg_span){ w->begin, cyg_writer_offset(w) };
}

bool cyg_writer_ok(const struct cyg_writer *w)
{
    return !w->failed;
}
