/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls into the crypto providers that the registry chose. */
#include <cygnet/crypto.h>

static const struct cyg_provider *provider_of(const struct cyg_provider *table, enum cyg_alg alg)
{
    return alg > CYG_ALG_NONE && alg < CYG_ALG_COUNT && table[alg].ops != NULL ? &table[alg] : NULL;
}

/* The MAC of an INTEG row is that of its `mac` column: SHA256_96 is SHA256's. */
static const struct cyg_provider *mac_provider(const struct cyg_crypto *crypto, enum cyg_alg alg,
                                               enum cyg_alg *ret_mac)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    if (info == NULL || info->kind != CYG_ALG_KIND_INTEG) {
        return NULL;
    }
    *ret_mac = info->mac;
    return provider_of(crypto->mac, info->mac);
}

bool cyg_crypto_has(const struct cyg_crypto *crypto, enum cyg_alg alg)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    enum cyg_alg mac;
    if (info == NULL) {
        return false;
    }
    switch (info->kind) {
    case CYG_ALG_KIND_CIPHER:
        return provider_of(crypto->cipher, alg) != NULL;
    case CYG_ALG_KIND_INTEG: /* phase 1 needs the hash too: NAT-D, the first IV */
        return mac_provider(crypto, alg, &mac) != NULL
               && (info->ike == 0 || provider_of(crypto->hash, alg) != NULL);
    case CYG_ALG_KIND_GROUP:
        return provider_of(crypto->group, alg) != NULL;
    }
    return false;
}

enum cyg_code cyg_cipher_new(const struct cyg_crypto *crypto, enum cyg_alg alg, struct cyg_span key,
                             const struct cyg_cipher_ops **ret_ops, void **ret_ctx)
{
    const struct cyg_provider *p = provider_of(crypto->cipher, alg);
    if (p == NULL) {
        return CYG_UNSUPPORTED;
    }
    const struct cyg_cipher_ops *ops = p->ops;
    void *ctx = NULL;
    enum cyg_code code = ops->ctx_new(p->self, alg, key, &ctx);
    if (code == CYG_OK) {
        *ret_ops = ops;
        *ret_ctx = ctx;
    }
    return code;
}

enum cyg_code cyg_mac_new(const struct cyg_crypto *crypto, enum cyg_alg alg, struct cyg_span key,
                          const struct cyg_mac_ops **ret_ops, void **ret_ctx)
{
    enum cyg_alg mac;
    const struct cyg_provider *p = mac_provider(crypto, alg, &mac);
    if (p == NULL) {
        return CYG_UNSUPPORTED;
    }
    const struct cyg_mac_ops *ops = p->ops;
    void *ctx = NULL;
    enum cyg_code code = ops->ctx_new(p->self, mac, key, &ctx);
    if (code == CYG_OK) {
        *ret_ops = ops;
        *ret_ctx = ctx;
    }
    return code;
}

enum cyg_code cyg_hash_once(const struct cyg_crypto *crypto, enum cyg_alg alg,
                            const struct cyg_span *parts, size_t n, uint8_t *out)
{
    const struct cyg_provider *p = provider_of(crypto->hash, alg);
    if (p == NULL) {
        return CYG_UNSUPPORTED;
    }
    const struct cyg_hash_ops *ops = p->ops;
    return ops->digest(p->self, alg, parts, n, out);
}

enum cyg_code cyg_mac_once(const struct cyg_crypto *crypto, enum cyg_alg alg, struct cyg_span key,
                           const struct cyg_span *parts, size_t n, uint8_t *out)
{
    const struct cyg_mac_ops *ops;
    void *ctx;
    enum cyg_code code = cyg_mac_new(crypto, alg, key, &ops, &ctx);
    if (code != CYG_OK) {
        return code;
    }
    code = ops->compute(ctx, parts, n, out);
    ops->ctx_free(ctx);
    return code;
}

enum cyg_code cyg_cbc_once(const struct cyg_crypto *crypto, enum cyg_alg alg, bool encrypt,
                           struct cyg_span key, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                           size_t len)
{
    const struct cyg_cipher_ops *ops;
    void *ctx;
    enum cyg_code code = cyg_cipher_new(crypto, alg, key, &ops, &ctx);
    if (code != CYG_OK) {
        return code;
    }
    if (ops->encrypt == NULL || ops->decrypt == NULL) { /* an AEAD cipher has no CBC */
        code = CYG_UNSUPPORTED;
    } else {
        code = (encrypt ? ops->encrypt : ops->decrypt)(ctx, iv, in, out, len);
    }
    ops->ctx_free(ctx);
    return code;
}
