/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses, prefixes and endpoints: comparing, parsing, formatting, from and to sockaddr. */
#include "text_internal.h"

#include <cygnet/address.h>

#include <arpa/inet.h>
#include <netinet/in.h>

size_t cyg_address_len(const struct cyg_address *a)
{
    return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

struct cyg_span cyg_address_span(const struct cyg_address *a)
{
    return (struct cyg_span){ a->bytes, cyg_address_len(a) };
}

enum cyg_code cyg_address_of(struct cyg_span bytes, uint16_t port, struct cyg_address *ret)
{
    if (bytes.len != 4 && bytes.len != 16) {
        return CYG_MALFORMED;
    }
    struct cyg_address a = { .family = bytes.len == 4 ? 4 : 6, .port = port };
    memcpy(a.bytes, bytes.data, bytes.len);
    *ret = a;
    return CYG_OK;
}

bool cyg_address_equal(const struct cyg_address *a, const struct cyg_address *b)
{
    return cyg_address_compare(a, b) == 0;
}

bool cyg_endpoint_equal(const struct cyg_address *a, const struct cyg_address *b)
{
    return a->port == b->port && cyg_address_equal(a, b);
}

int cyg_address_compare(const struct cyg_address *a, const struct cyg_address *b)
{
    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }
    return memcmp(a->bytes, b->bytes, cyg_address_len(a));
}

bool cyg_address_is_any(const struct cyg_address *a)
{
    static const uint8_t zero[16];
    return memcmp(a->bytes, zero, cyg_address_len(a)) == 0;
}

bool cyg_address_is_multicast(const struct cyg_address *a)
{
    if (a->family == 4) { /* 224.0.0.0/4, 255.255.255.255 */
        return a->bytes[0] >> 4 == 0xe || memcmp(a->bytes, "\xff\xff\xff\xff", 4) == 0;
    }
    return a->family == 6 && a->bytes[0] == 0xff;
}

bool cyg_address_is_loopback(const struct cyg_address *a)
{
    static const uint8_t one[16] = { [15] = 1 };
    return (a->family == 4 && a->bytes[0] == 127)
           || (a->family == 6 && memcmp(a->bytes, one, sizeof one) == 0);
}

bool cyg_prefix_contains(const struct cyg_prefix *p, const struct cyg_address *a)
{
    if (p->address.family == 0) {
        return true;
    }
    if (p->address.family != a->family || p->bits > 8 * cyg_address_len(a)) {
        return false;
    }
    size_t whole = p->bits / 8u;
    unsigned rest = p->bits % 8u;
    return memcmp(p->address.bytes, a->bytes, whole) == 0
           && (rest == 0
               || ((p->address.bytes[whole] ^ a->bytes[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

static bool is_text(struct cyg_span text, const char *word)
{
    return cyg_span_equal(text, cyg_span_str(word));
}

/* The address alone, no port. inet_pton wants a NUL and refuses what is no address (octal, short
 * forms). */
static bool parse_plain(struct cyg_span text, struct cyg_address *ret)
{
    char copy[INET6_ADDRSTRLEN];
    struct cyg_address a = { 0 };
    if (is_text(text, "%any")) {
        *ret = a;
        return true;
    }
    if (is_text(text, "%any4") || is_text(text, "%any6")) {
        a.family = text.data[4] == '4' ? 4 : 6;
        *ret = a;
        return true;
    }
    if (text.len >= sizeof copy || memchr(text.data, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, a.bytes) == 1) {
        a.family = 4;
    } else if (inet_pton(AF_INET6, copy, a.bytes) == 1) {
        a.family = 6;
    } else {
        return false;
    }
    *ret = a;
    return true;
}

static bool parse_endpoint(struct cyg_span text, struct cyg_address *ret)
{
    struct cyg_span host, port;
    if (text.data[0] == '[') {
        const uint8_t *end = memchr(text.data, ']', text.len);
        if (end == NULL) {
            return false;
        }
        size_t n = (size_t)(end - text.data);
        host = cyg_span_after(cyg_span_first(text, n), 1);
        port = cyg_span_after(text, n + 1);
    } else {
        const uint8_t *colon = memchr(text.data, ':', text.len);
        size_t n = colon != NULL ? (size_t)(colon - text.data) : text.len;
        host = cyg_span_first(text, n);
        port = cyg_span_after(text, n);
    }
    unsigned number = 0;
    if (host.len == 0 || !parse_plain(host, ret)) {
        return false;
    }
    if (port.len > 0
        && (port.data[0] != ':' || !text_number(cyg_span_after(port, 1), UINT16_MAX, &number))) {
        return false;
    }
    ret->port = (uint16_t)number;
    return true;
}

enum cyg_code cyg_address_parse(struct cyg_span text, bool with_port, struct cyg_address *ret,
                                struct cyg_error *err)
{
    struct cyg_address a;
    if (text.len > 0 && (parse_plain(text, &a) || (with_port && parse_endpoint(text, &a)))) {
        *ret = a;
        return CYG_OK;
    }
    return CYG_FAIL(err, with_port ? CYG_R_ENDPOINT_TEXT : CYG_R_ADDRESS_TEXT,
                    .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
}

static void clear_host_bits(struct cyg_prefix *p)
{
    for (unsigned bit = p->bits; bit < 8 * cyg_address_len(&p->address); bit++) {
        p->address.bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
    }
}

enum cyg_code cyg_prefix_parse(struct cyg_span text, struct cyg_prefix *ret, struct cyg_error *err)
{
    const uint8_t *slash = text.len > 0 ? memchr(text.data, '/', text.len) : NULL;
    size_t n = slash != NULL ? (size_t)(slash - text.data) : text.len;
    struct cyg_prefix p;
    if (n == 0 || !parse_plain(cyg_span_first(text, n), &p.address)) {
        return CYG_FAIL(err, CYG_R_PREFIX_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
    }
    unsigned max = (unsigned)(8 * cyg_address_len(&p.address));
    unsigned bits = text.data[0] == '%' ? 0 : max; /* %any4: every IPv4 address */
    if (slash != NULL
        && (text.data[0] == '%' || !text_number(cyg_span_after(text, n + 1), max, &bits))) {
        return CYG_FAIL(err, CYG_R_PREFIX_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
    }
    p.bits = (uint8_t)bits;
    clear_host_bits(&p);
    *ret = p;
    return CYG_OK;
}

const char *cyg_address_format(const struct cyg_address *a, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    char text[INET6_ADDRSTRLEN];
    if (a->family == 0) {
        text_add(&t, "%%any");
    } else if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, text, sizeof text)
               != NULL) {
        text_add(&t, "%s", text);
    }
    return buffer;
}

const char *cyg_endpoint_format(const struct cyg_address *a, char *buffer, size_t size)
{
    char text[CYG_ADDRESS_TEXT];
    struct text t = text_of(buffer, size);
    text_add(&t, "%s[%u]", cyg_address_format(a, text, sizeof text), a->port);
    return buffer;
}

enum cyg_code cyg_address_from_sockaddr(const struct sockaddr *sa, struct cyg_address *ret)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        return cyg_address_of((struct cyg_span){ (const uint8_t *)&in.sin_addr, 4 },
                              ntohs(in.sin_port), ret);
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, sa, sizeof in);
        struct cyg_span bytes = { in.sin6_addr.s6_addr, 16 };
        if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) { /* one socket for both families */
            bytes = cyg_span_after(bytes, 12);
        }
        return cyg_address_of(bytes, ntohs(in.sin6_port), ret);
    }
    return CYG_UNSUPPORTED;
}

socklen_t cyg_address_to_sockaddr(const struct cyg_address *a, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (a->family == 6) {
        struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
        memcpy(&in.sin6_addr, a->bytes, 16);
        memcpy(ret, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(a->port) };
    memcpy(&in.sin_addr, a->bytes, 4);
    memcpy(ret, &in, sizeof in);
    return sizeof in;
}
