/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl db init|check|upgrade FILE: databases of peers, without a daemon. */
#include "ctl.h"

#include "sql/check.h"
#include "sql/database.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum ctl_status fail(const struct cyg_error *err)
{
    char text[512];
    const struct cyg_reason_info *info = cyg_reason_info(err->reason);
    fprintf(stderr, "cygnetctl: %s\n", cyg_error_format(err, text, sizeof text));
    return info != NULL && info->code == CYG_NOT_FOUND ? CTL_NOT_FOUND : CTL_FAILED;
}

static enum ctl_status init(const char *path)
{
    struct cyg_error err = { 0 };
    if (db_create(path, &err) != CYG_OK) {
        return fail(&err);
    }
    printf("%s: made, version %d, no peers yet\n", path, DB_VERSION);
    return CTL_DONE;
}

static void print_finding(void *context, const char *kind, const char *name, const char *problem)
{
    char shown[160];
    cyg_escape(cyg_span_str(name), shown, sizeof shown);
    fprintf(stderr, "%s: %s%s%s: %s\n", (const char *)context, kind, shown[0] != '\0' ? " " : "",
            shown, problem);
}

static enum ctl_status check(const char *path)
{
    struct cyg_error err = { 0 };
    struct db_counts counts;
    char name[256];
    cyg_escape(cyg_span_str(path), name, sizeof name);
    if (db_check(path, print_finding, name, &counts, &err) != CYG_OK) {
        return fail(&err);
    }
    printf("%s: %" PRIu64 " peers, %" PRIu64 " children, %" PRIu64 " secrets, %" PRIu64
           " problems\n",
           name, counts.peers, counts.children, counts.secrets, counts.problems);
    return counts.problems == 0 ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status upgrade(const char *path)
{
    struct cyg_error err = { 0 };
    int from = 0;
    if (db_check_mode(path, &err) != CYG_OK || db_upgrade(path, &from, &err) != CYG_OK) {
        return fail(&err);
    }
    if (from == DB_VERSION) {
        printf("%s: has version %d, nothing to do\n", path, from);
    } else {
        printf("%s: from version %d to %d\n", path, from, DB_VERSION);
    }
    return CTL_DONE;
}

int ctl_db(int argc, char **argv)
{
    static const struct {
        const char *name;
        enum ctl_status (*run)(const char *path);
    } commands[] = { { "init", init }, { "check", check }, { "upgrade", upgrade } };
    for (size_t i = 0; argc == 3 && i < CYG_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return (int)commands[i].run(argv[2]);
        }
    }
    fputs("Usage: cygnetctl db init|check|upgrade FILE\n", stderr);
    return CTL_USAGE;
}
