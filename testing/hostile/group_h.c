/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group H: exhaustion and amplification, as far as one engine in virtual time shows it; floods
 * against a live daemon are another runner's. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

/* ---- H-098 ---- */

/* A first message, `a` times over `b` s, and then silence. */
static void play_first_and_silence(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    uint64_t sent, received;
    stage_first_message(s->draft);
    draft_encode(s->draft);
    for (uint64_t i = 0; i < v->a; i++) {
        stage_send_stranger(s, 0, (struct cyg_span){ s->draft->out, s->draft->out_len });
        s->ops->run(s->context, v->b * CYG_SEC / v->a);
    }
    s->ops->run(s->context, CYG_SEC);
    s->ops->traffic(s->context, 0, &sent, &received);
    REQUIRE(s, sent > 0 && sent <= 3 * received);
    REQUIRE(s, stage_answers(s, 0, 0) <= 6);
    unsigned answers = stage_answers(s, 0, 0);
    s->ops->run(s->context, 31 * CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.half_open == 0 && f.exchanges == 0 && f.ike_sas == 0);
    REQUIRE(s, stage_answers(s, 0, 0) == answers); /* nothing is repeated by timer */
}

/* A handshake up to our message before `at`, and then silence. */
static void play_silence(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    REQUIRE(s, stage_catch(s, v->at));
    s->mute = true;
    size_t frames = s->n_frames;
    s->ops->run(s->context, 32 * CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.half_open == 0 && f.exchanges == 0 && f.ike_sas == 0);
    REQUIRE(s, stage_answers(s, frames, -1) == 0);
}

static const struct variant first_and_silence[] = {
    { "once", .a = 1, .b = 1, .reason = CYG_R_HALF_OPEN_TIMEOUT },
    { "20 times at once", .a = 20, .b = 0 },
    { "20 times in 20 seconds", .a = 20, .b = 20 },
};

static const struct variant silences[] = {
    { "behind MM2", .at = AT_MM3, .reason = CYG_R_HALF_OPEN_TIMEOUT },
    { "behind MM4", .at = AT_MM5, .reason = CYG_R_HALF_OPEN_TIMEOUT },
};

/* ---- H-100 ---- */

/* MM3s of a watcher, `a` of them, all different, right behind the genuine one. */
static void play_key_flood(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    REQUIRE(s, stage_catch(s, AT_MM3));
    REQUIRE(s, stage_read_caught(s, s->draft));
    struct stage_before b = stage_look(s);
    stage_release(s);
    for (uint64_t i = 0; i < v->a; i++) {
        memcpy(draft_find(s->draft, PAYLOAD_NONCE, 0)->body, &i, sizeof(i));
        draft_encode(s->draft);
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    }
    s->ops->run(s->context, CYG_MSEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.memory <= b.facts.memory + 64 * 1024); /* few wait, none is kept for long */
    s->ops->run(s->context, 2 * CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, (s->ops->can & NEED_INSIDE) == 0 || f.dh_jobs == b.facts.dh_jobs + 1);
    REQUIRE(s, s->ops->is_up(s->context, PUPPET));
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant key_flood[] = { { .name = "2000 of them", .a = 2000 } };

/* ---- H-101 ---- */

static void offer_quick_mode(struct stage *s, uint64_t number)
{
    static const uint8_t ids[2][12] = { { 4, 0, 0, 0, 10, 1, 0, 0, 255, 255, 0, 0 },
                                        { 4, 0, 0, 0, 10, 2, 0, 0, 255, 255, 0, 0 } };
    char sa[80];
    (void)snprintf(sa, sizeof(sa), "P1/3/%08x T1/12 6=128 5=5 4=1 1=1 2=3600",
                   0x40000000u + (unsigned)number);
    draft_sa(s->draft, sa);
    (void)draft_fill(s->draft, PAYLOAD_NONCE, (uint8_t)number, 32);
    (void)draft_add(s->draft, PAYLOAD_ID, cyg_span_of_array(ids[0]));
    (void)draft_add(s->draft, PAYLOAD_ID, cyg_span_of_array(ids[1]));
}

/* The peer begins `a` quick modes and ends none. */
static void play_quick_flood(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    REQUIRE(s, stage_up(s, PUPPET));
    for (uint64_t i = 0; i < v->a; i++) {
        REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_QUICK));
        offer_quick_mode(s, i);
        draft_encode(s->draft);
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    }
    s->ops->run(s->context, 500 * CYG_MSEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.exchanges > 0 && f.exchanges <= 16);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
    s->ops->run(s->context, 300 * CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.exchanges == 0 && f.children == 1);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant quick_flood[] = {
    { "16 of them", .a = 16 },
    { "1000 of them", .a = 1000, .reason = CYG_R_EXCHANGES_TOO_MANY },
};

static const struct row rows[] = {
    { .id = "H-097", .what = "floods of first messages",
      .elsewhere = "testing/simulation/hostile_sim.c" },
    { "H-098", "a first message, and silence", "freed after 30 s; three bytes for one at most",
      SCENE_PLAY, .needs = NEED_TIME, VARIANTS(first_and_silence), .play = play_first_and_silence },
    { "H-098b", "half a handshake, and silence", "freed after 30 s; we repeat nothing before MM5",
      SCENE_PLAY, .needs = NEED_TIME, VARIANTS(silences), .play = play_silence },
    { .id = "H-099", .what = "floods of AM1", .not_built = "aggressive mode" },
    { "H-100", "a flood of MM3 for a handshake that is under way",
      "the first wins; the rest is absorbed", SCENE_PLAY, VARIANTS(key_flood),
      .play = play_key_flood },
    { "H-101", "a peer that begins quick modes and ends none",
      "16 at once; what runs is never pushed out, and the SA that is up carries traffic",
      SCENE_PLAY, .needs = NEED_TIME, VARIANTS(quick_flood), .play = play_quick_flood },
    { .id = "H-102", .what = "cookies and SPIs chosen to collide",
      .elsewhere = "testing/unit/engine/siphash_test.c" },
    { .id = "H-103", .what = "very many IKE SAs without child",
      .elsewhere = "testing/simulation/unique_sim.c" },
    { .id = "H-104", .what = "floods of what is logged",
      .elsewhere = "testing/unit/libcore/log_test.c" },
    { .id = "H-105", .what = "floods of acquires", .not_built = "start_action = trap" },
    { .id = "H-106", .what = "each allocation fails",
      .elsewhere = "testing/simulation/trouble_sim.c" },
    { .id = "H-107", .what = "very many handshakes, complete and failed",
      .elsewhere = "testing/simulation/life_sim.c" },
    { .id = "H-108", .what = "lifetimes of a second",
      .elsewhere = "testing/simulation/life_sim.c" },
};

/* clang-format on */

const struct group hostile_group_h = { "H", "exhaustion and amplification", rows, CYG_LEN(rows) };
