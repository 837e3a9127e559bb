/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What control.c and control_handles.c share. */
#pragma once

#include "control.h"

#include <pthread.h>
#include <uv.h>

struct call;
struct queued_event;
struct handle;

struct subscriber {
    uint32_t id; /* 0: free */
    uint32_t mask;
    int8_t level;
    void (*callback)(void *context, const struct cyg_event *event, uint64_t dropped);
    void *context;
    uint64_t dropped; /* events that it has not got since the last one */
};

struct control {
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t rest;
    pthread_t thread;
    bool closing;
    void (*delivered)(void *context); /* NULL: nobody wants to know */
    void *delivered_context;
    struct handle *handles; /* the control thread's own */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t answered;
    struct call *calls, **calls_end;
    struct queued_event *events, **events_end;
    size_t n_events, event_bytes;
    bool resting; /* it looks at the events by itself, soon */
    struct subscriber subscribers[CONTROL_SUBSCRIBERS_MAX];
    uint32_t last_id;
};

/* Close all watches and timers. On the control thread. */
void control_handles_close(struct control *c);
