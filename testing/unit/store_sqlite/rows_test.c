/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rows come to as values, and what is said of rows that got past the schema. */
#include "sql/rows.h"

#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cyg_peer *by_name(struct fixture *f, const char *name)
{
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.peer_by_name(f->store, name, NULL, fixture_deadline(), &peer, &err)
        != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    return peer;
}

static void test_defaults_are_those_of_swanctl(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('p');"
                   "INSERT INTO children (peer, name) VALUES ('p', 'c')");
    fixture_open(f);
    struct cyg_peer *p = by_name(f, "p");
    assert_true(p->id > 0);
    assert_int_equal(p->source, 0);
    assert_int_equal(p->n_local_addrs, 0);
    assert_int_equal(p->n_remote_addrs, 0);
    assert_int_equal(p->n_initiate_to, 0);
    assert_int_equal(p->local_port, 0);
    assert_int_equal(p->remote_port, 0);
    assert_int_equal(p->local_id.type, CYG_ID_ANY);
    assert_int_equal(p->remote_id.type, CYG_ID_ANY);
    assert_true(p->n_proposals >= 1);
    assert_int_equal(p->auth_method, 1);
    assert_false(p->aggressive || p->prefer_own || p->encap);
    assert_int_equal(p->unique, CYG_UNIQUE_REPLACE);
    assert_int_equal(p->nat_vids, CYG_NAT_VIDS_BOTH);
    assert_int_equal(p->keyingtries, 1);
    assert_int_equal(p->rekey_time_s, 14400);
    assert_int_equal(p->over_time_s, 1440);
    assert_int_equal(p->rand_time_s, 1440);
    assert_int_equal(p->lifetime_s, 15840);
    assert_int_equal(p->n_children, 1);
    const struct cyg_peer_child *c = &p->children[0];
    assert_string_equal(c->name, "c");
    assert_int_equal(c->mode, CYG_MODE_TUNNEL);
    assert_int_equal(c->start_action, CYG_START_NONE);
    assert_int_equal(c->n_local_ts, 1);
    assert_true(c->local_ts[0].dynamic);
    assert_true(c->remote_ts[0].dynamic);
    assert_int_equal(c->proposals[0].protocol, CYG_PROPOSAL_ESP);
    assert_int_equal(c->rekey_time_s, 3600);
    assert_int_equal(c->life_time_s, 3960);
    assert_int_equal(c->rand_time_s, 360);
    assert_int_equal(c->replay_window, 64);
    cyg_peer_release(p);
}

static void test_every_column_arrives(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f,
                "INSERT INTO peers (name, local_addrs, remote_addrs, local_port, remote_port,"
                " proposals, local_id, remote_id, aggressive, prefer_own, encap, uniqueids,"
                " nat_vids, keyingtries, rekey_time, reauth_time, over_time, rand_time, dpd_delay,"
                " dpd_timeout) VALUES ('p', '192.0.2.1, fd00::/64', '198.51.100.7, 10.0.0.0/8,"
                " 10.9.0.1-10.9.0.2, 2001:db8::7', 1500, 4500,"
                " 'aes128-sha1-modp1024, aes256-aes192-sha256-sha512-ecp256', 'gw.example.org',"
                " '*.example.org', 1, 1, 1, 'never', 'drafts', 0, 7200, 3600, 60, 7, 30, 150);"
                "INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals,"
                " ah_proposals, mode, start_action, prefer_own, sha256_96, rekey_time, life_time,"
                " rand_time, rekey_bytes, life_bytes, replay_window) VALUES"
                " ('p', 'ah', '10.0.0.0/8[tcp/80], 10.1.2.3', 'fd00::/8', '', 'sha256-modp2048',"
                "  'transport', 'start', 1, 1, 100, 200, 3, 1000, 2000, 128),"
                " ('p', 'esp', 'dynamic', 'dynamic', 'aes128gcm16-ecp256, aes128-sha1', '',"
                "  'tunnel', 'trap', 0, 0, 0, NULL, NULL, 1000, NULL, 4096)");
    fixture_open(f);
    struct cyg_peer *p = by_name(f, "p");
    assert_int_equal(p->n_local_addrs, 2);
    assert_int_equal(p->local_addrs[1].bits, 64);
    assert_int_equal(p->n_remote_addrs, 5); /* the range is two hosts */
    assert_int_equal(p->remote_addrs[1].bits, 8);
    assert_int_equal(p->n_initiate_to, 4);
    struct cyg_path path = fixture_path("10.9.0.2", "2001:db8::7");
    assert_true(cyg_address_equal(&p->initiate_to[2], &path.local));
    assert_true(cyg_address_equal(&p->initiate_to[3], &path.remote));
    assert_int_equal(p->local_port, 1500);
    assert_int_equal(p->remote_port, 4500);
    assert_int_equal(p->n_proposals, 2);
    assert_int_equal(p->proposals[1].n_ciphers, 2);
    assert_int_equal(p->proposals[1].n_integs, 2);
    assert_int_equal(p->local_id.type, CYG_ID_FQDN);
    assert_true(cyg_identity_is_pattern(&p->remote_id));
    assert_true(p->aggressive && p->prefer_own && p->encap);
    assert_int_equal(p->unique, CYG_UNIQUE_NEVER);
    assert_int_equal(p->nat_vids, CYG_NAT_VIDS_DRAFTS);
    assert_int_equal(p->keyingtries, 0);
    assert_int_equal(p->rekey_time_s, 7200);
    assert_int_equal(p->reauth_time_s, 3600);
    assert_int_equal(p->over_time_s, 60);
    assert_int_equal(p->rand_time_s, 7);
    assert_int_equal(p->lifetime_s, 3660); /* the earlier of the two, and the time over */
    assert_int_equal(p->dpd_delay_s, 30);
    assert_int_equal(p->dpd_timeout_s, 150);
    assert_int_equal(p->n_children, 2);
    const struct cyg_peer_child *ah = &p->children[0], *esp = &p->children[1];
    assert_int_equal(ah->proposals[0].protocol, CYG_PROPOSAL_AH);
    assert_int_equal(ah->n_local_ts, 2);
    assert_int_equal(ah->local_ts[0].port, 80);
    assert_int_equal(ah->mode, CYG_MODE_TRANSPORT);
    assert_int_equal(ah->start_action, CYG_START_START);
    assert_true(ah->prefer_own && ah->sha256_96);
    assert_int_equal(ah->rekey_time_s, 100);
    assert_int_equal(ah->life_time_s, 200);
    assert_int_equal(ah->rand_time_s, 3);
    assert_int_equal(ah->rekey_bytes, 1000);
    assert_int_equal(ah->life_bytes, 2000);
    assert_int_equal(ah->replay_window, 128);
    assert_int_equal(esp->n_proposals, 2);
    assert_int_equal(esp->start_action, CYG_START_TRAP);
    assert_int_equal(esp->life_time_s, 0);
    assert_int_equal(esp->rand_time_s, 0);
    assert_int_equal(esp->life_bytes, 1100);
    cyg_peer_release(p);
}

/* As a program could leave them that has checks and triggers switched off, or an older schema. */
static void test_a_bad_row_says_why_and_the_others_work(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *column, *value, *words;
    } peers[] = {
        { "local_addrs", "'10.0.0.0/99'", "local_addrs: " },
        { "remote_addrs", "'gw.example.org'", "remote_addrs: \"gw.example.org\" is a name of DNS" },
        { "remote_addrs", "'10.0.0.9-10.0.0.1'", "remote_addrs: The range ends before" },
        { "remote_addrs", "'0.0.0.1-255.255.255.254, 10.0.0.1-10.0.0.254'", "" },
        { "remote_addrs", "''", "remote_addrs: " },
        { "remote_port", "70000", "remote_port: \"70000\" is not \"0 to 65535\"" },
        { "proposals", "'rot13-sha1-modp2048'", "proposals: " },
        { "auth", "'pubkey'", "auth: \"pubkey\" is none of \"psk\"" },
        { "local_id", "'*.example.org'", "local_id: \"*.example.org\" is a pattern" },
        { "remote_id", "'C=CH, O=x'", "remote_id: " },
        { "aggressive", "2", "aggressive: \"2\" is not \"0 to 1\"" },
        { "uniqueids", "'yes'", "uniqueids: \"yes\" is none of \"replace, no, keep, never\"" },
        { "rekey_time", "-1", "rekey_time: \"-1\" is not" },
        { "rekey_time", "9223372036854775807", "rekey_time: " },
        { "dpd_delay", "100000", "dpd_delay: " },
    };
    static const struct {
        const char *column, *value, *words;
    } children[] = {
        { "local_ts", "'10.0.0.0/40'", "child c, local_ts: " },
        { "remote_ts", "'%nobody'", "child c, remote_ts: " },
        { "esp_proposals", "''", "child c, esp_proposals: " },
        { "esp_proposals", "'aes128-'", "child c, esp_proposals: " },
        { "ah_proposals", "'aes128'", "child c, ah_proposals: " },
        { "mode", "'beet'", "child c, mode: " },
        { "life_time", "1", "child c, life_time: The end (1) comes before the renewal (3600)" },
        { "replay_window", "63", "child c, replay_window: " },
    };
    fixture_sql(f, "PRAGMA ignore_check_constraints = ON");
    assert_int_equal(sqlite3_db_config(f->client, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL),
                     SQLITE_OK);
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('fine', '198.51.100.1')");
    for (size_t i = 0; i < CYG_LEN(peers) + CYG_LEN(children); i++) {
        char sql[512];
        bool child = i >= CYG_LEN(peers);
        size_t k = child ? i - CYG_LEN(peers) : i;
        snprintf(sql, sizeof sql,
                 "INSERT INTO peers (name) VALUES ('p%zu');"
                 "INSERT INTO children (peer, name) VALUES ('p%zu', 'c');"
                 "UPDATE %s SET %s = %s WHERE %s = 'p%zu'",
                 i, i, child ? "children" : "peers", child ? children[k].column : peers[k].column,
                 child ? children[k].value : peers[k].value, child ? "peer" : "name", i);
        fixture_sql(f, sql);
    }
    fixture_open(f); /* nothing was marked: the counts tell */
    struct cyg_peer_row rows[64];
    size_t n = 0;
    struct cyg_error err = { 0 };
    assert_int_equal(
        store_sqlite_ops.list(f->store, NULL, CYG_LEN(rows), fixture_deadline(), rows, &n, &err),
        CYG_OK);
    assert_int_equal(n, 1 + CYG_LEN(peers) + CYG_LEN(children));
    assert_string_equal(rows[0].name, "fine");
    assert_non_null(rows[0].peer);
    assert_string_equal(rows[0].problem, "");
    for (size_t i = 0; i < n; i++) {
        cyg_peer_release(rows[i].peer);
        size_t at = i > 0 ? (size_t)atoi(rows[i].name + 1) : 0;
        const char *words =
            at < CYG_LEN(peers) ? peers[at].words : children[at - CYG_LEN(peers)].words;
        if (i > 0 && (rows[i].peer != NULL || strstr(rows[i].problem, words) == NULL)) {
            fail_msg("%s: says \"%s\", not \"%s\"", rows[i].name, rows[i].problem, words);
        }
    }
    struct cyg_peer *peer = NULL;
    assert_int_equal(
        store_sqlite_ops.peer_by_name(f->store, "p1", NULL, fixture_deadline(), &peer, &err),
        CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_PEER_PROBLEM);
}

static void test_wrong_types_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *value, *words;
    } cases[] = {
        { "NULL", "name: It is \"NULL\", not \"text\"" },
        { "5", "name: It is \"a number\", not \"text\"" },
        { "x'61'", "name: It is \"a blob\", not \"text\"" },
        { "1.5", "name: It is \"a fraction\", not \"text\"" },
        { "''", "name: A name has 1 to 63 bytes" },
        { "'a' || char(0) || 'b'", "name: A name has 1 to 63 bytes" },
        { "printf('%01000000d', 1)", "name: A name has 1 to 63 bytes" },
    };
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        char sql[128];
        struct cyg_peer_build *build = NULL;
        struct db_problem problem = { "" };
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT %s AS name", cases[i].value);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        assert_int_equal(db_read_peer(s, &build, &problem), CYG_REFUSED);
        assert_null(build);
        sqlite3_finalize(s);
        if (strstr(problem.text, cases[i].words) == NULL) {
            fail_msg("%s: says %s", cases[i].value, problem.text);
        }
    }
    sqlite3_close(db);
}

static void test_ranges_become_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *want;
    } cases[] = {
        { "10.0.0.0", "10.255.255.255", "10.0.0.0/8" },
        { "10.0.0.1", "10.0.0.1", "10.0.0.1/32" },
        { "10.0.0.1", "10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32" },
        { "0.0.0.0", "255.255.255.255", "0.0.0.0/0" },
        { "255.255.255.254", "255.255.255.255", "255.255.255.254/31" },
        { "fd00::", "fd00::ffff", "fd00::/112" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
    };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        struct cyg_path ends = fixture_path(cases[i].from, cases[i].to);
        struct cyg_prefix got[64];
        size_t n = 0;
        assert_int_equal(db_range_to_prefixes(&ends.local, &ends.remote, got, CYG_LEN(got), &n),
                         CYG_OK);
        char text[512] = "";
        for (size_t k = 0; k < n; k++) {
            char one[CYG_ADDRESS_TEXT];
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s%s/%u", k == 0 ? "" : " ",
                     cyg_address_format(&got[k].address, one, sizeof one), got[k].bits);
        }
        assert_string_equal(text, cases[i].want);
    }
    struct cyg_path ends = fixture_path("0.0.0.1", "255.255.255.254");
    struct cyg_prefix got[62];
    size_t n = 0;
    assert_int_equal(db_range_to_prefixes(&ends.local, &ends.remote, got, 62, &n), CYG_OK);
    assert_int_equal(n, 62);
    assert_int_equal(db_range_to_prefixes(&ends.local, &ends.remote, got, 61, &n), CYG_LIMIT);
}

static void test_forms_of_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len; /* 0: refused */
        const char *bytes;
    } cases[] = {
        { "geheim", 6, "geheim" }, { "0", 1, "0" },
        { "0X41", 4, "0X41" }, /* swanctl.conf knows the small letter only */
        { "0x4142", 2, "AB" },     { "0xfF00", 2, "\xff\0" },
        { "0x", 0, NULL },         { "0x414", 0, NULL },
        { "0x4g", 0, NULL },       { "0sQUI=", 2, "AB" },
        { "0sQUI", 2, "AB" },      { "0sQUJD", 3, "ABC" },
        { "0sQQ==", 1, "A" },      { "0sQQ=", 0, NULL },
        { "0sQR==", 0, NULL }, /* bits left over */
        { "0sQ", 0, NULL },        { "0s", 0, NULL },
        { "0s====", 0, NULL },     { "0sQU?=", 0, NULL },
        { "", 0, NULL },
    };
    uint8_t bytes[CYG_PSK_MAX];
    size_t len;
    struct cyg_error err;
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        enum cyg_code code = db_parse_secret(cyg_span_str(cases[i].text), bytes, &len, &err);
        if (code != (cases[i].len > 0 ? CYG_OK : CYG_REFUSED)) {
            fail_msg("%s", cases[i].text);
        }
        if (code == CYG_OK) {
            assert_int_equal(len, cases[i].len);
            assert_memory_equal(bytes, cases[i].bytes, len);
        }
    }
    uint8_t hex[2 + 2 * (CYG_PSK_MAX + 1)];
    memset(hex, '4', sizeof hex);
    memcpy(hex, "0x", 2);
    assert_int_equal(
        db_parse_secret((struct cyg_span){ hex, 2 + 2 * CYG_PSK_MAX }, bytes, &len, &err), CYG_OK);
    assert_int_equal(len, CYG_PSK_MAX);
    assert_int_equal(db_parse_secret((struct cyg_span){ hex, sizeof hex }, bytes, &len, &err),
                     CYG_REFUSED);
    hex[0] = 'x';
    assert_int_equal(db_parse_secret((struct cyg_span){ hex, CYG_PSK_MAX }, bytes, &len, &err),
                     CYG_OK);
    assert_int_equal(db_parse_secret((struct cyg_span){ hex, CYG_PSK_MAX + 1 }, bytes, &len, &err),
                     CYG_REFUSED);
}

static void test_by_name_of_peer_or_child(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *peer, *child, *want; /* name or reason */
    } cases[] = {
        { "b", NULL, "b" },
        { "b", "net", "b" },
        { NULL, "net", "a" },
        { NULL, "only-b", "b" },
        { NULL, "off", "PEER_DISABLED" },
        { "off", NULL, "PEER_DISABLED" },
        { "a", "only-b", "PEER_CHILD_UNKNOWN" },
        { "c", NULL, "PEER_NAME_UNKNOWN" },
        { NULL, "none", "CHILD_NAME_UNKNOWN" },
        { NULL, "' OR 1=1 --", "CHILD_NAME_UNKNOWN" },
        { "%", NULL, "PEER_NAME_UNKNOWN" },
    };
    fixture_sql(f, "INSERT INTO peers (name, enabled) VALUES ('a', 1), ('b', 1), ('off', 0),"
                   " ('Zero', 0);"
                   "INSERT INTO children (peer, name) VALUES ('b', 'net'), ('a', 'net'),"
                   " ('b', 'only-b'), ('off', 'off'), ('Zero', 'net')");
    fixture_open(f);
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        struct cyg_peer *peer = NULL;
        struct cyg_error err = { 0 };
        enum cyg_code code = store_sqlite_ops.peer_by_name(f->store, cases[i].peer, cases[i].child,
                                                           fixture_deadline(), &peer, &err);
        if (code == CYG_OK) {
            assert_string_equal(peer->name, cases[i].want);
            cyg_peer_release(peer);
        } else {
            assert_string_equal(cyg_reason_info(err.reason)->name, cases[i].want);
        }
    }
}

static void test_pages_are_whole(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
                   " INSERT INTO peers (name) SELECT printf('p%03d', i) FROM n");
    fixture_open(f);
    char after[64] = "", want[64];
    size_t total = 0, n = 0;
    do {
        struct cyg_peer_row rows[7];
        struct cyg_error err;
        assert_int_equal(store_sqlite_ops.list(f->store, total == 0 ? NULL : after, CYG_LEN(rows),
                                               fixture_deadline(), rows, &n, &err),
                         CYG_OK);
        for (size_t i = 0; i < n; i++) {
            snprintf(want, sizeof want, "p%03zu", ++total);
            assert_string_equal(rows[i].name, want);
            assert_string_equal(rows[i].peer->name, want);
            cyg_peer_release(rows[i].peer);
            strcpy(after, rows[i].name);
        }
    } while (n > 0);
    assert_int_equal(total, 50);
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_defaults_are_those_of_swanctl),
          WITH_DATABASE(test_every_column_arrives),
          WITH_DATABASE(test_a_bad_row_says_why_and_the_others_work),
          cmocka_unit_test(test_wrong_types_are_refused),
          cmocka_unit_test(test_ranges_become_prefixes), cmocka_unit_test(test_forms_of_secrets),
          WITH_DATABASE(test_by_name_of_peer_or_child), WITH_DATABASE(test_pages_are_whole));
