/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output of cygnetctl: tables for people, JSON for programs. */
#include "ctl.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ctl_table {
    struct libscols_table *table;
    size_t columns;
};

const char *ctl_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

bool ctl_is_yes(const json_t *object, const char *key)
{
    return strcmp(ctl_text(object, key), "yes") == 0;
}

void ctl_print_json(json_t *tree)
{
    json_dumpf(tree, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(tree);
}

enum ctl_status ctl_check(const json_t *response)
{
    const json_t *success = json_object_get(response, "success");
    if (success == NULL || ctl_is_yes(response, "success")) {
        return CTL_DONE;
    }
    fprintf(stderr, "cygnetctl: %s\n", ctl_text(response, "errmsg"));
    return CTL_FAILED;
}

enum ctl_status ctl_misused(const char *command, const char *what)
{
    fprintf(stderr, "cygnetctl %s: %s\nSee: cygnetctl --help\n", command, what);
    return CTL_USAGE;
}

_Noreturn void ctl_no_memory(void)
{
    fputs("cygnetctl: out of memory\n", stderr);
    exit(CTL_FAILED);
}

struct ctl_table *ctl_table_new(const char *const *columns, size_t n)
{
    struct ctl_table *table = calloc(1, sizeof *table);
    ctl_must(table != NULL);
    scols_init_debug(0);
    table->table = scols_new_table();
    table->columns = n;
    ctl_must(table->table != NULL);
    for (size_t i = 0; i < n; i++) {
        ctl_must(scols_table_new_column(table->table, columns[i], 0, 0) != NULL);
    }
    return table;
}

void ctl_table_row(struct ctl_table *table, const char *const *cells)
{
    struct libscols_line *line = scols_table_new_line(table->table, NULL);
    ctl_must(line != NULL);
    for (size_t i = 0; i < table->columns; i++) {
        ctl_must(scols_line_set_data(line, i, cells[i]) == 0);
    }
}

void ctl_table_print(struct ctl_table *table)
{
    scols_print_table(table->table);
    scols_unref_table(table->table);
    free(table);
}

static bool collect_event(void *context, const char *name, json_t *message)
{
    (void)name;
    json_array_append(context, message);
    return true;
}

/* Run the command and collect its events in an array; *ret is NULL unless CTL_DONE. */
static enum ctl_status collect(struct ctl *ctl, struct cyg_vici_writer *request, const char *event,
                               json_t **ret)
{
    json_t *all = json_array(), *response = NULL;
    enum ctl_status status = ctl_run(ctl->client, request, event, collect_event, all, &response);
    if (status == CTL_DONE) {
        status = ctl_check(response);
    }
    json_decref(response);
    if (status != CTL_DONE) {
        json_decref(all);
        all = NULL;
    }
    *ret = all;
    return status;
}

static void print_rows(const struct ctl_listing *listing, const json_t *all)
{
    struct ctl_table *table = ctl_table_new(listing->columns, listing->n_columns);
    for (size_t i = 0; i < json_array_size(all); i++) {
        listing->rows(table, json_array_get(all, i));
    }
    ctl_table_print(table);
}

enum ctl_status ctl_list(struct ctl *ctl, int argc, char **argv, const struct ctl_listing *listing)
{
    const char *peer = argc == 2 ? argv[1] : NULL;
    if (argc > 1 && listing->missing == NULL) {
        return ctl_misused(argv[0], "takes no arguments");
    }
    if (argc > 2) {
        return ctl_misused(argv[0], "takes at most the name of a peer");
    }
    struct cyg_vici_writer request;
    json_t *all = NULL;
    ctl_request(&request, listing->command);
    if (peer != NULL) {
        cyg_vici_key(&request, "ike", "%s", peer);
    }
    enum ctl_status status = collect(ctl, &request, listing->event, &all);
    if (status != CTL_DONE) {
        return status;
    }
    if (ctl->json) {
        ctl_print_json(all);
        return CTL_DONE;
    }
    if (json_array_size(all) == 0 && peer != NULL) {
        fprintf(stderr, "cygnetctl: %s %s\n", listing->missing, peer);
        status = CTL_NOT_FOUND;
    } else {
        print_rows(listing, all);
    }
    json_decref(all);
    return status;
}
