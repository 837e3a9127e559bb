# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of io; ../local.mk says how.
unit_tests += testing/unit/io/control_test testing/unit/io/lanes_test \
	testing/unit/io/recorder_test testing/unit/io/sockets_test
thread_tests += testing/unit/io/control_test testing/unit/io/lanes_test testing/unit/io/recorder_test
testing_unit_io_control_test_LDADD = libio.la $(test_ldadd)
testing_unit_io_lanes_test_LDADD = libio.la $(test_ldadd)
testing_unit_io_recorder_test_LDADD = libio.la $(test_ldadd)
testing_unit_io_sockets_test_LDADD = libio.la $(test_ldadd)
