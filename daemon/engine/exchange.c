/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of an exchange: begin, commit of a step, suspension, repetition, end. See exchange.h;
 * what a message must pass before a handler sees it stands in walker.c. */
#include "exchange.h"

#include "events.h"
#include "jobs.h"
#include "orders.h"
#include "outgoing.h"
#include "records.h"
#include "table.h"
#include "walker.h"
#include "why.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define REPEAT_EVERY CYG_SEC /* H-066 */
#define REPEAT_MAX   5u
#define NONCE_LEN    32u /* at least 16 (H-060) */
#define HINT_WAIT    (4 * CYG_SEC)

enum cyg_code exchange_new(struct ike_sa *sa, const struct exchange_kind *kind, uint32_t message_id,
                           struct exchange **ret, struct cyg_error *err)
{
    struct engine *engine = sa->engine;
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL || timers_reserve(&engine->timers) != CYG_OK) {
        free(x);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    x->engine = engine;
    x->sa = sa;
    x->kind = kind;
    x->message_id = message_id;
    x->id = engine_id(engine);
    x->begun = engine->now;
    x->timer.owner = TIMER_EXCHANGE;
    x->timer.at = CYG_NEVER;
    if (!table_add(engine, &engine->exchanges, &x->by_id, TABLE_KEY(x->id))) {
        timers_release(&engine->timers, &x->timer);
        free(x);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    DL_APPEND(sa->exchanges, x);
    sa->n_exchanges++;
    engine->counts.exchanges++;
    *ret = x;
    return CYG_OK;
}

struct exchange *exchange_find(const struct ike_sa *sa, uint8_t type, uint32_t message_id)
{
    for (struct exchange *x = sa->exchanges; x != NULL; x = x->next) {
        if (x->kind->type == type && x->message_id == message_id) {
            return x;
        }
    }
    return NULL;
}

struct exchange *exchange_by_id(struct engine *engine, uint64_t id)
{
    return TABLE_OWNER(struct exchange, by_id,
                       table_find(engine, engine->exchanges, TABLE_KEY(id)));
}

cyg_usec exchange_delay(const struct engine_settings *settings, unsigned n)
{
    double delay = (double)settings->retransmit_first;
    while (n-- > 0 && delay < 86400e6) {
        delay *= settings->retransmit_base;
    }
    return (cyg_usec)delay;
}

void exchange_work_begin(struct exchange *x, uint8_t next)
{
    x->work = (struct work){ .next = next, .active = true, .path = x->sa->path };
    memcpy(x->work.iv, x->iv, sizeof x->iv);
}

void exchange_proved(struct exchange *x)
{
    x->work.proved = true;
    if (!x->kind->once) { /* that one may be older than what we remember: only its content tells */
        ike_sa_heard(x->sa, &x->work.path);
    }
}

void exchange_start(struct exchange *x)
{
    struct engine *engine = x->engine;
    struct cyg_error err = { 0 };
    x->retry_start = false;
    if (x->timer.slot == 0) { /* jobs and data plane have to answer some time */
        timer_set(&engine->timers, &x->timer,
                  cyg_usec_add(engine->now, engine->settings.half_open_timeout));
    }
    exchange_work_begin(x, 1);
    exchange_conclude(x, x->kind->start(x, &err), &err);
}

enum cyg_code exchange_make_nonce(struct exchange *x, struct cyg_span *ret, struct cyg_error *err)
{
    uint8_t *nonce = arena_take(&x->arena, NONCE_LEN);
    if (nonce == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    enum cyg_code code = engine_random(x->engine, nonce, NONCE_LEN, err);
    if (code == CYG_OK) {
        *ret = (struct cyg_span){ nonce, NONCE_LEN };
    }
    return code;
}

/* ---- waiting messages ---- */

/* Take the first one out of the queue and of the accounts that it was entered in: its SA may have
 * been authenticated since. */
static struct waiting *waiting_take(struct exchange *x)
{
    struct waiting *w = x->waiting;
    x->waiting = w->next;
    x->n_waiting--;
    x->waiting_bytes -= (uint32_t)w->len;
    x->engine->counts.queued_bytes -= w->len;
    if (w->unproven) {
        x->engine->queued_unproven -= w->len;
    }
    return w;
}

static void waiting_drop(struct exchange *x)
{
    while (x->waiting != NULL) {
        free(waiting_take(x));
    }
}

void exchange_wait(struct exchange *x, const struct cyg_path *path, struct cyg_span datagram)
{
    struct engine *engine = x->engine;
    bool unproven = x->sa->principal == NULL;
    if (x->n_waiting >= WAITING_MAX || x->waiting_bytes + datagram.len > WAITING_BYTES_MAX
        || (unproven && engine->queued_unproven + datagram.len > WAITING_UNPROVEN_MAX)) {
        engine->counts.dropped++;
        return;
    }
    struct waiting *w = malloc(sizeof *w + datagram.len);
    if (w == NULL) {
        engine->counts.dropped++;
        return;
    }
    *w = (struct waiting){ .unproven = unproven, .path = *path, .len = datagram.len };
    memcpy(w->bytes, datagram.data, datagram.len);
    LL_APPEND(x->waiting, w);
    x->n_waiting++;
    x->waiting_bytes += (uint32_t)datagram.len;
    engine->counts.queued_bytes += datagram.len;
    if (unproven) {
        engine->queued_unproven += datagram.len;
    }
}

/* What found its SA before the responder's cookie was known has to find it now, too. */
static void waiting_take_up(struct exchange *x)
{
    while (x->waiting != NULL && !x->suspended && !x->ended) {
        struct waiting *w = waiting_take(x);
        struct cyg_span datagram = { w->bytes, w->len };
        struct header h;
        struct cyg_error err = { 0 };
        if (header_decode(datagram, &h, &err) == CYG_OK && ike_sa_fits(x->sa, &h)) {
            const struct arrival in = walker_arrival(x->engine, &w->path, datagram);
            walker_exchange(x, &in);
        } else {
            x->engine->counts.dropped++;
            (void)CYG_FAIL(&err, CYG_R_COOKIES_UNKNOWN);
            events_log_stranger(x->engine, &w->path, &err);
        }
        free(w);
    }
}

/* ---- timers ---- */

/* After a step: initiators and the responder of quick mode repeat their message, others wait for
 * the peer's next one as long as a half-open handshake may (H-098). */
static void timer_restart(struct exchange *x)
{
    struct engine *engine = x->engine;
    bool repeats = (x->kind->repeat & 1u << x->state) != 0 && x->sent != NULL;
    cyg_usec delay =
        repeats ? exchange_delay(&engine->settings, 0) : engine->settings.half_open_timeout;
    x->tries = 0;
    timer_set(&engine->timers, &x->timer, cyg_usec_add(engine->now, delay));
}

static void timed_out(struct exchange *x)
{
    struct cyg_error err;
    if (x->hint != NULL && x->hint->reason != 0) {
        err = *x->hint;
    } else if (x->kind->initiator && x->state == 0) {
        (void)CYG_FAIL(&err, CYG_R_NOT_BEGUN, .got_quote = cyg_quote_text(x->kind->name));
    } else if (x->kind->initiator) {
        why_no_answer(x, &err);
    } else {
        (void)CYG_FAIL(&err, CYG_R_HALF_OPEN_TIMEOUT, .got = x->tries, .want = x->state,
                       .got_quote = events_quote_endpoint(&x->sa->path.remote),
                       .want_quote = cyg_quote_text(x->kind->name));
    }
    records_add(x, &err);
    exchange_end(x, &err);
}

void exchange_timer(struct exchange *x)
{
    struct engine *engine = x->engine;
    const struct engine_settings *settings = &engine->settings;
    if (x->retry_start) {
        exchange_start(x);
        return;
    }
    bool repeats = (x->kind->repeat & 1u << x->state) != 0 && x->sent != NULL;
    bool refused = x->hinted && settings->trust_clear_errors;
    if (!repeats || x->tries >= settings->retransmit_tries || (refused && x->hint_repeated)) {
        timed_out(x);
        return;
    }
    x->tries++;
    x->hint_repeated = refused;
    cyg_usec delay = refused ? HINT_WAIT : exchange_delay(settings, x->tries);
    timer_set(&engine->timers, &x->timer, cyg_usec_add(engine->now, delay));
    outgoing_repeat(x->sa, x->sent);
    events_resent(x, x->tries, x->sent->len);
    if (x->tries == 1) {
        orders_go_on(x->sa);
    }
}

void exchange_suspect(struct exchange *x, const struct cyg_error *why)
{
    if (x->hint == NULL) {
        x->hint = arena_take(&x->arena, sizeof *x->hint);
    }
    if (x->hint != NULL) {
        *x->hint = *why;
    }
}

void exchange_unreachable(struct exchange *x)
{
    struct cyg_error record;
    if (x->unreachable) {
        return;
    }
    x->unreachable = true;
    (void)CYG_FAIL(&record, CYG_R_UNREACHABLE_SEEN,
                   .got_quote = events_quote_endpoint(&x->sa->path.remote));
    records_add(x, &record);
}

/* One more repetition, then the attempt ends, 8 s in all (PROTOCOL "A clear-text refusal"). */
void exchange_hint(struct exchange *x, const struct cyg_error *hint)
{
    struct engine *engine = x->engine;
    if (x->hinted) {
        return; /* the first one is shown, more are noise */
    }
    exchange_suspect(x, hint);
    x->hinted = true;
    x->hint_repeated = false;
    records_add(x, hint);
    cyg_usec soon = cyg_usec_add(engine->now, HINT_WAIT);
    if (engine->settings.trust_clear_errors && x->timer.slot != 0 && x->timer.at > soon) {
        timer_set(&engine->timers, &x->timer, soon);
    }
}

void exchange_repeat_answer(struct exchange *x)
{
    struct engine *engine = x->engine;
    if (!x->replied || x->answered >= REPEAT_MAX
        || engine->now < cyg_usec_add(x->answered_at, REPEAT_EVERY)
        || !half_open_may_send(x->half_open, x->sent->len)) {
        engine->counts.dropped++;
        return;
    }
    x->answered++;
    x->answered_at = engine->now;
    half_open_sent(x->half_open, x->sent->len);
    outgoing_repeat(x->sa, x->sent);
}

/* ---- suspension ---- */

enum step_result exchange_await_job(struct exchange *x, uint64_t id, job_handler *then)
{
    x->awaited = id;
    x->on_job = then;
    return STEP_SUSPENDED;
}

enum step_result exchange_await_kernel(struct exchange *x, uint64_t tag, kernel_handler *then)
{
    x->awaited = tag;
    x->on_kernel = then;
    return STEP_SUSPENDED;
}

void exchange_job_done(struct exchange *x, struct engine_job *job)
{
    struct cyg_error err = { 0 };
    x->awaited = 0;
    x->suspended = false;
    exchange_conclude(x, x->on_job(x, job, &err), &err);
}

void exchange_kernel_done(struct exchange *x, const struct cyg_kernel_result *result)
{
    struct cyg_error err = { 0 };
    x->awaited = 0;
    x->suspended = false;
    exchange_conclude(x, x->on_kernel(x, result, &err), &err);
}

/* ---- conclusion ---- */

static void commit(struct exchange *x)
{
    struct engine *engine = x->engine;
    struct work *work = &x->work;
    x->state = work->next;
    memcpy(x->iv, work->iv, sizeof x->iv);
    if (work->step != NULL) {
        x->seen = work->seen;
        x->replied = work->answered;
        x->answered = 0;
        x->answered_at = engine->now;
        x->heard = true;
        x->unreachable = false;
        x->hinted = false; /* a valid message wins over a refusal in clear */
        if (x->hint != NULL) {
            x->hint->reason = 0;
        }
    }
    work->active = false;
    if (x->half_open != NULL && x->state > 1) {
        half_open_progressed(engine, x->half_open);
        ike_sa_number(x->sa);
    }
    if (x->state == x->kind->done) {
        exchange_end(x, NULL);
        return;
    }
    timer_restart(x);
    waiting_take_up(x);
}

void exchange_conclude(struct exchange *x, enum step_result result, struct cyg_error *err)
{
    if (x->ended) {
        return;
    }
    switch (result) {
    case STEP_TAKEN:
        commit(x);
        return;
    case STEP_SUSPENDED:
        x->suspended = true;
        return;
    case STEP_REFUSED:
        walker_react(x, err);
        if (!x->ended) {
            waiting_take_up(x);
        }
        return;
    }
}

/* ---- end ---- */

/* What answered the last message outlives the exchange. The last message of most exchanges has no
 * answer: what was sent before it belongs to an older one, which is over (H-067). */
static void keep_answer(struct exchange *x)
{
    if (x->replied && !x->sa->ended) {
        replies_keep(x->sa, x->seen, x->sent);
        x->sent = NULL;
    }
}

void exchange_end(struct exchange *x, const struct cyg_error *why)
{
    static const struct cyg_error success = { 0 };
    if (x->ended) {
        return;
    }
    struct engine *engine = x->engine;
    x->ended = true;
    x->suspended = false;
    waiting_drop(x);
    timers_release(&engine->timers, &x->timer);
    table_remove(&engine->exchanges, &x->by_id);
    DL_DELETE(x->sa->exchanges, x);
    x->sa->n_exchanges--;
    engine->counts.exchanges--;
    half_open_leave(engine, x->half_open);
    x->half_open = NULL;
    if (x->kind->type != EXCHANGE_INFORMATIONAL) {
        events_exchange_end(x, why != NULL ? why : &success);
    }
    if (!x->kind->phase1 && (x->heard || x->sent != NULL)) {
        message_ids_add(x->sa, x->message_id, x->kind->once); /* H-068 */
    }
    x->next_ended = engine->ended_exchanges;
    engine->ended_exchanges = x;
    if (x->kind->ended != NULL) {
        x->kind->ended(x, why != NULL ? why : &success);
    }
    keep_answer(x);
}

void exchange_reap(struct exchange *x)
{
    arena_clear(&x->arena);
    free(x->sent);
    cyg_wipe(x->iv, sizeof x->iv);
    free(x);
}
