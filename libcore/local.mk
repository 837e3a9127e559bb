# SPDX-License-Identifier: LGPL-2.1-or-later
# The core. libcygnet.so is what plugins link; libcore.la is the same objects for programs that
# need its hidden symbols too: unit tests. One process uses one of the two, never both.
lib_LTLIBRARIES += libcygnet.la
libcygnet_la_SOURCES =
libcygnet_la_LIBADD = libcore.la
libcygnet_la_LDFLAGS = $(library_ldflags) -version-info $(CYG_LIBRARY_VERSION)

noinst_LTLIBRARIES += libcore.la
libcore_la_CFLAGS = $(AM_CFLAGS) $(CONFUSE_CFLAGS) $(SYSTEMD_CFLAGS)
libcore_la_LIBADD = $(CONFUSE_LIBS) $(SYSTEMD_LIBS)
libcore_la_SOURCES = \
	libcore/address.c \
	libcore/algorithm.c \
	libcore/base.c \
	libcore/crypto.c \
	libcore/error.c \
	libcore/error_format.c \
	libcore/history.c \
	libcore/identity.c \
	libcore/identity_text.c \
	libcore/kat.c \
	libcore/kat_groups.c \
	libcore/kat_internal.h \
	libcore/kat_vectors.c \
	libcore/loader.c \
	libcore/loader_features.c \
	libcore/loader_file.c \
	libcore/loader_internal.h \
	libcore/loader_order.c \
	libcore/log.c \
	libcore/log_internal.h \
	libcore/log_limit.c \
	libcore/log_line.c \
	libcore/peer.c \
	libcore/peer_build.c \
	libcore/proposal.c \
	libcore/secret.c \
	libcore/selector.c \
	libcore/settings.c \
	libcore/settings_file.c \
	libcore/settings_internal.h \
	libcore/settings_scan.c \
	libcore/settings_value.c \
	libcore/span.c \
	libcore/text_internal.h \
	libcore/version.c \
	libcore/vici_read.c \
	libcore/vici_write.c \
	libcore/writer.c

# Installed headers, and the tables (*.def) that they include.
pkginclude_HEADERS += \
	libcore/cygnet/address.h \
	libcore/cygnet/algorithm.def \
	libcore/cygnet/algorithm.h \
	libcore/cygnet/auth.h \
	libcore/cygnet/base.h \
	libcore/cygnet/control.h \
	libcore/cygnet/crypto.h \
	libcore/cygnet/error.h \
	libcore/cygnet/history.h \
	libcore/cygnet/host.h \
	libcore/cygnet/identity.h \
	libcore/cygnet/kernel.h \
	libcore/cygnet/loader.h \
	libcore/cygnet/log.h \
	libcore/cygnet/peer.h \
	libcore/cygnet/peer_build.h \
	libcore/cygnet/plugin.h \
	libcore/cygnet/reason.def \
	libcore/cygnet/secret.h \
	libcore/cygnet/selector.h \
	libcore/cygnet/settings.h \
	libcore/cygnet/settings_load.h \
	libcore/cygnet/span.h \
	libcore/cygnet/store.h \
	libcore/cygnet/time.h \
	libcore/cygnet/version.h \
	libcore/cygnet/vici.h \
	libcore/cygnet/writer.h
