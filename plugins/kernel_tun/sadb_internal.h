/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between sadb.c and policy.c. */
#pragma once

#include "sadb.h"

/* Find or make the group of a request id and count one more use; NULL: no memory. */
struct group *group_hold(struct sadb *db, uint32_t reqid);
void group_release(struct sadb *db, struct group *group); /* NULL is allowed */

void policies_clear(struct sadb *db);

/* A flow for an error record. */
struct cyg_quote flow_quote(const struct cyg_flow *flow);
