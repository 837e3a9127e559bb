# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of kernel_tun; ../local.mk says how.

# A fake daemon for the plugin: "unit/kernel_tun/fake_host.h".
if PLUGIN_KERNEL_TUN
if PLUGIN_CRYPTO_GNUTLS
check_LTLIBRARIES += libtest_kernel_tun.la
libtest_kernel_tun_la_SOURCES = \
	testing/unit/kernel_tun/fake_host.c \
	testing/unit/kernel_tun/fake_host.h
endif
endif
