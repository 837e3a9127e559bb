/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The informational exchange, RFC 2409 5.7: notifies and deletes under the protection of an IKE SA.
 * One message, never answered in kind but for R-U-THERE (RFC 3706). What comes in clear is not
 * this file's business and never acted upon. Thread: the engine's. */
#pragma once

#include "child_sa.h"

/* Tell the peer that a child SA, an IKE SA of ours has gone. Best effort: nobody answers. */
void informational_delete_child(struct ike_sa *sa, const struct child_sa *child);
void informational_delete_ike(struct ike_sa *sa);

/* Refuse what an exchange is working on. Kept with its IKE SA, so that the same refusal is sent
 * when the message comes again. type 0: silently. */
void informational_refuse(struct exchange *x, uint16_t type);
