# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmarks: benches += testing/bench/x_bench.

if PLUGIN_CRYPTO_GNUTLS
benches += testing/bench/crypto_bench
testing_bench_crypto_bench_CPPFLAGS = $(crypto_cppflags)
testing_bench_crypto_bench_LDADD = libtest_crypto.la libcrypto_gnutls.la libcore.la
endif

if PLUGIN_STORE_SQLITE
benches += testing/bench/store_bench
testing_bench_store_bench_CPPFLAGS = $(store_cppflags)
testing_bench_store_bench_LDADD = $(store_ldadd)
endif
