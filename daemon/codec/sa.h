/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SA payload with its proposals and transforms, RFC 2408 3.4 to 3.6, RFC 2407 4.6.1. One pass
 * validates the whole payload; after it the iterators walk it without allocation and cannot fail.
 * What is wrong with one transform's attributes refuses that transform only, so it is checked apart
 * (transform_decode). Ownership: everything borrows from the payload. Offsets in errors count from
 * the begin of the body. Thread: values. Source: RFC 2407, 2408, 2409 App. A. */
#pragma once

#include "attribute.h"
#include "wire.h"

#define SA_TRANSFORMS_MAX 255u /* in all proposals together (H-037) */
#define SA_SPI_MAX        16u  /* of an ISAKMP proposal (H-035) */

struct sa {
    uint32_t doi, situation;
    uint16_t n_proposals, n_transforms;
    struct cyg_span body;      /* SAi_b when it is the initiator's */
    struct cyg_span proposals; /* the chain */
};

struct sa_proposal {
    uint8_t number;   /* equal ones of adjacent proposals mean: all of them or none */
    uint8_t protocol; /* enum protocol_id, unknown ones too */
    uint8_t n_transforms;
    struct cyg_span spi;
    struct cyg_span transforms; /* the chain */
    struct cyg_span whole;      /* with its generic header */
    struct cyg_span rest;       /* of sa_next_proposal */
};

struct sa_transform {
    uint8_t number, id; /* id: of IKE, ESP, AH or IPComp, by the proposal's protocol */
    struct cyg_span attributes;
    struct cyg_span whole; /* with its generic header; its first byte is the chain's business */
    struct cyg_span rest;  /* of sa_next_transform */
};

/* Validate the body of an SA payload. CYG_R_SA_SHORT, _SA_DOI, _SA_SITUATION, _SA_CHAIN,
 * _PROPOSAL_*, _TRANSFORM_*, _SA_TRANSFORMS_TOO_MANY. *ret untouched on failure. */
CYG_MUST_USE enum cyg_code sa_decode(struct cyg_span body, struct sa *ret, struct cyg_error *err);

/* Walk: struct sa_proposal p = { 0 }; while (sa_next_proposal(&sa, &p)) { … }. The struct is the
 * place of the walk: start with one of zeros. Returns false, and zeros, behind the last. */
bool sa_next_proposal(const struct sa *sa, struct sa_proposal *p);
bool sa_next_transform(const struct sa_proposal *p, struct sa_transform *t);

/* Check a phase 2 proposal's SPI (H-047): 4 bytes and from 256 on for ESP and AH, 2 or 4 bytes for
 * IPComp; another protocol is refused: CYG_R_PROPOSAL_PROTOCOL, _PROPOSAL_SPI_SIZE,
 * _PROPOSAL_SPI_RESERVED. ret_spi: the SPI or CPI. */
CYG_MUST_USE enum cyg_code sa_proposal_spi(const struct sa_proposal *p, uint32_t *ret_spi,
                                           struct cyg_error *err);

/* The attributes of a transform by meaning, for both phases. */
enum transform_value {
    TRANSFORM_CIPHER = 0, /* phase 1: encryption algorithm */
    TRANSFORM_HASH,       /* phase 1: hash algorithm */
    TRANSFORM_AUTH,       /* phase 1: authentication method */
    TRANSFORM_GROUP,      /* both: group description; phase 2: PFS */
    TRANSFORM_KEY_LENGTH, /* both, bits */
    TRANSFORM_PRF,        /* phase 1 */
    TRANSFORM_ENCAP,      /* phase 2: encapsulation mode */
    TRANSFORM_INTEG,      /* phase 2: authentication algorithm */
    TRANSFORM_ESN,        /* phase 2 */
    TRANSFORM_ECN,        /* phase 2: ECN tunnel */
    TRANSFORM_COUNT,
};

struct transform_values {
    uint32_t present;                /* 1u << enum transform_value */
    uint16_t value[TRANSFORM_COUNT]; /* 0 where not present */
    bool has_seconds, has_kilobytes;
    uint64_t seconds, kilobytes;
    uint16_t n_others;    /* attributes that have no place here: private groups (H-041), unknown */
    uint16_t first_other; /* type of the first of them */
};

/* Read all attributes of a transform of this protocol. Refused (CYG_REFUSED): a list that is cut
 * (H-038), the same attribute twice (H-039), a number of no or more than 4 bytes or too large for
 * its field, a life duration without its type in front, of 0, of no or more than 8 bytes, the same
 * life type twice, an unknown one (H-043). Reasons: CYG_R_ATTRIBUTE_*. *ret untouched on failure.
 */
CYG_MUST_USE enum cyg_code transform_decode(uint8_t protocol, const struct sa_transform *t,
                                            struct transform_values *ret, struct cyg_error *err);

/* Writing the body of an SA payload, between builder_payload_begin and _end:
 *
 *   struct sa_encoder e;
 *   sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
 *   sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
 *   sa_encode_transform(&e, 1, IKE_TRANSFORM_KEY_IKE);
 *   attribute_encode(&w, IKE_ATTR_CIPHER, IKE_CIPHER_AES);
 *   sa_encode_end(&e);
 *
 * A responder's answer: sa_encode_proposal with number and protocol of the chosen proposal, then
 * sa_encode_transform_raw with the chosen transform: its bytes as offered. */
struct sa_encoder {
    struct cyg_writer *w;                       /* borrowed */
    size_t next_proposal_at, next_transform_at; /* fields that wait for a type */
    size_t count_at;
    struct cyg_block proposal, transform;
    uint8_t n_proposals, n_transforms; /* of the open proposal */
    bool in_proposal, in_transform;
};

void sa_encode_begin(struct sa_encoder *e, struct cyg_writer *w, uint32_t doi, uint32_t situation);
/* Open a proposal; closes the one before. */
void sa_encode_proposal(struct sa_encoder *e, uint8_t number, uint8_t protocol,
                        struct cyg_span spi);
/* Open a transform; closes the one before. Attributes are written behind it. At most 255. */
void sa_encode_transform(struct sa_encoder *e, uint8_t number, uint8_t id);
/* A transform byte for byte as it was received (number, order, TV or TLV form, lifetimes); only its
 * next-payload field follows its new place. */
void sa_encode_transform_raw(struct sa_encoder *e, const struct sa_transform *t);
/* Close what is open. */
void sa_encode_end(struct sa_encoder *e);
