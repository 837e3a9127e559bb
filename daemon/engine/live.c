/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See live.h. */
#include "live.h"

#include "child_sa.h"
#include "events.h"
#include "groups.h"
#include "informational.h"
#include "jobs.h"
#include "orders.h"
#include "start.h"

#include <string.h>

static bool can_poll(const struct engine *engine)
{
    const struct cyg_store_ops *store = engine->providers.store;
    return store != NULL && store->poll != NULL;
}

void live_timer(struct engine *engine)
{
    cyg_usec every = engine->settings.poll_interval;
    if (can_poll(engine) && every != CYG_NEVER) {
        timer_set(&engine->timers, &engine->poll_timer, cyg_usec_add(engine->now, every));
        live_poll(engine);
    }
}

void live_poll(struct engine *engine)
{
    struct cyg_error err = { 0 };
    if (!can_poll(engine) || engine->shutting_down) {
        return;
    }
    if (engine->poll_running) {
        engine->poll_again = true;
        return;
    }
    engine->poll_running = job_poll(engine, &err) == CYG_OK; /* full: the next second asks again */
}

static const struct cyg_peer_change *change_of(const struct cyg_peer_changes *changes,
                                               const struct cyg_peer *peer)
{
    for (size_t i = 0; i < changes->n; i++) {
        if (changes->items[i].id == peer->id && changes->items[i].source == peer->source) {
            return &changes->items[i];
        }
    }
    return NULL;
}

static void end_gone(struct ike_sa *sa)
{
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_PEER_ROW_GONE, .got_quote = cyg_quote_text(sa->peer->name));
    events_log(sa->engine, sa, &sa->path, 0, &err);
    ike_sa_end(sa, true, &err);
}

/* Every SA whose peer's row changed. An SA that ends makes others end at most, so the walk goes on
 * by uniqueid. */
static void apply(struct engine *engine, const struct cyg_peer_changes *changes)
{
    uint32_t id = 0;
    for (uint32_t i; (i = ike_sa_index_after(engine, id)) < engine->index.n;) {
        while (i < engine->index.n && engine->index.items[i] == NULL) {
            i++;
        }
        if (i == engine->index.n) {
            return;
        }
        struct ike_sa *sa = engine->index.items[i];
        struct cyg_error err = { 0 };
        id = sa->uniqueid;
        const struct cyg_peer_change *change =
            sa->peer == NULL ? NULL : change_of(changes, sa->peer);
        if (change != NULL && change->gone) {
            end_gone(sa);
        } else if (change != NULL || (changes->all && sa->peer != NULL)) {
            if (job_peer_refresh(sa, &err) != CYG_OK) {
                engine->poll_again = true; /* asked again for all, a second later */
            }
        }
    }
}

static void start_changed(struct engine *engine, const struct cyg_peer_changes *changes)
{
    if (changes->all) {
        engine->started = false;
    }
    for (size_t i = 0; i < changes->n && engine->started; i++) {
        if (!changes->items[i].gone) {
            start_peer(engine, changes->items[i].source, changes->items[i].id);
        }
    }
}

void live_polled(struct engine *engine, struct engine_job *job)
{
    engine->poll_running = false;
    if (job->code != CYG_OK) {
        if (job->code != CYG_LIMIT) {
            events_log(engine, NULL, NULL, 0, &job->err);
        }
        return;
    }
    const struct cyg_peer_changes *changes = job->query->changes;
    if (changes != NULL && (changes->n > 0 || changes->all)) {
        groups_flush(engine);
        apply(engine, changes);
        start_changed(engine, changes);
    }
    if (!engine->started) {
        start_all(engine);
    }
    if (engine->poll_again) {
        engine->poll_again = false;
        live_poll(engine);
    }
}

/* ---- a newer snapshot ---- */

static const struct cyg_peer_child *child_named(const struct cyg_peer *peer, const char *name)
{
    for (size_t i = 0; i < peer->n_children; i++) {
        if (strcmp(peer->children[i].name, name) == 0) {
            return &peer->children[i];
        }
    }
    return NULL;
}

/* Replace one child's SAs: the old go, and whoever brought them up does so again. */
static void apply_to_child(struct ike_sa *sa, struct child_sa *child, const struct cyg_peer *newer)
{
    struct cyg_error err;
    const struct cyg_peer_child *config = child_named(newer, child->config->name);
    if (config != NULL && config->hash == child->config->hash) {
        return;
    }
    bool again = config != NULL && child->initiator;
    (void)CYG_FAIL(&err, config == NULL ? CYG_R_CHILD_GONE : CYG_R_CHILD_CHANGED,
                   .got_quote = cyg_quote_text(child->config->name));
    informational_delete_child(sa, child);
    const char *name = config == NULL ? "" : config->name;
    child_sa_end(child, &err);
    bool last = true; /* its other flows have the same name: one order brings all up */
    for (const struct child_sa *c = sa->children; c != NULL && config != NULL; c = c->next) {
        last = last && strcmp(c->config->name, name) != 0;
    }
    if (again && last) {
        orders_initiate(sa->engine, newer->name, name);
    }
}

/* Phase 1 rests on what has changed: it ends, and who began it begins anew. */
static void apply_to_phase1(struct ike_sa *sa, const struct cyg_peer *newer)
{
    struct engine *engine = sa->engine;
    struct cyg_error err;
    char again[8][CYG_NAME_MAX];
    size_t n = 0;
    for (size_t i = 0; i < newer->n_children; i++) {
        for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
            if (c->initiator && strcmp(c->config->name, newer->children[i].name) == 0
                && n < CYG_LEN(again)) {
                memset(again[n], 0, CYG_NAME_MAX);
                memcpy(again[n], c->config->name, strnlen(c->config->name, CYG_NAME_MAX - 1));
                n++;
                break;
            }
        }
    }
    (void)CYG_FAIL(&err, CYG_R_PHASE1_CHANGED, .got_quote = cyg_quote_text(newer->name));
    events_log(engine, sa, &sa->path, 0, &err);
    ike_sa_end(sa, true, &err);
    for (size_t i = 0; i < n; i++) {
        orders_initiate(engine, newer->name, again[i]);
    }
}

void live_refreshed(struct engine *engine, struct engine_job *job)
{
    struct ike_sa *sa = ike_sa_by_uniqueid(engine, (uint32_t)job->owner);
    if (sa == NULL) {
        return;
    }
    if (job->code == CYG_NOT_FOUND) {
        end_gone(sa);
        return;
    }
    if (job->code != CYG_OK) {
        return; /* busy, or a row that does not parse: what runs goes on (H-176, H-177) */
    }
    const struct cyg_peer *newer = job->query->peer;
    if (newer->phase1_hash != sa->peer->phase1_hash) {
        apply_to_phase1(sa, newer);
        return;
    }
    struct child_sa *child = sa->children;
    while (child != NULL) {
        struct child_sa *next = child->next;
        if (child->state == CYG_CHILD_INSTALLED) {
            apply_to_child(sa, child, newer);
        }
        child = next;
    }
}
