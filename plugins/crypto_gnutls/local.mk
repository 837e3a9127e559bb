# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-crypto-gnutls.so: plugin.c with the rest, which is a library of its own so that tests and
# the benchmark can link it.
if PLUGIN_CRYPTO_GNUTLS
noinst_LTLIBRARIES += libcrypto_gnutls.la
libcrypto_gnutls_la_CPPFLAGS = $(AM_CPPFLAGS) $(PLUGIN_CRYPTO_GNUTLS_CFLAGS)
libcrypto_gnutls_la_LIBADD = $(PLUGIN_CRYPTO_GNUTLS_LIBS)
libcrypto_gnutls_la_SOURCES = \
	plugins/crypto_gnutls/cipher.c \
	plugins/crypto_gnutls/ecp.c \
	plugins/crypto_gnutls/gmp_memory.c \
	plugins/crypto_gnutls/hash.c \
	plugins/crypto_gnutls/modp.c \
	plugins/crypto_gnutls/modp_internal.h \
	plugins/crypto_gnutls/modp_prime.c \
	plugins/crypto_gnutls/modp_table.c \
	plugins/crypto_gnutls/number.c \
	plugins/crypto_gnutls/number.h \
	plugins/crypto_gnutls/provider.c \
	plugins/crypto_gnutls/provider.h \
	plugins/crypto_gnutls/x25519.c

plugin_LTLIBRARIES += cygnet-crypto-gnutls.la
cygnet_crypto_gnutls_la_CPPFLAGS = $(AM_CPPFLAGS) $(PLUGIN_CRYPTO_GNUTLS_CFLAGS)
cygnet_crypto_gnutls_la_SOURCES = plugins/crypto_gnutls/plugin.c
cygnet_crypto_gnutls_la_LIBADD = libcrypto_gnutls.la libcygnet.la
cygnet_crypto_gnutls_la_LDFLAGS = $(plugin_ldflags)
endif
