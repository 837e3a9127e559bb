/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hashes and keys of IKEv1, RFC 2409 5 and Appendix B. Every function here is one formula of
 * the RFC; the parts stand in its order. */
#include "keys.h"

#include <string.h>

/* A number as hashes take it: big endian. */
struct be32 {
    uint8_t bytes[4];
};

static struct be32 be32_of(uint32_t value)
{
    return (struct be32){ { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                            (uint8_t)value } };
}

/* Length of what a hash and its PRF give; 0 for what is no such algorithm. */
static size_t output_len(enum cyg_alg hash)
{
    const struct cyg_alg_info *info = cyg_alg_info(hash);
    if (info == NULL || info->kind != CYG_ALG_KIND_INTEG || info->mac_out > CYG_KEY_MAX) {
        return 0;
    }
    return info->mac_out;
}

/* prf(key, parts) as a key; *ret is empty on failure. */
static enum cyg_code prf_once(const struct cyg_crypto *crypto, enum cyg_alg prf,
                              struct cyg_span key, const struct cyg_span *parts, size_t n,
                              struct cyg_key *ret)
{
    cyg_key_clear(ret);
    size_t len = output_len(prf);
    if (len == 0) {
        return CYG_UNSUPPORTED;
    }
    enum cyg_code code = cyg_mac_once(crypto, prf, key, parts, n, ret->data);
    if (code != CYG_OK) {
        cyg_key_clear(ret);
        return code;
    }
    ret->len = (uint8_t)len;
    return CYG_OK;
}

/* hash(parts), at most the first max bytes of it. */
static enum cyg_code hash_once(const struct cyg_crypto *crypto, enum cyg_alg hash, size_t max,
                               const struct cyg_span *parts, size_t n, struct cyg_key *ret)
{
    cyg_key_clear(ret);
    size_t len = output_len(hash);
    if (len == 0) {
        return CYG_UNSUPPORTED;
    }
    enum cyg_code code = cyg_hash_once(crypto, hash, parts, n, ret->data);
    if (code != CYG_OK) {
        cyg_key_clear(ret);
        return code;
    }
    ret->len = (uint8_t)(len < max ? len : max);
    return CYG_OK;
}

/* One keyed hash for several computations, so that the key is set up once. */
struct prf {
    const struct cyg_mac_ops *ops;
    void *ctx;
    size_t len;
};

static void prf_clear(struct prf *prf)
{
    if (prf->ctx != NULL) {
        prf->ops->ctx_free(prf->ctx);
    }
    prf->ctx = NULL;
}

static enum cyg_code prf_init(struct prf *prf, const struct cyg_crypto *crypto, enum cyg_alg alg,
                              struct cyg_span key)
{
    prf->len = output_len(alg);
    if (prf->len == 0) {
        return CYG_UNSUPPORTED;
    }
    return cyg_mac_new(crypto, alg, key, &prf->ops, &prf->ctx);
}

/* len bytes of K1 | K2 | ..., K1 = prf(key, parts), Kn = prf(key, parts with Kn-1 as the first):
 * the form that Appendix B and KEYMAT share. Overwrites parts[0]. */
static enum cyg_code prf_chain(const struct prf *prf, struct cyg_span *parts, size_t n,
                               uint8_t *out, size_t len)
{
    CYG_CLEANUP(cyg_key_clear) struct cyg_key block = { .len = (uint8_t)prf->len };
    for (size_t done = 0; done < len;) {
        enum cyg_code code = prf->ops->compute(prf->ctx, parts, n, block.data);
        if (code != CYG_OK) {
            cyg_wipe(out, len);
            return code;
        }
        size_t take = len - done < prf->len ? len - done : prf->len;
        memcpy(out + done, block.data, take);
        done += take;
        parts[0] = cyg_key_span(&block);
    }
    parts[0] = (struct cyg_span){ NULL, 0 }; /* the block is gone now */
    return CYG_OK;
}

/* prf(SKEYID, [K |] g^xy | CKY-I | CKY-R | number), RFC 2409 5: previous is empty for SKEYID_d. */
static enum cyg_code derive_one(const struct prf *prf, struct cyg_span previous,
                                const struct cyg_span *parts, uint8_t number, struct cyg_key *ret)
{
    struct cyg_span all[] = { previous, parts[0], parts[1], parts[2], { &number, 1 } };
    enum cyg_code code = prf->ops->compute(prf->ctx, all, CYG_LEN(all), ret->data);
    ret->len = (uint8_t)prf->len;
    return code;
}

void keys_skeyid_clear(struct keys_skeyid *keys)
{
    cyg_wipe(keys, sizeof *keys);
}

enum cyg_code keys_derive(const struct cyg_crypto *crypto, enum cyg_alg prf, struct cyg_span skeyid,
                          struct cyg_span shared, struct cyg_span cookie_i,
                          struct cyg_span cookie_r, struct keys_skeyid *ret)
{
    keys_skeyid_clear(ret);
    CYG_CLEANUP(prf_clear) struct prf keyed = { 0 };
    enum cyg_code code = prf_init(&keyed, crypto, prf, skeyid);
    if (code != CYG_OK) {
        return code;
    }
    const struct cyg_span parts[] = { shared, cookie_i, cookie_r };
    code = derive_one(&keyed, (struct cyg_span){ NULL, 0 }, parts, 0, &ret->d);
    if (code == CYG_OK) {
        code = derive_one(&keyed, cyg_key_span(&ret->d), parts, 1, &ret->a);
    }
    if (code == CYG_OK) {
        code = derive_one(&keyed, cyg_key_span(&ret->a), parts, 2, &ret->e);
    }
    if (code != CYG_OK) {
        keys_skeyid_clear(ret);
    }
    return code;
}

enum cyg_code keys_expand(const struct cyg_crypto *crypto, enum cyg_alg prf,
                          struct cyg_span skeyid_e, uint8_t *out, size_t len)
{
    if (len <= skeyid_e.len) {
        if (len > 0) {
            memcpy(out, skeyid_e.data, len);
        }
        return CYG_OK;
    }
    CYG_CLEANUP(prf_clear) struct prf keyed = { 0 };
    enum cyg_code code = prf_init(&keyed, crypto, prf, skeyid_e);
    if (code != CYG_OK) {
        cyg_wipe(out, len);
        return code;
    }
    static const uint8_t zero[1];
    struct cyg_span parts[] = { cyg_span_of_array(zero) };
    return prf_chain(&keyed, parts, CYG_LEN(parts), out, len);
}

enum cyg_code keys_cipher(const struct cyg_crypto *crypto, enum cyg_alg prf, enum cyg_alg cipher,
                          struct cyg_span skeyid_e, struct cyg_key *ret)
{
    cyg_key_clear(ret);
    const struct cyg_alg_info *info = cyg_alg_info(cipher);
    if (info == NULL || info->kind != CYG_ALG_KIND_CIPHER || info->key_bits / 8u > CYG_KEY_MAX) {
        return CYG_UNSUPPORTED;
    }
    size_t len = info->key_bits / 8u;
    enum cyg_code code = keys_expand(crypto, prf, skeyid_e, ret->data, len);
    if (code == CYG_OK) {
        ret->len = (uint8_t)len;
    }
    return code;
}

/* The length of an IV of IKE's CBC ciphers, 0 for what is none. */
static size_t iv_len(enum cyg_alg cipher)
{
    const struct cyg_alg_info *info = cyg_alg_info(cipher);
    return info != NULL && info->kind == CYG_ALG_KIND_CIPHER && info->ike != 0 ? info->block : 0;
}

enum cyg_code keys_iv_phase1(const struct cyg_crypto *crypto, enum cyg_alg hash,
                             enum cyg_alg cipher, struct cyg_span public_i,
                             struct cyg_span public_r, struct cyg_key *ret)
{
    const struct cyg_span parts[] = { public_i, public_r };
    size_t len = iv_len(cipher);
    cyg_key_clear(ret);
    return len == 0 ? CYG_UNSUPPORTED : hash_once(crypto, hash, len, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_iv_phase2(const struct cyg_crypto *crypto, enum cyg_alg hash,
                             enum cyg_alg cipher, struct cyg_span last_block, uint32_t message_id,
                             struct cyg_key *ret)
{
    const struct be32 id = be32_of(message_id);
    const struct cyg_span parts[] = { last_block, cyg_span_of_array(id.bytes) };
    size_t len = iv_len(cipher);
    cyg_key_clear(ret);
    return len == 0 ? CYG_UNSUPPORTED : hash_once(crypto, hash, len, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_hash_i(const struct cyg_crypto *crypto, enum cyg_alg prf, struct cyg_span skeyid,
                          const struct keys_proof *proof, struct cyg_key *ret)
{
    const struct cyg_span parts[] = { proof->public_i, proof->public_r, proof->cookie_i,
                                      proof->cookie_r, proof->sa_i,     proof->id_i };
    return prf_once(crypto, prf, skeyid, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_hash_r(const struct cyg_crypto *crypto, enum cyg_alg prf, struct cyg_span skeyid,
                          const struct keys_proof *proof, struct cyg_key *ret)
{
    /* SAi_b here too: the initiator's, RFC 2409 5. */
    const struct cyg_span parts[] = { proof->public_r, proof->public_i, proof->cookie_r,
                                      proof->cookie_i, proof->sa_i,     proof->id_r };
    return prf_once(crypto, prf, skeyid, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_hash_1(const struct cyg_crypto *crypto, enum cyg_alg prf,
                          struct cyg_span skeyid_a, uint32_t message_id, struct cyg_span rest,
                          struct cyg_key *ret)
{
    const struct be32 id = be32_of(message_id);
    const struct cyg_span parts[] = { cyg_span_of_array(id.bytes), rest };
    return prf_once(crypto, prf, skeyid_a, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_hash_2(const struct cyg_crypto *crypto, enum cyg_alg prf,
                          struct cyg_span skeyid_a, uint32_t message_id, struct cyg_span nonce_i,
                          struct cyg_span rest, struct cyg_key *ret)
{
    const struct be32 id = be32_of(message_id);
    const struct cyg_span parts[] = { cyg_span_of_array(id.bytes), nonce_i, rest };
    return prf_once(crypto, prf, skeyid_a, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_hash_3(const struct cyg_crypto *crypto, enum cyg_alg prf,
                          struct cyg_span skeyid_a, uint32_t message_id, struct cyg_span nonce_i,
                          struct cyg_span nonce_r, struct cyg_key *ret)
{
    static const uint8_t zero[1];
    const struct be32 id = be32_of(message_id);
    const struct cyg_span parts[] = { cyg_span_of_array(zero), cyg_span_of_array(id.bytes), nonce_i,
                                      nonce_r };
    return prf_once(crypto, prf, skeyid_a, parts, CYG_LEN(parts), ret);
}

enum cyg_code keys_keymat(const struct cyg_crypto *crypto, enum cyg_alg prf,
                          struct cyg_span skeyid_d, const struct keys_keymat *in, uint8_t *out,
                          size_t len)
{
    CYG_CLEANUP(prf_clear) struct prf keyed = { 0 };
    enum cyg_code code = prf_init(&keyed, crypto, prf, skeyid_d);
    if (code != CYG_OK) {
        cyg_wipe(out, len);
        return code;
    }
    struct cyg_span parts[] = { { NULL, 0 } /* K1 has none before it */,
                                in->shared,
                                { &in->protocol, 1 },
                                in->spi,
                                in->nonce_i,
                                in->nonce_r };
    return prf_chain(&keyed, parts, CYG_LEN(parts), out, len);
}

enum cyg_code keys_nat_d(const struct cyg_crypto *crypto, enum cyg_alg hash,
                         struct cyg_span cookie_i, struct cyg_span cookie_r,
                         const struct cyg_address *endpoint, struct cyg_key *ret)
{
    const uint8_t port[] = { (uint8_t)(endpoint->port >> 8), (uint8_t)endpoint->port };
    const struct cyg_span parts[] = { cookie_i, cookie_r, cyg_address_span(endpoint),
                                      cyg_span_of_array(port) };
    return hash_once(crypto, hash, CYG_KEY_MAX, parts, CYG_LEN(parts), ret);
}
