/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be required of a simulated world: that keys agree, that it has settled (property B),
 * that nothing is left; and the checks that hold always. */
#include "simulation/sim_internal.h"

#include "simulation/suites.h"

#define CHILDREN_MAX 512u
#define IKES_MAX     128u

/* ---- keys ---- */

static bool same_key(const struct cyg_key *a, const struct cyg_key *b)
{
    return cyg_span_equal(cyg_key_span(a), cyg_key_span(b));
}

static bool mirrors(const struct cyg_flow *a, const struct cyg_flow *b)
{
    return cyg_selector_equal(&a->local, &b->remote) && cyg_selector_equal(&a->remote, &b->local);
}

/* Whether a's path leads to an address of the other host that is its own end of the SA. */
static bool leads_to(struct sim *s, const struct sim_host *from, const struct cyg_sa_spec *sa,
                     const struct sim_host *to, const struct cyg_sa_spec *other)
{
    struct cyg_address end = sa->path.remote;
    if (sim_resolve(s, from->nat, &end, false) != to
        && (from->nat == NULL || sim_resolve(s, NULL, &end, false) != to)) {
        return false;
    }
    return sa->udp_encap ? cyg_endpoint_equal(&end, &other->path.local)
                         : cyg_address_equal(&end, &other->path.local);
}

/* What differs between an SA and the one of the same SPI at the other end; NULL: nothing. */
static const char *difference(const struct cyg_sa_spec *a, const struct cyg_sa_spec *b)
{
    if (!same_key(&a->cipher_key, &b->cipher_key) || !same_key(&a->integ_key, &b->integ_key)) {
        return "keys";
    }
    if (a->cipher != b->cipher || a->integ != b->integ || a->protocol != b->protocol) {
        return "algorithms";
    }
    if (a->mode != b->mode || a->udp_encap != b->udp_encap) {
        return "modes";
    }
    /* A host behind a NAT knows itself by another address than its peer does. */
    if (!mirrors(&a->flow, &b->flow) && !(a->mode == CYG_MODE_TRANSPORT && a->udp_encap)) {
        return "flows";
    }
    return NULL;
}

static const struct cyg_sa_spec *partner_of(struct sim *s, const struct sim_host *h,
                                            const struct cyg_sa_spec *sa,
                                            const struct sim_host **ret_host)
{
    for (size_t i = 0; i < s->n_hosts; i++) {
        const struct sim_host *other = s->hosts[i];
        for (size_t k = 0; other != h && k < sim_sas(other); k++) {
            const struct cyg_sa_spec *candidate = sim_sa(other, k);
            if (candidate->spi == sa->spi && candidate->inbound != sa->inbound) {
                *ret_host = other;
                return candidate;
            }
        }
    }
    return NULL;
}

/* Policies are by reqid; the data plane tells whether there is one. */
static bool has_policy(const struct sim_host *h, const struct cyg_sa_spec *sa)
{
    return sim_kernel_has_policy(h->kernel, sa->reqid, &sa->flow);
}

static bool sa_agrees(struct sim *s, const struct sim_host *h, const struct cyg_sa_spec *sa)
{
    const struct sim_host *other = NULL;
    const struct cyg_sa_spec *partner = partner_of(s, h, sa, &other);
    const char *way = sa->inbound ? "inbound" : "outbound";
    if (partner == NULL) {
        return sim_complain(s, "%s's %s SA %08x has no partner", h->name, way, sa->spi);
    }
    const char *differs = difference(sa, partner);
    if (differs != NULL) {
        return sim_complain(s, "the %s of SA %08x differ between %s and %s", differs, sa->spi,
                            h->name, other->name);
    }
    if (!leads_to(s, h, sa, other, partner)) {
        return sim_complain(s, "the path of %s's %s SA %08x does not lead to %s's", h->name, way,
                            sa->spi, other->name);
    }
    return has_policy(h, sa)
           || sim_complain(s, "%s has no policy for its %s SA %08x", h->name, way, sa->spi);
}

bool sim_keys_agree(struct sim *s)
{
    s->complaint[0] = '\0';
    for (size_t i = 0; i < s->n_hosts; i++) {
        for (size_t k = 0; k < sim_sas(s->hosts[i]); k++) {
            if (!sa_agrees(s, s->hosts[i], sim_sa(s->hosts[i], k))) {
                return false;
            }
        }
    }
    return true;
}

/* ---- what the engines say of their SAs ---- */

struct listing {
    struct cyg_ike_record ikes[IKES_MAX];
    struct cyg_child_record children[CHILDREN_MAX];
    size_t n_ikes, n_children;
};

static void listing_get(struct sim_host *h, struct listing *ret)
{
    ret->n_ikes = ret->n_children = 0;
    if (sim_enter(h)) {
        engine_list(h->engine, h->sim->now, 0, ret->ikes, IKES_MAX, &ret->n_ikes, ret->children,
                    CHILDREN_MAX, &ret->n_children);
        sim_leave(h);
    }
}

static const struct cyg_child_record *owner_of(const struct listing *l,
                                               const struct cyg_sa_spec *sa)
{
    for (size_t i = 0; i < l->n_children; i++) {
        if ((sa->inbound ? l->children[i].spi_in : l->children[i].spi_out) == sa->spi) {
            return &l->children[i];
        }
    }
    return NULL;
}

/* Whether a data plane holds what its engine knows of, and nothing else. */
static bool host_owns(struct sim *s, struct sim_host *h, const struct listing *l)
{
    struct engine_counts counts = sim_counts(h);
    if (l->n_children != counts.children || l->n_ikes != counts.ike_sas) {
        return sim_complain(s, "%s lists %zu IKE SAs and %zu children, but counts %zu and %zu",
                            h->name, l->n_ikes, l->n_children, counts.ike_sas, counts.children);
    }
    for (size_t i = 0; i < sim_sas(h); i++) {
        if (owner_of(l, sim_sa(h, i)) == NULL) {
            return sim_complain(s, "%s's SA %08x belongs to nothing that its engine lists", h->name,
                                sim_sa(h, i)->spi);
        }
    }
    if (sim_sas(h) != 2 * l->n_children) {
        return sim_complain(s, "%s has %zu SAs for %zu children", h->name, sim_sas(h),
                            l->n_children);
    }
    if (sim_reserved(h) > 0) {
        return sim_complain(s, "%s holds %zu reserved SPIs that nobody takes", h->name,
                            sim_reserved(h));
    }
    return true;
}

/* Whether somebody has said why things are as they are. The owner of a lone SA may know nothing:
 * the other end's Delete was lost, and only the other end told its people. */
static bool has_reason(const struct sim *s)
{
    for (size_t i = 0; i < s->n_hosts; i++) {
        const struct sim_host *h = s->hosts[i];
        if (h->boot > 0) {
            return true; /* it was switched off */
        }
        for (size_t k = 0; k < h->n_log; k++) {
            if (h->log[k].error.reason != 0 || h->log[k].type == CYG_EVENT_CHILD_DOWN) {
                return true;
            }
        }
    }
    return false;
}

/* An SA without partner: something will end it, and something has been said. */
static bool lone_sas_end(struct sim *s, const struct sim_host *h, const struct listing *l)
{
    for (size_t i = 0; i < sim_sas(h); i++) {
        const struct sim_host *other = NULL;
        const struct cyg_sa_spec *sa = sim_sa(h, i);
        if (partner_of(s, h, sa, &other) != NULL) {
            continue;
        }
        const struct cyg_child_record *owner = owner_of(l, sa);
        if (owner == NULL || owner->expires_at == CYG_NEVER || !has_reason(s)) {
            return sim_complain(s, "%s's SA %08x has no partner, and %s", h->name, sa->spi,
                                has_reason(s) ? "no end" : "nothing was said");
        }
    }
    return true;
}

/* The store is asked for changes every second: that alone may be under way. */
#define POLL_TIME (2 * CYG_SEC)

bool sim_settled(struct sim *s)
{
    s->complaint[0] = '\0';
    if (!sim_run_idle(s, POLL_TIME)) {
        return sim_complain(s, "something is still under way");
    }
    struct listing *l = sim_alloc(sizeof(*l));
    bool good = true;
    for (size_t i = 0; good && i < s->n_hosts; i++) {
        listing_get(s->hosts[i], l);
        good = host_owns(s, s->hosts[i], l) && lone_sas_end(s, s->hosts[i], l);
    }
    sim_release(l);
    return good;
}

bool sim_nothing_left(struct sim *s)
{
    s->complaint[0] = '\0';
    (void)sim_run_idle(s, POLL_TIME);
    for (size_t i = 0; i < s->n_hosts; i++) {
        const struct sim_host *h = s->hosts[i];
        struct engine_counts c = sim_counts(h);
        if (sim_sas(h) + sim_policies(h) + sim_reserved(h) > 0) {
            return sim_complain(s, "%s still has %zu SAs, %zu policies, %zu reserved SPIs", h->name,
                                sim_sas(h), sim_policies(h), sim_reserved(h));
        }
        if (c.ike_sas + c.half_open + c.exchanges + c.children + c.jobs + c.kernel_ops > 0) {
            return sim_complain(
                s, "%s still has %zu IKE SAs, %zu half-open, %zu exchanges, %zu children", h->name,
                c.ike_sas, c.half_open, c.exchanges, c.children);
        }
        if (c.queued_bytes > 0) {
            return sim_complain(s, "%s still has %zu bytes queued", h->name, c.queued_bytes);
        }
    }
    return true;
}

/* ---- always ---- */

/* One encrypted message that was sent: what it belongs to, and its bytes, as hashes. */
struct sim_once {
    uint64_t exchange, bytes;
};

/* "Nothing is ever encrypted twice" (DESIGN.md): in one exchange a host sends at most so many
 * different encrypted messages; what it repeats, it repeats byte for byte. */
static unsigned different_allowed(uint8_t exchange)
{
    switch (exchange) {
    case 2:
        return 1; /* main mode: message 5 or 6 */
    case 5:
        return 1; /* informational */
    case 32:
        return 2; /* quick mode: messages 1 and 3, or 2 */
    default:
        return 1000;
    }
}

static void check_once(struct sim_host *h, struct cyg_span datagram)
{
    uint64_t exchange = sim_hash(SIM_HASH_START, cyg_span_first(datagram, 16));
    exchange = sim_hash(exchange, cyg_span_first(cyg_span_after(datagram, 18), 1));
    exchange = sim_hash(exchange, cyg_span_first(cyg_span_after(datagram, 20), 4));
    uint64_t bytes = sim_hash(SIM_HASH_START, datagram);
    unsigned different = 1;
    for (size_t i = 0; i < h->n_once; i++) {
        if (h->once[i].exchange == exchange) {
            if (h->once[i].bytes == bytes) {
                return; /* repeated byte for byte */
            }
            different++;
        }
    }
    if (different > different_allowed(datagram.data[18])) {
        SIM_BROKEN(h->sim, "%s encrypts another message under one IV: exchange %u", h->name,
                   datagram.data[18]);
    }
    SIM_GROW(h->once, h->n_once, h->room_once);
    h->once[h->n_once++] = (struct sim_once){ exchange, bytes };
}

void sim_check_sent(struct sim_host *h, struct cyg_span datagram)
{
    struct cyg_reader r = cyg_reader_of(datagram);
    (void)cyg_reader_take(&r, 24);
    uint32_t length = cyg_reader_u32(&r);
    if (!cyg_reader_ok(&r) || length != datagram.len) {
        SIM_BROKEN(h->sim, "%s sends a datagram of %zu bytes whose header says %u", h->name,
                   datagram.len, length);
        return;
    }
    if ((datagram.data[19] & 1) != 0) {
        check_once(h, datagram);
    }
    if (memmem(datagram.data, datagram.len, SIM_SECRET, sizeof(SIM_SECRET) - 1) != NULL) {
        SIM_BROKEN(h->sim, "%s sends its secret", h->name);
    }
}

/* An IKE SA or child SA that is up, as far as was said. */
struct sim_up {
    uint32_t uniqueid;
    bool child;
};

static void check_pair(struct sim_host *h, bool child, uint32_t uniqueid, bool is_up)
{
    size_t i = 0;
    while (i < h->n_up && (h->up[i].child != child || h->up[i].uniqueid != uniqueid)) {
        i++;
    }
    bool was_up = i < h->n_up;
    if (is_up == was_up || uniqueid == 0) {
        SIM_BROKEN(h->sim, "%s says that %s %u is %s, but it was %s", h->name,
                   child ? "child SA" : "IKE SA", uniqueid, is_up ? "up" : "down",
                   was_up ? "up" : "not");
    } else if (is_up) {
        SIM_GROW(h->up, h->n_up, h->room_up);
        h->up[h->n_up++] = (struct sim_up){ uniqueid, child };
    } else {
        h->up[i] = h->up[--h->n_up];
    }
}

void sim_check_event(struct sim_host *h, const struct cyg_event *event)
{
    bool ike = event->type == CYG_EVENT_IKE_UP || event->type == CYG_EVENT_IKE_DOWN;
    bool child = event->type == CYG_EVENT_CHILD_UP || event->type == CYG_EVENT_CHILD_DOWN;
    bool is_up = event->type == CYG_EVENT_IKE_UP || event->type == CYG_EVENT_CHILD_UP;
    if (ike) {
        check_pair(h, false, event->ike->uniqueid, is_up);
    }
    for (size_t i = 0; child && i < event->n_children; i++) {
        check_pair(h, true, event->children[i].uniqueid, is_up);
    }
}

static bool host_orphans(struct sim *s, struct sim_host *h, struct listing *l)
{
    listing_get(h, l);
    if (h->engine != NULL && h->n_up != l->n_ikes + l->n_children) {
        return !sim_complain(s, "%s has %zu SAs and said of %zu that they are up", h->name,
                             l->n_ikes + l->n_children, h->n_up);
    }
    return h->engine != NULL && !host_owns(s, h, l);
}

void sim_check_always(struct sim *s)
{
    if (s->failed || !sim_is_idle(s)) {
        return; /* while something is under way, halves are allowed */
    }
    struct listing *l = sim_alloc(sizeof(*l));
    for (size_t i = 0; i < s->n_hosts; i++) {
        if (host_orphans(s, s->hosts[i], l)) {
            SIM_BROKEN(s, "at the end engine and data plane disagree");
        }
    }
    sim_release(l);
}
