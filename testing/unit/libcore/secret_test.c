/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/secret.h>
#include <cygnet/time.h>

#include <string.h>

static bool all_zero(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_set_copies_and_clear_wipes(void **state)
{
    (void)state;
    struct cyg_key key;
    struct cyg_secret secret;
    memset(&key, 0xaa, sizeof key);
    memset(&secret, 0xaa, sizeof secret);
    assert_int_equal(cyg_key_set(&key, cyg_span_str("abc")), CYG_OK);
    assert_int_equal(cyg_secret_set(&secret, cyg_span_str("abcd")), CYG_OK);
    assert_true(cyg_span_equal(cyg_key_span(&key), cyg_span_str("abc")));
    assert_true(cyg_span_equal(cyg_secret_span(&secret), cyg_span_str("abcd")));
    assert_true(all_zero(key.data + 3, sizeof key.data - 3)); /* nothing of before is left */
    assert_true(all_zero(secret.data + 4, sizeof secret.data - 4));
    cyg_key_clear(&key);
    cyg_secret_clear(&secret);
    assert_true(all_zero(&key, sizeof key));
    assert_true(all_zero(&secret, sizeof secret));
}

static void test_what_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t long_bytes[CYG_SECRET_MAX + 1] = { 1 };
    struct cyg_key key;
    struct cyg_secret secret;
    assert_int_equal(cyg_key_set(&key, cyg_span_str("abc")), CYG_OK);
    assert_int_equal(cyg_secret_set(&secret, cyg_span_str("abc")), CYG_OK);
    assert_int_equal(cyg_key_set(&key, (struct cyg_span){ long_bytes, CYG_KEY_MAX + 1 }),
                     CYG_LIMIT);
    assert_int_equal(cyg_secret_set(&secret, (struct cyg_span){ long_bytes, CYG_SECRET_MAX + 1 }),
                     CYG_LIMIT);
    assert_true(cyg_span_equal(cyg_key_span(&key), cyg_span_str("abc")));
    assert_true(cyg_span_equal(cyg_secret_span(&secret), cyg_span_str("abc")));
    assert_int_equal(cyg_key_set(&key, (struct cyg_span){ long_bytes, CYG_KEY_MAX }), CYG_OK);
    assert_int_equal(key.len, CYG_KEY_MAX);
    assert_int_equal(cyg_secret_set(&secret, (struct cyg_span){ long_bytes, CYG_SECRET_MAX }),
                     CYG_OK);
    assert_int_equal(secret.len, CYG_SECRET_MAX);
    assert_int_equal(cyg_key_set(&key, (struct cyg_span){ NULL, 0 }), CYG_OK);
    assert_int_equal(key.len, 0);
}

static void test_equal_ct_finds_every_difference(void **state)
{
    (void)state;
    uint8_t a[64], b[64];
    memset(a, 0x5a, sizeof a);
    for (size_t i = 0; i < sizeof a; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(b, a, sizeof b);
            b[i] ^= (uint8_t)(1u << bit);
            assert_false(cyg_equal_ct(cyg_span_of_array(a), cyg_span_of_array(b)));
        }
    }
    memcpy(b, a, sizeof b);
    assert_true(cyg_equal_ct(cyg_span_of_array(a), cyg_span_of_array(b)));
    assert_false(cyg_equal_ct(cyg_span_of_array(a), (struct cyg_span){ b, sizeof b - 1 }));
    assert_true(cyg_equal_ct((struct cyg_span){ NULL, 0 }, (struct cyg_span){ b, 0 }));
}

static void test_wipe_takes_nothing(void **state)
{
    (void)state;
    cyg_wipe(NULL, 0);
}

static void test_times_add_without_overflow(void **state)
{
    (void)state;
    assert_int_equal(cyg_usec_add(1, 2), 3);
    assert_int_equal(cyg_usec_add(CYG_NEVER, 5), CYG_NEVER);
    assert_int_equal(cyg_usec_add(CYG_NEVER - 3, 3), CYG_NEVER);
    assert_int_equal(cyg_usec_add(CYG_NEVER - 3, 4), CYG_NEVER);
    cyg_usec first = cyg_time_now();
    assert_true(cyg_time_now() >= first);
    assert_true(first > 0 && first < 100ull * 365 * 86400 * CYG_SEC); /* since boot, not 1970 */
    assert_true(cyg_time_wall() > 1600000000);
}

TEST_MAIN(cmocka_unit_test(test_set_copies_and_clear_wipes),
          cmocka_unit_test(test_what_does_not_fit_changes_nothing),
          cmocka_unit_test(test_equal_ct_finds_every_difference),
          cmocka_unit_test(test_wipe_takes_nothing),
          cmocka_unit_test(test_times_add_without_overflow));
