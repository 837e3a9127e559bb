/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets do not stay in memory that GMP and Nettle give back: this test puts functions of its own
 * below the plugin's, and looks at every block that is freed. */
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include "crypto_gnutls/provider.h"

#include <stdlib.h>
#include <string.h>

static size_t freed, not_wiped;

static void *watched_allocate(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void *watched_reallocate(void *pointer, size_t old_size, size_t new_size)
{
    (void)old_size;
    return realloc(pointer, new_size);
}

static void watched_free(void *pointer, size_t size)
{
    freed++;
    not_wiped += !number_is_zero((struct cyg_span){ pointer, size });
    free(pointer);
}

static void use_groups(void)
{
    for (enum cyg_alg alg = CYG_ALG_ECP256; alg <= CYG_ALG_CURVE25519; alg++) {
        const struct cyg_group_ops *ops = test_crypto()->group[alg].ops;
        struct cyg_secret private_value, secret;
        uint8_t random[CYG_SECRET_MAX], public_value[CYG_SECRET_MAX];
        memset(random, 0x5a, sizeof random);
        assert_int_equal(ops->generate(NULL, alg,
                                       (struct cyg_span){ random, ops->random_bytes(NULL, alg) },
                                       &private_value, public_value),
                         CYG_OK);
        assert_int_equal(
            ops->shared(NULL, alg, &private_value,
                        (struct cyg_span){ public_value, cyg_alg_info(alg)->public_bytes }, &secret,
                        NULL),
            CYG_OK);
    }
}

static void test_what_gmp_frees_is_wiped(void **state)
{
    (void)state;
    mp_set_memory_functions(watched_allocate, watched_reallocate, watched_free);
    use_groups(); /* loads the plugin */
    assert_true(freed > 20);
    assert_int_equal(not_wiped, 0);

    mpz_t grows;
    mpz_init_set_ui(grows, 12345);
    mpz_mul_2exp(grows, grows, 4096);
    mpz_mul_2exp(grows, grows, 65536);
    assert_int_equal(mpz_scan1(grows, 0), 4096 + 65536); /* the number moved whole */
    mpz_clear(grows);
    assert_int_equal(not_wiped, 0);
}

/* That the test sees a block that is not wiped, and that unloading gives back what was there. */
static void test_functions_are_given_back(void **state)
{
    (void)state;
    void *(*allocate)(size_t) = NULL;
    void (*release)(void *, size_t) = NULL;
    mp_get_memory_functions(&allocate, NULL, &release);
    assert_true(release != watched_free);
    void *second = NULL;
    assert_int_equal(crypto_gnutls_load(NULL, &second, NULL), CYG_OK);
    crypto_gnutls_unload(second);
    mp_get_memory_functions(&allocate, NULL, &release);
    assert_true(release != watched_free); /* the first instance is still there */

    crypto_gnutls_unload(test_crypto()->group[CYG_ALG_MODP2048].self);
    mp_get_memory_functions(&allocate, NULL, &release);
    assert_true(allocate == watched_allocate && release == watched_free);
    mpz_t number;
    mpz_init_set_ui(number, 12345);
    mpz_clear(number);
    assert_int_equal(not_wiped, 1);
}

TEST_MAIN(cmocka_unit_test(test_what_gmp_frees_is_wiped),
          cmocka_unit_test(test_functions_are_given_back));
