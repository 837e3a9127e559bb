/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every formula of keys.h with values computed by Python's hmac and hashlib over the same parts;
 * NIST's and NSS's sets are run by testing/vectors/kdf_test. */
#include "engine/keys.h"
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include <string.h>

/* count bytes: start, start + 1, ... */
struct counting {
    uint8_t bytes[64];
};

static struct counting counting(uint8_t start)
{
    struct counting ret = { { 0 } };
    for (size_t i = 0; i < sizeof ret.bytes; i++) {
        ret.bytes[i] = (uint8_t)(start + i);
    }
    return ret;
}

#define SPAN(value, count) ((struct cyg_span){ (value).bytes, (count) })
#define M_ID               0x8badf00du

static struct counting cookie_i, cookie_r, public_i, public_r, nonce_i, nonce_r, sa, skeyid, rest,
    shared;
static const uint8_t id_i[] = { 1, 0, 0, 0, 192, 0, 2, 1 };
static const uint8_t id_r[] = { 1, 0, 0, 0, 198, 51, 100, 2 };
static const uint8_t spi[] = { 0xc0, 0xff, 0xee, 0x01 };

static void set_up(void)
{
    cookie_i = counting(0x10);
    cookie_r = counting(0x20);
    public_i = counting(0x30);
    public_r = counting(0x60);
    nonce_i = counting(0x90);
    nonce_r = counting(0xb0);
    sa = counting(1);
    skeyid = counting(0xc0);
    rest = counting(5);
    shared = counting(7);
}

static void assert_key(const struct cyg_key *got, const char *want)
{
    uint8_t bytes[64];
    struct cyg_span w = test_hex(want, bytes, sizeof bytes);
    assert_int_equal(got->len, w.len);
    assert_memory_equal(got->data, w.data, w.len);
}

static void test_derived_keys(void **state)
{
    (void)state;
    set_up();
    struct keys_skeyid keys;
    assert_int_equal(keys_derive(test_crypto(), CYG_ALG_SHA256, SPAN(skeyid, 32), SPAN(shared, 32),
                                 SPAN(cookie_i, 8), SPAN(cookie_r, 8), &keys),
                     CYG_OK);
    assert_key(&keys.d, "3b896cda15989350904dcf1e4165a7518d642a2a207c70f8e7612a80df7aaa01");
    assert_key(&keys.a, "e56a529f8324faac624bff3d46ab8e42d3e52e20520cc728fdf4c2c0fd499764");
    assert_key(&keys.e, "f98c8d5f9db57bf140e1943862c843d4cdd7805284c001b2f9e490a856cbd702");
}

/* SKEYID_e of SHA1 is shorter than the key of AES-256: expanded; longer than that of AES-128: cut.
 */
static void test_cipher_keys(void **state)
{
    (void)state;
    set_up();
    struct cyg_key key;
    assert_int_equal(
        keys_cipher(test_crypto(), CYG_ALG_SHA1, CYG_ALG_AES256, SPAN(skeyid, 20), &key), CYG_OK);
    assert_key(&key, "3e9bf868c46c2a547aa5e71c7128f307becaaa5c568c7af13fa6490a70449bf4");
    assert_int_equal(keys_cipher(test_crypto(), CYG_ALG_SHA1, CYG_ALG_3DES, SPAN(skeyid, 20), &key),
                     CYG_OK);
    assert_key(&key, "3e9bf868c46c2a547aa5e71c7128f307becaaa5c568c7af1");
    assert_int_equal(
        keys_cipher(test_crypto(), CYG_ALG_SHA1, CYG_ALG_AES128, SPAN(skeyid, 20), &key), CYG_OK);
    assert_key(&key, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf");
}

static void test_ivs(void **state)
{
    (void)state;
    set_up();
    struct cyg_key iv, next;
    assert_int_equal(keys_iv_phase1(test_crypto(), CYG_ALG_SHA256, CYG_ALG_AES128,
                                    SPAN(public_i, 32), SPAN(public_r, 32), &iv),
                     CYG_OK);
    assert_key(&iv, "0895267b9384ba4a4a003126d12c3b4b");
    assert_int_equal(keys_iv_phase2(test_crypto(), CYG_ALG_SHA256, CYG_ALG_AES128,
                                    cyg_key_span(&iv), M_ID, &next),
                     CYG_OK);
    assert_key(&next, "24d7b6e4c5490ef993c8d25166ab0a10");
    assert_int_equal(keys_iv_phase1(test_crypto(), CYG_ALG_SHA256, CYG_ALG_3DES, SPAN(public_i, 32),
                                    SPAN(public_r, 32), &iv),
                     CYG_OK);
    assert_key(&iv, "0895267b9384ba4a");
}

static void test_hashes_of_phase_1(void **state)
{
    (void)state;
    set_up();
    const struct keys_proof proof = {
        .public_i = SPAN(public_i, 32),
        .public_r = SPAN(public_r, 32),
        .cookie_i = SPAN(cookie_i, 8),
        .cookie_r = SPAN(cookie_r, 8),
        .sa_i = SPAN(sa, 40),
        .id_i = cyg_span_of_array(id_i),
        .id_r = cyg_span_of_array(id_r),
    };
    struct cyg_key hash;
    assert_int_equal(keys_hash_i(test_crypto(), CYG_ALG_SHA256, SPAN(skeyid, 32), &proof, &hash),
                     CYG_OK);
    assert_key(&hash, "ca2799d67dcd2aca97e12068d2b7eac0f531cc0a437cb58140cc69916f7e8fab");
    assert_int_equal(keys_hash_r(test_crypto(), CYG_ALG_SHA256, SPAN(skeyid, 32), &proof, &hash),
                     CYG_OK);
    assert_key(&hash, "60e804156d9f84be3032f3239647bfcc19c1bd6b88a0921812ac108cb919476a");
}

static void test_hashes_of_phase_2(void **state)
{
    (void)state;
    set_up();
    struct cyg_key hash;
    const struct cyg_span a = SPAN(skeyid, 32), ni = SPAN(nonce_i, 16), nr = SPAN(nonce_r, 20);
    assert_int_equal(keys_hash_1(test_crypto(), CYG_ALG_SHA256, a, M_ID, SPAN(rest, 50), &hash),
                     CYG_OK);
    assert_key(&hash, "e67d67e04104e39c60892eed559c2eaec3f573b51dd831b1311c14a9ee4583a1");
    assert_int_equal(keys_hash_2(test_crypto(), CYG_ALG_SHA256, a, M_ID, ni, SPAN(rest, 50), &hash),
                     CYG_OK);
    assert_key(&hash, "4b0278d6d5297eae39e769a50ccf21bd725ac666b77a485b46ce122418bfadba");
    assert_int_equal(keys_hash_3(test_crypto(), CYG_ALG_SHA256, a, M_ID, ni, nr, &hash), CYG_OK);
    assert_key(&hash, "8e1738b5e66dc2b8927c9f674a573d44679f5ac1562b89fc0cd6384a9bc99288");
}

/* Three blocks of the PRF, the last one cut; every shorter length is a prefix. */
static void test_keymat(void **state)
{
    (void)state;
    set_up();
    static const char *const want[] = {
        "566b85b5c3f212b79cce5200ad52ec39a52328d84b93a7a200e1b6ea17b01a39"
        "ce55a09dbc39d3bff07a190507fe52e851d02d4bd8d33509cf1f754e170605bae7522f1e",
        "5898ff08bae13069545c8f7db9a4c2e4c345f8eb839035b85a6c7552ded4e684"
        "118b0e3948a1aed4236b05668ba7c239f999ea1659915fad2a86ea5d94a6b33c26bb0e86",
    };
    for (size_t pfs = 0; pfs < 2; pfs++) {
        const struct keys_keymat in = { .shared = SPAN(shared, pfs == 1 ? 32 : 0),
                                        .protocol = 3,
                                        .spi = cyg_span_of_array(spi),
                                        .nonce_i = SPAN(nonce_i, 16),
                                        .nonce_r = SPAN(nonce_r, 20) };
        uint8_t all[68], out[69];
        test_hex(want[pfs], all, sizeof all);
        for (size_t len = 0; len <= sizeof all; len++) {
            memset(out, 0xa5, sizeof out);
            assert_int_equal(
                keys_keymat(test_crypto(), CYG_ALG_SHA256, SPAN(skeyid, 32), &in, out, len),
                CYG_OK);
            assert_memory_equal(out, all, len);
            assert_int_equal(out[len], 0xa5);
        }
    }
}

static void test_nat_detection(void **state)
{
    (void)state;
    set_up();
    static const uint8_t v4[] = { 192, 0, 2, 1 };
    static const uint8_t v6[] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
    static const uint8_t no_cookie[8];
    struct cyg_address a;
    struct cyg_key hash;
    assert_int_equal(cyg_address_of(cyg_span_of_array(v4), 500, &a), CYG_OK);
    assert_int_equal(
        keys_nat_d(test_crypto(), CYG_ALG_SHA256, SPAN(cookie_i, 8), SPAN(cookie_r, 8), &a, &hash),
        CYG_OK);
    assert_key(&hash, "9f73ec467d515e64ca7b8351393adcac015459560de414ff85702366e0da074e");
    assert_int_equal(keys_nat_d(test_crypto(), CYG_ALG_SHA256, SPAN(cookie_i, 8),
                                cyg_span_of_array(no_cookie), &a, &hash),
                     CYG_OK);
    assert_key(&hash, "177dd1fed8db5fea252d7d558e6552d18bd9441cf253e17aad3c458106134355");
    assert_int_equal(cyg_address_of(cyg_span_of_array(v6), 4500, &a), CYG_OK);
    assert_int_equal(
        keys_nat_d(test_crypto(), CYG_ALG_SHA256, SPAN(cookie_i, 8), SPAN(cookie_r, 8), &a, &hash),
        CYG_OK);
    assert_key(&hash, "c8b85c9d004fbc63b9ce274ab28a7a7f5b4438cbd2e82fc11f3aa4f0fe3b623f");
}

/* Nobody provides anything, and rows of another kind: empty results, wiped buffers. */
static void test_failures_leave_nothing(void **state)
{
    (void)state;
    set_up();
    static const struct cyg_crypto nobody;
    const struct cyg_span key = SPAN(skeyid, 20), none = { NULL, 0 };
    const struct keys_keymat in = { .protocol = 3 };
    struct keys_skeyid keys;
    struct cyg_key one = { .len = 9 };
    uint8_t out[40], zero[40] = { 0 };
    memset(out, 0xa5, sizeof out);
    assert_int_equal(keys_derive(&nobody, CYG_ALG_SHA1, key, none, none, none, &keys),
                     CYG_UNSUPPORTED);
    assert_int_equal(keys.d.len + keys.a.len + keys.e.len, 0);
    assert_int_equal(keys_expand(&nobody, CYG_ALG_SHA1, key, out, sizeof out), CYG_UNSUPPORTED);
    assert_memory_equal(out, zero, sizeof out);
    memset(out, 0xa5, sizeof out);
    assert_int_equal(keys_keymat(&nobody, CYG_ALG_SHA1, key, &in, out, sizeof out),
                     CYG_UNSUPPORTED);
    assert_memory_equal(out, zero, sizeof out);
    assert_int_equal(keys_hash_1(&nobody, CYG_ALG_SHA1, key, M_ID, none, &one), CYG_UNSUPPORTED);
    assert_int_equal(one.len, 0);
    one.len = 9;
    assert_int_equal(
        keys_iv_phase1(test_crypto(), CYG_ALG_SHA1, CYG_ALG_AES128GCM16, none, none, &one),
        CYG_UNSUPPORTED);
    assert_int_equal(one.len, 0);
    assert_int_equal(keys_cipher(test_crypto(), CYG_ALG_SHA1, CYG_ALG_MODP2048, key, &one),
                     CYG_UNSUPPORTED);
    assert_int_equal(keys_hash_1(test_crypto(), CYG_ALG_AES128, key, M_ID, none, &one),
                     CYG_UNSUPPORTED);
}

TEST_MAIN(cmocka_unit_test(test_derived_keys), cmocka_unit_test(test_cipher_keys),
          cmocka_unit_test(test_ivs), cmocka_unit_test(test_hashes_of_phase_1),
          cmocka_unit_test(test_hashes_of_phase_2), cmocka_unit_test(test_keymat),
          cmocka_unit_test(test_nat_detection), cmocka_unit_test(test_failures_leave_nothing));
