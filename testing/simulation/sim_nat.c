/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A NAT box: hosts behind it share one outside address. Mappings depend on the inner address and
 * port only and let everybody in (RFC 4787: endpoint-independent), as most home routers do. */
#include "simulation/sim_internal.h"

struct mapping {
    const struct sim_host *host;
    struct cyg_address inner; /* with port */
    uint16_t outside_port;
    bool forward; /* made by hand, never forgotten */
    cyg_usec used;
};

struct sim_nat {
    struct sim *sim;
    char name[32];
    struct cyg_address outside;
    bool keep_ports;
    cyg_usec timeout;
    struct mapping *mappings;
    size_t n, room;
};

struct sim_nat *sim_nat(struct sim *s, const char *name, const char *outside, bool keep_ports)
{
    struct sim_nat *nat = sim_alloc(sizeof(*nat));
    if (s->n_nats == SIM_NATS_MAX) {
        cyg_unreachable();
    }
    s->nats[s->n_nats++] = nat;
    nat->sim = s;
    nat->keep_ports = keep_ports;
    (void)snprintf(nat->name, sizeof(nat->name), "%s", name);
    sim_nat_move(nat, outside);
    return nat;
}

void sim_nat_free(struct sim_nat *nat)
{
    sim_release(nat->mappings);
    sim_release(nat);
}

void sim_nat_behind(struct sim_nat *nat, struct sim_host *h)
{
    h->nat = nat;
}

bool sim_nat_has(const struct sim_nat *nat, const struct cyg_address *address)
{
    return cyg_address_equal(&nat->outside, address);
}

static bool is_alive(const struct sim_nat *nat, const struct mapping *m)
{
    return m->forward || nat->timeout == 0 || m->used + nat->timeout > nat->sim->now;
}

static void prune(struct sim_nat *nat)
{
    size_t kept = 0;
    for (size_t i = 0; i < nat->n; i++) {
        if (is_alive(nat, &nat->mappings[i])) {
            nat->mappings[kept++] = nat->mappings[i];
        }
    }
    nat->n = kept;
}

static struct mapping *by_port(const struct sim_nat *nat, uint16_t port)
{
    for (size_t i = 0; i < nat->n; i++) {
        if (nat->mappings[i].outside_port == port) {
            return &nat->mappings[i];
        }
    }
    return NULL;
}

static uint16_t free_port(struct sim_nat *nat, uint16_t wanted)
{
    uint16_t port = wanted;
    while (!nat->keep_ports || by_port(nat, port) != NULL) {
        port = (uint16_t)(1024 + pcg_below(&nat->sim->nat_random, 64000));
        if (by_port(nat, port) == NULL) {
            break;
        }
    }
    return port;
}

static struct mapping *add(struct sim_nat *nat, struct mapping mapping)
{
    SIM_GROW(nat->mappings, nat->n, nat->room);
    mapping.used = nat->sim->now;
    nat->mappings[nat->n] = mapping;
    return &nat->mappings[nat->n++];
}

void sim_nat_forward(struct sim_nat *nat, uint16_t port, struct sim_host *h)
{
    struct cyg_address inner = h->addresses[0];
    inner.port = port;
    (void)add(nat,
              (struct mapping){ .host = h, .inner = inner, .outside_port = port, .forward = true });
}

void sim_nat_forget(struct sim_nat *nat)
{
    size_t kept = 0;
    for (size_t i = 0; i < nat->n; i++) {
        if (nat->mappings[i].forward) {
            nat->mappings[kept++] = nat->mappings[i];
        }
    }
    nat->n = kept;
    nat->keep_ports = false; /* the same ports again would be no change */
    sim_tell(nat->sim, "%s forgets its mappings", nat->name);
}

void sim_nat_move(struct sim_nat *nat, const char *outside)
{
    nat->n = 0;
    if (cyg_address_parse(cyg_span_str(outside), false, &nat->outside, NULL) != CYG_OK) {
        SIM_BROKEN(nat->sim, "not an address: %s", outside);
    }
    sim_tell(nat->sim, "%s has the outside address %s", nat->name, outside);
}

void sim_nat_timeout(struct sim_nat *nat, cyg_usec idle)
{
    nat->timeout = idle;
}

void sim_nat_out(struct sim_nat *nat, struct sim_host *from, struct cyg_address *src)
{
    prune(nat);
    struct mapping *m = NULL;
    for (size_t i = 0; i < nat->n && m == NULL; i++) {
        bool is_his =
            nat->mappings[i].host == from && cyg_endpoint_equal(&nat->mappings[i].inner, src);
        m = is_his ? &nat->mappings[i] : NULL;
    }
    if (m == NULL) {
        m = add(nat, (struct mapping){
                         .host = from, .inner = *src, .outside_port = free_port(nat, src->port) });
    }
    m->used = nat->sim->now;
    *src = nat->outside;
    src->port = m->outside_port;
}

struct sim_host *sim_nat_in(struct sim_nat *nat, struct cyg_address *dst, bool touch)
{
    prune(nat);
    struct mapping *m = by_port(nat, dst->port);
    if (m == NULL) {
        return NULL;
    }
    m->used = touch ? nat->sim->now : m->used;
    *dst = m->inner;
    for (size_t i = 0; i < nat->sim->n_hosts; i++) {
        if (nat->sim->hosts[i] == m->host) {
            return nat->sim->hosts[i];
        }
    }
    return NULL;
}
