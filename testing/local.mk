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
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
else
EXTRA_PROGRAMS += $(unit_tests)
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
	CYG_SEEDS="$${CYG_SEEDS:-2000}"; export CYG_SEEDS; \
	CYG_PLUGINS='$(plugin_LTLIBRARIES)'; export CYG_PLUGINS; \
	CYG_INSTRUMENTED='$(instrumented)'; export CYG_INSTRUMENTED; \
	CC='$(CC)'; export CC; \
	TSAN_OPTIONS="halt_on_error=1:$$TSAN_OPTIONS"; export TSAN_OPTIONS;
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh --merge
LOG_DRIVER = $(tap_driver)
TEST_EXTENSIONS = .sh .bats
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = bash
BATS_LOG_DRIVER = $(tap_driver)
BATS_LOG_COMPILER = bats --tap

# Checks of the tree and of what was built that need no more than a compiler.
TESTS += testing/check-layers testing/plugin_exports.sh testing/pure.sh
EXTRA_DIST += testing/check-layers testing/plugin_exports.sh testing/pure.sh

EXTRA_DIST += testing/check-format testing/check-headers testing/compile-commands testing/lint \
	testing/sub-build testing/fuzz/run testing/packages testing/install-packages .clang-tidy

# Scripts that need an installed cygnet ($CYG_PREFIX, pkg-config): "make installcheck", which
# distcheck runs too. Each prints TAP.
installcheck_scripts =
installcheck-local:
	$(AM_V_at)for s in $(installcheck_scripts); do \
		CYG_SRCDIR='$(abs_top_srcdir)' CYG_PREFIX='$(DESTDIR)$(prefix)' CC='$(CC)' \
		CFLAGS='$(SANITIZE_CFLAGS) $(CFLAGS)' CYG_INSTRUMENTED='$(instrumented)' \
		PKG_CONFIG_PATH='$(DESTDIR)$(pkgconfigdir)' bash $(srcdir)/$$s || exit 1; \
	done
EXTRA_DIST += $(installcheck_scripts) testing/check testing/bare

# --- Targets --------------------------------------------------------------------------------------

# What has threads, for a build with --enable-sanitizers=thread.
check-threads: all
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) $(check_LTLIBRARIES) $(thread_tests)
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(thread_tests)'

check-layers:
	$(AM_V_at)$(srcdir)/testing/check-layers

check-headers: config.h
	$(AM_V_at)CC='$(CC)' CYG_SRCDIR='$(srcdir)' CHECK_CPPFLAGS='$(AM_CPPFLAGS) $(CPPFLAGS)' \
		CHECK_CFLAGS='$(AM_CFLAGS) $(all_cflags) $(CFLAGS)' $(srcdir)/testing/check-headers
all_cflags = $(CONFUSE_CFLAGS) $(UV_CFLAGS) $(CAPNG_CFLAGS) $(JANSSON_CFLAGS) \
	$(SMARTCOLS_CFLAGS) $(SYSTEMD_CFLAGS) $(CMOCKA_CFLAGS) $(PLUGIN_CRYPTO_GNUTLS_CFLAGS) \
	$(PLUGIN_STORE_SQLITE_CFLAGS) $(PLUGIN_KERNEL_TUN_CFLAGS)

check-format:
	$(AM_V_at)$(srcdir)/testing/check-format

# make lint [LINT=clang-tidy]
LINT =
lint: all
	$(AM_V_at)$(srcdir)/testing/lint . $(LINT)

compile_commands.json: Makefile
	$(AM_V_GEN)$(srcdir)/testing/compile-commands . >$@-tmp && mv $@-tmp $@
CLEANFILES += compile_commands.json

# make fuzz [T=60] [FUZZ=testing/fuzz/x_fuzz]: in a build of its own with clang and libFuzzer.
T = 60
FUZZ = $(fuzz_targets)
fuzz:
	$(AM_V_at)$(srcdir)/testing/sub-build build-fuzz CC=clang --enable-fuzz --enable-werror -- all
	$(AM_V_at)$(srcdir)/testing/fuzz/run build-fuzz $(T) $(FUZZ)

# Executed lines of the product under "make check": a summary here, pages in coverage/.
coverage:
	$(AM_V_at)$(srcdir)/testing/sub-build build-coverage CC=gcc --enable-coverage CFLAGS=-g -- \
		check
	$(AM_V_at)$(MKDIR_P) coverage
	$(AM_V_at)top=$$(cd $(srcdir) && pwd); gcovr --root "$$top" \
		--filter "$$top/(libcore|daemon|plugins|sql)/" build-coverage \
		--html-details coverage/index.html --print-summary
	@echo "coverage/index.html"

# make bench [FULL=1] [BENCH="engine store"]: a table, and all figures in bench.json.
FULL =
BENCH =
bench: all
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) $(benches)
	$(AM_V_at)$(srcdir)/testing/bench/run $(FULL:1=--full) $(BENCH)
CLEANFILES += bench.json bench.tsv

EXTRA_PROGRAMS += $(benches)

.PHONY: check-threads check-layers check-headers check-format lint fuzz coverage bench
clean-local:
	rm -rf build-analyzer build-fuzz build-coverage coverage
