# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests mirror the sources: libcore/span.c has testing/unit/libcore/span_test.c. One line each:
# source and libraries follow from the name, unless more is needed:
#   testing_unit_io_lanes_test_LDADD = libio.la $(test_ldadd)
libtest_la_SOURCES += testing/unit/test.c testing/unit/test.h

unit_tests += testing/unit/libcore/version_test
