/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as text: header, one-line form, and the lines they are made of. */
#include "text.h"

#include "delete.h"
#include "notify.h"
#include "text_internal.h"
#include "vid.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUOTED_MAX 64u /* bytes of foreign text in a line */

struct line line_of(char *buffer, size_t size)
{
    if (size > 0) {
        buffer[0] = '\0';
    }
    return (struct line){ .text = buffer, .size = size };
}

static void mark_cut(struct line *l)
{
    static const char dots[] = "...";
    l->cut = true;
    if (l->size >= sizeof(dots)) {
        memcpy(l->text + l->size - sizeof(dots), dots, sizeof(dots));
    }
}

void line_add(struct line *l, const char *format, ...)
{
    va_list args;
    if (l->cut) {
        return;
    }
    va_start(args, format);
    int n = vsnprintf(l->text + l->len, l->size - l->len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= l->size - l->len) {
        mark_cut(l);
        return;
    }
    l->len += (size_t)n;
}

void line_name(struct line *l, enum name_table table, uint64_t number)
{
    char name[NAME_TEXT];
    line_add(l, "%s", name_format(table, number, name, sizeof(name)));
}

void line_count(struct line *l, size_t n, const char *what)
{
    line_add(l, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

void line_hex(struct line *l, struct cyg_span bytes, size_t max)
{
    struct cyg_span shown = cyg_span_first(bytes, max);
    for (size_t i = 0; i < shown.len; i++) {
        line_add(l, "%02x", shown.data[i]);
    }
    if (shown.len < bytes.len) {
        line_add(l, "...");
    }
}

void line_quoted(struct line *l, struct cyg_span text)
{
    char escaped[4 * QUOTED_MAX + 1];
    cyg_escape(cyg_span_first(text, QUOTED_MAX), escaped, sizeof(escaped));
    line_add(l, "\"%s%s\"", escaped, text.len > QUOTED_MAX ? "..." : "");
}

void line_data(struct line *l, struct cyg_span data)
{
    bool nul = data.len > 1 && data.data[data.len - 1] == 0; /* a C string: still text */
    bool printable = data.len > 0;
    for (size_t i = 0; i + nul < data.len; i++) {
        printable = printable && data.data[i] >= 0x20 && data.data[i] < 0x7f;
    }
    if (printable) {
        line_quoted(l, data);
    } else {
        line_hex(l, data, QUOTED_MAX / 2);
    }
}

static void add_header(struct line *l, const struct header *h)
{
    line_name(l, NAME_EXCHANGE, h->exchange);
    line_add(l, " ");
    line_hex(l, cyg_span_of_array(h->cookie_i), COOKIE_LEN);
    line_add(l, ":");
    line_hex(l, cyg_span_of_array(h->cookie_r), COOKIE_LEN);
    if (h->message_id != 0) {
        line_add(l, " #%08" PRIx32, h->message_id);
    }
    if (h->version != VERSION_1_0) {
        line_add(l, " version %u.%u", h->version >> 4, h->version & 0x0fu);
    }
    line_add(l, "%s%s%s", (h->flags & FLAG_ENCRYPTION) != 0 ? " encrypted" : "",
             (h->flags & FLAG_COMMIT) != 0 ? " commit" : "",
             (h->flags & FLAG_AUTH_ONLY) != 0 ? " authentication-only" : "");
    line_add(l, " %" PRIu32 " bytes", h->length);
}

/* What tells one payload from the next at a glance. */
static void add_gist(struct line *l, const struct payload *p)
{
    struct notify n;
    struct delete_payload d;
    const struct vid_info *v;
    line_name(l, NAME_PAYLOAD, p->type);
    switch (p->kind) {
    case PK_N:
        if (notify_decode(p->body, &n, NULL) == CYG_OK) {
            line_add(l, " ");
            line_name(l, NAME_NOTIFY, n.type);
        }
        break;
    case PK_D:
        if (delete_decode(p->body, &d, NULL) == CYG_OK) {
            line_add(l, " ");
            line_name(l, NAME_PROTOCOL, d.protocol);
        }
        break;
    case PK_VID:
        v = vid_identify(p->body);
        line_add(l, "%s%s", v != NULL ? " " : "", v != NULL ? v->name : "");
        break;
    default:
        break;
    }
}

const char *header_format_line(const struct header *h, char *buffer, size_t size)
{
    struct line l = line_of(buffer, size);
    add_header(&l, h);
    return buffer;
}

const char *message_format_line(const struct message *m, char *buffer, size_t size)
{
    struct line l = line_of(buffer, size);
    add_header(&l, &m->header);
    line_add(&l, " [");
    for (size_t i = 0; i < m->n; i++) {
        line_add(&l, "%s", i > 0 ? ", " : "");
        add_gist(&l, &m->payloads[i]);
    }
    line_add(&l, "]");
    return buffer;
}

void message_format(const struct message *m, const struct text_sink *sink)
{
    char text[TEXT_LINE];
    struct line l = line_of(text, sizeof(text));
    add_header(&l, &m->header);
    sink->line(sink->context, text);
    for (size_t i = 0; i < m->n; i++) {
        payload_format(m, &m->payloads[i], sink);
    }
    if (m->padding.len > 0) {
        l = line_of(text, sizeof(text));
        line_add(&l, "  padding: ");
        line_count(&l, m->padding.len, "byte");
        sink->line(sink->context, text);
    }
}
