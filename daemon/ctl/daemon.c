/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl version, plugins. */
#include "ctl.h"

#include <cygnet/version.h>

#include <stdio.h>
#include <string.h>

enum ctl_status ctl_version(struct ctl *ctl, int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return ctl_misused("version", "takes no arguments");
    }
    struct cyg_vici_writer request;
    json_t *response = NULL;
    ctl_request(&request, "version");
    enum ctl_status status = ctl_run(ctl->client, &request, NULL, NULL, NULL, &response);
    if (status != CTL_DONE) {
        return status;
    }
    if (ctl->json) {
        json_object_set_new(response, "cygnetctl", json_string(cyg_version()));
        ctl_print_json(response);
        return CTL_DONE;
    }
    printf("%s %s, %s %s %s; cygnetctl %s\n", ctl_text(response, "daemon"),
           ctl_text(response, "version"), ctl_text(response, "sysname"),
           ctl_text(response, "release"), ctl_text(response, "machine"), cyg_version());
    json_decref(response);
    return CTL_DONE;
}

static void add_plugin(struct ctl_table *table, const json_t *row)
{
    const bool is_plugin = strcmp(ctl_text(row, "type"), "plugin") == 0;
    const bool loaded = ctl_is_yes(row, "loaded");
    const bool chosen = ctl_is_yes(row, "chosen");
    const char *state = !loaded ? "missing" : is_plugin || chosen ? "used" : "spare";
    const char *problem = ctl_text(row, "problem");
    const char *const cells[] = { ctl_text(row, "plugin"), ctl_text(row, "type"),
                                  ctl_text(row, "feature"), state,
                                  problem[0] != '\0' ? problem : ctl_text(row, "summary") };
    ctl_table_row(table, cells);
}

enum ctl_status ctl_plugins(struct ctl *ctl, int argc, char **argv)
{
    static const char *const columns[] = { "PLUGIN", "TYPE", "FEATURE", "STATE", "NOTE" };
    static const struct ctl_listing listing = { .command = "cygnet-plugins",
                                                .event = "cygnet-plugin",
                                                .columns = columns,
                                                .n_columns = CYG_LEN(columns),
                                                .rows = add_plugin };
    return ctl_list(ctl, argc, argv, &listing);
}
