/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing VICI packets. */
#include <cygnet/secret.h>
#include <cygnet/vici.h>
#include <cygnet/writer.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES 4u
#define FIRST_SIZE   512u

/* Room for n more bytes; NULL, failed, when there is none. Grown by copying, so that the old bytes
 * can be wiped. */
static uint8_t *grow(struct cyg_vici_writer *w, size_t n)
{
    if (w->failed || n > CYG_VICI_PACKET_MAX + LENGTH_BYTES - w->len) {
        w->failed = true;
        return NULL;
    }
    if (w->len + n > w->size) {
        size_t size = w->size > 0 ? w->size : FIRST_SIZE;
        while (size < w->len + n) {
            size *= 2;
        }
        uint8_t *data = malloc(size);
        if (data == NULL) {
            w->failed = true;
            return NULL;
        }
        if (w->len > 0) {
            memcpy(data, w->data, w->len);
            cyg_wipe(w->data, w->len);
        }
        free(w->data);
        w->data = data;
        w->size = size;
    }
    uint8_t *at = w->data + w->len;
    w->len += n;
    return at;
}

static void put_byte(struct cyg_vici_writer *w, uint8_t value)
{
    uint8_t *at = grow(w, 1);
    if (at != NULL) {
        *at = value;
    }
}

static void put_bytes(struct cyg_vici_writer *w, struct cyg_span bytes)
{
    uint8_t *at = grow(w, bytes.len);
    if (at != NULL && bytes.len > 0) {
        memcpy(at, bytes.data, bytes.len);
    }
}

static void put_name(struct cyg_vici_writer *w, const char *name)
{
    const struct cyg_span text = cyg_span_str(name);
    if (text.len == 0 || text.len > UINT8_MAX) {
        w->failed = true;
        return;
    }
    put_byte(w, (uint8_t)text.len);
    put_bytes(w, text);
}

static void put_value(struct cyg_vici_writer *w, struct cyg_span value)
{
    if (value.len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    put_byte(w, (uint8_t)(value.len >> 8));
    put_byte(w, (uint8_t)value.len);
    put_bytes(w, value);
}

/* Text by format, behind an element that is already begun. */
CYG_PRINTF(2, 0)
static void put_text(struct cyg_vici_writer *w, const char *format, va_list args)
{
    char text[1024];
    int n = vsnprintf(text, sizeof text, format, args);
    if (n < 0 || (size_t)n >= sizeof text) {
        w->failed = true;
        return;
    }
    put_value(w, (struct cyg_span){ (const uint8_t *)text, (size_t)n });
}

void cyg_vici_begin(struct cyg_vici_writer *w, enum cyg_vici_packet type, const char *name)
{
    *w = (struct cyg_vici_writer){ 0 };
    (void)grow(w, LENGTH_BYTES);
    put_byte(w, (uint8_t)type);
    if (name != NULL) {
        put_name(w, name);
    }
}

void cyg_vici_section(struct cyg_vici_writer *w, const char *name)
{
    if (w->in_list || ++w->depth > CYG_VICI_DEPTH_MAX) {
        w->failed = true;
        return;
    }
    put_byte(w, CYG_VICI_SECTION_START);
    if (name[0] == '\0') { /* get-counters has one */
        put_byte(w, 0);
    } else {
        put_name(w, name);
    }
}

void cyg_vici_section_end(struct cyg_vici_writer *w)
{
    if (w->in_list || w->depth == 0) {
        w->failed = true;
        return;
    }
    w->depth--;
    put_byte(w, CYG_VICI_SECTION_END);
}

void cyg_vici_value(struct cyg_vici_writer *w, const char *name, struct cyg_span value)
{
    w->failed |= w->in_list;
    put_byte(w, CYG_VICI_KEY_VALUE);
    put_name(w, name);
    put_value(w, value);
}

void cyg_vici_key(struct cyg_vici_writer *w, const char *name, const char *format, ...)
{
    w->failed |= w->in_list;
    put_byte(w, CYG_VICI_KEY_VALUE);
    put_name(w, name);
    va_list args;
    va_start(args, format);
    put_text(w, format, args);
    va_end(args);
}

void cyg_vici_bool(struct cyg_vici_writer *w, const char *name, bool value)
{
    cyg_vici_value(w, name, cyg_span_str(value ? "yes" : "no"));
}

void cyg_vici_list(struct cyg_vici_writer *w, const char *name)
{
    w->failed |= w->in_list;
    w->in_list = true;
    put_byte(w, CYG_VICI_LIST_START);
    put_name(w, name);
}

void cyg_vici_item(struct cyg_vici_writer *w, const char *format, ...)
{
    w->failed |= !w->in_list;
    put_byte(w, CYG_VICI_LIST_ITEM);
    va_list args;
    va_start(args, format);
    put_text(w, format, args);
    va_end(args);
}

void cyg_vici_list_end(struct cyg_vici_writer *w)
{
    w->failed |= !w->in_list;
    w->in_list = false;
    put_byte(w, CYG_VICI_LIST_END);
}

struct cyg_span cyg_vici_finish(struct cyg_vici_writer *w)
{
    if (w->failed || w->depth > 0 || w->in_list) {
        w->failed = true;
        return (struct cyg_span){ NULL, 0 };
    }
    struct cyg_writer length = cyg_writer_of(w->data, LENGTH_BYTES);
    cyg_writer_u32(&length, (uint32_t)(w->len - LENGTH_BYTES));
    return (struct cyg_span){ w->data, w->len };
}

void cyg_vici_writer_clear(struct cyg_vici_writer *w)
{
    cyg_wipe(w->data, w->len);
    free(w->data);
    *w = (struct cyg_vici_writer){ 0 };
}
