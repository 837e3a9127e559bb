/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* H-097: an answer that is kept for a whole prefix is the one that each of its addresses gets. */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <string.h>

#define DATABASES 12
#define ASKED     300

/* xorshift: any sequence will do, the same each time. */
static uint32_t below(uint64_t *seed, uint32_t n)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 33) % n;
}

/* Addresses of few different bits, so that prefixes of all lengths meet; v4 or v6. */
static void random_address(uint64_t *seed, bool six, char *ret, size_t size)
{
    static const unsigned octets[] = { 0, 1, 2, 127, 128, 255 };
    unsigned o[4];
    for (size_t i = 0; i < 4; i++) {
        o[i] = octets[below(seed, CYG_LEN(octets))];
    }
    if (six) {
        snprintf(ret, size, "%x:%x::%x:%x", 0x2000 + o[0], o[1], o[2], o[3]);
    } else {
        snprintf(ret, size, "%u.%u.%u.%u", 1 + o[0] % 200, o[1], o[2], o[3]);
    }
}

#define OWNERS 4u

/* The owner of a secret is an address by itself; it is asked for too. */
static void random_rows(struct fixture *f, uint64_t *seed, char owners[OWNERS][64])
{
    char sql[512], address[64], local[64];
    const unsigned n = 1 + below(seed, 12);
    for (unsigned i = 0; i < n; i++) {
        const bool six = below(seed, 3) == 0;
        random_address(seed, six, address, sizeof address);
        random_address(seed, six, local, sizeof local);
        char remote[80] = "%any", own[80] = "%any";
        if (below(seed, 4) != 0) {
            snprintf(remote, sizeof remote, "%s/%u", address, below(seed, six ? 129 : 33));
        }
        if (below(seed, 3) == 0) {
            snprintf(own, sizeof own, "%s/%u", local, below(seed, six ? 129 : 33));
        }
        snprintf(sql, sizeof sql,
                 "INSERT INTO peers (name, remote_addrs, local_addrs, proposals)"
                 " VALUES ('p%u', '%s', '%s', '%s')",
                 i, remote, own, i % 2 == 0 ? "default" : "aes256-sha256-modp2048");
        fixture_sql(f, sql);
    }
    for (unsigned i = 0; i < OWNERS; i++) {
        random_address(seed, i == 0, owners[i], sizeof owners[i]);
        snprintf(sql, sizeof sql,
                 "INSERT INTO secrets (name, owners, secret) VALUES ('s%u', '%s', 'secret%u')", i,
                 owners[i], i);
        fixture_sql(f, sql);
    }
    if (below(seed, 2) == 0) {
        fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'everybody')");
    }
}

/* All that an answer says, as text. */
static void tell(struct fixture *f, const struct cyg_path *path, char *ret, size_t size)
{
    struct cyg_candidates *all = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.candidates(f->store, path, fixture_deadline(), &all, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    size_t used = (size_t)snprintf(ret, size, "%zu peers /%u", all->total_peers, all->remote_bits);
    for (size_t i = 0; i < all->n; i++) {
        const struct cyg_candidate *c = &all->items[i];
        used += (size_t)snprintf(ret + used, size - used, " %s:%u:%.*s", c->peer_name, c->n_peers,
                                 (int)c->secret.len, (const char *)c->secret.data);
    }
    cyg_candidates_free(all);
}

static void test_a_kept_answer_is_the_one_that_would_be_found(void **state)
{
    uint64_t seed = 0x4711;
    (void)state;
    for (unsigned k = 0; k < DATABASES; k++) {
        void *one = NULL;
        assert_int_equal(fixture_setup(&one), 0);
        struct fixture *f = one;
        char owners[OWNERS][64];
        random_rows(f, &seed, owners);
        fixture_open(f);
        struct cyg_path paths[ASKED];
        char kept[2][2048];
        static char found[ASKED][2048];
        for (size_t i = 0; i < ASKED; i++) {
            const unsigned owner = below(&seed, 3 * OWNERS);
            const bool six = owner < OWNERS ? owner == 0 : below(&seed, 3) == 0;
            char local[64], remote[64];
            random_address(&seed, six, local, sizeof local);
            random_address(&seed, six, remote, sizeof remote);
            paths[i] = fixture_path(i % 2 == 0 ? local
                                    : six      ? "2001:db8::1"
                                               : "192.0.2.1",
                                    owner < OWNERS ? owners[owner] : remote);
            store_forget_answers(f->store);
            tell(f, &paths[i], found[i], sizeof found[i]);
        }
        store_forget_answers(f->store);
        for (size_t i = 0; i < ASKED; i++) { /* each answer is one of a neighbour's, if it can be */
            tell(f, &paths[i], kept[0], sizeof kept[0]);
            tell(f, &paths[i], kept[1], sizeof kept[1]);
            assert_string_equal(kept[0], found[i]);
            assert_string_equal(kept[1], found[i]);
        }
        assert_int_equal(fixture_teardown(&one), 0);
    }
}

/* Instructions of SQLite's machine for one answer. */
static uint64_t steps(struct fixture *f, const char *local, const char *remote)
{
    struct cyg_path path = fixture_path(local, remote);
    struct store_work work;
    char text[2048];
    store_take_work(f->store, &work);
    tell(f, &path, text, sizeof text);
    store_take_work(f->store, &work);
    return work.steps;
}

static void test_one_answer_serves_all_strangers(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('any', '%any')");
    fixture_open(f);
    const uint64_t first = steps(f, "192.0.2.1", "203.0.113.1");
    for (unsigned i = 1; i < 200; i++) {
        char remote[32];
        snprintf(remote, sizeof remote, "%u.%u.7.9", i, 255 - i);
        assert_true(steps(f, "192.0.2.1", remote) * 5 < first); /* PRAGMA data_version is left */
    }
    assert_true(steps(f, "192.0.2.2", "203.0.113.1") * 5 > first); /* its own: local_addrs */
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('net', '10.0.0.0/8')");
    char text[256];
    struct cyg_path path = fixture_path("192.0.2.1", "10.1.1.1");
    tell(f, &path, text, sizeof text); /* emptied by the change */
    assert_string_equal(text, "2 peers /8 net:1: any:1:");
    assert_true(steps(f, "192.0.2.1", "10.200.1.1") * 5 < first);
    assert_true(steps(f, "192.0.2.1", "11.1.1.1") * 5 > first);
    assert_true(steps(f, "192.0.2.1", "11.2.2.2") * 5 < first);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(cmocka_unit_test(test_a_kept_answer_is_the_one_that_would_be_found),
          WITH_DATABASE(test_one_answer_serves_all_strangers));
