/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A peer in compiled form: what a store hands to the engine. An immutable snapshot with a reference
 * count, shared by its handshakes and SAs; all it points to lies in one allocation of the
 * builder's. Terms and units are swanctl.conf's: lifetimes in seconds and bytes; 0 means not set
 * unless a comment says otherwise. Thread: immutable, any; the count is atomic. */
#pragma once

#include <cygnet/algorithm.h>
#include <cygnet/secret.h>
#include <cygnet/selector.h>

enum cyg_start_action {
    CYG_START_NONE = 0,
    CYG_START_TRAP = 1,
    CYG_START_START = 2
};
enum cyg_mode {
    CYG_MODE_TUNNEL = 1,
    CYG_MODE_TRANSPORT = 2
};
enum cyg_unique {
    CYG_UNIQUE_REPLACE = 0,
    CYG_UNIQUE_NO,
    CYG_UNIQUE_KEEP,
    CYG_UNIQUE_NEVER
};
enum cyg_nat_vids {
    CYG_NAT_VIDS_BOTH = 0,
    CYG_NAT_VIDS_RFC,
    CYG_NAT_VIDS_DRAFTS,
    CYG_NAT_VIDS_NONE
};

struct cyg_peer_child {
    const char *name;
    const struct cyg_proposal *proposals;            /* of ESP or AH, in order of preference */
    const struct cyg_selector *local_ts, *remote_ts; /* each pair of them is a flow */
    uint16_t n_proposals, n_local_ts, n_remote_ts;
    uint8_t mode;         /* enum cyg_mode */
    uint8_t start_action; /* enum cyg_start_action */
    bool sha256_96;
    bool prefer_own; /* choose by our order, not by the initiator's */
    uint32_t rekey_time_s, life_time_s, rand_time_s;
    uint64_t rekey_bytes, life_bytes;
    uint32_t replay_window; /* packets; default 64 */
    uint64_t hash;          /* over all settings: tells whether the child changed */
};

struct cyg_peer {
    unsigned references; /* atomic: cyg_peer_hold, cyg_peer_release */
    int64_t id;          /* row id within its store */
    uint8_t source;      /* 0: the configured database, 1: volatile (VICI) */
    const char *name;
    const struct cyg_prefix *local_addrs, *remote_addrs; /* none: any */
    const struct cyg_address *initiate_to; /* where we send MM1, in order; empty: cannot initiate */
    uint16_t n_local_addrs, n_remote_addrs, n_initiate_to;
    uint16_t local_port, remote_port;        /* 0: the default */
    struct cyg_identity local_id, remote_id; /* type ANY: the address in use / anything */
    const struct cyg_proposal *proposals;    /* of IKE, in order of preference */
    uint16_t n_proposals;
    uint16_t auth_method;               /* ISAKMP authentication method, RFC 2409 App. A: 1 PSK */
    bool aggressive, prefer_own, encap; /* encap: force UDP encapsulation */
    uint8_t unique;                     /* enum cyg_unique */
    uint8_t nat_vids;                   /* enum cyg_nat_vids */
    uint32_t keyingtries;               /* 0: for ever */
    uint32_t rekey_time_s, reauth_time_s, over_time_s, rand_time_s,
        lifetime_s; /* lifetime: of IKE SA */
    uint32_t dpd_delay_s, dpd_timeout_s;
    const struct cyg_peer_child *children;
    uint16_t n_children;
    uint64_t phase1_hash; /* over what phase 1 depends on: tells whether it must be renewed */
};

/* One secret with its owners; the best fit is chosen by (configured local id, remote id), PROTOCOL
 * "PSK of a main mode responder". */
struct cyg_peer_secret {
    struct cyg_identity owners[2]; /* each may be absent: type ANY and len 0 */
    uint8_t n_owners;
    uint16_t len;
    uint8_t data[CYG_PSK_MAX];
};

/* What MM1 and AM1 are answered from: the distinct phase 1 policies of the peers that fit the
 * addresses, never the peers themselves, so that a million %any peers cost as much as one. */
struct cyg_candidate {
    const struct cyg_proposal *proposals;
    uint16_t n_proposals;
    uint16_t auth_method;
    bool aggressive, prefer_own, encap;
    uint8_t nat_vids;
    uint32_t lifetime_s;   /* of the IKE SA; 0: default */
    uint32_t n_peers;      /* how many peers share this policy and secret */
    const char *peer_name; /* the first of them, for explain */
    bool has_secret;
    struct cyg_peer_secret secret; /* best fit, PROTOCOL "PSK of a main mode responder" */
};

/* In the order of DESIGN.md: remote prefix length, local address named before any, name. One
 * allocation with all that it points to. */
struct cyg_candidates {
    size_t n, total_peers; /* total_peers: how many peers fit the addresses, for explain */
    struct cyg_candidate *items;
    uint64_t generation; /* of the data they were read from */
    uint8_t remote_bits; /* of the longest configured remote prefix that fits; 0: any (H-097) */
    uint8_t free_bits;   /* how many of the remote address's last bits may differ, and it is still
                            the answer, secrets included; 0: it is this address's only */
};

/* Count references. */
CYG_PUBLIC struct cyg_peer *cyg_peer_hold(struct cyg_peer *peer);
CYG_PUBLIC void cyg_peer_release(struct cyg_peer *peer); /* NULL is allowed */
CYG_DEFINE_CLEANUP(struct cyg_peer *, cyg_peer_release);

/* Wipe the secrets and free: one malloc'd block. NULL is allowed. */
CYG_PUBLIC void cyg_candidates_free(struct cyg_candidates *candidates);
