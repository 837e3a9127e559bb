/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/crypto_gnutls/crypto.h"

#include "crypto_gnutls/provider.h"

#include <stdlib.h>
#include <string.h>

static struct cyg_provider *slot(struct cyg_crypto *crypto, const struct cyg_feature *feature)
{
    if (feature->type == CYG_FEATURE_RNG) {
        return &crypto->rng;
    }
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(feature->key));
    if (info == NULL) {
        abort(); /* a keyword that algorithm.def does not have */
    }
    switch (feature->type) {
    case CYG_FEATURE_CIPHER:
        return &crypto->cipher[info->id];
    case CYG_FEATURE_HASH:
        return &crypto->hash[info->id];
    case CYG_FEATURE_MAC:
        return &crypto->mac[info->id];
    case CYG_FEATURE_GROUP:
        return &crypto->group[info->id];
    default:
        abort();
    }
}

const struct cyg_crypto *test_crypto(void)
{
    static struct cyg_crypto crypto;
    static void *self;
    if (self == NULL) {
        struct cyg_error err;
        if (crypto_gnutls_load(NULL, &self, &err) != CYG_OK) {
            abort();
        }
        for (const struct cyg_feature *f = crypto_gnutls_features; f->type != CYG_FEATURE_END;
             f++) {
            *slot(&crypto, f) = (struct cyg_provider){ f->ops, self, "crypto-gnutls" };
        }
    }
    return &crypto;
}

struct cyg_span test_hex(const char *hex, uint8_t *buffer, size_t size)
{
    size_t len = strlen(hex) / 2;
    if (strlen(hex) % 2 != 0 || len > size) {
        abort();
    }
    for (size_t i = 0; i < len; i++) {
        const char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };
        char *end = NULL;
        buffer[i] = (uint8_t)strtoul(digits, &end, 16);
        if (end != digits + 2) {
            abort();
        }
    }
    return (struct cyg_span){ buffer, len };
}
