/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ESP transform. Everything here works on one packet in one buffer. */
#include "esp.h"

#include <cygnet/writer.h>

#include <string.h>

#define ESP_TRAILER 2u /* pad length, next header */

bool esp_supports(const struct cyg_crypto *crypto, enum cyg_alg cipher, enum cyg_alg integ)
{
    const struct cyg_alg_info *c = cyg_alg_info(cipher);
    if (c == NULL || c->kind != CYG_ALG_KIND_CIPHER || c->esp == 0 || c->iv > ESP_IV_MAX
        || c->block > 16 || !cyg_crypto_has(crypto, cipher)) {
        return false;
    }
    if (c->icv != 0) {
        return integ == CYG_ALG_NONE;
    }
    /* CBC is never carried without integrity (CVE-2005-0039). */
    const struct cyg_alg_info *i = cyg_alg_info(integ);
    return i != NULL && i->kind == CYG_ALG_KIND_INTEG && i->esp != 0 && i->icv >= 12
           && cyg_crypto_has(crypto, integ);
}

enum cyg_code esp_keys_init(struct esp_keys *ret, const struct cyg_crypto *crypto,
                            enum cyg_alg cipher, enum cyg_alg integ, struct cyg_span cipher_key,
                            struct cyg_span integ_key, struct cyg_error *err)
{
    if (!esp_supports(crypto, cipher, integ)) {
        const struct cyg_alg_info *row = cyg_alg_info(cipher), *other = cyg_alg_info(integ);
        return CYG_FAIL(err, CYG_R_SA_ALGORITHM,
                        .got_quote = cyg_quote_text(row != NULL ? row->keyword : "none"),
                        .want_quote = cyg_quote_text(other != NULL ? other->keyword : "none"));
    }
    const struct cyg_alg_info *c = cyg_alg_info(cipher), *i = cyg_alg_info(integ);
    size_t key_len = c->key_bits / 8u;
    size_t integ_len = i != NULL ? i->mac_key : 0;
    if (cipher_key.len != key_len + c->salt || c->salt > sizeof(ret->salt)) {
        return CYG_FAIL(err, CYG_R_SA_KEY_SIZE, .got = cipher_key.len, .want = key_len + c->salt);
    }
    if (integ_key.len != integ_len) {
        return CYG_FAIL(err, CYG_R_SA_KEY_SIZE, .got = integ_key.len, .want = integ_len);
    }

    struct esp_keys k = { .iv_len = c->iv, .block = c->block, .salt_len = c->salt };
    k.icv_len = i != NULL ? i->icv : c->icv;
    k.mac_out = i != NULL ? i->mac_out : 0;
    if (k.block < 4) {
        k.block = 4; /* RFC 4303 2.4: the trailer ends on 4 bytes */
    }
    if (c->salt > 0) {
        memcpy(k.salt, cipher_key.data + key_len, c->salt);
    }
    enum cyg_code code = cyg_cipher_new(crypto, cipher, cyg_span_first(cipher_key, key_len),
                                        &k.cipher, &k.cipher_ctx);
    if (code == CYG_OK && i != NULL) {
        code = cyg_mac_new(crypto, integ, integ_key, &k.mac, &k.mac_ctx);
    }
    if (code != CYG_OK) {
        esp_keys_clear(&k);
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text(c->keyword));
    }
    *ret = k;
    cyg_wipe(&k, sizeof(k));
    return CYG_OK;
}

void esp_keys_clear(struct esp_keys *keys)
{
    if (keys->cipher != NULL) {
        keys->cipher->ctx_free(keys->cipher_ctx);
    }
    if (keys->mac != NULL) {
        keys->mac->ctx_free(keys->mac_ctx);
    }
    cyg_wipe(keys, sizeof(*keys));
}

/* Padding so that payload, padding and trailer fill blocks. */
static size_t pad_len(const struct esp_keys *keys, size_t payload_len)
{
    size_t over = (payload_len + ESP_TRAILER) % keys->block;
    return over == 0 ? 0 : keys->block - over;
}

size_t esp_sealed_len(const struct esp_keys *keys, size_t payload_len)
{
    return esp_payload_offset(keys) + payload_len + pad_len(keys, payload_len) + ESP_TRAILER
           + keys->icv_len;
}

size_t esp_payload_max(const struct esp_keys *keys, size_t room)
{
    size_t fixed = esp_payload_offset(keys) + keys->icv_len;
    if (room < fixed + keys->block) {
        return 0;
    }
    size_t blocks = (room - fixed) / keys->block * keys->block;
    return blocks - ESP_TRAILER;
}

/* RFC 4106 4: salt, then the packet's IV. */
static void gcm_nonce(const struct esp_keys *keys, const uint8_t *iv, uint8_t nonce[12])
{
    memcpy(nonce, keys->salt, 4);
    memcpy(nonce + 4, iv, 8);
}

enum cyg_code esp_seal(const struct esp_keys *keys, const struct esp_seal *how, uint8_t *packet,
                       size_t payload_len)
{
    size_t pad = pad_len(keys, payload_len);
    struct cyg_writer w = cyg_writer_of(packet, esp_payload_offset(keys));
    cyg_writer_u32(&w, how->spi);
    cyg_writer_u32(&w, how->seq);
    if (keys->mac == NULL) {
        cyg_writer_u64(&w, how->seq); /* a counter: never twice, for seq never is (H-161) */
    } else {
        cyg_writer_bytes(&w, (struct cyg_span){ how->iv, keys->iv_len });
    }
    if (!cyg_writer_ok(&w)) {
        return CYG_INTERNAL;
    }

    uint8_t *text = packet + esp_payload_offset(keys), *tail = text + payload_len;
    for (size_t i = 0; i < pad; i++) {
        tail[i] = (uint8_t)(i + 1); /* RFC 4303 2.4 */
    }
    tail[pad] = (uint8_t)pad;
    tail[pad + 1] = how->next_header;
    size_t text_len = payload_len + pad + ESP_TRAILER;
    uint8_t *icv = text + text_len;

    if (keys->mac == NULL) {
        uint8_t nonce[12];
        gcm_nonce(keys, packet + ESP_HEADER, nonce);
        return keys->cipher->seal(keys->cipher_ctx, cyg_span_of_array(nonce),
                                  (struct cyg_span){ packet, ESP_HEADER }, text, text, text_len,
                                  icv, keys->icv_len);
    }
    enum cyg_code code = keys->cipher->encrypt(
        keys->cipher_ctx, (struct cyg_span){ packet + ESP_HEADER, keys->iv_len }, text, text,
        text_len);
    if (code != CYG_OK) {
        return code;
    }
    uint8_t mac[64];
    const struct cyg_span all = { packet, (size_t)(icv - packet) };
    code = keys->mac->compute(keys->mac_ctx, &all, 1, mac);
    if (code == CYG_OK) {
        memcpy(icv, mac, keys->icv_len);
    }
    return code;
}

bool esp_header(struct cyg_span packet, uint32_t *ret_spi, uint32_t *ret_seq)
{
    struct cyg_reader r = cyg_reader_of(packet);
    *ret_spi = cyg_reader_u32(&r);
    *ret_seq = cyg_reader_u32(&r);
    return cyg_reader_ok(&r);
}

/* Check the ICV and decrypt, never the other way round (H-163). */
static enum drop verify_and_decrypt(const struct esp_keys *keys, uint8_t *packet, size_t text_len)
{
    uint8_t *text = packet + esp_payload_offset(keys), *icv = text + text_len;
    if (keys->mac == NULL) {
        uint8_t nonce[12];
        gcm_nonce(keys, packet + ESP_HEADER, nonce);
        enum cyg_code code = keys->cipher->open(keys->cipher_ctx, cyg_span_of_array(nonce),
                                                (struct cyg_span){ packet, ESP_HEADER }, text, text,
                                                text_len, icv, keys->icv_len);
        return code == CYG_OK ? DROP_NONE : code == CYG_REFUSED ? DROP_INTEGRITY : DROP_CRYPTO;
    }
    uint8_t mac[64];
    const struct cyg_span all = { packet, (size_t)(icv - packet) };
    if (keys->mac->compute(keys->mac_ctx, &all, 1, mac) != CYG_OK) {
        return DROP_CRYPTO;
    }
    if (!cyg_equal_ct((struct cyg_span){ mac, keys->icv_len },
                      (struct cyg_span){ icv, keys->icv_len })) {
        return DROP_INTEGRITY;
    }
    enum cyg_code code = keys->cipher->decrypt(
        keys->cipher_ctx, (struct cyg_span){ packet + ESP_HEADER, keys->iv_len }, text, text,
        text_len);
    return code == CYG_OK ? DROP_NONE : DROP_CRYPTO;
}

enum drop esp_open(const struct esp_keys *keys, uint8_t *packet, size_t len, struct esp_opened *ret)
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ packet, len });
    cyg_reader_take(&r, ESP_HEADER);
    cyg_reader_take(&r, keys->iv_len);
    size_t left = cyg_reader_left(&r);
    if (!cyg_reader_ok(&r) || left < (size_t)keys->icv_len + keys->block) { /* H-159 */
        return DROP_SHORT;
    }
    size_t text_len = left - keys->icv_len;
    if (text_len % keys->block != 0) {
        return DROP_BLOCK;
    }
    enum drop drop = verify_and_decrypt(keys, packet, text_len);
    if (drop != DROP_NONE) {
        return drop;
    }

    /* Authentic from here on, so the order of these checks tells a stranger nothing (H-162). */
    uint8_t *text = packet + esp_payload_offset(keys);
    size_t pad = text[text_len - 2];
    if (pad > text_len - ESP_TRAILER) {
        return DROP_PADDING;
    }
    size_t payload_len = text_len - ESP_TRAILER - pad;
    for (size_t i = 0; i < pad; i++) {
        if (text[payload_len + i] != (uint8_t)(i + 1)) {
            return DROP_PADDING;
        }
    }
    *ret = (struct esp_opened){ .payload = text,
                                .len = payload_len,
                                .next_header = text[text_len - 1] };
    return DROP_NONE;
}
