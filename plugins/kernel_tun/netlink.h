/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtnetlink, as far as a tunnel needs it. Functions return 0 or an errno. Thread: one. */
#pragma once

#include <cygnet/address.h>

struct netlink;

CYG_MUST_USE struct netlink *netlink_open(void); /* NULL: errno */
void netlink_close(struct netlink *nl);          /* NULL is allowed */

/* Bring a link up and set its MTU (0: leave it). */
int netlink_link(struct netlink *nl, unsigned ifindex, size_t mtu);

int netlink_address(struct netlink *nl, bool add, unsigned ifindex,
                    const struct cyg_prefix *address);

struct nl_route {
    struct cyg_prefix to;
    uint32_t table;
    unsigned ifindex;          /* 0: a throw route, "look in the next table" */
    struct cyg_address source; /* family 0: none */
};
int netlink_route(struct netlink *nl, bool add, const struct nl_route *route);

enum nl_rule_action {
    NL_RULE_LOOKUP = 0, /* target is a table */
    NL_RULE_GOTO,       /* target is a priority */
    NL_RULE_NOP,
};

struct nl_rule {
    uint8_t family;
    enum nl_rule_action action;
    uint32_t priority, target;
    bool has_from; /* also of 0.0.0.0/32: packets that have no source address yet */
    struct cyg_prefix from;
    uint32_t mark; /* 0: any */
    uint8_t protocol;
    uint16_t source_port, destination_port; /* 0: any */
    bool local;                             /* only packets of this host itself */
};
int netlink_rule(struct netlink *nl, bool add, const struct nl_rule *rule);

/* Remove all rules that look into tables first..first+count-1 or have a priority among
 * priority..priority+priorities-1, and all routes of these tables. */
void netlink_purge(struct netlink *nl, uint32_t first, uint32_t count, uint32_t priority,
                   uint32_t priorities);
