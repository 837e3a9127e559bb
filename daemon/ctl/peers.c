/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl peers [PEER]: configured peers, one row for each child. */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const char *const columns[] = { "PEER",  "LOCAL", "REMOTE", "LOCAL-ID", "REMOTE-ID",
                                       "CHILD", "MODE",  "FLOWS",  "PROBLEM" };

/* The items of a list, with commas. */
static void join(const json_t *object, const char *key, char *text, size_t size)
{
    size_t i, at = 0;
    json_t *item;
    text[0] = '\0';
    json_array_foreach(json_object_get(object, key), i, item)
    {
        const int n =
            snprintf(text + at, size - at, "%s%s", i > 0 ? "," : "", json_string_value(item));
        if (n < 0 || (size_t)n >= size - at) {
            return; /* cut: --json has it whole */
        }
        at += (size_t)n;
    }
}

static void add_child(struct ctl_table *table, const char *name, const json_t *peer,
                      const char *child_name, const json_t *child)
{
    char local[160], remote[160], local_ts[200], remote_ts[200], flows[448];
    join(peer, "local_addrs", local, sizeof local);
    join(peer, "remote_addrs", remote, sizeof remote);
    join(child, "local-ts", local_ts, sizeof local_ts);
    join(child, "remote-ts", remote_ts, sizeof remote_ts);
    snprintf(flows, sizeof flows, "%s === %s", local_ts, remote_ts);
    const char *const cells[] = { name,
                                  local,
                                  remote,
                                  ctl_text(json_object_get(peer, "local-1"), "id"),
                                  ctl_text(json_object_get(peer, "remote-1"), "id"),
                                  child_name,
                                  ctl_text(child, "mode"),
                                  child != NULL ? flows : "",
                                  ctl_text(peer, "problem") };
    ctl_table_row(table, cells);
}

static void print_peers(const json_t *all)
{
    struct ctl_table *table = ctl_table_new(columns, CYG_LEN(columns));
    size_t i;
    json_t *message, *peer, *child;
    const char *name, *child_name;
    json_array_foreach(all, i, message)
    {
        json_object_foreach(message, name, peer)
        {
            json_t *children = json_object_get(peer, "children");
            if (json_object_size(children) == 0) {
                add_child(table, name, peer, "", NULL);
            }
            json_object_foreach(children, child_name, child)
            {
                add_child(table, name, peer, child_name, child);
            }
        }
    }
    ctl_table_print(table);
}

enum ctl_status ctl_peers(struct ctl *ctl, int argc, char **argv)
{
    if (argc > 2) {
        return ctl_misused("peers", "takes at most the name of a peer");
    }
    struct cyg_vici_writer request;
    json_t *all = NULL;
    ctl_request(&request, "list-conns");
    if (argc == 2) {
        cyg_vici_key(&request, "ike", "%s", argv[1]);
    }
    enum ctl_status status = ctl_collect(ctl, &request, "list-conn", &all);
    if (status != CTL_DONE) {
        return status;
    }
    if (ctl->json) {
        ctl_print_json(all);
        return CTL_DONE;
    }
    if (json_array_size(all) == 0 && argc == 2) {
        fprintf(stderr, "cygnetctl: no peer is called %s\n", argv[1]);
        status = CTL_NOT_FOUND;
    } else {
        print_peers(all);
    }
    json_decref(all);
    return status;
}
