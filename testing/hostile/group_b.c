/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group B: order, number and kind of payloads. */
#include "hostile/spoil.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */

/* ---- H-018 ---- */

static const struct variant first_without[] = {
    { "a vendor ID in front of SA", .make = make_first, .a = PAYLOAD_VID, .b = 16, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_ORDER },
    { "no SA", .make = make_without, .a = PAYLOAD_SA, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "two SA", .make = make_twice, .a = PAYLOAD_SA, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
};

static const struct variant keys_without[] = {
    { "MM3 without KE", .at = AT_MM3, .make = make_without, .a = PAYLOAD_KE, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM3 without nonce", .at = AT_MM3, .make = make_without, .a = PAYLOAD_NONCE,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM3 with two KE", .at = AT_MM3, .make = make_twice, .a = PAYLOAD_KE, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
    { "MM3 with two nonces", .at = AT_MM3, .make = make_twice, .a = PAYLOAD_NONCE,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_TWICE },
    { "MM4 without KE", .at = AT_MM4, .make = make_without, .a = PAYLOAD_KE, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM4 without nonce", .at = AT_MM4, .make = make_without, .a = PAYLOAD_NONCE,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM4 with two KE", .at = AT_MM4, .make = make_twice, .a = PAYLOAD_KE, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
    { "MM4 with two nonces", .at = AT_MM4, .make = make_twice, .a = PAYLOAD_NONCE,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_TWICE },
    { "MM2 without SA", .at = AT_MM2, .make = make_without, .a = PAYLOAD_SA, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM2 with two SA", .at = AT_MM2, .make = make_twice, .a = PAYLOAD_SA, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
};

/* ---- H-020: what a refused first message leaves behind ---- */

static void play_after_refusal(struct stage *s, const struct variant *v)
{
    static const uint8_t zero[COOKIE_LEN];
    stage_first_message(s->draft);
    draft_sa(s->draft, "P1/1 T1/1 1=5 2=1 3=1 4=2");
    draft_encode(s->draft);
    stage_send_stranger(s, 0, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 100 * CYG_MSEC);
    REQUIRE(s, s->n_frames == 1);
    REQUIRE(s, memcmp(s->frames[0].bytes.data + COOKIE_LEN, zero, COOKIE_LEN) == 0);
    struct stage_before b = stage_look(s);
    REQUIRE(s, b.facts.half_open == 0 && b.facts.ike_sas == 0);
    stage_first_message(s->draft);
    memset(s->draft->header.cookie_r, (int)v->a, COOKIE_LEN);
    draft_encode(s->draft);
    stage_send_stranger(s, 0, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 100 * CYG_MSEC);
    REQUIRE(s, s->n_frames == 1);
    check_unchanged(s, &b);
}

static const struct variant after_refusal[] = {
    { "then again with a responder's cookie", .a = 0x11, .reason = CYG_R_COOKIES_UNKNOWN },
};

/* ---- H-021 ---- */

static void make_sig_instead(struct draft *d, const struct variant *v)
{
    (void)v;
    draft_find(d, PAYLOAD_HASH, 0)->type = PAYLOAD_SIG;
}

/* The clear header says what the first payload is, and nothing protects that byte: whoever changes it
 * on the way must not end the attempt. So what lacks its ID is held, whoever it comes from. */
static void make_first_lie(struct draft *d, const struct variant *v)
{
    d->first = (long)v->a;
}

static const struct variant proofs[] = {
    { "MM5 without ID", .at = AT_MM5, .make = make_without, .a = PAYLOAD_ID, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM5 without HASH", .at = AT_MM5, .make = make_without, .a = PAYLOAD_HASH, .reaction = KILL,
      .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM5 with SIG instead", .at = AT_MM5, .make = make_sig_instead, .reaction = KILL,
      .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM5 with HASH and SIG", .at = AT_MM5, .make = make_with, .a = PAYLOAD_SIG, .b = 128,
      .reaction = KILL, .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM5 with two HASH", .at = AT_MM5, .make = make_twice, .a = PAYLOAD_HASH, .reaction = KILL,
      .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM5 with two ID", .at = AT_MM5, .make = make_twice, .a = PAYLOAD_ID, .reaction = KILL,
      .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM5 whose ID the header calls HASH", .at = AT_MM5, .make = make_first_lie, .a = PAYLOAD_HASH,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM6 without ID", .at = AT_MM6, .make = make_without, .a = PAYLOAD_ID, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_MISSING },
    { "MM6 without HASH", .at = AT_MM6, .make = make_without, .a = PAYLOAD_HASH, .reaction = KILL,
      .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM6 with HASH and SIG", .at = AT_MM6, .make = make_with, .a = PAYLOAD_SIG, .b = 128,
      .reaction = KILL, .notify = 24, .reason = CYG_R_PROOF_MISSING },
    { "MM6 with two ID", .at = AT_MM6, .make = make_twice, .a = PAYLOAD_ID, .reaction = KILL,
      .notify = 24, .reason = CYG_R_PROOF_MISSING },
};

/* ---- H-022 ---- */

static void make_wrong_hash(struct draft *d, const struct variant *v)
{
    d->keep_hash = true;
    memset(d->parts[0].body, (int)v->a, d->parts[0].len);
}

/* SA goes behind the nonce. */
static void make_sa_late(struct draft *d, const struct variant *v)
{
    struct part sa = *draft_find(d, PAYLOAD_SA, 0);
    (void)v;
    draft_remove(d, PAYLOAD_SA);
    (void)draft_add(d, PAYLOAD_SA, (struct cyg_span){ sa.body, sa.len });
}

static void make_one_id(struct draft *d, const struct variant *v)
{
    struct part id = *draft_find(d, PAYLOAD_ID, (size_t)v->a);
    draft_remove(d, PAYLOAD_ID);
    (void)draft_add(d, PAYLOAD_ID, (struct cyg_span){ id.body, id.len });
}

#define AT_BOTH(name_, make_, a_, b_, reaction_, notify_, reason_)                             \
    { "QM1 " name_, .at = AT_QM1, .make = make_, .a = a_, .b = b_, .reaction = reaction_,      \
      .notify = notify_, .reason = reason_ },                                                  \
    { "QM2 " name_, .at = AT_QM2, .make = make_, .a = a_, .b = b_, .reaction = reaction_,      \
      .notify = notify_, .reason = reason_ }

static const struct variant quick[] = {
    AT_BOTH("with a vendor ID in front of HASH", make_first, PAYLOAD_VID, 8, HOLD, 0,
            CYG_R_HASH_NOT_FIRST),
    AT_BOTH("with HASH twice", make_twice, PAYLOAD_HASH, 0, HOLD, 0, CYG_R_HASH_NOT_FIRST),
    AT_BOTH("without HASH", make_without, PAYLOAD_HASH, 0, HOLD, 0, CYG_R_HASH_NOT_FIRST),
    AT_BOTH("with a wrong HASH", make_wrong_hash, 0, 0, HOLD, 0, CYG_R_HASH_WRONG),
    AT_BOTH("with SA behind the nonce", make_sa_late, 0, 0, FAIL, 16, CYG_R_STEP_PAYLOAD_ORDER),
    AT_BOTH("without SA", make_without, PAYLOAD_SA, 0, FAIL, 16, CYG_R_STEP_PAYLOAD_MISSING),
    AT_BOTH("without nonce", make_without, PAYLOAD_NONCE, 0, FAIL, 16, CYG_R_STEP_PAYLOAD_MISSING),
    AT_BOTH("with two nonces", make_twice, PAYLOAD_NONCE, 0, FAIL, 16, CYG_R_STEP_PAYLOAD_TWICE),
    AT_BOTH("with one ID", make_one_id, 0, 0, FAIL, 18, 0),
    AT_BOTH("with three IDs", make_twice, PAYLOAD_ID, 0, FAIL, 18, 0),
    { "QM1 without IDs, for networks", .at = AT_QM1, .make = make_without, .a = PAYLOAD_ID,
      .reaction = FAIL, .notify = 18 },
    { "QM2 without IDs: they are as asked", .at = AT_QM2, .make = make_without, .a = PAYLOAD_ID,
      .reaction = PASS },
    { "QM3 without HASH", .at = AT_QM3, .make = make_without, .a = PAYLOAD_HASH, .reaction = HOLD },
    { "QM3 with a wrong HASH", .at = AT_QM3, .make = make_wrong_hash, .reaction = HOLD,
      .reason = CYG_R_HASH_WRONG },
    { "QM3 with HASH twice", .at = AT_QM3, .make = make_twice, .a = PAYLOAD_HASH, .reaction = HOLD,
      .reason = CYG_R_HASH_NOT_FIRST },
};

/* ---- H-023, H-024: the second ID becomes type a with these bytes ---- */

static void make_id(struct draft *d, const struct variant *v)
{
    struct part *id = draft_find(d, PAYLOAD_ID, v->b == 0 ? 1 : 0);
    size_t len = strlen(v->text) / 2;
    id->body = draft_take(d, 4 + len);
    id->len = 4 + len;
    id->body[0] = (uint8_t)v->a;
    for (size_t i = 0; i < len; i++) {
        char two[3] = { v->text[2 * i], v->text[2 * i + 1], '\0' };
        id->body[4 + i] = (uint8_t)strtoul(two, NULL, 16);
    }
}

#define ID_IN(at_, name_, type_, which_, hex_)                                                  \
    { name_, .at = at_, .make = make_id, .a = type_, .b = which_, .text = hex_,                 \
      .reaction = FAIL, .notify = 18 }

static const struct variant id_types[] = {
    ID_IN(AT_QM1, "FQDN gw.example", 2, 0, "67772e6578616d706c65"),
    ID_IN(AT_QM1, "FQDN that is an address as text", 2, 0, "31302e322e302e30"),
    ID_IN(AT_QM1, "USER_FQDN", 3, 0, "61406578616d706c65"),
    ID_IN(AT_QM1, "DER_ASN1_DN", 9, 0, "30003000"),
    ID_IN(AT_QM1, "DER_ASN1_GN", 10, 0, "30003000"),
    ID_IN(AT_QM1, "KEY_ID", 11, 0, "0a020000ffff0000"),
    ID_IN(AT_QM1, "KEY_ID as the initiator's", 11, 1, "0a010000ffff0000"),
    ID_IN(AT_QM1, "type 0", 0, 0, "0a020000ffff0000"),
    ID_IN(AT_QM1, "type 12", 12, 0, "0a020000ffff0000"),
    ID_IN(AT_QM1, "type 255", 255, 0, "0a020000ffff0000"),
    ID_IN(AT_QM2, "QM2 with FQDN", 2, 0, "67772e6578616d706c65"),
    ID_IN(AT_QM2, "QM2 with KEY_ID", 11, 1, "0a010000ffff0000"),
};

static const struct variant id_lengths[] = {
    ID_IN(AT_QM1, "address of 0 bytes", 1, 0, ""),
    ID_IN(AT_QM1, "address of 3 bytes", 1, 0, "0a0200"),
    ID_IN(AT_QM1, "address of 5 bytes", 1, 0, "0a02000001"),
    ID_IN(AT_QM1, "address of 16 bytes", 1, 0, "0a020000000000000000000000000000"),
    ID_IN(AT_QM1, "subnet of 7 bytes", 4, 0, "0a020000ffff00"),
    ID_IN(AT_QM1, "subnet of 9 bytes", 4, 0, "0a020000ffff000000"),
    ID_IN(AT_QM1, "mask 255.0.255.0", 4, 0, "0a020000ff00ff00"),
    ID_IN(AT_QM1, "mask 0.0.0.255", 4, 0, "0a020000000000ff"),
    ID_IN(AT_QM1, "IPv6 subnet of 31 bytes", 6, 0,
          "20010db8000000000000000000000000ffffffff0000000000000000000000"),
    ID_IN(AT_QM1, "IPv6 subnet, mask with a hole", 6, 0,
          "20010db8000000000000000000000000ff00ffff000000000000000000000000"),
    ID_IN(AT_QM1, "range from high to low", 7, 0, "0a0200090a020001"),
    ID_IN(AT_QM1, "range of 4 bytes", 7, 0, "0a020001"),
    ID_IN(AT_QM1, "IPv6 range of 33 bytes", 8, 0,
          "20010db800000000000000000000000020010db800000000000000000000000100"),
    ID_IN(AT_QM1, "IPv6 over there, IPv4 here", 5, 0, "20010db8000000000000000000000001"),
    ID_IN(AT_QM1, "another network", 4, 0, "0a630000ffff0000"),
    ID_IN(AT_QM1, "everything", 4, 0, "0000000000000000"),
    ID_IN(AT_QM2, "QM2: address of 3 bytes", 1, 0, "0a0200"),
    ID_IN(AT_QM2, "QM2: mask with a hole", 4, 1, "0a010000ff00ff00"),
    ID_IN(AT_QM2, "QM2: another network", 4, 0, "0a630000ffff0000"),
    ID_IN(AT_QM2, "QM2: everything", 4, 1, "0000000000000000"),
};

/* ---- H-025, H-026: types of payloads ---- */

static const struct variant types_first[] = {
    { "P and T at top level", .make = make_with, .a = 2, .to = 3, .b = 12, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_TYPE },
    { "reserved, of GDOI", .make = make_with, .a = 16, .to = 19, .b = 12, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_TYPE },
    { "reserved, IKEv2's", .make = make_with, .a = 22, .to = 127, .b = 12, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_TYPE },
    { "private", .make = make_with, .a = 133, .to = 255, .b = 12, .reaction = ANSWER },
    { "private 128", .make = make_with, .a = 128, .b = 0, .reaction = ANSWER },
    { "drafts' NAT-D, NAT-OA, and fragment, too early", .make = make_with, .a = 130, .to = 132,
      .b = 12, .reaction = DROP },
};

static const struct variant types_later[] = {
    { "IKEv2's in MM3", .at = AT_MM3, .make = make_with, .a = 33, .to = 48, .b = 8,
      .reaction = HOLD, .reason = CYG_R_PAYLOAD_TYPE },
    { "IKEv2's in MM5", .at = AT_MM5, .make = make_with, .a = 33, .to = 48, .b = 8,
      .reaction = HOLD, .reason = CYG_R_KEY_DIFFERS },
    { "P in QM1", .at = AT_QM1, .make = make_with, .a = 2, .b = 8, .reaction = HOLD,
      .reason = CYG_R_DECRYPTED_NONSENSE },
    { "reserved in QM2", .at = AT_QM2, .make = make_with, .a = 100, .b = 8, .reaction = HOLD,
      .reason = CYG_R_DECRYPTED_NONSENSE },
    { "private in MM3", .at = AT_MM3, .make = make_with, .a = 200, .b = 8, .reaction = PASS },
    { "private in MM4", .at = AT_MM4, .make = make_with, .a = 200, .b = 8, .reaction = PASS },
    { "private in MM5", .at = AT_MM5, .make = make_with, .a = 140, .b = 8, .reaction = PASS },
    { "private in MM6", .at = AT_MM6, .make = make_with, .a = 140, .b = 8, .reaction = PASS },
    { "private in QM1", .at = AT_QM1, .make = make_with, .a = 255, .b = 8, .reaction = PASS },
    { "private in QM2", .at = AT_QM2, .make = make_with, .a = 255, .b = 8, .reaction = PASS },
    { "private in QM3", .at = AT_QM3, .make = make_with, .a = 255, .b = 8, .reaction = PASS },
};

static const struct variant old_natd_first[] = {
    { "in MM1", .make = make_with, .a = 15, .b = 20, .reaction = DROP,
      .reason = CYG_R_PAYLOAD_TYPE },
};

static const struct variant old_natd[] = {
    { "in MM2", .at = AT_MM2, .make = make_with, .a = 15, .b = 20, .reaction = HOLD },
    { "in MM3", .at = AT_MM3, .make = make_with, .a = 15, .b = 20, .reaction = HOLD },
    { "in MM4", .at = AT_MM4, .make = make_with, .a = 15, .b = 20, .reaction = HOLD },
    { "in MM5", .at = AT_MM5, .make = make_with, .a = 15, .b = 20, .reaction = HOLD },
    { "in QM1", .at = AT_QM1, .make = make_with, .a = 15, .b = 20, .reaction = HOLD },
};

/* ---- H-027 to H-029 ---- */

/* `b` NAT-D payloads of `a` bytes instead of those that are there. */
static void make_natd(struct draft *d, const struct variant *v)
{
    draft_remove(d, PAYLOAD_NATD);
    for (uint64_t i = 0; i < v->b; i++) {
        (void)draft_fill(d, PAYLOAD_NATD, (uint8_t)i, v->a);
    }
}

static const struct variant natd[] = {
    { "none", .at = AT_MM3, .make = make_natd, .a = 0, .b = 0, .reaction = ANSWER },
    { "one", .at = AT_MM3, .make = make_natd, .a = 32, .b = 1, .reaction = ANSWER },
    { "two of 0 bytes", .at = AT_MM3, .make = make_natd, .a = 0, .b = 2, .reaction = ANSWER },
    { "two of 15 bytes", .at = AT_MM3, .make = make_natd, .a = 15, .b = 2, .reaction = ANSWER },
    { "two of 17 bytes", .at = AT_MM3, .make = make_natd, .a = 17, .b = 2, .reaction = ANSWER },
    { "two of 21 bytes", .at = AT_MM3, .make = make_natd, .a = 21, .b = 2, .reaction = ANSWER },
    { "two of 255 bytes", .at = AT_MM3, .make = make_natd, .a = 255, .b = 2, .reaction = ANSWER },
    { "three", .at = AT_MM3, .make = make_natd, .a = 32, .b = 3, .reaction = ANSWER },
    { "17", .at = AT_MM3, .make = make_natd, .a = 32, .b = 17, .reaction = ANSWER },
    { "60", .at = AT_MM3, .make = make_natd, .a = 32, .b = 60, .reaction = ANSWER },
    { "500", .at = AT_MM3, .make = make_natd, .a = 32, .b = 500, .reaction = HOLD,
      .reason = CYG_R_PAYLOADS_TOO_MANY },
    { "in MM4: one of 255 bytes", .at = AT_MM4, .make = make_natd, .a = 255, .b = 1,
      .reaction = ANSWER },
    { "in MM4: 500", .at = AT_MM4, .make = make_natd, .a = 32, .b = 500, .reaction = HOLD,
      .reason = CYG_R_PAYLOADS_TOO_MANY },
};

/* MM1 without any vendor ID, so NAT-T is not agreed upon, and MM3 as the puppet makes it then, but
 * with NAT-D payloads all the same. */
static void play_natd_unasked(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, AT_MM1));
    REQUIRE(s, stage_read_caught(s, s->draft));
    draft_remove(s->draft, PAYLOAD_VID);
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->held = false;
    s->hold = AT_MM3;
    for (int i = 0; i < 200 && !s->held; i++) {
        s->ops->run(s->context, CYG_MSEC);
    }
    REQUIRE(s, s->held && stage_read_caught(s, s->draft));
    make_natd(s->draft, v);
    draft_encode(s->draft);
    size_t frames = s->n_frames;
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->held = false;
    s->hold = AT_NONE;
    for (int i = 0; i < 500 && !s->ops->is_up(s->context, PUPPET); i++) {
        s->ops->run(s->context, CYG_MSEC);
    }
    s->ops->run(s->context, 50 * CYG_MSEC);
    REQUIRE(s, s->ops->is_up(s->context, PUPPET));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
    for (size_t i = frames; i < s->n_frames; i++) {
        REQUIRE(s, s->frames[i].port == 500); /* nobody believed in a NAT */
    }
}

static const struct variant natd_unasked[] = {
    { "two wrong ones", .a = 32, .b = 2 },
    { "one of 1 byte", .a = 1, .b = 1 },
    { "sixteen", .a = 32, .b = 16 },
};

static void make_vids(struct draft *d, const struct variant *v)
{
    for (uint64_t i = 0; i < v->b; i++) {
        (void)draft_fill(d, PAYLOAD_VID, (uint8_t)(i + 1), v->a);
    }
}

/* XAUTH, Unity, fragmentation, NAT-T of all kinds, DPD, IKEv2's: whoever shows them all. */
static void make_all_vids(struct draft *d, const struct variant *v)
{
    static const char *const all[] = {
        "\x09\x00\x26\x89\xdf\xd6\xb7\x12",
        "\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc\x01\x00",
        "\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3\x80\x00\x00\x00",
        "\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f",
        "\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6\xa4\x48",
        "\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f",
        "\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56",
        "\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00",
    };
    static const uint8_t lens[] = { 8, 16, 20, 16, 16, 16, 16, 16 };
    for (size_t i = 0; i < CYG_LEN(all); i++) {
        size_t len = lens[i] + (size_t)v->a - (size_t)v->b; /* extended, cut */
        (void)draft_add(d, PAYLOAD_VID, (struct cyg_span){ (const uint8_t *)all[i], len });
    }
}

static const struct variant vids_first[] = {
    { "of 0 bytes", .make = make_vids, .a = 0, .b = 1, .reaction = ANSWER },
    { "of 60 KiB", .make = make_vids, .a = 60 * 1024, .b = 1, .reaction = ANSWER },
    { "60 of them", .make = make_vids, .a = 16, .b = 60, .reaction = ANSWER },
    { "every feature at once", .make = make_all_vids, .reaction = ANSWER },
    { "every feature, a byte cut off", .make = make_all_vids, .b = 1, .reaction = ANSWER },
    { "every feature, a byte more", .make = make_all_vids, .a = 1, .reaction = ANSWER },
};

static const struct variant vids_later[] = {
    { "every feature in MM2", .at = AT_MM2, .make = make_all_vids, .reaction = PASS },
    { "every feature in MM3", .at = AT_MM3, .make = make_all_vids, .reaction = PASS },
    { "every feature in MM4", .at = AT_MM4, .make = make_all_vids, .reaction = PASS },
    { "every feature in MM5", .at = AT_MM5, .make = make_all_vids, .reaction = PASS },
    { "every feature in MM6", .at = AT_MM6, .make = make_all_vids, .reaction = PASS },
    { "every feature in QM1", .at = AT_QM1, .make = make_all_vids, .reaction = PASS },
    { "40 of 200 bytes in MM4", .at = AT_MM4, .make = make_vids, .a = 200, .b = 40,
      .reaction = PASS },
};

static void make_certreq(struct draft *d, const struct variant *v)
{
    for (uint64_t i = 0; i < v->b; i++) {
        (void)draft_fill(d, PAYLOAD_CR, 4, v->a);
    }
}

static const struct variant certreq_first[] = {
    { "in MM1, of 0 bytes", .make = make_certreq, .a = 0, .b = 1, .reaction = ANSWER },
    { "in MM1, of 1 byte", .make = make_certreq, .a = 1, .b = 1, .reaction = ANSWER },
    { "in MM1, of 60 KiB", .make = make_certreq, .a = 60 * 1024, .b = 1, .reaction = ANSWER },
    { "in MM1, 500", .make = make_certreq, .a = 20, .b = 500, .reaction = DROP,
      .reason = CYG_R_PAYLOADS_TOO_MANY },
};

static const struct variant certreq[] = {
    { "in MM2, of 0 bytes", .at = AT_MM2, .make = make_certreq, .a = 0, .b = 1, .reaction = PASS },
    { "in MM3, of 1 byte", .at = AT_MM3, .make = make_certreq, .a = 1, .b = 1, .reaction = PASS },
    { "in MM3, 30, no DER", .at = AT_MM3, .make = make_certreq, .a = 40, .b = 30,
      .reaction = PASS },
    { "in MM4, of 30 KiB", .at = AT_MM4, .make = make_certreq, .a = 30 * 1024, .b = 1,
      .reaction = PASS },
    { "in MM5, of 0 bytes", .at = AT_MM5, .make = make_certreq, .a = 0, .b = 2, .reaction = PASS },
    { "in MM6, of 1 byte", .at = AT_MM6, .make = make_certreq, .a = 1, .b = 2, .reaction = PASS },
};

/* ---- H-031, H-032 ---- */

static const struct variant unexpected[] = {
    { "KE in MM5", .at = AT_MM5, .make = make_with, .a = PAYLOAD_KE, .b = 256, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "nonce in MM6", .at = AT_MM6, .make = make_with, .a = PAYLOAD_NONCE, .b = 32,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "KE in MM2", .at = AT_MM2, .make = make_with, .a = PAYLOAD_KE, .b = 256, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "SA in MM3", .at = AT_MM3, .make = make_with, .a = PAYLOAD_SA, .b = 40, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "HASH in MM4", .at = AT_MM4, .make = make_with, .a = PAYLOAD_HASH, .b = 32,
      .reaction = HOLD, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "ATTR in MM3", .at = AT_MM3, .make = make_with, .a = PAYLOAD_ATTR, .b = 12, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "D in MM5", .at = AT_MM5, .make = make_with, .a = PAYLOAD_D, .b = 24, .reaction = HOLD,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "D in QM1", .at = AT_QM1, .make = make_with, .a = PAYLOAD_D, .b = 12, .reaction = FAIL,
      .notify = 1, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "D in QM2", .at = AT_QM2, .make = make_with, .a = PAYLOAD_D, .b = 12, .reaction = FAIL,
      .notify = 1, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "SIG in QM1", .at = AT_QM1, .make = make_with, .a = PAYLOAD_SIG, .b = 128, .reaction = FAIL,
      .notify = 1, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "ATTR in QM1", .at = AT_QM1, .make = make_with, .a = PAYLOAD_ATTR, .b = 12, .reaction = FAIL,
      .notify = 1, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "SA in an Informational", .at = AT_INFO, .make = make_with, .a = PAYLOAD_SA, .b = 40,
      .reaction = DROP, .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
};

static const struct variant unexpected_first[] = {
    { "KE in MM1", .make = make_with, .a = PAYLOAD_KE, .b = 256, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "D in MM1", .make = make_with, .a = PAYLOAD_D, .b = 24, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "ID in MM1", .make = make_with, .a = PAYLOAD_ID, .b = 8, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
    { "HASH in MM1", .make = make_with, .a = PAYLOAD_HASH, .b = 32, .reaction = DROP,
      .reason = CYG_R_STEP_PAYLOAD_UNEXPECTED },
};

/* Notifies (b of them), and where a is 1 a Delete of the IKE SA in their midst. */
static void make_mixture(struct draft *d, const struct variant *v)
{
    for (uint64_t i = 0; i < v->b; i++) {
        if (v->a == 1 && i == v->b / 2) {
            draft_delete(d, DOI_IPSEC, PROTOCOL_ISAKMP, 16, 1, draft_cookies(d));
        }
        draft_notify(d, PROTOCOL_ISAKMP, (uint16_t)(40000 + i), draft_cookies(d),
                     (struct cyg_span){ NULL, 0 });
    }
}

static const struct variant mixtures[] = {
    { "HASH and nothing", .at = AT_INFO, .reaction = DROP },
    { "HASH and 62 notifies", .at = AT_INFO, .make = make_mixture, .b = 62, .reaction = DROP,
      .reason = CYG_R_NOTIFY_IGNORED },
    { "HASH and 64 notifies", .at = AT_INFO, .make = make_mixture, .b = 64, .reaction = DROP,
      .reason = CYG_R_DECRYPTED_NONSENSE },
    { "notify, Delete of the IKE SA, notify", .at = AT_INFO, .make = make_mixture, .a = 1, .b = 2,
      .reaction = GONE, .reason = CYG_R_PEER_DELETED_IKE },
    { "20 notifies, Delete, 20 notifies", .at = AT_INFO, .make = make_mixture, .a = 1, .b = 40,
      .reaction = GONE, .reason = CYG_R_PEER_DELETED_IKE },
};

static const struct row rows[] = {
    { "H-018", "a first message without SA in front", "RFC 2409 5: SA stands first",
      SCENE_STRANGER, VARIANTS(first_without) },
    { "H-018b", "keys missing or twice in MM2 to MM4",
      "whatever a handler uses the step's row requires; the genuine message may still come",
      SCENE_PATH, VARIANTS(keys_without) },
    { .id = "H-019", .what = "AM1, AM2 without what they need", .not_built = "aggressive mode" },
    { "H-020", "a refused first message, and again with a responder's cookie",
      "after a refusal there is no SA, and the cookie in it is zero", SCENE_PLAY,
      VARIANTS(after_refusal), .play = play_after_refusal },
    { "H-021", "MM5 and MM6 with the wrong proofs",
      "who decrypts to a whole message holds the keys: refused aloud; else the genuine one may come",
      SCENE_PEER, VARIANTS(proofs) },
    { "H-022", "quick mode with payloads in the wrong order or number",
      "without a right HASH nothing else is looked at; with one the peer is told", SCENE_PEER,
      VARIANTS(quick) },
    { "H-023", "quick mode IDs that are no addresses", "no conversion, no DNS", SCENE_PEER,
      VARIANTS(id_types) },
    { "H-024", "quick mode IDs of wrong length, masks with holes, mixed families",
      "a flow is made of whole addresses of one family", SCENE_PEER, VARIANTS(id_lengths) },
    { "H-025", "payload types of others in a first message",
      "reserved types refuse, private ones are passed over", SCENE_STRANGER,
      VARIANTS(types_first) },
    { "H-025b", "payload types of others later", "the same under encryption", SCENE_PEER,
      VARIANTS(types_later) },
    { "H-026", "payload type 15 in a first message", "NAT-D of a draft that nobody agreed upon",
      SCENE_STRANGER, VARIANTS(old_natd_first) },
    { "H-026b", "payload type 15 later", "NAT-D of a draft that nobody agreed upon", SCENE_PEER,
      VARIANTS(old_natd) },
    { "H-027", "NAT-D payloads in other numbers and sizes",
      "of another size is a mismatch; 16 are looked at", SCENE_PATH, VARIANTS(natd) },
    { "H-027b", "NAT-D payloads though NAT-T is not agreed upon", "passed over", SCENE_PLAY,
      VARIANTS(natd_unasked), .play = play_natd_unasked },
    { "H-028", "vendor IDs in a first message", "unknown ones are passed over, never echoed",
      SCENE_STRANGER, VARIANTS(vids_first) },
    { "H-028b", "vendor IDs later", "features are learnt from MM1 to MM4 only", SCENE_PEER,
      VARIANTS(vids_later) },
    { "H-029", "certificate requests in a first message", "passed over", SCENE_STRANGER,
      VARIANTS(certreq_first) },
    { "H-029b", "certificate requests later", "passed over", SCENE_PEER, VARIANTS(certreq) },
    { .id = "H-030", .what = "certificates of all kinds and numbers", .not_built = "certificates" },
    { "H-031", "payloads that do not belong into a first message", "the step's row allows them or not",
      SCENE_STRANGER, VARIANTS(unexpected_first) },
    { "H-031b", "payloads that do not belong into later ones", "the step's row allows them or not",
      SCENE_PEER, VARIANTS(unexpected) },
    { "H-032", "informational messages with nothing, or with very much",
      "taken in order until the SA is gone; what follows sees none", SCENE_PEER,
      VARIANTS(mixtures) },
};

/* clang-format on */

const struct group hostile_group_b = { "B", "order, number and kind of payloads", rows,
                                       CYG_LEN(rows) };
