/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage over engines in the simulation: exact, in virtual time, with a look inside. */
#pragma once

#include "hostile/hostile.h"
#include "simulation/sim.h"

struct stage_sim;

/* Make it; tell: keep the story. Never NULL. `stage` is filled and borrowed. */
struct stage_sim *stage_sim_new(struct stage *stage, bool tell);
void stage_sim_free(struct stage_sim *st);

/* The simulation, for rows that NEED_INSIDE; NULL before the first reset. */
struct sim *stage_sim_of(struct stage *s);
struct sim_host *stage_sim_host(struct stage *s, enum actor who);

/* What happened since the last reset, and why the simulation itself failed ("" if not). */
const char *stage_sim_story(struct stage_sim *st);
/* End the run: the checks that hold always, then free it; false: a check failed, or memory is left.
 */
bool stage_sim_end(struct stage_sim *st);

/* All that an unauthenticated message must not change, as a number (digest.c). */
uint64_t engine_digest(const struct engine *engine);
