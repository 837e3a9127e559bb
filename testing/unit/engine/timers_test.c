/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/timers.h"
#include "unit/test.h"

#define N 200u

static void test_gives_them_in_order_whatever_is_moved_and_stopped(void **state)
{
    (void)state;
    struct timers timers = { 0 };
    struct timer timer[N] = { 0 };
    uint32_t chance = 1;
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(timers_reserve(&timers), CYG_OK);
        chance = chance * 1664525u + 1013904223u;
        timer_set(&timers, &timer[i], chance % 1000u);
    }
    for (uint32_t i = 0; i < N; i += 3) { /* some later, some earlier, some not at all */
        chance = chance * 1664525u + 1013904223u;
        timer_set(&timers, &timer[i], i % 2 == 0 ? CYG_NEVER : chance % 1000u);
    }
    cyg_usec last = 0;
    uint32_t seen = 0;
    for (struct timer *due; (due = timers_due(&timers, 1000)) != NULL; seen++) {
        assert_true(due->at >= last);
        assert_int_equal(due->slot, 0);
        last = due->at;
    }
    assert_int_equal(seen, N - 34); /* every sixth was stopped */
    assert_true(timers_next(&timers) == CYG_NEVER);
    timers_clear(&timers);
}

static void test_nothing_is_due_early(void **state)
{
    (void)state;
    struct timers timers = { 0 };
    struct timer timer = { 0 };
    assert_int_equal(timers_reserve(&timers), CYG_OK);
    timer_set(&timers, &timer, 10);
    assert_null(timers_due(&timers, 9));
    assert_true(timers_next(&timers) == 10);
    assert_ptr_equal(timers_due(&timers, 10), &timer);
    timer_set(&timers, &timer, 20);
    timers_release(&timers, &timer);
    assert_null(timers_due(&timers, 100));
    timers_clear(&timers);
}

TEST_MAIN(cmocka_unit_test(test_gives_them_in_order_whatever_is_moved_and_stopped),
          cmocka_unit_test(test_nothing_is_due_early));
