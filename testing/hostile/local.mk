# SPDX-License-Identifier: LGPL-2.1-or-later
# What an attacker sends, row by row: the catalogue of hostile inputs as tables. libhostile.la has
# the rows and what plays them; "run" gives them engines in the simulation as a stage.
#   testing/hostile/run H-018            one row, with its story
#   make check-hostile ROW=H-018
check_LTLIBRARIES += libhostile.la
libhostile_la_SOURCES = \
	testing/hostile/check.c \
	testing/hostile/draft.c \
	testing/hostile/draft.h \
	testing/hostile/draft_sa.c \
	testing/hostile/group_a.c \
	testing/hostile/group_a2.c \
	testing/hostile/group_b.c \
	testing/hostile/group_c.c \
	testing/hostile/group_c2.c \
	testing/hostile/group_d.c \
	testing/hostile/group_e.c \
	testing/hostile/group_f.c \
	testing/hostile/group_f2.c \
	testing/hostile/group_h.c \
	testing/hostile/group_m.c \
	testing/hostile/group_n.c \
	testing/hostile/group_q.c \
	testing/hostile/groups.def \
	testing/hostile/hostile.h \
	testing/hostile/rows.c \
	testing/hostile/scene.c \
	testing/hostile/spoil.c \
	testing/hostile/spoil.h \
	testing/hostile/stage.c

check_PROGRAMS += testing/hostile/run
testing_hostile_run_SOURCES = \
	testing/hostile/digest.c \
	testing/hostile/run.c \
	testing/hostile/stage_sim.c \
	testing/hostile/stage_sim.h
testing_hostile_run_LDFLAGS = $(sim_ldflags)
testing_hostile_run_LDADD = libhostile.la $(sim_ldadd)
TESTS += testing/hostile/run

check-hostile: testing/hostile/run$(EXEEXT)
	testing/hostile/run $(ROW)
.PHONY: check-hostile
