/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How packets get into the tunnel. All policies with the same local prefix, protocol and ports form
 * a domain. A domain has a routing table of its own with a route for each remote prefix, rules that
 * lead packets with its local addresses, protocol and ports there, and its part of the filter. So
 * what no policy covers (other sources, other ports) never gets into the TUN device, and a remote
 * side 0.0.0.0/0 does not swallow what our own side says to itself. Packets with the daemon's mark
 * jump over all rules. Thread: the network's. */
#pragma once

#include "filter.h"
#include "netlink.h"

#include <cygnet/kernel.h>

struct routes;

struct routes_options {
    unsigned ifindex;
    uint32_t table, priority, mark;
};

/* Also removes what is left of a predecessor. filter may be NULL. CYG_R_ROUTE_FAILED. */
CYG_MUST_USE enum cyg_code routes_open(struct netlink *nl, struct filter *filter,
                                       const struct routes_options *options, struct routes **ret,
                                       struct cyg_error *err);
void routes_close(struct routes *r); /* removes everything; NULL is allowed */

/* Add the routes of a flow, and note its part of the filter. CYG_R_ROUTE_FAILED, _ROUTE_LIMIT,
 * _NOMEM: nothing has changed then. */
CYG_MUST_USE enum cyg_code routes_add(struct routes *r, const struct cyg_flow *flow,
                                      struct cyg_error *err);
/* Undo one routes_add. */
void routes_remove(struct routes *r, const struct cyg_flow *flow);

/* Note the whole filter anew, in place of what was noted: after a commit that failed. */
void routes_restart_filter(struct routes *r);
