/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in the headers of an IPv4 or IPv6 packet as far as IPsec needs it, and the checks of
 * RFC 4301 5.2 on packets that came out of a tunnel. All reading is bounded by the packet.
 * Ownership: values; nothing is borrowed. Units: bytes. Ports in host order. Thread: any. */
#pragma once

#include "drop.h"

#include <cygnet/selector.h>

#define INNER_EXTENSIONS_MAX 8u

enum {
    PROTO_HOPOPTS = 0,
    PROTO_ICMP = 1,
    PROTO_IPIP = 4,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_IPV6 = 41,
    PROTO_ROUTING = 43,
    PROTO_FRAGMENT = 44,
    PROTO_ESP = 50,
    PROTO_AH = 51,
    PROTO_ICMPV6 = 58,
    PROTO_NONE = 59,
    PROTO_DSTOPTS = 60,
};

/* An address as numbers, for comparing ranges; IPv4 in `low`. */
struct ip {
    uint64_t high, low;
};

struct inner {
    uint8_t family;   /* 4, 6 */
    uint8_t protocol; /* behind all extension headers */
    uint8_t tos, ttl;
    bool dont_fragment; /* IPv6: always */
    bool fragment;      /* one of several */
    bool later;         /* a fragment that does not begin the datagram: no ports */
    bool has_ports;
    bool extended; /* IPv4 options, IPv6 extension headers */
    uint16_t source_port, destination_port;
    struct ip source, destination;
    size_t header_len; /* up to the upper layer's header */
    size_t len;        /* of the packet, as its header says */
};

/* Read the headers of the packet at the begin of `packet`; bytes behind its own length are padding
 * (RFC 4303 2.7) and left out of ret->len. *ret is written on DROP_NONE only. */
CYG_MUST_USE enum drop inner_parse(struct cyg_span packet, struct inner *ret);

/* A selector, ready for comparing. */
struct match {
    uint8_t family, protocol; /* protocol 0: any */
    uint16_t port;            /* 0: any */
    struct ip from, to;
};

/* Both ends of what an SA or a policy protects. */
struct flow_match {
    struct match local, remote;
    uint8_t protocol; /* of both; 0: any */
};

struct ip ip_of(const struct cyg_address *a);

static inline bool ip_at_most(struct ip a, struct ip b)
{
    return a.high < b.high || (a.high == b.high && a.low <= b.low);
}

static inline bool ip_equal(struct ip a, struct ip b)
{
    return a.high == b.high && a.low == b.low;
}

static inline bool ip_in(const struct match *m, struct ip a)
{
    return ip_at_most(m->from, a) && ip_at_most(a, m->to);
}

/* CYG_REFUSED when the two ends can't belong to one packet: different families or protocols, no
 * address, ports of a protocol that has none. */
CYG_MUST_USE enum cyg_code flow_match_of(const struct cyg_flow *flow, struct flow_match *ret);

/* Whether a packet from our side belongs to the flow: source local, destination remote. */
bool flow_has_outbound(const struct flow_match *flow, const struct inner *p);

/* Whether a packet that came out of an SA may pass: inside the SA's own flow (H-164), from nobody's
 * martian address, not dead (H-167). `fragments`: whether later fragments may pass where no port
 * decides (H-166). */
CYG_MUST_USE enum drop inner_check_inbound(const struct flow_match *flow, const struct inner *p,
                                           bool fragments);

/* RFC 6040 4.2, figure 4: combine the ECN field of the outer header into the packet, whose header
 * has been parsed; mends the IPv4 header checksum. DROP_ECN when the packet must be dropped. */
CYG_MUST_USE enum drop inner_apply_ecn(uint8_t *packet, const struct inner *p, uint8_t outer_tos);
