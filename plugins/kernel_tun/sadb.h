/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SAs and policies of the data plane: inbound SAs by SPI, outbound ones by the request id of
 * their flow, policies by selectors. No I/O. Ownership: the data base owns its records; pointers
 * are borrowed until the record is removed. Units: bytes, packets; SPIs in host order. Thread: the
 * worker's. Sources: RFC 4301 4.4. */
#pragma once

#include "esp.h"
#include "inner.h"
#include "replay.h"
#include "table.h"

#include <cygnet/kernel.h>

#define SADB_SAS_MAX      200000u /* reserved SPIs included */
#define SADB_POLICIES_MAX 100000u
#define SADB_SHAPES_MAX   128u

/* The sequence number that may be sent last; from SADB_SEQ_EXPIRE on the engine is told. */
#define SADB_SEQ_LAST   UINT32_MAX
#define SADB_SEQ_EXPIRE (UINT32_MAX - 65536u)

struct esp_socket;
struct keepalive;

/* All that have one request id. */
struct group {
    struct node node;
    uint32_t reqid;
    struct sa *senders; /* outbound SAs, newest first: the first one sends */
    unsigned uses;      /* SAs and policies */
    cyg_usec last_acquire;
};

struct sa {
    struct node node; /* hash: SPI */
    struct group *group;
    struct sa *next_sender;
    uint32_t spi, reqid;
    bool inbound, reserved; /* reserved: an SPI and nothing else yet */
    bool udp_encap, expired, told_expired;
    uint8_t mode, cipher; /* enum cyg_mode, enum cyg_alg */
    struct cyg_path path;
    struct flow_match flow;
    struct esp_keys keys;
    struct replay replay;       /* inbound */
    uint32_t seq;               /* outbound: sent last */
    struct cyg_address told_at; /* inbound: endpoint of the last mapping event */
    uint64_t life_bytes, bytes, packets, integrity_failures, replays;
    cyg_usec last_used;
    /* outbound: how to send, set by who owns the sockets */
    struct esp_socket *socket;
    struct keepalive *keepalive;
    size_t inner_mtu, told_mtu; /* told: of the last event CYG_KERNEL_EVENT_TOO_BIG */
};

struct policy {
    struct node node; /* hash: of the masked selectors */
    struct policy *next_odd;
    struct group *group;
    struct shape *shape; /* NULL: in the list of odd ones */
    struct flow_match match;
    struct cyg_flow flow;
    struct cyg_path path;
    uint32_t rank; /* the lowest one that matches counts */
    uint8_t action, mode;
};

/* Policies that agree in which bits of a packet they look at: one hash look-up for all of them. */
struct shape {
    uint8_t family, local_bits, remote_bits;
    bool protocol, local_port, remote_port;
    unsigned policies;
};

struct sadb {
    struct table inbound, outbound, groups, policies;
    struct policy *odd; /* ranges that are no prefixes, and what has found no shape */
    struct shape shapes[SADB_SHAPES_MAX];
    unsigned n_shapes;
};

CYG_MUST_USE enum cyg_code sadb_init(struct sadb *db);
/* Wipe and free everything. A zeroed struct is allowed. */
void sadb_clear(struct sadb *db);

/* Take an SPI of random bytes, if it is free and above 255; CYG_REFUSED: try another. */
CYG_MUST_USE enum cyg_code sadb_reserve(struct sadb *db, uint32_t spi);
/* Give back a reserved one. CYG_NOT_FOUND when it is not reserved. */
CYG_MUST_USE enum cyg_code sadb_release(struct sadb *db, uint32_t spi);

/* Make an SA; an inbound one takes its reserved SPI or a free one. Refusals: CYG_R_SA_PROTOCOL,
 * _SA_ALGORITHM, _SA_KEY_SIZE, _SA_SPI, _POLICY_FLOW, _SA_LIMIT. */
CYG_MUST_USE enum cyg_code sadb_add(struct sadb *db, const struct cyg_sa_spec *spec,
                                    const struct cyg_crypto *crypto, struct sa **ret,
                                    struct cyg_error *err);

/* By SPI; NULL for an unknown or merely reserved one. */
struct sa *sadb_find_inbound(const struct sadb *db, uint32_t spi);
/* As remove, query and move name it: SPI and direction; an outbound one also by the remote endpoint
 * or the request id, for the SPI is the peer's and others may have chosen the same. */
struct sa *sadb_find(const struct sadb *db, const struct cyg_sa_spec *spec);
void sadb_remove(struct sadb *db, struct sa *sa);

/* Add a policy; one that this request id already holds just gets the new path. Refusals:
 * CYG_R_POLICY_HELD, _POLICY_FLOW, _POLICY_ACTION, _SA_LIMIT. *ret_is_new: whether it was not there
 * before. */
CYG_MUST_USE enum cyg_code sadb_policy_add(struct sadb *db, const struct cyg_policy_spec *spec,
                                           struct policy **ret, bool *ret_is_new,
                                           struct cyg_error *err);
/* CYG_NOT_FOUND when this request id does not hold this flow. */
CYG_MUST_USE enum cyg_code sadb_policy_remove(struct sadb *db, const struct cyg_policy_spec *spec);

/* The policy that a packet from our side falls under; NULL if none. */
struct policy *sadb_policy_for(const struct sadb *db, const struct inner *p);

void sadb_each(const struct table *sas, void (*callback)(void *context, struct sa *sa),
               void *context);
