/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Job lanes: bounded queues with threads of their own, so that a slow CRL server or a locked
 * database never stops a handshake that does not need it (DESIGN.md "Jobs"). A lane that is full
 * refuses; the caller gives the reason "busy". Within a lane established SAs go before strangers,
 * and a stranger's job is refused once the queue is half full. Thread: any may give jobs; run and
 * done are called on the lane's thread. */
#pragma once

#include <cygnet/host.h>

struct lanes;

#define LANE_QUEUE_MAX 512u /* jobs that wait, per lane */

/* Start the threads: crypto_threads for crypto; 2 readers and 1 writer for storage; 4 for slow.
 * CYG_INTERNAL when a thread cannot be had. */
CYG_MUST_USE enum cyg_code lanes_new(unsigned crypto_threads, struct lanes **ret);

/* Queue a job: run(context), then done(context), both on a thread of the lane; done hands the
 * result over to whoever waits. CYG_LIMIT: full, nothing happened; the caller keeps context. */
CYG_MUST_USE enum cyg_code lanes_submit(struct lanes *lanes, enum cyg_lane lane, bool stranger,
                                        void (*run)(void *context), void (*done)(void *context),
                                        void *context);

/* The same in two steps, for who has many jobs to give: what was put may wait until lanes_wake,
 * which wakes one thread for each job as far as there are any that sleep. */
CYG_MUST_USE enum cyg_code lanes_put(struct lanes *lanes, enum cyg_lane lane, bool stranger,
                                     void (*run)(void *context), void (*done)(void *context),
                                     void *context);
void lanes_wake(struct lanes *lanes, enum cyg_lane lane);

/* Numbers of one lane at this moment. */
void lanes_counts(struct lanes *lanes, enum cyg_lane lane, uint32_t *ret_threads,
                  uint32_t *ret_active, uint32_t *ret_queued);

/* Refuse new jobs, finish all that are queued, end the threads. NULL is allowed. */
void lanes_close(struct lanes *lanes);

/* Close and free. NULL is allowed. */
void lanes_free(struct lanes *lanes);
