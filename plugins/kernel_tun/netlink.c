/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER_BYTES 8192u

struct netlink {
    struct mnl_socket *socket;
    uint32_t seq, port;
    _Alignas(16) uint8_t buffer[BUFFER_BYTES];
};

struct netlink *netlink_open(void)
{
    struct netlink *nl = calloc(1, sizeof(*nl));
    if (nl == NULL) {
        return NULL;
    }
    nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (nl->socket == NULL || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;
        netlink_close(nl);
        errno = error;
        return NULL;
    }
    nl->port = mnl_socket_get_portid(nl->socket);
    return nl;
}

void netlink_close(struct netlink *nl)
{
    if (nl != NULL && nl->socket != NULL) {
        mnl_socket_close(nl->socket);
    }
    free(nl);
}

static struct nlmsghdr *begin(struct netlink *nl, uint16_t type, uint16_t flags)
{
    memset(nl->buffer, 0, sizeof(nl->buffer));
    struct nlmsghdr *hdr = mnl_nlmsg_put_header(nl->buffer);
    hdr->nlmsg_type = type;
    hdr->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    hdr->nlmsg_seq = ++nl->seq;
    return hdr;
}

/* Send and wait for the answer, which the kernel gives at once. */
static int talk(struct netlink *nl, const struct nlmsghdr *hdr)
{
    if (mnl_socket_sendto(nl->socket, hdr, hdr->nlmsg_len) < 0) {
        return errno;
    }
    _Alignas(16) uint8_t answer[BUFFER_BYTES];
    ssize_t got = mnl_socket_recvfrom(nl->socket, answer, sizeof(answer));
    if (got < 0 || mnl_cb_run(answer, (size_t)got, nl->seq, nl->port, NULL, NULL) < 0) {
        return errno;
    }
    return 0;
}

static uint8_t af_of(uint8_t family)
{
    return family == 6 ? AF_INET6 : AF_INET;
}

static void put_address(struct nlmsghdr *hdr, uint16_t type, const struct cyg_address *a)
{
    mnl_attr_put(hdr, type, cyg_address_len(a), a->bytes);
}

int netlink_link(struct netlink *nl, unsigned ifindex, size_t mtu)
{
    struct nlmsghdr *hdr = begin(nl, RTM_NEWLINK, 0);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(hdr, sizeof(*info));
    info->ifi_family = AF_UNSPEC;
    info->ifi_index = (int)ifindex;
    info->ifi_flags = info->ifi_change = IFF_UP;
    if (mtu != 0) {
        mnl_attr_put_u32(hdr, IFLA_MTU, (uint32_t)mtu);
    }
    return talk(nl, hdr);
}

int netlink_address(struct netlink *nl, bool add, unsigned ifindex,
                    const struct cyg_prefix *address)
{
    struct nlmsghdr *hdr =
        begin(nl, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(hdr, sizeof(*info));
    info->ifa_family = af_of(address->address.family);
    info->ifa_prefixlen = address->bits;
    info->ifa_index = ifindex;
    if (address->address.family == 6) {
        info->ifa_flags = IFA_F_NODAD; /* nobody else is on this link */
    }
    put_address(hdr, IFA_LOCAL, &address->address);
    put_address(hdr, IFA_ADDRESS, &address->address);
    return talk(nl, hdr);
}

int netlink_route(struct netlink *nl, bool add, const struct nl_route *route)
{
    struct nlmsghdr *hdr =
        begin(nl, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
    struct rtmsg *info = mnl_nlmsg_put_extra_header(hdr, sizeof(*info));
    info->rtm_family = af_of(route->to.address.family);
    info->rtm_dst_len = route->to.bits;
    info->rtm_table = RT_TABLE_UNSPEC;
    info->rtm_protocol = RTPROT_STATIC;
    bool throw = route->ifindex == 0;
    info->rtm_type = throw ? RTN_THROW : RTN_UNICAST;
    bool link = !throw &&route->to.address.family == 4;
    info->rtm_scope = link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    if (route->to.bits > 0) {
        put_address(hdr, RTA_DST, &route->to.address);
    }
    mnl_attr_put_u32(hdr, RTA_TABLE, route->table);
    if (!throw) {
        mnl_attr_put_u32(hdr, RTA_OIF, route->ifindex);
    }
    if (!throw &&add && route->source.family != 0) {
        put_address(hdr, RTA_PREFSRC, &route->source);
    }
    return talk(nl, hdr);
}

static void put_ports(struct nlmsghdr *hdr, uint16_t type, uint16_t port)
{
    const struct fib_rule_port_range range = { .start = port, .end = port };
    if (port != 0) {
        mnl_attr_put(hdr, type, sizeof(range), &range);
    }
}

int netlink_rule(struct netlink *nl, bool add, const struct nl_rule *rule)
{
    static const uint8_t actions[] = {
        [NL_RULE_LOOKUP] = FR_ACT_TO_TBL, [NL_RULE_GOTO] = FR_ACT_GOTO, [NL_RULE_NOP] = FR_ACT_NOP
    };
    struct nlmsghdr *hdr =
        begin(nl, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
    struct fib_rule_hdr *info = mnl_nlmsg_put_extra_header(hdr, sizeof(*info));
    info->family = af_of(rule->family);
    info->action = actions[rule->action];
    mnl_attr_put_u32(hdr, FRA_PRIORITY, rule->priority);
    if (rule->action == NL_RULE_LOOKUP) {
        mnl_attr_put_u32(hdr, FRA_TABLE, rule->target);
    } else if (rule->action == NL_RULE_GOTO) {
        mnl_attr_put_u32(hdr, FRA_GOTO, rule->target);
    }
    if (rule->has_from) {
        info->src_len = rule->from.bits;
        put_address(hdr, FRA_SRC, &rule->from.address);
    }
    if (rule->mark != 0) {
        mnl_attr_put_u32(hdr, FRA_FWMARK, rule->mark);
        mnl_attr_put_u32(hdr, FRA_FWMASK, UINT32_MAX);
    }
    if (rule->protocol != 0) {
        mnl_attr_put_u8(hdr, FRA_IP_PROTO, rule->protocol);
    }
    put_ports(hdr, FRA_SPORT_RANGE, rule->source_port);
    put_ports(hdr, FRA_DPORT_RANGE, rule->destination_port);
    if (rule->local) {
        mnl_attr_put_strz(hdr, FRA_IIFNAME, "lo");
    }
    return talk(nl, hdr);
}

/* --- Removing what was left behind --- */

struct purge {
    struct netlink *nl; /* a second socket: the first is busy with the listing */
    uint32_t first, count, priority, priorities;
};

static bool within(uint32_t value, uint32_t first, uint32_t count)
{
    return value >= first && value - first < count;
}

/* Send a listed route or rule back as the order to delete it. */
static void delete_listed(struct netlink *nl, const struct nlmsghdr *listed, uint16_t type)
{
    if (listed->nlmsg_len > sizeof(nl->buffer)) {
        return;
    }
    memcpy(nl->buffer, listed, listed->nlmsg_len);
    struct nlmsghdr *hdr = (struct nlmsghdr *)(void *)nl->buffer;
    hdr->nlmsg_type = type;
    hdr->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    hdr->nlmsg_seq = ++nl->seq;
    hdr->nlmsg_pid = 0;
    (void)talk(nl, hdr);
}

/* Table and priority of a rule, or table of a route. A rule that leads to somebody else's table is
 * not ours, whatever its priority (charon's stands at 220, too). */
struct listed {
    uint16_t table_type, priority_type; /* attribute numbers; priority 0: has none */
    const struct purge *purge;
    bool ours;
};

static int look_at_attribute(const struct nlattr *attr, void *context)
{
    struct listed *listed = context;
    const struct purge *purge = listed->purge;
    uint16_t type = mnl_attr_get_type(attr);
    if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t)) {
        return MNL_CB_OK;
    }
    if (type == listed->table_type) {
        listed->ours |= within(mnl_attr_get_u32(attr), purge->first, purge->count);
    } else if (type == listed->priority_type && type != 0) {
        listed->ours |= within(mnl_attr_get_u32(attr), purge->priority, purge->priorities);
    }
    return MNL_CB_OK;
}

static int purge_rule(const struct nlmsghdr *hdr, void *context)
{
    const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(hdr);
    bool leads = rule->action == FR_ACT_TO_TBL;
    struct listed listed = { FRA_TABLE, leads ? 0 : FRA_PRIORITY, context, false };
    if (mnl_attr_parse(hdr, sizeof(struct fib_rule_hdr), look_at_attribute, &listed) >= 0
        && listed.ours) {
        delete_listed(listed.purge->nl, hdr, RTM_DELRULE);
    }
    return MNL_CB_OK;
}

static int purge_route(const struct nlmsghdr *hdr, void *context)
{
    struct listed listed = { RTA_TABLE, 0, context, false };
    if (mnl_attr_parse(hdr, sizeof(struct rtmsg), look_at_attribute, &listed) >= 0 && listed.ours) {
        delete_listed(listed.purge->nl, hdr, RTM_DELROUTE);
    }
    return MNL_CB_OK;
}

static void list(struct netlink *nl, uint16_t type, uint8_t family, mnl_cb_t callback,
                 struct purge *purge)
{
    struct nlmsghdr *hdr = begin(nl, type, NLM_F_DUMP);
    struct rtmsg *info = mnl_nlmsg_put_extra_header(hdr, sizeof(*info)); /* as fib_rule_hdr */
    info->rtm_family = family;
    if (mnl_socket_sendto(nl->socket, hdr, hdr->nlmsg_len) < 0) {
        return;
    }
    uint8_t *answer = malloc(65536);
    int more = answer != NULL ? MNL_CB_OK : MNL_CB_STOP;
    while (more > MNL_CB_STOP) {
        ssize_t got = mnl_socket_recvfrom(nl->socket, answer, 65536);
        if (got <= 0) {
            break;
        }
        more = mnl_cb_run(answer, (size_t)got, nl->seq, nl->port, callback, purge);
    }
    free(answer);
}

void netlink_purge(struct netlink *nl, uint32_t first, uint32_t count, uint32_t priority,
                   uint32_t priorities)
{
    struct purge purge = { netlink_open(), first, count, priority, priorities };
    if (purge.nl == NULL) {
        return;
    }
    static const uint8_t families[] = { AF_INET, AF_INET6 };
    for (size_t i = 0; i < CYG_LEN(families); i++) {
        list(nl, RTM_GETRULE, families[i], purge_rule, &purge);
        list(nl, RTM_GETROUTE, families[i], purge_route, &purge);
    }
    netlink_close(purge.nl);
}
