/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SA payloads that we offer: IKEv1 knows one value of each kind per transform, so a proposal's
 * lists are multiplied out, in order, algorithms that nobody provides left out. Thread: the
 * engine's. Source: RFC 2408 4.2, RFC 2409 App. A, RFC 2407 4.5. */
#pragma once

#include "natt.h"
#include "transforms.h"

/* Write the body of the SA payload of phase 1. CYG_R_OFFER_EMPTY when no algorithm is provided. */
CYG_MUST_USE enum cyg_code offer_ike(struct cyg_writer *w, const struct engine *engine,
                                     const struct cyg_peer *peer, struct cyg_error *err);

/* Seconds of an IKE SA that this peer's row stands for. */
uint64_t offer_ike_lifetime(uint32_t lifetime_s);
/* The same of a child. */
struct lifetime offer_child_lifetime(const struct cyg_peer_child *config);

/* The PFS group of all transforms of a quick mode: the first proposal's first provided one; NONE:
 * no PFS. Proposals that do not have it are left out of the offer. */
enum cyg_alg offer_pfs(const struct engine *engine, const struct cyg_peer_child *config);

/* Write the body of the SA payload of phase 2. policy: proposals, mode, group, encapsulated. */
CYG_MUST_USE enum cyg_code offer_esp(struct cyg_writer *w, const struct engine *engine,
                                     const struct transforms_policy *policy, enum natt_kind natt,
                                     struct lifetime lifetime, uint32_t spi, struct cyg_error *err);

/* What a child's row allows, for both roles. */
void offer_policy(const struct ike_sa *sa, const struct cyg_peer_child *config,
                  struct transforms_policy *ret);

/* Whether the data plane can carry this mode, with or without UDP encapsulation. */
bool offer_mode_supported(const struct engine *engine, uint8_t mode, bool encapsulated);

/* Whether the data plane has these algorithms. */
bool offer_esp_supported(const struct engine *engine, enum cyg_alg cipher, enum cyg_alg integ);
