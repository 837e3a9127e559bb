/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Terminations, looking for changed peers, shutting down: orders that are done at once. */
#include "child_sa.h"
#include "events.h"
#include "informational.h"
#include "live.h"
#include "orders_internal.h"

#include <string.h>

#define SHUTDOWN_WAIT (3 * CYG_SEC) /* for the data plane to take everything away */

static bool names_child(const struct cyg_order *order)
{
    return order->child[0] != '\0' || order->child_id != 0;
}

static bool fits_ike(const struct cyg_order *order, const struct ike_sa *sa)
{
    return (order->ike[0] == '\0' || strncmp(order->ike, ike_sa_name(sa), CYG_NAME_MAX) == 0)
           && (order->ike_id == 0 || order->ike_id == sa->uniqueid);
}

static bool fits_child(const struct cyg_order *order, const struct child_sa *child)
{
    return (order->child[0] == '\0'
            || strncmp(order->child, child->config->name, CYG_NAME_MAX) == 0)
           && (order->child_id == 0 || order->child_id == child->uniqueid);
}

static size_t end_children(const struct cyg_order *order, struct ike_sa *sa)
{
    size_t n = 0;
    struct child_sa *next;
    for (struct child_sa *child = sa->children; child != NULL; child = next) {
        next = child->next;
        if (child->state == CYG_CHILD_INSTALLED && fits_child(order, child)) {
            informational_delete_child(sa, child);
            child_sa_end(child, NULL);
            n++;
        }
    }
    return n;
}

static void terminate(struct engine *engine, const struct cyg_order *order)
{
    size_t n = 0;
    bool unnamed = order->ike[0] == '\0' && order->ike_id == 0 && !names_child(order);
    for (uint32_t id = 0, i; !unnamed && (i = ike_sa_index_after(engine, id)) < engine->index.n;) {
        struct ike_sa *sa = engine->index.items[i].sa;
        id = engine->index.items[i].uniqueid; /* the index may be compacted when one goes */
        if (sa == NULL || sa->peer == NULL || !fits_ike(order, sa)) {
            continue;
        }
        if (names_child(order)) {
            const size_t ended = end_children(order, sa);
            n += ended;
            if (ended > 0 && order->idle_too && sa->children == NULL) {
                ike_sa_end(sa, true, NULL);
            }
        } else {
            ike_sa_end(sa, true, NULL);
            n++;
        }
    }
    if (n > 0 && order->again && !orders_has(engine, order->ike, order->child)) {
        orders_initiate(engine, order->ike, order->child);
    }
    struct cyg_error result = { .got = n };
    if (n == 0) {
        (void)CYG_FAIL(&result, CYG_R_NO_SUCH_SA,
                       .got_quote =
                           cyg_quote_text(order->child[0] != '\0' ? order->child : order->ike),
                       .got = order->child_id != 0 ? order->child_id : order->ike_id);
    }
    events_order_done(engine, order->id, order->ike_id, order->ike, &result);
}

static void shut_down(struct engine *engine, const struct cyg_order *order)
{
    struct cyg_error why;
    (void)CYG_FAIL(&why, CYG_R_SHUTDOWN);
    engine->shutting_down = true;
    engine->shutdown_order = order->id;
    timer_set(&engine->timers, &engine->poll_timer, cyg_usec_add(engine->now, SHUTDOWN_WAIT));
    ike_sa_end_all(engine, true, &why);
    orders_shut_down(engine, &why); /* those that have no SA yet */
}

void orders_settle(struct engine *engine, bool late)
{
    static const struct cyg_error success = { 0 };
    if (engine->shutdown_order != 0 && (late || engine->kernel == NULL)) {
        uint64_t id = engine->shutdown_order;
        engine->shutdown_order = 0;
        timer_set(&engine->timers, &engine->poll_timer, CYG_NEVER);
        events_order_done(engine, id, 0, "", &success);
    }
}

void orders_take(struct engine *engine, const struct cyg_order *order)
{
    static const struct cyg_error success = { 0 };
    switch (order->type) {
    case CYG_ORDER_INITIATE:
        orders_begin(engine, order->id, order->ike, order->child);
        return;
    case CYG_ORDER_TERMINATE:
        terminate(engine, order);
        return;
    case CYG_ORDER_POLL_STORE:
        live_poll(engine);
        events_order_done(engine, order->id, 0, "", &success);
        return;
    case CYG_ORDER_SHUTDOWN:
        shut_down(engine, order);
        return;
    }
}
