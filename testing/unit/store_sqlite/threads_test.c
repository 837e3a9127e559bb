/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The storage lane: two readers and a writer call the store while another program writes. Each
 * answer is one consistent state (H-179). */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 60

struct shared {
    struct fixture *f;
    atomic_bool stop;
    atomic_uint answers, failures;
};

/* The other program keeps both peers on the same address: an answer has both or none there. */
static void *read_candidates(void *context)
{
    struct shared *s = context;
    struct cyg_path paths[] = { fixture_path("192.0.2.1", "10.0.0.1"),
                                fixture_path("192.0.2.1", "10.0.0.2") };
    while (!atomic_load(&s->stop)) {
        for (size_t i = 0; i < CYG_LEN(paths); i++) {
            struct cyg_candidates *all = NULL;
            struct cyg_error err = { 0 };
            if (store_sqlite_ops.candidates(s->f->store, &paths[i], fixture_deadline(), &all, &err)
                    != CYG_OK
                || (all->total_peers != 0 && all->total_peers != 2)) {
                atomic_fetch_add(&s->failures, 1);
            }
            cyg_candidates_free(all);
            atomic_fetch_add(&s->answers, 1);
        }
    }
    return NULL;
}

static void *poll_changes(void *context)
{
    struct shared *s = context;
    while (!atomic_load(&s->stop)) {
        struct cyg_peer_changes *changes = NULL;
        struct cyg_peer *peer = NULL;
        struct cyg_error err = { 0 };
        if (store_sqlite_ops.poll(s->f->store, fixture_deadline(), &changes, &err) != CYG_OK
            || store_sqlite_ops.peer_by_name(s->f->store, "a", "net", fixture_deadline(), &peer,
                                             &err)
                   != CYG_OK) {
            atomic_fetch_add(&s->failures, 1);
        }
        cyg_peer_changes_free(changes);
        cyg_peer_release(peer);
    }
    return NULL;
}

static void test_readers_and_writers_do_not_meet(void **state)
{
    struct shared s = { .f = *state };
    pthread_t threads[3];
    fixture_sql(s.f, "PRAGMA busy_timeout = 20000;"
                     "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.1'),"
                     " ('b', '10.0.0.1');"
                     "INSERT INTO children (peer, name) VALUES ('a', 'net')");
    fixture_open(s.f);
    assert_int_equal(pthread_create(&threads[0], NULL, read_candidates, &s), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, read_candidates, &s), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, poll_changes, &s), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "UPDATE peers SET remote_addrs = '10.0.0.%u', encap = %u",
                 1 + i % 2, i / 2 % 2);
        fixture_sql(s.f, sql);
    }
    atomic_store(&s.stop, true);
    for (size_t i = 0; i < CYG_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&s.failures), 0);
    assert_true(atomic_load(&s.answers) > 0);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_readers_and_writers_do_not_meet));
