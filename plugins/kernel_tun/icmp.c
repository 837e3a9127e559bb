/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "icmp.h"

#include "checksum.h"

#include <cygnet/writer.h>

#define QUOTE_IPV4 (576u - 28u)
#define QUOTE_IPV6 (ICMP_ERROR_MAX - 48u)

static bool may_answer(const uint8_t *packet, const struct inner *p)
{
    if (p->later) {
        return false;
    }
    uint8_t type = p->header_len < p->len ? packet[p->header_len] : 3;
    if (p->family == 4) {
        bool is_error = p->protocol == PROTO_ICMP
                        && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
        return !is_error && p->source.low >> 28 < 14 && p->source.low >> 24 != 0
               && p->destination.low >> 28 < 14;
    }
    bool is_error = p->protocol == PROTO_ICMPV6 && type < 128;
    return !is_error && p->source.high >> 56 != 0xff && (p->source.high | p->source.low) != 0
           && p->destination.high >> 56 != 0xff;
}

static size_t error_ipv4(enum icmp_error error, struct cyg_span packet, size_t mtu, uint8_t *out)
{
    struct cyg_span quote = cyg_span_first(packet, QUOTE_IPV4);
    struct cyg_writer w = cyg_writer_of(out, ICMP_ERROR_MAX);
    cyg_writer_u16(&w, 0x45c0); /* precedence internetwork control, RFC 1812 4.3.2.5 */
    cyg_writer_u16(&w, (uint16_t)(28 + quote.len));
    cyg_writer_u32(&w, 0);
    cyg_writer_u16(&w, 64 << 8 | PROTO_ICMP);
    cyg_writer_u16(&w, 0);
    cyg_writer_bytes(&w, (struct cyg_span){ packet.data + 16, 4 });
    cyg_writer_bytes(&w, (struct cyg_span){ packet.data + 12, 4 });
    checksum_put(checksum_add(0, out, 20), out + 10);
    cyg_writer_u16(&w, error == ICMP_TOO_BIG ? 0x0304 : 0x030d);
    cyg_writer_u16(&w, 0);
    cyg_writer_u16(&w, 0);
    cyg_writer_u16(&w, error == ICMP_TOO_BIG ? (uint16_t)mtu : 0);
    cyg_writer_bytes(&w, quote);
    checksum_put(checksum_add(0, out + 20, cyg_writer_offset(&w) - 20), out + 22);
    return cyg_writer_ok(&w) ? cyg_writer_offset(&w) : 0;
}

static size_t error_ipv6(enum icmp_error error, struct cyg_span packet, size_t mtu, uint8_t *out)
{
    struct cyg_span quote = cyg_span_first(packet, QUOTE_IPV6);
    struct cyg_writer w = cyg_writer_of(out, ICMP_ERROR_MAX);
    cyg_writer_u32(&w, 6u << 28);
    cyg_writer_u16(&w, (uint16_t)(8 + quote.len));
    cyg_writer_u16(&w, PROTO_ICMPV6 << 8 | 64);
    cyg_writer_bytes(&w, (struct cyg_span){ packet.data + 24, 16 });
    cyg_writer_bytes(&w, (struct cyg_span){ packet.data + 8, 16 });
    cyg_writer_u16(&w, error == ICMP_TOO_BIG ? 0x0200 : 0x0101);
    cyg_writer_u16(&w, 0);
    cyg_writer_u32(&w, error == ICMP_TOO_BIG ? (uint32_t)mtu : 0);
    cyg_writer_bytes(&w, quote);
    size_t len = cyg_writer_offset(&w) - 40;
    uint64_t sum = checksum_pseudo(out + 8, 32, PROTO_ICMPV6, len);
    checksum_put(checksum_add(sum, out + 40, len), out + 42);
    return cyg_writer_ok(&w) ? cyg_writer_offset(&w) : 0;
}

size_t icmp_error(enum icmp_error error, const uint8_t *packet, const struct inner *p, size_t mtu,
                  uint8_t *out)
{
    if (!may_answer(packet, p)) {
        return 0;
    }
    struct cyg_span whole = { packet, p->len };
    return p->family == 4 ? error_ipv4(error, whole, mtu, out) : error_ipv6(error, whole, mtu, out);
}
