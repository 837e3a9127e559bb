/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading VICI packets. */
#include <cygnet/vici.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_name(enum cyg_vici_packet type)
{
    return type == CYG_VICI_CMD_REQUEST || type == CYG_VICI_EVENT_REGISTER
           || type == CYG_VICI_EVENT_UNREGISTER || type == CYG_VICI_EVENT;
}

/* At most 255 bytes of printable ASCII, and at least `least`. */
static bool take_name(struct cyg_reader *r, size_t least, struct cyg_span *ret)
{
    const uint8_t len = cyg_reader_u8(r);
    const struct cyg_span name = cyg_reader_take(r, len);
    if (!cyg_reader_ok(r) || name.len < least) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < 0x20 || name.data[i] > 0x7e) {
            return false;
        }
    }
    *ret = name;
    return true;
}

static bool take_value(struct cyg_reader *r, struct cyg_span *ret)
{
    const uint16_t len = cyg_reader_u16(r);
    *ret = cyg_reader_take(r, len);
    return cyg_reader_ok(r);
}

static enum cyg_code malformed(const struct cyg_reader *r, const char *what, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_VICI_MALFORMED, .offset = (uint32_t)cyg_reader_offset(r),
                    .got_quote = cyg_quote_text(what));
}

enum cyg_code cyg_vici_packet(struct cyg_span packet, enum cyg_vici_packet *ret_type,
                              struct cyg_span *ret_name, struct cyg_span *ret_message,
                              struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(packet);
    const uint8_t type = cyg_reader_u8(&r);
    struct cyg_span name = { NULL, 0 };
    if (!cyg_reader_ok(&r) || type > CYG_VICI_EVENT) {
        return malformed(&r, "unknown packet type", err);
    }
    if (has_name((enum cyg_vici_packet)type) && !take_name(&r, 1, &name)) {
        return malformed(&r, "bad name", err);
    }
    *ret_type = (enum cyg_vici_packet)type;
    *ret_name = name;
    *ret_message = cyg_reader_rest(&r);
    return CYG_OK;
}

struct cyg_vici_reader cyg_vici_reader_of(struct cyg_span message)
{
    return (struct cyg_vici_reader){ .r = cyg_reader_of(message) };
}

/* What an element may not be, given where we are; NULL when it may. */
static const char *misplaced(const struct cyg_vici_reader *r, uint8_t type)
{
    switch (type) {
    case CYG_VICI_SECTION_START:
        return r->in_list                       ? "section inside of a list"
               : r->depth >= CYG_VICI_DEPTH_MAX ? "sections nested too deep"
                                                : NULL;
    case CYG_VICI_SECTION_END:
        return r->in_list || r->depth == 0 ? "section end without a start" : NULL;
    case CYG_VICI_KEY_VALUE:
        return r->in_list ? "key inside of a list" : NULL;
    case CYG_VICI_LIST_START:
        return r->in_list ? "list inside of a list" : NULL;
    case CYG_VICI_LIST_ITEM:
        return r->in_list ? NULL : "list item outside of a list";
    case CYG_VICI_LIST_END:
        return r->in_list ? NULL : "list end without a start";
    default:
        return "unknown element type";
    }
}

enum cyg_code cyg_vici_next(struct cyg_vici_reader *r, struct cyg_vici_element *ret,
                            struct cyg_error *err)
{
    if (cyg_reader_done(&r->r)) {
        if (r->depth > 0 || r->in_list) {
            return malformed(&r->r, "the message ends inside of a section or list", err);
        }
        return CYG_NOT_FOUND;
    }
    const uint8_t type = cyg_reader_u8(&r->r);
    const char *wrong = misplaced(r, type);
    if (wrong != NULL) {
        return malformed(&r->r, wrong, err);
    }
    struct cyg_vici_element e = { .type = (enum cyg_vici_type)type };
    const bool named =
        type == CYG_VICI_SECTION_START || type == CYG_VICI_KEY_VALUE || type == CYG_VICI_LIST_START;
    const bool valued = type == CYG_VICI_KEY_VALUE || type == CYG_VICI_LIST_ITEM;
    /* charon's get-counters has a section without a name. */
    if (named && !take_name(&r->r, type != CYG_VICI_SECTION_START, &e.name)) {
        return malformed(&r->r, "bad name", err);
    }
    if (valued && !take_value(&r->r, &e.value)) {
        return malformed(&r->r, "a value ends behind the message", err);
    }
    r->depth += type == CYG_VICI_SECTION_START;
    r->depth -= type == CYG_VICI_SECTION_END;
    r->in_list = type == CYG_VICI_LIST_START || type == CYG_VICI_LIST_ITEM;
    *ret = e;
    return CYG_OK;
}

enum cyg_code cyg_vici_check(struct cyg_span message, struct cyg_error *err)
{
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    enum cyg_code code;
    do {
        code = cyg_vici_next(&r, &e, err);
    } while (code == CYG_OK);
    return code == CYG_NOT_FOUND ? CYG_OK : code;
}

bool cyg_vici_get(struct cyg_span message, const char *name, struct cyg_span *ret)
{
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        if (r.depth == 0 && e.type == CYG_VICI_KEY_VALUE
            && cyg_span_equal(e.name, cyg_span_str(name))) {
            *ret = e.value;
            return true;
        }
    }
    return false;
}

bool cyg_vici_get_text(struct cyg_span message, const char *name, char *ret, size_t size)
{
    struct cyg_span value;
    if (!cyg_vici_get(message, name, &value)) {
        return false;
    }
    const size_t len = value.len < size ? value.len : size - 1;
    if (len > 0) {
        memcpy(ret, value.data, len);
    }
    ret[len] = '\0';
    return true;
}

bool cyg_vici_get_number(struct cyg_span message, const char *name, int64_t *ret)
{
    char text[32], *end = NULL;
    if (!cyg_vici_get_text(message, name, text, sizeof text)) {
        return false;
    }
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') {
        return false;
    }
    *ret = value;
    return true;
}

bool cyg_vici_get_bool(struct cyg_span message, const char *name, bool fallback)
{
    char text[8];
    if (!cyg_vici_get_text(message, name, text, sizeof text)) {
        return fallback;
    }
    return strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0
           || strcasecmp(text, "enabled") == 0;
}
