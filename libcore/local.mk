# SPDX-License-Identifier: LGPL-2.1-or-later
# The core. libcygnet.so is what plugins link; libcore.la is the same objects for programs that
# need its hidden symbols too: unit tests. One process uses one of the two, never both.
lib_LTLIBRARIES += libcygnet.la
libcygnet_la_SOURCES =
libcygnet_la_LIBADD = libcore.la
libcygnet_la_LDFLAGS = $(library_ldflags) -version-info $(CYG_LIBRARY_VERSION)

noinst_LTLIBRARIES += libcore.la
libcore_la_CFLAGS = $(AM_CFLAGS) $(CONFUSE_CFLAGS)
libcore_la_LIBADD = $(CONFUSE_LIBS)
libcore_la_SOURCES = \
	libcore/version.c

# Installed headers, and the tables (*.def) that they include.
pkginclude_HEADERS += \
	libcore/cygnet/version.h
