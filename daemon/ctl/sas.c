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

static void print_sas(const json_t *all)
{
    struct ctl_table *table = ctl_table_new(columns, CYG_LEN(columns));
    size_t i;
    json_t *message, *ike;
    const char *name;
    json_array_foreach(all, i, message)
    {
        json_object_foreach(message, name, ike)
        {
            add_ike(table, name, ike);
        }
    }
    ctl_table_print(table);
}

enum ctl_status ctl_sas(struct ctl *ctl, int argc, char **argv)
{
    if (argc > 2) {
        return ctl_misused("sas", "takes at most the name of a peer");
    }
    struct cyg_vici_writer request;
    json_t *all = NULL;
    ctl_request(&request, "list-sas");
    if (argc == 2) {
        cyg_vici_key(&request, "ike", "%s", argv[1]);
    }
    enum ctl_status status = ctl_collect(ctl, &request, "list-sa", &all);
    if (status != CTL_DONE) {
        return status;
    }
    if (ctl->json) {
        ctl_print_json(all);
        return CTL_DONE;
    }
    if (json_array_size(all) == 0 && argc == 2) {
        fprintf(stderr, "cygnetctl: no SA of peer %s\n", argv[1]);
        status = CTL_NOT_FOUND;
    } else {
        print_sas(all);
    }
    json_decref(all);
    return status;
}
