# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmarks: benches += testing/bench/x_bench; testing/bench/run runs them, with rows.txt.
EXTRA_DIST += testing/bench/run testing/bench/lab testing/bench/rows.txt testing/bench/table.awk

if PLUGIN_CRYPTO_GNUTLS
benches += testing/bench/crypto_bench
testing_bench_crypto_bench_CPPFLAGS = $(crypto_cppflags)
testing_bench_crypto_bench_LDADD = libtest_crypto.la libcrypto_gnutls.la libcore.la

if PLUGIN_AUTH_PSK
bench_host = testing/bench/bench.c testing/bench/bench.h testing/bench/bench_host.c
bench_ldadd = libtest_crypto.la libcrypto_gnutls.la libauth_psk.la libengine.la libcodec.la \
	libcore.la
benches += testing/bench/engine_bench
testing_bench_engine_bench_CPPFLAGS = $(crypto_cppflags)
testing_bench_engine_bench_SOURCES = testing/bench/engine_bench.c $(bench_host)
testing_bench_engine_bench_LDADD = $(bench_ldadd)

# The load generator; testing/bench/lab runs it.
benches += testing/bench/load
testing_bench_load_CPPFLAGS = $(crypto_cppflags)
testing_bench_load_SOURCES = testing/bench/load.c testing/bench/bench_process.c $(bench_host)
testing_bench_load_LDADD = libio.la $(bench_ldadd)

# Honest peers under a flood; testing/bench/lab runs it too, and testing/interop/scenarios/flood.sh.
benches += testing/bench/flood
testing_bench_flood_CPPFLAGS = $(crypto_cppflags)
testing_bench_flood_SOURCES = testing/bench/flood.c testing/bench/bench_process.c $(bench_host)
testing_bench_flood_LDADD = libio.la $(bench_ldadd) -lpthread

# The hostile suite against a running daemon, for testing/interop/scenarios/hostile_live.sh.
benches += testing/hostile/live
testing_hostile_live_CPPFLAGS = $(crypto_cppflags)
testing_hostile_live_SOURCES = testing/hostile/live.c $(bench_host)
testing_hostile_live_LDADD = libhostile.la libio.la $(bench_ldadd)
endif
endif

if PLUGIN_STORE_SQLITE
benches += testing/bench/store_bench
testing_bench_store_bench_CPPFLAGS = $(store_cppflags)
testing_bench_store_bench_SOURCES = testing/bench/store_bench.c testing/bench/bench.c
testing_bench_store_bench_LDADD = $(store_ldadd)
endif
