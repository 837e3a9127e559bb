# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of control_vici; ../local.mk says how.
if PLUGIN_CONTROL_VICI
unit_tests += testing/unit/control_vici/server_test
thread_tests += testing/unit/control_vici/server_test
testing_unit_control_vici_server_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
testing_unit_control_vici_server_test_LDADD = libcontrol_vici.la libio.la $(test_ldadd)
endif
