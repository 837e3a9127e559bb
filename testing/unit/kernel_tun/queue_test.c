/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders for the data plane's threads: in order, bounded, and what takes away or stops gets in. */
#include "kernel_tun/queue.h"

#include "unit/test.h"

#include <poll.h>

static struct queue queue;

static int setup(void **state)
{
    (void)state;
    return queue_init(&queue) == CYG_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    queue_clear(&queue);
    return 0;
}

static enum cyg_code put(enum cyg_kernel_op_type type, uint64_t tag)
{
    const struct order order = { .op = { .type = type, .tag = tag } };
    return queue_put(&queue, &order);
}

static bool is_readable(void)
{
    struct pollfd p = { .fd = queue.event, .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

static size_t free_all(struct order *order)
{
    size_t n = 0;
    for (struct order *next; order != NULL; order = next, n++) {
        next = order->next;
        order_free(order);
    }
    return n;
}

static void test_orders_come_out_as_they_went_in(void **state)
{
    (void)state;
    assert_false(is_readable());
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(put(CYG_KERNEL_SA_ADD, i), CYG_OK);
    }
    assert_true(is_readable());
    struct order *first = queue_take(&queue);
    uint32_t expected = 1;
    for (const struct order *o = first; o != NULL; o = o->next) {
        assert_int_equal(o->op.tag, expected++);
    }
    assert_int_equal(free_all(first), 3);
    assert_false(is_readable());
    assert_null(queue_take(&queue));
}

static void test_what_takes_away_fits_into_a_full_queue(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUEUE_MAX; i++) {
        assert_int_equal(put(CYG_KERNEL_SA_ADD, i), CYG_OK);
    }
    assert_int_equal(put(CYG_KERNEL_SA_ADD, 1), CYG_LIMIT);
    assert_int_equal(put(CYG_KERNEL_SA_REMOVE, 1), CYG_OK);
    assert_int_equal(put(CYG_KERNEL_SPI_RELEASE, 1), CYG_OK);
    assert_int_equal(put(CYG_KERNEL_POLICY_REMOVE, 1), CYG_OK);
    assert_int_equal(free_all(queue_take(&queue)), QUEUE_MAX + 3);
    assert_int_equal(put(CYG_KERNEL_SA_ADD, 1), CYG_OK); /* there is room again */
}

/* A thread that is not told to stop is waited for without end: no memory, no room may matter. */
static void test_a_stop_is_the_queues_own(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < QUEUE_MAX; i++) {
        assert_int_equal(put(CYG_KERNEL_SA_ADD, i), CYG_OK);
    }
    const struct order stop = { .stop = true };
    assert_int_equal(queue_put(&queue, &stop), CYG_OK);
    struct order *first = queue_take(&queue), *last = first;
    while (last->next != NULL) {
        last = last->next;
    }
    assert_ptr_equal(last, &queue.end); /* nothing was allocated for it */
    assert_true(last->stop);
    assert_int_equal(free_all(first), QUEUE_MAX + 1); /* and it is not freed */
    assert_true(queue.end.stop);
}

/* Where nobody takes it any more, clearing frees the others and leaves it alone. */
static void test_clearing_leaves_the_stop_alone(void **state)
{
    (void)state;
    const struct order stop = { .stop = true };
    assert_int_equal(put(CYG_KERNEL_SA_ADD, 1), CYG_OK);
    assert_int_equal(queue_put(&queue, &stop), CYG_OK);
    queue_clear(&queue);
    assert_int_equal(queue_init(&queue), CYG_OK);
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(QUEUE_TEST(test_orders_come_out_as_they_went_in),
          QUEUE_TEST(test_what_takes_away_fits_into_a_full_queue),
          QUEUE_TEST(test_a_stop_is_the_queues_own),
          QUEUE_TEST(test_clearing_leaves_the_stop_alone));
