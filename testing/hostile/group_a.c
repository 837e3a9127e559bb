/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group A: framing and lengths; here the header, group_a2.c has the payloads. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

static const struct variant short_datagrams[] = {
    { "of so many bytes, shorter than a header", .spoil = spoil_length, .a = 0, .to = 27,
      .reaction = DROP, .reason = CYG_R_HEADER_SHORT },
};

/* ---- H-002 ---- */

static void make_header_only(struct draft *d, const struct variant *v)
{
    (void)v;
    d->n = 0;
}

static const struct variant header_lengths[] = {
    { "Length 0", .spoil = spoil_u32, .a = 24, .b = 0, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_SMALL },
    { "Length 27", .spoil = spoil_u32, .a = 24, .b = 27, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_SMALL },
    { "Length 28 over a message", .spoil = spoil_u32, .a = 24, .b = 28, .reaction = DROP,
      .reason = CYG_R_HEADER_TAIL },
    { "a header and no payload", .make = make_header_only, .reaction = DROP,
      .reason = CYG_R_HEADER_EMPTY },
    { "Length 64 KiB beyond", .spoil = spoil_u32, .a = 24, .b = 65536 + 100, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "Length 0x7fffffff", .spoil = spoil_u32, .a = 24, .b = 0x7fffffff, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "Length 0x80000000", .spoil = spoil_u32, .a = 24, .b = 0x80000000, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "Length 0xffffffff", .spoil = spoil_u32, .a = 24, .b = 0xffffffff, .reaction = DROP,
      .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "1 byte behind the message", .spoil = spoil_tail, .b = 1, .reaction = DROP,
      .reason = CYG_R_HEADER_TAIL },
    { "4 bytes behind the message", .spoil = spoil_tail, .b = 4, .reaction = DROP,
      .reason = CYG_R_HEADER_TAIL },
    { "2000 bytes behind the message", .spoil = spoil_tail, .b = 2000, .reaction = DROP,
      .reason = CYG_R_HEADER_TAIL },
};

static void spoil_one_short(struct draft *d, const struct variant *v)
{
    d->out_len -= v->a;
}

static const struct variant header_lengths_peer[] = {
    { "MM3 is one byte shorter than it says", .at = AT_MM3, .spoil = spoil_one_short, .a = 1,
      .reaction = HOLD, .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "MM5 is one byte shorter than it says", .at = AT_MM5, .spoil = spoil_one_short, .a = 1,
      .reaction = HOLD, .reason = CYG_R_HEADER_LENGTH_BEYOND },
    { "MM5 with 1 byte behind it", .at = AT_MM5, .spoil = spoil_tail, .b = 1, .reaction = HOLD,
      .reason = CYG_R_HEADER_TAIL },
    { "QM1 with 16 bytes behind it", .at = AT_QM1, .spoil = spoil_tail, .b = 16, .reaction = HOLD,
      .reason = CYG_R_HEADER_TAIL },
    { "QM3 with 2000 bytes behind it", .at = AT_QM3, .spoil = spoil_tail, .b = 2000,
      .reaction = HOLD, .reason = CYG_R_HEADER_TAIL },
};

/* ---- H-006 to H-008 ---- */

static const struct variant versions[] = {
    { "major 0", .spoil = spoil_u8, .a = 17, .b = 0x00, .reaction = NOTIFY, .notify = 5,
      .reason = CYG_R_VERSION_MAJOR },
    { "major 2", .spoil = spoil_u8, .a = 17, .b = 0x20, .reaction = NOTIFY, .notify = 5,
      .reason = CYG_R_VERSION_MAJOR },
    { "major 15", .spoil = spoil_u8, .a = 17, .b = 0xf0, .reaction = NOTIFY, .notify = 5,
      .reason = CYG_R_VERSION_MAJOR },
    { "minor 1", .spoil = spoil_u8, .a = 17, .b = 0x11, .reaction = DROP,
      .reason = CYG_R_VERSION_MINOR },
    { "minor 15", .spoil = spoil_u8, .a = 17, .b = 0x1f, .reaction = DROP,
      .reason = CYG_R_VERSION_MINOR },
};

/* An IKE_SA_INIT: version 2.0, exchange 34, first payload 33, flag I (0x08) or R (0x20). */
static void make_v2(struct draft *d, const struct variant *v)
{
    d->header.version = 0x20;
    d->header.exchange = 34;
    d->header.flags = (uint8_t)v->a;
    d->n = 0;
    (void)draft_fill(d, 33, 0, 44);
    (void)draft_fill(d, 34, 1, 260);
    (void)draft_fill(d, 40, 2, 32);
}

static const struct variant version_two[] = {
    { "IKE_SA_INIT request", .make = make_v2, .a = 0x08, .reaction = NOTIFY, .notify = 5,
      .reason = CYG_R_VERSION_MAJOR },
    { "IKE_SA_INIT response", .make = make_v2, .a = 0x20, .reaction = DROP,
      .reason = CYG_R_VERSION_MAJOR },
};

static void make_cookies(struct draft *d, const struct variant *v)
{
    if (v->a == 0) {
        memset(d->header.cookie_i, 0, COOKIE_LEN);
    } else if (v->a == 1) {
        memcpy(d->header.cookie_r, d->header.cookie_i, COOKIE_LEN);
    } else {
        memset(d->header.cookie_r, (int)v->a, COOKIE_LEN);
    }
}

static const struct variant cookies[] = {
    { "initiator's cookie zero", .make = make_cookies, .a = 0, .reaction = DROP,
      .reason = CYG_R_COOKIE_ZERO },
    { "both cookies equal", .make = make_cookies, .a = 1, .reaction = DROP,
      .reason = CYG_R_COOKIE_SAME },
    { "a responder's cookie that names no SA", .make = make_cookies, .a = 0x77, .reaction = DROP,
      .reason = CYG_R_COOKIES_UNKNOWN },
};

static const struct variant exchange_types[] = {
    { "type 0", .make = make_exchange, .a = 0, .reaction = NOTIFY, .notify = 29,
      .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "type 1", .make = make_exchange, .a = 1, .reaction = NOTIFY, .notify = 29,
      .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "type 3", .make = make_exchange, .a = 3, .reaction = NOTIFY, .notify = 29,
      .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "aggressive, transaction", .make = make_exchange, .a = 6, .reaction = NOTIFY, .notify = 29 },
    { "Informational", .make = make_exchange, .a = 5, .reaction = DROP, .reason = CYG_R_NO_SA },
    { "quick mode to new group mode, IKEv2's, 38", .make = make_exchange, .a = 32, .to = 38,
      .reaction = NOTIFY, .notify = 29, .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "type 239", .make = make_exchange, .a = 239, .reaction = NOTIFY, .notify = 29,
      .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "type 255", .make = make_exchange, .a = 255, .reaction = NOTIFY, .notify = 29,
      .reason = CYG_R_EXCHANGE_UNSUPPORTED },
};

static void make_new_exchange(struct draft *d, const struct variant *v)
{
    d->header.exchange = (uint8_t)v->a;
    (void)draft_fill(d, PAYLOAD_SA, 0, 44);
}

static const struct variant exchange_types_peer[] = {
    { "under keys: type 0", .at = AT_INFO, .make = make_new_exchange, .a = 0, .reaction = DROP },
    { "under keys: new group mode to IKEv2's", .at = AT_INFO, .make = make_new_exchange, .a = 33,
      .to = 38, .reaction = DROP, .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "under keys: transaction", .at = AT_INFO, .make = make_new_exchange, .a = 6,
      .reaction = DROP, .reason = CYG_R_EXCHANGE_UNSUPPORTED },
    { "under keys: type 255", .at = AT_INFO, .make = make_new_exchange, .a = 255,
      .reaction = DROP, .reason = CYG_R_EXCHANGE_UNSUPPORTED },
};

/* ---- H-009 to H-013 ---- */

static const struct variant flags[] = {
    { "undefined flag 0x08", .make = make_flags, .a = 0x08, .reaction = DROP,
      .reason = CYG_R_HEADER_FLAGS },
    { "undefined flag 0x10", .make = make_flags, .a = 0x10, .reaction = DROP,
      .reason = CYG_R_HEADER_FLAGS },
    { "undefined flag 0x80", .make = make_flags, .a = 0x80, .reaction = DROP,
      .reason = CYG_R_HEADER_FLAGS },
    { "all undefined flags", .make = make_flags, .a = 0xf8, .reaction = DROP,
      .reason = CYG_R_HEADER_FLAGS },
    { "authentication only", .make = make_flags, .a = 0x04, .reaction = DROP,
      .reason = CYG_R_AUTH_ONLY },
    { "commit, on a first message", .make = make_flags, .a = 0x02, .reaction = ANSWER },
};

static const struct variant flags_peer[] = {
    { "commit on MM3", .at = AT_MM3, .make = make_flags, .a = 0x02, .reaction = PASS },
    { "commit on MM5", .at = AT_MM5, .make = make_flags, .a = 0x02, .reaction = PASS },
    { "commit on QM1", .at = AT_QM1, .make = make_flags, .a = 0x02, .reaction = PASS },
    { "commit on QM2", .at = AT_QM2, .make = make_flags, .a = 0x02, .reaction = PASS },
    { "commit on QM3", .at = AT_QM3, .make = make_flags, .a = 0x02, .reaction = PASS },
    { "undefined on QM1", .at = AT_QM1, .make = make_flags, .a = 0x40, .reaction = HOLD,
      .reason = CYG_R_HEADER_FLAGS },
    { "authentication only on MM3", .at = AT_MM3, .make = make_flags, .a = 0x04, .reaction = HOLD,
      .reason = CYG_R_AUTH_ONLY },
    { "authentication only, Informational under keys", .at = AT_INFO, .make = make_flags, .a = 0x04,
      .reaction = DROP, .reason = CYG_R_AUTH_ONLY },
};

static void make_clear_auth_only(struct draft *d, const struct variant *v)
{
    (void)v;
    d->header.flags = FLAG_AUTH_ONLY;
    draft_notify(d, PROTOCOL_ISAKMP, 14, (struct cyg_span){ NULL, 0 },
                 (struct cyg_span){ NULL, 0 });
}

/* A fourth message of quick mode, as Windows sends it: known Message ID, HASH and CONNECTED. */
static void make_fourth(struct draft *d, const struct variant *v)
{
    (void)v;
    draft_notify(d, PROTOCOL_ESP, 16384, (struct cyg_span){ NULL, 0 },
                 (struct cyg_span){ NULL, 0 });
}

static const struct variant flags_path[] = {
    { "authentication only, a notify", .at = AT_INFO, .make = make_clear_auth_only,
      .reaction = DROP, .reason = CYG_R_AUTH_ONLY },
};

static const struct variant fourth_message[] = {
    { "CONNECTED under keys", .at = AT_INFO, .make = make_fourth, .reaction = DROP },
};

static void spoil_encrypted(struct draft *d, const struct variant *v)
{
    (void)v;
    d->out[19] |= FLAG_ENCRYPTION;
}

static const struct variant encrypted_first[] = {
    { "MM1", .spoil = spoil_encrypted, .reaction = DROP, .reason = CYG_R_NO_SA },
};

static const struct variant encrypted_early[] = {
    { "MM1, on the path", .at = AT_MM1, .spoil = spoil_encrypted, .reaction = HOLD },
    { "MM2", .at = AT_MM2, .spoil = spoil_encrypted, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ENCRYPTED },
    { "MM3", .at = AT_MM3, .spoil = spoil_encrypted, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ENCRYPTED },
    { "MM4", .at = AT_MM4, .spoil = spoil_encrypted, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ENCRYPTED },
};

/* The message in clear, under the keys' SA. */
static void make_clear(struct draft *d, const struct variant *v)
{
    (void)v;
    d->encrypted = false;
    d->header.flags = 0;
}

static void make_clear_as(struct draft *d, const struct variant *v)
{
    make_clear(d, v);
    d->header.exchange = (uint8_t)v->a;
    draft_notify(d, PROTOCOL_ISAKMP, 14, (struct cyg_span){ NULL, 0 },
                 (struct cyg_span){ NULL, 0 });
}

static const struct variant clear_late[] = {
    { "MM5", .at = AT_MM5, .make = make_clear, .reaction = HOLD, .reason = CYG_R_MESSAGE_CLEAR },
    { "MM6", .at = AT_MM6, .make = make_clear, .reaction = HOLD, .reason = CYG_R_MESSAGE_CLEAR },
    { "QM1", .at = AT_QM1, .make = make_clear, .reaction = HOLD, .reason = CYG_R_CLEAR_IGNORED },
    { "QM2", .at = AT_QM2, .make = make_clear, .reaction = HOLD, .reason = CYG_R_MESSAGE_CLEAR },
    { "QM3", .at = AT_QM3, .make = make_clear, .reaction = HOLD, .reason = CYG_R_MESSAGE_CLEAR },
    { "Informational", .at = AT_INFO, .make = make_clear_as, .a = 5, .reaction = DROP,
      .reason = CYG_R_CLEAR_IGNORED },
    { "transaction", .at = AT_INFO, .make = make_clear_as, .a = 6, .reaction = DROP,
      .reason = CYG_R_CLEAR_IGNORED },
};

static const struct variant message_ids_first[] = {
    { "MM1 with a Message ID", .make = make_message_id, .a = 1, .reaction = DROP,
      .reason = CYG_R_MESSAGE_ID_PHASE1 },
    { "MM1 with the highest one", .make = make_message_id, .a = 0xffffffff, .reaction = DROP,
      .reason = CYG_R_MESSAGE_ID_PHASE1 },
};

static const struct variant message_ids[] = {
    { "MM2", .at = AT_MM2, .make = make_message_id, .a = 7, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ID_PHASE1 },
    { "MM3", .at = AT_MM3, .make = make_message_id, .a = 7, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ID_PHASE1 },
    { "MM5", .at = AT_MM5, .make = make_message_id, .a = 7, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ID_PHASE1 },
    { "QM1 with 0", .at = AT_QM1, .make = make_message_id, .a = 0, .reaction = HOLD,
      .reason = CYG_R_MESSAGE_ID_ZERO },
    { "Informational with 0", .at = AT_INFO, .make = make_message_id, .a = 0, .reaction = DROP,
      .reason = CYG_R_MESSAGE_ID_ZERO },
};

static void spoil_body(struct draft *d, const struct variant *v)
{
    struct variant w = { .a = HEADER_LEN + v->a };
    if (v->b != 0) { /* so much less than what it was */
        w.a = d->out_len - v->b;
    }
    spoil_length_fits(d, &w);
}

static void spoil_no_first(struct draft *d, const struct variant *v)
{
    (void)v;
    d->out[16] = 0;
}

static const struct variant bodies[] = {
    { "MM5 of no body", .at = AT_MM5, .spoil = spoil_body, .a = 0, .reaction = HOLD },
    { "MM5 of 1 byte", .at = AT_MM5, .spoil = spoil_body, .a = 1, .reaction = HOLD,
      .reason = CYG_R_BODY_SIZE },
    { "MM5 of 15 bytes", .at = AT_MM5, .spoil = spoil_body, .a = 15, .reaction = HOLD,
      .reason = CYG_R_BODY_SIZE },
    { "MM5, one byte less", .at = AT_MM5, .spoil = spoil_body, .b = 1, .reaction = HOLD,
      .reason = CYG_R_BODY_SIZE },
    { "MM6, one byte less", .at = AT_MM6, .spoil = spoil_body, .b = 1, .reaction = HOLD,
      .reason = CYG_R_BODY_SIZE },
    { "QM1 of no body", .at = AT_QM1, .spoil = spoil_body, .a = 0, .reaction = HOLD },
    { "QM1, 15 bytes less", .at = AT_QM1, .spoil = spoil_body, .b = 15, .reaction = HOLD,
      .reason = CYG_R_BODY_SIZE },
    { "QM2 of 8 bytes", .at = AT_QM2, .spoil = spoil_body, .a = 8, .reaction = HOLD,
      .reason = CYG_R_BODY_SIZE },
    { "QM3, one block less", .at = AT_QM3, .spoil = spoil_body, .b = 16, .reaction = HOLD },
    { "QM1 with first payload 0", .at = AT_QM1, .spoil = spoil_no_first, .reaction = HOLD,
      .reason = CYG_R_CHAIN_EMPTY },
    { "MM5 with first payload 0", .at = AT_MM5, .spoil = spoil_no_first, .reaction = HOLD,
      .reason = CYG_R_CHAIN_EMPTY },
};

/* ---- H-016 ---- */

struct sender {
    const char *address; /* four bytes; NULL: the victim's own */
    uint16_t port;
};

static const struct sender senders[] = {
    { "\377\377\377\377", 500 }, { "\340\0\0\1", 500 }, { "\0\0\0\0", 500 },
    { NULL, 500 },                { NULL, 4500 },          { "\313\0\161\1", 0 },
};

static void play_sender(struct stage *s, const struct variant *v)
{
    const struct sender *from = &senders[v->a];
    struct cyg_address dst = { 4, 500, { 198, 51, 100, 1 } }, src = dst;
    REQUIRE(s, stage_up(s, PUPPET));
    if (from->address != NULL) {
        memcpy(src.bytes, from->address, 4);
    }
    src.port = from->port;
    struct stage_before b = stage_look(s);
    stage_first_message(s->draft);
    draft_encode(s->draft);
    size_t frames = s->n_frames;
    for (int i = 0; i < 20; i++) { /* two daemons, or one, answering each other for ever */
        s->ops->forge(s->context, &src, &dst, (struct cyg_span){ s->draft->out, s->draft->out_len });
    }
    s->ops->run(s->context, 200 * CYG_MSEC);
    REQUIRE(s, s->n_frames == frames);
    check_unchanged(s, &b);
    check_jobs(s, &b);
}

static const struct variant impossible_senders[] = {
    { "broadcast", .a = 0 },       { "multicast", .a = 1 },
    { "0.0.0.0", .a = 2 },         { "our own address and port", .a = 3 },
    { "our own, port 4500", .a = 4 }, { "port 0", .a = 5 },
};

static const struct row rows[] = {
    { "H-001", "datagrams shorter than a header",
      "no field may be read that did not arrive; the version is not known, so nothing is answered",
      SCENE_STRANGER, VARIANTS(short_datagrams) },
    { "H-002", "Length of the header against the datagram",
      "allocation and parsing follow what came, never what is claimed",
      SCENE_STRANGER, VARIANTS(header_lengths) },
    { "H-002b", "the same within a negotiation", "the genuine message may still come",
      SCENE_PEER, VARIANTS(header_lengths_peer) },
    { "H-006", "other versions", "a notify at most, in a header of version 1",
      SCENE_STRANGER, VARIANTS(versions) },
    { "H-006b", "IKEv2 on this port", "a response is never answered", SCENE_STRANGER,
      VARIANTS(version_two) },
    { "H-007", "cookies that no first message has", "no INVALID-COOKIE, no state", SCENE_STRANGER,
      VARIANTS(cookies) },
    { "H-008", "exchange types that we do not do", "a notify for a first message only",
      SCENE_STRANGER, VARIANTS(exchange_types) },
    { "H-008b", "the same under keys", "new group mode is never carried out", SCENE_PEER,
      VARIANTS(exchange_types_peer) },
    { "H-009", "flags on a first message", "undefined flags refuse, commit means nothing",
      SCENE_STRANGER, VARIANTS(flags) },
    { "H-009b", "flags within a negotiation", "no hash covers the header, so flags decide nothing",
      SCENE_PEER, VARIANTS(flags_peer) },
    { "H-009c", "authentication only with a notify", "such a notify counts as unprotected",
      SCENE_PATH, VARIANTS(flags_path) },
    { "H-009d", "CONNECTED", "accepted and ignored", SCENE_PEER, VARIANTS(fourth_message) },
    { "H-010", "encryption flag on a first message", "there are no keys: no decryption is tried",
      SCENE_STRANGER, .established = true, VARIANTS(encrypted_first) },
    { "H-010b", "encryption flag on MM1 to MM4", "no decryption is tried", SCENE_PATH,
      VARIANTS(encrypted_early) },
    { "H-011", "no encryption where there are keys", "what is in clear proves nothing", SCENE_PEER,
      VARIANTS(clear_late) },
    { "H-012", "Message IDs in phase 1", "phase 1 has Message ID 0", SCENE_STRANGER,
      VARIANTS(message_ids_first) },
    { "H-012b", "Message IDs against their phase", "phase 1 has 0, phase 2 has not", SCENE_PEER,
      VARIANTS(message_ids) },
    { "H-013", "encrypted bodies that are no whole blocks", "refused before decryption",
      SCENE_PATH, VARIANTS(bodies) },
    { "H-016", "senders that no honest datagram has", "an answer could only make a loop",
      SCENE_PLAY, .needs = NEED_INSIDE, VARIANTS(impossible_senders), .play = play_sender },
};

/* clang-format on */

const struct group hostile_group_a = { "A", "framing: the header", rows, CYG_LEN(rows) };
