# SPDX-License-Identifier: LGPL-2.1-or-later
# Published test vectors that stand in the tree (EXTRA_DIST) and the tests that run them
# (unit_tests). Larger sets lie outside it: tests find them by $CYG_VECTORS and skip, with the
# reason, where they are not.
vectors_cppflags = $(crypto_cppflags) $(JANSSON_CFLAGS)
vectors_ldadd = libtest_vectors.la libtest_crypto.la libauth_psk.la $(test_ldadd) $(JANSSON_LIBS)

check_LTLIBRARIES += libtest_vectors.la
libtest_vectors_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libtest_vectors_la_SOURCES = \
	testing/vectors/pcap.c \
	testing/vectors/pcap.h \
	testing/vectors/vectors.c \
	testing/vectors/vectors.h

unit_tests += testing/vectors/captures_test
testing_vectors_captures_test_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
testing_vectors_captures_test_LDADD = libtest_vectors.la $(test_ldadd) $(JANSSON_LIBS)

if PLUGIN_CRYPTO_GNUTLS
unit_tests += testing/vectors/exchange_test
testing_vectors_exchange_test_CPPFLAGS = $(vectors_cppflags)
testing_vectors_exchange_test_LDADD = libtest_vectors.la libtest_crypto.la $(test_ldadd) \
	$(JANSSON_LIBS)

if PLUGIN_AUTH_PSK
unit_tests += \
	testing/vectors/cipher_test \
	testing/vectors/dh_test \
	testing/vectors/kdf_test
testing_vectors_cipher_test_CPPFLAGS = $(vectors_cppflags)
testing_vectors_cipher_test_LDADD = $(vectors_ldadd)
testing_vectors_dh_test_CPPFLAGS = $(vectors_cppflags)
testing_vectors_dh_test_LDADD = $(vectors_ldadd)
testing_vectors_kdf_test_CPPFLAGS = $(vectors_cppflags)
testing_vectors_kdf_test_LDADD = $(vectors_ldadd)
endif
endif
