/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children that start by themselves (start_action = start): looked for page by page when the engine
 * begins, and in each row that changes. Thread: the engine's. */
#pragma once

#include "engine_internal.h"

/* Look through all peers. */
void start_all(struct engine *engine);

/* This peer's row is new or has changed. */
void start_peer(struct engine *engine, uint8_t source, int64_t id);

/* A page, or a peer, has been read. */
void start_job_done(struct engine *engine, struct engine_job *job);
