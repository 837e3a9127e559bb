/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has authenticated: the IKE SAs of one identity under one peer row. INITIAL-CONTACT, unique,
 * deletes and the bound on child SAs look here, never at addresses (H-077, H-079). Ownership: lives
 * as long as it has an SA. Thread: the engine's. */
#pragma once

#include "table.h"

#include <cygnet/identity.h>
#include <cygnet/peer.h>

struct engine;
struct ike_sa;

struct principal {
    struct table_item by_key; /* engine->principals */
    struct ike_sa *sas;
    uint32_t n_sas, n_children;
    uint8_t id_type;
    uint16_t id_len, key_len;
    uint8_t bytes[]; /* identity as presented, then the key: source, row id, matching form */
};

/* Join the SA to the principal of its peer and this identity, made when there is none. CYG_NOMEM.
 */
CYG_MUST_USE enum cyg_code principal_join(struct ike_sa *sa, const struct cyg_identity *identity,
                                          struct cyg_error *err);
/* The principal of the SA's peer and this identity; NULL. */
struct principal *principal_find(const struct ike_sa *sa, const struct cyg_identity *identity);
void principal_leave(struct ike_sa *sa);

void principal_identity(const struct principal *principal, struct cyg_identity *ret);
