/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address ranges as prefixes, for routes and rules. Thread: any. */
#pragma once

#include <cygnet/selector.h>

#define PREFIXES_MAX 254u /* that any range of IPv6 needs at most; IPv4: 62 */

/* The fewest prefixes that cover exactly the selector's addresses; returns how many. */
size_t prefixes_of(const struct cyg_selector *selector, struct cyg_prefix ret[PREFIXES_MAX]);

/* Whether all addresses of `inner` are in `outer`. */
bool prefix_covers(const struct cyg_prefix *outer, const struct cyg_prefix *inner);
bool prefix_equal(const struct cyg_prefix *a, const struct cyg_prefix *b);
