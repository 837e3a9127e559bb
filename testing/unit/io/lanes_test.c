/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Job lanes: everything submitted runs once, established SAs go first, strangers are refused at
 * half, a slow lane holds up no other, and jobs put in together wake their threads together. */
#include "unit/test.h"

#include "io/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool open;
};

#define GATE_CLOSED                                                \
    {                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false \
    }

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_pass(void *context)
{
    struct gate *gate = context;
    pthread_mutex_lock(&gate->mutex);
    while (!gate->open) {
        pthread_cond_wait(&gate->opened, &gate->mutex);
    }
    pthread_mutex_unlock(&gate->mutex);
}

static void nothing(void *context)
{
    (void)context;
}

static void count(void *context)
{
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void test_runs_every_job_once(void **state)
{
    (void)state;
    struct lanes *lanes = NULL;
    assert_int_equal(lanes_new(2, &lanes), CYG_OK);
    atomic_uint ran = 0, done = 0;
    unsigned taken = 0;
    for (unsigned i = 0; i < 200; i++) {
        taken +=
            lanes_submit(lanes, (enum cyg_lane)(i % CYG_LANES), i % 2 == 0, count, nothing, &ran)
            == CYG_OK;
        taken += lanes_submit(lanes, (enum cyg_lane)(i % CYG_LANES), false, nothing, count, &done)
                 == CYG_OK;
    }
    lanes_free(lanes); /* finishes what is queued */
    assert_int_equal(taken, 400);
    assert_int_equal(ran, 200);
    assert_int_equal(done, 200);
}

/* Order of the jobs of one thread. */
struct order {
    unsigned n;
    int tags[8];
};

struct tagged {
    struct order *order;
    int tag;
};

static void note(void *context)
{
    struct tagged *t = context;
    t->order->tags[t->order->n++] = t->tag;
}

static void test_established_go_before_strangers(void **state)
{
    (void)state;
    struct lanes *lanes = NULL;
    assert_int_equal(lanes_new(1, &lanes), CYG_OK);
    struct gate gate = GATE_CLOSED;
    struct order order = { 0 };
    struct tagged jobs[] = { { &order, 1 }, { &order, 2 }, { &order, 3 }, { &order, 4 } };
    assert_int_equal(lanes_submit(lanes, CYG_LANE_CRYPTO, false, gate_pass, nothing, &gate),
                     CYG_OK);
    for (size_t i = 0; i < CYG_LEN(jobs); i++) {
        const bool stranger = jobs[i].tag <= 2;
        assert_int_equal(lanes_submit(lanes, CYG_LANE_CRYPTO, stranger, note, nothing, &jobs[i]),
                         CYG_OK);
    }
    gate_open(&gate);
    lanes_free(lanes);
    assert_int_equal(order.n, 4);
    const int expected[] = { 3, 4, 1, 2 };
    assert_memory_equal(order.tags, expected, sizeof expected);
}

static void test_refuses_strangers_at_half_and_all_when_full(void **state)
{
    (void)state;
    struct lanes *lanes = NULL;
    assert_int_equal(lanes_new(1, &lanes), CYG_OK);
    struct gate gate = GATE_CLOSED;
    /* The storage writer is one thread: held up, its queue fills. */
    const enum cyg_lane lane = CYG_LANE_STORAGE_WRITE;
    assert_int_equal(lanes_submit(lanes, lane, false, gate_pass, nothing, &gate), CYG_OK);
    unsigned strangers = 0, established = 0;
    while (lanes_submit(lanes, lane, true, nothing, nothing, NULL) == CYG_OK) {
        strangers++;
    }
    while (lanes_submit(lanes, lane, false, nothing, nothing, NULL) == CYG_OK) {
        established++;
    }
    /* The gate's own job may still stand in the queue or run already. */
    assert_in_range(strangers, LANE_QUEUE_MAX / 2 - 1, LANE_QUEUE_MAX / 2);
    assert_in_range(strangers + established, LANE_QUEUE_MAX - 1, LANE_QUEUE_MAX);
    /* Another lane knows nothing of it. */
    atomic_uint ran = 0;
    assert_int_equal(lanes_submit(lanes, CYG_LANE_CRYPTO, true, count, nothing, &ran), CYG_OK);
    for (unsigned i = 0; i < 2000 && ran == 0; i++) {
        usleep(1000);
    }
    assert_int_equal(ran, 1);
    gate_open(&gate);
    lanes_free(lanes);
}

static void test_closed_lanes_have_run_all_and_take_no_more(void **state)
{
    (void)state;
    struct lanes *lanes = NULL;
    atomic_uint ran = 0;
    assert_int_equal(lanes_new(1, &lanes), CYG_OK);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(lanes_submit(lanes, CYG_LANE_SLOW, false, count, nothing, &ran), CYG_OK);
    }
    lanes_close(lanes);
    assert_int_equal(ran, 100);
    for (unsigned i = 0; i < CYG_LANES; i++) {
        assert_int_equal(lanes_submit(lanes, (enum cyg_lane)i, false, count, nothing, &ran),
                         CYG_LIMIT);
    }
    lanes_close(lanes); /* again: nothing */
    lanes_free(lanes);
    assert_int_equal(ran, 100);
}

/* Jobs that end only when all of them run. */
struct meeting {
    pthread_barrier_t all;
    atomic_uint *met;
};

static void meet(void *context)
{
    struct meeting *meeting = context;
    (void)pthread_barrier_wait(&meeting->all);
    atomic_fetch_add(meeting->met, 1);
}

/* Jobs that are put in take as many threads as there are with one lanes_wake, turn after turn. */
static void test_wakes_a_thread_for_each_job_that_was_put(void **state)
{
    (void)state;
    struct lanes *lanes = NULL;
    atomic_uint met = 0;
    struct meeting meeting = { .met = &met };
    assert_int_equal(lanes_new(3, &lanes), CYG_OK);
    assert_int_equal(pthread_barrier_init(&meeting.all, NULL, 3), 0);
    for (unsigned turn = 1; turn <= 50; turn++) {
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(lanes_put(lanes, CYG_LANE_CRYPTO, false, meet, nothing, &meeting),
                             CYG_OK);
        }
        lanes_wake(lanes, CYG_LANE_CRYPTO);
        for (unsigned i = 0; i < 5000 && met < 3 * turn; i++) {
            usleep(1000);
        }
        assert_int_equal(met, 3 * turn);
    }
    lanes_free(lanes);
    pthread_barrier_destroy(&meeting.all);
}

static void test_closing_runs_what_nobody_was_woken_for(void **state)
{
    (void)state;
    struct lanes *lanes = NULL;
    atomic_uint ran = 0;
    assert_int_equal(lanes_new(1, &lanes), CYG_OK);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(lanes_put(lanes, CYG_LANE_STORAGE, false, count, nothing, &ran), CYG_OK);
    }
    lanes_close(lanes);
    assert_int_equal(ran, 100);
    lanes_free(lanes);
}

TEST_MAIN(cmocka_unit_test(test_runs_every_job_once),
          cmocka_unit_test(test_wakes_a_thread_for_each_job_that_was_put),
          cmocka_unit_test(test_closing_runs_what_nobody_was_woken_for),
          cmocka_unit_test(test_established_go_before_strangers),
          cmocka_unit_test(test_closed_lanes_have_run_all_and_take_no_more),
          cmocka_unit_test(test_refuses_strangers_at_half_and_all_when_full));
