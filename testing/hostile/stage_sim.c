/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See stage_sim.h. */
#include "hostile/stage_sim.h"

#include "simulation/sim_internal.h"
#include "simulation/suites.h"

#include <stdlib.h>

struct stage_sim {
    struct stage *stage;
    struct sim *sim;
    struct sim_host *hosts[3];
    uint64_t orders[3];
    size_t pieces; /* of memory, before it began */
    bool tell;
};

struct sim *stage_sim_of(struct stage *s)
{
    return ((struct stage_sim *)s->context)->sim;
}

struct sim_host *stage_sim_host(struct stage *s, enum actor who)
{
    return ((struct stage_sim *)s->context)->hosts[who];
}

/* Strangers live in 203.0.113.0/24. */
static struct cyg_address stranger_address(unsigned number, uint16_t port)
{
    return (struct cyg_address){
        4, port, { 203, 0, (uint8_t)(113 + number / 250), (uint8_t)(number % 250 + 1) }
    };
}

#define NOBODY 65535 /* an address where nobody lives */

static int stranger_of(const struct cyg_address *a)
{
    if (a->family != 4 || a->bytes[0] != 203 || a->bytes[1] != 0) {
        return NOBODY;
    }
    return (a->bytes[2] - 113) * 250 + a->bytes[3] - 1;
}

static enum sim_verdict tap(struct sim *s, struct sim_frame *frame, void *context)
{
    struct stage_sim *st = context;
    struct cyg_span ike = sim_frame_ike(frame);
    bool passes = true;
    (void)s;
    if (!frame->genuine || ike.len == 0) {
        return SIM_PASS;
    }
    if (frame->from == st->hosts[PUPPET]) {
        passes = stage_puppet_sends(st->stage, frame->dst.port, ike);
    } else if (frame->from == st->hosts[VICTIM] && frame->to == st->hosts[PUPPET]) {
        passes = stage_victim_sends(st->stage, -1, frame->src.port, ike);
    } else if (frame->from == st->hosts[VICTIM] && frame->to != st->hosts[HONEST]) {
        passes = stage_victim_sends(st->stage, stranger_of(&frame->dst), frame->src.port, ike);
    }
    return passes ? SIM_PASS : SIM_DROP;
}

static bool reset(void *context, bool natt)
{
    struct stage_sim *st = context;
    st->pieces = sim_memory_pieces();
    st->sim = sim_new(1, st->tell);
    st->hosts[PUPPET] = sim_host(st->sim, "a", "192.0.2.1");
    st->hosts[VICTIM] = sim_host(st->sim, "b", "198.51.100.1");
    st->hosts[HONEST] = sim_host(st->sim, "c", "192.0.2.3");
    sim_tunnel(st->hosts[PUPPET], st->hosts[VICTIM]);
    sim_tunnel(st->hosts[HONEST], st->hosts[VICTIM]);
    sim_peers(st->hosts[VICTIM],
              "any.remote_addrs = %any\nany.proposals = aes256-sha256-modp2048\n"
              "any.remote_id = other.example.org\nany.secret = " STAGE_OTHER_SECRET);
    if (natt) {
        sim_peers(st->hosts[VICTIM], "a.encap = yes");
        sim_peers(st->hosts[PUPPET], "b.encap = yes");
    }
    if (st->stage->row->pfs) {
        sim_peers(st->hosts[VICTIM], "a.net.esp_proposals = aes128-sha256-modp2048");
        sim_peers(st->hosts[PUPPET], "b.net.esp_proposals = aes128-sha256-modp2048");
    }
    sim_secret_seen(cyg_span_str(STAGE_SECRET)); /* also before anybody has used them */
    sim_secret_seen(cyg_span_str(STAGE_OTHER_SECRET));
    sim_tap(st->sim, tap, st);
    return true;
}

/* ---- the wire ---- */

static void send_as(struct stage_sim *st, struct cyg_address src, uint16_t to_port,
                    struct cyg_span payload)
{
    struct cyg_address dst = *sim_address(st->hosts[VICTIM], 0);
    dst.port = to_port;
    sim_inject(st->sim, &src, &dst, payload, 0);
}

static void send_stranger(void *context, unsigned stranger, uint16_t from_port, uint16_t to_port,
                          struct cyg_span payload)
{
    uint16_t port = from_port != 0 ? from_port : to_port;
    send_as(context, stranger_address(stranger, port), to_port, payload);
}

/* With the marker that io puts in front on port 4500. */
static void send_puppet(void *context, uint16_t to_port, struct cyg_span ike)
{
    struct stage_sim *st = context;
    struct cyg_address src = *sim_address(st->hosts[PUPPET], 0);
    src.port = to_port;
    if (to_port == 500) {
        send_as(st, src, to_port, ike);
        return;
    }
    uint8_t *marked = sim_alloc(ike.len + 4);
    memcpy(marked + 4, ike.data, ike.len);
    send_as(st, src, to_port, (struct cyg_span){ marked, ike.len + 4 });
    sim_release(marked);
}

static bool is_secret(void *context, const uint8_t bytes[SECRET_BYTES])
{
    (void)context;
    return sim_is_secret(bytes);
}

static void forge(void *context, const struct cyg_address *src, const struct cyg_address *dst,
                  struct cyg_span payload)
{
    sim_inject(((struct stage_sim *)context)->sim, src, dst, payload, 0);
}

/* ---- time and orders ---- */

static cyg_usec now(void *context)
{
    return sim_now(((struct stage_sim *)context)->sim);
}

static void run(void *context, cyg_usec duration)
{
    sim_run(((struct stage_sim *)context)->sim, duration);
}

static void initiate(void *context, enum actor who)
{
    struct stage_sim *st = context;
    st->orders[who] = sim_initiate(st->hosts[who], who == VICTIM ? "a" : "b", "net");
}

static void terminate(void *context, enum actor who)
{
    struct stage_sim *st = context;
    (void)sim_terminate(st->hosts[who], "b", NULL);
}

static bool is_up(void *context, enum actor who)
{
    struct stage_sim *st = context;
    return sim_succeeded(st->hosts[who], st->orders[who]);
}

static bool ping(void *context, enum actor peer)
{
    struct stage_sim *st = context;
    return sim_ping_pair(st->hosts[peer], st->hosts[VICTIM]);
}

/* ---- looks ---- */

static struct engine *engine_of(void *context, enum actor who)
{
    return sim_engine(((struct stage_sim *)context)->hosts[who]);
}

static void facts(void *context, struct stage_facts *ret)
{
    struct stage_sim *st = context;
    struct engine_counts c = sim_counts(st->hosts[VICTIM]);
    *ret = (struct stage_facts){ .ike_sas = c.ike_sas,
                                 .half_open = c.half_open,
                                 .children = c.children,
                                 .exchanges = c.exchanges,
                                 .dh_jobs = sim_jobs_begun(st->hosts[VICTIM], CYG_LANE_CRYPTO),
                                 .sql_jobs = sim_jobs_begun(st->hosts[VICTIM], CYG_LANE_STORAGE),
                                 .memory = sim_memory_bytes() };
}

static uint64_t digest(void *context)
{
    return engine_digest(engine_of(context, VICTIM));
}

static void traffic(void *context, unsigned stranger, uint64_t *ret_sent, uint64_t *ret_received)
{
    struct stage_sim *st = context;
    struct cyg_address a = stranger_address(stranger, 0);
    sim_traffic(st->hosts[VICTIM], &a, ret_sent, ret_received);
}

static void records(void *context, void (*each)(void *arg, const struct stage_record *r), void *arg)
{
    const struct sim_host *h = ((struct stage_sim *)context)->hosts[VICTIM];
    for (size_t i = 0; i < h->n_log; i++) {
        const struct cyg_error *e = &h->log[i].error;
        char text[1024];
        if (e->reason != 0) {
            const struct stage_record r = { e->reason, e->payload, e->offset,
                                            cyg_error_format(e, text, sizeof(text)) };
            each(arg, &r);
        }
    }
}

static void tell(void *context, const char *line)
{
    sim_tell(((struct stage_sim *)context)->sim, "%s", line);
}

static const struct stage_ops ops = {
    .name = "simulation",
    .can = NEED_TIME | NEED_INSIDE | NEED_ORDERS,
    .reset = reset,
    .send_stranger = send_stranger,
    .send_puppet = send_puppet,
    .now = now,
    .run = run,
    .initiate = initiate,
    .terminate = terminate,
    .is_up = is_up,
    .ping = ping,
    .engine = engine_of,
    .facts = facts,
    .digest = digest,
    .traffic = traffic,
    .records = records,
    .is_secret = is_secret,
    .forge = forge,
    .tell = tell,
};

struct stage_sim *stage_sim_new(struct stage *stage, bool is_told)
{
    struct stage_sim *st = sim_alloc(sizeof(*st));
    st->stage = stage;
    st->tell = is_told;
    stage->ops = &ops;
    stage->context = st;
    return st;
}

const char *stage_sim_story(struct stage_sim *st)
{
    return st->sim == NULL ? "" : sim_story(st->sim);
}

bool stage_sim_end(struct stage_sim *st)
{
    struct stage *s = st->stage;
    if (st->sim == NULL) {
        return false;
    }
    sim_check_always(st->sim);
    if (sim_secrets() < 8) {
        stage_fail(s, "no secrets were seen that a record could show");
    }
    if (sim_failed(st->sim)) {
        stage_fail(s, "%s", sim_failure(st->sim));
    }
    return !s->failed;
}

void stage_sim_free(struct stage_sim *st)
{
    sim_free(st->sim);
    size_t left = sim_memory_pieces();
    if (left != st->pieces) {
        st->stage->failed = true;
        (void)snprintf(st->stage->failure, sizeof(st->stage->failure),
                       "%zu pieces of memory are left behind", left - st->pieces);
    }
    sim_release(st);
}
