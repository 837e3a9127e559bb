/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control thread: one loop of its own for services, their watches and timers, and for events on
 * their way to the log and to subscribers. The engine's thread only puts copies of events into a
 * bounded queue and never waits for anything here. Events that come close behind others wait some
 * milliseconds and are delivered together. Thread: any, unless said otherwise; callbacks
 * run on the control thread. */
#pragma once

#include <cygnet/host.h>

struct control;

/* Events that wait, and the bytes of the messages in them; more are dropped and counted. */
#define CONTROL_EVENTS_MAX      4096u
#define CONTROL_EVENT_BYTES_MAX (8u << 20)
#define CONTROL_SUBSCRIBERS_MAX 32u

CYG_MUST_USE enum cyg_code control_new(struct control **ret);

/* End the thread and free. Watches and timers that are left are closed. NULL is allowed. */
void control_free(struct control *control);

/* Run function(context) on the control thread and wait for it. Not for the engine's thread. */
void control_call(struct control *control, void (*function)(void *context), void *context);

/* Run function(context) on the control thread, later; for results of jobs. False: no memory. */
bool control_post(struct control *control, void (*call)(void *context), void *context);

/* Copy an event into the queue if anybody subscribes to it. For the engine's thread. */
void control_publish(struct control *control, const struct cyg_event *event);

/* Have call(context) called on the control thread whenever events have been delivered, some or many
 * at once. Before the first event is published. */
void control_after_delivery(struct control *control, void (*call)(void *context), void *context);

/* Whether anybody subscribes to it. */
bool control_is_wanted(struct control *control, const struct cyg_event *event);

/* Hand an event to its subscribers at once. On the control thread, also from a subscriber. */
void control_deliver(struct control *control, const struct cyg_event *event);

/* As in struct cyg_host. */
uint32_t control_subscribe(struct control *control, uint32_t mask, int8_t level,
                           void (*callback)(void *context, const struct cyg_event *event,
                                            uint64_t dropped),
                           void *context);
void control_unsubscribe(struct control *control, uint32_t id);
uint32_t control_watch(struct control *control, int fd, unsigned events,
                       void (*callback)(void *context, unsigned events), void *context);
void control_watch_set(struct control *control, uint32_t id, unsigned events);
void control_unwatch(struct control *control, uint32_t id);
uint32_t control_timer(struct control *control, cyg_usec delay, void (*callback)(void *context),
                       void *context);
void control_timer_cancel(struct control *control, uint32_t id);
