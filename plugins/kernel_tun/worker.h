/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that carries packets. It alone touches SAs, policies, sockets and the TUN device;
 * orders come through a queue. Routes and filter are set by the network thread (network.h), so that
 * no packet waits for them. */
#pragma once

#include <cygnet/host.h>

#include <net/if.h>

struct worker;

struct worker_options {
    char device[IFNAMSIZ];
    size_t mtu;           /* 0: by the paths of the SAs */
    uint32_t keepalive_s; /* after so long without a packet */
    uint32_t table;       /* first routing table of ours */
    uint32_t priority;    /* of our routing rules */
    bool offload, fragments, copy_dscp, filter;
    size_t n_addresses;
    struct cyg_prefix addresses[16]; /* put on the device */
};

/* Make device and threads. host must outlive the worker. Refusals: CYG_R_TUN_DEVICE, _TUN_LINK,
 * _FILTER_FAILED, _ROUTE_FAILED. */
CYG_MUST_USE enum cyg_code worker_new(const struct cyg_host *host,
                                      const struct worker_options *options, struct worker **ret,
                                      struct cyg_error *err);

/* Stop, remove everything from the system, wipe. NULL is allowed. */
void worker_free(struct worker *w);

/* Queue an order; copies it. CYG_NOMEM, CYG_LIMIT: not taken. Any thread. */
CYG_MUST_USE enum cyg_code worker_submit(struct worker *w, const struct cyg_kernel_op *op);
