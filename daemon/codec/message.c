/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header and the chain of payloads. */
#include "message.h"

#include <string.h>

#define NONCE_MIN   8u
#define NONCE_MAX   256u
#define GENERIC_LEN 4u

enum cyg_code header_decode(struct cyg_span datagram, struct header *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(datagram);
    struct cyg_span cookie_i = cyg_reader_take(&r, COOKIE_LEN);
    struct cyg_span cookie_r = cyg_reader_take(&r, COOKIE_LEN);
    struct header h = { 0 };
    h.next = cyg_reader_u8(&r);
    h.version = cyg_reader_u8(&r);
    h.exchange = cyg_reader_u8(&r);
    h.flags = cyg_reader_u8(&r);
    h.message_id = cyg_reader_u32(&r);
    h.length = cyg_reader_u32(&r);

    if (!cyg_reader_ok(&r)) { /* H-001 */
        return CYG_FAIL(err, CYG_R_HEADER_SHORT, .offset = (uint32_t)cyg_reader_offset(&r),
                        .got = datagram.len, .want = HEADER_LEN);
    }
    memcpy(h.cookie_i, cookie_i.data, COOKIE_LEN);
    memcpy(h.cookie_r, cookie_r.data, COOKIE_LEN);
    *ret = h;
    return CYG_OK;
}

/* Offsets of the header's fields, for errors. */
enum {
    AT_COOKIE_R = 8,
    AT_VERSION = 17,
    AT_FLAGS = 19,
    AT_LENGTH = 24,
};

enum cyg_code header_check(const struct header *h, size_t datagram_len, bool allow_tail,
                           struct cyg_error *err)
{
    static const uint8_t zero[COOKIE_LEN];
    const uint8_t known_flags = FLAG_ENCRYPTION | FLAG_COMMIT | FLAG_AUTH_ONLY;

    /* The version first: all other fields mean something only in ours. */
    if (h->version >> 4 != VERSION_1_0 >> 4) {
        return CYG_FAIL(err, CYG_R_VERSION_MAJOR, .offset = AT_VERSION, .got = h->version >> 4,
                        .want = VERSION_1_0 >> 4);
    }
    if (h->version != VERSION_1_0) {
        return CYG_FAIL(err, CYG_R_VERSION_MINOR, .offset = AT_VERSION, .got = h->version & 0x0fu,
                        .want = 0);
    }
    if (h->length < HEADER_LEN) {
        return CYG_FAIL(err, CYG_R_HEADER_LENGTH_SMALL, .offset = AT_LENGTH, .got = h->length,
                        .want = HEADER_LEN);
    }
    if (h->length > datagram_len) {
        return CYG_FAIL(err, CYG_R_HEADER_LENGTH_BEYOND, .offset = AT_LENGTH, .got = h->length,
                        .want = datagram_len);
    }
    if (h->length < datagram_len && !allow_tail) {
        return CYG_FAIL(err, CYG_R_HEADER_TAIL, .offset = AT_LENGTH, .got = h->length,
                        .want = datagram_len);
    }
    if (h->length == HEADER_LEN) {
        return CYG_FAIL(err, CYG_R_HEADER_EMPTY, .offset = AT_LENGTH);
    }
    if ((h->flags & ~known_flags) != 0) {
        return CYG_FAIL(err, CYG_R_HEADER_FLAGS, .offset = AT_FLAGS, .got = h->flags);
    }
    if (memcmp(h->cookie_i, zero, COOKIE_LEN) == 0) {
        return CYG_FAIL(err, CYG_R_COOKIE_ZERO, .offset = 0);
    }
    if (memcmp(h->cookie_i, h->cookie_r, COOKIE_LEN) == 0) {
        return CYG_FAIL(err, CYG_R_COOKIE_SAME, .offset = AT_COOKIE_R);
    }
    return CYG_OK;
}

struct cyg_span header_body(const struct header *h, struct cyg_span datagram)
{
    return cyg_span_after(cyg_span_first(datagram, h->length), HEADER_LEN);
}

void header_encode(const struct header *h, struct cyg_writer *w)
{
    cyg_writer_bytes(w, cyg_span_of_array(h->cookie_i));
    cyg_writer_bytes(w, cyg_span_of_array(h->cookie_r));
    cyg_writer_u8(w, h->next);
    cyg_writer_u8(w, h->version);
    cyg_writer_u8(w, h->exchange);
    cyg_writer_u8(w, h->flags);
    cyg_writer_u32(w, h->message_id);
    cyg_writer_u32(w, h->length);
}

/* clang-format off */
static const uint8_t kinds[] = { /* plus 1: 0 is "may not stand in a message" */
    [PAYLOAD_SA] = PK_SA + 1,       [PAYLOAD_KE] = PK_KE + 1,     [PAYLOAD_ID] = PK_ID + 1,
    [PAYLOAD_CERT] = PK_CERT + 1,   [PAYLOAD_CR] = PK_CR + 1,     [PAYLOAD_HASH] = PK_HASH + 1,
    [PAYLOAD_SIG] = PK_SIG + 1,     [PAYLOAD_NONCE] = PK_NONCE + 1, [PAYLOAD_N] = PK_N + 1,
    [PAYLOAD_D] = PK_D + 1,         [PAYLOAD_VID] = PK_VID + 1,   [PAYLOAD_ATTR] = PK_ATTR + 1,
    [PAYLOAD_NATD] = PK_NATD + 1,   [PAYLOAD_NATOA] = PK_NATOA + 1,
    [PAYLOAD_NATD_DRAFT] = PK_NATD + 1, [PAYLOAD_NATOA_DRAFT] = PK_NATOA + 1,
    [PAYLOAD_FRAGMENT] = PK_FRAGMENT + 1,
};
/* clang-format on */

enum payload_kind payload_kind_of(uint8_t type)
{
    if (type < CYG_LEN(kinds) && kinds[type] != 0) {
        return (enum payload_kind)(kinds[type] - 1);
    }
    return type >= 128 ? PK_PRIVATE : PK_COUNT; /* RFC 2408 3.1: 128 to 255 private use */
}

/* What is to be said when a payload does not begin or end as it should. */
struct chain {
    struct cyg_reader r;
    uint8_t type; /* of the payload being read */
};

static enum cyg_code chain_failed(const struct chain *c, enum cyg_reason reason, size_t back,
                                  uint64_t got, uint64_t want, struct cyg_error *err)
{
    return CYG_FAIL(err, reason, .payload = c->type,
                    .offset = (uint32_t)(HEADER_LEN + cyg_reader_offset(&c->r) - back), .got = got,
                    .want = want);
}

/* Read one payload of type c->type; *ret_next: the type of the one behind it. */
static enum cyg_code payload_read(struct chain *c, struct payload *ret, uint8_t *ret_next,
                                  struct cyg_error *err)
{
    enum payload_kind kind = payload_kind_of(c->type);
    if (kind == PK_COUNT) { /* H-025, H-026 */
        return chain_failed(c, CYG_R_PAYLOAD_TYPE, 0, c->type, 0, err);
    }
    struct cyg_reader ahead = c->r;
    struct cyg_span left = cyg_reader_rest(&ahead);
    if (left.len < GENERIC_LEN) {
        return chain_failed(c, CYG_R_PAYLOAD_MISSING, 0, left.len, GENERIC_LEN, err);
    }
    uint8_t next = cyg_reader_u8(&c->r);
    uint8_t reserved = cyg_reader_u8(&c->r);
    uint16_t len = cyg_reader_u16(&c->r);
    if (reserved != 0) { /* H-005 */
        return chain_failed(c, CYG_R_PAYLOAD_RESERVED, 3, reserved, 0, err);
    }
    if (len < GENERIC_LEN) { /* H-003: each payload moves on by at least its own head */
        return chain_failed(c, CYG_R_PAYLOAD_LENGTH_SMALL, 2, len, GENERIC_LEN, err);
    }
    struct cyg_span body = cyg_reader_take(&c->r, len - GENERIC_LEN);
    if (!cyg_reader_ok(&c->r)) { /* H-004 */
        return chain_failed(c, CYG_R_PAYLOAD_LENGTH_BEYOND, 2, len, left.len, err);
    }
    *ret = (struct payload){
        .type = c->type, .kind = (uint8_t)kind, .body = body, .whole = cyg_span_first(left, len)
    };
    *ret_next = next;
    return CYG_OK;
}

static enum cyg_code chain_read(struct chain *c, struct message *m, struct cyg_error *err)
{
    if (c->type == PAYLOAD_NONE) { /* H-013 */
        return chain_failed(c, CYG_R_CHAIN_EMPTY, 0, cyg_reader_left(&c->r), 0, err);
    }
    while (c->type != PAYLOAD_NONE) {
        if (m->n == PAYLOADS_MAX) { /* H-015 */
            return chain_failed(c, CYG_R_PAYLOADS_TOO_MANY, 0, m->n + 1, PAYLOADS_MAX, err);
        }
        struct payload *p = &m->payloads[m->n];
        uint8_t next = PAYLOAD_NONE;
        enum cyg_code code = payload_read(c, p, &next, err);
        if (code != CYG_OK) {
            return code;
        }
        m->n++;
        m->present |= 1u << p->kind;
        m->count[p->kind]++;
        c->type = next;
    }
    return CYG_OK;
}

static void message_clear(struct message *m)
{
    m->n = 0;
    m->present = 0;
    memset(m->count, 0, sizeof(m->count));
    m->bytes = m->payload_bytes = m->padding = (struct cyg_span){ NULL, 0 };
}

enum cyg_code message_decode_chain(uint8_t first, struct cyg_span bytes, bool allow_padding,
                                   struct message *ret, struct cyg_error *err)
{
    struct chain c = { .r = cyg_reader_of(bytes), .type = first };
    message_clear(ret);
    enum cyg_code code = chain_read(&c, ret, err);
    size_t used = cyg_reader_offset(&c.r);
    size_t left = cyg_reader_left(&c.r);
    if (code == CYG_OK && left > 0 && !allow_padding) { /* H-014 */
        code = chain_failed(&c, CYG_R_MESSAGE_TRAILING, 0, left, 0, err);
    } else if (code == CYG_OK && left > PADDING_MAX) {
        code = chain_failed(&c, CYG_R_PADDING_LONG, 0, left, PADDING_MAX, err);
    }
    if (code != CYG_OK) {
        message_clear(ret);
        return code;
    }
    ret->bytes = bytes;
    ret->payload_bytes = cyg_span_first(bytes, used);
    ret->padding = cyg_span_after(bytes, used);
    return CYG_OK;
}

enum cyg_code message_decode(struct cyg_span datagram, struct message *ret, struct cyg_error *err)
{
    message_clear(ret);
    enum cyg_code code = header_decode(datagram, &ret->header, err);
    if (code == CYG_OK) {
        code = header_check(&ret->header, datagram.len, false, err);
    }
    if (code == CYG_OK) {
        code = message_decode_chain(ret->header.next, header_body(&ret->header, datagram), false,
                                    ret, err);
    }
    return code;
}

const struct payload *message_find(const struct message *m, enum payload_kind kind, size_t nth)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->payloads[i].kind == kind && nth-- == 0) {
            return &m->payloads[i];
        }
    }
    return NULL;
}

struct cyg_span message_body(const struct message *m, enum payload_kind kind)
{
    const struct payload *p = message_find(m, kind, 0);
    return p != NULL ? p->body : (struct cyg_span){ NULL, 0 };
}

/* Bytes from the begin of m->bytes to the begin of p. */
static size_t payload_begin(const struct message *m, const struct payload *p)
{
    struct cyg_span before = { m->bytes.data, 0 };
    return cyg_span_between(m->bytes, before, p->whole).len - p->whole.len;
}

struct cyg_span message_after(const struct message *m, const struct payload *p)
{
    return cyg_span_after(m->payload_bytes, payload_begin(m, p) + p->whole.len);
}

uint32_t message_offset(const struct message *m, const struct payload *p)
{
    return (uint32_t)(HEADER_LEN + payload_begin(m, p));
}

enum cyg_code payload_failed(const struct message *m, const struct payload *p, enum cyg_code code,
                             struct cyg_error *err)
{
    if (code != CYG_OK && err != NULL) {
        err->payload = p->type;
        err->offset += message_offset(m, p) + GENERIC_LEN;
    }
    return code;
}

enum cyg_code nonce_check(struct cyg_span body, struct cyg_error *err)
{
    if (body.len < NONCE_MIN || body.len > NONCE_MAX) {
        return CYG_FAIL(err, CYG_R_NONCE_SIZE, .payload = PAYLOAD_NONCE, .got = body.len);
    }
    return CYG_OK;
}
