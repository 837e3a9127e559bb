/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders: what people and services want done. An initiation goes from its name to a peer, a secret,
 * an IKE SA and the flows of its child, which are brought up and reported together: done when every
 * flow is decided. Ownership: the engine's list. Thread: the engine's. */
#pragma once

#include "ike_sa.h"

#include <cygnet/control.h>

/* Quick modes of one order that run at once, when the peer is slow; see orders_go_on. charon keeps
 * the IVs of the last 3 phase 2 exchanges of an IKE SA (max_ikev1_exchanges) and can't decrypt the
 * last message of a fourth, older one; an informational exchange may come between. */
#define ORDERS_FLOWS_AT_ONCE 2u

struct engine_job;
struct order;

void orders_take(struct engine *engine, const struct cyg_order *order);

/* Bring a child up without anybody having asked: a live change. */
void orders_initiate(struct engine *engine, const char *peer, const char *child);

/* A look-up of an order is done. */
void orders_job_done(struct engine *engine, struct engine_job *job);

/* ICMP says that this address can't be reached. */
void orders_unreachable(struct engine *engine, const struct cyg_address *remote);

/* An IKE SA is up, has ended. */
void orders_ike_up(struct ike_sa *sa);
void orders_ike_ended(struct ike_sa *sa, const struct cyg_error *why);

struct child_name;

/* A newer SA has taken its place: what is still to be done is done under that one. */
void orders_ike_replaced(struct ike_sa *old, struct ike_sa *sa);
/* No order goes on. */
void orders_shut_down(struct engine *engine, const struct cyg_error *why);

/* A flow is decided: up, or refused (NULL). The order tells about it when all are; false: there is
 * no such order (any more). */
bool orders_flow_done(struct engine *engine, uint64_t order_id, const struct child_name *child,
                      const struct cyg_error *why);

/* Start what waited for a quick mode of this SA that has ended, or has met silence. The flows of an
 * IKE SA come up one after the other: when charon refuses a quick mode, it drops all those whose
 * third message it waits for, without a word (5.9.8), and a refusal need not say which one it
 * means. */
void orders_go_on(struct ike_sa *sa);

/* Whether an order is bringing this child up. */
bool orders_has(const struct engine *engine, const char *peer, const char *child);

/* The call into the engine ends: a shutdown may be complete. late: no matter what is left. */
void orders_settle(struct engine *engine, bool late);

/* A timer of an order fired. */
void orders_timer(struct timer *timer);
void orders_clear(struct engine *engine);
