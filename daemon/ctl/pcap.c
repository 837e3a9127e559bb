/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pcap.h. */
#include "pcap.h"

#include "codec/message.h"

#define LINKTYPE_RAW 101u
#define PACKET_MAX   65535u
#define NAT_T_PORT   4500u
#define PLAIN_PORT   500u
#define IPV4_HEAD    20u
#define IPV6_HEAD    40u
#define UDP_HEAD     8u
#define UDP_PROTOCOL 17u
#define TTL          64u

/* The file's own numbers are in the order of the machine that wrote it, which the first tells. */
static void put32(FILE *file, uint32_t value)
{
    (void)fwrite(&value, sizeof value, 1, file);
}

void pcap_begin(FILE *file)
{
    const uint16_t version[2] = { 2, 4 };
    put32(file, 0xa1b2c3d4);
    (void)fwrite(version, sizeof version, 1, file);
    put32(file, 0); /* time zone */
    put32(file, 0);
    put32(file, PACKET_MAX);
    put32(file, LINKTYPE_RAW);
}

/* Sum of 16-bit words, RFC 1071; an odd last byte is the upper half of a word. */
static uint32_t sum(uint32_t start, struct cyg_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        start += i % 2 == 0 ? (uint32_t)bytes.data[i] << 8 : bytes.data[i];
    }
    return start;
}

static uint16_t checksum(uint32_t total)
{
    while (total > 0xffff) {
        total = (total & 0xffff) + (total >> 16);
    }
    return (uint16_t)~total;
}

/* In front of an ISAKMP message on the port of NAT traversal, RFC 3948 2.2. */
static bool has_marker(const struct pcap_message *m)
{
    const bool plain = m->from.port == PLAIN_PORT || m->to.port == PLAIN_PORT;
    return !plain && (m->from.port == NAT_T_PORT || m->to.port == NAT_T_PORT);
}

/* The message as it would have been without encryption. */
static bool put_isakmp(struct cyg_writer *w, struct cyg_span clear)
{
    struct header h;
    struct message m;
    if (header_decode(clear, &h, NULL) != CYG_OK) {
        return false;
    }
    struct cyg_span body = header_body(&h, clear);
    if (message_decode_chain(h.next, body, true, &m, NULL) == CYG_OK) {
        body = m.payload_bytes;
    }
    h.flags &= (uint8_t)~FLAG_ENCRYPTION;
    h.length = HEADER_LEN + (uint32_t)body.len;
    header_encode(&h, w);
    cyg_writer_bytes(w, body);
    return true;
}

static void put_udp(struct cyg_writer *w, const struct pcap_message *m, struct cyg_span payload)
{
    const uint16_t len = (uint16_t)(UDP_HEAD + payload.len);
    uint32_t total = sum(UDP_PROTOCOL + len, cyg_address_span(&m->from));
    total = sum(total, cyg_address_span(&m->to)) + m->from.port + m->to.port + len;
    total = sum(total, payload);
    const uint16_t check = checksum(total);
    cyg_writer_u16(w, m->from.port);
    cyg_writer_u16(w, m->to.port);
    cyg_writer_u16(w, len);
    cyg_writer_u16(w, check != 0 ? check : 0xffff); /* 0 would say that there is none */
    cyg_writer_bytes(w, payload);
}

static void put_ipv4(struct cyg_writer *w, const struct pcap_message *m, size_t payload_len)
{
    uint8_t bytes[IPV4_HEAD];
    uint16_t check = 0;
    for (unsigned pass = 0; pass < 2; pass++) { /* the second with the checksum of the first */
        struct cyg_writer head = cyg_writer_of(bytes, sizeof bytes);
        cyg_writer_u8(&head, 0x45);
        cyg_writer_u8(&head, 0);
        cyg_writer_u16(&head, (uint16_t)(IPV4_HEAD + UDP_HEAD + payload_len));
        cyg_writer_u32(&head, 0); /* neither id nor fragment */
        cyg_writer_u8(&head, TTL);
        cyg_writer_u8(&head, UDP_PROTOCOL);
        cyg_writer_u16(&head, check);
        cyg_writer_bytes(&head, cyg_address_span(&m->from));
        cyg_writer_bytes(&head, cyg_address_span(&m->to));
        check = checksum(sum(0, cyg_span_of_array(bytes)));
        if (pass == 1) {
            cyg_writer_bytes(w, cyg_span_of_array(bytes));
        }
    }
}

static void put_ipv6(struct cyg_writer *w, const struct pcap_message *m, size_t payload_len)
{
    cyg_writer_u32(w, 0x60000000);
    cyg_writer_u16(w, (uint16_t)(UDP_HEAD + payload_len));
    cyg_writer_u8(w, UDP_PROTOCOL);
    cyg_writer_u8(w, TTL);
    cyg_writer_bytes(w, cyg_address_span(&m->from));
    cyg_writer_bytes(w, cyg_address_span(&m->to));
}

bool pcap_add(FILE *file, const struct pcap_message *m)
{
    uint8_t payload_bytes[PACKET_MAX], packet_bytes[PACKET_MAX];
    struct cyg_writer payload = cyg_writer_of(payload_bytes, sizeof payload_bytes);
    struct cyg_writer packet = cyg_writer_of(packet_bytes, sizeof packet_bytes);
    if (has_marker(m)) {
        cyg_writer_u32(&payload, 0);
    }
    if (m->from.family != m->to.family || !put_isakmp(&payload, m->clear)) {
        return false;
    }
    const struct cyg_span bytes = cyg_writer_span(&payload);
    if (m->from.family == 4) {
        put_ipv4(&packet, m, bytes.len);
    } else {
        put_ipv6(&packet, m, bytes.len);
    }
    put_udp(&packet, m, bytes);
    if (!cyg_writer_ok(&payload) || !cyg_writer_ok(&packet)) {
        return false;
    }
    const struct cyg_span whole = cyg_writer_span(&packet);
    put32(file, (uint32_t)(m->when / 1000000u));
    put32(file, (uint32_t)(m->when % 1000000u));
    put32(file, (uint32_t)whole.len);
    put32(file, (uint32_t)whole.len);
    (void)fwrite(whole.data, 1, whole.len, file);
    return true;
}
