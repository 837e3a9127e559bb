/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checking a whole database for people: file, schema, structure, every row. */
#pragma once

#include <cygnet/error.h>

/* One row that can't be used, or a fault of the file (kind "file"). problem is one line. */
typedef void db_report(void *context, const char *kind, const char *name, const char *problem);

struct db_counts {
    uint64_t peers, children, secrets, problems;
};

/* Check; each finding is reported. CYG_OK also with findings: see the counts. A file that can't be
 * read as a database of ours at all gives its reason. Nothing is changed. */
CYG_MUST_USE enum cyg_code db_check(const char *path, db_report *report, void *context,
                                    struct db_counts *ret, struct cyg_error *err);
