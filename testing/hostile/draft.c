/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See draft.h. What does not fit is our own mistake: tests abort. */
#include "hostile/draft.h"

#include "engine/keys.h"

#include <stdlib.h>
#include <string.h>

uint8_t *draft_take(struct draft *d, size_t n)
{
    if (n > DRAFT_POOL - d->pool_used) {
        abort();
    }
    uint8_t *p = d->pool + d->pool_used;
    d->pool_used += n;
    memset(p, 0, n);
    return p;
}

void draft_clear(struct draft *d)
{
    static const uint8_t cookie[COOKIE_LEN] = { 0xc0, 0x0c, 0x1e, 0x55, 0xaa, 0x01, 0x02, 0x03 };
    d->header = (struct header){ .version = VERSION_1_0, .exchange = EXCHANGE_MAIN };
    memcpy(d->header.cookie_i, cookie, sizeof(cookie));
    d->n = d->out_len = d->pool_used = 0;
    d->first = d->length = HONESTLY;
    d->trailing = d->nonce_i = d->nonce_r = (struct cyg_span){ NULL, 0 };
    d->encrypted = d->hashed = d->keep_hash = d->other_id = false;
    d->cut = 0;
    d->hash_number = 1;
}

/* ---- parts ---- */

struct part *draft_find(struct draft *d, uint8_t type, size_t nth)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->parts[i].type == type && nth-- == 0) {
            return &d->parts[i];
        }
    }
    return NULL;
}

struct part *draft_insert(struct draft *d, size_t at, uint8_t type, struct cyg_span body)
{
    if (d->n == DRAFT_PARTS || at > d->n) {
        abort();
    }
    memmove(&d->parts[at + 1], &d->parts[at], (d->n - at) * sizeof(d->parts[0]));
    d->n++;
    struct part *p = &d->parts[at];
    *p = (struct part){ .type = type,
                        .body = draft_take(d, body.len),
                        .len = body.len,
                        .next = HONESTLY,
                        .reserved = HONESTLY,
                        .length = HONESTLY };
    if (body.len > 0) {
        memcpy(p->body, body.data, body.len);
    }
    return p;
}

struct part *draft_add(struct draft *d, uint8_t type, struct cyg_span body)
{
    return draft_insert(d, d->n, type, body);
}

struct part *draft_add_text(struct draft *d, uint8_t type, const char *body)
{
    return draft_add(d, type, cyg_span_str(body));
}

struct part *draft_fill(struct draft *d, uint8_t type, uint8_t value, size_t n)
{
    struct part *p = draft_add(d, type, (struct cyg_span){ draft_take(d, n), n });
    memset(p->body, value, n);
    return p;
}

void draft_remove(struct draft *d, uint8_t type)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->parts[i].type != type) {
            d->parts[kept++] = d->parts[i];
        }
    }
    d->n = kept;
}

void draft_body(struct draft *d, uint8_t type, struct cyg_span body)
{
    struct part *p = draft_find(d, type, 0);
    if (p == NULL) {
        (void)draft_add(d, type, body);
        return;
    }
    p->body = draft_take(d, body.len);
    p->len = body.len;
    if (body.len > 0) {
        memcpy(p->body, body.data, body.len);
    }
}

void draft_resize(struct draft *d, uint8_t type, size_t n)
{
    struct part *p = draft_find(d, type, 0);
    if (p != NULL) {
        uint8_t *body = draft_take(d, n);
        memcpy(body, p->body, p->len < n ? p->len : n);
        p->body = body;
        p->len = n;
    }
}

struct cyg_span draft_cookies(struct draft *d)
{
    uint8_t *p = draft_take(d, 2 * COOKIE_LEN);
    memcpy(p, d->header.cookie_i, COOKIE_LEN);
    memcpy(p + COOKIE_LEN, d->header.cookie_r, COOKIE_LEN);
    return (struct cyg_span){ p, 2 * COOKIE_LEN };
}

void draft_notify(struct draft *d, uint8_t protocol, uint16_t type, struct cyg_span spi,
                  struct cyg_span data)
{
    size_t size = 8 + spi.len + data.len;
    struct cyg_writer w = cyg_writer_of(draft_take(d, size), size);
    cyg_writer_u32(&w, DOI_IPSEC);
    cyg_writer_u8(&w, protocol);
    cyg_writer_u8(&w, (uint8_t)spi.len);
    cyg_writer_u16(&w, type);
    cyg_writer_bytes(&w, spi);
    cyg_writer_bytes(&w, data);
    (void)draft_add(d, PAYLOAD_N, cyg_writer_span(&w));
}

void draft_delete(struct draft *d, uint32_t doi, uint8_t protocol, uint8_t spi_size, uint16_t claim,
                  struct cyg_span spis)
{
    size_t size = 8 + spis.len;
    struct cyg_writer w = cyg_writer_of(draft_take(d, size), size);
    cyg_writer_u32(&w, doi);
    cyg_writer_u8(&w, protocol);
    cyg_writer_u8(&w, spi_size);
    cyg_writer_u16(&w, claim);
    cyg_writer_bytes(&w, spis);
    (void)draft_add(d, PAYLOAD_D, cyg_writer_span(&w));
}

/* ---- from bytes, to bytes ---- */

bool draft_parse(struct draft *d, struct cyg_span bytes)
{
    struct message m;
    draft_clear(d);
    if (header_decode(bytes, &m.header, NULL) != CYG_OK) {
        return false;
    }
    d->header = m.header;
    if (message_decode_chain(m.header.next, cyg_span_after(bytes, HEADER_LEN), true, &m, NULL)
        != CYG_OK) {
        return false;
    }
    for (size_t i = 0; i < m.n; i++) {
        (void)draft_add(d, m.payloads[i].type, m.payloads[i].body);
    }
    d->hashed = m.n > 0 && m.payloads[0].type == PAYLOAD_HASH;
    return true;
}

static uint8_t or_lie(long lie, size_t truth)
{
    return (uint8_t)(lie == HONESTLY ? truth : (size_t)lie);
}

/* Writes the payloads from number `from` on. */
static void put_parts(const struct draft *d, size_t from, struct cyg_writer *w)
{
    for (size_t i = from; i < d->n; i++) {
        const struct part *p = &d->parts[i];
        size_t length = p->length == HONESTLY ? p->len + 4 : (size_t)p->length;
        cyg_writer_u8(w, or_lie(p->next, i + 1 < d->n ? d->parts[i + 1].type : 0));
        cyg_writer_u8(w, or_lie(p->reserved, 0));
        cyg_writer_u16(w, (uint16_t)length);
        cyg_writer_bytes(w, (struct cyg_span){ p->body, p->len });
    }
}

static enum cyg_code hash_of(struct draft *d, struct cyg_span rest, struct cyg_key *ret)
{
    const struct draft_keys *k = &d->keys;
    struct cyg_span key = cyg_key_span(&k->skeyid_a);
    enum cyg_alg prf = (enum cyg_alg)k->hash;
    uint32_t id = d->other_id ? d->hash_id : d->header.message_id;
    switch (d->hash_number) {
    case 2:
        return keys_hash_2(k->crypto, prf, key, id, d->nonce_i, rest, ret);
    case 3:
        return keys_hash_3(k->crypto, prf, key, id, d->nonce_i, d->nonce_r, ret);
    default:
        return keys_hash_1(k->crypto, prf, key, id, rest, ret);
    }
}

/* HASH(n) over what stands behind the first payload. */
static void fill_hash(struct draft *d)
{
    struct cyg_writer w = cyg_writer_of(d->out, sizeof(d->out));
    struct cyg_key hash = { 0 };
    if (d->n == 0 || d->parts[0].type != PAYLOAD_HASH || d->keep_hash) {
        return;
    }
    put_parts(d, 1, &w);
    struct cyg_span rest = cyg_writer_span(&w);
    if (d->cut > rest.len) {
        abort();
    }
    rest.len -= d->cut;
    if (!cyg_writer_ok(&w) || hash_of(d, rest, &hash) != CYG_OK) {
        abort();
    }
    d->parts[0].body = draft_take(d, hash.len);
    d->parts[0].len = hash.len;
    memcpy(d->parts[0].body, hash.data, hash.len);
}

void draft_encode(struct draft *d)
{
    if (d->encrypted && d->hashed) {
        fill_hash(d);
    }
    struct cyg_writer w = cyg_writer_of(d->out, sizeof(d->out));
    struct header h = d->header;
    h.next = or_lie(d->first, d->n > 0 ? d->parts[0].type : 0);
    header_encode(&h, &w);
    put_parts(d, 0, &w);
    w.pos -= d->cut;
    cyg_writer_bytes(&w, d->trailing);
    size_t body = cyg_writer_offset(&w) - HEADER_LEN, block = d->keys.block;
    if (d->encrypted && block > 0 && body % block != 0) {
        cyg_writer_zero(&w, block - body % block);
    }
    if (!cyg_writer_ok(&w)) {
        abort();
    }
    d->out_len = cyg_writer_offset(&w);
    size_t length = d->length == HONESTLY ? d->out_len : (size_t)d->length;
    cyg_writer_patch_u32(&w, 24, (uint32_t)length);
    if (d->encrypted && d->out_len > HEADER_LEN
        && cyg_cbc_once(d->keys.crypto, (enum cyg_alg)d->keys.cipher, true,
                        cyg_key_span(&d->keys.cipher_key), (struct cyg_span){ d->keys.iv, block },
                        d->out + HEADER_LEN, d->out + HEADER_LEN, d->out_len - HEADER_LEN)
               != CYG_OK) {
        abort();
    }
}
