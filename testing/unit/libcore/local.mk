# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of libcore; ../local.mk says how.
unit_tests += testing/unit/libcore/version_test
unit_tests += testing/unit/libcore/vici_test
unit_tests += testing/unit/libcore/settings_test
unit_tests += testing/unit/libcore/loader_test
unit_tests += testing/unit/libcore/log_test
thread_tests += testing/unit/libcore/log_test
unit_tests += testing/unit/libcore/error_test
unit_tests += testing/unit/libcore/proposal_test
unit_tests += testing/unit/libcore/algorithm_test
unit_tests += testing/unit/libcore/loader_file_test
testing_unit_libcore_loader_file_test_LDADD = libtest.la libcygnet.la $(CMOCKA_LIBS)
testing_unit_libcore_loader_file_test_DEPENDENCIES = libtest.la libcygnet.la $(bad_plugins)
unit_tests += testing/unit/libcore/span_test
unit_tests += testing/unit/libcore/writer_test
unit_tests += testing/unit/libcore/secret_test
unit_tests += testing/unit/libcore/address_test
unit_tests += testing/unit/libcore/identity_test
unit_tests += testing/unit/libcore/selector_test
unit_tests += testing/unit/libcore/peer_test
unit_tests += testing/unit/libcore/kat_test
