/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traffic selectors: one address range with protocol and port, as quick mode's identities carry
 * them (RFC 2407 4.6.2) and swanctl.conf's local_ts, remote_ts write them. Compared as sets: a /32
 * subnet is a host, an aligned range a subnet. Ports in host order. Thread: values, any. */
#pragma once

#include <cygnet/identity.h>

struct cyg_selector {
    uint8_t dynamic;             /* 1: %dynamic, replaced by the IKE address of that side */
    uint8_t protocol;            /* IP protocol, 0: any */
    uint16_t port;               /* 0: any; IKEv1 knows no port ranges */
    struct cyg_address from, to; /* inclusive, same family, port unused */
};

/* A flow: what one SA pair protects. */
struct cyg_flow {
    struct cyg_selector local, remote;
};

#define CYG_SELECTOR_TEXT 128u

/* Parse "10.0.0.0/8", "10.0.0.1", "10.0.0.1-10.0.0.9", "fd00::/8", "dynamic", each with an optional
 * "[tcp/80]", "[udp]", "[17/1701]", "[/port]". */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_selector_parse(struct cyg_span text,
                                                         struct cyg_selector *ret,
                                                         struct cyg_error *err);
/* As swanctl lists it: "10.0.0.0/8", "10.0.0.1/32[udp/1701]", ranges "10.0.0.1..10.0.0.9". */
CYG_PUBLIC const char *cyg_selector_format(const struct cyg_selector *s, char *buffer, size_t size);

/* Of wire identification: host, subnet, range, protocol and port. CYG_MALFORMED for any other type,
 * a wrong length, holes in a mask, start behind end (H-023, H-024). */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_selector_of(uint8_t id_type, uint8_t protocol,
                                                      uint16_t port, struct cyg_span data,
                                                      struct cyg_selector *ret,
                                                      struct cyg_error *err);
/* To wire: the narrowest type (host, subnet, else range). data gets at most 32 bytes. */
CYG_PUBLIC void cyg_selector_to_id(const struct cyg_selector *s, uint8_t *ret_type,
                                   uint8_t data[32], size_t *ret_len);

CYG_PUBLIC void cyg_selector_of_address(const struct cyg_address *a, struct cyg_selector *ret);
CYG_PUBLIC bool cyg_selector_equal(const struct cyg_selector *a, const struct cyg_selector *b);
CYG_PUBLIC bool cyg_selector_contains(const struct cyg_selector *outer,
                                      const struct cyg_selector *inner);
CYG_PUBLIC bool cyg_selector_overlaps(const struct cyg_selector *a, const struct cyg_selector *b);
CYG_PUBLIC bool cyg_selector_has(const struct cyg_selector *s, const struct cyg_address *a,
                                 uint8_t protocol, uint16_t port);
/* Prefix length when the range is an aligned prefix, else -1. */
CYG_PUBLIC int cyg_selector_prefix_bits(const struct cyg_selector *s);
