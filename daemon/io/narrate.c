/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See narrate.h. */
#include "narrate.h"

#include "codec/message.h"
#include "codec/names.h"

#include <stdio.h>
#include <string.h>

static struct cyg_quote quote_endpoint(const struct cyg_address *address)
{
    return cyg_quote(CYG_QUOTE_ADDRESS,
                     (struct cyg_span){ (const uint8_t *)address, sizeof *address });
}

static struct cyg_quote quote_identity(const struct cyg_identity *identity)
{
    char text[CYG_IDENTITY_TEXT];
    return cyg_quote_words(cyg_identity_format(identity, text, sizeof text));
}

static struct cyg_quote quote_flow(const struct cyg_flow *flow)
{
    return cyg_quote(CYG_QUOTE_FLOW, (struct cyg_span){ (const uint8_t *)flow, sizeof *flow });
}

/* What people call the exchanges; IANA's "Identity Protection" is main mode. */
const char *narrate_exchange(uint8_t exchange, char *buffer, size_t size)
{
    static const struct {
        uint8_t number;
        const char *name;
    } names[] = { { EXCHANGE_MAIN, "main mode" },
                  { EXCHANGE_AGGRESSIVE, "aggressive mode" },
                  { EXCHANGE_INFORMATIONAL, "informational" },
                  { EXCHANGE_TRANSACTION, "transaction" },
                  { EXCHANGE_QUICK, "quick mode" } };
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        if (names[i].number == exchange) {
            return names[i].name;
        }
    }
    return name_format(NAME_EXCHANGE, exchange, buffer, size);
}

/* "main mode [SA VID VID]"; cut where it does not fit. */
static void describe(struct cyg_span bytes, char *text, size_t size)
{
    struct message m;
    char name[NAME_TEXT];
    if (header_decode(bytes, &m.header, NULL) != CYG_OK) {
        snprintf(text, size, "a message");
        return;
    }
    int at = snprintf(text, size, "%s [", narrate_exchange(m.header.exchange, name, sizeof name));
    if (message_decode_chain(m.header.next, cyg_span_after(bytes, HEADER_LEN), true, &m, NULL)
        != CYG_OK) {
        m.n = 0;
    }
    for (size_t i = 0; i < m.n && (size_t)at + NAME_TEXT < size; i++) {
        at += snprintf(text + at, size - (size_t)at, "%s%s", i > 0 ? " " : "",
                       name_format(NAME_PAYLOAD, m.payloads[i].type, name, sizeof name));
    }
    snprintf(text + at, size - (size_t)at, "]");
}

/* A record about the SA of an event. */
static void tell(struct control *control, const struct cyg_event *about, enum cyg_log_group group,
                 const struct cyg_error *record)
{
    struct cyg_event event = { .type = CYG_EVENT_LOG,
                               .when = about->when,
                               .order_id = about->order_id,
                               .ike_uniqueid = about->ike_uniqueid,
                               .group = (uint8_t)group,
                               .level = 1,
                               .error = *record,
                               .path = about->path };
    memcpy(event.name, about->name, sizeof event.name);
    memcpy(event.cookie_i, about->cookie_i, sizeof event.cookie_i);
    memcpy(event.cookie_r, about->cookie_r, sizeof event.cookie_r);
    control_deliver(control, &event); /* now: an order's progress stands before its result */
}

void narrate_message(const struct cyg_event *event, struct cyg_error *ret)
{
    char text[CYG_QUOTE_MAX + NAME_TEXT];
    describe(event->message, text, sizeof text);
    *ret = (struct cyg_error){ .reason = event->sent ? CYG_R_MESSAGE_SENT : CYG_R_MESSAGE_RECEIVED,
                               .got = event->message.len,
                               .got_quote = cyg_quote_words(text),
                               .want_quote = quote_endpoint(&event->path.remote) };
}

static void tell_message(struct control *control, const struct cyg_event *event)
{
    struct cyg_error record;
    narrate_message(event, &record);
    tell(control, event, CYG_LOG_NET, &record);
}

static void tell_ike(struct control *control, const struct cyg_event *event)
{
    const bool up = event->type == CYG_EVENT_IKE_UP;
    tell(control, event, CYG_LOG_IKE,
         &(struct cyg_error){ .reason = up ? CYG_R_IKE_IS_UP : CYG_R_IKE_IS_DOWN,
                              .got_quote = quote_identity(&event->ike->remote_id),
                              .want_quote = quote_endpoint(&event->ike->path.remote) });
}

static void tell_children(struct control *control, const struct cyg_event *event)
{
    const bool up = event->type == CYG_EVENT_CHILD_UP;
    for (size_t i = 0; i < event->n_children; i++) {
        const struct cyg_child_record *child = &event->children[i];
        tell(control, event, CYG_LOG_CHD,
             &(struct cyg_error){ .reason = up ? CYG_R_CHILD_IS_UP : CYG_R_CHILD_IS_DOWN,
                                  .got = child->spi_in,
                                  .want = child->spi_out,
                                  .got_quote = quote_flow(&child->flow),
                                  .want_quote = cyg_quote_words(child->name) });
    }
}

static void on_event(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct control *control = context;
    (void)dropped;
    if (event->type == CYG_EVENT_MESSAGE) {
        tell_message(control, event);
    } else if (event->type == CYG_EVENT_IKE_UP || event->type == CYG_EVENT_IKE_DOWN) {
        tell_ike(control, event);
    } else {
        tell_children(control, event);
    }
}

void narrate_start(struct control *control)
{
    (void)control_subscribe(control,
                            CYG_EVENT_MESSAGE | CYG_EVENT_IKE_UP | CYG_EVENT_IKE_DOWN
                                | CYG_EVENT_CHILD_UP | CYG_EVENT_CHILD_DOWN,
                            1, on_event, control);
}
