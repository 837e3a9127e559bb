/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities of phase 1: their check as they come from the wire, comparing and matching. Text forms
 * are in identity_text.c. */
#include <cygnet/identity.h>

#include <string.h>

/* What the data of a type must be. */
enum form {
    FORM_NONE = 0, /* no such type */
    FORM_FIXED,    /* so many bytes */
    FORM_NAME,     /* text without NUL */
    FORM_BYTES,
    FORM_DER,
};

static const struct {
    enum form form;
    size_t len;
} forms[] = {
    [CYG_ID_IPV4_ADDR] = { FORM_FIXED, 4 },       [CYG_ID_FQDN] = { FORM_NAME, 0 },
    [CYG_ID_USER_FQDN] = { FORM_NAME, 0 },        [CYG_ID_IPV4_ADDR_SUBNET] = { FORM_FIXED, 8 },
    [CYG_ID_IPV6_ADDR] = { FORM_FIXED, 16 },      [CYG_ID_IPV6_ADDR_SUBNET] = { FORM_FIXED, 32 },
    [CYG_ID_IPV4_ADDR_RANGE] = { FORM_FIXED, 8 }, [CYG_ID_IPV6_ADDR_RANGE] = { FORM_FIXED, 32 },
    [CYG_ID_DER_ASN1_DN] = { FORM_DER, 0 },       [CYG_ID_DER_ASN1_GN] = { FORM_DER, 0 },
    [CYG_ID_KEY_ID] = { FORM_BYTES, 0 },
};

/* One DER value that fills the data exactly, with a definite length (H-114). What is inside is for
 * the X.509 library. */
static bool is_der(struct cyg_span data)
{
    struct cyg_reader r = cyg_reader_of(data);
    cyg_reader_u8(&r);
    size_t len = cyg_reader_u8(&r);
    if (len == 0x81) {
        len = cyg_reader_u8(&r);
        if (len < 0x80) {
            return false; /* not the shortest form */
        }
    } else if (len == 0x82) {
        len = cyg_reader_u16(&r);
        if (len < 0x100) {
            return false;
        }
    } else if (len >= 0x80) {
        return false; /* indefinite, or more than an identity can hold */
    }
    return cyg_reader_ok(&r) && cyg_reader_left(&r) == len;
}

enum cyg_code cyg_identity_of(uint8_t type, struct cyg_span data, struct cyg_identity *ret,
                              struct cyg_error *err)
{
    if (type >= CYG_LEN(forms) || forms[type].form == FORM_NONE) {
        return CYG_FAIL(err, CYG_R_IDENTITY_TYPE, .payload = 5, .got = type);
    }
    if (data.len == 0) {
        return CYG_FAIL(err, CYG_R_IDENTITY_EMPTY, .payload = 5);
    }
    if (data.len > CYG_IDENTITY_MAX) {
        return CYG_FAIL(err, CYG_R_IDENTITY_LONG, .payload = 5, .got = data.len,
                        .want = CYG_IDENTITY_MAX);
    }
    switch (forms[type].form) {
    case FORM_FIXED:
        if (data.len != forms[type].len) {
            return CYG_FAIL(err, CYG_R_IDENTITY_LENGTH, .payload = 5, .got = data.len,
                            .want = forms[type].len);
        }
        break;
    case FORM_NAME:
        if (memchr(data.data, '\0', data.len) != NULL) {
            return CYG_FAIL(err, CYG_R_IDENTITY_NUL, .payload = 5);
        }
        break;
    case FORM_DER:
        if (!is_der(data)) {
            return CYG_FAIL(err, CYG_R_IDENTITY_DER, .payload = 5);
        }
        break;
    case FORM_BYTES:
    case FORM_NONE:
        break;
    }
    struct cyg_identity id = { .type = type, .len = (uint16_t)data.len };
    memcpy(id.data, data.data, data.len);
    *ret = id;
    return CYG_OK;
}

void cyg_identity_of_address(const struct cyg_address *a, struct cyg_identity *ret)
{
    struct cyg_span bytes = cyg_address_span(a);
    struct cyg_identity id = { .type = CYG_ID_ANY, .len = (uint16_t)bytes.len };
    if (bytes.len > 0) {
        id.type = bytes.len == 4 ? CYG_ID_IPV4_ADDR : CYG_ID_IPV6_ADDR;
        memcpy(id.data, bytes.data, bytes.len);
    }
    *ret = id;
}

bool cyg_identity_is_private(const struct cyg_identity *id, const struct cyg_address *outer)
{
    static const struct cyg_prefix ranges[] = {
        { { .family = 4, .bytes = { 10 } }, 8 },
        { { .family = 4, .bytes = { 172, 16 } }, 12 },
        { { .family = 4, .bytes = { 192, 168 } }, 16 },
        { { .family = 6, .bytes = { 0xfc } }, 7 },
    };
    struct cyg_address a;
    if ((id->type != CYG_ID_IPV4_ADDR && id->type != CYG_ID_IPV6_ADDR)
        || cyg_address_of((struct cyg_span){ id->data, id->len }, 0, &a) != CYG_OK
        || cyg_address_equal(&a, outer)) {
        return false;
    }
    for (size_t i = 0; i < CYG_LEN(ranges); i++) {
        if (cyg_prefix_contains(&ranges[i], &a)) {
            return true;
        }
    }
    return false;
}

/* ASCII only: other bytes are compared as they are (H-113), in every locale. */
static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool is_name(const struct cyg_identity *id)
{
    return id->type == CYG_ID_FQDN || id->type == CYG_ID_USER_FQDN;
}

size_t cyg_identity_match_form(const struct cyg_identity *id, uint8_t ret[CYG_IDENTITY_MAX + 1])
{
    ret[0] = id->type;
    for (size_t i = 0; i < id->len; i++) {
        ret[i + 1] = is_name(id) ? lower(id->data[i]) : id->data[i];
    }
    return id->len + 1u;
}

/* Whether the last n bytes of both are equal, names in any case. */
static bool tails_equal(const struct cyg_identity *a, const struct cyg_identity *b, size_t n)
{
    for (size_t i = 1; i <= n; i++) {
        uint8_t x = a->data[a->len - i], y = b->data[b->len - i];
        if (x != y && (!is_name(a) || lower(x) != lower(y))) {
            return false;
        }
    }
    return true;
}

bool cyg_identity_equal(const struct cyg_identity *a, const struct cyg_identity *b)
{
    return a->type == b->type && a->len == b->len && tails_equal(a, b, a->len);
}

static bool is_wildcard_name(const struct cyg_identity *id)
{
    return is_name(id) && id->len > 0 && id->data[0] == '*';
}

bool cyg_identity_is_pattern(const struct cyg_identity *id)
{
    switch ((enum cyg_id_type)id->type) {
    case CYG_ID_ANY:
    case CYG_ID_IPV4_ADDR_SUBNET:
    case CYG_ID_IPV6_ADDR_SUBNET:
    case CYG_ID_IPV4_ADDR_RANGE:
    case CYG_ID_IPV6_ADDR_RANGE:
        return true;
    case CYG_ID_FQDN:
    case CYG_ID_USER_FQDN:
        return is_wildcard_name(id);
    case CYG_ID_IPV4_ADDR:
    case CYG_ID_IPV6_ADDR:
    case CYG_ID_DER_ASN1_DN:
    case CYG_ID_DER_ASN1_GN:
    case CYG_ID_KEY_ID:
        break;
    }
    return false;
}

/* Bits of an address that a subnet or range fixes: how specific it is. 0: not inside. */
static unsigned match_addresses(const struct cyg_identity *pattern,
                                const struct cyg_identity *presented)
{
    size_t n = presented->len;
    bool subnet =
        pattern->type == CYG_ID_IPV4_ADDR_SUBNET || pattern->type == CYG_ID_IPV6_ADDR_SUBNET;
    if (pattern->len != 2 * n) {
        return 0;
    }
    const uint8_t *first = pattern->data, *second = pattern->data + n;
    if (!subnet) {
        return memcmp(presented->data, first, n) >= 0 && memcmp(presented->data, second, n) <= 0
                   ? 2
                   : 0;
    }
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        if (((presented->data[i] ^ first[i]) & second[i]) != 0) {
            return 0;
        }
        bits += (unsigned)__builtin_popcount(second[i]);
    }
    return 2 + bits;
}

unsigned cyg_identity_match(const struct cyg_identity *pattern,
                            const struct cyg_identity *presented)
{
    const unsigned exact = CYG_IDENTITY_MAX + 3; /* above every pattern */
    if (pattern->type == CYG_ID_ANY) {
        return 1;
    }
    if (is_wildcard_name(pattern)) {
        size_t tail = pattern->len - 1u;
        return pattern->type == presented->type && presented->len > tail
                       && tails_equal(pattern, presented, tail)
                   ? (unsigned)(2 + tail)
                   : 0;
    }
    if (cyg_identity_is_pattern(pattern)) {
        bool v4 =
            pattern->type == CYG_ID_IPV4_ADDR_SUBNET || pattern->type == CYG_ID_IPV4_ADDR_RANGE;
        return presented->type == (v4 ? CYG_ID_IPV4_ADDR : CYG_ID_IPV6_ADDR)
                   ? match_addresses(pattern, presented)
                   : 0;
    }
    return cyg_identity_equal(pattern, presented) ? exact : 0;
}
