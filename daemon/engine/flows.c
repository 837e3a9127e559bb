/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See flows.h. */
#include "flows.h"

static const struct cyg_selector dynamic = { .dynamic = 1 };

static size_t list_len(uint16_t n)
{
    return n == 0 ? 1 : n; /* none configured: dynamic */
}

static struct cyg_selector resolve(const struct cyg_selector *list, uint16_t n, size_t index,
                                   const struct cyg_address *address)
{
    struct cyg_selector s = n == 0 ? dynamic : list[index];
    if (s.dynamic != 0) {
        struct cyg_selector host;
        cyg_selector_of_address(address, &host);
        host.protocol = s.protocol;
        host.port = s.port;
        return host;
    }
    return s;
}

bool flows_get(const struct cyg_peer_child *config, const struct cyg_path *path, size_t n,
               struct cyg_flow *ret)
{
    for (size_t i = 0; i < list_len(config->n_local_ts); i++) {
        for (size_t k = 0; k < list_len(config->n_remote_ts); k++) {
            struct cyg_flow flow = {
                .local = resolve(config->local_ts, config->n_local_ts, i, &path->local),
                .remote = resolve(config->remote_ts, config->n_remote_ts, k, &path->remote),
            };
            if (flow.local.from.family == flow.remote.from.family && n-- == 0) {
                *ret = flow;
                return true;
            }
        }
    }
    return false;
}

size_t flows_count(const struct cyg_peer_child *config, const struct cyg_path *path)
{
    size_t n = 0;
    struct cyg_flow flow;
    while (flows_get(config, path, n, &flow)) {
        n++;
    }
    return n;
}

/* A single host that may be called by another address, for a NAT stands in front of it. */
static bool is_host_behind_nat(const struct cyg_selector *asked, const struct cyg_selector *ours,
                               bool nat)
{
    return nat && cyg_address_equal(&asked->from, &asked->to)
           && cyg_address_equal(&ours->from, &ours->to) && asked->protocol == ours->protocol
           && asked->port == ours->port;
}

static bool fits(const struct cyg_peer_child *config, const struct ike_sa *sa,
                 const struct cyg_flow *asked, const struct cyg_flow *ours)
{
    if (cyg_selector_equal(&asked->local, &ours->local)
        && cyg_selector_equal(&asked->remote, &ours->remote)) {
        return true;
    }
    if (config->mode != CYG_MODE_TRANSPORT) {
        return false;
    }
    return (cyg_selector_equal(&asked->local, &ours->local)
            || is_host_behind_nat(&asked->local, &ours->local, sa->nat_local))
           && (cyg_selector_equal(&asked->remote, &ours->remote)
               || is_host_behind_nat(&asked->remote, &ours->remote, sa->nat_remote));
}

/* How near: a side that is equal counts most, then one that contains the other, then overlap. */
static unsigned nearness_of(const struct cyg_selector *a, const struct cyg_selector *b)
{
    if (cyg_selector_equal(a, b)) {
        return 4;
    }
    if (cyg_selector_contains(a, b) || cyg_selector_contains(b, a)) {
        return 3;
    }
    return cyg_selector_overlaps(a, b) ? 2 : a->from.family == b->from.family;
}

const struct cyg_peer_child *flows_match(const struct cyg_peer *peer, const struct ike_sa *sa,
                                         struct cyg_flow *flow, struct cyg_flow *ret_near,
                                         const struct cyg_peer_child **ret_near_child)
{
    unsigned best = 0;
    *ret_near_child = NULL;
    for (size_t i = 0; i < peer->n_children; i++) {
        const struct cyg_peer_child *config = &peer->children[i];
        struct cyg_flow ours;
        for (size_t n = 0; flows_get(config, &sa->path, n, &ours); n++) {
            if (fits(config, sa, flow, &ours)) {
                *flow = ours;
                return config;
            }
            unsigned nearness =
                nearness_of(&flow->local, &ours.local) + nearness_of(&flow->remote, &ours.remote);
            if (*ret_near_child == NULL || nearness > best) {
                best = nearness;
                *ret_near = ours;
                *ret_near_child = config;
            }
        }
    }
    return NULL;
}
