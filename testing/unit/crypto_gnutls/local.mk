# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of crypto_gnutls; ../local.mk says how.

# The plugin's algorithms for other tests: "unit/crypto_gnutls/crypto.h", libtest_crypto.la. Its
# headers are included as "crypto_gnutls/provider.h".
crypto_cppflags = $(AM_CPPFLAGS) $(PLUGIN_CRYPTO_GNUTLS_CFLAGS) -I$(top_srcdir)/plugins
if PLUGIN_CRYPTO_GNUTLS
check_LTLIBRARIES += libtest_crypto.la
libtest_crypto_la_CPPFLAGS = $(crypto_cppflags)
libtest_crypto_la_LIBADD = libcrypto_gnutls.la
libtest_crypto_la_SOURCES = \
	testing/unit/crypto_gnutls/crypto.c \
	testing/unit/crypto_gnutls/crypto.h

crypto_ldadd = libtest_crypto.la libcrypto_gnutls.la $(test_ldadd) -lpthread
unit_tests += \
	testing/unit/crypto_gnutls/gmp_memory_test \
	testing/unit/crypto_gnutls/group_test \
	testing/unit/crypto_gnutls/symmetric_test \
	testing/unit/crypto_gnutls/threads_test
thread_tests += testing/unit/crypto_gnutls/threads_test
testing_unit_crypto_gnutls_gmp_memory_test_CPPFLAGS = $(crypto_cppflags)
testing_unit_crypto_gnutls_gmp_memory_test_LDADD = $(crypto_ldadd)
testing_unit_crypto_gnutls_group_test_CPPFLAGS = $(crypto_cppflags)
testing_unit_crypto_gnutls_group_test_LDADD = $(crypto_ldadd)
testing_unit_crypto_gnutls_symmetric_test_CPPFLAGS = $(crypto_cppflags)
testing_unit_crypto_gnutls_symmetric_test_LDADD = $(crypto_ldadd)
testing_unit_crypto_gnutls_threads_test_CPPFLAGS = $(crypto_cppflags)
testing_unit_crypto_gnutls_threads_test_LDADD = $(crypto_ldadd)

# The engine's keys need real algorithms.
unit_tests += testing/unit/engine/keys_test
testing_unit_engine_keys_test_LDADD = $(crypto_ldadd)
endif
