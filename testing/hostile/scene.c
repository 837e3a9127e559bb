/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One variant of a row, from an empty stage to the checks: what is sent by a stranger, by somebody
 * on the path, by the peer itself. Only what the reaction has to be differs between rows. */
#include "hostile/hostile.h"

#include "codec/text.h"

#include <string.h>

#define SOON   (100 * CYG_MSEC) /* a message is there, worked on, answered */
#define USUAL  (2 * CYG_SEC)    /* of a negotiation in which nothing had to be repeated */
#define FORGET (400 * CYG_SEC)  /* what a stranger left behind has gone, kept replies too */

static struct cyg_span forged(const struct draft *d)
{
    return (struct cyg_span){ d->out, d->out_len };
}

/* Make the draft's bytes and spoil them; tell what they are. */
static void forge(struct stage *s, struct draft *d, const struct variant *v)
{
    char line[512];
    struct message m = { .n = 0 };
    if (v->make != NULL) {
        v->make(d, v);
    }
    if (v->make != NULL || d->encrypted || d->out_len == 0) {
        draft_encode(d);
    }
    if (v->spoil != NULL) {
        v->spoil(d, v);
    }
    struct cyg_span bytes = forged(d);
    if (message_decode(bytes, &m, NULL) == CYG_OK) {
        (void)message_format_line(&m, line, sizeof(line));
    } else if (header_decode(bytes, &m.header, NULL) == CYG_OK) {
        (void)header_format_line(&m.header, line, sizeof(line));
    } else {
        (void)snprintf(line, sizeof(line), "not even a header");
    }
    stage_tell(s, "SENT (%s): %zu bytes, %s", v->name, bytes.len, line);
    for (size_t i = 0; d->encrypted && i < d->n; i++) {
        stage_tell(s, "  encrypted: payload %u of %zu bytes", d->parts[i].type, d->parts[i].len);
    }
}

static void check_silence(struct stage *s, const struct stage_before *b, int to)
{
    unsigned n = stage_answers(s, b->frames, to);
    if (n > 0) {
        stage_fail(s, "it was answered, %u times", n);
    }
}

/* The first notify since then. A clear one only where it is allowed, and not longer than what came.
 */
static void check_notify(struct stage *s, const struct stage_before *b, int to, bool clear,
                         const struct variant *v, size_t sent)
{
    bool seen = false;
    for (size_t i = b->frames; i < s->n_frames; i++) {
        bool is_clear = false;
        uint16_t type = stage_notify_in(s, &s->frames[i], &is_clear);
        if (s->frames[i].stranger != to || type == 0) {
            continue;
        }
        if (is_clear != clear) {
            stage_fail(s, "notify %u came %s", type, is_clear ? "in clear" : "encrypted");
        }
        if (clear && (seen || s->frames[i].bytes.len > sent)) {
            stage_fail(s, seen ? "there were two notifies" : "the notify is longer than what came");
        }
        if (v->notify != 0 && type != v->notify && !seen) {
            stage_fail(s, "the notify is %u, not %u", type, v->notify);
        }
        seen = true;
    }
    if (!seen && v->notify != 0) {
        stage_fail(s, "there was no notify %u", v->notify);
    }
}

static void check_reason(struct stage *s, const struct variant *v)
{
    if (v->reason != 0 && stage_reasons(s, v->reason) == 0) {
        const struct cyg_reason_info *info = cyg_reason_info((uint16_t)v->reason);
        stage_fail(s, "no record says %s", info != NULL ? info->name : "?");
    }
}

/* ---- a stranger ---- */

static void stranger_sends(struct stage *s, const struct variant *v)
{
    stage_first_message(s->draft);
    s->draft->out_len = 0;
    if (v->make == NULL) {
        draft_encode(s->draft);
    }
    forge(s, s->draft, v);
    stage_send_stranger(s, 0, forged(s->draft));
    s->ops->run(s->context, SOON);
}

static void check_stranger(struct stage *s, const struct variant *v, const struct stage_before *b)
{
    uint64_t sent, received;
    switch (v->reaction) {
    case DROP:
    case HOLD:
        check_silence(s, b, 0);
        check_unchanged(s, b);
        break;
    case NOTIFY:
        check_notify(s, b, 0, true, v, s->draft->out_len);
        check_unchanged(s, b);
        break;
    case ANSWER:
        if (stage_answers(s, b->frames, 0) != 1) {
            stage_fail(s, "it was not answered");
        }
        break;
    case ANYTHING:
        break;
    case FAIL:
    case KILL:
    case PASS:
    case GONE:
        stage_fail(s, "a stranger can't cause that: the row is wrong");
    }
    check_jobs(s, b);
    s->ops->traffic(s->context, 0, &sent, &received);
    if (sent > 3 * received) {
        stage_fail(s, "the stranger sent %llu bytes and got %llu", (unsigned long long)received,
                   (unsigned long long)sent);
    }
    if (stage_answers(s, 0, -1) + stage_answers(s, 0, 0) < stage_answers(s, b->frames, 0)) {
        stage_fail(s, "somebody else was answered");
    }
}

/* (1): the same again leaves no more memory behind than the first time. */
static void check_memory(struct stage *s, const struct variant *v)
{
    struct stage_facts first, second;
    if ((s->ops->can & NEED_TIME) == 0) {
        return;
    }
    s->ops->run(s->context, FORGET);
    s->ops->facts(s->context, &first);
    stranger_sends(s, v);
    s->ops->run(s->context, FORGET);
    s->ops->facts(s->context, &second);
    if (second.memory > first.memory) {
        stage_fail(s, "%zu bytes more are held after the second time",
                   second.memory - first.memory);
    }
}

static void play_stranger(struct stage *s, const struct row *row, const struct variant *v)
{
    if (row->established && !stage_up(s, PUPPET)) {
        stage_fail(s, "the puppet did not come up");
        return;
    }
    struct stage_before b = stage_look(s);
    stranger_sends(s, v);
    check_stranger(s, v, &b);
    check_reason(s, v);
    check_honest(s);
    if (row->established && !s->ops->ping(s->context, PUPPET)) {
        stage_fail(s, "the SA that was up carries no traffic");
    }
    check_memory(s, v);
}

/* ---- on the path, and the peer ---- */

/* The genuine message goes on, and everything comes up as if nothing had been. */
static void check_goes_on(struct stage *s, enum message_at at, cyg_usec begun)
{
    bool victim_begins = at == AT_MM2 || at == AT_MM4 || at == AT_MM6 || at == AT_QM2;
    enum actor who = victim_begins ? VICTIM : PUPPET;
    cyg_usec end = begun + USUAL;
    while (!s->ops->is_up(s->context, who) && s->ops->now(s->context) < end) {
        s->ops->run(s->context, CYG_MSEC);
    }
    s->ops->run(s->context, SOON);
    if (!s->ops->is_up(s->context, who)) {
        stage_fail(s, "the negotiation did not complete in its usual time");
    } else if (!s->ops->ping(s->context, PUPPET)) {
        stage_fail(s, "the SA carries no traffic");
    }
}

/* The exchange has ended, with a protected word; what it belongs to stays, or nothing was there. */
static void check_refused(struct stage *s, const struct variant *v, const struct stage_before *b)
{
    struct stage_facts now;
    s->ops->run(s->context, CYG_SEC);
    s->ops->facts(s->context, &now);
    check_notify(s, b, -1, false, v, 0);
    if (now.exchanges != 0 || now.half_open != 0 || now.children != 0) {
        stage_fail(s, "left: %zu exchanges, %zu half-open, %zu children", now.exchanges,
                   now.half_open, now.children);
    }
    if (now.ike_sas != (v->reaction == FAIL ? 1u : 0u)) {
        stage_fail(s, "there are %zu IKE SAs", now.ike_sas);
    }
}

/* After a quick mode that failed the IKE SA still serves. */
static void check_serves(struct stage *s)
{
    s->held = false;
    s->hold = AT_NONE;
    s->mute = false;
    if (!stage_up(s, PUPPET) || !s->ops->ping(s->context, PUPPET)) {
        stage_fail(s, "no quick mode succeeds under the IKE SA any more");
    }
}

static void check_reaction(struct stage *s, const struct variant *v, const struct stage_before *b,
                           bool proved)
{
    struct stage_facts now;
    switch (v->reaction) {
    case DROP:
    case HOLD:
        check_silence(s, b, -1);
        if (!proved || v->reaction == HOLD) {
            check_unchanged(s, b);
        }
        check_jobs(s, b);
        if (v->at != AT_INFO) {
            stage_release(s);
            check_goes_on(s, v->at, b->at);
        }
        break;
    case NOTIFY:
        check_notify(s, b, -1, true, v, s->draft->out_len);
        stage_release(s);
        check_goes_on(s, v->at, b->at);
        break;
    case FAIL:
    case KILL:
        s->mute = true; /* the puppet would go on with what it takes for agreed */
        check_refused(s, v, b);
        if (v->reaction == FAIL) {
            check_serves(s);
        }
        break;
    case ANSWER:
        if (stage_answers(s, b->frames, -1) == 0) {
            stage_fail(s, "it was not answered");
        }
        break;
    case PASS:
        s->held = false;
        s->hold = AT_NONE;
        if (v->at != AT_INFO) {
            check_goes_on(s, v->at, b->at);
        }
        break;
    case ANYTHING:
        s->held = false;
        s->hold = AT_NONE;
        s->ops->run(s->context, FORGET);
        break;
    case GONE:
        s->ops->facts(s->context, &now);
        if (now.ike_sas != 0 || now.children != 0) {
            stage_fail(s, "the IKE SA is still there");
        }
    }
}

/* The draft before it is changed: the held message, or a new one. */
static bool prepare(struct stage *s, const struct row *row, const struct variant *v)
{
    struct draft *d = s->draft;
    if (v->at == AT_INFO) {
        if (!stage_up(s, PUPPET) || !stage_new_message(s, d, EXCHANGE_INFORMATIONAL)) {
            stage_fail(s, "the puppet did not come up");
            return false;
        }
        if (row->scene == SCENE_PATH) { /* he has cookies, and no keys */
            d->encrypted = d->hashed = false;
            d->header.flags = 0;
            d->n = 0;
        }
        return true;
    }
    if (!stage_catch(s, v->at)) {
        return false;
    }
    bool clear = v->at <= AT_MM4;
    if ((clear || row->scene == SCENE_PEER) && !stage_read_caught(s, d)) {
        stage_fail(s, "the message that is to be changed can't be read");
        return false;
    }
    if (!clear && row->scene == SCENE_PATH) {
        draft_clear(d);
        memcpy(d->out, s->caught.bytes.data, s->caught.bytes.len);
        d->out_len = s->caught.bytes.len;
    }
    return true;
}

static void play_message(struct stage *s, const struct row *row, const struct variant *v)
{
    if (!prepare(s, row, v)) {
        return;
    }
    struct stage_before b = stage_look(s);
    forge(s, s->draft, v);
    stage_send(s, forged(s->draft));
    if (v->reaction == PASS || v->reaction == ANSWER) {
        stage_follow(s, s->draft);
    }
    if (v->reaction != PASS) {
        s->ops->run(s->context, SOON);
    }
    check_reaction(s, v, &b, row->scene == SCENE_PEER && v->at == AT_INFO);
    check_reason(s, v);
    if (v->at == AT_INFO && v->reaction != GONE && !s->ops->ping(s->context, PUPPET)) {
        stage_fail(s, "the SA that was up carries no traffic");
    }
    check_honest(s);
}

/* ---- all ---- */

bool scene_play(struct stage *s, const struct row *row, const struct variant *v)
{
    static struct draft draft;
    const struct stage_ops *ops = s->ops;
    void *context = s->context;
    s->row = row;
    s->variant = v;
    s->failed = s->held = s->mute = false;
    s->failure[0] = '\0';
    s->hold = AT_NONE;
    s->n_main = s->n_quick = s->n_new = 0;
    s->last_hash = 0;
    s->n_frames = s->pool_used = 0;
    s->keys = (struct draft_keys){ .block = 0 };
    s->nonce_len[0] = s->nonce_len[1] = 0;
    s->draft = &draft;
    draft_clear(&draft);
    if (!ops->reset(context, row->natt)) {
        stage_fail(s, "the stage can't be set");
        return false;
    }
    switch (row->scene) {
    case SCENE_STRANGER:
        play_stranger(s, row, v);
        break;
    case SCENE_PATH:
    case SCENE_PEER:
        play_message(s, row, v);
        break;
    case SCENE_PLAY:
        row->play(s, v);
        if (!s->failed) {
            check_reason(s, v);
            check_honest(s);
        }
    }
    check_records(s);
    return !s->failed;
}
