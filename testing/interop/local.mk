# SPDX-License-Identifier: LGPL-2.1-or-later
# Scenarios with real peers in network namespaces, run as root by testing/check.

# kernel-tun with SAs given by hand, in two network namespaces: kernel_tun_test.bats.
if PLUGIN_KERNEL_TUN
if PLUGIN_CRYPTO_GNUTLS
check_PROGRAMS += testing/interop/tun_endpoint
testing_interop_tun_endpoint_SOURCES = testing/interop/tun_endpoint.c
testing_interop_tun_endpoint_LDADD = libtest_kernel_tun.la libtest_crypto.la libio.la \
	libcygnet.la -ldl
endif
endif
EXTRA_DIST += testing/interop/kernel_tun_test.bats

# As root: make check-net
check-net: all
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) $(check_LTLIBRARIES) testing/interop/tun_endpoint
	$(AM_V_at)CYG_BUILDDIR='$(abs_top_builddir)' bats --tap \
		$(srcdir)/testing/interop/kernel_tun_test.bats
.PHONY: check-net

EXTRA_DIST += testing/demo testing/interop/lab.sh testing/interop/explain.sh testing/interop/pair.sh testing/interop/run \
	testing/interop/scenarios/capture.sh \
	testing/interop/scenarios/charon_flows.sh \
	testing/interop/scenarios/charon_ipv6.sh \
	testing/interop/scenarios/charon_proposals.sh \
	testing/interop/scenarios/cygnet_nat.sh \
	testing/interop/scenarios/cygnet_pair.sh \
	testing/interop/scenarios/daemon.sh \
	testing/interop/scenarios/explain_charon.sh \
	testing/interop/scenarios/explain_cygnet.sh \
	testing/interop/scenarios/explain_strangers.sh \
	testing/interop/scenarios/explain_truncated.sh \
	testing/interop/scenarios/flood.sh \
	testing/interop/scenarios/explain.sh \
	testing/interop/scenarios/hostile_live.sh \
	testing/interop/scenarios/ike_scan.sh \
	testing/interop/scenarios/history.sh \
	testing/interop/scenarios/swanctl.sh \
	testing/interop/scenarios/swanctl_gateway.sh \
	testing/interop/scenarios/swanctl_shutdown.sh \
	testing/interop/scenarios/wireshark.sh
