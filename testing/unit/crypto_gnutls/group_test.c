/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups: the RFCs' own exchanges, what a peer may not send (HOSTILE group D), and that the table
 * of powers gives what the plain way gives. */
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include "crypto_gnutls/provider.h"

#include <stdlib.h>
#include <string.h>

struct exchange {
    enum cyg_alg alg;
    const char *private_i, *private_r, *public_i, *public_r, *shared;
};

static const struct exchange exchanges[] = {
    { /* RFC 5903 8.1 */
      .alg = CYG_ALG_ECP256,
      .private_i = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
      .private_r = "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
      .public_i = "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252"
                  "d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
      .public_r = "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e"
                  "8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
      .shared = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
    { /* RFC 5903 8.3 */
      .alg = CYG_ALG_ECP521,
      .private_i =
          "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c295"
          "2c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
      .private_r =
          "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757"
          "a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
      .public_i = "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e38"
                  "0aeae57c2d107564941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c9"
                  "46146239d099e18e1d5a514c739d7cb4a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f15"
                  "07438bf01beb6ca3926f9582",
      .public_r = "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e"
                  "95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b6"
                  "23c27ce0eac2f551a10c2c724d9852077b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f47"
                  "32296579ab44fcd17f0fc56a",
      .shared = "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa24"
                "0a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea" },
    { /* RFC 7748 6.1 */
      .alg = CYG_ALG_CURVE25519,
      .private_i = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      .private_r = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      .public_i = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      .public_r = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
      .shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
    { /* Python integers: the secret begins with a zero byte, which is kept (H-057) */
      .alg = CYG_ALG_MODP1024,
      .private_i = "eb7a79959588532d4242aadbc8f429a479c8c2926b94b5b5749882321e35049e",
      .private_r = "ecfba4b1a7f1cd2b9753f25f76c1042f8a7190d19714acdde9cc378a4ebc6b46",
      .public_i = "1878818cc1aa80dfe9d1d2de4cf1014787180651bd0d625f084e30d6d274378edecfe43f036871d0"
                  "ebd01713c8cddf240f07b5bcc73f8a7af7b60ec54f3af7854de84b052607e8329a06a30e5de6a177"
                  "66604ff543faef0372a5763d942efc72379077d3fdb218567bd4671c2147a9a4658266578cd352ca"
                  "16489352e7ca0c25",
      .public_r = "7ac142699c9c2c6f9a7e3ef3ccc90ff3cef00e6f51cac50a6398e7ecbe2f789306ad2fef94e42a8e"
                  "e445ee6b24cf4eb42ee3b31252d08f5871e50d8a3731eaaf1a6ee2c42891a48cc37bfd4aecab23bc"
                  "e8fa3c5f0d59f8e513f2c794acd6a71a38a43a217a75f28106dec1c565f84087904a5f72916539ed"
                  "c9ba693bd4e6cf2e",
      .shared = "0030beb8cccc32c7b62a1f1768d701346c750d9bae5642707a156f69045df218de81c0b5dd72d737"
                "2edd31bfd49bf7d52b067b17c98f454b74e6b93f6f128ead049d4fb1258ddfbde346e74038908f3d"
                "727845123077affc003246383fbd94b0d046481187d1792ab6cf68715f12059d9d5f03b60c77c7b9"
                "67b40ac6995ae8d4" },
};

/* A key pair of NIST's ACVP samples for safe primes, MODP-2048. */
static const char nist_x[] =
    "6fab61c3045931e05029f265f762f88793dc17074f8ec9405f26df5b507e093374567fd28e0ed472"
    "8f41a17d9d1561f0875e715da05453e2c725c7923fd242cde0ab7c6d315074db77e4559d345259b0"
    "1bcd86be274bff8c9aa69306d4b00dab701c44030689ac9ed3bd39ec3fd6633fb38eb069743e7620"
    "d0d270bb1888e01cfd0da175769a90982b1c0f620dfd030e6aec19a9f2cb575f0b5ba7c15927e346"
    "a8a1e7eb9f99af989a819822eca12a9def2b91ca3a5ae52c7ae032fda23707b3185297e0e73924f0"
    "3d984aded1c1f76815ca5b77383ed543158cdf9dd1204e5c9a3fa99c58ce582e5647e8c2a4fee335"
    "76dc7a8aaa1020e2119bf51cef022294";
static const char nist_y[] =
    "6dafa5107d0b3000d2a51660c5eda7d71984acafdbea897487ddd3059e5dbc6c4e635008cdcb58e8"
    "b8917abdc71650dec05455ca8d985bf7c3d5920aa75be422b6b44b37c0162d4a6d704d5d09cd5ede"
    "bed96098d2f1db7e0132e00d5bc711ab65c4be064c4ba68e22d7003bfec10799e50430ef4fa7cb07"
    "6342f632e009e6146a215b2d090842c286774fd871793b674ab06ea98f67e5f89bc5977afa648e1d"
    "33fad660ec31aa9a43a20923dcf4e93bf5a399f5dc0c2639e35b574c8ba66929ef179f77948e196d"
    "2c76bd6e716d94eac0c3a6a54ae5ea8f7778dfd69874f831cda499a19186d7a1e064207c4153b94e"
    "10dc37862b186b5ef643c70b493e1f36";

static const struct cyg_group_ops *ops_of(enum cyg_alg alg)
{
    return test_crypto()->group[alg].ops;
}

static struct modp_group *modp_of(enum cyg_alg alg)
{
    struct crypto_gnutls *provider = test_crypto()->group[alg].self;
    for (size_t i = 0; i < MODP_GROUPS; i++) {
        if (provider->modp[i].alg == alg) {
            return &provider->modp[i];
        }
    }
    abort(); /* no MODP group */
}

static struct cyg_secret secret_of(const char *hex)
{
    struct cyg_secret secret;
    secret.len = test_hex(hex, secret.data, sizeof secret.data).len;
    return secret;
}

static enum cyg_code shared(enum cyg_alg alg, const struct cyg_secret *private_value,
                            struct cyg_span peer_public, struct cyg_secret *ret,
                            struct cyg_error *err)
{
    /* An exact heap copy, so that AddressSanitizer sees any read beyond. */
    uint8_t *copy = test_memdup(peer_public.data, peer_public.len);
    enum cyg_code code = ops_of(alg)->shared(test_crypto()->group[alg].self, alg, private_value,
                                             (struct cyg_span){ copy, peer_public.len }, ret, err);
    free(copy);
    return code;
}

static void assert_shared_is(enum cyg_alg alg, const char *private_value, const char *peer_public,
                             const char *want)
{
    uint8_t public_value[CYG_SECRET_MAX], expected[CYG_SECRET_MAX];
    const struct cyg_secret secret = secret_of(private_value);
    struct cyg_secret got;
    assert_int_equal(
        shared(alg, &secret, test_hex(peer_public, public_value, sizeof public_value), &got, NULL),
        CYG_OK);
    struct cyg_span w = test_hex(want, expected, sizeof expected);
    assert_int_equal(got.len, w.len);
    assert_memory_equal(got.data, w.data, w.len);
}

static void test_exchanges_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < CYG_LEN(exchanges); i++) {
        const struct exchange *x = &exchanges[i];
        assert_shared_is(x->alg, x->private_i, x->public_r, x->shared);
        assert_shared_is(x->alg, x->private_r, x->public_i, x->shared);
    }
}

static void test_key_pair_of_nist(void **state)
{
    (void)state;
    char two[513];
    memset(two, '0', sizeof two - 1);
    two[511] = '2';
    two[512] = '\0';
    assert_shared_is(CYG_ALG_MODP2048, nist_x, two, nist_y);
}

/* Random bytes that are the same in every run. */
static struct cyg_span random_of(uint8_t *buffer, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        buffer[i] = (uint8_t)(seed >> 16);
    }
    return (struct cyg_span){ buffer, len };
}

struct side {
    struct cyg_secret private_value;
    uint8_t public_value[CYG_SECRET_MAX];
    size_t public_len;
};

static void generate(enum cyg_alg alg, unsigned seed, struct side *ret)
{
    const struct cyg_group_ops *ops = ops_of(alg);
    void *self = test_crypto()->group[alg].self;
    uint8_t random[CYG_SECRET_MAX];
    memset(ret, 0xa5, sizeof *ret);
    ret->public_len = cyg_alg_info(alg)->public_bytes;
    assert_int_equal(ops->generate(self, alg, random_of(random, ops->random_bytes(self, alg), seed),
                                   &ret->private_value, ret->public_value),
                     CYG_OK);
    for (size_t i = ret->public_len; i < sizeof ret->public_value; i++) {
        assert_int_equal(ret->public_value[i], 0xa5); /* not a byte too many */
    }
}

static void test_both_sides_agree_in_every_group(void **state)
{
    (void)state;
    size_t groups = 0;
    for (enum cyg_alg alg = CYG_ALG_MODP768; alg < CYG_ALG_COUNT; alg++, groups++) {
        struct side a, b, again;
        generate(alg, 1, &a);
        generate(alg, 2, &b);
        generate(alg, 1, &again);
        assert_memory_equal(&a, &again, sizeof a); /* the same bytes give the same value */
        assert_memory_not_equal(a.public_value, b.public_value, a.public_len);
        struct cyg_secret ab, ba;
        assert_int_equal(shared(alg, &a.private_value,
                                (struct cyg_span){ b.public_value, b.public_len }, &ab, NULL),
                         CYG_OK);
        assert_int_equal(shared(alg, &b.private_value,
                                (struct cyg_span){ a.public_value, a.public_len }, &ba, NULL),
                         CYG_OK);
        assert_int_equal(ab.len, cyg_alg_info(alg)->secret_bytes);
        assert_true(cyg_span_equal(cyg_secret_span(&ab), cyg_secret_span(&ba)));
    }
    assert_int_equal(groups, 12);
}

/* H-061: a broken source of random bytes. */
static void test_refuses_random_bytes_that_are_none(void **state)
{
    (void)state;
    for (enum cyg_alg alg = CYG_ALG_MODP768; alg < CYG_ALG_COUNT; alg++) {
        const struct cyg_group_ops *ops = ops_of(alg);
        void *self = test_crypto()->group[alg].self;
        uint8_t zero[CYG_SECRET_MAX] = { 0 }, public_value[CYG_SECRET_MAX];
        struct cyg_secret private_value;
        size_t len = ops->random_bytes(self, alg);
        assert_int_equal(
            ops->generate(self, alg, (struct cyg_span){ zero, len }, &private_value, public_value),
            CYG_INTERNAL);
        zero[0] = 1;
        assert_int_equal(ops->generate(self, alg, (struct cyg_span){ zero, len - 1 },
                                       &private_value, public_value),
                         CYG_INTERNAL);
    }
}

/* H-054: every length but the right one; leading zeros stripped among them. */
static void test_refuses_public_values_of_other_lengths(void **state)
{
    (void)state;
    for (enum cyg_alg alg = CYG_ALG_MODP768; alg < CYG_ALG_COUNT; alg++) {
        struct side a, b;
        generate(alg, 1, &a);
        generate(alg, 2, &b);
        const size_t lengths[] = { 0, 1, a.public_len - 1, a.public_len + 1, 65531 };
        uint8_t *longer = calloc(1, 65531);
        assert_non_null(longer);
        memcpy(longer, b.public_value, b.public_len);
        for (size_t i = 0; i < CYG_LEN(lengths); i++) {
            struct cyg_secret got = { .len = 7 };
            struct cyg_error err;
            assert_int_equal(
                shared(alg, &a.private_value, (struct cyg_span){ longer, lengths[i] }, &got, &err),
                CYG_REFUSED);
            assert_int_equal(err.reason, CYG_R_DH_PUBLIC_SIZE);
            assert_int_equal(err.got, lengths[i]);
            assert_int_equal(err.want, a.public_len);
            assert_int_equal(got.len, 7); /* untouched */
        }
        free(longer);
    }
}

static void assert_refused(enum cyg_alg alg, const struct cyg_secret *private_value,
                           struct cyg_span peer_public)
{
    struct cyg_secret got = { .len = 7 };
    struct cyg_error err;
    assert_int_equal(shared(alg, private_value, peer_public, &got, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_DH_PUBLIC_BAD);
    assert_int_equal(got.len, 7);
}

/* H-053, H-055: 0, 1, p-1, p, p+1, all ones, and values outside the subgroup: -2 is none of the
 * squares, as -1 is none in a prime that is 3 mod 4; nor is p - y for any square y. */
static void test_refuses_what_is_no_element_of_a_modp_group(void **state)
{
    (void)state;
    for (enum cyg_alg alg = CYG_ALG_MODP768; alg <= CYG_ALG_MODP8192; alg++) {
        const struct modp_group *group = modp_of(alg);
        const mp_size_t n = (mp_size_t)group->n;
        struct side a, b;
        generate(alg, 1, &a);
        generate(alg, 2, &b);
        mp_limb_t bad[7][NUMBER_LIMBS] = { { 0 }, { 1 } };
        mpn_sub_1(bad[2], group->prime, n, 1);
        mpn_copyi(bad[3], group->prime, n);
        mpn_add_1(bad[4], group->prime, n, 1);
        mpn_sub_1(bad[5], group->prime, n, 2);
        number_of_bytes(bad[6], group->n, (struct cyg_span){ b.public_value, b.public_len });
        mpn_sub_n(bad[6], group->prime, bad[6], n);
        uint8_t bytes[CYG_SECRET_MAX];
        for (size_t i = 0; i < CYG_LEN(bad); i++) {
            number_to_bytes(bad[i], group->n, bytes, group->bytes);
            assert_refused(alg, &a.private_value, (struct cyg_span){ bytes, group->bytes });
        }
        memset(bytes, 0xff, group->bytes);
        assert_refused(alg, &a.private_value, (struct cyg_span){ bytes, group->bytes });
        memset(bytes, 0, group->bytes); /* 4 is a square, 2 below all that is refused */
        bytes[group->bytes - 1] = 4;
        struct cyg_secret got;
        assert_int_equal(
            shared(alg, &a.private_value, (struct cyg_span){ bytes, group->bytes }, &got, NULL),
            CYG_OK);
    }
}

/* H-056: off the curve in one bit anywhere, coordinates swapped, the prime itself, all zero. */
static void test_refuses_what_is_no_point_of_the_curve(void **state)
{
    (void)state;
    for (enum cyg_alg alg = CYG_ALG_ECP256; alg <= CYG_ALG_ECP521; alg++) {
        struct side a, b;
        generate(alg, 1, &a);
        generate(alg, 2, &b);
        size_t half = b.public_len / 2;
        struct cyg_span peer = { b.public_value, b.public_len };
        for (size_t bit = 0; bit < b.public_len * 8; bit += 13) {
            b.public_value[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_refused(alg, &a.private_value, peer);
            b.public_value[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        uint8_t bytes[132];
        memcpy(bytes, b.public_value + half, half);
        memcpy(bytes + half, b.public_value, half);
        assert_refused(alg, &a.private_value, (struct cyg_span){ bytes, 2 * half });
        memset(bytes, 0, sizeof bytes);
        assert_refused(alg, &a.private_value, (struct cyg_span){ bytes, 2 * half });
        memset(bytes, 0xff, sizeof bytes);
        assert_refused(alg, &a.private_value, (struct cyg_span){ bytes, 2 * half });
    }
}

/* P-256 with x + p in the place of a small x: right modulo p, but not a coordinate. Point found
 * with Python integers: the smallest x above 0 on the curve is 5. */
static void test_refuses_a_coordinate_that_is_not_reduced(void **state)
{
    (void)state;
    uint8_t point[64];
    struct side a;
    generate(CYG_ALG_ECP256, 1, &a);
    struct cyg_secret got;
    struct cyg_span peer =
        test_hex("0000000000000000000000000000000000000000000000000000000000000005"
                 "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
                 point, sizeof point);
    assert_int_equal(shared(CYG_ALG_ECP256, &a.private_value, peer, &got, NULL), CYG_OK);
    test_hex("ffffffff00000001000000000000000000000001000000000000000000000004", point, 32);
    assert_refused(CYG_ALG_ECP256, &a.private_value, peer);
}

/* Scalars: order - 1 takes a point to its mirror, which has the same x; 0 and the order are none.
 */
static void test_private_values_of_curves_are_below_the_order(void **state)
{
    (void)state;
    static const enum cyg_alg curves[] = { CYG_ALG_ECP256, CYG_ALG_ECP384, CYG_ALG_ECP521 };
    static const char *const orders[] = {
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77a"
        "ecec196accc52973",
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    };
    for (size_t i = 0; i < CYG_LEN(orders); i++) {
        enum cyg_alg alg = curves[i];
        struct side a;
        generate(alg, 1, &a);
        struct cyg_span peer = { a.public_value, a.public_len };
        struct cyg_secret scalar = secret_of(orders[i]), got;
        struct cyg_error err;
        assert_int_equal(shared(alg, &scalar, peer, &got, &err), CYG_INTERNAL);
        assert_int_equal(err.reason, CYG_R_CRYPTO_FAILED);
        scalar.data[scalar.len - 1] ^= 1; /* the orders are odd */
        assert_int_equal(shared(alg, &scalar, peer, &got, NULL), CYG_OK);
        assert_int_equal(got.len, a.public_len / 2);
        assert_memory_equal(got.data, a.public_value, got.len);
        memset(scalar.data, 0, scalar.len);
        assert_int_equal(shared(alg, &scalar, peer, &got, &err), CYG_INTERNAL);
    }
}

/* RFC 7748 6.1: values of small order give 0. These are 0, 1, one of order 8, p - 1, p, p + 1 and
 * the first with the bit set that is ignored. */
static void test_refuses_small_orders_of_curve25519(void **state)
{
    (void)state;
    static const char *const small[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    struct side a;
    generate(CYG_ALG_CURVE25519, 1, &a);
    for (size_t i = 0; i < CYG_LEN(small); i++) {
        uint8_t bytes[32];
        assert_refused(CYG_ALG_CURVE25519, &a.private_value,
                       test_hex(small[i], bytes, sizeof bytes));
    }
}

/* Exponents at the edges of windows and limbs, and random ones, in every group. */
static void test_the_table_gives_the_same_powers(void **state)
{
    (void)state;
    for (enum cyg_alg alg = CYG_ALG_MODP768; alg <= CYG_ALG_MODP8192; alg++) {
        const struct modp_group *group = modp_of(alg);
        mp_limb_t *table = modp_table_build(group);
        assert_non_null(table);
        const mp_limb_t two[NUMBER_LIMBS] = { 2 };
        for (size_t round = 0; round < group->exponent_bytes + 8; round++) {
            uint8_t bytes[64] = { 0 };
            struct cyg_span e = { bytes, group->exponent_bytes };
            if (round < group->exponent_bytes) { /* one byte set, each in its turn */
                bytes[round] = (uint8_t)(round % 2 == 0 ? 0x80 : 0x01);
            } else if (round == group->exponent_bytes) {
                memset(bytes, 0xff, e.len);
            } else {
                random_of(bytes, e.len, (unsigned)round);
            }
            mp_limb_t plain[NUMBER_LIMBS], by_table[NUMBER_LIMBS];
            assert_int_equal(modp_power(group, two, e, plain), CYG_OK);
            assert_int_equal(modp_table_power(group, table, e, by_table), CYG_OK);
            assert_memory_equal(plain, by_table, group->n * sizeof *plain);
        }
        free(table);
    }
}

static void test_the_table_comes_with_use(void **state)
{
    (void)state;
    void *self = NULL;
    assert_int_equal(crypto_gnutls_load(NULL, &self, NULL), CYG_OK);
    struct crypto_gnutls *provider = self;
    struct modp_group *group = &provider->modp[0];
    uint8_t bytes[64];
    struct cyg_span e = random_of(bytes, group->exponent_bytes, 9);
    mp_limb_t first[NUMBER_LIMBS], next[NUMBER_LIMBS];
    assert_int_equal(modp_power_of_2(group, e, first), CYG_OK);
    for (unsigned use = 2; use <= MODP_TABLE_AFTER + 2; use++) {
        assert_int_equal(atomic_load(&group->table) != NULL, use > MODP_TABLE_AFTER);
        assert_int_equal(modp_power_of_2(group, e, next), CYG_OK);
        assert_memory_equal(first, next, group->n * sizeof *first);
    }
    assert_null(atomic_load(&provider->modp[1].table));
    crypto_gnutls_unload(self);
}

TEST_MAIN(cmocka_unit_test(test_exchanges_of_the_rfcs), cmocka_unit_test(test_key_pair_of_nist),
          cmocka_unit_test(test_both_sides_agree_in_every_group),
          cmocka_unit_test(test_refuses_random_bytes_that_are_none),
          cmocka_unit_test(test_refuses_public_values_of_other_lengths),
          cmocka_unit_test(test_refuses_what_is_no_element_of_a_modp_group),
          cmocka_unit_test(test_refuses_what_is_no_point_of_the_curve),
          cmocka_unit_test(test_refuses_a_coordinate_that_is_not_reduced),
          cmocka_unit_test(test_private_values_of_curves_are_below_the_order),
          cmocka_unit_test(test_refuses_small_orders_of_curve25519),
          cmocka_unit_test(test_the_table_gives_the_same_powers),
          cmocka_unit_test(test_the_table_comes_with_use));
