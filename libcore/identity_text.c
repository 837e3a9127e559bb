/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities as swanctl.conf writes them, both directions. */
#include "text_internal.h"

#include <cygnet/selector.h>

#include <strings.h>

static enum cyg_code wrong(struct cyg_span text, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_IDENTITY_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
}

/* The bytes of a type, with the checks of the wire; their failure is the text's. */
static enum cyg_code make(uint8_t type, struct cyg_span data, struct cyg_span text,
                          struct cyg_identity *ret, struct cyg_error *err)
{
    return cyg_identity_of(type, data, ret, NULL) == CYG_OK ? CYG_OK : wrong(text, err);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum cyg_code make_of_hex(uint8_t type, struct cyg_span hex, struct cyg_span text,
                                 struct cyg_identity *ret, struct cyg_error *err)
{
    uint8_t data[CYG_IDENTITY_MAX];
    size_t n = 0;
    if (hex.len % 2 != 0 || hex.len / 2 > sizeof data) {
        return wrong(text, err);
    }
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = hex_digit(hex.data[i]), low = hex_digit(hex.data[i + 1]);
        if (high < 0 || low < 0) {
            return wrong(text, err);
        }
        data[n++] = (uint8_t)(high << 4 | low);
    }
    return make(type, (struct cyg_span){ data, n }, text, ret, err);
}

static const struct {
    const char *prefix;
    uint8_t type;
} prefixes[] = {
    { "ipv4:", CYG_ID_IPV4_ADDR },     { "ipv6:", CYG_ID_IPV6_ADDR },
    { "fqdn:", CYG_ID_FQDN },          { "dns:", CYG_ID_FQDN },
    { "userfqdn:", CYG_ID_USER_FQDN }, { "email:", CYG_ID_USER_FQDN },
    { "rfc822:", CYG_ID_USER_FQDN },   { "keyid:", CYG_ID_KEY_ID },
    { "asn1dn:", CYG_ID_DER_ASN1_DN }, { "asn1gn:", CYG_ID_DER_ASN1_GN },
};

/* "type:value", and "type:#hex" for every type. */
static enum cyg_code parse_typed(uint8_t type, struct cyg_span value, struct cyg_span text,
                                 struct cyg_identity *ret, struct cyg_error *err)
{
    struct cyg_address a;
    if (value.len > 0 && value.data[0] == '#') {
        return make_of_hex(type, cyg_span_after(value, 1), text, ret, err);
    }
    switch (type) {
    case CYG_ID_IPV4_ADDR:
    case CYG_ID_IPV6_ADDR:
        if (cyg_address_parse(value, false, &a, NULL) != CYG_OK) {
            return wrong(text, err);
        }
        return make(type, cyg_address_span(&a), text, ret, err);
    case CYG_ID_DER_ASN1_DN:
    case CYG_ID_DER_ASN1_GN:
        return CYG_FAIL(err, CYG_R_IDENTITY_DN_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
    default:
        return make(type, value, text, ret, err);
    }
}

/* "10.0.0.0/8" and "10.0.0.1-10.0.0.9": owners of pre-shared keys. */
static bool parse_network(struct cyg_span text, struct cyg_identity *ret)
{
    struct cyg_selector s;
    if (text.data[0] == '[' || cyg_selector_parse(text, &s, NULL) != CYG_OK || s.dynamic
        || memchr(text.data, '[', text.len) != NULL) {
        return false;
    }
    uint8_t data[32];
    size_t len;
    struct cyg_identity id = { 0 };
    cyg_selector_to_id(&s, &id.type, data, &len);
    return cyg_identity_of(id.type, (struct cyg_span){ data, len }, ret, NULL) == CYG_OK;
}

static bool is_any_word(struct cyg_span text)
{
    static const char *const words[] = { "%any", "%any4", "%any6", "*", "0.0.0.0", "::" };
    for (size_t i = 0; i < CYG_LEN(words); i++) {
        if (cyg_span_equal(text, cyg_span_str(words[i]))) {
            return true;
        }
    }
    return false;
}

static enum cyg_code parse_at(struct cyg_span text, struct cyg_identity *ret, struct cyg_error *err)
{
    struct cyg_span rest = cyg_span_after(text, 1);
    if (rest.len > 0 && rest.data[0] == '#') {
        return make_of_hex(CYG_ID_KEY_ID, cyg_span_after(rest, 1), text, ret, err);
    }
    if (rest.len > 0 && rest.data[0] == '@') {
        return make(CYG_ID_USER_FQDN, cyg_span_after(rest, 1), text, ret, err);
    }
    return make(CYG_ID_FQDN, rest, text, ret, err);
}

enum cyg_code cyg_identity_parse(struct cyg_span text, struct cyg_identity *ret,
                                 struct cyg_error *err)
{
    if (text.len == 0) {
        return wrong(text, err);
    }
    if (is_any_word(text)) {
        *ret = (struct cyg_identity){ .type = CYG_ID_ANY };
        return CYG_OK;
    }
    if (text.data[0] == '@') {
        return parse_at(text, ret, err);
    }
    for (size_t i = 0; i < CYG_LEN(prefixes); i++) {
        size_t n = strlen(prefixes[i].prefix);
        if (text.len >= n && strncasecmp((const char *)text.data, prefixes[i].prefix, n) == 0) {
            return parse_typed(prefixes[i].type, cyg_span_after(text, n), text, ret, err);
        }
    }
    if (memchr(text.data, '=', text.len) != NULL) {
        return CYG_FAIL(err, CYG_R_IDENTITY_DN_TEXT, .got_quote = cyg_quote(CYG_QUOTE_TEXT, text));
    }
    struct cyg_identity network;
    if (parse_network(text, &network)) {
        *ret = network;
        return CYG_OK;
    }
    bool user = memchr(text.data, '@', text.len) != NULL;
    return make(user ? CYG_ID_USER_FQDN : CYG_ID_FQDN, text, text, ret, err);
}

static bool all_plain(const struct cyg_identity *id)
{
    for (size_t i = 0; i < id->len; i++) {
        if (id->data[i] <= 0x20 || id->data[i] >= 0x7f || strchr("\"'\\", id->data[i]) != NULL) {
            return false;
        }
    }
    return id->len > 0;
}

static void add_name(struct text *t, const struct cyg_identity *id, const char *prefix)
{
    struct cyg_span bytes = { id->data, id->len };
    struct cyg_identity again;
    char escaped[CYG_IDENTITY_TEXT];
    bool reads_back = id->data[0] != '#' && cyg_identity_parse(bytes, &again, NULL) == CYG_OK
                      && cyg_identity_equal(&again, id);
    text_add(t, "%s%s", reads_back ? "" : prefix, cyg_escape(bytes, escaped, sizeof escaped));
}

static void add_hex(struct text *t, const struct cyg_identity *id, const char *prefix)
{
    text_add(t, "%s", prefix);
    for (size_t i = 0; i < id->len; i++) {
        text_add(t, "%02x", id->data[i]);
    }
}

static void add_addresses(struct text *t, const struct cyg_identity *id)
{
    struct cyg_selector s;
    char text[CYG_SELECTOR_TEXT];
    struct cyg_span data = { id->data, id->len };
    struct cyg_address a;
    if (cyg_address_of(data, 0, &a) == CYG_OK
        && (id->type == CYG_ID_IPV4_ADDR || id->type == CYG_ID_IPV6_ADDR)) {
        text_add(t, "%s", cyg_address_format(&a, text, sizeof text));
    } else if (cyg_selector_of(id->type, 0, 0, data, &s, NULL) == CYG_OK) {
        text_add(t, "%s", cyg_selector_format(&s, text, sizeof text));
    } else {
        add_hex(t, id, "#");
    }
}

const char *cyg_identity_format(const struct cyg_identity *id, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    switch ((enum cyg_id_type)id->type) {
    case CYG_ID_ANY:
        text_add(&t, "%%any");
        break;
    case CYG_ID_FQDN:
        add_name(&t, id, "fqdn:");
        break;
    case CYG_ID_USER_FQDN:
        add_name(&t, id, "userfqdn:");
        break;
    case CYG_ID_KEY_ID: /* a Cisco group name is text, others are anything */
        if (all_plain(id) && id->data[0] != '#') {
            text_add(&t, "keyid:%.*s", (int)id->len, (const char *)id->data);
        } else {
            add_hex(&t, id, "@#");
        }
        break;
    case CYG_ID_IPV4_ADDR:
    case CYG_ID_IPV6_ADDR:
    case CYG_ID_IPV4_ADDR_SUBNET:
    case CYG_ID_IPV6_ADDR_SUBNET:
    case CYG_ID_IPV4_ADDR_RANGE:
    case CYG_ID_IPV6_ADDR_RANGE:
        add_addresses(&t, id);
        break;
    case CYG_ID_DER_ASN1_DN:
        add_hex(&t, id, "asn1dn:#");
        break;
    case CYG_ID_DER_ASN1_GN:
        add_hex(&t, id, "asn1gn:#");
        break;
    }
    return buffer;
}
