/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches and timers of services. They live on the control thread: a call from another thread is
 * carried there and waited for, so that after unwatch a descriptor can be closed. */
#include "control_internal.h"

#include <stdlib.h>

struct handle {
    struct handle *next;
    uint32_t id;
    bool is_timer;
    union {
        uv_handle_t any;
        uv_poll_t poll;
        uv_timer_t timer;
    } uv;
    void (*on_events)(void *context, unsigned events);
    void (*on_time)(void *context);
    void *context;
};

/* A request on its way to the control thread. */
struct request {
    struct control *control;
    int fd;
    unsigned events;
    cyg_usec delay;
    void (*on_events)(void *context, unsigned events);
    void (*on_time)(void *context);
    void *context;
    uint32_t id; /* in or out */
};

static void free_handle(uv_handle_t *uv)
{
    free(uv->data);
}

static struct handle **find(struct control *c, uint32_t id, bool is_timer)
{
    struct handle **at = &c->handles;
    while (*at != NULL && ((*at)->id != id || (*at)->is_timer != is_timer)) {
        at = &(*at)->next;
    }
    return at;
}

static void close_at(struct handle **at)
{
    struct handle *h = *at;
    if (h != NULL) {
        *at = h->next;
        uv_close(&h->uv.any, free_handle);
    }
}

void control_handles_close(struct control *c)
{
    while (c->handles != NULL) {
        close_at(&c->handles);
    }
}

static int uv_events(unsigned events)
{
    return ((events & CYG_WATCH_READ) != 0 ? UV_READABLE | UV_DISCONNECT : 0)
           | ((events & CYG_WATCH_WRITE) != 0 ? UV_WRITABLE : 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct handle *h = poll->data;
    unsigned got = 0;
    if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)) != 0) {
        got |= CYG_WATCH_READ; /* an error shows itself at the read */
    }
    if (status >= 0 && (events & UV_WRITABLE) != 0) {
        got |= CYG_WATCH_WRITE;
    }
    h->on_events(h->context, got);
}

static void on_timer(uv_timer_t *timer)
{
    struct handle *h = timer->data;
    struct control *c = timer->loop->data;
    void (*callback)(void *context) = h->on_time;
    void *context = h->context;
    close_at(find(c, h->id, true));
    callback(context);
}

/* A handle in the list, not yet started; NULL without memory. */
static struct handle *add(struct request *r, bool is_timer)
{
    struct control *c = r->control;
    struct handle *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return NULL;
    }
    h->is_timer = is_timer;
    h->on_events = r->on_events;
    h->on_time = r->on_time;
    h->context = r->context;
    c->loop.data = c;
    return h;
}

static void link_in(struct request *r, struct handle *h)
{
    struct control *c = r->control;
    pthread_mutex_lock(&c->mutex);
    h->id = ++c->last_id;
    pthread_mutex_unlock(&c->mutex);
    h->uv.any.data = h;
    h->next = c->handles;
    c->handles = h;
    r->id = h->id;
}

static void do_watch(void *context)
{
    struct request *r = context;
    struct handle *h = add(r, false);
    if (h == NULL || uv_poll_init(&r->control->loop, &h->uv.poll, r->fd) != 0) {
        free(h);
        return;
    }
    link_in(r, h);
    uv_poll_start(&h->uv.poll, uv_events(r->events), on_poll);
}

static void do_watch_set(void *context)
{
    struct request *r = context;
    struct handle *h = *find(r->control, r->id, false);
    if (h == NULL) {
        return;
    }
    if (r->events == 0) {
        uv_poll_stop(&h->uv.poll);
    } else {
        uv_poll_start(&h->uv.poll, uv_events(r->events), on_poll);
    }
}

static void do_unwatch(void *context)
{
    struct request *r = context;
    close_at(find(r->control, r->id, false));
}

static void do_timer(void *context)
{
    struct request *r = context;
    struct handle *h = add(r, true);
    if (h == NULL || uv_timer_init(&r->control->loop, &h->uv.timer) != 0) {
        free(h);
        return;
    }
    link_in(r, h);
    /* The loop's clock may be a turn old, and its unit is the millisecond: never too early. */
    uv_update_time(&r->control->loop);
    uv_timer_start(&h->uv.timer, on_timer, (r->delay + CYG_MSEC - 1) / CYG_MSEC, 0);
}

static void do_timer_cancel(void *context)
{
    struct request *r = context;
    close_at(find(r->control, r->id, true));
}

uint32_t control_watch(struct control *c, int fd, unsigned events,
                       void (*callback)(void *context, unsigned events), void *context)
{
    struct request r = {
        .control = c, .fd = fd, .events = events, .on_events = callback, .context = context
    };
    control_call(c, do_watch, &r);
    return r.id;
}

void control_watch_set(struct control *c, uint32_t id, unsigned events)
{
    struct request r = { .control = c, .id = id, .events = events };
    control_call(c, do_watch_set, &r);
}

void control_unwatch(struct control *c, uint32_t id)
{
    struct request r = { .control = c, .id = id };
    control_call(c, do_unwatch, &r);
}

uint32_t control_timer(struct control *c, cyg_usec delay, void (*callback)(void *context),
                       void *context)
{
    struct request r = { .control = c, .delay = delay, .on_time = callback, .context = context };
    control_call(c, do_timer, &r);
    return r.id;
}

void control_timer_cancel(struct control *c, uint32_t id)
{
    struct request r = { .control = c, .id = id };
    control_call(c, do_timer_cancel, &r);
}
