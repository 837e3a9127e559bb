/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "routes.h"

#include "prefixes.h"
#include "table.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

/* Priorities: first the jump for our own sockets, then domains (narrow before wide, with ports
 * before without), then the one for packets without source address, then where the jump leads. */
#define PRIORITY_DOMAINS 1u
#define PRIORITY_NOP     270u
#define PRIORITIES       271u

struct remote {
    struct node node; /* of its domain */
    struct cyg_prefix prefix;
    unsigned references;
};

struct domain {
    bool used;
    struct filter_domain shape;
    struct cyg_address source; /* an address of ours on the local side; family 0: none */
    struct table remotes;
};

struct routes {
    struct netlink *nl;
    struct filter *filter;
    struct routes_options options;
    struct domain domains[DOMAINS_MAX];
};

static enum cyg_code failed(int error, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_ROUTE_FAILED, .got_quote = cyg_quote_text(strerror(error)));
}

/* --- Rules --- */

/* The rules of our own sockets, for both families. */
static int base_rules(const struct routes *r, bool add)
{
    int error = 0;
    for (unsigned family = 4; family <= 6; family += 2) {
        const uint32_t end = r->options.priority + PRIORITY_NOP;
        const struct nl_rule nop = { .family = (uint8_t)family,
                                     .action = NL_RULE_NOP,
                                     .priority = end };
        const struct nl_rule jump = { .family = (uint8_t)family,
                                      .action = NL_RULE_GOTO,
                                      .priority = r->options.priority,
                                      .target = end,
                                      .mark = r->options.mark };
        if (r->options.mark == 0) {
            continue;
        }
        int failure = netlink_rule(r->nl, add, &nop);
        if (failure == 0) {
            failure = netlink_rule(r->nl, add, &jump);
        }
        if (failure != EAFNOSUPPORT && error == 0) {
            error = failure; /* without IPv6 in the kernel there is nothing to protect */
        }
    }
    return error;
}

static uint32_t table_of(const struct routes *r, const struct domain *d)
{
    return r->options.table + d->shape.index;
}

/* Which rule of the domain: 0: packets with an address of its local side; 1: packets of ours that
 * have no source address yet, so that the routes' source is chosen. */
static struct nl_rule rule_of(const struct routes *r, const struct domain *d, unsigned which)
{
    const struct filter_domain *s = &d->shape;
    unsigned family_bits = s->local.address.family == 4 ? 32 : 128;
    unsigned width = (family_bits - s->local.bits) * 2 + (s->protocol == 0 ? 1 : 0);
    struct nl_rule rule = { .family = s->local.address.family,
                            .priority = r->options.priority + PRIORITY_DOMAINS + width,
                            .target = table_of(r, d),
                            .has_from = true,
                            .from = s->local,
                            .protocol = s->protocol,
                            .source_port = s->local_port,
                            .destination_port = s->remote_port };
    if (which == 1) {
        rule.priority = r->options.priority + PRIORITY_NOP - 1;
        rule.from = (struct cyg_prefix){ .address = { .family = 4 }, .bits = 32 };
        if (rule.family == 6) {
            rule.has_from = false; /* :: can't be named there; this host's own will do */
            rule.local = true;
        }
    }
    return rule;
}

static int domain_rules(const struct routes *r, const struct domain *d, bool add)
{
    for (unsigned which = 0; which < (d->source.family != 0 ? 2 : 1); which++) {
        const struct nl_rule rule = rule_of(r, d, which);
        int error = netlink_rule(r->nl, add, &rule);
        if (error != 0 && add) {
            return error;
        }
    }
    return 0;
}

/* --- Domains --- */

/* An address of this host within the prefix, for packets of our own. */
static struct cyg_address own_address(const struct cyg_prefix *within)
{
    struct cyg_address found = { 0 };
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        return found;
    }
    for (const struct ifaddrs *i = all; i != NULL && found.family == 0; i = i->ifa_next) {
        struct cyg_address a;
        if (i->ifa_addr != NULL && cyg_address_from_sockaddr(i->ifa_addr, &a) == CYG_OK
            && a.family == within->address.family && !cyg_address_is_loopback(&a)
            && cyg_prefix_contains(within, &a)) {
            a.port = 0;
            found = a;
        }
    }
    freeifaddrs(all);
    return found;
}

/* What our own side says to itself stays out of the tunnel, where the remote side covers it. */
static struct nl_route own_side(const struct routes *r, const struct domain *d)
{
    return (struct nl_route){ .to = d->shape.local, .table = table_of(r, d) };
}

static struct domain *find_domain(struct routes *r, const struct filter_domain *like)
{
    for (unsigned i = 0; i < DOMAINS_MAX; i++) {
        const struct filter_domain *s = &r->domains[i].shape;
        if (r->domains[i].used && prefix_equal(&s->local, &like->local)
            && s->protocol == like->protocol && s->local_port == like->local_port
            && s->remote_port == like->remote_port) {
            return &r->domains[i];
        }
    }
    return NULL;
}

static void close_domain(struct routes *r, struct domain *d)
{
    const struct nl_route own = own_side(r, d);
    (void)domain_rules(r, d, false);
    (void)netlink_route(r->nl, false, &own);
    if (r->filter != NULL) {
        filter_remove_domain(r->filter, &d->shape);
    }
    table_clear(&d->remotes);
    *d = (struct domain){ 0 };
}

static enum cyg_code open_domain(struct routes *r, const struct filter_domain *like,
                                 struct domain **ret, struct cyg_error *err)
{
    unsigned i = 0;
    while (i < DOMAINS_MAX && r->domains[i].used) {
        i++;
    }
    if (i == DOMAINS_MAX) {
        return CYG_FAIL(err, CYG_R_ROUTE_LIMIT, .want = DOMAINS_MAX);
    }
    struct domain *d = &r->domains[i];
    *d = (struct domain){ .used = true, .shape = *like, .source = own_address(&like->local) };
    d->shape.index = i;
    if (table_init(&d->remotes) != CYG_OK) {
        *d = (struct domain){ 0 };
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (r->filter != NULL) {
        filter_add_domain(r->filter, &d->shape);
    }
    const struct nl_route own = own_side(r, d);
    int error = like->local.bits > 0 ? netlink_route(r->nl, true, &own) : 0;
    if (error == 0) {
        error = domain_rules(r, d, true);
    }
    if (error != 0) {
        close_domain(r, d);
        return failed(error, err);
    }
    *ret = d;
    return CYG_OK;
}

/* --- Remote prefixes --- */

static uint32_t hash_of(const struct cyg_prefix *p)
{
    uint64_t halves[2];
    memcpy(halves, p->address.bytes, sizeof(halves));
    return hash_mix(halves[0], halves[1] ^ p->bits);
}

static struct remote *remote_of(struct node *node)
{
    return (struct remote *)(void *)node;
}

static struct remote *find_remote(const struct domain *d, const struct cyg_prefix *prefix)
{
    struct node *node = table_first(&d->remotes, hash_of(prefix));
    while (node != NULL && !prefix_equal(&remote_of(node)->prefix, prefix)) {
        node = table_next(node);
    }
    return node != NULL ? remote_of(node) : NULL;
}

static int remote_route(const struct routes *r, const struct domain *d, const struct cyg_prefix *to,
                        bool add)
{
    const struct nl_route route = {
        .to = *to, .table = table_of(r, d), .ifindex = r->options.ifindex, .source = d->source
    };
    int error = netlink_route(r->nl, add, &route);
    /* The route for a remote side equal to ours took the place of the one that leads out. */
    if (!add && prefix_equal(to, &d->shape.local)) {
        const struct nl_route own = own_side(r, d);
        (void)netlink_route(r->nl, true, &own);
    }
    return error;
}

static enum cyg_code add_remote(struct routes *r, struct domain *d, const struct cyg_prefix *prefix,
                                struct cyg_error *err)
{
    struct remote *known = find_remote(d, prefix);
    if (known != NULL) {
        known->references++;
        return CYG_OK;
    }
    struct remote *new = calloc(1, sizeof(*new));
    if (new == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    int error = remote_route(r, d, prefix, true);
    if (error != 0) {
        free(new);
        return failed(error, err);
    }
    new->prefix = *prefix;
    new->references = 1;
    table_insert(&d->remotes, &new->node, hash_of(prefix));
    if (r->filter != NULL) {
        filter_add_remote(r->filter, &d->shape, prefix);
    }
    return CYG_OK;
}

static void remove_remote(struct routes *r, struct domain *d, const struct cyg_prefix *prefix)
{
    struct remote *known = find_remote(d, prefix);
    if (known == NULL || --known->references > 0) {
        return;
    }
    table_remove(&d->remotes, &known->node);
    (void)remote_route(r, d, &known->prefix, false);
    if (r->filter != NULL) {
        filter_remove_remote(r->filter, &d->shape, &known->prefix);
    }
    free(known);
}

/* --- Flows --- */

static struct filter_domain domain_of(const struct cyg_flow *flow, const struct cyg_prefix *local)
{
    uint8_t protocol = flow->local.protocol != 0 ? flow->local.protocol : flow->remote.protocol;
    return (struct filter_domain){ .local = *local,
                                   .protocol = protocol,
                                   .local_port = flow->local.port,
                                   .remote_port = flow->remote.port };
}

static void remove_local(struct routes *r, const struct cyg_flow *flow,
                         const struct cyg_prefix *local, const struct cyg_prefix *remotes, size_t n)
{
    const struct filter_domain like = domain_of(flow, local);
    struct domain *d = find_domain(r, &like);
    if (d == NULL) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        remove_remote(r, d, &remotes[i]);
    }
    if (d->remotes.count == 0) {
        close_domain(r, d);
    }
}

static enum cyg_code add_local(struct routes *r, const struct cyg_flow *flow,
                               const struct cyg_prefix *local, const struct cyg_prefix *remotes,
                               size_t n, struct cyg_error *err)
{
    const struct filter_domain like = domain_of(flow, local);
    struct domain *d = find_domain(r, &like);
    if (d == NULL) {
        enum cyg_code code = open_domain(r, &like, &d, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    for (size_t i = 0; i < n; i++) {
        enum cyg_code code = add_remote(r, d, &remotes[i], err);
        if (code != CYG_OK) {
            remove_local(r, flow, local, remotes, i);
            return code;
        }
    }
    return CYG_OK;
}

enum cyg_code routes_add(struct routes *r, const struct cyg_flow *flow, struct cyg_error *err)
{
    struct cyg_prefix locals[PREFIXES_MAX], remotes[PREFIXES_MAX];
    size_t n_locals = prefixes_of(&flow->local, locals);
    size_t n_remotes = prefixes_of(&flow->remote, remotes);
    for (size_t i = 0; i < n_locals; i++) {
        enum cyg_code code = add_local(r, flow, &locals[i], remotes, n_remotes, err);
        if (code != CYG_OK) {
            while (i-- > 0) {
                remove_local(r, flow, &locals[i], remotes, n_remotes);
            }
            return code;
        }
    }
    return CYG_OK;
}

void routes_remove(struct routes *r, const struct cyg_flow *flow)
{
    struct cyg_prefix locals[PREFIXES_MAX], remotes[PREFIXES_MAX];
    size_t n_locals = prefixes_of(&flow->local, locals);
    size_t n_remotes = prefixes_of(&flow->remote, remotes);
    for (size_t i = 0; i < n_locals; i++) {
        remove_local(r, flow, &locals[i], remotes, n_remotes);
    }
}

/* A domain and whose it is, for walks over its remote prefixes. */
struct walk {
    struct routes *routes;
    struct domain *domain;
};

static void restart_remote(void *context, struct node *node)
{
    const struct walk *w = context;
    filter_add_remote(w->routes->filter, &w->domain->shape, &remote_of(node)->prefix);
}

void routes_restart_filter(struct routes *r)
{
    filter_restart(r->filter);
    for (unsigned i = 0; i < DOMAINS_MAX; i++) {
        struct walk w = { r, &r->domains[i] };
        if (w.domain->used) {
            filter_add_domain(r->filter, &w.domain->shape);
            table_each(&w.domain->remotes, restart_remote, &w);
        }
    }
}

enum cyg_code routes_open(struct netlink *nl, struct filter *filter,
                          const struct routes_options *options, struct routes **ret,
                          struct cyg_error *err)
{
    struct routes *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    r->nl = nl;
    r->filter = filter;
    r->options = *options;
    netlink_purge(nl, options->table, DOMAINS_MAX, options->priority, PRIORITIES);
    int error = base_rules(r, true);
    if (error != 0) {
        routes_close(r);
        return failed(error, err);
    }
    *ret = r;
    return CYG_OK;
}

static void close_remote(void *context, struct node *node)
{
    const struct walk *w = context;
    (void)remote_route(w->routes, w->domain, &remote_of(node)->prefix, false);
    free(remote_of(node));
}

void routes_close(struct routes *r)
{
    if (r == NULL) {
        return;
    }
    for (unsigned i = 0; i < DOMAINS_MAX; i++) {
        struct domain *d = &r->domains[i];
        if (d->used) {
            table_each(&d->remotes, close_remote, &(struct walk){ r, d });
            close_domain(r, d);
        }
    }
    (void)base_rules(r, false);
    free(r);
}
