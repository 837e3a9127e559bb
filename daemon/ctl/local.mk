# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line: bin/cygnetctl. libctl.la holds all but main.c, so that unit tests can link it.
bin_PROGRAMS += cygnetctl
cygnetctl_SOURCES = daemon/ctl/main.c
cygnetctl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
cygnetctl_LDADD = libctl.la libcodec.la libcygnet.la

noinst_LTLIBRARIES += libctl.la
libctl_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SMARTCOLS_CFLAGS)
libctl_la_LIBADD = $(JANSSON_LIBS) $(SMARTCOLS_LIBS)
libctl_la_SOURCES = \
	daemon/ctl/capture.c \
	daemon/ctl/client.c \
	daemon/ctl/client.h \
	daemon/ctl/ctl.h \
	daemon/ctl/daemon.c \
	daemon/ctl/explain.c \
	daemon/ctl/ladder.c \
	daemon/ctl/ladder.h \
	daemon/ctl/log.c \
	daemon/ctl/orders.c \
	daemon/ctl/output.c \
	daemon/ctl/paper.c \
	daemon/ctl/paper.h \
	daemon/ctl/pcap.c \
	daemon/ctl/pcap.h \
	daemon/ctl/peers.c \
	daemon/ctl/sas.c \
	daemon/ctl/verdict.c

if PLUGIN_STORE_SQLITE
libctl_la_LIBADD += libdatabase.la
libctl_la_SOURCES += daemon/ctl/db.c
else
libctl_la_SOURCES += daemon/ctl/db_none.c
endif
