/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where peers, secrets and history live, feature CYG_FEATURE_STORE. Functions block and are
 * called on the storage lane only (2 readers, 1 writer; the store has a connection per thread);
 * `deadline` is the latest time to answer, then CYG_LIMIT with CYG_R_STORE_BUSY. Results are owned
 * by the caller. Everything the configured database and the volatile one hold is asked together. */
#pragma once

#include <cygnet/history.h>
#include <cygnet/peer.h>
#include <cygnet/time.h>

/* How a responder asks for the peer behind an authenticated identity: all must agree. */
struct cyg_peer_query {
    struct cyg_path path;
    const struct cyg_identity *remote_id; /* as presented */
    uint16_t auth_method;
    bool aggressive;
    struct cyg_span psk;               /* the secret that was used; empty for methods without */
    enum cyg_alg cipher, integ, group; /* the chosen transform */
    uint16_t key_bits;
};

/* A change that the engine acts upon (DESIGN.md "Live"). */
struct cyg_peer_change {
    int64_t id;
    uint8_t source;
    char name[64];
    bool gone; /* deleted or disabled */
};

struct cyg_peer_changes {
    size_t n;
    bool all; /* more than could be told apart: look at every peer in use */
    struct cyg_peer_change *items;
    uint64_t generation;
};

/* What a page of peers is listed with: those that do not parse are shown with their reason. */
struct cyg_peer_row {
    struct cyg_peer *peer; /* held; NULL when the row does not parse */
    char name[64];
    char problem[192];
};

/* Rows that control-vici writes, by the columns of the schema (cygnet-schema(5)); columns that are
 * not named take the schema's defaults. */
struct cyg_store_value {
    const char *column;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

struct cyg_store_child {
    const char *name;
    const struct cyg_store_value *values;
    size_t n_values;
};

struct cyg_store_peer {
    const char *name;
    const struct cyg_store_value *values;
    size_t n_values;
    const struct cyg_store_child *children;
    size_t n_children;
};

struct cyg_store_ops {
    size_t size;

    /* Distinct phase 1 policies for the two addresses. None: CYG_OK and n = 0. */
    enum cyg_code (*candidates)(void *self, const struct cyg_path *path, cyg_usec deadline,
                                struct cyg_candidates **ret, struct cyg_error *err);

    /* The one peer that fits; exact identities before patterns. CYG_NOT_FOUND says what fits the
     * address and what its identity is. */
    enum cyg_code (*peer_by_identity)(void *self, const struct cyg_peer_query *query,
                                      cyg_usec deadline, struct cyg_peer **ret,
                                      struct cyg_error *err);

    /* By name of peer, of child, or both; NULL: not given. CYG_NOT_FOUND, or CYG_REFUSED with the
     * row's problem when the row does not parse. */
    enum cyg_code (*peer_by_name)(void *self, const char *peer, const char *child,
                                  cyg_usec deadline, struct cyg_peer **ret, struct cyg_error *err);

    /* The newest snapshot of a known peer. */
    enum cyg_code (*peer_by_id)(void *self, uint8_t source, int64_t id, cyg_usec deadline,
                                struct cyg_peer **ret, struct cyg_error *err);

    /* The secret an initiator uses: best fit for the peer's own row and the addresses. */
    enum cyg_code (*secret)(void *self, const struct cyg_peer *peer, const struct cyg_path *path,
                            cyg_usec deadline, struct cyg_peer_secret *ret, struct cyg_error *err);

    /* At most max peers whose name is behind `after` (NULL: from the first), by name. */
    enum cyg_code (*list)(void *self, const char *after, size_t max, cyg_usec deadline,
                          struct cyg_peer_row *ret, size_t *ret_n, struct cyg_error *err);

    /* What has changed since the last call; derives look-up tables first. Called once a second and
     * at reload. Free with cyg_peer_changes_free. */
    enum cyg_code (*poll)(void *self, cyg_usec deadline, struct cyg_peer_changes **ret,
                          struct cyg_error *err);

    /* --- The volatile source (cyg_peer.source 1): a second database of the same schema. All NULL
     * where the store has none. volatile_open and volatile_close are called on the control thread,
     * the others on CYG_LANE_STORAGE_WRITE. --- */

    /* Make it in this folder, which nobody else may write to, mode 0600; one that was left there is
     * removed. From now on look-ups ask it too. */
    enum cyg_code (*volatile_open)(void *self, const char *folder, struct cyg_error *err);
    /* Remove its files. What runs still sees it until the store goes. */
    void (*volatile_close)(void *self);

    /* Put or replace a peer with its children. It is read back and derived in the same transaction:
     * what can't be used changes nothing and fails with the row's problem. CYG_REFUSED also when
     * the configured database has a peer of that name. */
    enum cyg_code (*put_peer)(void *self, const struct cyg_store_peer *peer, cyg_usec deadline,
                              struct cyg_error *err);
    /* CYG_NOT_FOUND when the volatile source has no such peer. */
    enum cyg_code (*remove_peer)(void *self, const char *name, cyg_usec deadline,
                                 struct cyg_error *err);

    /* Put or replace a secret; owners as in the table secrets. The bytes of the secret are taken as
     * they are: no 0x or 0s is looked for. */
    enum cyg_code (*put_secret)(void *self, const char *name, const char *owners,
                                struct cyg_span secret, cyg_usec deadline, struct cyg_error *err);
    /* NULL: all. CYG_OK also where there is none of that name. */
    enum cyg_code (*remove_secret)(void *self, const char *name, cyg_usec deadline,
                                   struct cyg_error *err);

    /* --- The history of negotiations. All NULL where the store keeps none. On
     * CYG_LANE_STORAGE_WRITE, but for history_open. --- */

    /* Called once, before any lane runs: *ret_last is the highest number of a negotiation.
     * CYG_UNSUPPORTED with CYG_R_HISTORY_OFF: the settings want none. Other failures say what is
     * wrong with it; the store itself works. */
    enum cyg_code (*history_open)(void *self, uint64_t *ret_last, struct cyg_error *err);

    /* Add entries and counts, and forget what is beyond the bounds (DESIGN.md "Reasons"), in one
     * transaction: on failure nothing is written. */
    enum cyg_code (*history_write)(void *self, const struct cyg_history_entry *entries, size_t n,
                                   const struct cyg_history_drop *drops, size_t n_drops,
                                   cyg_usec deadline, struct cyg_error *err);

    /* The newest negotiations that fit, oldest first. A peer's are also those of unknown sources
     * at its remote_addrs (not %any). Nothing fits: n is 0. Free with cyg_history_free. */
    enum cyg_code (*history_read)(void *self, const struct cyg_history_query *query,
                                  cyg_usec deadline, struct cyg_history **ret,
                                  struct cyg_error *err);
};

/* Free; items lie in the same malloc'd block. NULL is allowed. */
CYG_PUBLIC void cyg_peer_changes_free(struct cyg_peer_changes *changes);
