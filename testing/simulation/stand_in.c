/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stand-in for the engine, to test the test bed itself: it knows one question and one answer.
 * An order to initiate to "ADDRESS" asks that host, repeating as an engine would; whoever is asked
 * does a job and answers. Linked instead of libengine.la, by world_test only. */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#define DATAGRAM_LEN 64u

struct engine_job {
    struct cyg_path path;
    uint8_t answer[DATAGRAM_LEN];
    bool ran;
};

struct engine {
    struct engine_world world;
    struct engine_settings settings;
    struct cyg_path path; /* of the question that is open */
    uint8_t question[DATAGRAM_LEN];
    uint64_t order;
    unsigned tries;
    cyg_usec again, wait;
    struct engine_counts counts;
};

void engine_settings_default(struct engine_settings *ret)
{
    *ret = (struct engine_settings){
        .port = 500, .nat_t_port = 4500, .retransmit_first = 4 * CYG_SEC, .retransmit_tries = 5
    };
}

enum cyg_code engine_new(cyg_usec now, const struct engine_settings *settings,
                         const struct engine_providers *providers, const struct engine_world *world,
                         struct engine **ret)
{
    (void)now;
    (void)providers;
    struct engine *e = calloc(1, sizeof(*e));
    if (e == NULL) {
        return CYG_NOMEM;
    }
    e->world = *world;
    e->settings = *settings;
    e->again = CYG_NEVER;
    *ret = e;
    return CYG_OK;
}

void engine_free(struct engine *e)
{
    free(e);
}

static void done(struct engine *e, cyg_usec now, uint16_t reason)
{
    struct cyg_event event = { .type = CYG_EVENT_ORDER_DONE,
                               .when = now,
                               .order_id = e->order,
                               .error = { .reason = reason } };
    e->again = CYG_NEVER;
    e->counts.exchanges = 0;
    e->world.event(e->world.context, &event);
}

static void ask(struct engine *e, cyg_usec now)
{
    e->world.send(e->world.context, &e->path, cyg_span_of_array(e->question));
    e->tries++;
    e->again = now + e->wait;
    e->wait = e->wait * 18 / 10;
}

void engine_order(struct engine *e, cyg_usec now, const struct cyg_order *order)
{
    if (order->type != CYG_ORDER_INITIATE
        || cyg_address_parse(cyg_span_str(order->ike), true, &e->path.remote, NULL) != CYG_OK) {
        return;
    }
    e->path.remote.port = e->path.remote.port == 0 ? 500 : e->path.remote.port;
    e->path.local.port = e->path.remote.port == 4500 ? 4500 : 0;
    memset(e->question, 0, sizeof(e->question));
    if (e->world.random(e->world.context, e->question, 16) != CYG_OK) {
        e->order = order->id;
        done(e, now, CYG_R_INTERNAL);
        return;
    }
    e->question[0] |= 1;
    e->question[27] = DATAGRAM_LEN;
    e->order = order->id;
    e->tries = 0;
    e->wait = e->settings.retransmit_first;
    e->counts.exchanges = 1;
    ask(e, now);
}

void engine_packet(struct engine *e, cyg_usec now, const struct cyg_path *path,
                   struct cyg_span datagram)
{
    if (datagram.len != DATAGRAM_LEN) {
        return;
    }
    if (datagram.data[18] != 0) { /* an answer */
        if (e->counts.exchanges > 0 && memcmp(datagram.data, e->question, 16) == 0) {
            done(e, now, 0);
        }
        return;
    }
    struct engine_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return;
    }
    job->path = *path;
    memcpy(job->answer, datagram.data, DATAGRAM_LEN);
    if (e->world.job(e->world.context, CYG_LANE_CRYPTO, true, job) != CYG_OK) {
        free(job);
        return;
    }
    e->counts.jobs++;
}

void engine_job_run(struct engine_job *job)
{
    job->answer[18] = 1;
    job->ran = true;
}

void engine_job_done(struct engine *e, cyg_usec now, struct engine_job *job)
{
    (void)now;
    e->counts.jobs--;
    if (job->ran) {
        e->world.send(e->world.context, &job->path, cyg_span_of_array(job->answer));
    }
    free(job);
}

void engine_job_free(struct engine_job *job)
{
    free(job);
}

cyg_usec engine_job_deadline(const struct engine_job *job)
{
    (void)job;
    return 0;
}

cyg_usec engine_timer(struct engine *e, cyg_usec now)
{
    if (e->again <= now) {
        if (e->tries == e->settings.retransmit_tries) {
            done(e, now, CYG_R_BUSY);
        } else {
            ask(e, now);
        }
    }
    return e->again;
}

void engine_kernel_done(struct engine *e, cyg_usec now, uint64_t tag,
                        const struct cyg_kernel_result *result)
{
    (void)e;
    (void)now;
    (void)tag;
    (void)result;
}

void engine_kernel_event(struct engine *e, cyg_usec now, const struct cyg_kernel_event *event)
{
    (void)e;
    (void)now;
    (void)event;
}

void engine_list(struct engine *e, cyg_usec now, uint32_t after, struct cyg_ike_record *ret_ike,
                 size_t max_ike, size_t *ret_n_ike, struct cyg_child_record *ret_children,
                 size_t max_children, size_t *ret_n_children)
{
    (void)e;
    (void)now;
    (void)after;
    (void)ret_ike;
    (void)max_ike;
    (void)ret_children;
    (void)max_children;
    *ret_n_ike = *ret_n_children = 0;
}

void engine_counts(const struct engine *e, struct engine_counts *ret)
{
    *ret = e->counts;
}
