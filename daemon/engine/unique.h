/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One IKE SA for each authenticated identity, or several: the peer's setting unique, and
 * INITIAL-CONTACT (PROTOCOL "Which SA carries what"). Only older SAs are touched: those that were
 * up before this one began, so handshakes that cross don't end each other. Thread: the engine's. */
#pragma once

#include "ike_sa.h"

/* A new SA is up. initial_contact: its peer says that it has nothing left of before. */
void unique_apply(struct ike_sa *sa, bool initial_contact);

/* This SA is going: its child SAs that are up move to another one of the same principal, if there
 * is one. */
void unique_move_children(struct ike_sa *sa);

/* Whether this identity may have another SA: with unique = keep only while it has none.
 * CYG_R_UNIQUE_KEEP. sa->peer is known. */
CYG_MUST_USE enum cyg_code unique_check(const struct ike_sa *sa,
                                        const struct cyg_identity *identity, struct cyg_error *err);

/* Whether there is no SA with this initiator's peer yet, so that it says INITIAL-CONTACT. */
bool unique_is_first_contact(const struct ike_sa *sa);
