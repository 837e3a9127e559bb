/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ciphers by GnuTLS: its AES is the fastest of its family (AES-NI, many blocks at once), and a
 * context carries no state from one call to the next. */
#include "provider.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

static gnutls_cipher_algorithm_t gnutls_id(enum cyg_alg alg)
{
    static const gnutls_cipher_algorithm_t ids[CYG_ALG_COUNT] = {
        [CYG_ALG_DES] = GNUTLS_CIPHER_DES_CBC,
        [CYG_ALG_3DES] = GNUTLS_CIPHER_3DES_CBC,
        [CYG_ALG_AES128] = GNUTLS_CIPHER_AES_128_CBC,
        [CYG_ALG_AES192] = GNUTLS_CIPHER_AES_192_CBC,
        [CYG_ALG_AES256] = GNUTLS_CIPHER_AES_256_CBC,
        [CYG_ALG_AES128GCM16] = GNUTLS_CIPHER_AES_128_GCM,
        [CYG_ALG_AES192GCM16] = GNUTLS_CIPHER_AES_192_GCM,
        [CYG_ALG_AES256GCM16] = GNUTLS_CIPHER_AES_256_GCM,
    };
    return alg > CYG_ALG_NONE && alg < CYG_ALG_COUNT ? ids[alg] : GNUTLS_CIPHER_UNKNOWN;
}

/* GnuTLS takes keys as datum, which is not const; it copies what it needs. */
static gnutls_datum_t datum(struct cyg_span bytes)
{
    return (gnutls_datum_t){ (void *)(uintptr_t)bytes.data, (unsigned)bytes.len };
}

static bool key_fits(gnutls_cipher_algorithm_t id, struct cyg_span key)
{
    return key.len == gnutls_cipher_get_key_size(id);
}

/* ---- CBC ---- */

struct cbc {
    gnutls_cipher_hd_t handle;
    unsigned block;
};

static enum cyg_code cbc_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    (void)self;
    gnutls_cipher_algorithm_t id = gnutls_id(alg);
    if (id == GNUTLS_CIPHER_UNKNOWN || gnutls_cipher_get_tag_size(id) != 0) {
        return CYG_UNSUPPORTED;
    }
    if (!key_fits(id, key)) {
        return CYG_INTERNAL;
    }
    struct cbc *cbc = calloc(1, sizeof *cbc);
    if (cbc == NULL) {
        return CYG_NOMEM;
    }
    const gnutls_datum_t data = datum(key);
    cbc->block = gnutls_cipher_get_block_size(id);
    if (gnutls_cipher_init(&cbc->handle, id, &data, NULL) < 0) {
        free(cbc);
        return CYG_INTERNAL;
    }
    *ret_ctx = cbc;
    return CYG_OK;
}

static void cbc_free(void *ctx)
{
    struct cbc *cbc = ctx;
    if (cbc != NULL) {
        gnutls_cipher_deinit(cbc->handle); /* wipes the key */
        free(cbc);
    }
}

/* Whether the caller keeps to crypto.h; then set the IV. */
static bool cbc_begin(struct cbc *cbc, struct cyg_span iv, size_t len)
{
    if (iv.len != cbc->block || len % cbc->block != 0) {
        return false;
    }
    gnutls_cipher_set_iv(cbc->handle, datum(iv).data, iv.len);
    return true;
}

static enum cyg_code cbc_encrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                 size_t len)
{
    struct cbc *cbc = ctx;
    return cbc_begin(cbc, iv, len) && gnutls_cipher_encrypt2(cbc->handle, in, len, out, len) >= 0
               ? CYG_OK
               : CYG_INTERNAL;
}

static enum cyg_code cbc_decrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                 size_t len)
{
    struct cbc *cbc = ctx;
    return cbc_begin(cbc, iv, len) && gnutls_cipher_decrypt2(cbc->handle, in, len, out, len) >= 0
               ? CYG_OK
               : CYG_INTERNAL;
}

const struct cyg_cipher_ops provider_cbc = {
    .size = sizeof(struct cyg_cipher_ops),
    .ctx_new = cbc_new,
    .ctx_free = cbc_free,
    .encrypt = cbc_encrypt,
    .decrypt = cbc_decrypt,
};

/* ---- AEAD: the context is GnuTLS's own ---- */

static enum cyg_code aead_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    (void)self;
    gnutls_cipher_algorithm_t id = gnutls_id(alg);
    if (id == GNUTLS_CIPHER_UNKNOWN || gnutls_cipher_get_tag_size(id) == 0) {
        return CYG_UNSUPPORTED;
    }
    if (!key_fits(id, key)) {
        return CYG_INTERNAL;
    }
    gnutls_aead_cipher_hd_t handle;
    const gnutls_datum_t data = datum(key);
    int result = gnutls_aead_cipher_init(&handle, id, &data);
    if (result < 0) {
        return result == GNUTLS_E_MEMORY_ERROR ? CYG_NOMEM : CYG_INTERNAL;
    }
    *ret_ctx = handle;
    return CYG_OK;
}

static void aead_free(void *ctx)
{
    if (ctx != NULL) {
        gnutls_aead_cipher_deinit(ctx);
    }
}

/* The tag behind the text, as in ESP, is the quick way (about 5 % of 1400 bytes); elsewhere GnuTLS
 * wants text in place and the tag apart. */
static bool tag_follows(const uint8_t *text, size_t len, const uint8_t *tag)
{
    return tag == text + len;
}

static enum cyg_code aead_seal(void *ctx, struct cyg_span nonce, struct cyg_span aad,
                               const uint8_t *in, uint8_t *out, size_t len, uint8_t *tag,
                               size_t tag_len)
{
    int result;
    if (tag_follows(out, len, tag)) {
        size_t out_len = len + tag_len;
        result = gnutls_aead_cipher_encrypt(ctx, nonce.data, nonce.len, aad.data, aad.len, tag_len,
                                            in, len, out, &out_len);
    } else {
        if (in != out && len > 0) {
            memcpy(out, in, len);
        }
        const giovec_t aad_part = { datum(aad).data, aad.len }, text = { out, len };
        size_t size = tag_len;
        result = gnutls_aead_cipher_encryptv2(ctx, nonce.data, nonce.len, &aad_part, 1, &text, 1,
                                              tag, &size);
    }
    return result >= 0 ? CYG_OK : CYG_INTERNAL;
}

static enum cyg_code aead_open(void *ctx, struct cyg_span nonce, struct cyg_span aad,
                               const uint8_t *in, uint8_t *out, size_t len, const uint8_t *tag,
                               size_t tag_len)
{
    int result;
    if (tag_follows(in, len, tag)) {
        size_t out_len = len;
        result = gnutls_aead_cipher_decrypt(ctx, nonce.data, nonce.len, aad.data, aad.len, tag_len,
                                            in, len + tag_len, out, &out_len);
    } else {
        if (in != out && len > 0) {
            memcpy(out, in, len);
        }
        const giovec_t aad_part = { datum(aad).data, aad.len }, text = { out, len };
        result =
            gnutls_aead_cipher_decryptv2(ctx, nonce.data, nonce.len, &aad_part, 1, &text, 1,
                                         datum((struct cyg_span){ tag, tag_len }).data, tag_len);
    }
    if (result == GNUTLS_E_DECRYPTION_FAILED) {
        return CYG_REFUSED;
    }
    return result >= 0 ? CYG_OK : CYG_INTERNAL;
}

const struct cyg_cipher_ops provider_aead = {
    .size = sizeof(struct cyg_cipher_ops),
    .ctx_new = aead_new,
    .ctx_free = aead_free,
    .seal = aead_seal,
    .open = aead_open,
};

/* ---- NULL, RFC 2410: ESP that is only authenticated ---- */

static enum cyg_code null_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    (void)self;
    if (alg != CYG_ALG_NULL) {
        return CYG_UNSUPPORTED;
    }
    if (key.len != 0) {
        return CYG_INTERNAL;
    }
    *ret_ctx = NULL;
    return CYG_OK;
}

static void null_free(void *ctx)
{
    (void)ctx;
}

static enum cyg_code null_copy(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                               size_t len)
{
    (void)ctx;
    if (iv.len != 0) {
        return CYG_INTERNAL;
    }
    if (in != out && len > 0) {
        memcpy(out, in, len);
    }
    return CYG_OK;
}

const struct cyg_cipher_ops provider_null = {
    .size = sizeof(struct cyg_cipher_ops),
    .ctx_new = null_new,
    .ctx_free = null_free,
    .encrypt = null_copy,
    .decrypt = null_copy,
};
