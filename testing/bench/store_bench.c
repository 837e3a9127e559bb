/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a look-up in store-sqlite costs with 12, 1 000, 100 000 peers: what MM1 is answered from,
 * the peer behind an identity, and deriving. CPU time of the thread; of several rounds the fastest.
 *   testing/bench/store_bench [PEERS...]   other numbers of peers, as 1000000 */
#include "bench.h"
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 7
#define COUNT  400 /* operations of one round */

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

/* Whom by_identity looks for: by name the last one at %any without a secret of its own. */
static unsigned last;

static void by_identity(struct fixture *f)
{
    char name[32];
    snprintf(name, sizeof name, "b%u.x", last);
    struct cyg_identity id = fixture_identity(name);
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
            double begin = bench_seconds();
            run(f);
            sum += bench_seconds() - begin;
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
    for (last = peers; last > 2 && (last % 3 != 0 || last % 4 == 0); last--) {
    }
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'everybody');"
                   "INSERT INTO changed VALUES ('secret', 'all')");
    double begin = bench_seconds();
    fixture_open(f);
    double derived = bench_seconds() - begin;
    at_any(f); /* connections and statements */
    by_identity(f);
    bench_figure(cost(f, at_any, false), "us", "store.%u.any", peers);
    bench_figure(cost(f, at_any, true), "us", "store.%u.any_again", peers);
    bench_figure(cost(f, at_host, false), "us", "store.%u.host", peers);
    bench_figure(cost(f, at_host, true), "us", "store.%u.host_again", peers);
    bench_figure(cost(f, by_identity, false), "us", "store.%u.identity", peers);
    bench_figure(cost(f, by_identity, true), "us", "store.%u.identity_again", peers);
    bench_figure(derived / peers * 1e6, "us", "store.%u.derive_each", peers);
    fixture_teardown(&state);
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        row(12);
        row(1000);
        row(100000);
    }
    for (int i = 1; i < argc; i++) {
        row((unsigned)atoi(argv[i]));
    }
    return 0;
}
