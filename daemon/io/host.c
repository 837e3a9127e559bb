/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door for plugins: every function may be called from any thread of theirs. */
#include "daemon_internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum cyg_code host_order(void *daemon, const struct cyg_order *order, uint64_t *ret_id)
{
    struct daemon *d = daemon;
    struct mail *mail = mail_new(MAIL_ORDER, 0);
    if (mail == NULL) {
        return CYG_NOMEM;
    }
    mail->order = *order;
    mail->order.id = atomic_fetch_add(&d->last_order, 1) + 1;
    /* The engine may answer before this returns. */
    *ret_id = mail->order.id;
    return mailbox_post(d->mailbox, mail) ? CYG_OK : CYG_LIMIT;
}

/* A listing that another thread waits for while the engine's thread makes it. */
struct listing {
    struct daemon *daemon;
    uint32_t after;
    struct cyg_ike_record *ike;
    size_t max_ike, *n_ike;
    struct cyg_child_record *children;
    size_t max_children, *n_children;
    size_t outstanding; /* data-plane operations that were not answered when it was made */
    pthread_mutex_t mutex;
    pthread_cond_t made;
    bool done;
};

static void make_listing(void *context)
{
    struct listing *l = context;
    struct engine_counts counts;
    engine_counts(l->daemon->engine, &counts);
    l->outstanding = counts.kernel_ops;
    engine_list(l->daemon->engine, cyg_time_now(), l->after, l->ike, l->max_ike, l->n_ike,
                l->children, l->max_children, l->n_children);
    pthread_mutex_lock(&l->mutex);
    l->done = true;
    pthread_cond_signal(&l->made);
    pthread_mutex_unlock(&l->mutex);
}

#define LIST_TURN     256u /* records that one turn of the engine may spend on a listing */
#define LIST_TRIES    5u   /* for fresh counters; a busy daemon always has something outstanding */
#define LIST_PAUSE_US 2000u

/* Have the engine's thread make the listing, and wait for it. */
static enum cyg_code request_listing(struct listing *l)
{
    struct mail *mail = mail_new(MAIL_REQUEST, 0);
    if (mail == NULL) {
        return CYG_NOMEM;
    }
    mail->request.call = make_listing;
    mail->request.context = l;
    l->done = false;
    if (!mailbox_post(l->daemon->mailbox, mail)) {
        return CYG_LIMIT;
    }
    pthread_mutex_lock(&l->mutex);
    while (!l->done) {
        pthread_cond_wait(&l->made, &l->mutex);
    }
    pthread_mutex_unlock(&l->mutex);
    return CYG_OK;
}

static enum cyg_code host_list_sas(void *daemon, uint32_t after, struct cyg_ike_record *ret_ike,
                                   size_t max_ike, size_t *ret_n_ike,
                                   struct cyg_child_record *ret_children, size_t max_children,
                                   size_t *ret_n_children)
{
    struct daemon *d = daemon;
    struct listing l = { .daemon = d,
                         .after = after,
                         .ike = ret_ike,
                         .max_ike = max_ike < LIST_TURN ? max_ike : LIST_TURN,
                         .n_ike = ret_n_ike,
                         .children = ret_children,
                         .max_children = max_children < LIST_TURN ? max_children : LIST_TURN,
                         .n_children = ret_n_children,
                         .mutex = PTHREAD_MUTEX_INITIALIZER,
                         .made = PTHREAD_COND_INITIALIZER };
    *ret_n_ike = *ret_n_children = 0;
    /* A listing asks the data plane for its counters; they are in the next one, which does not ask
     * again so soon. */
    enum cyg_code code = request_listing(&l);
    l.outstanding = *ret_n_children;
    for (unsigned i = 0; code == CYG_OK && l.outstanding > 0 && i < LIST_TRIES; i++) {
        usleep(LIST_PAUSE_US);
        code = request_listing(&l);
    }
    return code;
}

/* Counting, in the same way. */
struct counting {
    struct daemon *daemon;
    struct engine_counts *counts;
    pthread_mutex_t mutex;
    pthread_cond_t made;
    bool done;
};

static void make_counts(void *context)
{
    struct counting *c = context;
    engine_counts(c->daemon->engine, c->counts);
    pthread_mutex_lock(&c->mutex);
    c->done = true;
    pthread_cond_signal(&c->made);
    pthread_mutex_unlock(&c->mutex);
}

static void host_counts(void *daemon, struct cyg_counts *ret)
{
    struct daemon *d = daemon;
    struct engine_counts engine = { 0 };
    struct counting c = { .daemon = d,
                          .counts = &engine,
                          .mutex = PTHREAD_MUTEX_INITIALIZER,
                          .made = PTHREAD_COND_INITIALIZER };
    struct mail *mail = mail_new(MAIL_REQUEST, 0);
    if (mail != NULL) {
        mail->request.call = make_counts;
        mail->request.context = &c;
    }
    if (mail != NULL && mailbox_post(d->mailbox, mail)) {
        pthread_mutex_lock(&c.mutex);
        while (!c.done) {
            pthread_cond_wait(&c.made, &c.mutex);
        }
        pthread_mutex_unlock(&c.mutex);
    }
    *ret = (struct cyg_counts){ .ike_sas = engine.ike_sas,
                                .half_open = engine.half_open,
                                .children = engine.children,
                                .jobs = engine.jobs,
                                .packets = engine.packets,
                                .dropped = engine.dropped,
                                .handshakes_done = engine.handshakes_done,
                                .handshakes_failed = engine.handshakes_failed };
    for (unsigned i = 0; i < CYG_LANES; i++) {
        lanes_counts(d->lanes, (enum cyg_lane)i, &ret->lanes[i].threads, &ret->lanes[i].active,
                     &ret->lanes[i].queued);
    }
}

/* The handler of SIGHUP runs on the engine's loop, where a reload belongs. */
static void host_reload(void *daemon)
{
    (void)daemon;
    (void)kill(getpid(), SIGHUP);
}

static size_t host_list_plugins(void *daemon, size_t from, struct cyg_plugin_record *ret,
                                size_t max)
{
    struct daemon *d = daemon;
    return cyg_loader_records(d->loader, from, ret, max);
}

static uint32_t host_subscribe(void *daemon, uint32_t mask, int8_t level,
                               void (*callback)(void *context, const struct cyg_event *event,
                                                uint64_t dropped),
                               void *context)
{
    struct daemon *d = daemon;
    return control_subscribe(d->control, mask, level, callback, context);
}

static void host_unsubscribe(void *daemon, uint32_t id)
{
    struct daemon *d = daemon;
    control_unsubscribe(d->control, id);
}

static uint32_t host_watch(void *daemon, int fd, unsigned events,
                           void (*callback)(void *context, unsigned events), void *context)
{
    struct daemon *d = daemon;
    return control_watch(d->control, fd, events, callback, context);
}

static void host_watch_set(void *daemon, uint32_t id, unsigned events)
{
    struct daemon *d = daemon;
    control_watch_set(d->control, id, events);
}

static void host_unwatch(void *daemon, uint32_t id)
{
    struct daemon *d = daemon;
    control_unwatch(d->control, id);
}

static uint32_t host_timer(void *daemon, cyg_usec delay, void (*callback)(void *context),
                           void *context)
{
    struct daemon *d = daemon;
    return control_timer(d->control, delay, callback, context);
}

static void host_timer_cancel(void *daemon, uint32_t id)
{
    struct daemon *d = daemon;
    control_timer_cancel(d->control, id);
}

/* A plugin's job: run on a lane, then done on the control thread. */
struct plugin_job {
    struct daemon *daemon;
    void (*run)(void *context);
    void (*done)(void *context);
    void *context;
};

static void plugin_job_run(void *context)
{
    struct plugin_job *job = context;
    job->run(job->context);
}

static void plugin_job_deliver(void *context)
{
    struct plugin_job *job = context;
    job->done(job->context);
    free(job);
}

static void plugin_job_done(void *context)
{
    struct plugin_job *job = context;
    if (!control_post(job->daemon->control, plugin_job_deliver, job)) {
        /* Without memory for the message: carried over and waited for instead. */
        control_call(job->daemon->control, plugin_job_deliver, job);
    }
}

static enum cyg_code host_job(void *daemon, enum cyg_lane lane, void (*run)(void *context),
                              void (*done)(void *context), void *context)
{
    struct daemon *d = daemon;
    struct plugin_job *job = malloc(sizeof *job);
    if (job == NULL) {
        return CYG_NOMEM;
    }
    *job = (struct plugin_job){ .daemon = d, .run = run, .done = done, .context = context };
    enum cyg_code code = lanes_submit(d->lanes, lane, false, plugin_job_run, plugin_job_done, job);
    if (code != CYG_OK) {
        free(job);
    }
    return code;
}

static void host_log(void *daemon, unsigned group, int8_t level, const struct cyg_error *record)
{
    struct daemon *d = daemon;
    control_publish(d->control, &(struct cyg_event){ .type = CYG_EVENT_LOG,
                                                     .when = cyg_time_now(),
                                                     .group = (uint8_t)group,
                                                     .level = level,
                                                     .error = *record });
}

static struct cyg_provider host_provider(void *daemon, unsigned feature_type, const char *key)
{
    struct daemon *d = daemon;
    return cyg_loader_find(d->loader, (enum cyg_feature_type)feature_type, key);
}

static void host_kernel_done(void *daemon, uint64_t tag, const struct cyg_kernel_result *result)
{
    struct daemon *d = daemon;
    struct mail *mail = mail_new(MAIL_KERNEL_DONE, 0);
    if (mail == NULL) {
        return; /* the exchange that waits ends by its timer */
    }
    mail->kernel.tag = tag;
    mail->kernel.result = *result;
    mailbox_post(d->mailbox, mail);
}

static void host_kernel_event(void *daemon, const struct cyg_kernel_event *event)
{
    struct daemon *d = daemon;
    struct mail *mail = mail_new(MAIL_KERNEL_EVENT, 0);
    if (mail != NULL) {
        mail->event = *event;
        mailbox_post(d->mailbox, mail);
    }
}

static void host_each_socket(void *daemon,
                             void (*callback)(void *context, const struct cyg_ike_socket *socket),
                             void *context)
{
    struct daemon *d = daemon;
    sockets_each(d->sockets, callback, context);
}

static void host_history_flush(void *daemon, const struct cyg_history_query *query)
{
    struct daemon *d = daemon;
    recorder_flush(d->recorder, query);
}

static enum cyg_code host_esp_socket(void *daemon, const struct cyg_address *local, int *ret_fd,
                                     struct cyg_error *err)
{
    struct daemon *d = daemon;
    return sockets_esp(d->sockets, local, ret_fd, err);
}

static void host_ike_packet(void *daemon, const struct cyg_path *path, struct cyg_span datagram)
{
    struct daemon *d = daemon;
    struct mail *mail = mail_new(MAIL_PACKET, datagram.len);
    if (mail == NULL) {
        return;
    }
    mail->packet.path = *path;
    mail->packet.len = datagram.len;
    if (datagram.len > 0) {
        memcpy(mail->packet.data, datagram.data, datagram.len);
    }
    mailbox_post(d->mailbox, mail);
}

struct cyg_host host_of(struct daemon *daemon)
{
    return (struct cyg_host){
        .size = sizeof(struct cyg_host),
        .daemon = daemon,
        .settings = daemon->settings,
        .crypto = &daemon->crypto,
        .order = host_order,
        .list_sas = host_list_sas,
        .list_plugins = host_list_plugins,
        .subscribe = host_subscribe,
        .unsubscribe = host_unsubscribe,
        .watch = host_watch,
        .watch_set = host_watch_set,
        .unwatch = host_unwatch,
        .timer = host_timer,
        .timer_cancel = host_timer_cancel,
        .job = host_job,
        .log = host_log,
        .provider = host_provider,
        .kernel_done = host_kernel_done,
        .kernel_event = host_kernel_event,
        .each_socket = host_each_socket,
        .esp_socket = host_esp_socket,
        .ike_packet = host_ike_packet,
        .socket_mark = (uint32_t)cyg_settings_int(daemon->settings, "listen", "mark"),
        .counts = host_counts,
        .reload = host_reload,
        .history_flush = host_history_flush,
    };
}
