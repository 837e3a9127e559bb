/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cutting and joining: what is cut and then joined is what it was. */
#include "kernel_tun/checksum.h"
#include "unit/kernel_tun/rig.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

/* A TCP packet; flags as in the header, checksum left to complete. */
static size_t tcp(uint8_t *out, bool v6, uint32_t seq, uint8_t flags, size_t len)
{
    size_t header = v6 ? 40 : 20;
    size_t total =
        rig_udp(out, v6 ? "fd02::1" : "10.2.0.1", v6 ? "fd01::1" : "10.1.0.1", 4000, 80, len + 12);
    uint8_t *u = out + header;
    out[v6 ? 6 : 9] = PROTO_TCP;
    memset(u + 4, 0, 16);
    u[4] = (uint8_t)(seq >> 24);
    u[5] = (uint8_t)(seq >> 16);
    u[6] = (uint8_t)(seq >> 8);
    u[7] = (uint8_t)seq;
    u[12] = 0x50;
    u[13] = flags;
    for (size_t i = 0; i < len; i++) {
        u[20 + i] = (uint8_t)((seq + i) * 37 >> 3);
    }
    if (!v6) {
        out[10] = out[11] = 0;
        checksum_put(checksum_add(0, out, 20), out + 10);
    }
    return total;
}

static uint64_t upper_sum(const uint8_t *packet, const struct inner *p)
{
    size_t upper = p->len - p->header_len;
    uint64_t sum = p->family == 4 ? checksum_pseudo(packet + 12, 8, p->protocol, upper)
                                  : checksum_pseudo(packet + 8, 32, p->protocol, upper);
    return checksum_add(sum, packet + p->header_len, upper);
}

static struct inner parse(const uint8_t *packet, size_t len)
{
    struct inner p;
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    return p;
}

static size_t finish_sum(uint8_t *packet, size_t len)
{
    struct inner p = parse(packet, len);
    checksum_put(upper_sum(packet, &p), packet + p.header_len + (p.protocol == PROTO_TCP ? 16 : 6));
    return len;
}

static void test_segments_are_right(void **state)
{
    (void)state;
    for (unsigned v6 = 0; v6 < 2; v6++) {
        static uint8_t packet[60000], out[2000];
        size_t len = tcp(packet, v6 != 0, 0xfffff000, 0x99, 50000); /* CWR ACK PSH FIN */
        struct inner p = parse(packet, len);
        struct gso g;
        const struct vnet vnet = { .flags = VNET_NEEDS_CSUM,
                                   .gso_type = v6 != 0 ? VNET_GSO_TCPV6 : VNET_GSO_TCPV4,
                                   .gso_size = 1000 };
        assert_int_equal(gso_begin(&g, &vnet, packet, &p), DROP_NONE);
        assert_int_equal(g.count, 50);
        for (size_t i = 0; i < g.count; i++) {
            size_t n = gso_segment_len(&g, i);
            uint8_t *segment = malloc(n); /* exact */
            gso_write(&g, i, 0, segment);
            struct inner s = parse(segment, n);
            const uint8_t *u = segment + s.header_len;
            uint32_t seq = (uint32_t)u[4] << 24 | (uint32_t)u[5] << 16 | (uint32_t)u[6] << 8 | u[7];
            assert_int_equal(s.len, n);
            assert_int_equal(seq, (uint32_t)(0xfffff000 + i * 1000)); /* wraps */
            assert_int_equal(u[13], (i == 0 ? 0x80 : 0) | 0x10 | (i == 49 ? 0x09 : 0));
            assert_true(checksum_is_right(upper_sum(segment, &s)));
            assert_memory_equal(u + 20, packet + s.header_len + 20 + i * 1000,
                                n - s.header_len - 20);
            if (v6 == 0) {
                assert_true(checksum_is_right(checksum_add(0, segment, 20)));
            }
            gso_write(&g, i, s.header_len, out); /* transport mode: the same without IP header */
            assert_memory_equal(out, u, n - s.header_len);
            free(segment);
        }
    }
}

static void test_udp_segments(void **state)
{
    (void)state;
    static uint8_t packet[4000], out[2000];
    size_t len = rig_udp(packet, "10.2.0.1", "10.1.0.1", 1, 2, 2500);
    struct inner p = parse(packet, len);
    struct gso g;
    const struct vnet vnet = { .gso_type = VNET_GSO_UDP_L4, .gso_size = 1200 };
    assert_int_equal(gso_begin(&g, &vnet, packet, &p), DROP_NONE);
    assert_int_equal(g.count, 3);
    for (size_t i = 0; i < 3; i++) {
        gso_write(&g, i, 0, out);
        struct inner s = parse(out, gso_segment_len(&g, i));
        assert_int_equal(s.len, i < 2 ? 1228 : 128);
        assert_int_equal(out[24] << 8 | out[25], s.len - 20);
        assert_true(checksum_is_right(upper_sum(out, &s)));
    }
}

static void test_a_lone_checksum_is_completed(void **state)
{
    (void)state;
    uint8_t packet[200];
    size_t len = rig_udp(packet, "10.2.0.1", "10.1.0.1", 1, 2, 33);
    uint8_t want[2] = { packet[26], packet[27] };
    checksum_put_partial(checksum_pseudo(packet + 12, 8, PROTO_UDP, len - 20), packet + 26);
    struct inner p = parse(packet, len);
    struct gso g;
    const struct vnet vnet = { .flags = VNET_NEEDS_CSUM, .csum_start = 20, .csum_offset = 6 };
    assert_int_equal(gso_begin(&g, &vnet, packet, &p), DROP_NONE);
    assert_int_equal(g.count, 1);
    assert_memory_equal(packet + 26, want, 2);
}

static void test_nonsense_of_the_device_is_refused(void **state)
{
    (void)state;
    uint8_t packet[200];
    size_t len = tcp(packet, false, 1, 0x10, 100);
    struct inner p = parse(packet, len);
    struct gso g;
    static const struct vnet wrong[] = {
        { .gso_type = VNET_GSO_TCPV4, .gso_size = 0 },
        { .gso_type = VNET_GSO_TCPV6, .gso_size = 10 },
        { .gso_type = VNET_GSO_UDP_L4, .gso_size = 10 },
        { .gso_type = 3, .gso_size = 10 }, /* UFO */
        { .gso_type = 77, .gso_size = 10 },
        { .flags = VNET_NEEDS_CSUM, .csum_start = 0, .csum_offset = 16 },
        { .flags = VNET_NEEDS_CSUM, .csum_start = 20, .csum_offset = 500 },
        { .flags = VNET_NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535 },
        { .flags = VNET_NEEDS_CSUM, .csum_start = 139, .csum_offset = 0 },
    };
    for (size_t i = 0; i < CYG_LEN(wrong); i++) {
        uint8_t *copy = test_memdup(packet, len);
        assert_int_equal(gso_begin(&g, &wrong[i], copy, &p), DROP_OFFLOAD);
        free(copy);
    }
    const struct vnet cut = { .gso_type = VNET_GSO_TCPV4, .gso_size = 10 };
    static const uint8_t offsets[] = { 0x00, 0x40, 0xf0 }; /* 0, 16, 60 bytes of TCP header */
    len = tcp(packet, false, 1, 0x10, 30);
    for (size_t i = 0; i < CYG_LEN(offsets); i++) {
        packet[32] = offsets[i];
        p = parse(packet, len);
        assert_int_equal(gso_begin(&g, &cut, packet, &p), DROP_OFFLOAD);
    }
}

/* Packets written to the "device", joined or not. */
struct written {
    unsigned n;
    size_t len[64];
    struct vnet vnet[64];
    uint8_t last[70000];
};

static void keep(void *context, const struct iovec *parts, unsigned n)
{
    struct written *written = context;
    size_t len = 0;
    assert_int_equal(parts[0].iov_len, sizeof(struct vnet));
    memcpy(&written->vnet[written->n], parts[0].iov_base, sizeof(struct vnet));
    for (unsigned i = 1; i < n; i++) {
        memcpy(written->last + len, parts[i].iov_base, parts[i].iov_len);
        len += parts[i].iov_len;
    }
    written->len[written->n++] = len;
}

static void add(struct gro *g, uint8_t *packet, size_t len)
{
    struct inner p = parse(packet, len);
    gro_add(g, packet, &p);
}

static void test_joins_what_follows(void **state)
{
    (void)state;
    for (unsigned v6 = 0; v6 < 2; v6++) {
        static uint8_t packets[30][1500], whole[60000];
        static struct written written;
        static struct gro g;
        written = (struct written){ 0 };
        g = (struct gro){ .write = keep, .context = &written };
        for (unsigned i = 0; i < 30; i++) {
            size_t len = tcp(packets[i], v6 != 0, 5000 + i * 1200, i == 29 ? 0x18 : 0x10, 1200);
            add(&g, packets[i], finish_sum(packets[i], len));
        }
        gro_flush(&g);
        assert_int_equal(written.n, 1);
        size_t len = tcp(whole, v6 != 0, 5000, 0x18, 30 * 1200);
        struct inner p = parse(whole, len);
        const struct vnet *vnet = &written.vnet[0];
        assert_int_equal(written.len[0], len);
        assert_int_equal(vnet->gso_size, 1200);
        assert_int_equal(vnet->gso_type, v6 != 0 ? VNET_GSO_TCPV6 : VNET_GSO_TCPV4);
        assert_int_equal(vnet->flags, VNET_NEEDS_CSUM);
        assert_int_equal(vnet->csum_start, p.header_len);
        memcpy(whole + p.header_len + 16, written.last + p.header_len + 16, 2); /* partial sum */
        if (v6 == 0) {
            assert_true(checksum_is_right(checksum_add(0, written.last, 20)));
        }
        assert_memory_equal(written.last, whole, len);
        /* And cut again it is as it was. */
        struct gso again;
        assert_int_equal(gso_begin(&again, vnet, written.last, &p), DROP_NONE);
        assert_int_equal(again.count, 30);
        for (unsigned i = 0; i < 30; i++) {
            uint8_t segment[1500], want[1500];
            size_t n =
                finish_sum(want, tcp(want, v6 != 0, 5000 + i * 1200, i == 29 ? 0x18 : 0x10, 1200));
            gso_write(&again, i, 0, segment);
            assert_int_equal(gso_segment_len(&again, i), n);
            if (v6 == 0) { /* the identification counts up */
                memcpy(want + 4, segment + 4, 2);
                memcpy(want + 10, segment + 10, 2);
            }
            assert_memory_equal(segment, want, n);
        }
    }
}

/* Each of these may not be joined to the packet before it. */
static void test_does_not_join(void **state)
{
    (void)state;
    static const char *const cases[] = { "gap",     "flags", "window",  "acknowledgement",
                                         "tos",     "ttl",   "larger",  "sum",
                                         "options", "no df", "another", "push before" };
    for (size_t c = 0; c < CYG_LEN(cases); c++) {
        static struct written written;
        static struct gro g;
        written = (struct written){ 0 };
        g = (struct gro){ .write = keep, .context = &written };
        uint8_t a[1500], b[1500];
        bool push = strcmp(cases[c], "push before") == 0;
        size_t a_len = finish_sum(a, tcp(a, false, 100, push ? 0x18 : 0x10, 500));
        bool larger = strcmp(cases[c], "larger") == 0, gap = strcmp(cases[c], "gap") == 0;
        size_t b_len = tcp(b, false, gap ? 601 : 600, 0x10, larger ? 501 : 500);
        if (strcmp(cases[c], "flags") == 0) {
            b[33] = 0x11;
        } else if (strcmp(cases[c], "window") == 0) {
            b[34] = 1;
        } else if (strcmp(cases[c], "acknowledgement") == 0) {
            b[28] = 1;
        } else if (strcmp(cases[c], "tos") == 0) {
            b[1] = 4;
        } else if (strcmp(cases[c], "ttl") == 0) {
            b[8] = 63;
        } else if (strcmp(cases[c], "options") == 0) {
            b[32] = 0x60;
        } else if (strcmp(cases[c], "no df") == 0) {
            b[6] = 0;
        } else if (strcmp(cases[c], "another") == 0) {
            b[15] = 9;
        }
        finish_sum(b, b_len);
        if (strcmp(cases[c], "sum") == 0) {
            b[36] ^= 1;
        }
        add(&g, a, a_len);
        add(&g, b, b_len);
        gro_flush(&g);
        if (written.n != 2) {
            fail_msg("joined in spite of: %s", cases[c]);
        }
        assert_int_equal(written.len[0], a_len);
        assert_int_equal(written.len[1], b_len);
        assert_memory_equal(written.last, b, b_len); /* untouched, in order */
        assert_int_equal(written.vnet[1].gso_type, VNET_GSO_NONE);
        if (strcmp(cases[c], "sum") == 0) {
            assert_int_equal(written.vnet[1].flags, 0); /* the kernel looks itself */
        }
    }
}

static void test_keeps_the_order_within_a_flow(void **state)
{
    (void)state;
    static struct written written;
    static struct gro g;
    written = (struct written){ 0 };
    g = (struct gro){ .write = keep, .context = &written };
    uint8_t packets[3][1500];
    size_t len = finish_sum(packets[0], tcp(packets[0], false, 100, 0x10, 500));
    add(&g, packets[0], len);
    size_t ack = finish_sum(packets[1], tcp(packets[1], false, 600, 0x10, 0));
    add(&g, packets[1], ack); /* no payload: not joined, and nothing overtakes it */
    add(&g, packets[2], finish_sum(packets[2], tcp(packets[2], false, 600, 0x10, 500)));
    gro_flush(&g);
    assert_int_equal(written.n, 3);
    assert_int_equal(written.len[1], ack);
}

static void test_joins_udp_where_the_kernel_takes_it(void **state)
{
    (void)state;
    for (unsigned udp = 0; udp < 2; udp++) {
        static struct written written;
        static struct gro g;
        written = (struct written){ 0 };
        g = (struct gro){ .udp = udp != 0, .write = keep, .context = &written };
        static uint8_t packets[5][1500];
        for (unsigned i = 0; i < 5; i++) {
            size_t len = rig_udp(packets[i], "10.2.0.1", "10.1.0.1", 1, 2, i < 4 ? 800 : 10);
            add(&g, packets[i], len);
        }
        gro_flush(&g);
        assert_int_equal(written.n, udp != 0 ? 1 : 5);
        if (udp != 0) {
            assert_int_equal(written.len[0], 28 + 4 * 800 + 10);
            assert_int_equal(written.vnet[0].gso_type, VNET_GSO_UDP_L4);
            assert_int_equal(written.vnet[0].gso_size, 800);
            assert_int_equal(written.last[24] << 8 | written.last[25], 8 + 4 * 800 + 10);
        }
    }
}

static void test_more_flows_than_there_is_room_for(void **state)
{
    (void)state;
    static struct written written;
    static struct gro g;
    written = (struct written){ 0 };
    g = (struct gro){ .write = keep, .context = &written };
    static uint8_t packets[50][200];
    for (unsigned i = 0; i < 50; i++) {
        size_t len = tcp(packets[i], false, 1, 0x10, 50);
        packets[i][19] = (uint8_t)i;
        add(&g, packets[i], finish_sum(packets[i], len));
    }
    gro_flush(&g);
    assert_int_equal(written.n, 50);
}

/* 65535 bytes is the most that one packet can have. */
static void test_stops_at_the_longest_packet(void **state)
{
    (void)state;
    static struct written written;
    static struct gro g;
    static uint8_t packets[60][1500];
    written = (struct written){ 0 };
    g = (struct gro){ .write = keep, .context = &written };
    for (unsigned i = 0; i < 60; i++) {
        size_t len = tcp(packets[i], false, 1 + i * 1400, 0x10, 1400);
        add(&g, packets[i], finish_sum(packets[i], len));
    }
    gro_flush(&g);
    assert_int_equal(written.n, 2);
    assert_int_equal(written.len[0], 40 + 46 * 1400);
    assert_int_equal(written.len[1], 40 + 14 * 1400);
}

TEST_MAIN(cmocka_unit_test(test_segments_are_right), cmocka_unit_test(test_udp_segments),
          cmocka_unit_test(test_a_lone_checksum_is_completed),
          cmocka_unit_test(test_nonsense_of_the_device_is_refused),
          cmocka_unit_test(test_joins_what_follows), cmocka_unit_test(test_does_not_join),
          cmocka_unit_test(test_keeps_the_order_within_a_flow),
          cmocka_unit_test(test_joins_udp_where_the_kernel_takes_it),
          cmocka_unit_test(test_more_flows_than_there_is_room_for),
          cmocka_unit_test(test_stops_at_the_longest_packet));
