/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of scenario files; a new one adds its line to each half. */
#include "simulation/suites.h"

extern const struct sim_suite world_suite;

const struct sim_suite *const sim_suites[] = {
    &world_suite,
    NULL,
};
