/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failure means in the place where it happens: silence, a refusal or something unreadable is
 * turned into the reason that tells a person most (what we used, what to compare, whom to ask). The
 * facts come from the exchange; nothing is decided here but the words. Records that go along with
 * the deciding one are added to the exchange. Thread: the engine's. Source: FEATURES 4. */
#pragma once

#include "exchange.h"
#include "transforms.h"

#include <cygnet/peer.h>

/* Our message was repeated as often as it may be. */
void why_no_answer(const struct exchange *x, struct cyg_error *ret);

/* The peer refused our main mode in clear: a hint, not proof. */
void why_refused_in_clear(struct exchange *x, uint16_t notify, struct cyg_error *ret);

/* The peer refused what x has begun, authenticated. */
void why_refused(struct exchange *x, uint16_t notify, struct cyg_error *ret);

/* A message decrypted to nonsense; *err says so and may be replaced by what it means in phase 1. */
void why_unreadable(struct exchange *x, const struct step *step, struct cyg_error *err);

/* No child has the flow that the peer asks for; near (of child, NULL: there is none) comes nearest.
 */
void why_no_flow(struct exchange *x, const struct cyg_flow *asked, const struct cyg_flow *near,
                 const struct cyg_peer *peer, const struct cyg_peer_child *child,
                 struct cyg_error *ret);

/* Some flows of an order failed, `last` is why the last one did. */
void why_flows_partly(const char *child, size_t failed, size_t all, const struct cyg_error *last,
                      struct cyg_error *ret);

/* The data plane knows who holds a flow by number only: *err says it by name, if we know it. */
void why_held(const struct engine *engine, struct cyg_error *err);

/* Whose key it is, for records: its owners, never the key. */
struct cyg_quote why_key(const struct cyg_peer_secret *secret);
