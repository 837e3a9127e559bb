/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capture file of cygnetctl capture, byte by byte. What tshark makes of it is seen in the
 * scenario `capture`. */
#include "ctl/pcap.h"

#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

/* A message of quick mode as the engine shows it: flag E set, 3 bytes of padding. */
static const uint8_t quick[] = { 1,    2,    3, 4, 5, 6,    7,    8,    9,
                                 9,    9,    9, 9, 9, 9,    9,    8,    /* HASH */ 0x10,
                                 32,   1,    0, 0, 0, 7,    0,    0,    0,
                                 39,   0,    0, 0, 8, 0xaa, 0xbb, 0xcc, 0xdd,
                                 0xee, 0xee, 2 };

static struct cyg_address address(const char *text, uint16_t port)
{
    struct cyg_address a;
    assert_int_equal(cyg_address_parse(cyg_span_str(text), false, &a, NULL), CYG_OK);
    a.port = port;
    return a;
}

static char *write_one(const struct pcap_message *m, bool want, size_t *ret_len)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, ret_len);
    assert_non_null(file);
    pcap_begin(file);
    assert_int_equal(pcap_add(file, m), want);
    fclose(file);
    return text;
}

static unsigned word(const char *bytes, size_t at)
{
    return (unsigned)(uint8_t)bytes[at] << 8 | (uint8_t)bytes[at + 1];
}

/* What a receiver computes over header or pseudo header and all: 0 is right. */
static unsigned sum_of(const char *bytes, size_t len, unsigned start)
{
    for (size_t i = 0; i < len; i++) {
        start += i % 2 == 0 ? (unsigned)(uint8_t)bytes[i] << 8 : (uint8_t)bytes[i];
    }
    while (start > 0xffff) {
        start = (start & 0xffff) + (start >> 16);
    }
    return start ^ 0xffff;
}

static void test_a_packet_of_ipv4(void **state)
{
    (void)state;
    const struct pcap_message m = { .when = 1700000000123456u,
                                    .from = address("192.0.2.1", 500),
                                    .to = address("198.51.100.7", 500),
                                    .clear = cyg_span_of_array(quick) };
    size_t len = 0;
    char *file = write_one(&m, true, &len);
    const uint32_t *words = (const uint32_t *)(const void *)file;
    assert_int_equal(len, 24 + 16 + 20 + 8 + 36);
    assert_int_equal(words[0], 0xa1b2c3d4);
    assert_int_equal(words[5], 101);
    assert_int_equal(words[6], 1700000000);
    assert_int_equal(words[7], 123456);
    assert_int_equal(words[8], 20 + 8 + 36);
    assert_int_equal(words[9], 20 + 8 + 36);
    const char *ip = file + 40, *udp = ip + 20, *ike = udp + 8;
    assert_int_equal(sum_of(ip, 20, 0), 0);
    assert_int_equal(word(udp, 0), 500);
    assert_int_equal(word(udp, 4), 8 + 36);
    assert_int_equal(sum_of(ip + 12, 8 + 8 + 36, 17 + 8 + 36), 0); /* addresses, then UDP */
    assert_int_equal(ike[19], 0);                                  /* flags */
    assert_int_equal(word(ike, 26), 36);
    assert_memory_equal(ike + 28, quick + 28, 8);
    free(file);
}

static void test_nat_traversal_has_a_marker(void **state)
{
    (void)state;
    struct pcap_message m = { .from = address("2001:db8::1", 4500),
                              .to = address("2001:db8::2", 1024),
                              .clear = cyg_span_of_array(quick) };
    size_t len = 0;
    char *file = write_one(&m, true, &len);
    assert_int_equal(len, 24 + 16 + 40 + 8 + 4 + 36);
    assert_memory_equal(file + 40 + 48, "\0\0\0\0\1\2\3\4", 8);
    assert_int_equal(sum_of(file + 40 + 8, 32 + 8 + 40, 17 + 48), 0);
    free(file);
    m.to.port = 500; /* to a peer's plain port: none */
    file = write_one(&m, true, &len);
    assert_memory_equal(file + 40 + 48, "\1\2\3\4", 4);
    free(file);
}

static void test_what_is_no_message_is_left_out(void **state)
{
    (void)state;
    struct pcap_message m = { .from = address("192.0.2.1", 500),
                              .to = address("198.51.100.7", 500),
                              .clear = { quick, 27 } };
    size_t len = 0;
    free(write_one(&m, false, &len));
    assert_int_equal(len, 24);
    m.clear = cyg_span_of_array(quick);
    m.to = address("2001:db8::2", 500);
    free(write_one(&m, false, &len));
    uint8_t *big = calloc(1, 65535);
    m.to = m.from;
    memcpy(big, quick, sizeof quick);
    big[25] = 0;
    big[26] = 0xff;
    big[27] = 0xff;
    m.clear = (struct cyg_span){ big, 65535 };
    free(write_one(&m, false, &len));
    assert_int_equal(len, 24);
    free(big);
}

TEST_MAIN(cmocka_unit_test(test_a_packet_of_ipv4),
          cmocka_unit_test(test_nat_traversal_has_a_marker),
          cmocka_unit_test(test_what_is_no_message_is_left_out));
