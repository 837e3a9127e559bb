/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authentication with a pre-shared key for simulations, RFC 2409 5.4, as the plugin auth-psk does
 * it: written again, so that the simulation needs no plugin and each checks the other. */
#include "simulation/sim_internal.h"

static enum cyg_code psk_skeyid(void *self, const struct cyg_auth_input *in, struct cyg_key *ret,
                                struct cyg_error *err)
{
    (void)self;
    const struct cyg_alg_info *prf = cyg_alg_info(in->prf);
    const struct cyg_span nonces[] = { in->nonce_i, in->nonce_r };
    if (prf == NULL || in->psk.len == 0) {
        return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("no PRF or no key"));
    }
    enum cyg_code code =
        cyg_mac_once(in->crypto, in->prf, in->psk, nonces, CYG_LEN(nonces), ret->data);
    if (code == CYG_OK) {
        ret->len = prf->mac_out;
    }
    return code;
}

static enum cyg_code psk_prove(void *self, const struct cyg_auth_input *in, struct cyg_span hash,
                               uint8_t *out, size_t size, size_t *ret_len, struct cyg_error *err)
{
    (void)self;
    (void)in;
    if (hash.len > size) {
        return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("no room for a hash"));
    }
    memcpy(out, hash.data, hash.len);
    *ret_len = hash.len;
    return CYG_OK;
}

static enum cyg_code psk_verify(void *self, const struct cyg_auth_input *in, struct cyg_span hash,
                                struct cyg_span proof, struct cyg_error *err)
{
    (void)self;
    (void)in;
    if (proof.len != hash.len || !cyg_equal_ct(proof, hash)) {
        return CYG_FAIL(err, CYG_R_AUTH_HASH_WRONG, .got = proof.len, .want = hash.len);
    }
    return CYG_OK;
}

const struct cyg_auth_ops *sim_auth_psk(void)
{
    static const struct cyg_auth_ops ops = { .size = sizeof(ops),
                                             .method = 1,
                                             .payload = 8,
                                             .needs_psk = true,
                                             .skeyid = psk_skeyid,
                                             .prove = psk_prove,
                                             .verify = psk_verify };
    return &ops;
}
