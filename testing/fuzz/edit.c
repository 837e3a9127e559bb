/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/edit.h"

#include <string.h>

#define HEADER     28u
#define PIECES_MAX 80u
#define BLOCK      16u

struct piece {
    uint8_t type, reserved;
    struct cyg_span body;
    int length; /* what its generic header shall say; -1: the truth */
};

struct pieces {
    struct piece piece[PIECES_MAX];
    size_t n;
};

/* Take the chain apart; false where it is none. */
static bool take_apart(struct cyg_span message, struct pieces *ret)
{
    uint8_t next = message.data[16];
    struct cyg_reader r = cyg_reader_of(cyg_span_after(message, HEADER));
    ret->n = 0;
    while (next != 0 && ret->n < PIECES_MAX - 1) {
        struct piece *p = &ret->piece[ret->n];
        p->type = next;
        next = cyg_reader_u8(&r);
        p->reserved = cyg_reader_u8(&r);
        p->length = -1;
        uint16_t length = cyg_reader_u16(&r);
        if (length < 4) {
            return false;
        }
        p->body = cyg_reader_take(&r, length - 4u);
        if (!cyg_reader_ok(&r)) {
            return false;
        }
        ret->n++;
    }
    return ret->n > 0;
}

static void remove_piece(struct pieces *p, size_t at)
{
    memmove(&p->piece[at], &p->piece[at + 1], (p->n - at - 1) * sizeof(p->piece[0]));
    p->n--;
}

static void insert_piece(struct pieces *p, size_t at, struct piece piece)
{
    memmove(&p->piece[at + 1], &p->piece[at], (p->n - at) * sizeof(p->piece[0]));
    p->piece[at] = piece;
    p->n++;
}

static uint8_t byte_at(struct cyg_span bytes, size_t at)
{
    return at < bytes.len ? bytes.data[at] : 0;
}

static size_t two_at(struct cyg_span bytes, size_t at)
{
    return (size_t)byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

/* Overwrite, in place, as far as it fits. */
static void overwrite(uint8_t *data, size_t len, size_t from, struct cyg_span bytes)
{
    for (size_t i = 0; i < bytes.len && from + i < len; i++) {
        data[from + i] = bytes.data[i];
    }
}

/* Change the list of payloads. `scratch` is room for a body that has to be changed. */
static void change_pieces(struct pieces *p, const struct edit *e, uint8_t *scratch)
{
    size_t at = e->which % p->n;
    struct piece *piece = &p->piece[at];
    struct piece other = *piece;
    switch (e->kind) {
    case EDIT_REMOVE:
        remove_piece(p, at);
        break;
    case EDIT_DOUBLE:
        insert_piece(p, at, other);
        break;
    case EDIT_SWAP:
        *piece = p->piece[(at + 1) % p->n];
        p->piece[(at + 1) % p->n] = other;
        break;
    case EDIT_BODY:
        piece->body = e->bytes;
        break;
    case EDIT_OVERWRITE:
        if (piece->body.len > 0) {
            memcpy(scratch, piece->body.data, piece->body.len);
            overwrite(scratch, piece->body.len, byte_at(e->bytes, 0), cyg_span_after(e->bytes, 1));
            piece->body.data = scratch;
        }
        break;
    case EDIT_CUT:
        piece->body = cyg_span_first(piece->body, byte_at(e->bytes, 0));
        break;
    case EDIT_TYPE:
        piece->type = byte_at(e->bytes, 0);
        break;
    case EDIT_INSERT:
        insert_piece(p, at,
                     (struct piece){ .type = byte_at(e->bytes, 0),
                                     .body = cyg_span_after(e->bytes, 1),
                                     .length = -1 });
        break;
    case EDIT_LENGTH:
        piece->length = (int)two_at(e->bytes, 0);
        break;
    case EDIT_RESERVED:
        piece->reserved = byte_at(e->bytes, 0);
        break;
    default:
        break;
    }
}

static void put_header(struct cyg_writer *w, struct cyg_span message, uint8_t first)
{
    cyg_writer_bytes(w, cyg_span_first(message, 16));
    cyg_writer_u8(w, first);
    cyg_writer_bytes(w, cyg_span_first(cyg_span_after(message, 17), 7));
    cyg_writer_u32(w, 0);
}

static void put_pieces(struct cyg_writer *w, const struct pieces *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct piece *piece = &p->piece[i];
        cyg_writer_u8(w, i + 1 < p->n ? p->piece[i + 1].type : 0);
        cyg_writer_u8(w, piece->reserved);
        cyg_writer_u16(w,
                       (uint16_t)(piece->length >= 0 ? piece->length : (int)(piece->body.len + 4)));
        cyg_writer_bytes(w, piece->body);
    }
}

/* Write the whole message from its payloads. */
static size_t put_together(struct cyg_span message, const struct pieces *p, const struct edit *e,
                           uint8_t *out, size_t size)
{
    struct cyg_writer w = cyg_writer_of(out, size);
    bool is_encrypted = (message.data[19] & 1u) != 0;
    put_header(&w, message, p->n > 0 ? p->piece[0].type : 0);
    put_pieces(&w, p);
    if (e->kind == EDIT_PADDING) {
        cyg_writer_bytes(&w, e->bytes);
    }
    while (is_encrypted && cyg_writer_ok(&w) && (cyg_writer_span(&w).len - HEADER) % BLOCK != 0) {
        cyg_writer_u8(&w, 0);
    }
    size_t len = cyg_writer_span(&w).len;
    out[26] = (uint8_t)(len >> 8);
    out[27] = (uint8_t)len;
    return len;
}

uint8_t *edit_message(struct cyg_span message, const struct edit *edit, size_t *ret_len)
{
    struct pieces pieces;
    size_t size = 2 * message.len + edit->bytes.len + 512;
    uint8_t *out = malloc(size), *scratch = malloc(message.len > 0 ? message.len : 1);
    if (out == NULL || scratch == NULL) {
        abort();
    }
    size_t len = message.len;
    if (len >= HEADER && take_apart(message, &pieces)) {
        change_pieces(&pieces, edit, scratch);
        len = put_together(message, &pieces, edit, out, size);
    } else if (len > 0) {
        memcpy(out, message.data, len);
    }
    switch (edit->kind) {
    case EDIT_HEADER:
        overwrite(out, len < HEADER ? len : HEADER, byte_at(edit->bytes, 0) % HEADER,
                  cyg_span_after(edit->bytes, 1));
        break;
    case EDIT_RAW:
        overwrite(out, len, two_at(edit->bytes, 0), cyg_span_after(edit->bytes, 2));
        break;
    case EDIT_TRUNCATE:
        len = two_at(edit->bytes, 0) < len ? two_at(edit->bytes, 0) : len;
        break;
    case EDIT_APPEND:
        if (edit->bytes.len > 0) {
            memcpy(out + len, edit->bytes.data, edit->bytes.len);
            len += edit->bytes.len;
        }
        break;
    default:
        break;
    }
    free(scratch);
    *ret_len = len;
    return out;
}
