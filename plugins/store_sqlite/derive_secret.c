/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deriving rows of secrets: their owners in matching form; and whom the change concerns. */
#include "derive.h"

#include <string.h>

/* Owners of one secret, as they were and as they are. */
struct owners {
    size_t n;
    struct {
        size_t len;
        uint8_t form[CYG_IDENTITY_MAX + 1];
    } items[2 * DB_OWNERS];
    bool nobody; /* it is, or was, everybody's */
};

static void add_owner(struct owners *o, struct cyg_span form)
{
    if (form.len == 0) {
        o->nobody = true;
        return;
    }
    if (o->n < CYG_LEN(o->items) && form.len <= sizeof o->items[0].form) {
        o->items[o->n].len = form.len;
        memcpy(o->items[o->n].form, form.data, form.len);
        o->n++;
    }
}

static enum cyg_code take_old(struct derivation *d, const char *name, struct owners *o,
                              struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    CYG_CLEANUP(query_endp) sqlite3_stmt *gone = NULL;
    bool row = false;
    enum cyg_code code = query_start(d->c, Q_OWNERS_OF, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, name);
    while ((code = query_step(s, &row, err)) == CYG_OK && row) {
        add_owner(o, query_bytes(s, 0));
    }
    if (code == CYG_OK) {
        code = query_start(d->c, Q_OWNERS_DELETE, &gone, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(gone, 1, name);
    return query_run(gone, err);
}

static enum cyg_code put_owner(struct derivation *d, const char *name, struct cyg_span form,
                               size_t n_owners, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(d->c, Q_OWNER_ADD, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_bytes(s, 1, form);
    query_bind_number(s, 2, (int64_t)n_owners);
    query_bind_text(s, 3, name);
    return query_run(s, err);
}

static enum cyg_code put_new(struct derivation *d, const struct db_secret *secret, struct owners *o,
                             struct cyg_error *err)
{
    if (secret->n_owners == 0) {
        add_owner(o, (struct cyg_span){ 0 });
        return put_owner(d, secret->name, (struct cyg_span){ 0 }, 0, err);
    }
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < secret->n_owners && code == CYG_OK; i++) {
        uint8_t form[CYG_IDENTITY_MAX + 1];
        size_t len = cyg_identity_match_form(&secret->owners[i], form);
        add_owner(o, (struct cyg_span){ form, len });
        code = put_owner(d, secret->name, (struct cyg_span){ form, len }, secret->n_owners, err);
    }
    return code;
}

static enum cyg_code exists(struct connection *c, enum query which, struct cyg_span form, bool *ret,
                            struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, which, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_bytes(s, 1, form);
    return query_step(s, ret, err);
}

enum cyg_code derive_mark_peers(struct connection *c, struct cyg_span form, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, Q_CHANGED_REMOTE_ID, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_bytes(s, 1, form);
    return query_run(s, err);
}

/* The peers of one database that an owner concerns: those of that remote_id are marked. The other
 * database is written to only where it has some. */
static enum cyg_code mark_owned(struct connection *c, struct cyg_span form, bool *ret_some,
                                bool *ret_all, struct cyg_error *err)
{
    bool peers = false, anybody = false;
    enum cyg_code code = exists(c, Q_REMOTE_ID_EXISTS, form, &peers, err);
    if (code == CYG_OK && peers && sqlite3_get_autocommit(c->db)) {
        code = connection_begin(c, true, err);
    }
    if (code == CYG_OK && peers) {
        code = derive_mark_peers(c, form, err);
    }
    if (code == CYG_OK) {
        code = exists(c, Q_PSK_ANYBODY, form, &anybody, err);
    }
    *ret_some = *ret_some || peers;
    *ret_all = *ret_all || anybody;
    return code;
}

/* Peers whose remote_id is an owner are marked one by one, in both databases. Anybody else whom it
 * may concern (a secret of nobody, of an address, of our own identity beside peers without one)
 * can't be told so cheaply: then every peer in use is to be looked at. */
static enum cyg_code mark_concerned(struct derivation *d, const struct owners *o,
                                    struct cyg_error *err)
{
    bool all = o->nobody, some = false;
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < o->n && code == CYG_OK; i++) {
        struct cyg_span form = { o->items[i].form, o->items[i].len };
        code = mark_owned(d->c, form, &some, &all, err);
        if (code == CYG_OK && d->c->other != NULL) {
            code = mark_owned(d->c->other, form, &some, &all, err);
        }
        all = all || form.data[0] == CYG_ID_IPV4_ADDR || form.data[0] == CYG_ID_IPV6_ADDR;
    }
    if (code == CYG_OK && (all || (!some && o->n > 0))) {
        d->secrets_generation = d->generation;
    }
    return code;
}

enum cyg_code derive_secret(struct derivation *d, const char *name, struct cyg_error *err)
{
    struct owners owners = { 0 };
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    struct db_problem problem = { "" };
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = take_old(d, name, &owners, err);
    if (code == CYG_OK) {
        code = query_start(d->c, Q_SECRET, &s, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    query_bind_text(s, 1, name);
    code = query_step(s, &row, err);
    if (code == CYG_OK && row && db_read_secret(s, &secret, &problem) == CYG_OK) {
        code = put_new(d, &secret, &owners, err);
    }
    if (code == CYG_OK) {
        code =
            derive_problem(d, "secret", name, problem.text[0] != '\0' ? problem.text : NULL, err);
    }
    return code == CYG_OK ? mark_concerned(d, &owners, err) : code;
}
