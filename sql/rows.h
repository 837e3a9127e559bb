/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in rows, as values: a peer with its children, a secret with its owners. Everything is
 * checked here again, as CHECKs and triggers can be switched off (H-177): a row that can't be used
 * gives a sentence that says why. Shared by the plugin store-sqlite, cygnetctl db check, and tests
 * that fill peers from SQL. Thread: that of the connection. */
#pragma once

#include <cygnet/peer_build.h>

#include <sqlite3.h>

/* Why a row can't be used, for people; foreign text in it is escaped. */
struct db_problem {
    char text[192];
};

/* The columns of peers and children in the order that is read here. Behind them a SELECT may have
 * more. */
#define DB_PEER_COLUMNS                                                                      \
    "name, enabled, local_addrs, remote_addrs, local_port, remote_port, proposals, auth, "   \
    "local_id, remote_id, aggressive, prefer_own, encap, uniqueids, nat_vids, keyingtries, " \
    "rekey_time, reauth_time, over_time, rand_time, dpd_delay, dpd_timeout"
#define DB_PEER_COLUMN_COUNT 22
#define DB_CHILD_COLUMNS                                                                       \
    "name, local_ts, remote_ts, esp_proposals, ah_proposals, mode, start_action, prefer_own, " \
    "sha256_96, rekey_time, life_time, rand_time, rekey_bytes, life_bytes, replay_window"
#define DB_SECRET_COLUMNS "name, owners, secret"

/* Start a peer of the row that `row` (SELECT DB_PEER_COLUMNS) stands on; the caller adds children
 * and finishes it. CYG_REFUSED with the problem, CYG_NOMEM; *ret untouched then. */
CYG_MUST_USE enum cyg_code db_read_peer(sqlite3_stmt *row, struct cyg_peer_build **ret,
                                        struct db_problem *ret_problem);

/* Add the child that `row` (SELECT DB_CHILD_COLUMNS) stands on. */
CYG_MUST_USE enum cyg_code db_read_child(sqlite3_stmt *row, struct cyg_peer_build *build,
                                         struct db_problem *ret_problem);

/* Whether the row of peers is enabled; one that has nonsense there is, and is then refused. */
bool db_peer_enabled(sqlite3_stmt *row);

/* The whole peer: both statements bound, the first not yet stepped. CYG_NOT_FOUND: no such row.
 * CYG_REFUSED: the row has a problem. CYG_INTERNAL, CYG_LIMIT (busy): SQLite failed, err. The
 * caller may mix in more and finishes. *ret_enabled tells whether the peer is enabled. */
CYG_MUST_USE enum cyg_code db_load_peer(sqlite3_stmt *peer, sqlite3_stmt *children,
                                        struct cyg_peer_build **ret, bool *ret_enabled,
                                        struct db_problem *ret_problem, struct cyg_error *err);

/* A secret. Owners that are %any are left out, as they say nothing. */
#define DB_OWNERS 16u
struct db_secret {
    char name[64];
    size_t n_owners;
    struct cyg_identity owners[DB_OWNERS];
    size_t len;
    uint8_t data[CYG_PSK_MAX];
};

/* Wipe. */
void db_secret_clear(struct db_secret *secret);

/* The secret that `row` (SELECT DB_SECRET_COLUMNS) stands on. CYG_REFUSED with the problem. */
CYG_MUST_USE enum cyg_code db_read_secret(sqlite3_stmt *row, struct db_secret *ret,
                                          struct db_problem *ret_problem);

/* The text of a secret: plain, 0x and hex digits, or 0s and base64. CYG_REFUSED when it has another
 * form or more than CYG_PSK_MAX bytes. */
CYG_MUST_USE enum cyg_code db_parse_secret(struct cyg_span text, uint8_t ret[CYG_PSK_MAX],
                                           size_t *ret_len, struct cyg_error *err);

/* An address range as the fewest prefixes, in order; at most max. CYG_LIMIT when that is too few.
 */
CYG_MUST_USE enum cyg_code db_range_to_prefixes(const struct cyg_address *from,
                                                const struct cyg_address *to,
                                                struct cyg_prefix *ret, size_t max, size_t *ret_n);
