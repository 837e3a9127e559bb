# SPDX-License-Identifier: LGPL-2.1-or-later
# The edge, and the daemon itself (daemon/main.c): sbin/cygnetd. libio.la holds all but main.c, so
# that unit tests can link it.
noinst_LTLIBRARIES += libio.la
libio_la_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(CAPNG_CFLAGS) $(SYSTEMD_CFLAGS)
libio_la_LIBADD = $(UV_LIBS) $(CAPNG_LIBS) $(SYSTEMD_LIBS)
libio_la_SOURCES = \
	daemon/io/control.c \
	daemon/io/control.h \
	daemon/io/control_handles.c \
	daemon/io/control_internal.h \
	daemon/io/daemon.c \
	daemon/io/daemon.h \
	daemon/io/daemon_internal.h \
	daemon/io/host.c \
	daemon/io/lanes.c \
	daemon/io/lanes.h \
	daemon/io/mailbox.c \
	daemon/io/mailbox.h \
	daemon/io/narrate.c \
	daemon/io/narrate.h \
	daemon/io/options.c \
	daemon/io/privileges.c \
	daemon/io/privileges.h \
	daemon/io/recorder.c \
	daemon/io/recorder.h \
	daemon/io/recorder_entry.c \
	daemon/io/recorder_internal.h \
	daemon/io/recorder_negotiation.c \
	daemon/io/recorder_write.c \
	daemon/io/sockets.c \
	daemon/io/sockets.h \
	daemon/io/wireshark.c \
	daemon/io/wireshark.h \
	daemon/io/world.c

sbin_PROGRAMS += cygnetd
cygnetd_SOURCES = daemon/main.c
cygnetd_LDADD = libio.la libengine.la libcodec.la libcygnet.la
