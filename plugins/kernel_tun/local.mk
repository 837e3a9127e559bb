# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-kernel-tun.so; libkernel_tun.la is the same objects for tests.
if PLUGIN_KERNEL_TUN
noinst_LTLIBRARIES += libkernel_tun.la
libkernel_tun_la_CFLAGS = $(AM_CFLAGS) $(PLUGIN_KERNEL_TUN_CFLAGS)
libkernel_tun_la_SOURCES = \
	plugins/kernel_tun/checksum.c \
	plugins/kernel_tun/checksum.h \
	plugins/kernel_tun/drop.c \
	plugins/kernel_tun/drop.def \
	plugins/kernel_tun/drop.h \
	plugins/kernel_tun/esp.c \
	plugins/kernel_tun/esp.h \
	plugins/kernel_tun/filter.c \
	plugins/kernel_tun/filter.h \
	plugins/kernel_tun/fragments.c \
	plugins/kernel_tun/fragments.h \
	plugins/kernel_tun/gro.c \
	plugins/kernel_tun/gso.c \
	plugins/kernel_tun/icmp.c \
	plugins/kernel_tun/icmp.h \
	plugins/kernel_tun/inbound.c \
	plugins/kernel_tun/inner.c \
	plugins/kernel_tun/inner.h \
	plugins/kernel_tun/netlink.c \
	plugins/kernel_tun/netlink.h \
	plugins/kernel_tun/network.c \
	plugins/kernel_tun/network.h \
	plugins/kernel_tun/offload.h \
	plugins/kernel_tun/orders.c \
	plugins/kernel_tun/outbound.c \
	plugins/kernel_tun/policy.c \
	plugins/kernel_tun/prefixes.c \
	plugins/kernel_tun/prefixes.h \
	plugins/kernel_tun/queue.c \
	plugins/kernel_tun/queue.h \
	plugins/kernel_tun/receive.c \
	plugins/kernel_tun/replay.c \
	plugins/kernel_tun/replay.h \
	plugins/kernel_tun/routes.c \
	plugins/kernel_tun/routes.h \
	plugins/kernel_tun/sadb.c \
	plugins/kernel_tun/sadb.h \
	plugins/kernel_tun/sadb_internal.h \
	plugins/kernel_tun/send.c \
	plugins/kernel_tun/esp_sockets.c \
	plugins/kernel_tun/esp_sockets.h \
	plugins/kernel_tun/table.c \
	plugins/kernel_tun/table.h \
	plugins/kernel_tun/tun.c \
	plugins/kernel_tun/tun.h \
	plugins/kernel_tun/worker.c \
	plugins/kernel_tun/worker.h \
	plugins/kernel_tun/worker_internal.h

plugin_LTLIBRARIES += cygnet-kernel-tun.la
cygnet_kernel_tun_la_SOURCES = plugins/kernel_tun/plugin.c
cygnet_kernel_tun_la_CFLAGS = $(AM_CFLAGS) $(PLUGIN_KERNEL_TUN_CFLAGS)
cygnet_kernel_tun_la_LIBADD = libkernel_tun.la libcygnet.la $(PLUGIN_KERNEL_TUN_LIBS)
cygnet_kernel_tun_la_LDFLAGS = $(plugin_ldflags)
endif
