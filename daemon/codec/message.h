/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ISAKMP messages: the header and the chain of payloads behind it, RFC 2408 3.1, 3.2. Only the
 * frame: what is inside a payload is read by that payload's own decoder (sa.h, id.h, notify.h …).
 * Whether a message is expected, allowed and proved is the engine's business. Ownership: everything
 * borrows from the bytes given. Units: bytes; offsets count from the begin of the message (its
 * header). Integers in host order. Thread: values, any. Source: RFC 2408. */
#pragma once

#include "wire.h"

#include <cygnet/writer.h>

#define HEADER_LEN      28u /* ISAKMP header */
#define COOKIE_LEN      8u
#define PAYLOADS_MAX    64u  /* per message (H-015) */
#define PADDING_MAX     255u /* behind the last payload of a decrypted message (H-014) */
#define VERSION_1_0     0x10u
#define FLAG_ENCRYPTION 0x01u
#define FLAG_COMMIT     0x02u
#define FLAG_AUTH_ONLY  0x04u

struct header {
    uint8_t cookie_i[COOKIE_LEN], cookie_r[COOKIE_LEN];
    uint8_t next;     /* enum payload_type of the first payload */
    uint8_t version;  /* major in the upper four bits */
    uint8_t exchange; /* enum exchange_type */
    uint8_t flags;
    uint32_t message_id;
    uint32_t length; /* of the whole message, this header included */
};

/* Dense index of the payloads that may stand in a message; several wire types can share one:
 * NAT-D 20 and 130, NAT-OA 21 and 131. */
enum payload_kind {
    PK_SA = 0,
    PK_KE,
    PK_ID,
    PK_CERT,
    PK_CR,
    PK_HASH,
    PK_SIG,
    PK_NONCE,
    PK_N,
    PK_D,
    PK_VID,
    PK_ATTR,
    PK_NATD,
    PK_NATOA,
    PK_FRAGMENT,
    PK_PRIVATE, /* 128 to 255 but for those above: to be ignored (H-025) */
    PK_COUNT,
};

/* The bit of a kind in a mask: PL(SA) | PL(KE). */
#define PL(kind) (1u << PK_##kind)

struct payload {
    uint8_t type;          /* enum payload_type as it came, so 130 stays 130 */
    uint8_t kind;          /* enum payload_kind */
    struct cyg_span body;  /* without the generic header: what `_b` means in RFC 2409 */
    struct cyg_span whole; /* with it */
};

struct message {
    struct header header;
    struct cyg_span bytes; /* from behind the header to the end, padding included; clear text */
    size_t n;
    struct payload payloads[PAYLOADS_MAX];
    uint32_t present;              /* PL() of every payload that is there */
    uint8_t count[PK_COUNT];       /* how many of each kind */
    struct cyg_span payload_bytes; /* all payloads, without padding: what hashes run over */
    struct cyg_span padding;       /* what follows the last payload */
};

/* Read the header's fields, whatever they say. CYG_R_HEADER_SHORT below 28 bytes (H-001). A
 * datagram whose header fails header_check can still be named in a log or answered. */
CYG_MUST_USE enum cyg_code header_decode(struct cyg_span datagram, struct header *ret,
                                         struct cyg_error *err);

/* Check what holds for every message without regard to state: major version (H-006:
 * CYG_R_VERSION_MAJOR), minor version (CYG_R_VERSION_MINOR), Length against the bytes that came
 * (H-002: CYG_R_HEADER_LENGTH_SMALL, _BEYOND, _TAIL unless allow_tail), undefined flags (H-009:
 * CYG_R_HEADER_FLAGS), a message without payloads (CYG_R_HEADER_EMPTY), the initiator's cookie
 * (H-007: CYG_R_COOKIE_ZERO, CYG_R_COOKIE_SAME). */
CYG_MUST_USE enum cyg_code header_check(const struct header *h, size_t datagram_len,
                                        bool allow_tail, struct cyg_error *err);

/* What follows the header up to its Length; header_check has passed. */
struct cyg_span header_body(const struct header *h, struct cyg_span datagram);

/* Write the 28 bytes, Length as it stands in h. */
void header_encode(const struct header *h, struct cyg_writer *w);

/* Split the bytes behind the header, in clear or decrypted, into payloads. first: type of the first
 * one (header.next). allow_padding: the bytes were decrypted, up to 255 bytes of any value may
 * follow the last payload; else they must end exactly. Checks the RESERVED byte (H-005), lengths
 * (H-003, H-004), types (H-025, H-026) and the number of payloads (H-015); not their contents.
 * ret->header is not touched. On failure ret->n is 0 and nothing is present. */
CYG_MUST_USE enum cyg_code message_decode_chain(uint8_t first, struct cyg_span bytes,
                                                bool allow_padding, struct message *ret,
                                                struct cyg_error *err);

/* The whole of a clear message: header_decode, header_check without tail, message_decode_chain
 * without padding. For tests, tools and texts; the engine needs the steps apart. */
CYG_MUST_USE enum cyg_code message_decode(struct cyg_span datagram, struct message *ret,
                                          struct cyg_error *err);

/* The nth (from 0) payload of a kind; NULL if there are not so many. */
const struct payload *message_find(const struct message *m, enum payload_kind kind, size_t nth);

/* The body of the first payload of a kind; empty if there is none. */
struct cyg_span message_body(const struct message *m, enum payload_kind kind);

/* The bytes behind payload p up to the end of the last payload, padding left out: what HASH(1) to
 * HASH(3) cover behind their HASH payload (RFC 2409 5.5). p is of m. */
struct cyg_span message_after(const struct message *m, const struct payload *p);

/* Where p begins, counted from the begin of the message. p is of m. */
uint32_t message_offset(const struct message *m, const struct payload *p);

/* Turn err's offset, which a payload decoder counts from the begin of the body, into one of the
 * message, and name the payload. Returns code as it is: return payload_failed(m, p, code, err); */
enum cyg_code payload_failed(const struct message *m, const struct payload *p, enum cyg_code code,
                             struct cyg_error *err);

/* The kind of a wire type; PK_COUNT for one that may not stand in a message (0, P, T, reserved
 * numbers, SAK, those of IKEv2). */
enum payload_kind payload_kind_of(uint8_t type);

/* Check a nonce's size, 8 to 256 bytes (RFC 2409 5, H-060): CYG_R_NONCE_SIZE. */
CYG_MUST_USE enum cyg_code nonce_check(struct cyg_span body, struct cyg_error *err);
