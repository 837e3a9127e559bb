# SPDX-License-Identifier: LGPL-2.1-or-later
# The protocol, without I/O.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	daemon/engine/keys.c

noinst_HEADERS += \
	daemon/engine/keys.h
