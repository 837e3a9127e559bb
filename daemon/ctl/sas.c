/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl sas [PEER]: one row for each SA pair, or for an IKE SA without any. */
#include "ctl.h"

#include <stdio.h>

static const char *const columns[] = { "PEER",       "ID",          "STATE", "REMOTE",
                                       "CHILD",      "CHILD-STATE", "LOCAL", "REMOTE-TS",
                                       "ALGORITHMS", "IN",          "OUT" };

/* "AES_GCM_16-128", "AES_CBC-128/HMAC_SHA2_256_128", with the group where there is one. */
static void algorithms(const json_t *sa, char *text, size_t size)
{
    const char *size_bits = ctl_text(sa, "encr-keysize"), *integ = ctl_text(sa, "integ-alg");
    const char *group = ctl_text(sa, "dh-group");
    snprintf(text, size, "%s%s%s%s%s%s%s", ctl_text(sa, "encr-alg"), size_bits[0] ? "-" : "",
             size_bits, integ[0] ? "/" : "", integ, group[0] ? "/" : "", group);
}

static const char *first(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_array_get(json_object_get(object, key), 0));
    return text != NULL ? text : "";
}

static void add_ike(struct ctl_table *table, const char *name, const json_t *ike)
{
    char remote[96], text[160];
    snprintf(remote, sizeof remote, "%s[%s]", ctl_text(ike, "remote-host"),
             ctl_text(ike, "remote-port"));
    const json_t *children = json_object_get(ike, "child-sas");
    if (json_object_size(children) == 0) {
        algorithms(ike, text, sizeof text);
        const char *const cells[] = { name,
                                      ctl_text(ike, "uniqueid"),
                                      ctl_text(ike, "state"),
                                      remote,
                                      "-",
                                      "-",
                                      "-",
                                      "-",
                                      text,
                                      "-",
                                      "-" };
        ctl_table_row(table, cells);
        return;
    }
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)(uintptr_t)children, key, child)
    {
        algorithms(child, text, sizeof text);
        const char *const cells[] = { name,
                                      ctl_text(ike, "uniqueid"),
                                      ctl_text(ike, "state"),
                                      remote,
                                      key,
                                      ctl_text(child, "state"),
                                      first(child, "local-ts"),
                                      first(child, "remote-ts"),
                                      text,
                                      ctl_text(child, "bytes-in"),
                                      ctl_text(child, "bytes-out") };
        ctl_table_row(table, cells);
    }
}

static void add_all(struct ctl_table *table, const json_t *message)
{
    const char *name;
    json_t *ike;
    json_object_foreach((json_t *)(uintptr_t)message, name, ike)
    {
        add_ike(table, name, ike);
    }
}

enum ctl_status ctl_sas(struct ctl *ctl, int argc, char **argv)
{
    static const struct ctl_listing listing = { .command = "list-sas",
                                                .event = "list-sa",
                                                .columns = columns,
                                                .n_columns = CYG_LEN(columns),
                                                .rows = add_all,
                                                .missing = "no SA of peer" };
    return ctl_list(ctl, argc, argv, &listing);
}
