/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all runners share: the puppet's wire, messages held back and read, notifies recognised. */
#include "hostile/hostile.h"

#include "engine/exchange.h"

#include <stdarg.h>
#include <string.h>

void stage_fail(struct stage *s, const char *format, ...)
{
    va_list args;
    if (s->failed) {
        return; /* the first one counts */
    }
    s->failed = true;
    va_start(args, format);
    (void)vsnprintf(s->failure, sizeof(s->failure), format, args);
    va_end(args);
    stage_tell(s, "FAIL: %s", s->failure);
}

void stage_tell(struct stage *s, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    s->ops->tell(s->context, line);
}

/* ---- the puppet's engine ---- */

/* Its only IKE SA; NULL. */
static struct ike_sa *puppet_sa(struct stage *s)
{
    struct table_item *item = s->ops->engine(s->context, PUPPET)->sas;
    while (item != NULL && table_next(item) != NULL) {
        item = table_next(item); /* the newest */
    }
    return TABLE_OWNER(struct ike_sa, by_cookie, item);
}

static void learn_keys(const struct ike_sa *sa, struct draft_keys *ret)
{
    *ret = (struct draft_keys){ .crypto = sa->engine->providers.crypto };
    if (sa->keys != NULL) {
        ret->cipher = sa->keys->cipher;
        ret->hash = sa->keys->hash;
        ret->block = sa->keys->block;
        ret->skeyid_a = sa->keys->skeyid.a;
        ret->cipher_key = sa->keys->cipher_key;
    }
}

/* ---- the wire ---- */

static const struct stage_frame *keep(struct stage *s, bool from_victim, int stranger,
                                      uint16_t port, struct cyg_span bytes)
{
    if (s->n_frames == STAGE_FRAMES || bytes.len > STAGE_POOL - s->pool_used) {
        return NULL;
    }
    uint8_t *copy = s->pool + s->pool_used;
    memcpy(copy, bytes.data, bytes.len);
    s->pool_used += bytes.len;
    s->frames[s->n_frames] =
        (struct stage_frame){ from_victim, stranger, port, { copy, bytes.len } };
    return &s->frames[s->n_frames++];
}

static uint64_t hash_of(struct cyg_span bytes)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Which message of which exchange this is, counted from what went before. */
static enum message_at place_of(struct stage *s, const struct header *h, bool initiator)
{
    if (h->exchange == EXCHANGE_MAIN) {
        unsigned n = 2 * s->n_main++ + (initiator ? 1 : 2);
        return n <= 6 ? (enum message_at)(AT_MM1 + n - 1) : AT_NONE;
    }
    if (h->exchange == EXCHANGE_QUICK) {
        unsigned n = 2 * s->n_quick++ + (initiator ? 1 : 2);
        return n <= 3 ? (enum message_at)(AT_QM1 + n - 1) : AT_NONE;
    }
    return AT_NONE;
}

static void catch_it(struct stage *s, const struct stage_frame *frame, const struct header *h,
                     const struct ike_sa *sa)
{
    const struct exchange *x = exchange_find(sa, h->exchange, h->message_id);
    s->held = true;
    s->caught = *frame;
    learn_keys(sa, &s->keys);
    for (int i = 0; x != NULL && i < 2; i++) {
        struct cyg_span nonce = i == 0 ? x->nonce_i : x->nonce_r;
        s->nonce_len[i] = nonce.len;
        if (nonce.len > 0) {
            memcpy(s->nonces[i], nonce.data, nonce.len);
        }
    }
}

bool stage_puppet_sends(struct stage *s, uint16_t to_port, struct cyg_span ike)
{
    struct header h;
    const struct ike_sa *sa = puppet_sa(s);
    if (header_decode(ike, &h, NULL) != CYG_OK || s->mute) {
        return !s->mute;
    }
    uint64_t hash = hash_of(ike);
    if (hash == s->last_hash) { /* repeated by timer */
        return !s->held;
    }
    s->last_hash = hash;
    const struct stage_frame *frame = keep(s, false, -1, to_port, ike);
    bool initiator = sa != NULL
                     && (h.exchange == EXCHANGE_QUICK
                             ? exchange_find(sa, h.exchange, h.message_id) == NULL
                                   || exchange_find(sa, h.exchange, h.message_id)->kind->initiator
                             : sa->initiator);
    enum message_at at = place_of(s, &h, initiator);
    if (at == AT_NONE || at != s->hold || sa == NULL || frame == NULL) {
        return !s->held;
    }
    catch_it(s, frame, &h, sa);
    return false;
}

bool stage_victim_sends(struct stage *s, int stranger, uint16_t from_port, struct cyg_span ike)
{
    (void)keep(s, true, stranger, from_port, ike);
    return !s->mute;
}

/* ---- time ---- */

bool stage_until(struct stage *s, bool (*condition)(struct stage *s), cyg_usec limit)
{
    cyg_usec end = s->ops->now(s->context) + limit;
    while (!condition(s)) {
        if (s->ops->now(s->context) >= end) {
            return false;
        }
        s->ops->run(s->context, CYG_MSEC);
    }
    return true;
}

static bool puppet_is_up(struct stage *s)
{
    return s->ops->is_up(s->context, PUPPET);
}

static bool honest_is_up(struct stage *s)
{
    return s->ops->is_up(s->context, HONEST);
}

static bool victim_is_up(struct stage *s)
{
    return s->ops->is_up(s->context, VICTIM);
}

static bool is_held(struct stage *s)
{
    return s->held;
}

bool stage_up(struct stage *s, enum actor who)
{
    s->ops->initiate(s->context, who);
    bool up = stage_until(s,
                          who == PUPPET   ? puppet_is_up
                          : who == HONEST ? honest_is_up
                                          : victim_is_up,
                          20 * CYG_SEC);
    s->ops->run(s->context, 50 * CYG_MSEC); /* the last message arrives */
    return up;
}

bool stage_catch(struct stage *s, enum message_at at)
{
    bool victim_begins = at == AT_MM2 || at == AT_MM4 || at == AT_MM6 || at == AT_QM2;
    s->hold = at;
    s->ops->initiate(s->context, victim_begins ? VICTIM : PUPPET);
    if (!stage_until(s, is_held, 10 * CYG_SEC)) {
        stage_fail(s, "the puppet never sent the message that was to be changed");
        return false;
    }
    s->ops->run(s->context, 30 * CYG_MSEC);
    return true;
}

void stage_release(struct stage *s)
{
    s->held = false;
    s->hold = AT_NONE;
    s->ops->send_puppet(s->context, s->caught.port, s->caught.bytes);
}

/* ---- reading and writing ---- */

static struct cyg_span last_block(struct cyg_span message, size_t block)
{
    return cyg_span_last(message, block);
}

/* The newest frame of the victim's in this exchange, encrypted. */
static const struct stage_frame *newest_of(struct stage *s, const struct header *like)
{
    for (size_t i = s->n_frames; i > 0; i--) {
        const struct stage_frame *f = &s->frames[i - 1];
        struct header h;
        if (f->from_victim && f->stranger < 0 && header_decode(f->bytes, &h, NULL) == CYG_OK
            && h.exchange == like->exchange && h.message_id == like->message_id
            && (h.flags & FLAG_ENCRYPTION) != 0) {
            return f;
        }
    }
    return NULL;
}

/* Bodies of the KE payloads of both sides, initiator's first. */
static bool key_bodies(struct stage *s, bool puppet_initiates, struct cyg_span ret[2])
{
    bool have[2] = { false, false };
    for (size_t i = 0; i < s->n_frames; i++) {
        struct message m;
        const struct stage_frame *f = &s->frames[i];
        if (f->stranger < 0 && message_decode(f->bytes, &m, NULL) == CYG_OK
            && m.header.exchange == EXCHANGE_MAIN && m.count[PK_KE] == 1) {
            int which = f->from_victim == puppet_initiates;
            ret[which] = message_body(&m, PK_KE);
            have[which] = true;
        }
    }
    return have[0] && have[1];
}

static bool phase1_iv(struct stage *s, uint8_t ret[16])
{
    struct cyg_span ke[2];
    struct cyg_key iv = { 0 };
    const struct ike_sa *sa = puppet_sa(s);
    struct draft_keys *k = &s->keys;
    if (sa == NULL || !key_bodies(s, sa->initiator, ke)
        || keys_iv_phase1(k->crypto, (enum cyg_alg)k->hash, (enum cyg_alg)k->cipher, ke[0], ke[1],
                          &iv)
               != CYG_OK) {
        return false;
    }
    memcpy(ret, iv.data, iv.len);
    return true;
}

static bool phase2_iv(const struct draft_keys *k, struct cyg_span block, uint32_t id,
                      uint8_t ret[16])
{
    struct cyg_key iv = { 0 };
    if (keys_iv_phase2(k->crypto, (enum cyg_alg)k->hash, (enum cyg_alg)k->cipher, block, id, &iv)
        != CYG_OK) {
        return false;
    }
    memcpy(ret, iv.data, iv.len);
    return true;
}

static bool iv_of_caught(struct stage *s, const struct header *h, uint8_t ret[16])
{
    const struct ike_sa *sa = puppet_sa(s);
    if (s->hold == AT_MM5) {
        return phase1_iv(s, ret);
    }
    if (s->hold == AT_QM1) {
        return sa != NULL
               && phase2_iv(&s->keys, (struct cyg_span){ sa->keys->iv, s->keys.block },
                            h->message_id, ret);
    }
    const struct stage_frame *before = newest_of(s, h);
    if (before == NULL) {
        return false;
    }
    memcpy(ret, last_block(before->bytes, s->keys.block).data, s->keys.block);
    return true;
}

bool stage_read_caught(struct stage *s, struct draft *d)
{
    static uint8_t clear[65536];
    struct header h;
    struct cyg_span bytes = s->caught.bytes;
    if (header_decode(bytes, &h, NULL) != CYG_OK) {
        return false;
    }
    bool encrypted = (h.flags & FLAG_ENCRYPTION) != 0;
    uint8_t iv[16] = { 0 };
    memcpy(clear, bytes.data, bytes.len);
    if (encrypted
        && (!iv_of_caught(s, &h, iv)
            || cyg_cbc_once(s->keys.crypto, (enum cyg_alg)s->keys.cipher, false,
                            cyg_key_span(&s->keys.cipher_key),
                            (struct cyg_span){ iv, s->keys.block }, clear + HEADER_LEN,
                            clear + HEADER_LEN, bytes.len - HEADER_LEN)
                   != CYG_OK)) {
        return false;
    }
    if (!draft_parse(d, (struct cyg_span){ clear, bytes.len })) {
        return false;
    }
    d->encrypted = encrypted;
    d->keys = s->keys;
    memcpy(d->keys.iv, iv, sizeof(iv));
    d->hashed = h.exchange == EXCHANGE_QUICK;
    d->hash_number = s->hold == AT_QM2 ? 2 : s->hold == AT_QM3 ? 3 : 1;
    d->nonce_i = (struct cyg_span){ s->nonces[0], s->nonce_len[0] };
    d->nonce_r = (struct cyg_span){ s->nonces[1], s->nonce_len[1] };
    return true;
}

bool stage_new_message(struct stage *s, struct draft *d, uint8_t exchange)
{
    const struct ike_sa *sa = puppet_sa(s);
    if (sa == NULL || sa->keys == NULL) {
        return false;
    }
    draft_clear(d);
    memcpy(d->header.cookie_i, sa->cookie_i, COOKIE_LEN);
    memcpy(d->header.cookie_r, sa->cookie_r, COOKIE_LEN);
    d->header.exchange = exchange;
    d->header.flags = FLAG_ENCRYPTION;
    d->header.message_id = 0x51000000u + ++s->n_new;
    learn_keys(sa, &s->keys);
    d->keys = s->keys;
    d->encrypted = d->hashed = true;
    (void)draft_fill(d, PAYLOAD_HASH, 0, 32);
    return phase2_iv(&d->keys, (struct cyg_span){ sa->keys->iv, d->keys.block },
                     d->header.message_id, d->keys.iv);
}

void stage_send(struct stage *s, struct cyg_span ike)
{
    const struct ike_sa *sa = puppet_sa(s);
    uint16_t port = s->held ? s->caught.port : sa != NULL ? sa->path.remote.port : 500;
    (void)keep(s, false, -1, port, ike);
    s->ops->send_puppet(s->context, port, ike);
}

void stage_send_stranger(struct stage *s, unsigned stranger, struct cyg_span ike)
{
    s->ops->send_stranger(s->context, stranger, 0, 500, ike);
}

void stage_follow(struct stage *s, const struct draft *d)
{
    struct ike_sa *sa = puppet_sa(s);
    if (!d->encrypted || sa == NULL) {
        return;
    }
    struct exchange *x = exchange_find(sa, d->header.exchange, d->header.message_id);
    const uint8_t *block = d->out + d->out_len - d->keys.block;
    if (x != NULL) {
        memcpy(x->iv, block, d->keys.block);
    } else if (d->header.exchange == EXCHANGE_MAIN && sa->keys != NULL) {
        memcpy(sa->keys->iv, block, d->keys.block);
    }
}

void stage_first_message(struct draft *d)
{
    static const uint8_t dpd[] = { 0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9,
                                   0x6b, 0x86, 0x96, 0xfc, 0x77, 0x57, 0x01, 0x00 };
    draft_clear(d);
    draft_sa(d, HONEST_OFFER);
    (void)draft_add(d, PAYLOAD_VID, cyg_span_of_array(dpd));
}

/* ---- what came ---- */

unsigned stage_answers(struct stage *s, size_t since, int stranger)
{
    unsigned n = 0;
    for (size_t i = since; i < s->n_frames; i++) {
        n += s->frames[i].from_victim && s->frames[i].stranger == stranger;
    }
    return n;
}

static uint16_t notify_of(struct cyg_span message, uint8_t first)
{
    struct message m;
    struct cyg_span body = cyg_span_after(message, HEADER_LEN);
    if (message_decode_chain(first, body, true, &m, NULL) != CYG_OK || m.count[PK_N] == 0) {
        return 0;
    }
    struct cyg_reader r = cyg_reader_of(message_body(&m, PK_N));
    (void)cyg_reader_take(&r, 6);
    return cyg_reader_u16(&r);
}

/* Tries every block that the victim may have made its IV of: all last blocks on the wire, and the
 * IV of phase 1. */
static uint16_t open_notify(struct stage *s, const struct stage_frame *frame,
                            const struct header *h)
{
    uint8_t first_iv[16], iv[16], clear[4096];
    const struct draft_keys *k = &s->keys;
    bool have_first = phase1_iv(s, first_iv);
    if (k->block == 0 || frame->bytes.len > sizeof(clear) || frame->bytes.len <= HEADER_LEN) {
        return 0;
    }
    for (size_t i = 0; i <= s->n_frames; i++) {
        struct cyg_span block = { first_iv, k->block };
        if (i < s->n_frames) {
            block = last_block(s->frames[i].bytes, k->block);
        } else if (!have_first) {
            break;
        }
        if (block.len != k->block || !phase2_iv(k, block, h->message_id, iv)) {
            continue;
        }
        memcpy(clear, frame->bytes.data, frame->bytes.len);
        if (cyg_cbc_once(k->crypto, (enum cyg_alg)k->cipher, false, cyg_key_span(&k->cipher_key),
                         (struct cyg_span){ iv, k->block }, clear + HEADER_LEN, clear + HEADER_LEN,
                         frame->bytes.len - HEADER_LEN)
            == CYG_OK) {
            uint16_t type = notify_of((struct cyg_span){ clear, frame->bytes.len }, h->next);
            if (type != 0) {
                return type;
            }
        }
    }
    return 0;
}

uint16_t stage_notify_in(struct stage *s, const struct stage_frame *frame, bool *ret_clear)
{
    struct header h;
    *ret_clear = false;
    if (!frame->from_victim || header_decode(frame->bytes, &h, NULL) != CYG_OK
        || h.exchange != EXCHANGE_INFORMATIONAL) {
        return 0;
    }
    *ret_clear = (h.flags & FLAG_ENCRYPTION) == 0;
    return *ret_clear ? notify_of(frame->bytes, h.next) : open_notify(s, frame, &h);
}

struct count {
    unsigned reason, n;
};

static void count_one(void *arg, const struct stage_record *r)
{
    struct count *c = arg;
    c->n += r->reason == c->reason;
}

unsigned stage_reasons(struct stage *s, enum cyg_reason reason)
{
    struct count c = { (unsigned)reason, 0 };
    s->ops->records(s->context, count_one, &c);
    return c.n;
}
