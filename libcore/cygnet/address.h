/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP addresses with ports, prefixes, and paths. Values without padding that matters: compare with
 * the functions. Ports in host order. Thread: values, any. */
#pragma once

#include <cygnet/error.h>

#include <sys/socket.h>

struct cyg_address {
    uint8_t family;    /* 0: any (%any), 4, 6 */
    uint16_t port;     /* 0: any or none */
    uint8_t bytes[16]; /* IPv4 in the first four, the rest 0 */
};

/* The two ends of the datagrams of an SA: ours first. */
struct cyg_path {
    struct cyg_address local, remote;
};

struct cyg_prefix {
    struct cyg_address address; /* port unused */
    uint8_t bits;               /* 0..32 or 0..128 */
};

#define CYG_ADDRESS_TEXT 64u /* enough for "[IPv6%zone]:port" without zone, and for prefixes */

/* Number of address bytes: 0, 4 or 16. */
CYG_PUBLIC size_t cyg_address_len(const struct cyg_address *a);
/* Borrow the address bytes. */
CYG_PUBLIC struct cyg_span cyg_address_span(const struct cyg_address *a);
/* Make one of 4 or 16 bytes; CYG_MALFORMED for any other length. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_address_of(struct cyg_span bytes, uint16_t port,
                                                     struct cyg_address *ret);

/* Same family and address (ports not compared); same with ports. */
CYG_PUBLIC bool cyg_address_equal(const struct cyg_address *a, const struct cyg_address *b);
CYG_PUBLIC bool cyg_endpoint_equal(const struct cyg_address *a, const struct cyg_address *b);
/* <0, 0, >0 by family and bytes. */
CYG_PUBLIC int cyg_address_compare(const struct cyg_address *a, const struct cyg_address *b);
CYG_PUBLIC bool cyg_address_is_any(const struct cyg_address *a);       /* family 0 or all zero */
CYG_PUBLIC bool cyg_address_is_multicast(const struct cyg_address *a); /* or IPv4 broadcast */
CYG_PUBLIC bool cyg_address_is_loopback(const struct cyg_address *a);
CYG_PUBLIC bool cyg_prefix_contains(const struct cyg_prefix *p, const struct cyg_address *a);

/* Parse "192.0.2.1", "2001:db8::1", "%any", "%any4", "%any6"; with_port: also "1.2.3.4:500" and
 * "[::1]:500". */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_address_parse(struct cyg_span text, bool with_port,
                                                        struct cyg_address *ret,
                                                        struct cyg_error *err);
/* Parse "10.0.0.0/8" or a bare address (whole length); host bits are cleared. "%any": bits 0. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_prefix_parse(struct cyg_span text, struct cyg_prefix *ret,
                                                       struct cyg_error *err);
/* Format "192.0.2.1", "%any"; endpoint with "[port]" as charon does: "192.0.2.1[500]". */
CYG_PUBLIC const char *cyg_address_format(const struct cyg_address *a, char *buffer, size_t size);
CYG_PUBLIC const char *cyg_endpoint_format(const struct cyg_address *a, char *buffer, size_t size);

CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_address_from_sockaddr(const struct sockaddr *sa,
                                                                struct cyg_address *ret);
/* Returns the length used in *ret. */
CYG_PUBLIC socklen_t cyg_address_to_sockaddr(const struct cyg_address *a,
                                             struct sockaddr_storage *ret);
