/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text, for the formatters and parsers of libcore only. A line is built in a buffer of the
 * caller's, cut where it does not fit, always NUL-terminated. */
#pragma once

#include <cygnet/span.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *buffer;
    size_t size, len; /* len never counts the NUL and stays below size */
};

static inline struct text text_of(char *buffer, size_t size)
{
    if (size > 0) {
        buffer[0] = '\0';
    }
    return (struct text){ buffer, size, 0 };
}

CYG_PRINTF(2, 3) static inline void text_add(struct text *t, const char *format, ...)
{
    if (t->size - t->len <= 1) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(t->buffer + t->len, t->size - t->len, format, arguments);
    va_end(arguments);
    if (n > 0) {
        size_t room = t->size - t->len - 1;
        t->len += (size_t)n < room ? (size_t)n : room;
    }
}

/* Bytes as they are: the caller knows that they are printable. */
static inline void text_add_bytes(struct text *t, const char *bytes, size_t n)
{
    size_t room = t->size - t->len;
    if (room <= 1) {
        return;
    }
    n = n < room - 1 ? n : room - 1;
    memcpy(t->buffer + t->len, bytes, n);
    t->len += n;
    t->buffer[t->len] = '\0';
}

static inline void text_add_string(struct text *t, const char *string)
{
    text_add_bytes(t, string, strlen(string));
}

/* Decimal without sign, at most max; false if it is anything else. */
static inline bool text_number(struct cyg_span text, unsigned max, unsigned *ret)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text.data[i] - '0');
        if (value > max) {
            return false;
        }
    }
    *ret = value;
    return text.len > 0;
}
