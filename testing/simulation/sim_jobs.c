/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job lanes of a host: a job is run when a time of chance is over, so results come in any
 * order. A full lane refuses; a stranger's job is refused when it is half full (DESIGN.md
 * "Jobs"). */
#include "simulation/sim_internal.h"

struct errand {
    struct sim_host *host;
    uint64_t boot;
    enum cyg_lane lane;
    struct engine_job *job;
};

static void errand_free(void *what)
{
    struct errand *e = what;
    if (e->job != NULL) {
        engine_job_free(e->job); /* the host was switched off meanwhile, or the simulation ends */
    }
    sim_release(e);
}

static void errand_done(struct sim *s, void *what)
{
    struct errand *e = what;
    struct sim_host *h = e->host;
    if (h->boot != e->boot || h->engine == NULL) {
        return;
    }
    h->lanes[e->lane].queued--;
    sim_memory_enter(h->fail_memory);
    engine_job_run(e->job);
    h->fail_memory = sim_memory_leave();
    if (sim_enter(h)) {
        engine_job_done(h->engine, s->now, CYG_TAKE(e->job));
        sim_leave(h);
    }
}

enum cyg_code sim_job_start(void *context, enum cyg_lane lane, bool stranger,
                            struct engine_job *job)
{
    struct sim_host *h = context;
    struct sim_lane *l = &h->lanes[lane];
    if (l->queued >= (stranger ? l->jobs.limit / 2 : l->jobs.limit)) {
        sim_tell(h->sim, "%s is busy: its lane %d is full", h->name, (int)lane);
        return CYG_LIMIT;
    }
    struct errand *e = sim_alloc(sizeof(*e));
    *e = (struct errand){ .host = h, .boot = h->boot, .lane = lane, .job = job };
    l->queued++;
    l->begun++;
    sim_event(h->sim, h->sim->now + pcg_between(&h->job_random, l->jobs.min_us, l->jobs.max_us),
              true, errand_done, errand_free, e);
    return CYG_OK;
}

void sim_jobs_set(struct sim_host *h, enum cyg_lane lane, const struct sim_jobs *jobs)
{
    h->lanes[lane].jobs = *jobs;
}

unsigned sim_jobs_begun(const struct sim_host *h, enum cyg_lane lane)
{
    return h->lanes[lane].begun;
}
