/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/version.h>

static void test_version_is_that_of_the_package(void **state)
{
    (void)state;
    assert_string_equal(cyg_version(), PACKAGE_VERSION);
}

TEST_MAIN(cmocka_unit_test(test_version_is_that_of_the_package));
