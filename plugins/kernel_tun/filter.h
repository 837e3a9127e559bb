/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One nftables table of ours: clear packets of protected flows that come in or go out anywhere but
 * through the TUN device are dropped (RFC 4301 5.2, CVE-2019-14899, H-165). Changes are gathered
 * and committed together. The kernel removes the table when the process ends. Thread: one. */
#pragma once

#include <cygnet/address.h>

#define DOMAINS_MAX 120u /* with both families: rules are looked through one by one */

struct filter;

/* What packets of a domain look like; see routes.h. */
struct filter_domain {
    unsigned index; /* below DOMAINS_MAX */
    struct cyg_prefix local;
    uint8_t protocol;                 /* 0: any */
    uint16_t local_port, remote_port; /* 0: any */
};

/* Make the table. ports: local UDP ports of the daemon, which take clear packets; mark: of the
 * daemon's own sockets. CYG_R_FILTER_FAILED. */
CYG_MUST_USE enum cyg_code filter_open(const char *device, uint32_t mark, const uint16_t *ports,
                                       size_t n_ports, struct filter **ret, struct cyg_error *err);
void filter_close(struct filter *f); /* removes the table; NULL is allowed */

/* These only note down what is to be done. A remote prefix may cover others, none is added twice:
 * there is a set for each prefix length, with a rule that masks the packet's address. In a set of
 * intervals every change would cost what all its elements do, on both sides of the system call. */
void filter_add_domain(struct filter *f, const struct filter_domain *domain);
void filter_remove_domain(struct filter *f, const struct filter_domain *domain);
void filter_add_remote(struct filter *f, const struct filter_domain *domain,
                       const struct cyg_prefix *remote);
void filter_remove_remote(struct filter *f, const struct filter_domain *domain,
                          const struct cyg_prefix *remote);

/* Carry out what was noted, as one transaction; nothing of it on failure. What was noted is gone
 * either way: after a failure begin again with filter_restart, then note everything that is to
 * stand. */
CYG_MUST_USE enum cyg_code filter_commit(struct filter *f, struct cyg_error *err);

/* Forget what was noted, and note a table without domains in place of the one that stands. */
void filter_restart(struct filter *f);
