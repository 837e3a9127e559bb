/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of IKEv1 against NIST's CAVS sets, those of NSS, and aggressive modes with known keys. */
#include "engine/keys.h"
#include "unit/crypto_gnutls/crypto.h"
#include "vectors/vectors.h"

#include "auth_psk/auth_psk.h"

#include <string.h>

static const struct {
    const char *name;
    enum cyg_alg alg;
} hashes[] = {
    { "SHA-1", CYG_ALG_SHA1 },     { "SHA-256", CYG_ALG_SHA256 }, { "SHA-384", CYG_ALG_SHA384 },
    { "SHA-512", CYG_ALG_SHA512 }, { "md5", CYG_ALG_MD5 },        { "sha1", CYG_ALG_SHA1 },
    { "sha256", CYG_ALG_SHA256 },  { "sha384", CYG_ALG_SHA384 },  { "sha512", CYG_ALG_SHA512 },
};

/* CYG_ALG_NONE for an algorithm that we do not have (AES-XCBC). */
static enum cyg_alg hash_of(const char *name)
{
    for (size_t i = 0; i < CYG_LEN(hashes); i++) {
        if (strcmp(hashes[i].name, name) == 0) {
            return hashes[i].alg;
        }
    }
    return CYG_ALG_NONE;
}

/* SKEYID of signature methods, prf(Ni_b | Nr_b, g^xy): the auth method computes it in the product;
 * here it only leads to the derived keys. */
static struct cyg_key skeyid_signature(enum cyg_alg prf, struct cyg_span ni, struct cyg_span nr,
                                       struct cyg_span shared)
{
    uint8_t nonces[2 * 256];
    assert_true(ni.len + nr.len <= sizeof nonces);
    memcpy(nonces, ni.data, ni.len);
    memcpy(nonces + ni.len, nr.data, nr.len);
    struct cyg_key key = { .len = cyg_alg_info(prf)->mac_out };
    assert_int_equal(cyg_mac_once(test_crypto(), prf, (struct cyg_span){ nonces, ni.len + nr.len },
                                  &shared, 1, key.data),
                     CYG_OK);
    return key;
}

static struct cyg_key skeyid_psk(enum cyg_alg prf, struct cyg_span ni, struct cyg_span nr,
                                 struct cyg_span psk)
{
    struct cyg_key key = { 0 };
    const struct cyg_auth_input in = {
        .crypto = test_crypto(), .prf = prf, .nonce_i = ni, .nonce_r = nr, .psk = psk
    };
    assert_int_equal(auth_psk_ops.skeyid(NULL, &in, &key, NULL), CYG_OK);
    return key;
}

static void run_cavs(const char *file, bool psk)
{
    size_t run = 0, i, j;
    const json_t *group, *test;
    const json_t *all = vectors_load(file, "groups");
    json_array_foreach(all, i, group)
    {
        enum cyg_alg prf = hash_of(vectors_text(json_object_get(group, "meta"), "hash"));
        assert_int_not_equal(prf, CYG_ALG_NONE);
        const json_t *tests = json_object_get(group, "tests");
        json_array_foreach(tests, j, test)
        {
            struct cyg_span ni = vectors_bytes(test, "Ni"), nr = vectors_bytes(test, "Nr");
            struct cyg_span shared = vectors_bytes(test, "g^xy");
            struct cyg_key skeyid =
                psk ? skeyid_psk(prf, ni, nr, vectors_bytes(test, "pre-shared-key"))
                    : skeyid_signature(prf, ni, nr, shared);
            assert_bytes_equal(test, cyg_key_span(&skeyid), vectors_bytes(test, "SKEYID"));
            struct keys_skeyid keys;
            assert_int_equal(keys_derive(test_crypto(), prf, cyg_key_span(&skeyid), shared,
                                         vectors_bytes(test, "CKY_I"), vectors_bytes(test, "CKY_R"),
                                         &keys),
                             CYG_OK);
            assert_bytes_equal(test, cyg_key_span(&keys.d), vectors_bytes(test, "SKEYID_d"));
            assert_bytes_equal(test, cyg_key_span(&keys.a), vectors_bytes(test, "SKEYID_a"));
            assert_bytes_equal(test, cyg_key_span(&keys.e), vectors_bytes(test, "SKEYID_e"));
            vectors_release();
            run++;
        }
    }
    vectors_end(file, run, 0);
}

static void test_nist_cavs_psk(void **state)
{
    (void)state;
    run_cavs("kdf/nist_cavs_ikev1_psk.json", true);
}

static void test_nist_cavs_signature(void **state)
{
    (void)state;
    run_cavs("kdf/nist_cavs_ikev1_dsa.json", false);
}

/* One vector of NSS. False for a kind that is not known. */
static bool run_nss(const json_t *v, enum cyg_alg prf)
{
    const char *what = vectors_text(v, "what");
    const struct cyg_crypto *crypto = test_crypto();
    if (strncmp(what, "SKEYID, ", 8) == 0) {
        struct cyg_span ni = vectors_bytes(v, "Ni"), nr = vectors_bytes(v, "Nr");
        struct cyg_key key = strstr(what, "PSK") != NULL
                                 ? skeyid_psk(prf, ni, nr, vectors_bytes(v, "psk"))
                                 : skeyid_signature(prf, ni, nr, vectors_bytes(v, "gxy"));
        assert_bytes_equal(v, cyg_key_span(&key), vectors_bytes(v, "skeyid"));
    } else if (strncmp(what, "SKEYID_", 7) == 0) {
        struct keys_skeyid keys;
        assert_int_equal(keys_derive(crypto, prf, vectors_bytes(v, "skeyid"),
                                     vectors_bytes(v, "gxy"), vectors_bytes(v, "cky_i"),
                                     vectors_bytes(v, "cky_r"), &keys),
                         CYG_OK);
        const struct cyg_key *key = what[7] == 'd' ? &keys.d : what[7] == 'a' ? &keys.a : &keys.e;
        assert_bytes_equal(v, cyg_key_span(key), vectors_bytes(v, "out"));
    } else if (strstr(what, "Appendix B") != NULL) {
        uint8_t out[256];
        size_t len = vectors_number(v, "length");
        assert_true(len <= sizeof out);
        assert_int_equal(keys_expand(crypto, prf, vectors_bytes(v, "skeyid_e"), out, len), CYG_OK);
        assert_bytes_equal(v, ((struct cyg_span){ out, len }), vectors_bytes(v, "out"));
    } else if (strstr(what, "KEYMAT") != NULL) {
        uint8_t out[256];
        size_t len = vectors_number(v, "length");
        assert_true(len <= sizeof out);
        assert_string_equal(vectors_text(v, "seed"), "00"); /* taken as protocol 0 and no more */
        const struct keys_keymat in = { .shared = vectors_bytes(v, "g_qm_xy"), .protocol = 0 };
        assert_int_equal(keys_keymat(crypto, prf, vectors_bytes(v, "skeyid_d"), &in, out, len),
                         CYG_OK);
        assert_bytes_equal(v, ((struct cyg_span){ out, len }), vectors_bytes(v, "out"));
    } else {
        return false;
    }
    return true;
}

static void test_nss(void **state)
{
    (void)state;
    size_t run = 0, other = 0, i;
    const json_t *v;
    const json_t *all = vectors_load("kdf/nss_ikev1_kdf.json", "vectors");
    json_array_foreach(all, i, v)
    {
        enum cyg_alg prf = hash_of(vectors_text(v, "prf"));
        if (prf == CYG_ALG_NONE) {
            assert_string_equal(vectors_text(v, "prf"), "aesxcbc");
            other++;
            continue;
        }
        assert_true(run_nss(v, prf));
        vectors_release();
        run++;
    }
    vectors_end("kdf/nss_ikev1_kdf.json", run, other);
}

/* The key of the set, or a wrong one where no key is known: then the hash must not fit. */
static void test_aggressive_hash_r(void **state)
{
    (void)state;
    size_t run = 0, i;
    const json_t *v;
    const json_t *all = vectors_load("kdf/aggressive_psk_hash_r.json", "vectors");
    json_array_foreach(all, i, v)
    {
        enum cyg_alg prf = hash_of(vectors_text(v, "hash"));
        assert_int_not_equal(prf, CYG_ALG_NONE);
        bool known = json_is_string(json_object_get(v, "psk"));
        const char *psk = known ? vectors_text(v, "psk") : "not it";
        struct cyg_key skeyid =
            skeyid_psk(prf, vectors_bytes(v, "ni_b"), vectors_bytes(v, "nr_b"), cyg_span_str(psk));
        const struct keys_proof proof = {
            .public_i = vectors_bytes(v, "g_xi"),
            .public_r = vectors_bytes(v, "g_xr"),
            .cookie_i = vectors_bytes(v, "cky_i"),
            .cookie_r = vectors_bytes(v, "cky_r"),
            .sa_i = vectors_bytes(v, "sai_b"),
            .id_r = vectors_bytes(v, "idir_b"),
        };
        struct cyg_key hash;
        assert_int_equal(keys_hash_r(test_crypto(), prf, cyg_key_span(&skeyid), &proof, &hash),
                         CYG_OK);
        struct cyg_error err;
        const struct cyg_auth_input in = { .crypto = test_crypto(), .prf = prf };
        assert_int_equal(
            auth_psk_ops.verify(NULL, &in, cyg_key_span(&hash), vectors_bytes(v, "hash_r"), &err),
            known ? CYG_OK : CYG_REFUSED);
        vectors_release();
        run++;
    }
    vectors_end("kdf/aggressive_psk_hash_r.json", run, 0);
}

TEST_MAIN(cmocka_unit_test(test_nist_cavs_psk), cmocka_unit_test(test_nist_cavs_signature),
          cmocka_unit_test(test_nss), cmocka_unit_test(test_aggressive_hash_r));
