/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ciphers, hashes, HMAC and random numbers: published vectors, contexts used again, wrong use. */
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include "crypto_gnutls/provider.h"

#include <stdlib.h>
#include <string.h>

struct cipher_vector {
    const char *source;
    enum cyg_alg alg;
    const char *key, *iv, *plain, *cipher; /* of AEAD: cipher and tag */
    const char *aad;
};

static const struct cipher_vector vectors[] = {
    { "RFC 3602 4 case 1", CYG_ALG_AES128, "06a9214036b8a15b512e03d534120006",
      "3dafba429d9eb430b422da802c9fac41", "53696e676c6520626c6f636b206d7367",
      "e353779c1079aeb82708942dbe77181a", NULL },
    { "RFC 3602 4 case 2", CYG_ALG_AES128, "c286696d887c9aa0611bbb3e2025a45a",
      "562e17996d093d28ddb3ba695a2e6f58",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1", NULL },
    { "NIST SP 800-38A F.2.3", CYG_ALG_AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
      "000102030405060708090a0b0c0d0e0f",
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
      "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a", NULL },
    { "NIST SP 800-38A F.2.5", CYG_ALG_AES256,
      "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
      "000102030405060708090a0b0c0d0e0f",
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
      "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d", NULL },
    { "NIST 3DES MMT example 2", CYG_ALG_3DES, "37ae5ebf46dff2dc0754b94f31cbb3855e7fd36dc870bfae",
      "3d1de3cc132e3b65", "84401f78fe6c10876d8ea23094ea5309", "7b1f7c7e3b1c948ebd04a75ffba7d2f5",
      NULL },
    { "NESSIE DES set 8 vector 1", CYG_ALG_DES, "2bd6459f82c5b300", "0000000000000000",
      "b10f843097a0f932", "ea024714ad5c4d84", NULL },
    { "GCM specification case 1", CYG_ALG_AES128GCM16, "00000000000000000000000000000000",
      "000000000000000000000000", "", "58e2fccefa7e3061367f1d57a4e7455a", "" },
    { "GCM specification case 4", CYG_ALG_AES128GCM16, "feffe9928665731c6d6a8f9467308308",
      "cafebabefacedbaddecaf888",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
      "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
      "5bc94fbc3221a5db94fae95ae7121a47",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2" },
    { "GCM specification case 8", CYG_ALG_AES192GCM16,
      "000000000000000000000000000000000000000000000000", "000000000000000000000000",
      "00000000000000000000000000000000",
      "98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb", "" },
    { "GCM specification case 14", CYG_ALG_AES256GCM16,
      "0000000000000000000000000000000000000000000000000000000000000000",
      "000000000000000000000000", "00000000000000000000000000000000",
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", "" },
};

/* A vector as bytes. */
struct decoded {
    uint8_t bytes[5][128];
    struct cyg_span key, iv, plain, cipher, aad;
};

static void decode(const struct cipher_vector *v, struct decoded *ret)
{
    ret->key = test_hex(v->key, ret->bytes[0], sizeof ret->bytes[0]);
    ret->iv = test_hex(v->iv, ret->bytes[1], sizeof ret->bytes[1]);
    ret->plain = test_hex(v->plain, ret->bytes[2], sizeof ret->bytes[2]);
    ret->cipher = test_hex(v->cipher, ret->bytes[3], sizeof ret->bytes[3]);
    ret->aad = test_hex(v->aad != NULL ? v->aad : "", ret->bytes[4], sizeof ret->bytes[4]);
}

static void *context(enum cyg_alg alg, struct cyg_span key, const struct cyg_cipher_ops **ret_ops)
{
    void *ctx = NULL;
    assert_int_equal(cyg_cipher_new(test_crypto(), alg, key, ret_ops, &ctx), CYG_OK);
    return ctx;
}

/* Each twice with one context, apart and in place, on exact heap copies. */
static void test_cbc_vectors(void **state)
{
    (void)state;
    size_t run = 0;
    for (size_t i = 0; i < CYG_LEN(vectors); i++) {
        struct decoded v;
        decode(&vectors[i], &v);
        if (vectors[i].aad != NULL) {
            continue;
        }
        run++;
        const struct cyg_cipher_ops *ops = NULL;
        void *ctx = context(vectors[i].alg, v.key, &ops);
        size_t len = v.plain.len;
        uint8_t *in = test_memdup(v.plain.data, len), *out = test_memdup(in, len);
        for (int round = 0; round < 2; round++) {
            assert_int_equal(ops->encrypt(ctx, v.iv, in, out, len), CYG_OK);
            assert_memory_equal(out, v.cipher.data, len);
            assert_int_equal(ops->decrypt(ctx, v.iv, out, out, len), CYG_OK);
            assert_memory_equal(out, v.plain.data, len);
            assert_int_equal(ops->encrypt(ctx, v.iv, out, out, len), CYG_OK);
            assert_memory_equal(out, v.cipher.data, len);
        }
        assert_int_equal(ops->encrypt(ctx, cyg_span_after(v.iv, 1), in, out, len), CYG_INTERNAL);
        assert_int_equal(ops->encrypt(ctx, v.iv, in, out, len - 1), CYG_INTERNAL);
        assert_int_equal(ops->decrypt(ctx, v.iv, in, out, len - 1), CYG_INTERNAL);
        ops->ctx_free(ctx);
        free(in);
        free(out);
    }
    assert_int_equal(run, 6);
}

/* Every bit that is authenticated counts. */
static void assert_tampering_is_refused(const struct cyg_cipher_ops *ops, void *ctx,
                                        const struct decoded *v)
{
    struct decoded bad = *v;
    size_t len = v->plain.len;
    uint8_t out[128];
    for (size_t bit = 0; bit < 8 * v->cipher.len; bit++) {
        bad.bytes[3][bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            ops->open(ctx, v->iv, v->aad, bad.bytes[3], out, len, bad.bytes[3] + len, 16),
            CYG_REFUSED);
        bad.bytes[3][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * v->aad.len; bit++) {
        bad.bytes[4][bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(ops->open(ctx, v->iv, (struct cyg_span){ bad.bytes[4], v->aad.len },
                                   v->cipher.data, out, len, v->cipher.data + len, 16),
                         CYG_REFUSED);
        bad.bytes[4][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_gcm_vectors(void **state)
{
    (void)state;
    size_t run = 0;
    for (size_t i = 0; i < CYG_LEN(vectors); i++) {
        struct decoded v;
        decode(&vectors[i], &v);
        if (vectors[i].aad == NULL) {
            continue;
        }
        run++;
        const struct cyg_cipher_ops *ops = NULL;
        void *ctx = context(vectors[i].alg, v.key, &ops);
        size_t len = v.plain.len;
        uint8_t *packet = malloc(len + 16), *text = malloc(len), *tag = malloc(16);
        assert_true(packet != NULL && text != NULL && tag != NULL);
        for (int round = 0; round < 2; round++) {
            memcpy(packet, v.plain.data, len);
            assert_int_equal(ops->seal(ctx, v.iv, v.aad, packet, packet, len, packet + len, 16),
                             CYG_OK);
            assert_memory_equal(packet, v.cipher.data, len + 16);
            assert_int_equal(ops->open(ctx, v.iv, v.aad, packet, packet, len, packet + len, 16),
                             CYG_OK);
            assert_memory_equal(packet, v.plain.data, len);
            assert_int_equal(ops->seal(ctx, v.iv, v.aad, v.plain.data, text, len, tag, 16), CYG_OK);
            assert_memory_equal(text, v.cipher.data, len);
            assert_memory_equal(tag, v.cipher.data + len, 16);
            assert_int_equal(ops->open(ctx, v.iv, v.aad, text, text, len, tag, 16), CYG_OK);
            assert_memory_equal(text, v.plain.data, len);
            tag[15] ^= 1;
            assert_int_equal(ops->open(ctx, v.iv, v.aad, v.cipher.data, text, len, tag, 16),
                             CYG_REFUSED);
        }
        assert_tampering_is_refused(ops, ctx, &v);
        ops->ctx_free(ctx);
        free(packet);
        free(text);
        free(tag);
    }
    assert_int_equal(run, 4);
}

static void test_null_copies(void **state)
{
    (void)state;
    const struct cyg_span none = { NULL, 0 };
    const struct cyg_cipher_ops *ops = NULL;
    void *ctx = context(CYG_ALG_NULL, none, &ops);
    const uint8_t in[5] = { 1, 2, 3, 4, 5 };
    uint8_t out[5] = { 0 };
    assert_int_equal(ops->encrypt(ctx, none, in, out, sizeof in), CYG_OK);
    assert_memory_equal(in, out, sizeof in);
    assert_int_equal(ops->decrypt(ctx, none, out, out, sizeof in), CYG_OK);
    assert_memory_equal(in, out, sizeof in);
    ops->ctx_free(ctx);
}

static void test_refuses_keys_of_other_lengths(void **state)
{
    (void)state;
    static const uint8_t key[64];
    for (enum cyg_alg alg = CYG_ALG_NULL; alg <= CYG_ALG_AES256GCM16; alg++) {
        size_t want = cyg_alg_info(alg)->key_bits / 8u;
        for (size_t len = 0; len <= sizeof key; len++) {
            const struct cyg_cipher_ops *ops = NULL;
            void *ctx = NULL;
            enum cyg_code code =
                cyg_cipher_new(test_crypto(), alg, (struct cyg_span){ key, len }, &ops, &ctx);
            assert_int_equal(code, len == want ? CYG_OK : CYG_INTERNAL);
            if (code == CYG_OK) {
                ops->ctx_free(ctx);
            }
        }
    }
}

static void test_free_of_nothing(void **state)
{
    (void)state;
    provider_cbc.ctx_free(NULL);
    provider_aead.ctx_free(NULL);
    provider_null.ctx_free(NULL);
    provider_hmac.ctx_free(NULL);
    crypto_gnutls_unload(NULL);
}

/* Wrong rows: a hash is no cipher, CBC is no AEAD, SHA256_96 is not a MAC of its own. */
static void test_does_not_offer_what_it_has_not(void **state)
{
    (void)state;
    static const uint8_t key[64];
    const struct cyg_span some = { key, 32 };
    void *ctx = NULL;
    uint8_t out[64];
    assert_int_equal(provider_cbc.ctx_new(NULL, CYG_ALG_AES256GCM16, some, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(provider_aead.ctx_new(NULL, CYG_ALG_AES256, some, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(provider_cbc.ctx_new(NULL, CYG_ALG_SHA256, some, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(provider_null.ctx_new(NULL, CYG_ALG_AES256, some, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(provider_hmac.ctx_new(NULL, CYG_ALG_SHA256_96, some, &ctx), CYG_UNSUPPORTED);
    assert_int_equal(provider_hash.digest(NULL, CYG_ALG_AES256, &some, 1, out), CYG_UNSUPPORTED);
    assert_int_equal(
        provider_modp.random_bytes(test_crypto()->group[CYG_ALG_MODP2048].self, CYG_ALG_ECP256), 0);
    assert_int_equal(provider_ecp.random_bytes(NULL, CYG_ALG_MODP2048), 0);
    assert_int_equal(provider_x25519.random_bytes(NULL, CYG_ALG_MODP2048), 0);
}

/* Digests of "abc": RFC 1321 A.5, RFC 3174 7.3, FIPS 180-2 B.1, C.1, D.1. */
static void test_hashes(void **state)
{
    (void)state;
    static const struct {
        enum cyg_alg alg;
        const char *digest;
    } abc[] = {
        { CYG_ALG_MD5, "900150983cd24fb0d6963f7d28e17f72" },
        { CYG_ALG_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { CYG_ALG_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { CYG_ALG_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                          "8086072ba1e7cc2358baeca134c825a7" },
        { CYG_ALG_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
    };
    for (size_t i = 0; i < CYG_LEN(abc); i++) {
        uint8_t want[64], got[64];
        const struct cyg_span parts[] = { cyg_span_str("a"), { NULL, 0 }, cyg_span_str("bc") };
        struct cyg_span w = test_hex(abc[i].digest, want, sizeof want);
        assert_int_equal(cyg_hash_once(test_crypto(), abc[i].alg, parts, CYG_LEN(parts), got),
                         CYG_OK);
        assert_int_equal(cyg_alg_info(abc[i].alg)->mac_out, w.len);
        assert_memory_equal(got, want, w.len);
    }
}

/* RFC 2202 and 4231, test case 1 (key of 16 or 20 bytes 0b, "Hi There") and the one with a key
 * longer than a block (6): 80 bytes aa for MD5 and SHA1, 131 for SHA2. */
static void test_hmac(void **state)
{
    (void)state;
    static const struct {
        enum cyg_alg alg;
        uint8_t short_key, long_key;
        const char *hi_there, *larger;
    } cases[] = {
        { CYG_ALG_MD5, 16, 80, "9294727a3638bb1c13f48ef8158bfc9d",
          "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
        { CYG_ALG_SHA1, 20, 80, "b617318655057264e28bc0b6fb378c8ef146be00",
          "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
        { CYG_ALG_SHA256, 20, 131,
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { CYG_ALG_SHA384, 20, 131,
          "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
          "faea9ea9076ede7f4af152e8b2fa9cb6",
          "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
          "0c2ef6ab4030fe8296248df163f44952" },
        { CYG_ALG_SHA512, 20, 131,
          "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
          "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
          "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
          "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
    };
    uint8_t key_b[20], key_a[131], want[64], got[64];
    memset(key_b, 0x0b, sizeof key_b);
    memset(key_a, 0xaa, sizeof key_a);
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        const struct cyg_span parts[] = { cyg_span_str("Hi "), { NULL, 0 }, cyg_span_str("There") };
        const struct cyg_mac_ops *ops = NULL;
        void *ctx = NULL;
        assert_int_equal(cyg_mac_new(test_crypto(), cases[i].alg,
                                     (struct cyg_span){ key_b, cases[i].short_key }, &ops, &ctx),
                         CYG_OK);
        struct cyg_span w = test_hex(cases[i].hi_there, want, sizeof want);
        for (int round = 0; round < 3; round++) { /* the context can be used again */
            assert_int_equal(ops->compute(ctx, parts, CYG_LEN(parts), got), CYG_OK);
            assert_memory_equal(got, want, w.len);
        }
        ops->ctx_free(ctx);
        const struct cyg_span text =
            cyg_span_str("Test Using Larger Than Block-Size Key - Hash Key First");
        assert_int_equal(cyg_mac_once(test_crypto(), cases[i].alg,
                                      (struct cyg_span){ key_a, cases[i].long_key }, &text, 1, got),
                         CYG_OK);
        w = test_hex(cases[i].larger, want, sizeof want);
        assert_memory_equal(got, want, w.len);
    }
}

/* An empty key and an empty message, which are NULL (FIPS 198: HMAC of nothing by nothing). */
static void test_hmac_of_nothing(void **state)
{
    (void)state;
    uint8_t want[32], got[32];
    const struct cyg_span none = { NULL, 0 };
    test_hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", want, sizeof want);
    assert_int_equal(cyg_mac_once(test_crypto(), CYG_ALG_SHA256, none, &none, 1, got), CYG_OK);
    assert_memory_equal(got, want, sizeof want);
}

static void test_random_numbers(void **state)
{
    (void)state;
    const struct cyg_rng_ops *rng = test_crypto()->rng.ops;
    uint8_t a[64] = { 0 }, b[64] = { 0 }, zero[64] = { 0 };
    assert_int_equal(rng->fill(NULL, a, 63), CYG_OK);
    assert_int_equal(rng->fill(NULL, b, 63), CYG_OK);
    assert_int_equal(rng->fill(NULL, b, 0), CYG_OK);
    assert_memory_not_equal(a, b, 63);
    assert_memory_not_equal(a + 32, zero, 31);
    assert_int_equal(a[63], 0); /* not a byte too many */
}

TEST_MAIN(cmocka_unit_test(test_cbc_vectors), cmocka_unit_test(test_gcm_vectors),
          cmocka_unit_test(test_null_copies), cmocka_unit_test(test_refuses_keys_of_other_lengths),
          cmocka_unit_test(test_free_of_nothing),
          cmocka_unit_test(test_does_not_offer_what_it_has_not), cmocka_unit_test(test_hashes),
          cmocka_unit_test(test_hmac), cmocka_unit_test(test_hmac_of_nothing),
          cmocka_unit_test(test_random_numbers));
