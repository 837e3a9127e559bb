/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pre-shared key is taken: PROTOCOL "PSK of a main mode responder", as a table. */
#include "store_sqlite/psk_select.h"

#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <string.h>

#define LOCAL  "192.0.2.1"
#define REMOTE "203.0.113.7"

static struct psk_ask ask_of(const char *local_id, const char *remote_id)
{
    struct cyg_path path = fixture_path(LOCAL, REMOTE);
    struct psk_ask ask = { .local = path.local, .remote = path.remote };
    ask.local_id = fixture_identity(local_id);
    ask.remote_id = fixture_identity(remote_id);
    return ask;
}

static size_t owners_of(const char *list, struct cyg_identity ret[4])
{
    char copy[256];
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", list);
    char *rest = copy, *word;
    while ((word = strsep(&rest, " ")) != NULL) {
        if (*word != '\0') {
            ret[n++] = fixture_identity(word);
        }
    }
    return n;
}

static void test_fit_of_owners(void **state)
{
    (void)state;
    static const struct {
        const char *local_id, *remote_id; /* of the row */
        const char *owners;
        enum psk_fit want;
    } cases[] = {
        /* both named, one named, nobody */
        { "gw.x", "b7.x", "gw.x b7.x", PSK_BOTH },
        { "gw.x", "b7.x", "B7.X GW.x", PSK_BOTH },
        { "gw.x", "b7.x", "gw.x b7.x b8.x", PSK_BOTH },
        { "gw.x", "b7.x", "b7.x", PSK_ONE },
        { "gw.x", "b7.x", "gw.x", PSK_ONE },
        { "gw.x", "b7.x", "", PSK_NO_OWNER },
        /* somebody else's */
        { "gw.x", "b7.x", "gw.x b8.x", PSK_NO_FIT },
        { "gw.x", "b7.x", "hq.x b7.x", PSK_NO_FIT },
        { "gw.x", "b7.x", "b8.x", PSK_NO_FIT },
        { "gw.x", "b7.x", "@#6237", PSK_NO_FIT }, /* another type */
        /* the two addresses come last */
        { "gw.x", "b7.x", LOCAL " " REMOTE, PSK_ADDRESSES },
        { "gw.x", "b7.x", REMOTE, PSK_ADDRESSES },
        { "gw.x", "b7.x", REMOTE " 203.0.113.8", PSK_NO_FIT },
        { "gw.x", "b7.x", "203.0.113.8", PSK_NO_FIT },
        /* a row without identities: ours is the address in use, the peer's is not known */
        { "%any", "%any", LOCAL, PSK_ONE },
        { "%any", "%any", LOCAL " " REMOTE, PSK_ONE },
        { "%any", "%any", REMOTE, PSK_ADDRESSES },
        { "%any", "%any", LOCAL " 203.0.113.8", PSK_NO_FIT }, /* the outer address is known */
        { "%any", "%any", "b7.x", PSK_NO_FIT },
        { "%any", "b7.x", "b7.x", PSK_ONE },
        { "%any", "b7.x", "gw.x b7.x", PSK_ONE },
        { "%any", "b7.x", LOCAL " b7.x", PSK_BOTH },
        { "gw.x", "%any", "gw.x", PSK_ONE },
        { "gw.x", "%any", "gw.x b7.x", PSK_ONE },
        { "gw.x", "%any", "b7.x", PSK_NO_FIT },
        { "gw.x", "%any", REMOTE, PSK_ADDRESSES },
        /* patterns */
        { "gw.x", "*.x", "gw.x *.x", PSK_BOTH },
        { "gw.x", "*.x", "*.x", PSK_ONE },
        { "gw.x", "*.x", "gw.x b7.x", PSK_ONE },
        { "gw.x", "*.x", "gw.x b7.y", PSK_NO_FIT },
        /* identities that are addresses, behind a NAT: the outer address counts, never the ID */
        { "gw.x", "10.0.0.5", "gw.x 10.0.0.5", PSK_BOTH },
        { "gw.x", "10.0.0.5", LOCAL " " REMOTE, PSK_ADDRESSES },
        { "%any", "%any", "10.0.0.5", PSK_NO_FIT },
    };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        struct psk_ask ask = ask_of(cases[i].local_id, cases[i].remote_id);
        struct cyg_identity owners[4];
        size_t n = owners_of(cases[i].owners, owners);
        enum psk_fit got = psk_fit(&ask, owners, n);
        if (got != cases[i].want) {
            fail_msg("(%s, %s) with {%s}: %d, not %d", cases[i].local_id, cases[i].remote_id,
                     cases[i].owners, (int)got, (int)cases[i].want);
        }
    }
}

/* remote_addrs = the address itself, and no remote_id: then the address says who it is. */
static void test_a_named_address_stands_for_the_identity(void **state)
{
    (void)state;
    struct cyg_identity owners[4];
    struct psk_ask ask = ask_of("gw.x", "%any");
    ask.remote_is_host = true;
    assert_int_equal(psk_fit(&ask, owners, owners_of("gw.x " REMOTE, owners)), PSK_BOTH);
    assert_int_equal(psk_fit(&ask, owners, owners_of(REMOTE, owners)), PSK_ONE);
    assert_int_equal(psk_fit(&ask, owners, owners_of("203.0.113.8", owners)), PSK_NO_FIT);
    ask.remote_id = fixture_identity("b7.x");
    assert_int_equal(psk_fit(&ask, owners, owners_of(REMOTE, owners)), PSK_ADDRESSES);
}

/* The whole way: rows of secrets, a responder that knows the addresses alone, the initiator. */
static void test_the_best_secret_is_taken(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *add, *want; /* the secret that is taken once this one is there too */
    } steps[] = {
        { "INSERT INTO secrets (name, owners, secret) VALUES ('o', 'other.x', 'others')", NULL },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('a', '" LOCAL ", " REMOTE
          "', 'addr')",
          "addr" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('n', '', 'nobody')", "nobody" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('l', 'gw.x', 'local')", "local" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('w', 'gw.x, b8.x', 'wrong')",
          "local" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('b', '%any, gw.x, B7.X', 'both')",
          "both" },
        { "UPDATE secrets SET secret = '0x6e6577' WHERE name = 'b'", "new" },
        { "UPDATE secrets SET owners = 'gw.x, b9.x' WHERE name = 'b'", "local" },
        { "DELETE FROM secrets WHERE name = 'l'", "nobody" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('r', 'b7.x', 'remote')", "remote" },
        { "UPDATE secrets SET name = 'rr' WHERE name = 'r'", "remote" },
        { "INSERT OR REPLACE INTO secrets (name, owners, secret) VALUES ('rr', 'b6.x', 'x')",
          "nobody" },
        { "DELETE FROM secrets WHERE name IN ('n', 'a')", NULL },
    };
    fixture_sql(f, "INSERT INTO peers (name, local_id, remote_id) VALUES ('p', 'gw.x', 'b7.x')");
    fixture_open(f);
    struct cyg_path path = fixture_path(LOCAL, REMOTE);
    for (size_t i = 0; i < CYG_LEN(steps); i++) {
        fixture_sql(f, steps[i].add);
        struct cyg_candidates *all = NULL;
        struct cyg_peer *peer = NULL;
        struct cyg_peer_secret secret = { 0 };
        struct cyg_error err = { 0 };
        assert_int_equal(
            store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err), CYG_OK);
        assert_int_equal(all->n, 1);
        assert_int_equal(
            store_sqlite_ops.peer_by_name(f->store, "p", NULL, fixture_deadline(), &peer, &err),
            CYG_OK);
        enum cyg_code code =
            store_sqlite_ops.secret(f->store, peer, &path, fixture_deadline(), &secret, &err);
        if (steps[i].want == NULL) {
            assert_false(all->items[0].has_secret);
            assert_int_equal(code, CYG_NOT_FOUND);
            assert_int_equal(err.reason, CYG_R_SECRET_NONE);
        } else {
            size_t len = strlen(steps[i].want);
            assert_int_equal(code, CYG_OK);
            assert_int_equal(secret.len, len);
            assert_memory_equal(secret.data, steps[i].want, len);
            assert_true(all->items[0].has_secret);
            assert_int_equal(all->items[0].secret.len, len);
            assert_memory_equal(all->items[0].secret.data, steps[i].want, len);
        }
        cyg_candidates_free(all);
        cyg_peer_release(peer);
    }
}

static void test_owners_that_fit_come_first(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, local_id, remote_id) VALUES ('p', 'gw.x', 'b7.x');"
                   "INSERT INTO secrets (name, owners, secret) VALUES"
                   " ('s', 'b1.x, b2.x, b7.x, gw.x', 'shared')");
    fixture_open(f);
    struct cyg_path path = fixture_path(LOCAL, REMOTE);
    struct cyg_candidates *all = NULL;
    struct cyg_error err;
    assert_int_equal(store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err),
                     CYG_OK);
    struct cyg_identity gw = fixture_identity("gw.x"), b7 = fixture_identity("b7.x");
    assert_int_equal(all->items[0].secret.n_owners, 2);
    assert_true(cyg_identity_equal(&all->items[0].secret.owners[0], &b7));
    assert_true(cyg_identity_equal(&all->items[0].secret.owners[1], &gw));
    cyg_candidates_free(all);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(cmocka_unit_test(test_fit_of_owners),
          cmocka_unit_test(test_a_named_address_stands_for_the_identity),
          WITH_DATABASE(test_the_best_secret_is_taken),
          WITH_DATABASE(test_owners_that_fit_come_first));
