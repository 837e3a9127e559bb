/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cutting large packets, as the kernel's GSO does. */
#include "checksum.h"
#include "offload.h"

#include <cygnet/writer.h>

#include <string.h>

#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

bool vnet_read(const uint8_t *data, size_t len, struct vnet *ret)
{
    if (len < sizeof(*ret)) {
        return false;
    }
    memcpy(ret, data, sizeof(*ret)); /* no wire data: written by our own kernel in this layout */
    return true;
}

static size_t addresses_at(const struct inner *p)
{
    return p->family == 4 ? 12 : 8;
}

static size_t addresses_len(const struct inner *p)
{
    return p->family == 4 ? 8 : 32;
}

/* What the kernel left to us: sum from csum_start on, over the pseudo header's sum in the field. */
static enum drop complete_sum(const struct vnet *vnet, uint8_t *packet, const struct inner *p)
{
    size_t start = vnet->csum_start, field = start + vnet->csum_offset;
    if (start < p->header_len || field + 2 > p->len) {
        return DROP_OFFLOAD;
    }
    uint64_t sum = checksum_add(0, packet + start, p->len - start);
    checksum_put(sum, packet + field);
    if (p->protocol == PROTO_UDP && packet[field] == 0 && packet[field + 1] == 0) {
        packet[field] = packet[field + 1] = 0xff; /* RFC 768: 0 means none */
    }
    return DROP_NONE;
}

enum drop gso_begin(struct gso *g, const struct vnet *vnet, uint8_t *packet, const struct inner *p)
{
    *g = (struct gso){ .packet = packet, .inner = *p, .count = 1 };
    uint8_t type = vnet->gso_type & (uint8_t)~VNET_GSO_ECN;
    if (type == VNET_GSO_NONE) {
        return (vnet->flags & VNET_NEEDS_CSUM) != 0 ? complete_sum(vnet, packet, p) : DROP_NONE;
    }
    bool tcp =
        p->protocol == PROTO_TCP && type == (p->family == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6);
    bool udp = p->protocol == PROTO_UDP && type == VNET_GSO_UDP_L4;
    size_t upper = p->len - p->header_len;
    if ((!tcp && !udp) || p->fragment || vnet->gso_size == 0 || upper < (tcp ? 20u : 8u)) {
        return DROP_OFFLOAD;
    }
    size_t upper_header = tcp ? (packet[p->header_len + 12] >> 4) * 4u : 8u;
    if (upper_header < (tcp ? 20u : 8u) || upper_header >= upper) {
        return DROP_OFFLOAD;
    }
    g->headers = p->header_len + upper_header;
    g->size = vnet->gso_size;
    g->count = (p->len - g->headers + g->size - 1) / g->size;
    return DROP_NONE;
}

size_t gso_segment_len(const struct gso *g, size_t index)
{
    if (g->headers == 0) {
        return g->inner.len;
    }
    size_t left = g->inner.len - g->headers - index * g->size;
    return g->headers + (left < g->size ? left : g->size);
}

size_t gso_longest(const struct gso *g)
{
    return gso_segment_len(g, 0);
}

static void patch_ip(const struct gso *g, size_t index, uint8_t *ip, size_t len)
{
    struct cyg_writer w = cyg_writer_of(ip, g->inner.header_len);
    if (g->inner.family == 6) {
        cyg_writer_reserve(&w, 4);
        cyg_writer_u16(&w, (uint16_t)(len - 40));
        return;
    }
    uint16_t id = (uint16_t)((ip[4] << 8 | ip[5]) + (int)index);
    cyg_writer_reserve(&w, 2);
    cyg_writer_u16(&w, (uint16_t)len);
    cyg_writer_u16(&w, id);
    ip[10] = ip[11] = 0;
    checksum_put(checksum_add(0, ip, g->inner.header_len), ip + 10);
}

/* Sequence number, flags or length; returns where the checksum stands. */
static size_t patch_upper(const struct gso *g, size_t index, uint8_t *upper, size_t len)
{
    struct cyg_writer w = cyg_writer_of(upper, 8);
    if (g->inner.protocol == PROTO_UDP) {
        cyg_writer_reserve(&w, 4);
        cyg_writer_u16(&w, (uint16_t)len);
        return 6;
    }
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ upper + 4, 4 });
    uint32_t seq = cyg_reader_u32(&r) + (uint32_t)(index * g->size);
    cyg_writer_reserve(&w, 4);
    cyg_writer_u32(&w, seq);
    if (index + 1 < g->count) {
        upper[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    }
    if (index > 0) {
        upper[13] &= (uint8_t)~TCP_CWR; /* RFC 3168 6.1.2: with the first data only */
    }
    return 16;
}

void gso_write(const struct gso *g, size_t index, size_t skip, uint8_t *out)
{
    size_t len = gso_segment_len(g, index);
    if (g->headers == 0) {
        memcpy(out, g->packet + skip, len - skip);
        return;
    }
    const struct inner *p = &g->inner;
    size_t payload = len - g->headers, upper_len = len - p->header_len;
    uint8_t *upper = out + p->header_len - skip;
    memcpy(out, g->packet + skip, g->headers - skip);
    memcpy(out + g->headers - skip, g->packet + g->headers + index * g->size, payload);
    if (skip == 0) {
        patch_ip(g, index, out, len);
    }
    size_t field = patch_upper(g, index, upper, upper_len);
    upper[field] = upper[field + 1] = 0;
    uint64_t sum =
        checksum_pseudo(g->packet + addresses_at(p), addresses_len(p), p->protocol, upper_len);
    checksum_put(checksum_add(sum, upper, upper_len), upper + field);
    if (p->protocol == PROTO_UDP && upper[field] == 0 && upper[field + 1] == 0) {
        upper[field] = upper[field + 1] = 0xff;
    }
}
