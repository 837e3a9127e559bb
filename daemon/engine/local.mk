# SPDX-License-Identifier: LGPL-2.1-or-later
# The protocol, without I/O.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES =
