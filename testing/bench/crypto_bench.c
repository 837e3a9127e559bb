/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an operation of crypto-gnutls costs, next to the bare operation of the library below in the
 * same run: the machine's mood is the same for both. CPU time of the thread; of several rounds the
 * fastest, each of at least 20 ms.
 *   testing/bench/crypto_bench [WORD]   only rows whose name contains the word */
#include "unit/crypto_gnutls/crypto.h"

#include "crypto_gnutls/provider.h"

#include <gnutls/crypto.h>
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT 1400u /* a full packet of ESP */

/* What the operations work on; each takes what it needs. */
struct bench {
    enum cyg_alg alg;
    const struct cyg_group_ops *group;
    void *self;
    struct cyg_secret private_value;
    uint8_t random[128], public_value[CYG_SECRET_MAX];
    size_t public_len, random_len;
    const struct cyg_cipher_ops *cipher;
    const struct cyg_mac_ops *mac;
    void *ctx, *bare;
    uint8_t text[TEXT + 16], key[32], out[CYG_SECRET_MAX];
    struct ecc_scalar scalar;
    struct ecc_point point;
    bool failed; /* an operation has said so */
};

typedef void operation(struct bench *b);

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* How often to run it so that a round takes 20 ms. */
static unsigned rounds_of(operation *run, struct bench *b)
{
    unsigned count = 1;
    for (;;) {
        double begin = seconds();
        for (unsigned i = 0; i < count; i++) {
            run(b);
        }
        if (seconds() - begin > 0.02 || count >= 1u << 24) {
            return count;
        }
        count *= 2;
    }
}

/* Microseconds of one operation in one round. */
static double round_cost(operation *run, unsigned count, struct bench *b)
{
    double begin = seconds();
    for (unsigned i = 0; i < count; i++) {
        run(b);
    }
    return (seconds() - begin) / count * 1e6;
}

/* Rounds of ours and of the bare operation by turns. bare may be NULL. */
static void row(const char *name, operation *ours, operation *bare, const char *library,
                struct bench *b)
{
    unsigned count = rounds_of(ours, b), bare_count = bare != NULL ? rounds_of(bare, b) : 0;
    double us = 1e9, bare_us = 1e9;
    for (int i = 0; i < 9; i++) {
        double this_us = round_cost(ours, count, b);
        us = this_us < us ? this_us : us;
        if (bare != NULL) {
            this_us = round_cost(bare, bare_count, b);
            bare_us = this_us < bare_us ? this_us : bare_us;
        }
    }
    printf("%-36s %10.3f us", name, us);
    if (bare != NULL) {
        printf("   %-22s %10.3f us   %5.2f", library, bare_us, us / bare_us);
    }
    printf("%s\n", b->failed ? "   FAILED" : "");
}

/* ---- groups ---- */

static void generate(struct bench *b)
{
    uint8_t public_value[CYG_SECRET_MAX];
    b->failed |= b->group->generate(b->self, b->alg, (struct cyg_span){ b->random, b->random_len },
                                    &b->private_value, public_value)
                 != CYG_OK;
}

static void shared(struct bench *b)
{
    CYG_CLEANUP(cyg_secret_clear) struct cyg_secret secret;
    b->failed |=
        b->group->shared(b->self, b->alg, &b->private_value,
                         (struct cyg_span){ b->public_value, b->public_len }, &secret, NULL)
        != CYG_OK;
}

static const struct modp_group *modp(const struct bench *b)
{
    const struct crypto_gnutls *provider = b->self;
    for (size_t i = 0; i < MODP_GROUPS; i++) {
        if (provider->modp[i].alg == b->alg) {
            return &provider->modp[i];
        }
    }
    abort();
}

/* GMP's constant-time power with the same exponent. */
static void bare_powm(struct bench *b)
{
    const struct modp_group *g = modp(b);
    mp_limb_t base[NUMBER_LIMBS], exponent[NUMBER_LIMBS], result[NUMBER_LIMBS];
    static mp_limb_t scratch[65536];
    const mp_size_t n = (mp_size_t)g->n;
    const mp_bitcnt_t bits = g->exponent_bytes * 8;
    if (mpn_sec_powm_itch(n, bits, n) > (mp_size_t)CYG_LEN(scratch)) {
        abort();
    }
    number_of_bytes(base, g->n, (struct cyg_span){ b->public_value, b->public_len });
    number_of_bytes(exponent, number_limbs(g->exponent_bytes), cyg_secret_span(&b->private_value));
    mpn_sec_powm(result, base, n, exponent, bits, g->prime, n, scratch);
}

static void build_table(struct bench *b)
{
    free(modp_table_build(modp(b)));
}

static void bare_point_mul_g(struct bench *b)
{
    ecc_point_mul_g(&b->point, &b->scalar);
}

static void bare_point_mul(struct bench *b)
{
    ecc_point_mul(&b->point, &b->scalar, &b->point);
}

static void bare_x25519_g(struct bench *b)
{
    curve25519_mul_g(b->out, b->random);
}

static void bare_x25519(struct bench *b)
{
    curve25519_mul(b->out, b->random, b->public_value);
}

static void bare_curve(struct bench *b)
{
    const struct ecc_curve *curve = b->alg == CYG_ALG_ECP256   ? nettle_get_secp_256r1()
                                    : b->alg == CYG_ALG_ECP384 ? nettle_get_secp_384r1()
                                                               : nettle_get_secp_521r1();
    mpz_t scalar;
    mpz_init(scalar);
    mpz_import(scalar, b->private_value.len, 1, 1, 1, 0, b->private_value.data);
    ecc_scalar_init(&b->scalar, curve);
    ecc_point_init(&b->point, curve);
    b->failed |= ecc_scalar_set(&b->scalar, scalar) == 0;
    ecc_point_mul_g(&b->point, &b->scalar);
    mpz_clear(scalar);
}

static void bench_group(enum cyg_alg alg, const char *word)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    const struct cyg_provider *provider = &test_crypto()->group[alg];
    struct bench b = { .alg = alg, .group = provider->ops, .self = provider->self };
    char name[64];
    if (strstr(info->keyword, word) == NULL) {
        return;
    }
    b.public_len = info->public_bytes;
    b.random_len = b.group->random_bytes(b.self, alg);
    for (size_t i = 0; i < b.random_len; i++) {
        b.random[i] = (uint8_t)(i * 151 + 77);
    }
    for (int i = 0; i < 16; i++) { /* so that the table is there */
        b.failed |= b.group->generate(b.self, alg, (struct cyg_span){ b.random, b.random_len },
                                      &b.private_value, b.public_value)
                    != CYG_OK;
    }
    bool is_modp = info->group_kind == CYG_GROUP_MODP, is_ecp = info->group_kind == CYG_GROUP_ECP;
    if (is_ecp) {
        bare_curve(&b);
    }
    snprintf(name, sizeof name, "%s generate", info->keyword);
    row(name, generate,
        is_modp  ? bare_powm
        : is_ecp ? bare_point_mul_g
                 : bare_x25519_g,
        is_modp  ? "mpn_sec_powm"
        : is_ecp ? "ecc_point_mul_g"
                 : "curve25519_mul_g",
        &b);
    snprintf(name, sizeof name, "%s shared, value checked", info->keyword);
    row(name, shared,
        is_modp  ? bare_powm
        : is_ecp ? bare_point_mul
                 : bare_x25519,
        is_modp  ? "mpn_sec_powm"
        : is_ecp ? "ecc_point_mul"
                 : "curve25519_mul",
        &b);
    if (is_modp) {
        snprintf(name, sizeof name, "%s table, once", info->keyword);
        row(name, build_table, NULL, NULL, &b);
    }
    if (is_ecp) {
        ecc_scalar_clear(&b.scalar);
        ecc_point_clear(&b.point);
    }
}

/* ---- symmetric ---- */

static const uint8_t nonce[16] = { 1, 2, 3 };

static void mac_once(struct bench *b)
{
    const struct cyg_span text = { b->text, 100 };
    b->failed |=
        cyg_mac_once(test_crypto(), b->alg, cyg_span_of_array(b->key), &text, 1, b->out) != CYG_OK;
}

static void bare_mac_once(struct bench *b)
{
    gnutls_hmac_fast(GNUTLS_MAC_SHA256, b->key, sizeof b->key, b->text, 100, b->out);
}

static void mac_again(struct bench *b)
{
    const struct cyg_span text = { b->text, 100 };
    b->failed |= b->mac->compute(b->ctx, &text, 1, b->out) != CYG_OK;
}

static void bare_mac_again(struct bench *b)
{
    hmac_sha256_update(b->bare, 100, b->text);
    hmac_sha256_digest(b->bare, SHA256_DIGEST_SIZE, b->out);
}

static void bench_mac(const char *word)
{
    struct hmac_sha256_ctx bare;
    struct bench b = { .alg = CYG_ALG_SHA256, .bare = &bare };
    if (strstr("hmac sha256", word) == NULL) {
        return;
    }
    hmac_sha256_set_key(&bare, sizeof b.key, b.key);
    b.failed |=
        cyg_mac_new(test_crypto(), b.alg, cyg_span_of_array(b.key), &b.mac, &b.ctx) != CYG_OK;
    row("hmac sha256 100 bytes, new key", mac_once, bare_mac_once, "gnutls_hmac_fast", &b);
    row("hmac sha256 100 bytes, same key", mac_again, bare_mac_again, "hmac_sha256_update", &b);
    b.mac->ctx_free(b.ctx);
}

static void seal(struct bench *b)
{
    b->failed |=
        b->cipher->seal(b->ctx, (struct cyg_span){ nonce, 12 }, (struct cyg_span){ nonce, 8 },
                        b->text, b->text, TEXT, b->text + TEXT, 16)
        != CYG_OK;
}

static void bare_seal(struct bench *b)
{
    size_t len = TEXT + 16;
    gnutls_aead_cipher_encrypt(b->bare, nonce, 12, nonce, 8, 16, b->text, TEXT, b->text, &len);
}

/* Open what was sealed before, not in place, so that it stays. */
static void open_sealed(struct bench *b)
{
    uint8_t out[TEXT];
    b->failed |=
        b->cipher->open(b->ctx, (struct cyg_span){ nonce, 12 }, (struct cyg_span){ nonce, 8 },
                        b->text, out, TEXT, b->text + TEXT, 16)
        != CYG_OK;
}

static void bare_open(struct bench *b)
{
    uint8_t out[TEXT];
    size_t len = TEXT;
    gnutls_aead_cipher_decrypt(b->bare, nonce, 12, nonce, 8, 16, b->text, TEXT + 16, out, &len);
}

static void bench_gcm(enum cyg_alg alg, gnutls_cipher_algorithm_t id, const char *word)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    struct bench b = { .alg = alg };
    gnutls_aead_cipher_hd_t bare;
    gnutls_datum_t key = { b.key, info->key_bits / 8u };
    char name[64];
    if (strstr(info->keyword, word) == NULL || gnutls_aead_cipher_init(&bare, id, &key) < 0) {
        return;
    }
    b.bare = bare;
    b.failed |=
        cyg_cipher_new(test_crypto(), alg, (struct cyg_span){ b.key, key.size }, &b.cipher, &b.ctx)
        != CYG_OK;
    snprintf(name, sizeof name, "%s seal %u bytes", info->keyword, TEXT);
    row(name, seal, bare_seal, "gnutls_aead_encrypt", &b);
    seal(&b);
    snprintf(name, sizeof name, "%s open %u bytes", info->keyword, TEXT);
    row(name, open_sealed, bare_open, "gnutls_aead_decrypt", &b);
    b.cipher->ctx_free(b.ctx);
    gnutls_aead_cipher_deinit(bare);
}

static void cbc_once(struct bench *b)
{
    b->failed |= cyg_cbc_once(test_crypto(), b->alg, true, cyg_span_of_array(b->key),
                              (struct cyg_span){ nonce, 16 }, b->text, b->text, 128)
                 != CYG_OK;
}

static void cbc_again(struct bench *b)
{
    b->failed |= b->cipher->encrypt(b->ctx, (struct cyg_span){ nonce, 16 }, b->text, b->text, 1392)
                 != CYG_OK;
}

static void bare_cbc_again(struct bench *b)
{
    uint8_t iv[16] = { 0 };
    gnutls_cipher_set_iv(b->bare, iv, sizeof iv);
    gnutls_cipher_encrypt2(b->bare, b->text, 1392, b->text, 1392);
}

static void bench_cbc(const char *word)
{
    struct bench b = { .alg = CYG_ALG_AES256 };
    gnutls_cipher_hd_t bare;
    gnutls_datum_t key = { b.key, sizeof b.key };
    if (strstr("aes256", word) == NULL
        || gnutls_cipher_init(&bare, GNUTLS_CIPHER_AES_256_CBC, &key, NULL) < 0) {
        return;
    }
    b.bare = bare;
    b.failed |=
        cyg_cipher_new(test_crypto(), b.alg, cyg_span_of_array(b.key), &b.cipher, &b.ctx) != CYG_OK;
    row("aes256 encrypt 1392 bytes", cbc_again, bare_cbc_again, "gnutls_cipher_encrypt2", &b);
    row("aes256 encrypt 128 bytes, new key", cbc_once, NULL, NULL, &b);
    b.cipher->ctx_free(b.ctx);
    gnutls_cipher_deinit(bare);
}

static void random_32(struct bench *b)
{
    const struct cyg_rng_ops *rng = test_crypto()->rng.ops;
    b->failed |= rng->fill(test_crypto()->rng.self, b->out, 32) != CYG_OK;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    struct bench b = { 0 };
    printf("%-36s %10s      %-22s %10s      %s\n", "operation", "ours", "bare library", "bare",
           "ours/bare");
    for (enum cyg_alg alg = CYG_ALG_MODP768; alg < CYG_ALG_COUNT; alg++) {
        bench_group(alg, word);
    }
    bench_mac(word);
    bench_gcm(CYG_ALG_AES128GCM16, GNUTLS_CIPHER_AES_128_GCM, word);
    bench_gcm(CYG_ALG_AES256GCM16, GNUTLS_CIPHER_AES_256_GCM, word);
    bench_cbc(word);
    if (strstr("random", word) != NULL) {
        row("random 32 bytes", random_32, NULL, NULL, &b);
    }
    return 0;
}
