/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of SAs for listings and events. Thread: the engine's. */
#pragma once

#include "child_sa.h"

void listing_ike(const struct ike_sa *sa, struct cyg_ike_record *ret);
void listing_child(const struct child_sa *child, struct cyg_child_record *ret);
