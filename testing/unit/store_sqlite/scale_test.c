/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A look-up costs the same with few peers and with many, those of %any included (H-179). Counted in
 * instructions of SQLite's machine, not in time. */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>

/* So that it takes a few seconds under sanitizers too; $CYG_PEERS for more. */
#define MANY 30000

static struct store_work candidates_work(struct fixture *f, const char *remote, size_t *ret_total)
{
    struct store_work work;
    struct cyg_path path = fixture_path("192.0.2.1", remote);
    struct cyg_candidates *all = NULL;
    struct cyg_error err = { 0 };
    store_take_work(f->store, &work);
    if (store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    assert_true(all->n > 0);
    *ret_total = all->total_peers;
    cyg_candidates_free(all);
    store_take_work(f->store, &work);
    return work;
}

static struct store_work identity_work(struct fixture *f, const char *remote, const char *id,
                                       const char *want)
{
    struct store_work work;
    struct cyg_identity identity = fixture_identity(id);
    struct cyg_peer_query query = { .path = fixture_path("192.0.2.1", remote),
                                    .remote_id = &identity,
                                    .auth_method = 1,
                                    .psk = cyg_span_str("secret"),
                                    .cipher = CYG_ALG_AES256,
                                    .integ = CYG_ALG_SHA256,
                                    .group = CYG_ALG_MODP2048,
                                    .key_bits = 256 };
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    store_take_work(f->store, &work);
    if (store_sqlite_ops.peer_by_identity(f->store, &query, fixture_deadline(), &peer, &err)
        != CYG_OK) {
        fail_msg("%s: %s", id, fixture_reason(&err));
    }
    assert_string_equal(peer->name, want);
    cyg_peer_release(peer);
    store_take_work(f->store, &work);
    return work;
}

/* The same questions, before and after, see fixture_fill. p0000012: %any, own secret. p0000016: own
 * address and own secret. p0000020: a subnet, own secret. The last one of n is %any, with its own
 * secret: those that come late by name are found as fast as the first. */
struct costs {
    struct store_work any, host, net, by_any, by_host, by_net, by_any_last;
    size_t total;
};

static struct costs measure(struct fixture *f, unsigned n)
{
    struct costs c;
    size_t total;
    char id[32], name[32];
    snprintf(id, sizeof id, "b%u.x", n);
    snprintf(name, sizeof name, "p%07u", n);
    store_forget_answers(f->store);
    c.any = candidates_work(f, "203.0.113.1", &c.total);
    c.host = candidates_work(f, "10.0.0.16", &total);
    c.net = candidates_work(f, "172.16.4.9", &total);
    c.by_any = identity_work(f, "203.0.113.1", "b12.x", "p0000012");
    c.by_host = identity_work(f, "10.0.0.16", "b16.x", "p0000016");
    c.by_net = identity_work(f, "172.16.4.9", "b20.x", "p0000020");
    c.by_any_last = identity_work(f, "203.0.113.1", id, name);
    return c;
}

static void compare(const char *what, struct store_work few, struct store_work many)
{
    /* A deeper tree is no more steps of the machine. What may grow: a few more prefix lengths, up
     * to four classes of secrets named per policy. */
    print_message("%s: %llu steps with few, %llu with many; %llu rows scanned\n", what,
                  (unsigned long long)few.steps, (unsigned long long)many.steps,
                  (unsigned long long)many.scanned);
    if (many.steps > few.steps + few.steps / 2 + 100 || many.scanned > few.scanned + 10) {
        fail_msg("%s costs %llu steps with few peers and %llu with many", what,
                 (unsigned long long)few.steps, (unsigned long long)many.steps);
    }
}

static void test_cost_is_flat_in_the_number_of_peers(void **state)
{
    struct fixture *f = *state;
    const char *asked = getenv("CYG_PEERS");
    unsigned n = (asked != NULL ? (unsigned)atoi(asked) : MANY) / 12 * 12;
    fixture_fill(f, 1, 60);
    fixture_open(f);
    measure(f, 60); /* connections and statements are made */
    struct costs few = measure(f, 60);
    fixture_fill(f, 61, n);
    struct cyg_error err = { 0 };
    struct cyg_peer_changes *changes = NULL;
    if (store_sqlite_ops.poll(f->store, cyg_time_now() + 600 * CYG_SEC, &changes, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    assert_true(changes->all);
    cyg_peer_changes_free(changes);
    struct costs many = measure(f, n);
    assert_true(few.total == 20);
    assert_true(many.total == n / 3);
    compare("candidates at %any", few.any, many.any);
    compare("candidates of one host", few.host, many.host);
    compare("candidates of a subnet", few.net, many.net);
    compare("identity at %any", few.by_any, many.by_any);
    compare("the last identity at %any", few.by_any_last, many.by_any_last);
    compare("identity of one host", few.by_host, many.by_host);
    compare("identity of a subnet", few.by_net, many.by_net);

    /* One change among so many is derived alone. */
    struct store_work work;
    size_t total;
    sqlite3_db_config(f->client, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
    fixture_sql(f, "UPDATE peers SET remote_id = 'new.x' WHERE name = 'p0000018'");
    work = candidates_work(f, "203.0.113.1", &total);
    print_message("one changed peer: %llu steps\n", (unsigned long long)work.steps);
    assert_true(work.steps < many.any.steps + 3000);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_cost_is_flat_in_the_number_of_peers));
