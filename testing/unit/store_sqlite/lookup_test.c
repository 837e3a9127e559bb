/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which policies answer MM1, and which peer an identity is: DESIGN "Peers: how one is found". */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <string.h>

static struct cyg_candidates *ask(struct fixture *f, const char *local, const char *remote)
{
    struct cyg_path path = fixture_path(local, remote);
    struct cyg_candidates *all = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    return all;
}

/* The names of the candidates in order, "a b c". */
static void expect_order(struct fixture *f, const char *local, const char *remote, const char *want)
{
    struct cyg_candidates *all = ask(f, local, remote);
    char got[512] = "";
    for (size_t i = 0; i < all->n; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s", i == 0 ? "" : " ", all->items[i].peer_name);
    }
    cyg_candidates_free(all);
    assert_string_equal(got, want);
}

/* The longest remote prefix that fits, and for how many addresses that is the answer; asked twice,
 * since the second answer is the kept one. */
static void expect_bits(struct fixture *f, const char *remote, unsigned want, unsigned want_free)
{
    for (int i = 0; i < 2; i++) {
        struct cyg_candidates *all = ask(f, "192.0.2.1", remote);
        assert_int_equal(all->remote_bits, want);
        assert_int_equal(all->free_bits, want_free);
        cyg_candidates_free(all);
    }
}

/* H-097: who counts as known when strangers flood us. */
static void test_the_longest_prefix_is_told(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs, proposals) VALUES"
                   " ('any',  '%any',        'default'),"
                   " ('all4', '0.0.0.0/0',   'default'),"
                   " ('net8', '10.0.0.0/8',  'default'),"
                   " ('net24','10.1.2.0/24', 'default'),"
                   " ('host', '10.1.2.3',    'default'),"
                   " ('six',  'fd00::/64',   'default')");
    fixture_open(f);
    expect_bits(f, "10.1.2.3", 32, 0);
    expect_bits(f, "10.1.2.4", 24, 2);
    expect_bits(f, "10.9.9.9", 8, 19);
    expect_bits(f, "203.0.113.1", 0, 31);
    expect_bits(f, "fd00::9", 64, 64);
    expect_bits(f, "2001:db8::1", 0, 127);
}

/* Peers of one group with different proposals, so that each is a candidate of its own. */
static void test_order_is_prefix_length_then_named_local_then_name(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, local_addrs, remote_addrs, proposals) VALUES"
                   " ('any',     '%any',         '%any',             'default'),"
                   " ('any4',    '%any',         '0.0.0.0/0',        'default'),"
                   " ('anyloc',  '192.0.2.1',    '%any',             'default'),"
                   " ('net8',    '%any',         '10.0.0.0/8',       'default'),"
                   " ('net24b',  '%any',         '10.1.2.0/24',      'aes128-sha1-modp2048'),"
                   " ('net24a',  '%any',         '10.1.2.0/24',      'aes256-sha256-modp2048'),"
                   " ('net24l',  '192.0.2.0/24', '10.1.2.0/24',      'default'),"
                   " ('net24h',  '192.0.2.1',    '10.1.2.0/24',      'default'),"
                   " ('host',    '%any',         '10.1.2.3',         'default'),"
                   " ('range',   '%any',         '10.1.2.2-10.1.2.5','default'),"
                   " ('six',     '%any',         'fd00::/8',         'default'),"
                   " ('sixhost', 'fd01::1',      'fd00::1',          'default'),"
                   " ('other',   '192.0.2.9',    '10.1.2.3',         'default')");
    fixture_open(f);
    expect_order(f, "192.0.2.1", "10.1.2.3",
                 "host range net24h net24l net24a net24b net8 any4 anyloc any");
    expect_order(f, "192.0.2.9", "10.1.2.3", "other host range net24l net24a net24b net8 any4 any");
    expect_order(f, "198.51.100.1", "10.1.2.4", "range net24a net24b net8 any4 any");
    expect_order(f, "198.51.100.1", "203.0.113.1", "any4 any");
    expect_order(f, "fd01::1", "fd00::1", "sixhost six any");
    expect_order(f, "fd01::1", "2001:db8::1", "any");
}

static void test_nobody_fits(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.0/8')");
    fixture_open(f);
    struct cyg_candidates *all = ask(f, "192.0.2.1", "203.0.113.1");
    assert_int_equal(all->n, 0);
    assert_int_equal(all->total_peers, 0);
    cyg_candidates_free(all);
}

static void test_peers_of_one_policy_are_one_candidate(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, proposals, rekey_time, nat_vids, encap) VALUES"
                   " ('c', 'aes128-sha1-modp2048, aes256-sha256-ecp256', 3600, 'rfc', 1),"
                   " ('a', 'aes128-sha1-modp2048,aes256-sha256-ecp256', 3600, 'rfc', 1),"
                   " ('b', 'aes128-sha1-modp2048 , aes256-sha2_256-ecp256', 3600, 'rfc', 1)");
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'geheim')");
    fixture_open(f);
    struct cyg_candidates *all = ask(f, "192.0.2.1", "203.0.113.1");
    assert_int_equal(all->n, 1);
    assert_int_equal(all->total_peers, 3);
    const struct cyg_candidate *c = &all->items[0];
    assert_string_equal(c->peer_name, "a");
    assert_int_equal(c->n_peers, 3);
    assert_int_equal(c->n_proposals, 2);
    assert_int_equal(c->proposals[0].ciphers[0], CYG_ALG_AES128);
    assert_int_equal(c->proposals[1].groups[0], CYG_ALG_ECP256);
    assert_int_equal(c->auth_method, 1);
    assert_int_equal(c->nat_vids, CYG_NAT_VIDS_RFC);
    assert_true(c->encap);
    assert_false(c->aggressive);
    assert_int_equal(c->lifetime_s, 3960);
    assert_true(c->has_secret);
    assert_int_equal(c->secret.len, 6);
    assert_memory_equal(c->secret.data, "geheim", 6);
    assert_int_equal(c->secret.n_owners, 0);
    cyg_candidates_free(all);
}

/* Symptom 21: the first in order counts, the others are there to be named. */
static void test_secrets_of_one_policy_are_told_apart(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES"
                   " ('b', 'b.example.org'), ('a', 'a.example.org'), ('c', 'c.example.org')");
    fixture_sql(f, "INSERT INTO secrets (name, owners, secret) VALUES"
                   " ('sa', 'a.example.org', 'one'), ('sb', 'B.example.org', 'two')");
    fixture_open(f);
    struct cyg_candidates *all = ask(f, "192.0.2.1", "203.0.113.1");
    assert_int_equal(all->n, 3);
    assert_string_equal(all->items[0].peer_name, "a");
    assert_memory_equal(all->items[0].secret.data, "one", 3);
    assert_string_equal(all->items[1].peer_name, "b");
    assert_memory_equal(all->items[1].secret.data, "two", 3);
    assert_string_equal(all->items[2].peer_name, "c");
    assert_false(all->items[2].has_secret);
    cyg_candidates_free(all);
}

static struct cyg_peer_query query_of(const char *remote, const struct cyg_identity *id,
                                      const char *psk)
{
    return (struct cyg_peer_query){ .path = fixture_path("192.0.2.1", remote),
                                    .remote_id = id,
                                    .auth_method = 1,
                                    .psk = cyg_span_str(psk),
                                    .cipher = CYG_ALG_AES256,
                                    .integ = CYG_ALG_SHA256,
                                    .group = CYG_ALG_MODP2048,
                                    .key_bits = 256 };
}

/* The name of the peer, or the reason's id as text. */
static void expect_peer(struct fixture *f, struct cyg_peer_query *query, const char *want)
{
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    enum cyg_code code =
        store_sqlite_ops.peer_by_identity(f->store, query, fixture_deadline(), &peer, &err);
    if (code == CYG_OK) {
        assert_string_equal(peer->name, want);
        cyg_peer_release(peer);
        return;
    }
    assert_string_equal(cyg_reason_info(err.reason)->name, want);
    assert_int_equal(code, CYG_NOT_FOUND);
}

static void test_exact_identity_comes_before_patterns(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *identity, *want;
    } cases[] = {
        { "b1.example.org", "exact" },
        { "B1.EXAMPLE.ORG", "exact" },
        { "b2.example.org", "domain" },
        { "x.y.example.org", "domain" },
        { "b2.sub.example.org", "sub" },
        { "b2.example.com", "anybody" },
        { "user@example.org", "mail" },
        { "user@example.com", "anybody" },
        { "@#0102", "key" },
        { "@#0103", "anybody" },
        { "198.51.100.7", "address" },
        { "198.51.100.8", "anybody" },
    };
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES"
                   " ('exact', 'b1.example.org'), ('domain', '*.example.org'),"
                   " ('sub', '*.sub.example.org'), ('anybody', '%any'), ('mail', '*@example.org'),"
                   " ('key', '@#0102'), ('address', '198.51.100.7')");
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'geheim')");
    fixture_open(f);
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        struct cyg_identity id = fixture_identity(cases[i].identity);
        struct cyg_peer_query query = query_of("203.0.113.1", &id, "geheim");
        expect_peer(f, &query, cases[i].want);
    }
}

/* H-178: what looks like SQL, LIKE or our own patterns is nothing but a name. */
static void test_a_presented_identity_is_never_a_pattern(void **state)
{
    struct fixture *f = *state;
    static const char *const presented[] = {
        "*.example.org",      "%.example.org", "b_.example.org", "x' OR 1=1 --", "*", "%",
        "b1.example.org' --",
    };
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES"
                   " ('b1', 'b1.example.org'), ('star', '*.example.net')");
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'geheim')");
    fixture_open(f);
    for (size_t i = 0; i < CYG_LEN(presented); i++) {
        struct cyg_identity id;
        struct cyg_error err;
        assert_int_equal(cyg_identity_of(CYG_ID_FQDN, cyg_span_str(presented[i]), &id, &err),
                         CYG_OK);
        struct cyg_peer_query query = query_of("203.0.113.1", &id, "geheim");
        expect_peer(f, &query, "PEER_NO_IDENTITY_FITS");
    }
    struct cyg_identity star;
    struct cyg_error err;
    assert_int_equal(cyg_identity_of(CYG_ID_FQDN, cyg_span_str("*.example.net"), &star, &err),
                     CYG_OK);
    struct cyg_peer_query query = query_of("203.0.113.1", &star, "geheim");
    expect_peer(f, &query, "star"); /* it matches the row's pattern as any name there does */
}

static void test_address_secret_method_and_proposal_must_agree(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs, remote_id, proposals, aggressive) VALUES"
                   " ('here',  '203.0.113.1', 'here.example.org',  'aes256-sha256-modp2048', 0),"
                   " ('aggr',  '203.0.113.1', 'aggr.example.org',  'aes256-sha256-modp2048', 1),"
                   " ('weak',  '203.0.113.1', 'weak.example.org',  'aes128-sha1-modp1024',   0),"
                   " ('there', '203.0.113.2', 'there.example.org', 'aes256-sha256-modp2048', 0)");
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'geheim')");
    fixture_open(f);
    struct cyg_identity here = fixture_identity("here.example.org");
    struct cyg_identity there = fixture_identity("there.example.org");
    struct cyg_identity weak = fixture_identity("weak.example.org");
    struct cyg_identity aggr = fixture_identity("aggr.example.org");

    struct cyg_peer_query query = query_of("203.0.113.1", &here, "geheim");
    expect_peer(f, &query, "here");
    query.psk = cyg_span_str("other");
    expect_peer(f, &query, "PEER_NO_SECRET_FITS");
    query = query_of("203.0.113.1", &here, "geheim");
    query.group = CYG_ALG_MODP3072;
    expect_peer(f, &query, "PEER_NO_POLICY_FITS");
    query = query_of("203.0.113.1", &here, "geheim");
    query.auth_method = 3;
    expect_peer(f, &query, "PEER_NO_POLICY_FITS");
    query = query_of("203.0.113.1", &weak, "geheim");
    expect_peer(f, &query, "PEER_NO_POLICY_FITS");
    query = query_of("203.0.113.1", &there, "geheim");
    expect_peer(f, &query, "PEER_NO_IDENTITY_FITS");
    query = query_of("203.0.113.3", &there, "geheim");
    expect_peer(f, &query, "PEER_NO_ADDRESS_FITS");
    query = query_of("203.0.113.1", &aggr, "geheim");
    expect_peer(f, &query, "PEER_NO_POLICY_FITS");
    query.aggressive = true;
    expect_peer(f, &query, "aggr");
}

/* Symptom 17: what fits the address, and what its identity is. */
static void test_not_found_says_what_the_first_peer_expects(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES"
                   " ('b1', 'b1.example.org'), ('b2', 'b2.example.org')");
    fixture_sql(f, "INSERT INTO secrets (name, secret) VALUES ('all', 'geheim')");
    fixture_open(f);
    struct cyg_identity id = fixture_identity("b3.example.org");
    struct cyg_peer_query query = query_of("203.0.113.1", &id, "geheim");
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(
        store_sqlite_ops.peer_by_identity(f->store, &query, fixture_deadline(), &peer, &err),
        CYG_NOT_FOUND);
    assert_int_equal(err.got, 2);
    assert_non_null(strstr(fixture_reason(&err), "b3.example.org"));
    assert_non_null(strstr(fixture_reason(&err), "b1.example.org"));
}

static struct cyg_peer *peer_of(struct fixture *f, const char *identity)
{
    struct cyg_identity id = fixture_identity(identity);
    struct cyg_peer_query query = query_of("203.0.113.1", &id, "geheim");
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.peer_by_identity(f->store, &query, fixture_deadline(), &peer, &err)
        != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    return peer;
}

static struct cyg_peer *peer_by_id(struct fixture *f, const struct cyg_peer *old)
{
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.peer_by_id(f->store, old->source, old->id, fixture_deadline(), &peer, &err)
        != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    return peer;
}

/* A peer's snapshot is shared by all its handshakes; an answer that is kept is as good as a new
 * one, and holds until the next write of anybody. */
static void test_answers_hold_until_something_is_written(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES ('a', 'a.x'), ('b', 'b.x');"
                   "INSERT INTO secrets (name, secret) VALUES ('all', 'geheim')");
    fixture_open(f);
    struct cyg_candidates *first = ask(f, "192.0.2.1", "203.0.113.1");
    struct cyg_candidates *again = ask(f, "192.0.2.1", "203.0.113.1");
    assert_ptr_not_equal(first, again); /* each caller's own, with a secret to wipe */
    assert_int_equal(again->n, 1);
    assert_int_equal(again->total_peers, 2);
    assert_int_equal(again->generation, first->generation);
    assert_string_equal(again->items[0].peer_name, "a");
    assert_ptr_not_equal(again->items[0].peer_name, first->items[0].peer_name);
    assert_int_equal(again->items[0].n_proposals, first->items[0].n_proposals);
    cyg_candidates_free(first);
    assert_int_equal(again->items[0].proposals[0].protocol, CYG_PROPOSAL_IKE);
    assert_memory_equal(again->items[0].secret.data, "geheim", 6);
    cyg_candidates_free(again);

    struct cyg_peer *a = peer_of(f, "a.x"), *same = peer_of(f, "A.x"), *b = peer_of(f, "b.x");
    assert_ptr_equal(a, same);
    assert_ptr_not_equal(a, b);
    struct cyg_peer *newest = peer_by_id(f, a);
    assert_ptr_equal(newest, a); /* a quick mode's, as long as it is the newest */
    cyg_peer_release(newest);
    struct cyg_identity id = fixture_identity("a.x");
    struct cyg_peer_query query = query_of("203.0.113.1", &id, "other");
    expect_peer(f, &query, "PEER_NO_SECRET_FITS"); /* the kept one is for the right secret only */
    query = query_of("203.0.113.1", &id, "geheim");
    query.group = CYG_ALG_MODP768;
    expect_peer(f, &query, "PEER_NO_POLICY_FITS");

    fixture_sql(f, "UPDATE peers SET encap = 1 WHERE name = 'b'");
    struct cyg_peer *later = peer_of(f, "a.x");
    assert_string_equal(later->name, "a");
    cyg_peer_release(later);
    fixture_sql(f, "UPDATE peers SET encap = 1 WHERE name = 'a'");
    newest = peer_by_id(f, a);
    assert_true(newest->encap);
    assert_false(a->encap);
    cyg_peer_release(newest);
    fixture_sql(f, "DELETE FROM peers WHERE name = 'a'");
    query = query_of("203.0.113.1", &id, "geheim");
    expect_peer(f, &query, "PEER_NO_IDENTITY_FITS");
    assert_string_equal(a->name, "a"); /* who holds it may go on */
    cyg_peer_release(a);
    cyg_peer_release(same);
    cyg_peer_release(b);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_order_is_prefix_length_then_named_local_then_name),
          WITH_DATABASE(test_the_longest_prefix_is_told), WITH_DATABASE(test_nobody_fits),
          WITH_DATABASE(test_peers_of_one_policy_are_one_candidate),
          WITH_DATABASE(test_secrets_of_one_policy_are_told_apart),
          WITH_DATABASE(test_exact_identity_comes_before_patterns),
          WITH_DATABASE(test_a_presented_identity_is_never_a_pattern),
          WITH_DATABASE(test_address_secret_method_and_proposal_must_agree),
          WITH_DATABASE(test_not_found_says_what_the_first_peer_expects),
          WITH_DATABASE(test_answers_hold_until_something_is_written));
