/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child SA: one pair of IPsec SAs for one flow, and its place in the data plane. Keys are not
 * kept: they go to the data plane and are wiped. Flows that come again (a newer pair for the same
 * one) share a reqid and a policy. Ownership: belongs to its IKE SA. Thread: the engine's. Source:
 * RFC 2407, RFC 4301. */
#pragma once

#include "exchange.h"
#include "ike_sa.h"

#include <cygnet/control.h>

/* A flow of a principal: the reqid that its SA pairs share. */
struct flow_use {
    struct table_item by_key;   /* engine->flows */
    struct table_item by_reqid; /* engine->flows_by_reqid */
    struct child_sa *children;  /* list */
    struct cyg_flow flow;
    uint32_t reqid;
    unsigned references, policies; /* children that hold it; that hold or have ordered its policy */
    uint8_t protocol, mode;        /* enum cyg_ipsec_protocol, enum cyg_mode */
    bool has_policy;               /* in the data plane */
    uint8_t key[88];
};

/* What the data plane has of a child. */
enum child_part {
    PART_NONE = 0,
    PART_ORDERED, /* not answered yet: the answer undoes it when the child has gone */
    PART_THERE,
};

struct child_sa {
    struct table_item by_spi;               /* engine->children, by our SPI */
    struct child_sa *prev, *next;           /* of the IKE SA */
    struct child_sa *flow_prev, *flow_next; /* of the flow */
    struct child_sa *next_ended;
    struct ike_sa *sa;
    struct flow_use *use;
    struct cyg_peer *peer; /* held: config belongs to it */
    const struct cyg_peer_child *config;
    struct cyg_path path; /* as the data plane knows it */
    struct timer timer;
    cyg_usec installed, expires, used_in, used_out;
    cyg_usec asked; /* the data plane for its counters, last; 0: never */
    cyg_usec looks; /* when it is looked at whether anything passes; CYG_NEVER: it was */
    uint64_t bytes_in, packets_in, bytes_out, packets_out;
    uint64_t life_bytes; /* 0: no bound */
    uint32_t uniqueid, spi_in, spi_out;
    uint8_t cipher, integ, group;           /* enum cyg_alg; group NONE: no PFS */
    uint8_t state;                          /* enum cyg_child_state */
    uint8_t part_in, part_out, part_policy; /* enum child_part */
    bool udp_encap, initiator, ended;
    bool told;   /* that it is up; so its end is told, too */
    bool judged; /* what passes: the next counters that come say it */
};

/* What a quick mode has agreed upon. */
struct child_terms {
    struct cyg_peer *peer; /* held by the child */
    const struct cyg_peer_child *config;
    struct cyg_flow flow;
    uint32_t spi_in, spi_out;
    enum cyg_ipsec_protocol protocol;
    enum cyg_mode mode;
    enum cyg_alg cipher, integ, group;
    uint64_t life_s, life_bytes;
    bool initiator;
};

/* Keys of one direction. */
struct child_keys {
    struct cyg_key cipher, integ;
};

/* Count references of a flow: it lives as long as a child or an operation under way needs it. */
void flow_use_hold(struct flow_use *use);
void flow_use_release(struct engine *engine, struct flow_use *use);

/* Make the record; spi_in belongs to it from now on. Refused: CYG_R_CHILDREN_TOO_MANY, CYG_R_NOMEM;
 * spi_in still belongs to the caller then. */
CYG_MUST_USE enum cyg_code child_sa_new(struct ike_sa *sa, const struct child_terms *terms,
                                        struct child_sa **ret, struct cyg_error *err);

/* The SA of one direction with its keys, as it goes to the data plane. */
void child_sa_spec(const struct child_sa *child, bool inbound, const struct child_keys *keys,
                   struct cyg_sa_spec *ret);
void child_sa_policy(const struct child_sa *child, struct cyg_policy_spec *ret);

/* Both directions stand: lifetimes run, it is up. */
void child_sa_installed(struct child_sa *child);
/* Say that those of these children that are still there are up: together, for each IKE SA that they
 * belong to. */
struct child_name {
    uint32_t spi_in, uniqueid;
};
void child_sa_tell(struct engine *engine, const struct child_name *names, size_t n,
                   uint64_t order_id);

/* End it: take it out of the data plane. why NULL: wanted. Freed when the call into the engine
 * ends. Does not tell the peer. */
void child_sa_end(struct child_sa *child, const struct cyg_error *why);
/* End it because its life is over, or the data plane says so: tell the peer. */
void child_sa_expire(struct child_sa *child, enum cyg_reason reason);
void child_sa_reap(struct child_sa *child);
void child_sa_timer(struct child_sa *child);
/* The counters of its inbound SA have come: say if nothing passes but what fails integrity. */
void child_sa_judge(struct child_sa *child, uint64_t integrity_failures);
/* The data plane tells of a packet that did not fit: say what the path carries. */
void child_sa_too_big(struct child_sa *child, const struct cyg_kernel_event *event);

/* Cut its life to so many seconds from its beginning; never lengthens it. */
void child_sa_shorten(struct child_sa *child, uint64_t lifetime_s);

/* The path has moved. */
void child_sa_move(struct child_sa *child, const struct cyg_path *path);

/* Give it to another IKE SA of the same principal. */
void child_sa_adopt(struct ike_sa *sa, struct child_sa *child);

/* An SPI as it stands on the wire. */
void child_spi_bytes(uint32_t spi, uint8_t ret[4]);

struct child_sa *child_sa_by_spi(const struct engine *engine, uint32_t spi_in);
/* One that the policy of this request id is for; NULL. */
const struct child_sa *child_sa_holding(const struct engine *engine, uint32_t reqid);
struct child_sa *child_sa_by_reqid(const struct engine *engine, uint32_t reqid, uint32_t spi,
                                   bool inbound);
