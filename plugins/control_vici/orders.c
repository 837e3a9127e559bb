/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* initiate and terminate: an order to the engine, its progress as control-log events, its result as
 * the reply. What waits is the state of the client whose command it is. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

struct waiting {
    struct client *client;
    uint64_t order_id;
    char what[CYG_NAME_MAX];
    int64_t timeout_ms;
    uint32_t timer; /* 0: none */
    int8_t level;   /* of control-log */
};

static void release_waiting(void *state)
{
    struct waiting *w = state;
    if (w->timer != 0) {
        const struct cyg_host *host = server_host(client_server(w->client));
        host->timer_cancel(host->daemon, w->timer);
    }
    free(w);
}

static void on_timeout(void *context)
{
    struct waiting *w = context;
    w->timer = 0;
    client_fail(w->client, &(struct cyg_error){ .reason = CYG_R_ORDER_TIMEOUT,
                                                .got = (uint64_t)w->timeout_ms,
                                                .got_quote = cyg_quote_text(w->what) });
}

static void reply_success(struct client *client)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", true);
    client_reply(client, &w);
}

/* Give the order; timeout (ms): -1 do not wait, 0 wait for ever. */
static void give(struct client *client, struct cyg_span message, struct cyg_order *order)
{
    const struct cyg_host *host = server_host(client_server(client));
    struct waiting *w = calloc(1, sizeof *w);
    enum cyg_code code = w != NULL ? host->order(host->daemon, order, &order->id) : CYG_NOMEM;
    if (code != CYG_OK) {
        free(w);
        client_fail(client,
                    &(struct cyg_error){ .reason = code == CYG_NOMEM ? CYG_R_NOMEM : CYG_R_BUSY });
        return;
    }
    int64_t level = 1;
    (void)cyg_vici_get_number(message, "loglevel", &level);
    (void)cyg_vici_get_number(message, "timeout", &w->timeout_ms);
    w->client = client;
    w->order_id = order->id;
    w->level = (int8_t)(level < -1 ? -1 : level > 4 ? 4 : level);
    memcpy(w->what, order->child[0] != '\0' ? order->child : order->ike, sizeof w->what);
    if (w->timeout_ms < 0) {
        free(w);
        reply_success(client);
        return;
    }
    if (w->timeout_ms > 0) {
        w->timer = host->timer(host->daemon, (cyg_usec)w->timeout_ms * CYG_MSEC, on_timeout, w);
    }
    client_set_state(client, w, release_waiting);
}

void command_initiate(struct client *client, struct cyg_span message)
{
    struct cyg_order order = { .type = CYG_ORDER_INITIATE };
    cyg_vici_get_text(message, "ike", order.ike, sizeof order.ike);
    cyg_vici_get_text(message, "child", order.child, sizeof order.child);
    if (order.ike[0] == '\0' && order.child[0] == '\0') {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_ORDER_ARGUMENT,
                                                 .want_quote = cyg_quote_text("ike or child") });
        return;
    }
    give(client, message, &order);
}

void command_terminate(struct client *client, struct cyg_span message)
{
    struct cyg_order order = { .type = CYG_ORDER_TERMINATE,
                               .ike_id = get_id(message, "ike-id"),
                               .child_id = get_id(message, "child-id"),
                               .force = cyg_vici_get_bool(message, "force", false) };
    cyg_vici_get_text(message, "ike", order.ike, sizeof order.ike);
    cyg_vici_get_text(message, "child", order.child, sizeof order.child);
    if (order.ike[0] == '\0' && order.child[0] == '\0' && order.ike_id == 0
        && order.child_id == 0) {
        client_fail(client, &(struct cyg_error){
                                .reason = CYG_R_ORDER_ARGUMENT,
                                .want_quote = cyg_quote_text("ike, child, ike-id or child-id") });
        return;
    }
    give(client, message, &order);
}

/* Progress of an order goes to the client that gave it. */
static void progress(struct client *client, const struct cyg_event *event)
{
    const struct waiting *w = client_state(client);
    if (w == NULL || w->order_id != event->order_id || event->level > w->level) {
        return;
    }
    struct cyg_vici_writer packet;
    cyg_vici_begin(&packet, CYG_VICI_EVENT, "control-log");
    put_log(&packet, event);
    client_event(client, "control-log", &packet);
}

static void finish_initiate(struct client *client, const struct cyg_event *event)
{
    if (event->error.reason != 0) {
        client_fail(client, &event->error);
    } else {
        reply_success(client);
    }
}

/* terminate also says how many there were, as charon does. */
static void finish_terminate(struct client *client, const struct cyg_event *event)
{
    const bool success = event->error.reason == 0;
    const unsigned n = success ? (unsigned)event->error.got : 0;
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", success);
    cyg_vici_key(&w, "matches", "%u", n);
    cyg_vici_key(&w, "terminated", "%u", n);
    if (!success) {
        put_failure(&w, &event->error);
    }
    client_reply(client, &w);
}

static void each_waiting(struct server *server, const struct cyg_event *event,
                         void (*run)(struct client *client, struct cyg_span message),
                         void (*finish)(struct client *client, const struct cyg_event *event))
{
    struct client *client = NULL;
    while ((client = server_next_running(server, client, run)) != NULL) {
        const struct waiting *w = client_state(client);
        if (event->type == CYG_EVENT_LOG) {
            progress(client, event);
        } else if (event->type == CYG_EVENT_ORDER_DONE && w != NULL
                   && w->order_id == event->order_id) {
            finish(client, event); /* an SA that came up is only on its way */
        }
    }
}

void orders_event(struct server *server, const struct cyg_event *event)
{
    if (event->order_id != 0) {
        each_waiting(server, event, command_initiate, finish_initiate);
        each_waiting(server, event, command_terminate, finish_terminate);
    }
}
