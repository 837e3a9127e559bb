/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event of a negotiation as an entry of the history: its sentence, what to change, the payloads
 * of a message, the two sides of a refusal. */
#include "narrate.h"
#include "recorder_internal.h"

#include "codec/message.h"
#include "codec/names.h"
#include "codec/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- lists ---- */

/* One item more of a list, or "..." as the last where it is full. */
static void add_item(char *list, size_t size, const char *item)
{
    const size_t at = strlen(list), len = strlen(item);
    if (at + len + 6 < size) {
        snprintf(list + at, size - at, "%s%s", at > 0 ? "\n" : "", item);
    } else if (at + 5 < size && (at < 3 || strcmp(list + at - 3, "...") != 0)) {
        snprintf(list + at, size - at, "%s...", at > 0 ? "\n" : "");
    }
}

/* Lines of the codec's text; the first is the header, which has keys of its own. A payload's line
 * begins at the margin, what is in it is indented. */
struct payload_lines {
    char *list;
    size_t size;
    bool header_seen;
};

static void on_line(void *context, const char *line)
{
    struct payload_lines *p = context;
    if (p->header_seen) {
        add_item(p->list, p->size, strncmp(line, "  ", 2) == 0 ? line + 2 : line);
    }
    p->header_seen = true;
}

/* ---- the two sides ---- */

static bool share(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++) {
        if (memchr(b, a[i], n_b) != NULL) {
            return true;
        }
    }
    return n_a == 0 && n_b == 0;
}

static void compare_proposals(const struct cyg_error *e, struct entry_texts *t)
{
    struct cyg_proposal theirs, ours;
    if (e->got_quote.len != sizeof theirs || e->want_quote.len != sizeof ours) {
        return;
    }
    memcpy(&theirs, e->got_quote.data, sizeof theirs);
    memcpy(&ours, e->want_quote.data, sizeof ours);
    const bool is_ike = ours.protocol == CYG_PROPOSAL_IKE;
    if (!share(theirs.ciphers, theirs.n_ciphers, ours.ciphers, ours.n_ciphers)) {
        add_item(t->differs, sizeof t->differs, "cipher");
    }
    if (!share(theirs.integs, theirs.n_integs, ours.integs, ours.n_integs)) {
        add_item(t->differs, sizeof t->differs, is_ike ? "hash" : "integrity");
    }
    if (!share(theirs.groups, theirs.n_groups, ours.groups, ours.n_groups)) {
        add_item(t->differs, sizeof t->differs, is_ike ? "group" : "PFS group");
    }
}

static void compare_flows(const struct cyg_error *e, struct entry_texts *t)
{
    struct cyg_flow theirs, ours;
    if (e->got_quote.len != sizeof theirs || e->want_quote.len != sizeof ours) {
        return;
    }
    memcpy(&theirs, e->got_quote.data, sizeof theirs);
    memcpy(&ours, e->want_quote.data, sizeof ours);
    if (!cyg_selector_equal(&theirs.local, &ours.local)) {
        add_item(t->differs, sizeof t->differs, "local");
    }
    if (!cyg_selector_equal(&theirs.remote, &ours.remote)) {
        add_item(t->differs, sizeof t->differs, "remote");
    }
}

/* What the record says beside its two quotes. */
static void compare_rest(const struct cyg_error *e, struct entry_texts *t)
{
    char text[64];
    if (e->reason == CYG_R_DIFFERS_MODE) {
        static const char *const modes[] = { "?", "tunnel", "transport" };
        add_item(t->differs, sizeof t->differs, "mode");
        add_item(t->theirs, sizeof t->theirs, modes[e->got < 3 ? e->got : 0]);
        add_item(t->ours, sizeof t->ours, modes[e->want < 3 ? e->want : 0]);
    } else if (e->reason == CYG_R_DIFFERS_AUTH) {
        add_item(t->differs, sizeof t->differs, "authentication");
        snprintf(text, sizeof text, "authentication method %" PRIu64, e->got);
        add_item(t->theirs, sizeof t->theirs, text);
        snprintf(text, sizeof text, "authentication method %" PRIu64, e->want);
        add_item(t->ours, sizeof t->ours, text);
    }
}

/* "": the record does not compare two sides. Of a record that does, got is what the peer says and
 * want what would be right here. */
static const char *compare(const struct cyg_error *e, struct entry_texts *t)
{
    const uint8_t got = e->got_quote.kind, want = e->want_quote.kind;
    const char *what = "";
    t->ours[0] = t->theirs[0] = t->differs[0] = '\0';
    if (e->reason == CYG_R_WE_OFFERED) { /* ours alone */
        return what;
    }
    if (got == CYG_QUOTE_PROPOSAL && (want == CYG_QUOTE_PROPOSAL || want == CYG_QUOTE_NONE)) {
        what = "proposals";
    } else if (got == CYG_QUOTE_FLOW && want == CYG_QUOTE_FLOW) {
        what = "flows";
    } else if (got == CYG_QUOTE_IDENTITY && want == CYG_QUOTE_IDENTITY) {
        what = "identity";
    } else {
        return what;
    }
    cyg_quote_format(&e->got_quote, t->theirs, sizeof t->theirs);
    cyg_quote_format(&e->want_quote, t->ours, sizeof t->ours);
    if (what[0] == 'p') {
        compare_proposals(e, t);
    } else if (what[0] == 'f') {
        compare_flows(e, t);
    } else {
        add_item(t->differs, sizeof t->differs, "identity");
    }
    compare_rest(e, t);
    return what;
}

static void put_compare(const struct cyg_error *e, struct entry_texts *t,
                        struct cyg_history_entry *ret)
{
    ret->what = compare(e, t);
    ret->ours = t->ours;
    ret->theirs = t->theirs;
    ret->differs = t->differs;
}

/* ---- entries ---- */

static const char *cookie_text(const uint8_t cookie[8], char text[17])
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ cookie, 8 });
    snprintf(text, 17, "%016" PRIx64, cyg_reader_u64(&r));
    return text;
}

static void put_path(const struct cyg_path *path, struct entry_texts *t,
                     struct cyg_history_entry *ret)
{
    ret->local = ret->remote = "";
    if (path->remote.family != 0) {
        ret->local = cyg_endpoint_format(&path->local, t->local, sizeof t->local);
        ret->remote = cyg_endpoint_format(&path->remote, t->remote, sizeof t->remote);
    }
}

static void put_head(const struct head *head, struct entry_texts *t, struct cyg_history_entry *ret)
{
    for (unsigned i = 0; i < CYG_HISTORY_TEXTS; i++) {
        *cyg_history_text(ret, i) = "";
    }
    ret->negotiation = head->number;
    ret->ike_uniqueid = head->ike_uniqueid;
    ret->begun_by = head->begun_by;
    ret->peer = cyg_escape(cyg_span_str(head->peer), t->peer, sizeof t->peer);
    snprintf(t->remote_id, sizeof t->remote_id, "%s", head->remote_id);
    ret->remote_id = t->remote_id;
    if (head->path.remote.family != 0) {
        ret->source = cyg_address_format(&head->path.remote, t->source, sizeof t->source);
    }
    if (head->ike_uniqueid != 0) {
        ret->cookie_i = cookie_text(head->cookie_i, t->cookie_i);
        ret->cookie_r = cookie_text(head->cookie_r, t->cookie_r);
    }
}

static void put_record(const struct cyg_error *e, struct entry_texts *t,
                       struct cyg_history_entry *ret)
{
    ret->reason = e->reason;
    ret->text = cyg_error_sentence(e, t->text, sizeof t->text);
    ret->mend = cyg_error_mend(e, t->mend, sizeof t->mend);
}

static void put_message(const struct cyg_event *event, struct entry_texts *t,
                        struct cyg_history_entry *ret)
{
    struct message m = { 0 };
    struct cyg_error record;
    struct payload_lines lines = { .list = t->payloads, .size = sizeof t->payloads };
    const struct text_sink sink = { .line = on_line, .context = &lines };
    narrate_message(event, &record);
    put_record(&record, t, ret);
    ret->kind = CYG_HISTORY_MESSAGE;
    ret->sent = event->sent;
    ret->bytes = (uint32_t)event->message.len;
    t->payloads[0] = '\0';
    if (header_decode(event->message, &m.header, NULL) != CYG_OK) {
        return;
    }
    ret->exchange = narrate_exchange(m.header.exchange, t->exchange, sizeof t->exchange);
    ret->message_id = m.header.message_id;
    if (message_decode_chain(m.header.next, cyg_span_after(event->message, HEADER_LEN), true, &m,
                             NULL)
        == CYG_OK) {
        message_format(&m, &sink);
        ret->payloads = t->payloads;
    }
}

static enum cyg_history_kind kind_of(const struct cyg_error *e)
{
    switch (e->reason) {
    case CYG_R_IKE_IS_UP:
    case CYG_R_CHILD_IS_UP:
        return CYG_HISTORY_UP;
    case CYG_R_IKE_IS_DOWN:
    case CYG_R_CHILD_IS_DOWN:
        return CYG_HISTORY_DOWN;
    case CYG_R_MESSAGE_RESENT:
    case CYG_R_MESSAGE_UNREAD:
        return CYG_HISTORY_MESSAGE;
    default:
        return CYG_HISTORY_DECISION;
    }
}

void entry_of_item(const struct head *head, uint32_t seq, const struct item *item,
                   struct entry_texts *t, struct cyg_history_entry *ret)
{
    const struct cyg_event *event = &item->event;
    *ret = (struct cyg_history_entry){ .seq = seq,
                                       .when = item->when,
                                       .phase = item->phase,
                                       .group = event->group,
                                       .level = event->level };
    put_head(head, t, ret);
    put_path(event->path.remote.family != 0 ? &event->path : &head->path, t, ret);
    if (event->type == CYG_EVENT_MESSAGE) {
        put_message(event, t, ret);
        return;
    }
    put_record(&event->error, t, ret);
    ret->kind = (uint8_t)kind_of(&event->error);
    if (ret->kind == CYG_HISTORY_MESSAGE) { /* a repetition of ours, or none that can be shown */
        const bool resent = event->error.reason == CYG_R_MESSAGE_RESENT;
        ret->sent = ret->resent = resent;
        ret->bytes = (uint32_t)(resent ? event->error.want : event->error.got);
        ret->message_id = event->message_id;
        ret->exchange = narrate_exchange(event->exchange, t->exchange, sizeof t->exchange);
    }
    put_compare(&event->error, t, ret);
}

void entry_of_ending(const struct head *head, uint32_t seq, const struct ending *ending,
                     struct entry_texts *t, struct cyg_history_entry *ret)
{
    const struct cyg_reason_info *info = cyg_reason_info(ending->why.reason);
    *ret = (struct cyg_history_entry){ .seq = seq,
                                       .when = ending->when,
                                       .phase = ending->phase,
                                       .kind = CYG_HISTORY_END,
                                       .group = CYG_LOG_IKE,
                                       .level = (int8_t)(info != NULL ? info->level : 1) };
    put_head(head, t, ret);
    put_path(&head->path, t, ret);
    ret->result = ending->result;
    if (info != NULL) {
        put_record(&ending->why, t, ret);
        put_compare(&ending->why, t, ret);
    }
    if (ending->left_out > 0) {
        const size_t at = info != NULL ? strlen(t->text) : 0;
        snprintf(t->text + at, sizeof t->text - at, "%s(%u entries are left out.)",
                 at > 0 ? " " : "", ending->left_out);
        ret->text = t->text;
    }
}
