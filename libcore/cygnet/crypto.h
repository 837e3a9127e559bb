/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crypto provider implements, and how the daemon and other plugins call it. Providers offer
 * features CYG_FEATURE_CIPHER, _HASH, _MAC, _GROUP with the keyword of algorithm.def as key, and
 * one CYG_FEATURE_RNG. Every algorithm has to pass known-answer tests in the loader before it may
 * be used. Ownership: a context belongs to who made it and is freed, wiped, by ctx_free of the same
 * ops. Units: bytes. Errors: CYG_INTERNAL when the library fails, CYG_UNSUPPORTED for an algorithm
 * not offered; output is not to be used then. Thread: ops may be called from any thread; one
 * context from one thread at a time. Sources: RFC 2409, 3602, 4106, 4868, 3526, 5903, 7748. */
#pragma once

#include <cygnet/algorithm.h>
#include <cygnet/secret.h>

/* Encryption. CBC ciphers implement encrypt and decrypt; AEAD ciphers implement seal and open. */
struct cyg_cipher_ops {
    size_t size; /* sizeof(struct cyg_cipher_ops) as the provider knows it */

    /* Make a context for a key of exactly the algorithm's length (key_bits / 8, without salt). */
    enum cyg_code (*ctx_new)(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx);

    /* Wipe and free; NULL is allowed. */
    void (*ctx_free)(void *ctx);

    /* CBC over whole blocks, len a multiple of the block; iv is one block and is not changed. in
     * and out are the same or do not overlap. */
    enum cyg_code (*encrypt)(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                             size_t len);
    enum cyg_code (*decrypt)(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                             size_t len);

    /* AEAD: nonce is salt and IV (12 bytes for GCM); tag is tag_len bytes, behind or apart from the
     * text. in and out are the same or do not overlap. open compares in constant time and returns
     * CYG_REFUSED, out not to be used, when the tag is wrong. */
    enum cyg_code (*seal)(void *ctx, struct cyg_span nonce, struct cyg_span aad, const uint8_t *in,
                          uint8_t *out, size_t len, uint8_t *tag, size_t tag_len);
    enum cyg_code (*open)(void *ctx, struct cyg_span nonce, struct cyg_span aad, const uint8_t *in,
                          uint8_t *out, size_t len, const uint8_t *tag, size_t tag_len);
};

struct cyg_hash_ops {
    size_t size;

    /* Hash the concatenation of n parts; out gets the algorithm's mac_out bytes. */
    enum cyg_code (*digest)(void *self, enum cyg_alg alg, const struct cyg_span *parts, size_t n,
                            uint8_t *out);
};

/* Keyed hash: HMAC with the row's hash (RFC 2104). Keys of any length, also longer than a block. */
struct cyg_mac_ops {
    size_t size;
    enum cyg_code (*ctx_new)(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx);
    void (*ctx_free)(void *ctx);

    /* MAC of the concatenation of n parts; out gets mac_out bytes. The context can be used again.
     */
    enum cyg_code (*compute)(void *ctx, const struct cyg_span *parts, size_t n, uint8_t *out);
};

/* Diffie-Hellman. Both functions are slow and are called from worker threads. A private value has
 * one form with every provider, so that known-answer tests can give one: MODP: the exponent, big
 * endian, 1 to public_bytes long; ECP: the scalar, big endian, secret_bytes long; Curve25519: the
 * 32 bytes of RFC 7748 5. Random bytes that are all zero are refused with CYG_INTERNAL (H-061). */
struct cyg_group_ops {
    size_t size;

    /* How many random bytes `generate` wants for this group. */
    size_t (*random_bytes)(void *self, enum cyg_alg alg);

    /* Make a private value out of random bytes (as many as random_bytes says; the same bytes give
     * the same value) and the public value, public_bytes long, as the KE payload carries it. */
    enum cyg_code (*generate)(void *self, enum cyg_alg alg, struct cyg_span random,
                              struct cyg_secret *ret_private, uint8_t *ret_public);

    /* Check the peer's public value (length; 1 < y < p-1 and y of the prime-order subgroup; on the
     * curve, not the neutral element: RFC 6989) and compute g^xy, secret_bytes long, leading zeros
     * kept. Refusals: CYG_R_DH_PUBLIC_SIZE, CYG_R_DH_PUBLIC_BAD. */
    enum cyg_code (*shared)(void *self, enum cyg_alg alg, const struct cyg_secret *private_value,
                            struct cyg_span peer_public, struct cyg_secret *ret_shared,
                            struct cyg_error *err);
};

/* Random numbers of a quality fit for keys. */
struct cyg_rng_ops {
    size_t size;
    enum cyg_code (*fill)(void *self, uint8_t *out, size_t len);
};

/* The providers chosen for each algorithm, as the registry resolved them. Immutable once the
 * plugins are loaded. Borrowed by everyone. */
struct cyg_provider {
    const void *ops; /* NULL: nobody provides it */
    void *self;
    const char *plugin; /* name of the providing plugin */
};

struct cyg_crypto {
    struct cyg_provider cipher[CYG_ALG_COUNT];
    struct cyg_provider hash[CYG_ALG_COUNT];
    struct cyg_provider mac[CYG_ALG_COUNT];
    struct cyg_provider group[CYG_ALG_COUNT];
    struct cyg_provider rng;
};

/* Calls through the table; CYG_UNSUPPORTED where nobody provides the algorithm. `mac` here takes
 * the row's own id: cyg_mac_once(SHA256_96) computes SHA256's MAC, out gets mac_out bytes
 * untruncated. */
CYG_PUBLIC bool cyg_crypto_has(const struct cyg_crypto *crypto, enum cyg_alg alg);
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_cipher_new(const struct cyg_crypto *crypto,
                                                     enum cyg_alg alg, struct cyg_span key,
                                                     const struct cyg_cipher_ops **ret_ops,
                                                     void **ret_ctx);
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_mac_new(const struct cyg_crypto *crypto, enum cyg_alg alg,
                                                  struct cyg_span key,
                                                  const struct cyg_mac_ops **ret_ops,
                                                  void **ret_ctx);
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_hash_once(const struct cyg_crypto *crypto,
                                                    enum cyg_alg alg, const struct cyg_span *parts,
                                                    size_t n, uint8_t *out);
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_mac_once(const struct cyg_crypto *crypto,
                                                   enum cyg_alg alg, struct cyg_span key,
                                                   const struct cyg_span *parts, size_t n,
                                                   uint8_t *out);
/* One-shot CBC, the context made and freed inside. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_cbc_once(const struct cyg_crypto *crypto,
                                                   enum cyg_alg alg, bool encrypt,
                                                   struct cyg_span key, struct cyg_span iv,
                                                   const uint8_t *in, uint8_t *out, size_t len);
