/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling the world what happened: reason records, messages in clear, SAs up and down, orders done.
 * Data only, text is made elsewhere. Thread: the engine's. */
#pragma once

#include "ike_sa.h"

#include <cygnet/control.h>

/* A record that belongs to an SA (or to none: sa NULL, path of the datagram). */
void events_log(struct engine *engine, const struct ike_sa *sa, const struct cyg_path *path,
                uint64_t order_id, const struct cyg_error *record);

/* A record caused by a stranger: one per reason and source in ten seconds (H-104). */
void events_log_stranger(struct engine *engine, const struct cyg_path *path,
                         const struct cyg_error *record);

/* A message in clear; secrets in it (passwords of XAUTH) are hidden first. */
void events_message(const struct ike_sa *sa, const struct cyg_path *path, bool sent,
                    uint64_t order_id, struct cyg_span message);

void events_ike(const struct ike_sa *sa, enum cyg_event_type type, uint64_t order_id);
void events_children(const struct ike_sa *sa, enum cyg_event_type type, uint64_t order_id,
                     const struct cyg_child_record *children, size_t n);
void events_order_done(struct engine *engine, uint64_t order_id, uint32_t ike_uniqueid,
                       const char *name, const struct cyg_error *result);

/* An exchange of phase 1 or a quick mode ends; reason 0: it is done. */
void events_exchange_end(const struct exchange *x, const struct cyg_error *why);
/* Our last message was sent again by timer, for the nth time. */
void events_resent(const struct exchange *x, unsigned tries, size_t bytes);
/* A message was received for an exchange that can't open it. */
void events_unread(const struct exchange *x, const struct cyg_path *path, size_t bytes);

/* Quotes for records. */
struct cyg_quote events_quote_endpoint(const struct cyg_address *address);
struct cyg_quote events_quote_identity(const struct cyg_identity *identity);
struct cyg_quote events_quote_flow(const struct cyg_flow *flow);
struct cyg_quote events_quote_proposal(const struct cyg_proposal *proposal);
