/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities of phase 1 (RFC 2407 4.6.2): parse from and format to swanctl.conf's text, matching
 * form, patterns. Owner: a struct holds its bytes. Thread: values, any. */
#pragma once

#include <cygnet/address.h>

/* Identification types, RFC 2407 4.6.2.1; CYG_ID_ANY is ours, never on the wire. */
enum cyg_id_type {
    CYG_ID_ANY = 0, /* %any: matches every identity */
    CYG_ID_IPV4_ADDR = 1,
    CYG_ID_FQDN = 2,
    CYG_ID_USER_FQDN = 3,
    CYG_ID_IPV4_ADDR_SUBNET = 4,
    CYG_ID_IPV6_ADDR = 5,
    CYG_ID_IPV6_ADDR_SUBNET = 6,
    CYG_ID_IPV4_ADDR_RANGE = 7,
    CYG_ID_IPV6_ADDR_RANGE = 8,
    CYG_ID_DER_ASN1_DN = 9,
    CYG_ID_DER_ASN1_GN = 10,
    CYG_ID_KEY_ID = 11,
};

#define CYG_IDENTITY_MAX  512u /* bytes of identification data that we take or send */
#define CYG_IDENTITY_TEXT 256u

struct cyg_identity {
    uint8_t type; /* enum cyg_id_type */
    uint16_t len;
    uint8_t data[CYG_IDENTITY_MAX];
};

/* Parse swanctl.conf's forms: address, "fqdn" or "@fqdn", "user@fqdn" or "@@user@fqdn", "@#hex" key
 * id, "%any", explicit "ipv4:", "fqdn:", "userfqdn:"/"email:"/"rfc822:", "keyid:", and DNs
 * ("C=CH, O=x, CN=y": CYG_UNSUPPORTED until certificates are built). */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_identity_parse(struct cyg_span text,
                                                         struct cyg_identity *ret,
                                                         struct cyg_error *err);

/* Check wire identification data for a phase 1 type (length of addresses, no NUL in names, H-112,
 * H-113) and copy. CYG_MALFORMED, *ret untouched, otherwise. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_identity_of(uint8_t type, struct cyg_span data,
                                                      struct cyg_identity *ret,
                                                      struct cyg_error *err);

CYG_PUBLIC void cyg_identity_of_address(const struct cyg_address *a, struct cyg_identity *ret);
/* Whether it is a private address (RFC 1918, 4193), other than the outer one: so does a peer call
 * itself that stands behind a NAT and has no better name. */
CYG_PUBLIC bool cyg_identity_is_private(const struct cyg_identity *id,
                                        const struct cyg_address *outer);

/* Format for people and VICI: the text that parses to it, foreign bytes escaped. */
CYG_PUBLIC const char *cyg_identity_format(const struct cyg_identity *id, char *buffer,
                                           size_t size);

/* The matching form used as a database key: type class byte, then lower-cased name, address bytes,
 * key id bytes or DER. Returns its length, at most CYG_IDENTITY_MAX + 1 bytes written. */
CYG_PUBLIC size_t cyg_identity_match_form(const struct cyg_identity *id,
                                          uint8_t ret[CYG_IDENTITY_MAX + 1]);

/* Same type and value; names compared case-insensitively in ASCII (H-113). */
CYG_PUBLIC bool cyg_identity_equal(const struct cyg_identity *a, const struct cyg_identity *b);

/* Whether a configured identity or pattern ("%any", "*.example.org", "*@example.org") matches one
 * that a peer presented. The peer's own "*" is no wildcard. Higher is more specific; 0: no match.
 */
CYG_PUBLIC unsigned cyg_identity_match(const struct cyg_identity *pattern,
                                       const struct cyg_identity *presented);

/* Whether a configured identity is a pattern and so cannot be sent as our own. */
CYG_PUBLIC bool cyg_identity_is_pattern(const struct cyg_identity *id);
