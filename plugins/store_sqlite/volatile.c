/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volatile source: peers and secrets that came over VICI, in a second file with the same
 * schema. Triggers do not run on our connections, so what they would do is done here. A row is
 * derived in the transaction that writes it: one that can't be used is never there. */
#include "derive.h"

#include <cygnet/secret.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "volatile.db"
#define VOLATILE  1u /* its place in store->sources, and cyg_peer.source */

/* ---- the file ---- */

static void remove_files(const char *path)
{
    static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
    char name[256];
    for (size_t i = 0; i < CYG_LEN(tails); i++) {
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        (void)unlink(name);
    }
}

enum cyg_code store_volatile_open(void *self, const char *folder, struct cyg_error *err)
{
    struct store *store = self;
    char path[192];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, FILE_NAME);
    if (n < 0 || (size_t)n >= sizeof path || store->n_sources > VOLATILE) {
        return CYG_FAIL(err, CYG_R_STORE_OPEN, .got_quote = cyg_quote_text(folder),
                        .want_quote = cyg_quote_text("too long a path, or open already"));
    }
    remove_files(path);
    struct source *source = &store->sources[VOLATILE];
    enum cyg_code code = db_create(path, err);
    if (code == CYG_OK) {
        code = source_init(source, path, VOLATILE, err);
    }
    if (code == CYG_OK) {
        code = derive_first(store, source, err);
    }
    if (code != CYG_OK) {
        source_clear(source);
        remove_files(path);
        return code;
    }
    store->n_sources = VOLATILE + 1; /* look-ups that begin from now on ask it */
    return CYG_OK;
}

void store_volatile_close(void *self)
{
    struct store *store = self;
    if (store->n_sources > VOLATILE) {
        remove_files(store->sources[VOLATILE].path);
    }
}

static enum cyg_code take_writer(struct store *store, cyg_usec deadline, struct connection **ret,
                                 struct cyg_error *err)
{
    if (store->n_sources <= VOLATILE) {
        return CYG_FAIL(err, CYG_R_NO_VOLATILE);
    }
    enum cyg_code code = derive_take(store, &store->sources[VOLATILE], deadline, ret, err);
    return code == CYG_OK ? connection_begin(*ret, true, err) : code;
}

/* ---- statements ---- */

/* A constraint's name is a sentence that says what would be right. */
static enum cyg_code row_failure(sqlite3 *db, int rc, struct cyg_error *err)
{
    static const char begin[] = "CHECK constraint failed: ";
    const char *message = sqlite3_errmsg(db);
    if ((rc & 0xff) != SQLITE_CONSTRAINT) {
        return db_failure(db, rc, err);
    }
    if (strncmp(message, begin, sizeof begin - 1) == 0) {
        message += sizeof begin - 1;
    }
    return CYG_FAIL(err, CYG_R_ROW_REFUSED, .got_quote = cyg_quote_text(message));
}

/* Run a statement whose parameters are one or two texts. */
static enum cyg_code run_texts(struct connection *c, enum query which, const char *first,
                               const char *second, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, which, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, first);
    if (second != NULL) {
        query_bind_text(s, 2, second);
    }
    return query_run(s, err);
}

static void finalize(sqlite3_stmt **s)
{
    sqlite3_finalize(*s);
}

static bool is_column(const char *name)
{
    return name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

/* INSERT INTO table (keys..., columns...): keys are the first texts to bind. */
static enum cyg_code insert_row(struct connection *c, const char *table, const char *keys,
                                const char *const *key_texts, size_t n_keys,
                                const struct cyg_store_value *values, size_t n,
                                struct cyg_error *err)
{
    char columns[1024], marks[256];
    snprintf(columns, sizeof columns, "%s", keys);
    snprintf(marks, sizeof marks, "%s", n_keys == 1 ? "?" : "?,?");
    for (size_t i = 0; i < n; i++) {
        const size_t at = strlen(columns), mark = strlen(marks);
        if (!is_column(values[i].column) || at + strlen(values[i].column) + 2 > sizeof columns
            || mark + 3 > sizeof marks) {
            return CYG_FAIL(err, CYG_R_ROW_REFUSED, .got_quote = cyg_quote_text(values[i].column));
        }
        snprintf(columns + at, sizeof columns - at, ",%s", values[i].column);
        snprintf(marks + mark, sizeof marks - mark, ",?");
    }
    char sql[1400];
    snprintf(sql, sizeof sql, "INSERT INTO %s (%s) VALUES (%s)", table, columns, marks);
    CYG_CLEANUP(finalize) sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    if (rc != SQLITE_OK) {
        return db_failure(c->db, rc, err);
    }
    int at = 1;
    for (size_t i = 0; i < n_keys; i++) {
        query_bind_text(s, at++, key_texts[i]);
    }
    for (size_t i = 0; i < n; i++, at++) {
        if (values[i].text != NULL) {
            query_bind_text(s, at, values[i].text);
        } else {
            query_bind_number(s, at, values[i].number);
        }
    }
    rc = sqlite3_step(s);
    return rc == SQLITE_DONE ? CYG_OK : row_failure(c->db, rc, err);
}

/* Derive what was written, look whether it can be used, and commit. */
static enum cyg_code conclude(struct store *store, struct connection *c, const char *kind,
                              const char *name, struct cyg_error *err)
{
    bool found = false;
    enum cyg_code code = derive_open(c, err);
    if (code == CYG_OK && name != NULL) {
        CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
        code = query_start(c, Q_PROBLEM, &s, err);
        if (code == CYG_OK) {
            query_bind_text(s, 1, kind);
            query_bind_text(s, 2, name);
            code = query_step(s, &found, err);
        }
        if (code == CYG_OK && found) {
            return CYG_FAIL(err, CYG_R_ROW_REFUSED, .got_quote = cyg_quote_text(query_text(s, 0)));
        }
    }
    return code == CYG_OK ? derive_commit(store, c, err) : code;
}

/* ---- peers ---- */

static enum cyg_code has_peer(struct connection *c, const char *name, bool *ret,
                              struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, Q_PEER, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, name);
    return query_step(s, ret, err);
}

/* A name lives in one of the two. */
static enum cyg_code check_configured(struct store *store, const char *name, cyg_usec deadline,
                                      struct cyg_error *err)
{
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    bool found = false;
    enum cyg_code code = connection_take(&store->sources[0], deadline, &c, err);
    if (code == CYG_OK) {
        code = has_peer(c, name, &found, err);
    }
    return code == CYG_OK && found
               ? CYG_FAIL(err, CYG_R_CONN_CONFIGURED, .got_quote = cyg_quote_text(name))
               : code;
}

static enum cyg_code delete_peer(struct connection *c, const char *name, struct cyg_error *err)
{
    enum cyg_code code = run_texts(c, Q_VOLATILE_CHILDREN_DELETE, name, NULL, err);
    if (code == CYG_OK) {
        code = run_texts(c, Q_VOLATILE_PEER_DELETE, name, NULL, err);
    }
    return code == CYG_OK ? run_texts(c, Q_VOLATILE_CHANGED, "peer", name, err) : code;
}

enum cyg_code store_put_peer(void *self, const struct cyg_store_peer *peer, cyg_usec deadline,
                             struct cyg_error *err)
{
    struct store *store = self;
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    enum cyg_code code = check_configured(store, peer->name, deadline, err);
    if (code == CYG_OK) {
        code = take_writer(store, deadline, &c, err);
    }
    if (code == CYG_OK) {
        code = delete_peer(c, peer->name, err);
    }
    if (code == CYG_OK) {
        code = insert_row(c, "peers", "name", &peer->name, 1, peer->values, peer->n_values, err);
    }
    for (size_t i = 0; code == CYG_OK && i < peer->n_children; i++) {
        const struct cyg_store_child *child = &peer->children[i];
        const char *const keys[] = { peer->name, child->name };
        code = insert_row(c, "children", "peer,name", keys, 2, child->values, child->n_values, err);
    }
    return code == CYG_OK ? conclude(self, c, "peer", peer->name, err) : code;
}

enum cyg_code store_remove_peer(void *self, const char *name, cyg_usec deadline,
                                struct cyg_error *err)
{
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    bool found = false;
    enum cyg_code code = take_writer(self, deadline, &c, err);
    if (code == CYG_OK) {
        code = has_peer(c, name, &found, err);
    }
    if (code == CYG_OK && !found) {
        return CYG_FAIL(err, CYG_R_PEER_NAME_UNKNOWN, .got_quote = cyg_quote_text(name));
    }
    if (code == CYG_OK) {
        code = delete_peer(c, name, err);
    }
    return code == CYG_OK ? conclude(self, c, "peer", NULL, err) : code;
}

/* ---- secrets ---- */

/* As 0x and hex: any bytes, none taken for a prefix. */
#define HEX_TEXT (2 + 2 * CYG_PSK_MAX + 1)

static void to_hex(struct cyg_span bytes, char ret[HEX_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 2;
    memcpy(ret, "0x", 2);
    for (size_t i = 0; i < bytes.len; i++) {
        ret[at++] = digits[bytes.data[i] >> 4];
        ret[at++] = digits[bytes.data[i] & 15];
    }
    ret[at] = '\0';
}

enum cyg_code store_put_secret(void *self, const char *name, const char *owners,
                               struct cyg_span secret, cyg_usec deadline, struct cyg_error *err)
{
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    char hex[HEX_TEXT];
    if (secret.len == 0 || secret.len > CYG_PSK_MAX) {
        return CYG_FAIL(err, CYG_R_SECRET_LENGTH, .want = CYG_PSK_MAX);
    }
    enum cyg_code code = take_writer(self, deadline, &c, err);
    if (code == CYG_OK) {
        code = run_texts(c, Q_VOLATILE_SECRET_DELETE, name, NULL, err);
    }
    if (code == CYG_OK) {
        to_hex(secret, hex);
        const struct cyg_store_value values[] = { { .column = "owners", .text = owners },
                                                  { .column = "secret", .text = hex } };
        code = insert_row(c, "secrets", "name", &name, 1, values, CYG_LEN(values), err);
        cyg_wipe(hex, sizeof hex);
    }
    if (code == CYG_OK) {
        code = run_texts(c, Q_VOLATILE_CHANGED, "secret", name, err);
    }
    return code == CYG_OK ? conclude(self, c, "secret", name, err) : code;
}

static enum cyg_code run_plain(struct connection *c, enum query which, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, which, &s, err);
    return code == CYG_OK ? query_run(s, err) : code;
}

enum cyg_code store_remove_secret(void *self, const char *name, cyg_usec deadline,
                                  struct cyg_error *err)
{
    CYG_CLEANUP(connection_givep) struct connection *c = NULL;
    enum cyg_code code = take_writer(self, deadline, &c, err);
    if (code == CYG_OK && name != NULL) {
        code = run_texts(c, Q_VOLATILE_SECRET_DELETE, name, NULL, err);
        if (code == CYG_OK) {
            code = run_texts(c, Q_VOLATILE_CHANGED, "secret", name, err);
        }
    } else if (code == CYG_OK) {
        code = run_plain(c, Q_CHANGED_ALL_SECRETS, err);
        if (code == CYG_OK) {
            code = run_plain(c, Q_VOLATILE_SECRETS_DELETE, err);
        }
    }
    return code == CYG_OK ? conclude(self, c, "secret", NULL, err) : code;
}
