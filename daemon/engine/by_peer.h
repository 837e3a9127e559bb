/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IKE SAs of one row of the peer database, those that are being made included: what orders,
 * live changes and INITIAL-CONTACT look for. However many tunnels there are, finding them costs the
 * same. Thread: the engine's. */
#pragma once

#include <cygnet/peer.h>

struct engine;
struct ike_sa;

/* Set the SA's peer (taken over) and enter it. CYG_NOMEM: nothing has changed, the peer is still
 * the caller's. */
CYG_MUST_USE enum cyg_code by_peer_join(struct ike_sa *sa, struct cyg_peer *peer);
/* Take it out; the SA keeps its peer. Not entered: nothing. */
void by_peer_leave(struct ike_sa *sa);

/* The first SA with a row, oldest first; the next one is sa->row_next. NULL. */
struct ike_sa *by_peer_first(const struct engine *engine, uint8_t source, int64_t id);
