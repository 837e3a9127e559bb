/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traffic selectors: from and to the wire, as text, and compared as sets. */
#include "text_internal.h"

#include <cygnet/selector.h>

#include <strings.h>

static const struct {
    const char *name;
    uint8_t number;
} protocols[] = {
    { "icmp", 1 },  { "igmp", 2 },   { "ipip", 4 },   { "tcp", 6 },     { "udp", 17 },
    { "gre", 47 },  { "esp", 50 },   { "ah", 51 },    { "icmpv6", 58 }, { "ipv6-icmp", 58 },
    { "ospf", 89 }, { "l2tp", 115 }, { "sctp", 132 },
};

/* The first and the last address of the prefix. */
static void set_prefix(struct cyg_selector *s, const struct cyg_prefix *p)
{
    s->from = s->to = p->address;
    for (unsigned bit = p->bits; bit < 8 * cyg_address_len(&p->address); bit++) {
        s->to.bytes[bit / 8] |= (uint8_t)(0x80u >> (bit % 8));
    }
}

static enum cyg_code range_backwards(const struct cyg_selector *s, struct cyg_error *err)
{
    return CYG_FAIL(
        err, CYG_R_SELECTOR_ORDER,
        .got_quote = cyg_quote(CYG_QUOTE_ADDRESS,
                               (struct cyg_span){ (const uint8_t *)&s->from, sizeof s->from }),
        .want_quote = cyg_quote(CYG_QUOTE_ADDRESS,
                                (struct cyg_span){ (const uint8_t *)&s->to, sizeof s->to }));
}

static bool is_word(struct cyg_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

static bool parse_protocol(struct cyg_span text, uint8_t *ret)
{
    unsigned number = 0;
    if (text.len == 0 || is_word(text, "any") || is_word(text, "%any")) {
        *ret = 0;
        return true;
    }
    for (size_t i = 0; i < CYG_LEN(protocols); i++) {
        if (is_word(text, protocols[i].name)) {
            *ret = protocols[i].number;
            return true;
        }
    }
    bool ok = text_number(text, UINT8_MAX, &number);
    *ret = (uint8_t)number;
    return ok;
}

/* "[tcp/80]" without its brackets. */
static bool parse_ports(struct cyg_span text, struct cyg_selector *s)
{
    const uint8_t *slash = text.len > 0 ? memchr(text.data, '/', text.len) : NULL;
    size_t n = slash != NULL ? (size_t)(slash - text.data) : text.len;
    unsigned port = 0;
    if (text.len == 0 || !parse_protocol(cyg_span_first(text, n), &s->protocol)) {
        return false;
    }
    if (slash != NULL) {
        struct cyg_span word = cyg_span_after(text, n + 1);
        if (!is_word(word, "any") && !is_word(word, "%any")
            && !text_number(word, UINT16_MAX, &port)) {
            return false;
        }
    }
    s->port = (uint16_t)port;
    return true;
}

/* "a-b", and "a..b" as cyg_selector_format writes it. */
static bool split_range(struct cyg_span text, struct cyg_span *ret_from, struct cyg_span *ret_to)
{
    for (size_t i = 1; i + 1 < text.len; i++) {
        size_t n = text.data[i] == '-' ? 1 : text.data[i] == '.' && text.data[i + 1] == '.' ? 2 : 0;
        if (n > 0) {
            *ret_from = cyg_span_first(text, i);
            *ret_to = cyg_span_after(text, i + n);
            return true;
        }
    }
    return false;
}

static enum cyg_code parse_addresses(struct cyg_span text, struct cyg_selector *s,
                                     struct cyg_error *err)
{
    struct cyg_span from, to;
    struct cyg_prefix prefix;
    if (is_word(text, "dynamic") || is_word(text, "%dynamic")) {
        s->dynamic = 1;
        return CYG_OK;
    }
    if (split_range(text, &from, &to)) {
        if (cyg_address_parse(from, false, &s->from, NULL) != CYG_OK
            || cyg_address_parse(to, false, &s->to, NULL) != CYG_OK || s->from.family == 0
            || s->from.family != s->to.family) {
            return CYG_FAIL(err, CYG_R_SELECTOR_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
        }
        return cyg_address_compare(&s->from, &s->to) <= 0 ? CYG_OK : range_backwards(s, err);
    }
    if (cyg_prefix_parse(text, &prefix, NULL) != CYG_OK || prefix.address.family == 0) {
        return CYG_FAIL(err, CYG_R_SELECTOR_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
    }
    set_prefix(s, &prefix);
    return CYG_OK;
}

enum cyg_code cyg_selector_parse(struct cyg_span text, struct cyg_selector *ret,
                                 struct cyg_error *err)
{
    struct cyg_selector s = { 0 };
    const uint8_t *bracket = text.len > 0 ? memchr(text.data, '[', text.len) : NULL;
    struct cyg_span addresses = text;
    if (bracket != NULL) {
        size_t n = (size_t)(bracket - text.data);
        struct cyg_span inside = cyg_span_after(text, n + 1);
        addresses = cyg_span_first(text, n);
        if (inside.len == 0 || inside.data[inside.len - 1] != ']'
            || !parse_ports(cyg_span_first(inside, inside.len - 1), &s)) {
            return CYG_FAIL(err, CYG_R_SELECTOR_PROTOCOL_TEXT,
                            .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
        }
    }
    enum cyg_code code = parse_addresses(addresses, &s, err);
    if (code == CYG_OK) {
        *ret = s;
    }
    return code;
}

const char *cyg_selector_format(const struct cyg_selector *s, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    char text[CYG_ADDRESS_TEXT];
    if (s->dynamic) {
        text_add(&t, "dynamic");
    } else {
        int bits = cyg_selector_prefix_bits(s);
        text_add(&t, "%s", cyg_address_format(&s->from, text, sizeof text));
        if (bits >= 0) {
            text_add(&t, "/%d", bits);
        } else {
            text_add(&t, "..%s", cyg_address_format(&s->to, text, sizeof text));
        }
    }
    if (s->protocol == 0 && s->port == 0) {
        return buffer;
    }
    const char *name = NULL;
    for (size_t i = 0; i < CYG_LEN(protocols) && name == NULL; i++) {
        name = protocols[i].number == s->protocol ? protocols[i].name : NULL;
    }
    text_add(&t, "[");
    if (name != NULL) {
        text_add(&t, "%s", name);
    } else if (s->protocol != 0) {
        text_add(&t, "%u", s->protocol);
    }
    if (s->port != 0) {
        text_add(&t, "/%u", s->port);
    }
    text_add(&t, "]");
    return buffer;
}

/* Leading one bits of a mask; -1 when a zero comes before a one (H-024). */
static int mask_bits(struct cyg_span mask)
{
    int bits = 0;
    bool ended = false;
    for (size_t i = 0; i < 8 * mask.len; i++) {
        bool one = (mask.data[i / 8] & (0x80u >> (i % 8))) != 0;
        if (one && ended) {
            return -1;
        }
        ended = ended || !one;
        bits += one;
    }
    return bits;
}

static enum cyg_code of_subnet(struct cyg_span data, struct cyg_selector *s, struct cyg_error *err)
{
    size_t half = data.len / 2;
    struct cyg_prefix p;
    int bits = mask_bits(cyg_span_after(data, half));
    if (bits < 0) {
        return CYG_FAIL(err, CYG_R_SELECTOR_MASK, .payload = 5);
    }
    enum cyg_code code = cyg_address_of(cyg_span_first(data, half), 0, &p.address);
    p.bits = (uint8_t)bits;
    for (size_t i = 0; i < half; i++) { /* host bits are no offence */
        p.address.bytes[i] &= data.data[half + i];
    }
    set_prefix(s, &p);
    return code;
}

static enum cyg_code of_range(struct cyg_span data, struct cyg_selector *s, struct cyg_error *err)
{
    size_t half = data.len / 2;
    enum cyg_code code = cyg_address_of(cyg_span_first(data, half), 0, &s->from);
    if (code == CYG_OK) {
        code = cyg_address_of(cyg_span_after(data, half), 0, &s->to);
    }
    if (code == CYG_OK && cyg_address_compare(&s->from, &s->to) > 0) {
        code = range_backwards(s, err);
    }
    return code;
}

enum cyg_code cyg_selector_of(uint8_t id_type, uint8_t protocol, uint16_t port,
                              struct cyg_span data, struct cyg_selector *ret, struct cyg_error *err)
{
    static const uint8_t lengths[] = {
        [CYG_ID_IPV4_ADDR] = 4,       [CYG_ID_IPV4_ADDR_SUBNET] = 8,
        [CYG_ID_IPV6_ADDR] = 16,      [CYG_ID_IPV6_ADDR_SUBNET] = 32,
        [CYG_ID_IPV4_ADDR_RANGE] = 8, [CYG_ID_IPV6_ADDR_RANGE] = 32,
    };
    struct cyg_selector s = { .protocol = protocol, .port = port };
    enum cyg_code code;
    if (id_type >= CYG_LEN(lengths) || lengths[id_type] == 0) { /* H-023 */
        return CYG_FAIL(err, CYG_R_SELECTOR_TYPE, .payload = 5, .got = id_type);
    }
    if (data.len != lengths[id_type]) { /* H-024 */
        return CYG_FAIL(err, CYG_R_SELECTOR_LENGTH, .payload = 5, .got = data.len,
                        .want = lengths[id_type]);
    }
    switch (id_type) {
    case CYG_ID_IPV4_ADDR:
    case CYG_ID_IPV6_ADDR:
        code = cyg_address_of(data, 0, &s.from);
        s.to = s.from;
        break;
    case CYG_ID_IPV4_ADDR_SUBNET:
    case CYG_ID_IPV6_ADDR_SUBNET:
        code = of_subnet(data, &s, err);
        break;
    default:
        code = of_range(data, &s, err);
        break;
    }
    if (code == CYG_OK) {
        *ret = s;
    }
    return code;
}

void cyg_selector_to_id(const struct cyg_selector *s, uint8_t *ret_type, uint8_t data[32],
                        size_t *ret_len)
{
    struct cyg_span from = cyg_address_span(&s->from), to = cyg_address_span(&s->to);
    int bits = cyg_selector_prefix_bits(s);
    bool v4 = s->from.family == 4;
    if (from.len == 0 || from.len != to.len) {
        cyg_bug(__FILE__, __LINE__, "a selector without addresses for the wire");
    }
    memcpy(data, from.data, from.len);
    if (bits == (int)(8 * from.len)) {
        *ret_type = v4 ? CYG_ID_IPV4_ADDR : CYG_ID_IPV6_ADDR;
        *ret_len = from.len;
        return;
    }
    *ret_len = 2 * from.len;
    if (bits < 0) {
        *ret_type = v4 ? CYG_ID_IPV4_ADDR_RANGE : CYG_ID_IPV6_ADDR_RANGE;
        memcpy(data + from.len, to.data, to.len);
        return;
    }
    *ret_type = v4 ? CYG_ID_IPV4_ADDR_SUBNET : CYG_ID_IPV6_ADDR_SUBNET;
    memset(data + from.len, 0, from.len);
    for (int bit = 0; bit < bits; bit++) {
        data[from.len + (size_t)bit / 8] |= (uint8_t)(0x80u >> (bit % 8));
    }
}

void cyg_selector_of_address(const struct cyg_address *a, struct cyg_selector *ret)
{
    *ret = (struct cyg_selector){ .from = *a, .to = *a };
    ret->from.port = ret->to.port = 0;
}

bool cyg_selector_equal(const struct cyg_selector *a, const struct cyg_selector *b)
{
    return a->dynamic == b->dynamic && a->protocol == b->protocol && a->port == b->port
           && (a->dynamic
               || (cyg_address_equal(&a->from, &b->from) && cyg_address_equal(&a->to, &b->to)));
}

/* Whether both are ranges of one family. */
static bool comparable(const struct cyg_selector *a, const struct cyg_selector *b)
{
    return !a->dynamic && !b->dynamic && a->from.family != 0 && a->from.family == b->from.family;
}

bool cyg_selector_contains(const struct cyg_selector *outer, const struct cyg_selector *inner)
{
    return comparable(outer, inner) && cyg_address_compare(&outer->from, &inner->from) <= 0
           && cyg_address_compare(&outer->to, &inner->to) >= 0
           && (outer->protocol == 0 || outer->protocol == inner->protocol)
           && (outer->port == 0 || outer->port == inner->port);
}

bool cyg_selector_overlaps(const struct cyg_selector *a, const struct cyg_selector *b)
{
    return comparable(a, b) && cyg_address_compare(&a->from, &b->to) <= 0
           && cyg_address_compare(&b->from, &a->to) <= 0
           && (a->protocol == 0 || b->protocol == 0 || a->protocol == b->protocol)
           && (a->port == 0 || b->port == 0 || a->port == b->port);
}

bool cyg_selector_has(const struct cyg_selector *s, const struct cyg_address *a, uint8_t protocol,
                      uint16_t port)
{
    return !s->dynamic && s->from.family == a->family && cyg_address_compare(&s->from, a) <= 0
           && cyg_address_compare(&s->to, a) >= 0 && (s->protocol == 0 || s->protocol == protocol)
           && (s->port == 0 || s->port == port);
}

int cyg_selector_prefix_bits(const struct cyg_selector *s)
{
    size_t n = cyg_address_len(&s->from);
    int bits = 0;
    bool ended = false;
    if (n == 0) {
        return -1;
    }
    for (size_t i = 0; i < 8 * n; i++) {
        unsigned mask = 0x80u >> (i % 8);
        bool from = (s->from.bytes[i / 8] & mask) != 0, to = (s->to.bytes[i / 8] & mask) != 0;
        if (from != to || ended) { /* behind the prefix: zeros in one, ones in the other */
            ended = true;
            if (from || !to) {
                return -1;
            }
        } else {
            bits++;
        }
    }
    return bits;
}
