/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/lifetimes.h"
#include "unit/test.h"

static void test_reads_what_a_transform_says(void **state)
{
    (void)state;
    struct transform_values v = { 0 };
    assert_int_equal(lifetime_of(&v).seconds, 28800);
    assert_int_equal(lifetime_of(&v).bytes, 0);
    v = (struct transform_values){
        .has_seconds = true, .seconds = 3600, .has_kilobytes = true, .kilobytes = 4608000
    };
    assert_int_equal(lifetime_of(&v).seconds, 3600);
    assert_int_equal(lifetime_of(&v).bytes, 4608000ull * 1024);
    v.kilobytes = 0xffffffff; /* Windows */
    assert_int_equal(lifetime_of(&v).bytes, 0);
    v.kilobytes = UINT64_MAX; /* does not fit: no bound rather than a small one */
    assert_int_equal(lifetime_of(&v).bytes, 0);
}

static void test_the_shorter_of_both_counts(void **state)
{
    (void)state;
    struct lifetime a = { 3600, 0 }, b = { 7200, 1000 };
    assert_int_equal(lifetime_shorter(a, b).seconds, 3600);
    assert_int_equal(lifetime_shorter(a, b).bytes, 1000);
    assert_int_equal(lifetime_shorter(b, a).bytes, 1000);
    assert_true(lifetime_must_tell(b, a));
    assert_true(lifetime_must_tell(a, b)); /* bytes: theirs has no bound */
    assert_false(lifetime_must_tell(a, a));
    assert_false(lifetime_must_tell((struct lifetime){ 60, 500 }, b));
}

/* H-043 */
static void test_refuses_below_the_minimum(void **state)
{
    (void)state;
    struct cyg_error err;
    assert_int_equal(lifetime_check((struct lifetime){ 60, 0 }, 60, &err), CYG_OK);
    assert_int_equal(lifetime_check((struct lifetime){ 59, 0 }, 60, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_LIFETIME_SHORT);
    assert_int_equal(err.got, 59);
    assert_int_equal(err.want, 60);
}

static void test_writes_what_it_reads(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct cyg_writer w = cyg_writer_of(bytes, sizeof bytes);
    struct lifetime read = { 0 };
    lifetime_encode(&w, IPSEC_ATTR_LIFE_TYPE, (struct lifetime){ 86400, 5 * 1024 });
    assert_int_equal(lifetime_decode(cyg_writer_span(&w), IPSEC_ATTR_LIFE_TYPE, &read), CYG_OK);
    assert_int_equal(read.seconds, 86400);
    assert_int_equal(read.bytes, 5 * 1024);
}

/* H-087: malformed, zero, of the other phase. */
static void test_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const uint8_t cut[] = { 0x80, 1, 0, 1, 0x80, 2, 0 };
    static const uint8_t zero[] = { 0x80, 1, 0, 1, 0x80, 2, 0, 0 };
    static const uint8_t no_type[] = { 0x80, 2, 0, 60 };
    static const uint8_t phase1[] = { 0x80, 11, 0, 1, 0x80, 12, 0, 60 };
    const struct cyg_span bad[] = { cyg_span_of_array(cut), cyg_span_of_array(zero),
                                    cyg_span_of_array(no_type), cyg_span_of_array(phase1) };
    for (size_t i = 0; i < CYG_LEN(bad); i++) {
        struct lifetime read = { 7, 7 };
        assert_int_equal(lifetime_decode(bad[i], IPSEC_ATTR_LIFE_TYPE, &read), CYG_MALFORMED);
        assert_int_equal(read.seconds, 7); /* untouched */
    }
}

TEST_MAIN(cmocka_unit_test(test_reads_what_a_transform_says),
          cmocka_unit_test(test_the_shorter_of_both_counts),
          cmocka_unit_test(test_refuses_below_the_minimum),
          cmocka_unit_test(test_writes_what_it_reads),
          cmocka_unit_test(test_refuses_what_makes_no_sense));
