/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test bed itself, as far as an engine shows it: one that is told nothing says nothing. */
#include "simulation/sim.h"

static void silence(struct sim *s)
{
    struct sim_host *a = sim_host(s, "a", "192.0.2.1");
    struct sim_host *b = sim_host(s, "b", "198.51.100.1");
    sim_tunnel(a, b);
    sim_run(s, 100 * CYG_SEC);
    SIM_REQUIRE(sim_nothing_left(s));
    SIM_REQUIRE(sim_run_idle(s, CYG_SEC));
    SIM_REQUIRE(sim_settled(s));
}

static const struct sim_test tests[] = {
    { "who_is_told_nothing_says_nothing", silence, 0 },
};

const struct sim_suite world_suite = { "world", tests, CYG_LEN(tests) };
