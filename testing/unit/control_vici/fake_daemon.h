/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* control-vici as it runs in cygnetd, with the daemon's own control thread and job lanes and a real
 * store, but without an engine: two SAs are always up, an order to initiate child "net" succeeds,
 * "slow" never ends, everything else fails. For tests in C, and for the program vici_server, which
 * scripts ask with the real cygnetctl and swanctl. */
#pragma once

#include "control_vici/service.h"

#include <cygnet/history.h>

struct fake_daemon;

/* Make a folder with the socket "vici" in it and serve there; with_store: also a database. NULL:
 * failed, said on stderr. */
struct fake_daemon *fake_daemon_new(const char *folder, bool with_store);
void fake_daemon_free(struct fake_daemon *fake); /* NULL is allowed */

struct vici *fake_daemon_vici(struct fake_daemon *fake);
const char *fake_daemon_socket(const struct fake_daemon *fake);

/* Stop and start the service, as a restart does. */
void fake_daemon_stop(struct fake_daemon *fake);
bool fake_daemon_start(struct fake_daemon *fake);

/* The orders given since the last call as text, "initiate gw net; poll; "; static. */
const char *fake_daemon_orders(struct fake_daemon *fake);
/* Log records since the last call as text, one a line; static. */
const char *fake_daemon_log(struct fake_daemon *fake);

/* Publish an event as the engine does. */
void fake_daemon_publish(struct fake_daemon *fake, const struct cyg_event *event);

/* What the store has of negotiations, by time. */
#define FAKE_ENTRIES 4u
const struct cyg_history_entry *fake_daemon_entry(size_t index);

/* The two SAs. */
const struct cyg_ike_record *fake_daemon_ike(size_t index);
const struct cyg_child_record *fake_daemon_child(size_t index);
