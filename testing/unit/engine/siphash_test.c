/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/siphash.h"
#include "unit/test.h"

/* The vector of the paper's appendix A: key 00..0f, message 00..0e. */
static void test_gives_the_papers_value(void **state)
{
    (void)state;
    const struct siphash_key key = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
    uint8_t message[15];
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)i;
    }
    assert_true(siphash(&key, cyg_span_of_array(message)) == 0xa129ca6149be45e5u);
}

/* H-102: who does not know the key can't choose what collides. */
static void test_depends_on_key_and_length(void **state)
{
    (void)state;
    const struct siphash_key a = { 1, 2 }, b = { 1, 3 };
    const uint8_t zeros[9] = { 0 };
    struct cyg_span eight = { zeros, 8 }, nine = { zeros, 9 };
    assert_true(siphash(&a, eight) != siphash(&b, eight));
    assert_true(siphash(&a, eight) != siphash(&a, nine));
    assert_true(siphash(&a, (struct cyg_span){ NULL, 0 }) != siphash(&a, eight));
}

TEST_MAIN(cmocka_unit_test(test_gives_the_papers_value),
          cmocka_unit_test(test_depends_on_key_and_length));
