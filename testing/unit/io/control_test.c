/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control thread: calls are carried over and waited for, watches and timers call back there,
 * events arrive as deep copies, in order, and what does not fit is counted. */
#include "unit/test.h"

#include "io/control.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void note_thread(void *context)
{
    *(pthread_t *)context = pthread_self();
}

/* Until *value is at least wanted, 100 s at most. */
static bool reaches(atomic_uint *value, unsigned wanted)
{
    for (unsigned i = 0; i < 100000 && *value < wanted; i++) {
        usleep(1000);
    }
    return *value >= wanted;
}

static void test_calls_run_on_one_other_thread(void **state)
{
    (void)state;
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    pthread_t first, second;
    control_call(control, note_thread, &first);
    control_call(control, note_thread, &second);
    assert_true(pthread_equal(first, second));
    assert_false(pthread_equal(first, pthread_self()));
    control_free(control);
}

struct watched {
    int fd;
    atomic_uint reads;
    uint8_t last;
};

static void on_readable(void *context, unsigned events)
{
    struct watched *w = context;
    assert_int_equal(events, CYG_WATCH_READ);
    assert_int_equal(read(w->fd, &w->last, 1), 1);
    atomic_fetch_add(&w->reads, 1);
}

static void test_watch_calls_until_unwatched(void **state)
{
    (void)state;
    struct control *control = NULL;
    int pair[2];
    assert_int_equal(control_new(&control), CYG_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct watched w = { .fd = pair[0] };
    uint32_t id = control_watch(control, pair[0], CYG_WATCH_READ, on_readable, &w);
    assert_int_not_equal(id, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_true(reaches(&w.reads, 1));
    control_unwatch(control, id);
    assert_int_equal(write(pair[1], "y", 1), 1);
    close(pair[0]); /* allowed now; a watch that was left would fail here */
    control_free(control);
    assert_int_equal(w.reads, 1);
    assert_int_equal(w.last, 'x');
    close(pair[1]);
}

static void count(void *context)
{
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void test_timer_fires_once_and_can_be_cancelled(void **state)
{
    (void)state;
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    atomic_uint fired = 0, cancelled = 0;
    uint32_t never = control_timer(control, 50 * CYG_MSEC, count, &cancelled);
    assert_int_not_equal(control_timer(control, 5 * CYG_MSEC, count, &fired), 0);
    control_timer_cancel(control, never);
    assert_true(reaches(&fired, 1));
    usleep(80000);
    control_free(control);
    assert_int_equal(fired, 1);
    assert_int_equal(cancelled, 0);
}

struct seen {
    atomic_uint n;
    uint64_t dropped;
    uint32_t last;
    char child[CYG_NAME_MAX];
    uint8_t message[4];
};

static void on_event(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct seen *seen = context;
    seen->dropped += dropped;
    assert_true(event->ike_uniqueid > seen->last); /* in order */
    seen->last = event->ike_uniqueid;
    if (event->n_children > 0) {
        strcpy(seen->child, event->children[0].name);
    }
    if (event->message.len == sizeof seen->message) {
        memcpy(seen->message, event->message.data, sizeof seen->message);
    }
    atomic_fetch_add(&seen->n, 1);
}

static void test_events_are_deep_copies_for_who_wants_them(void **state)
{
    (void)state;
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    struct seen all = { 0 }, quiet = { 0 };
    uint32_t id = control_subscribe(control, CYG_EVENT_CHILD_UP | CYG_EVENT_LOG, 2, on_event, &all);
    assert_int_not_equal(control_subscribe(control, CYG_EVENT_LOG, 0, on_event, &quiet), 0);
    struct cyg_child_record child = { .name = "net" };
    uint8_t bytes[4] = { 1, 2, 3, 4 };
    struct cyg_event event = { .type = CYG_EVENT_CHILD_UP,
                               .ike_uniqueid = 1,
                               .children = &child,
                               .n_children = 1,
                               .message = cyg_span_of_array(bytes) };
    control_publish(control, &event);
    memset(&child, 'x', sizeof child); /* the copy must not see this */
    memset(bytes, 9, sizeof bytes);
    control_publish(control,
                    &(struct cyg_event){ .type = CYG_EVENT_LOG, .level = 2, .ike_uniqueid = 2 });
    control_publish(control,
                    &(struct cyg_event){ .type = CYG_EVENT_LOG, .level = 3, .ike_uniqueid = 3 });
    assert_true(reaches(&all.n, 2));
    control_unsubscribe(control, id);
    control_publish(control,
                    &(struct cyg_event){ .type = CYG_EVENT_LOG, .level = 0, .ike_uniqueid = 4 });
    control_free(control);
    assert_int_equal(all.n, 2); /* level 3 is above his, 4 came after he left */
    assert_string_equal(all.child, "net");
    assert_memory_equal(all.message, "\1\2\3\4", 4);
    assert_int_equal(quiet.n, 1);
    assert_int_equal(quiet.last, 4);
}

/* Holds the thread up from 1, which it says, to 2. */
static void wait_at_gate(void *context)
{
    atomic_uint *gate = context;
    atomic_store(gate, 1);
    (void)reaches(gate, 2);
}

static void test_a_full_queue_drops_and_counts(void **state)
{
    (void)state;
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    struct seen seen = { 0 };
    assert_int_not_equal(control_subscribe(control, CYG_EVENT_LOG, 4, on_event, &seen), 0);
    atomic_uint gate = 0;
    assert_true(control_post(control, wait_at_gate, &gate));
    assert_true(reaches(&gate, 1));
    for (uint32_t i = 1; i <= CONTROL_EVENTS_MAX + 100; i++) {
        control_publish(control, &(struct cyg_event){ .type = CYG_EVENT_LOG, .ike_uniqueid = i });
    }
    atomic_store(&gate, 2);
    control_free(control);
    assert_int_equal(seen.n + seen.dropped, CONTROL_EVENTS_MAX + 100);
    assert_in_range(seen.dropped, 1, 100);
}

static void test_each_subscriber_learns_what_it_has_missed(void **state)
{
    (void)state;
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    struct seen log = { 0 }, sas = { 0 };
    assert_int_not_equal(control_subscribe(control, CYG_EVENT_LOG, 4, on_event, &log), 0);
    assert_int_not_equal(control_subscribe(control, CYG_EVENT_IKE_UP, 4, on_event, &sas), 0);
    atomic_uint gate = 0;
    assert_true(control_post(control, wait_at_gate, &gate));
    assert_true(reaches(&gate, 1));
    /* Only of the first kind does anything fit; of the second, seven are lost. */
    for (uint32_t i = 1; i <= CONTROL_EVENTS_MAX + 10; i++) {
        control_publish(control, &(struct cyg_event){ .type = CYG_EVENT_LOG, .ike_uniqueid = i });
    }
    for (uint32_t i = 1; i <= 7; i++) {
        control_publish(control,
                        &(struct cyg_event){ .type = CYG_EVENT_IKE_UP, .ike_uniqueid = i });
    }
    atomic_store(&gate, 2);
    assert_true(reaches(&log.n, CONTROL_EVENTS_MAX));
    control_publish(control, &(struct cyg_event){ .type = CYG_EVENT_IKE_UP, .ike_uniqueid = 8 });
    assert_true(reaches(&sas.n, 1));
    control_free(control);
    assert_int_equal(log.dropped, 10);
    assert_int_equal(sas.n, 1);
    assert_int_equal(sas.dropped, 7);
}

static void count_delivery(void *context)
{
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void test_events_close_behind_others_come_together(void **state)
{
    (void)state;
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    struct seen seen = { 0 };
    atomic_uint deliveries = 0;
    control_after_delivery(control, count_delivery, &deliveries);
    assert_int_not_equal(control_subscribe(control, CYG_EVENT_LOG, 4, on_event, &seen), 0);
    const cyg_usec begin = cyg_time_now();
    for (uint32_t i = 1; i <= 200; i++) { /* each would wake it */
        control_publish(control, &(struct cyg_event){ .type = CYG_EVENT_LOG, .ike_uniqueid = i });
        usleep(100);
    }
    assert_true(reaches(&seen.n, 200));
    const cyg_usec took = cyg_time_now() - begin;
    control_free(control);
    assert_int_equal(seen.last, 200);
    assert_true(deliveries <= took / (8 * CYG_MSEC) + 2);
}

static void test_large_messages_fill_the_queue_sooner(void **state)
{
    (void)state;
    static const uint8_t message[65000];
    struct control *control = NULL;
    assert_int_equal(control_new(&control), CYG_OK);
    struct seen seen = { 0 };
    assert_int_not_equal(control_subscribe(control, CYG_EVENT_MESSAGE, 4, on_event, &seen), 0);
    atomic_uint gate = 0;
    assert_true(control_post(control, wait_at_gate, &gate));
    assert_true(reaches(&gate, 1));
    for (uint32_t i = 1; i <= 1000; i++) {
        control_publish(control, &(struct cyg_event){ .type = CYG_EVENT_MESSAGE,
                                                      .ike_uniqueid = i,
                                                      .message = cyg_span_of_array(message) });
    }
    atomic_store(&gate, 2);
    control_free(control);
    assert_int_equal(seen.n, CONTROL_EVENT_BYTES_MAX / sizeof message);
    assert_int_equal(seen.n + seen.dropped, 1000);
}

TEST_MAIN(cmocka_unit_test(test_calls_run_on_one_other_thread),
          cmocka_unit_test(test_watch_calls_until_unwatched),
          cmocka_unit_test(test_timer_fires_once_and_can_be_cancelled),
          cmocka_unit_test(test_events_are_deep_copies_for_who_wants_them),
          cmocka_unit_test(test_a_full_queue_drops_and_counts),
          cmocka_unit_test(test_each_subscriber_learns_what_it_has_missed),
          cmocka_unit_test(test_events_close_behind_others_come_together),
          cmocka_unit_test(test_large_messages_fill_the_queue_sooner));
