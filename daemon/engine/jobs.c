/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See jobs.h. */
#include "jobs.h"

#include "live.h"
#include "orders.h"
#include "start.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>

#define QUERY_DEADLINE (3 * CYG_SEC)

/* ---- the work, on a worker's thread ---- */

static void run_dh(struct engine_job *job)
{
    struct job_dh *dh = job->dh;
    job->code = CYG_OK;
    if (dh->generate) {
        job->code = dh->ops->generate(dh->ops_self, dh->group,
                                      (struct cyg_span){ dh->random, dh->random_len },
                                      &dh->private_value, dh->public_value);
        if (job->code != CYG_OK) {
            (void)CYG_FAIL(&job->err, CYG_R_CRYPTO_FAILED,
                           .got_quote = cyg_quote_text(cyg_alg_info(dh->group)->keyword));
        }
    }
    if (job->code == CYG_OK && dh->peer_public.len > 0) {
        job->code = dh->ops->shared(dh->ops_self, dh->group, &dh->private_value,
                                    cyg_secret_span(&dh->peer_public), &dh->shared, &job->err);
        if (job->code != CYG_OK && job->err.reason == 0) {
            (void)CYG_FAIL(&job->err, CYG_R_CRYPTO_FAILED,
                           .got_quote = cyg_quote_text(cyg_alg_info(dh->group)->keyword));
        }
    }
}

static void run_candidates(struct engine_job *job)
{
    struct job_query *q = job->query;
    job->code =
        job->store->candidates(job->store_self, &q->path, job->deadline, &q->candidates, &job->err);
}

static void run_peer_by_identity(struct engine_job *job)
{
    struct job_query *q = job->query;
    job->code = job->store->peer_by_identity(job->store_self, &q->query, job->deadline, &q->peer,
                                             &job->err);
}

static void run_peer_by_name(struct engine_job *job)
{
    struct job_query *q = job->query;
    job->code = job->store->peer_by_name(job->store_self, q->name[0] == '\0' ? NULL : q->name,
                                         q->child[0] == '\0' ? NULL : q->child, job->deadline,
                                         &q->peer, &job->err);
}

static void run_peer_by_id(struct engine_job *job)
{
    struct job_query *q = job->query;
    job->code = job->store->peer_by_id(job->store_self, q->source, q->peer_id, job->deadline,
                                       &q->peer, &job->err);
}

static void run_secret(struct engine_job *job)
{
    struct job_query *q = job->query;
    job->code = job->store->secret(job->store_self, q->peer, &q->path, job->deadline, &q->secret,
                                   &job->err);
}

static void run_poll(struct engine_job *job)
{
    job->code = job->store->poll(job->store_self, job->deadline, &job->query->changes, &job->err);
}

static void run_list(struct engine_job *job)
{
    struct job_query *q = job->query;
    job->code = job->store->list(job->store_self, q->name[0] == '\0' ? NULL : q->name, JOB_ROWS,
                                 job->deadline, q->rows, &q->n_rows, &job->err);
}

void engine_job_run(struct engine_job *job)
{
    job->run(job);
}

/* ---- making and submitting ---- */

void engine_job_free(struct engine_job *job)
{
    if (job == NULL) {
        return;
    }
    if (job->dh != NULL) {
        cyg_wipe(job->dh, sizeof *job->dh);
        free(job->dh);
    }
    if (job->query != NULL) {
        cyg_peer_release(job->query->peer);
        cyg_candidates_free(job->query->candidates);
        cyg_peer_changes_free(job->query->changes);
        for (size_t i = 0; i < job->query->n_rows; i++) {
            cyg_peer_release(job->query->rows[i].peer);
        }
        free(job->query->rows);
        cyg_wipe(job->query, sizeof *job->query);
        free(job->query);
    }
    free(job);
}
CYG_DEFINE_CLEANUP(struct engine_job *, engine_job_free);

cyg_usec engine_job_deadline(const struct engine_job *job)
{
    return job->deadline;
}

static struct engine_job *job_new(struct engine *engine, enum job_owner owner_kind, uint64_t owner,
                                  enum cyg_lane lane, void (*run)(struct engine_job *job))
{
    CYG_CLEANUP(engine_job_freep) struct engine_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return NULL;
    }
    job->run = run;
    job->id = engine_id(engine);
    job->owner = owner;
    job->owner_kind = owner_kind;
    job->lane = lane;
    job->store = engine->providers.store;
    job->store_self = engine->providers.store_self;
    job->deadline = CYG_NEVER;
    if (lane == CYG_LANE_CRYPTO) {
        job->dh = calloc(1, sizeof *job->dh);
    } else {
        job->deadline = cyg_usec_add(engine->now, QUERY_DEADLINE);
        job->query = calloc(1, sizeof *job->query);
    }
    return job->dh == NULL && job->query == NULL ? NULL : CYG_TAKE(job);
}

/* Give it to the world, or free it. */
static enum cyg_code submit(struct engine *engine, struct engine_job *job, bool stranger,
                            struct cyg_error *err)
{
    if (engine->world.job(engine->world.context, job->lane, stranger, job) != CYG_OK) {
        engine_job_free(job);
        return CYG_FAIL(err, CYG_R_BUSY);
    }
    engine->counts.jobs++;
    return CYG_OK;
}

static enum step_result submit_for(struct exchange *x, struct engine_job *job, job_handler *then,
                                   struct cyg_error *err)
{
    uint64_t id = job->id;
    if (submit(x->engine, job, x->half_open != NULL, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return exchange_await_job(x, id, then);
}

enum step_result job_dh(struct exchange *x, enum cyg_alg group,
                        const struct cyg_secret *private_value, struct cyg_span peer_public,
                        job_handler *then, struct cyg_error *err)
{
    struct engine *engine = x->engine;
    const struct cyg_provider *provider = &engine->providers.crypto->group[group];
    const struct cyg_alg_info *info = cyg_alg_info(group);
    if (provider->ops == NULL) {
        (void)CYG_FAIL(err, CYG_R_ALG_NOT_PROVIDED, .got_quote = cyg_quote_text(info->keyword));
        return STEP_REFUSED;
    }
    CYG_CLEANUP(engine_job_freep)
    struct engine_job *job = job_new(engine, JOB_OF_EXCHANGE, x->id, CYG_LANE_CRYPTO, run_dh);
    if (job == NULL) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    struct job_dh *dh = job->dh;
    dh->group = group;
    dh->ops = provider->ops;
    dh->ops_self = provider->self;
    dh->public_len = info->public_bytes;
    dh->generate = private_value == NULL;
    if (dh->generate) {
        dh->random_len = dh->ops->random_bytes(dh->ops_self, group);
        if (dh->random_len > sizeof dh->random
            || engine_random(engine, dh->random, dh->random_len, err) != CYG_OK) {
            return STEP_REFUSED;
        }
    } else {
        dh->private_value = *private_value;
    }
    if (cyg_secret_set(&dh->peer_public, peer_public) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .got = peer_public.len,
                       .want = info->public_bytes);
        return STEP_REFUSED;
    }
    return submit_for(x, CYG_TAKE(job), then, err);
}

static enum step_result no_memory(struct cyg_error *err)
{
    (void)CYG_FAIL(err, CYG_R_NOMEM);
    return STEP_REFUSED;
}

enum step_result job_candidates(struct exchange *x, const struct cyg_path *path, job_handler *then,
                                struct cyg_error *err)
{
    struct engine_job *job =
        job_new(x->engine, JOB_OF_EXCHANGE, x->id, CYG_LANE_STORAGE, run_candidates);
    if (job == NULL) {
        return no_memory(err);
    }
    job->query->path = *path;
    return submit_for(x, job, then, err);
}

enum step_result job_peer_by_identity(struct exchange *x, const struct cyg_peer_query *query,
                                      job_handler *then, struct cyg_error *err)
{
    struct engine_job *job =
        job_new(x->engine, JOB_OF_EXCHANGE, x->id, CYG_LANE_STORAGE, run_peer_by_identity);
    if (job == NULL) {
        return no_memory(err);
    }
    struct job_query *q = job->query;
    q->query = *query;
    q->identity = *query->remote_id;
    q->query.remote_id = &q->identity;
    q->query.psk = cyg_span_first(query->psk, sizeof q->psk);
    if (query->psk.len > 0) {
        memcpy(q->psk, query->psk.data, q->query.psk.len);
    }
    q->query.psk.data = q->psk;
    return submit_for(x, job, then, err);
}

enum step_result job_peer_newest(struct exchange *x, job_handler *then, struct cyg_error *err)
{
    struct engine_job *job =
        job_new(x->engine, JOB_OF_EXCHANGE, x->id, CYG_LANE_STORAGE, run_peer_by_id);
    if (job == NULL) {
        return no_memory(err);
    }
    job->query->source = x->sa->peer->source;
    job->query->peer_id = x->sa->peer->id;
    return submit_for(x, job, then, err);
}

enum cyg_code job_peer_by_name(struct engine *engine, uint64_t order, const char *peer,
                               const char *child, struct cyg_error *err)
{
    struct engine_job *job =
        job_new(engine, JOB_OF_ORDER, order, CYG_LANE_STORAGE, run_peer_by_name);
    if (job == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    memcpy(job->query->name, peer, strnlen(peer, CYG_NAME_MAX - 1));
    memcpy(job->query->child, child, strnlen(child, CYG_NAME_MAX - 1));
    return submit(engine, job, false, err);
}

enum cyg_code job_secret(struct engine *engine, uint64_t order, struct cyg_peer *peer,
                         const struct cyg_path *path, struct cyg_error *err)
{
    struct engine_job *job = job_new(engine, JOB_OF_ORDER, order, CYG_LANE_STORAGE, run_secret);
    if (job == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    job->query->peer = cyg_peer_hold(peer);
    job->query->path = *path;
    return submit(engine, job, false, err);
}

enum cyg_code job_peer_refresh(struct ike_sa *sa, struct cyg_error *err)
{
    struct engine_job *job =
        job_new(sa->engine, JOB_OF_IKE_SA, sa->uniqueid, CYG_LANE_STORAGE, run_peer_by_id);
    if (job == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    job->query->source = sa->peer->source;
    job->query->peer_id = sa->peer->id;
    return submit(sa->engine, job, false, err);
}

enum cyg_code job_list(struct engine *engine, const char *after, struct cyg_error *err)
{
    struct engine_job *job = job_new(engine, JOB_OF_START, 0, CYG_LANE_STORAGE, run_list);
    if (job != NULL) {
        job->query->rows = calloc(JOB_ROWS, sizeof *job->query->rows);
    }
    if (job == NULL || job->query->rows == NULL) {
        engine_job_free(job);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    memcpy(job->query->name, after, strnlen(after, CYG_NAME_MAX - 1));
    return submit(engine, job, false, err);
}

enum cyg_code job_peer_start(struct engine *engine, uint8_t source, int64_t id,
                             struct cyg_error *err)
{
    struct engine_job *job = job_new(engine, JOB_OF_START, 0, CYG_LANE_STORAGE, run_peer_by_id);
    if (job == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    job->query->source = source;
    job->query->peer_id = id;
    return submit(engine, job, false, err);
}

enum cyg_code job_poll(struct engine *engine, struct cyg_error *err)
{
    /* Deriving the look-up tables writes. */
    struct engine_job *job = job_new(engine, JOB_OF_ENGINE, 0, CYG_LANE_STORAGE_WRITE, run_poll);
    if (job == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    return submit(engine, job, false, err);
}

/* ---- the way back ---- */

void jobs_done(struct engine *engine, struct engine_job *job)
{
    engine->counts.jobs--;
    switch (job->owner_kind) {
    case JOB_OF_EXCHANGE: {
        struct exchange *x = exchange_by_id(engine, job->owner);
        if (x != NULL && x->awaited == job->id) {
            exchange_job_done(x, job);
        }
        break;
    }
    case JOB_OF_ORDER:
        orders_job_done(engine, job);
        break;
    case JOB_OF_ENGINE:
        live_polled(engine, job);
        break;
    case JOB_OF_IKE_SA:
        live_refreshed(engine, job);
        break;
    case JOB_OF_START:
        start_job_done(engine, job);
        break;
    }
    engine_job_free(job);
}
