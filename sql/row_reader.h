/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the columns of one row in order, with the types and bounds that they must have. Sticky
 * like cyg_reader: read everything, then look at `failed`; the first failure is in the problem,
 * with the column's name. Private to sql/. */
#pragma once

#include "sql/rows.h"

struct row {
    sqlite3_stmt *stmt;
    int at;            /* the next column */
    const char *child; /* name of the child whose row it is; NULL: a peer or secret */
    bool failed;
    struct db_problem *problem;
};

/* Fail for the column that was read last; the sentence is the error's. */
void row_fail(struct row *r, const struct cyg_error *error);

/* The next column: text, borrowed until the statement steps; an empty span after a failure. */
struct cyg_span row_text(struct row *r);

/* The next column: a number within bounds; 0 after a failure. */
int64_t row_number(struct row *r, int64_t min, int64_t max);

/* The same; NULL gives `absent`. */
int64_t row_number_or(struct row *r, int64_t min, int64_t max, int64_t absent);

/* The next column: 0 or 1. */
bool row_flag(struct row *r);

/* The next column: one of n words; its index. */
unsigned row_word(struct row *r, const char *const *words, size_t n);

/* Take the next word of a list with commas, without the spaces around it. false: the list is over.
 * A word may be empty. Start with *list as the whole text and *first true. */
bool row_list_next(struct cyg_span *list, bool *first, struct cyg_span *ret_word);
