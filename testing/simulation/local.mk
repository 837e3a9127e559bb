# SPDX-License-Identifier: LGPL-2.1-or-later
# Engines on a simulated network. libsim.la is the test bed, the program "run" has all scenarios:
# NAME_sim.c is one suite and stands here and in suites.def. How to add one: HACKING.md.
#   make check-sim SEEDS=20000    that many runs, on two processors
check_LTLIBRARIES += libsim.la
libsim_la_SOURCES = \
	testing/simulation/sim.c \
	testing/simulation/sim_auth.c \
	testing/simulation/sim_check.c \
	testing/simulation/sim_crypto.c \
	testing/simulation/sim_esp.c \
	testing/simulation/sim_host.c \
	testing/simulation/sim_internal.h \
	testing/simulation/sim_jobs.c \
	testing/simulation/sim_kernel.c \
	testing/simulation/sim_kernel.h \
	testing/simulation/sim_link.c \
	testing/simulation/sim_memory.c \
	testing/simulation/sim_nat.c \
	testing/simulation/sim_pair.c \
	testing/simulation/sim_peer.c \
	testing/simulation/sim_random.h \
	testing/simulation/sim_secrets.c \
	testing/simulation/sim_store.c \
	testing/simulation/sim_store.h \
	testing/simulation/sim_store_ops.c \
	testing/simulation/sim_story.c \
	testing/simulation/sim.h

# Programs with libsim.la: every allocation of ours comes by sim_memory.c.
sim_ldflags = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=free -Wl,--wrap=strdup
sim_ldadd = libsim.la libengine.la libcodec.la libcore.la

# The test bed itself, with a stand-in for the engine.
unit_tests += testing/simulation/world_test
testing_simulation_world_test_SOURCES = \
	testing/simulation/stand_in.c \
	testing/simulation/world_test.c
testing_simulation_world_test_LDFLAGS = $(sim_ldflags)
testing_simulation_world_test_LDADD = libsim.la libcodec.la libcore.la libtest.la $(CMOCKA_LIBS)

check_PROGRAMS += testing/simulation/run
testing_simulation_run_SOURCES = \
	testing/simulation/real.c \
	testing/simulation/run.c \
	testing/simulation/suites.c \
	testing/simulation/suites.def \
	testing/simulation/suites.h \
	testing/simulation/explain_sim.c \
	testing/simulation/hostile_sim.c \
	testing/simulation/life_sim.c \
	testing/simulation/loss_sim.c \
	testing/simulation/main_mode_sim.c \
	testing/simulation/nat_sim.c \
	testing/simulation/quick_mode_sim.c \
	testing/simulation/trouble_sim.c \
	testing/simulation/unique_sim.c
testing_simulation_run_LDFLAGS = $(sim_ldflags)
testing_simulation_run_LDADD = $(sim_ldadd)
# Not itself under the condition: Automake would give the other branch empty flags.
testing_simulation_run_CPPFLAGS = $(AM_CPPFLAGS) $(sim_real_cppflags)
if PLUGIN_CRYPTO_GNUTLS
if PLUGIN_AUTH_PSK
sim_real_cppflags = -I$(top_srcdir)/plugins -DWITH_REAL_CRYPTO=1 $(PLUGIN_CRYPTO_GNUTLS_CFLAGS)
testing_simulation_run_LDADD += libcrypto_gnutls.la libauth_psk.la
endif
endif
TESTS += testing/simulation/run

SEEDS = 20000
check-sim: testing/simulation/run$(EXEEXT)
	testing/simulation/run --runs $(SEEDS) --jobs 2
.PHONY: check-sim
