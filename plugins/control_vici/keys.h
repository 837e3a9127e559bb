/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of swanctl.conf and their values: the table keys.def, and the parser of one value.
 * Ownership: values are the caller's, values_clear. Thread: constant table, values. */
#pragma once

#include <cygnet/error.h>

enum key_section {
    KEY_CONN = 0,
    KEY_LOCAL,
    KEY_REMOTE,
    KEY_CHILD,
    KEY_SECTIONS
};

enum key_kind {
    KEY_BUILT = 0,
    KEY_UPKEEP,
    KEY_LATER,
    KEY_IKEV2
};

/* How a value is checked. Words stand in keys.c. */
enum key_type {
    KEY_TEXT = 0,
    KEY_BOOL,   /* yes true enabled 1, no false disabled 0, in any case */
    KEY_TIME,   /* seconds, or with one of s m h d behind; up to a year */
    KEY_BYTES,  /* with k, m, g: times 1024; up to 2 to the power of 60 */
    KEY_NUMBER, /* 0 to 2 to the power of 32 - 1; hex with 0x */
    KEY_PORT,
    KEY_WINDOW,
    KEY_VERSION,
    KEY_DSCP, /* six binary digits */
    KEY_IF_ID,
    KEY_MARK, /* value, or value/mask */
    KEY_IDENTITY,
    KEY_AUTH,
    KEY_UNIQUE,
    KEY_MODE,
    KEY_ACTION,
    KEY_START,
    KEY_FRAGMENT,
    KEY_CHILDLESS,
    KEY_SEND_CERT,
    KEY_REVOCATION,
    KEY_LABEL_MODE,
    KEY_TFC,
    KEY_OFFLOAD,
    KEY_DSCP_COPY,
    /* lists: each item is checked */
    KEY_LIST,
    KEY_ADDRESSES,
    KEY_IKE_PROPOSALS,
    KEY_ESP_PROPOSALS,
    KEY_AH_PROPOSALS,
    KEY_SELECTORS,
};

struct key {
    enum key_section section;
    const char *name;
    enum key_kind kind;
    uint8_t milestone;
    enum key_type type;
    const char *harmless, *column, *help;
};

/* A type of load-shared. */
struct secret_key {
    const char *type;
    enum key_kind kind;
    uint8_t milestone;
    const char *help;
};

/* The rows in order; NULL behind the last. */
const struct key *key_at(size_t index);
const struct secret_key *secret_key_at(size_t index);

/* NULL: unknown, which refuses the whole connection. */
const struct key *key_find(enum key_section section, struct cyg_span name);
const struct secret_key *secret_key_find(struct cyg_span type); /* in any case */

/* Whether the message has it as a list. */
bool key_is_list(const struct key *key);
/* Whether the column takes a number, not the text. */
bool key_is_number(const struct key *key);

/* A value in normal form: numbers in decimal (time in seconds), booleans yes or no, items of a list
 * with ", " between. */
struct key_value {
    const struct key *key;
    char *text;
    uint64_t number; /* where key_is_number; BOOL: 0, 1 */
};

struct key_values {
    struct key_value *items;
    size_t n, room;
};

void key_values_clear(struct key_values *values);

/* The value of a key; NULL: not given. */
const struct key_value *key_values_find(const struct key_values *values, const char *name);
/* As a number; fallback where it is not given. */
uint64_t key_values_number(const struct key_values *values, const char *name, uint64_t fallback);
/* As text; fallback where it is not given. */
const char *key_values_text(const struct key_values *values, const char *name,
                            const char *fallback);

/* Take a value, or one more item of a list: check it by its type and by its kind. An empty value of
 * what must be absent counts as absent. Fails with CONN_VALUE, CONN_LATER, CONN_IKEV2, CONN_TWICE;
 * values are untouched then. */
CYG_MUST_USE enum cyg_code key_values_add(struct key_values *values, const struct key *key,
                                          struct cyg_span value, struct cyg_error *err);

/* Take the next item of a normal form list: start with *rest as the whole text. */
bool key_list_next(struct cyg_span *rest, struct cyg_span *ret_item);

/* Packets: replay protection is always on (H-160), so less is taken as this. */
#define KEY_WINDOW_MIN 64u

/* Whether a key says something that has no effect: of UPKEEP, not yet; a replay window that is off
 * or too small, never. */
bool key_value_is_idle(const struct key_value *value);
