/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See why.h. */
#include "why.h"

#include "codec/names.h"
#include "codec/notify.h"
#include "events.h"
#include "main_mode.h"
#include "quick_mode.h"
#include "records.h"

#include <cygnet/secret.h>

#include <stdio.h>
#include <string.h>

struct cyg_quote why_key(const struct cyg_peer_secret *secret)
{
    char owners[2][CYG_IDENTITY_TEXT] = { "%any", "%any" };
    char words[CYG_QUOTE_MAX + 1];
    for (size_t i = 0; i < secret->n_owners && i < CYG_LEN(owners); i++) {
        cyg_identity_format(&secret->owners[i], owners[i], sizeof owners[i]);
    }
    /* cut alike, so that both are seen */
    snprintf(words, sizeof words, "%.46s/%.46s", owners[0], owners[1]);
    return cyg_quote_words(words);
}

/* Derived when needed: a responder's handshake that has only begun stays small (H-097). */
static struct cyg_quote key_of(const struct main_mode *mm)
{
    static const struct cyg_quote none;
    const struct cyg_quote *own = mm->key != NULL ? mm->key : &none;
    return mm->candidate != NULL ? why_key(&mm->candidate->secret) : *own;
}

static bool is_main_initiator(const struct exchange *x)
{
    return x->kind == &main_mode_initiator && x->data != NULL;
}

static bool is_quick_initiator(const struct exchange *x)
{
    return x->kind == &quick_mode_initiator && x->data != NULL;
}

static struct cyg_quote quote_notify(uint16_t type)
{
    char name[NAME_TEXT];
    return cyg_quote_words(name_format(NAME_NOTIFY, type, name, sizeof name));
}

/* ---- silence ---- */

static enum cyg_reason silence_of(const struct exchange *x)
{
    if (x->unreachable) {
        return CYG_R_NO_ANSWER_UNREACHABLE;
    }
    switch (x->state) {
    case MM_I_OFFERED:
        return CYG_R_NO_ANSWER_FIRST;
    case MM_I_SHARED:
        return CYG_R_NO_ANSWER_KEY;
    default:
        return CYG_R_NO_ANSWER_PROOF;
    }
}

void why_no_answer(const struct exchange *x, struct cyg_error *ret)
{
    struct cyg_quote peer = events_quote_endpoint(&x->sa->path.remote);
    if (!is_main_initiator(x)) {
        (void)CYG_FAIL(ret, CYG_R_NO_ANSWER, .got = x->tries, .got_quote = peer,
                       .want_quote = cyg_quote_text(x->kind->name));
        return;
    }
    const struct main_mode *mm = x->data;
    (void)CYG_FAIL(ret, silence_of(x), .got = x->tries + 1u, .want = 2u * x->state - 1,
                   .got_quote = peer, .want_quote = key_of(mm));
}

/* ---- refusals ---- */

/* All that was offered: the first stands in the deciding record. */
static void record_offered(struct exchange *x, const struct cyg_proposal *proposals, size_t n)
{
    for (size_t i = 1; i < n && i <= NEAREST_MAX; i++) {
        struct cyg_error record;
        (void)CYG_FAIL(&record, CYG_R_WE_OFFERED,
                       .got_quote = events_quote_proposal(&proposals[i]));
        records_add(x, &record);
    }
}

/* What the peer answers that could not read message 5 (RFC 2408 5.4, 5.5). */
static bool means_unreadable(uint16_t notify)
{
    return notify == NOTIFY_PAYLOAD_MALFORMED || notify == NOTIFY_INVALID_PAYLOAD_TYPE
           || notify == NOTIFY_UNEQUAL_PAYLOAD_LENGTHS;
}

void why_refused_in_clear(struct exchange *x, uint16_t notify, struct cyg_error *ret)
{
    const struct main_mode *mm = x->data;
    const struct cyg_peer *peer = x->sa->peer;
    struct cyg_quote from = events_quote_endpoint(&x->sa->path.remote);
    if (x->state == MM_I_OFFERED && notify == NOTIFY_NO_PROPOSAL_CHOSEN && peer->n_proposals > 0) {
        record_offered(x, peer->proposals, peer->n_proposals);
        (void)CYG_FAIL(ret, CYG_R_REFUSED_PROPOSALS_HINT, .payload = PAYLOAD_N, .got = notify,
                       .got_quote = from, .want_quote = events_quote_proposal(&peer->proposals[0]));
    } else if (x->state == MM_I_PROVED && means_unreadable(notify)) {
        (void)CYG_FAIL(ret, CYG_R_REFUSED_MESSAGE5_HINT, .payload = PAYLOAD_N, .got = notify,
                       .got_quote = from, .want_quote = key_of(mm));
    } else {
        (void)CYG_FAIL(ret, CYG_R_PEER_REFUSED_HINT, .payload = PAYLOAD_N, .got = notify,
                       .got_quote = from, .want_quote = quote_notify(notify));
    }
}

/* Of quick mode; false: no more is known than the notify. */
static bool refused_quick(struct exchange *x, uint16_t notify, struct cyg_error *ret)
{
    const struct quick_mode *qm = x->data;
    const struct cyg_peer_child *child = qm->config;
    if (notify == NOTIFY_INVALID_ID_INFORMATION) {
        (void)CYG_FAIL(ret, CYG_R_FLOW_REFUSED, .payload = PAYLOAD_N, .got = notify,
                       .got_quote = events_quote_flow(&qm->flow),
                       .want_quote = cyg_quote_text(child->name));
        return true;
    }
    if (notify == NOTIFY_NO_PROPOSAL_CHOSEN && child->n_proposals > 0) {
        record_offered(x, child->proposals, child->n_proposals);
        (void)CYG_FAIL(ret, CYG_R_ESP_REFUSED, .payload = PAYLOAD_N, .got = notify,
                       .got_quote = events_quote_flow(&qm->flow),
                       .want_quote = events_quote_proposal(&child->proposals[0]));
        return true;
    }
    return false;
}

void why_refused(struct exchange *x, uint16_t notify, struct cyg_error *ret)
{
    struct cyg_quote from = events_quote_endpoint(&x->sa->path.remote);
    if (is_quick_initiator(x) && refused_quick(x, notify, ret)) {
        return;
    }
    if (is_main_initiator(x)
        && (notify == NOTIFY_AUTHENTICATION_FAILED || notify == NOTIFY_INVALID_ID_INFORMATION)) {
        struct cyg_identity own; /* it had the keys to tell us so: only the identity is left */
        ike_sa_local_id(x->sa, &own);
        (void)CYG_FAIL(ret, CYG_R_REFUSED_IDENTITY, .payload = PAYLOAD_N, .got = notify,
                       .got_quote = from, .want_quote = events_quote_identity(&own));
        return;
    }
    (void)CYG_FAIL(ret, CYG_R_PEER_REFUSED, .payload = PAYLOAD_N, .got = notify, .got_quote = from,
                   .want_quote = quote_notify(notify));
}

/* ---- what can't be read ---- */

/* Other peers that MM1 would have fitted as well, with other keys: one could only be chosen by
 * address (PROTOCOL "PSK of a main mode responder"). */
static void record_ambiguous(struct exchange *x)
{
    const struct main_mode *mm = x->data;
    const struct cyg_candidates *all = mm->group == NULL ? NULL : mm->group->candidates;
    const struct cyg_candidate *chosen = mm->candidate;
    char names[CYG_QUOTE_MAX + 1] = "";
    size_t used = 0, n_peers = 0;
    for (size_t i = 0; all != NULL && chosen != NULL && i < all->n; i++) {
        const struct cyg_candidate *c = &all->items[i];
        struct cyg_span key = { c->secret.data, c->secret.len };
        if (c == chosen || !c->has_secret || c->aggressive || cyg_equal_ct(key, mm->psk)
            || c->auth_method != mm->auth_method
            || !transforms_allow(c->proposals, c->n_proposals, mm->algs.cipher, mm->algs.hash,
                                 mm->algs.group)) {
            continue;
        }
        n_peers += c->n_peers;
        if (used < sizeof names) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     used > 0 ? ", " : "", c->peer_name);
        }
    }
    if (n_peers > 0) {
        struct cyg_error record;
        (void)CYG_FAIL(&record, CYG_R_KEY_AMBIGUOUS, .got = n_peers + chosen->n_peers,
                       .got_quote = cyg_quote_words(names),
                       .want_quote = cyg_quote_text(chosen->peer_name));
        records_add(x, &record);
    }
}

/* An answer to message 5 that is not ours to read: most likely a refusal. */
static void suspect_refusal(struct exchange *x)
{
    struct exchange *main = exchange_find(x->sa, EXCHANGE_MAIN, 0);
    if (main == NULL || !is_main_initiator(main) || main->state != MM_I_PROVED
        || !cyg_address_equal(&x->work.path.remote, &x->sa->path.remote)) {
        return;
    }
    const struct main_mode *mm = main->data;
    struct cyg_error hint;
    (void)CYG_FAIL(&hint, CYG_R_REFUSED_UNREADABLE_HINT,
                   .got_quote = events_quote_endpoint(&x->sa->path.remote),
                   .want_quote = key_of(mm));
    exchange_hint(main, &hint);
}

void why_unreadable(struct exchange *x, const struct step *step, struct cyg_error *err)
{
    if (x->kind->type == EXCHANGE_INFORMATIONAL) {
        suspect_refusal(x);
    }
    if (!x->kind->phase1 || step->protect != PROTECT_ENCRYPTED || x->data == NULL) {
        return;
    }
    const struct main_mode *mm = x->data;
    if (mm->auth == NULL || !mm->auth->needs_psk) {
        return;
    }
    const struct cyg_error nonsense = *err;
    if (!x->kind->initiator) {
        record_ambiguous(x);
    }
    (void)CYG_FAIL(err, CYG_R_KEY_DIFFERS, .got = x->kind->initiator ? 6 : 5, .want = nonsense.got,
                   .offset = nonsense.offset, .payload = nonsense.payload,
                   .got_quote = events_quote_endpoint(&x->sa->path.remote),
                   .want_quote = key_of(mm));
    exchange_suspect(x, err);
}

/* ---- flows ---- */

static enum cyg_reason side_reason(const struct cyg_selector *asked,
                                   const struct cyg_selector *ours, bool local)
{
    if (cyg_selector_contains(asked, ours)) {
        return local ? CYG_R_FLOW_LOCAL_WIDER : CYG_R_FLOW_REMOTE_WIDER;
    }
    if (cyg_selector_contains(ours, asked)) {
        return local ? CYG_R_FLOW_LOCAL_NARROWER : CYG_R_FLOW_REMOTE_NARROWER;
    }
    return local ? CYG_R_FLOW_LOCAL_OTHER : CYG_R_FLOW_REMOTE_OTHER;
}

static enum cyg_reason flow_reason(const struct cyg_flow *asked, const struct cyg_flow *near)
{
    bool local = cyg_selector_equal(&asked->local, &near->local);
    bool remote = cyg_selector_equal(&asked->remote, &near->remote);
    if (remote && !local) {
        return side_reason(&asked->local, &near->local, true);
    }
    if (local && !remote) {
        return side_reason(&asked->remote, &near->remote, false);
    }
    return CYG_R_NO_FLOW;
}

static size_t add_list(char *words, size_t size, size_t used, const struct cyg_selector *list,
                       size_t n)
{
    char text[CYG_SELECTOR_TEXT];
    if (n == 0 && used < size) {
        used += (size_t)snprintf(words + used, size - used, " dynamic");
    }
    for (size_t i = 0; i < n && used < size; i++) {
        used += (size_t)snprintf(words + used, size - used, "%s %s", i > 0 ? "," : "",
                                 cyg_selector_format(&list[i], text, sizeof text));
    }
    return used;
}

/* The whole lists: the peer may have meant another pair of them. */
static void record_nearest_child(struct exchange *x, const struct cyg_peer *peer,
                                 const struct cyg_peer_child *child)
{
    char words[CYG_QUOTE_MAX + 1] = "local_ts =";
    size_t used = add_list(words, sizeof words, strlen(words), child->local_ts, child->n_local_ts);
    if (used < sizeof words) {
        used += (size_t)snprintf(words + used, sizeof words - used, "; remote_ts =");
    }
    (void)add_list(words, sizeof words, used, child->remote_ts, child->n_remote_ts);
    struct cyg_error record;
    (void)CYG_FAIL(&record, CYG_R_NEAREST_CHILD, .got = peer->n_children,
                   .got_quote = cyg_quote_text(child->name), .want_quote = cyg_quote_words(words));
    records_add(x, &record);
}

void why_no_flow(struct exchange *x, const struct cyg_flow *asked, const struct cyg_flow *near,
                 const struct cyg_peer *peer, const struct cyg_peer_child *child,
                 struct cyg_error *ret)
{
    if (child == NULL) {
        (void)CYG_FAIL(ret, CYG_R_NO_CHILD, .payload = PAYLOAD_ID,
                       .got_quote = events_quote_flow(asked));
        return;
    }
    record_nearest_child(x, peer, child);
    (void)CYG_FAIL(ret, flow_reason(asked, near), .payload = PAYLOAD_ID,
                   .got_quote = events_quote_flow(asked), .want_quote = events_quote_flow(near));
}

void why_flows_partly(const char *child, size_t failed, size_t all, const struct cyg_error *last,
                      struct cyg_error *ret)
{
    bool refused = last->payload == PAYLOAD_N
                   && (last->reason == CYG_R_FLOW_REFUSED || last->reason == CYG_R_ESP_REFUSED
                       || last->reason == CYG_R_PEER_REFUSED);
    const struct cyg_reason_info *info = cyg_reason_info(last->reason);
    struct cyg_quote why = refused        ? quote_notify((uint16_t)last->got)
                           : info != NULL ? cyg_quote_words(info->name)
                                          : cyg_quote_words("no reason given");
    (void)CYG_FAIL(ret, refused ? CYG_R_FLOWS_REFUSED : CYG_R_FLOWS_PARTLY, .got = failed,
                   .want = all, .got_quote = cyg_quote_text(child), .want_quote = why);
}

/* ---- the data plane ---- */

void why_held(const struct engine *engine, struct cyg_error *err)
{
    const struct child_sa *holder = err->reason == CYG_R_POLICY_HELD && err->got <= UINT32_MAX
                                        ? child_sa_holding(engine, (uint32_t)err->got)
                                        : NULL;
    if (holder == NULL) {
        return;
    }
    const struct cyg_error held = *err;
    char words[CYG_QUOTE_MAX + 1];
    snprintf(words, sizeof words, "peer %.40s, child %.40s", holder->peer->name,
             holder->config->name);
    (void)CYG_FAIL(err, CYG_R_POLICY_HELD_BY, .got = held.got, .want = held.want,
                   .got_quote = held.got_quote, .want_quote = cyg_quote_words(words));
}
