/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data plane, as the engine orders it and a back end (kernel-xfrm, kernel-pfkey, kernel-tun)
 * carries it out. Asynchronous: an operation is submitted with a tag and answered by
 * host->kernel_done(tag, result), in order per SA. Ownership: submit copies what it needs before it
 * returns; keys are wiped by whoever held them. Units: seconds, bytes, bits. SPIs in host order.
 * Thread: submit is called on the engine's thread and must not block; answers and events may come
 * from any thread. Sources: RFC 4301, 4303, 3948, 2367. */
#pragma once

#include <cygnet/algorithm.h>
#include <cygnet/secret.h>
#include <cygnet/selector.h>
#include <cygnet/time.h>

enum cyg_ipsec_protocol {
    CYG_IPSEC_AH = 51,
    CYG_IPSEC_ESP = 50,
    CYG_IPSEC_IPCOMP = 108
};

enum cyg_kernel_capability {
    CYG_KERNEL_TUNNEL = 1u << 0,
    CYG_KERNEL_TRANSPORT = 1u << 1,
    CYG_KERNEL_RAW_ESP = 1u << 2,   /* IP protocol 50 */
    CYG_KERNEL_UDP_ENCAP = 1u << 3, /* RFC 3948 */
    CYG_KERNEL_AH = 1u << 4,
    CYG_KERNEL_ESN = 1u << 5,
};

/* An SA, one direction. */
struct cyg_sa_spec {
    uint32_t spi;   /* inbound: ours, reserved before; outbound: the peer's */
    uint32_t reqid; /* groups the SAs and policies of one flow */
    uint32_t peer_uniqueid, child_uniqueid; /* of the IKE SA and the child SA, for listings */
    bool inbound;
    bool udp_encap;            /* path has the ports then */
    uint8_t protocol;          /* enum cyg_ipsec_protocol */
    uint8_t mode;              /* enum cyg_mode of peer.h */
    uint8_t cipher, integ;     /* enum cyg_alg; integ NONE for AEAD */
    struct cyg_path path;      /* local first, in both directions */
    struct cyg_flow flow;      /* what may pass, local first, in both directions (H-164) */
    struct cyg_key cipher_key; /* with the salt behind it, where the cipher has one */
    struct cyg_key integ_key;
    uint32_t replay_window; /* packets, at least 64 */
    uint64_t life_bytes;    /* expire after, 0: never; event SA_EXPIRED */
    bool keepalive;         /* we are behind the NAT: send 0xff every 20 s on this path */
};

/* What traffic belongs to which SA; one for each flow, all directions at once. */
struct cyg_policy_spec {
    uint32_t reqid;
    uint8_t protocol, mode;
    uint8_t action;    /* 0: protect; 1: pass; 2: drop */
    uint32_t priority; /* 0: automatic, narrow before wide */
    struct cyg_path path;
    struct cyg_flow flow;
};

enum cyg_kernel_op_type {
    CYG_KERNEL_SPI_RESERVE = 1, /* answered with the SPI, unique and above 255 */
    CYG_KERNEL_SPI_RELEASE,     /* a reserved one that no SA took */
    CYG_KERNEL_SA_ADD,          /* inbound or outbound; the newest outbound of a reqid sends */
    CYG_KERNEL_SA_REMOVE,       /* by spi, direction, protocol and path */
    CYG_KERNEL_SA_MOVE,         /* new path (NAT mapping changed, authenticated) */
    CYG_KERNEL_SA_QUERY,        /* answered with the counters */
    CYG_KERNEL_POLICY_ADD,      /* the same flow held by another reqid: CYG_R_POLICY_HELD */
    CYG_KERNEL_POLICY_REMOVE,   /* by reqid and flow */
};

struct cyg_kernel_op {
    enum cyg_kernel_op_type type;
    uint64_t tag; /* the engine's, comes back in the answer; 0: no answer wanted */
    union {
        struct cyg_sa_spec sa; /* for SPI_* only spi, protocol, path; REMOVE, QUERY: + inbound */
        struct cyg_policy_spec policy;
    };
};

struct cyg_kernel_result {
    enum cyg_code code;
    struct cyg_error error; /* when code is not CYG_OK */
    uint32_t spi;
    uint64_t bytes, packets; /* SA_QUERY */
    cyg_usec last_used;      /* 0: never */
    uint64_t integrity_failures, replays;
};

enum cyg_kernel_event_type {
    CYG_KERNEL_EVENT_SA_EXPIRED = 1, /* life_bytes or the sequence number is used up */
    CYG_KERNEL_EVENT_ACQUIRE,        /* traffic wants a trap policy's SA */
    CYG_KERNEL_EVENT_MAPPING,        /* authenticated ESP from a new address or port (H-151) */
    CYG_KERNEL_EVENT_TOO_BIG, /* a packet that must not be cut was longer than the SA's path bears;
                                 once for each value of inner_bytes */
};

struct cyg_kernel_event {
    enum cyg_kernel_event_type type;
    uint32_t spi, reqid;
    bool inbound;
    struct cyg_path path;             /* MAPPING: with the new remote */
    struct cyg_flow flow;             /* ACQUIRE */
    uint32_t path_bytes, inner_bytes; /* TOO_BIG: what the path and what the tunnel carries */
};

struct cyg_kernel_ops {
    size_t size;

    /* Bits of enum cyg_kernel_capability; what is absent is not offered. */
    uint32_t (*capabilities)(void *self);

    /* Whether an SA may use this cipher and integrity algorithm (NONE: AEAD). */
    bool (*supports)(void *self, enum cyg_alg cipher, enum cyg_alg integ);

    /* Take an operation. Anything but CYG_OK means that it was not taken and no answer comes. */
    enum cyg_code (*submit)(void *self, const struct cyg_kernel_op *op);
};
