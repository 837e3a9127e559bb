/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every scenario file, and what the runner needs of the simulation beyond sim.h. */
#pragma once

#include "simulation/sim.h"

extern const struct sim_suite *const sim_suites[]; /* NULL behind the last */

/* The checks that hold always; at the end of a run. */
void sim_check_always(struct sim *s);

/* Why the run failed: file, line, virtual time, what was required. */
const char *sim_failure(const struct sim *s);
