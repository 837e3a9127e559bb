/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker of kernel-tun without thread, device or network: tests call its packet functions and see
 * what it would write to the device and send. One SA pair in which the inbound SA opens what the
 * outbound one has sealed. */
#pragma once

#include "kernel_tun/worker_internal.h"
#include "unit/kernel_tun/fake_host.h"

#include <cygnet/peer.h>

#define RIG_SPI 0x1234u

struct rig {
    struct fake_host fake;
    struct worker *w;
    struct sa *in, *out;
    struct esp_socket socket;
    struct arrival from; /* what the inbound SA expects */
    int device;          /* read what was written to the TUN device */
    uint8_t esp[70000];  /* the last sealed packet */
    size_t esp_len;
};

struct rig_options {
    enum cyg_alg cipher, integ; /* none: AES-128-GCM */
    uint8_t mode;               /* 0: tunnel */
    bool raw;                   /* no UDP */
    const char *local, *remote; /* selectors; NULL: 10.1.0.0/16, 10.2.0.0/16 */
    uint64_t life_bytes;
    uint8_t family; /* of the path; 0: 4 */
};

struct rig *rig_new(struct rig_options options);
void rig_free(struct rig *rig);

/* An SA as the rig's, for tests that add more. */
struct cyg_sa_spec rig_spec(const struct rig_options *options, bool inbound);
struct cyg_selector rig_selector(const char *text);

/* Write an IPv4 or IPv6 UDP packet with `len` bytes of payload, checksums right; returns its
 * length. Addresses as text. */
size_t rig_udp(uint8_t *out, const char *source, const char *destination, uint16_t source_port,
               uint16_t destination_port, size_t len);

/* Seal a payload with the outbound SA's keys under any sequence number and next header. */
void rig_seal(struct rig *rig, uint32_t seq, uint8_t next_header, const uint8_t *payload,
              size_t len);
/* Give the sealed packet, as an exact heap copy, to the inbound side; flushes to the device. */
void rig_receive(struct rig *rig);
/* Give any datagram instead. */
void rig_receive_bytes(struct rig *rig, const uint8_t *data, size_t len);

/* Read one packet from the device: its length, -1 if there is none. vnet may be NULL. */
ssize_t rig_read(struct rig *rig, struct vnet *vnet, uint8_t *packet, size_t size);

/* Fails unless exactly `drop` was counted `n` times more since the last call of this function. */
void rig_assert_drops(struct rig *rig, enum drop drop, unsigned n);
