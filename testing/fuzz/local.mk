# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzz targets: testing/fuzz/x_fuzz.c has LLVMFuzzerTestOneInput, its inputs are the files of
# testing/fuzz/corpus/x/. Three lines each:
#   fuzz_targets += testing/fuzz/x_fuzz
#   testing_fuzz_x_fuzz_LDADD = $(fuzz_ldadd)
#   EXTRA_DIST += testing/fuzz/corpus/x
# With --enable-fuzz libFuzzer drives them ("make fuzz T=60"). Else replay.c does: "make check" runs
# every input of the corpus, with whatever sanitizers the build has.
if FUZZ
fuzz_ldadd = $(FUZZ_LIBS) libengine.la libcodec.la libcore.la
noinst_PROGRAMS += $(fuzz_targets)
else
fuzz_ldadd = libreplay.la libengine.la libcodec.la libcore.la
check_LTLIBRARIES += libreplay.la
libreplay_la_SOURCES = testing/fuzz/replay.c
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
endif
EXTRA_DIST += testing/fuzz/replay.c
