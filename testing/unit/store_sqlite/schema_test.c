/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the schema itself refuses, in any program's hands, and in which words (H-177). */
#include "unit/store_sqlite/fixture.h"

#include <cygnet/algorithm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct refusal {
    const char *sql, *words;
};

static void expect_refusals(struct fixture *f, const struct refusal *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *message = fixture_refused(f, all[i].sql);
        if (strstr(message, all[i].words) == NULL) {
            fail_msg("%s\n  says  %s\n  not   %s", all[i].sql, message, all[i].words);
        }
    }
}

static void test_peers_refuse_nonsense(void **state)
{
    struct fixture *f = *state;
    static const struct refusal all[] = {
#define NAME "a peer's name has 1 to 63 of the characters"
        { "INSERT INTO peers (name) VALUES ('')", NAME },
        { "INSERT INTO peers (name) VALUES (NULL)", "NOT NULL constraint failed: peers.name" },
        { "INSERT INTO peers (name) VALUES ('a b')", NAME },
        { "INSERT INTO peers (name) VALUES ('a/b')", NAME },
        { "INSERT INTO peers (name) VALUES ('a' || char(10))", NAME },
        { "INSERT INTO peers (name) VALUES ('a' || char(0) || 'b')", NAME },
        { "INSERT INTO peers (name) VALUES ('x'';DROP')", NAME },
        { "INSERT INTO peers (name) VALUES (char(8238))", NAME },
        { "INSERT INTO peers (name) VALUES (printf('%064d', 1))", NAME },
        { "INSERT INTO peers (name) VALUES (x'6162')", "cannot store BLOB value in TEXT column" },
        { "INSERT INTO peers (name, enabled) VALUES ('a', 2)", "enabled is 0 or 1" },
        { "INSERT INTO peers (name, enabled) VALUES ('a', NULL)", "peers.enabled" },
        { "INSERT INTO peers (name, enabled) VALUES ('a', 'yes')",
          "cannot store TEXT value in INTEGER column peers.enabled" },
#define LOCAL  "local_addrs has a word that is no address"
#define REMOTE "remote_addrs has a word that is no address"
#define BITS   "a prefix length is 0 to 32, for IPv6 0 to 128"
        { "INSERT INTO peers (name, local_addrs) VALUES ('a', 'gw.example.org')", LOCAL },
        { "INSERT INTO peers (name, local_addrs) VALUES ('a', '')", "local_addrs is a list" },
        { "INSERT INTO peers (name, local_addrs) VALUES ('a', '10.0.0.1,')", LOCAL },
        { "INSERT INTO peers (name, local_addrs) VALUES ('a', '\"')", "local_addrs is a list" },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.0/33')", BITS },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', 'fd00::/129')", BITS },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.0/8/8')", BITS },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.256')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.1.2')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.1 10.0.0.2')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '1:2:3:4:5:6:7')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', 'fd00::12345')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', 'fd00:::1')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '%all')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', 'dynamic')", REMOTE },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.1[udp]')",
          "remote_addrs is a list" },
        { "INSERT INTO peers (name, remote_addrs) VALUES ('a', printf('%04001d', 1))",
          "remote_addrs is a list" },
        { "INSERT INTO peers (name, remote_port) VALUES ('a', 65536)", "remote_port is 0 (500)" },
        { "INSERT INTO peers (name, local_port) VALUES ('a', -1)", "local_port is 0" },
#define UNKNOWN "proposals has an unknown algorithm"
        { "INSERT INTO peers (name, proposals) VALUES ('a', 'aes257-sha256-modp2048')", UNKNOWN },
        { "INSERT INTO peers (name, proposals) VALUES ('a', 'aes256-sha256-modp2048,')", UNKNOWN },
        { "INSERT INTO peers (name, proposals) VALUES ('a', 'aes256--modp2048')", UNKNOWN },
        { "INSERT INTO peers (name, proposals) VALUES ('a', '')", "proposals is a list" },
        { "INSERT INTO peers (name, proposals) VALUES ('a', 'aes256;sha1')",
          "proposals is a list" },
        { "INSERT INTO peers (name, auth) VALUES ('a', 'pubkey')", "auth is psk" },
        { "INSERT INTO peers (name, local_id) VALUES ('a', '*.example.org')",
          "local_id is sent as our own" },
        { "INSERT INTO peers (name, local_id) VALUES ('a', 'a' || char(0))", "local_id is an" },
        { "INSERT INTO peers (name, remote_id) VALUES ('a', '')", "remote_id is an identity" },
        { "INSERT INTO peers (name, remote_id) VALUES ('a', 'x' || char(27) || '[2J')",
          "remote_id is an identity" },
        { "INSERT INTO peers (name, remote_id) VALUES ('a', printf('%0513d', 1))",
          "remote_id is an identity" },
        { "INSERT INTO peers (name, aggressive) VALUES ('a', -1)", "aggressive is 0 or 1" },
        { "INSERT INTO peers (name, prefer_own) VALUES ('a', 3)", "prefer_own is 0 or 1" },
        { "INSERT INTO peers (name, encap) VALUES ('a', 3)", "encap is 0 or 1" },
        { "INSERT INTO peers (name, uniqueids) VALUES ('a', 'yes')", "uniqueids is replace, no" },
        { "INSERT INTO peers (name, nat_vids) VALUES ('a', 'all')", "nat_vids is both, rfc" },
        { "INSERT INTO peers (name, keyingtries) VALUES ('a', -1)", "keyingtries is 0" },
        { "INSERT INTO peers (name, rekey_time) VALUES ('a', -1)", "rekey_time is 0" },
        { "INSERT INTO peers (name, rekey_time) VALUES ('a', 9223372036854775807)",
          "rekey_time is 0" },
        { "INSERT INTO peers (name, rekey_time) VALUES ('a', 9223372036854775808)",
          "cannot store REAL value in INTEGER column peers.rekey_time" },
        { "INSERT INTO peers (name, reauth_time) VALUES ('a', -1)", "reauth_time is 0" },
        { "INSERT INTO peers (name, over_time) VALUES ('a', -1)", "over_time is 0" },
        { "INSERT INTO peers (name, rand_time) VALUES ('a', -1)", "rand_time is 0" },
        { "INSERT INTO peers (name, dpd_delay) VALUES ('a', 86401)", "dpd_delay is 0" },
        { "INSERT INTO peers (name, dpd_timeout) VALUES ('a', -5)", "dpd_timeout is 0" },
        { "INSERT INTO peers (name) VALUES ('good')", "UNIQUE constraint failed: peers.name" },
        { "UPDATE peers SET remote_addrs = '10.0.0.0/99' WHERE name = 'good'", BITS },
        { "UPDATE peers SET proposals = 'rot13' WHERE name = 'good'", UNKNOWN },
        { "UPDATE peers SET local_addrs = 'here' WHERE name = 'good'", LOCAL },
    };
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('good')");
    expect_refusals(f, all, CYG_LEN(all));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM peers"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM peers WHERE remote_addrs = '%any'"),
                     1);
}

static void test_children_refuse_nonsense(void **state)
{
    struct fixture *f = *state;
    static const struct refusal all[] = {
        { "INSERT INTO children (peer, name) VALUES ('none', 'net')", "there is no such peer" },
        { "UPDATE children SET peer = 'none'", "there is no such peer" },
        { "INSERT INTO children (peer, name) VALUES ('p', 'net')", "UNIQUE constraint failed" },
        { "INSERT INTO children (peer, name) VALUES ('p', 'a b')", "a child's name has 1 to 63" },
#define LOCAL_TS "local_ts has a word that is no address"
        { "INSERT INTO children (peer, name, local_ts) VALUES ('p', 'c', '%any')", LOCAL_TS },
        { "INSERT INTO children (peer, name, local_ts) VALUES ('p', 'c', 'gw.example.org')",
          LOCAL_TS },
        { "INSERT INTO children (peer, name, local_ts) VALUES ('p', 'c', '')", "local_ts is a" },
        { "INSERT INTO children (peer, name, remote_ts) VALUES ('p', 'c', '10.0.0.0/40')", BITS },
        { "INSERT INTO children (peer, name, remote_ts) VALUES ('p', 'c', '10.0.0.0/8[tcp')",
          "behind an address of local_ts or remote_ts" },
        { "INSERT INTO children (peer, name, remote_ts) VALUES ('p', 'c', '10.0.0.0/8[]')",
          "behind an address of local_ts or remote_ts" },
        { "UPDATE children SET remote_ts = '10.0.0'", "remote_ts has a word" },
        { "INSERT INTO children (peer, name, esp_proposals) VALUES ('p', 'c', 'aes1024')",
          "esp_proposals or ah_proposals has an unknown algorithm" },
        { "INSERT INTO children (peer, name, ah_proposals) VALUES ('p', 'c', 'sha3')",
          "esp_proposals or ah_proposals has an unknown algorithm" },
        { "INSERT INTO children (peer, name, esp_proposals, ah_proposals)"
          " VALUES ('p', 'c', 'aes128-sha1', 'sha1')",
          "a child has ESP or AH proposals, not both" },
        { "INSERT INTO children (peer, name, esp_proposals) VALUES ('p', 'c', '')",
          "a child has ESP or AH proposals, not both" },
        { "INSERT INTO children (peer, name, mode) VALUES ('p', 'c', 'beet')", "mode is tunnel" },
        { "INSERT INTO children (peer, name, start_action) VALUES ('p', 'c', 'route')",
          "start_action is none, trap or start" },
        { "INSERT INTO children (peer, name, sha256_96) VALUES ('p', 'c', 96)", "sha256_96 is 0" },
        { "INSERT INTO children (peer, name, prefer_own) VALUES ('p', 'c', 2)", "prefer_own is 0" },
        { "INSERT INTO children (peer, name, rekey_time) VALUES ('p', 'c', -1)", "rekey_time is" },
        { "INSERT INTO children (peer, name, life_time) VALUES ('p', 'c', 3599)",
          "life_time is longer than rekey_time" },
        { "INSERT INTO children (peer, name, rand_time) VALUES ('p', 'c', -1)", "rand_time is 0" },
        { "INSERT INTO children (peer, name, rekey_bytes) VALUES ('p', 'c', -1)",
          "rekey_bytes is 0" },
        { "INSERT INTO children (peer, name, life_bytes) VALUES ('p', 'c', -1)",
          "life_bytes is 0" },
        { "INSERT INTO children (peer, name, rekey_bytes, life_bytes) VALUES ('p', 'c', 9, 8)",
          "life_bytes is more than rekey_bytes" },
        { "INSERT INTO children (peer, name, replay_window) VALUES ('p', 'c', 4097)",
          "replay_window is 64" },
        { "INSERT INTO children (peer, name, replay_window) VALUES ('p', 'c', 0)",
          "replay_window is 64" },
    };
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('p');"
                   "INSERT INTO children (peer, name) VALUES ('p', 'net')");
    expect_refusals(f, all, CYG_LEN(all));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM children"), 1);
}

static void test_secrets_refuse_nonsense(void **state)
{
    struct fixture *f = *state;
    static const struct refusal all[] = {
        { "INSERT INTO secrets (name, secret) VALUES ('', 'x')", "a secret's name has 1 to 63" },
        { "INSERT INTO secrets (name) VALUES ('s')", "NOT NULL constraint failed: secrets.secret" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', '')", "a secret is not empty" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', 5)", NULL },
        { "INSERT INTO secrets (name, secret) VALUES ('s', printf('%0257d', 1))",
          "a secret is text of up to 256 bytes" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', '0x')", "after 0x a secret has hex" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', '0x123')", "after 0x a secret has hex" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', '0x12zz')", "after 0x a secret has" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', '0sAA$=')", "after 0s a secret has" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('s', 'a' || char(10), 'x')",
          "owners is a list of identities" },
        { "INSERT INTO secrets (name, owners, secret) VALUES ('s', x'00', 'x')",
          "cannot store BLOB value in TEXT column secrets.owners" },
    };
    for (size_t i = 0; i < CYG_LEN(all); i++) {
        if (all[i].words == NULL) { /* a number is taken as its text, as STRICT does for TEXT */
            fixture_sql(f, all[i].sql);
            fixture_sql(f, "DELETE FROM secrets");
        } else {
            expect_refusals(f, &all[i], 1);
        }
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM secrets"), 0);
}

static void test_good_rows_are_taken(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f,
                "INSERT INTO peers (name, local_addrs, remote_addrs, proposals, remote_id) VALUES"
                " ('Branch-7.net@x:1+', '192.0.2.1, fd00::1/64', '%any4, %any6,10.0.0.0/8',"
                "  'AES256-SHA256-MODP2048 , aes128-sha1-curve25519, default', '*.example.org'),"
                " ('dns', '%any', 'gw-1.example.org, 2001:db8::5', 'default', '@#00ff'),"
                " ('range', '%any', '10.0.0.1-10.0.0.9', 'default', 'user@example.org'),"
                " ('mapped', '::', '::ffff:192.0.2.1, 1:2:3:4:5:6:7:8', 'default', '%any');"
                "INSERT INTO children (peer, name, local_ts, remote_ts) VALUES"
                " ('dns', 'net', '10.0.0.0/8[tcp/80], dynamic[udp], dynamic', 'fd00::/8[17]'),"
                " ('dns', 'ah', '10.0.0.1-10.0.0.4[/53]', '0.0.0.0/0');"
                "UPDATE children SET ah_proposals = 'sha256-modp2048' WHERE name = 'ah';"
                "INSERT INTO secrets (name, owners, secret) VALUES"
                " ('plain', 'gw.example.org, @#00ff', 'späße \" '' '), ('hex', '', '0x00fF'),"
                " ('base64', '192.0.2.1', '0sAAEC')");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM peers"), 4);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM children"), 2);
}

/* DESIGN: more than 16 distinct policies in one group are refused when written. */
static void test_a_17th_policy_of_one_address_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct refusal all[] = {
        { "INSERT INTO peers (name, rekey_time) VALUES ('q', 99)",
          "at most 16 different policies" },
        { "INSERT INTO peers (name, rekey_time, encap) VALUES ('q', 100, 1)", "at most 16" },
        { "UPDATE peers SET rekey_time = 99 WHERE name = 'more'", "at most 16" },
        { "UPDATE peers SET remote_addrs = '%any', rekey_time = 99 WHERE name = 'there'",
          "at most 16" },
    };
    fixture_sql(
        f, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 16)"
           " INSERT INTO peers (name, rekey_time) SELECT 'p' || i, i * 100 FROM n;"
           "INSERT INTO peers (name, rekey_time) VALUES ('more', 1600);"
           "INSERT INTO peers (name, rekey_time, remote_addrs) VALUES ('there', 9, '10.1.1.1')");
    expect_refusals(f, all, CYG_LEN(all));
    fixture_sql(f, "UPDATE peers SET rekey_time = 99 WHERE name = 'p3'"); /* instead of one */
    fixture_sql(f, "UPDATE peers SET enabled = 0 WHERE name = 'p4'");
}

/* Other programs have foreign_keys off, and INSERT OR REPLACE fires no delete trigger. */
static void test_children_stay_with_their_peer(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a'), ('b');"
                   "INSERT INTO children (peer, name) VALUES ('a', 'net'), ('b', 'net');"
                   "INSERT OR REPLACE INTO peers (name, encap) VALUES ('a', 1)");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM children WHERE peer = 'a'"), 1);
    fixture_sql(f, "UPDATE peers SET name = 'c' WHERE name = 'a'");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM children WHERE peer = 'c'"), 1);
    fixture_sql(f, "DELETE FROM peers WHERE name = 'c'");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM children"), 1);
}

static void test_every_write_is_marked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *sql, *marked; /* names in order */
    } steps[] = {
        { "INSERT INTO peers (name) VALUES ('a')", "peer/a" },
        { "INSERT INTO children (peer, name) VALUES ('a', 'net')", "peer/a" },
        { "UPDATE children SET mode = 'transport'", "peer/a" },
        { "UPDATE peers SET encap = 1 WHERE name = 'a'", "peer/a" },
        { "UPDATE OR ABORT peers SET encap = 0 WHERE name = 'a';"
          "UPDATE OR FAIL peers SET encap = 1 WHERE name = 'a'",
          "peer/a" },
        { "UPDATE peers SET name = 'b' WHERE name = 'a'", "peer/a peer/b" },
        { "INSERT OR REPLACE INTO peers (name) VALUES ('b')", "peer/b" },
        { "DELETE FROM children", "peer/b" },
        { "DELETE FROM peers", "peer/b" },
        { "INSERT INTO secrets (name, secret) VALUES ('s', 'x')", "secret/s" },
        { "UPDATE secrets SET name = 't', secret = 'y'", "secret/s secret/t" },
        { "INSERT OR REPLACE INTO secrets (name, secret) VALUES ('t', 'z')", "secret/t" },
        { "DELETE FROM secrets", "secret/t" },
    };
    for (size_t i = 0; i < CYG_LEN(steps); i++) {
        fixture_sql(f, steps[i].sql);
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT group_concat(kind || '/' || name, ' ') = '%s' FROM"
                 " (SELECT * FROM changed ORDER BY kind, name)",
                 steps[i].marked);
        if (fixture_number(f, sql) != 1) {
            fail_msg("%s does not mark %s", steps[i].sql, steps[i].marked);
        }
        fixture_sql(f, "DELETE FROM changed");
    }
}

/* The words that the schema knows are those that we parse: a new row in algorithm.def needs one in
 * schema.sql (and a migration). */
static void test_keywords_are_those_of_the_core(void **state)
{
    struct fixture *f = *state;
    for (int id = CYG_ALG_NONE + 1; id < CYG_ALG_COUNT; id++) {
        const struct cyg_alg_info *info = cyg_alg_info((enum cyg_alg)id);
        static const char *const kinds[] = { [CYG_ALG_KIND_CIPHER] = "cipher",
                                             [CYG_ALG_KIND_INTEG] = "integrity",
                                             [CYG_ALG_KIND_GROUP] = "group" };
        char sql[160];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM algorithms WHERE keyword = '%s' AND kind = '%s'",
                 info->keyword, kinds[info->kind]);
        if (fixture_number(f, sql) != 1) {
            fail_msg("schema.sql lacks the algorithm %s", info->keyword);
        }
    }
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->client,
                                        "SELECT keyword FROM algorithms WHERE kind <> 'all'", -1,
                                        &s, NULL),
                     SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *keyword = (const char *)sqlite3_column_text(s, 0);
        if (cyg_alg_by_keyword(cyg_span_str(keyword)) == NULL) {
            fail_msg("schema.sql has the unknown algorithm %s", keyword);
        }
    }
    sqlite3_finalize(s);
}

static void test_the_samples_are_right(void **state)
{
    struct fixture *f = *state;
    char *path = test_source_path("sql/sample.sql");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static char sql[16384];
    size_t len = fread(sql, 1, sizeof sql - 1, file);
    fclose(file);
    free(path);
    sql[len] = '\0';
    fixture_sql(f, sql);
    fixture_open(f);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem"), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM peers"), 3);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_peers_refuse_nonsense), WITH_DATABASE(test_children_refuse_nonsense),
          WITH_DATABASE(test_secrets_refuse_nonsense), WITH_DATABASE(test_good_rows_are_taken),
          WITH_DATABASE(test_a_17th_policy_of_one_address_is_refused),
          WITH_DATABASE(test_children_stay_with_their_peer),
          WITH_DATABASE(test_every_write_is_marked),
          WITH_DATABASE(test_keywords_are_those_of_the_core),
          WITH_DATABASE(test_the_samples_are_right));
