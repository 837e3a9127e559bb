/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control thread's loop: calls from other threads, events, subscribers. Watches and timers are
 * in control_handles.c. */
#include "control_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define REST_MS     10u                      /* no log needs to be fresher */
#define WAKE_EVENTS (CONTROL_EVENTS_MAX / 4) /* that end a rest */
#define WAKE_BYTES  (CONTROL_EVENT_BYTES_MAX / 4)

/* Something to be called on the control thread. */
struct call {
    struct call *next;
    void (*function)(void *context);
    void *context;
    bool *done; /* NULL: nobody waits, free it */
};

/* A copy of an event with all that it points to behind it. */
struct queued_event {
    struct queued_event *next;
    struct cyg_event event;
    struct cyg_ike_record ike;
    struct cyg_child_record children[];
};

static void run_calls(struct control *c)
{
    for (;;) {
        pthread_mutex_lock(&c->mutex);
        struct call *call = c->calls;
        if (call != NULL) {
            c->calls = call->next;
            if (c->calls == NULL) {
                c->calls_end = &c->calls;
            }
        }
        pthread_mutex_unlock(&c->mutex);
        if (call == NULL) {
            return;
        }
        call->function(call->context);
        if (call->done == NULL) {
            free(call);
            continue;
        }
        pthread_mutex_lock(&c->mutex);
        *call->done = true;
        pthread_cond_broadcast(&c->answered);
        pthread_mutex_unlock(&c->mutex);
    }
}

static bool wants(const struct subscriber *s, const struct cyg_event *event)
{
    return s->id != 0 && (s->mask & event->type) != 0
           && (event->type != CYG_EVENT_LOG || event->level <= s->level);
}

void control_deliver(struct control *c, const struct cyg_event *event)
{
    for (size_t i = 0;; i++) {
        /* A copy: the callback may unsubscribe, or another thread subscribe. */
        pthread_mutex_lock(&c->mutex);
        while (i < CONTROL_SUBSCRIBERS_MAX && !wants(&c->subscribers[i], event)) {
            i++;
        }
        if (i == CONTROL_SUBSCRIBERS_MAX) {
            pthread_mutex_unlock(&c->mutex);
            return;
        }
        const struct subscriber s = c->subscribers[i];
        c->subscribers[i].dropped = 0;
        pthread_mutex_unlock(&c->mutex);
        s.callback(s.context, event, s.dropped);
    }
}

/* Deliver what waits. False: nothing did. */
static bool run_events(struct control *c)
{
    pthread_mutex_lock(&c->mutex);
    struct queued_event *all = c->events;
    c->events = NULL;
    c->events_end = &c->events;
    c->n_events = 0;
    c->event_bytes = 0;
    c->resting = all != NULL;
    pthread_mutex_unlock(&c->mutex);
    if (all == NULL) {
        return false;
    }
    for (struct queued_event *e = all; e != NULL;) {
        struct queued_event *next = e->next;
        control_deliver(c, &e->event);
        free(e);
        e = next;
    }
    if (c->delivered != NULL) {
        c->delivered(c->delivered_context);
    }
    return true;
}

static void on_rest(uv_timer_t *rest);

/* After events the thread rests: what comes meanwhile is delivered together, and nobody has to wake
 * it for each. */
static void run_events_and_rest(struct control *c)
{
    if (run_events(c)) {
        uv_timer_start(&c->rest, on_rest, REST_MS, 0);
    }
}

static void on_rest(uv_timer_t *rest)
{
    run_events_and_rest(rest->data);
}

static void on_wake(uv_async_t *wake)
{
    struct control *c = wake->data;
    run_calls(c);
    run_events_and_rest(c);
    if (c->closing) {
        control_handles_close(c);
        uv_close((uv_handle_t *)&c->rest, NULL);
        uv_close((uv_handle_t *)&c->wake, NULL);
    }
}

static void *control_thread(void *argument)
{
    struct control *c = argument;
    uv_run(&c->loop, UV_RUN_DEFAULT);
    return NULL;
}

enum cyg_code control_new(struct control **ret)
{
    struct control *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return CYG_NOMEM;
    }
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->answered, NULL);
    c->calls_end = &c->calls;
    c->events_end = &c->events;
    if (uv_loop_init(&c->loop) != 0) {
        free(c);
        return CYG_INTERNAL;
    }
    uv_async_init(&c->loop, &c->wake, on_wake);
    c->wake.data = c;
    uv_timer_init(&c->loop, &c->rest);
    c->rest.data = c;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&c->thread, NULL, control_thread, c);
    if (failed == 0) {
        (void)pthread_setname_np(c->thread, "control");
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        uv_close((uv_handle_t *)&c->rest, NULL);
        uv_close((uv_handle_t *)&c->wake, NULL);
        uv_run(&c->loop, UV_RUN_DEFAULT);
        uv_loop_close(&c->loop);
        free(c);
        return CYG_INTERNAL;
    }
    *ret = c;
    return CYG_OK;
}

static void begin_closing(void *context)
{
    struct control *c = context;
    c->closing = true;
}

void control_free(struct control *c)
{
    if (c == NULL) {
        return;
    }
    control_call(c, begin_closing, c);
    pthread_join(c->thread, NULL);
    run_calls(c); /* posted after the last turn: results of jobs */
    (void)run_events(c);
    uv_loop_close(&c->loop);
    pthread_cond_destroy(&c->answered);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

static void put_call(struct control *c, struct call *call)
{
    call->next = NULL;
    *c->calls_end = call;
    c->calls_end = &call->next;
    uv_async_send(&c->wake);
}

void control_call(struct control *c, void (*function)(void *context), void *context)
{
    if (pthread_equal(pthread_self(), c->thread)) {
        function(context);
        return;
    }
    bool done = false;
    struct call call = { .function = function, .context = context, .done = &done };
    pthread_mutex_lock(&c->mutex);
    put_call(c, &call);
    while (!done) {
        pthread_cond_wait(&c->answered, &c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
}

bool control_post(struct control *c, void (*function)(void *context), void *context)
{
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return false;
    }
    call->function = function;
    call->context = context;
    pthread_mutex_lock(&c->mutex);
    put_call(c, call);
    pthread_mutex_unlock(&c->mutex);
    return true;
}

static struct queued_event *copy_event(const struct cyg_event *event)
{
    const size_t children = event->n_children * sizeof event->children[0];
    struct queued_event *copy = malloc(sizeof *copy + children + event->message.len);
    if (copy == NULL) {
        return NULL;
    }
    copy->next = NULL;
    copy->event = *event;
    if (event->ike != NULL) {
        copy->ike = *event->ike;
        copy->event.ike = &copy->ike;
    }
    if (event->n_children > 0) {
        memcpy(copy->children, event->children, children);
        copy->event.children = copy->children;
    }
    if (event->message.len > 0) {
        uint8_t *bytes = (uint8_t *)copy->children + children;
        memcpy(bytes, event->message.data, event->message.len);
        copy->event.message.data = bytes;
    }
    return copy;
}

/* Whether anybody wants it; under the mutex. */
static bool is_wanted(const struct control *c, const struct cyg_event *event)
{
    for (size_t i = 0; i < CONTROL_SUBSCRIBERS_MAX; i++) {
        if (wants(&c->subscribers[i], event)) {
            return true;
        }
    }
    return false;
}

bool control_is_wanted(struct control *c, const struct cyg_event *event)
{
    pthread_mutex_lock(&c->mutex);
    const bool wanted = is_wanted(c, event);
    pthread_mutex_unlock(&c->mutex);
    return wanted;
}

/* Who wanted it is told with the next one that he gets; under the mutex. */
static void count_dropped(struct control *c, const struct cyg_event *event)
{
    for (size_t i = 0; i < CONTROL_SUBSCRIBERS_MAX; i++) {
        c->subscribers[i].dropped += wants(&c->subscribers[i], event);
    }
}

void control_publish(struct control *c, const struct cyg_event *event)
{
    pthread_mutex_lock(&c->mutex);
    const bool wanted = is_wanted(c, event);
    const bool room = c->n_events < CONTROL_EVENTS_MAX
                      && event->message.len <= CONTROL_EVENT_BYTES_MAX - c->event_bytes;
    pthread_mutex_unlock(&c->mutex);
    if (!wanted) {
        return;
    }
    struct queued_event *copy = room ? copy_event(event) : NULL;
    pthread_mutex_lock(&c->mutex);
    if (copy == NULL) {
        count_dropped(c, event);
    } else {
        *c->events_end = copy;
        c->events_end = &copy->next;
        c->n_events++;
        c->event_bytes += event->message.len;
    }
    const bool first = c->n_events == 1 && !c->resting, many = c->n_events == WAKE_EVENTS;
    const bool wake = copy != NULL && (first || many || c->event_bytes > WAKE_BYTES);
    pthread_mutex_unlock(&c->mutex);
    if (wake) {
        uv_async_send(&c->wake);
    }
}

void control_after_delivery(struct control *c, void (*call)(void *context), void *context)
{
    c->delivered_context = context;
    c->delivered = call;
}

uint32_t control_subscribe(struct control *c, uint32_t mask, int8_t level,
                           void (*callback)(void *context, const struct cyg_event *event,
                                            uint64_t dropped),
                           void *context)
{
    uint32_t id = 0;
    pthread_mutex_lock(&c->mutex);
    for (size_t i = 0; id == 0 && i < CONTROL_SUBSCRIBERS_MAX; i++) {
        if (c->subscribers[i].id == 0) {
            id = ++c->last_id;
            c->subscribers[i] = (struct subscriber){
                .id = id, .mask = mask, .level = level, .callback = callback, .context = context
            };
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return id;
}

void control_unsubscribe(struct control *c, uint32_t id)
{
    pthread_mutex_lock(&c->mutex);
    for (size_t i = 0; i < CONTROL_SUBSCRIBERS_MAX; i++) {
        if (c->subscribers[i].id == id) {
            c->subscribers[i] = (struct subscriber){ 0 };
        }
    }
    pthread_mutex_unlock(&c->mutex);
}
