/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handshakes that somebody else began and we answer: how many there may be, of whom, and which one
 * goes when there is no room (H-097, H-098). An entry belongs to its exchange; it stands in a table
 * by (remote endpoint, initiator's cookie) and, while it has only seen the first message, in a list
 * of those that may be replaced. Thread: the engine's. */
#pragma once

#include "codec/message.h"
#include "table.h"

#include <cygnet/address.h>
#include <cygnet/time.h>

struct engine;
struct exchange;

/* Known: the address lies in a configured prefix longer than /8 (IPv6: /16), or authenticated
 * within the last day. Unknown ones may take half of the table, known ones all of it. */
enum half_open_class {
    HALF_OPEN_UNKNOWN = 0,
    HALF_OPEN_KNOWN,
    HALF_OPEN_CLASSES,
};

#define HALF_OPEN_PER_KNOWN_ADDRESS 64u
#define HALF_OPEN_BYTES             1024u /* of messages, for each place in the table */
#define HALF_OPEN_AMPLIFY           3u    /* bytes to an unproven source for each one from it */
#define HALF_OPEN_PROVEN            4096u /* sources remembered for a day */

/* Key of the table; bytes only, so that there is no padding. */
struct half_open_key {
    uint8_t family, address[16], port[2], cookie[COOKIE_LEN];
};

struct half_open_entry {
    struct table_item by_key;
    struct half_open_key key;
    struct exchange *exchange;
    uint32_t slot;                /* in fresh[class] + 1; 0: has seen more than its first message */
    uint32_t bytes_in, bytes_out; /* from and to a source that has proved nothing */
    uint32_t size;                /* what it is counted with */
    uint8_t class;                /* enum half_open_class */
};

struct half_open_address;

struct half_open {
    struct table_item *table;     /* entries */
    struct table_item *addresses; /* how many of each */
    struct table_item *proven;    /* until when a source counts as known */
    struct half_open_entry **fresh[HALF_OPEN_CLASSES];
    uint32_t n_fresh[HALF_OPEN_CLASSES], n[HALF_OPEN_CLASSES];
    size_t bytes;
};

CYG_MUST_USE enum cyg_code half_open_init(struct engine *engine);
void half_open_clear(struct engine *engine);

/* The handshake that this first message began; NULL. */
struct exchange *half_open_find(const struct engine *engine, const struct cyg_path *path,
                                const struct header *h);

/* Make room and an entry for a first message of len bytes; the caller then sets ret->exchange. A
 * handshake that has only seen its first message may be replaced, by chance. CYG_R_HALF_OPEN_FULL,
 * CYG_R_HALF_OPEN_ADDRESS, CYG_R_NOMEM. */
CYG_MUST_USE enum cyg_code half_open_admit(struct engine *engine, const struct cyg_path *path,
                                           const struct header *h, size_t len, bool known,
                                           struct half_open_entry **ret, struct cyg_error *err);

/* It has turned out to come from a configured prefix. */
void half_open_known(struct engine *engine, struct half_open_entry *entry);

/* More than the first message has come: never replaced from now on; the source has shown that it
 * receives what we send. */
void half_open_progressed(struct engine *engine, struct half_open_entry *entry);

/* Its handshake is over; NULL is allowed. */
void half_open_leave(struct engine *engine, struct half_open_entry *entry);

/* The source of this path has authenticated: it is known for a day. */
void half_open_proven(struct engine *engine, const struct cyg_path *path);
bool half_open_is_proven(const struct engine *engine, const struct cyg_address *remote);

/* Bytes from and to it. NULL: not a handshake that we answer, always true. */
void half_open_received(struct half_open_entry *entry, size_t len);
void half_open_sent(struct half_open_entry *entry, size_t len);
bool half_open_may_send(const struct half_open_entry *entry, size_t len);
