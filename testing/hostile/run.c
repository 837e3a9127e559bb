/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the rows over engines in the simulation: all, or those named by id; prints TAP, a line for
 * each row, and the count. Named rows, and those that failed, tell their story. */
#include "hostile/stage_sim.h"

#include "simulation/sim_internal.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: run [OPTION]... [ID | ID/VARIANT | GROUP]...\n"
    "Plays rows of the hostile suite: all of them, or those named, such as H-018, H-018/2 or B;\n"
    "of named ones it tells what was sent, what came back, and what was said.\n"
    "  -l, --list   list them\n"
    "  -q, --quiet  no story\n"
    "  -h, --help\n";

struct totals {
    size_t rows, variants, failed, not_built, elsewhere, number;
};

struct options {
    char **names;
    size_t n_names;
    bool list, quiet;
};

static void print_story(const char *story)
{
    while (*story != '\0') {
        size_t len = strcspn(story, "\n");
        printf("# %.*s\n", (int)len, story);
        story += len + (story[len] != '\0');
    }
}

/* Which variants a name means: -1 all, -2 none. */
static long chosen(const struct options *o, const struct group *g, const struct row *row)
{
    for (size_t i = 0; i < o->n_names; i++) {
        const char *name = o->names[i];
        size_t len = strlen(row->id);
        if (strcmp(name, g->letter) == 0 || strcmp(name, row->id) == 0) {
            return -1;
        }
        if (strncmp(name, row->id, len) == 0 && name[len] == '/') {
            return strtol(name + len + 1, NULL, 10);
        }
        if (strncmp(name, row->id, strlen(name)) == 0 && strlen(name) == 5) {
            return -1; /* H-018 means H-018b too */
        }
    }
    return o->n_names == 0 ? -1 : -2;
}

/* Whether the test that is named for a row really speaks of it: its source holds the id. */
static bool is_tagged(const struct row *row)
{
    const char *folder = getenv("CYG_SRCDIR");
    char path[512], line[1024], id[6], name[5];
    bool found = false;
    (void)snprintf(id, sizeof(id), "%.5s", row->id);
    (void)snprintf(name, sizeof(name), "h%.3s", row->id + 2); /* in the name of a test */
    (void)snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : "..", row->elsewhere);
    FILE *f = fopen(path, "r");
    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        found = strstr(line, id) != NULL || strstr(line, name) != NULL;
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return found;
}

static bool play_once(const struct row *row, size_t number, bool tell)
{
    static struct stage stage;
    struct stage_sim *st = stage_sim_new(&stage, tell);
    const struct variant v = row_variant(row, number);
    bool passed = scene_play(&stage, row, &v) && stage_sim_end(st);
    if (tell) {
        print_story(stage_sim_story(st));
        printf("# %s/%zu, %s: %s%s\n", row->id, number, v.name,
               passed ? "PASS" : "FAIL: ", passed ? "" : stage.failure);
    }
    stage_sim_free(st);
    if (passed && stage.failed) {
        printf("# %s/%zu, %s: FAIL: %s\n", row->id, number, v.name, stage.failure);
        passed = false;
    }
    return passed;
}

static bool play_row(const struct row *row, long only, bool tell)
{
    bool passed = true;
    for (size_t i = 0; i < row_variants(row); i++) {
        if (only >= 0 && (size_t)only != i) {
            continue;
        }
        bool good = play_once(row, i, tell);
        if (!good && !tell) {
            (void)play_once(row, i, true);
            printf("# again: testing/hostile/run %s/%zu\n", row->id, i);
        }
        passed &= good;
    }
    return passed;
}

static void one(const struct options *o, const struct group *g, const struct row *row,
                struct totals *t)
{
    long only = chosen(o, g, row);
    if (only == -2) {
        return;
    }
    if (o->list) {
        printf("%-7s %s%s%s\n", row->id, row->what, row->not_built != NULL ? " [not built: " : "",
               row->not_built != NULL ? row->not_built : "");
        return;
    }
    if (row->elsewhere != NULL && !is_tagged(row)) {
        printf("not ok %zu - %s %s: %s does not name it\n", ++t->number, row->id, row->what,
               row->elsewhere);
        t->failed++;
        return;
    }
    if (row->elsewhere != NULL) {
        printf("# %s %s: tested in %s\n", row->id, row->what, row->elsewhere);
        t->elsewhere++;
        return;
    }
    if (row->not_built != NULL) {
        printf("ok %zu - %s %s # SKIP not built: %s\n", ++t->number, row->id, row->what,
               row->not_built);
        t->not_built++;
        return;
    }
    size_t n = row_variants(row);
    bool passed = play_row(row, only, o->n_names > 0 && !o->quiet);
    printf("%sok %zu - %s %s, %zu variant%s\n", passed ? "" : "not ", ++t->number, row->id,
           row->what, only >= 0 ? 1 : n, n == 1 || only >= 0 ? "" : "s");
    if (o->n_names > 0 && !o->quiet) {
        printf("#   because: %s\n", row->why);
    }
    fflush(stdout);
    t->rows++;
    t->variants += only >= 0 ? 1 : n;
    t->failed += !passed;
}

static int run_all(const struct options *o)
{
    struct totals t = { 0 };
    for (size_t g = 0; hostile_groups[g] != NULL; g++) {
        const struct group *group = hostile_groups[g];
        for (size_t i = 0; i < group->n; i++) {
            one(o, group, &group->rows[i], &t);
        }
    }
    if (o->list) {
        return EXIT_SUCCESS;
    }
    printf("1..%zu\n", t.number);
    printf("# %zu rows, %zu variants, %zu failed; %zu rows tested elsewhere, %zu not built\n",
           t.rows, t.variants, t.failed, t.elsewhere, t.not_built);
    return t.number + t.elsewhere == 0 || t.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = { { "list", no_argument, NULL, 'l' },
                                           { "quiet", no_argument, NULL, 'q' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    struct options o = { .names = NULL };
    for (int c; (c = getopt_long(argc, argv, "lqh", longs, NULL)) != -1;) {
        if (c == 'l') {
            o.list = true;
        } else if (c == 'q') {
            o.quiet = true;
        } else {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? EXIT_SUCCESS : 2;
        }
    }
    o.names = argv + optind;
    o.n_names = (size_t)(argc - optind);
    return run_all(&o);
}
