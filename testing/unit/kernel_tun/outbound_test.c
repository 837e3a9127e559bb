/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the device to the wire: policies, cutting, sequence numbers, batches, MTU. What would be
 * sent is read out of the batch before it is. */
#include "unit/kernel_tun/rig.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

static const struct vnet plain_vnet;

static void from_device(struct rig *rig, const uint8_t *data, size_t len)
{
    uint8_t *copy = test_memdup(data, len);
    outbound_packet(rig->w, &plain_vnet, copy, len);
    free(copy);
}

static void from_device_udp(struct rig *rig, const char *source, const char *destination,
                            size_t len)
{
    uint8_t packet[70000];
    from_device(rig, packet, rig_udp(packet, source, destination, 4000, 53, len));
}

/* Empty the batch: as if it had been sent. */
static void forget(struct rig *rig)
{
    rig->w->send.n = 0;
    rig->w->send.used = 0;
}

/* Open segment `index` of message `m` as the peer would; returns the inner packet's length. */
static size_t open_segment(struct rig *rig, unsigned m, size_t index, uint8_t *inner, uint32_t *seq)
{
    const struct outgoing *o = &rig->w->send.messages[m];
    size_t at = index * o->segment, len = o->len - at < o->segment ? o->len - at : o->segment;
    uint8_t *copy = test_memdup(o->data + at, len);
    struct esp_opened opened;
    uint32_t spi;
    assert_true(esp_header((struct cyg_span){ copy, len }, &spi, seq));
    assert_int_equal(spi, RIG_SPI);
    assert_int_equal(esp_open(&rig->in->keys, copy, len, &opened), DROP_NONE);
    memcpy(inner, opened.payload, opened.len);
    free(copy);
    return opened.len;
}

static void test_policies_decide(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    assert_int_equal(rig->w->send.n, 1);
    rig_assert_drops(rig, DROP_NONE, 0);
    from_device_udp(rig, "10.1.0.1", "10.3.0.1", 100);
    from_device_udp(rig, "10.9.0.1", "10.2.0.1", 100);
    from_device_udp(rig, "fd01::1", "fd02::1", 100);
    rig_assert_drops(rig, DROP_NO_POLICY, 3);
    uint8_t answer[1500];
    assert_true(rig_read(rig, NULL, answer, sizeof(answer)) > 0);
    assert_int_equal(answer[20] << 8 | answer[21], 0x030d); /* prohibited */
    assert_int_equal(rig->w->send.n, 1);
    rig_free(rig);
}

static void test_h161_the_sequence_ends(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    uint8_t inner[2000];
    uint32_t seq;
    rig->out->seq = SADB_SEQ_EXPIRE - 2;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    assert_int_equal(rig->fake.n_events, 0);
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    assert_int_equal(rig->fake.n_events, 1); /* told in time, once */
    assert_int_equal(rig->fake.events[0].type, CYG_KERNEL_EVENT_SA_EXPIRED);
    assert_false(rig->fake.events[0].inbound);
    forget(rig);
    rig->out->seq = SADB_SEQ_LAST - 1;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    open_segment(rig, 0, 0, inner, &seq);
    assert_int_equal(seq, UINT32_MAX);
    forget(rig);
    for (unsigned i = 0; i < 3; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    }
    rig_assert_drops(rig, DROP_SA_EXPIRED, 3); /* stops, never wraps */
    assert_int_equal(rig->out->seq, UINT32_MAX);
    assert_int_equal(rig->w->send.n, 0);
    assert_int_equal(rig->fake.n_events, 1);
    rig_free(rig);
}

static void test_life_in_bytes_ends_it(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ .life_bytes = 1000 });
    for (unsigned i = 0; i < 12; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 72); /* 100 bytes each */
    }
    assert_int_equal(rig->out->packets, 10);
    rig_assert_drops(rig, DROP_SA_EXPIRED, 2);
    assert_int_equal(rig->fake.n_events, 1);
    rig_free(rig);
}

static void test_without_sa_the_engine_is_asked(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    sadb_remove(&rig->w->sadb, rig->out);
    for (unsigned i = 0; i < 5; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 72);
    }
    rig_assert_drops(rig, DROP_NO_SA, 5);
    assert_int_equal(rig->fake.n_events, 1); /* not for each packet */
    assert_int_equal(rig->fake.events[0].type, CYG_KERNEL_EVENT_ACQUIRE);
    assert_int_equal(rig->fake.events[0].reqid, 7);
    rig->w->now += 6 * CYG_SEC;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 72);
    assert_int_equal(rig->fake.n_events, 2);
    rig_free(rig);
}

static void test_the_newest_sa_sends(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    struct rig_options options = { 0 };
    struct cyg_sa_spec spec = rig_spec(&options, false);
    struct cyg_error err;
    struct sa *newer;
    spec.spi = 0x4444;
    assert_int_equal(sadb_add(&rig->w->sadb, &spec, rig->fake.host.crypto, &newer, &err), CYG_OK);
    newer->socket = &rig->socket;
    newer->inner_mtu = 1400;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 72);
    assert_int_equal(newer->packets, 1);
    forget(rig);
    sadb_remove(&rig->w->sadb, newer);
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 72);
    assert_int_equal(rig->out->packets, 1);
    rig_free(rig);
}

static void test_h167_own_esp_in_the_tunnel(void **state)
{
    (void)state;
    struct rig *rig =
        rig_new((struct rig_options){ .local = "192.0.2.0/24", .remote = "192.0.2.0/24" });
    uint8_t packet[200];
    size_t len = rig_udp(packet, "192.0.2.1", "192.0.2.2", 4500, 4500, 40);
    from_device(rig, packet, len);
    rig_assert_drops(rig, DROP_LOOP, 1);
    len = rig_udp(packet, "192.0.2.1", "192.0.2.2", 4500, 4501, 40); /* somebody else's */
    from_device(rig, packet, len);
    rig_assert_drops(rig, DROP_NONE, 0);
    rig_free(rig);

    rig = rig_new(
        (struct rig_options){ .raw = true, .local = "192.0.2.0/24", .remote = "192.0.2.0/24" });
    len = rig_udp(packet, "192.0.2.1", "192.0.2.2", 4500, 4500, 40);
    from_device(rig, packet, len);
    rig_assert_drops(rig, DROP_NONE, 0);
    packet[9] = PROTO_ESP;
    from_device(rig, packet, len);
    rig_assert_drops(rig, DROP_LOOP, 1);
    packet[15] = 9; /* a tunnel of another host, nested */
    from_device(rig, packet, len);
    rig_assert_drops(rig, DROP_NONE, 0);
    rig_free(rig);
}

static void test_too_big_is_answered_and_bounded(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    uint8_t answer[1500];
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 1373); /* 1401 bytes */
    rig_assert_drops(rig, DROP_TOO_BIG, 1);
    assert_true(rig_read(rig, NULL, answer, sizeof(answer)) > 0);
    assert_int_equal(answer[26] << 8 | answer[27], 1400);
    assert_int_equal(rig->fake.n_events, 1);
    assert_int_equal(rig->fake.events[0].type, CYG_KERNEL_EVENT_TOO_BIG);
    assert_int_equal(rig->fake.events[0].spi, rig->out->spi);
    assert_int_equal(rig->fake.events[0].inner_bytes, 1400);
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 1372);
    rig_assert_drops(rig, DROP_NONE, 0);
    rig->out->inner_mtu = 68; /* H-167: never below what IP guarantees */
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 548);
    rig_assert_drops(rig, DROP_NONE, 0);
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 549);
    rig_assert_drops(rig, DROP_TOO_BIG, 1);
    assert_true(rig_read(rig, NULL, answer, sizeof(answer)) > 0);
    assert_int_equal(answer[26] << 8 | answer[27], 576);
    /* Not more than so many a second. */
    unsigned answers = 0;
    for (unsigned i = 0; i < 1000; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 1400);
        answers += rig_read(rig, NULL, answer, sizeof(answer)) > 0;
    }
    assert_in_range(answers, 90, 100);
    assert_int_equal(rig->fake.n_events, 2); /* once for each size */
    /* Without DF it goes, and is cut on its way. */
    uint8_t packet[2000];
    size_t len = rig_udp(packet, "10.1.0.1", "10.2.0.1", 1, 2, 1500);
    packet[6] = 0;
    forget(rig);
    from_device(rig, packet, len);
    assert_int_equal(rig->w->send.n, 1);
    assert_false(rig->w->send.messages[0].df);
    rig_free(rig);
}

static void test_outer_header_takes_dscp_and_ecn(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    uint8_t packet[200];
    size_t len = rig_udp(packet, "10.1.0.1", "10.2.0.1", 1, 2, 40);
    packet[1] = 0xba;
    from_device(rig, packet, len);
    assert_int_equal(rig->w->send.messages[0].tos, 0xba);
    assert_true(rig->w->send.messages[0].df);
    rig->w->options.copy_dscp = false;
    from_device(rig, packet, len);
    assert_int_equal(rig->w->send.messages[1].tos, 2); /* ECN is no option, RFC 6040 4.1 */
    rig_free(rig);
}

static void test_packets_of_one_length_share_a_message(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    for (unsigned i = 0; i < 10; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 1000);
    }
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100); /* shorter: the last one */
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    assert_int_equal(rig->w->send.n, 2);
    assert_int_equal(rig->w->send.messages[0].count, 11);
    assert_int_equal(rig->w->send.messages[1].count, 1);
    uint8_t inner[2000], want[2000];
    for (unsigned i = 0; i < 11; i++) {
        uint32_t seq;
        size_t len = rig_udp(want, "10.1.0.1", "10.2.0.1", 4000, 53, i < 10 ? 1000 : 100);
        assert_int_equal(open_segment(rig, 0, i, inner, &seq), len);
        assert_int_equal(seq, i + 1);
        assert_memory_equal(inner, want, len);
    }
    forget(rig);
    for (unsigned i = 0; i < 64 + 1; i++) { /* not more than the kernel takes */
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 100);
    }
    assert_int_equal(rig->w->send.n, 2);
    assert_int_equal(rig->w->send.messages[0].count, 64);
    rig_free(rig);

    rig = rig_new((struct rig_options){ .raw = true }); /* protocol 50 has nothing like it */
    for (unsigned i = 0; i < 3; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 1000);
    }
    assert_int_equal(rig->w->send.n, 3);
    rig_free(rig);
}

static void test_cbc_ivs_differ(void **state)
{
    (void)state;
    struct rig *rig =
        rig_new((struct rig_options){ .cipher = CYG_ALG_AES128, .integ = CYG_ALG_SHA256 });
    enum {
        PACKETS = 600
    }; /* more than one pool of random bytes */
    static uint8_t ivs[PACKETS][16];
    for (unsigned i = 0; i < PACKETS; i++) {
        from_device_udp(rig, "10.1.0.1", "10.2.0.1", 10);
        memcpy(ivs[i], rig->w->send.messages[0].data + ESP_HEADER, 16);
        for (unsigned j = 0; j < i; j++) {
            assert_memory_not_equal(ivs[i], ivs[j], 16);
        }
        forget(rig);
    }
    rig_free(rig);
}

static enum cyg_code no_random(void *self, uint8_t *out, size_t len)
{
    (void)self;
    (void)out;
    (void)len;
    return CYG_INTERNAL;
}

static enum cyg_code no_seal(void *ctx, struct cyg_span nonce, struct cyg_span aad,
                             const uint8_t *in, uint8_t *out, size_t len, uint8_t *tag,
                             size_t tag_len)
{
    (void)ctx;
    (void)nonce;
    (void)aad;
    (void)in;
    (void)out;
    (void)len;
    (void)tag;
    (void)tag_len;
    return CYG_INTERNAL;
}

/* When the provider fails nothing leaves, least of all in clear. */
static void test_a_failing_provider_sends_nothing(void **state)
{
    (void)state;
    static const struct cyg_rng_ops rng = { .size = sizeof(rng), .fill = no_random };
    struct rig *rig =
        rig_new((struct rig_options){ .cipher = CYG_ALG_AES128, .integ = CYG_ALG_SHA256 });
    struct cyg_crypto crypto = *rig->fake.host.crypto;
    crypto.rng.ops = &rng;
    rig->fake.host.crypto = &crypto;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 10);
    rig_assert_drops(rig, DROP_CRYPTO, 1);
    assert_int_equal(rig->w->send.n, 0);
    rig_free(rig);

    rig = rig_new((struct rig_options){ 0 });
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 10);
    struct cyg_cipher_ops broken = *rig->out->keys.cipher;
    const struct cyg_cipher_ops *whole = rig->out->keys.cipher;
    broken.seal = no_seal;
    rig->out->keys.cipher = &broken;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 10);
    rig_assert_drops(rig, DROP_CRYPTO, 1);
    assert_int_equal(rig->w->send.n, 1);
    assert_int_equal(rig->w->send.messages[0].count, 1);
    rig->out->keys.cipher = whole;
    from_device_udp(rig, "10.1.0.1", "10.2.0.1", 10);
    uint8_t inner[200];
    uint32_t seq;
    open_segment(rig, 0, 1, inner, &seq);
    assert_int_equal(seq, 3); /* the number of the failed one is not used again */
    rig_free(rig);
}

static void test_transport_mode(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){
        .mode = CYG_MODE_TRANSPORT, .local = "192.0.2.1", .remote = "192.0.2.2" });
    uint8_t packet[300], inner[300];
    uint32_t seq;
    size_t len = rig_udp(packet, "192.0.2.1", "192.0.2.2", 4000, 53, 40);
    from_device(rig, packet, len);
    assert_int_equal(open_segment(rig, 0, 0, inner, &seq), len - 20);
    assert_memory_equal(inner, packet + 20, len - 20);
    packet[0] = 0x46;
    from_device(rig, packet, len);
    rig_assert_drops(rig, DROP_OPTIONS, 1);
    rig_free(rig);
}

/* RFC 4303 3.1.1: transport mode protects whole datagrams. */
static void test_transport_mode_puts_fragments_together(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){
        .mode = CYG_MODE_TRANSPORT, .local = "192.0.2.1[udp/4000]", .remote = "192.0.2.2[udp]" });
    uint8_t whole[3028], part[1500], inner[4000];
    size_t len = rig_udp(whole, "192.0.2.1", "192.0.2.2", 4000, 53, 3000);
    for (size_t at = 20; at < len; at += 1400) {
        size_t n = len - at < 1400 ? len - at : 1400, field = (at - 20) / 8;
        memcpy(part, whole, 20);
        memcpy(part + 20, whole + at, n);
        part[2] = (uint8_t)((20 + n) >> 8);
        part[3] = (uint8_t)(20 + n);
        part[6] = (uint8_t)((at + n < len ? 0x20 : 0) | field >> 8);
        part[7] = (uint8_t)field;
        from_device(rig, part, 20 + n);
    }
    rig_assert_drops(rig, DROP_INNER_MORE, 2);
    assert_int_equal(rig->w->send.n, 1);
    assert_false(rig->w->send.messages[0].df); /* the outer packet is cut instead */
    uint32_t seq;
    assert_int_equal(open_segment(rig, 0, 0, inner, &seq), len - 20);
    assert_memory_equal(inner, whole + 20, len - 20);
    part[7]++; /* a gap: given up */
    from_device(rig, part, 20 + 100);
    assert_int_equal(rig->w->send.n, 1);
    rig_free(rig);
}

/* A large TCP packet is cut as the kernel's GSO would, each segment sealed by itself. */
static void test_large_packets_are_cut(void **state)
{
    (void)state;
    struct rig *rig = rig_new((struct rig_options){ 0 });
    uint8_t packet[10040], inner[2000];
    memset(packet, 0, sizeof(packet));
    rig_udp(packet, "10.1.0.1", "10.2.0.1", 4000, 80, 10040 - 28);
    packet[9] = PROTO_TCP;
    memset(packet + 24, 0, 16);
    packet[24 + 3] = 100; /* sequence number */
    packet[32] = 0x50;
    packet[33] = 0x19; /* FIN PSH ACK */
    const struct vnet vnet = { .flags = VNET_NEEDS_CSUM,
                               .gso_type = VNET_GSO_TCPV4,
                               .gso_size = 1360,
                               .hdr_len = 40,
                               .csum_start = 20,
                               .csum_offset = 16 };
    uint8_t *copy = test_memdup(packet, sizeof(packet));
    outbound_packet(rig->w, &vnet, copy, sizeof(packet));
    rig_assert_drops(rig, DROP_NONE, 0);
    assert_int_equal(rig->w->send.n, 1);
    assert_int_equal(rig->w->send.messages[0].count, 8);
    uint32_t seq;
    assert_int_equal(open_segment(rig, 0, 0, inner, &seq), 1400);
    assert_int_equal(open_segment(rig, 0, 7, inner, &seq), 40 + 10000 - 7 * 1360);
    assert_int_equal(seq, 8);
    forget(rig);
    rig->out->inner_mtu = 1399; /* by what a segment has, not the whole */
    outbound_packet(rig->w, &vnet, copy, sizeof(packet));
    rig_assert_drops(rig, DROP_TOO_BIG, 1);
    free(copy);
    rig_free(rig);
}

TEST_MAIN(cmocka_unit_test(test_policies_decide), cmocka_unit_test(test_h161_the_sequence_ends),
          cmocka_unit_test(test_life_in_bytes_ends_it),
          cmocka_unit_test(test_without_sa_the_engine_is_asked),
          cmocka_unit_test(test_the_newest_sa_sends),
          cmocka_unit_test(test_h167_own_esp_in_the_tunnel),
          cmocka_unit_test(test_too_big_is_answered_and_bounded),
          cmocka_unit_test(test_outer_header_takes_dscp_and_ecn),
          cmocka_unit_test(test_packets_of_one_length_share_a_message),
          cmocka_unit_test(test_cbc_ivs_differ),
          cmocka_unit_test(test_a_failing_provider_sends_nothing),
          cmocka_unit_test(test_transport_mode),
          cmocka_unit_test(test_transport_mode_puts_fragments_together),
          cmocka_unit_test(test_large_packets_are_cut));
