# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests mirror the sources: libcore/span.c has testing/unit/libcore/span_test.c, and one line in
# testing/unit/libcore/local.mk:
#   unit_tests += testing/unit/libcore/span_test
# Source and libraries follow from the name, unless more is needed:
#   testing_unit_io_lanes_test_LDADD = libio.la $(test_ldadd)
# One that has threads also stands in thread_tests, to be run under ThreadSanitizer.
libtest_la_SOURCES += testing/unit/test.c testing/unit/test.h

include testing/unit/libcore/local.mk
include testing/unit/codec/local.mk
include testing/unit/engine/local.mk
include testing/unit/io/local.mk
include testing/unit/ctl/local.mk
include testing/unit/crypto_gnutls/local.mk
include testing/unit/auth_psk/local.mk
include testing/unit/store_sqlite/local.mk
include testing/unit/kernel_tun/local.mk
include testing/unit/control_vici/local.mk
