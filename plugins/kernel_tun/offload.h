/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large packets on the TUN device: cutting what the kernel hands over unsegmented (TSO, USO), and
 * joining what came out of the tunnel so that one write carries many packets. Uses the header of
 * virtio (VIRTIO 1.2, 5.1.6) that IFF_VNET_HDR puts in front of packets. No I/O here.
 * Ownership: packets stay the caller's; joined ones must live until gro_flush. Thread: the
 * worker's. */
#pragma once

#include "inner.h"

#include <sys/uio.h>

/* The virtio header in memory: 10 bytes, host byte order (TUNSETVNETLE is not set, so it follows
 * the machine). */
struct vnet {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
_Static_assert(sizeof(struct vnet) == 10, "virtio's header has 10 bytes");

enum {
    VNET_NEEDS_CSUM = 1,
    VNET_DATA_VALID = 2,
    VNET_GSO_NONE = 0,
    VNET_GSO_TCPV4 = 1,
    VNET_GSO_TCPV6 = 4,
    VNET_GSO_UDP_L4 = 5,
    VNET_GSO_ECN = 0x80, /* bit on top of the TCP types */
};

/* Read the header; false when it is short. */
CYG_MUST_USE bool vnet_read(const uint8_t *data, size_t len, struct vnet *ret);

/* A packet from the device on its way to being cut. */
struct gso {
    uint8_t *packet;
    struct inner inner;
    size_t headers; /* IP and upper layer; of a packet that is not cut: 0 */
    size_t size;    /* payload bytes of each segment but the last */
    size_t count;   /* of segments, 1 when there is nothing to cut */
    bool needs_sum;
};

/* Prepare a parsed packet. A lone packet's checksum is completed in place. DROP_OFFLOAD when the
 * device's header does not fit the packet. */
CYG_MUST_USE enum drop gso_begin(struct gso *g, const struct vnet *vnet, uint8_t *packet,
                                 const struct inner *p);

/* The longest segment, IP header included. */
size_t gso_longest(const struct gso *g);

/* The length of a segment, IP header included. */
size_t gso_segment_len(const struct gso *g, size_t index);

/* Write segment `index` without its first `skip` bytes (0, or the IP header for transport mode). */
void gso_write(const struct gso *g, size_t index, size_t skip, uint8_t *out);

#define GRO_ITEMS 16u
#define GRO_PARTS 64u

/* Packets of one flow that follow each other. */
struct gro_item {
    uint8_t *packet; /* the first; its headers become those of the whole */
    struct inner inner;
    size_t headers, size, payload; /* size: of the first payload; payload: of all */
    uint32_t next_seq;
    bool joins, open, verified, push;
    unsigned n_parts;
    struct iovec parts[GRO_PARTS]; /* [0] is left free for the virtio header */
};

struct gro {
    bool udp; /* the kernel takes VIRTIO_NET_HDR_GSO_UDP_L4 */
    void (*write)(void *context, const struct iovec *parts, unsigned n);
    void *context;
    unsigned count;
    struct gro_item items[GRO_ITEMS];
};

/* Add a packet that was parsed and checked. It, and its order within its flow, is kept until it
 * has been written by gro_flush, or by this call when there is no more room. */
void gro_add(struct gro *g, uint8_t *packet, const struct inner *p);
void gro_flush(struct gro *g);
