# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-auth-psk.so: plugin.c with the rest, which is a library of its own so that tests can link
# it.
if PLUGIN_AUTH_PSK
noinst_LTLIBRARIES += libauth_psk.la
libauth_psk_la_SOURCES = \
	plugins/auth_psk/auth_psk.c \
	plugins/auth_psk/auth_psk.h

plugin_LTLIBRARIES += cygnet-auth-psk.la
cygnet_auth_psk_la_SOURCES = plugins/auth_psk/plugin.c
cygnet_auth_psk_la_LIBADD = libauth_psk.la libcygnet.la
cygnet_auth_psk_la_LDFLAGS = $(plugin_ldflags)
endif
