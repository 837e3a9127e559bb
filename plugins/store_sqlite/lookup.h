/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look-up: a connection to each database with one consistent state of it, in which nothing is
 * left to be derived. And the parts that look-ups share. Private to the plugin. */
#pragma once

#include "cache.h"
#include "connection.h"
#include "psk_select.h"
#include "store_sqlite.h"

#include "sql/rows.h"

/* The configured database first; the volatile one of control-vici is the second (M1b). */
#define SOURCES 2u

struct history;

struct store {
    struct source sources[SOURCES];
    _Atomic size_t n_sources; /* the second comes while look-ups run */
    /* A secret of one database may be a peer's of the other: what both commit together is between
     * two states of a look-up, never within one. Held by look-ups while they begin. */
    pthread_rwlock_t commits;
    struct cache cache;
    char *history_path;      /* "": none is wanted */
    struct history *history; /* NULL: there is none */
};

struct lookup {
    struct store *store;
    size_t n_sources; /* as many as there were at its begin */
    struct connection *connections[SOURCES];
    uint64_t generation; /* of all of them together */
};

/* Whether nothing has been written since a connection last looked; then *ret_generation tells which
 * answers still hold. Cheaper than beginning, and false is no failure. */
bool lookup_peek(struct store *store, cyg_usec deadline, uint64_t *ret_generation);

/* Begin; derives first where something has changed. End it with lookup_end (CYG_CLEANUP), also
 * after a failure. */
CYG_MUST_USE enum cyg_code lookup_begin(struct store *store, cyg_usec deadline, struct lookup *ret,
                                        struct cyg_error *err);
void lookup_end(struct lookup *lookup);

/* ---- address groups (group.c) ---- */

#define GROUPS 64u

struct group {
    int64_t id;
    uint8_t source;
    unsigned remote_bits, local_bits;
    bool remote_named, local_named; /* else %any */
    bool remote_is_host;
    uint32_t n_peers;
};

/* The groups that a path fits, in order: remote prefix length, local address named before any.
 * CYG_LIMIT when there are more than GROUPS. */
CYG_MUST_USE enum cyg_code groups_find(struct lookup *lookup, const struct cyg_path *path,
                                       struct group ret[GROUPS], size_t *ret_n,
                                       struct cyg_error *err);

/* A prefix as it stands in the tables: host bits cleared, 0, 4 or 16 bytes. */
struct group_key {
    int64_t family, bits;
    uint8_t bytes[16];
    size_t len;
};
struct group_key group_key_of(const struct cyg_address *address, unsigned bits);

/* The next shorter prefix length that is in use, or -1, by a statement that takes it as parameter
 * `at`. */
CYG_MUST_USE enum cyg_code group_next_bits(sqlite3_stmt *s, int at, int64_t *bits,
                                           struct cyg_error *err);

/* How many bits of a remote address tell it apart from all that would get another answer. */
CYG_MUST_USE enum cyg_code extent_find(struct lookup *lookup, const struct cyg_address *remote,
                                       unsigned *ret, struct cyg_error *err);

/* Ids of the distinct policies of a group, at most POLICIES. */
#define POLICIES 16u
CYG_MUST_USE enum cyg_code group_policies(struct connection *c, int64_t group,
                                          int64_t ret[POLICIES + 1], size_t *ret_n,
                                          struct cyg_error *err);

/* A policy in compiled form, without peers and secret; proposals are the caller's to free. */
struct policy {
    struct cyg_proposal proposals[CYG_PEER_PROPOSALS];
    size_t n_proposals;
    uint16_t auth_method;
    bool aggressive, prefer_own, encap;
    uint8_t nat_vids;
    uint32_t lifetime_s;
};
CYG_MUST_USE enum cyg_code policy_load(struct connection *c, int64_t id, struct policy *ret,
                                       struct cyg_error *err);

/* ---- secrets (secret.c) ---- */

/* The best secret for what is asked. CYG_NOT_FOUND, err untouched, when none fits. */
CYG_MUST_USE enum cyg_code secret_find(struct lookup *lookup, const struct psk_ask *ask,
                                       struct db_secret *ret, struct cyg_error *err);

/* What to ask for a row of lookup_psk on a path. */
CYG_MUST_USE enum cyg_code secret_ask_of_class(struct connection *c, int64_t psk,
                                               const struct cyg_path *path, bool remote_is_host,
                                               struct psk_ask *ret, struct cyg_error *err);

/* What to ask for a peer's own row. */
void secret_ask_of_peer(const struct cyg_peer *peer, const struct cyg_path *path,
                        struct psk_ask *ret);

/* As the interface has it, with the owners that matter most first. */
void secret_export(const struct db_secret *secret, const struct psk_ask *ask,
                   struct cyg_peer_secret *ret);

/* An identity of its matching form, of which 0xff in front marks a pattern. */
void identity_of_form(struct cyg_span form, struct cyg_identity *ret);

/* ---- peers (peer.c) ---- */

/* The peer of this name. CYG_NOT_FOUND, CYG_REFUSED with the row's problem. */
CYG_MUST_USE enum cyg_code peer_load(struct lookup *lookup, struct connection *c, const char *name,
                                     struct cyg_peer **ret, struct cyg_error *err);

/* ---- deriving (derive.c) ---- */

/* Derive all that has changed. */
CYG_MUST_USE enum cyg_code derive(struct store *store, struct source *source, cyg_usec deadline,
                                  struct cyg_error *err);

/* When a file is opened: derive everything where another version of this code did, or where rows
 * were changed behind the triggers' back. */
CYG_MUST_USE enum cyg_code derive_first(struct store *store, struct source *source,
                                        struct cyg_error *err);

/* The configured database is another file: mark on either side the peers that a secret of the other
 * one may concern. */
CYG_MUST_USE enum cyg_code derive_replaced(struct store *store, cyg_usec deadline,
                                           struct cyg_error *err);

/* Take the writer of a database for deriving, and as its `other` that of the other one. */
CYG_MUST_USE enum cyg_code derive_take(struct store *store, struct source *source,
                                       cyg_usec deadline, struct connection **ret,
                                       struct cyg_error *err);

/* Derive what is left in the transaction that is open on such a writer. */
CYG_MUST_USE enum cyg_code derive_open(struct connection *c, struct cyg_error *err);

/* Commit that, and what it has marked in the other database. */
CYG_MUST_USE enum cyg_code derive_commit(struct store *store, struct connection *c,
                                         struct cyg_error *err);

/* ---- the interface's functions, named as there ---- */

enum cyg_code store_candidates(void *self, const struct cyg_path *path, cyg_usec deadline,
                               struct cyg_candidates **ret, struct cyg_error *err);
enum cyg_code store_peer_by_identity(void *self, const struct cyg_peer_query *query,
                                     cyg_usec deadline, struct cyg_peer **ret,
                                     struct cyg_error *err);
enum cyg_code store_peer_by_name(void *self, const char *peer, const char *child, cyg_usec deadline,
                                 struct cyg_peer **ret, struct cyg_error *err);
enum cyg_code store_peer_by_id(void *self, uint8_t source, int64_t id, cyg_usec deadline,
                               struct cyg_peer **ret, struct cyg_error *err);
enum cyg_code store_secret(void *self, const struct cyg_peer *peer, const struct cyg_path *path,
                           cyg_usec deadline, struct cyg_peer_secret *ret, struct cyg_error *err);
enum cyg_code store_list(void *self, const char *after, size_t max, cyg_usec deadline,
                         struct cyg_peer_row *ret, size_t *ret_n, struct cyg_error *err);
enum cyg_code store_poll(void *self, cyg_usec deadline, struct cyg_peer_changes **ret,
                         struct cyg_error *err);
enum cyg_code store_history_open(void *self, uint64_t *ret_last, struct cyg_error *err);
enum cyg_code store_history_write(void *self, const struct cyg_history_entry *entries, size_t n,
                                  const struct cyg_history_drop *drops, size_t n_drops,
                                  cyg_usec deadline, struct cyg_error *err);
enum cyg_code store_history_read(void *self, const struct cyg_history_query *query,
                                 cyg_usec deadline, struct cyg_history **ret,
                                 struct cyg_error *err);

/* volatile.c */
enum cyg_code store_volatile_open(void *self, const char *folder, struct cyg_error *err);
void store_volatile_close(void *self);
enum cyg_code store_put_peer(void *self, const struct cyg_store_peer *peer, cyg_usec deadline,
                             struct cyg_error *err);
enum cyg_code store_remove_peer(void *self, const char *name, cyg_usec deadline,
                                struct cyg_error *err);
enum cyg_code store_put_secret(void *self, const char *name, const char *owners,
                               struct cyg_span secret, cyg_usec deadline, struct cyg_error *err);
enum cyg_code store_remove_secret(void *self, const char *name, cyg_usec deadline,
                                  struct cyg_error *err);
