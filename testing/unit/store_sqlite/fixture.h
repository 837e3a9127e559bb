/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store's tests share: a real database file in a folder of its own, written to by a plain
 * SQLite client with the settings that any program has, and a store opened on it. */
#pragma once

#include "sql/database.h"
#include "unit/test.h"

#include <cygnet/store.h>

struct store;

struct fixture {
    char folder[64];
    char path[96];
    sqlite3 *client; /* another program */
    struct store *store;
};

/* A new database, the client connected, the store not yet open. For cmocka's setup; *state is the
 * fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Run SQL as the other program; the test fails with SQLite's message when that fails. */
void fixture_sql(struct fixture *f, const char *sql);

/* The same for SQL that must be refused; returns the message, valid until the next call. */
const char *fixture_refused(struct fixture *f, const char *sql);

/* One number that a query of the other program gives. */
int64_t fixture_number(struct fixture *f, const char *sql);

/* Peers numbered from `from` to `to`, p0000001 and so on: a third of them at %any, a third with an
 * address of their own (10.0.0.0 + number), a third in a few subnets of 172.16.0.0/16; each with
 * its own identity, every fourth with its own secret, which is "secret". */
void fixture_fill(struct fixture *f, unsigned from, unsigned to);

/* Open the store; the test fails with the reason. */
void fixture_open(struct fixture *f);

/* A deadline some seconds from now. */
cyg_usec fixture_deadline(void);

/* "192.0.2.1 203.0.113.7": our address and the peer's. */
struct cyg_path fixture_path(const char *local, const char *remote);

struct cyg_identity fixture_identity(const char *text);

/* The rendered reason, for messages and comparisons; static. */
const char *fixture_reason(const struct cyg_error *err);
