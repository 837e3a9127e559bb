/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A peer in one database and its secret in the other: DESIGN "Both are asked with the same indexed
 * queries". */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void open_both(struct fixture *f)
{
    struct cyg_error err = { 0 };
    fixture_open(f);
    if (store_sqlite_ops.volatile_open(f->store, f->folder, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (f->store != NULL) {
        store_sqlite_ops.volatile_close(f->store);
    }
    return fixture_teardown(state);
}

static void put_secret(struct fixture *f, const char *owners, const char *secret)
{
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.put_secret(f->store, "vici", owners, cyg_span_str(secret),
                                    fixture_deadline(), &err)
        != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
}

static void remove_secret(struct fixture *f)
{
    struct cyg_error err = { 0 };
    assert_int_equal(store_sqlite_ops.remove_secret(f->store, "vici", fixture_deadline(), &err),
                     CYG_OK);
}

static void put_peer(struct fixture *f, const char *name, const char *remote_addrs,
                     const char *remote_id)
{
    struct cyg_error err = { 0 };
    const struct cyg_store_value values[] = {
        { .column = "local_id", .text = "gw.example" },
        { .column = "remote_addrs", .text = remote_addrs },
        { .column = "remote_id", .text = remote_id },
    };
    const struct cyg_store_peer peer = { .name = name, .values = values, .n_values = 3 };
    if (store_sqlite_ops.put_peer(f->store, &peer, fixture_deadline(), &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
}

/* The secrets that a responder would use at this address, in order; "-" for none. */
static void expect_secrets(struct fixture *f, const char *remote, const char *want)
{
    struct cyg_path path = fixture_path("192.0.2.1", remote);
    struct cyg_candidates *all = NULL;
    struct cyg_error err = { 0 };
    char got[256] = "";
    if (store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    for (size_t i = 0; i < all->n; i++) {
        const struct cyg_candidate *c = &all->items[i];
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%.*s", i == 0 ? "" : " ",
                 c->has_secret ? (int)c->secret.len : 1,
                 c->has_secret ? (const char *)c->secret.data : "-");
    }
    cyg_candidates_free(all);
    assert_string_equal(got, want);
}

/* Which peer is behind an identity that has authenticated with a secret; "" for none. */
static void expect_peer(struct fixture *f, const char *remote, const char *identity,
                        const char *secret, const char *want)
{
    struct cyg_identity id = fixture_identity(identity);
    struct cyg_peer_query query = { .path = fixture_path("192.0.2.1", remote),
                                    .remote_id = &id,
                                    .auth_method = 1,
                                    .psk = cyg_span_str(secret),
                                    .cipher = CYG_ALG_AES256,
                                    .integ = CYG_ALG_SHA256,
                                    .group = CYG_ALG_MODP2048,
                                    .key_bits = 256 };
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    (void)store_sqlite_ops.peer_by_identity(f->store, &query, fixture_deadline(), &peer, &err);
    assert_string_equal(peer != NULL ? peer->name : "", want);
    cyg_peer_release(peer);
}

/* What an initiator uses for a peer; "-" for none. */
static void expect_own_secret(struct fixture *f, const char *name, const char *remote,
                              const char *want)
{
    struct cyg_path path = fixture_path("192.0.2.1", remote);
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = NULL;
    struct cyg_peer_secret secret = { .len = 0 };
    struct cyg_error err = { 0 };
    char got[CYG_PSK_MAX + 1] = "-";
    assert_int_equal(
        store_sqlite_ops.peer_by_name(f->store, name, NULL, fixture_deadline(), &peer, &err),
        CYG_OK);
    if (store_sqlite_ops.secret(f->store, peer, &path, fixture_deadline(), &secret, &err)
        == CYG_OK) {
        memcpy(got, secret.data, secret.len);
        got[secret.len] = '\0';
    }
    assert_string_equal(got, want);
}

/* Both are as they should be, or the secret is not there. */
static void expect_found(struct fixture *f, const char *remote, bool found)
{
    expect_secrets(f, remote, found ? "- geheim" : "-");
    expect_peer(f, remote, "b.example", "geheim", found ? "b" : "");
    expect_own_secret(f, "b", remote, found ? "geheim" : "-");
}

/* a has no secret and comes first by name; b's came over VICI. */
static void secret_over_vici(struct fixture *f, const char *addresses, const char *remote)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO peers (name, local_id, remote_addrs, remote_id) VALUES"
             " ('a', 'gw.example', '%s', 'a.example'), ('b', 'gw.example', '%s', 'b.example')",
             addresses, addresses);
    fixture_sql(f, sql);
    open_both(f);
    expect_found(f, remote, false);
    put_secret(f, "b.example", "geheim");
    expect_found(f, remote, true);
    put_secret(f, "gw.example, b.example", "geheim");
    expect_found(f, remote, true);
    remove_secret(f);
    expect_found(f, remote, false);
}

static void test_a_secret_over_vici_for_a_peer_of_sqlite_at_any(void **state)
{
    secret_over_vici(*state, "%any", "203.0.113.1");
}

static void test_a_secret_over_vici_for_a_peer_of_sqlite_at_its_address(void **state)
{
    secret_over_vici(*state, "10.0.0.1", "10.0.0.1");
}

/* The other way round; another program writes the secret, before or after the peer was loaded. */
static void test_a_secret_of_sqlite_for_a_peer_over_vici(void **state)
{
    struct fixture *f = *state;
    const char *const remotes[] = { "203.0.113.1", "10.0.0.1" };
    open_both(f);
    for (size_t i = 0; i < CYG_LEN(remotes); i++) {
        const char *addresses = i == 0 ? "%any" : remotes[i];
        put_peer(f, "a", addresses, "a.example");
        put_peer(f, "b", addresses, "b.example");
        expect_found(f, remotes[i], false);
        fixture_sql(f, "INSERT INTO secrets (name, owners, secret)"
                       " VALUES ('s', 'b.example', 'geheim')");
        expect_found(f, remotes[i], true);
        put_peer(f, "b", addresses, "b.example");
        expect_found(f, remotes[i], true);
        fixture_sql(f, "DELETE FROM secrets");
        expect_found(f, remotes[i], false);
    }
}

static void test_an_address_may_own_it(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.1')");
    open_both(f);
    put_secret(f, "10.0.0.1", "geheim");
    expect_secrets(f, "10.0.0.1", "geheim");
    expect_peer(f, "10.0.0.1", "10.0.0.1", "geheim", "a");
    expect_own_secret(f, "a", "10.0.0.1", "geheim");
}

/* Phase 1 of the peer depends on it, so its SAs are looked at (DESIGN "Live"). */
static void test_poll_tells_whom_it_concerns(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES"
                   " ('a', 'a.example'), ('b', 'b.example')");
    open_both(f);
    struct cyg_error err = { 0 };
    put_secret(f, "b.example", "geheim");
    expect_secrets(f, "203.0.113.1", "- geheim"); /* derives what was marked */
    struct cyg_peer_changes *changes = NULL;
    assert_int_equal(store_sqlite_ops.poll(f->store, fixture_deadline(), &changes, &err), CYG_OK);
    assert_int_equal(changes->n, 1);
    assert_string_equal(changes->items[0].name, "b");
    assert_false(changes->all);
    cyg_peer_changes_free(changes);
}

static void poll_once(struct fixture *f)
{
    struct cyg_peer_changes *changes = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(store_sqlite_ops.poll(f->store, fixture_deadline(), &changes, &err), CYG_OK);
    cyg_peer_changes_free(changes);
}

/* H-176: the file that takes the place was derived where there was no such secret. */
static void test_a_file_that_takes_the_place_knows_it_too(void **state)
{
    struct fixture *f = *state;
    struct cyg_error err = { 0 };
    char path[128];
    fixture_sql(f, "INSERT INTO secrets (name, owners, secret) VALUES ('s', 'c.example', 'other')");
    open_both(f);
    put_secret(f, "b.example", "geheim");
    put_peer(f, "c", "10.0.0.3", "c.example");
    expect_secrets(f, "10.0.0.3", "other");
    poll_once(f);
    snprintf(path, sizeof path, "%s.new", f->path);
    assert_int_equal(db_create(path, &err), CYG_OK);
    sqlite3_close(f->client);
    assert_int_equal(sqlite3_open(path, &f->client), SQLITE_OK);
    fixture_sql(f, "INSERT INTO peers (name, local_id, remote_id)"
                   " VALUES ('a', 'gw.example', 'a.example'), ('b', 'gw.example', 'b.example')");
    sqlite3_close(f->client);
    f->client = NULL;
    struct store *elsewhere = NULL;
    assert_int_equal(store_open(path, &elsewhere, &err), CYG_OK);
    store_close(elsewhere);
    assert_int_equal(rename(path, f->path), 0);
    poll_once(f);
    expect_found(f, "203.0.113.1", true);
    expect_secrets(f, "10.0.0.3", "- - geheim");
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, teardown)

TEST_MAIN(WITH_DATABASE(test_a_secret_over_vici_for_a_peer_of_sqlite_at_any),
          WITH_DATABASE(test_a_secret_over_vici_for_a_peer_of_sqlite_at_its_address),
          WITH_DATABASE(test_a_secret_of_sqlite_for_a_peer_over_vici),
          WITH_DATABASE(test_an_address_may_own_it),
          WITH_DATABASE(test_poll_tells_whom_it_concerns),
          WITH_DATABASE(test_a_file_that_takes_the_place_knows_it_too));
