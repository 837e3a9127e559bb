/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ciphers and HMAC against published values: RFCs and NIST as strongSwan carries them, and
 * wycheproof. */
#include "unit/crypto_gnutls/crypto.h"
#include "vectors/vectors.h"

#include <string.h>

/* What a name of the sets is with us. */
struct name {
    const char *name;
    size_t key_bits; /* 0: any */
    enum cyg_alg alg;
};

static enum cyg_alg alg_of(const struct name *names, size_t n, const char *name, size_t key_bits)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i].name, name) == 0
            && (names[i].key_bits == 0 || names[i].key_bits == key_bits)) {
            return names[i].alg;
        }
    }
    return CYG_ALG_NONE;
}

static void run_mac(const json_t *v, enum cyg_alg alg, struct cyg_span data, struct cyg_span tag,
                    bool valid)
{
    uint8_t out[CYG_KEY_MAX];
    assert_int_equal(cyg_mac_once(test_crypto(), alg, vectors_bytes(v, "key"), &data, 1, out),
                     CYG_OK);
    struct cyg_span got = { out, cyg_alg_info(alg)->mac_out };
    assert_true(tag.len <= got.len);
    if (valid) {
        assert_bytes_equal(v, cyg_span_first(got, tag.len), tag);
    } else {
        assert_false(cyg_span_equal(cyg_span_first(got, tag.len), tag));
    }
}

static void run_cbc(const json_t *v, enum cyg_alg alg, struct cyg_span plain,
                    struct cyg_span cipher)
{
    uint8_t out[4096];
    struct cyg_span key = vectors_bytes(v, "key"), iv = vectors_bytes(v, "iv");
    const struct cyg_crypto *crypto = test_crypto();
    assert_true(plain.len <= sizeof out && plain.len == cipher.len);
    assert_int_equal(cyg_cbc_once(crypto, alg, true, key, iv, plain.data, out, plain.len), CYG_OK);
    assert_bytes_equal(v, ((struct cyg_span){ out, plain.len }), cipher);
    assert_int_equal(cyg_cbc_once(crypto, alg, false, key, iv, out, out, plain.len), CYG_OK);
    assert_bytes_equal(v, ((struct cyg_span){ out, plain.len }), plain);
}

struct aead {
    struct cyg_span key, nonce, aad, plain, cipher, tag;
};

/* Seal and open, in place and not, with the tag behind the text and apart. */
static void run_aead(const json_t *v, enum cyg_alg alg, const struct aead *a, bool valid)
{
    const struct cyg_cipher_ops *ops = NULL;
    void *ctx = NULL;
    uint8_t buffer[4096 + 16], text[4096 + 1], tag[16];
    assert_true(a->plain.len <= 4096 && a->tag.len <= sizeof tag);
    assert_int_equal(cyg_cipher_new(test_crypto(), alg, a->key, &ops, &ctx), CYG_OK);
    size_t len = a->plain.len, tag_len = a->tag.len;

    if (valid) {
        memcpy(buffer, a->plain.data, len);
        assert_int_equal(
            ops->seal(ctx, a->nonce, a->aad, buffer, buffer, len, buffer + len, tag_len), CYG_OK);
        assert_bytes_equal(v, ((struct cyg_span){ buffer, len }), a->cipher);
        assert_bytes_equal(v, ((struct cyg_span){ buffer + len, tag_len }), a->tag);
        assert_int_equal(ops->seal(ctx, a->nonce, a->aad, a->plain.data, text, len, tag, tag_len),
                         CYG_OK);
        assert_bytes_equal(v, ((struct cyg_span){ text, len }), a->cipher);
        assert_bytes_equal(v, ((struct cyg_span){ tag, tag_len }), a->tag);
    }
    enum cyg_code want = valid ? CYG_OK : CYG_REFUSED;
    memcpy(buffer, a->cipher.data, len);
    memcpy(buffer + len, a->tag.data, tag_len);
    assert_int_equal(
        ops->open(ctx, a->nonce, a->aad, a->cipher.data, text, len, a->tag.data, tag_len), want);
    assert_int_equal(ops->open(ctx, a->nonce, a->aad, buffer, buffer, len, buffer + len, tag_len),
                     want);
    if (valid) {
        assert_bytes_equal(v, ((struct cyg_span){ text, len }), a->plain);
        assert_bytes_equal(v, ((struct cyg_span){ buffer, len }), a->plain);
    }
    ops->ctx_free(ctx);
}

/* Names of strongSwan's sets. */
static const struct name names[] = {
    { "ENCR_DES", 64, CYG_ALG_DES },
    { "ENCR_3DES", 192, CYG_ALG_3DES },
    { "AUTH_HMAC_MD5_96", 0, CYG_ALG_MD5 },
    { "AUTH_HMAC_MD5_128", 0, CYG_ALG_MD5 },
    { "PRF_HMAC_MD5", 0, CYG_ALG_MD5 },
    { "AUTH_HMAC_SHA1_96", 0, CYG_ALG_SHA1 },
    { "AUTH_HMAC_SHA1_128", 0, CYG_ALG_SHA1 },
    { "AUTH_HMAC_SHA1_160", 0, CYG_ALG_SHA1 },
    { "PRF_HMAC_SHA1", 0, CYG_ALG_SHA1 },
    { "AUTH_HMAC_SHA2_256_128", 0, CYG_ALG_SHA256 },
    { "AUTH_HMAC_SHA2_384_192", 0, CYG_ALG_SHA384 },
    { "PRF_HMAC_SHA2_384", 0, CYG_ALG_SHA384 },
    { "AUTH_HMAC_SHA2_512_256", 0, CYG_ALG_SHA512 },
    { "PRF_HMAC_SHA2_512", 0, CYG_ALG_SHA512 },
    { "ENCR_AES_GCM_ICV16", 128 + 32, CYG_ALG_AES128GCM16 },
    { "ENCR_AES_GCM_ICV16", 192 + 32, CYG_ALG_AES192GCM16 },
    { "ENCR_AES_GCM_ICV16", 256 + 32, CYG_ALG_AES256GCM16 },
};

static void run_algorithm(const json_t *v, enum cyg_alg alg)
{
    const char *type = vectors_text(v, "type");
    if (strcmp(type, "mac") == 0) {
        run_mac(v, alg, vectors_bytes(v, "data"), vectors_bytes(v, "tag"), true);
    } else if (strcmp(type, "cipher") == 0) {
        run_cbc(v, alg, vectors_bytes(v, "plain"), vectors_bytes(v, "cipher"));
    } else {
        struct cyg_span key = vectors_bytes(v, "key"), iv = vectors_bytes(v, "iv");
        struct cyg_span cipher = vectors_bytes(v, "cipher");
        uint8_t nonce[12]; /* salt, which follows the key, then IV: RFC 4106 4 */
        assert_int_equal(iv.len, 8);
        memcpy(nonce, cyg_span_last(key, 4).data, 4);
        memcpy(nonce + 4, iv.data, 8);
        const struct aead a = { .key = cyg_span_first(key, key.len - 4),
                                .nonce = cyg_span_of_array(nonce),
                                .aad = vectors_bytes(v, "adata"),
                                .plain = vectors_bytes(v, "plain"),
                                .cipher = cyg_span_first(cipher, cipher.len - 16),
                                .tag = cyg_span_last(cipher, 16) };
        run_aead(v, alg, &a, true);
    }
}

static void test_algorithms(void **state)
{
    (void)state;
    size_t run = 0, other = 0, i;
    const json_t *v;
    const json_t *all = vectors_load("alg/algorithms.json", "vectors");
    json_array_foreach(all, i, v)
    {
        size_t bits = strlen(vectors_text(v, "key")) * 4;
        enum cyg_alg alg = alg_of(names, CYG_LEN(names), vectors_text(v, "alg"), bits);
        if (alg == CYG_ALG_NONE) {
            other++;
            continue;
        }
        run_algorithm(v, alg);
        vectors_release();
        run++;
    }
    vectors_end("alg/algorithms.json", run, other);
}

static void test_wycheproof_gcm(void **state)
{
    (void)state;
    static const struct name sizes[] = { { "", 128, CYG_ALG_AES128GCM16 },
                                         { "", 192, CYG_ALG_AES192GCM16 },
                                         { "", 256, CYG_ALG_AES256GCM16 } };
    size_t run = 0, other = 0, i, j;
    const json_t *group, *v;
    const json_t *all = vectors_load("wycheproof/aes_gcm_test.json", "testGroups");
    json_array_foreach(all, i, group)
    {
        enum cyg_alg alg = alg_of(sizes, CYG_LEN(sizes), "", vectors_number(group, "keySize"));
        assert_int_not_equal(alg, CYG_ALG_NONE);
        assert_int_equal(vectors_number(group, "tagSize"), 128);
        const json_t *tests = json_object_get(group, "tests");
        json_array_foreach(tests, j, v)
        {
            if (vectors_number(group, "ivSize") != 96) { /* ESP has no other */
                other++;
                continue;
            }
            const struct aead a = {
                .key = vectors_bytes(v, "key"),
                .nonce = vectors_bytes(v, "iv"),
                .aad = vectors_bytes(v, "aad"),
                .plain = vectors_bytes(v, "msg"),
                .cipher = vectors_bytes(v, "ct"),
                .tag = vectors_bytes(v, "tag"),
            };
            run_aead(v, alg, &a, strcmp(vectors_text(v, "result"), "valid") == 0);
            vectors_release();
            run++;
        }
    }
    vectors_end("wycheproof/aes_gcm_test.json", run, other);
}

/* Whether text ends in PKCS #5 padding as RFC 5652 6.3 has it. */
static bool is_padded(struct cyg_span text)
{
    uint8_t pad = text.len > 0 ? text.data[text.len - 1] : 0;
    if (pad == 0 || pad > 16 || pad > text.len) {
        return false;
    }
    for (size_t i = text.len - pad; i < text.len; i++) {
        if (text.data[i] != pad) {
            return false;
        }
    }
    return true;
}

/* The sets pad by PKCS #5, IKE does not: what is valid must decrypt to the message and its padding
 * and encrypt to the text; what is invalid must decrypt to something that is not padded so. */
static void test_wycheproof_cbc(void **state)
{
    (void)state;
    static const struct name sizes[] = { { "", 128, CYG_ALG_AES128 },
                                         { "", 192, CYG_ALG_AES192 },
                                         { "", 256, CYG_ALG_AES256 } };
    size_t run = 0, i, j;
    const json_t *group, *v;
    const json_t *all = vectors_load("wycheproof/aes_cbc_pkcs5_test.json", "testGroups");
    json_array_foreach(all, i, group)
    {
        enum cyg_alg alg = alg_of(sizes, CYG_LEN(sizes), "", vectors_number(group, "keySize"));
        const json_t *tests = json_object_get(group, "tests");
        json_array_foreach(tests, j, v)
        {
            uint8_t out[1024];
            struct cyg_span ct = vectors_bytes(v, "ct"), msg = vectors_bytes(v, "msg");
            assert_true(ct.len <= sizeof out);
            assert_int_equal(cyg_cbc_once(test_crypto(), alg, false, vectors_bytes(v, "key"),
                                          vectors_bytes(v, "iv"), ct.data, out, ct.len),
                             CYG_OK);
            const struct cyg_span padded = { out, ct.len };
            bool valid = strcmp(vectors_text(v, "result"), "valid") == 0;
            assert_int_equal(is_padded(padded), valid);
            if (valid) {
                assert_bytes_equal(v, cyg_span_first(padded, ct.len - out[ct.len - 1]), msg);
                run_cbc(v, alg, padded, ct);
            }
            vectors_release();
            run++;
        }
    }
    vectors_end("wycheproof/aes_cbc_pkcs5_test.json", run, 0);
}

static void run_wycheproof_hmac(const char *file, enum cyg_alg alg)
{
    size_t run = 0, i, j;
    const json_t *group, *v;
    const json_t *all = vectors_load(file, "testGroups");
    json_array_foreach(all, i, group)
    {
        const json_t *tests = json_object_get(group, "tests");
        json_array_foreach(tests, j, v)
        {
            run_mac(v, alg, vectors_bytes(v, "msg"), vectors_bytes(v, "tag"),
                    strcmp(vectors_text(v, "result"), "valid") == 0);
            vectors_release();
            run++;
        }
    }
    vectors_end(file, run, 0);
}

static void test_wycheproof_hmac_sha1(void **state)
{
    (void)state;
    run_wycheproof_hmac("wycheproof/hmac_sha1_test.json", CYG_ALG_SHA1);
}

static void test_wycheproof_hmac_sha256(void **state)
{
    (void)state;
    run_wycheproof_hmac("wycheproof/hmac_sha256_test.json", CYG_ALG_SHA256);
}

static void test_wycheproof_hmac_sha384(void **state)
{
    (void)state;
    run_wycheproof_hmac("wycheproof/hmac_sha384_test.json", CYG_ALG_SHA384);
}

static void test_wycheproof_hmac_sha512(void **state)
{
    (void)state;
    run_wycheproof_hmac("wycheproof/hmac_sha512_test.json", CYG_ALG_SHA512);
}

TEST_MAIN(cmocka_unit_test(test_algorithms), cmocka_unit_test(test_wycheproof_gcm),
          cmocka_unit_test(test_wycheproof_cbc), cmocka_unit_test(test_wycheproof_hmac_sha1),
          cmocka_unit_test(test_wycheproof_hmac_sha256),
          cmocka_unit_test(test_wycheproof_hmac_sha384),
          cmocka_unit_test(test_wycheproof_hmac_sha512));
