/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See outgoing.h. */
#include "outgoing.h"

#include "codec/notify.h"
#include "crypt.h"
#include "events.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>

#define FLAG_V2_RESPONSE 0x20u /* IKEv2's header flag: never answered (H-006) */

void outgoing_begin(struct outgoing *o, struct exchange *x, enum protect protect)
{
    struct engine *engine = x->engine;
    *o = (struct outgoing){ .x = x, .protect = (uint8_t)protect };
    o->w = cyg_writer_of(engine->scratch, OUTGOING_MAX);
    struct header header = {
        .version = VERSION_1_0,
        .exchange = x->kind->type,
        .flags = protect == PROTECT_NONE ? 0 : (uint8_t)FLAG_ENCRYPTION,
        .message_id = x->message_id,
    };
    memcpy(header.cookie_i, x->sa->cookie_i, COOKIE_LEN);
    memcpy(header.cookie_r, x->sa->cookie_r, COOKIE_LEN);
    builder_begin(&o->b, &o->w, &header);
    if (protect >= PROTECT_HASH_1) {
        o->hash_len = cyg_alg_info(x->sa->keys->hash)->mac_out;
        o->hash_at = builder_reserve(&o->b, PAYLOAD_HASH, o->hash_len);
    }
}

/* HASH(n) over what stands behind its payload. */
static enum cyg_code fill_hash(struct outgoing *o, struct cyg_error *err)
{
    if (o->protect < PROTECT_HASH_1) {
        return CYG_OK;
    }
    CYG_CLEANUP(cyg_key_clear) struct cyg_key hash = { 0 };
    struct cyg_span rest = builder_after(&o->b, o->hash_at, o->hash_len);
    enum cyg_code code = crypt_hash(o->x, (enum protect)o->protect, rest, &hash);
    if (code != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("HASH"));
    }
    builder_fill(&o->b, o->hash_at, cyg_key_span(&hash));
    return CYG_OK;
}

/* Copy, encrypt the copy, and only then let the working IV go on. */
static enum cyg_code seal(struct outgoing *o, struct cyg_span message, struct datagram **ret,
                          struct cyg_error *err)
{
    struct exchange *x = o->x;
    struct datagram *d = malloc(sizeof *d + message.len);
    if (d == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    d->len = message.len;
    memcpy(d->bytes, message.data, message.len);
    if (o->protect != PROTECT_NONE) {
        enum cyg_code code = crypt_encrypt(x->sa->keys, x->work.iv, d->bytes + HEADER_LEN,
                                           d->len - HEADER_LEN, x->engine->providers.crypto);
        if (code != CYG_OK) {
            free(d);
            return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("encryption"));
        }
    }
    *ret = d;
    return CYG_OK;
}

enum cyg_code outgoing_send(struct outgoing *o, struct cyg_error *err)
{
    struct exchange *x = o->x;
    enum cyg_code code = fill_hash(o, err);
    if (code != CYG_OK) {
        return code;
    }
    if (o->protect != PROTECT_NONE) {
        builder_pad(&o->b, x->sa->keys->block);
    }
    builder_end(&o->b);
    struct cyg_span message = builder_message(&o->b);
    if (!cyg_writer_ok(&o->w)) {
        return CYG_FAIL(err, CYG_R_MESSAGE_LONG, .want = OUTGOING_MAX);
    }
    if (!half_open_may_send(x->half_open, message.len)) {
        return CYG_FAIL(err, CYG_R_AMPLIFICATION, .got = message.len,
                        .want = x->half_open->bytes_in);
    }
    struct datagram *sent;
    code = seal(o, message, &sent, err);
    if (code != CYG_OK) {
        return code;
    }
    events_message(x->sa, &x->sa->path, true, x->order_id, message);
    free(x->sent);
    x->sent = sent;
    x->work.answered = true;
    half_open_sent(x->half_open, sent->len);
    outgoing_repeat(x->sa, sent);
    return CYG_OK;
}

void outgoing_repeat(struct ike_sa *sa, const struct datagram *sent)
{
    struct engine *engine = sa->engine;
    engine->world.send(engine->world.context, &sa->path,
                       (struct cyg_span){ sent->bytes, sent->len });
}

void outgoing_notify_clear(struct engine *engine, const struct ike_sa *sa,
                           const struct cyg_path *path, const struct header *to, size_t to_len,
                           uint16_t type)
{
    static const uint8_t zero[COOKIE_LEN];
    uint8_t bytes[64], id[4];
    bool first = memcmp(to->cookie_r, zero, COOKIE_LEN) == 0 && to->message_id == 0
                 && to->exchange != EXCHANGE_INFORMATIONAL && (to->flags & FLAG_ENCRYPTION) == 0
                 && (to->flags & FLAG_V2_RESPONSE) == 0;
    if (!first || engine_random(engine, id, sizeof id, NULL) != CYG_OK
        || !limit_take(engine, &engine->limit_notify, &path->remote, 0, NULL)) {
        return;
    }
    struct header header = {
        .version = VERSION_1_0,
        .exchange = EXCHANGE_INFORMATIONAL,
        .message_id =
            (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | (id[3] | 1u),
    };
    memcpy(header.cookie_i, to->cookie_i, COOKIE_LEN); /* the responder's stays zero (H-020) */
    const struct notify n = { .doi = DOI_IPSEC, .protocol = PROTOCOL_ISAKMP, .type = type };
    struct cyg_writer w = cyg_writer_of(bytes, sizeof bytes);
    struct builder b;
    builder_begin(&b, &w, &header);
    builder_payload_begin(&b, PAYLOAD_N);
    notify_encode(&n, &w);
    builder_payload_end(&b);
    builder_end(&b);
    struct cyg_span message = builder_message(&b);
    if (message.len <= to_len) {
        if (sa != NULL && sa->uniqueid != 0) {
            events_message(sa, path, true, 0, message);
        }
        engine->world.send(engine->world.context, path, message);
    }
}

void outgoing_refuse_clear(struct exchange *x, uint16_t type)
{
    struct header to = { .exchange = x->kind->type };
    memcpy(to.cookie_i, x->sa->cookie_i, COOKIE_LEN);
    if (x->half_open != NULL) {
        outgoing_notify_clear(x->engine, x->sa, &x->sa->path, &to, x->half_open->bytes_in, type);
    }
}
