/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list-conns: what came over VICI in the order of loading, as it was said, then configured peers,
 * all with charon's keys. Pages of the latter are read on the storage lane; the client's output
 * decides when the next one is. */
#include "list_conns.h"
#include "commands.h"
#include "loaded.h"
#include "service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAGE           16u
#define LOADED_AT_ONCE 64u

/* A listing under way. While a page is being read it belongs to the job, else to the client. */
struct conns {
    struct store_job job;
    char ike[CYG_NAME_MAX]; /* only this one, "" for all */
    uint64_t serial;        /* of the last one that came over VICI */
    bool is_loaded_done;
    char after[CYG_NAME_MAX];
    struct cyg_peer_row rows[PAGE];
    size_t n;
    bool is_reading, is_done;
};

static void release_rows(struct conns *c)
{
    for (size_t i = 0; i < c->n; i++) {
        cyg_peer_release(c->rows[i].peer);
    }
    c->n = 0;
}

static void release_conns(void *state)
{
    struct conns *c = state;
    if (!c->is_reading) { /* else the job frees it */
        release_rows(c);
        free(c);
    }
}

static void put_addresses(struct cyg_vici_writer *w, const char *key,
                          const struct cyg_prefix *addresses, size_t n)
{
    char text[CYG_ADDRESS_TEXT];
    cyg_vici_list(w, key);
    for (size_t i = 0; i < n; i++) {
        const struct cyg_prefix *p = &addresses[i];
        cyg_address_format(&p->address, text, sizeof text);
        if (p->address.family == 0 || p->bits == 8 * cyg_address_len(&p->address)) {
            cyg_vici_item(w, "%s", text);
        } else {
            cyg_vici_item(w, "%s/%u", text, (unsigned)p->bits);
        }
    }
    if (n == 0) {
        cyg_vici_item(w, "%%any");
    }
    cyg_vici_list_end(w);
}

static void put_auth(struct cyg_vici_writer *w, const char *section, const struct cyg_peer *peer,
                     const struct cyg_identity *id)
{
    char text[CYG_IDENTITY_TEXT];
    put_auth_round(w, section,
                   id->type != CYG_ID_ANY ? cyg_identity_format(id, text, sizeof text) : NULL,
                   peer->auth_method == 1 ? "pre-shared key" : "public key");
}

static void put_selectors(struct cyg_vici_writer *w, const char *key,
                          const struct cyg_selector *selectors, size_t n)
{
    char text[CYG_SELECTOR_TEXT];
    cyg_vici_list(w, key);
    for (size_t i = 0; i < n; i++) {
        cyg_vici_item(w, "%s", cyg_selector_format(&selectors[i], text, sizeof text));
    }
    cyg_vici_list_end(w);
}

static void put_child(struct cyg_vici_writer *w, const struct cyg_peer_child *child)
{
    cyg_vici_section(w, child->name);
    cyg_vici_key(w, "mode", "%s", child->mode == CYG_MODE_TRANSPORT ? "TRANSPORT" : "TUNNEL");
    cyg_vici_key(w, "rekey_time", "%u", child->rekey_time_s);
    cyg_vici_key(w, "rekey_bytes", "%" PRIu64, child->rekey_bytes);
    cyg_vici_key(w, "rekey_packets", "0");
    cyg_vici_key(w, "dpd_action", "none");
    cyg_vici_key(w, "close_action", "none");
    put_selectors(w, "local-ts", child->local_ts, child->n_local_ts);
    put_selectors(w, "remote-ts", child->remote_ts, child->n_remote_ts);
    cyg_vici_section_end(w);
}

static const char *unique_name(uint8_t unique)
{
    static const char *const names[] = { [CYG_UNIQUE_REPLACE] = "UNIQUE_REPLACE",
                                         [CYG_UNIQUE_NO] = "UNIQUE_NO",
                                         [CYG_UNIQUE_KEEP] = "UNIQUE_KEEP",
                                         [CYG_UNIQUE_NEVER] = "UNIQUE_NEVER" };
    return unique < CYG_LEN(names) ? names[unique] : "UNIQUE_NO";
}

static void put_peer(struct cyg_vici_writer *w, const struct cyg_peer *peer)
{
    cyg_vici_section(w, peer->name);
    put_addresses(w, "local_addrs", peer->local_addrs, peer->n_local_addrs);
    put_addresses(w, "remote_addrs", peer->remote_addrs, peer->n_remote_addrs);
    cyg_vici_key(w, "version", "IKEv1");
    cyg_vici_key(w, "reauth_time", "%u", peer->reauth_time_s);
    cyg_vici_key(w, "rekey_time", "%u", peer->rekey_time_s);
    cyg_vici_key(w, "unique", "%s", unique_name(peer->unique));
    if (peer->dpd_delay_s > 0) {
        cyg_vici_key(w, "dpd_delay", "%u", peer->dpd_delay_s);
    }
    if (peer->dpd_timeout_s > 0) {
        cyg_vici_key(w, "dpd_timeout", "%u", peer->dpd_timeout_s);
    }
    put_auth(w, "local-1", peer, &peer->local_id);
    put_auth(w, "remote-1", peer, &peer->remote_id);
    cyg_vici_section(w, "children");
    for (size_t i = 0; i < peer->n_children; i++) {
        put_child(w, &peer->children[i]);
    }
    cyg_vici_section_end(w);
    cyg_vici_section_end(w);
}

/* A row that does not parse is shown with its reason, ours alone. */
static void put_problem(struct cyg_vici_writer *w, const struct cyg_peer_row *row)
{
    cyg_vici_section(w, row->name);
    cyg_vici_key(w, "problem", "%s", row->problem);
    cyg_vici_section_end(w);
}

static void send_rows(struct client *client, struct conns *c)
{
    const struct loaded *loaded = client_vici(client)->loaded;
    for (size_t i = 0; i < c->n; i++) {
        const struct cyg_peer_row *row = &c->rows[i];
        if ((c->ike[0] == '\0' || strcmp(c->ike, row->name) == 0)
            && loaded_find(loaded, row->name) == NULL) { /* those have been shown */
            struct cyg_vici_writer w;
            cyg_vici_begin(&w, CYG_VICI_EVENT, "list-conn");
            if (row->peer != NULL) {
                put_peer(&w, row->peer);
            } else {
                put_problem(&w, row);
            }
            client_event(client, "list-conn", &w);
        }
    }
    if (c->n > 0) {
        memcpy(c->after, c->rows[c->n - 1].name, sizeof c->after);
    }
    c->is_done = c->n < PAGE;
    release_rows(c);
}

/* On the storage lane. */
static void read_page(struct store_job *job)
{
    struct conns *c = (struct conns *)job;
    const struct vici *vici = job->vici;
    job->code = vici->ops->list(vici->store, c->after[0] != '\0' ? c->after : NULL, PAGE,
                                cyg_time_now() + STORE_DEADLINE, c->rows, &c->n, &job->error);
}

static void on_page(struct store_job *job, struct client *client)
{
    struct conns *c = (struct conns *)job;
    c->is_reading = false;
    if (job->code != CYG_OK) {
        c->n = 0;
    }
    if (client == NULL) {
        release_conns(c);
    } else if (job->code != CYG_OK) {
        const struct cyg_error error = job->error;
        client_fail(client, &error);
    } else {
        send_rows(client, c);
        client_wake(client);
    }
}

/* The job could not be started: it is the client's again, who gets the failure. */
static void on_refused(struct store_job *job)
{
    ((struct conns *)job)->is_reading = false;
}

/* The next ones that came over VICI. */
static void send_loaded(struct client *client, struct conns *c)
{
    const struct loaded *loaded = client_vici(client)->loaded;
    const struct conn *conn = loaded_after(loaded, c->serial);
    for (size_t i = 0; i < LOADED_AT_ONCE && conn != NULL; i++) {
        if (c->ike[0] == '\0' || strcmp(c->ike, conn->name) == 0) {
            struct cyg_vici_writer w;
            cyg_vici_begin(&w, CYG_VICI_EVENT, "list-conn");
            put_conn(&w, conn);
            client_event(client, "list-conn", &w);
        }
        c->serial = conn->serial;
        conn = loaded_next(loaded, conn);
    }
    c->is_loaded_done = conn == NULL;
}

static bool more_conns(struct client *client)
{
    struct conns *c = client_state(client);
    if (c->is_reading) {
        return false;
    }
    if (!c->is_loaded_done) {
        send_loaded(client, c);
        return true;
    }
    if (c->is_done || client_vici(client)->ops == NULL) {
        struct cyg_vici_writer w;
        cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
        client_reply(client, &w);
        return false;
    }
    c->is_reading = true;
    store_job_start(client_vici(client), client, CYG_LANE_STORAGE, &c->job);
    return false;
}

void command_list_conns(struct client *client, struct cyg_span message)
{
    struct conns *c = calloc(1, sizeof *c);
    if (c == NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return;
    }
    c->job = (struct store_job){ .run = read_page, .done = on_page, .release = on_refused };
    cyg_vici_get_text(message, "ike", c->ike, sizeof c->ike);
    client_set_state(client, c, release_conns);
    client_stream(client, more_conns);
}
