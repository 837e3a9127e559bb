/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hash tables by name, in the order of loading. Their clients are trusted (root, the daemon's user,
 * the group), so the hash needs no key (H-102 is about strangers). */
#include "loaded.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION     HASH_SAX /* clang has something to say about uthash's own choice */
#include <uthash.h>

/* uthash's macros are long; each is expanded in one function.
 * NOLINTBEGIN(readability-function-size) */

struct entry {
    UT_hash_handle hh;
    char name[CYG_NAME_MAX];
    struct conn *conn; /* NULL: a secret */
};

struct loaded {
    struct entry *conns, *secrets;
    uint64_t last_serial;
};

struct loaded *loaded_new(void)
{
    return calloc(1, sizeof(struct loaded));
}

static void take_out(struct entry **table, struct entry *e)
{
    HASH_DEL(*table, e);
}

static void remove_entry(struct entry **table, struct entry *e)
{
    take_out(table, e);
    free(e);
}

void loaded_free(struct loaded *loaded)
{
    if (loaded == NULL) {
        return;
    }
    while (loaded->conns != NULL) {
        conn_free(loaded->conns->conn);
        remove_entry(&loaded->conns, loaded->conns);
    }
    loaded_clear_secrets(loaded);
    free(loaded);
}

static struct entry *find(struct entry *table, const char *name)
{
    struct entry *found = NULL;
    HASH_FIND_STR(table, name, found);
    return found;
}

/* Put behind all others; frees the entry where there is no memory. */
static struct entry *append(struct entry **table, struct entry *e)
{
    memset(&e->hh, 0, sizeof e->hh);
    HASH_ADD_STR(*table, name, e);
    if (e->hh.tbl == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

/* NOLINTEND(readability-function-size) */

static struct entry *add(struct entry **table, const char *name)
{
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL) {
        return NULL;
    }
    memcpy(e->name, name, strnlen(name, sizeof e->name - 1));
    return append(table, e);
}

const struct conn *loaded_find(const struct loaded *loaded, const char *name)
{
    const struct entry *e = find(loaded->conns, name);
    return e != NULL ? e->conn : NULL;
}

const struct conn *loaded_next(const struct loaded *loaded, const struct conn *conn)
{
    const struct entry *e = find(loaded->conns, conn->name);
    e = e != NULL ? e->hh.next : NULL;
    return e != NULL ? e->conn : NULL;
}

const struct conn *loaded_after(const struct loaded *loaded, uint64_t serial)
{
    const struct entry *e = loaded->conns;
    while (e != NULL && e->conn->serial <= serial) {
        e = e->hh.next;
    }
    return e != NULL ? e->conn : NULL;
}

size_t loaded_count(const struct loaded *loaded)
{
    return HASH_COUNT(loaded->conns);
}

bool loaded_put(struct loaded *loaded, struct conn *conn, struct conn **ret_old)
{
    struct entry *e = find(loaded->conns, conn->name);
    struct conn *replaced = NULL;
    if (e != NULL) {
        replaced = e->conn;
        take_out(&loaded->conns, e);
        e = append(&loaded->conns, e);
    } else {
        e = add(&loaded->conns, conn->name);
    }
    if (e == NULL) {
        conn_free(replaced);
        return false;
    }
    e->conn = conn;
    conn->serial = ++loaded->last_serial;
    *ret_old = replaced;
    return true;
}

struct conn *loaded_take(struct loaded *loaded, const char *name)
{
    struct entry *e = find(loaded->conns, name);
    if (e == NULL) {
        return NULL;
    }
    struct conn *conn = e->conn;
    remove_entry(&loaded->conns, e);
    return conn;
}

bool loaded_add_secret(struct loaded *loaded, const char *name)
{
    return find(loaded->secrets, name) != NULL || add(&loaded->secrets, name) != NULL;
}

void loaded_remove_secret(struct loaded *loaded, const char *name)
{
    struct entry *e = find(loaded->secrets, name);
    if (e != NULL) {
        remove_entry(&loaded->secrets, e);
    }
}

void loaded_clear_secrets(struct loaded *loaded)
{
    while (loaded->secrets != NULL) {
        remove_entry(&loaded->secrets, loaded->secrets);
    }
}

size_t loaded_count_secrets(const struct loaded *loaded)
{
    return HASH_COUNT(loaded->secrets);
}

bool loaded_has_secret(const struct loaded *loaded, const char *name)
{
    return find(loaded->secrets, name) != NULL;
}

const char *loaded_secret_next(const struct loaded *loaded, const char *after)
{
    const struct entry *e = after == NULL ? loaded->secrets : find(loaded->secrets, after);
    if (e != NULL && after != NULL) {
        e = e->hh.next;
    }
    return e != NULL ? e->name : NULL;
}
