/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by text.c (messages) and text_payload.c (what is inside): lines of bounded length. */
#pragma once

#include "message.h"
#include "names.h"
#include "text.h"

/* One line that grows. What does not fit is left out and marked with "..." at the end. */
struct line {
    char *text;
    size_t size, len;
    bool cut;
};

struct line line_of(char *buffer, size_t size);
void line_add(struct line *l, const char *format, ...) CYG_PRINTF(2, 3);
/* The name of a number, or "notify message type (40500)". */
void line_name(struct line *l, enum name_table table, uint64_t number);
/* "1 byte", "2 bytes". */
void line_count(struct line *l, size_t n, const char *what);
/* At most max bytes, then "...". */
void line_hex(struct line *l, struct cyg_span bytes, size_t max);
/* Foreign text, quoted, escaped, at most 64 bytes of it (H-086, H-181). */
void line_quoted(struct line *l, struct cyg_span text);
/* Quoted where all of it is printable, else hex. */
void line_data(struct line *l, struct cyg_span data);

/* The fields of a payload, as lines: the first at indent 2. */
void payload_format(const struct message *m, const struct payload *p, const struct text_sink *sink);
