/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See events.h. */
#include "events.h"

#include "codec/mode_config.h"
#include "exchange.h"
#include "listing.h"

#include <stdlib.h>
#include <string.h>

static void set_name(struct cyg_event *event, const char *name)
{
    size_t len = strnlen(name, sizeof event->name - 1);
    memcpy(event->name, name, len);
}

static void publish(struct engine *engine, struct cyg_event *event, const struct ike_sa *sa)
{
    event->when = engine->now;
    if (sa != NULL) {
        event->ike_uniqueid = sa->uniqueid;
        memcpy(event->cookie_i, sa->cookie_i, sizeof event->cookie_i);
        memcpy(event->cookie_r, sa->cookie_r, sizeof event->cookie_r);
        set_name(event, ike_sa_name(sa));
    }
    engine->world.event(engine->world.context, event);
}

/* Log groups by the section of reason.def that the reason stands in. */
static enum cyg_log_group group_of(uint16_t reason)
{
    static const struct {
        uint16_t from;
        enum cyg_log_group group;
    } sections[] = {
        { 2700, CYG_LOG_NET }, { 2500, CYG_LOG_CFG }, { 2400, CYG_LOG_KNL },
        { 2200, CYG_LOG_CFG }, { 2000, CYG_LOG_LIB }, { 1600, CYG_LOG_CHD },
        { 1300, CYG_LOG_IKE }, { 1000, CYG_LOG_ENC }, { 0, CYG_LOG_DMN },
    };
    size_t i = 0;
    while (reason < sections[i].from) {
        i++;
    }
    return sections[i].group;
}

void events_log(struct engine *engine, const struct ike_sa *sa, const struct cyg_path *path,
                uint64_t order_id, const struct cyg_error *record)
{
    const struct cyg_reason_info *info = cyg_reason_info(record->reason);
    struct cyg_event event = {
        .type = CYG_EVENT_LOG,
        .order_id = order_id,
        .group = (uint8_t)group_of(record->reason),
        .error = *record,
    };
    if (info != NULL) {
        event.level = info->level;
    }
    if (path != NULL) {
        event.path = *path;
    }
    publish(engine, &event, sa);
}

void events_log_stranger(struct engine *engine, const struct cyg_path *path,
                         const struct cyg_error *record)
{
    if (limit_take(engine, &engine->limit_log, &path->remote, record->reason, NULL)) {
        events_log(engine, NULL, path, 0, record);
    }
}

static void publish_message(const struct ike_sa *sa, const struct cyg_path *path, bool sent,
                            uint64_t order_id, struct cyg_span message)
{
    struct cyg_event event = {
        .type = CYG_EVENT_MESSAGE,
        .order_id = order_id,
        .group = CYG_LOG_ENC,
        .level = 1,
        .path = *path,
        .sent = sent,
        .message = message,
    };
    publish(sa->engine, &event, sa);
}

void events_message(const struct ike_sa *sa, const struct cyg_path *path, bool sent,
                    uint64_t order_id, struct cyg_span message)
{
    if (!message_has_config(message)) {
        publish_message(sa, path, sent, order_id, message);
        return;
    }
    uint8_t *copy = malloc(message.len);
    if (copy == NULL) {
        return; /* rather not seen than seen with its passwords */
    }
    memcpy(copy, message.data, message.len);
    message_hide_secrets(copy, message.len);
    publish_message(sa, path, sent, order_id, (struct cyg_span){ copy, message.len });
    free(copy);
}

void events_ike(const struct ike_sa *sa, enum cyg_event_type type, uint64_t order_id)
{
    events_children(sa, type, order_id, NULL, 0);
}

void events_children(const struct ike_sa *sa, enum cyg_event_type type, uint64_t order_id,
                     const struct cyg_child_record *children, size_t n)
{
    struct cyg_ike_record record;
    listing_ike(sa, &record);
    struct cyg_event event = {
        .type = type,
        .order_id = order_id,
        .path = sa->path,
        .ike = &record,
        .children = children,
        .n_children = n,
    };
    publish(sa->engine, &event, sa);
}

void events_exchange_end(const struct exchange *x, const struct cyg_error *why)
{
    struct cyg_event event = {
        .type = CYG_EVENT_EXCHANGE_END,
        .order_id = x->order_id,
        .error = *why,
        .path = x->sa->path,
        .exchange = x->kind->type,
        .message_id = x->message_id,
    };
    publish(x->engine, &event, x->sa);
}

void events_resent(const struct exchange *x, unsigned tries, size_t bytes)
{
    struct cyg_event event = {
        .type = CYG_EVENT_LOG,
        .order_id = x->order_id,
        .group = CYG_LOG_NET,
        .level = 1,
        .error = { .reason = CYG_R_MESSAGE_RESENT,
                   .got = tries,
                   .want = bytes,
                   .got_quote = cyg_quote_words(x->kind->name),
                   .want_quote = events_quote_endpoint(&x->sa->path.remote) },
        .path = x->sa->path,
        .exchange = x->kind->type,
        .message_id = x->message_id,
    };
    publish(x->engine, &event, x->sa);
}

void events_unread(const struct exchange *x, const struct cyg_path *path, size_t bytes)
{
    struct cyg_event event = {
        .type = CYG_EVENT_LOG,
        .order_id = x->order_id,
        .group = CYG_LOG_NET,
        .level = 2,
        .error = { .reason = CYG_R_MESSAGE_UNREAD,
                   .got = bytes,
                   .got_quote = cyg_quote_words(x->kind->name),
                   .want_quote = events_quote_endpoint(&path->remote) },
        .path = *path,
        .exchange = x->kind->type,
        .message_id = x->message_id,
    };
    publish(x->engine, &event, x->sa);
}

void events_order_done(struct engine *engine, uint64_t order_id, uint32_t ike_uniqueid,
                       const char *name, const struct cyg_error *result)
{
    struct cyg_event event = {
        .type = CYG_EVENT_ORDER_DONE,
        .order_id = order_id,
        .ike_uniqueid = ike_uniqueid,
        .error = *result,
    };
    set_name(&event, name);
    publish(engine, &event, NULL);
}

struct cyg_quote events_quote_endpoint(const struct cyg_address *address)
{
    return cyg_quote(CYG_QUOTE_ADDRESS,
                     (struct cyg_span){ (const uint8_t *)address, sizeof *address });
}

struct cyg_quote events_quote_identity(const struct cyg_identity *identity)
{
    uint8_t bytes[CYG_QUOTE_MAX];
    size_t len = identity->len < sizeof bytes - 1 ? identity->len : sizeof bytes - 1;
    bytes[0] = identity->type;
    memcpy(bytes + 1, identity->data, len);
    return cyg_quote(CYG_QUOTE_IDENTITY, (struct cyg_span){ bytes, len + 1 });
}

struct cyg_quote events_quote_flow(const struct cyg_flow *flow)
{
    _Static_assert(sizeof *flow <= CYG_QUOTE_MAX, "a flow does not fit a quote");
    return cyg_quote(CYG_QUOTE_FLOW, (struct cyg_span){ (const uint8_t *)flow, sizeof *flow });
}

struct cyg_quote events_quote_proposal(const struct cyg_proposal *proposal)
{
    _Static_assert(sizeof *proposal <= CYG_QUOTE_MAX, "a proposal does not fit a quote");
    return cyg_quote(CYG_QUOTE_PROPOSAL,
                     (struct cyg_span){ (const uint8_t *)proposal, sizeof *proposal });
}
