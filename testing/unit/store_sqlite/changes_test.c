/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another program writes counts from the next look-up on, and is told by poll. */
#include "unit/store_sqlite/fixture.h"

#include "store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "a -b": a changed, b is gone; "all" alone or in front. Names in order. */
static void expect_changes(struct fixture *f, const char *want)
{
    struct cyg_peer_changes *changes = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.poll(f->store, fixture_deadline(), &changes, &err) != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    char got[512] = "";
    snprintf(got, sizeof got, "%s", changes->all ? "all" : "");
    const char *last = "";
    for (size_t k = 0; k < changes->n; k++) {
        const struct cyg_peer_change *next = NULL;
        for (size_t i = 0; i < changes->n; i++) {
            const struct cyg_peer_change *c = &changes->items[i];
            if (strcmp(c->name, last) > 0 && (next == NULL || strcmp(c->name, next->name) < 0)) {
                next = c;
            }
        }
        assert_non_null(next);
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s%s", used > 0 ? " " : "",
                 next->gone ? "-" : "", next->name);
        last = next->name;
    }
    assert_string_equal(got, want);
    cyg_peer_changes_free(changes);
}

static struct cyg_peer *load(struct fixture *f, const char *name)
{
    struct cyg_peer *peer = NULL;
    struct cyg_error err = { 0 };
    if (store_sqlite_ops.peer_by_name(f->store, name, NULL, fixture_deadline(), &peer, &err)
        != CYG_OK) {
        fail_msg("%s", fixture_reason(&err));
    }
    return peer;
}

static size_t count_candidates(struct fixture *f, const char *remote)
{
    struct cyg_path path = fixture_path("192.0.2.1", remote);
    struct cyg_candidates *all = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(store_sqlite_ops.candidates(f->store, &path, fixture_deadline(), &all, &err),
                     CYG_OK);
    size_t total = all->total_peers;
    cyg_candidates_free(all);
    return total;
}

static void test_poll_tells_each_change_once(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES ('a', 'a.x'), ('b', 'b.x'),"
                   " ('c', '%any'), ('off', 'off.x');"
                   "INSERT INTO secrets (name, owners, secret) VALUES ('s', 'gw.x, a.x', 'x');"
                   "UPDATE peers SET enabled = 0 WHERE name = 'off'");
    fixture_open(f);
    static const struct {
        const char *sql, *want;
    } steps[] = {
        { "", "" },
        { "UPDATE peers SET encap = 1 WHERE name = 'a'", "a" },
        { "", "" },
        { "INSERT INTO children (peer, name) VALUES ('b', 'net')", "b" },
        { "UPDATE children SET mode = 'transport'", "b" },
        { "DELETE FROM children", "b" },
        { "UPDATE peers SET enabled = 0 WHERE name = 'a'", "-a" },
        { "UPDATE peers SET enabled = 1 WHERE name = 'a'", "a" },
        { "DELETE FROM peers WHERE name = 'b'", "-b" },
        { "INSERT INTO peers (name, remote_id) VALUES ('b', 'b.x')", "b" },
        { "INSERT OR REPLACE INTO peers (name, remote_id) VALUES ('b', 'bb.x')", "b" },
        { "UPDATE peers SET name = 'd' WHERE name = 'b'", "-b d" },
        { "INSERT INTO peers (name) VALUES ('e'); DELETE FROM peers WHERE name = 'e'", "" },
        { "UPDATE peers SET enabled = 1 WHERE name = 'off'", "off" },
        { "BEGIN; UPDATE peers SET encap = 1; COMMIT", "a c d off" },
        { "BEGIN; UPDATE peers SET encap = 0; ROLLBACK", "" },
        { "UPDATE secrets SET secret = 'y'", "a" }, /* owned by a alone, and by nobody unnamed */
        { "UPDATE peers SET local_id = 'gw.x' WHERE name = 'c'", "c" },
        { "UPDATE secrets SET secret = 'z'", "all a" }, /* c may be anybody */
        { "INSERT INTO secrets (name, secret) VALUES ('n', 'nobody')", "all" },
        { "DELETE FROM secrets WHERE name = 'n'", "all" },
    };
    for (size_t i = 0; i < CYG_LEN(steps); i++) {
        fixture_sql(f, steps[i].sql);
        if (i % 2 == 0) {
            count_candidates(f, "203.0.113.1"); /* a look-up that derives first changes nothing */
        }
        expect_changes(f, steps[i].want);
    }
}

static void test_a_change_counts_at_the_next_look_up(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.0/8')");
    fixture_open(f);
    assert_int_equal(count_candidates(f, "10.0.0.1"), 1);
    fixture_sql(f, "UPDATE peers SET remote_addrs = '10.1.0.0/16'");
    assert_int_equal(count_candidates(f, "10.0.0.1"), 0);
    assert_int_equal(count_candidates(f, "10.1.0.1"), 1);
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('b')");
    assert_int_equal(count_candidates(f, "10.1.0.1"), 2);
    fixture_sql(f, "UPDATE peers SET enabled = 0 WHERE name = 'b'");
    assert_int_equal(count_candidates(f, "10.1.0.1"), 1);
    fixture_sql(f, "BEGIN; DELETE FROM peers");
    assert_int_equal(count_candidates(f, "10.1.0.1"), 1); /* not yet committed */
    fixture_sql(f, "COMMIT");
    assert_int_equal(count_candidates(f, "10.1.0.1"), 0);
    /* Nothing is left of them in the tables. */
    static const char *const tables[] = { "group", "policy", "psk", "entry", "member", "pattern" };
    for (size_t i = 0; i < CYG_LEN(tables); i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM lookup_%s", tables[i]);
        assert_int_equal(fixture_number(f, sql), 0);
    }
}

static void test_hashes_tell_what_changed(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *sql;
        bool phase1, child;
    } steps[] = {
        { "UPDATE peers SET encap = 1", true, false },
        { "UPDATE peers SET remote_id = 'b.x'", true, false },
        { "UPDATE peers SET proposals = 'aes128-sha1-modp2048'", true, false },
        { "UPDATE secrets SET secret = 'other'", true, false },
        { "UPDATE children SET remote_ts = '10.2.0.0/16'", false, true },
        { "UPDATE children SET esp_proposals = 'aes128-sha1'", false, true },
        { "UPDATE children SET start_action = 'start'", false, true },
        { "UPDATE peers SET proposals = proposals", false, false },
    };
    fixture_sql(f, "INSERT INTO peers (name, remote_id) VALUES ('a', 'a.x');"
                   "INSERT INTO children (peer, name) VALUES ('a', 'net');"
                   "INSERT INTO secrets (name, secret) VALUES ('s', 'x')");
    fixture_open(f);
    for (size_t i = 0; i < CYG_LEN(steps); i++) {
        struct cyg_peer *before = load(f, "a");
        fixture_sql(f, steps[i].sql);
        struct cyg_peer *after = load(f, "a");
        if ((before->phase1_hash != after->phase1_hash) != steps[i].phase1
            || (before->children[0].hash != after->children[0].hash) != steps[i].child) {
            fail_msg("%s", steps[i].sql);
        }
        assert_int_equal(before->id, after->id);
        cyg_peer_release(before);
        cyg_peer_release(after);
    }
}

static void test_a_peer_keeps_its_id_and_a_gone_one_is_not_found(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a'), ('b')");
    fixture_open(f);
    struct cyg_peer *a = load(f, "a"), *again = NULL;
    struct cyg_error err;
    fixture_sql(f, "INSERT OR REPLACE INTO peers (name, encap) VALUES ('a', 1)");
    assert_int_equal(
        store_sqlite_ops.peer_by_id(f->store, a->source, a->id, fixture_deadline(), &again, &err),
        CYG_OK);
    assert_string_equal(again->name, "a");
    assert_true(again->encap);
    assert_false(a->encap); /* a snapshot */
    cyg_peer_release(again);
    fixture_sql(f, "DELETE FROM peers WHERE name = 'a'");
    assert_int_equal(
        store_sqlite_ops.peer_by_id(f->store, a->source, a->id, fixture_deadline(), &again, &err),
        CYG_NOT_FOUND);
    expect_changes(f, "-a");
    assert_int_equal(
        store_sqlite_ops.peer_by_id(f->store, a->source, a->id, fixture_deadline(), &again, &err),
        CYG_NOT_FOUND);
    assert_int_equal(err.reason, CYG_R_PEER_GONE);
    fixture_sql(f, "INSERT INTO peers (name) VALUES ('a')");
    struct cyg_peer *new = load(f, "a");
    assert_int_not_equal(new->id, a->id); /* another peer that happens to have the name */
    cyg_peer_release(new);
    assert_int_equal(store_sqlite_ops.peer_by_id(f->store, 1, 1, fixture_deadline(), &again, &err),
                     CYG_NOT_FOUND);
    cyg_peer_release(a);
}

static void test_a_row_that_turns_bad_and_is_mended(void **state)
{
    struct fixture *f = *state;
    fixture_sql(
        f, "INSERT INTO peers (name, remote_addrs) VALUES ('a', '10.0.0.1'), ('b', '10.0.0.1')");
    fixture_open(f);
    assert_int_equal(count_candidates(f, "10.0.0.1"), 2);
    fixture_sql(f, "UPDATE peers SET remote_addrs = '10.0.0.1, gw.example.org' WHERE name = 'a'");
    assert_int_equal(count_candidates(f, "10.0.0.1"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem WHERE kind = 'peer'"
                                       " AND name = 'a' AND problem LIKE 'remote_addrs:%DNS%'"),
                     1);
    expect_changes(f, "a");
    fixture_sql(f, "UPDATE peers SET remote_addrs = '10.0.0.1' WHERE name = 'a'");
    assert_int_equal(count_candidates(f, "10.0.0.1"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem"), 0);
}

/* Groups overlap in ways that the trigger, which compares texts, can't see. */
static void test_a_17th_policy_of_a_derived_group_is_a_problem(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 17)"
                   " INSERT INTO peers (name, remote_addrs, rekey_time)"
                   " SELECT printf('p%02d', i), '10.0.0.1, 10.1.0.' || i, i * 100 FROM n");
    fixture_open(f);
    assert_int_equal(count_candidates(f, "10.0.0.1"), 16);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem WHERE problem LIKE"
                                       " '%10.0.0.1 have more than 16 different phase 1%'"),
                     1);
}

static void test_a_secret_that_is_wrong_is_a_problem(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO secrets (name, owners, secret) VALUES ('a', 'C=CH, O=x', 'geheim'),"
                   " ('b', '', '0sQ=')");
    fixture_open(f);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem WHERE kind = 'secret'"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem WHERE problem LIKE '%geheim%'"
                                       " OR problem LIKE '%0sQ%'"),
                     0); /* never the secret itself */
    fixture_sql(f, "UPDATE secrets SET owners = '', secret = 'geheim'");
    expect_changes(f, "all");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM problem"), 0);
}

static void test_more_than_a_few_thousand_changes_are_all(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_sql(f,
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                " INSERT INTO peers (name) SELECT 'p' || i FROM n");
    struct cyg_peer_changes *changes = NULL;
    struct cyg_error err;
    assert_int_equal(store_sqlite_ops.poll(f->store, fixture_deadline(), &changes, &err), CYG_OK);
    assert_true(changes->all);
    cyg_peer_changes_free(changes);
    expect_changes(f, "");
    fixture_sql(f, "UPDATE peers SET encap = 1 WHERE name = 'p77'");
    expect_changes(f, "p77");
}

/* H-176: somebody moves another file in its place. */
static void test_a_replaced_file_is_read_anew(void **state)
{
    struct fixture *f = *state;
    fixture_sql(f, "INSERT INTO peers (name, remote_addrs) VALUES ('old', '10.0.0.1')");
    fixture_open(f);
    assert_int_equal(count_candidates(f, "10.0.0.1"), 1);
    expect_changes(f, "");
    sqlite3_close(f->client); /* else it would go on with the old one's log */
    f->client = NULL;
    char path[128], moved[128];
    struct cyg_error err = { 0 };
    snprintf(path, sizeof path, "%s.new", f->path);
    snprintf(moved, sizeof moved, "%s.old", f->path);
    assert_int_equal(db_create(path, &err), CYG_OK);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other,
                                  "INSERT INTO peers (name, remote_addrs) VALUES"
                                  " ('new1', '10.0.0.2'), ('new2', '10.0.0.2')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(other);

    assert_int_equal(rename(f->path, moved), 0);
    struct cyg_peer_changes *changes = NULL;
    assert_int_equal(store_sqlite_ops.poll(f->store, fixture_deadline(), &changes, &err),
                     CYG_NOT_FOUND); /* said, and the old one still answers */
    assert_int_equal(err.reason, CYG_R_STORE_MISSING);
    assert_int_equal(count_candidates(f, "10.0.0.1"), 1);

    assert_int_equal(rename(path, f->path), 0);
    expect_changes(f, "all");
    assert_int_equal(count_candidates(f, "10.0.0.1"), 0);
    assert_int_equal(count_candidates(f, "10.0.0.2"), 2);
    expect_changes(f, "");
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

TEST_MAIN(WITH_DATABASE(test_poll_tells_each_change_once),
          WITH_DATABASE(test_a_change_counts_at_the_next_look_up),
          WITH_DATABASE(test_hashes_tell_what_changed),
          WITH_DATABASE(test_a_peer_keeps_its_id_and_a_gone_one_is_not_found),
          WITH_DATABASE(test_a_row_that_turns_bad_and_is_mended),
          WITH_DATABASE(test_a_17th_policy_of_a_derived_group_is_a_problem),
          WITH_DATABASE(test_a_secret_that_is_wrong_is_a_problem),
          WITH_DATABASE(test_more_than_a_few_thousand_changes_are_all),
          WITH_DATABASE(test_a_replaced_file_is_read_anew));
