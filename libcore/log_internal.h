/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the log share. log.c: targets and levels; log_line.c: an event as text or JSON;
 * log_limit.c: what repeats is counted instead of written. */
#pragma once

#include <cygnet/log.h>
#include <cygnet/time.h>

#define LOG_LINE_MAX 1024u

extern const char *const log_group_names[CYG_LOG_GROUPS];

/* "[IKE] <name|id> text"; with_time: the calendar's time in UTC in front. The newline is not in
 * it. repeats: how many more of it were counted and not written. Returns the length. */
size_t log_line_text(const struct cyg_event *event, bool with_time, uint64_t repeats,
                     char line[LOG_LINE_MAX]);
size_t log_line_json(const struct cyg_event *event, uint64_t repeats, char line[LOG_LINE_MAX]);

/* The text alone. */
void log_line_message(const struct cyg_event *event, uint64_t repeats, char text[LOG_LINE_MAX]);

/* One line for each reason and source in LOG_LIMIT_TIME; LOG_LIMIT_LINES a second for all that is
 * limited. Limited is what a stranger can cause: records about messages, and all records with an
 * address but no peer. */
#define LOG_LIMIT_TIME  (10 * CYG_SEC)
#define LOG_LIMIT_LINES 50u
#define LOG_LIMIT_SLOTS 512u
#define LOG_LIMIT_WAYS  4u

struct log_limit_slot {
    uint64_t key;   /* 0: free */
    cyg_usec since; /* when the first line was written */
    unsigned lines; /* written since then */
    uint64_t counted;
    struct cyg_event last; /* of those counted, without what it borrows */
};

struct log_limit {
    uint64_t seed;
    cyg_usec second; /* when this second began */
    unsigned lines;  /* written in it */
    uint64_t left_out;
    size_t sweep; /* slot to be looked at next */
    struct log_limit_slot slots[LOG_LIMIT_SLOTS];
};

/* Whether to write this event now; *ret_repeats: how many like it were counted before. */
bool log_limit_take(struct log_limit *limit, const struct cyg_event *event, cyg_usec now,
                    uint64_t *ret_repeats);

/* A slot whose time is over and that has counted: its last event and the count are taken out of it,
 * false if there is none at this place. Call a few times after each event, and until false never
 * comes back (LOG_LIMIT_SLOTS times) at the end. */
bool log_limit_sweep(struct log_limit *limit, cyg_usec now, struct cyg_event *ret,
                     uint64_t *ret_counted);

/* How many were left out beyond LOG_LIMIT_LINES; then 0. */
uint64_t log_limit_left_out(struct log_limit *limit, cyg_usec now);
