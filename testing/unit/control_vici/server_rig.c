/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See server_rig.h. */
#include "server_rig.h"

#include "control_vici/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world world;

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

void start_on_control(void *context)
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

void stop_on_control(void *context)
{
    struct world *w = context;
    server_stop(w->server);
    w->server = w->vici->server = NULL;
}

int server_setup(void **state)
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

int server_teardown(void **state)
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

void assert_text(struct cyg_span message, const char *key, const char *want)
{
    char text[512];
    assert_true(cyg_vici_get_text(message, key, text, sizeof text));
    assert_string_equal(text, want);
}

void assert_serves(void)
{
    int fd = vici_client_connect(world.path);
    struct packet p;
    vici_client_request(fd, "version");
    assert_true(vici_client_read(fd, &p));
    assert_text(p.message, "daemon", "cygnetd");
    close(fd);
}
