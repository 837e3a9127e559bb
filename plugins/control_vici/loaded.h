/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What came over VICI and is in the store's volatile source: connections as they were said, for
 * list-conns, get-conns and for telling what a new one changes; names of secrets for get-shared.
 * Bounded. Thread: the control thread. */
#pragma once

#include "conn.h"

#define LOADED_CONNS_MAX   100000u
#define LOADED_SECRETS_MAX 100000u

struct loaded;

struct loaded *loaded_new(void); /* NULL: no memory */
void loaded_free(struct loaded *loaded);

/* NULL: none of that name. Borrowed. */
const struct conn *loaded_find(const struct loaded *loaded, const char *name);
/* The first that was loaded after `serial`; start with 0. */
const struct conn *loaded_after(const struct loaded *loaded, uint64_t serial);
/* The one behind a connection of the table; NULL: it is the last. */
const struct conn *loaded_next(const struct loaded *loaded, const struct conn *conn);
size_t loaded_count(const struct loaded *loaded);

/* Put the connection behind all others; one of the same name is taken out and given back in
 * *ret_old (else NULL), the caller's. Takes the connection. False: no memory; it is
 * still the caller's, one of the same name is gone. */
CYG_MUST_USE bool loaded_put(struct loaded *loaded, struct conn *conn, struct conn **ret_old);
/* Take out; NULL: none. The caller's. */
struct conn *loaded_take(struct loaded *loaded, const char *name);

/* Names of secrets. */
CYG_MUST_USE bool loaded_add_secret(struct loaded *loaded, const char *name);
void loaded_remove_secret(struct loaded *loaded, const char *name);
void loaded_clear_secrets(struct loaded *loaded);
size_t loaded_count_secrets(const struct loaded *loaded);
bool loaded_has_secret(const struct loaded *loaded, const char *name);
/* The name that was loaded after this one; after NULL: the first. NULL behind the last. */
const char *loaded_secret_next(const struct loaded *loaded, const char *after);
