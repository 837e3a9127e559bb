# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of store_sqlite and of sql/; ../local.mk says how.

# A database and a store for other tests: "unit/store_sqlite/fixture.h", libtest_store.la.
store_cppflags = $(AM_CPPFLAGS) $(PLUGIN_STORE_SQLITE_CFLAGS) -I$(top_srcdir)/plugins
if PLUGIN_STORE_SQLITE
check_LTLIBRARIES += libtest_store.la
libtest_store_la_CPPFLAGS = $(store_cppflags)
libtest_store_la_LIBADD = libstore_sqlite.la
libtest_store_la_SOURCES = \
	testing/unit/store_sqlite/fixture.c \
	testing/unit/store_sqlite/fixture.h

store_ldadd = libtest_store.la libstore_sqlite.la $(test_ldadd) -lpthread
unit_tests += \
	testing/unit/store_sqlite/lookup_test
testing_unit_store_sqlite_lookup_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_lookup_test_LDADD = $(store_ldadd)
endif
