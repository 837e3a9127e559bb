/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Start and stop of the service, its events, and jobs on the storage lanes. */
#include "service.h"

#include "commands.h"
#include "listen.h"
#include "loaded.h"

#include <stdlib.h>
#include <string.h>

/* --- Jobs --- */

static void job_run(void *context)
{
    struct store_job *job = context;
    job->run(job);
}

static void job_ended(struct vici *vici)
{
    pthread_mutex_lock(&vici->mutex);
    vici->jobs--;
    pthread_cond_broadcast(&vici->ended);
    pthread_mutex_unlock(&vici->mutex);
}

static void job_done(void *context)
{
    struct store_job *job = context;
    struct vici *vici = job->vici;
    struct client *client = job->ticket != 0 && vici->server != NULL
                                ? server_find_ticket(vici->server, job->ticket)
                                : NULL;
    job->done(job, client);
    job_ended(vici);
}

void store_job_start(struct vici *vici, struct client *client, enum cyg_lane lane,
                     struct store_job *job)
{
    job->vici = vici;
    job->ticket = client != NULL ? client_ticket(client) : 0;
    pthread_mutex_lock(&vici->mutex);
    vici->jobs++;
    pthread_mutex_unlock(&vici->mutex);
    if (vici->host->job(vici->host->daemon, lane, job_run, job_done, job) == CYG_OK) {
        return;
    }
    job->release(job);
    job_ended(vici);
    if (client != NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_BUSY });
    }
}

/* --- Start and stop --- */

static void on_event(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct vici *vici = context;
    (void)dropped; /* the log says so */
    if (event->type == CYG_EVENT_MESSAGE) {
        message_event(vici->server, event);
        return;
    }
    if (event->type == CYG_EVENT_HISTORY) {
        explain_event(vici->server, event);
        return;
    }
    orders_event(vici->server, event);
    if (event->type == CYG_EVENT_LOG) {
        log_event(vici->server, event);
    } else {
        updown_event(vici->server, event);
    }
}

/* The store's volatile source stands beside our socket: that folder is ours alone, and so is the
 * socket, so two daemons never share one. */
static void open_volatile(struct vici *vici, const char *uri)
{
    const struct cyg_provider store =
        vici->host->provider(vici->host->daemon, CYG_FEATURE_STORE, NULL);
    const struct cyg_store_ops *ops = store.ops;
    char folder[LISTEN_PATH_MAX];
    struct cyg_error error = { 0 };
    if (ops == NULL) {
        return;
    }
    vici->ops = ops;
    vici->store = store.self;
    if (ops->size < offsetof(struct cyg_store_ops, remove_secret) + sizeof ops->remove_secret
        || ops->volatile_open == NULL) {
        return;
    }
    listener_folder(uri, folder);
    vici->has_volatile = ops->volatile_open(store.self, folder, &error) == CYG_OK;
    if (!vici->has_volatile) {
        vici->host->log(vici->host->daemon, CYG_LOG_CFG, 0, &error);
    }
}

static void stop(void *self)
{
    struct vici *vici = self;
    if (vici->subscription != 0) {
        vici->host->unsubscribe(vici->host->daemon, vici->subscription);
        vici->subscription = 0;
    }
    server_stop(vici->server);
    vici->server = NULL;
    if (vici->followers != 0) {
        vici->host->unsubscribe(vici->host->daemon, vici->followers);
        vici->followers = 0;
    }
    if (vici->has_volatile) {
        vici->ops->volatile_close(vici->store);
        vici->has_volatile = false;
    }
}

/* Entries of the history are made for who listens only. */
void vici_registrations_changed(struct vici *vici)
{
    const struct cyg_host *host = vici->host;
    const bool wanted = server_is_wanted(vici->server, "explain-live");
    if (wanted && vici->followers == 0) {
        vici->followers = host->subscribe(host->daemon, CYG_EVENT_HISTORY, 4, on_event, vici);
    } else if (!wanted && vici->followers != 0) {
        host->unsubscribe(host->daemon, vici->followers);
        vici->followers = 0;
    }
}

static enum cyg_code start(void *self, struct cyg_error *err)
{
    struct vici *vici = self;
    const struct cyg_host *host = vici->host;
    const char *uri = cyg_settings_string(host->settings, "control-vici", "socket");
    enum cyg_code code =
        server_start(host, uri, cyg_settings_string(host->settings, "control-vici", "group"),
                     &vici->server, err);
    if (code != CYG_OK) {
        return code;
    }
    server_set_vici(vici->server, vici);
    vici->started = cyg_time_now();
    vici->started_wall = cyg_time_wall();
    open_volatile(vici, uri);
    const uint32_t mask = CYG_EVENT_LOG | CYG_EVENT_ORDER_DONE | CYG_EVENT_IKE_UP
                          | CYG_EVENT_IKE_DOWN | CYG_EVENT_CHILD_UP | CYG_EVENT_CHILD_DOWN
                          | CYG_EVENT_MESSAGE;
    vici->subscription = host->subscribe(host->daemon, mask, 2, on_event, vici);
    if (vici->subscription == 0) {
        stop(vici); /* nobody calls it for what did not start */
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    return CYG_OK;
}

enum cyg_code vici_new(const struct cyg_host *host, struct vici **ret, struct cyg_error *err)
{
    struct vici *vici = calloc(1, sizeof *vici);
    struct loaded *loaded = loaded_new();
    if (vici == NULL || loaded == NULL) {
        free(vici);
        loaded_free(loaded);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    vici->host = host;
    vici->loaded = loaded;
    pthread_mutex_init(&vici->mutex, NULL);
    pthread_cond_init(&vici->ended, NULL);
    *ret = vici;
    return CYG_OK;
}

void vici_free(struct vici *vici)
{
    if (vici == NULL) {
        return;
    }
    pthread_mutex_lock(&vici->mutex);
    while (vici->jobs > 0) {
        pthread_cond_wait(&vici->ended, &vici->mutex);
    }
    pthread_mutex_unlock(&vici->mutex);
    pthread_cond_destroy(&vici->ended);
    pthread_mutex_destroy(&vici->mutex);
    loaded_free(vici->loaded);
    free(vici);
}

const struct cyg_service_ops vici_service = { .size = sizeof vici_service,
                                              .start = start,
                                              .stop = stop };

const struct cyg_setting vici_settings[] = {
    { .type = CYG_SETTING_STRING,
      .key = "socket",
      .fallback = "unix://" CYG_RUN_DIR "/vici",
      .help = "where clients connect" },
    { .type = CYG_SETTING_STRING,
      .key = "group",
      .help = "a group whose members may connect, besides root" },
    { .type = CYG_SETTING_END },
};
