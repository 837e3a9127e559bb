/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lifetimes, policy "obey" (PROTOCOL "Lifetimes"): whatever the initiator offers is accepted from
 * the minimum on and echoed unchanged; what ends first ends the SA; who has the shorter one says so
 * with RESPONDER-LIFETIME. Units: seconds, bytes; on the wire kilobytes. Source: RFC 2407 4.5,
 * 4.6.3.1, RFC 2409 App. A. Thread: values. */
#pragma once

#include "codec/notify.h"
#include "codec/sa.h"

#include <cygnet/error.h>

#define LIFETIME_IKE_OFFER   86400u /* ASA refuses initiators that offer less than its own */
#define LIFETIME_CHILD_OFFER 3960u  /* swanctl's: rekey_time of 1 h and a tenth */
#define LIFETIME_ABSENT      28800u /* none on the wire, RFC 2407 4.5 */
#define LIFETIME_OBEY_MIN    60u    /* of an authenticated RESPONDER-LIFETIME (H-087) */

struct lifetime {
    uint64_t seconds;
    uint64_t bytes; /* 0: not bounded */
};

/* What a transform says; absent seconds are 28800, all-ones kilobytes (Windows) are no bound. */
struct lifetime lifetime_of(const struct transform_values *values);

/* Refuse what is shorter than the minimum, so that renewal cannot spin (H-043):
 * CYG_R_LIFETIME_SHORT. */
CYG_MUST_USE enum cyg_code lifetime_check(struct lifetime offered, uint32_t min_s,
                                          struct cyg_error *err);

/* The shorter of both, in each unit. */
struct lifetime lifetime_shorter(struct lifetime a, struct lifetime b);

/* Whether ours is shorter than what was offered, so that the peer should be told. */
bool lifetime_must_tell(struct lifetime offered, struct lifetime ours);

/* The attributes of a RESPONDER-LIFETIME, or of a transform: numbers are those of phase 1 (11, 12)
 * or phase 2 (1, 2). */
void lifetime_encode(struct cyg_writer *w, uint16_t type_attribute, struct lifetime lifetime);

/* Read the data of a RESPONDER-LIFETIME. CYG_MALFORMED, *ret untouched, when it makes no sense;
 * absent seconds are UINT64_MAX. */
CYG_MUST_USE enum cyg_code lifetime_decode(struct cyg_span data, uint16_t type_attribute,
                                           struct lifetime *ret);
