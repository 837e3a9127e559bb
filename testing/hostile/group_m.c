/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group M: NAT traversal. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

/* ---- H-151 ---- */

/* What the puppet has sent (v->a: the newest quick mode or what it sends now), from a stranger's
 * address and on port 4500: right cookies, another path. The victim stays with the old one. */
static void play_other_path(struct stage *s, const struct variant *v)
{
    static uint8_t marked[4096];
    const struct stage_frame *newest = NULL;
    REQUIRE(s, stage_up(s, PUPPET));
    for (size_t i = 0; i < s->n_frames; i++) {
        newest = s->frames[i].from_victim ? newest : &s->frames[i];
    }
    REQUIRE(s, newest != NULL);
    struct cyg_span bytes = newest->bytes;
    if (v->a > 0) {
        REQUIRE(s, stage_new_message(s, s->draft, EXCHANGE_INFORMATIONAL));
        draft_notify(s->draft, PROTOCOL_ISAKMP, 36136, draft_cookies(s->draft),
                     (struct cyg_span){ (const uint8_t *)"\0\0\0\1", 4 });
        s->draft->keep_hash = v->a == 1; /* a HASH of zeros */
        s->draft->encrypted = v->a != 2;
        s->draft->header.flags = (uint8_t)(v->a == 2 ? 0 : FLAG_ENCRYPTION);
        draft_encode(s->draft);
        bytes = (struct cyg_span){ s->draft->out, s->draft->out_len };
    }
    REQUIRE(s, bytes.len + 4 <= sizeof(marked));
    memcpy(marked + 4, bytes.data, bytes.len);
    struct stage_before b = stage_look(s);
    for (int i = 0; i < 10; i++) {
        s->ops->send_stranger(s->context, 0, 31337, 4500,
                              (struct cyg_span){ marked, bytes.len + 4 });
    }
    s->ops->run(s->context, 200 * CYG_MSEC);
    check_unchanged(s, &b);
    REQUIRE(s, stage_answers(s, b.frames, 0) == 0);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant other_paths[] = {
    { "replayed", .a = 0 },
    { "encrypted, its HASH wrong", .a = 1, .reason = CYG_R_HASH_WRONG },
    { "in clear", .a = 2, .reason = CYG_R_CLEAR_IGNORED },
};

/* ---- H-152 ---- */

static void make_wrong_natd(struct draft *d, const struct variant *v)
{
    for (size_t i = 0; i < 2; i++) {
        struct part *p = draft_find(d, PAYLOAD_NATD, i);
        if (p != NULL && (v->a & (1u << i)) != 0) {
            p->body[0] ^= 0xff;
        }
    }
    if (v->a == 4) {
        draft_remove(d, PAYLOAD_NATD);
    }
}

#define NATD(name_, at_, a_) \
    { name_, .at = at_, .make = make_wrong_natd, .a = a_, .reaction = ANYTHING }

static const struct variant natd[] = {
    NATD("MM3: both wrong", AT_MM3, 3), NATD("MM3: ours wrong", AT_MM3, 1),
    NATD("MM3: his wrong", AT_MM3, 2),  NATD("MM3: none", AT_MM3, 4),
    NATD("MM4: both wrong", AT_MM4, 3), NATD("MM4: ours wrong", AT_MM4, 1),
    NATD("MM4: his wrong", AT_MM4, 2),  NATD("MM4: none", AT_MM4, 4),
};

/* ---- H-153 ---- */

/* The message goes to the other port than the one that was agreed upon. */
static void play_other_port(struct stage *s, const struct variant *v)
{
    REQUIRE(s, stage_catch(s, v->at));
    REQUIRE(s, s->caught.port != v->a);
    s->held = false;
    s->hold = AT_NONE;
    s->ops->send_puppet(s->context, (uint16_t)v->a, s->caught.bytes);
    s->ops->run(s->context, 12 * CYG_SEC); /* the answer may go where nobody waits for it */
    REQUIRE(s, s->ops->is_up(s->context, PUPPET));
}

static const struct variant other_port[] = {
    { "MM5 on 4500 without NAT", .at = AT_MM5, .a = 4500 },
    { "QM1 on 4500 without NAT", .at = AT_QM1, .a = 4500 },
};

static const struct variant other_port_natt[] = {
    { "MM5 on 500 behind a NAT", .at = AT_MM5, .a = 500 },
    { "QM1 on 500 behind a NAT", .at = AT_QM1, .a = 500 },
};

/* ---- H-154, H-155 ---- */

/* a bytes of value b behind what `text` has in hex, to port at: nothing happens. */
static void play_dirt(struct stage *s, const struct variant *v)
{
    static uint8_t bytes[2048];
    size_t len = 0;
    REQUIRE(s, stage_up(s, PUPPET));
    for (const char *c = v->text; *c != '\0'; c += 2) {
        bytes[len++] = (uint8_t)((c[0] - '0') << 4 | (c[1] - '0'));
    }
    memset(bytes + len, (int)(v->b & 0xff), (size_t)v->a);
    len += (size_t)v->a;
    struct stage_before b = stage_look(s);
    uint16_t port = (v->b & 0x100) != 0 ? 500 : 4500;
    for (unsigned i = 0; i < 3; i++) {
        s->ops->send_stranger(s->context, i, 0, port, (struct cyg_span){ bytes, len });
    }
    s->ops->run(s->context, 200 * CYG_MSEC);
    check_unchanged(s, &b);
    check_jobs(s, &b);
    REQUIRE(s, s->n_frames == b.frames);
    REQUIRE(s, s->ops->ping(s->context, PUPPET));
}

static const struct variant dirt[] = {
    { "keepalive", .text = "", .a = 1, .b = 0xff },
    { "1 other byte", .text = "", .a = 1, .b = 0x41 },
    { "2 bytes", .text = "", .a = 2, .b = 0xff },
    { "3 bytes of zeros", .text = "", .a = 3, .b = 0 },
    { "a marker and nothing", .text = "00000000" },
    { "a marker and 27 bytes", .text = "00000000", .a = 27, .b = 0x11 },
    { "an ESP header of 4 bytes", .text = "10203040" },
    { "an ESP header of 5 bytes", .text = "1020304000" },
    { "an ESP header of 7 bytes", .text = "10203040000000" },
    { "SPI 1", .text = "0000000100000001", .a = 64, .b = 0x77 },
    { "SPI 255", .text = "0000009900000001", .a = 64, .b = 0x77 },
};

static void play_wrong_marker(struct stage *s, const struct variant *v)
{
    static uint8_t marked[1024];
    REQUIRE(s, stage_up(s, PUPPET));
    stage_first_message(s->draft);
    draft_encode(s->draft);
    struct cyg_span ike = { s->draft->out, s->draft->out_len };
    memcpy(marked + 4, ike.data, ike.len);
    struct stage_before b = stage_look(s);
    if (v->a == 500) {
        ike = (struct cyg_span){ marked, ike.len + 4 };
    }
    s->ops->send_stranger(s->context, 0, 0, (uint16_t)v->a, ike);
    s->ops->run(s->context, 200 * CYG_MSEC);
    check_unchanged(s, &b);
    check_jobs(s, &b);
    REQUIRE(s, s->n_frames == b.frames);
}

static const struct variant wrong_marker[] = {
    { "IKE on 4500 without it", .a = 4500 }, { "on 500", .a = 500 },
};

static const struct variant esp_on_500[] = {
    { "64 bytes", .text = "1020304000000001", .a = 64, .b = 0x100 | 0x55 },
    { "1000 bytes", .text = "1020304000000001", .a = 1000, .b = 0x100 | 0x55 },
    { "a keepalive", .text = "", .a = 1, .b = 0x100 | 0xff },
};

/* ---- H-157 ---- */

/* NAT-OA: ID type a, an address of b bytes. */
static void make_natoa(struct draft *d, const struct variant *v)
{
    for (int i = 0; i < (v->text == NULL ? 1 : 4); i++) {
        struct part *p = draft_fill(d, PAYLOAD_NATOA, 0x0a, 4 + v->b);
        memset(p->body, 0, 4);
        p->body[0] = (uint8_t)v->a;
    }
}

#define OA(name_, at_, type_, len_, text_) \
    { name_, .at = at_, .make = make_natoa, .a = type_, .b = len_, .text = text_, .reaction = PASS }

static const struct variant natoa[] = {
    OA("another host's address", AT_QM1, 1, 4, NULL), OA("IPv6", AT_QM1, 5, 16, NULL),
    OA("IPv4 of 3 bytes", AT_QM1, 1, 3, NULL),        OA("type 11", AT_QM1, 11, 20, NULL),
    OA("of 0 bytes", AT_QM1, 1, 0, NULL),             OA("four of them", AT_QM1, 1, 4, "four"),
    OA("in QM2", AT_QM2, 1, 4, "four"),
};

static const struct row rows[] = {
    { "H-151", "right cookies from another address", "only what is proved and new moves the path",
      SCENE_PLAY, .natt = true, VARIANTS(other_paths), .play = play_other_path },
    { "H-152", "NAT-D changed on the path", "encapsulation or not, or no SA; nothing else",
      SCENE_PATH, .needs = NEED_TIME, VARIANTS(natd) },
    { "H-153", "4500 though there is no NAT", "the SA is found by its cookies", SCENE_PLAY,
      .needs = NEED_TIME, VARIANTS(other_port), .play = play_other_port },
    { "H-153b", "500 though there is a NAT", "the SA is found by its cookies", SCENE_PLAY,
      .natt = true, .needs = NEED_TIME, VARIANTS(other_port_natt), .play = play_other_port },
    { "H-154", "what is no IKE on port 4500", "dropped, and never answered", SCENE_PLAY,
      VARIANTS(dirt), .play = play_dirt },
    { "H-155", "markers where they do not belong", "dropped", SCENE_PLAY, VARIANTS(wrong_marker),
      .play = play_wrong_marker },
    { "H-155b", "ESP on port 500", "dropped", SCENE_PLAY, VARIANTS(esp_on_500),
      .play = play_dirt },
    { .id = "H-156", .what = "very many keepalives",
      .elsewhere = "testing/unit/kernel_tun/hostile_test.c" },
    { "H-157", "NAT-OA of all kinds, in tunnel mode", "passed over", SCENE_PEER, VARIANTS(natoa) },
    { .id = "H-158", .what = "two peers with one inner address behind one NAT",
      .not_built = "a row that has two such peers" },
};

/* clang-format on */

const struct group hostile_group_m = { "M", "NAT traversal", rows, CYG_LEN(rows) };
