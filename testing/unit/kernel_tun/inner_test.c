/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inner packets: H-162, H-164, H-166, H-167, prefixes of ranges, ICMP errors. */
#include "kernel_tun/checksum.h"
#include "kernel_tun/icmp.h"
#include "kernel_tun/prefixes.h"
#include "unit/kernel_tun/rig.h"
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum drop parse(const uint8_t *packet, size_t len, struct inner *ret)
{
    uint8_t *copy = test_memdup(packet, len);
    enum drop drop = inner_parse((struct cyg_span){ copy, len }, ret);
    free(copy);
    return drop;
}

static struct flow_match flow_of(const char *local, const char *remote)
{
    struct cyg_flow flow = { rig_selector(local), rig_selector(remote) };
    struct flow_match match;
    assert_int_equal(flow_match_of(&flow, &match), CYG_OK);
    return match;
}

static void test_reads_ipv4(void **state)
{
    (void)state;
    uint8_t packet[128];
    struct inner p;
    size_t len = rig_udp(packet, "10.2.0.1", "10.1.0.9", 4000, 53, 10);
    packet[1] = 0xb9;
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_int_equal(p.family, 4);
    assert_int_equal(p.protocol, PROTO_UDP);
    assert_int_equal(p.tos, 0xb9);
    assert_int_equal(p.ttl, 64);
    assert_true(p.dont_fragment && p.has_ports && !p.fragment && !p.later && !p.extended);
    assert_int_equal(p.source.low, 0x0a020001);
    assert_int_equal(p.destination.low, 0x0a010009);
    assert_int_equal(p.source_port, 4000);
    assert_int_equal(p.destination_port, 53);
    assert_int_equal(p.header_len, 20);
    assert_int_equal(p.len, 38);
}

static void test_refuses_every_truncation(void **state)
{
    (void)state;
    static const char *const ends[][2] = { { "10.2.0.1", "10.1.0.9" }, { "fd02::1", "fd01::9" } };
    for (size_t i = 0; i < CYG_LEN(ends); i++) {
        uint8_t packet[128];
        size_t whole = rig_udp(packet, ends[i][0], ends[i][1], 1, 2, 10);
        for (size_t len = 0; len < whole; len++) {
            struct inner p = { .ttl = 99 };
            enum drop drop = parse(packet, len, &p);
            size_t header = i == 0 ? 20 : 40;
            assert_int_equal(drop, len < header ? DROP_INNER_SHORT : DROP_INNER_LENGTH);
            assert_int_equal(p.ttl, 99); /* untouched */
        }
    }
}

/* H-166 */
static void test_h166_ipv4_lengths(void **state)
{
    (void)state;
    uint8_t packet[128];
    struct inner p;
    size_t len = rig_udp(packet, "10.2.0.1", "10.1.0.9", 1, 2, 10);
    for (unsigned words = 0; words < 16; words++) {
        packet[0] = (uint8_t)(0x40 | words);
        bool good = words >= 5 && words * 4 <= len;
        assert_int_equal(parse(packet, len, &p), good ? DROP_NONE : DROP_INNER_HEADER);
    }
    packet[0] = 0x4f; /* header length 60 in a packet of 38 */
    assert_int_equal(parse(packet, len, &p), DROP_INNER_HEADER);
    packet[0] = 0x45;
    packet[3] = 19; /* total length within the header */
    assert_int_equal(parse(packet, len, &p), DROP_INNER_HEADER);
    packet[3] = 0;
    assert_int_equal(parse(packet, len, &p), DROP_INNER_HEADER);
    packet[3] = (uint8_t)(len + 1);
    assert_int_equal(parse(packet, len, &p), DROP_INNER_LENGTH);
    packet[2] = packet[3] = 0xff;
    assert_int_equal(parse(packet, len, &p), DROP_INNER_LENGTH);
    packet[2] = 0;
    packet[3] = 30; /* what follows is padding, RFC 4303 2.7 */
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_int_equal(p.len, 30);
    packet[3] = 22; /* two bytes of UDP: no ports to be read */
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_false(p.has_ports);
    for (unsigned version = 0; version < 16; version++) {
        packet[0] = (uint8_t)(version << 4 | 5);
        if (version != 4 && version != 6) {
            assert_int_equal(parse(packet, len, &p), DROP_INNER_VERSION);
        }
    }
}

/* An IPv6 packet whose extension headers are given; the last one names UDP. */
static size_t ipv6_chain(uint8_t *packet, uint8_t first, const uint8_t *chain, size_t len)
{
    uint8_t udp[64];
    rig_udp(udp, "fd02::1", "fd01::9", 7, 8, 0);
    memcpy(packet, udp, 40);
    packet[6] = first;
    packet[4] = (uint8_t)((len + 8) >> 8);
    packet[5] = (uint8_t)(len + 8);
    memcpy(packet + 40, chain, len);
    memcpy(packet + 40 + len, udp + 40, 8);
    return 48 + len;
}

static void test_h166_ipv6_extension_chains(void **state)
{
    (void)state;
    uint8_t packet[2048], chain[16 * 9];
    struct inner p;
    /* Destination options of 8 and 16 bytes, then AH of 12 bytes, then UDP. */
    const uint8_t good[36] = {
        [0] = PROTO_DSTOPTS, [8] = PROTO_AH, [9] = 1, [24] = PROTO_UDP, [25] = 1
    };
    size_t len = ipv6_chain(packet, PROTO_DSTOPTS, good, sizeof(good));
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_int_equal(p.protocol, PROTO_UDP);
    assert_int_equal(p.header_len, 76);
    assert_int_equal(p.source_port, 7);
    assert_true(p.extended);
    /* Endless: as many as there is room for. */
    memset(chain, 0, sizeof(chain));
    for (size_t i = 0; i < sizeof(chain); i += 8) {
        chain[i] = i + 8 < sizeof(chain) ? PROTO_DSTOPTS : PROTO_UDP;
    }
    len = ipv6_chain(packet, PROTO_DSTOPTS, chain, 8 * 8);
    packet[40 + 56] = PROTO_UDP; /* the eighth names UDP: still allowed */
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    len = ipv6_chain(packet, PROTO_DSTOPTS, chain, sizeof(chain));
    assert_int_equal(parse(packet, len, &p), DROP_INNER_EXTENSIONS);
    /* A header longer than the packet. */
    const uint8_t beyond[8] = { PROTO_UDP, 200 };
    len = ipv6_chain(packet, PROTO_HOPOPTS, beyond, sizeof(beyond));
    assert_int_equal(parse(packet, len, &p), DROP_INNER_SHORT);
    /* No next header. */
    len = ipv6_chain(packet, PROTO_NONE, beyond, 0);
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_int_equal(p.protocol, PROTO_NONE);
    assert_false(p.has_ports);
}

static void test_h166_fragments(void **state)
{
    (void)state;
    const struct flow_match any = flow_of("10.1.0.0/16", "10.2.0.0/16");
    const struct flow_match port = flow_of("10.1.0.0/16[udp/53]", "10.2.0.0/16[udp]");
    const struct flow_match protocol = flow_of("10.1.0.0/16[udp]", "10.2.0.0/16[udp]");
    uint8_t packet[128];
    struct inner p;
    size_t len = rig_udp(packet, "10.2.0.1", "10.1.0.9", 4000, 53, 40);
    packet[6] = 0x20; /* first of several: has ports */
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_true(p.fragment && !p.later && p.has_ports);
    assert_int_equal(inner_check_inbound(&port, &p, false), DROP_NONE);
    packet[7] = 3; /* a later one */
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_true(p.fragment && p.later && !p.has_ports);
    assert_int_equal(inner_check_inbound(&any, &p, true), DROP_NONE);
    assert_int_equal(inner_check_inbound(&any, &p, false), DROP_INNER_FRAGMENT);
    assert_int_equal(inner_check_inbound(&protocol, &p, true), DROP_NONE);
    assert_int_equal(inner_check_inbound(&port, &p, true), DROP_INNER_FRAGMENT);
    assert_false(flow_has_outbound(&port, &p));

    const uint8_t ipv6_later[8] = { PROTO_UDP, 0, 0, 8 };
    len = ipv6_chain(packet, PROTO_FRAGMENT, ipv6_later, 8);
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_true(p.fragment && p.later && !p.has_ports);
    assert_int_equal(p.protocol, PROTO_UDP);
    const uint8_t atomic[8] = { PROTO_UDP };
    len = ipv6_chain(packet, PROTO_FRAGMENT, atomic, 8);
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_true(!p.fragment && p.has_ports);
}

static enum drop inbound(const char *local, const char *remote, const char *source,
                         const char *destination)
{
    const struct flow_match flow = flow_of(local, remote);
    uint8_t packet[128];
    struct inner p;
    size_t len = rig_udp(packet, source, destination, 4000, 53, 0);
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    return inner_check_inbound(&flow, &p, true);
}

static void test_h164_selectors(void **state)
{
    (void)state;
    const char *l = "10.1.0.0/16", *r = "10.2.0.0/16";
    assert_int_equal(inbound(l, r, "10.2.0.1", "10.1.0.1"), DROP_NONE);
    assert_int_equal(inbound(l, r, "10.2.255.255", "10.1.255.255"), DROP_NONE);
    assert_int_equal(inbound(l, r, "10.3.0.0", "10.1.0.1"), DROP_INNER_SELECTOR);
    assert_int_equal(inbound(l, r, "10.1.255.255", "10.1.0.1"), DROP_INNER_SELECTOR);
    assert_int_equal(inbound(l, r, "10.2.0.1", "10.2.0.1"), DROP_INNER_SELECTOR);
    assert_int_equal(inbound(l, r, "10.2.0.1", "192.0.2.1"), DROP_INNER_SELECTOR); /* gateway */
    assert_int_equal(inbound(l, r, "10.1.0.1", "10.2.0.1"), DROP_INNER_SELECTOR);  /* reversed */
    assert_int_equal(inbound(l, r, "fd02::1", "fd01::1"), DROP_INNER_SELECTOR);
    assert_int_equal(inbound("10.1.0.5-10.1.0.9", r, "10.2.0.1", "10.1.0.10"), DROP_INNER_SELECTOR);
    assert_int_equal(inbound("10.1.0.5-10.1.0.9", r, "10.2.0.1", "10.1.0.9"), DROP_NONE);
    assert_int_equal(inbound("10.1.0.0/16[tcp]", r, "10.2.0.1", "10.1.0.1"), DROP_INNER_SELECTOR);
    assert_int_equal(inbound("10.1.0.0/16[udp/53]", r, "10.2.0.1", "10.1.0.1"), DROP_NONE);
    assert_int_equal(inbound("10.1.0.0/16[udp/54]", r, "10.2.0.1", "10.1.0.1"),
                     DROP_INNER_SELECTOR);
    assert_int_equal(inbound(l, "10.2.0.0/16[udp/53]", "10.2.0.1", "10.1.0.1"),
                     DROP_INNER_SELECTOR); /* 53 is the local port */
    assert_int_equal(inbound("fd01::/16", "fd02::/16", "fd02::ffff", "fd01::1"), DROP_NONE);
    assert_int_equal(inbound("fd01::/16", "fd02::/16", "fd03::", "fd01::1"), DROP_INNER_SELECTOR);
}

static void test_h164_martians(void **state)
{
    (void)state;
    static const char *const v4[] = { "127.0.0.1",       "0.0.0.0",     "0.1.2.3",  "224.0.0.1",
                                      "255.255.255.255", "169.254.1.1", "239.1.1.1" };
    static const char *const v6[] = { "::1", "::", "ff02::1", "fe80::1", "::ffff:10.0.0.1" };
    for (size_t i = 0; i < CYG_LEN(v4); i++) {
        assert_int_equal(inbound("10.1.0.0/16", "0.0.0.0/0", v4[i], "10.1.0.1"),
                         DROP_INNER_MARTIAN);
        assert_int_equal(inbound("0.0.0.0/0", "10.2.0.0/16", "10.2.0.1", v4[i]),
                         DROP_INNER_MARTIAN);
    }
    for (size_t i = 0; i < CYG_LEN(v6); i++) {
        assert_int_equal(inbound("fd01::/16", "::/0", v6[i], "fd01::1"), DROP_INNER_MARTIAN);
        assert_int_equal(inbound("::/0", "fd02::/16", "fd02::1", v6[i]), DROP_INNER_MARTIAN);
    }
    /* Named on purpose. */
    assert_int_equal(inbound("224.0.0.5", "10.2.0.0/16", "10.2.0.1", "224.0.0.5"), DROP_NONE);
    assert_int_equal(inbound("10.1.0.1", "169.254.0.0/16", "169.254.1.1", "10.1.0.1"), DROP_NONE);
}

/* A peer that may be anybody (0.0.0.0/0) still may not be one of our own hosts. */
static void test_h164_source_on_our_side(void **state)
{
    (void)state;
    assert_int_equal(inbound("10.1.0.0/16", "0.0.0.0/0", "10.1.0.7", "10.1.0.1"),
                     DROP_INNER_SPOOFED);
    assert_int_equal(inbound("10.1.0.0/16", "10.0.0.0/8", "10.1.0.7", "10.1.0.1"),
                     DROP_INNER_SPOOFED);
    assert_int_equal(inbound("10.1.0.0/16", "0.0.0.0/0", "8.8.8.8", "10.1.0.1"), DROP_NONE);
    assert_int_equal(inbound("10.0.0.0/8", "10.0.0.0/8", "10.1.0.7", "10.1.0.1"), DROP_NONE);
}

static void test_h167_ttl(void **state)
{
    (void)state;
    const struct flow_match flow = flow_of("10.1.0.0/16", "10.2.0.0/16");
    uint8_t packet[64];
    struct inner p;
    size_t len = rig_udp(packet, "10.2.0.1", "10.1.0.1", 1, 2, 0);
    packet[8] = 0;
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_int_equal(inner_check_inbound(&flow, &p, true), DROP_INNER_TTL);
    packet[8] = 1; /* the kernel is the router that answers */
    assert_int_equal(parse(packet, len, &p), DROP_NONE);
    assert_int_equal(inner_check_inbound(&flow, &p, true), DROP_NONE);
}

/* RFC 6040 4.2, figure 4; rows: inner, columns: outer (Not-ECT, ECT(1), ECT(0), CE). */
static void test_h167_ecn_of_rfc_6040(void **state)
{
    (void)state;
    static const int want[4][4] = { [0] = { 0, 0, 0, -1 }, /* Not-ECT */
                                    [1] = { 1, 1, 1, 3 },  /* ECT(1) */
                                    [2] = { 2, 1, 2, 3 },  /* ECT(0) */
                                    [3] = { 3, 3, 3, 3 } };
    static const char *const ends[][2] = { { "10.2.0.1", "10.1.0.9" }, { "fd02::1", "fd01::9" } };
    for (unsigned i = 0; i < 32; i++) {
        unsigned inner = i / 4 % 4, outer = i % 4, v6 = i / 16;
        uint8_t packet[64];
        struct inner p;
        size_t len = rig_udp(packet, ends[v6][0], ends[v6][1], 1, 2, 0);
        uint8_t tos = (uint8_t)(0xb8 | inner);
        if (v6 != 0) {
            packet[0] = (uint8_t)(0x60 | tos >> 4);
            packet[1] = (uint8_t)(tos << 4);
        } else {
            packet[1] = tos;
            packet[10] = packet[11] = 0;
            checksum_put(checksum_add(0, packet, 20), packet + 10);
        }
        assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
        assert_int_equal(p.tos, tos);
        enum drop drop = inner_apply_ecn(packet, &p, (uint8_t)outer);
        assert_int_equal(drop, want[inner][outer] < 0 ? DROP_ECN : DROP_NONE);
        assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
        int got = want[inner][outer] < 0 ? (int)inner : want[inner][outer];
        assert_int_equal(p.tos, 0xb8 | got);
        if (v6 == 0) {
            assert_true(checksum_is_right(checksum_add(0, packet, 20)));
        }
    }
}

static void test_flows_that_make_no_sense(void **state)
{
    (void)state;
    static const char *const flows[][2] = { { "10.1.0.0/16", "fd02::/16" },
                                            { "10.1.0.0/16[tcp]", "10.2.0.0/16[udp]" },
                                            { "10.1.0.0/16[icmp/8]", "10.2.0.0/16" },
                                            { "10.1.0.0/16[/80]", "10.2.0.0/16" } };
    for (size_t i = 0; i < CYG_LEN(flows); i++) {
        struct cyg_flow flow = { rig_selector(flows[i][0]), rig_selector(flows[i][1]) };
        struct flow_match match;
        assert_int_equal(flow_match_of(&flow, &match), CYG_REFUSED);
    }
    struct cyg_flow empty = { 0 };
    struct flow_match match;
    assert_int_equal(flow_match_of(&empty, &match), CYG_REFUSED);
}

static void test_checksums(void **state)
{
    (void)state;
    /* RFC 1071 3: these words sum up to ddf2. */
    static const uint8_t words[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    uint8_t field[2];
    checksum_put_partial(checksum_add(0, words, sizeof(words)), field);
    assert_int_equal(field[0] << 8 | field[1], 0xddf2);
    checksum_put(checksum_add(0, words, sizeof(words)), field);
    assert_int_equal(field[0] << 8 | field[1], 0x220d);
    /* Every length and alignment against the plain definition. */
    uint8_t data[300];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 151 + 7);
    }
    for (size_t len = 0; len < 290; len++) {
        uint32_t sum = 0;
        for (size_t i = 0; i < len; i++) {
            sum += (uint32_t)data[i + 3] << (i % 2 == 0 ? 8 : 0);
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        checksum_put_partial(checksum_add(0, data + 3, len), field);
        assert_int_equal(field[0] << 8 | field[1], sum);
    }
}

static void test_icmp_errors(void **state)
{
    (void)state;
    uint8_t packet[2000], out[ICMP_ERROR_MAX];
    struct inner p, e;
    size_t len = rig_udp(packet, "10.1.0.1", "10.2.0.9", 1, 2, 1500);
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    size_t got = icmp_error(ICMP_TOO_BIG, packet, &p, 1399, out);
    assert_int_equal(got, 576);
    assert_int_equal(inner_parse((struct cyg_span){ out, got }, &e), DROP_NONE);
    assert_true(ip_equal(e.destination, p.source));
    assert_true(checksum_is_right(checksum_add(0, out, 20)));
    assert_true(checksum_is_right(checksum_add(0, out + 20, got - 20)));
    assert_int_equal(out[20] << 8 | out[21], 0x0304);
    assert_int_equal(out[26] << 8 | out[27], 1399);
    assert_memory_equal(out + 28, packet, 548);

    len = rig_udp(packet, "fd01::1", "fd02::9", 1, 2, 1500);
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    got = icmp_error(ICMP_TOO_BIG, packet, &p, 1380, out);
    assert_int_equal(got, 1280);
    uint64_t sum = checksum_pseudo(out + 8, 32, PROTO_ICMPV6, got - 40);
    assert_true(checksum_is_right(checksum_add(sum, out + 40, got - 40)));
    assert_int_equal(out[40], 2);
    assert_int_equal(out[46] << 8 | out[47], 1380);

    /* Never about errors, later fragments, to or from groups. */
    len = rig_udp(packet, "10.1.0.1", "224.0.0.9", 1, 2, 10);
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    assert_int_equal(icmp_error(ICMP_PROHIBITED, packet, &p, 0, out), 0);
    len = rig_udp(packet, "10.1.0.1", "10.2.0.1", 1, 2, 10);
    packet[9] = PROTO_ICMP;
    packet[20] = 3;
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    assert_int_equal(icmp_error(ICMP_PROHIBITED, packet, &p, 0, out), 0);
    packet[20] = 8; /* an echo request gets one */
    assert_true(icmp_error(ICMP_PROHIBITED, packet, &p, 0, out) > 0);
    packet[7] = 9;
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    assert_int_equal(icmp_error(ICMP_PROHIBITED, packet, &p, 0, out), 0);
}

static void assert_prefixes(const char *selector, const char *want)
{
    struct cyg_selector s = rig_selector(selector);
    struct cyg_prefix prefixes[PREFIXES_MAX];
    size_t n = prefixes_of(&s, prefixes);
    char text[1024] = "", address[CYG_ADDRESS_TEXT];
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s%s/%u", i > 0 ? " " : "",
                 cyg_address_format(&prefixes[i].address, address, sizeof(address)),
                 prefixes[i].bits);
    }
    assert_string_equal(text, want);
}

static void test_ranges_as_prefixes(void **state)
{
    (void)state;
    assert_prefixes("10.0.0.0/8", "10.0.0.0/8");
    assert_prefixes("10.0.0.1", "10.0.0.1/32");
    assert_prefixes("0.0.0.0/0", "0.0.0.0/0");
    assert_prefixes("::/0", "::/0");
    assert_prefixes("10.0.0.1-10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
    assert_prefixes("255.255.255.254-255.255.255.255", "255.255.255.254/31");
    assert_prefixes("fd00::-fd00::2", "fd00::/127 fd00::2/128");
    struct cyg_selector worst = rig_selector("0.0.0.1-255.255.255.254");
    struct cyg_prefix prefixes[PREFIXES_MAX];
    assert_int_equal(prefixes_of(&worst, prefixes), 62);
}

TEST_MAIN(cmocka_unit_test(test_reads_ipv4), cmocka_unit_test(test_refuses_every_truncation),
          cmocka_unit_test(test_h166_ipv4_lengths),
          cmocka_unit_test(test_h166_ipv6_extension_chains), cmocka_unit_test(test_h166_fragments),
          cmocka_unit_test(test_h164_selectors), cmocka_unit_test(test_h164_martians),
          cmocka_unit_test(test_h164_source_on_our_side), cmocka_unit_test(test_h167_ttl),
          cmocka_unit_test(test_h167_ecn_of_rfc_6040),
          cmocka_unit_test(test_flows_that_make_no_sense), cmocka_unit_test(test_checksums),
          cmocka_unit_test(test_icmp_errors), cmocka_unit_test(test_ranges_as_prefixes));
