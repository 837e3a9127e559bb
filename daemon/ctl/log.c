/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl log: the log as it is written. */
#include "ctl.h"

#include <stdio.h>

static bool print_line(void *context, const char *name, json_t *line)
{
    const struct ctl *ctl = context;
    (void)name;
    if (ctl->json) {
        json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
    } else if (ctl_text(line, "ikesa-uniqueid")[0] != '\0') {
        printf("[%s] <%s|%s> %s\n", ctl_text(line, "group"), ctl_text(line, "ikesa-name"),
               ctl_text(line, "ikesa-uniqueid"), ctl_text(line, "msg"));
    } else {
        printf("[%s] %s\n", ctl_text(line, "group"), ctl_text(line, "msg"));
    }
    return fflush(stdout) == 0;
}

enum ctl_status ctl_log(struct ctl *ctl, int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return ctl_misused("log", "takes no arguments");
    }
    return ctl_listen(ctl->client, "log", print_line, ctl);
}
