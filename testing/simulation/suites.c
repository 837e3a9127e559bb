/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of suites.def as a table. */
#include "simulation/suites.h"

const struct sim_suite *const sim_suites[] = {
#define SUITE(name) &name##_suite,
#include "simulation/suites.def"
    NULL,
};
