/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by history.c and history_read.c, and by tests that look at the statements' plans. */
#pragma once

#include "history.h"

#include "sql/database.h"

#define HISTORY_BUSY_MS 250 /* somebody else's lock; the lane has other work */

enum history_query {
#define QUERY(name, sql) H_##name,
#include "history_queries.def"
    HISTORY_QUERIES,
};

struct history {
    sqlite3 *db;
    sqlite3_stmt *statements[HISTORY_QUERIES];
    cyg_usec deadline;
    uint64_t last;
    uint64_t count, count_dropped; /* rows of negotiations; of dropped, or more */
};

/* The text of a statement. */
const char *history_sql(enum history_query which);

/* What runs from now on ends by then. */
void history_set_deadline(struct history *history, cyg_usec deadline);

/* A statement, reset; end its use with history_reset. */
sqlite3_stmt *history_start(struct history *history, enum history_query which);
void history_reset(sqlite3_stmt *statement);
