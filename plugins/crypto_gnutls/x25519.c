/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diffie-Hellman on Curve25519, RFC 7748 and RFC 8031 (group 31). A private value is the 32 random
 * bytes; X25519 itself sets and clears bits of them, so that it is never 0 and every public value
 * of a small order gives 0, which is refused. */
#include "number.h"
#include "provider.h"

#include <nettle/curve25519.h>

static size_t x25519_random_bytes(void *self, enum cyg_alg alg)
{
    (void)self;
    return alg == CYG_ALG_CURVE25519 ? CURVE25519_SIZE : 0;
}

static enum cyg_code x25519_generate(void *self, enum cyg_alg alg, struct cyg_span random,
                                     struct cyg_secret *ret_private, uint8_t *ret_public)
{
    (void)self;
    if (alg != CYG_ALG_CURVE25519) {
        return CYG_UNSUPPORTED;
    }
    if (random.len != CURVE25519_SIZE || number_is_zero(random)) { /* H-061 */
        return CYG_INTERNAL;
    }
    enum cyg_code code = cyg_secret_set(ret_private, random);
    if (code != CYG_OK) {
        return code;
    }
    curve25519_mul_g(ret_public, random.data);
    return CYG_OK;
}

static enum cyg_code x25519_shared(void *self, enum cyg_alg alg,
                                   const struct cyg_secret *private_value,
                                   struct cyg_span peer_public, struct cyg_secret *ret_shared,
                                   struct cyg_error *err)
{
    (void)self;
    if (alg != CYG_ALG_CURVE25519) {
        return CYG_FAIL(err, CYG_R_ALG_NOT_PROVIDED, .got_quote = provider_quote(alg));
    }
    if (peer_public.len != CURVE25519_SIZE) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .got = peer_public.len, .want = CURVE25519_SIZE);
    }
    if (private_value->len != CURVE25519_SIZE) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED,
                        .got_quote = cyg_quote_text("no usable private value"));
    }
    CYG_CLEANUP(cyg_key_clear) struct cyg_key secret = { .len = CURVE25519_SIZE };
    curve25519_mul(secret.data, private_value->data, peer_public.data);
    if (number_is_zero(cyg_key_span(&secret))) { /* RFC 7748 6.1, RFC 8031 3.2 */
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_BAD, .got = 0);
    }
    return cyg_secret_set(ret_shared, cyg_key_span(&secret));
}

const struct cyg_group_ops provider_x25519 = {
    .size = sizeof(struct cyg_group_ops),
    .random_bytes = x25519_random_bytes,
    .generate = x25519_generate,
    .shared = x25519_shared,
};
