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
endif
