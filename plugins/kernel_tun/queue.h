/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bounded queue of orders with an eventfd that becomes readable, by one write for all orders that
 * wait; from any thread to one. Orders are wiped when they are freed: they hold keys. */
#pragma once

#include <cygnet/kernel.h>

#include <pthread.h>

#define QUEUE_MAX 65536u

struct order {
    struct order *next;
    struct cyg_kernel_op op;
    bool quiet; /* a policy that the network thread could not set: nobody waits for an answer */
    bool stop;  /* the thread's last order */
    size_t mtu; /* of the network thread: set the link's; 0: op counts */
};

struct queue {
    pthread_mutex_t lock;
    struct order *first, **last;
    unsigned count;
    int event;
    struct order end; /* the stop: always there, since a thread that is not ended is not joined */
};

CYG_MUST_USE enum cyg_code queue_init(struct queue *q);
void queue_clear(struct queue *q);

/* Append a copy. CYG_LIMIT when the queue is full, but not for a stop or what takes something away;
 * CYG_NOMEM. A stop is always taken, once. */
CYG_MUST_USE enum cyg_code queue_put(struct queue *q, const struct order *order);

/* Take all orders, oldest first; the caller frees each with order_free. */
struct order *queue_take(struct queue *q);
void order_free(struct order *order);
