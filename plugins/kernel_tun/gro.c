/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining packets of one flow for the TUN device, as the kernel's GRO does. A packet is joined only
 * when its own checksum is right: the kernel does not look at it again. */
#include "checksum.h"
#include "offload.h"

#include <cygnet/writer.h>

#include <string.h>

#define TCP_PSH 0x08u
#define TCP_ACK 0x10u

/* Where TCP's or UDP's header ends, when this is a packet that may be joined to others; else 0. */
static size_t joinable(const struct gro *g, const uint8_t *packet, const struct inner *p)
{
    if (p->extended || p->fragment || !p->has_ports || (p->family == 4 && !p->dont_fragment)) {
        return 0; /* without DF the identification matters, and joining loses it */
    }
    size_t upper = p->len - p->header_len;
    const uint8_t *u = packet + p->header_len;
    if (p->protocol == PROTO_TCP && upper >= 20) {
        size_t header = (u[12] >> 4) * 4u;
        bool plain = (u[13] & ~TCP_PSH) == TCP_ACK && (u[12] & 1) == 0;
        return plain && header >= 20 && header < upper ? p->header_len + header : 0;
    }
    if (p->protocol == PROTO_UDP && g->udp && upper > 8) {
        bool whole = (size_t)(u[4] << 8 | u[5]) == upper && (u[6] | u[7]) != 0;
        return whole ? p->header_len + 8 : 0;
    }
    return 0;
}

static uint64_t pseudo(const uint8_t *packet, const struct inner *p, size_t upper_len)
{
    return p->family == 4 ? checksum_pseudo(packet + 12, 8, p->protocol, upper_len)
                          : checksum_pseudo(packet + 8, 32, p->protocol, upper_len);
}

static bool sum_is_right(const uint8_t *packet, const struct inner *p)
{
    size_t upper = p->len - p->header_len;
    return checksum_is_right(checksum_add(pseudo(packet, p, upper), packet + p->header_len, upper));
}

static bool same_flow(const struct inner *a, const struct inner *b)
{
    return a->protocol == b->protocol && a->source_port == b->source_port
           && a->destination_port == b->destination_port && a->family == b->family
           && ip_equal(a->source, b->source) && ip_equal(a->destination, b->destination);
}

static uint32_t tcp_seq(const uint8_t *upper)
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ upper + 4, 4 });
    return cyg_reader_u32(&r);
}

/* Whether all that joining would lose is the same: TOS, TTL, acknowledgement, window, options. */
static bool same_headers(const struct gro_item *item, const uint8_t *packet, const struct inner *p,
                         size_t headers)
{
    if (item->headers != headers || item->inner.tos != p->tos || item->inner.ttl != p->ttl) {
        return false;
    }
    if (p->family == 6 && memcmp(item->packet, packet, 4) != 0) {
        return false; /* flow label */
    }
    if (p->protocol == PROTO_UDP) {
        return true;
    }
    const uint8_t *a = item->packet + p->header_len, *b = packet + p->header_len;
    return memcmp(a + 8, b + 8, 5) == 0 && memcmp(a + 14, b + 14, 2) == 0
           && memcmp(a + 18, b + 18, headers - p->header_len - 18) == 0
           && tcp_seq(b) == item->next_seq;
}

static bool join(struct gro_item *item, uint8_t *packet, const struct inner *p, size_t headers)
{
    size_t payload = p->len - headers;
    if (!item->open || item->n_parts == GRO_PARTS || payload > item->size
        || item->headers + item->payload + payload > 65535
        || !same_headers(item, packet, p, headers)) {
        return false;
    }
    item->parts[item->n_parts++] = (struct iovec){ packet + headers, payload };
    item->payload += payload;
    item->next_seq += (uint32_t)payload;
    if (p->protocol == PROTO_TCP && (packet[p->header_len + 13] & TCP_PSH) != 0) {
        item->push = true;
    }
    item->open = payload == item->size && !item->push;
    return true;
}

void gro_add(struct gro *g, uint8_t *packet, const struct inner *p)
{
    size_t headers = joinable(g, packet, p);
    bool verified = headers != 0 && sum_is_right(packet, p);
    for (unsigned i = g->count; i-- > 0;) {
        struct gro_item *item = &g->items[i];
        if (!same_flow(&item->inner, p)) {
            continue;
        }
        if (verified && join(item, packet, p, headers)) {
            return;
        }
        item->open = false; /* what comes later must not overtake this packet */
        break;
    }
    if (g->count == GRO_ITEMS) {
        gro_flush(g);
    }
    struct gro_item *item = &g->items[g->count++];
    item->packet = packet;
    item->inner = *p;
    item->headers = headers;
    item->size = item->payload = p->len - headers;
    item->verified = verified;
    item->push = false;
    item->open = false;
    if (verified) {
        bool tcp = p->protocol == PROTO_TCP;
        item->next_seq = tcp ? tcp_seq(packet + p->header_len) + (uint32_t)item->payload : 0;
        item->open = !tcp || (packet[p->header_len + 13] & TCP_PSH) == 0;
    }
    item->n_parts = 2;
    item->parts[1] = (struct iovec){ packet, p->len };
}

/* Turn the first packet's headers into those of the whole. */
static void finish(struct gro_item *item, struct vnet *vnet)
{
    const struct inner *p = &item->inner;
    uint8_t *upper = item->packet + p->header_len;
    size_t len = item->headers + item->payload, upper_len = len - p->header_len;
    bool tcp = p->protocol == PROTO_TCP;
    struct cyg_writer w = cyg_writer_of(item->packet, p->header_len);
    cyg_writer_reserve(&w, p->family == 4 ? 2 : 4);
    cyg_writer_u16(&w, (uint16_t)(p->family == 4 ? len : len - 40));
    if (p->family == 4) {
        item->packet[10] = item->packet[11] = 0;
        checksum_put(checksum_add(0, item->packet, p->header_len), item->packet + 10);
    }
    if (!tcp) {
        upper[4] = (uint8_t)(upper_len >> 8);
        upper[5] = (uint8_t)upper_len;
    } else if (item->push) {
        upper[13] |= TCP_PSH;
    }
    uint16_t field = tcp ? 16 : 6;
    checksum_put_partial(pseudo(item->packet, p, upper_len), upper + field);
    uint8_t type = p->family == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;
    *vnet = (struct vnet){ .flags = VNET_NEEDS_CSUM,
                           .gso_type = tcp ? type : VNET_GSO_UDP_L4,
                           .hdr_len = (uint16_t)item->headers,
                           .gso_size = (uint16_t)item->size,
                           .csum_start = (uint16_t)p->header_len,
                           .csum_offset = field };
}

void gro_flush(struct gro *g)
{
    for (unsigned i = 0; i < g->count; i++) {
        struct gro_item *item = &g->items[i];
        struct vnet vnet = { .flags = item->verified ? VNET_DATA_VALID : 0 };
        if (item->n_parts > 2) {
            finish(item, &vnet);
        }
        item->parts[0] = (struct iovec){ &vnet, sizeof(vnet) };
        g->write(g->context, item->parts, item->n_parts);
    }
    g->count = 0;
}
