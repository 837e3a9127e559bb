/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An authentication method of phase 1, feature CYG_FEATURE_AUTH with the ISAKMP authentication
 * method number as key ("1": pre-shared key). The engine computes HASH_I and HASH_R (RFC 2409 5);
 * the method says how SKEYID is made and how a hash is proved and checked. Thread: any; `slow`
 * methods are called on worker threads, the others on the engine's. */
#pragma once

#include <cygnet/crypto.h>
#include <cygnet/peer.h>

struct cyg_auth_input {
    const struct cyg_crypto *crypto;
    enum cyg_alg prf;                 /* INTEG id of the negotiated hash */
    struct cyg_span nonce_i, nonce_r; /* bodies, without generic header */
    struct cyg_span shared;           /* g^xy at full group length */
    struct cyg_span psk;              /* empty for methods without */
    const struct cyg_peer *peer;      /* NULL while not known */
    bool initiator;
};

struct cyg_auth_ops {
    size_t size;
    uint16_t method;
    uint8_t payload; /* that carries the proof: 8 HASH, 9 SIG */
    bool slow, needs_psk;

    /* SKEYID, RFC 2409 5: prf(psk, Ni_b | Nr_b) or prf(Ni_b | Nr_b, g^xy). */
    enum cyg_code (*skeyid)(void *self, const struct cyg_auth_input *in, struct cyg_key *ret,
                            struct cyg_error *err);

    /* Our proof over our hash; at most size bytes. */
    enum cyg_code (*prove)(void *self, const struct cyg_auth_input *in, struct cyg_span hash,
                           uint8_t *out, size_t size, size_t *ret_len, struct cyg_error *err);

    /* Check the peer's proof over its hash as we computed it. Full length first, constant time. */
    enum cyg_code (*verify)(void *self, const struct cyg_auth_input *in, struct cyg_span hash,
                            struct cyg_span proof, struct cyg_error *err);
};
