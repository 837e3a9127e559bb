/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two files of orders share. */
#pragma once

#include "orders.h"

/* Begin an initiation. public_id: under which the result is told, 0: nobody waits. */
void orders_begin(struct engine *engine, uint64_t public_id, const char *ike, const char *child);
