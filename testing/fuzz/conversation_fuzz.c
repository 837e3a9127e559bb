/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole conversations. Two engines negotiate on the simulated network, under algorithms that one
 * can see through (glass.h), and the input is the program of somebody who sits on the path and has
 * all keys: he changes the next messages payload by payload before they arrive, whichever engine
 * sent them, writes messages of his own, repeats old ones; and lets time run, orders be given, jobs
 * be late, memory fail. Whatever he does:
 *   - no rule of the simulated world is broken (data plane in order, nothing encrypted twice ...),
 *   - everything comes to rest, and what engine and data plane hold is the same,
 *   - a third host then comes up with each of the two in its usual time,
 *   - when all lifetimes are over nothing is left, and no memory.
 * A program is: variant, seed, then steps of `code, a, b, len (2 bytes), bytes[len]`. The story of
 * a failure is printed; CYG_STORY=yes in the environment tells that of an input that passes. */
#include "fuzz/edit.h"
#include "fuzz/glass.h"
#include "simulation/sim_internal.h"
#include "simulation/suites.h"

#include "codec/wire.h"

#include <stdlib.h>

#define STEPS_MAX  48u
#define EDITS_MAX  16u
#define FRAMES_MAX 400u /* that he sends: a bound on the work of a run */
#define HOURS      (3600 * CYG_SEC)

enum step_code {
    STEP_RUN = 0,   /* a * 10^(b % 5) ms */
    STEP_INITIATE,  /* host a; b & 1: phase 1 only */
    STEP_TERMINATE, /* host a; b & 1: the child only */
    STEP_EDIT,      /* a: kind and way; b: payload; bytes */
    STEP_WRITE,     /* a message of his own */
    STEP_REPLAY,    /* frame a of the tape from its end; b & 1: to its sender */
    STEP_JOBS,      /* host a; take b * 10 ms */
    STEP_KERNEL,    /* host a; operation b % 3; the nth from now, b / 3 % 16, fails */
    STEP_FAIL,      /* host a; memory or random bytes, at the bth time */
    STEP_RESTART,   /* host a; off for b seconds */
    STEP_PEERS,     /* host a; change b */
    STEP_EXPIRE,    /* host a; SA b runs out of bytes */
    STEP_CODES,
};

struct change {
    unsigned skip;
    bool drop, late, twice;
    uint8_t from; /* 0, 1: this host's messages; 2: whoever's */
    struct edit edit;
};

struct play {
    struct sim *s;
    struct sim_host *host[2];
    struct change changes[EDITS_MAX];
    size_t n_changes;
    unsigned frames_left;
    uint32_t messages, own_id; /* of his own so far; the last one's Message ID */
    cyg_usec time_left;
};

/* ---- on the path ---- */

static void send_bytes(struct play *p, const struct cyg_address *src, const struct cyg_address *dst,
                       struct cyg_span bytes, cyg_usec delay)
{
    if (p->frames_left > 0) {
        p->frames_left--;
        sim_inject(p->s, src, dst, bytes, delay);
    }
}

/* The next change for a message of this host; NULL: it passes. */
static struct change *take_change(struct play *p, const struct sim_frame *frame, struct change *ret)
{
    for (size_t i = 0; i < p->n_changes; i++) {
        struct change *c = &p->changes[i];
        if (c->from < 2 && frame->from != p->host[c->from]) {
            continue;
        }
        if (c->skip > 0) {
            c->skip--;
            return NULL;
        }
        *ret = *c;
        memmove(c, c + 1, (p->n_changes - i - 1) * sizeof(*c));
        p->n_changes--;
        return ret;
    }
    return NULL;
}

static enum sim_verdict tap(struct sim *s, struct sim_frame *frame, void *context)
{
    struct play *p = context;
    struct change change;
    const struct cyg_span ike = sim_frame_ike(frame);
    (void)s;
    if (!frame->genuine || ike.len == 0 || take_change(p, frame, &change) == NULL) {
        return SIM_PASS;
    }
    if (change.drop) {
        return SIM_DROP;
    }
    size_t len, marker = frame->len - ike.len;
    uint8_t *message = edit_message(ike, &change.edit, &len);
    uint8_t *bytes = sim_alloc(marker + len);
    memcpy(bytes + marker, message, len); /* the marker is zeros */
    struct cyg_span whole = { bytes, marker + len };
    send_bytes(p, &frame->src, &frame->dst, whole, change.late ? 3 * CYG_SEC : 0);
    if (change.twice) {
        send_bytes(p, &frame->src, &frame->dst, whole, 10 * CYG_MSEC);
    }
    sim_release(bytes);
    free(message);
    return SIM_DROP;
}

static void step_edit(struct play *p, uint8_t a, uint8_t b, struct cyg_span bytes)
{
    uint8_t kind = a & 0x0fu;
    if (p->n_changes < EDITS_MAX) {
        p->changes[p->n_changes++] = (struct change){
            .skip = b >> 5,
            .from = a >> 4 & 3u,
            .drop = kind == 15 && (b & 3u) == 0,
            .late = kind == 15 && (b & 3u) == 1,
            .twice = (a & 0x40u) != 0,
            .edit = { .kind = (enum edit_kind)kind, .which = b & 0x1fu, .bytes = bytes },
        };
    }
}

/* ---- messages of his own ---- */

/* The newest genuine IKE message on its way to this host, behind `back` others. */
static const struct sim_frame *model_for(struct play *p, const struct sim_host *to, unsigned back)
{
    for (size_t i = sim_tape_len(p->s); i > 0; i--) {
        const struct sim_frame *frame = sim_tape(p->s, i - 1);
        if (frame->to == to && sim_frame_ike(frame).len > 0 && back-- == 0) {
            return frame;
        }
    }
    return NULL;
}

/* The newest Message ID of phase 2 that anybody used. */
static uint32_t newest_message_id(struct play *p)
{
    for (size_t i = sim_tape_len(p->s); i > 0; i--) {
        const struct cyg_span ike = sim_frame_ike(sim_tape(p->s, i - 1));
        struct cyg_reader r = cyg_reader_of(cyg_span_after(ike, 20));
        uint32_t id = cyg_reader_u32(&r);
        if (id != 0) {
            return id;
        }
    }
    return 0x11223344;
}

static void put_cookies(struct play *p, struct cyg_writer *w, unsigned choice,
                        const struct sim_frame *model)
{
    static const uint8_t zeros[8];
    struct cyg_span known = cyg_span_first(sim_frame_ike(model), 16);
    if (choice < 2) {
        cyg_writer_bytes(w, known);
        return;
    }
    cyg_writer_u32(w, 0xc00c1e00u + ++p->messages);
    cyg_writer_u32(w, 0x12345678);
    cyg_writer_bytes(w, choice == 2 ? (struct cyg_span){ zeros, 8 } : cyg_span_after(known, 8));
}

static void put_payload(struct cyg_writer *w, struct cyg_span body)
{
    cyg_writer_u8(w, 0); /* Next Payload: put in by whoever writes the next one */
    cyg_writer_u8(w, 0);
    cyg_writer_u16(w, (uint16_t)(body.len + 4));
    cyg_writer_bytes(w, body);
}

/* type, length, body ...; each payload's type is written into the place before it. */
static void put_payloads(struct cyg_writer *w, uint8_t *out, size_t next_at, struct cyg_span bytes)
{
    struct cyg_reader r = cyg_reader_of(bytes);
    for (;;) {
        uint8_t type = cyg_reader_u8(&r);
        size_t len = cyg_reader_u16(&r);
        if (!cyg_reader_ok(&r)) {
            return;
        }
        struct cyg_span rest = cyg_span_after(bytes, cyg_reader_offset(&r));
        struct cyg_span body = cyg_reader_take(&r, len < rest.len ? len : rest.len);
        size_t at = cyg_writer_span(w).len;
        put_payload(w, body);
        out[next_at] = type;
        next_at = at;
    }
}

/* a: 1 to host 1, 2 from a stranger, 4 8 cookies, 16 with a hash, 32 encrypted; b: exchange type,
 * Message ID, more flags. */
static size_t write_message(struct play *p, uint8_t a, uint8_t b, const struct sim_frame *model,
                            struct cyg_span bytes, uint8_t *out, size_t size)
{
    static const uint8_t exchanges[] = { EXCHANGE_MAIN,          EXCHANGE_AGGRESSIVE,
                                         EXCHANGE_INFORMATIONAL, EXCHANGE_TRANSACTION,
                                         EXCHANGE_QUICK,         EXCHANGE_QUICK,
                                         EXCHANGE_INFORMATIONAL, 33 };
    struct cyg_writer w = cyg_writer_of(out, size);
    const bool hash = (a & 16u) != 0, encrypted = hash || (a & 32u) != 0;
    const uint32_t ids[] = { 0, 0xabcd0000u + p->messages, newest_message_id(p), p->own_id };
    put_cookies(p, &w, a >> 2 & 3u, model);
    cyg_writer_u8(&w, 0);
    cyg_writer_u8(&w, 0x10);
    cyg_writer_u8(&w, exchanges[b & 7u]);
    cyg_writer_u8(&w, (uint8_t)((encrypted ? 1u : 0u) | (b >> 5 & 6u)));
    p->own_id = ids[b >> 3 & 3u];
    cyg_writer_u32(&w, p->own_id);
    cyg_writer_u32(&w, 0);
    size_t next_at = 16;
    if (hash) {
        uint8_t mac[32];
        memset(mac, GLASS_MAC, sizeof(mac));
        put_payload(&w, cyg_span_of_array(mac));
        out[16] = PAYLOAD_HASH;
        next_at = 28;
    }
    put_payloads(&w, out, next_at, bytes);
    while (encrypted && cyg_writer_ok(&w) && (cyg_writer_span(&w).len - 28) % 16 != 0) {
        cyg_writer_u8(&w, 0);
    }
    size_t len = cyg_writer_span(&w).len; /* 0: it was too long */
    out[26] = (uint8_t)(len >> 8);
    out[27] = (uint8_t)len;
    p->messages++;
    return len;
}

static void step_write(struct play *p, uint8_t a, uint8_t b, struct cyg_span bytes)
{
    uint8_t out[4 + 8192] = { 0 };
    const struct sim_frame *model = model_for(p, p->host[a & 1u], (a >> 2 & 3u) == 1 ? 2 : 0);
    if (model == NULL) {
        return;
    }
    struct cyg_address src = model->src;
    size_t marker = model->len - sim_frame_ike(model).len;
    size_t len = write_message(p, a, b, model, bytes, out + 4, sizeof(out) - 4);
    if ((a & 2u) != 0) {
        src = (struct cyg_address){ 4, 500, { 203, 0, 113, 77 } };
    }
    send_bytes(p, &src, &model->dst, (struct cyg_span){ out + 4 - marker, marker + len }, 0);
    sim_run(p->s, 20 * CYG_MSEC);
}

static void step_replay(struct play *p, uint8_t a, uint8_t b)
{
    size_t n = sim_tape_len(p->s);
    if (n == 0) {
        return;
    }
    const struct sim_frame *frame = sim_tape(p->s, n - 1 - a % n);
    bool back = (b & 1u) != 0;
    send_bytes(p, back ? &frame->dst : &frame->src, back ? &frame->src : &frame->dst,
               (struct cyg_span){ frame->bytes, frame->len }, 0);
    sim_run(p->s, 20 * CYG_MSEC);
}

/* ---- the hosts' surroundings ---- */

static void step_run(struct play *p, uint8_t a, uint8_t b)
{
    cyg_usec time = a * CYG_MSEC;
    for (unsigned i = b % 5u; i > 0; i--) {
        time *= 10;
    }
    time = time < p->time_left ? time : p->time_left;
    p->time_left -= time;
    sim_run(p->s, time);
}

static void step_restart(struct play *p, struct sim_host *h, uint8_t b)
{
    sim_stop(h);
    sim_run(p->s, b * CYG_SEC);
    sim_start(h);
}

static void step_peers(struct play *p, struct sim_host *h, uint8_t b)
{
    static const char *const changes[] = {
        "proposals = aes128-sha256-ecp256",
        "proposals = aes256-sha256-modp2048, aes128-sha256-ecp256",
        "net.esp_proposals = aes256gcm16-modp2048",
        "net.local_ts = 10.1.0.0/16, 10.77.0.0/16",
        "secret = another",
        "remote_id = nobody.example.org",
    };
    const char *other = p->host[h == p->host[0] ? 1 : 0]->name;
    if (b % 8 < 2) {
        sim_peersf(h, "delete %s%s", other, b % 8 == 0 ? "" : ".net");
    } else {
        sim_peersf(h, "%s.%s", other, changes[b % 8 - 2]);
    }
    sim_reload(h);
}

/* What takes something away does not fail: there would be no telling what is left. */
static void step_kernel(struct sim_host *h, uint8_t a, uint8_t b)
{
    static const enum cyg_kernel_op_type types[] = { CYG_KERNEL_SPI_RESERVE, CYG_KERNEL_SA_ADD,
                                                     CYG_KERNEL_POLICY_ADD };
    sim_kernel_fail(h, types[b % CYG_LEN(types)], 1 + b / 3u % 16u, (a & 2u) != 0);
}

static void step_do(struct play *p, uint8_t code, uint8_t a, uint8_t b, struct cyg_span bytes)
{
    struct sim_host *h = p->host[a & 1u], *other = p->host[1u - (a & 1u)];
    switch ((enum step_code)(code % STEP_CODES)) {
    case STEP_RUN:
        step_run(p, a, b);
        break;
    case STEP_INITIATE:
        (void)sim_initiate(h, other->name, (b & 1u) != 0 ? NULL : "net");
        break;
    case STEP_TERMINATE:
        (void)sim_terminate(h, other->name, (b & 1u) != 0 ? "net" : NULL);
        break;
    case STEP_EDIT:
        step_edit(p, a, b, bytes);
        break;
    case STEP_WRITE:
        step_write(p, a, b, bytes);
        break;
    case STEP_REPLAY:
        step_replay(p, a, b);
        break;
    case STEP_JOBS:
        sim_jobs_set(h, (enum cyg_lane)((a >> 1) % CYG_LANES),
                     &(struct sim_jobs){ .limit = 4u + a, .max_us = b * (10 * CYG_MSEC) });
        break;
    case STEP_KERNEL:
        step_kernel(h, a, b);
        break;
    case STEP_FAIL:
        if ((a & 2u) != 0) {
            sim_fail_memory(h, b);
        } else {
            sim_fail_random(h, b);
        }
        break;
    case STEP_RESTART:
        step_restart(p, h, b);
        break;
    case STEP_PEERS:
        step_peers(p, h, b);
        break;
    case STEP_EXPIRE:
        if (sim_sas(h) > 0) {
            sim_sa_expire(h, sim_sa(h, b % sim_sas(h))->spi);
        }
        break;
    case STEP_CODES:
        break;
    }
}

/* ---- a run ---- */

static struct sim_host *make_host(struct sim *s, const char *name, const char *address)
{
    struct engine_settings settings;
    engine_settings_default(&settings);
    settings.poll_interval = CYG_NEVER; /* else hours of virtual time cost what they say */
    return sim_host_with(s, name, address, &settings);
}

static void make_pair(struct play *p, uint8_t variant)
{
    static const char *const esp[] = { "aes128-sha256", "aes256gcm16-modp2048",
                                       "aes128gcm16, aes256-sha1, aes128-sha256-ecp256",
                                       "3des-md5, aes256gcm16" };
    bool v6 = (variant & 8u) != 0, nat = !v6 && (variant & 16u) != 0;
    struct sim_host *a = p->host[0] = make_host(p->s, "a", v6 ? "2001:db8:a::1" : "10.9.0.1");
    struct sim_host *b = p->host[1] = make_host(p->s, "b", v6 ? "2001:db8:b::1" : "198.51.100.1");
    sim_tunnel(a, b);
    sim_peersf(a, "b.net.esp_proposals = %s", esp[variant & 3u]);
    sim_peersf(b, "a.net.esp_proposals = %s", esp[variant & 3u]);
    if ((variant & 4u) != 0) {
        sim_peers(a, "b.net.local_ts = 10.1.0.0/16, 10.11.0.0/24[tcp/80]");
        sim_peers(b, "a.net.remote_ts = 10.1.0.0/16, 10.11.0.0/24[tcp/80]");
    }
    if (nat) {
        sim_nat_behind(sim_nat(p->s, "box", "203.0.113.1", false), a);
        sim_peers(a, "b.local_addrs = 10.9.0.1\nb.local_id = a.example.org");
        sim_peers(b, "a.remote_addrs = %any\na.remote_id = a.example.org");
    }
    if ((variant & 32u) != 0) {
        sim_peers(a, "b.net.mode = transport\nb.net.local_ts = dynamic\nb.net.remote_ts = dynamic");
        sim_peers(b, "a.net.mode = transport\na.net.local_ts = dynamic\na.net.remote_ts = dynamic");
    }
}

static void run_program(struct play *p, struct cyg_span program)
{
    struct cyg_reader r = cyg_reader_of(program);
    for (unsigned i = 0; i < STEPS_MAX && !sim_failed(p->s); i++) {
        uint8_t code = cyg_reader_u8(&r);
        uint8_t a = cyg_reader_u8(&r);
        uint8_t b = cyg_reader_u8(&r);
        size_t len = cyg_reader_u16(&r);
        if (!cyg_reader_ok(&r)) {
            return;
        }
        struct cyg_span rest = cyg_span_after(program, cyg_reader_offset(&r));
        step_do(p, code, a, b, cyg_reader_take(&r, len < rest.len ? len : rest.len));
    }
}

/* He goes away, and what he has broken is mended. */
static void calm_down(struct play *p)
{
    sim_tap(p->s, NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct sim_host *h = p->host[i];
        sim_fail_memory(h, 0);
        sim_fail_random(h, 0);
        sim_kernel_fail(h, CYG_KERNEL_SPI_RESERVE, 0, false);
        for (int lane = 0; lane < CYG_LANES; lane++) {
            sim_jobs_set(h, (enum cyg_lane)lane,
                         &(struct sim_jobs){ .limit = 256, .max_us = 2000 });
        }
    }
    sim_run(p->s, 400 * CYG_SEC);
}

/* A new host comes up with one of the two. */
static bool comes_up(struct play *p, struct sim_host *c, struct sim_host *h, bool is_caller)
{
    sim_tunnel(c, h);
    sim_reload(c);
    sim_reload(h);
    struct sim_host *from = is_caller ? c : h, *to = is_caller ? h : c;
    cyg_usec begin = sim_now(p->s);
    size_t before = sim_sas(c);
    bool up = sim_run_order(from, sim_initiate(from, to->name, "net"), 60 * CYG_SEC)
              && sim_now(p->s) - begin < 2 * CYG_SEC;
    sim_run(p->s, CYG_SEC); /* the responder takes the last message */
    return up && sim_sas(c) == before + 2;
}

static void require_peace(struct play *p)
{
    struct sim *s = p->s;
    SIM_REQUIRE(sim_run_idle(s, 10 * CYG_SEC));
    sim_check_always(s);
    struct sim_host *c = make_host(s, "c", "192.0.2.3");
    bool v6 = sim_address(p->host[0], 0)->family == 6;
    if (!v6) {
        SIM_REQUIRE(comes_up(p, c, p->host[1], true));
        SIM_REQUIRE(p->host[0]->nat != NULL || comes_up(p, c, p->host[0], false));
    }
    sim_run(s, 30 * HOURS);
    SIM_REQUIRE(sim_nothing_left(s));
}

/* Returns whether all held. */
static bool converse(struct cyg_span input, bool tell)
{
    struct cyg_reader r = cyg_reader_of(input);
    uint8_t variant = cyg_reader_u8(&r);
    uint8_t seed = cyg_reader_u8(&r);
    size_t before = sim_memory_pieces();
    struct play p = { .s = sim_new(1u + seed, tell),
                      .frames_left = FRAMES_MAX,
                      .time_left = 4 * HOURS };
    make_pair(&p, variant);
    sim_tape_start(p.s);
    sim_tap(p.s, tap, &p);
    if ((variant & 128u) != 0) { /* most programs are about a session that begins or stands */
        (void)sim_initiate(p.host[0], "b", "net");
        sim_run(p.s, CYG_SEC);
    }
    run_program(&p, cyg_span_after(input, 2));
    calm_down(&p);
    if (!sim_failed(p.s)) {
        require_peace(&p);
    }
    bool held = !sim_failed(p.s);
    if (tell) {
        fprintf(stderr, "%s%s\n", sim_story(p.s), sim_failure(p.s));
    }
    sim_free(p.s);
    FUZZ_CHECK(sim_memory_pieces() == before);
    return held;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span input = { data, len };
    sim_use_crypto(glass_crypto(), sim_auth_psk());
    if (len < 2 || len > 8192) {
        return 0;
    }
    if (!converse(input, getenv("CYG_STORY") != NULL)) {
        (void)converse(input, true);
        abort();
    }
    return 0;
}
