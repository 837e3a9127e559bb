/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VICI messages: the protocol that swanctl and its libraries speak, for the server (control-vici)
 * and the client (cygnetctl). A stream of packets: u32 length of what follows (at most
 * CYG_VICI_PACKET_MAX), one type byte, for some a name (length byte and ASCII), then a message: a
 * sequence of elements. No sockets here. Names are 1 to 255 bytes of printable ASCII, those of
 * sections may be empty; values are bytes, at most 65535. Sections nest at most CYG_VICI_DEPTH_MAX
 * deep; reading needs no recursion. Thread: values. */
#pragma once

#include <cygnet/error.h>

#define CYG_VICI_PACKET_MAX (512u * 1024u)
#define CYG_VICI_DEPTH_MAX  32u

enum cyg_vici_packet {
    CYG_VICI_CMD_REQUEST = 0, /* named */
    CYG_VICI_CMD_RESPONSE = 1,
    CYG_VICI_CMD_UNKNOWN = 2,
    CYG_VICI_EVENT_REGISTER = 3,   /* named */
    CYG_VICI_EVENT_UNREGISTER = 4, /* named */
    CYG_VICI_EVENT_CONFIRM = 5,
    CYG_VICI_EVENT_UNKNOWN = 6,
    CYG_VICI_EVENT = 7, /* named */
};

enum cyg_vici_type {
    CYG_VICI_SECTION_START = 1,
    CYG_VICI_SECTION_END = 2,
    CYG_VICI_KEY_VALUE = 3,
    CYG_VICI_LIST_START = 4,
    CYG_VICI_LIST_ITEM = 5,
    CYG_VICI_LIST_END = 6,
};

/* --- Writing --- */

/* A packet that grows on the heap, bounded by CYG_VICI_PACKET_MAX. Sticky: write everything, then
 * ask once. The first four bytes are room for the length. */
struct cyg_vici_writer {
    uint8_t *data;
    size_t len, size;
    unsigned depth;
    bool in_list, failed;
};

/* Start a packet; name NULL for types without. */
CYG_PUBLIC void cyg_vici_begin(struct cyg_vici_writer *w, enum cyg_vici_packet type,
                               const char *name);
CYG_PUBLIC void cyg_vici_section(struct cyg_vici_writer *w, const char *name);
CYG_PUBLIC void cyg_vici_section_end(struct cyg_vici_writer *w);
CYG_PUBLIC void cyg_vici_value(struct cyg_vici_writer *w, const char *name, struct cyg_span value);
CYG_PUBLIC void cyg_vici_key(struct cyg_vici_writer *w, const char *name, const char *format, ...)
    CYG_PRINTF(3, 4);
CYG_PUBLIC void cyg_vici_bool(struct cyg_vici_writer *w, const char *name, bool value);
CYG_PUBLIC void cyg_vici_list(struct cyg_vici_writer *w, const char *name);
CYG_PUBLIC void cyg_vici_item(struct cyg_vici_writer *w, const char *format, ...) CYG_PRINTF(2, 3);
CYG_PUBLIC void cyg_vici_list_end(struct cyg_vici_writer *w);

/* Patch the length and borrow the whole packet, its length included. Empty when something failed:
 * no memory, too large, sections not closed, a bad name. */
CYG_MUST_USE CYG_PUBLIC struct cyg_span cyg_vici_finish(struct cyg_vici_writer *w);

/* Wipe (messages can hold secrets) and free. For CYG_CLEANUP too. */
CYG_PUBLIC void cyg_vici_writer_clear(struct cyg_vici_writer *w);

/* --- Reading --- */

struct cyg_vici_element {
    enum cyg_vici_type type;
    struct cyg_span name;  /* of SECTION_START, KEY_VALUE, LIST_START */
    struct cyg_span value; /* of KEY_VALUE, LIST_ITEM */
};

struct cyg_vici_reader {
    struct cyg_reader r;
    unsigned depth;
    bool in_list;
};

/* Split a packet (without its length) into type, name and message. CYG_MALFORMED otherwise. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_vici_packet(struct cyg_span packet,
                                                      enum cyg_vici_packet *ret_type,
                                                      struct cyg_span *ret_name,
                                                      struct cyg_span *ret_message,
                                                      struct cyg_error *err);

CYG_PUBLIC struct cyg_vici_reader cyg_vici_reader_of(struct cyg_span message);

/* The next element. CYG_NOT_FOUND at the end of a whole message; CYG_MALFORMED with the byte offset
 * for an end without a start, an item outside of a list, a bad name, nesting too deep, bytes
 * missing, a message that ends inside of a section (H-170). */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_vici_next(struct cyg_vici_reader *r,
                                                    struct cyg_vici_element *ret,
                                                    struct cyg_error *err);

/* Whether a message is whole and well-formed, read to its end. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_vici_check(struct cyg_span message,
                                                     struct cyg_error *err);

/* The value of a key at the top level of a message that passed cyg_vici_check. False: not there. */
CYG_PUBLIC bool cyg_vici_get(struct cyg_span message, const char *name, struct cyg_span *ret);
/* The same as text, cut to size and NUL-terminated. */
CYG_PUBLIC bool cyg_vici_get_text(struct cyg_span message, const char *name, char *ret,
                                  size_t size);
/* As a number; false also when it is none. */
CYG_PUBLIC bool cyg_vici_get_number(struct cyg_span message, const char *name, int64_t *ret);
/* "yes", "true", "1"; absent: fallback. */
CYG_PUBLIC bool cyg_vici_get_bool(struct cyg_span message, const char *name, bool fallback);
