# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-store-sqlite.so: plugin.c with the rest, which is a library of its own so that tests,
# simulations and the benchmark can link it.
if PLUGIN_STORE_SQLITE
noinst_LTLIBRARIES += libstore_sqlite.la
libstore_sqlite_la_CPPFLAGS = $(AM_CPPFLAGS) $(PLUGIN_STORE_SQLITE_CFLAGS)
libstore_sqlite_la_LIBADD = libdatabase.la
libstore_sqlite_la_SOURCES = \
	plugins/store_sqlite/cache.c \
	plugins/store_sqlite/cache.h \
	plugins/store_sqlite/candidates.c \
	plugins/store_sqlite/changes.c \
	plugins/store_sqlite/connection.c \
	plugins/store_sqlite/connection.h \
	plugins/store_sqlite/derive.c \
	plugins/store_sqlite/derive.h \
	plugins/store_sqlite/derive_secret.c \
	plugins/store_sqlite/extent.c \
	plugins/store_sqlite/group.c \
	plugins/store_sqlite/history.c \
	plugins/store_sqlite/history.h \
	plugins/store_sqlite/history_internal.h \
	plugins/store_sqlite/history_queries.def \
	plugins/store_sqlite/history_read.c \
	plugins/store_sqlite/history_store.c \
	plugins/store_sqlite/identity.c \
	plugins/store_sqlite/lookup.c \
	plugins/store_sqlite/lookup.h \
	plugins/store_sqlite/members.c \
	plugins/store_sqlite/peer.c \
	plugins/store_sqlite/psk_select.c \
	plugins/store_sqlite/psk_select.h \
	plugins/store_sqlite/queries.def \
	plugins/store_sqlite/secret.c \
	plugins/store_sqlite/store.c \
	plugins/store_sqlite/volatile.c \
	plugins/store_sqlite/store_sqlite.h

plugin_LTLIBRARIES += cygnet-store-sqlite.la
cygnet_store_sqlite_la_CPPFLAGS = $(AM_CPPFLAGS) $(PLUGIN_STORE_SQLITE_CFLAGS)
cygnet_store_sqlite_la_SOURCES = plugins/store_sqlite/plugin.c
cygnet_store_sqlite_la_LIBADD = libstore_sqlite.la libcygnet.la
cygnet_store_sqlite_la_LDFLAGS = $(plugin_ldflags)
endif
