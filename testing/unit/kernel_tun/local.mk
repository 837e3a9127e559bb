# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of kernel_tun; ../local.mk says how.
if PLUGIN_KERNEL_TUN
if PLUGIN_CRYPTO_GNUTLS

# The plugin's own headers are included as "kernel_tun/esp.h".
kernel_tun_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(PLUGIN_KERNEL_TUN_CFLAGS)
kernel_tun_ldadd = libtest_rig.la libtest_kernel_tun.la libkernel_tun.la libtest_crypto.la \
	libcrypto_gnutls.la libio.la $(test_ldadd) $(PLUGIN_KERNEL_TUN_LIBS) -lpthread

# A fake daemon for the plugin, "unit/kernel_tun/fake_host.h", and a worker without thread, device
# and network, "unit/kernel_tun/rig.h".
check_LTLIBRARIES += libtest_kernel_tun.la libtest_rig.la
libtest_kernel_tun_la_SOURCES = \
	testing/unit/kernel_tun/fake_host.c \
	testing/unit/kernel_tun/fake_host.h
libtest_rig_la_CPPFLAGS = $(kernel_tun_cppflags)
libtest_rig_la_SOURCES = \
	testing/unit/kernel_tun/rig.c \
	testing/unit/kernel_tun/rig.h

unit_tests += \
	testing/unit/kernel_tun/esp_test \
	testing/unit/kernel_tun/esp_vectors_test \
	testing/unit/kernel_tun/filter_test \
	testing/unit/kernel_tun/hostile_test \
	testing/unit/kernel_tun/inner_test \
	testing/unit/kernel_tun/offload_test \
	testing/unit/kernel_tun/outbound_test \
	testing/unit/kernel_tun/queue_test \
	testing/unit/kernel_tun/replay_test \
	testing/unit/kernel_tun/sadb_test
testing_unit_kernel_tun_esp_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_esp_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_filter_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_filter_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_hostile_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_hostile_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_inner_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_inner_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_offload_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_offload_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_outbound_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_outbound_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_queue_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_queue_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_replay_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_replay_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_sadb_test_CPPFLAGS = $(kernel_tun_cppflags)
testing_unit_kernel_tun_sadb_test_LDADD = $(kernel_tun_ldadd)
testing_unit_kernel_tun_esp_vectors_test_CPPFLAGS = $(kernel_tun_cppflags) $(JANSSON_CFLAGS)
testing_unit_kernel_tun_esp_vectors_test_LDADD = libtest_vectors.la $(kernel_tun_ldadd) \
	$(JANSSON_LIBS)
endif
endif
