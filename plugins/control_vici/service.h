/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service: what lives from load to unload of the plugin. Its server is there between start and
 * stop; jobs may end after that. Thread: the control thread, but for vici_new and vici_free. */
#pragma once

#include "server.h"

#include <cygnet/store.h>

#include <pthread.h>

struct loaded;
struct store_job;

struct vici {
    const struct cyg_host *host;
    struct server *server;            /* NULL: stopped */
    uint32_t subscription, followers; /* followers: of explain-live, 0: nobody listens */
    struct loaded *loaded;            /* what came over VICI */
    const struct cyg_store_ops *ops;  /* of the store; NULL: there is none */
    void *store;
    bool has_volatile; /* the store has opened its volatile source */
    cyg_usec started;
    cyg_wall started_wall;
    struct cyg_counts counted; /* when counters were reset */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    unsigned jobs; /* that have not ended; guarded by the mutex */
};

CYG_MUST_USE enum cyg_code vici_new(const struct cyg_host *host, struct vici **ret,
                                    struct cyg_error *err);
/* Waits for jobs that are out: the control thread must still run, and not be the caller. */
void vici_free(struct vici *vici);

/* struct cyg_service_ops: self is the vici. */
extern const struct cyg_service_ops vici_service;
extern const struct cyg_setting vici_settings[];

struct vici *client_vici(struct client *client);

/* A client has registered an event, or does not want it any more. */
void vici_registrations_changed(struct vici *vici);

/* --- Work on the lanes --- */

struct store_job {
    struct vici *vici;
    uint64_t ticket;
    enum cyg_code code;
    struct cyg_error error;
    /* On the lane. */
    void (*run)(struct store_job *job);
    /* On the control thread; client: NULL when he has gone. Frees the job. */
    void (*done)(struct store_job *job, struct client *client);
    void (*release)(struct store_job *job);
};

/* Start it for this client's command, or without one (NULL). When it can't be: the client has got
 * the failure and the job is released. */
void store_job_start(struct vici *vici, struct client *client, enum cyg_lane lane,
                     struct store_job *job);

/* How long a job of a client may take. */
#define STORE_DEADLINE (5 * CYG_SEC)
