/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a look-up in store-sqlite costs with 1, 1 000, 100 000 peers: what MM1 is answered from, the
 * peer behind an identity, and deriving. CPU time of the thread; of several rounds the fastest.
 *   testing/bench/store_bench [PEERS...]   other numbers of peers, as 1000000 */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 7
#define COUNT  400 /* operations of one round */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void candidates(struct fixture *f, const char *remote)
{
    struct cyg_path path = fixture_path("192.0.2.1", remote);
    struct cyg_candidates *all = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err) != CYG_OK) {
        fprintf(stderr, "%s\n", fixture_reason(&err));
        exit(1);
    }
    cyg_candidates_free(all);
}

static void at_any(struct fixture *f)
{
    candidates(f, "203.0.113.1");
}

static void at_host(struct fixture *f)
{
    candidates(f, "10.0.0.1");
}

/* p0000001 has the address 10.0.0.1 and no secret of its own, as the last one of each thousand. */
static void by_identity(struct fixture *f)
{
    struct cyg_identity id = fixture_identity("b1.x");
    struct cyg_peer_query query = { .path = fixture_path("192.0.2.1", "10.0.0.1"),
                                    .remote_id = &id,
                                    .auth_method = 1,
                                    .psk = cyg_span_str("everybody"),
                                    .cipher = CYG_ALG_AES256,
                                    .integ = CYG_ALG_SHA256,
                                    .group = CYG_ALG_MODP2048,
                                    .key_bits = 256 };
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.peer_by_identity(f->store, &query, fixture_deadline(), &peer, &err)
        != CYG_OK) {
        fprintf(stderr, "%s\n", fixture_reason(&err));
        exit(1);
    }
    cyg_peer_release(peer);
}

static double cost(struct fixture *f, void (*run)(struct fixture *))
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = seconds();
        for (int i = 0; i < COUNT; i++) {
            run(f);
        }
        double us = (seconds() - begin) / COUNT * 1e6;
        best = us < best ? us : best;
    }
    return best;
}

static void row(unsigned peers)
{
    void *state = NULL;
    if (fixture_setup(&state) != 0) {
        exit(1);
    }
    struct fixture *f = state;
    fixture_fill(f, 1, peers);
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'everybody');"
                   "INSERT INTO changed VALUES ('secret', 'all')");
    double begin = seconds();
    fixture_open(f);
    double derived = seconds() - begin;
    at_any(f); /* connections and statements */
    by_identity(f);
    struct store_work work;
    store_take_work(f->store, &work);
    at_host(f);
    store_take_work(f->store, &work);
    printf("%9u %12.1f %12.1f %12.1f %12llu %12.2f %12.1f\n", peers, cost(f, at_any),
           cost(f, at_host), cost(f, by_identity), (unsigned long long)work.steps, derived,
           derived / peers * 1e6);
    fflush(stdout);
    fixture_teardown(&state);
}

int main(int argc, char **argv)
{
    printf("%9s %12s %12s %12s %12s %12s %12s\n", "peers", "%any, us", "host, us", "identity, us",
           "host, steps", "derive, s", "each, us");
    if (argc == 1) {
        row(1);
        row(1000);
        row(100000);
    }
    for (int i = 1; i < argc; i++) {
        row((unsigned)atoi(argv[i]));
    }
    return 0;
}
