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

/* Microseconds of one operation: looked up in the database, or from the answers that are kept. */
static double cost(struct fixture *f, void (*run)(struct fixture *), bool again)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0;
        for (int i = 0; i < COUNT; i++) {
            if (!again) {
                store_forget_answers(f->store);
            }
            double begin = seconds();
            run(f);
            sum += seconds() - begin;
        }
        best = sum < best ? sum : best;
    }
    return best / COUNT * 1e6;
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
    printf("%9u %10.1f %10.1f %10.1f %10.1f %10.1f %10.1f %10.2f %10.1f\n", peers,
           cost(f, at_any, false), cost(f, at_any, true), cost(f, at_host, false),
           cost(f, at_host, true), cost(f, by_identity, false), cost(f, by_identity, true), derived,
           derived / peers * 1e6);
    fflush(stdout);
    fixture_teardown(&state);
}

int main(int argc, char **argv)
{
    printf("%9s %21s %21s %21s %21s\n%9s %10s %10s %10s %10s %10s %10s %10s %10s\n", "",
           "MM1 at %any, us", "MM1 of a host, us", "identity, us", "deriving", "peers", "first",
           "again", "first", "again", "first", "again", "all, s", "each, us");
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
