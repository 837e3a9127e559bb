/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history of negotiations, for `explain`: what the daemon's recorder makes of the engine's
 * events, the store keeps, and services show. A negotiation is one attempt with a peer: phase 1 and
 * what follows at once, or a later quick mode, or an SA's end; its entries are told in order. All
 * text is final: printable ASCII, foreign bytes escaped (H-181), no secret. Lists are one text, its
 * items separated by line feeds. Thread: values. */
#pragma once

#include <cygnet/control.h>

#define CYG_HISTORY_ENTRIES_MAX 64u /* of one negotiation; more are counted in its end */

enum cyg_history_kind {
    CYG_HISTORY_MESSAGE = 1,
    CYG_HISTORY_DECISION, /* a reason record */
    CYG_HISTORY_UP,
    CYG_HISTORY_DOWN,
    CYG_HISTORY_END,
    CYG_HISTORY_KINDS,
};

/* "message", "decision" …; NULL: none of them. */
CYG_PUBLIC const char *cyg_history_kind_name(unsigned kind);

/* Who began a negotiation. */
enum cyg_history_begun {
    CYG_HISTORY_BY_PEER = 0,
    CYG_HISTORY_BY_US,
    CYG_HISTORY_BY_NONE, /* something was found or ended, or nobody knows */
};

/* Texts are borrowed, never NULL, and "" where there is nothing to say. */
struct cyg_history_entry {
    uint64_t negotiation; /* number, grows for ever */
    uint32_t seq;         /* in it, from 1 */
    uint8_t kind;         /* enum cyg_history_kind */
    uint8_t phase;        /* 1, 2; 0: informational */
    int64_t when;         /* microseconds since 1970 */
    uint16_t reason;      /* enum cyg_reason, 0: none */
    uint8_t group;        /* enum cyg_log_group */
    int8_t level;
    bool sent, resent; /* MESSAGE */
    uint8_t begun_by;  /* enum cyg_history_begun */
    uint32_t ike_uniqueid, message_id, bytes;
    const char *peer;      /* "": not known, or not yet */
    const char *remote_id; /* as far as it has been heard */
    const char *local;     /* address[port] */
    const char *remote;    /* address[port] */
    const char *source;    /* the remote address alone, for look-ups */
    const char *cookie_i;  /* 16 hex digits */
    const char *cookie_r;  /* 16 hex digits */
    const char *exchange;  /* "main mode"; MESSAGE */
    const char *text;      /* one sentence, that of the log */
    const char *mend;      /* what to change */
    const char *payloads;  /* list: MESSAGE, a line for each payload and what is in it */
    const char *what;      /* the two sides compared are: proposals, identity, flows */
    const char *ours;      /* list */
    const char *theirs;    /* list */
    const char *differs;   /* list: in what they differ */
    const char *result;    /* END: up, failed, down, replaced, found */
};

#define CYG_HISTORY_TEXTS 16u

/* The texts of an entry by number, in the order above. */
CYG_PUBLIC const char **cyg_history_text(struct cyg_history_entry *entry, unsigned n);

/* Messages that belong to no negotiation: how many, by reason and network (/24, /48). */
struct cyg_history_drop {
    uint16_t reason; /* enum cyg_reason */
    char network[CYG_ADDRESS_TEXT];
    uint64_t count;
    int64_t first, last; /* microseconds since 1970 */
};

struct cyg_history_query {
    char peer[CYG_NAME_MAX];       /* "": any */
    bool unknown;                  /* only those whose peer was not known */
    char source[CYG_ADDRESS_TEXT]; /* remote address; "": any */
    uint32_t limit;                /* negotiations, the newest; 0: 1 */
};

/* What a store has read, by time: one block for cyg_history_free. */
struct cyg_history {
    size_t n;
    struct cyg_history_entry *entries;
    size_t n_drops; /* by their last time; none where the query names whom it is about */
    struct cyg_history_drop *drops;
};

/* Entries in the making. Copies what it is given; sticky: no memory shows at the end. */
struct cyg_history_builder {
    struct cyg_history_entry *entries;
    size_t n, size, bytes;
    bool failed;
};

/* Copy an entry with its texts. */
CYG_PUBLIC void cyg_history_add(struct cyg_history_builder *b,
                                const struct cyg_history_entry *entry);
/* Take them over. CYG_NOMEM: something could not be copied; all is freed. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_history_finish(struct cyg_history_builder *b,
                                                         struct cyg_history **ret);
CYG_PUBLIC void cyg_history_free(struct cyg_history *history);
