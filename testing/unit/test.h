/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every test in C includes: cmocka, and a main() that prints TAP. A test program is a file of
 * static functions `static void test_claim(void **state)` and one TEST_MAIN with all of them.
 * `x_test WORD...` runs only those whose name contains one of the words. */
#pragma once

/* To the compiler assert_non_null says nothing: it does not know that a failure ends the test. */
#pragma GCC diagnostic ignored "-Wnull-dereference"

/* cmocka.h wants these before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* The program's main(): TEST_MAIN(cmocka_unit_test(test_a), cmocka_unit_test(test_b)) */
#define TEST_MAIN(...)                                                         \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        static const struct CMUnitTest tests[] = { __VA_ARGS__ };              \
        return test_main(tests, sizeof(tests) / sizeof(tests[0]), argc, argv); \
    }                                                                          \
    struct test_eat_semicolon_

/* Run tests and print TAP. Returns the exit status: 0 if none failed. */
int test_main(const struct CMUnitTest *tests, size_t count, int argc, char **argv);

/* End the running test as skipped; the reason (borrowed, static) stands in the result. */
_Noreturn void test_skip(const char *reason);

/* A heap copy of exactly len bytes, so that AddressSanitizer sees a read of one more; free() it.
 * data may be NULL when len is 0. Never NULL: ends the test when there is no memory. */
uint8_t *test_memdup(const void *data, size_t len);

/* The path of a file of the source tree, "testing/x"; malloc'd. */
char *test_source_path(const char *relative);
