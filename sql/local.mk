# SPDX-License-Identifier: LGPL-2.1-or-later
# The schema, its migrations and sample data, installed to $(pkgdatadir); and the code that opens,
# makes, checks and migrates databases and reads their rows, shared by the plugin store-sqlite and
# cygnetctl: "sql/database.h", "sql/rows.h".
sql_migrations =
dist_pkgdata_DATA += sql/schema.sql sql/history.sql sql/sample.sql $(sql_migrations)
EXTRA_DIST += sql/embed

if PLUGIN_STORE_SQLITE
AM_CPPFLAGS += -I$(top_srcdir)
noinst_LTLIBRARIES += libdatabase.la
libdatabase_la_CPPFLAGS = $(AM_CPPFLAGS) $(PLUGIN_STORE_SQLITE_CFLAGS)
libdatabase_la_LIBADD = $(PLUGIN_STORE_SQLITE_LIBS)
libdatabase_la_SOURCES = \
	sql/check.c \
	sql/check.h \
	sql/database.c \
	sql/database.h \
	sql/range.c \
	sql/row_reader.c \
	sql/row_reader.h \
	sql/rows.c \
	sql/rows.h \
	sql/secret_row.c \
	sql/verify.c
nodist_libdatabase_la_SOURCES = sql/embedded.c

sql/embedded.c: $(srcdir)/sql/embed $(srcdir)/sql/schema.sql $(srcdir)/sql/history.sql \
		$(sql_migrations)
	$(AM_V_GEN)$(MKDIR_P) sql && cd $(srcdir) && \
	sh sql/embed sql/schema.sql sql/history.sql $(sql_migrations) >$(abs_builddir)/$@.tmp && \
	mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
CLEANFILES += sql/embedded.c
endif
