/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain: the history of negotiations, ours alone. Keys: peer, source, unknown, limit. The answer
 * is one event explain-entry for each entry, oldest first, and where nobody is named one for each
 * count of what was dropped without a negotiation. The entries as they are made are events of a
 * name of their own, explain-live: an answer holds nothing that was not asked for. */
#include "commands.h"
#include "service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_ONE   1u /* negotiations, when a peer is named */
#define LIMIT_ALL   8u
#define LIMIT_MAX   1024u
#define AT_ONCE     64u             /* entries in one turn */
#define EVENT_ENTRY "explain-entry" /* of an answer */
#define EVENT_LIVE  "explain-live"

/* An answer under way. While the store is asked it belongs to the job, else to the client. */
struct explain {
    struct store_job job;
    struct cyg_history_query query;
    struct cyg_history *history;
    size_t next;
    bool is_reading;
};

/* --- An entry --- */

static void put_text(struct cyg_vici_writer *w, const char *key, const char *text)
{
    if (text[0] != '\0') {
        cyg_vici_value(w, key, cyg_span_str(text));
    }
}

static void put_time(struct cyg_vici_writer *w, const char *key, int64_t when)
{
    cyg_vici_key(w, key, "%" PRId64 ".%06" PRId64, when / 1000000, when % 1000000);
}

static void put_lines(struct cyg_vici_writer *w, const char *key, const char *lines)
{
    if (lines[0] == '\0') {
        return;
    }
    cyg_vici_list(w, key);
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");
        cyg_vici_item(w, "%.*s", (int)len, lines);
        lines += len + (lines[len] == '\n' ? 1 : 0);
    }
    cyg_vici_list_end(w);
}

static void put_message(struct cyg_vici_writer *w, const struct cyg_history_entry *e)
{
    cyg_vici_key(w, "direction", "%s", e->sent ? "sent" : "received");
    put_text(w, "exchange", e->exchange);
    cyg_vici_key(w, "message-id", "%08" PRIx32, e->message_id);
    cyg_vici_key(w, "bytes", "%" PRIu32, e->bytes);
    if (e->resent) {
        cyg_vici_bool(w, "resent", true);
    }
}

static void put_compare(struct cyg_vici_writer *w, const struct cyg_history_entry *e)
{
    if (e->what[0] == '\0') {
        return;
    }
    cyg_vici_section(w, "compare");
    cyg_vici_key(w, "what", "%s", e->what);
    put_lines(w, "ours", e->ours);
    put_lines(w, "theirs", e->theirs);
    put_lines(w, "differs", e->differs);
    cyg_vici_section_end(w);
}

static void put_entry(struct cyg_vici_writer *w, const char *event,
                      const struct cyg_history_entry *e)
{
    static const char *const phases[] = { "info", "1", "2" };
    const struct cyg_reason_info *info = cyg_reason_info(e->reason);
    const char *kind = cyg_history_kind_name(e->kind);
    cyg_vici_begin(w, CYG_VICI_EVENT, event);
    cyg_vici_key(w, "negotiation", "%" PRIu64, e->negotiation);
    cyg_vici_key(w, "seq", "%" PRIu32, e->seq);
    put_time(w, "time", e->when);
    cyg_vici_key(w, "kind", "%s", kind != NULL ? kind : "decision");
    put_text(w, "peer", e->peer);
    put_text(w, "remote-id", e->remote_id);
    put_text(w, "local", e->local);
    put_text(w, "remote", e->remote);
    if (e->begun_by != CYG_HISTORY_BY_NONE) {
        cyg_vici_key(w, "role", "%s", e->begun_by == CYG_HISTORY_BY_US ? "initiator" : "responder");
    }
    if (e->ike_uniqueid != 0) {
        cyg_vici_key(w, "ike-uniqueid", "%" PRIu32, e->ike_uniqueid);
    }
    put_text(w, "initiator-spi", e->cookie_i);
    put_text(w, "responder-spi", e->cookie_r);
    cyg_vici_key(w, "phase", "%s", phases[e->phase < CYG_LEN(phases) ? e->phase : 0]);
    if (e->kind == CYG_HISTORY_MESSAGE) {
        put_message(w, e);
    }
    put_text(w, "result", e->result);
    if (info != NULL) {
        cyg_vici_key(w, "reason", "%s", info->name);
    }
    cyg_vici_key(w, "group", "%s", log_group_name(e->group));
    cyg_vici_key(w, "level", "%d", e->level);
    put_text(w, "text", e->text);
    put_text(w, "mend", e->mend);
    put_lines(w, "payloads", e->payloads);
    put_compare(w, e);
}

/* The sentence of a reason whose numbers and values nobody has kept. */
static void put_pattern(struct cyg_vici_writer *w, const char *key, const char *sentence)
{
    char text[512];
    size_t n = 0;
    for (bool inside = false; *sentence != '\0' && n + 4 < sizeof text; sentence++) {
        if (*sentence == '{') {
            n += (size_t)snprintf(text + n, sizeof text - n, "...");
        } else if (!inside && *sentence != '}') {
            text[n++] = *sentence;
        }
        inside = *sentence == '{' || (inside && *sentence != '}');
    }
    cyg_vici_key(w, key, "%.*s", (int)n, text);
}

static void put_drop(struct cyg_vici_writer *w, const struct cyg_history_drop *d)
{
    const struct cyg_reason_info *info = cyg_reason_info(d->reason);
    cyg_vici_begin(w, CYG_VICI_EVENT, EVENT_ENTRY);
    cyg_vici_key(w, "kind", "dropped");
    put_time(w, "first", d->first);
    put_time(w, "time", d->last);
    cyg_vici_key(w, "count", "%" PRIu64, d->count);
    put_text(w, "network", d->network);
    if (info != NULL) {
        cyg_vici_key(w, "reason", "%s", info->name);
        put_pattern(w, "text", info->sentence);
    }
}

void explain_event(struct server *server, const struct cyg_event *event)
{
    struct cyg_vici_writer w;
    if (!server_is_wanted(server, EVENT_LIVE)) {
        return;
    }
    put_entry(&w, EVENT_LIVE, event->entry);
    server_event_idle(server, EVENT_LIVE, &w);
}

/* --- The command --- */

static void release_explain(void *state)
{
    struct explain *x = state;
    if (!x->is_reading) { /* else the job frees it */
        cyg_history_free(x->history);
        free(x);
    }
}

/* On the write lane, behind what the recorder has just handed over. */
static void read_history(struct store_job *job)
{
    struct explain *x = (struct explain *)job;
    const struct vici *vici = job->vici;
    job->code = vici->ops->history_read(vici->store, &x->query, cyg_time_now() + STORE_DEADLINE,
                                        &x->history, &job->error);
}

static void on_read(struct store_job *job, struct client *client)
{
    struct explain *x = (struct explain *)job;
    x->is_reading = false;
    if (client == NULL) {
        release_explain(x);
    } else if (job->code != CYG_OK) {
        const struct cyg_error error = job->error;
        client_fail(client, &error);
    } else {
        client_wake(client);
    }
}

/* The job could not be started: it is the client's again, who gets the failure. */
static void on_refused(struct store_job *job)
{
    ((struct explain *)job)->is_reading = false;
}

static void ask(struct client *client, struct explain *x)
{
    struct vici *vici = client_vici(client);
    if (vici->host->history_flush != NULL) {
        vici->host->history_flush(vici->host->daemon, &x->query);
    }
    x->is_reading = true;
    store_job_start(vici, client, CYG_LANE_STORAGE_WRITE, &x->job);
}

static bool more_entries(struct client *client)
{
    struct explain *x = client_state(client);
    if (x->is_reading) {
        return false;
    }
    if (x->history == NULL) {
        ask(client, x);
        return false;
    }
    const struct cyg_history *h = x->history;
    for (size_t i = 0; i < AT_ONCE && x->next < h->n + h->n_drops; i++, x->next++) {
        struct cyg_vici_writer w;
        if (x->next < h->n) {
            put_entry(&w, EVENT_ENTRY, &h->entries[x->next]);
        } else {
            put_drop(&w, &h->drops[x->next - h->n]);
        }
        client_event(client, EVENT_ENTRY, &w);
    }
    if (x->next < h->n + h->n_drops) {
        return true;
    }
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    client_reply(client, &w);
    return false;
}

static bool has_history(const struct vici *vici)
{
    return vici->ops != NULL
           && vici->ops->size
                  >= offsetof(struct cyg_store_ops, history_read) + sizeof vici->ops->history_read
           && vici->ops->history_read != NULL;
}

void command_explain(struct client *client, struct cyg_span message)
{
    struct vici *vici = client_vici(client);
    if (!has_history(vici)) {
        client_fail(client,
                    &(struct cyg_error){ .reason = CYG_R_HISTORY_OFF,
                                         .got_quote = cyg_quote_words("no store keeps one") });
        return;
    }
    struct explain *x = calloc(1, sizeof *x);
    if (x == NULL) {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return;
    }
    struct cyg_history_query *q = &x->query;
    int64_t limit = 0;
    cyg_vici_get_text(message, "peer", q->peer, sizeof q->peer);
    cyg_vici_get_text(message, "source", q->source, sizeof q->source);
    q->unknown = cyg_vici_get_bool(message, "unknown", false);
    (void)cyg_vici_get_number(message, "limit", &limit);
    q->limit = limit > 0 && limit < LIMIT_MAX ? (uint32_t)limit
               : limit >= LIMIT_MAX           ? LIMIT_MAX
               : q->peer[0] != '\0'           ? LIMIT_ONE
                                              : LIMIT_ALL;
    x->job = (struct store_job){ .run = read_history, .done = on_read, .release = on_refused };
    client_set_state(client, x, release_explain);
    client_stream(client, more_entries);
}
