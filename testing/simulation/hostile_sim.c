/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Somebody on the path, or anywhere, sends what he likes while two honest hosts negotiate; they
 * must come up in their usual time, and nothing he sends may move, end or cost what HOSTILE.md says
 * it must not. Single inputs are rows of testing/hostile; here is what holds whatever the
 * seed makes of it. */
#include "simulation/suites.h"

#include "codec/builder.h"
#include "codec/notify.h"

#include <string.h>

#define SETTLE (250 * CYG_SEC)

/* What the attacker does with each genuine datagram that he sees. */
struct attacker {
    void (*act)(struct sim *s, const struct sim_frame *frame, struct attacker *me);
    cyg_usec hold; /* the genuine one is held back so long: he is first */
    unsigned left; /* how much he still sends: a bound on the work of a run */
    size_t seen;
};

static enum sim_verdict attack(struct sim *s, struct sim_frame *frame, void *context)
{
    struct attacker *me = context;
    if (!frame->genuine || frame->len == 0 || frame->protocol != 17) {
        return SIM_PASS;
    }
    me->seen++;
    me->act(s, frame, me);
    if (me->hold > 0) {
        sim_replay(s, frame, me->hold);
        return SIM_DROP;
    }
    return SIM_PASS;
}

static void send_copy(struct sim *s, const struct sim_frame *frame, struct cyg_span bytes,
                      cyg_usec delay, struct attacker *me)
{
    if (me->left > 0) {
        me->left--;
        sim_inject(s, &frame->src, &frame->dst, bytes, delay);
    }
}

static bool is_encrypted(const struct sim_frame *frame)
{
    struct cyg_span ike = sim_frame_ike(frame);
    return ike.len > 0 && (ike.data[19] & FLAG_ENCRYPTION) != 0;
}

/* ---- what he can do ---- */

/* H-067: every datagram seen so far, again. */
static void replay_everything(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    (void)frame;
    for (size_t i = 0; i < sim_tape_len(s); i++) {
        const struct sim_frame *old = sim_tape(s, i);
        send_copy(s, old, (struct cyg_span){ old->bytes, old->len },
                  sim_chance(s, 500) ? sim_below(s, 20000) : sim_below(s, 30 * CYG_SEC), me);
    }
}

/* H-066: the same one a thousand times. */
static void duplicate(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    for (int i = 0; i < 1000; i++) {
        send_copy(s, frame, (struct cyg_span){ frame->bytes, frame->len },
                  sim_below(s, 3 * CYG_SEC), me);
    }
}

/* H-069: one bit flipped. In front of the genuine one only where it is encrypted: whoever changes a
 * clear message that is first has won the race for that attempt (H-059). And not in the last block:
 * no hash covers padding, so who changes it there changes the IV of what follows, unseen. */
static void flip(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    for (int i = 0; i < 3; i++) {
        uint8_t copy[4096];
        size_t len = frame->len < sizeof(copy) ? frame->len : sizeof(copy);
        memcpy(copy, frame->bytes, len);
        size_t from = is_encrypted(frame) ? len - (sim_frame_ike(frame).len - HEADER_LEN) : 0;
        size_t to = is_encrypted(frame) ? len - 16 : len;
        size_t at = from + sim_below(s, (uint32_t)(to - from));
        copy[at] ^= (uint8_t)(1u << sim_below(s, 8));
        cyg_usec delay = is_encrypted(frame) ? 0 : me->hold + 1 + sim_below(s, 5000);
        send_copy(s, frame, (struct cyg_span){ copy, len }, delay, me);
    }
}

/* H-017: cut anywhere; the header's Length as it was, or made to fit. */
static void cut_short(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    for (int i = 0; i < 4; i++) {
        uint8_t copy[4096];
        size_t head = frame->len - sim_frame_ike(frame).len;
        size_t len = sim_below(s, (uint32_t)frame->len);
        len = len < sizeof(copy) ? len : sizeof(copy);
        memcpy(copy, frame->bytes, len);
        if (sim_chance(s, 500) && len >= head + HEADER_LEN) {
            copy[head + 24] = copy[head + 25] = 0;
            copy[head + 26] = (uint8_t)((len - head) >> 8);
            copy[head + 27] = (uint8_t)(len - head);
        }
        send_copy(s, frame, (struct cyg_span){ copy, len }, 0, me);
    }
}

/* H-065: back to its sender. */
static void reflect(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    struct sim_frame back = *frame;
    back.src = frame->dst;
    back.dst = frame->src;
    send_copy(s, &back, (struct cyg_span){ frame->bytes, frame->len }, 0, me);
    send_copy(s, &back, (struct cyg_span){ frame->bytes, frame->len }, 10 * CYG_MSEC, me);
}

/* A clear Informational with these cookies and one payload. */
static size_t clear_informational(const uint8_t cookies[16], uint8_t payload, uint16_t type,
                                  uint8_t *out, size_t size)
{
    struct cyg_writer w = cyg_writer_of(out, size);
    struct header h = { .version = VERSION_1_0, .exchange = 5, .message_id = 0x12345678 };
    struct builder b;
    memcpy(h.cookie_i, cookies, 8);
    memcpy(h.cookie_r, cookies + 8, 8);
    builder_begin(&b, &w, &h);
    builder_payload_begin(&b, payload);
    if (payload == 11) {
        notify_encode(&(const struct notify){ .doi = 1, .protocol = 1, .type = type }, &w);
    } else { /* Delete of the ISAKMP SA: DOI, protocol, SPI size, one SPI, the cookies */
        cyg_writer_u32(&w, 1);
        cyg_writer_u8(&w, 1);
        cyg_writer_u8(&w, 16);
        cyg_writer_u16(&w, 1);
        cyg_writer_bytes(&w, (struct cyg_span){ cookies, 16 });
    }
    builder_payload_end(&b);
    builder_end(&b);
    return builder_message(&b).len;
}

/* H-073, H-076, H-077: clear notifies and deletes with the right cookies, both ways. */
static void deny(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    static const uint16_t types[] = { 14, 4, 5, 7, 9, 16, 18, 24, 16384, 24578, 36136, 8192 };
    struct cyg_span ike = sim_frame_ike(frame);
    struct sim_frame back = *frame;
    uint8_t out[160];
    size_t head = frame->dst.port == 500 || frame->src.port == 500 ? 0 : 4;
    if (ike.len == 0) {
        return;
    }
    back.src = frame->dst;
    back.dst = frame->src;
    memset(out, 0, sizeof(out));
    size_t len =
        head
        + clear_informational(ike.data, sim_chance(s, 250) ? 12 : 11,
                              types[sim_below(s, CYG_LEN(types))], out + head, sizeof(out) - head);
    send_copy(s, frame, (struct cyg_span){ out, len }, 0, me);
    send_copy(s, &back, (struct cyg_span){ out, len }, 0, me);
}

/* Bytes without sense, from the right address. */
static void babble(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    uint8_t noise[600];
    struct cyg_span ike = sim_frame_ike(frame);
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = (uint8_t)sim_below(s, 256);
    }
    if (ike.len > 0 && sim_chance(s, 500)) { /* behind a good header, the length right */
        memcpy(noise, ike.data, HEADER_LEN);
        noise[24] = noise[25] = 0;
        noise[26] = (uint8_t)(sizeof(noise) >> 8);
        noise[27] = (uint8_t)(sizeof(noise) & 0xff);
        noise[16] = (uint8_t)sim_below(s, 16);
    }
    send_copy(s, frame, (struct cyg_span){ noise, sizeof(noise) }, 0, me);
    send_copy(s, frame, (struct cyg_span){ noise, sim_below(s, sizeof(noise)) }, 0, me);
}

/* ---- what must hold ---- */

/* Honest hosts come up in their usual time: nothing had to be repeated. */
static void come_up_under(struct sim *s,
                          void (*act)(struct sim *s, const struct sim_frame *frame,
                                      struct attacker *me),
                          cyg_usec hold)
{
    struct sim_pair p = sim_pair(s);
    struct attacker attacker = { .act = act, .hold = hold, .left = 4000 };
    cyg_usec begin = sim_now(s);
    sim_tape_start(s);
    sim_tap(s, attack, &attacker);
    uint64_t order = sim_initiate(p.a, "b", "net");
    SIM_REQUIRE(sim_run_order(p.a, order, SETTLE));
    SIM_REQUIRE(sim_now(s) - begin < 2 * CYG_SEC);
    sim_run(s, 5 * CYG_SEC);
    SIM_REQUIRE(sim_keys_agree(s));
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 2);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    sim_run(s, SETTLE); /* what he still had under way arrives */
    sim_tap(s, NULL, NULL);
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    SIM_REQUIRE(sim_run_order(p.b, sim_terminate(p.b, "a", NULL), SETTLE));
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_nothing_left(s));
}

static void every_datagram_replayed(struct sim *s)
{
    come_up_under(s, replay_everything, 0);
}

static void every_datagram_a_thousand_times(struct sim *s)
{
    come_up_under(s, duplicate, 0);
}

static void flipped_bits(struct sim *s)
{
    come_up_under(s, flip, CYG_MSEC);
}

static void truncations(struct sim *s)
{
    come_up_under(s, cut_short, CYG_MSEC);
}

static void reflections(struct sim *s)
{
    come_up_under(s, reflect, sim_chance(s, 500) ? CYG_MSEC : 0);
}

static void clear_refusals(struct sim *s)
{
    come_up_under(s, deny, sim_chance(s, 500) ? CYG_MSEC : 0);
}

static void noise(struct sim *s)
{
    come_up_under(s, babble, CYG_MSEC);
}

/* All of it, on any kind of tunnel, on a bad line. */
static void mix(struct sim *s, const struct sim_frame *frame, struct attacker *me)
{
    static void (*const acts[])(struct sim *, const struct sim_frame *,
                                struct attacker *) = { replay_everything, flip, cut_short,
                                                       reflect,           deny, babble };
    acts[sim_below(s, CYG_LEN(acts))](s, frame, me);
}

static void everything_at_once_on_any_tunnel(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    struct attacker attacker = { .act = mix, .left = 1000 };
    sim_tape_start(s);
    sim_tap(s, attack, &attacker);
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "net"), SETTLE));
    sim_run(s, SETTLE);
    sim_tap(s, NULL, NULL);
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
}

/* The tape of an old session, played to hosts that have restarted: nothing is remembered, and
 * nothing is accepted beyond a half-open handshake (H-067, H-068). */
static void an_old_session_replayed_to_restarted_hosts(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_tape_start(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), SETTLE));
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    size_t n = sim_tape_len(s);
    unsigned up = sim_events(p.a, CYG_EVENT_IKE_UP);
    sim_stop(p.a);
    sim_stop(p.b);
    sim_start(p.a);
    sim_start(p.b);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < n; i++) {
            sim_replay(s, sim_tape(s, i), i * 20 * CYG_MSEC);
        }
        sim_run(s, CYG_SEC);
        SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_IKE_UP), up);
        SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_IKE_UP), up);
        SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    }
    sim_run(s, SETTLE);
    SIM_REQUIRE(sim_nothing_left(s));
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
}

/* The same tape to hosts that have a newer session. */
static void an_old_session_replayed_to_a_new_one(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_tape_start(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), SETTLE));
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    size_t n = sim_tape_len(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    struct cyg_sa_spec before = *sim_sa(p.b, 0);
    for (size_t i = 0; i < n; i++) {
        sim_replay(s, sim_tape(s, i), i * 20 * CYG_MSEC);
    }
    sim_run(s, SETTLE);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_sa(p.b, 0)->spi, before.spi);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* ---- floods ---- */

/* The first message of the tape with another initiator cookie and another sender. */
static void send_first(struct sim *s, const struct sim_frame *first, uint32_t number,
                       bool one_source, cyg_usec delay)
{
    uint8_t copy[2048];
    struct sim_frame frame = *first;
    frame.bytes = copy;
    memcpy(copy, first->bytes, first->len);
    memcpy(copy, &number, sizeof(number));
    copy[7] = 1;
    if (!one_source) {
        frame.src = (struct cyg_address){
            4, 500, { 203, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number }
        };
    }
    sim_replay(s, &frame, delay);
}

/* H-097: many first messages; the table is bounded, an honest one gets through, and all goes away.
 */
static bool one_flood(struct sim *s, struct sim_host *a, struct sim_host *b,
                      const struct sim_frame *first, bool one_source)
{
    for (uint32_t i = 0; i < 800; i++) {
        send_first(s, first, i, one_source, i * CYG_MSEC);
    }
    sim_run(s, 500 * CYG_MSEC);
    bool bounded = sim_counts(b).half_open <= 64;
    bool up = sim_run_order(a, sim_initiate(a, "b", "net"), 60 * CYG_SEC);
    sim_run(s, SETTLE);
    bool stayed = sim_is_up(a, b, 1);
    bool down = sim_run_order(a, sim_terminate(a, "b", NULL), SETTLE);
    sim_run(s, SETTLE);
    return bounded && up && stayed && down && sim_nothing_left(s);
}

/* Every source gets at most three bytes for one (H-098), and a third flood costs no more memory
 * than the second: what is remembered of strangers is bounded. */
static void flood(struct sim *s, bool one_source)
{
    struct engine_settings settings;
    engine_settings_default(&settings);
    settings.half_open_max = 64;
    struct sim_host *b = sim_host_with(s, "b", "198.51.100.1", &settings);
    struct sim_host *a = sim_host(s, "a", "192.0.2.1");
    uint64_t sent, received;
    sim_tunnel(a, b);
    sim_peers(b, "any.remote_addrs = %any\nany.proposals = aes256-sha256-modp2048\n"
                 "any.secret = other\nany.remote_id = other.example.org");
    sim_tape_start(s);
    SIM_REQUIRE(sim_up(a, b, 1));
    SIM_REQUIRE(sim_run_order(a, sim_terminate(a, "b", NULL), SETTLE));
    sim_run(s, SETTLE);
    struct sim_frame stranger = *sim_tape(s, 0);
    stranger.src = (struct cyg_address){ 4, 500, { 203, 0, 113, 9 } };
    SIM_REQUIRE(one_flood(s, a, b, &stranger, one_source));
    SIM_REQUIRE(one_flood(s, a, b, &stranger, one_source));
    size_t before = sim_memory_bytes();
    SIM_REQUIRE(one_flood(s, a, b, &stranger, one_source));
    SIM_REQUIRE(sim_memory_bytes() <= before + 4096);
    sim_traffic(b, &stranger.src, &sent, &received);
    SIM_REQUIRE(sent <= 3 * received);
}

static void a_flood_from_everywhere(struct sim *s)
{
    flood(s, false);
}

static void a_flood_from_one_address(struct sim *s)
{
    flood(s, true);
}

/* H-001, H-002, H-154: short datagrams of every length on both ports, to everybody. */
static void short_datagrams_of_every_length(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    static const uint16_t ports[] = { 500, 4500 };
    for (size_t port = 0; port < CYG_LEN(ports); port++) {
        struct cyg_address src = { 4, ports[port], { 203, 0, 113, 66 } },
                           dst = *sim_address(p.b, 0);
        dst.port = ports[port];
        for (size_t len = 0; len < 64; len++) {
            uint8_t bytes[64] = { 0 };
            memset(bytes, (int)sim_below(s, 3) * 127, sizeof(bytes));
            sim_inject(s, &src, &dst, (struct cyg_span){ bytes, len }, len);
        }
    }
    sim_run(s, SETTLE);
    uint64_t sent, received;
    sim_traffic(p.b, &(struct cyg_address){ 4, 0, { 203, 0, 113, 66 } }, &sent, &received);
    SIM_REQUIRE(sent <= received);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
}

static const struct sim_test tests[] = {
    SIM_TEST(every_datagram_replayed, 6),
    SIM_TEST(every_datagram_a_thousand_times, 1),
    SIM_TEST(flipped_bits, 8),
    SIM_TEST(truncations, 6),
    SIM_TEST(reflections, 3),
    SIM_TEST(clear_refusals, 6),
    SIM_TEST(noise, 4),
    SIM_TEST(everything_at_once_on_any_tunnel, 15),
    SIM_TEST(an_old_session_replayed_to_restarted_hosts, 1),
    SIM_TEST(an_old_session_replayed_to_a_new_one, 1),
    SIM_TEST(a_flood_from_everywhere, 0),
    SIM_TEST(a_flood_from_one_address, 0),
    SIM_TEST(short_datagrams_of_every_length, 1),
};

const struct sim_suite hostile_suite = { "hostile", tests, CYG_LEN(tests) };
