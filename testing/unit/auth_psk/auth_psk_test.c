/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include "auth_psk/auth_psk.h"

#include <string.h>

static const uint8_t hash[32] = { 1, 2, 3, [31] = 0x80 };

/* Computed with Python's hmac: key "secret", nonces 90..9f and b0..c3. */
static void test_skeyid_is_the_prf_of_the_nonces(void **state)
{
    (void)state;
    uint8_t ni[16], nr[20], want[32];
    for (size_t i = 0; i < sizeof nr; i++) {
        ni[i % sizeof ni] = (uint8_t)(0x90 + i % sizeof ni);
        nr[i] = (uint8_t)(0xb0 + i);
    }
    struct cyg_auth_input in = { .crypto = test_crypto(),
                                 .prf = CYG_ALG_SHA256,
                                 .nonce_i = cyg_span_of_array(ni),
                                 .nonce_r = cyg_span_of_array(nr),
                                 .psk = cyg_span_str("secret") };
    struct cyg_key key = { .len = 3 };
    struct cyg_error err;
    assert_int_equal(auth_psk_ops.skeyid(NULL, &in, &key, &err), CYG_OK);
    test_hex("8f2e2556b2ae064761da7bd6eaf0a374ebe2d938bdafe5fdaae38fbaef6c54e0", want, sizeof want);
    assert_int_equal(key.len, 32);
    assert_memory_equal(key.data, want, sizeof want);

    const struct cyg_key before = key;
    in.psk = (struct cyg_span){ NULL, 0 };
    assert_int_equal(auth_psk_ops.skeyid(NULL, &in, &key, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_PSK_MISSING);
    static const struct cyg_crypto nobody;
    in.psk = cyg_span_str("secret");
    in.crypto = &nobody;
    assert_int_equal(auth_psk_ops.skeyid(NULL, &in, &key, &err), CYG_UNSUPPORTED);
    assert_int_equal(err.reason, CYG_R_ALG_NOT_PROVIDED);
    in.prf = CYG_ALG_AES128;
    assert_int_equal(auth_psk_ops.skeyid(NULL, &in, &key, &err), CYG_UNSUPPORTED);
    assert_memory_equal(&before, &key, sizeof key); /* untouched on failure */
}

static void test_the_proof_is_the_hash(void **state)
{
    (void)state;
    const struct cyg_auth_input in = { .crypto = test_crypto(), .prf = CYG_ALG_SHA256 };
    uint8_t out[33];
    size_t len = 7;
    memset(out, 0xa5, sizeof out);
    assert_int_equal(auth_psk_ops.prove(NULL, &in, cyg_span_of_array(hash), out, 31, &len, NULL),
                     CYG_INTERNAL);
    assert_int_equal(len, 7);
    assert_int_equal(auth_psk_ops.prove(NULL, &in, cyg_span_of_array(hash), out, 32, &len, NULL),
                     CYG_OK);
    assert_int_equal(len, 32);
    assert_memory_equal(out, hash, 32);
    assert_int_equal(out[32], 0xa5);
}

static void test_verifies_every_bit_and_the_full_length(void **state)
{
    (void)state;
    const struct cyg_auth_input in = { .crypto = test_crypto(), .prf = CYG_ALG_SHA256 };
    const struct cyg_span own = cyg_span_of_array(hash);
    struct cyg_error err;
    assert_int_equal(auth_psk_ops.verify(NULL, &in, own, own, &err), CYG_OK);
    for (size_t bit = 0; bit < 8 * sizeof hash; bit++) {
        uint8_t proof[32];
        memcpy(proof, hash, sizeof proof);
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(auth_psk_ops.verify(NULL, &in, own, cyg_span_of_array(proof), &err),
                         CYG_REFUSED);
        assert_int_equal(err.reason, CYG_R_AUTH_HASH_WRONG);
    }
    uint8_t longer[33] = { 0 };
    memcpy(longer, hash, sizeof hash);
    for (size_t len = 0; len <= sizeof longer; len++) {
        if (len == sizeof hash) {
            continue;
        }
        assert_int_equal(
            auth_psk_ops.verify(NULL, &in, own, (struct cyg_span){ longer, len }, &err),
            CYG_REFUSED);
        assert_int_equal(err.reason, CYG_R_AUTH_HASH_SIZE);
        assert_int_equal(err.got, len);
        assert_int_equal(err.want, sizeof hash);
    }
    const struct cyg_span none = { NULL, 0 }; /* nothing proves nothing */
    assert_int_equal(auth_psk_ops.verify(NULL, &in, none, none, &err), CYG_INTERNAL);
}

static void test_describes_itself(void **state)
{
    (void)state;
    assert_int_equal(auth_psk_ops.method, 1);  /* RFC 2409 App. A */
    assert_int_equal(auth_psk_ops.payload, 8); /* HASH */
    assert_true(auth_psk_ops.needs_psk);
    assert_false(auth_psk_ops.slow);
}

TEST_MAIN(cmocka_unit_test(test_skeyid_is_the_prf_of_the_nonces),
          cmocka_unit_test(test_the_proof_is_the_hash),
          cmocka_unit_test(test_verifies_every_bit_and_the_full_length),
          cmocka_unit_test(test_describes_itself));
