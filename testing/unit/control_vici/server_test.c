/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VICI server over a real socket and the daemon's own control thread, with a host of the
 * test's: commands, events, orders, and what a hostile or slow client gets (HOSTILE.md group O). */
#include "unit/test.h"

#include "control_vici/commands.h"
#include "control_vici/service.h"

#include "io/control.h"
#include "io/lanes.h"

#include <cygnet/writer.h>

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- A host of the test's --- */

#define SAS 600u /* more than two pages of list-sas */

struct world {
    struct control *control;
    struct lanes *lanes;
    struct vici *vici;
    uint32_t sas;
    atomic_uint listings, answered; /* pages of SAs, and what was asked besides */
    unsigned held;       /* so many pages each wait until so many of the others were answered */
    atomic_bool overdue; /* one waited in vain */
    char log[4096];      /* the control thread's */
    struct cyg_host host;
    struct server *server;
    char folder[64], path[96];
    struct cyg_order last_order; /* written on the control thread, read after a reply */
    enum cyg_code start_code;
    struct cyg_error start_error;
    const char *group; /* who may connect besides root; NULL: nobody */
    bool hurries;      /* timers run a thousand times as fast */
};

static struct world world;

static enum cyg_code fake_order(void *daemon, const struct cyg_order *order, uint64_t *ret_id)
{
    (void)daemon;
    world.last_order = *order;
    *ret_id = world.last_order.id = 77;
    return CYG_OK;
}

static enum cyg_code fake_list_sas(void *daemon, uint32_t after, struct cyg_ike_record *ret_ike,
                                   size_t max_ike, size_t *ret_n_ike,
                                   struct cyg_child_record *ret_children, size_t max_children,
                                   size_t *ret_n_children)
{
    (void)daemon;
    const unsigned page = atomic_fetch_add(&world.listings, 1) + 1;
    for (unsigned ms = 0; page <= world.held && atomic_load(&world.answered) < page; ms++) {
        usleep(1000);
        if (ms == 60000) {
            atomic_store(&world.overdue, true);
            break;
        }
    }
    *ret_n_ike = *ret_n_children = 0;
    for (uint32_t id = after + 1; id <= world.sas && *ret_n_ike < max_ike; id++) {
        struct cyg_ike_record *ike = &ret_ike[(*ret_n_ike)++];
        *ike = (struct cyg_ike_record){ .uniqueid = id,
                                        .state = CYG_IKE_ESTABLISHED,
                                        .cipher = CYG_ALG_AES128,
                                        .integ = CYG_ALG_SHA256,
                                        .group = CYG_ALG_MODP2048,
                                        .rekey_at = CYG_NEVER,
                                        .reauth_at = CYG_NEVER,
                                        .cookie_i = { 0, 1, 2, 3, 4, 5, 6, 0xff },
                                        .n_children = max_children > 0 ? id % 2 : 0 };
        snprintf(ike->name, sizeof ike->name, "peer%u", id);
        if (id % 2 == 1 && *ret_n_children < max_children) {
            ret_children[(*ret_n_children)++] =
                (struct cyg_child_record){ .uniqueid = 1000 + id,
                                           .name = "net",
                                           .state = CYG_CHILD_INSTALLED,
                                           .mode = CYG_MODE_TUNNEL,
                                           .protocol = CYG_IPSEC_ESP,
                                           .cipher = CYG_ALG_AES128GCM16,
                                           .spi_in = 0xc0000000 + id,
                                           .rekey_at = CYG_NEVER,
                                           .expires_at = CYG_NEVER };
        }
    }
    return CYG_OK;
}

static uint32_t fake_watch(void *daemon, int fd, unsigned events,
                           void (*callback)(void *context, unsigned events), void *context)
{
    return control_watch(((struct world *)daemon)->control, fd, events, callback, context);
}

static void fake_watch_set(void *daemon, uint32_t id, unsigned events)
{
    control_watch_set(((struct world *)daemon)->control, id, events);
}

static void fake_unwatch(void *daemon, uint32_t id)
{
    control_unwatch(((struct world *)daemon)->control, id);
}

static uint32_t fake_timer(void *daemon, cyg_usec delay, void (*callback)(void *context),
                           void *context)
{
    const struct world *w = daemon;
    return control_timer(w->control, w->hurries ? delay / 1000 : delay, callback, context);
}

static void fake_timer_cancel(void *daemon, uint32_t id)
{
    control_timer_cancel(((struct world *)daemon)->control, id);
}

struct job {
    void (*run)(void *context);
    void (*done)(void *context);
    void *context;
};

static void job_run(void *context)
{
    struct job *j = context;
    j->run(j->context);
}

static void job_deliver(void *context)
{
    struct job *j = context;
    j->done(j->context);
    free(j);
}

static void job_done(void *context)
{
    assert_true(control_post(world.control, job_deliver, context));
}

static enum cyg_code fake_job(void *daemon, enum cyg_lane lane, void (*run)(void *context),
                              void (*done)(void *context), void *context)
{
    struct job *j = malloc(sizeof *j);
    assert_non_null(j);
    *j = (struct job){ .run = run, .done = done, .context = context };
    return lanes_submit(((struct world *)daemon)->lanes, lane, false, job_run, job_done, j);
}

static void fake_log(void *daemon, unsigned group, int8_t level, const struct cyg_error *record)
{
    struct world *w = daemon;
    char text[768];
    const size_t at = strlen(w->log);
    (void)group;
    (void)level;
    snprintf(w->log + at, sizeof w->log - at, "%s\n", cyg_error_format(record, text, sizeof text));
}

static void start_on_control(void *context)
{
    struct world *w = context;
    char uri[128];
    snprintf(uri, sizeof uri, "unix://%s", w->path);
    w->start_code = server_start(&w->host, uri, w->group, &w->server, &w->start_error);
    if (w->start_code == CYG_OK) {
        server_set_vici(w->server, w->vici);
        w->vici->server = w->server;
    }
}

static void stop_on_control(void *context)
{
    struct world *w = context;
    server_stop(w->server);
    w->server = w->vici->server = NULL;
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    strcpy(world.folder, "/tmp/cygnet-vici-test.XXXXXX");
    world.sas = SAS;
    if (mkdtemp(world.folder) == NULL || control_new(&world.control) != CYG_OK
        || lanes_new(1, &world.lanes) != CYG_OK) {
        return -1;
    }
    snprintf(world.path, sizeof world.path, "%s/vici", world.folder);
    world.host = (struct cyg_host){ .size = sizeof world.host,
                                    .daemon = &world,
                                    .order = fake_order,
                                    .list_sas = fake_list_sas,
                                    .watch = fake_watch,
                                    .watch_set = fake_watch_set,
                                    .unwatch = fake_unwatch,
                                    .timer = fake_timer,
                                    .timer_cancel = fake_timer_cancel,
                                    .job = fake_job,
                                    .log = fake_log };
    if (vici_new(&world.host, &world.vici, &world.start_error) != CYG_OK) {
        return -1;
    }
    control_call(world.control, start_on_control, &world);
    return world.start_code == CYG_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    control_call(world.control, stop_on_control, &world);
    lanes_close(world.lanes);
    vici_free(world.vici);
    control_free(world.control);
    lanes_free(world.lanes);
    unlink(world.path); /* where a test put something else */
    return rmdir(world.folder);
}

/* --- A client of the test's --- */

static int connect_client(void)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static void send_raw(int fd, struct cyg_span bytes)
{
    assert_int_equal(send(fd, bytes.data, bytes.len, MSG_NOSIGNAL), (ssize_t)bytes.len);
}

static void send_packet(int fd, struct cyg_vici_writer *w)
{
    send_raw(fd, cyg_vici_finish(w));
    cyg_vici_writer_clear(w);
}

struct packet {
    uint8_t bytes[16384];
    size_t len;
    enum cyg_vici_packet type;
    struct cyg_span name, message;
};

/* Read exactly n bytes within 5 s; false: the connection ended. */
static bool read_exactly(int fd, uint8_t *to, size_t n)
{
    while (n > 0) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, 5000), 1);
        const ssize_t got = recv(fd, to, n, 0);
        if (got <= 0) {
            return false;
        }
        to += got;
        n -= (size_t)got;
    }
    return true;
}

static bool read_packet(int fd, struct packet *p)
{
    uint8_t head[4];
    if (!read_exactly(fd, head, sizeof head)) {
        return false;
    }
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(head));
    p->len = cyg_reader_u32(&r);
    assert_true(p->len <= sizeof p->bytes);
    if (!read_exactly(fd, p->bytes, p->len)) {
        return false;
    }
    assert_int_equal(cyg_vici_packet((struct cyg_span){ p->bytes, p->len }, &p->type, &p->name,
                                     &p->message, NULL),
                     CYG_OK);
    assert_int_equal(cyg_vici_check(p->message, NULL), CYG_OK);
    return true;
}

static void request(int fd, const char *command)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, command);
    send_packet(fd, &w);
}

static void register_event(int fd, const char *name)
{
    struct cyg_vici_writer w;
    struct packet p;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, name);
    send_packet(fd, &w);
    assert_true(read_packet(fd, &p));
    assert_int_equal(p.type, CYG_VICI_EVENT_CONFIRM);
}

static void assert_text(struct cyg_span message, const char *key, const char *want)
{
    char text[512];
    assert_true(cyg_vici_get_text(message, key, text, sizeof text));
    assert_string_equal(text, want);
}

/* That the daemon goes on for others: the second thing to be seen after every hostile row. */
static void assert_serves(void)
{
    int fd = connect_client();
    struct packet p;
    request(fd, "version");
    assert_true(read_packet(fd, &p));
    assert_text(p.message, "daemon", "cygnetd");
    close(fd);
}

/* --- Commands --- */

static void test_version_and_unknown_command(void **state)
{
    (void)state;
    int fd = connect_client();
    struct packet p;
    request(fd, "version");
    assert_true(read_packet(fd, &p));
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    assert_text(p.message, "daemon", "cygnetd");
    request(fd, "no-such-command");
    assert_true(read_packet(fd, &p));
    assert_int_equal(p.type, CYG_VICI_CMD_UNKNOWN);
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, "no-such-event");
    send_packet(fd, &w);
    assert_true(read_packet(fd, &p));
    assert_int_equal(p.type, CYG_VICI_EVENT_UNKNOWN);
    close(fd);
}

static void test_list_sas_pages_through_all(void **state)
{
    (void)state;
    int fd = connect_client();
    struct packet p;
    register_event(fd, "list-sa");
    request(fd, "list-sas");
    for (unsigned i = 1; i <= SAS; i++) {
        assert_true(read_packet(fd, &p));
        assert_int_equal(p.type, CYG_VICI_EVENT);
        struct cyg_vici_reader r = cyg_vici_reader_of(p.message);
        struct cyg_vici_element e;
        assert_int_equal(cyg_vici_next(&r, &e, NULL), CYG_OK);
        char name[32];
        snprintf(name, sizeof name, "peer%u", i);
        assert_true(cyg_span_equal(e.name, cyg_span_str(name)));
    }
    assert_true(read_packet(fd, &p));
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
    send_packet(fd, &w);
    while (read_packet(fd, &p) && p.type == CYG_VICI_EVENT) {
        n++;
    }
    assert_int_equal(p.type, CYG_VICI_CMD_RESPONSE);
    return n;
}

static void test_list_sas_finds_few_among_many(void **state)
{
    (void)state;
    int fd = connect_client();
    register_event(fd, "list-sa");
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
    int fd = connect_client();
    register_event(fd, "list-sa");
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
    int fd = connect_client();
    assert_int_equal(pthread_create(&lister, NULL, list_all, &listed), 0);
    while (atomic_load(&world.answered) < world.held && !atomic_load(&world.overdue)) {
        if (atomic_load(&world.listings) == atomic_load(&world.answered)) {
            usleep(1000); /* the next page has not begun */
            continue;
        }
        request(fd, "version");
        assert_true(read_packet(fd, &p));
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
        int fd = connect_client();
        register_event(fd, "list-sa");
        request(fd, "list-sas");
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
    int fd = connect_client();
    struct packet p;
    struct cyg_vici_writer w;
    register_event(fd, "list-sa");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "list-sas");
    cyg_vici_key(&w, "ike", "peer1");
    send_packet(fd, &w);
    assert_true(read_packet(fd, &p));
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
    assert_true(read_packet(fd, &p)); /* and no other SA */
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
    int fd = connect_client();
    struct packet p;
    struct cyg_vici_writer w;
    register_event(fd, "control-log");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "initiate");
    cyg_vici_key(&w, "child", "net");
    cyg_vici_key(&w, "timeout", "5000");
    send_packet(fd, &w);
    assert_serves(); /* the command waits, others do not; and by now it has been taken */

    struct cyg_event event = { .type = CYG_EVENT_LOG,
                               .order_id = 77,
                               .ike_uniqueid = 3,
                               .name = "branch",
                               .group = CYG_LOG_IKE,
                               .level = 1,
                               .error = { .reason = CYG_R_BUSY } };
    control_call(world.control, deliver, &event);
    assert_true(read_packet(fd, &p));
    assert_int_equal(p.type, CYG_VICI_EVENT);
    assert_text(p.message, "ikesa-name", "branch");
    assert_text(p.message, "group", "IKE");

    event = (struct cyg_event){ .type = CYG_EVENT_ORDER_DONE, .order_id = 76 };
    control_call(world.control, deliver, &event); /* another's: not for us */
    event = (struct cyg_event){ .type = CYG_EVENT_ORDER_DONE,
                                .order_id = 77,
                                .error = { .reason = CYG_R_SA_NOT_FOUND } };
    control_call(world.control, deliver, &event);
    assert_true(read_packet(fd, &p));
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
    int fd = connect_client();
    struct packet p;
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "initiate");
    cyg_vici_key(&w, "ike", "branch");
    cyg_vici_key(&w, "timeout", "50");
    send_packet(fd, &w);
    assert_true(read_packet(fd, &p));
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-code", "timeout");
    close(fd);
}

static void test_terminate_counts_matches_and_wants_a_target(void **state)
{
    (void)state;
    int fd = connect_client();
    struct packet p;
    struct cyg_vici_writer w;
    request(fd, "terminate");
    assert_true(read_packet(fd, &p));
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-reason", "ORDER_ARGUMENT");
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "terminate");
    cyg_vici_key(&w, "ike-id", "12");
    send_packet(fd, &w);
    assert_serves();
    struct cyg_event event = { .type = CYG_EVENT_ORDER_DONE, .order_id = 77, .error.got = 2 };
    control_call(world.control, deliver, &event);
    assert_true(read_packet(fd, &p));
    assert_text(p.message, "success", "yes");
    assert_text(p.message, "matches", "2");
    assert_text(p.message, "terminated", "2");
    assert_int_equal(world.last_order.ike_id, 12);
    close(fd);
}

/* --- Hostile and slow clients --- */

static void test_h169_lengths_are_bounded_and_not_believed(void **state)
{
    (void)state;
    static const uint8_t bad[][4] = {
        { 0xff, 0xff, 0xff, 0xff }, { 0, 0, 0, 0 }, { 0, 8, 0, 1 } /* 512 KiB and one */
    };
    for (size_t i = 0; i < CYG_LEN(bad); i++) {
        int fd = connect_client();
        struct packet p;
        send_raw(fd, cyg_span_of_array(bad[i]));
        assert_false(read_packet(fd, &p));
        close(fd);
    }
    /* Closed in the middle of a packet; a claim of 512 KiB with nothing behind it. */
    int fd = connect_client();
    send_raw(fd, (struct cyg_span){ (const uint8_t *)"\0\10\0\0\0", 5 });
    close(fd);
    assert_serves();
}

/* A packet that trickles in: dropped when it is not whole in time, at the length or behind it. */
static void test_h169_a_packet_once_begun_must_be_whole_in_time(void **state)
{
    (void)state;
    world.hurries = true;
    for (size_t n = 1; n <= 6; n++) {
        int fd = connect_client();
        struct packet p;
        send_raw(fd, (struct cyg_span){ (const uint8_t *)"\0\0\1\0\0\7", n });
        assert_false(read_packet(fd, &p));
        close(fd);
    }
    int fd = connect_client(); /* one who has said something may stay */
    struct packet p;
    request(fd, "version");
    assert_true(read_packet(fd, &p));
    usleep(100000);
    request(fd, "version");
    assert_true(read_packet(fd, &p));
    close(fd);
    fd = connect_client(); /* one who never has may not */
    assert_false(read_packet(fd, &p));
    close(fd);
}

static char log_copy[sizeof world.log];

static void copy_log(void *context)
{
    (void)context;
    memcpy(log_copy, world.log, sizeof log_copy);
}

/* Connections that are left open lock nobody out: the one that was silent longest makes room. */
static void test_h169_silent_connections_make_room(void **state)
{
    (void)state;
    int fds[CLIENTS_MAX + 8];
    unsigned closed = 0;
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        struct packet p;
        fds[i] = connect_client();
        request(fds[i], "version");
        assert_true(read_packet(fds[i], &p)); /* each of them is served */
    }
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        struct pollfd p = { .fd = fds[i], .events = POLLIN };
        const bool gone = poll(&p, 1, i < 8 ? 2000 : 0) == 1;
        assert_true(gone == (i < 8)); /* the first ones went */
        closed += gone;
    }
    assert_int_equal(closed, 8);
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        close(fds[i]);
    }
    assert_serves();
}

/* Who waits for events, or for a command, is not pushed out. */
static void test_h169_busy_connections_stay(void **state)
{
    (void)state;
    int fds[CLIENTS_MAX];
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        fds[i] = connect_client();
        register_event(fds[i], "log");
    }
    struct packet p;
    int fd = connect_client();
    assert_false(read_packet(fd, &p)); /* refused */
    close(fd);
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        request(fds[i], "version");
        assert_true(read_packet(fds[i], &p));
        close(fds[i]);
    }
    assert_serves();
}

static void test_h169_without_descriptors_it_waits_and_goes_on(void **state)
{
    (void)state;
    struct rlimit old, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int first = connect_client();
    register_event(first, "log");
    int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    few = (struct rlimit){ (rlim_t)waiting + 1, old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0); /* below it all are in use, or soon */
    int fill[64];
    size_t n = 0;
    while (n < CYG_LEN(fill) && (fill[n] = dup(first)) >= 0) {
        n++;
    }
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    assert_int_equal(connect(waiting, (struct sockaddr *)&sa, sizeof sa), 0);
    struct rusage before, after;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    usleep(500000);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    const long used_ms = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000
                         + (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1000
                         + (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000
                         + (after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1000;
    struct packet p;
    request(first, "version"); /* the others are served meanwhile */
    const bool served = read_packet(first, &p);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    while (n > 0) {
        close(fill[--n]);
    }
    assert_true(served);
    assert_true(used_ms < 200); /* it does not spin */
    request(waiting, "version");
    assert_true(read_packet(waiting, &p));
    control_call(world.control, copy_log, NULL);
    const char *said = strstr(log_copy, "No control connection can be taken");
    assert_non_null(said);
    assert_null(strstr(said + 1, "No control connection can be taken")); /* once */
    close(waiting);
    close(first);
}

static void test_h170_malformed_message_names_the_byte(void **state)
{
    (void)state;
    /* version { section end without a start } */
    static const uint8_t packet[] = { 0, 0, 0, 10, 0, 7, 'v', 'e', 'r', 's', 'i', 'o', 'n', 2 };
    int fd = connect_client();
    struct packet p;
    send_raw(fd, cyg_span_of_array(packet));
    assert_true(read_packet(fd, &p));
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-reason", "VICI_MALFORMED");
    char text[256];
    assert_true(cyg_vici_get_text(p.message, "errmsg", text, sizeof text));
    assert_non_null(strstr(text, "byte 1"));
    /* An unknown packet type, and one that only servers send: closed. */
    static const uint8_t unknown[] = { 0, 0, 0, 1, 9 };
    send_raw(fd, cyg_span_of_array(unknown));
    assert_false(read_packet(fd, &p));
    close(fd);
    static const uint8_t response[] = { 0, 0, 0, 1, 1 };
    fd = connect_client();
    send_raw(fd, cyg_span_of_array(response));
    assert_false(read_packet(fd, &p));
    close(fd);
    assert_serves();
}

static void flood_log(void *context)
{
    (void)context;
    const struct cyg_event event = { .type = CYG_EVENT_LOG, .error = { .reason = CYG_R_BUSY } };
    for (unsigned i = 0; i < 100000; i++) {
        log_event(world.server, &event);
    }
}

static void test_h172_a_client_that_never_reads_is_dropped(void **state)
{
    (void)state;
    int slow = connect_client();
    register_event(slow, "log");
    control_call(world.control, flood_log, NULL); /* some 10 MB */
    assert_serves();
    /* What was written before stands in the socket; behind it is the end. */
    struct packet p;
    unsigned packets = 0;
    while (read_packet(slow, &p)) {
        packets++;
    }
    assert_true(packets < 100000);
    close(slow);
}

static void test_h172_commands_in_one_write_are_served_in_order(void **state)
{
    (void)state;
    int fd = connect_client();
    uint8_t all[16 * 50];
    struct cyg_writer w = cyg_writer_of(all, sizeof all);
    for (unsigned i = 0; i < 50; i++) {
        static const uint8_t version[] = { 0, 0, 0, 9, 0, 7, 'v', 'e', 'r', 's', 'i', 'o', 'n' };
        cyg_writer_bytes(&w, cyg_span_of_array(version));
    }
    send_raw(fd, cyg_writer_span(&w));
    for (unsigned i = 0; i < 50; i++) {
        struct packet p;
        assert_true(read_packet(fd, &p));
        assert_text(p.message, "daemon", "cygnetd");
    }
    close(fd);
}

static void try_start(void *context)
{
    struct world *w = context;
    char uri[128];
    struct server *server = NULL;
    snprintf(uri, sizeof uri, "unix://%s", w->path);
    w->start_code = server_start(&w->host, uri, NULL, &server, &w->start_error);
    server_stop(server);
}

static void test_h171_socket_stands_only_where_it_is_safe(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(stat(world.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    control_call(world.control, try_start, &world); /* served already */
    assert_int_equal(world.start_code, CYG_INTERNAL);
    assert_int_equal(world.start_error.reason, CYG_R_VICI_SOCKET);
    assert_serves();

    control_call(world.control, stop_on_control, &world);
    assert_int_equal(symlink("/tmp", world.path), 0);
    control_call(world.control, try_start, &world);
    assert_int_equal(world.start_code, CYG_INTERNAL);
    unlink(world.path);

    assert_int_equal(chmod(world.folder, 0777), 0);
    control_call(world.control, try_start, &world);
    assert_int_equal(world.start_code, CYG_INTERNAL);
    assert_int_equal(chmod(world.folder, 0700), 0);
    control_call(world.control, try_start, &world);
    assert_int_equal(world.start_code, CYG_OK);
}

#define STRANGER 65534u /* a uid and gid that own nothing here */

enum outcome {
    SERVED = 0,
    REFUSED,
    NOT_TRIED, /* the child could not even connect */
};

/* Connect as somebody else and ask for the version: in a child, since uids belong to processes. */
static enum outcome ask_as(uid_t uid, gid_t gid, const gid_t *more, size_t n_more)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "version");
    struct cyg_span question = cyg_vici_finish(&w);
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint8_t answer[4];
        struct pollfd p = { .events = POLLIN };
        if (setgroups(n_more, more) != 0 || setresgid(gid, gid, gid) != 0
            || setresuid(uid, uid, uid) != 0) {
            _exit(NOT_TRIED);
        }
        p.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&sa, sizeof sa) != 0) {
            _exit(NOT_TRIED);
        }
        (void)send(p.fd, question.data, question.len, MSG_NOSIGNAL);
        _exit(poll(&p, 1, 5000) == 1 && recv(p.fd, answer, sizeof answer, 0) > 0 ? SERVED
                                                                                 : REFUSED);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    cyg_vici_writer_clear(&w);
    assert_true(WIFEXITED(status));
    return (enum outcome)WEXITSTATUS(status);
}

/* The mode of the socket is not what it rests on: the kernel says who has connected. */
static void test_h171_who_connects_is_asked_of_the_kernel(void **state)
{
    (void)state;
    const struct group *daemon = getgrgid(1);
    const gid_t groups[] = { STRANGER, 1 };
    if (geteuid() != 0 || daemon == NULL) {
        test_skip("only root can become somebody else, and of group 1");
    }
    assert_int_equal(chmod(world.folder, 0755), 0);
    assert_int_equal(ask_as(STRANGER, STRANGER, NULL, 0), NOT_TRIED); /* 0660 */
    assert_int_equal(chmod(world.path, 0666), 0);
    assert_int_equal(ask_as(STRANGER, STRANGER, NULL, 0), REFUSED);
    assert_int_equal(ask_as(STRANGER, 0, groups, CYG_LEN(groups)), REFUSED);
    assert_int_equal(ask_as(0, STRANGER, NULL, 0), SERVED);
    assert_serves();

    control_call(world.control, stop_on_control, &world);
    world.group = daemon->gr_name;
    control_call(world.control, start_on_control, &world);
    assert_int_equal(world.start_code, CYG_OK);
    assert_int_equal(ask_as(STRANGER, STRANGER, groups, CYG_LEN(groups)), SERVED); /* 0660 */
    assert_int_equal(ask_as(STRANGER, 1, NULL, 0), SERVED);
    assert_int_equal(chmod(world.path, 0666), 0);
    assert_int_equal(ask_as(STRANGER, STRANGER, NULL, 0), REFUSED);
}

/* As somebody else, take connections until one is refused; each waits for events, so none makes
 * room. They stay open until *ret_hold is closed. How many there were; in a child. */
static unsigned hold_as(uid_t uid, gid_t gid, int *ret_hold)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, "log");
    struct cyg_span question = cyg_vici_finish(&w);
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    int tell[2], hold[2];
    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(hold), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint8_t n = 0, answer[5];
        close(hold[1]);
        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0
            || setresuid(uid, uid, uid) != 0) {
            _exit(1);
        }
        for (; n < CLIENTS_MAX; n++) {
            struct pollfd p = { .events = POLLIN };
            p.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&sa, sizeof sa) != 0
                || send(p.fd, question.data, question.len, MSG_NOSIGNAL) <= 0
                || poll(&p, 1, 5000) != 1 || recv(p.fd, answer, sizeof answer, 0) <= 0) {
                break;
            }
        }
        (void)!write(tell[1], &n, 1);
        (void)!read(hold[0], answer, 1);
        _exit(0);
    }
    uint8_t n = 0;
    close(tell[1]);
    close(hold[0]);
    assert_int_equal(read(tell[0], &n, 1), 1);
    close(tell[0]);
    cyg_vici_writer_clear(&w);
    *ret_hold = hold[1];
    return n;
}

static void test_h169_members_of_the_group_have_a_share_each(void **state)
{
    (void)state;
    const struct group *daemon = getgrgid(1);
    int hold[4];
    if (geteuid() != 0 || daemon == NULL) {
        test_skip("only root can become somebody else, and of group 1");
    }
    assert_int_equal(chmod(world.folder, 0755), 0);
    control_call(world.control, stop_on_control, &world);
    world.group = daemon->gr_name;
    control_call(world.control, start_on_control, &world);
    assert_int_equal(world.start_code, CYG_OK);
    for (uid_t i = 0; i < 3; i++) {
        assert_int_equal(hold_as(STRANGER - i, 1, &hold[i]), CLIENTS_PER_MEMBER);
    }
    assert_int_equal(3 * CLIENTS_PER_MEMBER, CLIENTS_OF_MEMBERS);
    assert_int_equal(hold_as(STRANGER - 3, 1, &hold[3]), 0);
    assert_serves(); /* root has the rest */
    for (size_t i = 0; i < CYG_LEN(hold); i++) {
        close(hold[i]);
    }
    while (waitpid(-1, NULL, 0) > 0) {
    }
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(SERVER_TEST(test_version_and_unknown_command),
          SERVER_TEST(test_list_sas_pages_through_all),
          SERVER_TEST(test_list_sas_finds_few_among_many),
          SERVER_TEST(test_a_listing_of_10000_holds_nobody_up),
          SERVER_TEST(test_a_listing_is_left_in_the_middle),
          SERVER_TEST(test_list_sas_has_charons_keys_in_order),
          SERVER_TEST(test_initiate_tells_progress_and_result),
          SERVER_TEST(test_initiate_times_out),
          SERVER_TEST(test_terminate_counts_matches_and_wants_a_target),
          SERVER_TEST(test_h169_lengths_are_bounded_and_not_believed),
          SERVER_TEST(test_h169_a_packet_once_begun_must_be_whole_in_time),
          SERVER_TEST(test_h169_silent_connections_make_room),
          SERVER_TEST(test_h169_busy_connections_stay),
          SERVER_TEST(test_h169_members_of_the_group_have_a_share_each),
          SERVER_TEST(test_h169_without_descriptors_it_waits_and_goes_on),
          SERVER_TEST(test_h170_malformed_message_names_the_byte),
          SERVER_TEST(test_h171_socket_stands_only_where_it_is_safe),
          SERVER_TEST(test_h171_who_connects_is_asked_of_the_kernel),
          SERVER_TEST(test_h172_a_client_that_never_reads_is_dropped),
          SERVER_TEST(test_h172_commands_in_one_write_are_served_in_order));
