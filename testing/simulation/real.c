/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real algorithms for `run --real`: the plugins crypto-gnutls and auth-psk, linked instead of
 * loaded. Slower by a hundred times; the datagrams are as determined by the seed as ever. */
#include "simulation/suites.h"

static bool in_use;

bool sim_uses_real_crypto(void)
{
    return in_use;
}

#if defined(WITH_REAL_CRYPTO)

#    include "auth_psk/auth_psk.h"
#    include "crypto_gnutls/provider.h"

#    include <stdlib.h>

static struct cyg_provider *slot(struct cyg_crypto *crypto, const struct cyg_feature *feature)
{
    if (feature->type == CYG_FEATURE_RNG) {
        return &crypto->rng;
    }
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(feature->key));
    if (info == NULL) {
        cyg_unreachable();
    }
    return feature->type == CYG_FEATURE_CIPHER ? &crypto->cipher[info->id]
           : feature->type == CYG_FEATURE_HASH ? &crypto->hash[info->id]
           : feature->type == CYG_FEATURE_MAC  ? &crypto->mac[info->id]
                                               : &crypto->group[info->id];
}

bool sim_use_real_crypto(void)
{
    static struct cyg_crypto crypto;
    static void *self;
    if (crypto_gnutls_load(NULL, &self, NULL) != CYG_OK) {
        return false;
    }
    for (const struct cyg_feature *f = crypto_gnutls_features; f->type != CYG_FEATURE_END; f++) {
        *slot(&crypto, f) = (struct cyg_provider){ f->ops, self, "crypto-gnutls" };
    }
    sim_use_crypto(&crypto, &auth_psk_ops);
    in_use = true;
    return true;
}

#else

bool sim_use_real_crypto(void)
{
    return false; /* built without one of the two plugins */
}

#endif
