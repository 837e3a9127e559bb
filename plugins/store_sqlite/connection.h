/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections to one database file: a pool of readers and one writer, each with its prepared
 * statements, and a deadline for whatever runs on it. A connection belongs to the thread that took
 * it until it is given back. Private to the plugin. */
#pragma once

#include "sql/database.h"

#include <cygnet/time.h>

#include <pthread.h>
#include <sys/types.h>

/* Every statement, one row each: QUERY(NAME, SQL). */
enum query {
#define QUERY(name, sql) Q_##name,
#include "queries.def"
    QUERIES,
};

struct source;

struct connection {
    struct connection *next; /* in the pool */
    struct source *source;
    struct connection *other; /* the other database's writer, given back with this one: derive.h */
    sqlite3 *db;
    sqlite3_stmt *statements[QUERIES]; /* prepared when first used */
    cyg_usec deadline;
    bool writes;
    bool knows; /* the state that data_version stands for: nothing was to be derived, and */
    int64_t data_version; /* SQLite's, of this connection */
    uint64_t generation;
};

/* Which file a path stood for; inode 0: none. */
struct file_id {
    dev_t device;
    ino_t inode;
};

/* The files beside a database in write-ahead mode: -wal and -shm. */
#define SIDES 2u

/* One database file; `number` is cyg_peer.source. */
struct source {
    char *path;
    uint8_t number;
    pthread_mutex_t lock;       /* guards what follows */
    struct connection *readers; /* idle ones */
    unsigned readers_out;       /* taken and not yet given back */
    bool replaced;              /* the file is another one: nothing is opened until all are back */
    struct file_id file, sides[SIDES];
    bool writing;              /* somebody has the writer, and with it what follows */
    pthread_cond_t written;    /* it is given back; CLOCK_MONOTONIC */
    struct connection *writer; /* NULL while not opened */
    uint64_t reported;         /* generation up to which poll has told */
    uint64_t reported_secrets;
    bool report_all;
};

/* Open the file once, check it as db_verify does, remember which file it is. Copies path. */
CYG_MUST_USE enum cyg_code source_init(struct source *source, const char *path, uint8_t number,
                                       struct cyg_error *err);

/* Close; no connection may be out. */
void source_clear(struct source *source);

/* Whether another file has the path now (H-176): then all connections are closed, and opened anew
 * on the new one. CYG_LIMIT while some are still out: ask again. CYG_NOT_FOUND: there is no file,
 * the old one stays in use. */
CYG_MUST_USE enum cyg_code source_refresh(struct source *source, cyg_usec deadline,
                                          bool *ret_replaced, struct cyg_error *err);

/* Take a reader. What runs on it ends by the deadline with CYG_R_STORE_BUSY. */
CYG_MUST_USE enum cyg_code connection_take(struct source *source, cyg_usec deadline,
                                           struct connection **ret, struct cyg_error *err);

/* Take the writer; waits for who has it, until the deadline. */
CYG_MUST_USE enum cyg_code connection_take_writer(struct source *source, cyg_usec deadline,
                                                  struct connection **ret, struct cyg_error *err);

/* Give back, with `other`; an open transaction is rolled back. NULL is allowed. */
void connection_give(struct connection *c);
CYG_DEFINE_CLEANUP(struct connection *, connection_give);

/* Begin: for reading one consistent state, or for writing. */
CYG_MUST_USE enum cyg_code connection_begin(struct connection *c, bool write,
                                            struct cyg_error *err);
CYG_MUST_USE enum cyg_code connection_commit(struct connection *c, struct cyg_error *err);

/* A statement, reset and without bound values. End its use with query_end (CYG_CLEANUP). */
CYG_MUST_USE enum cyg_code query_start(struct connection *c, enum query which, sqlite3_stmt **ret,
                                       struct cyg_error *err);
void query_end(sqlite3_stmt *statement);
CYG_DEFINE_CLEANUP(sqlite3_stmt *, query_end);

/* Step: *ret_row tells whether there is a row. */
CYG_MUST_USE enum cyg_code query_step(sqlite3_stmt *statement, bool *ret_row,
                                      struct cyg_error *err);

/* Step a statement that gives no row. */
CYG_MUST_USE enum cyg_code query_run(sqlite3_stmt *statement, struct cyg_error *err);

/* Bind, from 1. Bytes and text are borrowed until query_end. Failure (memory) shows at the step. */
void query_bind_bytes(sqlite3_stmt *statement, int at, struct cyg_span bytes);
void query_bind_text(sqlite3_stmt *statement, int at, const char *text);
void query_bind_number(sqlite3_stmt *statement, int at, int64_t number);

/* A column: bytes are borrowed until the next step. */
struct cyg_span query_bytes(sqlite3_stmt *statement, int at);
/* Text, never NULL. */
const char *query_text(sqlite3_stmt *statement, int at);

/* Copy text, cut to what fits. */
void text_copy(char *to, size_t size, const char *from);
