/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl: the command line of cygnetd. A VICI client like swanctl, plus what swanctl lacks. */
#include "ctl.h"

#include <cygnet/version.h>

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    ctl_command *run;
    const char *arguments, *help;
};

static const struct command commands[] = {
    { "sas", ctl_sas, "[PEER]", "SAs that are up" },
    { "peers", ctl_peers, "[PEER]", "configured peers, and what is wrong with them" },
    { "explain", ctl_explain,
      "[--last N] [--unknown] [--source ADDRESS] [--follow] [--json] [PEER]",
      "the last negotiations: each message, each decision, and what to change" },
    { "capture", ctl_capture, "[--count N] [--time SECONDS] PEER|%any FILE|-",
      "IKE messages of a peer, decrypted, as a file for Wireshark" },
    { "initiate", ctl_initiate, "[--child CHILD] [--timeout SECONDS] [PEER]", "bring up" },
    { "terminate", ctl_terminate,
      "[--child CHILD] [--ike-id ID] [--child-id ID] [--force] [--timeout SECONDS] [PEER]",
      "take down" },
    { "log", ctl_log, "", "follow the log" },
    { "plugins", ctl_plugins, "", "plugins, what each gives, what is missing and why" },
    { "version", ctl_version, "", "versions of daemon and tool" },
};

static void usage(FILE *to)
{
    fputs("Usage: cygnetctl [--uri unix:///PATH] [--json] COMMAND ...\n"
          "       cygnetctl db init|check|upgrade FILE\n"
          "       cygnetctl --version | --help\n\nCommands:\n",
          to);
    for (size_t i = 0; i < CYG_LEN(commands); i++) {
        fprintf(to, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
                commands[i].help);
    }
    fputs("  db init|check|upgrade FILE\n      make, check or migrate a database of peers\n\n"
          "Exit status: 0 done, 1 failed, 2 usage, 3 not found or not running,\n"
          "4 no permission, 124 timed out\n",
          to);
}

static enum ctl_status run(struct ctl *ctl, int argc, char **argv)
{
    for (size_t i = 0; i < CYG_LEN(commands); i++) {
        if (strcmp(argv[0], commands[i].name) != 0) {
            continue;
        }
        enum ctl_status status = ctl_connect(ctl->uri, &ctl->client);
        if (status == CTL_DONE) {
            status = commands[i].run(ctl, argc, argv);
        }
        ctl_close(ctl->client);
        return status;
    }
    fprintf(stderr, "cygnetctl: there is no command %s\n", argv[0]);
    usage(stderr);
    return CTL_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "uri", required_argument, NULL, 'u' },
        { "json", no_argument, NULL, 'j' },
        { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct ctl ctl = { .uri = "unix://" CYG_RUN_DIR "/vici" };
    (void)setlocale(LC_CTYPE, ""); /* which signs the terminal can show */
    /* "+": options behind the command are the command's. */
    for (int option; (option = getopt_long(argc, argv, "+u:jvh", options, NULL)) != -1;) {
        switch (option) {
        case 'u':
            ctl.uri = optarg;
            break;
        case 'j':
            ctl.json = true;
            break;
        case 'v':
            printf("cygnetctl %s\n", cyg_version());
            return CTL_DONE;
        case 'h':
            usage(stdout);
            return CTL_DONE;
        default:
            usage(stderr);
            return CTL_USAGE;
        }
    }
    argc -= optind;
    argv += optind;
    if (argc == 0) {
        usage(stderr);
        return CTL_USAGE;
    }
    if (strcmp(argv[0], "db") == 0) {
        return ctl_db(argc, argv);
    }
    return (int)run(&ctl, argc, argv);
}
