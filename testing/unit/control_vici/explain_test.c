/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command explain and its event over a real socket: which entries of the history come, with
 * what in them, and who hears new ones. */
#include "fake_daemon.h"
#include "unit/test.h"
#include "vici_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world {
    char folder[64];
    struct fake_daemon *fake;
    int fd;
};

static struct world world;

static int setup_with(bool with_store)
{
    strcpy(world.folder, "/tmp/cygnet-explain-test.XXXXXX");
    if (mkdtemp(world.folder) == NULL) {
        return -1;
    }
    world.fake = fake_daemon_new(world.folder, with_store);
    if (world.fake == NULL) {
        return -1;
    }
    world.fd = vici_client_connect(fake_daemon_socket(world.fake));
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(true);
}

static int setup_without_store(void **state)
{
    (void)state;
    return setup_with(false);
}

static int teardown(void **state)
{
    (void)state;
    close(world.fd);
    fake_daemon_free(world.fake);
    return rmdir(world.folder);
}

/* --- A client --- */

static void receive(struct packet *p)
{
    assert_true(vici_client_read(world.fd, p));
}

static void add_entry(struct cyg_span message, char *text, size_t size)
{
    static const char *const keys[] = { "negotiation", "seq", "kind", "peer", "role", "result" };
    size_t at = strlen(text);
    for (size_t i = 0; i < CYG_LEN(keys); i++) {
        char value[64] = "-";
        (void)cyg_vici_get_text(message, keys[i], value, sizeof value);
        at += (size_t)snprintf(text + at, size - at, "%s%s", i > 0 ? " " : "", value);
        assert_true(at < size);
    }
    snprintf(text + at, size - at, "; ");
}

/* The entries that come for a request with this key; *p: the answer behind them. */
static const char *explain(const char *key, const char *value, struct packet *p)
{
    static char text[2048];
    struct cyg_vici_writer w;
    text[0] = '\0';
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "explain");
    if (key != NULL) {
        cyg_vici_key(&w, key, "%s", value);
    }
    vici_client_send(world.fd, &w);
    for (receive(p); p->type == CYG_VICI_EVENT; receive(p)) {
        add_entry(p->message, text, sizeof text);
    }
    assert_int_equal(p->type, CYG_VICI_CMD_RESPONSE);
    return text;
}

#define BRANCH                                                          \
    "1 1 message branch responder -; 1 2 decision branch responder -; " \
    "1 3 end branch responder failed; "
#define UNKNOWN "2 1 end - - failed; "
#define DROPPED "- - dropped - - -; "

static void test_which_entries_come(void **state)
{
    (void)state;
    struct packet p;
    vici_client_register(world.fd, "explain-entry");
    assert_string_equal(explain(NULL, NULL, &p), BRANCH UNKNOWN DROPPED);
    assert_string_equal(explain("peer", "branch", &p), BRANCH);
    assert_string_equal(explain("source", "198.51.100.7", &p), BRANCH);
    assert_string_equal(explain("unknown", "yes", &p), UNKNOWN DROPPED);
    assert_string_equal(explain("limit", "1", &p), UNKNOWN DROPPED); /* the newest */
    assert_string_equal(explain("limit", "-7", &p), BRANCH UNKNOWN DROPPED);
}

static void test_none_is_no_failure(void **state)
{
    (void)state;
    struct packet p;
    vici_client_register(world.fd, "explain-entry");
    assert_string_equal(explain("peer", "nobody", &p), "");
    assert_string_equal(explain("source", "192.0.2.99", &p), "");
    assert_string_equal(explain("source", "no address", &p), "");
}

static void assert_text(struct cyg_span message, const char *key, const char *want)
{
    char text[256] = "";
    (void)cyg_vici_get_text(message, key, text, sizeof text);
    assert_string_equal(text, want);
}

/* "key: a; b; " of all lists, with what was compared in front. */
static const char *lists_of(struct cyg_span message)
{
    static char text[1024];
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    size_t at = 0;
    text[0] = '\0';
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        const bool is_what =
            e.type == CYG_VICI_KEY_VALUE && cyg_span_equal(e.name, cyg_span_str("what"));
        const struct cyg_span shown = e.type == CYG_VICI_LIST_START ? e.name : e.value;
        if (e.type == CYG_VICI_LIST_START || e.type == CYG_VICI_LIST_ITEM || is_what) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%.*s%s", (int)shown.len,
                                   (const char *)shown.data,
                                   e.type == CYG_VICI_LIST_START ? ": " : "; ");
            assert_true(at < sizeof text);
        }
    }
    return text;
}

static void ask_branch(void)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "explain");
    cyg_vici_key(&w, "peer", "branch");
    vici_client_send(world.fd, &w);
}

static void test_what_is_in_an_entry(void **state)
{
    (void)state;
    struct packet p;
    vici_client_register(world.fd, "explain-entry");
    ask_branch();
    receive(&p);
    assert_text(p.message, "time", "1700000000.000000");
    assert_text(p.message, "direction", "received");
    assert_text(p.message, "exchange", "main mode");
    assert_text(p.message, "bytes", "204");
    assert_text(p.message, "remote", "198.51.100.7[500]");
    assert_string_equal(lists_of(p.message),
                        "payloads: SA: IPSEC, 1 proposal;   P 1: ISAKMP; VID: DPD; ");
    receive(&p);
    assert_text(p.message, "reason", "DIFFERS_CIPHER");
    assert_text(p.message, "text", "The cipher differs.");
    assert_text(p.message, "mend", "Allow it.");
    assert_text(p.message, "direction", ""); /* of messages only */
    assert_string_equal(lists_of(p.message),
                        "proposals; ours: aes256-sha256-modp2048; theirs: 3des-sha256-modp2048; "
                        "aes128-sha256-modp2048; differs: cipher; ");
}

static void test_what_was_dropped_is_counted(void **state)
{
    (void)state;
    struct packet p;
    struct cyg_vici_writer w;
    vici_client_register(world.fd, "explain-entry");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "explain");
    vici_client_send(world.fd, &w);
    int64_t negotiation;
    do {
        receive(&p);
        assert_int_equal(p.type, CYG_VICI_EVENT);
    } while (cyg_vici_get_number(p.message, "negotiation", &negotiation));
    assert_text(p.message, "kind", "dropped");
    assert_text(p.message, "first", "1700000000.000000");
    assert_text(p.message, "time", "1700000060.000000");
    assert_text(p.message, "count", "412");
    assert_text(p.message, "network", "203.0.113.0/24");
    assert_text(p.message, "reason", "NO_SA");
    assert_text(p.message, "text", "A message of exchange type ... belongs to no IKE SA of ours.");
}

static void publish(size_t index)
{
    fake_daemon_publish(world.fake, &(struct cyg_event){ .type = CYG_EVENT_HISTORY,
                                                         .when = cyg_time_now(),
                                                         .entry = fake_daemon_entry(index) });
}

static void test_who_registers_hears_entries_as_they_are_made(void **state)
{
    (void)state;
    struct packet p;
    char text[256] = "";
    publish(0); /* nobody listens yet */
    vici_client_register(world.fd, "explain-live");
    publish(3);
    receive(&p);
    assert_int_equal(p.type, CYG_VICI_EVENT);
    add_entry(p.message, text, sizeof text);
    assert_string_equal(text, UNKNOWN);
}

/* An entry made while an answer is under way, or before it, is no part of the answer. */
static void test_an_answer_holds_no_entries_of_now(void **state)
{
    (void)state;
    struct packet p;
    const int live = vici_client_connect(fake_daemon_socket(world.fake));
    vici_client_register(live, "explain-live"); /* so that entries are made at all */
    vici_client_register(world.fd, "explain-entry");
    publish(0);
    assert_string_equal(explain("unknown", "yes", &p), UNKNOWN DROPPED);
    close(live);
}

static void test_without_a_history_it_is_said_so(void **state)
{
    (void)state;
    struct packet p;
    vici_client_register(world.fd, "explain-entry");
    assert_string_equal(explain(NULL, NULL, &p), "");
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-reason", "HISTORY_OFF");
}

#define EXPLAIN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(EXPLAIN_TEST(test_which_entries_come), EXPLAIN_TEST(test_none_is_no_failure),
          EXPLAIN_TEST(test_what_is_in_an_entry), EXPLAIN_TEST(test_what_was_dropped_is_counted),
          EXPLAIN_TEST(test_who_registers_hears_entries_as_they_are_made),
          EXPLAIN_TEST(test_an_answer_holds_no_entries_of_now),
          cmocka_unit_test_setup_teardown(test_without_a_history_it_is_said_so, setup_without_store,
                                          teardown));
