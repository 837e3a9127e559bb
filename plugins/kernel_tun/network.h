/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the plugin sets in the kernel's network: the link, routes, rules, reverse path check, and
 * the filter against clear packets. A thread of its own does it, because a change of routes or of
 * nftables takes milliseconds: orders that wait together are one transaction of the filter. All is
 * removed at the end, and what a predecessor that was killed has left is removed at the start.
 * Thread: new and free on the loader's, put on any. */
#pragma once

#include "queue.h"
#include "worker.h"

struct network;

/* Set up the link `device` and start. undo: where an order goes that takes a policy back which
 * could not be set (quiet). */
CYG_MUST_USE enum cyg_code network_new(const struct cyg_host *host,
                                       const struct worker_options *options, const char *device,
                                       struct queue *undo, struct network **ret,
                                       struct cyg_error *err);
void network_free(struct network *n); /* NULL is allowed */

/* Queue a policy's addition or removal, answered to the engine when it is done, or a new MTU. */
CYG_MUST_USE enum cyg_code network_put(struct network *n, const struct order *order);
