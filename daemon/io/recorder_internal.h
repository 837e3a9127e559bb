/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorder's files share: recorder.c (which event belongs where), recorder_negotiation.c
 * (one of them, from its begin to its end), recorder_write.c (on the way to the store),
 * recorder_entry.c (events to text). */
#pragma once

#include "recorder.h"

#include "codec/message.h"

/* An event as it was told, with a copy of its message. */
struct item {
    struct item *next;
    int64_t when; /* microseconds since 1970 */
    uint8_t phase;
    struct cyg_event event; /* points to nothing but message */
    uint8_t message[];
};

/* What the entries of a negotiation have in common. */
struct head {
    uint64_t number;
    uint32_t ike_uniqueid;
    uint8_t begun_by; /* enum cyg_history_begun */
    char peer[CYG_NAME_MAX], remote_id[CYG_IDENTITY_TEXT];
    uint8_t cookie_i[8], cookie_r[8];
    struct cyg_path path;
};

/* How it ended. */
struct ending {
    const char *result; /* NULL: not yet */
    int64_t when;
    uint8_t phase;
    unsigned left_out; /* entries beyond CYG_HISTORY_ENTRIES_MAX */
    struct cyg_error why;
};

/* Entries on their way to the store: those of one negotiation. */
struct chunk {
    struct chunk *next;
    struct head head;
    uint32_t seq; /* of the first */
    struct item *items;
    size_t n; /* entries, the end counted */
    struct ending ending;
};

void chunk_free(struct chunk *chunk); /* NULL is allowed */

/* --- recorder_entry.c. Thread: any. --- */

/* Room for the texts of one entry. */
struct entry_texts {
    char peer[4 * CYG_NAME_MAX], remote_id[CYG_IDENTITY_TEXT], source[CYG_ADDRESS_TEXT];
    char local[CYG_ADDRESS_TEXT], remote[CYG_ADDRESS_TEXT], cookie_i[17], cookie_r[17];
    char exchange[64], text[768], mend[512], payloads[4096];
    char ours[512], theirs[512], differs[128];
};

/* Its texts are in *texts. */
void entry_of_item(const struct head *head, uint32_t seq, const struct item *item,
                   struct entry_texts *texts, struct cyg_history_entry *ret);
void entry_of_ending(const struct head *head, uint32_t seq, const struct ending *ending,
                     struct entry_texts *texts, struct cyg_history_entry *ret);

/* --- recorder_write.c --- */

struct writer;

CYG_MUST_USE enum cyg_code writer_new(struct control *control, struct lanes *lanes,
                                      const struct cyg_store_ops *ops, void *store,
                                      struct writer **ret);
void writer_free(struct writer *writer);

/* Take the chunk over, or drop and count it where the queue is full. */
void writer_put(struct writer *writer, struct chunk *chunk);
/* One more message that belongs to no negotiation. */
void writer_count(struct writer *writer, uint16_t reason, const struct cyg_address *source,
                  int64_t when);
/* n entries were not even made. */
void writer_lose(struct writer *writer, uint64_t n);
/* Give a job to the lane if anything waits; `now` false: only if none is out. */
void writer_send(struct writer *writer, bool now);
/* Whether anything waits to be sent. */
bool writer_waits(const struct writer *writer);

/* --- recorder_negotiation.c. Thread: control. --- */

#define QUIET         CYG_SEC         /* after the last quick mode that is open */
#define QUIET_PHASE1  (5 * CYG_SEC)   /* for a quick mode to come */
#define QUIET_ASIDE   (2 * CYG_SEC)   /* after what begins no negotiation */
#define QUIET_FOREVER (300 * CYG_SEC) /* something has ended that nobody told */
#define ORDERS_KEPT   64u
#define QUICKS_MAX    16u
#define BUCKETS       1024u

/* So many a second. */
struct rate {
    cyg_usec second;
    unsigned used;
};

struct negotiation {
    struct negotiation *prev, *next, *same; /* same: in its bucket, by head.ike_uniqueid */
    struct head head;
    uint64_t order_id;
    struct item *items, **end;
    size_t n_items, bytes;
    uint32_t seq; /* of the first item here */
    unsigned told, left_out;
    uint32_t quicks[QUICKS_MAX]; /* Message IDs of open ones */
    size_t n_quicks;
    bool worth; /* to be kept: not only a DPD */
    bool is_up, is_down, has_failed;
    bool is_found; /* a symptom of a tunnel that is up, no message */
    uint8_t phase;
    struct cyg_error why, last; /* of a failure; of what came up or went down */
    int64_t last_when;          /* of the last item, wall clock */
    cyg_usec close_at;
};

struct recorder {
    struct control *control;
    struct writer *writer;
    struct negotiation *buckets[BUCKETS], *all; /* all: oldest first */
    size_t n, bytes;
    uint64_t last_number;
    uint64_t orders[ORDERS_KEPT]; /* whose negotiation has ended */
    size_t next_order;
    struct rate strangers, failed, up;
    uint32_t subscription, timer;
    struct entry_texts texts; /* of entries for listeners */
};

bool recorder_rate(struct rate *rate, unsigned max);
bool recorder_no_cookie(const uint8_t cookie[8]); /* all zero */
/* Microseconds since 1970 of something that happened `when`; 0: now. */
int64_t recorder_wall(cyg_usec when);
void recorder_arm(struct recorder *r); /* recorder.c: look soon for what has ended */

/* That of an IKE SA; NULL: there is none, or the SA has no number. */
struct negotiation *negotiation_find(struct recorder *r, uint32_t ike_uniqueid);
/* NULL: no memory, and counted as lost. */
struct negotiation *negotiation_begin(struct recorder *r, const struct cyg_event *event);
/* What the event says of its peer, path and cookies. */
void negotiation_head(struct negotiation *n, const struct cyg_event *event);
void negotiation_identity(struct negotiation *n, const struct cyg_event *event,
                          const struct header *h);
/* Keep a copy of the event. */
void negotiation_add(struct recorder *r, struct negotiation *n, const struct cyg_event *event);
/* Move what has been gathered to the writer; ending: NULL, it goes on. */
void negotiation_hand_over(struct recorder *r, struct negotiation *n, const struct ending *ending);
/* It has ended and is freed. result: NULL, as it looks. */
void negotiation_close(struct recorder *r, struct negotiation *n, const char *result);
/* It ends when nothing comes for this long. */
void negotiation_expect_end(struct negotiation *n, cyg_usec quiet);
