/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See crypt.h. */
#include "crypt.h"

#include <cygnet/secret.h>

#include <string.h>

enum cyg_code crypt_encrypt(const struct ike_keys *keys, uint8_t iv[IV_MAX], uint8_t *data,
                            size_t len, const struct cyg_crypto *crypto)
{
    enum cyg_code code =
        cyg_cbc_once(crypto, (enum cyg_alg)keys->cipher, true, cyg_key_span(&keys->cipher_key),
                     (struct cyg_span){ iv, keys->block }, data, data, len);
    if (code == CYG_OK) {
        memcpy(iv, data + len - keys->block, keys->block);
    }
    return code;
}

enum cyg_code crypt_decrypt(const struct ike_keys *keys, uint8_t iv[IV_MAX], uint8_t *data,
                            size_t len, const struct cyg_crypto *crypto)
{
    uint8_t last[IV_MAX];
    memcpy(last, data + len - keys->block, keys->block);
    enum cyg_code code =
        cyg_cbc_once(crypto, (enum cyg_alg)keys->cipher, false, cyg_key_span(&keys->cipher_key),
                     (struct cyg_span){ iv, keys->block }, data, data, len);
    if (code == CYG_OK) {
        memcpy(iv, last, keys->block);
    }
    return code;
}

enum cyg_code crypt_hash(const struct exchange *x, enum protect protect, struct cyg_span rest,
                         struct cyg_key *ret)
{
    const struct ike_keys *keys = x->sa->keys;
    const struct cyg_crypto *crypto = x->engine->providers.crypto;
    enum cyg_alg prf = (enum cyg_alg)keys->hash;
    struct cyg_span skeyid_a = cyg_key_span(&keys->skeyid.a);
    switch (protect) {
    case PROTECT_HASH_1:
        return keys_hash_1(crypto, prf, skeyid_a, x->message_id, rest, ret);
    case PROTECT_HASH_2:
        return keys_hash_2(crypto, prf, skeyid_a, x->message_id, x->nonce_i, rest, ret);
    case PROTECT_HASH_3:
        return keys_hash_3(crypto, prf, skeyid_a, x->message_id, x->nonce_i, x->nonce_r, ret);
    case PROTECT_NONE:
    case PROTECT_ENCRYPTED:
        break;
    }
    cyg_unreachable();
}

enum cyg_code crypt_iv(const struct ike_sa *sa, const uint8_t last_block[IV_MAX],
                       uint32_t message_id, uint8_t ret[IV_MAX])
{
    CYG_CLEANUP(cyg_key_clear) struct cyg_key iv = { 0 };
    enum cyg_code code = keys_iv_phase2(
        sa->engine->providers.crypto, (enum cyg_alg)sa->keys->hash, (enum cyg_alg)sa->keys->cipher,
        (struct cyg_span){ last_block, sa->keys->block }, message_id, &iv);
    if (code == CYG_OK) {
        memcpy(ret, iv.data, iv.len);
    }
    return code;
}

const uint8_t *crypt_last_block(const struct ike_sa *sa)
{
    const struct exchange *x = sa->exchanges;
    while (x != NULL && !x->kind->phase1) {
        x = x->next;
    }
    return sa->keys->frozen || x == NULL ? sa->keys->iv : x->iv;
}
