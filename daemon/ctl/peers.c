/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl peers [PEER]: configured peers, one row for each child. */
#include "ctl.h"

#include <stdio.h>

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

static void add_peers(struct ctl_table *table, const json_t *message)
{
    const char *name, *child_name;
    json_t *peer, *child;
    json_object_foreach((json_t *)(uintptr_t)message, name, peer)
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

enum ctl_status ctl_peers(struct ctl *ctl, int argc, char **argv)
{
    static const struct ctl_listing listing = { .command = "list-conns",
                                                .event = "list-conn",
                                                .columns = columns,
                                                .n_columns = CYG_LEN(columns),
                                                .rows = add_peers,
                                                .missing = "no peer is called" };
    return ctl_list(ctl, argc, argv, &listing);
}
