/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs scenarios: all or by name, over seeds, in several processes; prints TAP. A run that fails is
 * run once more with its story told, which the same seed makes the same, and the line that replays
 * it is printed. */
#include "simulation/suites.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
    "Usage: run [OPTION]... [SUITE | SUITE/TEST]...\n"
    "Runs scenarios on the simulated network; all of them, or those named.\n"
    "  -l, --list         list them\n"
    "  -s, --seed N       this seed only\n"
    "      --seeds A-B    these seeds, of every test\n"
    "  -n, --runs N       so many runs in all, shared among the tests by weight\n"
    "                     (default: $CYG_SEEDS, else 2000)\n"
    "  -j, --jobs N       in N processes (default 1)\n"
    "  -v, --verbose      tell the story of every run\n"
    "      --real         with the algorithms of crypto-gnutls instead of toys\n"
    "      --twice        run each seed twice and compare the datagrams\n"
    "  -h, --help\n";

struct options {
    uint64_t first, last; /* 0: by weight */
    uint64_t runs;
    unsigned jobs;
    bool list, verbose, twice;
    char **names;
    size_t n_names;
};

/* ---- one run ---- */

static void replay_line(const struct sim_suite *suite, const struct sim_test *test, uint64_t seed)
{
    printf("# replay: testing/simulation/run %s/%s --seed %" PRIu64 " -v%s\n", suite->name,
           test->name, seed, sim_uses_real_crypto() ? " --real" : "");
}

static void print_story(const char *story)
{
    while (*story != '\0') {
        size_t len = strcspn(story, "\n");
        printf("# %.*s\n", (int)len, story);
        story += len + (story[len] != '\0');
    }
}

/* Returns whether it passed; its datagrams as a hash. */
static bool run_once(const struct sim_suite *suite, const struct sim_test *test, uint64_t seed,
                     bool tell, uint64_t *ret_trace)
{
    size_t before = sim_memory_pieces();
    struct sim *s = sim_new(seed, tell);
    test->run(s);
    sim_check_always(s);
    bool passed = !sim_failed(s);
    if (tell) {
        print_story(sim_story(s));
    }
    if (!passed && tell) {
        printf("# %s/%s, seed %" PRIu64 ": %s\n", suite->name, test->name, seed, sim_failure(s));
        replay_line(suite, test, seed);
    }
    *ret_trace = sim_trace(s);
    sim_free(s);
    /* The real provider makes tables at the first use of a group and keeps them. */
    if (sim_memory_pieces() != before && !sim_uses_real_crypto()) {
        printf("# %s/%s, seed %" PRIu64 ": %zd pieces of memory were not freed\n", suite->name,
               test->name, seed, (ssize_t)sim_memory_pieces() - (ssize_t)before);
        replay_line(suite, test, seed);
        passed = false;
    }
    return passed;
}

static bool run_seed(const struct sim_suite *suite, const struct sim_test *test, uint64_t seed,
                     const struct options *options)
{
    uint64_t trace, again;
    bool passed = run_once(suite, test, seed, options->verbose, &trace);
    if (!passed && !options->verbose) {
        (void)run_once(suite, test, seed, true, &again);
        if (again != trace) {
            printf("# and it went another way the second time: the seed does not fix everything\n");
        }
        return false;
    }
    if (options->twice) {
        (void)run_once(suite, test, seed, false, &again);
        if (again != trace) {
            printf("# %s/%s, seed %" PRIu64 ": the seed does not fix every datagram\n", suite->name,
                   test->name, seed);
            replay_line(suite, test, seed);
            return false;
        }
    }
    return passed;
}

/* ---- which tests, which seeds ---- */

static bool is_chosen(const struct options *options, const struct sim_suite *suite,
                      const struct sim_test *test)
{
    for (size_t i = 0; i < options->n_names; i++) {
        const char *name = options->names[i];
        size_t len = strlen(suite->name);
        bool is_suite = strncmp(name, suite->name, len) == 0;
        if (is_suite
            && (name[len] == '\0'
                || (name[len] == '/' && strcmp(name + len + 1, test->name) == 0))) {
            return true;
        }
    }
    return options->n_names == 0;
}

struct plan {
    const struct sim_suite *suite;
    const struct sim_test *test;
    uint64_t first, last;
};

static struct plan *make_plan(const struct options *options, size_t *ret_n)
{
    size_t n = 0;
    uint64_t weights = 0;
    struct plan *plan = NULL;
    for (size_t i = 0; sim_suites[i] != NULL; i++) {
        for (size_t k = 0; k < sim_suites[i]->n; k++) {
            const struct sim_test *test = &sim_suites[i]->tests[k];
            if (is_chosen(options, sim_suites[i], test)) {
                plan = realloc(plan, (n + 1) * sizeof(*plan));
                if (plan == NULL) {
                    abort();
                }
                plan[n++] = (struct plan){ .suite = sim_suites[i], .test = test };
                weights += test->weight;
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t share = weights > 0 ? options->runs * plan[i].test->weight / weights : 0;
        plan[i].first = options->first > 0 ? options->first : 1;
        plan[i].last = options->first > 0 ? options->last : share > 1 ? share : 1;
    }
    *ret_n = n;
    return plan;
}

/* The seeds of one process: every jobs-th. */
static uint64_t run_share(const struct plan *p, const struct options *options, unsigned mine)
{
    uint64_t failed = 0;
    for (uint64_t seed = p->first + mine; seed <= p->last && failed < 3; seed += options->jobs) {
        failed += !run_seed(p->suite, p->test, seed, options);
        fflush(stdout);
    }
    return failed;
}

/* Each process does its share of every test; what it prints is collected in its own file. */
static bool run_parallel(const struct plan *p, const struct options *options)
{
    bool passed = true;
    pid_t children[64];
    for (unsigned i = 0; i < options->jobs; i++) {
        fflush(stdout);
        children[i] = fork();
        if (children[i] == 0) {
            exit(run_share(p, options, i) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
        }
    }
    for (unsigned i = 0; i < options->jobs; i++) {
        int status = 0;
        passed &= children[i] > 0 && waitpid(children[i], &status, 0) == children[i]
                  && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    }
    return passed;
}

static int run_all(const struct options *options)
{
    size_t n, failed = 0;
    uint64_t total = 0;
    struct plan *plan = make_plan(options, &n);
    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        uint64_t seeds = plan[i].last - plan[i].first + 1;
        bool passed = options->jobs > 1 && seeds > 1 ? run_parallel(&plan[i], options)
                                                     : run_share(&plan[i], options, 0) == 0;
        const char *todo = passed ? NULL : plan[i].test->todo;
        printf("%sok %zu - %s/%s, %" PRIu64 " seed%s%s%s\n", passed ? "" : "not ", i + 1,
               plan[i].suite->name, plan[i].test->name, seeds, seeds == 1 ? "" : "s",
               todo != NULL ? " # TODO " : "", todo != NULL ? todo : "");
        fflush(stdout);
        failed += !passed && todo == NULL;
        total += seeds;
    }
    printf("# %" PRIu64 " runs of %zu scenarios, %zu failed\n", total, n, failed);
    free(plan);
    return n == 0 || failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int list(const struct options *options)
{
    size_t n;
    struct plan *plan = make_plan(options, &n);
    for (size_t i = 0; i < n; i++) {
        printf("%s/%s (weight %u)\n", plan[i].suite->name, plan[i].test->name,
               plan[i].test->weight);
    }
    free(plan);
    return EXIT_SUCCESS;
}

/* ---- the command line ---- */

static bool number(const char *text, uint64_t *ret, const char **ret_end)
{
    char *end;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    *ret_end = end;
    return end != text && errno == 0 && *text != '-';
}

static bool option_set(struct options *o, int option, const char *value)
{
    const char *end = "";
    uint64_t n = 0;
    bool good = true;
    switch (option) {
    case 's':
        good = number(value, &o->first, &end) && *end == '\0' && o->first > 0;
        o->last = o->first;
        return good;
    case 'r':
        good = number(value, &o->first, &end) && *end == '-' && o->first > 0
               && number(end + 1, &o->last, &end) && *end == '\0';
        return good && o->last >= o->first;
    case 'n':
        return number(value, &o->runs, &end) && *end == '\0';
    case 'j':
        good = number(value, &n, &end) && *end == '\0' && n >= 1 && n <= 64;
        o->jobs = (unsigned)n;
        return good;
    case 'l':
        o->list = true;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    case 'R':
        if (!sim_use_real_crypto()) {
            fprintf(stderr, "run: built without crypto-gnutls or auth-psk\n");
            return false;
        }
        return true;
    case 't':
        o->twice = true;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        { "list", no_argument, NULL, 'l' },        { "seed", required_argument, NULL, 's' },
        { "seeds", required_argument, NULL, 'r' }, { "runs", required_argument, NULL, 'n' },
        { "jobs", required_argument, NULL, 'j' },  { "verbose", no_argument, NULL, 'v' },
        { "twice", no_argument, NULL, 't' },       { "real", no_argument, NULL, 'R' },
        { "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 }
    };
    struct options options = { .runs = 2000, .jobs = 1 };
    const char *from_environment = getenv("CYG_SEEDS");
    if (from_environment != NULL && *from_environment != '\0'
        && !option_set(&options, 'n', from_environment)) {
        fprintf(stderr, "run: $CYG_SEEDS is no number\n");
        return EXIT_FAILURE;
    }
    for (int c; (c = getopt_long(argc, argv, "ls:n:j:vth", longs, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
        if (!option_set(&options, c, optarg)) {
            fputs(usage, stderr);
            return 2;
        }
    }
    options.names = argv + optind;
    options.n_names = (size_t)(argc - optind);
    return options.list ? list(&options) : run_all(&options);
}
