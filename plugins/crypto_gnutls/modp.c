/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diffie-Hellman in the MODP groups of RFC 2409 6 and RFC 3526. Private values stay in mpn_sec_
 * functions on memory of ours; only public values meet functions whose time depends on them. */
#include "modp_internal.h"
#include "provider.h"

#include <stdlib.h>
#include <string.h>

/* Length of private values: at least twice the strength of the group, so that no method for the
 * exponent is faster than one for the prime. Two sources for the strength in bits:
 *
 *             RFC 3526 8 (estimate 1)   SP 800-57-1 5.6.1, SP 800-56A rev. 3 table 26   taken
 *   modp768   -                         below 80                                        160
 *   modp1024  -                         80                                              160
 *   modp1536  90                        -                                               192
 *   modp2048  110                       112                                             224
 *   modp3072  130                       128                                             264
 *   modp4096  150                       152                                             304
 *   modp6144  170                       176                                             352
 *   modp8192  190                       200                                             400
 *
 * (bits, whole bytes). Longer ones cost time in proportion and gain nothing. k: see modp_prime. */
static const struct {
    enum cyg_alg alg;
    unsigned bits, exponent_bits;
    uint64_t k;
} rows[MODP_GROUPS] = {
    { CYG_ALG_MODP768, 768, 160, 149686 },    { CYG_ALG_MODP1024, 1024, 160, 129093 },
    { CYG_ALG_MODP1536, 1536, 192, 741804 },  { CYG_ALG_MODP2048, 2048, 224, 124476 },
    { CYG_ALG_MODP3072, 3072, 264, 1690314 }, { CYG_ALG_MODP4096, 4096, 304, 240904 },
    { CYG_ALG_MODP6144, 6144, 352, 929484 },  { CYG_ALG_MODP8192, 8192, 400, 4743158 },
};

enum cyg_code modp_init(struct modp_group *groups)
{
    for (size_t i = 0; i < MODP_GROUPS; i++) {
        struct modp_group *g = &groups[i];
        g->alg = rows[i].alg;
        g->bytes = rows[i].bits / 8u;
        g->n = rows[i].bits / GMP_NUMB_BITS;
        g->exponent_bytes = rows[i].exponent_bits / 8u;
        g->prime = calloc(g->n, sizeof *g->prime);
        if (g->prime == NULL) {
            modp_clear(groups);
            return CYG_NOMEM;
        }
        modp_prime(g->prime, rows[i].bits, rows[i].k);
    }
    return CYG_OK;
}

void modp_clear(struct modp_group *groups)
{
    for (size_t i = 0; i < MODP_GROUPS; i++) {
        free(groups[i].prime);
        free(atomic_load(&groups[i].table));
        groups[i].prime = NULL;
        atomic_store(&groups[i].table, NULL);
    }
}

static struct modp_group *find(void *self, enum cyg_alg alg)
{
    struct crypto_gnutls *provider = self;
    for (size_t i = 0; i < MODP_GROUPS; i++) {
        if (provider->modp[i].alg == alg) {
            return &provider->modp[i];
        }
    }
    return NULL;
}

enum cyg_code modp_power(const struct modp_group *group, const mp_limb_t *base,
                         struct cyg_span exponent, mp_limb_t *ret)
{
    const mp_size_t n = (mp_size_t)group->n;
    const mp_bitcnt_t bits = exponent.len * 8u; /* the length is public, the value is not */
    CYG_CLEANUP(number_clear) struct number e;
    CYG_CLEANUP(scratch_clear) struct scratch scratch = { 0 };
    enum cyg_code code = scratch_init(&scratch, mpn_sec_powm_itch(n, bits, n));
    if (code != CYG_OK) {
        return code;
    }
    number_of_bytes(e.limbs, number_limbs(exponent.len), exponent);
    mpn_sec_powm(ret, base, n, e.limbs, bits, group->prime, n, scratch.limbs);
    return CYG_OK;
}

enum cyg_code modp_power_of_2(struct modp_group *group, struct cyg_span exponent, mp_limb_t *ret)
{
    const mp_limb_t *table = atomic_load_explicit(&group->table, memory_order_acquire);
    if (table == NULL && atomic_load_explicit(&group->uses, memory_order_relaxed) < MODP_TABLE_AFTER
        && atomic_fetch_add(&group->uses, 1) + 1 == MODP_TABLE_AFTER) {
        /* Exactly one thread comes here; the others go the plain way until it has finished. */
        mp_limb_t *built = modp_table_build(group);
        atomic_store_explicit(&group->table, built, memory_order_release);
        table = built;
    }
    if (table != NULL && exponent.len == group->exponent_bytes) {
        return modp_table_power(group, table, exponent, ret);
    }
    mp_limb_t two[NUMBER_LIMBS] = { 2 };
    return modp_power(group, two, exponent, ret);
}

/* 1 < y < p - 1, and y a square: the p are safe primes, so the squares are the subgroup of prime
 * order, and the Legendre symbol tells in a hundredth of the time of y^q (RFC 6989 2.2, H-053,
 * H-055). y is public: time may depend on it. */
static bool is_element(const struct modp_group *group, const mp_limb_t *y)
{
    const mp_size_t n = (mp_size_t)group->n;
    mp_limb_t last[NUMBER_LIMBS]; /* p - 1 */
    memcpy(last, group->prime, group->n * sizeof *last);
    last[0] -= 1;
    if ((mpn_zero_p(y + 1, n - 1) && y[0] <= 1) || mpn_cmp(y, last, n) >= 0) {
        return false;
    }
    mpz_t y_view, p_view;
    return mpz_jacobi(mpz_roinit_n(y_view, y, n), mpz_roinit_n(p_view, group->prime, n)) == 1;
}

static size_t modp_random_bytes(void *self, enum cyg_alg alg)
{
    const struct modp_group *group = find(self, alg);
    return group != NULL ? group->exponent_bytes : 0;
}

static enum cyg_code modp_generate(void *self, enum cyg_alg alg, struct cyg_span random,
                                   struct cyg_secret *ret_private, uint8_t *ret_public)
{
    struct modp_group *group = find(self, alg);
    if (group == NULL) {
        return CYG_UNSUPPORTED;
    }
    /* The random bytes are the exponent. All zeros are no random bytes (H-061). */
    if (random.len != group->exponent_bytes || number_is_zero(random)) {
        return CYG_INTERNAL;
    }
    struct number y;
    enum cyg_code code = modp_power_of_2(group, random, y.limbs);
    if (code != CYG_OK) {
        return code;
    }
    code = cyg_secret_set(ret_private, random);
    if (code != CYG_OK) {
        return code;
    }
    number_to_bytes(y.limbs, group->n, ret_public, group->bytes);
    return CYG_OK;
}

static enum cyg_code modp_shared(void *self, enum cyg_alg alg,
                                 const struct cyg_secret *private_value,
                                 struct cyg_span peer_public, struct cyg_secret *ret_shared,
                                 struct cyg_error *err)
{
    const struct modp_group *group = find(self, alg);
    if (group == NULL) {
        return CYG_FAIL(err, CYG_R_ALG_NOT_PROVIDED, .got_quote = provider_quote(alg));
    }
    if (peer_public.len != group->bytes) { /* H-054, shorter ones too: RFC 2409 5 */
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .got = peer_public.len, .want = group->bytes);
    }
    struct cyg_span exponent = cyg_secret_span(private_value);
    if (exponent.len > group->bytes || number_is_zero(exponent)) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED,
                        .got_quote = cyg_quote_text("no usable private value"));
    }
    mp_limb_t y[NUMBER_LIMBS];
    number_of_bytes(y, group->n, peer_public);
    if (!is_element(group, y)) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_BAD, .got = 0);
    }
    CYG_CLEANUP(number_clear) struct number secret;
    if (modp_power(group, y, exponent, secret.limbs) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM, .got = 0);
    }
    number_to_bytes(secret.limbs, group->n, ret_shared->data, group->bytes);
    ret_shared->len = group->bytes;
    return CYG_OK;
}

const struct cyg_group_ops provider_modp = {
    .size = sizeof(struct cyg_group_ops),
    .random_bytes = modp_random_bytes,
    .generate = modp_generate,
    .shared = modp_shared,
};
