# SPDX-License-Identifier: LGPL-2.1-or-later
# The edge, and the daemon itself (daemon/main.c): sbin/cygnetd, linked with libengine.la,
# libcodec.la, libcygnet.la, $(UV_LIBS), $(CAPNG_LIBS), $(SECCOMP_LIBS), $(SYSTEMD_LIBS). libio.la
# holds all but main.c, so that unit tests can link it.
noinst_LTLIBRARIES += libio.la
libio_la_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(CAPNG_CFLAGS) $(SECCOMP_CFLAGS) $(SYSTEMD_CFLAGS)
libio_la_LIBADD = $(UV_LIBS) $(CAPNG_LIBS) $(SECCOMP_LIBS) $(SYSTEMD_LIBS)
libio_la_SOURCES =
