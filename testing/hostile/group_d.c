/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group D: Diffie-Hellman values and nonces. The toy groups of the simulation refuse what is no
 * element as real ones do; the real ones are tested in testing/unit/crypto_gnutls/group_test.c. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

/* The public value is all of this byte; b = 1: but for the last one, which is 1. */
static void make_public(struct draft *d, const struct variant *v)
{
    struct part *ke = draft_find(d, PAYLOAD_KE, 0);
    memset(ke->body, (int)v->a, ke->len);
    if (v->b == 1) {
        ke->body[ke->len - 1] = 1;
    }
}

static const struct variant publics[] = {
    { "MM3: 0", .at = AT_MM3, .make = make_public, .a = 0, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "MM3: 1", .at = AT_MM3, .make = make_public, .a = 0, .b = 1, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "MM3: all bits", .at = AT_MM3, .make = make_public, .a = 0xff, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
    /* 0x4343...: no quadratic residue of modp2048 either (H-055) */
    { "MM3: no element", .at = AT_MM3, .make = make_public, .a = 0x43, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "MM4: 0", .at = AT_MM4, .make = make_public, .a = 0, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "MM4: 1", .at = AT_MM4, .make = make_public, .a = 0, .b = 1, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "MM4: all bits", .at = AT_MM4, .make = make_public, .a = 0xff, .reaction = HOLD, .dh = 1,
      .reason = CYG_R_DH_PUBLIC_BAD },
};

static const struct variant publics_pfs[] = {
    { "QM1: 0", .at = AT_QM1, .make = make_public, .a = 0, .reaction = FAIL, .notify = 17,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "QM1: 1", .at = AT_QM1, .make = make_public, .a = 0, .b = 1, .reaction = FAIL, .notify = 17,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "QM1: all bits", .at = AT_QM1, .make = make_public, .a = 0xff, .reaction = FAIL, .notify = 17,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "QM2: 0", .at = AT_QM2, .make = make_public, .a = 0, .reaction = FAIL, .notify = 17,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "QM2: all bits", .at = AT_QM2, .make = make_public, .a = 0xff, .reaction = FAIL, .notify = 17,
      .reason = CYG_R_DH_PUBLIC_BAD },
    { "QM1: one byte short", .at = AT_QM1, .make = make_resized, .a = PAYLOAD_KE, .b = 255,
      .reaction = FAIL, .notify = 17, .reason = CYG_R_DH_PUBLIC_SIZE },
    { "QM1: 0 bytes", .at = AT_QM1, .make = make_resized, .a = PAYLOAD_KE, .b = 0,
      .reaction = FAIL, .notify = 17 },
    { "QM1: 30 KiB", .at = AT_QM1, .make = make_resized, .a = PAYLOAD_KE, .b = 30 * 1024,
      .reaction = FAIL, .notify = 17, .reason = CYG_R_DH_PUBLIC_SIZE },
    { "QM2: one byte long", .at = AT_QM2, .make = make_resized, .a = PAYLOAD_KE, .b = 257,
      .reaction = FAIL, .notify = 17, .reason = CYG_R_DH_PUBLIC_SIZE },
};

#define KE_OF(at_, name_, bytes_)                                                            \
    { name_, .at = at_, .make = make_resized, .a = PAYLOAD_KE, .b = bytes_, .reaction = HOLD, \
      .reason = CYG_R_DH_PUBLIC_SIZE }

static const struct variant sizes[] = {
    KE_OF(AT_MM3, "MM3: 0 bytes", 0),       KE_OF(AT_MM3, "MM3: 1 byte", 1),
    KE_OF(AT_MM3, "MM3: 255 bytes", 255),   KE_OF(AT_MM3, "MM3: 257 bytes", 257),
    KE_OF(AT_MM3, "MM3: 60 KiB", 60000),    KE_OF(AT_MM4, "MM4: 0 bytes", 0),
    KE_OF(AT_MM4, "MM4: 1 byte", 1),        KE_OF(AT_MM4, "MM4: 255 bytes", 255),
    KE_OF(AT_MM4, "MM4: 257 bytes", 257),   KE_OF(AT_MM4, "MM4: 60 KiB", 60000),
};

/* ---- H-058 ---- */

/* The payload of type a of the victim's MM3, back at it in MM4. */
static void play_reflected(struct stage *s, const struct variant *v)
{
    struct message m;
    REQUIRE(s, stage_catch(s, AT_MM4));
    REQUIRE(s, stage_read_caught(s, s->draft));
    bool found = false;
    for (size_t i = 0; i < s->n_frames; i++) {
        if (s->frames[i].from_victim && message_decode(s->frames[i].bytes, &m, NULL) == CYG_OK
            && m.count[PK_KE] == 1) {
            draft_body(s->draft, (uint8_t)v->a,
                       message_body(&m, v->a == PAYLOAD_KE ? PK_KE : PK_NONCE));
            found = true;
        }
    }
    REQUIRE(s, found);
    struct stage_before b = stage_look(s);
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 100 * CYG_MSEC);
    check_unchanged(s, &b);
    check_jobs(s, &b);
    stage_release(s);
    s->ops->run(s->context, CYG_SEC);
    REQUIRE(s, s->ops->is_up(s->context, VICTIM));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant reflected[] = {
    { "our KE", .a = PAYLOAD_KE, .reason = CYG_R_REFLECTED },
    { "our nonce", .a = PAYLOAD_NONCE, .reason = CYG_R_REFLECTED },
};

/* ---- H-059 ---- */

/* Another MM3, `a` times, so long (b, in us) behind the genuine one: the first has won. */
static void play_second_key(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, AT_MM3));
    REQUIRE(s, stage_read_caught(s, s->draft));
    draft_find(s->draft, PAYLOAD_NONCE, 0)->body[3] ^= 1;
    draft_encode(s->draft);
    struct stage_before b = stage_look(s);
    stage_release(s);
    s->ops->run(s->context, v->b);
    for (uint64_t i = 0; i < v->a; i++) {
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    }
    s->ops->run(s->context, 2 * CYG_SEC);
    struct stage_facts f;
    s->ops->facts(s->context, &f);
    REQUIRE(s, s->ops->is_up(s->context, PUPPET));
    REQUIRE(s, (s->ops->can & NEED_INSIDE) == 0 || f.dh_jobs == b.facts.dh_jobs + 1);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

/* The same MM3 again, `a` times, at once and later: the answer is repeated now and then. */
static void play_same_key(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, AT_MM3));
    s->mute = true; /* the puppet never gets MM4: MM3 is all there is */
    struct stage_before b = stage_look(s);
    for (uint64_t i = 0; i < v->a; i++) {
        s->ops->send_puppet(s->context, s->caught.port, s->caught.bytes);
        s->ops->run(s->context, v->b);
    }
    s->ops->run(s->context, 100 * CYG_MSEC);
    struct stage_facts f;
    s->ops->facts(s->context, &f);
    REQUIRE(s, (s->ops->can & NEED_INSIDE) == 0 || f.dh_jobs == b.facts.dh_jobs + 1);
    REQUIRE(s, stage_answers(s, b.frames, -1) >= 1);
    REQUIRE(s, stage_answers(s, b.frames, -1) <= 6);
}

static const struct variant second_key[] = {
    { "while the first is computed", .a = 1, .b = 0 },
    { "100 of them while the first is computed", .a = 100, .b = 0 },
    { "when MM4 has been sent", .a = 1, .b = 20 * CYG_MSEC },
    { "100 of them when MM4 has been sent", .a = 100, .b = 20 * CYG_MSEC },
};

static const struct variant same_key[] = {
    { "20 times at once", .a = 20, .b = 0 },
    { "20 times, one a second", .a = 20, .b = CYG_SEC },
    { "1000 times in a second", .a = 1000, .b = CYG_MSEC },
};

/* ---- H-060 ---- */

#define NONCE_OF(at_, name_, bytes_)                                                            \
    { name_, .at = at_, .make = make_resized, .a = PAYLOAD_NONCE, .b = bytes_, .reaction = HOLD, \
      .reason = CYG_R_NONCE_SIZE }
#define NONCE_GOOD(at_, name_, bytes_) \
    { name_, .at = at_, .make = make_resized, .a = PAYLOAD_NONCE, .b = bytes_, .reaction = ANSWER, \
      .dh = 1 }

static const struct variant nonces[] = {
    NONCE_OF(AT_MM3, "MM3: 0 bytes", 0),     NONCE_OF(AT_MM3, "MM3: 7 bytes", 7),
    NONCE_OF(AT_MM3, "MM3: 257 bytes", 257), NONCE_OF(AT_MM3, "MM3: 2000 bytes", 2000),
    NONCE_OF(AT_MM3, "MM3: 65000 bytes", 65000),
    NONCE_GOOD(AT_MM3, "MM3: 8 bytes", 8),   NONCE_GOOD(AT_MM3, "MM3: 256 bytes", 256),
    NONCE_OF(AT_MM4, "MM4: 0 bytes", 0),     NONCE_OF(AT_MM4, "MM4: 7 bytes", 7),
    NONCE_OF(AT_MM4, "MM4: 257 bytes", 257), NONCE_OF(AT_MM4, "MM4: 65000 bytes", 65000),
    NONCE_GOOD(AT_MM4, "MM4: 8 bytes", 8),   NONCE_GOOD(AT_MM4, "MM4: 256 bytes", 256),
};

static void make_zero_nonce(struct draft *d, const struct variant *v)
{
    struct part *p = draft_find(d, PAYLOAD_NONCE, 0);
    memset(p->body, (int)v->a, p->len);
}

#define QUICK_NONCE(name_, at_, bytes_)                                                         \
    { name_, .at = at_, .make = make_resized, .a = PAYLOAD_NONCE, .b = bytes_, .reaction = FAIL, \
      .notify = 16, .reason = CYG_R_NONCE_SIZE }

static const struct variant nonces_quick[] = {
    QUICK_NONCE("QM1: 0 bytes", AT_QM1, 0),     QUICK_NONCE("QM1: 7 bytes", AT_QM1, 7),
    QUICK_NONCE("QM1: 257 bytes", AT_QM1, 257), QUICK_NONCE("QM1: 2000 bytes", AT_QM1, 2000),
    QUICK_NONCE("QM2: 7 bytes", AT_QM2, 7),     QUICK_NONCE("QM2: 257 bytes", AT_QM2, 257),
    NONCE_GOOD(AT_QM1, "QM1: 8 bytes", 8),      NONCE_GOOD(AT_QM1, "QM1: 256 bytes", 256),
    NONCE_GOOD(AT_QM2, "QM2: 8 bytes", 8),      NONCE_GOOD(AT_QM2, "QM2: 256 bytes", 256),
    { "QM1: all zero", .at = AT_QM1, .make = make_zero_nonce, .reaction = ANSWER },
    { "MM3: all zero", .at = AT_MM3, .make = make_zero_nonce, .reaction = ANSWER, .dh = 1 },
};

static const struct row rows[] = {
    { "H-053", "public values that are no elements", "refused; the genuine message may still come",
      SCENE_PATH, VARIANTS(publics) },
    { "H-053b", "the same in quick mode, and of wrong length", "the peer holds the keys: it is told",
      SCENE_PEER, .pfs = true, VARIANTS(publics_pfs) },
    { "H-054", "public values of wrong length", "refused before anything is computed", SCENE_PATH,
      VARIANTS(sizes) },
    { .id = "H-055", .what = "groups with subgroups (also H-041)",
      .elsewhere = "testing/unit/crypto_gnutls/group_test.c" },
    { .id = "H-056", .what = "points that are not on the curve",
      .elsewhere = "testing/unit/crypto_gnutls/group_test.c" },
    { .id = "H-057", .what = "shared secrets that begin with zeros",
      .elsewhere = "testing/unit/crypto_gnutls/group_test.c" },
    { "H-058", "our own KE or nonce, sent back", "an identical value proves nothing", SCENE_PLAY,
      .needs = NEED_ORDERS,
      VARIANTS(reflected), .play = play_reflected },
    { "H-059", "a second MM3 that differs", "the first has won; no second Diffie-Hellman",
      SCENE_PLAY, VARIANTS(second_key), .play = play_second_key },
    { "H-059b", "the same MM3 again and again", "MM4 again, at most once a second and 5 times",
      SCENE_PLAY, .needs = NEED_TIME, VARIANTS(same_key), .play = play_same_key },
    { "H-060", "nonces of other lengths", "8 to 256 bytes", SCENE_PATH, VARIANTS(nonces) },
    { "H-060b", "nonces of quick mode, and of zeros", "our own nonce is what is fresh", SCENE_PEER,
      VARIANTS(nonces_quick) },
    { .id = "H-061", .what = "the random source fails",
      .elsewhere = "testing/simulation/trouble_sim.c" },
    { .id = "H-062", .what = "results of jobs whose SA has gone",
      .elsewhere = "testing/simulation/trouble_sim.c" },
};

/* clang-format on */

const struct group hostile_group_d = { "D", "Diffie-Hellman values and nonces", rows,
                                       CYG_LEN(rows) };
