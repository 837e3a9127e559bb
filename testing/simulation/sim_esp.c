/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traffic of the simulated data plane: a packet that looks like ESP (SPI, sequence number, what is
 * inside, a checksum keyed with both keys of the SA), raw or in UDP, through the simulated network
 * and its NAT boxes, and what the receiver of such a packet checks. Keepalives too. */
#include "simulation/sim_kernel.h"

#include <cygnet/writer.h>

#define ICV_LEN   16u
#define INNER_LEN (8u + 17u + 17u) /* number, source, destination */

static void icv_of(const struct cyg_sa_spec *sa, struct cyg_span packet, uint8_t icv[ICV_LEN])
{
    const uint8_t kinds[] = { sa->cipher, sa->integ, sa->mode };
    const struct cyg_span parts[] = { cyg_span_of_array(kinds), cyg_key_span(&sa->integ_key),
                                      packet };
    sim_toy_mac(CYG_ALG_SHA256, cyg_key_span(&sa->cipher_key), parts, CYG_LEN(parts), icv, ICV_LEN);
}

static void address_write(struct cyg_writer *w, const struct cyg_address *a)
{
    cyg_writer_u8(w, a->family);
    cyg_writer_bytes(w, (struct cyg_span){ a->bytes, 16 });
}

static struct cyg_address address_read(struct cyg_reader *r)
{
    struct cyg_address a = { .family = cyg_reader_u8(r) };
    struct cyg_span bytes = cyg_reader_take(r, 16);
    if (bytes.len == 16) {
        memcpy(a.bytes, bytes.data, 16);
    }
    return a;
}

static struct sim_sa *outbound_for(struct sim_kernel *k, const struct cyg_address *src,
                                   const struct cyg_address *dst)
{
    for (size_t p = 0; p < k->n_policies; p++) {
        const struct cyg_policy_spec *policy = &k->policies[p];
        if (!cyg_selector_has(&policy->flow.local, src, 1, 0)
            || !cyg_selector_has(&policy->flow.remote, dst, 1, 0)) {
            continue;
        }
        for (size_t i = k->n_sas; i > 0; i--) { /* the newest one sends */
            if (!k->sas[i - 1].spec.inbound && k->sas[i - 1].spec.reqid == policy->reqid) {
                return &k->sas[i - 1];
            }
        }
    }
    return NULL;
}

static void esp_send(struct sim_kernel *k, struct sim_sa *sa, const struct cyg_address *src,
                     const struct cyg_address *dst, uint64_t number)
{
    uint8_t packet[8 + INNER_LEN + ICV_LEN];
    struct cyg_writer w = cyg_writer_of(packet, sizeof(packet));
    cyg_writer_u32(&w, sa->spec.spi);
    cyg_writer_u32(&w, ++sa->sequence);
    cyg_writer_u64(&w, number);
    address_write(&w, src);
    address_write(&w, dst);
    icv_of(&sa->spec, cyg_writer_span(&w), packet + 8 + INNER_LEN);
    sa->packets++;
    sa->bytes += sizeof(packet);
    sa->last_used = k->host->sim->now;
    struct cyg_path path = sa->spec.path;
    if (!sa->spec.udp_encap) {
        path.local.port = path.remote.port = 0;
    }
    sim_net_send(k->host->sim, k->host, &path.local, &path.remote, sa->spec.udp_encap ? 17 : 50,
                 cyg_span_of_array(packet));
}

static struct sim_sa *inbound_of(struct sim_kernel *k, uint32_t spi)
{
    for (size_t i = 0; i < k->n_sas; i++) {
        if (k->sas[i].spec.inbound && k->sas[i].spec.spi == spi) {
            return &k->sas[i];
        }
    }
    return NULL;
}

/* RFC 3948 and H-151: an authentic packet from elsewhere, with a higher number than any before. */
static void mapping_changed(struct sim_host *h, const struct sim_sa *sa,
                            const struct cyg_path *path)
{
    struct cyg_kernel_event event = { .type = CYG_KERNEL_EVENT_MAPPING,
                                      .spi = sa->spec.spi,
                                      .reqid = sa->spec.reqid,
                                      .inbound = true,
                                      .path = *path };
    if (sim_enter(h)) {
        engine_kernel_event(h->engine, h->sim->now, &event);
        sim_leave(h);
    }
}

void sim_kernel_receive(struct sim_host *h, const struct cyg_path *path, bool udp,
                        struct cyg_span bytes)
{
    struct cyg_reader r = cyg_reader_of(bytes);
    uint32_t spi = cyg_reader_u32(&r);
    uint32_t sequence = cyg_reader_u32(&r);
    uint64_t number = cyg_reader_u64(&r);
    struct cyg_address src = address_read(&r);
    struct cyg_address dst = address_read(&r);
    struct cyg_span icv = cyg_reader_take(&r, ICV_LEN);
    struct sim_sa *sa = inbound_of(h->kernel, spi);
    if (!cyg_reader_done(&r) || sa == NULL || sa->spec.udp_encap != udp) {
        return; /* a keepalive, dirt, an SA that is gone */
    }
    uint8_t right[ICV_LEN];
    icv_of(&sa->spec, cyg_span_first(bytes, bytes.len - ICV_LEN), right);
    if (!cyg_equal_ct(icv, cyg_span_of_array(right))) {
        sa->integrity_failures++;
        return; /* another key or algorithm */
    }
    if (sequence <= sa->sequence) {
        return; /* replayed (H-160; here every packet comes in order or not at all)
                 */
    }
    sa->sequence = sequence;
    sa->packets++;
    sa->bytes += bytes.len;
    sa->last_used = h->sim->now;
    if (cyg_selector_has(&sa->spec.flow.remote, &src, 1, 0)
        && cyg_selector_has(&sa->spec.flow.local, &dst, 1, 0)) {
        h->kernel->pinged = number;
    }
    if (udp && !cyg_endpoint_equal(&path->remote, &sa->spec.path.remote)) {
        mapping_changed(h, sa, path);
    }
}

/* ---- pings ---- */

struct ping {
    uint64_t number;
    bool arrived;
};

static bool ping_condition(struct sim *s, void *context)
{
    struct ping *ping = context;
    for (size_t i = 0; i < s->n_hosts; i++) {
        ping->arrived |= s->hosts[i]->kernel->pinged == ping->number;
    }
    return ping->arrived;
}

bool sim_ping(struct sim_host *from, const char *src, const char *dst)
{
    struct sim *s = from->sim;
    struct cyg_address a, b;
    if (cyg_address_parse(cyg_span_str(src), false, &a, NULL) != CYG_OK
        || cyg_address_parse(cyg_span_str(dst), false, &b, NULL) != CYG_OK) {
        SIM_BROKEN(s, "not addresses: %s, %s", src, dst);
        return false;
    }
    struct sim_sa *sa = outbound_for(from->kernel, &a, &b);
    if (sa == NULL) {
        return sim_complain(s, "%s has no SA for %s to %s", from->name, src, dst);
    }
    struct ping ping = { .number = ++s->pings };
    esp_send(from->kernel, sa, &a, &b, ping.number);
    if (!sim_run_until(s, 2 * CYG_SEC, ping_condition, &ping)) {
        return sim_complain(s, "the packet from %s to %s did not arrive", src, dst);
    }
    return true;
}

bool sim_ping_pair(struct sim_host *a, struct sim_host *b)
{
    char inner_a[32], inner_b[32];
    (void)snprintf(inner_a, sizeof(inner_a), "10.%zu.0.7", a->index + 1);
    (void)snprintf(inner_b, sizeof(inner_b), "10.%zu.0.7", b->index + 1);
    return sim_ping(a, inner_a, inner_b) && sim_ping(b, inner_b, inner_a);
}

/* ---- keepalives, RFC 3948 4 ---- */

static void keepalive_run(struct sim *s, void *what)
{
    struct sim_kernel *k = what;
    static const uint8_t keepalive[] = { 0xff };
    bool wanted = false;
    for (size_t i = 0; i < k->n_sas; i++) {
        const struct cyg_sa_spec *sa = &k->sas[i].spec;
        if (sa->keepalive && !sa->inbound) {
            sim_net_send(s, k->host, &sa->path.local, &sa->path.remote, 17,
                         cyg_span_of_array(keepalive));
        }
        wanted |= sa->keepalive;
    }
    k->keeps_alive = wanted;
    if (wanted) {
        sim_event(s, s->now + 20 * CYG_SEC, false, keepalive_run, NULL, k);
    }
}

void sim_kernel_keepalive(struct sim_kernel *k)
{
    if (!k->keeps_alive) {
        k->keeps_alive = true;
        sim_event(k->host->sim, k->host->sim->now + 20 * CYG_SEC, false, keepalive_run, NULL, k);
    }
}
