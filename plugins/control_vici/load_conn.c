/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load-conn, unload-conn, get-conns. A connection goes into the store first, then into our memory;
 * then the engine is told to look at what changed, which also starts what says start_action =
 * start. As charon has it, one that says the same as before changes nothing. */
#include "commands.h"
#include "loaded.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct conn_job {
    struct store_job job;
    struct conn *conn; /* to put; NULL: to remove the name */
    struct conn_rows rows;
    char name[CYG_NAME_MAX];
};

static void conn_job_release(struct store_job *job)
{
    struct conn_job *c = (struct conn_job *)job;
    conn_rows_clear(&c->rows);
    conn_free(c->conn);
    free(c);
}

/* --- What follows from a change --- */

static void give_order(struct vici *vici, const struct cyg_order *order)
{
    uint64_t id = 0;
    if (vici->host->order(vici->host->daemon, order, &id) != CYG_OK) {
        vici->host->log(vici->host->daemon, CYG_LOG_CFG, 0,
                        &(struct cyg_error){ .reason = CYG_R_BUSY });
    }
}

/* What start_action has brought up and is not said so any more ends: charon's clear_start_action.
 * Where it is only said otherwise it begins anew. */
static void clear_start_action(struct vici *vici, const struct conn *old,
                               const struct conn_child *child, const struct conn *new)
{
    const struct conn_child *now = new != NULL ? conn_child_find(new, child->name) : NULL;
    const bool same_ike = now != NULL && conn_equal_but_children(old, new);
    if (!conn_child_starts(child) || (same_ike && conn_child_equal(child, now))) {
        return;
    }
    struct cyg_order order = { .type = CYG_ORDER_TERMINATE,
                               .again = now != NULL && conn_child_starts(now) };
    order.idle_too = !order.again || !same_ike;
    memcpy(order.ike, old->name, sizeof order.ike);
    memcpy(order.child, child->name, sizeof order.child);
    give_order(vici, &order);
}

/* old, new: NULL for none. As with charon all other SAs stay as they are until they end by
 * themselves. Then the engine looks at what changed and starts what says so and is not up. */
static void run_actions(struct vici *vici, const struct conn *old, const struct conn *new)
{
    for (size_t i = 0; old != NULL && i < old->n_children; i++) {
        clear_start_action(vici, old, &old->children[i], new);
    }
    give_order(vici, &(struct cyg_order){ .type = CYG_ORDER_POLL_STORE });
}

static void log_conn(struct vici *vici, enum cyg_reason reason, const char *name, const char *what)
{
    vici->host->log(vici->host->daemon, CYG_LOG_CFG, 1,
                    &(struct cyg_error){ .reason = (uint16_t)reason,
                                         .got_quote = cyg_quote_text(name),
                                         .want_quote = cyg_quote_text(what) });
}

/* The warning; a record quotes only so much, so a long list takes several. */
static void warn_of_idle_keys(struct vici *vici, const char *name, const char *idle)
{
    while (idle[0] != '\0') {
        char part[CYG_QUOTE_MAX];
        size_t n = strlen(idle);
        if (n >= sizeof part) {
            n = sizeof part - 1;
            while (n > 1 && idle[n] != ',') {
                n--;
            }
        }
        memcpy(part, idle, n);
        part[n] = '\0';
        log_conn(vici, CYG_R_CONN_IDLE, name, part);
        idle += n;
        idle += strspn(idle, ", ");
    }
}

/* --- load-conn --- */

static void run_put(struct store_job *job)
{
    struct conn_job *c = (struct conn_job *)job;
    struct vici *vici = job->vici;
    job->code = vici->ops->put_peer(vici->store, &c->rows.peer, cyg_time_now() + STORE_DEADLINE,
                                    &job->error);
}

static void reply_loaded(struct client *client, const char *idle)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", true);
    if (idle[0] != '\0') {
        cyg_vici_key(&w, "cygnet-without-effect", "%s", idle);
    }
    client_reply(client, &w);
}

static void done_put(struct store_job *job, struct client *client)
{
    struct conn_job *c = (struct conn_job *)job;
    struct vici *vici = job->vici;
    struct conn *old = NULL;
    char idle[CONN_IDLE_TEXT];
    if (job->code == CYG_OK && !loaded_put(vici->loaded, c->conn, &old)) {
        job->code = CYG_FAIL(&job->error, CYG_R_NOMEM);
    }
    if (job->code != CYG_OK) {
        if (client != NULL) {
            client_fail(client, &job->error);
        }
        conn_job_release(job);
        return;
    }
    const struct conn *conn = c->conn;
    c->conn = NULL; /* it is the table's now */
    (void)conn_idle_keys(conn, idle, sizeof idle);
    log_conn(vici, CYG_R_CONN_LOADED, conn->name, "");
    warn_of_idle_keys(vici, conn->name, idle);
    run_actions(vici, old, conn);
    if (client != NULL) {
        reply_loaded(client, idle);
    }
    conn_free(old);
    conn_job_release(job);
}

static bool has_store(struct client *client)
{
    if (!client_vici(client)->has_volatile) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NO_VOLATILE });
        return false;
    }
    return true;
}

/* Whether nothing is to be done, or nothing can be. */
static bool is_settled(struct client *client, const struct conn *conn)
{
    const struct vici *vici = client_vici(client);
    const struct conn *known = loaded_find(vici->loaded, conn->name);
    if (known != NULL && conn_equal(known, conn)) {
        char idle[CONN_IDLE_TEXT];
        reply_loaded(client, conn_idle_keys(conn, idle, sizeof idle));
        return true;
    }
    if (known == NULL && loaded_count(vici->loaded) >= LOADED_CONNS_MAX) {
        client_fail(client,
                    &(struct cyg_error){ .reason = CYG_R_CONN_TOO_MANY, .want = LOADED_CONNS_MAX });
        return true;
    }
    return false;
}

void command_load_conn(struct client *client, struct cyg_span message)
{
    CYG_CLEANUP(conn_freep) struct conn *conn = NULL;
    struct cyg_error error = { 0 };
    if (message.len == 0) { /* charon: nothing to load is loaded */
        reply_loaded(client, "");
        return;
    }
    if (conn_parse(message, &conn, &error) != CYG_OK) {
        client_fail(client, &error);
        return;
    }
    if (!has_store(client) || is_settled(client, conn)) {
        return;
    }
    struct conn_job *c = calloc(1, sizeof *c);
    if (c == NULL || conn_rows(conn, &c->rows, &error) != CYG_OK) {
        free(c);
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return;
    }
    c->conn = CYG_TAKE(conn);
    c->job = (struct store_job){ .run = run_put, .done = done_put, .release = conn_job_release };
    store_job_start(client_vici(client), client, CYG_LANE_STORAGE_WRITE, &c->job);
}

/* --- unload-conn --- */

static void run_remove(struct store_job *job)
{
    struct conn_job *c = (struct conn_job *)job;
    struct vici *vici = job->vici;
    job->code =
        vici->ops->remove_peer(vici->store, c->name, cyg_time_now() + STORE_DEADLINE, &job->error);
}

static void done_remove(struct store_job *job, struct client *client)
{
    struct conn_job *c = (struct conn_job *)job;
    struct vici *vici = job->vici;
    struct conn *old = job->code == CYG_OK ? loaded_take(vici->loaded, c->name) : NULL;
    if (job->code == CYG_OK) {
        log_conn(vici, CYG_R_CONN_UNLOADED, c->name, "");
        run_actions(vici, old, NULL);
    }
    if (client != NULL && job->code == CYG_OK) {
        reply_loaded(client, "");
    } else if (client != NULL) {
        client_fail(client, &job->error);
    }
    conn_free(old);
    conn_job_release(job);
}

void command_unload_conn(struct client *client, struct cyg_span message)
{
    struct conn_job *c = calloc(1, sizeof *c);
    if (c == NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return;
    }
    c->job =
        (struct store_job){ .run = run_remove, .done = done_remove, .release = conn_job_release };
    if (!cyg_vici_get_text(message, "name", c->name, sizeof c->name) || c->name[0] == '\0') {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_ORDER_ARGUMENT,
                                                 .want_quote = cyg_quote_text("name") });
    } else if (loaded_find(client_vici(client)->loaded, c->name) == NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_CONN_UNKNOWN,
                                                 .got_quote = cyg_quote_text(c->name) });
    } else {
        store_job_start(client_vici(client), client, CYG_LANE_STORAGE_WRITE, &c->job);
        return;
    }
    free(c);
}

/* --- get-conns --- */

void command_get_conns(struct client *client, struct cyg_span message)
{
    const struct loaded *loaded = client_vici(client)->loaded;
    struct cyg_vici_writer w;
    (void)message;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_list(&w, "conns");
    for (const struct conn *c = loaded_after(loaded, 0); c != NULL; c = loaded_next(loaded, c)) {
        cyg_vici_item(&w, "%s", c->name);
    }
    cyg_vici_list_end(&w);
    client_reply(client, &w);
}
