/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel_tun/replay.h"
#include "unit/test.h"

#include <stdlib.h>

static bool offer(struct replay *r, uint32_t seq)
{
    if (replay_check(r, seq) != REPLAY_NEW) {
        return false;
    }
    replay_take(r, seq);
    return true;
}

static void test_size_is_brought_into_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t asked, given;
    } cases[] = { { 0, 64 }, { 1, 64 }, { 64, 64 }, { 1000, 1000 }, { UINT32_MAX, 8192 } };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        struct replay r;
        assert_int_equal(replay_init(&r, cases[i].asked), CYG_OK);
        assert_int_equal(r.size, cases[i].given); /* H-160: never off */
        replay_clear(&r);
    }
}

static void test_edges_of_the_window(void **state)
{
    (void)state;
    struct replay r;
    assert_int_equal(replay_init(&r, 64), CYG_OK);
    assert_int_equal(replay_check(&r, 0), REPLAY_ZERO);
    assert_true(offer(&r, 100));
    assert_int_equal(replay_check(&r, 100), REPLAY_SEEN);
    assert_int_equal(replay_check(&r, 37), REPLAY_NEW); /* 100 - 63: the last one inside */
    assert_int_equal(replay_check(&r, 36), REPLAY_OLD);
    assert_true(offer(&r, 37));
    assert_int_equal(replay_check(&r, 37), REPLAY_SEEN);
    assert_true(offer(&r, 101)); /* pushes 37 out */
    assert_int_equal(replay_check(&r, 37), REPLAY_OLD);
    assert_int_equal(replay_check(&r, 0), REPLAY_ZERO);
    replay_clear(&r);
}

static void test_asking_changes_nothing(void **state)
{
    (void)state;
    struct replay r;
    assert_int_equal(replay_init(&r, 64), CYG_OK);
    assert_true(offer(&r, 5));
    assert_int_equal(replay_check(&r, 4000000000u), REPLAY_NEW); /* a forger's number */
    assert_int_equal(r.top, 5);
    assert_int_equal(replay_check(&r, 4), REPLAY_NEW);
    replay_clear(&r);
}

static void test_end_of_the_numbers(void **state)
{
    (void)state;
    struct replay r;
    assert_int_equal(replay_init(&r, 64), CYG_OK);
    assert_true(offer(&r, UINT32_MAX - 1));
    assert_true(offer(&r, UINT32_MAX));
    assert_false(offer(&r, UINT32_MAX));
    assert_int_equal(replay_check(&r, 0), REPLAY_ZERO); /* no wrap */
    assert_int_equal(replay_check(&r, 1), REPLAY_OLD);
    assert_true(offer(&r, UINT32_MAX - 63));
    assert_int_equal(replay_check(&r, UINT32_MAX - 64), REPLAY_OLD);
    replay_clear(&r);
}

/* Against a list of all numbers taken, with steps of every size and windows that are no multiple of
 * the word. */
static void test_agrees_with_a_plain_list(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { 64, 65, 127, 128, 129, 1000, 8191, 8192 };
    enum {
        NUMBERS = 200000
    };
    for (size_t s = 0; s < CYG_LEN(sizes); s++) {
        struct replay r;
        bool *taken = calloc(NUMBERS, sizeof(*taken));
        assert_int_equal(replay_init(&r, sizes[s]), CYG_OK);
        uint32_t top = 0, random = 12345 + (uint32_t)s;
        for (unsigned i = 0; i < 60000; i++) {
            random = random * 1664525u + 1013904223u;
            uint32_t pick = random >> 8, span = sizes[s] * 2;
            uint32_t seq = top + 2 > span / 2 ? top + 2 - span / 2 + pick % span : pick % span;
            if (pick % 1000 == 0) {
                seq = top + pick % 20000; /* far ahead */
            }
            if (seq >= NUMBERS) {
                break;
            }
            bool is_old = seq <= top && top - seq >= sizes[s];
            bool want = seq != 0 && !is_old && !taken[seq];
            assert_int_equal(offer(&r, seq), want);
            if (want) {
                taken[seq] = true;
                top = seq > top ? seq : top;
            }
        }
        assert_true(top > sizes[s]);
        free(taken);
        replay_clear(&r);
    }
}

TEST_MAIN(cmocka_unit_test(test_size_is_brought_into_bounds),
          cmocka_unit_test(test_edges_of_the_window), cmocka_unit_test(test_asking_changes_nothing),
          cmocka_unit_test(test_end_of_the_numbers),
          cmocka_unit_test(test_agrees_with_a_plain_list));
