/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's own state, shared by the files of this folder and by nobody else. Nothing is freed
 * while a message, result or order is being worked on: what ends is marked, put on a list, and
 * freed by engine_settle at the end of the call, so no handler can be left with a dead pointer. */
#pragma once

#include "engine.h"

#include "half_open.h"
#include "limit.h"
#include "siphash.h"
#include "timers.h"

struct child_sa;
struct exchange;
struct flow_use;
struct group;
struct ike_sa;
struct kernel_wait;
struct principal;

/* IKE SAs that have a uniqueid, in its order, for listings and look-ups by it. */
struct ike_index_item {
    struct ike_sa *sa; /* NULL where one has gone */
    uint32_t uniqueid;
};

struct ike_index {
    struct ike_index_item *items;
    uint32_t n, capacity, live;
};

struct engine {
    struct engine_settings settings;
    struct engine_providers providers;
    struct engine_world world;
    cyg_usec now; /* of the call that is running */
    struct siphash_key secret;
    struct timers timers;

    uint64_t next_id; /* of exchanges, jobs, kernel tags: never used twice, 0 is none */
    uint32_t next_uniqueid, next_child_uniqueid, next_reqid;

    struct table_item *sas; /* table by our own cookie: all there are */
    struct table_item
        *sas_by_initiator; /* table by the cookie of who began it: those we answered */
    struct ike_index index;
    struct table_item *exchanges;  /* table by id */
    struct table_item *children;   /* table by our own SPI */
    struct table_item *principals; /* table: SAs by authenticated identity */
    struct table_item *flows;      /* table: reqids by peer, child and flow */
    struct table_item *flows_by_reqid;
    struct table_item *rows;   /* table: SAs by the row of their peer, see by_peer.h */
    struct table_item *kernel; /* table by tag: operations not answered yet */
    struct table_item *orders; /* table by id: those under way */
    struct table_item *orders_by_name;

    struct half_open half_open;
    struct table_item *groups; /* table: cached address groups */
    uint32_t n_groups;
    uint16_t groups_of_bits[129]; /* how many of them are for a remote prefix of this length */
    struct group *last_group;     /* held: what the store said last, while they are cached */
    struct limit limit_notify, limit_log, limit_ids;
    uint8_t *scratch;       /* OUTGOING_MAX bytes: the message being built */
    size_t queued_unproven; /* bytes of messages that wait for SAs not yet authenticated */

    struct timer poll_timer;
    bool poll_running, poll_again, shutting_down;
    bool started;            /* what starts by itself has been looked for */
    bool start_running;      /* a page of it is being read */
    uint64_t shutdown_order; /* not yet told that it is done */
    bool refreshing; /* peers of SAs with uniqueid above refresh_after are to be read anew */
    uint32_t refresh_after;
    unsigned refresh_out; /* of them under way */

    struct ike_sa *ended_sas; /* to be freed when the call ends */
    struct exchange *ended_exchanges;
    struct child_sa *ended_children;

    struct engine_counts counts;
};

/* A new identity for something that others may name after it has gone. */
uint64_t engine_id(struct engine *engine);

/* Keyed hash of bytes, for tables and for recognising messages. */
uint64_t engine_hash(const struct engine *engine, struct cyg_span bytes);

/* Fill with random bytes; CYG_INTERNAL with CYG_R_RANDOM_FAILED (H-061). */
CYG_MUST_USE enum cyg_code engine_random(struct engine *engine, uint8_t *out, size_t len,
                                         struct cyg_error *err);

/* A random number below limit, for choices that need no secrecy; 0 when randomness fails. */
uint32_t engine_below(struct engine *engine, uint32_t limit);
