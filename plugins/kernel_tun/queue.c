/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum cyg_code queue_init(struct queue *q)
{
    *q = (struct queue){ .event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
    q->last = &q->first;
    if (q->event < 0) {
        return CYG_INTERNAL;
    }
    if (pthread_mutex_init(&q->lock, NULL) != 0) {
        close(q->event);
        q->event = -1;
        return CYG_INTERNAL;
    }
    return CYG_OK;
}

void order_free(struct order *order)
{
    if (!order->stop) { /* that is the queue's own */
        cyg_wipe(order, sizeof(*order));
        free(order);
    }
}

void queue_clear(struct queue *q)
{
    if (q->last == NULL || q->event < 0) {
        return; /* never made */
    }
    for (struct order *order = queue_take(q), *next; order != NULL; order = next) {
        next = order->next;
        order_free(order);
    }
    close(q->event);
    q->event = -1;
    pthread_mutex_destroy(&q->lock);
}

/* What takes away is always taken: there is no more of it than was there. */
static bool takes_away(const struct order *order)
{
    enum cyg_kernel_op_type type = order->op.type;
    return order->stop || type == CYG_KERNEL_SPI_RELEASE || type == CYG_KERNEL_SA_REMOVE
           || type == CYG_KERNEL_POLICY_REMOVE;
}

/* Only who finds the queue empty writes to the eventfd. No wake-up is lost by that: while anything
 * is in the queue, the eventfd is readable, or who put the first order is about to write, or
 * queue_take has read it and is about to take all there is. A write that comes after its order has
 * been taken wakes the thread for nothing once. */
enum cyg_code queue_put(struct queue *q, const struct order *order)
{
    struct order *copy = order->stop ? &q->end : malloc(sizeof(*copy));
    if (copy == NULL) {
        return CYG_NOMEM;
    }
    *copy = *order;
    copy->next = NULL;
    pthread_mutex_lock(&q->lock);
    const bool was_empty = q->first == NULL;
    const bool fits = q->count < QUEUE_MAX || takes_away(order);
    if (fits) {
        *q->last = copy;
        q->last = &copy->next;
        q->count++;
    }
    pthread_mutex_unlock(&q->lock);
    if (!fits) {
        order_free(copy);
        return CYG_LIMIT;
    }
    if (was_empty) {
        const uint64_t one = 1;
        ssize_t written =
            write(q->event, &one, sizeof(one)); /* fails only when it is readable anyway */
        (void)written;
    }
    return CYG_OK;
}

struct order *queue_take(struct queue *q)
{
    /* Before the orders, never after: what comes in between would have its wake-up taken away. */
    uint64_t events;
    ssize_t got = read(q->event, &events, sizeof(events));
    (void)got;
    pthread_mutex_lock(&q->lock);
    struct order *first = q->first;
    q->first = NULL;
    q->last = &q->first;
    q->count = 0;
    pthread_mutex_unlock(&q->lock);
    return first;
}
