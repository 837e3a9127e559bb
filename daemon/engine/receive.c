/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a datagram belongs: an exchange under way, a new one of a known SA, a stranger's first
 * message, or nowhere. The key is (cookies, Message ID, exchange type), RFC 2408 4.1, PROTOCOL
 * "Exchange key". */
#include "codec/notify.h"
#include "crypt.h"
#include "events.h"
#include "exchange_kinds.h"
#include "groups.h"
#include "outgoing.h"
#include "principal.h"
#include "walker.h"
#include "why.h"

#include <string.h>

/* A stranger's message: recorded now and then, answered at most once, in clear, and only where the
 * reason's row says so (H-006, H-008). */
static void refuse_stranger(struct engine *engine, const struct cyg_path *path,
                            const struct header *h, size_t len, const struct cyg_error *err)
{
    engine->counts.dropped++;
    events_log_stranger(engine, path, err);
    const struct cyg_reason_info *info = cyg_reason_info(err->reason);
    if (h != NULL && info != NULL && info->reaction == CYG_REACT_NOTIFY && info->notify != 0) {
        outgoing_notify_clear(engine, NULL, path, h, len, info->notify);
    }
}

/* Addresses that no honest datagram has (H-016). */
static bool path_makes_sense(const struct engine *engine, const struct cyg_path *path)
{
    const struct cyg_address *from = &path->remote, *to = &path->local;
    bool ourselves =
        cyg_address_equal(from, to)
        && (from->port == engine->settings.port || from->port == engine->settings.nat_t_port);
    return from->port != 0 && !cyg_address_is_any(from) && !cyg_address_is_multicast(from)
           && !cyg_address_is_multicast(to) && !ourselves;
}

/* ---- first messages ---- */

static bool is_zero(const uint8_t cookie[COOKIE_LEN])
{
    static const uint8_t zero[COOKIE_LEN];
    return memcmp(cookie, zero, COOKIE_LEN) == 0;
}

/* Make the SA and the exchange that answers. */
static enum cyg_code answer_new(struct engine *engine, const struct exchange_kind *kind,
                                const struct cyg_path *path, const struct header *h, size_t len,
                                struct exchange **ret, struct cyg_error *err)
{
    struct half_open_entry *entry = NULL;
    bool known = half_open_is_proven(engine, &path->remote) || groups_known(engine, path);
    enum cyg_code code = half_open_admit(engine, path, h, len, known, &entry, err);
    if (code != CYG_OK) {
        return code;
    }
    struct ike_sa *sa = NULL;
    code = ike_sa_new(engine, path, false, NULL, &sa, err);
    if (code == CYG_OK) {
        memcpy(sa->cookie_i, h->cookie_i, COOKIE_LEN);
        code = exchange_new(sa, kind, 0, ret, err);
    }
    if (code != CYG_OK) {
        half_open_leave(engine, entry);
        if (sa != NULL) {
            ike_sa_end(sa, false, err);
        }
        return code;
    }
    if (limit_take(engine, &engine->limit_ids, &path->remote, 0, NULL)) {
        ike_sa_number(sa);
    }
    (*ret)->half_open = entry;
    entry->exchange = *ret;
    timer_set(&engine->timers, &(*ret)->timer,
              cyg_usec_add(engine->now, engine->settings.half_open_timeout));
    return CYG_OK;
}

static enum cyg_code check_first(const struct header *h, const struct exchange_kind **ret_kind,
                                 struct cyg_error *err)
{
    if (!is_zero(h->cookie_r)) {
        return CYG_FAIL(err, CYG_R_COOKIES_UNKNOWN);
    }
    if (h->exchange == EXCHANGE_INFORMATIONAL || (h->flags & FLAG_ENCRYPTION) != 0) {
        return CYG_FAIL(err, CYG_R_NO_SA, .got = h->exchange);
    }
    if (h->message_id != 0) { /* H-012 */
        return CYG_FAIL(err, CYG_R_MESSAGE_ID_PHASE1, .got = h->message_id);
    }
    const struct exchange_kind *kind = exchange_kind_for(h->exchange, false);
    if (kind == NULL || !kind->phase1) {
        return CYG_FAIL(err, CYG_R_EXCHANGE_UNSUPPORTED, .got = h->exchange);
    }
    *ret_kind = kind;
    return CYG_OK;
}

static void receive_first(struct engine *engine, const struct cyg_path *path,
                          const struct header *h, struct cyg_span datagram)
{
    struct cyg_error err = { 0 };
    const struct exchange_kind *kind = NULL;
    enum cyg_code code = check_first(h, &kind, &err);
    if (code == CYG_OK) {
        struct exchange *known = half_open_find(engine, path, h);
        if (known != NULL) { /* the same again, or another one under the same cookie (H-059) */
            const struct arrival in = walker_arrival(engine, path, datagram);
            walker_exchange(known, &in);
            return;
        }
        if (ike_sa_by_initiator(engine, path, h->cookie_i) != NULL) {
            code = CYG_FAIL(&err, CYG_R_EXCHANGE_OVER, .got = h->exchange);
        }
    }
    struct opened opened = { 0 };
    const struct step *step = NULL;
    struct exchange *x = NULL;
    if (code == CYG_OK) {
        step = walker_step(kind, 0);
        code = walker_open_clear(step, h, datagram, &opened, &err);
    }
    if (code == CYG_OK) {
        code = answer_new(engine, kind, path, h, datagram.len, &x, &err);
    }
    if (code != CYG_OK) {
        refuse_stranger(engine, path, h, datagram.len, &err);
        return;
    }
    const struct arrival in = walker_arrival(engine, path, datagram);
    walker_handle(x, step, &in, &opened, false);
}

/* ---- messages for a known SA ---- */

static void drop(struct engine *engine, const struct ike_sa *sa, const struct cyg_path *path,
                 const struct cyg_error *err)
{
    engine->counts.dropped++;
    if (limit_take(engine, &engine->limit_log, &path->remote, err->reason, NULL)) {
        events_log(engine, sa, path, 0, err);
    }
}

/* A refusal in clear, or somebody's attempt to make us believe in one (H-076). */
static void receive_clear_notify(struct ike_sa *sa, const struct cyg_path *path,
                                 const struct header *h, struct cyg_span datagram)
{
    struct engine *engine = sa->engine;
    struct cyg_error err = { 0 };
    struct exchange *x = exchange_find(sa, EXCHANGE_MAIN, 0);
    struct message m;
    struct notify n;
    if (!sa->initiator || x == NULL || !x->kind->initiator
        || !cyg_address_equal(&path->remote, &sa->path.remote)) {
        (void)CYG_FAIL(&err, CYG_R_CLEAR_IGNORED, .got = h->exchange);
        drop(engine, sa, path, &err);
        return;
    }
    if (message_decode_chain(h->next, header_body(h, datagram), false, &m, &err) != CYG_OK
        || notify_decode(message_body(&m, PK_N), &n, &err) != CYG_OK) {
        drop(engine, sa, path, &err);
        return;
    }
    if (!notify_is_error(n.type)) { /* means nothing here */
        (void)CYG_FAIL(&err, CYG_R_CLEAR_IGNORED, .got = h->exchange);
        drop(engine, sa, path, &err);
        return;
    }
    if (!x->hinted) {
        events_message(sa, path, false, x->order_id, cyg_span_first(datagram, h->length));
    }
    why_refused_in_clear(x, n.type, &err);
    exchange_hint(x, &err);
}

static enum cyg_code check_phase2(const struct ike_sa *sa, const struct header *h,
                                  const struct exchange_kind **ret_kind, struct cyg_error *err)
{
    /* An initiator may be refused, protected, in the place of the last message of phase 1. */
    bool early = h->exchange == EXCHANGE_INFORMATIONAL && sa->initiator && sa->keys != NULL;
    if ((h->flags & FLAG_ENCRYPTION) == 0) { /* H-011, H-073 */
        return CYG_FAIL(err, CYG_R_CLEAR_IGNORED, .got = h->exchange);
    }
    if (sa->state != CYG_IKE_ESTABLISHED && !early) { /* H-075 */
        return CYG_FAIL(err, CYG_R_NOT_ESTABLISHED, .got = h->exchange);
    }
    if (h->message_id == 0) { /* H-012 */
        return CYG_FAIL(err, CYG_R_MESSAGE_ID_ZERO, .got = h->exchange);
    }
    if (message_ids_used(sa, h->message_id)) { /* H-068 */
        return CYG_FAIL(err, CYG_R_MESSAGE_ID_USED, .got = h->message_id);
    }
    const struct exchange_kind *kind = exchange_kind_for(h->exchange, false);
    if (kind == NULL) {
        return CYG_FAIL(err, CYG_R_EXCHANGE_UNSUPPORTED, .got = h->exchange);
    }
    unsigned max = ike_sa_max_exchanges(sa);
    if (sa->n_exchanges >= max) { /* H-101 */
        return CYG_FAIL(err, CYG_R_EXCHANGES_TOO_MANY, .want = max);
    }
    *ret_kind = kind;
    return CYG_OK;
}

static void receive_phase2(struct ike_sa *sa, const struct header *h, const struct arrival *in)
{
    struct engine *engine = sa->engine;
    struct cyg_error err = { 0 };
    struct exchange *x = exchange_find(sa, h->exchange, h->message_id);
    if (x != NULL) {
        walker_exchange(x, in);
        return;
    }
    if (replies_repeat(sa, in->seen)) {
        return;
    }
    const struct exchange_kind *kind = NULL;
    enum cyg_code code = check_phase2(sa, h, &kind, &err);
    if (code == CYG_OK) {
        code = exchange_new(sa, kind, h->message_id, &x, &err);
    }
    if (code != CYG_OK) {
        drop(engine, sa, in->path, &err);
        return;
    }
    if (crypt_iv(sa, crypt_last_block(sa), h->message_id, x->iv) != CYG_OK) {
        (void)CYG_FAIL(&err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("IV"));
        exchange_end(x, &err);
        return;
    }
    timer_set(&engine->timers, &x->timer,
              cyg_usec_add(engine->now, engine->settings.half_open_timeout));
    walker_exchange(x, in);
}

static void receive_phase1(struct ike_sa *sa, const struct header *h, const struct arrival *in)
{
    struct engine *engine = sa->engine;
    struct cyg_error err = { 0 };
    struct exchange *x = exchange_find(sa, h->exchange, 0);
    if (h->message_id != 0) {
        (void)CYG_FAIL(&err, CYG_R_MESSAGE_ID_PHASE1, .got = h->message_id);
        drop(engine, sa, in->path, &err);
    } else if (x != NULL) {
        walker_exchange(x, in);
    } else if (!replies_repeat(sa, in->seen)) {
        (void)CYG_FAIL(&err, CYG_R_EXCHANGE_OVER, .got = h->exchange);
        drop(engine, sa, in->path, &err);
    }
}

void receive_packet(struct engine *engine, const struct cyg_path *path, struct cyg_span datagram)
{
    struct header h;
    struct cyg_error err = { 0 };
    if (!path_makes_sense(engine, path)) {
        engine->counts.dropped++;
        return;
    }
    if (header_decode(datagram, &h, &err) != CYG_OK) {
        refuse_stranger(engine, path, NULL, datagram.len, &err);
        return;
    }
    if (header_check(&h, datagram.len, false, &err) != CYG_OK) {
        refuse_stranger(engine, path, &h, datagram.len, &err);
        return;
    }
    if ((h.flags & FLAG_AUTH_ONLY) != 0) { /* H-009: nobody needs it, and it says "not encrypted" */
        (void)CYG_FAIL(&err, CYG_R_AUTH_ONLY);
        refuse_stranger(engine, path, &h, datagram.len, &err);
        return;
    }
    struct ike_sa *sa = ike_sa_find(engine, &h);
    if (sa == NULL) {
        receive_first(engine, path, &h, datagram);
        return;
    }
    const struct exchange_kind *kind = exchange_kind_for(h.exchange, sa->initiator);
    const struct arrival in = walker_arrival(engine, path, datagram);
    if (kind != NULL && kind->phase1) {
        receive_phase1(sa, &h, &in);
    } else if (h.exchange == EXCHANGE_INFORMATIONAL && (h.flags & FLAG_ENCRYPTION) == 0) {
        receive_clear_notify(sa, path, &h, datagram);
    } else {
        receive_phase2(sa, &h, &in);
    }
}
