/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations from several threads at once, also while the table of a group is built. */
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include "crypto_gnutls/provider.h"

#include <pthread.h>
#include <string.h>

enum {
    THREADS = 4,
    ROUNDS = 6, /* the table comes at the eighth of 24 */
};

static const enum cyg_alg groups[] = { CYG_ALG_MODP768, CYG_ALG_MODP1024, CYG_ALG_ECP256,
                                       CYG_ALG_CURVE25519 };

struct result {
    uint8_t public_value[CYG_LEN(groups)][128], mac[32], random[32];
    size_t failures;
};

static void *work(void *context)
{
    struct result *ret = context;
    const struct cyg_crypto *crypto = test_crypto();
    for (size_t i = 0; i < CYG_LEN(groups) * ROUNDS; i++) {
        enum cyg_alg alg = groups[i % CYG_LEN(groups)];
        const struct cyg_provider *provider = &crypto->group[alg];
        const struct cyg_group_ops *ops = provider->ops;
        uint8_t random[64], *public_value = ret->public_value[i % CYG_LEN(groups)];
        struct cyg_secret private_value, secret;
        memset(random, 0x3c, sizeof random);
        ret->failures +=
            ops->generate(provider->self, alg,
                          (struct cyg_span){ random, ops->random_bytes(provider->self, alg) },
                          &private_value, public_value)
            != CYG_OK;
        ret->failures +=
            ops->shared(provider->self, alg, &private_value,
                        (struct cyg_span){ public_value, cyg_alg_info(alg)->public_bytes }, &secret,
                        NULL)
            != CYG_OK;
        const struct cyg_span parts[] = { cyg_secret_span(&secret) };
        ret->failures +=
            cyg_mac_once(crypto, CYG_ALG_SHA256, cyg_span_of_array(random), parts, 1, ret->mac)
            != CYG_OK;
        const struct cyg_rng_ops *rng = crypto->rng.ops;
        ret->failures += rng->fill(crypto->rng.self, ret->random, sizeof ret->random) != CYG_OK;
    }
    return NULL;
}

static void test_threads_compute_the_same(void **state)
{
    (void)state;
    static struct result results[THREADS];
    pthread_t threads[THREADS];
    assert_non_null(test_crypto()); /* not first in a thread */
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &results[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(results[i].failures, 0);
        assert_memory_equal(results[i].public_value, results[0].public_value,
                            sizeof results[0].public_value);
        assert_memory_equal(results[i].mac, results[0].mac, sizeof results[0].mac);
        for (size_t j = 0; j < i; j++) { /* no two threads draw from one state */
            assert_memory_not_equal(results[i].random, results[j].random, 32);
        }
    }
    const struct crypto_gnutls *provider = test_crypto()->group[CYG_ALG_MODP768].self;
    assert_non_null(atomic_load(&provider->modp[0].table));
}

TEST_MAIN(cmocka_unit_test(test_threads_compute_the_same));
