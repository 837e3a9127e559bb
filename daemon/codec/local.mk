# SPDX-License-Identifier: LGPL-2.1-or-later
# Bytes <-> ISAKMP messages.
noinst_LTLIBRARIES += libcodec.la
libcodec_la_SOURCES =
