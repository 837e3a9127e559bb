# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of control_vici; ../local.mk says how.
if PLUGIN_CONTROL_VICI
# A client for all of them, and the server alone with a host of the test's.
check_LTLIBRARIES += libtest_vici_client.la
libtest_vici_client_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
libtest_vici_client_la_SOURCES = \
	testing/unit/control_vici/vici_client.c \
	testing/unit/control_vici/vici_client.h \
	testing/unit/control_vici/server_rig.c \
	testing/unit/control_vici/server_rig.h
vici_server_ldadd = libtest_vici_client.la libcontrol_vici.la libio.la $(test_ldadd) -lpthread

unit_tests += testing/unit/control_vici/server_test
thread_tests += testing/unit/control_vici/server_test
testing_unit_control_vici_server_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
testing_unit_control_vici_server_test_LDADD = $(vici_server_ldadd)

unit_tests += testing/unit/control_vici/strangers_test
thread_tests += testing/unit/control_vici/strangers_test
testing_unit_control_vici_strangers_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
testing_unit_control_vici_strangers_test_LDADD = $(vici_server_ldadd)

unit_tests += testing/unit/control_vici/keys_test
testing_unit_control_vici_keys_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
testing_unit_control_vici_keys_test_LDADD = libcontrol_vici.la $(test_ldadd) -lpthread

# The service on the daemon's control thread and lanes with a real store: for tests in C, and as a
# program for scripts.
if PLUGIN_STORE_SQLITE
vici_cppflags = $(AM_CPPFLAGS) $(PLUGIN_STORE_SQLITE_CFLAGS) -I$(top_srcdir)/plugins
vici_ldadd = libtest_vici.la libtest_vici_client.la libcontrol_vici.la libio.la \
	libstore_sqlite.la $(test_ldadd) -lpthread
check_LTLIBRARIES += libtest_vici.la
libtest_vici_la_CPPFLAGS = $(vici_cppflags)
libtest_vici_la_SOURCES = \
	testing/unit/control_vici/fake_daemon.c \
	testing/unit/control_vici/fake_daemon.h \
	testing/unit/control_vici/load_rig.c \
	testing/unit/control_vici/load_rig.h

check_PROGRAMS += testing/unit/control_vici/vici_server
testing_unit_control_vici_vici_server_CPPFLAGS = $(vici_cppflags)
testing_unit_control_vici_vici_server_LDADD = $(vici_ldadd)

unit_tests += testing/unit/control_vici/explain_test
thread_tests += testing/unit/control_vici/explain_test
testing_unit_control_vici_explain_test_CPPFLAGS = $(vici_cppflags)
testing_unit_control_vici_explain_test_LDADD = $(vici_ldadd)

unit_tests += testing/unit/control_vici/load_test
thread_tests += testing/unit/control_vici/load_test
testing_unit_control_vici_load_test_CPPFLAGS = $(vici_cppflags)
testing_unit_control_vici_load_test_LDADD = $(vici_ldadd)

unit_tests += testing/unit/control_vici/load_strangers_test
thread_tests += testing/unit/control_vici/load_strangers_test
testing_unit_control_vici_load_strangers_test_CPPFLAGS = $(vici_cppflags)
testing_unit_control_vici_load_strangers_test_LDADD = $(vici_ldadd)
endif
endif
