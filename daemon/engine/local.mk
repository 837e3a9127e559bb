# SPDX-License-Identifier: LGPL-2.1-or-later
# The protocol, without I/O.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	daemon/engine/arena.c \
	daemon/engine/engine.c \
	daemon/engine/keys.c \
	daemon/engine/siphash.c \
	daemon/engine/timers.c

noinst_HEADERS += \
	daemon/engine/arena.h \
	daemon/engine/engine.h \
	daemon/engine/keys.h \
	daemon/engine/siphash.h \
	daemon/engine/timers.h
