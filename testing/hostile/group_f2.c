/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group F: DPD, odd notifies, lifetimes. */
#include "hostile/spoil.h"

#include "engine/ike_sa.h"

#include <string.h>

/* clang-format off */

#define NOTHING ((struct cyg_span){ NULL, 0 })

/* ---- H-083 to H-087 ---- */

/* R-U-THERE (a) with data of b bytes; text: another SPI. */
static void make_dpd(struct draft *d, const struct variant *v)
{
    uint8_t *data = draft_take(d, v->b);
    struct cyg_span spi = v->text == NULL ? draft_cookies(d) : cyg_span_str(v->text);
    draft_notify(d, PROTOCOL_ISAKMP, (uint16_t)v->a, spi, (struct cyg_span){ data, v->b });
}

static const struct variant dpd[] = {
    { "data of 0 bytes", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 0, .reaction = DROP },
    { "data of 3 bytes", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 3, .reaction = DROP },
    { "data of 5 bytes", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 5, .reaction = DROP },
    { "data of 400 bytes", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 400,
      .reaction = DROP },
    { "SPI of 0 bytes", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 4, .text = "",
      .reaction = DROP },
    { "SPI of 4 bytes", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 4, .text = "spi4",
      .reaction = DROP },
    { "SPI that is not the cookies", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 4,
      .text = "not the cookies!", .reaction = DROP },
    { "as it should be", .at = AT_INFO, .make = make_dpd, .a = 36136, .b = 4, .reaction = ANSWER },
};

static struct ike_sa *victims_sa(struct stage *s)
{
    return TABLE_OWNER(struct ike_sa, by_cookie, s->ops->engine(s->context, VICTIM)->sas);
}

/* Numbers of R-U-THERE, one a second: all are acknowledged, only higher ones are a sign of life. */
static void play_dpd_numbers(struct stage *s, const struct variant *v)
{
    static const struct {
        uint32_t number;
        bool alive;
    } steps[] = { { 7, true },          { 7, false },          { 6, false },
                  { 8, true },          { 0xffffffff, false }, { 0x7fffffff, true },
                  { 0xfffffffe, true }, { 0, true },           { 0xffffffff, false } };
    (void)v;
    REQUIRE(s, stage_up(s, PUPPET));
    for (size_t i = 0; i < CYG_LEN(steps); i++) {
        s->ops->run(s->context, 2 * CYG_SEC);
        cyg_usec heard = victims_sa(s)->heard;
        uint32_t n = steps[i].number;
        const uint8_t data[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                                  (uint8_t)n };
        size_t frames = s->n_frames;
        REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
        draft_notify(s->draft, PROTOCOL_ISAKMP, 36136, draft_cookies(s->draft),
                     cyg_span_of_array(data));
        draft_encode(s->draft);
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
        s->ops->run(s->context, 100 * CYG_MSEC);
        REQUIRE(s, stage_answers(s, frames, -1) == 1);
        stage_tell(s, "number %u", n);
        REQUIRE(s, (victims_sa(s)->heard != heard) == steps[i].alive);
    }
}

static const struct variant dpd_numbers[] = { { .name = "repeated, lower, higher, over the top" } };

/* A notify that says nothing about life, or too much: neither liveness nor lifetime moves. */
static void play_no_effect(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_up(s, PUPPET));
    s->ops->run(s->context, 2 * CYG_SEC);
    cyg_usec heard = victims_sa(s)->heard, expires = victims_sa(s)->expires;
    REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
    v->make(s->draft, v);
    draft_encode(s->draft);
    size_t frames = s->n_frames;
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 100 * CYG_MSEC);
    REQUIRE(s, victims_sa(s)->heard == heard && victims_sa(s)->expires == expires);
    REQUIRE(s, stage_answers(s, frames, -1) == 0);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant dpd_acks[] = {
    { "never asked for", .make = make_dpd, .a = 36137, .b = 4 },
    { "of 0 bytes", .make = make_dpd, .a = 36137, .b = 0 },
    { "with another SPI", .make = make_dpd, .a = 36137, .b = 4, .text = "not the cookies!" },
};

static void play_dpd_flood(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_up(s, PUPPET));
    size_t frames = s->n_frames;
    uint64_t answers = 0;
    for (uint64_t i = 0; i < v->a; i++) {
        const uint8_t data[4] = { 0, 1, (uint8_t)(i >> 8), (uint8_t)i };
        REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
        draft_notify(s->draft, PROTOCOL_ISAKMP, 36136, draft_cookies(s->draft),
                     cyg_span_of_array(data));
        draft_encode(s->draft);
        stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
        s->ops->run(s->context, CYG_SEC / v->a);
        answers += stage_answers(s, frames, -1);
        s->n_frames = frames; /* there is room for 512 */
        s->pool_used = frames == 0 ? 0 : s->pool_used;
    }
    REQUIRE(s, answers >= 10 && answers <= 20); /* 10 in each second that it touches */
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant dpd_flood[] = { { "1000 in a second", .a = 1000 } };

/* A notify of type a with an SPI size that claims b bytes more than there are; and its text. */
static void make_odd_notify(struct draft *d, const struct variant *v)
{
    draft_notify(d, PROTOCOL_ISAKMP, (uint16_t)v->a, NOTHING,
                 v->text == NULL ? NOTHING : cyg_span_str(v->text));
    draft_find(d, PAYLOAD_N, 0)->body[5] = (uint8_t)v->b;
}

#define ODD(name_, type_, claim_, text_, reason_) \
    { name_, .at = AT_INFO, .make = make_odd_notify, .a = type_, .b = claim_, .text = text_, \
      .reaction = DROP, .reason = reason_ }

static const struct variant odd_notifies[] = {
    ODD("SPI longer than the payload", 14, 4, NULL, CYG_R_NOTIFY_SHORT),
    ODD("SPI of 255 bytes", 36136, 255, NULL, CYG_R_NOTIFY_SHORT),
    ODD("type 0", 0, 0, NULL, CYG_R_NOTIFY_IGNORED),
    ODD("type 65535", 65535, 0, NULL, CYG_R_NOTIFY_IGNORED),
    { "Cisco's", .at = AT_INFO, .make = make_odd_notify, .a = 40500, .to = 40510,
      .reaction = DROP, .reason = CYG_R_NOTIFY_IGNORED },
    ODD("text with escapes", 16, 0, "\033[2J\n%n%s\r\nfaked: line\xff", 0),
    ODD("a status with text", 40501, 0, "\033]0;x\007\n192.0.2.99", CYG_R_NOTIFY_IGNORED),
};

static void make_lifetime(struct draft *d, const struct variant *v)
{
    uint8_t data[] = { 0x80, 11, 0, 1, 0, 12, 0, 4, (uint8_t)(v->a >> 24), (uint8_t)(v->a >> 16),
                       (uint8_t)(v->a >> 8), (uint8_t)v->a };
    struct cyg_span spi = v->text == NULL ? draft_cookies(d) : cyg_span_str(v->text);
    draft_notify(d, PROTOCOL_ISAKMP, 24576, spi,
                 (struct cyg_span){ data, sizeof(data) - (size_t)v->b });
}

static const struct variant lifetimes_ignored[] = {
    { "longer", .make = make_lifetime, .a = 0x7fffffff },
    { "0 seconds", .make = make_lifetime, .a = 0 },
    { "1 second", .make = make_lifetime, .a = 1 },
    { "59 seconds", .make = make_lifetime, .a = 59 },
    { "cut", .make = make_lifetime, .a = 600, .b = 2 },
    { "without data", .make = make_lifetime, .a = 600, .b = 12 },
    { "for another SPI", .make = make_lifetime, .a = 600, .text = "not the cookies!" },
    { "load balance of a vendor", .make = make_odd_notify, .a = 40501, .text = "\300\0\2\143" },
};

static void play_shorter(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_up(s, PUPPET));
    REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
    make_lifetime(s->draft, v);
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->ops->run(s->context, 100 * CYG_MSEC);
    REQUIRE(s, victims_sa(s)->expires <= s->ops->now(s->context) + v->a * CYG_SEC);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant lifetimes_obeyed[] = {
    { "60 seconds", .a = 60 }, { "600 seconds", .a = 600 },
};

static const struct row rows[] = {
    { "H-083", "R-U-THERE of wrong sizes", "ignored; the right one is acknowledged", SCENE_PEER,
      VARIANTS(dpd) },
    { "H-083b", "numbers of R-U-THERE", "acknowledged; only a higher one is a sign of life",
      SCENE_PLAY, .needs = NEED_INSIDE, VARIANTS(dpd_numbers), .play = play_dpd_numbers },
    { "H-084", "R-U-THERE-ACK that nobody asked for", "no sign of life", SCENE_PLAY,
      .needs = NEED_INSIDE, VARIANTS(dpd_acks), .play = play_no_effect },
    { "H-085", "very many R-U-THERE", "10 a second are acknowledged", SCENE_PLAY,
      .needs = NEED_TIME, VARIANTS(dpd_flood), .play = play_dpd_flood },
    { "H-086", "notifies of odd sizes, types, texts", "ignored; shown escaped", SCENE_PEER,
      VARIANTS(odd_notifies) },
    { "H-087", "RESPONDER-LIFETIME and others that change nothing",
      "only a shorter one of at least 60 s is obeyed", SCENE_PLAY, .needs = NEED_INSIDE,
      VARIANTS(lifetimes_ignored), .play = play_no_effect },
    { "H-087b", "RESPONDER-LIFETIME that is shorter", "obeyed", SCENE_PLAY, .needs = NEED_INSIDE,
      VARIANTS(lifetimes_obeyed), .play = play_shorter },
};

/* clang-format on */

const struct group hostile_group_f2 = { "F", "informational: DPD, lifetimes", rows, CYG_LEN(rows) };
