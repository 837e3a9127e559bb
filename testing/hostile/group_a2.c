/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group A: framing and lengths of payloads, proposals and transforms; padding; truncation. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

/* ---- H-003, H-004, H-005: a payload's generic header ---- */

/* The last payload says that it is b bytes long. */
static void make_part_length(struct draft *d, const struct variant *v)
{
    if (d->n == 0) {
        (void)draft_fill(d, PAYLOAD_N, 0, 8);
    }
    size_t which = v->text == NULL ? 0 : d->n - 1;
    d->parts[which].length = (long)v->a;
}

static void make_part_beyond(struct draft *d, const struct variant *v)
{
    size_t which = v->text == NULL ? 0 : d->n - 1;
    d->parts[which].length = (long)(d->parts[which].len + 4 + v->a);
}

#define LAST .text = "the last payload"

static const struct variant part_lengths[] = {
    { "SA of MM1", .make = make_part_length, .a = 0, .to = 3, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_LENGTH_SMALL },
    { "VID of MM1", .make = make_part_length, LAST, .a = 0, .to = 3, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_LENGTH_SMALL },
    { "proposal of length 0", .make = make_sa, .text = "P1/1-50 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:00007080",
      .reaction = DROP },
    { "proposal of length 3", .make = make_sa, .text = "P1/1-47 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:00007080",
      .reaction = DROP },
    { "transform of length 0", .make = make_sa, .text = "P1/1 T1/1-40 1=7 14=256 2=4 3=1 4=14 11=1 12:00007080",
      .reaction = DROP, .reason = CYG_R_SA_PART_LENGTH },
    { "transform of length 3", .make = make_sa, .text = "P1/1 T1/1-37 1=7 14=256 2=4 3=1 4=14 11=1 12:00007080",
      .reaction = DROP, .reason = CYG_R_SA_PART_LENGTH },
};

static const struct variant part_lengths_path[] = {
    { "KE of MM3", .at = AT_MM3, .make = make_part_length, .a = 0, .to = 3, .reaction = HOLD,
      .reason = CYG_R_PAYLOAD_LENGTH_SMALL },
    { "SA of MM2", .at = AT_MM2, .make = make_part_length, .a = 0, .to = 3, .reaction = HOLD,
      .reason = CYG_R_PAYLOAD_LENGTH_SMALL },
    { "last of MM4", .at = AT_MM4, .make = make_part_length, LAST, .a = 0, .to = 3,
      .reaction = HOLD, .reason = CYG_R_PAYLOAD_LENGTH_SMALL },
    { "clear notify", .at = AT_INFO, .make = make_part_length, LAST, .a = 0, .to = 3,
      .reaction = DROP },
};

static const struct variant part_beyond[] = {
    { "SA one byte beyond the message", .make = make_part_beyond, .a = 1 + 20, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_LENGTH_BEYOND },
    { "VID one byte beyond the message", .make = make_part_beyond, LAST, .a = 1, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_LENGTH_BEYOND },
    { "VID of length 0xffff", .make = make_part_length, LAST, .a = 0xffff, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_LENGTH_BEYOND },
    { "SPI longer than its proposal", .make = make_sa,
      .text = "P1/1=8 T1/1 1=7 14=256 2=4 3=1 4=14", .reaction = DROP },
    { "SPI longer than the payload", .make = make_sa,
      .text = "P1/1=255 T1/1 1=7 14=256 2=4 3=1 4=14", .reaction = DROP,
      .reason = CYG_R_PROPOSAL_SPI_SHORT },
    { "transform longer than its proposal", .make = make_sa,
      .text = "P1/1 T1/1+1 1=7 14=256 2=4 3=1 4=14", .reaction = DROP,
      .reason = CYG_R_SA_PART_BEYOND },
    { "proposal longer than the payload", .make = make_sa,
      .text = "P1/1+1 T1/1 1=7 14=256 2=4 3=1 4=14", .reaction = DROP,
      .reason = CYG_R_SA_PART_BEYOND },
};

static const struct variant part_beyond_peer[] = {
    { "ID of MM5 one byte beyond", .at = AT_MM5, .make = make_part_beyond, .a = 600,
      .reaction = HOLD, .reason = CYG_R_KEY_DIFFERS },
    { "HASH of QM1 of length 0xffff", .at = AT_QM1, .make = make_part_length, .a = 0xffff,
      .reaction = HOLD, .reason = CYG_R_DECRYPTED_NONSENSE },
    { "last of QM1 of length 0xffff", .at = AT_QM1, .make = make_part_length, LAST, .a = 0xffff,
      .reaction = HOLD, .reason = CYG_R_DECRYPTED_NONSENSE },
    { "last of QM2 of length 3", .at = AT_QM2, .make = make_part_length, LAST, .a = 3,
      .reaction = HOLD, .reason = CYG_R_DECRYPTED_NONSENSE },
    { "HASH of an Informational of length 0", .at = AT_INFO, .make = make_part_length, .a = 0,
      .reaction = DROP, .reason = CYG_R_DECRYPTED_NONSENSE },
};

static void make_reserved(struct draft *d, const struct variant *v)
{
    d->parts[v->b].reserved = (long)v->a;
}

static void make_reserved_and_next(struct draft *d, const struct variant *v)
{
    d->parts[0].reserved = (long)v->a;
    d->parts[0].next = 90;
}

static const struct variant reserved[] = {
    { "RESERVED of SA", .make = make_reserved, .a = 1, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_RESERVED },
    { "RESERVED of SA, 0xff", .make = make_reserved, .a = 0xff, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_RESERVED },
    { "RESERVED of SA, and a next payload that is unassigned", .make = make_reserved_and_next,
      .a = 0xff, .reaction = DROP, .reason = CYG_R_PAYLOAD_RESERVED },
    { "RESERVED of the proposal", .make = make_sa, .text = "P1/1!255 T1/1 1=7 14=256 2=4 3=1 4=14",
      .reaction = DROP, .reason = CYG_R_SA_RESERVED },
    { "RESERVED of the transform", .make = make_sa, .text = "P1/1 T1/1!1 1=7 14=256 2=4 3=1 4=14",
      .reaction = DROP, .reason = CYG_R_SA_RESERVED },
};

static const struct variant reserved_peer[] = {
    { "RESERVED of ID in MM5", .at = AT_MM5, .make = make_reserved, .a = 0xff, .reaction = HOLD,
      .reason = CYG_R_KEY_DIFFERS },
    { "RESERVED of ID in MM6", .at = AT_MM6, .make = make_reserved, .a = 0xff, .reaction = HOLD,
      .reason = CYG_R_KEY_DIFFERS },
    { "RESERVED of HASH in MM5", .at = AT_MM5, .make = make_reserved, .a = 1, .b = 1,
      .reaction = HOLD, .reason = CYG_R_KEY_DIFFERS },
    { "RESERVED of HASH in QM1", .at = AT_QM1, .make = make_reserved, .a = 1, .reaction = HOLD,
      .reason = CYG_R_DECRYPTED_NONSENSE },
};

/* ---- H-014, H-015 ---- */

static void make_padding(struct draft *d, const struct variant *v)
{
    uint8_t *bytes = draft_take(d, v->a);
    memset(bytes, 0xee, v->a);
    d->trailing = (struct cyg_span){ bytes, v->a };
}

/* So that what follows the last payload is v->a bytes in all, whole blocks together. */
static void make_padding_exact(struct draft *d, const struct variant *v)
{
    size_t used = 0;
    for (size_t i = 0; i < d->n; i++) {
        used += d->parts[i].len + 4;
    }
    struct variant w = { .a = v->a - (used + v->a) % d->keys.block };
    make_padding(d, &w);
}

static void make_promise(struct draft *d, const struct variant *v)
{
    d->parts[d->n - 1].next = (long)v->a;
}

static const struct variant padding[] = {
    { "QM1 with 255 bytes at most", .at = AT_QM1, .make = make_padding_exact, .a = 255,
      .reaction = PASS },
    { "MM5 with a block more", .at = AT_MM5, .make = make_padding, .a = 16, .reaction = PASS },
    { "QM3 with 200 bytes more", .at = AT_QM3, .make = make_padding, .a = 200, .reaction = PASS },
    { "QM1 with 300 bytes more", .at = AT_QM1, .make = make_padding, .a = 300, .reaction = HOLD,
      .reason = CYG_R_DECRYPTED_NONSENSE },
    { "QM1 with 60 KiB more", .at = AT_QM1, .make = make_padding, .a = 60 * 1024,
      .reaction = HOLD, .reason = CYG_R_DECRYPTED_NONSENSE },
    { "MM5 with 300 bytes more", .at = AT_MM5, .make = make_padding, .a = 300, .reaction = HOLD,
      .reason = CYG_R_KEY_DIFFERS },
    { "QM1 that promises another payload", .at = AT_QM1, .make = make_promise, .a = PAYLOAD_N,
      .reaction = HOLD, .reason = CYG_R_DECRYPTED_NONSENSE },
};

static const struct variant trailing[] = {
    { "MM1 with 1 byte left over", .make = make_padding, .a = 1, .reaction = DROP,
      .reason = CYG_R_MESSAGE_TRAILING },
    { "MM1 with 2000 bytes left over", .make = make_padding, .a = 2000, .reaction = DROP,
      .reason = CYG_R_MESSAGE_TRAILING },
    { "MM1 that promises another payload", .make = make_promise, .a = PAYLOAD_VID,
      .reaction = DROP, .reason = CYG_R_PAYLOAD_MISSING },
};

static void make_many(struct draft *d, const struct variant *v)
{
    for (uint64_t i = 0; i < v->a; i++) {
        (void)draft_fill(d, PAYLOAD_VID, (uint8_t)i, v->b);
    }
}

/* All that fits into a datagram: payloads of four bytes that are nothing but a head. */
static void spoil_many(struct draft *d, const struct variant *v)
{
    static const uint8_t minimal[4] = { PAYLOAD_VID, 0, 0, 4 };
    struct variant w = { .a = 65507 };
    (void)v;
    size_t at = d->out_len;
    d->out[at - 20] = PAYLOAD_VID; /* the last VID's next */
    spoil_length_fits(d, &w);
    for (; at + 4 <= d->out_len; at += 4) {
        memcpy(d->out + at, minimal, 4);
    }
}

static const struct variant many_payloads[] = {
    { "64 payloads in all", .make = make_many, .a = 62, .b = 1, .reaction = ANSWER },
    { "65 payloads", .make = make_many, .a = 63, .b = 0, .reaction = DROP,
      .reason = CYG_R_PAYLOADS_TOO_MANY },
    { "500 payloads", .make = make_many, .a = 498, .b = 16, .reaction = DROP,
      .reason = CYG_R_PAYLOADS_TOO_MANY },
    { "65 507 bytes of minimal VIDs", .spoil = spoil_many, .reaction = DROP,
      .reason = CYG_R_PAYLOADS_TOO_MANY },
};

/* ---- H-017 ---- */

static const struct variant cuts_first[] = {
    { "MM1, Length as it was", .spoil = spoil_length, .a = 28, .to = 103, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "MM1, Length made to fit", .spoil = spoil_length_fits, .a = 28, .to = 103, .reaction = DROP },
};

static void make_cut(struct draft *d, const struct variant *v)
{
    d->cut = v->a;
}

static const struct variant cuts_quick[] = {
    { "QM1 under keys, cut before it is hashed", .at = AT_QM1, .make = make_cut, .a = 1, .to = 110,
      .reaction = HOLD },
};

static const struct row rows[] = {
    { "H-003", "payload, proposal, transform lengths below their own head",
      "the parser moves on by at least a head, or stops", SCENE_STRANGER, VARIANTS(part_lengths) },
    { "H-003b", "the same within a negotiation", "the genuine message may still come",
      SCENE_PATH, VARIANTS(part_lengths_path) },
    { "H-004", "lengths beyond what contains them", "the innermost container bounds the reader",
      SCENE_STRANGER, VARIANTS(part_beyond) },
    { "H-004b", "the same under encryption",
      "a chain that can't be split can't be proved either: held, not failed",
      SCENE_PEER, VARIANTS(part_beyond_peer) },
    { "H-005", "RESERVED bytes that are not 0", "a message that does not parse is not answered",
      SCENE_STRANGER, VARIANTS(reserved) },
    { "H-005b", "the same under encryption", "in MM5 it usually means another pre-shared key",
      SCENE_PEER, VARIANTS(reserved_peer) },
    { "H-014", "padding, short and long", "peers pad as they like, up to 255 bytes", SCENE_PEER,
      VARIANTS(padding) },
    { "H-014b", "bytes left over in clear", "a clear message ends where its payloads end",
      SCENE_STRANGER, VARIANTS(trailing) },
    { "H-015", "very many payloads", "64 are the bound", SCENE_STRANGER, VARIANTS(many_payloads) },
    { "H-017", "a first message cut at every byte", "never a partial decision", SCENE_STRANGER,
      VARIANTS(cuts_first) },
    { "H-017b", "QM1 cut at every byte under its encryption", "never a partial decision",
      SCENE_PEER, VARIANTS(cuts_quick) },
};

/* clang-format on */

const struct group hostile_group_a2 = { "A", "framing: the payloads", rows, CYG_LEN(rows) };
