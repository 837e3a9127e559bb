/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scenario files, and what the runner needs of the simulation beyond sim.h. */
#pragma once

#include "simulation/sim.h"

#define SUITE(name) extern const struct sim_suite name##_suite;
#include "simulation/suites.def"

extern const struct sim_suite *const sim_suites[]; /* NULL behind the last */

/* The checks that hold always; at the end of a run. */
void sim_check_always(struct sim *s);

/* From now on hosts use the plugins' algorithms; false: this build has none. */
bool sim_use_real_crypto(void);
bool sim_uses_real_crypto(void);

/* Why the run failed: file, line, virtual time, what was required. */
const char *sim_failure(const struct sim *s);
