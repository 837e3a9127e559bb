/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hashes and keys of IKEv1: pure functions from spans to keys. No state, no allocation of their
 * own, no message: the caller names the exact bytes, which are always those sent and received,
 * never a re-encoding. "body" is a payload without its generic header (RFC 2409 3.2, "_b").
 * SKEYID itself depends on the authentication method and comes from it (cyg_auth_ops.skeyid).
 * Ownership: nothing is kept; a result is the caller's to wipe, key or hash alike (a hash that the
 * peer has to send is a secret until it came), and is never an input of the same call. Units:
 * bytes. `prf` and `hash` are the INTEG id of the negotiated hash. Errors: CYG_UNSUPPORTED when
 * nobody provides the algorithm, CYG_INTERNAL, CYG_NOMEM from the provider; the result is then
 * empty, output buffers are wiped.
 * Thread: any. Source: RFC 2409 5 and Appendix B, RFC 3947 3.2. */
#pragma once

#include <cygnet/address.h>
#include <cygnet/crypto.h>

/* The keys below SKEYID: for phase 2 keys, for authentication, for encryption. */
struct keys_skeyid {
    struct cyg_key d, a, e;
};

/* SKEYID_d, _a and _e of SKEYID, RFC 2409 5. shared is g^xy at full group length; cookies are
 * eight bytes each. */
CYG_MUST_USE enum cyg_code keys_derive(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid, struct cyg_span shared,
                                       struct cyg_span cookie_i, struct cyg_span cookie_r,
                                       struct keys_skeyid *ret);

/* Wipe. For CYG_CLEANUP too. */
void keys_skeyid_clear(struct keys_skeyid *keys);

/* The first len bytes of SKEYID_e, or of its expansion when it is too short: RFC 2409 App. B,
 * K1 = prf(SKEYID_e, 0), Kn = prf(SKEYID_e, Kn-1). Any len. */
CYG_MUST_USE enum cyg_code keys_expand(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid_e, uint8_t *out, size_t len);

/* The key of the IKE SA's cipher, as many bytes as its row says. */
CYG_MUST_USE enum cyg_code keys_cipher(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       enum cyg_alg cipher, struct cyg_span skeyid_e,
                                       struct cyg_key *ret);

/* The IV of the first encrypted message of phase 1: hash(g^xi | g^xr) cut to the cipher's block,
 * RFC 2409 App. B. public_i and public_r are the KE bodies. */
CYG_MUST_USE enum cyg_code keys_iv_phase1(const struct cyg_crypto *crypto, enum cyg_alg hash,
                                          enum cyg_alg cipher, struct cyg_span public_i,
                                          struct cyg_span public_r, struct cyg_key *ret);

/* The IV of the first message of any later exchange: hash(last block of phase 1 | M-ID) cut to the
 * cipher's block, RFC 2409 App. B. */
CYG_MUST_USE enum cyg_code keys_iv_phase2(const struct cyg_crypto *crypto, enum cyg_alg hash,
                                          enum cyg_alg cipher, struct cyg_span last_block,
                                          uint32_t message_id, struct cyg_key *ret);

/* What HASH_I and HASH_R cover, always in terms of the negotiation: i is the initiator. */
struct keys_proof {
    struct cyg_span public_i, public_r; /* KE bodies */
    struct cyg_span cookie_i, cookie_r;
    struct cyg_span sa_i; /* body of the initiator's SA payload, with every proposal it offered */
    struct cyg_span id_i, id_r; /* bodies; only that of the hash asked for is used */
};

/* HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b), RFC 2409 5. */
CYG_MUST_USE enum cyg_code keys_hash_i(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid, const struct keys_proof *proof,
                                       struct cyg_key *ret);

/* HASH_R = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b), RFC 2409 5. */
CYG_MUST_USE enum cyg_code keys_hash_r(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid, const struct keys_proof *proof,
                                       struct cyg_key *ret);

/* HASH(1) = prf(SKEYID_a, M-ID | rest), of quick mode, transaction and informational exchanges
 * (RFC 2409 5.5, 5.7). rest: the bytes behind the HASH payload to the end of the last payload,
 * generic headers included, padding not. */
CYG_MUST_USE enum cyg_code keys_hash_1(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid_a, uint32_t message_id,
                                       struct cyg_span rest, struct cyg_key *ret);

/* HASH(2) = prf(SKEYID_a, M-ID | Ni_b | rest), RFC 2409 5.5. */
CYG_MUST_USE enum cyg_code keys_hash_2(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid_a, uint32_t message_id,
                                       struct cyg_span nonce_i, struct cyg_span rest,
                                       struct cyg_key *ret);

/* HASH(3) = prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b), RFC 2409 5.5; 0 is one zero byte. */
CYG_MUST_USE enum cyg_code keys_hash_3(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid_a, uint32_t message_id,
                                       struct cyg_span nonce_i, struct cyg_span nonce_r,
                                       struct cyg_key *ret);

/* What the keys of one IPsec SA are made of, RFC 2409 5.5. */
struct keys_keymat {
    struct cyg_span shared;           /* g(qm)^xy of PFS at full group length; empty: no PFS */
    uint8_t protocol;                 /* of the proposal: 2 AH, 3 ESP */
    struct cyg_span spi;              /* of this direction: who receives with it has chosen it */
    struct cyg_span nonce_i, nonce_r; /* bodies, of the quick mode */
};

/* KEYMAT of one IPsec SA, len bytes, any: the cipher's key, its salt, then the integrity key
 * (RFC 2407 4.4, RFC 4106 8.1). */
CYG_MUST_USE enum cyg_code keys_keymat(const struct cyg_crypto *crypto, enum cyg_alg prf,
                                       struct cyg_span skeyid_d, const struct keys_keymat *in,
                                       uint8_t *out, size_t len);

/* NAT-D: hash(CKY-I | CKY-R | address | port), RFC 3947 3.2. cookie_r is eight zero bytes as long
 * as there is none. */
CYG_MUST_USE enum cyg_code keys_nat_d(const struct cyg_crypto *crypto, enum cyg_alg hash,
                                      struct cyg_span cookie_i, struct cyg_span cookie_r,
                                      const struct cyg_address *endpoint, struct cyg_key *ret);
