/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See walker.h. */
#include "walker.h"

#include "crypt.h"
#include "events.h"
#include "informational.h"
#include "outgoing.h"
#include "records.h"
#include "why.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>

#define DECRYPTS_PER_SECOND 10u /* H-072 */
#define ALWAYS              (PL(VID) | PL(N) | PL(PRIVATE))

const struct step *walker_step(const struct exchange_kind *kind, uint8_t state)
{
    for (size_t i = 0; i < kind->n_steps; i++) {
        if (kind->steps[i].state == state) {
            return &kind->steps[i];
        }
    }
    return NULL;
}

void opened_clear(struct opened *opened)
{
    if (opened->clear != NULL) {
        cyg_wipe(opened->clear, opened->message.header.length);
        free(opened->clear);
        opened->clear = NULL;
    }
}

/* ---- payloads ---- */

static const uint8_t wire_of[PK_COUNT] = {
    [PK_SA] = PAYLOAD_SA,        [PK_KE] = PAYLOAD_KE,       [PK_ID] = PAYLOAD_ID,
    [PK_CERT] = PAYLOAD_CERT,    [PK_CR] = PAYLOAD_CR,       [PK_HASH] = PAYLOAD_HASH,
    [PK_SIG] = PAYLOAD_SIG,      [PK_NONCE] = PAYLOAD_NONCE, [PK_N] = PAYLOAD_N,
    [PK_D] = PAYLOAD_D,          [PK_VID] = PAYLOAD_VID,     [PK_ATTR] = PAYLOAD_ATTR,
    [PK_NATD] = PAYLOAD_NATD,    [PK_NATOA] = PAYLOAD_NATOA, [PK_FRAGMENT] = PAYLOAD_FRAGMENT,
    [PK_PRIVATE] = PAYLOAD_NONE,
};

/* Which payloads, how often, in which order (H-018 to H-022, H-031). */
static enum cyg_code check_payloads(const struct step *step, const struct message *m,
                                    struct cyg_error *err)
{
    uint32_t known = step->required | step->allowed | ALWAYS;
    for (unsigned kind = 0; kind < PK_COUNT; kind++) {
        uint32_t bit = 1u << kind;
        if ((step->required & bit) != 0 && m->count[kind] == 0) {
            return CYG_FAIL(err, CYG_R_STEP_PAYLOAD_MISSING, .payload = wire_of[kind],
                            .want_quote = cyg_quote_text(step->name));
        }
        if ((known & bit) == 0 && m->count[kind] != 0) {
            return CYG_FAIL(err, CYG_R_STEP_PAYLOAD_UNEXPECTED, .payload = wire_of[kind],
                            .want_quote = cyg_quote_text(step->name));
        }
        if (m->count[kind] > 1 && ((step->many | ALWAYS) & bit) == 0) {
            return CYG_FAIL(err, CYG_R_STEP_PAYLOAD_TWICE, .payload = wire_of[kind],
                            .got = m->count[kind], .want_quote = cyg_quote_text(step->name));
        }
    }
    if ((step->first != 0 && m->payloads[0].kind != step->first - 1)
        || (step->second != 0 && (m->n < 2 || m->payloads[1].kind != step->second - 1))) {
        uint8_t want = m->payloads[0].kind != step->first - 1 ? step->first : step->second;
        return CYG_FAIL(err, CYG_R_STEP_PAYLOAD_ORDER, .payload = wire_of[want - 1],
                        .want_quote = cyg_quote_text(step->name));
    }
    return CYG_OK;
}

/* ---- opening ---- */

enum cyg_code walker_open_clear(const struct step *step, const struct header *h,
                                struct cyg_span datagram, struct opened *ret, struct cyg_error *err)
{
    if ((h->flags & FLAG_ENCRYPTION) != 0) { /* H-010 */
        return CYG_FAIL(err, CYG_R_MESSAGE_ENCRYPTED, .want_quote = cyg_quote_text(step->name));
    }
    ret->message.header = *h;
    enum cyg_code code =
        message_decode_chain(h->next, header_body(h, datagram), false, &ret->message, err);
    return code == CYG_OK ? check_payloads(step, &ret->message, err) : code;
}

/* Decrypt with a copy of the IV into a buffer of our own. */
static enum cyg_code decrypt(const struct exchange *x, const struct header *h,
                             struct cyg_span datagram, struct opened *ret, struct cyg_error *err)
{
    const struct ike_keys *keys = x->sa->keys;
    struct cyg_span body = header_body(h, datagram);
    if (body.len == 0 || body.len % keys->block != 0) { /* H-013 */
        return CYG_FAIL(err, CYG_R_BODY_SIZE, .got = body.len, .want = keys->block);
    }
    if (h->next == PAYLOAD_NONE) { /* H-013: in front of the decryption, which would be in vain */
        return CYG_FAIL(err, CYG_R_CHAIN_EMPTY, .offset = HEADER_LEN, .got = body.len);
    }
    ret->message.header = *h;
    ret->clear = malloc(h->length);
    if (ret->clear == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    memcpy(ret->clear, datagram.data, h->length);
    memcpy(ret->iv, x->iv, IV_MAX);
    if (crypt_decrypt(keys, ret->iv, ret->clear + HEADER_LEN, body.len, x->engine->providers.crypto)
        != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("decryption"));
    }
    return CYG_OK;
}

/* HASH(n) over the received bytes behind its payload: full length first, then in constant time
 * (H-063, H-064). */
static enum cyg_code check_hash(const struct exchange *x, const struct step *step,
                                const struct message *m, struct cyg_error *err)
{
    CYG_CLEANUP(cyg_key_clear) struct cyg_key hash = { 0 };
    const struct payload *p = message_find(m, PK_HASH, 0);
    if (crypt_hash(x, (enum protect)step->protect, message_after(m, p), &hash) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("HASH"));
    }
    if (!cyg_equal_ct(p->body, cyg_key_span(&hash))) {
        return CYG_FAIL(err, CYG_R_HASH_WRONG, .payload = PAYLOAD_HASH,
                        .want_quote = cyg_quote_text(step->name));
    }
    return CYG_OK;
}

/* In a hashed message nothing but the HASH payload is looked at before the hash is right (H-022,
 * H-074); what is wrong behind it is then the fault of somebody who holds the keys. */
static enum cyg_code open_encrypted(const struct exchange *x, const struct step *step,
                                    const struct header *h, struct cyg_span datagram,
                                    struct opened *ret, bool *ret_proved, struct cyg_error *err)
{
    enum cyg_code code = decrypt(x, h, datagram, ret, err);
    if (code != CYG_OK) {
        return code;
    }
    struct cyg_span clear = { ret->clear + HEADER_LEN, h->length - HEADER_LEN };
    code = message_decode_chain(h->next, clear, true, &ret->message, err);
    if (code != CYG_OK) {
        struct cyg_error why = *err;
        return CYG_FAIL(err, CYG_R_DECRYPTED_NONSENSE, .got = why.reason, .offset = why.offset,
                        .payload = why.payload, .want_quote = cyg_quote_text(step->name));
    }
    if (step->protect >= PROTECT_HASH_1) {
        if (ret->message.payloads[0].kind != PK_HASH || ret->message.count[PK_HASH] != 1) {
            return CYG_FAIL(err, CYG_R_HASH_NOT_FIRST, .payload = PAYLOAD_HASH,
                            .want_quote = cyg_quote_text(step->name));
        }
        code = check_hash(x, step, &ret->message, err);
        if (code != CYG_OK) {
            return code;
        }
        *ret_proved = true;
    }
    return check_payloads(step, &ret->message, err);
}

/* A half-open SA decrypts at most ten messages a second: each costs us, not him (H-072). */
static bool may_decrypt(struct exchange *x)
{
    if (x->sa->principal != NULL) {
        return true;
    }
    cyg_usec now = x->engine->now;
    if (now - x->decrypts_since >= CYG_SEC) {
        x->decrypts_since = now;
        x->decrypts = 0;
    }
    if (x->decrypts >= DECRYPTS_PER_SECOND) {
        return false;
    }
    x->decrypts++;
    return true;
}

static enum cyg_code open_message(struct exchange *x, const struct step *step,
                                  const struct header *h, struct cyg_span datagram,
                                  struct opened *ret, bool *ret_proved, struct cyg_error *err)
{
    if (step->protect == PROTECT_NONE) {
        return walker_open_clear(step, h, datagram, ret, err);
    }
    if ((h->flags & FLAG_ENCRYPTION) == 0) { /* H-011 */
        return CYG_FAIL(err, CYG_R_MESSAGE_CLEAR, .want_quote = cyg_quote_text(step->name));
    }
    if (!may_decrypt(x)) {
        return CYG_FAIL(err, CYG_R_DECRYPT_LIMIT, .want = DECRYPTS_PER_SECOND);
    }
    struct ike_sa *sa = x->sa;
    enum cyg_code code = open_encrypted(x, step, h, datagram, ret, ret_proved, err);
    bool first = !x->kind->phase1 && !x->kind->initiator && x->state == 0;
    if (*ret_proved && first) {
        sa->keys->has_before = false;
    }
    if (code == CYG_OK || *ret_proved || !first || !sa->keys->has_before) {
        return code;
    }
    /* It may have crossed the last message of phase 1: try the block before ours (PROTOCOL "IV").
     */
    uint8_t iv[IV_MAX];
    memcpy(iv, x->iv, IV_MAX);
    opened_clear(ret);
    if (crypt_iv(sa, sa->keys->iv_before, x->message_id, x->iv) != CYG_OK) {
        return code;
    }
    struct cyg_error second = { 0 };
    enum cyg_code again = open_encrypted(x, step, h, datagram, ret, ret_proved, &second);
    memcpy(x->iv, iv, IV_MAX);
    if (again != CYG_OK && !*ret_proved) {
        return code;
    }
    *err = second;
    return again;
}

/* ---- handling ---- */

struct arrival walker_arrival(const struct engine *engine, const struct cyg_path *path,
                              struct cyg_span datagram)
{
    return (struct arrival){ path, datagram, engine_hash(engine, datagram) };
}

void walker_handle(struct exchange *x, const struct step *step, const struct arrival *in,
                   struct opened *opened, bool proved)
{
    struct cyg_error err = { 0 };
    x->work = (struct work){
        .step = step,
        .seen = in->seen,
        .path = *in->path,
        .next = step->next,
        .active = true,
        .whole = step->protect != PROTECT_NONE,
    };
    memcpy(x->work.iv, step->protect == PROTECT_NONE ? x->iv : opened->iv, IV_MAX);
    if (proved) {
        exchange_proved(x);
    }
    struct cyg_span shown = opened->clear == NULL
                                ? cyg_span_first(in->datagram, opened->message.header.length)
                                : (struct cyg_span){ opened->clear, opened->message.header.length };
    events_message(x->sa, in->path, false, x->order_id, shown);
    exchange_conclude(x, step->handle(x, &opened->message, &err), &err);
}

/* Refused before a handler saw it. */
static void refuse_unhandled(struct exchange *x, const struct step *step, const struct arrival *in,
                             bool proved, struct cyg_error *err)
{
    x->work = (struct work){
        .step = step,
        .seen = in->seen,
        .path = *in->path,
        .active = true,
        /* nobody is to see a flood whole (H-072) */
        .unread = err->reason == CYG_R_DECRYPT_LIMIT ? 0 : (uint16_t)in->datagram.len,
    };
    memcpy(x->work.iv, x->iv, IV_MAX);
    if (proved) {
        exchange_proved(x);
    }
    x->engine->counts.dropped++;
    if (err->reason == CYG_R_DECRYPTED_NONSENSE) {
        why_unreadable(x, step, err);
    }
    exchange_conclude(x, STEP_REFUSED, err);
}

void walker_exchange(struct exchange *x, const struct arrival *in)
{
    struct engine *engine = x->engine;
    const struct step *step = walker_step(x->kind, x->state);
    half_open_received(x->half_open, in->datagram.len);
    if (x->ended) {
        engine->counts.dropped++;
        return;
    }
    if (x->seen == in->seen) {
        exchange_repeat_answer(x);
        return;
    }
    if (x->suspended) {
        if (x->work.step != NULL && x->work.seen == in->seen) {
            engine->counts.dropped++; /* the same again, while it is being worked on */
        } else {
            exchange_wait(x, in->path, in->datagram);
        }
        return;
    }
    struct header h;
    struct cyg_error err = { 0 };
    CYG_CLEANUP(opened_clear) struct opened opened = { 0 };
    bool proved = false;
    if (step == NULL || header_decode(in->datagram, &h, &err) != CYG_OK) {
        engine->counts.dropped++;
        return;
    }
    if (open_message(x, step, &h, in->datagram, &opened, &proved, &err) != CYG_OK) {
        refuse_unhandled(x, step, in, proved, &err);
        return;
    }
    walker_handle(x, step, in, &opened, proved);
}

/* ---- refusal ---- */

/* Work could not begin for want of room: our own first message is tried again by timer. */
static bool retries_start(struct exchange *x, const struct cyg_reason_info *info)
{
    if (x->work.step != NULL || x->state != 0 || info->code != CYG_LIMIT
        || x->tries >= x->engine->settings.retransmit_tries) {
        return false;
    }
    x->tries++;
    x->retry_start = true;
    timer_set(&x->engine->timers, &x->timer, cyg_usec_add(x->engine->now, CYG_SEC));
    return true;
}

/* Whether a reason lies in us, whatever the message says: then an attempt that can't go on ends. */
static bool is_our_own(const struct cyg_reason_info *info)
{
    return info->code == CYG_NOT_FOUND || info->code == CYG_INTERNAL
           || info->code == CYG_UNSUPPORTED;
}

/* Later it may go: the peer's repetition tries again. */
static bool is_transient(const struct exchange *x, const struct cyg_reason_info *info)
{
    return (info->code == CYG_LIMIT || info->code == CYG_NOMEM) && info->notify == 0 && !x->final;
}

static enum cyg_reaction reaction_in_phase1(const struct exchange *x,
                                            const struct cyg_reason_info *info)
{
    bool ends = info->reaction == CYG_REACT_KILL || info->reaction == CYG_REACT_FAIL;
    bool first = x->state == 0 && !x->kind->initiator;
    if (x->work.proved) {
        return is_transient(x, info) ? CYG_REACT_HOLD : CYG_REACT_KILL;
    }
    if (ends && !x->work.step->soften && (x->work.whole || is_our_own(info))) {
        return CYG_REACT_KILL;
    }
    return first && info->reaction == CYG_REACT_NOTIFY ? CYG_REACT_NOTIFY : CYG_REACT_HOLD;
}

/* The reaction in this situation (HOSTILE.md, "Reactions"): who has shown nothing can't end
 * anything, who holds the keys is told. */
static enum cyg_reaction reaction_of(const struct exchange *x, const struct cyg_reason_info *info)
{
    if (x->work.step == NULL) {
        return CYG_REACT_KILL; /* of our own making */
    }
    if (x->kind->phase1) {
        return reaction_in_phase1(x, info);
    }
    return x->work.proved && !is_transient(x, info) ? CYG_REACT_FAIL : CYG_REACT_HOLD;
}

/* What the peer is told: the row's, else that it didn't work. */
static uint16_t notify_of(const struct exchange *x, const struct cyg_reason_info *info)
{
    if (info->notify != 0) {
        return info->notify;
    }
    return x->kind->phase1 ? NOTIFY_AUTHENTICATION_FAILED : NOTIFY_NO_PROPOSAL_CHOSEN;
}

void walker_react(struct exchange *x, struct cyg_error *err)
{
    const struct cyg_reason_info *info = cyg_reason_info(err->reason);
    if (info == NULL) { /* a plugin that fails without saying why */
        (void)CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("no reason given"));
        info = cyg_reason_info(err->reason);
    }
    if (retries_start(x, info)) {
        return;
    }
    records_add(x, err);
    switch (reaction_of(x, info)) {
    case CYG_REACT_FAIL:
    case CYG_REACT_KILL:
        if (x->work.step != NULL && x->kind->type != EXCHANGE_INFORMATIONAL) {
            informational_refuse(x, notify_of(x, info));
        }
        x->heard |= x->work.proved; /* its Message ID is used up: a replay moves no path (H-151) */
        exchange_end(x, err);
        return;
    case CYG_REACT_NOTIFY:
        outgoing_refuse_clear(x, info->notify);
        exchange_end(x, err);
        return;
    case CYG_REACT_NONE:
    case CYG_REACT_DROP:
    case CYG_REACT_HOLD:
        break;
    }
    x->work.active = false;
    if (x->state == 0 && !x->kind->initiator) {
        exchange_end(x, err); /* nothing has begun: the peer's repetition begins anew */
    }
}
