/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl: what its commands share. A command is a row of the table in main.c and a function in
 * the file of its subject. Output goes to stdout, what went wrong to stderr. */
#pragma once

#include "client.h"

struct ctl {
    const char *uri;
    bool json;
    struct ctl_client *client; /* connected before a command that needs it */
};

/* argv[0] is the command's own name. */
typedef enum ctl_status ctl_command(struct ctl *ctl, int argc, char **argv);

ctl_command ctl_version, ctl_plugins;    /* daemon.c */
ctl_command ctl_sas;                     /* sas.c */
ctl_command ctl_peers;                   /* peers.c */
ctl_command ctl_initiate, ctl_terminate; /* orders.c */
ctl_command ctl_log;                     /* log.c */
ctl_command ctl_explain;                 /* explain.c */
ctl_command ctl_capture;                 /* capture.c */

/* db.c: `cygnetctl db init|check|upgrade FILE`; needs no daemon. Returns the exit status. */
int ctl_db(int argc, char **argv);

/* Say what is wrong with the arguments and how to see what is right; CTL_USAGE. */
enum ctl_status ctl_misused(const char *command, const char *what);

/* Text of a key, "" when it is not there; never NULL. */
const char *ctl_text(const json_t *object, const char *key);

/* Whether a key says yes. */
bool ctl_is_yes(const json_t *object, const char *key);

/* Without memory there is nothing that a command line tool could still do: say so and exit. */
#define ctl_must(good) ((good) ? (void)0 : ctl_no_memory())
_Noreturn void ctl_no_memory(void);

/* Print the tree and a newline; consumes it. */
void ctl_print_json(json_t *tree);

/* CTL_DONE for a response with success = yes (or without the key); else says errmsg and gives the
 * status that fits. */
enum ctl_status ctl_check(const json_t *response);

/* --- Tables (libsmartcols): columns by name, rows of texts, printed at once --- */

struct ctl_table;

struct ctl_table *ctl_table_new(const char *const *columns, size_t n);
/* One text for each column; copied. */
void ctl_table_row(struct ctl_table *table, const char *const *cells);
/* Print and free. */
void ctl_table_print(struct ctl_table *table);

/* --- Listings: a command with its streamed event, shown as a table or as JSON --- */

struct ctl_listing {
    const char *command, *event;
    const char *const *columns;
    size_t n_columns;
    void (*rows)(struct ctl_table *table, const json_t *message); /* of one event */
    const char *missing; /* "no SA of peer": it takes the name of a peer; NULL: no arguments */
};

enum ctl_status ctl_list(struct ctl *ctl, int argc, char **argv, const struct ctl_listing *listing);
