/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include "unit/test.h"

#include <string.h>

static void note_send(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    (void)path;
    (void)datagram;
    ((struct fixture *)context)->sent++;
}

static enum cyg_code refuse_job(void *context, enum cyg_lane lane, bool stranger,
                                struct engine_job *job)
{
    (void)lane;
    (void)stranger;
    (void)job;
    ((struct fixture *)context)->jobs++;
    return CYG_LIMIT;
}

static enum cyg_code refuse_kernel(void *context, const struct cyg_kernel_op *op)
{
    (void)context;
    (void)op;
    return CYG_LIMIT;
}

static void note_event(void *context, const struct cyg_event *event)
{
    struct fixture *f = context;
    if (event->type == CYG_EVENT_LOG && f->n_records < FIXTURE_KEEP) {
        f->records[f->n_records++] = event->error;
    }
}

static enum cyg_code make_random(void *context, uint8_t *out, size_t len)
{
    struct fixture *f = context;
    for (size_t i = 0; i < len; i++) {
        f->chance = f->chance * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(f->chance >> 56);
    }
    return CYG_OK;
}

void fixture_init(struct fixture *f, const struct engine_settings *settings)
{
    struct engine_settings defaults;
    *f = (struct fixture){ .now = 1000 * CYG_SEC, .chance = 1 };
    engine_settings_default(&defaults);
    const struct engine_providers providers = { .crypto = &f->crypto };
    const struct engine_world world = {
        .context = f,
        .send = note_send,
        .job = refuse_job,
        .kernel = refuse_kernel,
        .event = note_event,
        .random = make_random,
    };
    assert_int_equal(
        engine_new(f->now, settings != NULL ? settings : &defaults, &providers, &world, &f->engine),
        CYG_OK);
}

void fixture_clear(struct fixture *f)
{
    engine_free(f->engine);
}

int fixture_setup(void **state)
{
    fixture_init(*state, NULL);
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_clear(*state);
    return 0;
}

struct cyg_path fixture_path(uint8_t host, uint16_t port)
{
    return (struct cyg_path){
        .local = { .family = 4, .port = 500, .bytes = { 192, 0, 2, 1 } },
        .remote = { .family = 4, .port = port, .bytes = { 203, 0, 113, host } },
    };
}

struct exchange *fixture_exchange(struct fixture *f, const struct exchange_kind *kind)
{
    struct ike_sa *sa = NULL;
    struct exchange *x = NULL;
    struct cyg_path path = fixture_path(1, 500);
    assert_int_equal(ike_sa_new(f->engine, &path, kind->initiator, NULL, &sa, NULL), CYG_OK);
    assert_int_equal(exchange_new(sa, kind, 0, &x, NULL), CYG_OK);
    return x;
}

size_t fixture_said(const struct fixture *f, enum cyg_reason reason)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_records; i++) {
        n += f->records[i].reason == reason;
    }
    return n;
}
