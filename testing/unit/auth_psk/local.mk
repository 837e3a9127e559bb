# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of auth_psk; ../local.mk says how.
if PLUGIN_AUTH_PSK
if PLUGIN_CRYPTO_GNUTLS
unit_tests += testing/unit/auth_psk/auth_psk_test
testing_unit_auth_psk_auth_psk_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
testing_unit_auth_psk_auth_psk_test_LDADD = libauth_psk.la libtest_crypto.la $(test_ldadd)
endif
endif
