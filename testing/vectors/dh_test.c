/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diffie-Hellman against published values: primes, key pairs, shared secrets, leading zeros, and
 * wycheproof's points. */
#include "unit/crypto_gnutls/crypto.h"
#include "vectors/vectors.h"

#include "crypto_gnutls/provider.h"

#include <string.h>

/* The group of a wire number, or CYG_ALG_NONE if we do not have it. */
static enum cyg_alg group_of(size_t number)
{
    const struct cyg_alg_info *info = cyg_alg_group((uint16_t)number);
    return info != NULL ? info->id : CYG_ALG_NONE;
}

static const struct cyg_group_ops *ops_of(enum cyg_alg alg)
{
    return test_crypto()->group[alg].ops;
}

/* Private values of the sets are as long as their authors liked; ours of curves have the length of
 * the order. */
static struct cyg_secret secret_of(enum cyg_alg alg, struct cyg_span bytes)
{
    struct cyg_secret secret = { .len = bytes.len };
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    while (bytes.len > 1 && bytes.data[0] == 0) {
        bytes = cyg_span_after(bytes, 1);
    }
    secret.len = info->group_kind == CYG_GROUP_ECP ? info->secret_bytes : bytes.len;
    assert_true(bytes.len <= secret.len && secret.len <= sizeof secret.data);
    memcpy(secret.data + secret.len - bytes.len, bytes.data, bytes.len);
    return secret;
}

static enum cyg_code shared(enum cyg_alg alg, struct cyg_span private_value,
                            struct cyg_span peer_public, struct cyg_secret *ret,
                            struct cyg_error *err)
{
    const struct cyg_secret secret = secret_of(alg, private_value);
    return ops_of(alg)->shared(test_crypto()->group[alg].self, alg, &secret, peer_public, ret, err);
}

/* Both sides of an exchange: the public value of each and the secret that both compute. */
static void run_exchange(const json_t *v, enum cyg_alg alg)
{
    struct cyg_span i = vectors_bytes(v, "private_i"), r = vectors_bytes(v, "private_r");
    struct cyg_span public_i = vectors_bytes(v, "public_i"),
                    public_r = vectors_bytes(v, "public_r");
    struct cyg_secret got;
    assert_int_equal(shared(alg, i, public_r, &got, NULL), CYG_OK);
    assert_bytes_equal(v, cyg_secret_span(&got), vectors_bytes(v, "shared"));
    assert_int_equal(shared(alg, r, public_i, &got, NULL), CYG_OK);
    assert_bytes_equal(v, cyg_secret_span(&got), vectors_bytes(v, "shared"));

    const struct cyg_alg_info *info = cyg_alg_info(alg);
    if (info->group_kind == CYG_GROUP_MODP) { /* the generator is a public value like any */
        uint8_t two[CYG_SECRET_MAX] = { 0 };
        two[info->public_bytes - 1] = 2;
        const struct cyg_span generator = { two, info->public_bytes };
        assert_int_equal(shared(alg, i, generator, &got, NULL), CYG_OK);
        assert_bytes_equal(v, cyg_secret_span(&got), public_i);
        assert_int_equal(shared(alg, r, generator, &got, NULL), CYG_OK);
        assert_bytes_equal(v, cyg_secret_span(&got), public_r);
    }
}

static void run_exchanges(const char *file)
{
    size_t run = 0, other = 0, i;
    const json_t *v;
    const json_t *all = vectors_load(file, "vectors");
    json_array_foreach(all, i, v)
    {
        enum cyg_alg alg = group_of(vectors_number(v, "group"));
        if (alg == CYG_ALG_NONE) {
            other++;
            continue;
        }
        run_exchange(v, alg);
        vectors_release();
        run++;
    }
    vectors_end(file, run, other);
}

static void test_exchanges(void **state)
{
    (void)state;
    run_exchanges("dh/dh_vectors.json");
}

static void test_leading_zeros_are_kept(void **state)
{
    (void)state;
    run_exchanges("dh/leading_zero.json");
}

static void test_primes(void **state)
{
    (void)state;
    size_t run = 0, other = 0, i;
    const json_t *v;
    const struct crypto_gnutls *provider = test_crypto()->group[CYG_ALG_MODP2048].self;
    const json_t *all = vectors_load("dh/modp_groups.json", "groups");
    json_array_foreach(all, i, v)
    {
        enum cyg_alg alg = group_of(vectors_number(v, "group"));
        if (alg == CYG_ALG_NONE) { /* 22 to 24 */
            other++;
            continue;
        }
        uint8_t prime[CYG_SECRET_MAX];
        size_t bytes = 0;
        for (size_t g = 0; g < MODP_GROUPS; g++) {
            if (provider->modp[g].alg == alg) {
                bytes = provider->modp[g].bytes;
                number_to_bytes(provider->modp[g].prime, provider->modp[g].n, prime, bytes);
            }
        }
        assert_bytes_equal(v, ((struct cyg_span){ prime, bytes }), vectors_bytes(v, "prime"));
        assert_int_equal(bytes, cyg_alg_info(alg)->public_bytes);
        vectors_release();
        run++;
    }
    assert_int_equal(run, MODP_GROUPS);
    vectors_end("dh/modp_groups.json", run, other);
}

static void test_key_pairs(void **state)
{
    (void)state;
    size_t run = 0, i;
    const json_t *v;
    const json_t *all = vectors_load("dh/modp2048_keypairs.json", "pairs");
    json_array_foreach(all, i, v)
    {
        uint8_t two[256] = { [255] = 2 };
        struct cyg_secret got;
        struct cyg_span y = vectors_bytes(v, "y");
        assert_int_equal(vectors_number(v, "group"), 14);
        assert_int_equal(
            shared(CYG_ALG_MODP2048, vectors_bytes(v, "x"), cyg_span_of_array(two), &got, NULL),
            CYG_OK);
        bool fits = cyg_span_equal(cyg_secret_span(&got), y);
        assert_int_equal(fits, strcmp(vectors_text(v, "result"), "valid") == 0);
        vectors_release();
        run++;
    }
    vectors_end("dh/modp2048_keypairs.json", run, 0);
}

/* A point of wycheproof is 04 || x || y; RFC 5903 has no 04, so every other form is given as it is
 * and must be refused for its size or its place (H-056). */
static void run_ecpoint(const char *file, enum cyg_alg alg)
{
    size_t run = 0, i, j;
    const json_t *group, *v;
    const json_t *all = vectors_load(file, "testGroups");
    json_array_foreach(all, i, group)
    {
        assert_string_equal(vectors_text(group, "encoding"), "ecpoint");
        const json_t *tests = json_object_get(group, "tests");
        json_array_foreach(tests, j, v)
        {
            struct cyg_span point = vectors_bytes(v, "public");
            bool plain = point.len == 1u + cyg_alg_info(alg)->public_bytes && point.data[0] == 4;
            if (plain) {
                point = cyg_span_after(point, 1);
            }
            struct cyg_secret got = { 0 };
            struct cyg_error err;
            enum cyg_code code = shared(alg, vectors_bytes(v, "private"), point, &got, &err);
            if (strcmp(vectors_text(v, "result"), "valid") == 0) {
                assert_int_equal(code, CYG_OK);
                assert_bytes_equal(v, cyg_secret_span(&got), vectors_bytes(v, "shared"));
            } else {
                assert_int_equal(code, CYG_REFUSED);
                assert_int_equal(err.reason, plain ? CYG_R_DH_PUBLIC_BAD : CYG_R_DH_PUBLIC_SIZE);
                assert_int_equal(got.len, 0);
            }
            vectors_release();
            run++;
        }
    }
    vectors_end(file, run, 0);
}

static void test_wycheproof_p256(void **state)
{
    (void)state;
    run_ecpoint("wycheproof/ecdh_secp256r1_ecpoint_test.json", CYG_ALG_ECP256);
}

static void test_wycheproof_p384(void **state)
{
    (void)state;
    run_ecpoint("wycheproof/ecdh_secp384r1_ecpoint_test.json", CYG_ALG_ECP384);
}

static void test_wycheproof_p521(void **state)
{
    (void)state;
    run_ecpoint("wycheproof/ecdh_secp521r1_ecpoint_test.json", CYG_ALG_ECP521);
}

TEST_MAIN(cmocka_unit_test(test_primes), cmocka_unit_test(test_exchanges),
          cmocka_unit_test(test_leading_zeros_are_kept), cmocka_unit_test(test_key_pairs),
          cmocka_unit_test(test_wycheproof_p256), cmocka_unit_test(test_wycheproof_p384),
          cmocka_unit_test(test_wycheproof_p521));
