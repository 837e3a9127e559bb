/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the offered transforms is taken, for both phases: the initiator's first one that our
 * policy allows, or, with prefer_own, the one that stands first in our policy. What is refused
 * leaves a record with both sides, the three nearest pairs first. Offers are made in offers.c. No
 * state, no message: parsed payloads in, a choice out. Thread: the engine's. Source: RFC 2408 4.2,
 * RFC 2409 5, RFC 2407 4.5. */
#pragma once

#include "codec/sa.h"
#include "ike_sa.h"
#include "lifetimes.h"

#include <cygnet/peer.h>

#define NEAREST_MAX 3u /* DESIGN.md "Reasons" */

struct exchange;

/* What a policy allows; proposals borrowed. */
struct transforms_policy {
    const struct cyg_proposal *proposals;
    size_t n_proposals;
    uint16_t auth_method; /* phase 1 */
    bool prefer_own;
    uint32_t min_lifetime_s;
    /* phase 2 */
    bool sha256_96, encapsulated;
    uint8_t mode;       /* enum cyg_mode */
    enum cyg_alg group; /* initiator: of PFS; NONE: none */
};

/* What was chosen; proposal and transform borrow from the offer, for the echo. */
struct transforms_choice {
    enum cyg_alg cipher, integ, group; /* integ: the hash, in phase 1 */
    struct lifetime lifetime;
    uint32_t spi; /* phase 2: the peer's */
    struct sa_proposal proposal;
    struct sa_transform transform;
};

/* Responder, phase 1: choose by the first of n policies (in their order) that allows anything;
 * *ret_policy is its index. CYG_R_NO_PROPOSAL_IKE after the records of what was near. */
CYG_MUST_USE enum cyg_code transforms_choose_ike(struct exchange *x, const struct sa *offer,
                                                 const struct transforms_policy *policies,
                                                 size_t n_policies, struct transforms_choice *ret,
                                                 size_t *ret_policy, struct cyg_error *err);

/* Responder, phase 2. CYG_R_NO_PROPOSAL_ESP. */
CYG_MUST_USE enum cyg_code transforms_choose_esp(struct exchange *x, const struct sa *offer,
                                                 const struct transforms_policy *policy,
                                                 struct transforms_choice *ret,
                                                 struct cyg_error *err);

/* Initiator: check the responder's choice against our own offer (H-044): exactly one transform,
 * equal to one that we offered but for a shorter lifetime. CYG_R_CHOICE_*. */
CYG_MUST_USE enum cyg_code transforms_check(const struct sa *offer, const struct sa *answer,
                                            const struct transforms_policy *policy,
                                            struct transforms_choice *ret, struct cyg_error *err);

/* Whether one of the proposals has all three. */
bool transforms_allow(const struct cyg_proposal *proposals, size_t n, enum cyg_alg cipher,
                      enum cyg_alg integ, enum cyg_alg group);

/* Write the answer: the chosen transform byte for byte. spi: ours, empty in phase 1. */
void transforms_echo(struct cyg_writer *w, const struct transforms_choice *choice,
                     struct cyg_span spi);

/* ---- transforms_read.c ---- */

/* One offered transform in our terms. */
struct offered {
    uint8_t cipher, integ, group; /* enum cyg_alg */
    uint8_t proposal, transform;  /* how many stand before it */
    uint16_t auth_method;
    uint8_t mode; /* phase 2; 0: not said */
    bool usable;
    struct lifetime lifetime;
};

/* Read a transform of phase 1, of ESP. Refused: a value that we do not know or that does not
 * belong there (H-038 to H-043, H-046, H-049): CYG_R_TRANSFORM_*. */
CYG_MUST_USE enum cyg_code transforms_read_ike(const struct sa_transform *t, uint32_t min_s,
                                               struct offered *ret, struct cyg_error *err);
CYG_MUST_USE enum cyg_code transforms_read_esp(const struct sa_transform *t,
                                               const struct transforms_policy *policy,
                                               struct offered *ret, struct cyg_error *err);

/* As one proposal with one alternative of each kind, for records. */
void offered_quote(const struct offered *offered, bool phase1, struct cyg_proposal *ret);
