/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection as load-conn brings it: its message checked against the table of keys, kept for
 * list-conns, turned into rows for the store. Ownership: conn_free. Thread: values. */
#pragma once

#include "keys.h"

#include <cygnet/control.h>
#include <cygnet/store.h>

struct conn_child {
    char name[CYG_NAME_MAX];
    struct key_values values;
};

struct conn {
    uint64_t serial; /* grows in the order of loading: loaded.h */
    char name[CYG_NAME_MAX];
    struct key_values values, local, remote;
    struct conn_child *children; /* in the order of the message */
    size_t n_children;
};

/* Read a message that passed cyg_vici_check: one section, the connection. An unknown key, a wrong
 * value, a key of what is not built: the whole connection is refused, with charon's words in front.
 * CYG_NOT_FOUND: the message is empty. */
CYG_MUST_USE enum cyg_code conn_parse(struct cyg_span message, struct conn **ret,
                                      struct cyg_error *err);
/* A name as the store takes it. CYG_R_CONN_NAME with the rule (H-174). */
CYG_MUST_USE enum cyg_code conn_name(struct cyg_span text, char ret[CYG_NAME_MAX],
                                     struct cyg_error *err);

void conn_free(struct conn *conn); /* NULL is allowed */
CYG_DEFINE_CLEANUP(struct conn *, conn_free);

/* Rows for the store; they borrow from the connection. */
struct conn_rows {
    struct cyg_store_peer peer;
    struct cyg_store_value *values;
    struct cyg_store_child *children;
};
CYG_MUST_USE enum cyg_code conn_rows(const struct conn *conn, struct conn_rows *ret,
                                     struct cyg_error *err);
void conn_rows_clear(struct conn_rows *rows);

/* Whether both say the same. */
bool conn_equal(const struct conn *a, const struct conn *b);
/* Whether they say the same of all but their children; of two children. */
bool conn_equal_but_children(const struct conn *a, const struct conn *b);
bool conn_child_equal(const struct conn_child *a, const struct conn_child *b);
/* NULL: none of that name. */
const struct conn_child *conn_child_find(const struct conn *conn, const char *name);
/* Whether its start_action is start. */
bool conn_child_starts(const struct conn_child *child);

/* The names of keys that have no effect yet, each once, with ", " between; "" if there are none. */
#define CONN_IDLE_TEXT 1024u
const char *conn_idle_keys(const struct conn *conn, char *text, size_t size);
