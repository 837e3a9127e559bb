/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load-shared, unload-shared, get-shared, clear-creds: pre-shared keys. Their bytes pass through to
 * the store and are wiped here; no command gives them back (H-173). */
#include "commands.h"
#include "keys.h"
#include "loaded.h"
#include "service.h"

#include <cygnet/identity.h>
#include <cygnet/secret.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNERS_TEXT 2001u /* bytes of the column, with the NUL */

struct shared_job {
    struct store_job job;
    char name[CYG_NAME_MAX]; /* "": all */
    bool is_named;           /* by the client, so that get-shared shows it */
    char owners[OWNERS_TEXT];
    size_t len;
    uint8_t data[CYG_PSK_MAX];
};

static void shared_release(struct store_job *job)
{
    struct shared_job *s = (struct shared_job *)job;
    cyg_wipe(s, sizeof *s);
    free(s);
}

static void reply_success(struct client *client)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", true);
    client_reply(client, &w);
}

static struct shared_job *shared_new(struct client *client)
{
    struct shared_job *s = NULL;
    if (!client_vici(client)->has_volatile) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NO_VOLATILE });
        return NULL;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return NULL;
    }
    s->job.release = shared_release;
    return s;
}

/* --- load-shared --- */

static enum cyg_code take_type(struct cyg_span message, struct cyg_error *err)
{
    struct cyg_span type;
    if (!cyg_vici_get(message, "type", &type)) {
        return CYG_FAIL(err, CYG_R_ORDER_ARGUMENT, .want_quote = cyg_quote_text("type"));
    }
    const struct secret_key *key = secret_key_find(type);
    if (key == NULL) {
        return CYG_FAIL(err, CYG_R_SHARED_TYPE, .got_quote = cyg_quote(CYG_QUOTE_TEXT, type));
    }
    if (key->kind == KEY_IKEV2) {
        return CYG_FAIL(err, CYG_R_CONN_IKEV2, .got_quote = cyg_quote_text(key->type));
    }
    return key->kind == KEY_BUILT
               ? CYG_OK
               : CYG_FAIL(err, CYG_R_CONN_LATER, .got_quote = cyg_quote_text(key->type),
                          .got = key->milestone);
}

static enum cyg_code take_data(struct cyg_span message, struct shared_job *s, struct cyg_error *err)
{
    struct cyg_span data;
    if (!cyg_vici_get(message, "data", &data)) {
        return CYG_FAIL(err, CYG_R_ORDER_ARGUMENT, .want_quote = cyg_quote_text("data"));
    }
    if (data.len == 0 || data.len > CYG_PSK_MAX) {
        return CYG_FAIL(err, CYG_R_SHARED_DATA, .got = data.len, .want = CYG_PSK_MAX);
    }
    memcpy(s->data, data.data, data.len);
    s->len = data.len;
    return CYG_OK;
}

static enum cyg_code bad_owner(struct cyg_span owner, const char *why, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_SHARED_OWNER, .got_quote = cyg_quote(CYG_QUOTE_TEXT, owner),
                    .want_quote = cyg_quote_text(why));
}

static enum cyg_code add_owner(struct shared_job *s, struct cyg_span owner, struct cyg_error *err)
{
    struct cyg_identity identity;
    struct cyg_error why = { 0 };
    const size_t at = strlen(s->owners);
    if (owner.len == 0 || memchr(owner.data, ',', owner.len) != NULL) {
        return bad_owner(owner, "no identity, or one with a comma in it.", err);
    }
    if (cyg_identity_parse(owner, &identity, &why) != CYG_OK) {
        char text[CYG_QUOTE_MAX + 1];
        return bad_owner(owner, cyg_error_format(&why, text, sizeof text), err);
    }
    if (at + owner.len + 3 > sizeof s->owners) {
        return bad_owner(owner, "there are too many of them.", err);
    }
    snprintf(s->owners + at, sizeof s->owners - at, "%s%.*s", at > 0 ? ", " : "", (int)owner.len,
             (const char *)owner.data);
    return CYG_OK;
}

static enum cyg_code take_owners(struct cyg_span message, struct shared_job *s,
                                 struct cyg_error *err)
{
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    enum cyg_code code = CYG_OK;
    bool inside = false;
    while (code == CYG_OK && cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        if (e.type == CYG_VICI_LIST_ITEM && inside) {
            code = add_owner(s, e.value, err);
        } else {
            inside = e.type == CYG_VICI_LIST_START && r.depth == 0
                     && cyg_span_equal(e.name, cyg_span_str("owners"));
        }
    }
    return code;
}

/* Those without an id are told apart by their owners, so that loading again replaces. */
static enum cyg_code take_id(struct cyg_span message, struct shared_job *s, struct cyg_error *err)
{
    struct cyg_span id;
    if (cyg_vici_get(message, "id", &id) && id.len > 0) {
        s->is_named = true;
        return conn_name(id, s->name, err);
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *c = s->owners; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    snprintf(s->name, sizeof s->name, "-unnamed-%016" PRIx64, hash);
    return CYG_OK;
}

static void run_put(struct store_job *job)
{
    struct shared_job *s = (struct shared_job *)job;
    struct vici *vici = job->vici;
    job->code =
        vici->ops->put_secret(vici->store, s->name, s->owners, (struct cyg_span){ s->data, s->len },
                              cyg_time_now() + STORE_DEADLINE, &job->error);
}

static void poll_store(struct vici *vici)
{
    uint64_t id = 0;
    (void)vici->host->order(vici->host->daemon, &(struct cyg_order){ .type = CYG_ORDER_POLL_STORE },
                            &id); /* full: it is polled every second anyway */
}

/* The daemon learns of the change at once, the client how it went, if he is still there. */
static void finish(struct store_job *job, struct client *client)
{
    if (job->code == CYG_OK) {
        poll_store(job->vici);
    }
    if (client != NULL && job->code == CYG_OK) {
        reply_success(client);
    } else if (client != NULL) {
        client_fail(client, &job->error);
    }
    shared_release(job);
}

static void done_put(struct store_job *job, struct client *client)
{
    struct shared_job *s = (struct shared_job *)job;
    if (job->code == CYG_OK && s->is_named && !loaded_add_secret(job->vici->loaded, s->name)) {
        job->code = CYG_FAIL(&job->error, CYG_R_NOMEM);
    }
    finish(job, client);
}

void command_load_shared(struct client *client, struct cyg_span message)
{
    struct shared_job *s = shared_new(client);
    struct cyg_error error = { 0 };
    if (s == NULL) {
        return;
    }
    enum cyg_code code = take_type(message, &error);
    if (code == CYG_OK) {
        code = take_data(message, s, &error);
    }
    if (code == CYG_OK) {
        code = take_owners(message, s, &error);
    }
    if (code == CYG_OK) {
        code = take_id(message, s, &error);
    }
    const struct loaded *loaded = client_vici(client)->loaded;
    if (code == CYG_OK && !loaded_has_secret(loaded, s->name)
        && loaded_count_secrets(loaded) >= LOADED_SECRETS_MAX) {
        code = CYG_FAIL(&error, CYG_R_SHARED_TOO_MANY, .want = LOADED_SECRETS_MAX);
    }
    if (code != CYG_OK) {
        shared_release(&s->job);
        client_fail(client, &error);
        return;
    }
    s->job.run = run_put;
    s->job.done = done_put;
    store_job_start(client_vici(client), client, CYG_LANE_STORAGE_WRITE, &s->job);
}

/* --- unload-shared, clear-creds, get-shared --- */

static void run_remove(struct store_job *job)
{
    struct shared_job *s = (struct shared_job *)job;
    struct vici *vici = job->vici;
    job->code = vici->ops->remove_secret(vici->store, s->name[0] != '\0' ? s->name : NULL,
                                         cyg_time_now() + STORE_DEADLINE, &job->error);
}

static void done_remove(struct store_job *job, struct client *client)
{
    struct shared_job *s = (struct shared_job *)job;
    if (job->code == CYG_OK && s->name[0] != '\0') {
        loaded_remove_secret(job->vici->loaded, s->name);
    } else if (job->code == CYG_OK) {
        loaded_clear_secrets(job->vici->loaded);
    }
    finish(job, client);
}

static void remove_secrets(struct client *client, const char *name)
{
    struct shared_job *s = shared_new(client);
    if (s != NULL) {
        snprintf(s->name, sizeof s->name, "%s", name);
        s->job.run = run_remove;
        s->job.done = done_remove;
        store_job_start(client_vici(client), client, CYG_LANE_STORAGE_WRITE, &s->job);
    }
}

void command_unload_shared(struct client *client, struct cyg_span message)
{
    char name[CYG_NAME_MAX] = "";
    cyg_vici_get_text(message, "id", name, sizeof name);
    if (name[0] == '\0') {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_ORDER_ARGUMENT,
                                                 .want_quote = cyg_quote_text("id") });
    } else if (!loaded_has_secret(client_vici(client)->loaded, name)) {
        reply_success(client); /* as charon */
    } else {
        remove_secrets(client, name);
    }
}

void command_clear_creds(struct client *client, struct cyg_span message)
{
    (void)message;
    remove_secrets(client, "");
}

void command_get_shared(struct client *client, struct cyg_span message)
{
    const struct loaded *loaded = client_vici(client)->loaded;
    struct cyg_vici_writer w;
    (void)message;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_list(&w, "keys");
    for (const char *name = NULL; (name = loaded_secret_next(loaded, name)) != NULL;) {
        cyg_vici_item(&w, "%s", name);
    }
    cyg_vici_list_end(&w);
    client_reply(client, &w);
}
