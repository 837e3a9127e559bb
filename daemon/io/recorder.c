/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which event belongs to which negotiation, and when one has ended. A negotiation is found by its
 * IKE SA; one that has ended is forgotten here, what follows under the same SA begins another. */
#include "recorder_internal.h"

#include "codec/message.h"
#include "codec/names.h"

#include <cygnet/time.h>

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define TICK  (250 * CYG_MSEC)
#define LEVEL 2 /* of the records that are kept */

static void on_tick(void *context);

void recorder_arm(struct recorder *r)
{
    if (r->timer == 0) {
        r->timer = control_timer(r->control, TICK, on_tick, r);
    }
}

/* The negotiation that a message belongs to, made where it begins one. */
static struct negotiation *of_message(struct recorder *r, const struct cyg_event *event,
                                      const struct header *h)
{
    struct negotiation *n = negotiation_find(r, event->ike_uniqueid);
    const bool phase1 = h->exchange == EXCHANGE_MAIN || h->exchange == EXCHANGE_AGGRESSIVE;
    if (event->ike_uniqueid == 0) {
        return NULL;
    }
    if (n == NULL && phase1 && !event->sent && !recorder_rate(&r->strangers, RECORDER_STRANGERS)) {
        writer_lose(r->writer, 1);
        return NULL;
    }
    n = n != NULL ? n : negotiation_begin(r, event);
    if (n != NULL && n->head.begun_by == CYG_HISTORY_BY_NONE
        && (phase1 || h->exchange == EXCHANGE_QUICK)) {
        const bool ours = event->sent && (!phase1 || recorder_no_cookie(h->cookie_r));
        n->head.begun_by = ours ? CYG_HISTORY_BY_US : CYG_HISTORY_BY_PEER;
    }
    return n;
}

/* ---- events ---- */

static void quick_begins(struct negotiation *n, uint32_t message_id)
{
    for (size_t i = 0; i < n->n_quicks; i++) {
        if (n->quicks[i] == message_id) {
            return;
        }
    }
    if (n->n_quicks < QUICKS_MAX) {
        n->quicks[n->n_quicks++] = message_id;
    }
}

static void quick_ends(struct negotiation *n, uint32_t message_id)
{
    for (size_t i = 0; i < n->n_quicks; i++) {
        if (n->quicks[i] == message_id) {
            n->quicks[i] = n->quicks[--n->n_quicks];
            return;
        }
    }
}

static void on_message(struct recorder *r, const struct cyg_event *event)
{
    struct header h;
    if (header_decode(event->message, &h, NULL) != CYG_OK) {
        return;
    }
    struct negotiation *n = of_message(r, event, &h);
    if (n == NULL) {
        return;
    }
    negotiation_head(n, event);
    switch (h.exchange) {
    case EXCHANGE_MAIN:
    case EXCHANGE_AGGRESSIVE:
        n->phase = 1;
        n->worth = true;
        negotiation_identity(n, event, &h);
        negotiation_expect_end(n, QUIET_FOREVER);
        break;
    case EXCHANGE_QUICK:
        n->has_failed &= n->phase == 2; /* phase 1 was refused, but the peer goes on */
        n->phase = 2;
        n->worth = true;
        quick_begins(n, h.message_id);
        negotiation_expect_end(n, QUIET_FOREVER);
        break;
    default:
        break;
    }
    const uint8_t phase = n->phase;
    n->phase = h.exchange == EXCHANGE_INFORMATIONAL ? 0 : phase;
    negotiation_add(r, n, event);
    n->phase = phase;
}

/* What narrate.c has made of message events, which come themselves. */
static bool is_message_record(const struct cyg_error *e)
{
    return e->reason == CYG_R_MESSAGE_SENT || e->reason == CYG_R_MESSAGE_RECEIVED;
}

static void note_updown(struct negotiation *n, const struct cyg_event *event)
{
    switch (event->error.reason) {
    case CYG_R_IKE_IS_UP:
        n->is_up = true;
        n->last = event->error;
        negotiation_expect_end(n, QUIET_PHASE1);
        break;
    case CYG_R_CHILD_IS_UP:
        n->is_up = true;
        n->last = event->error;
        break;
    case CYG_R_IKE_IS_DOWN:
    case CYG_R_CHILD_IS_DOWN:
        n->is_down = n->worth = true;
        n->last = event->error;
        break;
    default:
        break;
    }
}

static void fail(struct negotiation *n, const struct cyg_error *why)
{
    n->has_failed = true;
    n->why = *why;
}

/* Of a tunnel that is up, long after its negotiation: nothing or not all of it passes. */
static bool is_symptom(const struct cyg_error *e)
{
    return e->reason == CYG_R_SHA256_TRUNCATED || e->reason == CYG_R_INTEGRITY_ONLY
           || e->reason == CYG_R_TUNNEL_MTU;
}

/* The peer refuses us behind our last message of phase 1, which was up for us only. */
static void note_refusal(struct negotiation *n, const struct cyg_error *e)
{
    if (e->reason == CYG_R_PEER_REFUSED && n->phase == 1 && n->is_up) {
        fail(n, e);
        negotiation_expect_end(n, QUIET);
    }
}

static void on_record(struct recorder *r, const struct cyg_event *event)
{
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    struct negotiation *n = negotiation_find(r, event->ike_uniqueid);
    if (is_message_record(&event->error) || info == NULL) {
        return;
    }
    if (event->ike_uniqueid == 0) {
        if (event->order_id == 0 && event->path.remote.family != 0 && info->code != CYG_OK) {
            writer_count(r->writer, event->error.reason, &event->path.remote,
                         recorder_wall(event->when));
            recorder_arm(r);
        }
        return;
    }
    if (n == NULL && event->name[0] != '\0' && event->level <= 1) {
        n = negotiation_begin(r, event);
    }
    if (n == NULL) {
        return;
    }
    negotiation_head(n, event);
    note_updown(n, event);
    note_refusal(n, &event->error);
    if (is_symptom(&event->error)) {
        n->worth = true;
        n->is_found |= n->phase == 0;
    }
    if (!n->has_failed && n->last.reason == 0 && info->code != CYG_OK) {
        n->why = event->error; /* why an SA is about to end */
    }
    negotiation_add(r, n, event);
}

static void on_exchange_end(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = negotiation_find(r, event->ike_uniqueid);
    const bool has_failed = event->error.reason != 0;
    if (n == NULL) {
        return;
    }
    negotiation_head(n, event);
    if (has_failed) {
        fail(n, &event->error);
    } else if (event->exchange == EXCHANGE_QUICK || !n->has_failed) {
        n->why = n->has_failed ? n->why : (struct cyg_error){ 0 };
    }
    if (event->exchange != EXCHANGE_QUICK) {
        if (has_failed) {
            negotiation_close(r, n, NULL);
        } else {
            negotiation_expect_end(n, QUIET_PHASE1);
        }
        return;
    }
    quick_ends(n, event->message_id);
    if (n->n_quicks == 0) {
        negotiation_expect_end(n, QUIET);
    }
}

static void on_ike(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = negotiation_find(r, event->ike_uniqueid);
    if (n == NULL) {
        return;
    }
    cyg_identity_format(&event->ike->remote_id, n->head.remote_id, sizeof n->head.remote_id);
    if (n->phase == 1) {
        n->head.begun_by = event->ike->initiator ? CYG_HISTORY_BY_US : CYG_HISTORY_BY_PEER;
    }
    if (event->type == CYG_EVENT_IKE_DOWN) {
        negotiation_close(r, n, NULL);
    }
}

static void on_children(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = negotiation_find(r, event->ike_uniqueid);
    if (n != NULL && event->ike != NULL && n->head.remote_id[0] == '\0') {
        cyg_identity_format(&event->ike->remote_id, n->head.remote_id, sizeof n->head.remote_id);
    }
}

static bool has_ended(const struct recorder *r, uint64_t order_id)
{
    for (size_t i = 0; i < ORDERS_KEPT; i++) {
        if (r->orders[i] == order_id) {
            return true;
        }
    }
    return false;
}

/* What no negotiation is about. */
static bool is_no_attempt(const struct cyg_error *error)
{
    switch (error->reason) {
    case 0:
    case CYG_R_NO_SUCH_SA:
    case CYG_R_SA_NOT_FOUND:
    case CYG_R_SHUTDOWN:
    case CYG_R_PEER_NAME_UNKNOWN:
    case CYG_R_CHILD_NAME_UNKNOWN:
        return true;
    default:
        return false;
    }
}

static void on_order_done(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = negotiation_find(r, event->ike_uniqueid);
    if (n == NULL || n->order_id != event->order_id) {
        DL_SEARCH_SCALAR(r->all, n, order_id, event->order_id);
    }
    if (n == NULL && !is_no_attempt(&event->error) && event->name[0] != '\0'
        && !has_ended(r, event->order_id)) { /* it did not get as far as an SA */
        const struct cyg_event bare = { .type = CYG_EVENT_LOG };
        n = negotiation_begin(r, &bare);
        if (n != NULL) {
            n->head.begun_by = CYG_HISTORY_BY_US;
            n->worth = true;
            n->phase = 1;
        }
    }
    if (n == NULL) {
        return;
    }
    negotiation_head(n, event);
    if (event->error.reason != 0) {
        fail(n, &event->error);
        n->is_up = false;
    }
    negotiation_close(r, n, NULL);
}

static void on_event(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct recorder *r = context;
    if (dropped > 0) {
        writer_lose(r->writer, dropped);
    }
    switch (event->type) {
    case CYG_EVENT_MESSAGE:
        on_message(r, event);
        break;
    case CYG_EVENT_LOG:
        on_record(r, event);
        break;
    case CYG_EVENT_IKE_UP:
    case CYG_EVENT_IKE_DOWN:
        on_ike(r, event);
        break;
    case CYG_EVENT_CHILD_UP:
    case CYG_EVENT_CHILD_DOWN:
        on_children(r, event);
        break;
    case CYG_EVENT_EXCHANGE_END:
        on_exchange_end(r, event);
        break;
    case CYG_EVENT_ORDER_DONE:
        on_order_done(r, event);
        break;
    case CYG_EVENT_HISTORY: /* our own */
        break;
    }
    while (r->bytes > RECORDER_BYTES_MAX && r->all != NULL) {
        negotiation_close(r, r->all, NULL);
    }
}

static void on_tick(void *context)
{
    struct recorder *r = context;
    struct negotiation *n = NULL, *next = NULL;
    const cyg_usec now = cyg_time_now();
    r->timer = 0;
    DL_FOREACH_SAFE(r->all, n, next)
    {
        if (now >= n->close_at) {
            negotiation_close(r, n, NULL);
        }
    }
    writer_send(r->writer, false);
    if (r->all != NULL || writer_waits(r->writer)) {
        recorder_arm(r);
    }
}

/* ---- the surface ---- */

void recorder_flush(struct recorder *r, const struct cyg_history_query *query)
{
    struct negotiation *n = NULL, *next = NULL;
    unsigned given = 0;
    DL_FOREACH_SAFE(r->all, n, next)
    {
        const bool fits = query->peer[0] == '\0' || n->head.peer[0] == '\0'
                          || strcmp(query->peer, n->head.peer) == 0;
        if (!fits || !n->worth || (n->head.peer[0] == '\0' && given >= RECORDER_STRANGERS)) {
            continue;
        }
        given++;
        if (n->n_quicks == 0 && n->order_id == 0 && (n->phase == 2 || n->is_down)) {
            negotiation_close(r, n, NULL); /* nothing is open any more */
        } else if (n->n_items > 0) {
            negotiation_hand_over(r, n, NULL);
        }
    }
    writer_send(r->writer, true);
}

enum cyg_code recorder_new(struct control *control, struct lanes *lanes,
                           const struct cyg_store_ops *ops, void *store, uint64_t last,
                           struct recorder **ret)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (r == NULL || writer_new(control, lanes, ops, store, &r->writer) != CYG_OK) {
        free(r);
        return CYG_NOMEM;
    }
    r->control = control;
    r->last_number = last;
    r->subscription =
        control_subscribe(control,
                          CYG_EVENT_LOG | CYG_EVENT_MESSAGE | CYG_EVENT_IKE_UP | CYG_EVENT_IKE_DOWN
                              | CYG_EVENT_CHILD_UP | CYG_EVENT_CHILD_DOWN | CYG_EVENT_ORDER_DONE
                              | CYG_EVENT_EXCHANGE_END,
                          LEVEL, on_event, r);
    *ret = r;
    return CYG_OK;
}

static void stop(void *context)
{
    struct recorder *r = context;
    control_unsubscribe(r->control, r->subscription);
    if (r->timer != 0) {
        control_timer_cancel(r->control, r->timer);
    }
    while (r->all != NULL) {
        negotiation_close(r, r->all, NULL);
    }
    writer_send(r->writer, true);
}

void recorder_stop(struct recorder *r)
{
    if (r != NULL) {
        control_call(r->control, stop, r);
    }
}

void recorder_free(struct recorder *r)
{
    if (r != NULL) {
        writer_free(r->writer);
        free(r);
    }
}
