# SPDX-License-Identifier: LGPL-2.1-or-later
# How tests run: each prints TAP and Automake counts it. The lists are filled by the fragments of
# the folders below this one.

# The helpers of unit tests, simulations and fuzz targets: "unit/test.h".
check_LTLIBRARIES += libtest.la
libtest_la_SOURCES =

# What a test program links unless it says otherwise: everything that has no I/O, hidden symbols
# included. A test that loads plugins has its own _LDADD with libcygnet.la instead of libcore.la.
test_ldadd = libengine.la libcodec.la libcore.la libtest.la $(CMOCKA_LIBS)
LDADD = $(test_ldadd)

# Without cmocka one line says so, instead of tests that silently are not there.
if CMOCKA
check_PROGRAMS += $(unit_tests) $(sim_tests)
TESTS += $(unit_tests) $(sim_tests)
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
else
EXTRA_PROGRAMS += $(unit_tests) $(sim_tests)
TESTS += testing/no-cmocka.sh
endif
EXTRA_DIST += testing/no-cmocka.sh

# stderr goes into the test's log too, so that a failing assertion stands beside its name.
# An absolute source folder: tests run in the build folder. Sets of vectors outside the tree are
# skipped where they are not.
AM_TESTS_ENVIRONMENT = \
	CYG_SRCDIR='$(abs_top_srcdir)'; export CYG_SRCDIR; \
	CYG_BUILDDIR='$(abs_top_builddir)'; export CYG_BUILDDIR; \
	CYG_VECTORS="$${CYG_VECTORS:-$(abs_top_srcdir)/../shared/vectors}"; export CYG_VECTORS; \
	ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:$$ASAN_OPTIONS"; \
	export ASAN_OPTIONS; \
	UBSAN_OPTIONS="print_stacktrace=1:$$UBSAN_OPTIONS"; export UBSAN_OPTIONS; \
	TSAN_OPTIONS="halt_on_error=1:$$TSAN_OPTIONS"; export TSAN_OPTIONS;
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh --merge
LOG_DRIVER = $(tap_driver)
TEST_EXTENSIONS = .sh .bats
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = bash
BATS_LOG_DRIVER = $(tap_driver)
BATS_LOG_COMPILER = bats --tap
