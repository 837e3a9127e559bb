/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl explain [PEER]: the last negotiations and why they ended as they did, or with --follow
 * those of now. The daemon streams entries; those of several negotiations may be mixed. Without a
 * peer, counts of what was dropped stand behind them. */
#include "ctl.h"
#include "ladder.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MAX \
    1024u /* negotiations followed at once; the one that is oldest then begins afresh */

static const char usage_text[] =
    "takes [--last N] [--unknown] [--source ADDRESS] [--follow] [--json] [PEER]";

/* A negotiation that --follow has seen and that is not over. */
struct open {
    struct open *next;
    char number[24];
    struct ladder *ladder; /* NULL: nothing was printed */
    json_t *held;          /* entries that wait for the peer's name; may be NULL */
};

struct explain {
    struct ctl *ctl;
    struct paper paper;
    const char *peer, *source;
    long last; /* 0: not given */
    bool unknown, follow;
    json_t *all;       /* of the history */
    struct open *open; /* newest first */
    size_t n_printed;  /* negotiations */
    const struct open *current;
};

/* --- The history --- */

static bool on_stored(void *context, const char *name, json_t *entry)
{
    struct explain *x = context;
    (void)name;
    json_array_append(x->all, entry);
    return true;
}

/* The entries of the negotiation that entry `first` begins. */
static void print_negotiation(struct explain *x, size_t first)
{
    const char *number = ctl_text(json_array_get(x->all, first), "negotiation");
    struct ladder *ladder = ladder_new(&x->paper);
    if (x->n_printed++ > 0) {
        putchar('\n');
    }
    for (size_t i = first; i < json_array_size(x->all); i++) {
        const json_t *entry = json_array_get(x->all, i);
        if (strcmp(ctl_text(entry, "negotiation"), number) == 0) {
            ladder_entry(ladder, entry);
        }
    }
    ladder_pause(ladder);
    ladder_free(ladder);
}

static bool is_first(const struct explain *x, size_t i)
{
    const char *number = ctl_text(json_array_get(x->all, i), "negotiation");
    size_t same = 0;
    while (strcmp(ctl_text(json_array_get(x->all, same), "negotiation"), number) != 0) {
        same++;
    }
    return same == i;
}

static bool is_dropped(const json_t *entry)
{
    return strcmp(ctl_text(entry, "kind"), "dropped") == 0;
}

/* What belongs to no negotiation: a stranger's messages, or those for an SA that is gone. */
static void print_dropped(const struct explain *x)
{
    static const char *const columns[] = { "LAST", "COUNT", "FROM", "WHY" };
    struct ctl_table *table = NULL;
    size_t i;
    json_t *entry;
    json_array_foreach(x->all, i, entry)
    {
        if (!is_dropped(entry)) {
            continue;
        }
        if (table == NULL) {
            fputs(x->n_printed > 0 ? "\n" : "", stdout);
            puts("Dropped, without a negotiation:");
            table = ctl_table_new(columns, CYG_LEN(columns));
        }
        char when[32];
        ladder_format_time(strtod(ctl_text(entry, "time"), NULL), when, sizeof when);
        const char *cells[] = { when, ctl_text(entry, "count"), ctl_text(entry, "network"),
                                ctl_text(entry, "text") };
        ctl_table_row(table, cells);
    }
    if (table != NULL) {
        ctl_table_print(table);
    }
}

static void print_history(struct explain *x)
{
    for (size_t i = 0; i < json_array_size(x->all); i++) {
        if (!is_dropped(json_array_get(x->all, i)) && is_first(x, i)) {
            print_negotiation(x, i);
        }
    }
    print_dropped(x);
}

/* --- Following --- */

static void open_free(struct open *o)
{
    ladder_free(o->ladder);
    json_decref(o->held);
    free(o);
}

static void drop_open(struct explain *x, const struct open *which)
{
    for (struct open **at = &x->open; *at != NULL; at = &(*at)->next) {
        if (*at == which) {
            struct open *o = *at;
            *at = o->next;
            x->current = x->current == o ? NULL : x->current;
            open_free(o);
            return;
        }
    }
}

static struct open *find_open(struct explain *x, const char *number)
{
    size_t n = 0;
    struct open *last = NULL;
    for (struct open *o = x->open; o != NULL; o = o->next, n++) {
        if (strcmp(o->number, number) == 0) {
            return o;
        }
        last = o;
    }
    if (n >= OPEN_MAX) {
        drop_open(x, last);
    }
    struct open *o = calloc(1, sizeof *o);
    ctl_must(o != NULL);
    snprintf(o->number, sizeof o->number, "%s", number);
    o->next = x->open;
    x->open = o;
    return o;
}

static void show_entry(struct explain *x, struct open *o, const json_t *entry)
{
    if (x->ctl->json) {
        json_dumpf(entry, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
        return;
    }
    if (o->ladder == NULL) {
        o->ladder = ladder_new(&x->paper);
        fputs(x->n_printed++ > 0 ? "\n" : "", stdout);
    } else if (x->current != o) {
        ladder_again(o->ladder);
    }
    x->current = o;
    ladder_entry(o->ladder, entry);
}

/* Entries of a negotiation whose peer is not known yet wait until it is. */
static void hold(struct open *o, json_t *entry)
{
    if (o->held == NULL) {
        o->held = json_array();
    }
    json_array_append(o->held, entry);
}

static void show_held(struct explain *x, struct open *o)
{
    json_t *held = o->held;
    o->held = NULL;
    for (size_t i = 0; i < json_array_size(held); i++) {
        show_entry(x, o, json_array_get(held, i));
    }
    json_decref(held);
}

static bool has_source(const char *remote, const char *address)
{
    const size_t len = strlen(address);
    return strncmp(remote, address, len) == 0 && (remote[len] == '[' || remote[len] == '\0');
}

static bool on_live(void *context, const char *name, json_t *entry)
{
    struct explain *x = context;
    (void)name;
    const char *peer = ctl_text(entry, "peer");
    if ((x->source != NULL && !has_source(ctl_text(entry, "remote"), x->source))
        || (x->unknown && peer[0] != '\0')
        || (x->peer != NULL && peer[0] != '\0' && strcmp(peer, x->peer) != 0)) {
        return true;
    }
    struct open *o = find_open(x, ctl_text(entry, "negotiation"));
    if (x->peer != NULL && peer[0] == '\0') {
        hold(o, entry);
    } else {
        show_held(x, o);
        show_entry(x, o, entry);
    }
    if (strcmp(ctl_text(entry, "kind"), "end") == 0) {
        drop_open(x, o);
    }
    return fflush(stdout) == 0;
}

/* --- The command --- */

static bool parse(int argc, char **argv, struct explain *x)
{
    static const struct option options[] = {
        { "last", required_argument, NULL, 'n' },   { "unknown", no_argument, NULL, 'u' },
        { "source", required_argument, NULL, 's' }, { "follow", no_argument, NULL, 'f' },
        { "json", no_argument, NULL, 'j' },         { NULL, 0, NULL, 0 },
    };
    char *end = NULL;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "n:us:fj", options, NULL)) != -1;) {
        switch (option) {
        case 'n':
            x->last = strtol(optarg, &end, 10);
            if (*end != '\0' || x->last < 1 || x->last > 1000) {
                return false;
            }
            break;
        case 'u':
            x->unknown = true;
            break;
        case 's':
            x->source = optarg;
            break;
        case 'f':
            x->follow = true;
            break;
        case 'j':
            x->ctl->json = true;
            break;
        default:
            return false;
        }
    }
    x->peer = optind < argc ? argv[optind++] : NULL;
    return optind == argc && !(x->follow && x->last != 0) && !(x->unknown && x->peer != NULL);
}

static enum ctl_status read_history(struct explain *x)
{
    struct cyg_vici_writer request;
    json_t *response = NULL;
    ctl_request(&request, "explain");
    if (x->peer != NULL) {
        cyg_vici_key(&request, "peer", "%s", x->peer);
    }
    if (x->source != NULL) {
        cyg_vici_key(&request, "source", "%s", x->source);
    }
    if (x->unknown) {
        cyg_vici_bool(&request, "unknown", true);
    }
    if (x->last > 0) {
        cyg_vici_key(&request, "limit", "%ld", x->last);
    }
    enum ctl_status status =
        ctl_run(x->ctl->client, &request, "explain-entry", on_stored, x, &response);
    if (status == CTL_DONE) {
        status = ctl_check(response);
    }
    json_decref(response);
    return status;
}

static enum ctl_status nothing_known(const struct explain *x)
{
    if (x->peer == NULL && x->source == NULL) {
        fputs("cygnetctl: no negotiation is recorded\n", stderr);
        return CTL_DONE;
    }
    fprintf(stderr, "cygnetctl: no negotiation with %s is recorded; see cygnetctl peers\n",
            x->peer != NULL ? x->peer : x->source);
    return CTL_NOT_FOUND;
}

static enum ctl_status explain_history(struct explain *x)
{
    x->all = json_array();
    enum ctl_status status = read_history(x);
    if (status == CTL_DONE) {
        if (x->ctl->json) {
            ctl_print_json(json_incref(x->all));
        } else {
            print_history(x);
        }
        status = json_array_size(x->all) == 0 ? nothing_known(x) : CTL_DONE;
    }
    json_decref(x->all);
    return status;
}

enum ctl_status ctl_explain(struct ctl *ctl, int argc, char **argv)
{
    struct explain x = { .ctl = ctl, .paper = paper_of_stdout() };
    if (!parse(argc, argv, &x)) {
        return ctl_misused("explain", usage_text);
    }
    if (!x.follow) {
        return explain_history(&x);
    }
    const enum ctl_status status = ctl_listen(ctl->client, "explain-live", on_live, &x);
    while (x.open != NULL) {
        drop_open(&x, x.open);
    }
    return status;
}
