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
	testing/unit/store_sqlite/changes_test \
	testing/unit/store_sqlite/damage_test \
	testing/unit/store_sqlite/database_test \
	testing/unit/store_sqlite/extent_test \
	testing/unit/store_sqlite/history_test \
	testing/unit/store_sqlite/lookup_test \
	testing/unit/store_sqlite/psk_select_test \
	testing/unit/store_sqlite/rows_test \
	testing/unit/store_sqlite/scale_test \
	testing/unit/store_sqlite/schema_test \
	testing/unit/store_sqlite/threads_test \
	testing/unit/store_sqlite/two_databases_test
thread_tests += testing/unit/store_sqlite/threads_test
testing_unit_store_sqlite_changes_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_changes_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_damage_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_damage_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_database_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_database_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_extent_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_extent_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_history_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_history_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_lookup_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_lookup_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_psk_select_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_psk_select_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_rows_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_rows_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_scale_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_scale_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_schema_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_schema_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_threads_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_threads_test_LDADD = $(store_ldadd)
testing_unit_store_sqlite_two_databases_test_CPPFLAGS = $(store_cppflags)
testing_unit_store_sqlite_two_databases_test_LDADD = $(store_ldadd)
endif
