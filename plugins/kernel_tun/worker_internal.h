/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the worker: worker.c (thread, loop), orders.c (what the engine orders), outbound.c
 * (from the TUN device to the wire), send.c (the wire), inbound.c (back). */
#pragma once

#include "esp_sockets.h"
#include "fragments.h"
#include "network.h"
#include "queue.h"
#include "sadb.h"
#include "tun.h"
#include "worker.h"

#include <pthread.h>

#define SEND_MESSAGES 64u
#define SEND_ARENA    (1u << 20)
#define SEND_BYTES    65000u /* of one message: below what UDP over IPv4 and IPv6 can carry */
#define SEND_SEGMENTS 64u    /* UDP_MAX_SEGMENTS of all kernels */
#define IV_POOL       4096u
#define SCRATCH_BYTES (256u << 10)

/* A message to be sent: one packet, or several of the same length (the last may be shorter). */
struct outgoing {
    struct sa *sa;
    uint8_t *data;
    size_t len, segment;
    unsigned count;
    uint8_t tos;
    bool df, closed;
};

struct send_batch {
    unsigned n;
    size_t used;
    uint8_t *arena;
    struct outgoing messages[SEND_MESSAGES];
};

/* A path that NAT keepalives hold open, shared by the SAs that use it. */
struct keepalive {
    struct keepalive *next;
    struct cyg_path path;
    struct esp_socket *socket;
    unsigned uses;
    cyg_usec last_sent;
};

struct worker {
    const struct cyg_host *host;
    struct worker_options options;
    struct tun tun;
    struct sadb sadb;
    struct esp_sockets sockets;
    struct network *network;
    struct queue orders;
    pthread_t thread;
    bool is_running, stop;
    bool tun_gone; /* somebody has deleted the device */
    int epoll;
    cyg_usec now; /* of this turn */

    /* outbound */
    uint8_t *read_buffer; /* TUN_READ_MAX */
    struct send_batch send;
    struct fragments fragments; /* of transport mode */
    uint8_t ivs[IV_POOL];
    size_t ivs_used;
    unsigned icmp_tokens; /* errors that may be sent to our own side */
    cyg_usec icmp_refill;
    size_t link_mtu;
    size_t least_mtu; /* of all outbound SAs; 0: there is none */
    bool mtu_stale; /* the narrowest may have gone: look through all of them, at most each second */
    struct keepalive *keepalives;
    cyg_usec keepalive_scan;

    /* inbound */
    struct receive_buffers *receive;
    struct gro gro;
    uint8_t *scratch; /* packets rebuilt in transport mode */
    size_t scratch_used;

    uint64_t drops[DROP_COUNT], told_drops[DROP_COUNT];
    cyg_usec told_at;
};

static inline void count_drop(struct worker *w, enum drop drop)
{
    w->drops[drop]++;
}

/* orders.c: carry out what stands in the queue. */
void orders_run(struct worker *w);
void keepalives_run(struct worker *w); /* send those that are due */
void keepalives_clear(struct worker *w);
void tell_expired(struct worker *w, struct sa *sa);
size_t inner_mtu_of(const struct sa *sa, size_t path_mtu);
void mtu_run(struct worker *w);                     /* widen the link, if it can be */
void measure_path(struct worker *w, struct sa *sa); /* what fits into this outbound SA */

/* outbound.c: read packets from the device until it is empty, or a batch is full. False: the device
 * is gone; errno says how. */
CYG_MUST_USE bool outbound_run(struct worker *w);
/* One packet, with its virtio header. For tests, too. */
void outbound_packet(struct worker *w, const struct vnet *vnet, uint8_t *packet, size_t len);

/* send.c: room for one ESP packet of an SA; sent by the next send_flush at the latest. */
uint8_t *send_room(struct worker *w, struct sa *sa, uint8_t tos, bool df, size_t len);
/* Give back the room that was given last, of this length. */
void send_undo(struct worker *w, size_t len);
void send_flush(struct worker *w);
/* A datagram of its own, now. */
bool send_one(struct esp_socket *socket, const struct cyg_path *path, struct cyg_span datagram);

/* inbound.c */
void inbound_run(struct worker *w, struct esp_socket *socket);
void inbound_errors(struct worker *w, struct esp_socket *socket);
/* One datagram, without its IP and UDP header; changed in place. */
void inbound_datagram(struct worker *w, const struct arrival *from, uint8_t *data, size_t len);
