/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading capture files for tests. */
#include "vectors/pcap.h"

#include <stdlib.h>

#define LINK_NULL     0u
#define LINK_ETHERNET 1u
#define LINK_RAW      101u
#define PORT_IKE      500u
#define PORT_NAT_T    4500u

struct walk {
    bool swapped; /* little endian file */
    uint32_t link;
    void (*take)(void *context, const struct pcap_datagram *d);
    void *context;
    int n;
};

static uint32_t u32(const struct walk *w, struct cyg_reader *r)
{
    uint32_t v = cyg_reader_u32(r);
    return w->swapped ? __builtin_bswap32(v) : v;
}

static void take_udp(struct walk *w, struct cyg_reader r)
{
    struct pcap_datagram d = { 0 };
    d.source = cyg_reader_u16(&r);
    d.destination = cyg_reader_u16(&r);
    uint16_t len = cyg_reader_u16(&r);
    (void)cyg_reader_u16(&r); /* checksum */
    d.bytes = cyg_span_first(cyg_reader_rest(&r), len >= 8 ? len - 8u : 0);
    bool floated = d.source == PORT_NAT_T || d.destination == PORT_NAT_T;
    if (floated) {
        struct cyg_reader marker = cyg_reader_of(d.bytes);
        if (cyg_reader_u32(&marker) != 0 || !cyg_reader_ok(&marker)) {
            return; /* ESP or a keepalive */
        }
        d.bytes = cyg_reader_rest(&marker);
    }
    if (floated || d.source == PORT_IKE || d.destination == PORT_IKE) {
        w->n++;
        w->take(w->context, &d);
    }
}

static void take_ipv4(struct walk *w, struct cyg_reader r)
{
    size_t head = (cyg_reader_u8(&r) & 0x0fu) * 4u;
    (void)cyg_reader_u8(&r);
    uint16_t total = cyg_reader_u16(&r);
    (void)cyg_reader_u16(&r);
    uint16_t fragment = cyg_reader_u16(&r);
    (void)cyg_reader_u8(&r);
    uint8_t protocol = cyg_reader_u8(&r);
    (void)cyg_reader_take(&r, head >= 10 ? head - 10 : 0); /* checksum, addresses, options */
    struct cyg_span rest = cyg_span_first(cyg_reader_rest(&r), total > head ? total - head : 0);
    if (protocol == 17 && (fragment & 0x1fffu) == 0) {
        take_udp(w, cyg_reader_of(rest));
    }
}

static void take_ipv6(struct walk *w, struct cyg_reader r)
{
    (void)cyg_reader_u32(&r);
    (void)cyg_reader_u16(&r);
    uint8_t next = cyg_reader_u8(&r);
    (void)cyg_reader_take(&r, 33);
    if (next == 17) {
        take_udp(w, r);
    }
}

static void take_ip(struct walk *w, struct cyg_reader r)
{
    struct cyg_reader ahead = r;
    switch (cyg_reader_u8(&ahead) >> 4) {
    case 4:
        take_ipv4(w, r);
        break;
    case 6:
        take_ipv6(w, r);
        break;
    default:
        break;
    }
}

static void take_frame(struct walk *w, struct cyg_span frame)
{
    struct cyg_reader r = cyg_reader_of(frame);
    if (w->link == LINK_ETHERNET) {
        (void)cyg_reader_take(&r, 12);
        uint16_t type = cyg_reader_u16(&r);
        if (type != 0x0800 && type != 0x86dd) {
            return;
        }
    } else if (w->link == LINK_NULL) {
        (void)cyg_reader_u32(&r);
    } else if (w->link != LINK_RAW) {
        return;
    }
    take_ip(w, r);
}

static void walk_pcap(struct walk *w, struct cyg_reader r)
{
    (void)cyg_reader_take(&r, 16); /* version, zone, accuracy, length of frames */
    w->link = u32(w, &r) & 0xffffu;
    while (cyg_reader_left(&r) > 0) {
        (void)cyg_reader_take(&r, 8); /* time */
        uint32_t len = u32(w, &r);
        (void)u32(w, &r); /* length on the wire */
        take_frame(w, cyg_reader_take(&r, len));
    }
}

static void walk_pcapng(struct walk *w, struct cyg_span file)
{
    struct cyg_reader r = cyg_reader_of(file);
    while (cyg_reader_left(&r) > 0) {
        uint32_t type = u32(w, &r);
        uint32_t len = u32(w, &r);
        struct cyg_reader body = cyg_reader_sub(&r, len >= 12 ? len - 12 : 0);
        (void)u32(w, &r); /* length again */
        if (type == 1) {  /* interface */
            uint32_t link = u32(w, &body);
            w->link = w->swapped ? link & 0xffffu : link >> 16;
        } else if (type == 6) { /* enhanced packet: interface, time, time, captured, length */
            (void)cyg_reader_take(&body, 12);
            uint32_t captured = u32(w, &body);
            (void)u32(w, &body);
            take_frame(w, cyg_reader_take(&body, captured));
        }
    }
}

int pcap_each(struct cyg_span file, void (*take)(void *context, const struct pcap_datagram *d),
              void *context)
{
    struct walk w = { .take = take, .context = context };
    struct cyg_reader r = cyg_reader_of(file);
    switch (cyg_reader_u32(&r)) {
    case 0xd4c3b2a1:
    case 0x4d3cb2a1: /* nanoseconds */
        w.swapped = true;
        walk_pcap(&w, r);
        return w.n;
    case 0xa1b2c3d4:
        walk_pcap(&w, r);
        return w.n;
    case 0x0a0d0d0a: {
        (void)cyg_reader_u32(&r);
        w.swapped = cyg_reader_u32(&r) == 0x4d3c2b1a;
        walk_pcapng(&w, file);
        return w.n;
    }
    default:
        return -1;
    }
}
