/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs cmocka's tests one by one and prints TAP. cmocka's own TAP won't do: it calls a skipped test
 * "not ok" and has no reason for it. Its subunit format serves for the text of failures: Automake's
 * TAP driver ignores what isn't TAP. */
#include "unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_reason; /* of the test that runs; NULL: it was not skipped */

void test_skip(const char *reason)
{
    skip_reason = reason;
    skip();
    abort(); /* skip() jumps out of the test */
}

uint8_t *test_memdup(const void *data, size_t len)
{
    uint8_t *copy = malloc(len);
    assert_non_null(copy); /* glibc gives malloc(0) an address too */
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

char *test_source_path(const char *relative)
{
    const char *top = getenv("CYG_SRCDIR");
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", top != NULL ? top : ".", relative) > 0);
    return path;
}

static bool is_chosen(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(name, argv[i]) != NULL) {
            return true;
        }
    }
    return argc <= 1;
}

int test_main(const struct CMUnitTest *tests, size_t count, int argc, char **argv)
{
    size_t chosen = 0, number = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        chosen += is_chosen(tests[i].name, argc, argv);
    }
    printf("1..%zu\n", chosen);
    cmocka_set_message_output(CM_OUTPUT_SUBUNIT);
    for (size_t i = 0; i < count; i++) {
        if (!is_chosen(tests[i].name, argc, argv)) {
            continue;
        }
        skip_reason = NULL;
        bool ok = _cmocka_run_group_tests(tests[i].name, &tests[i], 1, NULL, NULL) == 0;
        failed += !ok;
        printf("%sok %zu - %s%s%s\n", ok ? "" : "not ", ++number, tests[i].name,
               skip_reason != NULL ? " # SKIP " : "", skip_reason != NULL ? skip_reason : "");
        fflush(stdout); /* a later crash must not swallow it */
    }
    return chosen == 0 || failed > 0;
}
