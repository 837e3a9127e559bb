/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See start.h. */
#include "start.h"

#include "by_peer.h"
#include "child_sa.h"
#include "jobs.h"
#include "orders.h"

#include <string.h>

static bool is_up(const struct engine *engine, const struct cyg_peer *peer, const char *child)
{
    const struct ike_sa *sa = by_peer_first(engine, peer->source, peer->id);
    for (; sa != NULL; sa = sa->row_next) {
        for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
            if (strcmp(c->config->name, child) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void start_children(struct engine *engine, const struct cyg_peer *peer)
{
    for (size_t i = 0; i < peer->n_children; i++) {
        const struct cyg_peer_child *config = &peer->children[i];
        if (config->start_action == CYG_START_START && !is_up(engine, peer, config->name)
            && !orders_has(engine, peer->name, config->name)) {
            orders_initiate(engine, peer->name, config->name);
        }
    }
}

static void read_page(struct engine *engine, const char *after)
{
    struct cyg_error err = { 0 };
    engine->start_running = job_list(engine, after, &err) == CYG_OK;
    engine->started = engine->start_running; /* full: the next poll begins anew */
}

void start_all(struct engine *engine)
{
    const struct cyg_store_ops *store = engine->providers.store;
    if (store == NULL || store->list == NULL || engine->start_running) {
        return;
    }
    read_page(engine, "");
}

void start_peer(struct engine *engine, uint8_t source, int64_t id)
{
    struct cyg_error err = { 0 };
    if (job_peer_start(engine, source, id, &err) != CYG_OK) {
        engine->started = false; /* the next poll looks through all */
    }
}

void start_job_done(struct engine *engine, struct engine_job *job)
{
    struct job_query *q = job->query;
    if (engine->shutting_down) {
        return;
    }
    if (q->rows == NULL) {
        if (job->code == CYG_OK) {
            start_children(engine, q->peer);
        }
        return;
    }
    engine->start_running = false;
    if (job->code != CYG_OK) {
        engine->started = false;
        return;
    }
    for (size_t i = 0; i < q->n_rows; i++) {
        if (q->rows[i].peer != NULL) {
            start_children(engine, q->rows[i].peer);
        }
    }
    if (q->n_rows == JOB_ROWS) {
        read_page(engine, q->rows[q->n_rows - 1].name);
    }
}
