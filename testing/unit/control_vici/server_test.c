/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VICI server's commands, events and orders; what hostile clients get is in strangers_test.c.
 */
#include "server_rig.h"

#include "control_vici/commands.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void test_version_and_unknown_command(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    struct packet p;
    vici_client_request(fd, "version");
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    assert_text(p.message, "daemon", "cygnetd");
    vici_client_request(fd, "no-such-command");
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_CMD_UNKNOWN);
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, "no-such-event");
    vici_client_send(fd, &w);
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_EVENT_UNKNOWN);
    close(fd);
}

static void test_list_sas_pages_through_all(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    struct packet p;
    vici_client_register(fd, "list-sa");
    vici_client_request(fd, "list-sas");
    for (unsigned i = 1; i <= SAS; i++) {
        assert_true(vici_client_read(fd, &p));
        assert_int_equal(p.type, CYG_VICI_EVENT);
        struct cyg_vici_reader r = cyg_vici_reader_of(p.message);
        struct cyg_vici_element e;
        assert_int_equal(cyg_vici_next(&r, &e, NULL), CYG_OK);
        char name[32];
        snprintf(name, sizeof name, "peer%u", i);
        assert_true(cyg_span_equal(e.name, cyg_span_str(name)));
    }
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    close(fd);
}

/* The names that list-sas shows, until its end. */
static unsigned count_sas(int fd, const char *key, const char *value)
{
    struct cyg_vici_writer w;
    struct packet p;
    unsigned n = 0;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "list-sas");
    cyg_vici_key(&w, key, "%s", value);
    vici_client_send(fd, &w);
    while (vici_client_read(fd, &p) && p.type == CYG_VICI_EVENT) {
        n++;
    }
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    return n;
}

static void test_list_sas_finds_few_among_many(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    vici_client_register(fd, "list-sa");
    world.sas = 100000; /* 391 pages: nothing may grow with those that don't fit */
    assert_int_equal(count_sas(fd, "ike", "peer99999"), 1);
    assert_int_equal(count_sas(fd, "ike", "nobody"), 0);
    assert_int_equal(count_sas(fd, "child", "nothing"), 0);
    world.listings = 0;
    assert_int_equal(count_sas(fd, "ike-id", "77777"), 1);
    assert_true(world.listings <= 3); /* by its id it is found at once */
    assert_int_equal(count_sas(fd, "ike-id", "100001"), 0);
    assert_int_equal(count_sas(fd, "child-id", "51001"), 1);
    close(fd);
}

static void *list_all(void *context)
{
    *(unsigned *)context = 0;
    int fd = vici_client_connect(world.path);
    vici_client_register(fd, "list-sa");
    *(unsigned *)context = count_sas(fd, "noblock", "no");
    close(fd);
    return NULL;
}

/* The engine takes its time for each page: until others have got their answers meanwhile. */
static void test_a_listing_of_10000_holds_nobody_up(void **state)
{
    (void)state;
    pthread_t lister;
    unsigned listed;
    struct packet p;
    world.sas = 10000;
    world.held = 10000 / 256;
    int fd = vici_client_connect(world.path);
    assert_int_equal(pthread_create(&lister, NULL, list_all, &listed), 0);
    while (atomic_load(&world.answered) < world.held && !atomic_load(&world.overdue)) {
        if (atomic_load(&world.listings) == atomic_load(&world.answered)) {
            usleep(1000); /* the next page has not begun */
            continue;
        }
        vici_client_request(fd, "version");
        assert_true(vici_client_read(fd, &p));
        atomic_fetch_add(&world.answered, 1);
    }
    assert_int_equal(pthread_join(lister, NULL), 0);
    assert_int_equal(listed, 10000);
    assert_false(world.overdue);
    close(fd);
}

static void test_a_listing_is_left_in_the_middle(void **state)
{
    (void)state;
    world.sas = 100000;
    for (unsigned i = 0; i < 20; i++) {
        int fd = vici_client_connect(world.path);
        vici_client_register(fd, "list-sa");
        vici_client_request(fd, "list-sas");
        usleep(i * 500);
        close(fd);
    }
    assert_serves();
}

/* charon's order of keys, vici_query.c of strongSwan 5.9.8 as its README documents them. */
static void test_list_sas_has_charons_keys_in_order(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "peer1",     "uniqueid",     "version",     "state",       "local-host",    "local-port",
        "local-id",  "remote-host",  "remote-port", "remote-id",   "initiator-spi", "responder-spi",
        "encr-alg",  "encr-keysize", "integ-alg",   "prf-alg",     "dh-group",      "established",
        "child-sas", "net-1001",     "name",        "uniqueid",    "reqid",         "state",
        "mode",      "protocol",     "spi-in",      "spi-out",     "encr-alg",      "encr-keysize",
        "bytes-in",  "packets-in",   "bytes-out",   "packets-out", "install-time",  "local-ts",
        "remote-ts",
    };
    int fd = vici_client_connect(world.path);
    struct packet p;
    struct cyg_vici_writer w;
    vici_client_register(fd, "list-sa");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "list-sas");
    cyg_vici_key(&w, "ike", "peer1");
    vici_client_send(fd, &w);
    assert_true(vici_client_read(fd, &p));
    struct cyg_vici_reader r = cyg_vici_reader_of(p.message);
    struct cyg_vici_element e;
    size_t n = 0;
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        if (e.name.len == 0) {
            continue;
        }
        assert_true(n < CYG_LEN(keys));
        if (!cyg_span_equal(e.name, cyg_span_str(keys[n]))) {
            fail_msg("key %zu is %.*s, not %s", n, (int)e.name.len, (const char *)e.name.data,
                     keys[n]);
        }
        n++;
    }
    assert_int_equal(n, CYG_LEN(keys));
    assert_true(vici_client_read(fd, &p)); /* and no other SA */
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    close(fd);
}

/* An event of the engine, on the control thread. */
static void deliver(void *context)
{
    orders_event(world.server, context);
}

static void test_initiate_tells_progress_and_result(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    struct packet p;
    struct cyg_vici_writer w;
    vici_client_register(fd, "control-log");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "initiate");
    cyg_vici_key(&w, "child", "net");
    cyg_vici_key(&w, "timeout", "5000");
    vici_client_send(fd, &w);
    assert_serves(); /* the command waits, others do not; and by now it has been taken */

    struct cyg_event event = { .type = CYG_EVENT_LOG,
                               .order_id = 77,
                               .ike_uniqueid = 3,
                               .name = "branch",
                               .group = CYG_LOG_IKE,
                               .level = 1,
                               .error = { .reason = CYG_R_BUSY } };
    control_call(world.control, deliver, &event);
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_EVENT);
    assert_text(p.message, "ikesa-name", "branch");
    assert_text(p.message, "group", "IKE");

    event = (struct cyg_event){ .type = CYG_EVENT_ORDER_DONE, .order_id = 76 };
    control_call(world.control, deliver, &event); /* another's: not for us */
    event = (struct cyg_event){ .type = CYG_EVENT_ORDER_DONE,
                                .order_id = 77,
                                .error = { .reason = CYG_R_SA_NOT_FOUND } };
    control_call(world.control, deliver, &event);
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-code", "not-found");
    assert_text(p.message, "cygnet-reason", "SA_NOT_FOUND");
    assert_int_equal(world.last_order.type, CYG_ORDER_INITIATE);
    assert_string_equal(world.last_order.child, "net");
    close(fd);
}

static void test_initiate_times_out(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    struct packet p;
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "initiate");
    cyg_vici_key(&w, "ike", "branch");
    cyg_vici_key(&w, "timeout", "50");
    vici_client_send(fd, &w);
    assert_true(vici_client_read(fd, &p));
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-code", "timeout");
    close(fd);
}

static void test_terminate_counts_matches_and_wants_a_target(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    struct packet p;
    struct cyg_vici_writer w;
    vici_client_request(fd, "terminate");
    assert_true(vici_client_read(fd, &p));
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-reason", "ORDER_ARGUMENT");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "terminate");
    cyg_vici_key(&w, "ike-id", "12");
    vici_client_send(fd, &w);
    assert_serves();
    struct cyg_event event = { .type = CYG_EVENT_ORDER_DONE, .order_id = 77, .error.got = 2 };
    control_call(world.control, deliver, &event);
    assert_true(vici_client_read(fd, &p));
    assert_text(p.message, "success", "yes");
    assert_text(p.message, "matches", "2");
    assert_text(p.message, "terminated", "2");
    assert_int_equal(world.last_order.ike_id, 12);
    close(fd);
}

TEST_MAIN(SERVER_TEST(test_version_and_unknown_command),
          SERVER_TEST(test_list_sas_pages_through_all),
          SERVER_TEST(test_list_sas_finds_few_among_many),
          SERVER_TEST(test_a_listing_of_10000_holds_nobody_up),
          SERVER_TEST(test_a_listing_is_left_in_the_middle),
          SERVER_TEST(test_list_sas_has_charons_keys_in_order),
          SERVER_TEST(test_initiate_tells_progress_and_result),
          SERVER_TEST(test_initiate_times_out),
          SERVER_TEST(test_terminate_counts_matches_and_wants_a_target));
