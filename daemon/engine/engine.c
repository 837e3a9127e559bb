/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's surface: making, freeing, time, counts. */
#include "engine.h"

#include <stdlib.h>

void engine_settings_default(struct engine_settings *ret)
{
    *ret = (struct engine_settings){
        .port = 500,
        .nat_t_port = 4500,
        .retransmit_first = 4 * CYG_SEC,
        .retransmit_base = 1.8,
        .retransmit_tries = 5,
        .half_open_timeout = 30 * CYG_SEC,
        .half_open_max = 4096,
        .half_open_per_address = 5,
        .min_lifetime_s = 60,
        .max_children = 100,
        .trust_clear_errors = true,
    };
}

struct engine {
    struct engine_settings settings;
    struct engine_providers providers;
    struct engine_world world;
    struct engine_counts counts;
};

enum cyg_code engine_new(cyg_usec now, const struct engine_settings *settings,
                         const struct engine_providers *providers, const struct engine_world *world,
                         struct engine **ret)
{
    (void)now;
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return CYG_NOMEM;
    }
    engine->settings = *settings;
    engine->providers = *providers;
    engine->world = *world;
    *ret = engine;
    return CYG_OK;
}

void engine_free(struct engine *engine)
{
    free(engine);
}

void engine_packet(struct engine *engine, cyg_usec now, const struct cyg_path *path,
                   struct cyg_span datagram)
{
    (void)now;
    (void)path;
    (void)datagram;
    engine->counts.packets++;
    engine->counts.dropped++;
}

cyg_usec engine_timer(struct engine *engine, cyg_usec now)
{
    (void)engine;
    (void)now;
    return CYG_NEVER;
}

void engine_job_run(struct engine_job *job)
{
    (void)job;
}

void engine_job_done(struct engine *engine, cyg_usec now, struct engine_job *job)
{
    (void)engine;
    (void)now;
    engine_job_free(job);
}

void engine_job_free(struct engine_job *job)
{
    (void)job;
}

cyg_usec engine_job_deadline(const struct engine_job *job)
{
    (void)job;
    return CYG_NEVER;
}

void engine_kernel_done(struct engine *engine, cyg_usec now, uint64_t tag,
                        const struct cyg_kernel_result *result)
{
    (void)engine;
    (void)now;
    (void)tag;
    (void)result;
}

void engine_kernel_event(struct engine *engine, cyg_usec now, const struct cyg_kernel_event *event)
{
    (void)engine;
    (void)now;
    (void)event;
}

void engine_order(struct engine *engine, cyg_usec now, const struct cyg_order *order)
{
    (void)engine;
    (void)now;
    (void)order;
}

void engine_list(struct engine *engine, cyg_usec now, uint32_t after,
                 struct cyg_ike_record *ret_ike, size_t max_ike, size_t *ret_n_ike,
                 struct cyg_child_record *ret_children, size_t max_children, size_t *ret_n_children)
{
    (void)engine;
    (void)now;
    (void)after;
    (void)ret_ike;
    (void)max_ike;
    (void)ret_children;
    (void)max_children;
    *ret_n_ike = 0;
    *ret_n_children = 0;
}

void engine_counts(const struct engine *engine, struct engine_counts *ret)
{
    *ret = engine->counts;
}
