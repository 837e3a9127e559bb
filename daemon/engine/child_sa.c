/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See child_sa.h. */
#include "child_sa.h"

#include "events.h"
#include "informational.h"
#include "kernel_ops.h"
#include "listing.h"
#include "principal.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ---- flows and their reqids ---- */

static void put_selector(struct cyg_writer *w, const struct cyg_selector *s)
{
    cyg_writer_u8(w, s->from.family);
    cyg_writer_u8(w, s->protocol);
    cyg_writer_u16(w, s->port);
    cyg_writer_bytes(w, cyg_span_of_array(s->from.bytes));
    cyg_writer_bytes(w, cyg_span_of_array(s->to.bytes));
}

static void flow_key(const struct ike_sa *sa, const struct child_terms *terms, uint8_t key[88])
{
    const struct principal *p = sa->principal;
    struct cyg_writer w = cyg_writer_of(key, 88);
    memset(key, 0, 88);
    cyg_writer_u64(&w,
                   engine_hash(sa->engine, (struct cyg_span){ p->bytes + p->id_len, p->key_len }));
    cyg_writer_u8(&w, (uint8_t)terms->protocol);
    cyg_writer_u8(&w, (uint8_t)terms->mode);
    put_selector(&w, &terms->flow.local);
    put_selector(&w, &terms->flow.remote);
}

static struct flow_use *flow_by_reqid(const struct engine *engine, uint32_t reqid)
{
    return TABLE_OWNER(struct flow_use, by_reqid,
                       table_find(engine, engine->flows_by_reqid, TABLE_KEY(reqid)));
}

static uint32_t new_reqid(struct engine *engine)
{
    do {
        engine->next_reqid++;
    } while (engine->next_reqid == 0 || flow_by_reqid(engine, engine->next_reqid) != NULL);
    return engine->next_reqid;
}

static struct flow_use *flow_hold(struct ike_sa *sa, const struct child_terms *terms)
{
    struct engine *engine = sa->engine;
    uint8_t key[88];
    flow_key(sa, terms, key);
    struct flow_use *use = TABLE_OWNER(struct flow_use, by_key,
                                       table_find(engine, engine->flows, cyg_span_of_array(key)));
    if (use != NULL) {
        use->references++;
        return use;
    }
    use = calloc(1, sizeof *use);
    if (use == NULL) {
        return NULL;
    }
    use->flow = terms->flow;
    use->protocol = (uint8_t)terms->protocol;
    use->mode = (uint8_t)terms->mode;
    use->references = 1;
    use->reqid = new_reqid(engine);
    memcpy(use->key, key, sizeof key);
    if (!table_add(engine, &engine->flows, &use->by_key, cyg_span_of_array(use->key))) {
        free(use);
        return NULL;
    }
    if (!table_add(engine, &engine->flows_by_reqid, &use->by_reqid, TABLE_KEY(use->reqid))) {
        table_remove(&engine->flows, &use->by_key);
        free(use);
        return NULL;
    }
    return use;
}

void flow_use_hold(struct flow_use *use)
{
    use->references++;
}

void flow_use_release(struct engine *engine, struct flow_use *use)
{
    if (--use->references == 0) {
        table_remove(&engine->flows, &use->by_key);
        table_remove(&engine->flows_by_reqid, &use->by_reqid);
        free(use);
    }
}

/* ---- birth ---- */

void child_spi_bytes(uint32_t spi, uint8_t ret[4])
{
    struct cyg_writer w = cyg_writer_of(ret, 4);
    cyg_writer_u32(&w, spi);
}

struct child_sa *child_sa_by_spi(const struct engine *engine, uint32_t spi_in)
{
    return TABLE_OWNER(struct child_sa, by_spi,
                       table_find(engine, engine->children, TABLE_KEY(spi_in)));
}

const struct child_sa *child_sa_holding(const struct engine *engine, uint32_t reqid)
{
    const struct flow_use *use = flow_by_reqid(engine, reqid);
    return use == NULL ? NULL : use->children;
}

struct child_sa *child_sa_by_reqid(const struct engine *engine, uint32_t reqid, uint32_t spi,
                                   bool inbound)
{
    struct flow_use *use = flow_by_reqid(engine, reqid);
    struct child_sa *child = use == NULL ? NULL : use->children;
    while (child != NULL && (inbound ? child->spi_in : child->spi_out) != spi) {
        child = child->flow_next;
    }
    return child;
}

enum cyg_code child_sa_new(struct ike_sa *sa, const struct child_terms *terms,
                           struct child_sa **ret, struct cyg_error *err)
{
    struct engine *engine = sa->engine;
    if (sa->principal->n_children >= engine->settings.max_children) {
        return CYG_FAIL(err, CYG_R_CHILDREN_TOO_MANY, .want = engine->settings.max_children);
    }
    struct child_sa *child = calloc(1, sizeof *child);
    if (child == NULL || timers_reserve(&engine->timers) != CYG_OK) {
        free(child);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    child->sa = sa;
    child->config = terms->config;
    child->path = sa->path;
    child->timer.owner = TIMER_CHILD;
    child->expires = CYG_NEVER;
    child->life_bytes = terms->life_bytes;
    child->spi_in = terms->spi_in;
    child->spi_out = terms->spi_out;
    child->cipher = (uint8_t)terms->cipher;
    child->integ = (uint8_t)terms->integ;
    child->group = (uint8_t)terms->group;
    child->initiator = terms->initiator;
    child->state = CYG_CHILD_INSTALLING;
    child->udp_encap = sa->nat_local || sa->nat_remote || sa->nat_fake;
    child->use = flow_hold(sa, terms);
    bool entered =
        child->use != NULL
        && table_add(engine, &engine->children, &child->by_spi, TABLE_KEY(child->spi_in));
    if (!entered) {
        if (child->use != NULL) {
            flow_use_release(engine, child->use);
        }
        timers_release(&engine->timers, &child->timer);
        free(child);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    child->peer = cyg_peer_hold(terms->peer);
    child->installed = engine->now; /* the lifetime counts from the agreement */
    child->expires =
        terms->life_s > UINT32_MAX ? CYG_NEVER : cyg_usec_add(engine->now, terms->life_s * CYG_SEC);
    child->uniqueid = ++engine->next_child_uniqueid;
    DL_APPEND(sa->children, child);
    DL_APPEND2(child->use->children, child, flow_prev, flow_next);
    sa->n_children++;
    sa->principal->n_children++;
    ike_sa_children_changed(sa);
    engine->counts.children++;
    *ret = child;
    return CYG_OK;
}

/* ---- the data plane's view ---- */

void child_sa_spec(const struct child_sa *child, bool inbound, const struct child_keys *keys,
                   struct cyg_sa_spec *ret)
{
    const struct flow_use *use = child->use;
    *ret = (struct cyg_sa_spec){
        .spi = inbound ? child->spi_in : child->spi_out,
        .reqid = use->reqid,
        .peer_uniqueid = child->sa->uniqueid,
        .child_uniqueid = child->uniqueid,
        .inbound = inbound,
        .udp_encap = child->udp_encap,
        .protocol = use->protocol,
        .mode = use->mode,
        .cipher = child->cipher,
        .integ = child->integ,
        .path = child->path,
        .flow = use->flow,
        .cipher_key = keys->cipher,
        .integ_key = keys->integ,
        .replay_window = child->config->replay_window < 64 ? 64 : child->config->replay_window,
        .life_bytes = child->life_bytes,
        .keepalive = child->udp_encap && child->sa->nat_local, /* RFC 3948 4 */
    };
}

void child_sa_policy(const struct child_sa *child, struct cyg_policy_spec *ret)
{
    *ret = (struct cyg_policy_spec){
        .reqid = child->use->reqid,
        .protocol = child->use->protocol,
        .mode = child->use->mode,
        .path = child->path,
        .flow = child->use->flow,
    };
}

/* Two ends that disagree about keys or the length of the ICV come up and pass nothing (FEATURES 4,
 * 7): it is looked at once, so much later. */
#define LOOK_AFTER (120 * CYG_SEC)

static void timer_restart(struct child_sa *child)
{
    cyg_usec at = child->looks < child->expires ? child->looks : child->expires;
    timer_set(&child->sa->engine->timers, &child->timer, at);
}

void child_sa_installed(struct child_sa *child)
{
    child->state = CYG_CHILD_INSTALLED;
    child->looks = cyg_usec_add(child->sa->engine->now, LOOK_AFTER);
    timer_restart(child);
}

/* Those of one IKE SA, beginning with the first: their records, as many as there is room for. */
static size_t take_records(struct engine *engine, const struct child_name *names, size_t n,
                           struct cyg_child_record *ret, size_t max, struct ike_sa **ret_sa)
{
    size_t taken = 0;
    for (size_t i = 0; i < n && taken < max; i++) {
        struct child_sa *child = child_sa_by_spi(engine, names[i].spi_in);
        bool fits = child != NULL && child->uniqueid == names[i].uniqueid && !child->told;
        if (fits && (taken == 0 || child->sa == *ret_sa)) {
            *ret_sa = child->sa;
            child->told = true;
            listing_child(child, &ret[taken++]);
        }
    }
    return taken;
}

void child_sa_tell(struct engine *engine, const struct child_name *names, size_t n,
                   uint64_t order_id)
{
    struct cyg_child_record one = { 0 }; /* without memory they are told one by one */
    struct cyg_child_record *many = n > 1 ? calloc(n, sizeof *many) : NULL;
    struct cyg_child_record *records = many != NULL ? many : &one;
    struct ike_sa *sa = NULL;
    size_t taken;
    while ((taken = take_records(engine, names, n, records, many != NULL ? n : 1, &sa)) > 0) {
        events_children(sa, CYG_EVENT_CHILD_UP, order_id, records, taken);
    }
    free(many);
}

void child_sa_shorten(struct child_sa *child, uint64_t lifetime_s)
{
    cyg_usec life = lifetime_s > UINT32_MAX ? CYG_NEVER : lifetime_s * CYG_SEC;
    cyg_usec expires = cyg_usec_add(life, child->installed);
    if (expires < child->expires) {
        child->expires = expires;
        if (child->state == CYG_CHILD_INSTALLED) {
            timer_restart(child);
        }
    }
}

void child_sa_move(struct child_sa *child, const struct cyg_path *path)
{
    child->path = *path;
    kernel_move(child);
}

void child_sa_adopt(struct ike_sa *sa, struct child_sa *child)
{
    DL_DELETE(child->sa->children, child);
    child->sa->n_children--;
    ike_sa_children_changed(child->sa);
    child->sa = sa;
    DL_APPEND(sa->children, child);
    sa->n_children++;
    ike_sa_children_changed(sa);
    child_sa_move(child, &sa->path);
}

/* ---- end ---- */

void child_sa_end(struct child_sa *child, const struct cyg_error *why)
{
    struct ike_sa *sa = child->sa;
    struct engine *engine = sa->engine;
    if (child->ended) {
        return;
    }
    child->ended = true;
    bool was_up = child->state == CYG_CHILD_INSTALLED;
    child->state = CYG_CHILD_DELETING;
    if (child->told) {
        struct cyg_child_record record;
        listing_child(child, &record);
        events_children(sa, CYG_EVENT_CHILD_DOWN, 0, &record, 1);
    }
    if (was_up && why != NULL && why->reason != 0) {
        events_log(engine, sa, &child->path, 0, why);
    }
    kernel_remove(child);
    timers_release(&engine->timers, &child->timer);
    table_remove(&engine->children, &child->by_spi);
    DL_DELETE(sa->children, child);
    DL_DELETE2(child->use->children, child, flow_prev, flow_next);
    sa->n_children--;
    ike_sa_children_changed(sa);
    if (sa->principal != NULL) {
        sa->principal->n_children--;
    }
    engine->counts.children--;
    flow_use_release(engine, child->use);
    child->use = NULL;
    child->next_ended = engine->ended_children;
    engine->ended_children = child;
}

void child_sa_expire(struct child_sa *child, enum cyg_reason reason)
{
    struct cyg_error err;
    (void)CYG_FAIL(&err, reason, .got = child->spi_in,
                   .got_quote = events_quote_flow(&child->use->flow));
    informational_delete_child(child->sa, child);
    child_sa_end(child, &err);
}

void child_sa_timer(struct child_sa *child)
{
    if (child->sa->engine->now >= child->expires) {
        child_sa_expire(child, CYG_R_CHILD_EXPIRED);
        return;
    }
    child->looks = CYG_NEVER;
    child->judged = true;
    child->asked = 0; /* these are wanted now, whatever listings have asked for */
    kernel_query(child);
    timer_restart(child);
}

void child_sa_judge(struct child_sa *child, uint64_t integrity_failures)
{
    struct engine *engine = child->sa->engine;
    struct cyg_error record;
    if (!child->judged) {
        return;
    }
    child->judged = false;
    if (integrity_failures == 0 || child->packets_in != 0) {
        return;
    }
    bool sha256 = child->integ == CYG_ALG_SHA256;
    (void)CYG_FAIL(&record, sha256 ? CYG_R_SHA256_TRUNCATED : CYG_R_INTEGRITY_ONLY,
                   .got = integrity_failures, .want = LOOK_AFTER / CYG_SEC,
                   .got_quote = events_quote_flow(&child->use->flow),
                   .want_quote = cyg_quote_text(child->config->name));
    events_log(engine, child->sa, &child->path, 0, &record);
}

void child_sa_too_big(struct child_sa *child, const struct cyg_kernel_event *event)
{
    struct cyg_error record;
    (void)CYG_FAIL(&record, CYG_R_TUNNEL_MTU, .got = event->path_bytes, .want = event->inner_bytes,
                   .got_quote = events_quote_flow(&child->use->flow));
    events_log(child->sa->engine, child->sa, &child->path, 0, &record);
}

void child_sa_reap(struct child_sa *child)
{
    cyg_peer_release(child->peer);
    free(child);
}
