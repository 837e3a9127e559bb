/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The simulated data plane, shared by sim_kernel.c (orders) and sim_esp.c (traffic). */
#pragma once

#include "simulation/sim_internal.h"

#define SIM_KERNEL_ORDER 64u

struct sim_sa {
    struct cyg_sa_spec spec;
    uint32_t sequence; /* outbound: last sent; inbound: highest seen */
    uint64_t bytes, packets, integrity_failures;
    cyg_usec last_used;
};

struct sim_kernel {
    struct sim_host *host;
    struct sim_kernel_settings settings;
    struct pcg random;

    struct sim_sa *sas; /* oldest first */
    size_t n_sas, room_sas;
    struct cyg_policy_spec *policies;
    size_t n_policies, room_policies;
    uint32_t *reserved;
    size_t n_reserved, room_reserved;

    cyg_usec busy_until[SIM_KERNEL_ORDER];
    unsigned ops[CYG_KERNEL_POLICY_REMOVE + 1];
    enum cyg_kernel_op_type fail_type;
    unsigned fail_in;
    bool fail_answer;

    bool keeps_alive; /* the keepalive timer runs */
    uint64_t pinged;  /* number of the newest packet that came out here */
};

/* Start sending keepalives, if they are not sent yet. */
void sim_kernel_keepalive(struct sim_kernel *k);
