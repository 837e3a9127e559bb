/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authentication with a pre-shared key, RFC 2409 5.4: who can compute the hash has the key. */
#include "auth_psk.h"

#include <string.h>

enum {
    METHOD_PSK = 1,   /* RFC 2409 App. A */
    PAYLOAD_HASH = 8, /* RFC 2408 3.1 */
};

/* SKEYID = prf(pre-shared-key, Ni_b | Nr_b). */
static enum cyg_code psk_skeyid(void *self, const struct cyg_auth_input *in, struct cyg_key *ret,
                                struct cyg_error *err)
{
    (void)self;
    if (in->psk.len == 0) { /* a key that everybody has */
        return CYG_FAIL(err, CYG_R_PSK_MISSING, .got = 0);
    }
    const struct cyg_alg_info *info = cyg_alg_info(in->prf);
    if (info == NULL || info->kind != CYG_ALG_KIND_INTEG || info->mac_out > sizeof ret->data) {
        return CYG_FAIL(err, CYG_R_ALG_NOT_PROVIDED, .got_quote = cyg_quote_text("this hash"));
    }
    const struct cyg_span nonces[] = { in->nonce_i, in->nonce_r };
    CYG_CLEANUP(cyg_key_clear) struct cyg_key skeyid = { .len = info->mac_out };
    enum cyg_code code =
        cyg_mac_once(in->crypto, in->prf, in->psk, nonces, CYG_LEN(nonces), skeyid.data);
    if (code == CYG_UNSUPPORTED) {
        return CYG_FAIL(err, CYG_R_ALG_NOT_PROVIDED, .got_quote = cyg_quote_text(info->keyword));
    }
    if (code != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text(info->keyword));
    }
    *ret = skeyid;
    return CYG_OK;
}

/* The proof is the hash itself. */
static enum cyg_code psk_prove(void *self, const struct cyg_auth_input *in, struct cyg_span hash,
                               uint8_t *out, size_t size, size_t *ret_len, struct cyg_error *err)
{
    (void)self;
    (void)in;
    if (hash.len == 0 || hash.len > size) {
        return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("no room for the hash"));
    }
    memcpy(out, hash.data, hash.len);
    *ret_len = hash.len;
    return CYG_OK;
}

/* Full length first: a hash cut to nothing fits any. Then in constant time. */
static enum cyg_code psk_verify(void *self, const struct cyg_auth_input *in, struct cyg_span hash,
                                struct cyg_span proof, struct cyg_error *err)
{
    (void)self;
    (void)in;
    if (hash.len == 0) {
        return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("no hash to compare"));
    }
    if (proof.len != hash.len) {
        return CYG_FAIL(err, CYG_R_AUTH_HASH_SIZE, .payload = PAYLOAD_HASH, .got = proof.len,
                        .want = hash.len);
    }
    if (!cyg_equal_ct(hash, proof)) {
        return CYG_FAIL(err, CYG_R_AUTH_HASH_WRONG, .payload = PAYLOAD_HASH);
    }
    return CYG_OK;
}

const struct cyg_auth_ops auth_psk_ops = {
    .size = sizeof(struct cyg_auth_ops),
    .method = METHOD_PSK,
    .payload = PAYLOAD_HASH,
    .needs_psk = true,
    .skeyid = psk_skeyid,
    .prove = psk_prove,
    .verify = psk_verify,
};
