/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hash tables by name, in the order of loading. Their clients are trusted (root, the daemon's user,
 * the group), so the hash needs no key (H-102 is about strangers). */
#include "loaded.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION     HASH_SAX /* clang has something to say about uthash's own choice */
#include <uthash.h>

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

static void remove_entry(struct entry **table, struct entry *e)
{
    HASH_DEL(*table, e);
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

static struct entry *add(struct entry **table, const char *name)
{
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL) {
        return NULL;
    }
    memcpy(e->name, name, strnlen(name, sizeof e->name - 1));
    HASH_ADD_STR(*table, name, e);
    if (e->hh.tbl == NULL) {
        free(e);
        return NULL;
    }
    return e;
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
    struct entry *old = find(loaded->conns, conn->name);
    struct conn *replaced = NULL;
    if (old != NULL) {
        replaced = old->conn;
        HASH_DEL(loaded->conns, old);
        memset(&old->hh, 0, sizeof old->hh);
        HASH_ADD_STR(loaded->conns, name, old); /* behind the others */
        if (old->hh.tbl == NULL) {
            conn_free(replaced);
            free(old);
            return false;
        }
    } else {
        old = add(&loaded->conns, conn->name);
        if (old == NULL) {
            return false;
        }
    }
    old->conn = conn;
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
