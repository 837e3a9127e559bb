/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes in the peer database take effect on what is running (DESIGN.md "Live"): the store is
 * asked once a second; a row that is gone ends its SAs, a changed child its own only. Rows of the
 * volatile source take part in the look-up only. Thread: the engine's. */
#pragma once

#include "ike_sa.h"

struct engine_job;

/* Ask now; while an answer is out, ask once more after it. */
void live_poll(struct engine *engine);
void live_timer(struct engine *engine);

/* The store has said what changed. */
void live_polled(struct engine *engine, struct engine_job *job);

/* A newer snapshot of an IKE SA's peer. */
void live_refreshed(struct engine *engine, struct engine_job *job);
