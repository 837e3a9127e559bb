/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsing of inner packets and the checks on them, H-162 to H-167. */
#include "inner.h"

#include "checksum.h"

#include <cygnet/span.h>

#include <string.h>

static struct ip read_ip(struct cyg_reader *r, uint8_t family)
{
    if (family == 4) {
        return (struct ip){ .high = 0, .low = cyg_reader_u32(r) };
    }
    struct ip a;
    a.high = cyg_reader_u64(r);
    a.low = cyg_reader_u64(r);
    return a;
}

/* Ports, where the protocol has them at the begin of its header. A header too short for them leaves
 * has_ports false: nothing with ports in its selector will match. */
static void read_ports(struct cyg_reader *r, struct inner *p)
{
    switch (p->protocol) {
    case PROTO_TCP:
    case PROTO_UDP:
    case 33:  /* DCCP */
    case 132: /* SCTP */
    case 136: /* UDP-Lite */
        break;
    default:
        return;
    }
    if (!p->later && cyg_reader_left(r) >= 4) {
        p->source_port = cyg_reader_u16(r);
        p->destination_port = cyg_reader_u16(r);
        p->has_ports = true;
    }
}

static enum drop parse_ipv4(struct cyg_span packet, struct inner *ret)
{
    struct inner p = { .family = 4 };
    struct cyg_reader r = cyg_reader_of(packet);
    size_t header_len = (cyg_reader_u8(&r) & 15u) * 4u;
    p.tos = cyg_reader_u8(&r);
    p.len = cyg_reader_u16(&r);
    cyg_reader_u16(&r); /* identification */
    uint16_t fragment = cyg_reader_u16(&r);
    p.ttl = cyg_reader_u8(&r);
    p.protocol = cyg_reader_u8(&r);
    cyg_reader_u16(&r); /* checksum: the kernel's to check */
    p.source = read_ip(&r, 4);
    p.destination = read_ip(&r, 4);
    if (!cyg_reader_ok(&r)) {
        return DROP_INNER_SHORT;
    }
    if (header_len < 20 || header_len > p.len) {
        return DROP_INNER_HEADER;
    }
    if (p.len > packet.len) {
        return DROP_INNER_LENGTH;
    }
    p.header_len = header_len;
    p.extended = header_len > 20;
    p.dont_fragment = (fragment & 0x4000) != 0;
    p.later = (fragment & 0x1fff) != 0;
    p.fragment = p.later || (fragment & 0x2000) != 0;
    struct cyg_reader upper = cyg_reader_of(cyg_span_first(packet, p.len));
    cyg_reader_take(&upper, header_len);
    read_ports(&upper, &p);
    *ret = p;
    return DROP_NONE;
}

static bool is_extension(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_HOPOPTS:
    case PROTO_ROUTING:
    case PROTO_FRAGMENT:
    case PROTO_AH:
    case PROTO_DSTOPTS:
    case 135: /* mobility */
    case 139: /* HIP */
    case 140: /* Shim6 */
        return true;
    default:
        return false;
    }
}

/* Walk the extension headers (RFC 8200 4) until the upper layer, or the end of what a later
 * fragment shows. */
static enum drop walk_extensions(struct cyg_reader *r, struct inner *p)
{
    for (unsigned n = 0; is_extension(p->protocol) && !p->later; n++) {
        if (n == INNER_EXTENSIONS_MAX) {
            return DROP_INNER_EXTENSIONS; /* H-166: no endless chains */
        }
        p->extended = true;
        uint8_t next = cyg_reader_u8(r), len = cyg_reader_u8(r);
        size_t rest = len * 8u + 6u;
        if (p->protocol == PROTO_AH) {
            rest = len * 4u + 6u; /* RFC 4302 2.2: 4-byte words minus 2 */
        } else if (p->protocol == PROTO_FRAGMENT) {
            uint16_t offset = cyg_reader_u16(r);
            p->later = (offset & 0xfff8) != 0;
            p->fragment = p->later || (offset & 1) != 0;
            rest = 4;
        }
        cyg_reader_take(r, rest);
        p->protocol = next;
        if (!cyg_reader_ok(r)) {
            return DROP_INNER_SHORT;
        }
    }
    return DROP_NONE;
}

static enum drop parse_ipv6(struct cyg_span packet, struct inner *ret)
{
    struct inner p = { .family = 6, .dont_fragment = true };
    struct cyg_reader r = cyg_reader_of(packet);
    p.tos = (uint8_t)(cyg_reader_u16(&r) >> 4);
    cyg_reader_u16(&r); /* flow label */
    p.len = 40u + cyg_reader_u16(&r);
    p.protocol = cyg_reader_u8(&r);
    p.ttl = cyg_reader_u8(&r);
    p.source = read_ip(&r, 6);
    p.destination = read_ip(&r, 6);
    if (!cyg_reader_ok(&r)) {
        return DROP_INNER_SHORT;
    }
    if (p.len > packet.len) {
        return DROP_INNER_LENGTH; /* a jumbogram (length 0) ends here or as a packet without body */
    }
    struct cyg_reader body = cyg_reader_of(cyg_span_first(packet, p.len));
    cyg_reader_take(&body, 40);
    enum drop drop = walk_extensions(&body, &p);
    if (drop != DROP_NONE) {
        return drop;
    }
    p.header_len = cyg_reader_offset(&body);
    read_ports(&body, &p);
    *ret = p;
    return DROP_NONE;
}

enum drop inner_parse(struct cyg_span packet, struct inner *ret)
{
    struct cyg_reader r = cyg_reader_of(packet);
    uint8_t version = cyg_reader_u8(&r) >> 4;
    if (!cyg_reader_ok(&r)) {
        return DROP_INNER_SHORT;
    }
    switch (version) {
    case 4:
        return parse_ipv4(packet, ret);
    case 6:
        return parse_ipv6(packet, ret);
    default:
        return DROP_INNER_VERSION;
    }
}

struct ip ip_of(const struct cyg_address *a)
{
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(a->bytes));
    return read_ip(&r, a->family == 4 ? 4 : 6);
}

static struct match match_of(const struct cyg_selector *s)
{
    return (struct match){ .family = s->from.family,
                           .protocol = s->protocol,
                           .port = s->port,
                           .from = ip_of(&s->from),
                           .to = ip_of(&s->to) };
}

static bool has_ports(uint8_t protocol)
{
    return protocol == PROTO_TCP || protocol == PROTO_UDP || protocol == 33 || protocol == 132
           || protocol == 136;
}

enum cyg_code flow_match_of(const struct cyg_flow *flow, struct flow_match *ret)
{
    struct flow_match f = { .local = match_of(&flow->local), .remote = match_of(&flow->remote) };
    bool families = (f.local.family == 4 || f.local.family == 6)
                    && f.local.family == f.remote.family && flow->local.to.family == f.local.family
                    && flow->remote.to.family == f.local.family;
    if (!families || !ip_at_most(f.local.from, f.local.to)
        || !ip_at_most(f.remote.from, f.remote.to)
        || (f.local.protocol != 0 && f.remote.protocol != 0
            && f.local.protocol != f.remote.protocol)) {
        return CYG_REFUSED;
    }
    f.protocol = f.local.protocol != 0 ? f.local.protocol : f.remote.protocol;
    if ((f.local.port != 0 || f.remote.port != 0) && !has_ports(f.protocol)) {
        return CYG_REFUSED;
    }
    *ret = f;
    return CYG_OK;
}

/* Addresses aside: protocol and ports of the two ends. */
static bool upper_fits(const struct flow_match *flow, const struct inner *p, uint16_t local_port,
                       uint16_t remote_port)
{
    if (flow->protocol != 0 && flow->protocol != p->protocol) {
        return false;
    }
    if (flow->local.port == 0 && flow->remote.port == 0) {
        return true;
    }
    return p->has_ports && (flow->local.port == 0 || flow->local.port == local_port)
           && (flow->remote.port == 0 || flow->remote.port == remote_port);
}

bool flow_has_outbound(const struct flow_match *flow, const struct inner *p)
{
    return p->family == flow->local.family && ip_in(&flow->local, p->source)
           && ip_in(&flow->remote, p->destination)
           && upper_fits(flow, p, p->source_port, p->destination_port);
}

static bool is_multicast(uint8_t family, struct ip a)
{
    return family == 4 ? a.low >> 28 == 14 || a.low == 0xffffffff : a.high >> 56 == 0xff;
}

static bool is_link_local(uint8_t family, struct ip a)
{
    return family == 4 ? a.low >> 16 == 0xa9fe : a.high >> 54 == 0x3fa;
}

/* Loopback, unspecified, IPv4's "this network" and IPv4-mapped addresses. */
static bool is_never_routed(uint8_t family, struct ip a)
{
    if (family == 4) {
        return a.low >> 24 == 127 || a.low >> 24 == 0;
    }
    return a.high == 0 && (a.low <= 1 || a.low >> 32 == 0xffff);
}

/* Addresses that no peer may use, whatever its selectors cover (0.0.0.0/0 covers them all), unless
 * a selector names such a range on purpose. */
static bool is_martian(const struct flow_match *flow, const struct inner *p)
{
    uint8_t family = p->family;
    if (is_never_routed(family, p->source) || is_never_routed(family, p->destination)
        || is_multicast(family, p->source)) {
        return true;
    }
    if (is_multicast(family, p->destination) && !is_multicast(family, flow->local.from)) {
        return true;
    }
    return (is_link_local(family, p->source) && !is_link_local(family, flow->remote.from))
           || (is_link_local(family, p->destination) && !is_link_local(family, flow->local.from));
}

/* With a remote side that covers ours (0.0.0.0/0) the selectors alone would let the peer speak as
 * one of our own hosts. */
static bool is_spoofed(const struct flow_match *flow, const struct inner *p)
{
    bool covered = ip_at_most(flow->remote.from, flow->local.from)
                   && ip_at_most(flow->local.to, flow->remote.to);
    bool same =
        ip_equal(flow->remote.from, flow->local.from) && ip_equal(flow->local.to, flow->remote.to);
    return covered && !same && ip_in(&flow->local, p->source);
}

enum drop inner_check_inbound(const struct flow_match *flow, const struct inner *p, bool fragments)
{
    if (p->ttl == 0) {
        return DROP_INNER_TTL;
    }
    if (p->family != flow->local.family || !ip_in(&flow->local, p->destination)
        || !ip_in(&flow->remote, p->source)) {
        return DROP_INNER_SELECTOR;
    }
    if (is_martian(flow, p)) {
        return DROP_INNER_MARTIAN;
    }
    if (is_spoofed(flow, p)) {
        return DROP_INNER_SPOOFED;
    }
    if (p->later && (!fragments || flow->local.port != 0 || flow->remote.port != 0)) {
        return DROP_INNER_FRAGMENT; /* its ports are not known, RFC 4301 7 */
    }
    if (!upper_fits(flow, p, p->destination_port, p->source_port)) {
        return DROP_INNER_SELECTOR;
    }
    return DROP_NONE;
}

enum drop inner_apply_ecn(uint8_t *packet, const struct inner *p, uint8_t outer_tos)
{
    uint8_t outer = outer_tos & 3u, ecn = p->tos & 3u;
    uint8_t result = ecn;
    if (outer == 3) {
        if (ecn == 0) {
            return DROP_ECN; /* its sender does not know ECN and would never hear of it */
        }
        result = 3;
    } else if (outer == 1 && ecn == 2) {
        result = 1;
    }
    if (result == ecn) {
        return DROP_NONE;
    }
    if (p->family == 6) {
        packet[1] = (uint8_t)((packet[1] & ~0x30u) | (uint32_t)result << 4);
        return DROP_NONE;
    }
    uint8_t tos = (uint8_t)((p->tos & ~3u) | result);
    packet[1] = tos;
    checksum_mend(packet + 10, p->tos, tos);
    return DROP_NONE;
}
