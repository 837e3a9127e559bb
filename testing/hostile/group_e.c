/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group E: hashes, replay, Message IDs, IVs. */
#include "hostile/spoil.h"

#include "engine/ike_sa.h"

#include <string.h>

/* clang-format off */

/* ---- H-063, H-064 ---- */

/* The right hash, cut or longer. */
static void make_hash_size(struct draft *d, const struct variant *v)
{
    d->keep_hash = true;
    draft_resize(d, PAYLOAD_HASH, (size_t)v->a);
}

static void make_hash_bit(struct draft *d, const struct variant *v)
{
    d->keep_hash = true;
    draft_find(d, PAYLOAD_HASH, 0)->body[v->a / 8] ^= (uint8_t)(1u << v->a % 8);
}

/* Right in the lowest bit of each byte only. */
static void make_hash_low_bits(struct draft *d, const struct variant *v)
{
    struct part *p = draft_find(d, PAYLOAD_HASH, 0);
    (void)v;
    d->keep_hash = true;
    for (size_t i = 0; i < p->len; i++) {
        p->body[i] ^= 0xfe;
    }
}

static void make_hash_for(struct draft *d, const struct variant *v)
{
    d->other_id = true;
    d->hash_id = (uint32_t)v->a;
}

static void make_hash_number(struct draft *d, const struct variant *v)
{
    d->hash_number = (uint8_t)v->a;
}

#define HASH_AT(at_, name_, reason_)                                                             \
    { name_ ": 0 bytes", .at = at_, .make = make_hash_size, .a = 0, .reaction = HOLD,            \
      .reason = reason_ },                                                                       \
    { name_ ": 1 byte", .at = at_, .make = make_hash_size, .a = 1, .reaction = HOLD,             \
      .reason = reason_ },                                                                       \
    { name_ ": a byte less", .at = at_, .make = make_hash_size, .a = 31, .reaction = HOLD,       \
      .reason = reason_ },                                                                       \
    { name_ ": a byte more", .at = at_, .make = make_hash_size, .a = 33, .reaction = HOLD,       \
      .reason = reason_ },                                                                       \
    { name_ ": 255 bytes", .at = at_, .make = make_hash_size, .a = 255, .reaction = HOLD,        \
      .reason = reason_ },                                                                       \
    { name_ ": right in the low bits", .at = at_, .make = make_hash_low_bits, .reaction = HOLD,  \
      .reason = reason_ }

static const struct variant hashes[] = {
    HASH_AT(AT_MM5, "MM5", CYG_R_PROOF_CHANGED),
    HASH_AT(AT_MM6, "MM6", CYG_R_PROOF_CHANGED),
    HASH_AT(AT_QM1, "QM1", CYG_R_HASH_WRONG),
    HASH_AT(AT_QM2, "QM2", CYG_R_HASH_WRONG),
    HASH_AT(AT_QM3, "QM3", CYG_R_HASH_WRONG),
    { "MM5: a bit", .at = AT_MM5, .make = make_hash_bit, .a = 0, .to = 255, .reaction = HOLD,
      .reason = CYG_R_PROOF_CHANGED },
    { "QM1: a bit", .at = AT_QM1, .make = make_hash_bit, .a = 0, .to = 255, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
};

static const struct variant wrong_hashes[] = {
    { "QM1: for Message ID 0", .at = AT_QM1, .make = make_hash_for, .a = 0, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
    { "QM1: of another exchange", .at = AT_QM1, .make = make_hash_for, .a = 0x12345678,
      .reaction = HOLD, .reason = CYG_R_HASH_WRONG },
    { "QM2: for Message ID 0", .at = AT_QM2, .make = make_hash_for, .a = 0, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
    { "QM2: HASH(1) instead", .at = AT_QM2, .make = make_hash_number, .a = 1, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
    { "QM3: HASH(1) instead", .at = AT_QM3, .make = make_hash_number, .a = 1, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
    { "QM3: HASH(2) instead", .at = AT_QM3, .make = make_hash_number, .a = 2, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
};

/* ---- H-065 ---- */

/* The victim's own newest message back at it, in place of the one that it waits for. */
static void play_reflection(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, v->at));
    const struct stage_frame *own = NULL;
    for (size_t i = 0; i < s->n_frames; i++) {
        own = s->frames[i].from_victim ? &s->frames[i] : own;
    }
    REQUIRE(s, own != NULL);
    struct stage_before b = stage_look(s);
    stage_send(s, own->bytes);
    s->ops->run(s->context, 100 * CYG_MSEC);
    check_unchanged(s, &b);
    check_jobs(s, &b);
    stage_release(s);
    s->ops->run(s->context, CYG_SEC);
    REQUIRE(s, s->ops->is_up(s->context, v->at == AT_MM3 || v->at == AT_QM3 ? PUPPET : VICTIM));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant reflections[] = {
    { "MM1 as MM2", .at = AT_MM2 }, { "MM2 as MM3", .at = AT_MM3 },
    { "MM3 as MM4", .at = AT_MM4 }, { "MM5 as MM6", .at = AT_MM6 },
    { "QM1 as QM2", .at = AT_QM2 }, { "QM2 as QM3", .at = AT_QM3 },
};

/* ---- H-066 ---- */

/* Message `at` again, `a` times over `b`, while nothing else comes. */
static void play_duplicates(struct stage *s, const struct variant *v)
{
    struct stage_facts first, last;
    REQUIRE(s, stage_catch(s, v->at));
    s->ops->send_puppet(s->context, s->caught.port, s->caught.bytes);
    s->ops->run(s->context, 50 * CYG_MSEC);
    s->mute = true;
    struct stage_before b = stage_look(s);
    s->ops->facts(s->context, &first);
    for (uint64_t i = 0; i < v->a; i++) {
        s->ops->send_puppet(s->context, s->caught.port, s->caught.bytes);
        s->ops->run(s->context, v->b / v->a);
    }
    s->ops->run(s->context, 50 * CYG_MSEC);
    s->ops->facts(s->context, &last);
    REQUIRE(s, last.dh_jobs == first.dh_jobs);
    REQUIRE(s, last.ike_sas == first.ike_sas && last.children == first.children);
    /* 5 repeated answers, and what the timer repeats meanwhile (4 s, 7.2 s ...) */
    REQUIRE(s, stage_answers(s, b.frames, -1) <= (v->b <= CYG_SEC ? 2 : 5 + 3));
    s->held = s->mute = false;
    s->hold = AT_NONE;
}

#define DUPLICATES(at_, name_)                                                         \
    { name_ " once more", .at = at_, .a = 1, .b = CYG_MSEC },                          \
    { name_ " 10 times in a second", .at = at_, .a = 10, .b = CYG_SEC },               \
    { name_ " 1000 times in a second", .at = at_, .a = 1000, .b = CYG_SEC },           \
    { name_ " 20 times in 20 seconds", .at = at_, .a = 20, .b = 20 * CYG_SEC }

static const struct variant duplicates[] = {
    DUPLICATES(AT_MM1, "MM1"), DUPLICATES(AT_MM3, "MM3"), DUPLICATES(AT_MM5, "MM5"),
    DUPLICATES(AT_MM2, "MM2"), DUPLICATES(AT_MM4, "MM4"), DUPLICATES(AT_MM6, "MM6"),
    DUPLICATES(AT_QM1, "QM1"), DUPLICATES(AT_QM2, "QM2"), DUPLICATES(AT_QM3, "QM3"),
};

/* ---- H-068 ---- */

/* A quick mode that is over, its first message again; and another one under its Message ID. */
static void play_used_id(struct stage *s, const struct variant *v)
{
    struct header h;
    const struct stage_frame *first = NULL;
    REQUIRE(s, stage_up(s, PUPPET));
    for (size_t i = 0; i < s->n_frames; i++) {
        const struct stage_frame *f = &s->frames[i];
        if (!f->from_victim && header_decode(f->bytes, &h, NULL) == CYG_OK
            && h.exchange == EXCHANGE_QUICK) {
            first = f;
            break;
        }
    }
    REQUIRE(s, first != NULL);
    struct stage_before b = stage_look(s);
    if (v->a == 0) {
        for (int i = 0; i < 100; i++) {
            stage_send(s, first->bytes);
        }
    } else {
        REQUIRE(s, stage_new_message(s, s->draft, (uint8_t)v->a));
        s->draft->header.message_id = h.message_id;
        draft_notify(s->draft, PROTOCOL_ISAKMP, 24578, draft_cookies(s->draft),
                     (struct cyg_span){ NULL, 0 });
        draft_encode(s->draft);
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    }
    s->ops->run(s->context, 200 * CYG_MSEC);
    check_unchanged(s, &b);
    check_jobs(s, &b);
    REQUIRE(s, stage_answers(s, b.frames, -1) <= 1); /* the kept answer, once */
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant used_ids[] = {
    { "QM1 of a finished quick mode, 100 times", .a = 0 },
    { "another quick mode under that Message ID", .a = 32, .reason = CYG_R_MESSAGE_ID_USED },
    { "an Informational under that Message ID", .a = 5, .reason = CYG_R_MESSAGE_ID_USED },
};

/* An Informational, replayed: a Delete of an SPI that is used again, an R-U-THERE. */
static void play_replayed_info(struct stage *s, const struct variant *v)
{
    static const uint8_t number[] = { 0, 0, 1, 0 };
    REQUIRE(s, stage_up(s, PUPPET));
    REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
    draft_notify(s->draft, PROTOCOL_ISAKMP, 36136, draft_cookies(s->draft),
                 cyg_span_of_array(number));
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 100 * CYG_MSEC);
    struct stage_before b = stage_look(s);
    for (uint64_t i = 0; i < v->a; i++) {
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
        s->ops->run(s->context, v->b);
    }
    s->ops->run(s->context, 100 * CYG_MSEC);
    check_unchanged(s, &b); /* the liveness too */
    REQUIRE(s, stage_answers(s, b.frames, -1) <= 5);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant replayed_info[] = {
    { "R-U-THERE, 100 times at once", .a = 100, .b = 0 },
    { "R-U-THERE, 20 times in 20 seconds", .a = 20, .b = CYG_SEC },
};

/* ---- H-069, H-070 ---- */

static void spoil_byte(struct draft *d, const struct variant *v)
{
    d->out[v->a] ^= 0x10;
}

static const struct variant flips[] = {
    { "MM5, where its hash covers it", .at = AT_MM5, .spoil = spoil_byte, .a = 28, .to = 75,
      .reaction = HOLD },
    { "MM6", .at = AT_MM6, .spoil = spoil_byte, .a = 28, .to = 75, .reaction = HOLD },
    { "QM1", .at = AT_QM1, .spoil = spoil_byte, .a = 28, .to = 187, .reaction = HOLD },
    { "QM2", .at = AT_QM2, .spoil = spoil_byte, .a = 28, .to = 187, .reaction = HOLD },
    { "QM3", .at = AT_QM3, .spoil = spoil_byte, .a = 28, .to = 75, .reaction = HOLD },
};

static void spoil_more_blocks(struct draft *d, const struct variant *v)
{
    struct variant w = { .a = d->out_len + v->a };
    spoil_length_fits(d, &w);
}

/* No hash covers padding, and peers pad as they like (H-014): up to 255 bytes are taken for it. */
static const struct variant appended[] = {
    { "QM1 and 18 blocks", .at = AT_QM1, .spoil = spoil_more_blocks, .a = 288, .reaction = HOLD },
    { "QM3 and 18 blocks", .at = AT_QM3, .spoil = spoil_more_blocks, .a = 288, .reaction = HOLD },
    { "QM3 and 1 block: taken", .at = AT_QM3, .spoil = spoil_more_blocks, .a = 16,
      .reaction = PASS },
};

static void make_iv(struct draft *d, const struct variant *v)
{
    for (size_t i = 0; i < sizeof(d->keys.iv); i++) {
        d->keys.iv[i] = v->a == 0 ? 0 : d->keys.iv[i] ^ (uint8_t)v->a;
    }
}

static const struct variant ivs[] = {
    { "QM1 under an IV of zeros", .at = AT_QM1, .make = make_iv, .a = 0, .reaction = HOLD },
    { "QM1 under another IV", .at = AT_QM1, .make = make_iv, .a = 0x55, .reaction = HOLD },
    { "QM2 under an IV of zeros", .at = AT_QM2, .make = make_iv, .a = 0, .reaction = HOLD },
    { "QM3 under an IV of zeros", .at = AT_QM3, .make = make_iv, .a = 0, .reaction = HOLD },
    { "MM5 under an IV of zeros", .at = AT_MM5, .make = make_iv, .a = 0, .reaction = HOLD },
    { "Informational under an IV of zeros", .at = AT_INFO, .make = make_iv, .a = 0,
      .reaction = HOLD },
};

/* ---- H-072 ---- */

static void make_other_key(struct draft *d, const struct variant *v)
{
    d->keys.cipher_key.data[0] ^= (uint8_t)v->a;
}

static const struct variant other_keys[] = {
    { "once", .at = AT_MM5, .make = make_other_key, .a = 1, .reaction = HOLD },
    { "MM6", .at = AT_MM6, .make = make_other_key, .a = 1, .reaction = HOLD },
};

static void play_many_wrong(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, AT_MM5));
    REQUIRE(s, stage_read_caught(s, s->draft));
    struct stage_before b = stage_look(s);
    for (uint64_t i = 0; i < v->a; i++) {
        s->draft->keys.cipher_key.data[1] = (uint8_t)i;
        s->draft->keys.cipher_key.data[2] = (uint8_t)(i >> 8);
        draft_encode(s->draft);
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    }
    s->ops->run(s->context, 100 * CYG_MSEC);
    check_unchanged(s, &b);
    REQUIRE(s, stage_answers(s, b.frames, -1) <= 1);
    s->ops->run(s->context, CYG_SEC); /* the genuine one comes when the second is over */
    stage_release(s);
    s->ops->run(s->context, CYG_SEC);
    REQUIRE(s, s->ops->is_up(s->context, PUPPET));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant many_wrong[] = {
    { "1000 times in a second", .a = 1000, .reason = CYG_R_DECRYPT_LIMIT },
};

static const struct row rows[] = {
    { "H-063", "hashes of wrong length, or wrong in one bit",
      "full length first, then in constant time; the genuine message may still come", SCENE_PEER,
      VARIANTS(hashes) },
    { "H-064", "hashes for another Message ID or place", "held: it may be a bit flipped on the path",
      SCENE_PEER, VARIANTS(wrong_hashes) },
    { "H-065", "the victim's own message back at it", "role and cookies are part of every proof",
      SCENE_PLAY, VARIANTS(reflections), .play = play_reflection },
    { "H-066", "the last message again, in every state",
      "the answer again, at most once a second and 5 times; nothing is done twice", SCENE_PLAY,
      .needs = NEED_TIME, VARIANTS(duplicates), .play = play_duplicates },
    { .id = "H-067", .what = "all messages replayed in order",
      .elsewhere = "testing/simulation/hostile_sim.c" },
    { "H-068", "Message IDs that were used before", "remembered as long as the IKE SA lives",
      SCENE_PLAY, VARIANTS(used_ids), .play = play_used_id },
    { "H-068b", "informational messages replayed", "harmless, and no sign of life", SCENE_PLAY,
      .needs = NEED_TIME, VARIANTS(replayed_info), .play = play_replayed_info },
    { "H-069", "each byte of an encrypted message flipped",
      "the IV moves on only when the message is proved; the next genuine one decrypts", SCENE_PATH,
      VARIANTS(flips) },
    { "H-069b", "blocks appended to an encrypted message", "padding, as far as padding goes",
      SCENE_PATH, VARIANTS(appended) },
    { "H-070", "messages under another IV", "the IV that works is a copy", SCENE_PEER,
      VARIANTS(ivs) },
    { .id = "H-071", .what = "quick modes interleaved",
      .elsewhere = "testing/simulation/quick_mode_sim.c" },
    { "H-072", "MM5 and MM6 under another pre-shared key", "held until the handshake times out",
      SCENE_PEER, VARIANTS(other_keys) },
    { "H-072b", "the same very often", "at most ten decryptions a second", SCENE_PLAY,
      .needs = NEED_TIME, VARIANTS(many_wrong), .play = play_many_wrong },
};

/* clang-format on */

const struct group hostile_group_e = { "E", "hashes, replay, Message IDs, IVs", rows,
                                       CYG_LEN(rows) };
