/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl initiate, terminate: with progress while they wait. */
#include "ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What both take: names or ids, and how long to wait. */
struct target {
    const char *peer, *child, *ike_id, *child_id, *timeout_s;
    bool force;
};

static const struct option options[] = {
    { "child", required_argument, NULL, 'c' },    { "ike-id", required_argument, NULL, 'i' },
    { "child-id", required_argument, NULL, 'd' }, { "timeout", required_argument, NULL, 't' },
    { "force", no_argument, NULL, 'f' },          { NULL, 0, NULL, 0 },
};

static bool parse_target(int argc, char **argv, struct target *ret)
{
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "c:i:d:t:f", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            ret->child = optarg;
            break;
        case 'i':
            ret->ike_id = optarg;
            break;
        case 'd':
            ret->child_id = optarg;
            break;
        case 't':
            ret->timeout_s = optarg;
            break;
        case 'f':
            ret->force = true;
            break;
        default:
            return false;
        }
    }
    if (optind < argc) {
        ret->peer = argv[optind++];
    }
    return optind == argc;
}

static bool print_progress(void *context, const char *name, json_t *line)
{
    const struct ctl *ctl = context;
    (void)name;
    if (!ctl->json) {
        printf("[%s] %s\n", ctl_text(line, "group"), ctl_text(line, "msg"));
        fflush(stdout);
    }
    return true;
}

static void put_optional(struct cyg_vici_writer *w, const char *key, const char *value)
{
    if (value != NULL) {
        cyg_vici_key(w, key, "%s", value);
    }
}

/* Whole seconds as milliseconds; false: no number, or not from 0 to a day. */
static bool to_milliseconds(const char *text, long *ret)
{
    char *end = NULL;
    const long seconds = strtol(text, &end, 10);
    if (end == text || *end != '\0' || seconds < 0 || seconds > 86400) {
        return false;
    }
    *ret = seconds * 1000;
    return true;
}

static enum ctl_status run(struct ctl *ctl, const char *command, const struct target *target)
{
    struct cyg_vici_writer request;
    json_t *response = NULL;
    long timeout_ms = 0;
    if (target->timeout_s != NULL && !to_milliseconds(target->timeout_s, &timeout_ms)) {
        return ctl_misused(command, "--timeout takes seconds, 0 to 86400");
    }
    ctl_request(&request, command);
    put_optional(&request, "child", target->child);
    put_optional(&request, "ike", target->peer);
    put_optional(&request, "ike-id", target->ike_id);
    put_optional(&request, "child-id", target->child_id);
    cyg_vici_key(&request, "timeout", "%ld", timeout_ms);
    cyg_vici_key(&request, "loglevel", "1");
    if (target->force) {
        cyg_vici_bool(&request, "force", true);
    }
    enum ctl_status status =
        ctl_run(ctl->client, &request, "control-log", print_progress, ctl, &response);
    if (status != CTL_DONE) {
        return status;
    }
    status = ctl_check(response);
    const char *code = ctl_text(response, "cygnet-code");
    if (status != CTL_DONE && strcmp(code, "timeout") == 0) {
        status = CTL_TIMED_OUT;
    } else if (status != CTL_DONE && strcmp(code, "not-found") == 0) {
        status = CTL_NOT_FOUND;
    }
    if (ctl->json) {
        ctl_print_json(response);
        return status;
    }
    if (status == CTL_DONE) {
        printf("%s: done\n", command);
    }
    json_decref(response);
    return status;
}

enum ctl_status ctl_initiate(struct ctl *ctl, int argc, char **argv)
{
    struct target target = { .timeout_s = "60" };
    if (!parse_target(argc, argv, &target) || (target.peer == NULL && target.child == NULL)) {
        return ctl_misused("initiate", "takes [--child CHILD] [--timeout SECONDS] [PEER]");
    }
    return run(ctl, "initiate", &target);
}

enum ctl_status ctl_terminate(struct ctl *ctl, int argc, char **argv)
{
    struct target target = { .timeout_s = "30" };
    const bool good = parse_target(argc, argv, &target);
    if (!good
        || (target.peer == NULL && target.child == NULL && target.ike_id == NULL
            && target.child_id == NULL)) {
        return ctl_misused("terminate", "takes [--child CHILD] [--ike-id ID] [--child-id ID] "
                                        "[--force] [--timeout SECONDS] [PEER]");
    }
    return run(ctl, "terminate", &target);
}
