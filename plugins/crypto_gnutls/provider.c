/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the plugin provides: one row for each algorithm; and its random numbers. */
#include "provider.h"

#include <gnutls/crypto.h>
#include <stdlib.h>

/* GNUTLS_RND_RANDOM is GnuTLS's level for temporal keys; each thread has its own generator, which
 * replaces its key after every output, so none can be computed backwards (H-061). Level KEY, for
 * keys of years, takes four times as long. */
static enum cyg_code rng_fill(void *self, uint8_t *out, size_t len)
{
    (void)self;
    return gnutls_rnd(GNUTLS_RND_RANDOM, out, len) >= 0 ? CYG_OK : CYG_INTERNAL;
}

static const struct cyg_rng_ops rng = {
    .size = sizeof(struct cyg_rng_ops),
    .fill = rng_fill,
};

const struct cyg_feature crypto_gnutls_features[] = {
    /* clang-format off */
    { .type = CYG_FEATURE_RNG, .ops = &rng },

    { .type = CYG_FEATURE_CIPHER, .key = "null",        .ops = &provider_null },
    { .type = CYG_FEATURE_CIPHER, .key = "des",         .ops = &provider_cbc },
    { .type = CYG_FEATURE_CIPHER, .key = "3des",        .ops = &provider_cbc },
    { .type = CYG_FEATURE_CIPHER, .key = "aes128",      .ops = &provider_cbc },
    { .type = CYG_FEATURE_CIPHER, .key = "aes192",      .ops = &provider_cbc },
    { .type = CYG_FEATURE_CIPHER, .key = "aes256",      .ops = &provider_cbc },
    { .type = CYG_FEATURE_CIPHER, .key = "aes128gcm16", .ops = &provider_aead },
    { .type = CYG_FEATURE_CIPHER, .key = "aes192gcm16", .ops = &provider_aead },
    { .type = CYG_FEATURE_CIPHER, .key = "aes256gcm16", .ops = &provider_aead },

    { .type = CYG_FEATURE_HASH, .key = "md5",    .ops = &provider_hash },
    { .type = CYG_FEATURE_HASH, .key = "sha1",   .ops = &provider_hash },
    { .type = CYG_FEATURE_HASH, .key = "sha256", .ops = &provider_hash },
    { .type = CYG_FEATURE_HASH, .key = "sha384", .ops = &provider_hash },
    { .type = CYG_FEATURE_HASH, .key = "sha512", .ops = &provider_hash },

    { .type = CYG_FEATURE_MAC, .key = "md5",    .ops = &provider_hmac },
    { .type = CYG_FEATURE_MAC, .key = "sha1",   .ops = &provider_hmac },
    { .type = CYG_FEATURE_MAC, .key = "sha256", .ops = &provider_hmac },
    { .type = CYG_FEATURE_MAC, .key = "sha384", .ops = &provider_hmac },
    { .type = CYG_FEATURE_MAC, .key = "sha512", .ops = &provider_hmac },

    { .type = CYG_FEATURE_GROUP, .key = "modp768",    .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp1024",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp1536",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp2048",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp3072",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp4096",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp6144",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "modp8192",   .ops = &provider_modp },
    { .type = CYG_FEATURE_GROUP, .key = "ecp256",     .ops = &provider_ecp },
    { .type = CYG_FEATURE_GROUP, .key = "ecp384",     .ops = &provider_ecp },
    { .type = CYG_FEATURE_GROUP, .key = "ecp521",     .ops = &provider_ecp },
    { .type = CYG_FEATURE_GROUP, .key = "curve25519", .ops = &provider_x25519 },
    { 0 },
    /* clang-format on */
};

struct cyg_quote provider_quote(enum cyg_alg alg)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    return cyg_quote_text(info != NULL ? info->keyword : "an unknown algorithm");
}

enum cyg_code crypto_gnutls_load(const struct cyg_host *host, void **ret_self,
                                 struct cyg_error *err)
{
    (void)host;
    struct crypto_gnutls *self = calloc(1, sizeof *self);
    if (self == NULL || modp_init(self->modp) != CYG_OK) {
        free(self);
        return CYG_FAIL(err, CYG_R_NOMEM, .got = 0);
    }
    gmp_memory_wipe();
    *ret_self = self;
    return CYG_OK;
}

void crypto_gnutls_unload(void *self)
{
    struct crypto_gnutls *provider = self;
    if (provider != NULL) {
        gmp_memory_restore();
        modp_clear(provider->modp);
        free(provider);
    }
}
