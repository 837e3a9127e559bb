/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A negotiation of the recorder: begun, gathered, handed over, ended. */
#include "recorder_internal.h"

#include "codec/id.h"
#include "codec/message.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

bool recorder_rate(struct rate *rate, unsigned max)
{
    const cyg_usec now = cyg_time_now();
    if (now - rate->second >= CYG_SEC) {
        *rate = (struct rate){ .second = now };
    }
    return rate->used++ < max;
}

bool recorder_no_cookie(const uint8_t cookie[8])
{
    static const uint8_t zero[8];
    return memcmp(cookie, zero, sizeof zero) == 0;
}

int64_t recorder_wall(cyg_usec when)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t at = (int64_t)now.tv_sec * (int64_t)CYG_SEC + now.tv_nsec / 1000;
    const cyg_usec boot = cyg_time_now();
    return when != 0 && when <= boot ? at - (int64_t)(boot - when) : at;
}

/* ---- beginning ---- */

/* Where the negotiation of an IKE SA is linked, or would be. Unique ids are ours, nobody chooses
 * them. */
static struct negotiation **place(struct recorder *r, uint32_t ike_uniqueid)
{
    struct negotiation **at = &r->buckets[ike_uniqueid % BUCKETS];
    while (*at != NULL && (*at)->head.ike_uniqueid != ike_uniqueid) {
        at = &(*at)->same;
    }
    return at;
}

struct negotiation *negotiation_find(struct recorder *r, uint32_t ike_uniqueid)
{
    return ike_uniqueid != 0 ? *place(r, ike_uniqueid) : NULL;
}

struct negotiation *negotiation_begin(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = calloc(1, sizeof *n);
    if (n == NULL) {
        writer_lose(r->writer, 1);
        return NULL;
    }
    n->end = &n->items;
    n->seq = 1;
    n->head.number = ++r->last_number;
    n->head.ike_uniqueid = event->ike_uniqueid;
    n->head.begun_by = CYG_HISTORY_BY_NONE; /* until a message says more */
    n->last_when = recorder_wall(event->when);
    n->close_at = cyg_usec_add(cyg_time_now(), QUIET_ASIDE);
    DL_APPEND(r->all, n);
    if (event->ike_uniqueid != 0) { /* 0: it is closed at once */
        *place(r, event->ike_uniqueid) = n;
    }
    r->n++;
    if (r->n > RECORDER_ONGOING_MAX) {
        negotiation_close(r, r->all, "failed");
    }
    recorder_arm(r);
    return n;
}

/* ---- gathering ---- */

void negotiation_head(struct negotiation *n, const struct cyg_event *event)
{
    struct head *head = &n->head;
    if (event->name[0] != '\0') {
        memcpy(head->peer, event->name, sizeof head->peer);
    }
    if (!recorder_no_cookie(event->cookie_i)) {
        memcpy(head->cookie_i, event->cookie_i, sizeof head->cookie_i);
        memcpy(head->cookie_r, event->cookie_r, sizeof head->cookie_r);
    }
    if (event->path.remote.family != 0) {
        head->path = event->path;
    }
    if (event->order_id != 0) {
        n->order_id = event->order_id;
    }
}

/* Whom the peer says to be, before anybody has checked it. */
void negotiation_identity(struct negotiation *n, const struct cyg_event *event,
                          const struct header *h)
{
    struct message m;
    struct id id;
    if (event->sent || h->exchange != EXCHANGE_MAIN
        || message_decode_chain(h->next, cyg_span_after(event->message, HEADER_LEN), true, &m, NULL)
               != CYG_OK
        || m.count[PK_ID] != 1 || id_decode(message_body(&m, PK_ID), &id, NULL) != CYG_OK) {
        return;
    }
    struct cyg_identity identity;
    if (cyg_identity_of(id.type, id.data, &identity, NULL) == CYG_OK) {
        cyg_identity_format(&identity, n->head.remote_id, sizeof n->head.remote_id);
    }
}

/* Tell who follows what he has not heard yet. */
static void tell(struct recorder *r, struct negotiation *n, const struct ending *ending)
{
    struct cyg_history_entry entry;
    const struct cyg_event event = { .type = CYG_EVENT_HISTORY,
                                     .when = cyg_time_now(),
                                     .entry = &entry };
    if (!n->worth || !control_is_wanted(r->control, &event)) {
        return;
    }
    uint32_t seq = n->seq;
    for (const struct item *item = n->items; item != NULL; item = item->next, seq++) {
        if (seq > n->told) {
            entry_of_item(&n->head, seq, item, &r->texts, &entry);
            control_deliver(r->control, &event);
        }
    }
    n->told = seq - 1;
    if (ending != NULL) {
        entry_of_ending(&n->head, seq, ending, &r->texts, &entry);
        control_deliver(r->control, &event);
    }
}

void negotiation_add(struct recorder *r, struct negotiation *n, const struct cyg_event *event)
{
    if (n->seq - 1 + n->n_items + 1 >= CYG_HISTORY_ENTRIES_MAX) {
        n->left_out++;
        return;
    }
    const size_t size = sizeof(struct item) + event->message.len;
    struct item *item = malloc(size);
    if (item == NULL) {
        n->left_out++;
        return;
    }
    *item = (struct item){ .when = recorder_wall(event->when), .phase = n->phase, .event = *event };
    item->event.ike = NULL;
    item->event.children = NULL;
    item->event.n_children = 0;
    if (event->message.len > 0) {
        memcpy(item->message, event->message.data, event->message.len);
        item->event.message.data = item->message;
    }
    *n->end = item;
    n->end = &item->next;
    n->last_when = item->when;
    n->n_items++;
    n->bytes += size;
    r->bytes += size;
    tell(r, n, NULL);
}

/* Move what has been gathered to the writer. */
void negotiation_hand_over(struct recorder *r, struct negotiation *n, const struct ending *ending)
{
    struct chunk *chunk = malloc(sizeof *chunk);
    if (chunk == NULL) {
        writer_lose(r->writer, n->n_items);
        return;
    }
    *chunk = (struct chunk){ .head = n->head, .seq = n->seq, .items = n->items, .n = n->n_items };
    if (ending != NULL) {
        chunk->ending = *ending;
        chunk->n++;
    }
    n->items = NULL;
    n->end = &n->items;
    n->seq += (uint32_t)n->n_items;
    n->n_items = 0;
    r->bytes -= n->bytes;
    n->bytes = 0;
    writer_put(r->writer, chunk);
}

/* ---- ending ---- */

static const char *result_of(const struct negotiation *n)
{
    switch (n->why.reason) {
    case CYG_R_IKE_REPLACED:
    case CYG_R_INITIAL_CONTACT:
    case CYG_R_PHASE1_CHANGED:
    case CYG_R_CHILD_CHANGED:
        return "replaced";
    default:
        return n->has_failed ? "failed"
               : n->is_down  ? "down"
               : n->is_up    ? "up"
               : n->is_found ? "found"
                             : "failed";
    }
}

/* Whether there is still room for one of its kind in this second. */
static bool may_be_kept(struct recorder *r, const char *result)
{
    return strcmp(result, "up") == 0 ? recorder_rate(&r->up, RECORDER_UP)
                                     : recorder_rate(&r->failed, RECORDER_FAILED);
}

static void forget(struct recorder *r, struct negotiation *n)
{
    if (n->head.ike_uniqueid != 0) {
        *place(r, n->head.ike_uniqueid) = n->same;
    }
    DL_DELETE(r->all, n);
    r->n--;
    r->bytes -= n->bytes;
    while (n->items != NULL) {
        struct item *next = n->items->next;
        free(n->items);
        n->items = next;
    }
    free(n);
}

void negotiation_close(struct recorder *r, struct negotiation *n, const char *result)
{
    const struct ending ending = { .result = result != NULL ? result : result_of(n),
                                   .when = n->last_when, /* not that of the wait for more */
                                   .phase = n->phase,
                                   .left_out = n->left_out,
                                   .why = n->why.reason != 0 ? n->why : n->last };
    if (n->order_id != 0) {
        r->orders[r->next_order++ % ORDERS_KEPT] = n->order_id;
    }
    if (n->worth) {
        tell(r, n, &ending);
        if (n->seq > 1 || may_be_kept(r, ending.result)) { /* one begun is ended */
            negotiation_hand_over(r, n, &ending);
        } else {
            writer_lose(r->writer, n->n_items + 1);
        }
    }
    forget(r, n);
    writer_send(r->writer, false);
}

void negotiation_expect_end(struct negotiation *n, cyg_usec quiet)
{
    n->close_at = cyg_usec_add(cyg_time_now(), n->order_id != 0 ? QUIET_FOREVER : quiet);
}
