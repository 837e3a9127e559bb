# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-control-vici.so: plugin.c with the rest, which is a library of its own so that tests can
# link it.
if PLUGIN_CONTROL_VICI
noinst_LTLIBRARIES += libcontrol_vici.la
libcontrol_vici_la_SOURCES = \
	plugins/control_vici/client.c \
	plugins/control_vici/commands.c \
	plugins/control_vici/commands.h \
	plugins/control_vici/conn.c \
	plugins/control_vici/conn.h \
	plugins/control_vici/daemon.c \
	plugins/control_vici/explain.c \
	plugins/control_vici/key_check.c \
	plugins/control_vici/key_check.h \
	plugins/control_vici/keys.c \
	plugins/control_vici/keys.def \
	plugins/control_vici/keys.h \
	plugins/control_vici/list_conns.c \
	plugins/control_vici/list_conns.h \
	plugins/control_vici/list_sas.c \
	plugins/control_vici/listen.c \
	plugins/control_vici/listen.h \
	plugins/control_vici/load_conn.c \
	plugins/control_vici/loaded.c \
	plugins/control_vici/loaded.h \
	plugins/control_vici/log.c \
	plugins/control_vici/messages.c \
	plugins/control_vici/not_built.c \
	plugins/control_vici/orders.c \
	plugins/control_vici/put_conn.c \
	plugins/control_vici/server.c \
	plugins/control_vici/server.h \
	plugins/control_vici/server_internal.h \
	plugins/control_vici/service.c \
	plugins/control_vici/service.h \
	plugins/control_vici/shared.c \
	plugins/control_vici/stats.c \
	plugins/control_vici/updown.c

plugin_LTLIBRARIES += cygnet-control-vici.la
cygnet_control_vici_la_SOURCES = plugins/control_vici/plugin.c
cygnet_control_vici_la_LIBADD = libcontrol_vici.la libcygnet.la
cygnet_control_vici_la_LDFLAGS = $(plugin_ldflags)
endif
