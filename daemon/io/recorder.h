/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder of negotiations: gathers the engine's events by IKE SA, and hands each negotiation
 * that has ended to the store, on the storage-write lane and behind a bounded queue. What does not
 * fit is counted and said in the log; nobody ever waits. Who subscribes to CYG_EVENT_HISTORY hears
 * entries as they are made. Strangers, who can begin as many as they like, and successes, which
 * tell little, are recorded so many a second. Thread: the control thread, unless said otherwise. */
#pragma once

#include "control.h"
#include "lanes.h"

#include <cygnet/history.h>
#include <cygnet/store.h>

struct recorder;

#define RECORDER_QUEUE_MAX   4096u /* entries on their way to the store (DESIGN.md "Reasons") */
#define RECORDER_ONGOING_MAX 4096u /* negotiations that have not ended */
#define RECORDER_BYTES_MAX   (8u << 20) /* of their events */
#define RECORDER_DROPS_MAX   128u       /* counts of dropped messages between two writes */

/* A second, and at once. */
#define RECORDER_STRANGERS 32u
#define RECORDER_FAILED    128u
#define RECORDER_UP        16u

/* Subscribe. ops: NULL, or without history_write: entries are made for listeners only. last: the
 * highest number given so far. From any thread. */
CYG_MUST_USE enum cyg_code recorder_new(struct control *control, struct lanes *lanes,
                                        const struct cyg_store_ops *ops, void *store, uint64_t last,
                                        struct recorder **ret);

/* As in struct cyg_host. */
void recorder_flush(struct recorder *recorder, const struct cyg_history_query *query);

/* Unsubscribe and hand over what there is. From any thread but the control thread; before the lanes
 * go. NULL is allowed. */
void recorder_stop(struct recorder *recorder);

/* When the lanes' jobs have ended. NULL is allowed. */
void recorder_free(struct recorder *recorder);
