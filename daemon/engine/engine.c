/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's surface: making, freeing, time, and the way in of everything; see engine.h. */
#include "engine.h"

#include "child_sa.h"
#include "engine_internal.h"
#include "exchange.h"
#include "groups.h"
#include "ike_sa.h"
#include "jobs.h"
#include "kernel_ops.h"
#include "live.h"
#include "orders.h"
#include "outgoing.h"
#include "walker.h"

#include <stdlib.h>
#include <string.h>

#define NOTIFY_EVERY CYG_SEC /* in clear, to one source */
#define NOTIFY_BURST 100u    /* a second, to all */
#define LOG_EVERY    (10 * CYG_SEC)
#define LOG_BURST    100u
#define NUMBER_EVERY (100 * CYG_MSEC) /* a uniqueid for a first message of a source */
#define NUMBER_BURST 100u

/* ---- settings, making, freeing ---- */

void engine_settings_default(struct engine_settings *ret)
{
    *ret = (struct engine_settings){
        .port = 500,
        .nat_t_port = 4500,
        .retransmit_first = 4 * CYG_SEC,
        .retransmit_base = 1.8,
        .retransmit_tries = 5,
        .half_open_timeout = 30 * CYG_SEC,
        .half_open_max = 4096,
        .half_open_per_address = 5,
        .min_lifetime_s = 60,
        .max_children = 100,
        .max_ike_sas = 100000,
        .max_ike_sas_per_identity = 100,
        .childless_timeout = CYG_NEVER,
        .trust_clear_errors = true,
        .poll_interval = CYG_SEC,
    };
}

static enum cyg_code engine_init(struct engine *engine)
{
    uint8_t secret[sizeof engine->secret];
    engine->limit_notify.every = NOTIFY_EVERY;
    engine->limit_notify.burst = NOTIFY_BURST;
    engine->limit_log.every = LOG_EVERY;
    engine->limit_log.burst = LOG_BURST;
    engine->limit_ids.every = NUMBER_EVERY;
    engine->limit_ids.burst = NUMBER_BURST;
    engine->poll_timer.owner = TIMER_ENGINE;
    engine->scratch = malloc(OUTGOING_MAX);
    if (engine->scratch == NULL || timers_reserve(&engine->timers) != CYG_OK
        || half_open_init(engine) != CYG_OK) {
        return CYG_NOMEM;
    }
    if (engine_random(engine, secret, sizeof secret, NULL) != CYG_OK) {
        return CYG_INTERNAL;
    }
    memcpy(&engine->secret, secret, sizeof secret);
    return CYG_OK;
}

enum cyg_code engine_new(cyg_usec now, const struct engine_settings *settings,
                         const struct engine_providers *providers, const struct engine_world *world,
                         struct engine **ret)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return CYG_NOMEM;
    }
    engine->settings = *settings;
    engine->providers = *providers;
    engine->world = *world;
    engine->now = now;
    enum cyg_code code = engine_init(engine);
    if (code != CYG_OK) {
        engine_free(engine);
        return code;
    }
    live_timer(engine);
    *ret = engine;
    return CYG_OK;
}

/* Free what has ended: exchanges before the SAs that they belonged to. */
static void settle(struct engine *engine)
{
    while (engine->ended_exchanges != NULL) {
        struct exchange *x = engine->ended_exchanges;
        engine->ended_exchanges = x->next_ended;
        exchange_reap(x);
    }
    while (engine->ended_children != NULL) {
        struct child_sa *child = engine->ended_children;
        engine->ended_children = child->next_ended;
        child_sa_reap(child);
    }
    while (engine->ended_sas != NULL) {
        struct ike_sa *sa = engine->ended_sas;
        engine->ended_sas = sa->next_ended;
        ike_sa_reap(sa);
    }
    orders_settle(engine, false);
}

static void quiet_send(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    (void)context;
    (void)path;
    (void)datagram;
}

static enum cyg_code quiet_kernel(void *context, const struct cyg_kernel_op *op)
{
    (void)context;
    (void)op;
    return CYG_OK;
}

static void quiet_event(void *context, const struct cyg_event *event)
{
    (void)context;
    (void)event;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    engine->world.send = quiet_send; /* silently, says engine.h */
    engine->world.kernel = quiet_kernel;
    engine->world.event = quiet_event;
    engine->shutting_down = true;
    engine->shutdown_order = 0;
    orders_clear(engine);
    ike_sa_end_all(engine, false, NULL);
    settle(engine);
    kernel_clear(engine);
    groups_flush(engine);
    half_open_clear(engine);
    timers_clear(&engine->timers);
    free(engine->index.items);
    free(engine->scratch);
    cyg_wipe(&engine->secret, sizeof engine->secret);
    free(engine);
}

/* ---- for the files of this folder ---- */

uint64_t engine_id(struct engine *engine)
{
    return ++engine->next_id;
}

uint64_t engine_hash(const struct engine *engine, struct cyg_span bytes)
{
    return siphash(&engine->secret, bytes);
}

enum cyg_code engine_random(struct engine *engine, uint8_t *out, size_t len, struct cyg_error *err)
{
    if (engine->world.random(engine->world.context, out, len) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_RANDOM_FAILED);
    }
    return CYG_OK;
}

uint32_t engine_below(struct engine *engine, uint32_t limit)
{
    uint8_t bytes[4];
    if (limit == 0 || engine_random(engine, bytes, sizeof bytes, NULL) != CYG_OK) {
        return 0;
    }
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(bytes));
    return cyg_reader_u32(&r) % limit;
}

/* ---- the way in ---- */

void engine_packet(struct engine *engine, cyg_usec now, const struct cyg_path *path,
                   struct cyg_span datagram)
{
    engine->now = now;
    engine->counts.packets++;
    if (!engine->shutting_down) {
        receive_packet(engine, path, datagram);
    }
    settle(engine);
}

#define OWNER(type, timer) ((type *)(void *)((uint8_t *)(timer)-offsetof(type, timer)))

static void fire(struct engine *engine, struct timer *timer)
{
    switch ((enum timer_owner)timer->owner) {
    case TIMER_ENGINE:
        if (engine->shutting_down) {
            orders_settle(engine, true);
        } else {
            live_timer(engine);
        }
        return;
    case TIMER_IKE_SA:
        ike_sa_timer(OWNER(struct ike_sa, timer));
        return;
    case TIMER_EXCHANGE:
        exchange_timer(OWNER(struct exchange, timer));
        return;
    case TIMER_CHILD:
        child_sa_timer(OWNER(struct child_sa, timer));
        return;
    case TIMER_ORDER:
        orders_timer(timer);
        return;
    }
    cyg_unreachable();
}

cyg_usec engine_timer(struct engine *engine, cyg_usec now)
{
    struct timer *due;
    engine->now = now;
    while ((due = timers_due(&engine->timers, now)) != NULL) {
        fire(engine, due);
        settle(engine);
    }
    return timers_next(&engine->timers);
}

void engine_job_done(struct engine *engine, cyg_usec now, struct engine_job *job)
{
    engine->now = now;
    jobs_done(engine, job);
    settle(engine);
}

void engine_kernel_done(struct engine *engine, cyg_usec now, uint64_t tag,
                        const struct cyg_kernel_result *result)
{
    engine->now = now;
    kernel_answer(engine, tag, result);
    settle(engine);
}

void engine_unreachable(struct engine *engine, cyg_usec now, const struct cyg_address *remote)
{
    engine->now = now;
    orders_unreachable(engine, remote);
    settle(engine);
}

void engine_kernel_event(struct engine *engine, cyg_usec now, const struct cyg_kernel_event *event)
{
    engine->now = now;
    struct child_sa *child = event->inbound
                                 ? child_sa_by_spi(engine, event->spi)
                                 : child_sa_by_reqid(engine, event->reqid, event->spi, false);
    switch (event->type) {
    case CYG_KERNEL_EVENT_SA_EXPIRED:
        if (child != NULL && child->state == CYG_CHILD_INSTALLED) {
            child_sa_expire(child, CYG_R_CHILD_EXPIRED_BYTES);
        }
        break;
    case CYG_KERNEL_EVENT_MAPPING: /* ESP with a valid ICV: as good as an authenticated message */
        if (child != NULL && child->udp_encap) {
            ike_sa_move(child->sa, &event->path);
        }
        break;
    case CYG_KERNEL_EVENT_TOO_BIG:
        if (child != NULL) {
            child_sa_too_big(child, event);
        }
        break;
    case CYG_KERNEL_EVENT_ACQUIRE: /* trap policies come with start_action = trap */
        break;
    }
    settle(engine);
}

void engine_order(struct engine *engine, cyg_usec now, const struct cyg_order *order)
{
    engine->now = now;
    orders_take(engine, order);
    settle(engine);
}

void engine_counts(const struct engine *engine, struct engine_counts *ret)
{
    *ret = engine->counts;
    ret->ike_sas -= ret->half_open; /* a stranger's handshake is counted once */
}
