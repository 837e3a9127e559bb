/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The known-answer tests find providers that are wrong in one way each; and calls through struct
 * cyg_crypto. That right providers pass is seen in testing/unit/crypto_gnutls. */
#include "unit/test.h"

#include "kat_internal.h"

#include <string.h>

/* ---- vectors ---- */

static void test_every_algorithm_has_a_vector(void **state)
{
    (void)state;
    for (enum cyg_alg id = CYG_ALG_NONE + 1; id < CYG_ALG_COUNT; id++) {
        const struct cyg_alg_info *row = cyg_alg_info(id);
        size_t n = 0;
        for (size_t i = 0; kat_ciphers[i].alg != CYG_ALG_NONE; i++) {
            if (kat_ciphers[i].alg == id) {
                n++;
                assert_int_equal(strlen(kat_ciphers[i].key), row->key_bits / 4);
                assert_int_equal(strlen(kat_ciphers[i].plain), strlen(kat_ciphers[i].cipher));
                assert_int_equal(kat_ciphers[i].tag != NULL, row->icv > 0);
            }
        }
        size_t hashes = 0, macs = 0;
        for (size_t i = 0; kat_hashes[i].alg != CYG_ALG_NONE; i++) {
            hashes += kat_hashes[i].alg == id;
        }
        for (size_t i = 0; kat_macs[i].alg != CYG_ALG_NONE; i++) {
            macs += kat_macs[i].alg == id;
        }
        for (size_t i = 0; kat_groups[i].alg != CYG_ALG_NONE; i++) {
            if (kat_groups[i].alg == id) {
                n++;
                assert_int_equal(strlen(kat_groups[i].peer), 2 * row->public_bytes);
                assert_int_equal(strlen(kat_groups[i].shared), 2 * row->secret_bytes);
                assert_int_equal(kat_groups[i].prime != NULL, row->group_kind == CYG_GROUP_MODP);
            }
        }
        if (row->kind == CYG_ALG_KIND_INTEG) {
            assert_int_equal(hashes > 0, row->mac == id);
            assert_int_equal(macs > 0, row->mac == id);
        } else {
            assert_true(n > 0);
        }
    }
}

/* ---- providers that give out the right answers, but for one fault ---- */

enum fault {
    FAULT_NONE = 0,
    FAULT_CONTEXT,
    FAULT_ENCRYPT,
    FAULT_IV,
    FAULT_DECRYPT,
    FAULT_TAG,
    FAULT_TAKES_TAG,
    FAULT_TAKES_TEXT,
    FAULT_FIRST_PART,
    FAULT_SECOND_USE,
};

struct fake {
    enum fault fault;
    enum cyg_alg alg;
    unsigned uses;
};

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static void from_hex(const char *hex, uint8_t *out)
{
    for (; *hex != '\0'; hex += 2) {
        *out++ = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
    }
}

static const struct kat_cipher *cipher_row(enum cyg_alg alg)
{
    const struct kat_cipher *row = kat_ciphers;
    while (row->alg != alg) {
        row++;
    }
    return row;
}

static enum cyg_code fake_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    struct fake *f = self;
    (void)key;
    f->alg = alg;
    f->uses = 0;
    *ret_ctx = f;
    return f->fault == FAULT_CONTEXT ? CYG_INTERNAL : CYG_OK;
}

static void fake_free(void *ctx)
{
    assert_non_null(ctx);
}

static enum cyg_code fake_encrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                  size_t len)
{
    struct fake *f = ctx;
    (void)in;
    (void)len;
    from_hex(cipher_row(f->alg)->cipher, out);
    out[0] ^= f->fault == FAULT_ENCRYPT;
    if (f->fault == FAULT_IV) { /* as a library that chains in place would */
        uint8_t byte = iv.data[0];
        memset((void *)(uintptr_t)iv.data, byte + 1, 1);
    }
    return CYG_OK;
}

static enum cyg_code fake_decrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                  size_t len)
{
    struct fake *f = ctx;
    (void)iv;
    (void)in;
    (void)len;
    from_hex(cipher_row(f->alg)->plain, out);
    out[0] ^= f->fault == FAULT_DECRYPT;
    return CYG_OK;
}

static enum cyg_code fake_seal(void *ctx, struct cyg_span nonce, struct cyg_span aad,
                               const uint8_t *in, uint8_t *out, size_t len, uint8_t *tag,
                               size_t tag_len)
{
    struct fake *f = ctx;
    (void)aad;
    fake_encrypt(ctx, nonce, in, out, len);
    from_hex(cipher_row(f->alg)->tag, tag);
    tag[tag_len - 1] ^= f->fault == FAULT_TAG;
    return CYG_OK;
}

static enum cyg_code fake_open(void *ctx, struct cyg_span nonce, struct cyg_span aad,
                               const uint8_t *in, uint8_t *out, size_t len, const uint8_t *tag,
                               size_t tag_len)
{
    struct fake *f = ctx;
    uint8_t right[64], text[256];
    (void)aad;
    from_hex(cipher_row(f->alg)->tag, right);
    from_hex(cipher_row(f->alg)->cipher, text);
    if ((memcmp(tag, right, tag_len) != 0 && f->fault != FAULT_TAKES_TAG)
        || (memcmp(in, text, len) != 0 && f->fault != FAULT_TAKES_TEXT)) {
        return CYG_REFUSED;
    }
    return fake_decrypt(ctx, nonce, in, out, len);
}

static const struct cyg_cipher_ops cipher_ops = { .size = sizeof cipher_ops,
                                                  .ctx_new = fake_new,
                                                  .ctx_free = fake_free,
                                                  .encrypt = fake_encrypt,
                                                  .decrypt = fake_decrypt,
                                                  .seal = fake_seal,
                                                  .open = fake_open };

/* Which row has this data? */
static size_t joined(const struct cyg_span *parts, size_t n, uint8_t out[256])
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(out + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return len;
}

static enum cyg_code fake_digest(void *self, enum cyg_alg alg, const struct cyg_span *parts,
                                 size_t n, uint8_t *out)
{
    struct fake *f = self;
    uint8_t data[256], row_data[256];
    size_t len = joined(parts, f->fault == FAULT_FIRST_PART ? 1 : n, data);
    memset(out, 0, cyg_alg_info(alg)->mac_out);
    for (size_t i = 0; kat_hashes[i].alg != CYG_ALG_NONE; i++) {
        from_hex(kat_hashes[i].data, row_data);
        if (kat_hashes[i].alg == alg && strlen(kat_hashes[i].data) == 2 * len
            && memcmp(data, row_data, len) == 0) {
            from_hex(kat_hashes[i].digest, out);
        }
    }
    return CYG_OK;
}

static enum cyg_code fake_compute(void *ctx, const struct cyg_span *parts, size_t n, uint8_t *out)
{
    struct fake *f = ctx;
    uint8_t data[256], row_data[256];
    size_t len = joined(parts, f->fault == FAULT_FIRST_PART ? 1 : n, data);
    memset(out, 0, cyg_alg_info(f->alg)->mac_out);
    if (f->uses++ > 0 && f->fault == FAULT_SECOND_USE) {
        return CYG_OK;
    }
    for (size_t i = 0; kat_macs[i].alg != CYG_ALG_NONE; i++) {
        from_hex(kat_macs[i].data, row_data);
        if (kat_macs[i].alg == f->alg && strlen(kat_macs[i].data) == 2 * len
            && memcmp(data, row_data, len) == 0) {
            from_hex(kat_macs[i].mac, out);
        }
    }
    return CYG_OK;
}

static const struct cyg_hash_ops hash_ops = { sizeof hash_ops, fake_digest };
static const struct cyg_mac_ops mac_ops = { sizeof mac_ops, fake_new, fake_free, fake_compute };

static void assert_step(enum cyg_feature_type type, enum cyg_alg alg, const void *ops,
                        enum fault fault, const char *step)
{
    struct fake fake = { .fault = fault };
    struct cyg_error err = { 0 };
    enum cyg_code code = kat_run(type, alg, ops, &fake, &err);
    if (step == NULL) {
        assert_int_equal(code, CYG_OK);
        return;
    }
    assert_int_equal(code, CYG_INTERNAL);
    assert_int_equal(err.reason, CYG_R_KAT_FAILED);
    struct cyg_span got = { err.want_quote.data, err.want_quote.len };
    if (!cyg_span_equal(got, cyg_span_str(step))) {
        fail_msg("%s, not %.*s", step, (int)got.len, (const char *)got.data);
    }
}

static void test_wrong_ciphers_are_found(void **state)
{
    (void)state;
    static const struct {
        enum cyg_alg alg;
        enum fault fault;
        const char *step;
    } rows[] = {
        { CYG_ALG_AES128, FAULT_NONE, NULL },
        { CYG_ALG_AES256GCM16, FAULT_NONE, NULL },
        { CYG_ALG_AES128, FAULT_CONTEXT, "no context" },
        { CYG_ALG_AES192, FAULT_ENCRYPT, "encryption" },
        { CYG_ALG_3DES, FAULT_IV, "encryption changes the IV" },
        { CYG_ALG_DES, FAULT_DECRYPT, "decryption in place" },
        { CYG_ALG_AES128GCM16, FAULT_ENCRYPT, "sealing" },
        { CYG_ALG_AES128GCM16, FAULT_TAG, "sealing" },
        { CYG_ALG_AES192GCM16, FAULT_DECRYPT, "opening in place" },
        { CYG_ALG_AES192GCM16, FAULT_TAKES_TAG, "a wrong tag is taken" },
        { CYG_ALG_AES256GCM16, FAULT_TAKES_TEXT, "a changed text is taken" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        assert_step(CYG_FEATURE_CIPHER, rows[i].alg, &cipher_ops, rows[i].fault, rows[i].step);
    }
}

static void test_wrong_hashes_and_macs_are_found(void **state)
{
    (void)state;
    for (enum cyg_alg alg = CYG_ALG_MD5; alg <= CYG_ALG_SHA512; alg++) {
        if (cyg_alg_info(alg)->mac != alg) {
            continue;
        }
        assert_step(CYG_FEATURE_HASH, alg, &hash_ops, FAULT_NONE, NULL);
        assert_step(CYG_FEATURE_HASH, alg, &hash_ops, FAULT_FIRST_PART, "digest");
        assert_step(CYG_FEATURE_MAC, alg, &mac_ops, FAULT_NONE, NULL);
        assert_step(CYG_FEATURE_MAC, alg, &mac_ops, FAULT_CONTEXT, "no context");
        assert_step(CYG_FEATURE_MAC, alg, &mac_ops, FAULT_FIRST_PART, "MAC");
        assert_step(CYG_FEATURE_MAC, alg, &mac_ops, FAULT_SECOND_USE, "MAC with a used context");
    }
}

static void test_missing_functions_are_found(void **state)
{
    (void)state;
    static const struct cyg_cipher_ops no_cipher = { .size = sizeof no_cipher };
    static const struct cyg_cipher_ops no_aead = { .size = sizeof no_aead,
                                                   .ctx_new = fake_new,
                                                   .ctx_free = fake_free,
                                                   .encrypt = fake_encrypt,
                                                   .decrypt = fake_decrypt };
    static const struct cyg_hash_ops no_hash = { .size = sizeof no_hash };
    static const struct cyg_mac_ops no_mac = { .size = sizeof no_mac };
    static const struct cyg_group_ops no_group = { .size = sizeof no_group };
    static const struct cyg_rng_ops no_rng = { .size = sizeof no_rng };
    const char *step = "a function is missing";
    assert_step(CYG_FEATURE_CIPHER, CYG_ALG_AES128, &no_cipher, FAULT_NONE, step);
    assert_step(CYG_FEATURE_CIPHER, CYG_ALG_AES128GCM16, &no_aead, FAULT_NONE, step);
    assert_step(CYG_FEATURE_HASH, CYG_ALG_SHA1, &no_hash, FAULT_NONE, step);
    assert_step(CYG_FEATURE_MAC, CYG_ALG_SHA1, &no_mac, FAULT_NONE, step);
    assert_step(CYG_FEATURE_GROUP, CYG_ALG_ECP256, &no_group, FAULT_NONE, step);
    assert_step(CYG_FEATURE_RNG, CYG_ALG_NONE, &no_rng, FAULT_NONE, step);
}

/* ---- groups: the right shared secret, and a choice of what is taken all the same ---- */

enum group_fault {
    GROUP_FINE = 0,
    GROUP_WRONG_SECRET,
    GROUP_TAKES_SHORT,
    GROUP_TAKES_ZERO,
    GROUP_TAKES_ONE,
    GROUP_TAKES_P,
    GROUP_TAKES_MINUS_ONE,
    GROUP_TAKES_LARGE,
    GROUP_TAKES_ANY_POINT,
    GROUP_NO_RANDOM,
    GROUP_SAME_VALUE,
    GROUP_OWN_FAILS,
    GROUP_DISAGREES,
};

struct fake_group {
    enum group_fault fault;
    uint8_t made;
};

static const struct kat_group *group_row(enum cyg_alg alg)
{
    const struct kat_group *row = kat_groups;
    while (row->alg != alg) {
        row++;
    }
    return row;
}

static bool is_value(struct cyg_span value, const char *hex, uint8_t xor_last)
{
    uint8_t want[1024];
    if (hex == NULL || strlen(hex) != 2 * value.len || value.len == 0) {
        return false;
    }
    from_hex(hex, want);
    want[value.len - 1] ^= xor_last;
    return memcmp(value.data, want, value.len) == 0;
}

static bool is_filled(struct cyg_span value, uint8_t byte, uint8_t last)
{
    for (size_t i = 0; i + 1 < value.len; i++) {
        if (value.data[i] != byte) {
            return false;
        }
    }
    return value.len > 0 && value.data[value.len - 1] == last;
}

static size_t group_random(void *self, enum cyg_alg alg)
{
    struct fake_group *f = self;
    (void)alg;
    return f->fault == GROUP_NO_RANDOM ? 0 : 32;
}

/* Values of its own are marked by 0x77 in front, and by the random bytes' first. */
static enum cyg_code group_generate(void *self, enum cyg_alg alg, struct cyg_span random,
                                    struct cyg_secret *ret_private, uint8_t *ret_public)
{
    struct fake_group *f = self;
    uint8_t mark = f->fault == GROUP_SAME_VALUE ? 1 : random.data[0];
    memset(ret_public, 0, cyg_alg_info(alg)->public_bytes);
    ret_public[0] = 0x77;
    ret_public[1] = mark;
    return cyg_secret_set(ret_private, (struct cyg_span){ &mark, 1 });
}

static bool takes(const struct fake_group *f, const struct kat_group *row, struct cyg_span value)
{
    switch (f->fault) {
    case GROUP_TAKES_SHORT:
        return 2 * value.len < strlen(row->peer);
    case GROUP_TAKES_ZERO:
        return is_filled(value, 0, 0);
    case GROUP_TAKES_ONE:
        return is_filled(value, 0, 1);
    case GROUP_TAKES_P:
        return is_value(value, row->prime, 0);
    case GROUP_TAKES_MINUS_ONE:
        return is_value(value, row->prime, 1);
    case GROUP_TAKES_LARGE:
        return is_filled(value, 0xff, 0xff);
    case GROUP_TAKES_ANY_POINT:
        return is_value(value, row->peer, 1);
    case GROUP_FINE:
    case GROUP_WRONG_SECRET:
    case GROUP_NO_RANDOM:
    case GROUP_SAME_VALUE:
    case GROUP_OWN_FAILS:
    case GROUP_DISAGREES:
        break;
    }
    return false;
}

static enum cyg_code group_shared(void *self, enum cyg_alg alg,
                                  const struct cyg_secret *private_value, struct cyg_span value,
                                  struct cyg_secret *ret_shared, struct cyg_error *err)
{
    struct fake_group *f = self;
    const struct kat_group *row = group_row(alg);
    uint8_t secret[1024] = { 0 };
    size_t len = cyg_alg_info(alg)->secret_bytes;
    if (value.len > 1 && value.data[0] == 0x77 && value.len * 2 == strlen(row->peer)
        && !is_value(value, row->peer, 0)) {
        secret[0] = f->fault == GROUP_DISAGREES ? value.data[1]
                                                : (uint8_t)(value.data[1] + private_value->data[0]);
        return f->fault == GROUP_OWN_FAILS
                   ? CYG_INTERNAL
                   : cyg_secret_set(ret_shared, (struct cyg_span){ secret, len });
    }
    if (is_value(value, row->peer, 0)) {
        from_hex(row->shared, secret);
        /* Leading zeros cut off: the mistake that vectors with a zero in front are for. */
        size_t cut = f->fault == GROUP_WRONG_SECRET;
        return cyg_secret_set(ret_shared, (struct cyg_span){ secret + cut, len - cut });
    }
    if (takes(f, row, value)) {
        return CYG_OK;
    }
    return CYG_FAIL(err, CYG_R_DH_PUBLIC_BAD);
}

static const struct cyg_group_ops group_ops = { sizeof group_ops, group_random, group_generate,
                                                group_shared };

static void test_wrong_groups_are_found(void **state)
{
    (void)state;
    static const struct {
        enum cyg_alg alg;
        enum group_fault fault;
        const char *step;
    } rows[] = {
        { CYG_ALG_MODP2048, GROUP_FINE, NULL },
        { CYG_ALG_ECP521, GROUP_FINE, NULL },
        { CYG_ALG_CURVE25519, GROUP_FINE, NULL },
        { CYG_ALG_MODP768, GROUP_WRONG_SECRET, "shared secret" },
        { CYG_ALG_MODP1024, GROUP_TAKES_SHORT, "a public value that is too short is taken" },
        { CYG_ALG_MODP1536, GROUP_TAKES_ZERO, "0 is taken for a public value" },
        { CYG_ALG_MODP2048, GROUP_TAKES_ONE, "1 is taken for a public value" },
        { CYG_ALG_MODP3072, GROUP_TAKES_P, "p is taken for a public value" },
        { CYG_ALG_MODP4096, GROUP_TAKES_MINUS_ONE, "p-1 is taken for a public value" },
        { CYG_ALG_MODP8192, GROUP_TAKES_LARGE, "a public value above p is taken" },
        { CYG_ALG_ECP256, GROUP_TAKES_ANY_POINT, "a point off the curve is taken" },
        { CYG_ALG_ECP384, GROUP_TAKES_ZERO, "0 is taken for a public value" },
        { CYG_ALG_CURVE25519, GROUP_TAKES_ZERO, "0 is taken for a public value" },
        { CYG_ALG_CURVE25519, GROUP_WRONG_SECRET, "shared secret" },
        { CYG_ALG_MODP2048, GROUP_NO_RANDOM, "it wants no random bytes, or too many" },
        { CYG_ALG_MODP2048, GROUP_SAME_VALUE,
          "private values do not depend on the random bytes alone" },
        { CYG_ALG_MODP2048, GROUP_OWN_FAILS, "no secret from values of its own" },
        { CYG_ALG_MODP2048, GROUP_DISAGREES, "the two sides disagree" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct fake_group fake = { .fault = rows[i].fault };
        struct cyg_error err = { 0 };
        enum cyg_code code = kat_run(CYG_FEATURE_GROUP, rows[i].alg, &group_ops, &fake, &err);
        if (rows[i].step == NULL) {
            assert_int_equal(code, CYG_OK);
            continue;
        }
        struct cyg_span got = { err.want_quote.data, err.want_quote.len };
        if (code != CYG_INTERNAL || !cyg_span_equal(got, cyg_span_str(rows[i].step))) {
            fail_msg("row %zu: %.*s", i, (int)got.len, (const char *)got.data);
        }
    }
}

static enum cyg_code fill_failing(void *self, uint8_t *out, size_t len)
{
    (void)self;
    (void)out;
    (void)len;
    return CYG_INTERNAL;
}

static enum cyg_code fill_zero(void *self, uint8_t *out, size_t len)
{
    (void)self;
    memset(out, 0, len);
    return CYG_OK;
}

static enum cyg_code fill_same(void *self, uint8_t *out, size_t len)
{
    (void)self;
    memset(out, 0x5a, len);
    return CYG_OK;
}

static enum cyg_code fill_counting(void *self, uint8_t *out, size_t len)
{
    unsigned *next = self;
    memset(out, (int)++*next, len);
    return CYG_OK;
}

/* H-061 */
static void test_bad_random_numbers_are_found(void **state)
{
    (void)state;
    static const struct {
        struct cyg_rng_ops ops;
        const char *step;
    } rows[] = {
        { { sizeof(struct cyg_rng_ops), fill_failing }, "no random numbers" },
        { { sizeof(struct cyg_rng_ops), fill_zero }, "the numbers are not random" },
        { { sizeof(struct cyg_rng_ops), fill_same }, "the numbers are not random" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        assert_step(CYG_FEATURE_RNG, CYG_ALG_NONE, &rows[i].ops, FAULT_NONE, rows[i].step);
    }
    const struct cyg_rng_ops counting = { sizeof counting, fill_counting };
    unsigned next = 0;
    assert_int_equal(kat_run(CYG_FEATURE_RNG, CYG_ALG_NONE, &counting, &next, NULL), CYG_OK);
}

static void test_without_a_vector_nothing_is_taken(void **state)
{
    (void)state;
    struct fake fake = { FAULT_NONE, CYG_ALG_NONE, 0 };
    struct cyg_error err;
    assert_int_equal(kat_run(CYG_FEATURE_CIPHER, CYG_ALG_SHA1, &cipher_ops, &fake, &err),
                     CYG_UNSUPPORTED);
    assert_int_equal(err.reason, CYG_R_KAT_NONE);
    assert_int_equal(kat_run(CYG_FEATURE_STORE, CYG_ALG_NONE, &cipher_ops, &fake, &err),
                     CYG_UNSUPPORTED);
}

/* ---- struct cyg_crypto ---- */

static void test_calls_go_to_the_chosen_provider(void **state)
{
    (void)state;
    struct fake fake = { FAULT_NONE, CYG_ALG_NONE, 0 };
    struct cyg_crypto crypto = { .rng = { NULL, NULL, NULL } };
    const struct kat_cipher *row = cipher_row(CYG_ALG_AES128);
    const struct cyg_cipher_ops *cipher;
    const struct cyg_mac_ops *mac;
    struct cyg_span none = { NULL, 0 }, part = cyg_span_str("abc");
    uint8_t out[256], want[256];
    void *ctx;

    assert_false(cyg_crypto_has(&crypto, CYG_ALG_AES128));
    assert_int_equal(cyg_cipher_new(&crypto, CYG_ALG_AES128, none, &cipher, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(cyg_mac_new(&crypto, CYG_ALG_SHA1, none, &mac, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(cyg_hash_once(&crypto, CYG_ALG_SHA1, &part, 1, out), CYG_UNSUPPORTED);
    assert_int_equal(cyg_mac_once(&crypto, CYG_ALG_SHA1, none, &part, 1, out), CYG_UNSUPPORTED);
    assert_int_equal(cyg_cbc_once(&crypto, CYG_ALG_AES128, true, none, none, out, out, 16),
                     CYG_UNSUPPORTED);

    crypto.cipher[CYG_ALG_AES128] = (struct cyg_provider){ &cipher_ops, &fake, "fake" };
    crypto.mac[CYG_ALG_SHA256] = (struct cyg_provider){ &mac_ops, &fake, "fake" };
    assert_true(cyg_crypto_has(&crypto, CYG_ALG_AES128));
    assert_false(cyg_crypto_has(&crypto, CYG_ALG_SHA256)); /* phase 1 needs the hash too */
    assert_true(cyg_crypto_has(&crypto, CYG_ALG_SHA256_96));
    crypto.hash[CYG_ALG_SHA256] = (struct cyg_provider){ &hash_ops, &fake, "fake" };
    assert_true(cyg_crypto_has(&crypto, CYG_ALG_SHA256));
    assert_false(cyg_crypto_has(&crypto, CYG_ALG_MODP2048));
    crypto.group[CYG_ALG_MODP2048] = (struct cyg_provider){ &group_ops, NULL, "fake" };
    assert_true(cyg_crypto_has(&crypto, CYG_ALG_MODP2048));
    assert_false(cyg_crypto_has(&crypto, CYG_ALG_NONE));
    assert_false(cyg_crypto_has(&crypto, CYG_ALG_COUNT));

    assert_int_equal(cyg_hash_once(&crypto, CYG_ALG_SHA256, &part, 1, out), CYG_OK);
    from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", want);
    assert_memory_equal(out, want, 32);
    part = cyg_span_str("Hi There");
    assert_int_equal(cyg_mac_once(&crypto, CYG_ALG_SHA256_96, none, &part, 1, out), CYG_OK);
    from_hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", want);
    assert_memory_equal(out, want, 32); /* RFC 4231, of SHA256, whole */
    assert_int_equal(cyg_mac_once(&crypto, CYG_ALG_AES128, none, &part, 1, out), CYG_UNSUPPORTED);
    assert_int_equal(cyg_cbc_once(&crypto, CYG_ALG_AES128, true, none, none, out, out, 64), CYG_OK);
    from_hex(row->cipher, want);
    assert_memory_equal(out, want, 64);
    assert_int_equal(cyg_cbc_once(&crypto, CYG_ALG_AES128, false, none, none, out, out, 64),
                     CYG_OK);
    from_hex(row->plain, want);
    assert_memory_equal(out, want, 64);
    fake.fault = FAULT_CONTEXT;
    assert_int_equal(cyg_cbc_once(&crypto, CYG_ALG_AES128, true, none, none, out, out, 64),
                     CYG_INTERNAL);

    static const struct cyg_cipher_ops aead = { .size = sizeof aead,
                                                .ctx_new = fake_new,
                                                .ctx_free = fake_free,
                                                .seal = fake_seal,
                                                .open = fake_open };
    fake.fault = FAULT_NONE;
    crypto.cipher[CYG_ALG_AES128GCM16] = (struct cyg_provider){ &aead, &fake, "fake" };
    assert_int_equal(cyg_cbc_once(&crypto, CYG_ALG_AES128GCM16, true, none, none, out, out, 16),
                     CYG_UNSUPPORTED);
}

TEST_MAIN(cmocka_unit_test(test_every_algorithm_has_a_vector),
          cmocka_unit_test(test_wrong_ciphers_are_found),
          cmocka_unit_test(test_wrong_hashes_and_macs_are_found),
          cmocka_unit_test(test_missing_functions_are_found),
          cmocka_unit_test(test_wrong_groups_are_found),
          cmocka_unit_test(test_bad_random_numbers_are_found),
          cmocka_unit_test(test_without_a_vector_nothing_is_taken),
          cmocka_unit_test(test_calls_go_to_the_chosen_provider));
