/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group F: informational messages: notify, delete; group_f2.c has DPD and lifetimes. At AT_INFO the
 * reaction HOLD means that the message is not proved and nothing at all changes; DROP that it is
 * proved, and nothing comes of it.
 */
#include "hostile/spoil.h"

#include "engine/child_sa.h"

#include <string.h>

/* clang-format off */

#define NOTHING ((struct cyg_span){ NULL, 0 })
#define BYTES(text) ((struct cyg_span){ (const uint8_t *)(text), sizeof(text) - 1 })

/* A Delete of the IKE SA that it comes under (a = 1), or of an SPI (a = 3). */
static void make_delete(struct draft *d, const struct variant *v)
{
    static const uint8_t spi[4] = { 0xc0, 0xff, 0xee, 0x01 };
    bool ike = v->a == PROTOCOL_ISAKMP;
    draft_delete(d, DOI_IPSEC, (uint8_t)v->a, ike ? 16 : 4, 1,
                 ike ? draft_cookies(d) : cyg_span_of_array(spi));
}

static void make_notify(struct draft *d, const struct variant *v)
{
    draft_notify(d, PROTOCOL_ISAKMP, (uint16_t)v->a, draft_cookies(d), NOTHING);
}

/* ---- H-073 to H-075 ---- */

static const struct variant clear_deletes[] = {
    { "Delete of the IKE SA", .at = AT_INFO, .make = make_delete, .a = 1, .reaction = HOLD,
      .reason = CYG_R_CLEAR_IGNORED },
    { "Delete of an ESP SPI", .at = AT_INFO, .make = make_delete, .a = 3, .reaction = HOLD,
      .reason = CYG_R_CLEAR_IGNORED },
};

static void make_clear_delete(struct draft *d, const struct variant *v)
{
    make_delete(d, v);
    d->encrypted = false;
    d->header.flags = 0;
}

static const struct variant hashed_deletes[] = {
    { "with HASH, in clear", .at = AT_INFO, .make = make_clear_delete, .a = 1, .reaction = HOLD,
      .reason = CYG_R_CLEAR_IGNORED },
};

/* What is done to the HASH in front of a Delete: see the variants. */
static void make_unproved(struct draft *d, const struct variant *v)
{
    const struct variant ike = { .a = PROTOCOL_ISAKMP };
    make_delete(d, &ike);
    switch (v->a) {
    case 0: /* wrong */
        d->keep_hash = true;
        break;
    case 1: /* missing */
        draft_remove(d, PAYLOAD_HASH);
        d->hashed = false;
        break;
    case 2: /* late */
        draft_remove(d, PAYLOAD_HASH);
        (void)draft_fill(d, PAYLOAD_HASH, 0, 32);
        break;
    case 3: /* cut */
        d->keep_hash = true;
        draft_resize(d, PAYLOAD_HASH, 16);
        break;
    case 4: /* twice */
        (void)draft_fill(d, PAYLOAD_HASH, 0, 32);
        break;
    default: /* of Message ID 0 */
        d->other_id = true;
        d->hash_id = 0;
    }
}

#define UNPROVED(name_, a_, reason_) \
    { name_, .at = AT_INFO, .make = make_unproved, .a = a_, .reaction = HOLD, .reason = reason_ }

static const struct variant unproved[] = {
    UNPROVED("wrong", 0, CYG_R_HASH_WRONG),
    UNPROVED("missing", 1, CYG_R_HASH_NOT_FIRST),
    UNPROVED("behind the Delete", 2, CYG_R_HASH_NOT_FIRST),
    UNPROVED("cut to half", 3, CYG_R_HASH_WRONG),
    UNPROVED("twice", 4, CYG_R_HASH_NOT_FIRST),
    UNPROVED("for another Message ID", 5, CYG_R_HASH_WRONG),
};

/* 80 bytes that could be an encrypted Informational, for cookies that nobody knows (a = 0), or for
 * those of the handshake that is under way. */
static void make_encrypted_info(struct draft *d, const struct variant *v)
{
    if (v->a == 0) {
        memset(d->header.cookie_r, 0x66, COOKIE_LEN);
    }
    d->header.exchange = EXCHANGE_INFORMATIONAL;
    d->header.flags = FLAG_ENCRYPTION;
    d->header.message_id = 0x42424242;
    d->n = 0;
    (void)draft_fill(d, PAYLOAD_HASH, 0x99, 76);
}

static const struct variant info_unknown[] = {
    { "cookies of nobody", .make = make_encrypted_info, .a = 0, .reaction = DROP,
      .reason = CYG_R_COOKIES_UNKNOWN },
};

static const struct variant info_early[] = {
    { "instead of MM2", .at = AT_MM2, .make = make_encrypted_info, .a = 1, .reaction = HOLD },
    { "instead of MM3", .at = AT_MM3, .make = make_encrypted_info, .a = 1, .reaction = HOLD,
      .reason = CYG_R_NOT_ESTABLISHED },
    { "instead of MM4", .at = AT_MM4, .make = make_encrypted_info, .a = 1, .reaction = HOLD,
      .reason = CYG_R_NOT_ESTABLISHED },
};

/* ---- H-076, H-077 ---- */

static bool send_clear_notify(struct stage *s, uint16_t type)
{
    if (!stage_read_caught(s, s->draft)) {
        return false;
    }
    struct draft *d = s->draft;
    d->header.exchange = EXCHANGE_INFORMATIONAL;
    d->header.flags = 0;
    d->header.message_id = 0x77;
    d->encrypted = d->hashed = false;
    d->n = 0;
    draft_notify(d, PROTOCOL_ISAKMP, type, NOTHING, NOTHING);
    draft_encode(d);
    stage_send(s, (struct cyg_span){ d->out, d->out_len });
    s->ops->run(s->context, 50 * CYG_MSEC);
    return true;
}

/* A refusal in clear, and then the genuine message: it wins. */
static void play_hint_then_genuine(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, v->at));
    size_t frames = s->n_frames;
    REQUIRE(s, send_clear_notify(s, (uint16_t)v->a));
    for (size_t i = frames; i < s->n_frames; i++) {
        bool clear = false; /* an Informational is never answered by another */
        REQUIRE(s, stage_notify_in(s, &s->frames[i], &clear) == 0);
    }
    stage_release(s);
    s->ops->run(s->context, CYG_SEC);
    bool initiator = v->at == AT_MM2 || v->at == AT_MM4 || v->at == AT_MM6;
    REQUIRE(s, s->ops->is_up(s->context, initiator ? VICTIM : PUPPET));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

/* A refusal in clear, and nothing else: the attempt goes on for a while, and ends within 8 s. */
static void play_hint_alone(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    REQUIRE(s, stage_catch(s, v->at));
    REQUIRE(s, send_clear_notify(s, (uint16_t)v->a));
    s->mute = true;
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.exchanges == 1); /* not at once */
    s->ops->run(s->context, 9 * CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.exchanges == 0 && f.ike_sas == 0);
}

static const struct variant hints[] = {
    { "NO-PROPOSAL-CHOSEN for MM2", .at = AT_MM2, .a = 14, .reason = CYG_R_REFUSED_PROPOSALS_HINT },
    { "INVALID-COOKIE for MM4", .at = AT_MM4, .a = 4, .reason = CYG_R_PEER_REFUSED_HINT },
    { "AUTHENTICATION-FAILED for MM6", .at = AT_MM6, .a = 24, .reason = CYG_R_PEER_REFUSED_HINT },
    { "CONNECTED for MM2", .at = AT_MM2, .a = 16384, .reason = CYG_R_CLEAR_IGNORED },
    { "INITIAL-CONTACT for MM4", .at = AT_MM4, .a = 24578, .reason = CYG_R_CLEAR_IGNORED },
    { "type 0 for MM2", .at = AT_MM2, .a = 0, .reason = CYG_R_CLEAR_IGNORED },
    { "NO-PROPOSAL-CHOSEN for MM3", .at = AT_MM3, .a = 14, .reason = CYG_R_CLEAR_IGNORED },
    { "AUTHENTICATION-FAILED for MM5", .at = AT_MM5, .a = 24, .reason = CYG_R_CLEAR_IGNORED },
};

static const struct variant hints_alone[] = {
    { "NO-PROPOSAL-CHOSEN for MM2", .at = AT_MM2, .a = 14, .reason = CYG_R_REFUSED_PROPOSALS_HINT },
    { "PAYLOAD-MALFORMED for MM4", .at = AT_MM4, .a = 16, .reason = CYG_R_PEER_REFUSED_HINT },
};

#define CLEAR_NOTIFY(name_, type_) \
    { name_, .at = AT_INFO, .make = make_notify, .a = type_, .reaction = HOLD, \
      .reason = CYG_R_CLEAR_IGNORED }

static const struct variant clear_notifies[] = {
    CLEAR_NOTIFY("NO-PROPOSAL-CHOSEN", 14), CLEAR_NOTIFY("INVALID-COOKIE", 4),
    CLEAR_NOTIFY("AUTHENTICATION-FAILED", 24), CLEAR_NOTIFY("CONNECTED", 16384),
    CLEAR_NOTIFY("R-U-THERE", 36136), CLEAR_NOTIFY("R-U-THERE-ACK", 36137),
    CLEAR_NOTIFY("RESPONDER-LIFETIME", 24576), CLEAR_NOTIFY("type 65535", 65535),
};

static const struct variant clear_contact[] = {
    CLEAR_NOTIFY("INITIAL-CONTACT", 24578),
};

static const struct variant clear_invalid_spi[] = {
    CLEAR_NOTIFY("INVALID-SPI", 11),
};

static const struct variant contact_early[] = {
    { "in MM3", .at = AT_MM3, .make = make_notify, .a = 24578, .reaction = PASS },
    { "in MM4", .at = AT_MM4, .make = make_notify, .a = 24578, .reaction = PASS },
    { "in QM1", .at = AT_QM1, .make = make_notify, .a = 24578, .reaction = PASS },
    { "protected: its own SA stays", .at = AT_INFO, .make = make_notify, .a = 24578,
      .reaction = DROP },
};

/* An honest peer's SA is not the puppet's to end. */
static void play_contact(struct stage *s, const struct variant *v)
{
    (void)v;
    REQUIRE(s, stage_up(s, HONEST));
    REQUIRE(s, stage_up(s, PUPPET));
    REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
    draft_notify(s->draft, PROTOCOL_ISAKMP, 24578, draft_cookies(s->draft), NOTHING);
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 200 * CYG_MSEC);
    REQUIRE(s, s->ops->ping(s->context, HONEST));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant contact[] = { { .name = "protected, beside another peer's SA" } };

/* ---- H-078 to H-081 ---- */

/* SPI size a, number claimed b, one SPI of that size there. */
static void make_delete_counts(struct draft *d, const struct variant *v)
{
    uint8_t *spi = draft_take(d, v->a);
    memset(spi, 0x21, v->a);
    draft_delete(d, DOI_IPSEC, PROTOCOL_ESP, (uint8_t)v->a, (uint16_t)v->b,
                 (struct cyg_span){ spi, v->a });
}

static void make_delete_ike_size(struct draft *d, const struct variant *v)
{
    struct cyg_span cookies = draft_cookies(d);
    draft_delete(d, DOI_IPSEC, PROTOCOL_ISAKMP, (uint8_t)v->a, 1,
                 cyg_span_first(cookies, (size_t)v->a));
}

static void make_delete_cut(struct draft *d, const struct variant *v)
{
    (void)draft_fill(d, PAYLOAD_D, 0, v->a);
}

#define COUNTS(name_, size_, count_, reason_) \
    { name_, .at = AT_INFO, .make = make_delete_counts, .a = size_, .b = count_, .reaction = DROP, \
      .reason = reason_ }

static const struct variant delete_counts[] = {
    COUNTS("none announced, one there", 4, 0, CYG_R_DELETE_COUNT),
    COUNTS("2 announced, one there", 4, 2, CYG_R_DELETE_COUNT),
    COUNTS("65535 announced, one there", 4, 65535, CYG_R_DELETE_COUNT),
    COUNTS("65535 of 255 bytes announced", 255, 65535, 0),
    COUNTS("SPI of 0 bytes", 0, 1, 0), COUNTS("65535 SPIs of 0 bytes", 0, 65535, 0),
    COUNTS("SPI of 3 bytes", 3, 1, CYG_R_DELETE_SPI_SIZE),
    COUNTS("SPI of 8 bytes", 8, 1, CYG_R_DELETE_SPI_SIZE),
    COUNTS("SPI of 16 bytes", 16, 1, CYG_R_DELETE_SPI_SIZE),
    COUNTS("SPI of 255 bytes", 255, 1, CYG_R_DELETE_SPI_SIZE),
    { "ISAKMP, SPI of 0 bytes", .at = AT_INFO, .make = make_delete_ike_size, .a = 0,
      .reaction = DROP, .reason = CYG_R_DELETE_SPI_SIZE },
    { "ISAKMP, SPI of 4 bytes", .at = AT_INFO, .make = make_delete_ike_size, .a = 4,
      .reaction = DROP, .reason = CYG_R_DELETE_SPI_SIZE },
    { "ISAKMP, SPI of 8 bytes", .at = AT_INFO, .make = make_delete_ike_size, .a = 8,
      .reaction = DROP, .reason = CYG_R_DELETE_SPI_SIZE },
    { "payload of so many bytes", .at = AT_INFO, .make = make_delete_cut, .a = 0, .to = 7,
      .reaction = DROP, .reason = CYG_R_DELETE_SHORT },
};

static struct child_sa *child_of(struct stage *s, enum actor who)
{
    struct table_item *item = s->ops->engine(s->context, who)->children;
    return TABLE_OWNER(struct child_sa, by_spi, item);
}

/* A Delete under the puppet's keys of SPIs that are not its to delete: what they are, by a. */
static void play_foreign_spis(struct stage *s, const struct variant *v)
{
    static uint8_t spis[4000];
    REQUIRE(s, stage_up(s, HONEST));
    REQUIRE(s, stage_up(s, PUPPET));
    const struct child_sa *own = child_of(s, PUPPET), *honest = child_of(s, HONEST);
    REQUIRE(s, own != NULL && honest != NULL);
    uint32_t spi = v->a == 0 ? own->spi_out : v->a == 1 ? honest->spi_in : honest->spi_out;
    for (size_t i = 0; i < sizeof(spis) / 4; i++) {
        uint32_t one = v->a == 3 ? 0x10000u + (uint32_t)i : spi;
        for (size_t k = 0; k < 4; k++) {
            spis[4 * i + k] = (uint8_t)(one >> (24 - 8 * k));
        }
    }
    REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
    draft_delete(s->draft, DOI_IPSEC, PROTOCOL_ESP, 4, (uint16_t)v->b,
                 (struct cyg_span){ spis, (size_t)v->b * 4 });
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 200 * CYG_MSEC);
    struct stage_facts f;
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.ike_sas == 2 && f.children == 2);
    REQUIRE(s, s->ops->ping(s->context, HONEST));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant foreign_spis[] = {
    { "the victim's inbound SPI", .a = 0, .b = 1 },
    { "the victim's inbound SPI, 1000 times", .a = 0, .b = 1000 },
    { "another peer's SPI", .a = 1, .b = 1 },
    { "another peer's SPI, the other way", .a = 2, .b = 1000 },
    { "1000 unknown SPIs", .a = 3, .b = 1000 },
};

/* Protocol a; b: the DOI. */
static void make_delete_other(struct draft *d, const struct variant *v)
{
    bool ike = v->a == PROTOCOL_ISAKMP;
    draft_delete(d, (uint32_t)v->b, (uint8_t)v->a, ike ? 16 : 4, 1,
                 ike ? draft_cookies(d) : BYTES("\xc0\xff\xee\x01"));
}

static void make_delete_cookies(struct draft *d, const struct variant *v)
{
    uint8_t *cookies = draft_take(d, 16);
    memcpy(cookies, draft_cookies(d).data, 16);
    cookies[v->a] ^= 1;
    draft_delete(d, DOI_IPSEC, PROTOCOL_ISAKMP, 16, 1, (struct cyg_span){ cookies, 16 });
}

static const struct variant delete_others[] = {
    { "protocol 0", .at = AT_INFO, .make = make_delete_other, .a = 0, .b = 1, .reaction = DROP },
    { "protocol 4", .at = AT_INFO, .make = make_delete_other, .a = 4, .b = 1, .reaction = DROP },
    { "protocol 255", .at = AT_INFO, .make = make_delete_other, .a = 255, .b = 1,
      .reaction = DROP },
    { "the IKE SA, DOI 2", .at = AT_INFO, .make = make_delete_other, .a = 1, .b = 2,
      .reaction = DROP },
    { "the IKE SA, DOI 0", .at = AT_INFO, .make = make_delete_other, .a = 1, .b = 0,
      .reaction = GONE },
    { "an IKE SA with another initiator's cookie", .at = AT_INFO, .make = make_delete_cookies,
      .a = 0, .reaction = DROP },
    { "an IKE SA with another responder's cookie", .at = AT_INFO, .make = make_delete_cookies,
      .a = 15, .reaction = DROP },
};

static void make_delete_and(struct draft *d, const struct variant *v)
{
    const struct variant ike = { .a = PROTOCOL_ISAKMP };
    make_delete(d, &ike);
    for (uint64_t i = 0; i < v->b; i++) {
        if (v->a == 0) {
            make_delete(d, &ike);
        } else {
            draft_notify(d, PROTOCOL_ISAKMP, (uint16_t)v->a, draft_cookies(d),
                         BYTES("\0\0\0\1"));
        }
    }
}

static const struct variant delete_and[] = {
    { "Delete again", .at = AT_INFO, .make = make_delete_and, .a = 0, .b = 5, .reaction = GONE },
    { "R-U-THERE", .at = AT_INFO, .make = make_delete_and, .a = 36136, .b = 5, .reaction = GONE },
    { "an error", .at = AT_INFO, .make = make_delete_and, .a = 14, .b = 5, .reaction = GONE },
    { "INITIAL-CONTACT", .at = AT_INFO, .make = make_delete_and, .a = 24578, .b = 1,
      .reaction = GONE },
};

/* ---- H-082 ---- */

/* The peer deletes the IKE SA while a quick mode of it is under way; then the message of that. */
static void play_delete_within(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    REQUIRE(s, stage_catch(s, v->at));
    REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
    draft_delete(s->draft, DOI_IPSEC, PROTOCOL_ISAKMP, 16, 1, draft_cookies(s->draft));
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, v->b);
    s->mute = true;
    stage_release(s);
    s->ops->run(s->context, CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.ike_sas == 0 && f.children == 0 && f.exchanges == 0);
}

static const struct variant delete_within[] = {
    { "in front of QM1", .at = AT_QM1, .b = 50 * CYG_MSEC },
    { "at once with QM1", .at = AT_QM1, .b = 0 },
    { "in front of QM3", .at = AT_QM3, .b = 50 * CYG_MSEC },
    { "at once with QM3", .at = AT_QM3, .b = 0 },
    { "in front of QM2", .at = AT_QM2, .b = 50 * CYG_MSEC },
    { "at once with QM2", .at = AT_QM2, .b = 0 },
};

static const struct row rows[] = {
    { "H-073", "Deletes in clear", "what is in clear proves nothing", SCENE_PATH,
      VARIANTS(clear_deletes) },
    { "H-073b", "a Delete with its HASH, in clear", "the encryption is missing", SCENE_PEER,
      VARIANTS(hashed_deletes) },
    { "H-074", "encrypted Informational whose HASH is not right",
      "not even read; errors to an Informational are never sent", SCENE_PEER, VARIANTS(unproved) },
    { "H-075", "encrypted Informational for unknown cookies", "there are no keys for it",
      SCENE_STRANGER, VARIANTS(info_unknown) },
    { "H-075b", "encrypted Informational before there are keys", "there are no keys for it",
      SCENE_PATH, VARIANTS(info_early) },
    { "H-076", "clear notifies during main mode, then the genuine message",
      "a hint, not proved: any valid message wins over it", SCENE_PLAY, VARIANTS(hints),
      .play = play_hint_then_genuine },
    { "H-076b", "clear notifies during main mode, and nothing else",
      "the attempt is shortened, and ends within 8 s", SCENE_PLAY, .needs = NEED_TIME,
      VARIANTS(hints_alone), .play = play_hint_alone },
    { "H-076c", "clear notifies for an SA that is up", "dropped, whatever they say", SCENE_PATH,
      VARIANTS(clear_notifies) },
    { "H-077", "INITIAL-CONTACT in clear", "ignored", SCENE_PATH, VARIANTS(clear_contact) },
    { "H-077b", "INITIAL-CONTACT where it proves nothing", "ignored", SCENE_PEER,
      VARIANTS(contact_early) },
    { "H-077c", "INITIAL-CONTACT, proved", "it ends SAs of the same identity only", SCENE_PLAY,
      VARIANTS(contact), .play = play_contact },
    { "H-078", "Deletes whose counts and sizes disagree", "ignored and recorded, no reply",
      SCENE_PEER, VARIANTS(delete_counts) },
    { "H-079", "Deletes of SPIs that are not the peer's", "only SPIs that it receives with",
      SCENE_PLAY, .needs = NEED_INSIDE, VARIANTS(foreign_spis), .play = play_foreign_spis },
    { "H-080", "Deletes of other protocols, DOIs, cookies", "ignored", SCENE_PEER,
      VARIANTS(delete_others) },
    { "H-081", "a Delete of the IKE SA, and more behind it", "stops at the first", SCENE_PEER,
      VARIANTS(delete_and) },
    { "H-082", "a Delete while a quick mode is under way", "it ends; nothing is left behind",
      SCENE_PLAY, .needs = NEED_INSIDE, VARIANTS(delete_within), .play = play_delete_within },
    { "H-088", "INVALID-SPI in clear", "never a delete, never an answer", SCENE_PATH,
      VARIANTS(clear_invalid_spi) },
};

/* clang-format on */

const struct group hostile_group_f = { "F", "informational: notify, delete", rows, CYG_LEN(rows) };
