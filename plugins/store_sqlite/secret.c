/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding secrets: those of the few identities that could own one are read by index and compared;
 * which is best, psk_select.c says. */
#include "lookup.h"

#include <string.h>

void identity_of_form(struct cyg_span form, struct cyg_identity *ret)
{
    *ret = (struct cyg_identity){ .type = CYG_ID_ANY };
    if (form.len > 0 && form.data[0] == 0xff) {
        form = cyg_span_after(form, 1);
    }
    if (form.len > 1 && form.len <= CYG_IDENTITY_MAX + 1) {
        ret->type = form.data[0];
        ret->len = (uint16_t)(form.len - 1);
        memcpy(ret->data, form.data + 1, ret->len);
    }
}

enum cyg_code secret_ask_of_class(struct connection *c, int64_t psk, const struct cyg_path *path,
                                  bool remote_is_host, struct psk_ask *ret, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    *ret = (struct psk_ask){ .remote_is_host = remote_is_host,
                             .local = path->local,
                             .remote = path->remote };
    enum cyg_code code = query_start(c, Q_PSK, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, psk);
    code = query_step(s, &row, err);
    if (code == CYG_OK && row) {
        struct cyg_span remote = query_bytes(s, 1);
        ret->remote_owns_none = remote.len == 0;
        identity_of_form(remote, &ret->remote_id);
        identity_of_form(query_bytes(s, 0), &ret->local_id);
    }
    return code;
}

void secret_ask_of_peer(const struct cyg_peer *peer, const struct cyg_path *path,
                        struct psk_ask *ret)
{
    *ret = (struct psk_ask){ .local_id = peer->local_id,
                             .remote_id = peer->remote_id,
                             .local = path->local,
                             .remote = path->remote };
    for (size_t i = 0; i < peer->n_initiate_to; i++) {
        ret->remote_is_host =
            ret->remote_is_host || cyg_address_equal(&peer->initiate_to[i], &path->remote);
    }
}

/* The best so far; of equal fits the first one found stays. */
struct best {
    const struct psk_ask *ask;
    struct db_secret *secret;
    enum psk_fit fit;
};

/* All secrets of one owner; an empty form: those of nobody. */
static enum cyg_code consider_owned(struct connection *c, struct cyg_span form, struct best *best,
                                    struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    bool row = true;
    enum cyg_code code = query_start(c, Q_OWNED, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_bytes(s, 1, form);
    while (best->fit < PSK_BOTH) {
        struct db_problem problem;
        code = query_step(s, &row, err);
        if (code != CYG_OK || !row) {
            return code;
        }
        if (db_read_secret(s, &secret, &problem) != CYG_OK) {
            continue; /* the table problem says what is wrong with it */
        }
        enum psk_fit fit = psk_fit(best->ask, secret.owners, secret.n_owners);
        if (fit > best->fit) {
            best->fit = fit;
            *best->secret = secret;
        }
    }
    return CYG_OK;
}

enum cyg_code secret_find(struct lookup *lookup, const struct psk_ask *ask, struct db_secret *ret,
                          struct cyg_error *err)
{
    struct cyg_identity owners[PSK_OWNERS];
    size_t n = psk_possible_owners(ask, owners);
    struct best best = { .ask = ask, .secret = ret };
    for (size_t i = 0; i <= n; i++) {
        uint8_t form[CYG_IDENTITY_MAX + 1];
        size_t len = i < n ? cyg_identity_match_form(&owners[i], form) : 0;
        for (size_t k = 0; k < lookup->n_sources && best.fit < PSK_BOTH; k++) {
            enum cyg_code code =
                consider_owned(lookup->connections[k], (struct cyg_span){ form, len }, &best, err);
            if (code != CYG_OK) {
                return code;
            }
        }
    }
    return best.fit != PSK_NO_FIT ? CYG_OK : CYG_NOT_FOUND;
}

void secret_export(const struct db_secret *secret, const struct psk_ask *ask,
                   struct cyg_peer_secret *ret)
{
    *ret = (struct cyg_peer_secret){ .len = (uint16_t)secret->len };
    memcpy(ret->data, secret->data, secret->len);
    struct cyg_identity fitting[PSK_OWNERS];
    size_t n = psk_possible_owners(ask, fitting);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < secret->n_owners && ret->n_owners < CYG_LEN(ret->owners); i++) {
            bool fits = false;
            for (size_t k = 0; k < n; k++) {
                fits = fits || cyg_identity_equal(&secret->owners[i], &fitting[k]);
            }
            if (fits == (pass == 0)) {
                ret->owners[ret->n_owners++] = secret->owners[i];
            }
        }
    }
}

enum cyg_code store_secret(void *self, const struct cyg_peer *peer, const struct cyg_path *path,
                           cyg_usec deadline, struct cyg_peer_secret *ret, struct cyg_error *err)
{
    CYG_CLEANUP(lookup_end) struct lookup lookup = { 0 };
    CYG_CLEANUP(db_secret_clear) struct db_secret secret = { .len = 0 };
    enum cyg_code code = lookup_begin(self, deadline, &lookup, err);
    if (code != CYG_OK) {
        return code;
    }
    struct psk_ask ask;
    secret_ask_of_peer(peer, path, &ask);
    code = secret_find(&lookup, &ask, &secret, err);
    if (code == CYG_NOT_FOUND) {
        char owner[CYG_IDENTITY_TEXT];
        struct cyg_identity remote;
        cyg_identity_of_address(&path->remote, &remote);
        cyg_identity_format(peer->remote_id.type != CYG_ID_ANY ? &peer->remote_id : &remote, owner,
                            sizeof owner);
        return CYG_FAIL(err, CYG_R_SECRET_NONE, .got_quote = cyg_quote_text(peer->name),
                        .want_quote = cyg_quote_text(owner));
    }
    if (code == CYG_OK) {
        secret_export(&secret, &ask, ret);
    }
    return code;
}
