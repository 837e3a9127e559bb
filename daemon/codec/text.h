/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as text, for logs, stories of the simulation and `explain`: everything by its IANA
 * name, unknown numbers too, foreign bytes escaped (H-181), long ones cut, no secret (passwords of
 * XAUTH, padding). Never fails: what does not parse is said to be malformed, with the reason.
 * Thread: any. */
#pragma once

#include "message.h"

/* Takes one line at a time, NUL-terminated, without line feed, at most TEXT_LINE - 1 bytes. */
struct text_sink {
    void (*line)(void *context, const char *line);
    void *context;
};

#define TEXT_LINE 512u

/* Several lines: header, then each payload with its fields, indented by two spaces a level. */
void message_format(const struct message *m, const struct text_sink *sink);

/* One line: "Identity Protection i 0123456789abcdef r 0000000000000000 [SA VID:DPD_(RFC_3706)]".
 * Always NUL-terminated, cut with "..." where it does not fit. Returns buffer. */
const char *message_format_line(const struct message *m, char *buffer, size_t size);

/* The same of a header whose payloads cannot be read (encrypted, malformed). */
const char *header_format_line(const struct header *h, char *buffer, size_t size);
