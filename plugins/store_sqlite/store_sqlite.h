/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store on SQLite: for the plugin's descriptor, and for tests and simulations that link the
 * library instead of loading the plugin. */
#pragma once

#include <cygnet/store.h>

struct store;

/* Open a database and derive what is still to be derived, which may take as long as it needs. */
CYG_MUST_USE enum cyg_code store_open(const char *path, struct store **ret, struct cyg_error *err);

/* Where the history goes, for the history_open of store_sqlite_ops: NULL: history.db beside the
 * database; "" or "none": nowhere, as without this call. */
CYG_MUST_USE enum cyg_code store_set_history(struct store *store, const char *database,
                                             const char *setting, struct cyg_error *err);

/* Close; no call may be running. NULL is allowed. */
void store_close(struct store *store);
CYG_DEFINE_CLEANUP(struct store *, store_close);

/* The functions of store.h; their self is the store. */
extern const struct cyg_store_ops store_sqlite_ops;

/* Work of SQLite's machine since the last call, for tests: instructions, and rows that a scan of a
 * whole table or index has visited. Nothing else may run. */
struct store_work {
    uint64_t steps, scanned;
};
void store_take_work(struct store *store, struct store_work *ret);

/* Forget the answers that are kept, so that the next ones are looked up: for tests and benchmarks.
 */
void store_forget_answers(struct store *store);
