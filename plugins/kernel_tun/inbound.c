/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the wire to the TUN device. The order of the checks is the protection: what costs little and
 * needs no key first, then the ICV, and only then anything changes (H-151, H-160). */
#include "checksum.h"
#include "worker_internal.h"

#include <cygnet/peer.h>
#include <cygnet/writer.h>

#include <string.h>

#define RECEIVE_ROUNDS 4u /* batches of one socket before others have their turn */

/* Addresses as the SA has them; behind a NAT the remote one may have changed (H-168). */
static bool path_fits(const struct sa *sa, const struct arrival *from)
{
    if (sa->udp_encap != from->udp || !cyg_address_equal(&sa->path.local, &from->path.local)) {
        return false;
    }
    return from->udp ? sa->path.local.port == from->path.local.port
                     : cyg_address_equal(&sa->path.remote, &from->path.remote);
}

static enum drop check_replay(struct sa *sa, uint32_t seq)
{
    switch (replay_check(&sa->replay, seq)) {
    case REPLAY_NEW:
        return DROP_NONE;
    case REPLAY_SEEN:
        sa->replays++;
        return DROP_REPLAY_SEEN;
    case REPLAY_OLD:
        sa->replays++;
        return DROP_REPLAY_OLD;
    case REPLAY_ZERO:
        return DROP_SEQUENCE_ZERO;
    }
    cyg_unreachable();
}

/* H-151: the endpoint may only follow an authentic packet that is newer than all before. The engine
 * decides; it is told once for each new endpoint. */
static void tell_mapping(struct worker *w, struct sa *sa, const struct arrival *from)
{
    if (!sa->udp_encap || cyg_endpoint_equal(&from->path.remote, &sa->told_at)) {
        return;
    }
    sa->told_at = from->path.remote;
    if (cyg_endpoint_equal(&from->path.remote, &sa->path.remote)) {
        return;
    }
    const struct cyg_kernel_event event = { .type = CYG_KERNEL_EVENT_MAPPING,
                                            .spi = sa->spi,
                                            .reqid = sa->reqid,
                                            .inbound = true,
                                            .path = from->path };
    w->host->kernel_event(w->host->daemon, &event);
}

/* A transport mode payload becomes a packet again: the header that it had is the one that the
 * kernel has taken off. */
static uint8_t *rebuild(struct worker *w, const struct sa *sa, const struct arrival *from,
                        const struct esp_opened *esp, size_t *ret_len)
{
    size_t header = sa->path.local.family == 4 ? 20 : 40, len = header + esp->len;
    if (len > 65535) {
        return NULL;
    }
    if (w->scratch_used + len > SCRATCH_BYTES) {
        gro_flush(&w->gro);
        w->scratch_used = 0;
    }
    uint8_t *packet = w->scratch + w->scratch_used;
    struct cyg_writer out = cyg_writer_of(packet, len);
    if (header == 20) {
        cyg_writer_u8(&out, 0x45);
        cyg_writer_u8(&out, from->tos);
        cyg_writer_u16(&out, (uint16_t)len);
        cyg_writer_u32(&out, 0x4000); /* whole, and no longer to be cut: DF, identification 0 */
        cyg_writer_u8(&out, 64);
        cyg_writer_u8(&out, esp->next_header);
        cyg_writer_u16(&out, 0);
    } else {
        cyg_writer_u32(&out, 6u << 28 | (uint32_t)from->tos << 20);
        cyg_writer_u16(&out, (uint16_t)esp->len);
        cyg_writer_u8(&out, esp->next_header);
        cyg_writer_u8(&out, 64);
    }
    cyg_writer_bytes(&out, cyg_address_span(&sa->path.remote));
    cyg_writer_bytes(&out, cyg_address_span(&sa->path.local));
    cyg_writer_bytes(&out, (struct cyg_span){ esp->payload, esp->len });
    if (!cyg_writer_ok(&out)) {
        return NULL;
    }
    if (header == 20) {
        checksum_put(checksum_add(0, packet, 20), packet + 10);
    }
    w->scratch_used += len;
    *ret_len = len;
    return packet;
}

/* RFC 3948 3.1.2: a NAT has changed the addresses that TCP's and UDP's checksum covers; the ICV has
 * shown that the rest is as it was sent. */
static void mend_transport_sum(uint8_t *packet, const struct inner *p)
{
    size_t upper = p->len - p->header_len;
    uint8_t *u = packet + p->header_len;
    size_t field = p->protocol == PROTO_TCP ? 16 : 6;
    if ((p->protocol != PROTO_TCP && p->protocol != PROTO_UDP) || upper < field + 2
        || (p->protocol == PROTO_UDP && (u[6] | u[7]) == 0)) {
        return;
    }
    u[field] = u[field + 1] = 0;
    uint64_t sum = p->family == 4 ? checksum_pseudo(packet + 12, 8, p->protocol, upper)
                                  : checksum_pseudo(packet + 8, 32, p->protocol, upper);
    checksum_put(checksum_add(sum, u, upper), u + field);
    if (p->protocol == PROTO_UDP && (u[6] | u[7]) == 0) {
        u[6] = u[7] = 0xff;
    }
}

/* What was in the packet: check it and pass it on. The payload is the sender's word only: it holds
 * the key, but may send what the SA's own selectors allow and nothing else. */
static enum drop pass_on(struct worker *w, struct sa *sa, const struct arrival *from,
                         const struct esp_opened *esp)
{
    struct inner p;
    uint8_t *packet = esp->payload;
    size_t len = esp->len;
    bool transport = sa->mode == CYG_MODE_TRANSPORT;
    if (esp->next_header == PROTO_NONE) {
        return DROP_DUMMY; /* RFC 4303 2.6 */
    }
    if (transport) {
        packet = rebuild(w, sa, from, esp, &len);
        if (packet == NULL) {
            return DROP_INNER_LENGTH;
        }
    } else if (esp->next_header != PROTO_IPIP && esp->next_header != PROTO_IPV6) {
        return DROP_NEXT_HEADER;
    }
    enum drop drop = inner_parse((struct cyg_span){ packet, len }, &p);
    if (drop != DROP_NONE) {
        return drop;
    }
    if (transport) {
        if (p.extended) {
            return DROP_OPTIONS; /* a second fragment header would begin a datagram of its own */
        }
    } else if (p.family != (esp->next_header == PROTO_IPIP ? 4 : 6)) {
        return DROP_NEXT_HEADER;
    }
    drop = inner_check_inbound(&sa->flow, &p, w->options.fragments);
    if (drop == DROP_NONE && !transport) {
        drop = inner_apply_ecn(packet, &p, from->tos);
    }
    if (drop != DROP_NONE) {
        return drop;
    }
    if (transport && sa->udp_encap) {
        mend_transport_sum(packet, &p);
    }
    gro_add(&w->gro, packet, &p);
    return DROP_NONE;
}

static enum drop esp_packet(struct worker *w, const struct arrival *from, uint8_t *data, size_t len)
{
    uint32_t spi, seq;
    if (!esp_header((struct cyg_span){ data, len }, &spi, &seq)) {
        return DROP_SHORT;
    }
    if (spi < 256) {
        return DROP_SPI_RESERVED;
    }
    struct sa *sa = sadb_find_inbound(&w->sadb, spi);
    if (sa == NULL) {
        return DROP_SPI_UNKNOWN;
    }
    if (!path_fits(sa, from)) {
        return DROP_SA_PATH;
    }
    if (sa->expired) {
        return DROP_SA_EXPIRED;
    }
    enum drop drop = check_replay(sa, seq);
    if (drop != DROP_NONE) {
        return drop;
    }
    struct esp_opened esp;
    drop = esp_open(&sa->keys, data, len, &esp);
    if (drop == DROP_INTEGRITY || drop == DROP_BLOCK) {
        sa->integrity_failures++; /* BLOCK: an ICV of another length shows as that */
    }
    if (drop != DROP_NONE && drop != DROP_PADDING) {
        return drop;
    }

    /* Authentic: from here on things may change. */
    bool newest = seq > sa->replay.top;
    replay_take(&sa->replay, seq);
    if (newest) {
        tell_mapping(w, sa, from);
    }
    if (drop != DROP_NONE) {
        return drop;
    }
    sa->packets++;
    sa->bytes += esp.len;
    sa->last_used = w->now;
    if (sa->life_bytes != 0 && sa->bytes >= sa->life_bytes) {
        sa->expired = true;
        tell_expired(w, sa);
    }
    return pass_on(w, sa, from, &esp);
}

/* IKE and keepalives reach the ESP socket only inside a batch of UDP_GRO; RFC 3948 2.2 and 2.3. */
static enum drop udp_datagram(struct worker *w, const struct arrival *from, uint8_t *data,
                              size_t len)
{
    static const uint8_t marker[4];
    if (len == 1 && data[0] == 0xff) {
        return DROP_KEEPALIVE; /* no state, no liveness (H-156) */
    }
    if (len < sizeof(marker)) {
        return DROP_SHORT; /* H-154 */
    }
    if (memcmp(data, marker, sizeof(marker)) != 0) {
        return esp_packet(w, from, data, len);
    }
    if (len == sizeof(marker)) {
        return DROP_SHORT;
    }
    w->host->ike_packet(w->host->daemon, &from->path,
                        (struct cyg_span){ data + sizeof(marker), len - sizeof(marker) });
    return DROP_NONE;
}

void inbound_datagram(struct worker *w, const struct arrival *from, uint8_t *data, size_t len)
{
    enum drop drop = from->udp ? udp_datagram(w, from, data, len) : esp_packet(w, from, data, len);
    if (drop != DROP_NONE) {
        count_drop(w, drop);
    }
}

/* H-167: an ICMP "too big" counts when it quotes an SPI that we send with; it never pushes the MTU
 * below what IP guarantees. */
static void lower_mtu(struct worker *w, uint32_t spi, size_t mtu)
{
    for (struct node *n = table_first(&w->sadb.outbound, spi); n != NULL; n = table_next(n)) {
        struct sa *sa = (struct sa *)(void *)n;
        size_t inner = inner_mtu_of(sa, mtu);
        if (inner < sa->inner_mtu) {
            sa->inner_mtu = inner;
        }
    }
}

void inbound_errors(struct worker *w, struct esp_socket *socket)
{
    uint8_t quote[8];
    size_t mtu, len;
    for (unsigned i = 0; i < 64 && esp_socket_error(socket, &mtu, quote, &len); i++) {
        uint32_t spi, seq;
        if (mtu > 0 && esp_header((struct cyg_span){ quote, len }, &spi, &seq)) {
            lower_mtu(w, spi, mtu);
        }
    }
}

void inbound_run(struct worker *w, struct esp_socket *socket)
{
    struct arrival arrivals[RECEIVE_BATCH];
    for (unsigned round = 0; round < RECEIVE_ROUNDS; round++) {
        unsigned n = esp_socket_receive(socket, w->receive, arrivals);
        for (unsigned i = 0; i < n; i++) {
            const struct arrival *a = &arrivals[i];
            for (size_t at = 0; at < a->len; at += a->segment) {
                size_t len = a->len - at < a->segment ? a->len - at : a->segment;
                inbound_datagram(w, a, a->data + at, len);
            }
        }
        gro_flush(&w->gro); /* before the buffers are used again */
        w->scratch_used = 0;
        if (n < RECEIVE_BATCH) {
            break;
        }
    }
}
