/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flows of a child: every pair of a local and a remote selector is one, with an SA pair of its
 * own. "dynamic" stands for the address of the IKE SA on that side. No state. Thread: any. */
#pragma once

#include "ike_sa.h"

#include <cygnet/peer.h>

/* How many flows a child has with this path; pairs of different families are none. */
size_t flows_count(const struct cyg_peer_child *config, const struct cyg_path *path);

/* The nth of them. */
bool flows_get(const struct cyg_peer_child *config, const struct cyg_path *path, size_t n,
               struct cyg_flow *ret);

/* The child of a peer that has exactly this flow, as a responder is asked for it (compared as
 * sets); NULL: *ret_near is the flow that comes nearest, *ret_near_child its child or NULL. In
 * transport mode behind a NAT the peer names the address that it believes to have: the flow is then
 * changed to the addresses of the path. */
const struct cyg_peer_child *flows_match(const struct cyg_peer *peer, const struct ike_sa *sa,
                                         struct cyg_flow *flow, struct cyg_flow *ret_near,
                                         const struct cyg_peer_child **ret_near_child);
