/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HOSTILE groups M (ESP parts) and N against the worker's inbound side, row by row. Nothing is ever
 * answered, so that what counts is: the counter, no change of the SA, nothing on the device. */
#include "unit/kernel_tun/rig.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

static uint8_t packet[2000]; /* what stands inside: 10.2.0.1 to 10.1.0.1 */
static size_t packet_len;

static struct rig *new_rig(struct rig_options options)
{
    packet_len = rig_udp(packet, "10.2.0.1", "10.1.0.1", 4000, 53, 20);
    return rig_new(options);
}

static void assert_delivered(struct rig *rig, const uint8_t *want, size_t len)
{
    uint8_t got[2000];
    assert_int_equal(rig_read(rig, NULL, got, sizeof(got)), len);
    assert_memory_equal(got, want, len);
    assert_int_equal(rig_read(rig, NULL, got, sizeof(got)), -1);
}

static void assert_nothing_delivered(struct rig *rig)
{
    uint8_t got[2000];
    assert_int_equal(rig_read(rig, NULL, got, sizeof(got)), -1);
}

static void send_seq(struct rig *rig, uint32_t seq)
{
    rig_seal(rig, seq, PROTO_IPIP, packet, packet_len);
    rig_receive(rig);
}

/* The honest peer, after everything. */
static void assert_still_works(struct rig *rig, uint32_t seq)
{
    send_seq(rig, seq);
    assert_delivered(rig, packet, packet_len);
}

static void test_h151_mapping_follows_the_newest_authentic_packet_only(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    assert_still_works(rig, 10);
    const struct cyg_address home = rig->from.path.remote;
    struct cyg_address moved = home;
    moved.port = 61000;

    rig->from.path.remote = moved;
    rig_seal(rig, 11, PROTO_IPIP, packet, packet_len);
    rig->esp[rig->esp_len - 1] ^= 1; /* forged */
    rig_receive(rig);
    assert_int_equal(rig->fake.n_events, 0);
    send_seq(rig, 10); /* replayed */
    assert_int_equal(rig->fake.n_events, 0);
    send_seq(rig, 9); /* authentic, but older than what we have seen */
    assert_int_equal(rig->fake.n_events, 0);
    send_seq(rig, 11);
    assert_int_equal(rig->fake.n_events, 1);
    const struct cyg_kernel_event *event = &rig->fake.events[0];
    assert_int_equal(event->type, CYG_KERNEL_EVENT_MAPPING);
    assert_int_equal(event->spi, RIG_SPI);
    assert_int_equal(event->path.remote.port, 61000);
    assert_true(cyg_endpoint_equal(&rig->in->path.remote, &home)); /* the engine decides */
    send_seq(rig, 12);
    assert_int_equal(rig->fake.n_events, 1); /* once for each new endpoint */
    rig_free(rig);
}

static void test_h151_without_udp_there_is_no_mapping(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ .raw = true });
    assert_still_works(rig, 1);
    rig->from.path.remote.bytes[3] ^= 1;
    send_seq(rig, 2);
    rig_assert_drops(rig, DROP_SA_PATH, 1);
    assert_int_equal(rig->fake.n_events, 0);
    rig_free(rig);
}

static void test_h154_small_datagrams(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    static const uint8_t zeros[64], ff[8] = { 0xff }, one[1] = { 0x42 };
    rig_receive_bytes(rig, ff, 1);
    rig_assert_drops(rig, DROP_KEEPALIVE, 1);
    rig_receive_bytes(rig, zeros, 0);
    rig_receive_bytes(rig, one, 1);
    rig_receive_bytes(rig, ff, 2);
    rig_receive_bytes(rig, ff, 3);
    rig_receive_bytes(rig, zeros, 1);
    rig_receive_bytes(rig, zeros, 3);
    rig_receive_bytes(rig, zeros, 4); /* the marker alone */
    for (size_t len = 4; len < 8; len++) {
        rig_receive_bytes(rig, ff, len); /* ESP header cut */
    }
    rig_assert_drops(rig, DROP_SHORT, 11);
    for (uint32_t spi = 1; spi < 256; spi++) {
        const uint8_t reserved[32] = { 0, 0, 0, (uint8_t)spi, 0, 0, 0, 1 };
        rig_receive_bytes(rig, reserved, sizeof(reserved));
    }
    rig_assert_drops(rig, DROP_SPI_RESERVED, 255);
    assert_int_equal(rig->fake.n_ike, 0);
    assert_still_works(rig, 1);
    rig_free(rig);
}

/* With UDP_GRO a batch may mix both; each datagram is looked at by itself. */
static void test_ike_among_esp_goes_back(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    static const uint8_t zeros[64];
    rig_receive_bytes(rig, zeros, 4 + 27); /* the daemon says what it thinks of 27 bytes */
    rig_receive_bytes(rig, zeros, 4 + 28);
    assert_int_equal(rig->fake.n_ike, 2);
    assert_int_equal(rig->fake.ike_len[0], 27);
    assert_int_equal(rig->fake.ike_len[1], 28);
    assert_int_equal(rig->fake.ike_path.remote.port, 4500);
    rig_free(rig);

    rig = new_rig((struct rig_options){ .raw = true }); /* but SPI 0 of protocol 50 is not IKE */
    rig_receive_bytes(rig, zeros, 64);
    rig_assert_drops(rig, DROP_SPI_RESERVED, 1);
    assert_int_equal(rig->fake.n_ike, 0);
    rig_free(rig);
}

static void test_h156_keepalives_change_nothing(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    static const uint8_t ff[1] = { 0xff };
    for (unsigned i = 0; i < 100000; i++) {
        rig->from.path.remote.port = (uint16_t)i;
        inbound_datagram(rig->w, &rig->from, (uint8_t[1]){ ff[0] }, 1);
    }
    rig_assert_drops(rig, DROP_KEEPALIVE, 100000);
    assert_int_equal(rig->fake.n_events, 0);
    assert_int_equal(rig->in->last_used, 0); /* no sign of life */
    rig_free(rig);
}

static void test_h159_lengths(void **state)
{
    (void)state;
    static const struct rig_options suites[] = {
        { 0 },
        { .cipher = CYG_ALG_AES256, .integ = CYG_ALG_SHA256 },
        { .cipher = CYG_ALG_3DES, .integ = CYG_ALG_SHA1, .raw = true }
    };
    for (size_t i = 0; i < CYG_LEN(suites); i++) {
        struct rig *rig = new_rig(suites[i]);
        rig_seal(rig, 5, PROTO_IPIP, packet, packet_len);
        for (size_t len = 0; len < rig->esp_len; len++) {
            rig_receive_bytes(rig, rig->esp, len);
        }
        assert_int_equal(rig->in->replay.top, 0);
        assert_int_equal(rig->in->packets, 0);
        assert_nothing_delivered(rig);
        assert_int_equal(rig->w->drops[DROP_SHORT] + rig->w->drops[DROP_BLOCK]
                             + rig->w->drops[DROP_INTEGRITY],
                         rig->esp_len);
        /* A peer that truncates the ICV to another length is seen, too. */
        assert_int_equal(rig->in->integrity_failures,
                         rig->w->drops[DROP_BLOCK] + rig->w->drops[DROP_INTEGRITY]);
        uint8_t *large = calloc(1, 65535);
        memcpy(large, rig->esp, 8);
        rig_receive_bytes(rig, large, 65535);
        free(large);
        assert_still_works(rig, 5);
        rig_free(rig);
    }
}

static void test_h160_replay(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    assert_still_works(rig, 100);
    rig_assert_drops(rig, DROP_NONE, 0);
    rig_seal(rig, 4000000000u, PROTO_IPIP, packet, packet_len); /* far ahead, forged */
    rig->esp[20] ^= 1;
    rig_receive(rig);
    rig_assert_drops(rig, DROP_INTEGRITY, 1);
    assert_int_equal(rig->in->replay.top, 100);
    send_seq(rig, 100);
    rig_assert_drops(rig, DROP_REPLAY_SEEN, 1);
    send_seq(rig, 36);
    rig_assert_drops(rig, DROP_REPLAY_OLD, 1);
    send_seq(rig, 0);
    rig_assert_drops(rig, DROP_SEQUENCE_ZERO, 1);
    assert_nothing_delivered(rig);
    assert_still_works(rig, 37); /* the edge */
    assert_still_works(rig, UINT32_MAX);
    send_seq(rig, 0);
    rig_assert_drops(rig, DROP_SEQUENCE_ZERO, 1);
    send_seq(rig, 1);
    rig_assert_drops(rig, DROP_REPLAY_OLD, 1);
    assert_int_equal(rig->in->integrity_failures, 1);
    assert_int_equal(rig->in->replays, 3);
    assert_int_equal(rig->in->packets, 3);
    rig_free(rig);
}

static void test_h160_window_is_on_whatever_is_asked(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    struct rig_options options = { 0 };
    struct cyg_sa_spec spec = rig_spec(&options, true);
    struct sa *sa;
    struct cyg_error err;
    spec.spi = 0x5555;
    spec.replay_window = 0;
    assert_int_equal(sadb_add(&rig->w->sadb, &spec, rig->fake.host.crypto, &sa, &err), CYG_OK);
    assert_int_equal(sa->replay.size, 64);
    rig_free(rig);
}

static void receive_inner(struct rig *rig, uint32_t seq, uint8_t next_header, const uint8_t *data,
                          size_t len)
{
    rig_seal(rig, seq, next_header, data, len);
    rig_receive(rig);
}

static void test_h162_next_header(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    uint8_t v6[128];
    size_t v6_len = rig_udp(v6, "fd02::1", "fd01::1", 1, 2, 0);
    uint32_t seq = 1;
    receive_inner(rig, seq++, PROTO_NONE, packet, packet_len);
    receive_inner(rig, seq++, PROTO_NONE, packet, 0);
    rig_assert_drops(rig, DROP_DUMMY, 2);
    receive_inner(rig, seq++, PROTO_IPIP, v6, v6_len);
    receive_inner(rig, seq++, PROTO_IPV6, packet, packet_len);
    receive_inner(rig, seq++, PROTO_UDP, packet + 20, packet_len - 20);
    receive_inner(rig, seq++, 0, packet, packet_len);
    receive_inner(rig, seq++, 255, packet, packet_len);
    receive_inner(rig, seq++, PROTO_ESP, packet, packet_len);
    rig_assert_drops(rig, DROP_NEXT_HEADER, 6);
    receive_inner(rig, seq++, PROTO_IPIP, packet, 0);
    rig_assert_drops(rig, DROP_INNER_SHORT, 1);
    assert_nothing_delivered(rig);
    assert_still_works(rig, seq);
    rig_free(rig);
}

/* H-164: per SA, not per set of policies: what another SA may carry is refused in this one. */
static void test_h164_the_flow_of_this_sa_counts(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    struct rig_options options = { .remote = "10.3.0.0/16" };
    struct cyg_sa_spec other = rig_spec(&options, true);
    struct sa *sa;
    struct cyg_error err;
    other.spi = 0x7777;
    other.reqid = 8;
    assert_int_equal(sadb_add(&rig->w->sadb, &other, rig->fake.host.crypto, &sa, &err), CYG_OK);
    uint8_t foreign[128];
    size_t len = rig_udp(foreign, "10.3.0.1", "10.1.0.1", 1, 2, 0);
    receive_inner(rig, 1, PROTO_IPIP, foreign, len);
    rig_assert_drops(rig, DROP_INNER_SELECTOR, 1);
    assert_int_equal(rig->in->packets, 1); /* counted, it was authentic */
    assert_nothing_delivered(rig);
    rig_free(rig);
}

static void test_h166_padding_behind_the_packet_is_cut(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    receive_inner(rig, 1, PROTO_IPIP, packet, packet_len + 700);
    assert_delivered(rig, packet, packet_len);
    packet[3]++; /* beyond what was decrypted */
    receive_inner(rig, 2, PROTO_IPIP, packet, packet_len);
    rig_assert_drops(rig, DROP_INNER_LENGTH, 1);
    rig_free(rig);
}

static void test_h167_congestion_marks(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    rig->from.tos = 3;
    send_seq(rig, 1); /* inner Not-ECT: dropping is the only way to tell its sender */
    rig_assert_drops(rig, DROP_ECN, 1);
    assert_nothing_delivered(rig);
    rig->from.tos = 0xb9; /* DSCP of the outer header stays outside */
    assert_still_works(rig, 2);
    rig_free(rig);
}

static void test_h168_spis(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ 0 });
    rig_seal(rig, 1, PROTO_IPIP, packet, packet_len);
    rig->esp[0] = 0xaa;
    rig_receive(rig);
    rig_assert_drops(rig, DROP_SPI_UNKNOWN, 1);
    assert_int_equal(sadb_reserve(&rig->w->sadb, 0x9999), CYG_OK); /* reserved is not yet an SA */
    const uint8_t reserved[64] = { 0, 0, 0x99, 0x99, 0, 0, 0, 1 };
    rig_receive_bytes(rig, reserved, sizeof(reserved));
    rig_assert_drops(rig, DROP_SPI_UNKNOWN, 1);

    rig->from.path.local.bytes[3] ^= 1; /* another address of ours */
    send_seq(rig, 1);
    rig_assert_drops(rig, DROP_SA_PATH, 1);
    rig->from.path.local.bytes[3] ^= 1;
    rig->from.udp = false; /* the same bytes without UDP */
    send_seq(rig, 1);
    rig_assert_drops(rig, DROP_SA_PATH, 1);
    rig->from.udp = true;
    assert_still_works(rig, 1);

    sadb_remove(&rig->w->sadb, rig->in);
    send_seq(rig, 2);
    rig_assert_drops(rig, DROP_SPI_UNKNOWN, 1);
    assert_nothing_delivered(rig);
    rig_free(rig);
}

static void test_life_in_bytes_ends_it(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ .life_bytes = 100 });
    assert_still_works(rig, 1);
    assert_still_works(rig, 2);
    assert_int_equal(rig->fake.n_events, 0);
    assert_still_works(rig, 3); /* 144 bytes now */
    assert_int_equal(rig->fake.n_events, 1);
    assert_int_equal(rig->fake.events[0].type, CYG_KERNEL_EVENT_SA_EXPIRED);
    assert_true(rig->fake.events[0].inbound);
    send_seq(rig, 4);
    rig_assert_drops(rig, DROP_SA_EXPIRED, 1);
    assert_int_equal(rig->fake.n_events, 1);
    rig_free(rig);
}

/* Transport mode: the packet is put together from the path and the payload. */
static void test_transport_mode(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool v6 = (i & 1) != 0;
        struct rig_options options = { .mode = CYG_MODE_TRANSPORT,
                                       .family = v6 ? 6 : 4,
                                       .raw = (i & 2) != 0,
                                       .local = v6 ? "2001:db8::1" : "192.0.2.1",
                                       .remote = v6 ? "2001:db8::2" : "192.0.2.2" };
        struct rig *rig = new_rig(options);
        uint8_t want[128];
        size_t header = v6 ? 40 : 20;
        size_t len = rig_udp(want, options.remote, options.local, 4000, 53, 20);
        receive_inner(rig, 1, PROTO_UDP, want + header, len - header);
        assert_delivered(rig, want, len);
        /* Behind a NAT the sender's checksum is for other addresses (RFC 3948 3.1.2). */
        uint8_t natted[128];
        memcpy(natted, want, len);
        natted[header + 6] ^= 0x55;
        receive_inner(rig, 2, PROTO_UDP, natted + header, len - header);
        assert_delivered(rig, options.raw ? natted : want, len);
        receive_inner(rig, 3, PROTO_FRAGMENT, want + header, len - header);
        assert_int_equal(rig->w->drops[DROP_OPTIONS], v6 ? 1 : 0);
        uint8_t ignored[200];
        (void)rig_read(rig, NULL, ignored, sizeof(ignored));
        receive_inner(rig, 4, PROTO_NONE, want + header, len - header);
        assert_int_equal(rig->w->drops[DROP_DUMMY], 1);
        rig_free(rig);
    }
}

static void test_transport_mode_obeys_ports(void **state)
{
    (void)state;
    struct rig *rig = new_rig((struct rig_options){ .mode = CYG_MODE_TRANSPORT,
                                                    .local = "192.0.2.1[udp/1701]",
                                                    .remote = "192.0.2.2[udp/1701]" });
    uint8_t p[128];
    size_t len = rig_udp(p, "192.0.2.2", "192.0.2.1", 1701, 1701, 20);
    receive_inner(rig, 1, PROTO_UDP, p + 20, len - 20);
    assert_delivered(rig, p, len);
    len = rig_udp(p, "192.0.2.2", "192.0.2.1", 1701, 22, 20);
    receive_inner(rig, 2, PROTO_UDP, p + 20, len - 20);
    receive_inner(rig, 3, PROTO_TCP, p + 20, len - 20);
    rig_assert_drops(rig, DROP_INNER_SELECTOR, 2);
    receive_inner(rig, 4, PROTO_UDP, p + 20, 3); /* too short for ports */
    rig_assert_drops(rig, DROP_INNER_SELECTOR, 1);
    assert_nothing_delivered(rig);
    rig_free(rig);
}

TEST_MAIN(cmocka_unit_test(test_h151_mapping_follows_the_newest_authentic_packet_only),
          cmocka_unit_test(test_h151_without_udp_there_is_no_mapping),
          cmocka_unit_test(test_h154_small_datagrams),
          cmocka_unit_test(test_ike_among_esp_goes_back),
          cmocka_unit_test(test_h156_keepalives_change_nothing),
          cmocka_unit_test(test_h159_lengths), cmocka_unit_test(test_h160_replay),
          cmocka_unit_test(test_h160_window_is_on_whatever_is_asked),
          cmocka_unit_test(test_h162_next_header),
          cmocka_unit_test(test_h164_the_flow_of_this_sa_counts),
          cmocka_unit_test(test_h166_padding_behind_the_packet_is_cut),
          cmocka_unit_test(test_h167_congestion_marks), cmocka_unit_test(test_h168_spis),
          cmocka_unit_test(test_life_in_bytes_ends_it), cmocka_unit_test(test_transport_mode),
          cmocka_unit_test(test_transport_mode_obeys_ports));
