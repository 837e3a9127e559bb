/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One negotiation on paper: its messages as a ladder between the two ends, the decisions beneath,
 * at its end what differed, what happened and what to change. Entries are the events
 * `explain-entry` and `explain-live` as trees (doc/cygnetctl.8, "JSON of explain"). Thread: one. */
#pragma once

#include "paper.h"

#include <jansson.h>

struct ladder;

/* paper outlives the ladder. Never NULL. */
struct ladder *ladder_new(struct paper *paper);
/* Print the next entry of the negotiation. */
void ladder_entry(struct ladder *ladder, const json_t *entry);
/* Name the negotiation again: entries of others were printed between. */
void ladder_again(struct ladder *ladder);
/* No more entries are known: say so, if it is not over. */
void ladder_pause(struct ladder *ladder);
void ladder_free(struct ladder *ladder); /* NULL is allowed */

/* Seconds since 1970 as local date and time; "?" for none. */
void ladder_format_time(double when, char *text, size_t size);

/* verdict.c: what the decisions with `compare` say, both sides next to each other. */
void verdict_compare(struct paper *paper, const json_t *decisions);
/* The sentence that decided it, and what to change; either may be "". */
void verdict_words(struct paper *paper, const char *happened, const char *change);
