/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See live.h. */
#include "live.h"

#include "by_peer.h"
#include "child_sa.h"
#include "events.h"
#include "groups.h"
#include "informational.h"
#include "jobs.h"
#include "orders.h"
#include "start.h"

#include <string.h>

#define REFRESH_MAX 32u /* look-ups at once: handshakes need the lane too */

static bool can_poll(const struct engine *engine)
{
    const struct cyg_store_ops *store = engine->providers.store;
    return store != NULL && store->poll != NULL;
}

static void refresh_more(struct engine *engine);

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
    refresh_more(engine);
    if (engine->poll_running) {
        engine->poll_again = true;
        return;
    }
    engine->poll_running = job_poll(engine, &err) == CYG_OK; /* full: the next second asks again */
}

static void end_gone(struct ike_sa *sa)
{
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_PEER_ROW_GONE, .got_quote = cyg_quote_text(sa->peer->name));
    events_log(sa->engine, sa, &sa->path, 0, &err);
    ike_sa_end(sa, true, &err);
}

/* The first SA of a configured peer with a uniqueid above this one; NULL. What came over VICI is
 * live in another way: as with charon its SAs stay when it is changed or unloaded, but for those
 * that start_action has brought up, and control-vici orders what is to happen to them. */
static struct ike_sa *next_sa(const struct engine *engine, uint32_t uniqueid)
{
    for (uint32_t i = ike_sa_index_after(engine, uniqueid); i < engine->index.n; i++) {
        struct ike_sa *sa = engine->index.items[i].sa;
        if (sa != NULL && sa->peer != NULL && sa->peer->source == 0) {
            return sa;
        }
    }
    return NULL;
}

/* The store tells a change once, so what finds no room now is done when a look-up has come back, or
 * with the next poll. */
static void refresh_more(struct engine *engine)
{
    while (engine->refreshing && engine->refresh_out < REFRESH_MAX) {
        struct cyg_error err = { 0 };
        struct ike_sa *sa = next_sa(engine, engine->refresh_after);
        if (sa == NULL) {
            engine->refreshing = false;
        } else if (job_peer_refresh(sa, &err) == CYG_OK) {
            engine->refresh_after = sa->uniqueid;
            engine->refresh_out++;
        } else {
            return;
        }
    }
}

/* Read the peers of this SA and of all behind it anew: more than has changed, but never less. */
static void refresh_from(struct engine *engine, const struct ike_sa *sa)
{
    uint32_t after = sa == NULL ? 0 : sa->uniqueid - 1;
    if (!engine->refreshing || after < engine->refresh_after) {
        engine->refresh_after = after;
    }
    engine->refreshing = true;
}

static void apply_one(struct engine *engine, const struct cyg_peer_change *change, bool all)
{
    struct cyg_error err = { 0 };
    struct ike_sa *sa;
    if (change->source != 0) {
        return; /* what came over VICI: see next_sa */
    }
    while (change->gone && (sa = by_peer_first(engine, change->source, change->id)) != NULL) {
        end_gone(sa);
    }
    for (sa = by_peer_first(engine, change->source, change->id); sa != NULL && !all;
         sa = sa->row_next) {
        if (engine->refresh_out < REFRESH_MAX && job_peer_refresh(sa, &err) == CYG_OK) {
            engine->refresh_out++;
        } else {
            refresh_from(engine, sa);
        }
    }
}

/* Every SA whose peer's row changed. */
static void apply(struct engine *engine, const struct cyg_peer_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        apply_one(engine, &changes->items[i], changes->all);
    }
    if (changes->all) {
        refresh_from(engine, NULL);
    }
    refresh_more(engine);
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

static bool has_begun(const struct ike_sa *sa, const char *name)
{
    const struct child_sa *child = sa->children;
    while (child != NULL && !(child->initiator && strcmp(child->config->name, name) == 0)) {
        child = child->next;
    }
    return child != NULL;
}

/* Phase 1 rests on what has changed: it ends, and who began it begins anew. An order looks its peer
 * up first, so it does not find this SA any more. */
static void apply_to_phase1(struct ike_sa *sa, const struct cyg_peer *newer)
{
    struct cyg_error err;
    for (size_t i = 0; i < newer->n_children; i++) {
        if (has_begun(sa, newer->children[i].name)) {
            orders_initiate(sa->engine, newer->name, newer->children[i].name);
        }
    }
    (void)CYG_FAIL(&err, CYG_R_PHASE1_CHANGED, .got_quote = cyg_quote_text(newer->name));
    events_log(sa->engine, sa, &sa->path, 0, &err);
    ike_sa_end(sa, true, &err);
}

static void take_newer(struct engine *engine, struct engine_job *job)
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

void live_refreshed(struct engine *engine, struct engine_job *job)
{
    engine->refresh_out--;
    take_newer(engine, job);
    if (!engine->shutting_down) {
        refresh_more(engine);
    }
}
