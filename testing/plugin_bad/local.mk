# SPDX-License-Identifier: LGPL-2.1-or-later
# Plugins that the loader must refuse, and one that it takes but for its wrong hash; used by
# testing/unit/libcore/loader_file_test. All from one source; -rpath makes libtool build shared
# objects that are not to be installed. Without --no-undefined: one of them lacks a symbol.
bad_plugin_ldflags = -module -avoid-version -shared -rpath /nonexistent $(SANITIZE_CFLAGS)
bad_plugins =

bad_plugins += testing/plugin_bad/cygnet-bad-fine.la
testing_plugin_bad_cygnet_bad_fine_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_fine_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-fine"'
testing_plugin_bad_cygnet_bad_fine_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_fine_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-major.la
testing_plugin_bad_cygnet_bad_major_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_major_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-major"' -DBAD_MAJOR=CYG_ABI_MAJOR+1
testing_plugin_bad_cygnet_bad_major_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_major_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-minor.la
testing_plugin_bad_cygnet_bad_minor_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_minor_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-minor"' -DBAD_MINOR=CYG_ABI_MINOR+1
testing_plugin_bad_cygnet_bad_minor_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_minor_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-magic.la
testing_plugin_bad_cygnet_bad_magic_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_magic_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-magic"' -DBAD_MAGIC=0x12345678
testing_plugin_bad_cygnet_bad_magic_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_magic_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-size.la
testing_plugin_bad_cygnet_bad_size_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_size_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-size"' -DBAD_SIZE=24
testing_plugin_bad_cygnet_bad_size_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_size_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-symbol.la
testing_plugin_bad_cygnet_bad_symbol_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-symbol"' -DBAD_SYMBOL
testing_plugin_bad_cygnet_bad_symbol_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_symbol_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-undefined.la
testing_plugin_bad_cygnet_bad_undefined_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_undefined_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-undefined"' -DBAD_UNDEFINED
testing_plugin_bad_cygnet_bad_undefined_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_undefined_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-load.la
testing_plugin_bad_cygnet_bad_load_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_load_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-load"' -DBAD_LOAD
testing_plugin_bad_cygnet_bad_load_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_load_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-cycle-one.la
testing_plugin_bad_cygnet_bad_cycle_one_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_cycle_one_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-cycle-one"' -DBAD_CYCLE='"bad-cycle-two"'
testing_plugin_bad_cygnet_bad_cycle_one_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_cycle_one_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-cycle-two.la
testing_plugin_bad_cygnet_bad_cycle_two_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_cycle_two_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"bad-cycle-two"' -DBAD_CYCLE='"bad-cycle-one"'
testing_plugin_bad_cygnet_bad_cycle_two_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_cycle_two_la_LIBADD = libcygnet.la

bad_plugins += testing/plugin_bad/cygnet-bad-other.la
testing_plugin_bad_cygnet_bad_other_la_SOURCES = testing/plugin_bad/bad.c
testing_plugin_bad_cygnet_bad_other_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_NAME='"somebody"'
testing_plugin_bad_cygnet_bad_other_la_LDFLAGS = $(bad_plugin_ldflags)
testing_plugin_bad_cygnet_bad_other_la_LIBADD = libcygnet.la

check_LTLIBRARIES += $(bad_plugins)
