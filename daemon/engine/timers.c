/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See timers.h. */
#include "timers.h"

#include <stdlib.h>

static void place(struct timers *timers, uint32_t at, struct timer *timer)
{
    timers->heap[at] = timer;
    timer->slot = at + 1;
}

static void sift_up(struct timers *timers, uint32_t at, struct timer *timer)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (timers->heap[parent]->at <= timer->at) {
            break;
        }
        place(timers, at, timers->heap[parent]);
        at = parent;
    }
    place(timers, at, timer);
}

static void sift_down(struct timers *timers, uint32_t at, struct timer *timer)
{
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= timers->n) {
            break;
        }
        if (child + 1 < timers->n && timers->heap[child + 1]->at < timers->heap[child]->at) {
            child++;
        }
        if (timer->at <= timers->heap[child]->at) {
            break;
        }
        place(timers, at, timers->heap[child]);
        at = child;
    }
    place(timers, at, timer);
}

static void stop(struct timers *timers, struct timer *timer)
{
    if (timer->slot == 0) {
        return;
    }
    uint32_t at = timer->slot - 1;
    timer->slot = 0;
    struct timer *last = timers->heap[--timers->n];
    if (last == timer) {
        return;
    }
    if (at > 0 && last->at < timers->heap[(at - 1) / 2]->at) {
        sift_up(timers, at, last);
    } else {
        sift_down(timers, at, last);
    }
}

enum cyg_code timers_reserve(struct timers *timers)
{
    if (timers->reserved == timers->capacity) {
        uint32_t capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
        struct timer **heap = realloc(timers->heap, capacity * sizeof(struct timer *));
        if (heap == NULL) {
            return CYG_NOMEM;
        }
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->reserved++;
    return CYG_OK;
}

void timers_release(struct timers *timers, struct timer *timer)
{
    stop(timers, timer);
    timers->reserved--;
}

void timer_set(struct timers *timers, struct timer *timer, cyg_usec at)
{
    stop(timers, timer);
    timer->at = at;
    if (at != CYG_NEVER) {
        sift_up(timers, timers->n++, timer);
    }
}

struct timer *timers_due(struct timers *timers, cyg_usec now)
{
    if (timers->n == 0 || timers->heap[0]->at > now) {
        return NULL;
    }
    struct timer *due = timers->heap[0];
    stop(timers, due);
    return due;
}

cyg_usec timers_next(const struct timers *timers)
{
    return timers->n == 0 ? CYG_NEVER : timers->heap[0]->at;
}

void timers_clear(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){ 0 };
}
