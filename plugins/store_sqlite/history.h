/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history of negotiations in a file of its own: sql/history.sql. One connection, used by one
 * thread at a time: the storage-write lane. Private to the plugin. */
#pragma once

#include <cygnet/history.h>
#include <cygnet/peer.h>
#include <cygnet/time.h>

struct history;

/* What stays (DESIGN.md "Reasons"): of a peer, of unknown sources, of all peers together. */
#define HISTORY_FAILED_OF_PEER 8
#define HISTORY_OTHERS_OF_PEER 4
#define HISTORY_UNKNOWN        1024
#define HISTORY_ALL            16384
#define HISTORY_DROPPED        1024

/* Make the file if there is none; mode 0600, else it is refused. */
CYG_MUST_USE enum cyg_code history_open(const char *path, struct history **ret,
                                        struct cyg_error *err);
void history_close(struct history *history); /* NULL is allowed */
CYG_DEFINE_CLEANUP(struct history *, history_close);

/* The highest number of a negotiation, 0: there is none. */
uint64_t history_last(const struct history *history);

/* As history_write in struct cyg_store_ops. */
CYG_MUST_USE enum cyg_code history_write(struct history *history,
                                         const struct cyg_history_entry *entries, size_t n,
                                         const struct cyg_history_drop *drops, size_t n_drops,
                                         cyg_usec deadline, struct cyg_error *err);

/* As history_read; addresses: negotiations of unknown sources in these are the peer's too. */
CYG_MUST_USE enum cyg_code history_read(struct history *history,
                                        const struct cyg_history_query *query,
                                        const struct cyg_prefix *addresses, size_t n_addresses,
                                        cyg_usec deadline, struct cyg_history **ret,
                                        struct cyg_error *err);
