# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of ctl; ../local.mk says how.

if PLUGIN_STORE_SQLITE
unit_tests += testing/unit/ctl/db_test
testing_unit_ctl_db_test_CPPFLAGS = $(AM_CPPFLAGS) $(PLUGIN_STORE_SQLITE_CFLAGS) $(JANSSON_CFLAGS)
testing_unit_ctl_db_test_LDADD = libctl.la $(test_ldadd)
endif

unit_tests += testing/unit/ctl/ladder_test
testing_unit_ctl_ladder_test_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
testing_unit_ctl_ladder_test_LDADD = libctl.la $(test_ldadd)

unit_tests += testing/unit/ctl/pcap_test
testing_unit_ctl_pcap_test_LDADD = libctl.la $(test_ldadd)

# The commands of cygnetctl, and swanctl, against the service.
if PLUGIN_CONTROL_VICI
if PLUGIN_STORE_SQLITE
TESTS += testing/unit/ctl/commands_test.sh
endif
endif
EXTRA_DIST += testing/unit/ctl/commands_test.sh
