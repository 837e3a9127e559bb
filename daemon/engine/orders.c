/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Initiations; see orders.h. Terminations and shutting down stand in orders_end.c. */
#include "orders.h"

#include "by_peer.h"
#include "child_sa.h"
#include "events.h"
#include "exchange.h"
#include "flows.h"
#include "jobs.h"
#include "limit.h"
#include "live.h"
#include "main_mode.h"
#include "orders_internal.h"
#include "quick_mode.h"
#include "why.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define RETRY_EVERY (250 * CYG_MSEC) /* a lane is full */
#define RETRY_MAX   120u             /* half a minute of that */

enum order_state {
    ORDER_LOOKUP = 0, /* the peer by its name */
    ORDER_SECRET,
    ORDER_PHASE1, /* an IKE SA is being made, by this order or another one */
    ORDER_FLOWS,
};

struct order_name {
    char ike[CYG_NAME_MAX], child[CYG_NAME_MAX]; /* zero behind their ends: a key */
};

struct order {
    struct table_item by_id;   /* engine->orders */
    struct table_item by_name; /* engine->orders_by_name: by what was ordered */
    struct order *prev, *next; /* of the IKE SA */
    struct engine *engine;
    struct ike_sa *sa;  /* that it waits for, or works under; NULL */
    uint64_t id;        /* ours: exchanges and jobs name it */
    uint64_t public_id; /* of the one who ordered; 0: a live change */
    struct timer timer;
    struct cyg_peer *peer;               /* held */
    const struct cyg_peer_child *config; /* NULL: phase 1 only */
    uint32_t ike_uniqueid;               /* of that SA, also when it has ended */
    struct child_name *children;         /* those that are up; told together */
    size_t n_flows, next_flow, n_pending, n_up;
    unsigned retries;
    uint16_t address_at; /* in peer->initiate_to */
    uint8_t state;
    bool finished;
    bool starting;         /* flows are being started: their end is counted, nothing more */
    struct cyg_error last; /* of the flows refused */
    struct order_name name;
};

/* ---- life ---- */

static struct order *order_find(const struct engine *engine, uint64_t id)
{
    return TABLE_OWNER(struct order, by_id, table_find(engine, engine->orders, TABLE_KEY(id)));
}

static void leave_sa(struct order *order)
{
    if (order->sa == NULL) {
        return;
    }
    DL_DELETE(order->sa->orders, order);
    order->sa = NULL;
}

static void join_sa(struct order *order, struct ike_sa *sa)
{
    leave_sa(order);
    order->sa = sa;
    order->ike_uniqueid = sa->uniqueid;
    DL_APPEND(sa->orders, order);
}

static void order_free(struct order *order)
{
    struct engine *engine = order->engine;
    leave_sa(order);
    timers_release(&engine->timers, &order->timer);
    table_remove(&engine->orders, &order->by_id);
    table_remove(&engine->orders_by_name, &order->by_name);
    cyg_peer_release(order->peer);
    free(order->children);
    free(order);
}

/* Enter it everywhere, or nowhere. */
static enum cyg_code enter(struct engine *engine, struct order *order)
{
    if (timers_reserve(&engine->timers) != CYG_OK) {
        return CYG_NOMEM;
    }
    if (!table_add(engine, &engine->orders, &order->by_id, TABLE_KEY(order->id))) {
        timers_release(&engine->timers, &order->timer);
        return CYG_NOMEM;
    }
    if (!table_add(engine, &engine->orders_by_name, &order->by_name, TABLE_KEY(order->name))) {
        table_remove(&engine->orders, &order->by_id);
        timers_release(&engine->timers, &order->timer);
        return CYG_NOMEM;
    }
    return CYG_OK;
}

/* Say how it went and forget it. why: NULL or reason 0: success. */
static void finish(struct order *order, const struct cyg_error *why)
{
    static const struct cyg_error success = { 0 };
    if (order->finished) {
        return;
    }
    order->finished = true;
    child_sa_tell(order->engine, order->children, order->n_up, order->public_id);
    const char *name = order->peer != NULL ? order->peer->name : order->name.ike;
    if (order->public_id != 0) {
        events_order_done(order->engine, order->public_id, order->ike_uniqueid, name,
                          why != NULL ? why : &success);
    }
    order_free(order);
}

/* Busy: try the same step again a little later. */
static void retry(struct order *order, const struct cyg_error *why)
{
    if (why->reason != CYG_R_BUSY || ++order->retries > RETRY_MAX) {
        finish(order, why);
        return;
    }
    timer_set(&order->engine->timers, &order->timer, cyg_usec_add(order->engine->now, RETRY_EVERY));
}

static void look_up(struct order *order)
{
    struct cyg_error err = { 0 };
    order->state = ORDER_LOOKUP;
    if (job_peer_by_name(order->engine, order->id, order->name.ike, order->name.child, &err)
        != CYG_OK) {
        retry(order, &err);
    }
}

static void name_of(const char *ike, const char *child, struct order_name *ret)
{
    *ret = (struct order_name){ 0 };
    memcpy(ret->ike, ike, strnlen(ike, CYG_NAME_MAX - 1));
    memcpy(ret->child, child, strnlen(child, CYG_NAME_MAX - 1));
}

static struct order *order_new(struct engine *engine, uint64_t public_id, const char *ike,
                               const char *child)
{
    struct order *order = calloc(1, sizeof *order);
    if (order == NULL) {
        return NULL;
    }
    order->engine = engine;
    order->public_id = public_id;
    order->id = engine_id(engine);
    order->timer.owner = TIMER_ORDER;
    name_of(ike, child, &order->name);
    if (enter(engine, order) != CYG_OK) {
        free(order);
        return NULL;
    }
    return order;
}

void orders_begin(struct engine *engine, uint64_t public_id, const char *ike, const char *child)
{
    struct cyg_error err = { 0 };
    struct order *order = NULL;
    if (engine->shutting_down) {
        (void)CYG_FAIL(&err, CYG_R_SHUTDOWN);
    } else if ((order = order_new(engine, public_id, ike, child)) == NULL) {
        (void)CYG_FAIL(&err, CYG_R_NOMEM);
    }
    if (order != NULL) {
        look_up(order);
    } else if (public_id != 0) {
        events_order_done(engine, public_id, 0, ike, &err);
    }
}

void orders_initiate(struct engine *engine, const char *peer, const char *child)
{
    orders_begin(engine, 0, peer, child);
}

/* ---- flows ---- */

/* Whether a quick mode of ours has to end before the next one begins. One whose message was
 * repeated has met silence: others need not wait for it, until it is answered all the same. */
static bool flow_under_way(const struct ike_sa *sa)
{
    const struct exchange *x = sa->exchanges;
    while (x != NULL && (x->kind != &quick_mode_initiator || (x->tries > 0 && !x->suspended))) {
        x = x->next;
    }
    return x != NULL;
}

static bool may_start(const struct order *order)
{
    return order->next_flow < order->n_flows && order->n_pending < ORDERS_FLOWS_AT_ONCE;
}

/* Start what may be started now. Each start may end at once, and count itself off. */
static void start_flows(struct order *order, struct ike_sa *sa)
{
    order->starting = true;
    while (!order->finished && !sa->ended && may_start(order) && !flow_under_way(sa)) {
        struct cyg_flow flow;
        struct cyg_error err = { 0 };
        if (!flows_get(order->config, &sa->path, order->next_flow++, &flow)) {
            order->n_flows = order->next_flow - 1; /* the path has changed the family */
            break;
        }
        order->n_pending++;
        if (quick_mode_initiate(sa, order->peer, order->config, &flow, order->id, order->public_id,
                                &err)
            != CYG_OK) {
            (void)orders_flow_done(order->engine, order->id, NULL, &err);
        }
    }
    order->starting = false;
}

static void conclude_flows(struct order *order, const struct ike_sa *sa)
{
    bool more = order->n_pending > 0 || order->next_flow < order->n_flows;
    if (more && sa != NULL && !sa->ended) {
        return;
    }
    if (order->n_up == order->n_flows) {
        finish(order, NULL);
    } else if (order->n_up == 0) {
        finish(order, &order->last);
    } else {
        struct cyg_error err;
        why_flows_partly(order->config->name, order->n_flows - order->n_up, order->n_flows,
                         &order->last, &err);
        finish(order, &err);
    }
}

bool orders_flow_done(struct engine *engine, uint64_t order_id, const struct child_name *child,
                      const struct cyg_error *why)
{
    struct order *order = order_find(engine, order_id);
    if (order == NULL || order->state != ORDER_FLOWS) {
        return false;
    }
    order->n_pending--;
    if (child != NULL && order->n_up < order->n_flows) {
        order->children[order->n_up++] = *child;
    } else if (why->reason != 0) {
        order->last = *why;
    } else { /* somebody has ended the IKE SA: no failure of his, but none of our successes */
        (void)CYG_FAIL(&order->last, CYG_R_IKE_ENDED);
    }
    struct ike_sa *sa = order->sa;
    if (order->starting) {
        return true;
    }
    if (sa != NULL && !sa->ended) {
        start_flows(order, sa);
    }
    conclude_flows(order, sa);
    return true;
}

/* The first one that has a flow to start; NULL also while one is at it, which sees for itself. */
static struct order *next_to_start(const struct ike_sa *sa)
{
    struct order *found = NULL;
    for (struct order *order = sa->orders; order != NULL; order = order->next) {
        if (order->starting) {
            return NULL;
        }
        if (found == NULL && order->state == ORDER_FLOWS && may_start(order)) {
            found = order;
        }
    }
    return found;
}

void orders_go_on(struct ike_sa *sa)
{
    struct order *order;
    while (!sa->ended && !flow_under_way(sa) && (order = next_to_start(sa)) != NULL) {
        start_flows(order, sa);
        conclude_flows(order, sa);
    }
}

/* The IKE SA is up: its child's flows, if one is wanted. */
static void go_on_with(struct order *order, struct ike_sa *sa)
{
    struct cyg_error err;
    join_sa(order, sa);
    order->state = ORDER_FLOWS;
    if (order->config == NULL) {
        finish(order, NULL);
        return;
    }
    order->n_flows = flows_count(order->config, &sa->path);
    order->children = calloc(order->n_flows == 0 ? 1 : order->n_flows, sizeof *order->children);
    if (order->n_flows == 0) {
        (void)CYG_FAIL(&err, CYG_R_NO_FLOWS, .got_quote = cyg_quote_text(order->config->name));
        finish(order, &err);
    } else if (order->children == NULL) {
        (void)CYG_FAIL(&err, CYG_R_NOMEM);
        finish(order, &err);
    } else {
        start_flows(order, sa);
        conclude_flows(order, sa);
    }
}

/* ---- phase 1 ---- */

/* The newest SA with this peer that is up, else one that we are making; NULL. */
static struct ike_sa *find_sa(const struct engine *engine, const struct cyg_peer *peer)
{
    struct ike_sa *found = NULL;
    struct ike_sa *sa = by_peer_first(engine, peer->source, peer->id);
    for (; sa != NULL; sa = sa->row_next) {
        bool up = sa->state == CYG_IKE_ESTABLISHED && !sa->replaced;
        if (up || (found == NULL && sa->initiator && sa->state == CYG_IKE_CONNECTING)) {
            found = sa;
        }
    }
    return found;
}

/* Where MM1 goes from and to. */
static void path_of(const struct order *order, struct cyg_path *ret)
{
    const struct cyg_peer *peer = order->peer;
    const struct engine_settings *settings = &order->engine->settings;
    *ret = (struct cyg_path){ .remote = peer->initiate_to[order->address_at] };
    for (size_t i = 0; i < peer->n_local_addrs; i++) {
        const struct cyg_prefix *p = &peer->local_addrs[i];
        bool host = p->bits == (p->address.family == 4 ? 32 : 128);
        if (host && p->address.family == ret->remote.family && ret->local.family == 0) {
            ret->local = p->address;
        }
    }
    /* %any: io chooses; the family is the remote one's */
    ret->local.family = ret->remote.family;
    ret->remote.port = peer->remote_port != 0 ? peer->remote_port : 500;
    if (peer->local_port != 0) {
        ret->local.port = peer->local_port;
    } else {
        ret->local.port = ret->remote.port == 500 ? settings->port : settings->nat_t_port;
    }
}

static bool needs_secret(const struct engine *engine, uint16_t method)
{
    const struct engine_providers *p = &engine->providers;
    for (size_t i = 0; i < CYG_LEN(p->auth) && p->auth[i] != NULL; i++) {
        if (p->auth[i]->method == method) {
            return p->auth[i]->needs_psk;
        }
    }
    return false;
}

static void begin_phase1(struct order *order, const struct cyg_peer_secret *secret)
{
    struct cyg_path path;
    struct cyg_error err = { 0 };
    struct ike_sa *sa = NULL;
    path_of(order, &path);
    order->state = ORDER_PHASE1;
    if (main_mode_prepare(order->engine, order->peer, &path, secret, order->public_id, &sa, &err)
        != CYG_OK) {
        finish(order, &err);
        return;
    }
    join_sa(order, sa); /* what ends it from now on ends the order too */
    exchange_start(sa->exchanges);
}

static void ask_secret(struct order *order)
{
    struct cyg_path path;
    struct cyg_error err = { 0 };
    order->state = ORDER_SECRET;
    path_of(order, &path);
    if (job_secret(order->engine, order->id, order->peer, &path, &err) != CYG_OK) {
        retry(order, &err);
    }
}

static void reach(struct order *order)
{
    struct cyg_error err;
    struct ike_sa *sa = find_sa(order->engine, order->peer);
    if (sa != NULL && sa->state == CYG_IKE_ESTABLISHED) {
        go_on_with(order, sa);
    } else if (sa != NULL) { /* join the attempt that is under way */
        join_sa(order, sa);
        order->state = ORDER_PHASE1;
    } else if (order->address_at >= order->peer->n_initiate_to) {
        (void)CYG_FAIL(&err, CYG_R_NO_ADDRESS, .got_quote = cyg_quote_text(order->peer->name));
        finish(order, &err);
    } else if (needs_secret(order->engine, order->peer->auth_method)) {
        ask_secret(order);
    } else {
        begin_phase1(order, NULL);
    }
}

/* ---- look-ups ---- */

static void peer_found(struct order *order, struct engine_job *job)
{
    struct cyg_error err;
    order->peer = CYG_TAKE(job->query->peer);
    for (size_t i = 0; order->name.child[0] != '\0' && i < order->peer->n_children; i++) {
        if (strncmp(order->peer->children[i].name, order->name.child, CYG_NAME_MAX) == 0) {
            order->config = &order->peer->children[i];
        }
    }
    if (order->name.child[0] != '\0' && order->config == NULL) {
        (void)CYG_FAIL(&err, CYG_R_NO_SUCH_CHILD, .got_quote = cyg_quote_text(order->name.child),
                       .want_quote = cyg_quote_text(order->peer->name));
        finish(order, &err);
        return;
    }
    reach(order);
}

void orders_job_done(struct engine *engine, struct engine_job *job)
{
    struct order *order = order_find(engine, job->owner);
    if (order == NULL) {
        return;
    }
    if (job->code != CYG_OK) {
        if (job->code == CYG_LIMIT) {
            (void)CYG_FAIL(&job->err, CYG_R_BUSY);
        }
        retry(order, &job->err);
    } else if (order->state == ORDER_LOOKUP) {
        peer_found(order, job);
    } else if (order->state == ORDER_SECRET) {
        const struct cyg_peer_secret *secret = &job->query->secret;
        struct ike_sa *sa = find_sa(engine, order->peer);
        if (sa != NULL) { /* another order was faster */
            reach(order);
        } else {
            begin_phase1(order, secret);
        }
    }
}

void orders_timer(struct timer *timer)
{
    struct order *order =
        (struct order *)(void *)((uint8_t *)timer - offsetof(struct order, timer));
    if (order->state == ORDER_LOOKUP) {
        look_up(order);
    } else if (order->state == ORDER_SECRET) {
        ask_secret(order);
    }
}

/* ---- IKE SAs ---- */

/* Orders end, and new ones may come, while we walk: each is found anew. */
static struct order *waiting_for(const struct ike_sa *sa)
{
    struct order *order = sa->orders;
    while (order != NULL && order->state != ORDER_PHASE1) {
        order = order->next;
    }
    return order;
}

void orders_ike_up(struct ike_sa *sa)
{
    struct order *order;
    while ((order = waiting_for(sa)) != NULL) {
        go_on_with(order, sa);
    }
}

/* Only what orders begin is ours to begin. A walk over all of them, hence not for every ICMP
 * message that somebody sends us. */
void orders_unreachable(struct engine *engine, const struct cyg_address *remote)
{
    if (!limit_take(engine, &engine->limit_log, remote, CYG_R_UNREACHABLE_SEEN, NULL)) {
        return;
    }
    for (struct table_item *item = engine->orders; item != NULL; item = table_next(item)) {
        const struct order *order = TABLE_OWNER(struct order, by_id, item);
        bool fits = order->state == ORDER_PHASE1 && order->sa != NULL
                    && cyg_endpoint_equal(&order->sa->path.remote, remote);
        struct exchange *x = fits ? exchange_find(order->sa, EXCHANGE_MAIN, 0) : NULL;
        if (x != NULL && x->kind->initiator) {
            exchange_unreachable(x);
        }
    }
}

/* The peer's next address may do better. */
static bool is_silence(uint16_t reason)
{
    return reason == CYG_R_NO_ANSWER_FIRST || reason == CYG_R_NO_ANSWER_UNREACHABLE
           || reason == CYG_R_NO_ANSWER_KEY || reason == CYG_R_NO_ANSWER_PROOF;
}

/* Nobody answered: the next address, if there is one. */
static bool try_elsewhere(struct order *order, const struct cyg_error *why)
{
    if (!is_silence(why->reason) || order->address_at + 1 >= order->peer->n_initiate_to) {
        return false;
    }
    order->address_at++;
    reach(order);
    return true;
}

void orders_ike_ended(struct ike_sa *sa, const struct cyg_error *why)
{
    static const struct cyg_error ended = { .reason = CYG_R_IKE_ENDED };
    const struct cyg_error *reason = why != NULL && why->reason != 0 ? why : &ended;
    while (sa->orders != NULL) {
        struct order *order = sa->orders;
        leave_sa(order);
        if (order->starting) {
            continue; /* it sees for itself */
        }
        if (order->state == ORDER_PHASE1) {
            order->ike_uniqueid = 0;
            if (try_elsewhere(order, reason)) {
                continue;
            }
        }
        finish(order, reason);
    }
}

void orders_ike_replaced(struct ike_sa *old, struct ike_sa *sa)
{
    while (old->orders != NULL) {
        join_sa(old->orders, sa);
    }
    orders_go_on(sa);
}

void orders_shut_down(struct engine *engine, const struct cyg_error *why)
{
    while (engine->orders != NULL) {
        finish(TABLE_OWNER(struct order, by_id, engine->orders), why);
    }
}

bool orders_has(const struct engine *engine, const char *peer, const char *child)
{
    struct order_name name;
    name_of(peer, child, &name);
    return table_find(engine, engine->orders_by_name, TABLE_KEY(name)) != NULL;
}

void orders_clear(struct engine *engine)
{
    while (engine->orders != NULL) {
        order_free(TABLE_OWNER(struct order, by_id, engine->orders));
    }
}
