/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel-tun's packet functions. The first byte of an input says which way it goes:
 *   bits 0-1: 0 from a stranger, as it is; 1 from a peer who has the key: sealed first, the next
 *             byte is the next header; 2 from the device: virtio header and packet; 3 as 1, but
 *             many packets of 200 bytes, joined for the device
 *   bit 2: transport mode; bit 3: AES-CBC with HMAC; bit 4: protocol 50; bit 5: IPv6 path
 *   bit 6: outer congestion mark */
#include "fuzz/fuzz.h"

#include "kernel_tun/worker_internal.h"
#include "unit/crypto_gnutls/crypto.h"

#include <cygnet/peer.h>

#include <string.h>

#define SPI 0x10000000u

/* What is written must be whole: a packet that its own header describes. */
static void look(void *context, const struct iovec *parts, unsigned n)
{
    static uint8_t whole[70000];
    struct vnet vnet;
    struct inner p;
    size_t len = 0;
    (void)context;
    if (!vnet_read(parts[0].iov_base, parts[0].iov_len, &vnet)) {
        abort();
    }
    for (unsigned i = 1; i < n; i++) {
        memcpy(whole + len, parts[i].iov_base, parts[i].iov_len);
        len += parts[i].iov_len;
    }
    if (inner_parse((struct cyg_span){ whole, len }, &p) != DROP_NONE || p.len != len) {
        abort();
    }
}

static void no_event(void *daemon, const struct cyg_kernel_event *event)
{
    (void)daemon;
    (void)event;
}

static void no_ike(void *daemon, const struct cyg_path *path, struct cyg_span datagram)
{
    (void)daemon;
    (void)path;
    if (datagram.len == 0) {
        abort();
    }
}

static struct cyg_sa_spec spec_of(uint8_t how, bool inbound)
{
    bool v6 = (how & 32) != 0, cbc = (how & 8) != 0, transport = (how & 4) != 0;
    struct cyg_address local = { .family = v6 ? 6 : 4, .port = 4500, .bytes = { 192, 0, 2, 1 } };
    struct cyg_address remote = local;
    remote.bytes[3] = 2;
    struct cyg_selector any = { .from = { .family = 4 }, .to = { .family = 4 } };
    memset(any.to.bytes, 0xff, 4);
    struct cyg_flow flow = { any, any };
    if (transport) {
        cyg_selector_of_address(&local, &flow.local);
        cyg_selector_of_address(&remote, &flow.remote);
    }
    struct cyg_sa_spec spec = { .spi = SPI + (uint32_t)how,
                                .reqid = 1u + how,
                                .inbound = inbound,
                                .udp_encap = (how & 16) == 0,
                                .protocol = CYG_IPSEC_ESP,
                                .mode = transport ? CYG_MODE_TRANSPORT : CYG_MODE_TUNNEL,
                                .cipher = (uint8_t)(cbc ? CYG_ALG_AES128 : CYG_ALG_AES128GCM16),
                                .integ = (uint8_t)(cbc ? CYG_ALG_SHA1 : CYG_ALG_NONE),
                                .path = { local, remote },
                                .flow = flow };
    spec.cipher_key.len = cbc ? 16 : 20;
    spec.integ_key.len = cbc ? 20 : 0;
    return spec;
}

struct ends {
    struct sa *in, *out;
};

static struct worker *new_worker(struct cyg_host *host)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (w == NULL || sadb_init(&w->sadb) != CYG_OK) {
        abort();
    }
    *host = (struct cyg_host){ .crypto = test_crypto(),
                               .kernel_event = no_event,
                               .ike_packet = no_ike };
    w->host = host;
    w->now = CYG_SEC;
    w->tun.fd = -1;
    w->ivs_used = IV_POOL;
    w->options.fragments = true;
    w->send.arena = malloc(SEND_ARENA);
    w->scratch = malloc(SCRATCH_BYTES);
    w->gro = (struct gro){ .udp = true, .write = look };
    return w;
}

/* The SAs of this kind, made when first asked for. */
static struct ends ends_of(struct worker *w, uint8_t how)
{
    static struct ends all[256];
    static struct esp_socket udp = { .fd = -1, .segments = true }, raw = { .fd = -1, .raw = true };
    struct ends *ends = &all[how];
    if (ends->in == NULL) {
        struct cyg_sa_spec in = spec_of(how, true), out = spec_of(how, false);
        struct cyg_policy_spec policy = { .reqid = out.reqid,
                                          .protocol = CYG_IPSEC_ESP,
                                          .mode = out.mode,
                                          .path = out.path,
                                          .flow = out.flow };
        struct cyg_error err;
        struct policy *added;
        bool is_new;
        if (sadb_add(&w->sadb, &in, w->host->crypto, &ends->in, &err) != CYG_OK) {
            return (struct ends){ 0 }; /* transport mode between IPv6 ends: another flow */
        }
        if (sadb_add(&w->sadb, &out, w->host->crypto, &ends->out, &err) != CYG_OK) {
            abort();
        }
        ends->out->socket = out.udp_encap ? &udp : &raw;
        ends->out->inner_mtu = 1400;
        enum cyg_code held = sadb_policy_add(&w->sadb, &policy, &added, &is_new, &err);
        (void)held; /* several of these have the same flow */
    }
    return *ends;
}

static void from_peer(struct worker *w, const struct ends *ends, const struct arrival *from,
                      const uint8_t *payload, size_t len, uint8_t next_header)
{
    static const uint8_t iv[ESP_IV_MAX];
    const struct esp_keys *keys = &ends->out->keys;
    size_t total = esp_sealed_len(keys, len);
    uint8_t *packet = malloc(total);
    const struct esp_seal how = {
        .spi = ends->in->spi, .seq = ends->in->replay.top + 1, .next_header = next_header, .iv = iv
    };
    if (packet == NULL) {
        abort();
    }
    memcpy(packet + esp_payload_offset(keys), payload, len);
    if (esp_seal(keys, &how, packet, len) != CYG_OK) {
        abort();
    }
    inbound_datagram(w, from, packet, total);
    gro_flush(&w->gro);
    w->scratch_used = 0;
    free(packet);
}

/* Packets of 200 bytes that live until they are joined. */
static void join_many(struct worker *w, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, len);
    for (size_t at = 0; at < len; at += 200) {
        struct inner p;
        size_t left = len - at < 200 ? len - at : 200;
        if (inner_parse((struct cyg_span){ copy + at, left }, &p) == DROP_NONE) {
            gro_add(&w->gro, copy + at, &p);
        }
    }
    gro_flush(&w->gro);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct cyg_host host;
    static struct worker *w;
    if (w == NULL) {
        w = new_worker(&host);
    }
    if (len < 2 || len > 65000) {
        return 0;
    }
    uint8_t how = data[0] & 0x7c;
    const struct ends ends = ends_of(w, how);
    if (ends.in == NULL) {
        return 0;
    }
    const struct arrival from = { .path = ends.in->path,
                                  .udp = ends.in->udp_encap,
                                  .tos = (how & 64) != 0 ? 3 : 0 };
    uint8_t *copy = malloc(len - 1); /* exact: a read beyond is seen */
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data + 1, len - 1);
    struct vnet vnet;
    switch (data[0] & 3) {
    case 0:
        inbound_datagram(w, &from, copy, len - 1);
        gro_flush(&w->gro);
        break;
    case 1:
        from_peer(w, &ends, &from, copy + 1, len - 2, copy[0]);
        break;
    case 2:
        if (vnet_read(copy, len - 1, &vnet)) {
            outbound_packet(w, &vnet, copy + sizeof(vnet), len - 1 - sizeof(vnet));
        }
        w->send.n = 0;
        w->send.used = 0;
        break;
    default:
        join_many(w, copy, len - 1);
        break;
    }
    free(copy);
    return 0;
}
