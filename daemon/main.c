/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetd: the command line. The daemon itself is in io/daemon.c. */
#include "io/daemon.h"

#include <cygnet/version.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* sysexits.h: wrong settings; systemd does not restart for it. */
#define EXIT_SETTINGS 78
#define EXIT_USAGE    2

struct command {
    const char *settings;
    bool check, foreground;
};

static void usage(FILE *to)
{
    fputs("Usage: cygnetd [--settings FILE] [--foreground]\n"
          "       cygnetd [--settings FILE] --check-settings\n"
          "       cygnetd --version | --help\n"
          "\n"
          "  --settings FILE    default: " CYG_CONFIG_DIR "/cygnet/cygnet.conf\n"
          "  --foreground       do not go into the background\n"
          "  --check-settings   say whether the settings are right, and end\n",
          to);
}

/* Exit status to end with, or -1: go on. */
static int parse(int argc, char **argv, struct command *ret)
{
    static const struct option options[] = {
        { "settings", required_argument, NULL, 's' }, { "foreground", no_argument, NULL, 'f' },
        { "check-settings", no_argument, NULL, 'c' }, { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "s:fcvh", options, NULL)) != -1;) {
        switch (option) {
        case 's':
            ret->settings = optarg;
            break;
        case 'f':
            ret->foreground = true;
            break;
        case 'c':
            ret->check = true;
            break;
        case 'v':
            printf("cygnetd %s\n", cyg_version());
            return EXIT_SUCCESS;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        default:
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "cygnetd: unexpected argument: %s\n", argv[optind]);
        usage(stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static int say(enum cyg_code code, const struct cyg_error *error)
{
    if (code == CYG_OK) {
        return EXIT_SUCCESS;
    }
    char text[1024];
    fprintf(stderr, "cygnetd: %s\n", cyg_error_format(error, text, sizeof text));
    return code == CYG_MALFORMED || code == CYG_NOT_FOUND ? EXIT_SETTINGS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct command command = { .settings = CYG_CONFIG_DIR "/cygnet/cygnet.conf" };
    const int status = parse(argc, argv, &command);
    if (status >= 0) {
        return status;
    }
    struct cyg_error error = { 0 };
    if (command.check) {
        const enum cyg_code code = daemon_check_settings(command.settings, &error);
        if (code == CYG_OK) {
            printf("%s: all right\n", command.settings);
        }
        return say(code, &error);
    }
    /* Before any thread is started. Errors of the start are then seen in the log alone, hence the
     * check first. */
    if (!command.foreground) {
        const enum cyg_code code = daemon_check_settings(command.settings, &error);
        if (code != CYG_OK) {
            return say(code, &error);
        }
        if (daemon(1, 1) != 0) {
            perror("cygnetd: daemon");
            return EXIT_FAILURE;
        }
    }
    struct daemon *daemon = NULL;
    enum cyg_code code = daemon_new(command.settings, &daemon, &error);
    if (code == CYG_OK) {
        code = daemon_run(daemon, &error);
    }
    daemon_free(daemon);
    return say(code, &error);
}
