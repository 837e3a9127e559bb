/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include "sql/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const sqls[QUERIES] = {
#define QUERY(name, sql) [Q_##name] = (sql),
#include "queries.def"
};

/* Instructions of SQLite's machine between two looks at the clock: some 50 µs. */
#define CLOCK_EVERY 2000

static int past_deadline(void *context)
{
    const struct connection *c = context;
    return cyg_time_now() >= c->deadline;
}

/* SQLite waits for locks by itself, so it has to know how long. */
static int milliseconds_left(cyg_usec deadline)
{
    cyg_usec now = cyg_time_now();
    if (deadline <= now) {
        return 0;
    }
    cyg_usec left = (deadline - now) / CYG_MSEC;
    return left > 600000 ? 600000 : (int)left;
}

static void set_deadline(struct connection *c, cyg_usec deadline)
{
    c->deadline = deadline;
    sqlite3_busy_timeout(c->db, milliseconds_left(deadline));
}

static enum cyg_code lock_writer(struct source *source, cyg_usec deadline, struct cyg_error *err)
{
    struct timespec until;
    int left = milliseconds_left(deadline);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += left / 1000;
    until.tv_nsec += left % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&source->lock);
    int rc = 0;
    while (source->writing && rc == 0) {
        rc = pthread_cond_timedwait(&source->written, &source->lock, &until);
    }
    bool ours = !source->writing;
    source->writing = true;
    pthread_mutex_unlock(&source->lock);
    return ours ? CYG_OK : CYG_FAIL(err, CYG_R_STORE_BUSY);
}

static void unlock_writer(struct source *source)
{
    pthread_mutex_lock(&source->lock);
    source->writing = false;
    pthread_cond_signal(&source->written);
    pthread_mutex_unlock(&source->lock);
}

static void connection_free(struct connection *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < QUERIES; i++) {
        sqlite3_finalize(c->statements[i]);
    }
    db_close(c->db);
    free(c);
}
CYG_DEFINE_CLEANUP(struct connection *, connection_free);

static struct file_id identify(const char *path, const char *suffix)
{
    char whole[4096];
    struct stat st;
    int len = snprintf(whole, sizeof whole, "%s%s", path, suffix);
    if (len < 0 || (size_t)len >= sizeof whole || stat(whole, &st) != 0) {
        return (struct file_id){ 0 };
    }
    return (struct file_id){ st.st_dev, st.st_ino };
}

static bool same_file(struct file_id a, struct file_id b)
{
    return a.device == b.device && a.inode == b.inode;
}

static enum cyg_code connection_open(struct source *source, bool write, cyg_usec deadline,
                                     struct connection **ret, struct cyg_error *err)
{
    CYG_CLEANUP(connection_freep) struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    c->source = source;
    c->writes = write;
    enum cyg_code code = db_connect(source->path, write, &c->db, err);
    if (code != CYG_OK) {
        return code;
    }
    pthread_mutex_lock(&source->lock);
    bool ours = same_file(identify(source->path, ""), source->file);
    pthread_mutex_unlock(&source->lock);
    if (!ours) { /* replaced: the old one's log lies beside it and must not be taken for its own */
        return CYG_FAIL(err, CYG_R_STORE_BUSY);
    }
    set_deadline(c, deadline);
    sqlite3_progress_handler(c->db, CLOCK_EVERY, past_deadline, c);
    if (write) {
        /* Readers go on while somebody writes. Where it can't be had (read-only) they do not. */
        sqlite3_exec(c->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    *ret = CYG_TAKE(c);
    return CYG_OK;
}

static enum cyg_code verify_file(const char *path, struct cyg_error *err)
{
    CYG_CLEANUP(db_closep) sqlite3 *db = NULL;
    enum cyg_code code = db_check_mode(path, err);
    if (code == CYG_OK) {
        code = db_connect(path, false, &db, err);
    }
    if (code == CYG_OK) {
        code = db_verify(db, path, err);
    }
    return code;
}

enum cyg_code source_init(struct source *source, const char *path, uint8_t number,
                          struct cyg_error *err)
{
    *source = (struct source){ .number = number };
    enum cyg_code code = verify_file(path, err);
    if (code != CYG_OK) {
        return code;
    }
    char *copy = strdup(path);
    if (copy == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    source->path = copy;
    source->file = identify(path, "");
    pthread_mutex_init(&source->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&source->written, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return CYG_OK;
}

static void close_readers(struct source *source)
{
    while (source->readers != NULL) {
        struct connection *c = source->readers;
        source->readers = c->next;
        connection_free(c);
    }
}

void source_clear(struct source *source)
{
    if (source->path == NULL) {
        return;
    }
    close_readers(source);
    connection_free(source->writer);
    pthread_mutex_destroy(&source->lock);
    pthread_cond_destroy(&source->written);
    free(source->path);
    *source = (struct source){ 0 };
}

static const char *const side_suffixes[SIDES] = { "-wal", "-shm" };

/* The write-ahead log of the old file still has its name; SQLite, which sees that the file has
 * moved, leaves it there, and would read it as that of the new one. */
static void remove_sides(struct source *source)
{
    for (size_t i = 0; i < SIDES; i++) {
        struct file_id now = identify(source->path, side_suffixes[i]);
        if (now.inode != 0 && same_file(now, source->sides[i])) {
            char whole[4096];
            snprintf(whole, sizeof whole, "%s%s", source->path, side_suffixes[i]);
            unlink(whole);
        }
    }
}

/* Close everything of the old file; false while a reader is out. The writer is ours. */
static bool let_go(struct source *source)
{
    source->replaced = true;
    close_readers(source);
    if (source->readers_out > 0) {
        return false;
    }
    connection_free(CYG_TAKE(source->writer));
    remove_sides(source);
    return true;
}

enum cyg_code source_refresh(struct source *source, cyg_usec deadline, bool *ret_replaced,
                             struct cyg_error *err)
{
    struct file_id now = identify(source->path, "");
    if (now.inode == 0) {
        return CYG_FAIL(err, CYG_R_STORE_MISSING, .got_quote = cyg_quote_text(source->path),
                        .want_quote = cyg_quote_text(strerror(errno)));
    }
    enum cyg_code code = lock_writer(source, deadline, err);
    if (code != CYG_OK) {
        return code;
    }
    pthread_mutex_lock(&source->lock);
    *ret_replaced = !same_file(now, source->file);
    bool free_now = true;
    if (*ret_replaced) {
        free_now = let_go(source);
    } else {
        for (size_t i = 0; i < SIDES; i++) {
            source->sides[i] = identify(source->path, side_suffixes[i]);
        }
    }
    pthread_mutex_unlock(&source->lock);
    if (*ret_replaced) {
        code = free_now ? verify_file(source->path, err) : CYG_FAIL(err, CYG_R_STORE_BUSY);
    }
    if (*ret_replaced && code == CYG_OK) {
        pthread_mutex_lock(&source->lock);
        source->file = now;
        source->replaced = false;
        pthread_mutex_unlock(&source->lock);
    }
    unlock_writer(source);
    return code;
}

enum cyg_code connection_take(struct source *source, cyg_usec deadline, struct connection **ret,
                              struct cyg_error *err)
{
    CYG_CLEANUP(connection_freep) struct connection *c = NULL;
    pthread_mutex_lock(&source->lock);
    bool replaced = source->replaced;
    if (!replaced) {
        c = source->readers;
        source->readers_out++;
    }
    if (c != NULL) {
        source->readers = c->next;
    }
    pthread_mutex_unlock(&source->lock);
    if (replaced) {
        return CYG_FAIL(err, CYG_R_STORE_BUSY);
    }
    if (c == NULL) {
        enum cyg_code code = connection_open(source, false, deadline, &c, err);
        if (code != CYG_OK) {
            pthread_mutex_lock(&source->lock);
            source->readers_out--;
            pthread_mutex_unlock(&source->lock);
            return code;
        }
    }
    set_deadline(c, deadline);
    *ret = CYG_TAKE(c);
    return CYG_OK;
}

enum cyg_code connection_take_writer(struct source *source, cyg_usec deadline,
                                     struct connection **ret, struct cyg_error *err)
{
    enum cyg_code code = lock_writer(source, deadline, err);
    if (code == CYG_OK && source->writer == NULL) {
        code = connection_open(source, true, deadline, &source->writer, err);
        if (code != CYG_OK) {
            unlock_writer(source);
        }
    }
    if (code != CYG_OK) {
        return code;
    }
    set_deadline(source->writer, deadline);
    *ret = source->writer;
    return CYG_OK;
}

void connection_give(struct connection *c)
{
    if (c == NULL) {
        return;
    }
    struct source *source = c->source;
    if (!sqlite3_get_autocommit(c->db)) {
        c->deadline = CYG_NEVER; /* what is rolled back must not be interrupted */
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (c->writes) {
        struct connection *other = CYG_TAKE(c->other);
        unlock_writer(source);
        connection_give(other);
        return;
    }
    pthread_mutex_lock(&source->lock);
    source->readers_out--;
    c->next = source->readers;
    source->readers = c;
    if (source->replaced) {
        close_readers(source);
    }
    pthread_mutex_unlock(&source->lock);
}

enum cyg_code connection_begin(struct connection *c, bool write, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, write ? Q_BEGIN_WRITE : Q_BEGIN, &s, err);
    return code == CYG_OK ? query_run(s, err) : code;
}

enum cyg_code connection_commit(struct connection *c, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, Q_COMMIT, &s, err);
    return code == CYG_OK ? query_run(s, err) : code;
}

enum cyg_code query_start(struct connection *c, enum query which, sqlite3_stmt **ret,
                          struct cyg_error *err)
{
    sqlite3_stmt **s = &c->statements[which];
    if (*s == NULL) {
        int rc = sqlite3_prepare_v3(c->db, sqls[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
        if (rc != SQLITE_OK) {
            return db_failure(c->db, rc, err);
        }
    }
    *ret = *s;
    return CYG_OK;
}

void query_end(sqlite3_stmt *statement)
{
    if (statement != NULL) {
        sqlite3_reset(statement); /* an open one would keep the transaction open */
        sqlite3_clear_bindings(statement);
    }
}

enum cyg_code query_step(sqlite3_stmt *statement, bool *ret_row, struct cyg_error *err)
{
    int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return db_failure(sqlite3_db_handle(statement), rc, err);
    }
    *ret_row = rc == SQLITE_ROW;
    return CYG_OK;
}

enum cyg_code query_run(sqlite3_stmt *statement, struct cyg_error *err)
{
    bool row;
    return query_step(statement, &row, err);
}

void query_bind_bytes(sqlite3_stmt *statement, int at, struct cyg_span bytes)
{
    /* A NULL pointer would bind NULL, not an empty blob. */
    sqlite3_bind_blob64(statement, at, bytes.len > 0 ? (const void *)bytes.data : "", bytes.len,
                        SQLITE_STATIC);
}

void query_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void query_bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
    sqlite3_bind_int64(statement, at, number);
}

struct cyg_span query_bytes(sqlite3_stmt *statement, int at)
{
    const void *data = sqlite3_column_blob(statement, at);
    int len = sqlite3_column_bytes(statement, at);
    return (struct cyg_span){ data, data != NULL && len > 0 ? (size_t)len : 0 };
}

const char *query_text(sqlite3_stmt *statement, int at)
{
    const unsigned char *text = sqlite3_column_text(statement, at);
    return text != NULL ? (const char *)text : "";
}

void text_copy(char *to, size_t size, const char *from)
{
    size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}
