/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Least privilege: what the daemon keeps once its sockets are open and its plugins are loaded
 * (H-185). Thread: each on its own. */
#pragma once

#include <cygnet/error.h>

/* No core files (they would hold keys, H-183), no new privileges by exec. Called first of all. */
CYG_MUST_USE enum cyg_code privileges_harden(struct cyg_error *err);

/* Keep CAP_NET_ADMIN (data plane), CAP_NET_RAW (protocol 50) and CAP_NET_BIND_SERVICE (sockets for
 * new addresses) only, and empty the bounding set of the rest. may_chown: CAP_CHOWN too, for the
 * thread that gives the control socket to its group. As another user than root: keeps those it has.
 * Capabilities belong to a thread and are passed on to those that it starts: to be called before.
 */
CYG_MUST_USE enum cyg_code privileges_drop(bool may_chown, struct cyg_error *err);
