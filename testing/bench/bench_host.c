/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine of a benchmark and its world; see bench.h. */
#include "bench.h"

#include "auth_psk/auth_psk.h"

#include <cygnet/peer_build.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "secret"

/* ---- peers by number ---- */

static struct cyg_address address_of(uint32_t base, unsigned n)
{
    uint32_t a = base + n;
    return (struct cyg_address){ .family = 4,
                                 .bytes = { (uint8_t)(a >> 24), (uint8_t)(a >> 16),
                                            (uint8_t)(a >> 8), (uint8_t)a } };
}

struct cyg_address bench_peer_address(unsigned n)
{
    return address_of(0x0a000000, n);
}

static void parse(enum cyg_code code, const char *text)
{
    if (code != CYG_OK) {
        bench_die("not understood: %s", text);
    }
}

static struct cyg_identity identity_of(const char *text)
{
    struct cyg_identity id;
    parse(cyg_identity_parse(cyg_span_str(text), &id, NULL), text);
    return id;
}

static struct cyg_peer *peer_make(struct bench_host *h, unsigned n)
{
    char name[32], id[32];
    struct cyg_error err = { 0 };
    struct cyg_peer *peer = NULL;
    (void)snprintf(name, sizeof name, "p%u", n);
    (void)snprintf(id, sizeof id, "p%u.bench", n);
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = cyg_peer_build_new(name);
    struct cyg_peer *fields = cyg_peer_build_fields(build);
    const struct cyg_identity gateway = identity_of("gw.bench"), other = identity_of(id);
    const struct cyg_address address = bench_peer_address(n);
    const struct cyg_prefix ends[2] = { { h->settings.gateway_address, 32 }, { address, 32 } };
    const bool gw = h->settings.gateway;
    fields->id = (int64_t)n + 1;
    fields->local_id = gw ? gateway : other;
    fields->remote_id = gw ? other : gateway;
    fields->lifetime_s = 86400;
    cyg_peer_build_local_addr(build, &ends[gw ? 0 : 1]);
    cyg_peer_build_remote_addr(build, &ends[gw ? 1 : 0]);
    cyg_peer_build_initiate_to(build, gw ? &address : &h->settings.gateway_address);
    cyg_peer_build_proposal(build, &h->ike);
    struct cyg_peer_child *child = cyg_peer_build_child(build, "net");
    child->life_time_s = 86400;
    struct cyg_selector host;
    const struct cyg_address inner = address_of(0x64400000, n);
    cyg_selector_of_address(&inner, &host);
    cyg_peer_build_child_proposal(build, &h->esp);
    cyg_peer_build_local_ts(build, gw ? &h->net : &host);
    cyg_peer_build_remote_ts(build, gw ? &host : &h->net);
    if (cyg_peer_build_finish(build, &peer, &err) != CYG_OK) {
        bench_die("peer %u can't be made: reason %u", n, err.reason);
    }
    return peer;
}

static struct cyg_peer *peer_get(struct bench_host *h, unsigned n)
{
    if (n >= BENCH_PEERS) {
        return NULL;
    }
    if (n >= h->room_peers) {
        size_t room = n < 1024 ? 1024 : (size_t)n * 2;
        h->peers = realloc(h->peers, room * sizeof *h->peers);
        if (h->peers == NULL) {
            bench_die("no memory");
        }
        memset(h->peers + h->room_peers, 0, (room - h->room_peers) * sizeof *h->peers);
        h->room_peers = room;
    }
    if (h->peers[n] == NULL) {
        h->peers[n] = peer_make(h, n);
    }
    return h->peers[n];
}

void bench_host_prepare(struct bench_host *h, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        (void)peer_get(h, n);
    }
}

/* ---- the store ---- */

static enum cyg_code give(struct bench_host *h, const char *name, struct cyg_peer **ret,
                          struct cyg_error *err)
{
    unsigned n;
    struct cyg_peer *peer = sscanf(name, "p%u", &n) == 1 ? peer_get(h, n) : NULL;
    if (peer == NULL) {
        (void)CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("there is no such peer"));
        return CYG_NOT_FOUND;
    }
    *ret = cyg_peer_hold(peer);
    return CYG_OK;
}

static void fill_secret(struct cyg_peer_secret *secret)
{
    memcpy(secret->data, SECRET, strlen(SECRET));
    secret->len = (uint16_t)strlen(SECRET);
}

static enum cyg_code store_candidates(void *self, const struct cyg_path *path, cyg_usec deadline,
                                      struct cyg_candidates **ret, struct cyg_error *err)
{
    struct bench_host *h = self;
    struct {
        struct cyg_candidates head;
        struct cyg_candidate item;
        struct cyg_proposal proposal;
    } *c = calloc(1, sizeof *c);
    (void)path;
    (void)deadline;
    if (c == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    c->head = (struct cyg_candidates){
        .n = 1, .total_peers = 1, .items = &c->item, .generation = 1, .remote_bits = 32
    };
    c->proposal = h->ike;
    c->item = (struct cyg_candidate){ .proposals = &c->proposal,
                                      .n_proposals = 1,
                                      .auth_method = 1,
                                      .lifetime_s = 86400,
                                      .n_peers = 1,
                                      .peer_name = "p",
                                      .has_secret = true };
    fill_secret(&c->item.secret);
    *ret = &c->head;
    return CYG_OK;
}

static enum cyg_code store_by_identity(void *self, const struct cyg_peer_query *query,
                                       cyg_usec deadline, struct cyg_peer **ret,
                                       struct cyg_error *err)
{
    char text[CYG_IDENTITY_TEXT];
    (void)deadline;
    return give(self, cyg_identity_format(query->remote_id, text, sizeof text), ret, err);
}

static enum cyg_code store_by_name(void *self, const char *name, const char *child,
                                   cyg_usec deadline, struct cyg_peer **ret, struct cyg_error *err)
{
    (void)child;
    (void)deadline;
    return give(self, name != NULL ? name : "", ret, err);
}

static enum cyg_code store_by_id(void *self, uint8_t source, int64_t id, cyg_usec deadline,
                                 struct cyg_peer **ret, struct cyg_error *err)
{
    char name[32];
    (void)source;
    (void)deadline;
    (void)snprintf(name, sizeof name, "p%lld", (long long)id - 1);
    return give(self, name, ret, err);
}

static enum cyg_code store_secret(void *self, const struct cyg_peer *peer,
                                  const struct cyg_path *path, cyg_usec deadline,
                                  struct cyg_peer_secret *ret, struct cyg_error *err)
{
    (void)self;
    (void)peer;
    (void)path;
    (void)deadline;
    (void)err;
    fill_secret(ret);
    return CYG_OK;
}

static enum cyg_code store_list(void *self, const char *after, size_t max, cyg_usec deadline,
                                struct cyg_peer_row *ret, size_t *ret_n, struct cyg_error *err)
{
    (void)self;
    (void)after;
    (void)max;
    (void)deadline;
    (void)ret;
    (void)err;
    *ret_n = 0; /* nothing to be started */
    return CYG_OK;
}

static enum cyg_code store_poll(void *self, cyg_usec deadline, struct cyg_peer_changes **ret,
                                struct cyg_error *err)
{
    (void)self;
    (void)deadline;
    struct cyg_peer_changes *changes = calloc(1, sizeof *changes);
    if (changes == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    changes->generation = 1;
    *ret = changes;
    return CYG_OK;
}

static const struct cyg_store_ops store_ops = { .size = sizeof store_ops,
                                                .candidates = store_candidates,
                                                .peer_by_identity = store_by_identity,
                                                .peer_by_name = store_by_name,
                                                .peer_by_id = store_by_id,
                                                .secret = store_secret,
                                                .list = store_list,
                                                .poll = store_poll };

/* ---- the data plane ---- */

static uint32_t kernel_capabilities(void *self)
{
    (void)self;
    return CYG_KERNEL_TUNNEL | CYG_KERNEL_RAW_ESP | CYG_KERNEL_UDP_ENCAP;
}

static bool kernel_supports(void *self, enum cyg_alg cipher, enum cyg_alg integ)
{
    (void)self;
    (void)cipher;
    (void)integ;
    return true;
}

static const struct cyg_kernel_ops kernel_ops = { .size = sizeof kernel_ops,
                                                  .capabilities = kernel_capabilities,
                                                  .supports = kernel_supports };

/* ---- the engine's world ---- */

#define GROW(list, count, room)                                \
    do {                                                       \
        if ((count) == (room)) {                               \
            (room) = (room) == 0 ? 256 : (room)*2;             \
            (list) = realloc((list), (room) * sizeof *(list)); \
            if ((list) == NULL) {                              \
                bench_die("no memory");                        \
            }                                                  \
        }                                                      \
    } while (0)

static void world_send(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct bench_host *h = context;
    h->settings.send(h->settings.context, path, datagram);
}

static enum cyg_code world_job(void *context, enum cyg_lane lane, bool stranger,
                               struct engine_job *job)
{
    struct bench_host *h = context;
    (void)lane;
    (void)stranger;
    GROW(h->jobs, h->n_jobs, h->room_jobs);
    h->jobs[h->n_jobs++] = job;
    return CYG_OK;
}

static enum cyg_code world_kernel(void *context, const struct cyg_kernel_op *op)
{
    struct bench_host *h = context;
    if (op->tag != 0) {
        GROW(h->answers, h->n_answers, h->room_answers);
        h->answers[h->n_answers++] = op->tag;
    }
    return CYG_OK;
}

static void world_event(void *context, const struct cyg_event *event)
{
    struct bench_host *h = context;
    if (event->type == CYG_EVENT_CHILD_UP) {
        h->up++;
    } else if (event->type == CYG_EVENT_ORDER_DONE && event->error.reason != 0
               && h->failed++ == 0) {
        (void)cyg_error_format(&event->error, h->failure, sizeof h->failure);
    }
}

static enum cyg_code world_random(void *context, uint8_t *out, size_t len)
{
    const struct bench_host *h = context;
    const struct cyg_provider *rng = &h->settings.crypto->rng;
    return ((const struct cyg_rng_ops *)rng->ops)->fill(rng->self, out, len);
}

/* ---- the host ---- */

struct bench_host *bench_host_new(const struct bench_settings *settings)
{
    struct bench_host *h = calloc(1, sizeof *h);
    if (h == NULL) {
        bench_die("no memory");
    }
    h->settings = *settings;
    h->next_spi = 0x1000;
    parse(cyg_proposal_parse(CYG_PROPOSAL_IKE, cyg_span_str(settings->ike), &h->ike, NULL),
          settings->ike);
    parse(cyg_proposal_parse(CYG_PROPOSAL_ESP, cyg_span_str(settings->esp), &h->esp, NULL),
          settings->esp);
    parse(cyg_selector_parse(cyg_span_str(BENCH_NET), &h->net, NULL), BENCH_NET);
    const struct engine_providers providers = {
        .crypto = settings->crypto,
        .auth = { &auth_psk_ops },
        .kernel = &kernel_ops,
        .store = settings->store != NULL ? settings->store : &store_ops,
        .store_self = settings->store != NULL ? settings->store_self : h,
    };
    const struct engine_world world = { .context = h,
                                        .send = world_send,
                                        .job = world_job,
                                        .kernel = world_kernel,
                                        .event = world_event,
                                        .random = world_random };
    struct engine_settings engine_settings;
    engine_settings_default(&engine_settings);
    if (settings->half_open_max != 0) {
        engine_settings.half_open_max = settings->half_open_max;
    }
    if (engine_new(cyg_time_now(), &engine_settings, &providers, &world, &h->engine) != CYG_OK) {
        bench_die("no engine");
    }
    (void)bench_host_run(h);
    return h;
}

void bench_host_free(struct bench_host *h)
{
    engine_free(h->engine);
    for (size_t i = 0; i < h->n_jobs; i++) {
        engine_job_free(h->jobs[i]);
    }
    for (size_t i = 0; i < h->room_peers; i++) {
        cyg_peer_release(h->peers[i]);
    }
    free(h->peers);
    free(h->jobs);
    free(h->answers);
    free(h);
}

void bench_host_initiate(struct bench_host *h, unsigned n)
{
    struct cyg_order order = { .type = CYG_ORDER_INITIATE, .id = (uint64_t)n + 1, .child = "net" };
    (void)snprintf(order.ike, sizeof order.ike, "p%u", n);
    engine_order(h->engine, cyg_time_now(), &order);
}

void bench_host_receive(struct bench_host *h, const struct cyg_path *path, struct cyg_span datagram)
{
    engine_packet(h->engine, cyg_time_now(), path, datagram);
}

cyg_usec bench_host_run(struct bench_host *h)
{
    cyg_usec next = engine_timer(h->engine, cyg_time_now());
    size_t job = 0, answer = 0; /* doing one makes others, behind it */
    while (job < h->n_jobs || answer < h->n_answers) {
        if (job < h->n_jobs) {
            engine_job_run(h->jobs[job]);
            engine_job_done(h->engine, cyg_time_now(), h->jobs[job]);
            job++;
        } else {
            const struct cyg_kernel_result result = { .code = CYG_OK, .spi = h->next_spi++ };
            engine_kernel_done(h->engine, cyg_time_now(), h->answers[answer++], &result);
        }
        next = engine_timer(h->engine, cyg_time_now());
    }
    h->n_jobs = h->n_answers = 0;
    return next;
}
