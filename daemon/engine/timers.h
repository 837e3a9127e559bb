/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is due when: a binary heap of timers that lie in the objects they belong to. Setting one
 * never fails, for its place in the heap is reserved when the object is made. Time: cyg_usec.
 * Thread: the engine's. */
#pragma once

#include <cygnet/time.h>

/* Whose timer it is; timer_due gives it back and engine.c calls the owner's function. */
enum timer_owner {
    TIMER_ENGINE = 0,
    TIMER_IKE_SA,
    TIMER_EXCHANGE,
    TIMER_CHILD,
    TIMER_ORDER,
};

struct timer {
    cyg_usec at;
    uint32_t slot; /* place in the heap + 1; 0: not set */
    uint8_t owner; /* enum timer_owner */
};

struct timers {
    struct timer **heap;
    uint32_t n, reserved, capacity;
};

/* Reserve a place for one more timer. CYG_NOMEM: nothing has changed. */
CYG_MUST_USE enum cyg_code timers_reserve(struct timers *timers);

/* Stop the timer if it runs and give its place back. */
void timers_release(struct timers *timers, struct timer *timer);

/* Start or move a timer; CYG_NEVER stops it. */
void timer_set(struct timers *timers, struct timer *timer, cyg_usec at);

/* The first timer due at `now`, stopped and taken out; NULL if there is none. */
struct timer *timers_due(struct timers *timers, cyg_usec now);

/* When the first one is due; CYG_NEVER if none runs. */
cyg_usec timers_next(const struct timers *timers);

/* Free the heap itself. */
void timers_clear(struct timers *timers);
