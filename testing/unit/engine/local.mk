# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of engine; ../local.mk says how.
check_LTLIBRARIES += libenginefixture.la
libenginefixture_la_SOURCES = testing/unit/engine/fixture.c testing/unit/engine/fixture.h
fixture_ldadd = libenginefixture.la $(test_ldadd)

unit_tests += testing/unit/engine/dpd_test
testing_unit_engine_dpd_test_LDFLAGS = $(sim_ldflags)
testing_unit_engine_dpd_test_LDADD = $(sim_ldadd) libtest.la $(CMOCKA_LIBS)
unit_tests += testing/unit/engine/exchange_test
testing_unit_engine_exchange_test_LDADD = $(fixture_ldadd)
unit_tests += testing/unit/engine/half_open_test
testing_unit_engine_half_open_test_LDADD = $(fixture_ldadd)
unit_tests += testing/unit/engine/ike_sa_test
testing_unit_engine_ike_sa_test_LDADD = $(fixture_ldadd)
unit_tests += testing/unit/engine/lifetimes_test
unit_tests += testing/unit/engine/main_mode_test
testing_unit_engine_main_mode_test_LDFLAGS = $(sim_ldflags)
testing_unit_engine_main_mode_test_LDADD = $(sim_ldadd) libtest.la $(CMOCKA_LIBS)
unit_tests += testing/unit/engine/natt_test
testing_unit_engine_natt_test_LDADD = $(fixture_ldadd)
unit_tests += testing/unit/engine/siphash_test
unit_tests += testing/unit/engine/timers_test
unit_tests += testing/unit/engine/transforms_test
testing_unit_engine_transforms_test_LDADD = $(fixture_ldadd)
unit_tests += testing/unit/engine/walker_test
