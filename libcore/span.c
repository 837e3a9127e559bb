/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans and the reader: the one place that compares a length with the bytes left. */
#include <cygnet/span.h>

#include <string.h>

struct cyg_span cyg_span_str(const char *text)
{
    if (text == NULL) {
        return (struct cyg_span){ NULL, 0 };
    }
    return (struct cyg_span){ (const uint8_t *)text, strlen(text) };
}

bool cyg_span_equal(struct cyg_span a, struct cyg_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct cyg_span cyg_span_first(struct cyg_span s, size_t n)
{
    return (struct cyg_span){ s.data, n < s.len ? n : s.len };
}

struct cyg_span cyg_span_after(struct cyg_span s, size_t n)
{
    if (n >= s.len) {
        return (struct cyg_span){ NULL, 0 };
    }
    return (struct cyg_span){ s.data + n, s.len - n };
}

struct cyg_span cyg_span_last(struct cyg_span s, size_t n)
{
    return n >= s.len ? s : cyg_span_after(s, s.len - n);
}

struct cyg_span cyg_span_between(struct cyg_span whole, struct cyg_span first, struct cyg_span last)
{
    const uint8_t *end = last.data + last.len;
    if (first.data < whole.data || end < first.data || end > whole.data + whole.len) {
        cyg_bug(__FILE__, __LINE__, "spans are not inside the whole");
    }
    return (struct cyg_span){ first.data, (size_t)(end - first.data) };
}

struct cyg_reader cyg_reader_of(struct cyg_span s)
{
    static const uint8_t nothing[1];
    const uint8_t *begin = s.data != NULL ? s.data : nothing;
    return (struct cyg_reader){ .begin = begin, .pos = begin, .end = begin + s.len };
}

/* Step over n bytes, or fail. The only place where the position moves. */
static const uint8_t *advance(struct cyg_reader *r, size_t n)
{
    if (r->failed || n > (size_t)(r->end - r->pos)) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->pos;
    r->pos += n;
    return at;
}

static uint64_t read_integer(struct cyg_reader *r, size_t n)
{
    const uint8_t *at = advance(r, n);
    uint64_t value = 0;
    for (size_t i = 0; at != NULL && i < n; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

uint8_t cyg_reader_u8(struct cyg_reader *r)
{
    return (uint8_t)read_integer(r, 1);
}

uint16_t cyg_reader_u16(struct cyg_reader *r)
{
    return (uint16_t)read_integer(r, 2);
}

uint32_t cyg_reader_u32(struct cyg_reader *r)
{
    return (uint32_t)read_integer(r, 4);
}

uint64_t cyg_reader_u64(struct cyg_reader *r)
{
    return read_integer(r, 8);
}

struct cyg_span cyg_reader_take(struct cyg_reader *r, size_t n)
{
    const uint8_t *at = advance(r, n);
    return (struct cyg_span){ at, at != NULL ? n : 0 };
}

struct cyg_span cyg_reader_rest(struct cyg_reader *r)
{
    return cyg_reader_take(r, cyg_reader_left(r));
}

struct cyg_reader cyg_reader_sub(struct cyg_reader *r, size_t n)
{
    struct cyg_reader sub = cyg_reader_of(cyg_reader_take(r, n));
    sub.failed = r->failed;
    return sub;
}

size_t cyg_reader_left(const struct cyg_reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->pos);
}

size_t cyg_reader_offset(const struct cyg_reader *r)
{
    return (size_t)(r->pos - r->begin);
}

bool cyg_reader_ok(const struct cyg_reader *r)
{
    return !r->failed;
}

bool cyg_reader_done(const struct cyg_reader *r)
{
    return !r->failed && r->pos == r->end;
}
