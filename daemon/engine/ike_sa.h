/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An IKE SA: cookies, path, keys, what belongs to it. A compact record: keys, replies and Message
 * IDs are apart and made when needed. Ownership: it owns its exchanges and child SAs, holds its
 * peer. Thread: the engine's. Source: RFC 2408 2.4, RFC 2409 5. */
#pragma once

#include "codec/message.h"
#include "engine_internal.h"
#include "keys.h"
#include "table.h"

#define IV_MAX          16u /* block of any cipher of phase 1 */

#define REPLIES_MIN     2u  /* answers that outlive their exchange: room at first */
#define REPLIES_MAX     64u /* when so many exchanges have just ended */
#define REPLIES_KEEP    (120 * CYG_SEC)
#define MESSAGE_IDS_MIN 8u
#define MESSAGE_IDS_MAX 1024u /* H-068: of quick modes and transactions */
#define MESSAGE_IDS_INFO \
    64u /* of informational exchanges, whose replay is harmless by SPI and number */

/* Bytes of a message of ours, as sent. */
struct datagram {
    size_t len;
    uint8_t bytes[];
};

struct reply {
    uint64_t seen; /* keyed hash of the request; 0: empty */
    struct datagram *sent;
    cyg_usec until, answered_at;
    uint8_t answered;
};

struct replies {
    uint8_t capacity, next;
    struct reply items[];
};

/* Message IDs used in this SA by either side: a ring that grows on use. */
struct message_ids {
    uint32_t *items;
    uint16_t n, capacity, next;
};

/* Made when the shared secret is known. */
struct ike_keys {
    struct keys_skeyid skeyid; /* d, a, e */
    struct cyg_key cipher_key;
    uint8_t cipher, hash, group, block; /* enum cyg_alg; bytes */
    uint8_t iv[IV_MAX];                 /* frozen by the last message of phase 1 */
    uint8_t iv_before[IV_MAX]; /* of the message before it: an Informational may cross (PROTOCOL) */
    bool frozen, has_before;
};

enum natt_kind {
    NATT_NONE = 0, /* not agreed */
    NATT_DRAFT,    /* payloads 130, 131; modes 61443, 61444 */
    NATT_RFC,      /* 20, 21; 3, 4 */
};

struct ike_sa {
    struct table_item by_cookie;        /* engine->sas, by our own cookie */
    struct table_item by_peer;          /* engine->sas_by_initiator, once it is up */
    struct ike_sa *prev, *next;         /* of the principal */
    struct ike_sa *row_prev, *row_next; /* of the peer's row */
    struct ike_sa *next_ended;
    struct engine *engine;
    struct principal *principal; /* NULL until authenticated */
    struct row_use *row;         /* that it is entered under, see by_peer.h */
    struct order *orders;        /* list: those that wait for it, or work under it */
    struct cyg_peer *peer;       /* held; NULL while a responder does not know it */
    struct ike_keys *keys;
    struct exchange *exchanges; /* list */
    struct child_sa *children;  /* list */
    struct replies *replies;
    struct message_ids ids, info_ids;
    struct cyg_path path;
    struct timer timer; /* end of life */
    cyg_usec created, established, expires, heard;
    cyg_usec childless;  /* up, and without child since; CYG_NEVER: it has one */
    cyg_usec dpd_second; /* R-U-THERE: the running second, the last number */
    uint32_t dpd_number;
    uint32_t uniqueid; /* 0: none yet, see ike_sa_number */
    uint32_t index_at; /* place in engine->index */
    uint16_t n_exchanges, n_children;
    uint8_t cookie_i[COOKIE_LEN], cookie_r[COOKIE_LEN];
    uint8_t state; /* enum cyg_ike_state */
    uint8_t natt;  /* enum natt_kind */
    uint8_t dpd_in_second;
    bool dpd_any; /* dpd_number is one */
    bool initiator, ended;
    bool nat_local, nat_remote, nat_fake; /* who is behind a NAT; nat_fake: encap is forced */
    bool dpd;                             /* the peer has shown the vendor ID */
    bool by_initiator;                    /* stands in that table */
    bool replaced;                        /* by a newer one: ends soon, its flows have moved */
    bool told;                            /* that it is up; so its end is told, too */
};

/* Make an SA with a cookie of our own; peer is held, may be NULL. */
CYG_MUST_USE enum cyg_code ike_sa_new(struct engine *engine, const struct cyg_path *path,
                                      bool initiator, struct cyg_peer *peer, struct ike_sa **ret,
                                      struct cyg_error *err);

/* By the cookies of a header; NULL: unknown. A responder's zero cookie never matches. */
struct ike_sa *ike_sa_find(const struct engine *engine, const struct header *h);
/* Whether the cookies of a header are its own; any responder's fits while none is known. */
bool ike_sa_fits(const struct ike_sa *sa, const struct header *h);
/* An SA that is up and whose first message from this address had this cookie: it comes again, late
 * or replayed, and begins nothing (H-067). NULL. */
struct ike_sa *ike_sa_by_initiator(const struct engine *engine, const struct cyg_path *path,
                                   const uint8_t cookie_i[COOKIE_LEN]);
/* Give it the number by which people know it, unless it has one. One that we begin has it from the
 * start. One that we answer has it when it needs one: with its second message, when something of it
 * is logged, or at once while there are not too many. So whoever sends first messages only does not
 * use up the numbers, and they stay as small as charon's. */
void ike_sa_number(struct ike_sa *sa);
struct ike_sa *ike_sa_by_uniqueid(const struct engine *engine, uint32_t uniqueid);
/* Where in engine->index those with a higher uniqueid begin. */
uint32_t ike_sa_index_after(const struct engine *engine, uint32_t uniqueid);

/* The cookie of the two that is ours. */
const uint8_t *ike_sa_own_cookie(const struct ike_sa *sa);

/* Both cookies, as they name it in notifies and deletes. */
void ike_sa_cookies(const struct ike_sa *sa, uint8_t ret[2 * COOKIE_LEN]);

/* The responder's cookie is known now (initiator, MM2). */
void ike_sa_learn_cookie(struct ike_sa *sa, const uint8_t cookie_r[COOKIE_LEN]);

/* What phase 1 has chosen. */
struct ike_algs {
    enum cyg_alg cipher, hash, group;
};

/* Derive the keys and keep them. */
CYG_MUST_USE enum cyg_code ike_sa_set_keys(struct ike_sa *sa, struct ike_algs algs,
                                           struct cyg_span skeyid, struct cyg_span shared,
                                           struct cyg_error *err);

/* The last message of phase 1 ended with this block, the one before it with that. */
void ike_sa_freeze(struct ike_sa *sa, const uint8_t before[IV_MAX], const uint8_t last[IV_MAX]);

/* An authenticated message came on this path: the endpoint moves when there is a NAT (H-151). */
void ike_sa_heard(struct ike_sa *sa, const struct cyg_path *path);
/* Move it, and the SAs of the data plane with it. */
void ike_sa_move(struct ike_sa *sa, const struct cyg_path *path);

/* Phase 1 is complete: authenticated as this identity of sa->peer. lifetime_s: as negotiated. On
 * failure nothing has changed. */
CYG_MUST_USE enum cyg_code ike_sa_establish(struct ike_sa *sa, const struct cyg_identity *remote,
                                            uint64_t lifetime_s, struct cyg_error *err);

/* Its exchange is over, it is up: say so, and that a handshake has succeeded. */
void ike_sa_tell(struct ike_sa *sa, uint64_t order_id);

/* Cut the rest of its life to so many seconds; never lengthens it. */
void ike_sa_shorten(struct ike_sa *sa, uint64_t lifetime_s);

/* End it and all that belongs to it; with_delete: tell the peer. why NULL: wanted. Freed when the
 * call into the engine ends. */
void ike_sa_end(struct ike_sa *sa, bool with_delete, const struct cyg_error *why);
void ike_sa_end_all(struct engine *engine, bool with_delete, const struct cyg_error *why);
void ike_sa_reap(struct ike_sa *sa);

/* It has got its first child, or lost its last. */
void ike_sa_children_changed(struct ike_sa *sa);

/* The timer fired: its life is over, or a kept reply's. */
void ike_sa_timer(struct ike_sa *sa);
void ike_sa_timer_restart(struct ike_sa *sa);

/* How many exchanges may run under it (H-101). */
unsigned ike_sa_max_exchanges(const struct ike_sa *sa);

/* Our identity in this SA: configured, or the address in use. */
void ike_sa_local_id(const struct ike_sa *sa, struct cyg_identity *ret);

/* Name of the peer, "" while not known. */
const char *ike_sa_name(const struct ike_sa *sa);

/* ---- replies.c ---- */

/* Keep the answer (taken over, may be NULL) to a request. */
void replies_keep(struct ike_sa *sa, uint64_t seen, struct datagram *sent);
/* The request came again: repeat the answer, at most once a second and 5 times. false: unknown. */
bool replies_repeat(struct ike_sa *sa, uint64_t seen);
/* Drop what is over; when the next one will be, CYG_NEVER: none. */
cyg_usec replies_expire(struct ike_sa *sa);
void replies_clear(struct ike_sa *sa);

/* ---- message_ids.c ---- */

/* Whether it was used before in this SA, by either side. */
bool message_ids_used(const struct ike_sa *sa, uint32_t id);
/* Remember; forgets the oldest beyond 1024, of informational exchanges beyond 64, so that years of
 * R-U-THERE stay small. Without memory the oldest goes earlier. */
void message_ids_add(struct ike_sa *sa, uint32_t id, bool informational);
/* A fresh one: random, not 0, not used by either side. */
CYG_MUST_USE enum cyg_code message_ids_new(struct ike_sa *sa, uint32_t *ret, struct cyg_error *err);
