/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list-sas: SAs with charon's names and in charon's order of keys, since people's scripts and
 * strongSwan's own test scenarios read them. */
#include "commands.h"
#include "service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 256u

/* A listing under way: what is asked for, and how far it is. While a page is being read, which
 * waits for the engine and its data plane, it belongs to the job, else to the client. */
struct listing {
    struct store_job job;
    char ike[CYG_NAME_MAX], child[CYG_NAME_MAX];
    uint32_t ike_id, child_id;
    uint32_t after;
    size_t n;
    bool is_reading, is_done;
    struct cyg_ike_record records[PAGE];
    struct cyg_child_record children[PAGE];
};

static const char *ike_state_name(uint8_t state)
{
    static const char *const names[] = {
        [CYG_IKE_CREATED] = "CREATED",         [CYG_IKE_CONNECTING] = "CONNECTING",
        [CYG_IKE_ESTABLISHED] = "ESTABLISHED", [CYG_IKE_REKEYING] = "REKEYING",
        [CYG_IKE_DELETING] = "DELETING",
    };
    return state < CYG_LEN(names) ? names[state] : "CREATED";
}

static const char *child_state_name(uint8_t state)
{
    static const char *const names[] = {
        [CYG_CHILD_CREATED] = "CREATED",     [CYG_CHILD_INSTALLING] = "INSTALLING",
        [CYG_CHILD_INSTALLED] = "INSTALLED", [CYG_CHILD_REKEYING] = "REKEYING",
        [CYG_CHILD_DELETING] = "DELETING",
    };
    return state < CYG_LEN(names) ? names[state] : "CREATED";
}

static uint64_t seconds_since(cyg_usec then, cyg_usec now)
{
    return now > then ? (now - then) / CYG_SEC : 0;
}

static void put_since(struct cyg_vici_writer *w, const char *key, cyg_usec then, cyg_usec now)
{
    if (then != 0) {
        cyg_vici_key(w, key, "%" PRIu64, seconds_since(then, now));
    }
}

static void put_until(struct cyg_vici_writer *w, const char *key, cyg_usec then, cyg_usec now)
{
    if (then != CYG_NEVER && then != 0) {
        cyg_vici_key(w, key, "%" PRIu64, seconds_since(now, then));
    }
}

/* encr-alg, encr-keysize, integ-alg; phase 1 has its PRF, both may have a group. */
static void put_algorithms(struct cyg_vici_writer *w, uint8_t cipher, uint8_t integ, uint8_t group,
                           bool is_ike)
{
    const struct cyg_alg_info *c = cyg_alg_info(cipher);
    const struct cyg_alg_info *i = cyg_alg_info(integ);
    const struct cyg_alg_info *g = cyg_alg_info(group);
    if (c != NULL) {
        cyg_vici_key(w, "encr-alg", "%s", c->charon);
        if (c->key_attribute) {
            cyg_vici_key(w, "encr-keysize", "%u", (unsigned)c->key_bits);
        }
    }
    if (i != NULL) {
        cyg_vici_key(w, "integ-alg", "%s", i->charon);
    }
    if (i != NULL && is_ike) {
        cyg_vici_key(w, "prf-alg", "%s", i->charon_prf);
    }
    if (g != NULL) {
        cyg_vici_key(w, "dh-group", "%s", g->charon);
    }
}

static void put_selector(struct cyg_vici_writer *w, const char *key, const struct cyg_selector *ts)
{
    char text[CYG_SELECTOR_TEXT];
    cyg_vici_list(w, key);
    cyg_vici_item(w, "%s", cyg_selector_format(ts, text, sizeof text));
    cyg_vici_list_end(w);
}

static void put_child(struct cyg_vici_writer *w, const struct cyg_child_record *c, bool is_down,
                      cyg_usec now)
{
    char section[CYG_NAME_MAX + 16];
    snprintf(section, sizeof section, "%s-%u", c->name, c->uniqueid);
    cyg_vici_section(w, section);
    cyg_vici_key(w, "name", "%s", c->name);
    cyg_vici_key(w, "uniqueid", "%u", c->uniqueid);
    cyg_vici_key(w, "reqid", "%u", c->reqid);
    cyg_vici_key(w, "state", "%s", is_down ? "DELETED" : child_state_name(c->state));
    cyg_vici_key(w, "mode", "%s", c->mode == CYG_MODE_TRANSPORT ? "TRANSPORT" : "TUNNEL");
    if (c->state >= CYG_CHILD_INSTALLED) {
        cyg_vici_key(w, "protocol", "%s", c->protocol == CYG_IPSEC_AH ? "AH" : "ESP");
        if (c->encap) {
            cyg_vici_bool(w, "encap", true);
        }
        cyg_vici_key(w, "spi-in", "%.8x", c->spi_in);
        cyg_vici_key(w, "spi-out", "%.8x", c->spi_out);
        put_algorithms(w, c->cipher, c->integ, c->group, false);
        cyg_vici_key(w, "bytes-in", "%" PRIu64, c->bytes_in);
        cyg_vici_key(w, "packets-in", "%" PRIu64, c->packets_in);
        put_since(w, "use-in", c->used_in, now);
        cyg_vici_key(w, "bytes-out", "%" PRIu64, c->bytes_out);
        cyg_vici_key(w, "packets-out", "%" PRIu64, c->packets_out);
        put_since(w, "use-out", c->used_out, now);
        put_until(w, "rekey-time", c->rekey_at, now);
        put_until(w, "life-time", c->expires_at, now);
        cyg_vici_key(w, "install-time", "%" PRIu64, seconds_since(c->installed, now));
    }
    put_selector(w, "local-ts", &c->flow.local);
    put_selector(w, "remote-ts", &c->flow.remote);
    cyg_vici_section_end(w);
}

static void put_cookie(struct cyg_vici_writer *w, const char *key, const uint8_t cookie[8])
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ cookie, 8 });
    cyg_vici_key(w, key, "%016" PRIx64, cyg_reader_u64(&r));
}

static void put_host(struct cyg_vici_writer *w, const char *host, const char *port, const char *id,
                     const struct cyg_address *address, const struct cyg_identity *identity)
{
    char text[CYG_IDENTITY_TEXT];
    cyg_vici_key(w, host, "%s", cyg_address_format(address, text, sizeof text));
    cyg_vici_key(w, port, "%u", (unsigned)address->port);
    cyg_vici_key(w, id, "%s", cyg_identity_format(identity, text, sizeof text));
}

static void put_flag(struct cyg_vici_writer *w, const char *key, bool value)
{
    if (value) {
        cyg_vici_bool(w, key, true);
    }
}

void put_ike_begin(struct cyg_vici_writer *w, const struct cyg_ike_record *ike, cyg_usec now)
{
    cyg_vici_section(w, ike->name[0] != '\0' ? ike->name : "(unnamed)");
    cyg_vici_key(w, "uniqueid", "%u", ike->uniqueid);
    cyg_vici_key(w, "version", "1");
    cyg_vici_key(w, "state", "%s", ike_state_name(ike->state));
    put_host(w, "local-host", "local-port", "local-id", &ike->path.local, &ike->local_id);
    put_host(w, "remote-host", "remote-port", "remote-id", &ike->path.remote, &ike->remote_id);
    put_flag(w, "initiator", ike->initiator);
    put_cookie(w, "initiator-spi", ike->cookie_i);
    put_cookie(w, "responder-spi", ike->cookie_r);
    put_flag(w, "nat-local", ike->nat_local);
    put_flag(w, "nat-remote", ike->nat_remote);
    put_flag(w, "nat-fake", ike->nat_fake);
    put_flag(w, "nat-any", ike->nat_any);
    put_algorithms(w, ike->cipher, ike->integ, ike->group, true);
    if (ike->state == CYG_IKE_ESTABLISHED) {
        cyg_vici_key(w, "established", "%" PRIu64, seconds_since(ike->established, now));
        put_until(w, "rekey-time", ike->rekey_at, now);
        put_until(w, "reauth-time", ike->reauth_at, now);
    }
}

void put_child_sas(struct cyg_vici_writer *w, const struct cyg_child_record *children,
                   size_t n_children, bool is_down, cyg_usec now)
{
    cyg_vici_section(w, "child-sas");
    for (size_t i = 0; i < n_children; i++) {
        put_child(w, &children[i], is_down, now);
    }
    cyg_vici_section_end(w);
}

/* --- Reading pages, on the lane --- */

static bool fits_ike(const struct listing *l, const struct cyg_ike_record *ike)
{
    return (l->ike_id == 0 || ike->uniqueid == l->ike_id)
           && (l->ike[0] == '\0' || strcmp(ike->name, l->ike) == 0);
}

static bool fits_child(const struct listing *l, const struct cyg_child_record *child)
{
    return (l->child_id == 0 || child->uniqueid == l->child_id)
           && (l->child[0] == '\0' || strcmp(child->name, l->child) == 0);
}

/* Go on to the next IKE SA that was asked for. Without children a listing asks the data plane
 * nothing and waits for nothing, so the others cost little. */
static enum cyg_code skip_others(struct listing *l, const struct cyg_host *host)
{
    size_t n = PAGE, none = 0;
    if (l->ike_id != 0 && l->after < l->ike_id - 1) {
        l->after = l->ike_id - 1;
    }
    while (n > 0 && (l->ike_id != 0 || l->ike[0] != '\0')) {
        enum cyg_code code =
            host->list_sas(host->daemon, l->after, l->records, PAGE, &n, l->children, 0, &none);
        for (size_t i = 0; code == CYG_OK && i < n; i++) {
            if (fits_ike(l, &l->records[i])) {
                return CYG_OK;
            }
            l->after = l->records[i].uniqueid;
        }
        if (code != CYG_OK) {
            return code;
        }
    }
    return CYG_OK;
}

/* Keep those that were asked for, in place. */
static void filter_page(struct listing *l, size_t n_ike, size_t n_children)
{
    size_t child = 0, kept = 0;
    l->n = 0;
    for (size_t i = 0; i < n_ike; i++) {
        struct cyg_ike_record ike = l->records[i];
        const size_t end = child + ike.n_children;
        const size_t before = kept;
        if (end > n_children) {
            return; /* its children did not fit into the page: first of the next one */
        }
        l->after = ike.uniqueid;
        for (; child < end; child++) {
            if (fits_ike(l, &ike) && fits_child(l, &l->children[child])) {
                l->children[kept++] = l->children[child];
            }
        }
        ike.n_children = (uint16_t)(kept - before);
        if (fits_ike(l, &ike)
            && (ike.n_children > 0 || (l->child_id == 0 && l->child[0] == '\0'))) {
            l->records[l->n++] = ike;
        }
    }
}

/* The next page that has something to show, or none: the end. */
static void read_page(struct store_job *job)
{
    struct listing *l = (struct listing *)job;
    const struct cyg_host *host = job->vici->host;
    size_t n_ike = 0, n_children = 0;
    l->n = 0;
    l->is_done = l->ike_id != 0 && l->after >= l->ike_id;
    if (l->is_done) {
        return;
    }
    do {
        job->code = skip_others(l, host);
        if (job->code == CYG_OK) {
            job->code = host->list_sas(host->daemon, l->after, l->records, PAGE, &n_ike,
                                       l->children, PAGE, &n_children);
        }
        if (job->code == CYG_OK) {
            filter_page(l, n_ike, n_children);
        }
    } while (job->code == CYG_OK && n_ike > 0 && l->n == 0);
    l->is_done = n_ike == 0;
}

/* --- Showing them, on the control thread --- */

static void send_page(struct client *client, const struct listing *l)
{
    const cyg_usec now = cyg_time_now();
    const struct cyg_child_record *children = l->children;
    for (size_t i = 0; i < l->n; i++) {
        const struct cyg_ike_record *ike = &l->records[i];
        struct cyg_vici_writer w;
        cyg_vici_begin(&w, CYG_VICI_EVENT, "list-sa");
        put_ike_begin(&w, ike, now);
        put_child_sas(&w, children, ike->n_children, false, now);
        cyg_vici_section_end(&w);
        client_event(client, "list-sa", &w);
        children += ike->n_children;
    }
}

static void release_listing(void *state)
{
    struct listing *l = state;
    if (!l->is_reading) { /* else the job frees it */
        free(l);
    }
}

static void on_page(struct store_job *job, struct client *client)
{
    struct listing *l = (struct listing *)job;
    l->is_reading = false;
    if (client == NULL) {
        free(l);
    } else if (job->code != CYG_OK) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_BUSY });
    } else {
        send_page(client, l);
        client_wake(client);
    }
}

/* The job could not be started: it is the client's again, who gets the failure. */
static void on_refused(struct store_job *job)
{
    ((struct listing *)job)->is_reading = false;
}

static bool list_more(struct client *client)
{
    struct listing *l = client_state(client);
    if (l->is_reading) {
        return false; /* all else in it is the job's */
    }
    if (l->is_done) {
        struct cyg_vici_writer w;
        cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
        client_reply(client, &w);
    } else {
        l->is_reading = true;
        store_job_start(client_vici(client), client, CYG_LANE_SLOW, &l->job);
    }
    return false;
}

uint32_t get_id(struct cyg_span message, const char *key)
{
    int64_t value = 0;
    return cyg_vici_get_number(message, key, &value) && value > 0 && value <= UINT32_MAX
               ? (uint32_t)value
               : 0;
}

void command_list_sas(struct client *client, struct cyg_span message)
{
    struct listing *l = calloc(1, sizeof *l);
    if (l == NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return;
    }
    l->job = (struct store_job){ .run = read_page, .done = on_page, .release = on_refused };
    cyg_vici_get_text(message, "ike", l->ike, sizeof l->ike);
    cyg_vici_get_text(message, "child", l->child, sizeof l->child);
    l->ike_id = get_id(message, "ike-id");
    l->child_id = get_id(message, "child-id");
    client_set_state(client, l, release_listing);
    client_stream(client, list_more);
}
