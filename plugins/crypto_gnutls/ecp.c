/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diffie-Hellman in the ECP groups, RFC 5903: the KE payload is x and y at full length without a
 * prefix, the secret is x alone, leading zeros kept. The arithmetic is Nettle's, which takes the
 * same time for any scalar; what it allocates is wiped by gmp_memory.c. */
#include "number.h"
#include "provider.h"

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <string.h>

#define ECP_BYTES_MAX 66u

/* Extra random bytes, so that taking the remainder by the order leaves no bias above 2^-64: FIPS
 * 186-4 B.4.1. */
#define ECP_EXTRA_BYTES 8u

/* The order of the generator, FIPS 186-4 D.1.2.3 to D.1.2.5. Nettle does not give it away. */
static const uint8_t order256[] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                    0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };
static const uint8_t order384[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37,
                                    0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a,
                                    0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73 };
static const uint8_t order521[] = { 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f,
                                    0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09, 0xa5, 0xd0,
                                    0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f,
                                    0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09 };

static const struct ecp_group {
    enum cyg_alg alg;
    struct cyg_span order; /* as long as a coordinate, for all three */
    const struct ecc_curve *(*curve)(void);
} groups[] = {
    { CYG_ALG_ECP256, { order256, sizeof order256 }, nettle_get_secp_256r1 },
    { CYG_ALG_ECP384, { order384, sizeof order384 }, nettle_get_secp_384r1 },
    { CYG_ALG_ECP521, { order521, sizeof order521 }, nettle_get_secp_521r1 },
};

static const struct ecp_group *find(enum cyg_alg alg)
{
    for (size_t i = 0; i < CYG_LEN(groups); i++) {
        if (groups[i].alg == alg) {
            return &groups[i];
        }
    }
    return NULL;
}

/* Write x and, unless out_y is NULL, y of a point. */
static void get_coordinates(const struct ecc_point *point, size_t bytes, uint8_t *out_x,
                            uint8_t *out_y)
{
    mpz_t xy[2];
    uint8_t *const out[] = { out_x, out_y };
    mpz_inits(xy[0], xy[1], NULL);
    ecc_point_get(point, xy[0], xy[1]);
    for (size_t i = 0; i < CYG_LEN(xy) && out[i] != NULL; i++) {
        CYG_CLEANUP(number_clear) struct number copy;
        for (size_t limb = 0; limb < number_limbs(bytes); limb++) {
            copy.limbs[limb] = mpz_getlimbn(xy[i], (mp_size_t)limb); /* 0 beyond its end */
        }
        number_to_bytes(copy.limbs, number_limbs(bytes), out[i], bytes);
    }
    mpz_clears(xy[0], xy[1], NULL);
}

/* Take a private value; the caller clears *ret in any case. False when it is not 0 < s < order. */
static bool scalar_init(struct ecc_scalar *ret, const struct ecp_group *group,
                        struct cyg_span private_value)
{
    ecc_scalar_init(ret, group->curve());
    if (private_value.len > group->order.len) {
        return false;
    }
    CYG_CLEANUP(number_clear) struct number copy;
    size_t n = number_limbs(group->order.len);
    number_of_bytes(copy.limbs, n, private_value);
    mpz_t view;
    return ecc_scalar_set(ret, mpz_roinit_n(view, copy.limbs, (mp_size_t)n)) != 0;
}

static size_t ecp_random_bytes(void *self, enum cyg_alg alg)
{
    (void)self;
    const struct ecp_group *group = find(alg);
    return group != NULL ? group->order.len + ECP_EXTRA_BYTES : 0;
}

/* private = random mod (order - 1) + 1: never 0, FIPS 186-4 B.4.1. */
static enum cyg_code scalar_of_random(const struct ecp_group *group, struct cyg_span random,
                                      struct cyg_secret *ret)
{
    const size_t n = number_limbs(group->order.len), random_n = number_limbs(random.len);
    CYG_CLEANUP(number_clear) struct number value;
    struct number divisor;
    number_of_bytes(value.limbs, random_n, random);
    number_of_bytes(divisor.limbs, n, group->order);
    divisor.limbs[0] -= 1; /* the orders are odd */

    CYG_CLEANUP(scratch_clear) struct scratch scratch = { 0 };
    const mp_size_t div_itch = mpn_sec_div_r_itch((mp_size_t)random_n, (mp_size_t)n);
    const mp_size_t add_itch = mpn_sec_add_1_itch((mp_size_t)n);
    enum cyg_code code = scratch_init(&scratch, div_itch > add_itch ? div_itch : add_itch);
    if (code != CYG_OK) {
        return code;
    }
    mpn_sec_div_r(value.limbs, (mp_size_t)random_n, divisor.limbs, (mp_size_t)n, scratch.limbs);
    mpn_sec_add_1(value.limbs, value.limbs, (mp_size_t)n, 1, scratch.limbs);
    number_to_bytes(value.limbs, n, ret->data, group->order.len);
    ret->len = group->order.len;
    return CYG_OK;
}

static enum cyg_code ecp_generate(void *self, enum cyg_alg alg, struct cyg_span random,
                                  struct cyg_secret *ret_private, uint8_t *ret_public)
{
    const struct ecp_group *group = find(alg);
    if (group == NULL) {
        return CYG_UNSUPPORTED;
    }
    if (random.len != ecp_random_bytes(self, alg) || number_is_zero(random)) { /* H-061 */
        return CYG_INTERNAL;
    }
    enum cyg_code code = scalar_of_random(group, random, ret_private);
    if (code != CYG_OK) {
        return code;
    }
    struct ecc_scalar scalar;
    if (scalar_init(&scalar, group, cyg_secret_span(ret_private))) {
        struct ecc_point point;
        ecc_point_init(&point, group->curve());
        ecc_point_mul_g(&point, &scalar);
        get_coordinates(&point, group->order.len, ret_public, ret_public + group->order.len);
        ecc_point_clear(&point);
    } else {
        code = CYG_INTERNAL;
        cyg_secret_clear(ret_private);
    }
    ecc_scalar_clear(&scalar);
    return code;
}

/* Take the peer's point; the caller clears *ret in any case. False unless both coordinates are
 * below the prime and the point is on the curve (RFC 6989 2.3, H-056). Every such point has the
 * order of the generator, as the cofactor is 1; the neutral element has no coordinates. */
static bool point_init(struct ecc_point *ret, const struct ecp_group *group, struct cyg_span xy)
{
    struct number x, y;
    const size_t bytes = group->order.len, n = number_limbs(bytes);
    number_of_bytes(x.limbs, n, cyg_span_first(xy, bytes));
    number_of_bytes(y.limbs, n, cyg_span_after(xy, bytes));
    mpz_t x_view, y_view;
    ecc_point_init(ret, group->curve());
    return ecc_point_set(ret, mpz_roinit_n(x_view, x.limbs, (mp_size_t)n),
                         mpz_roinit_n(y_view, y.limbs, (mp_size_t)n))
           != 0;
}

static enum cyg_code ecp_shared(void *self, enum cyg_alg alg,
                                const struct cyg_secret *private_value, struct cyg_span peer_public,
                                struct cyg_secret *ret_shared, struct cyg_error *err)
{
    (void)self;
    const struct ecp_group *group = find(alg);
    if (group == NULL) {
        return CYG_FAIL(err, CYG_R_ALG_NOT_PROVIDED, .got_quote = provider_quote(alg));
    }
    const size_t bytes = group->order.len;
    if (peer_public.len != 2 * bytes) { /* H-054; also a 04 prefix and compressed points */
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .got = peer_public.len, .want = 2 * bytes);
    }
    struct ecc_point point;
    struct ecc_scalar scalar;
    bool on_curve = point_init(&point, group, peer_public);
    bool usable = scalar_init(&scalar, group, cyg_secret_span(private_value));
    if (on_curve && usable) {
        ecc_point_mul(&point, &scalar, &point);
        get_coordinates(&point, bytes, ret_shared->data, NULL);
        ret_shared->len = bytes;
    }
    ecc_scalar_clear(&scalar);
    ecc_point_clear(&point);
    if (!on_curve) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_BAD, .got = 0);
    }
    if (!usable) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED,
                        .got_quote = cyg_quote_text("no usable private value"));
    }
    return CYG_OK;
}

const struct cyg_group_ops provider_ecp = {
    .size = sizeof(struct cyg_group_ops),
    .random_bytes = ecp_random_bytes,
    .generate = ecp_generate,
    .shared = ecp_shared,
};
