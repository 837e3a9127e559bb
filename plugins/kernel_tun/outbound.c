/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the TUN device to the wire: find the policy and its newest SA, cut, seal. */
#include "icmp.h"
#include "worker_internal.h"

#include <cygnet/peer.h>

#include <errno.h>
#include <unistd.h>

#define READ_BATCH       64u
#define ICMP_PER_SECOND  100u
#define ACQUIRE_INTERVAL (5 * CYG_SEC)

/* An ICMP error back into the device, at a bounded rate. */
static void answer(struct worker *w, enum icmp_error error, const uint8_t *packet,
                   const struct inner *p, size_t mtu)
{
    if (w->now >= w->icmp_refill) {
        w->icmp_refill = w->now + CYG_SEC;
        w->icmp_tokens = ICMP_PER_SECOND;
    }
    uint8_t out[ICMP_ERROR_MAX];
    if (w->icmp_tokens == 0) {
        return;
    }
    size_t len = icmp_error(error, packet, p, mtu, out);
    if (len > 0) {
        w->icmp_tokens--;
        struct vnet vnet = { 0 };
        const struct iovec parts[2] = { { &vnet, sizeof(vnet) }, { out, len } };
        (void)tun_write(&w->tun, parts, 2);
    }
}

static void acquire(struct worker *w, const struct policy *policy)
{
    struct group *group = policy->group;
    if (group->last_acquire != 0 && w->now - group->last_acquire < ACQUIRE_INTERVAL) {
        return;
    }
    group->last_acquire = w->now;
    const struct cyg_kernel_event event = { .type = CYG_KERNEL_EVENT_ACQUIRE,
                                            .reqid = group->reqid,
                                            .path = policy->path,
                                            .flow = policy->flow };
    w->host->kernel_event(w->host->daemon, &event);
}

/* Our own ESP, routed into the tunnel that it belongs to (H-167): the mark and the rules prevent
 * it, unless somebody has changed them. */
static bool is_loop(const struct sa *sa, const struct inner *p)
{
    if (p->family != sa->path.remote.family || !ip_equal(p->destination, ip_of(&sa->path.remote))
        || !ip_equal(p->source, ip_of(&sa->path.local))) {
        return false;
    }
    if (sa->udp_encap) {
        return p->protocol == PROTO_UDP && p->source_port == sa->path.local.port
               && p->destination_port == sa->path.remote.port;
    }
    return p->protocol == PROTO_ESP;
}

/* RFC 4303 3.1.1: transport mode protects whole datagrams of the two ends themselves; options and
 * headers that routers read can't be hidden behind ESP. */
static enum drop check_transport(const struct sa *sa, const struct inner *p)
{
    if (p->extended && !(p->family == 6 && p->fragment)) {
        return DROP_OPTIONS;
    }
    if (!ip_equal(p->source, ip_of(&sa->path.local))
        || !ip_equal(p->destination, ip_of(&sa->path.remote))) {
        return DROP_INNER_SELECTOR;
    }
    return DROP_NONE;
}

static const uint8_t *next_iv(struct worker *w, const struct sa *sa)
{
    if (sa->keys.mac == NULL) {
        return NULL;
    }
    /* Unpredictable for CBC (RFC 3602 3); taken from the generator many at a time. */
    if (w->ivs_used + sa->keys.iv_len > IV_POOL) {
        const struct cyg_provider *rng = &w->host->crypto->rng;
        const struct cyg_rng_ops *ops = rng->ops;
        if (ops == NULL || ops->fill(rng->self, w->ivs, IV_POOL) != CYG_OK) {
            return NULL;
        }
        w->ivs_used = 0;
    }
    const uint8_t *iv = w->ivs + w->ivs_used;
    w->ivs_used += sa->keys.iv_len;
    return iv;
}

/* Count one packet against the lifetime; false when the SA is used up (H-161). */
static bool use(struct worker *w, struct sa *sa, size_t bytes)
{
    if (sa->expired || sa->seq == SADB_SEQ_LAST) {
        return false;
    }
    sa->seq++;
    sa->packets++;
    sa->bytes += bytes;
    sa->last_used = w->now;
    if (sa->life_bytes != 0 && sa->bytes >= sa->life_bytes) {
        sa->expired = true; /* this packet still goes */
    }
    if (sa->expired || sa->seq >= SADB_SEQ_EXPIRE) {
        tell_expired(w, sa);
    }
    return true;
}

static enum drop seal_segment(struct worker *w, struct sa *sa, const struct gso *g, size_t index,
                              size_t skip, uint8_t tos, bool df)
{
    const struct inner *p = &g->inner;
    size_t len = gso_segment_len(g, index) - skip;
    const uint8_t *iv = next_iv(w, sa);
    if (iv == NULL && sa->keys.mac != NULL) {
        return DROP_CRYPTO;
    }
    if (!use(w, sa, len)) {
        return DROP_SA_EXPIRED;
    }
    uint8_t inner_header = p->family == 4 ? PROTO_IPIP : PROTO_IPV6;
    const struct esp_seal how = { .spi = sa->spi,
                                  .seq = sa->seq,
                                  .next_header = skip > 0 ? p->protocol : inner_header,
                                  .iv = iv };
    uint8_t *esp = send_room(w, sa, tos, df, esp_sealed_len(&sa->keys, len));
    gso_write(g, index, skip, esp + esp_payload_offset(&sa->keys));
    if (esp_seal(&sa->keys, &how, esp, len) != CYG_OK) {
        send_undo(w, esp_sealed_len(&sa->keys, len)); /* nothing of the text may leave */
        return DROP_CRYPTO;
    }
    return DROP_NONE;
}

static enum drop find_sa(struct worker *w, const uint8_t *packet, const struct inner *p,
                         struct sa **ret)
{
    struct policy *policy = sadb_policy_for(&w->sadb, p);
    if (policy == NULL) {
        answer(w, ICMP_PROHIBITED, packet, p, 0);
        return DROP_NO_POLICY;
    }
    if (policy->action != 0) {
        answer(w, ICMP_PROHIBITED, packet, p, 0);
        return DROP_POLICY_DROP;
    }
    struct sa *sa = policy->group->senders;
    if (sa == NULL) {
        acquire(w, policy);
        return DROP_NO_SA;
    }
    if (!flow_has_outbound(&sa->flow, p)) {
        return DROP_INNER_SELECTOR; /* the SA's own flow counts, RFC 4301 5.1 */
    }
    if (is_loop(sa, p)) {
        return DROP_LOOP;
    }
    *ret = sa;
    return sa->mode == CYG_MODE_TRANSPORT ? check_transport(sa, p) : DROP_NONE;
}

static void tell_too_big(struct worker *w, struct sa *sa, size_t mtu)
{
    if (sa->told_mtu == mtu) {
        return;
    }
    sa->told_mtu = mtu;
    const struct cyg_kernel_event event = {
        .type = CYG_KERNEL_EVENT_TOO_BIG,
        .spi = sa->spi,
        .reqid = sa->reqid,
        .path = sa->path,
        .path_bytes = (uint32_t)path_mtu(&w->sockets, &sa->path, w->host->socket_mark),
        .inner_bytes = (uint32_t)mtu,
    };
    w->host->kernel_event(w->host->daemon, &event);
}

/* Whether the longest segment fits; if not, and it must not be cut on its way, its sender is told.
 */
static bool fits(struct worker *w, struct sa *sa, const struct gso *g)
{
    const struct inner *p = &g->inner;
    size_t least = p->family == 4 ? 576 : 1280; /* H-167 */
    size_t mtu = sa->inner_mtu > least ? sa->inner_mtu : least;
    if (gso_longest(g) <= mtu || !p->dont_fragment) {
        return gso_longest(g) + ESP_OVERHEAD_MAX <= SEND_BYTES;
    }
    answer(w, ICMP_TOO_BIG, g->packet, p, mtu);
    tell_too_big(w, sa, mtu);
    return false;
}

/* Transport mode: a fragment is kept until its datagram is whole, which takes its place. Later ones
 * have no ports; what they belong to is known since the first. */
static enum drop gather(struct worker *w, uint8_t **packet, struct inner *p, struct sa **sa)
{
    enum drop drop = p->later ? DROP_NONE : find_sa(w, *packet, p, sa);
    if (drop != DROP_NONE || (!p->later && (*sa)->mode != CYG_MODE_TRANSPORT)) {
        return drop;
    }
    if (p->later && !fragments_know(&w->fragments, *packet, p)) {
        return find_sa(w, *packet, p, sa); /* tunnel mode carries it as it is */
    }
    drop = fragments_take(&w->fragments, *packet, p, packet, p);
    return drop == DROP_NONE ? find_sa(w, *packet, p, sa) : drop;
}

void outbound_packet(struct worker *w, const struct vnet *vnet, uint8_t *packet, size_t len)
{
    struct inner p;
    struct gso g;
    struct sa *sa = NULL;
    enum drop drop = inner_parse((struct cyg_span){ packet, len }, &p);
    if (drop == DROP_NONE) {
        drop = p.fragment ? gather(w, &packet, &p, &sa) : find_sa(w, packet, &p, &sa);
    }
    if (drop == DROP_NONE && sa->mode == CYG_MODE_TRANSPORT && p.fragment) {
        drop = DROP_INNER_FRAGMENT; /* one whose first has not been seen */
    }
    if (drop == DROP_NONE) {
        drop = gso_begin(&g, vnet, packet, &p);
    }
    if (drop == DROP_NONE && !fits(w, sa, &g)) {
        drop = DROP_TOO_BIG;
    }
    if (drop != DROP_NONE) {
        count_drop(w, drop);
        return;
    }
    bool transport = sa->mode == CYG_MODE_TRANSPORT;
    size_t skip = transport ? p.header_len : 0;
    /* RFC 4301 5.1.2.1: DSCP and ECN are copied, DF too. */
    uint8_t tos = transport || w->options.copy_dscp ? p.tos : p.tos & 3u;
    for (size_t i = 0; i < g.count; i++) {
        drop = seal_segment(w, sa, &g, i, skip, tos, p.dont_fragment);
        if (drop != DROP_NONE) {
            count_drop(w, drop);
        }
    }
}

bool outbound_run(struct worker *w)
{
    int failed = 0;
    for (unsigned i = 0; i < READ_BATCH; i++) {
        ssize_t got = read(w->tun.fd, w->read_buffer, TUN_READ_MAX);
        struct vnet vnet;
        if (got < 0) {
            failed = errno;
            break;
        }
        if (vnet_read(w->read_buffer, (size_t)got, &vnet)) {
            outbound_packet(w, &vnet, w->read_buffer + sizeof(vnet), (size_t)got - sizeof(vnet));
        }
    }
    send_flush(w);
    /* EIO: it is down, and may come up again. */
    errno = failed;
    return failed == 0 || failed == EAGAIN || failed == EINTR || failed == EIO;
}
