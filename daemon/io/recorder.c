/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which event belongs to which negotiation, and when one has ended. A negotiation is found by its
 * IKE SA; one that has ended is forgotten here, what follows under the same SA begins another. */
#include "recorder_internal.h"

#include "codec/id.h"
#include "codec/message.h"
#include "codec/names.h"

#include <cygnet/time.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#define TICK          (250 * CYG_MSEC)
#define QUIET         CYG_SEC         /* after the last quick mode that is open */
#define QUIET_PHASE1  (5 * CYG_SEC)   /* for a quick mode to come */
#define QUIET_ASIDE   (2 * CYG_SEC)   /* after what begins no negotiation */
#define QUIET_FOREVER (300 * CYG_SEC) /* something has ended that nobody told */
#define ORDERS_KEPT   64u
#define QUICKS_MAX    16u
#define LEVEL         2 /* of the records that are kept */
#define BUCKETS       1024u

/* So many a second. */
struct rate {
    cyg_usec second;
    unsigned used;
};

struct negotiation {
    struct negotiation *prev, *next, *same; /* same: in its bucket, by head.ike_uniqueid */
    struct head head;
    uint64_t order_id;
    struct item *items, **end;
    size_t n_items, bytes;
    uint32_t seq; /* of the first item here */
    unsigned told, left_out;
    uint32_t quicks[QUICKS_MAX]; /* Message IDs of open ones */
    size_t n_quicks;
    bool worth; /* to be kept: not only a DPD */
    bool is_up, is_down, has_failed;
    uint8_t phase;
    struct cyg_error why, last; /* of a failure; of what came up or went down */
    int64_t last_when;          /* of the last item, wall clock */
    cyg_usec close_at;
};

struct recorder {
    struct control *control;
    struct writer *writer;
    struct negotiation *buckets[BUCKETS], *all; /* all: oldest first */
    size_t n, bytes;
    uint64_t last_number;
    uint64_t orders[ORDERS_KEPT]; /* whose negotiation has ended */
    size_t next_order;
    struct rate strangers, failed, up;
    uint32_t subscription, timer;
    struct entry_texts texts; /* of entries for listeners */
};

static bool rate_take(struct rate *rate, unsigned max)
{
    const cyg_usec now = cyg_time_now();
    if (now - rate->second >= CYG_SEC) {
        *rate = (struct rate){ .second = now };
    }
    return rate->used++ < max;
}

/* Microseconds since 1970 of something that happened `when`. */
static int64_t wall_of(cyg_usec when)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t at = (int64_t)now.tv_sec * (int64_t)CYG_SEC + now.tv_nsec / 1000;
    const cyg_usec boot = cyg_time_now();
    return when != 0 && when <= boot ? at - (int64_t)(boot - when) : at;
}

/* ---- beginning ---- */

static void on_tick(void *context);

static void arm(struct recorder *r)
{
    if (r->timer == 0) {
        r->timer = control_timer(r->control, TICK, on_tick, r);
    }
}

static void close_negotiation(struct recorder *r, struct negotiation *n, const char *result);

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

static struct negotiation *find(struct recorder *r, uint32_t ike_uniqueid)
{
    return ike_uniqueid != 0 ? *place(r, ike_uniqueid) : NULL;
}

static struct negotiation *begin(struct recorder *r, const struct cyg_event *event)
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
    n->close_at = cyg_usec_add(cyg_time_now(), QUIET_ASIDE);
    DL_APPEND(r->all, n);
    if (event->ike_uniqueid != 0) { /* 0: it is closed at once */
        *place(r, event->ike_uniqueid) = n;
    }
    r->n++;
    if (r->n > RECORDER_ONGOING_MAX) {
        close_negotiation(r, r->all, "failed");
    }
    arm(r);
    return n;
}

static bool is_zero(const uint8_t cookie[8])
{
    static const uint8_t zero[8];
    return memcmp(cookie, zero, sizeof zero) == 0;
}

/* The negotiation that a message belongs to, made where it begins one. */
static struct negotiation *of_message(struct recorder *r, const struct cyg_event *event,
                                      const struct header *h)
{
    struct negotiation *n = find(r, event->ike_uniqueid);
    const bool phase1 = h->exchange == EXCHANGE_MAIN || h->exchange == EXCHANGE_AGGRESSIVE;
    if (n != NULL || event->ike_uniqueid == 0) {
        return n;
    }
    if (phase1 && !event->sent && !rate_take(&r->strangers, RECORDER_STRANGERS)) {
        writer_lose(r->writer, 1);
        return NULL;
    }
    n = begin(r, event);
    if (n != NULL && (phase1 || h->exchange == EXCHANGE_QUICK)) {
        n->head.initiator = event->sent && (!phase1 || is_zero(h->cookie_r));
    }
    return n;
}

/* ---- gathering ---- */

static void take_head(struct negotiation *n, const struct cyg_event *event)
{
    struct head *head = &n->head;
    if (event->name[0] != '\0') {
        memcpy(head->peer, event->name, sizeof head->peer);
    }
    if (!is_zero(event->cookie_i)) {
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
static void take_identity(struct negotiation *n, const struct cyg_event *event,
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

static void add(struct recorder *r, struct negotiation *n, const struct cyg_event *event)
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
    *item = (struct item){ .when = wall_of(event->when), .phase = n->phase, .event = *event };
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
static void hand_over(struct recorder *r, struct negotiation *n, const struct ending *ending)
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
        return n->has_failed ? "failed" : n->is_down ? "down" : n->is_up ? "up" : "failed";
    }
}

/* Whether there is still room for one of its kind in this second. */
static bool may_be_kept(struct recorder *r, const char *result)
{
    return strcmp(result, "up") == 0 ? rate_take(&r->up, RECORDER_UP)
                                     : rate_take(&r->failed, RECORDER_FAILED);
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

/* result: NULL, as it looks. */
static void close_negotiation(struct recorder *r, struct negotiation *n, const char *result)
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
            hand_over(r, n, &ending);
        } else {
            writer_lose(r->writer, n->n_items + 1);
        }
    }
    forget(r, n);
    writer_send(r->writer, false);
}

static void expect_end(struct negotiation *n, cyg_usec quiet)
{
    n->close_at = cyg_usec_add(cyg_time_now(), n->order_id != 0 ? QUIET_FOREVER : quiet);
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
    take_head(n, event);
    switch (h.exchange) {
    case EXCHANGE_MAIN:
    case EXCHANGE_AGGRESSIVE:
        n->phase = 1;
        n->worth = true;
        take_identity(n, event, &h);
        expect_end(n, QUIET_FOREVER);
        break;
    case EXCHANGE_QUICK:
        n->phase = 2;
        n->worth = true;
        quick_begins(n, h.message_id);
        expect_end(n, QUIET_FOREVER);
        break;
    default:
        break;
    }
    const uint8_t phase = n->phase;
    n->phase = h.exchange == EXCHANGE_INFORMATIONAL ? 0 : phase;
    add(r, n, event);
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
        expect_end(n, QUIET_PHASE1);
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

static void on_record(struct recorder *r, const struct cyg_event *event)
{
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    struct negotiation *n = find(r, event->ike_uniqueid);
    if (is_message_record(&event->error) || info == NULL) {
        return;
    }
    if (event->ike_uniqueid == 0) {
        if (event->order_id == 0 && event->path.remote.family != 0 && info->code != CYG_OK) {
            writer_count(r->writer, event->error.reason, &event->path.remote, wall_of(event->when));
            arm(r);
        }
        return;
    }
    if (n == NULL && event->name[0] != '\0' && event->level <= 1) {
        n = begin(r, event);
    }
    if (n == NULL) {
        return;
    }
    take_head(n, event);
    note_updown(n, event);
    if (!n->has_failed && n->last.reason == 0 && info->code != CYG_OK) {
        n->why = event->error; /* why an SA is about to end */
    }
    add(r, n, event);
}

static void fail(struct negotiation *n, const struct cyg_error *why)
{
    n->has_failed = true;
    n->why = *why;
}

static void on_exchange_end(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = find(r, event->ike_uniqueid);
    const bool has_failed = event->error.reason != 0;
    if (n == NULL) {
        return;
    }
    take_head(n, event);
    if (has_failed) {
        fail(n, &event->error);
    } else if (event->exchange == EXCHANGE_QUICK || !n->has_failed) {
        n->why = n->has_failed ? n->why : (struct cyg_error){ 0 };
    }
    if (event->exchange != EXCHANGE_QUICK) {
        if (has_failed) {
            close_negotiation(r, n, NULL);
        } else {
            expect_end(n, QUIET_PHASE1);
        }
        return;
    }
    quick_ends(n, event->message_id);
    if (n->n_quicks == 0) {
        expect_end(n, QUIET);
    }
}

static void on_ike(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = find(r, event->ike_uniqueid);
    if (n == NULL) {
        return;
    }
    cyg_identity_format(&event->ike->remote_id, n->head.remote_id, sizeof n->head.remote_id);
    n->head.initiator = n->phase == 1 ? event->ike->initiator : n->head.initiator;
    if (event->type == CYG_EVENT_IKE_DOWN) {
        close_negotiation(r, n, NULL);
    }
}

static void on_children(struct recorder *r, const struct cyg_event *event)
{
    struct negotiation *n = find(r, event->ike_uniqueid);
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
    struct negotiation *n = find(r, event->ike_uniqueid);
    if (n == NULL || n->order_id != event->order_id) {
        DL_SEARCH_SCALAR(r->all, n, order_id, event->order_id);
    }
    if (n == NULL && !is_no_attempt(&event->error) && event->name[0] != '\0'
        && !has_ended(r, event->order_id)) { /* it did not get as far as an SA */
        const struct cyg_event bare = { .type = CYG_EVENT_LOG };
        n = begin(r, &bare);
        if (n != NULL) {
            n->head.initiator = n->worth = true;
            n->phase = 1;
        }
    }
    if (n == NULL) {
        return;
    }
    take_head(n, event);
    if (event->error.reason != 0) {
        fail(n, &event->error);
        n->is_up = false;
    }
    close_negotiation(r, n, NULL);
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
        close_negotiation(r, r->all, NULL);
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
            close_negotiation(r, n, NULL);
        }
    }
    writer_send(r->writer, false);
    if (r->all != NULL || writer_waits(r->writer)) {
        arm(r);
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
            close_negotiation(r, n, NULL); /* nothing is open any more */
        } else if (n->n_items > 0) {
            hand_over(r, n, NULL);
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
        close_negotiation(r, r->all, NULL);
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
