/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorder's files share: recorder.c (which event belongs where), recorder_write.c (on the
 * way to the store), recorder_entry.c (events to text). */
#pragma once

#include "recorder.h"

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
    bool initiator;
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
