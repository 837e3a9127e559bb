/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VICI connection of cygnetctl: one command after the other, blocking. Messages become JSON trees
 * at once: tables and --json render the same tree. Thread: one. */
#pragma once

#include <cygnet/time.h>
#include <cygnet/vici.h>

#include <jansson.h>

/* Exit statuses of cygnetctl, FEATURES "exit codes". */
enum ctl_status {
    CTL_DONE = 0,
    CTL_FAILED = 1, /* reason on stderr */
    CTL_USAGE = 2,
    CTL_NOT_FOUND = 3, /* or the daemon does not run */
    CTL_PERMISSION = 4,
    CTL_TIMED_OUT = 124,
};

struct ctl_client;

/* Connect; says why not on stderr. *ret is NULL unless CTL_DONE. */
enum ctl_status ctl_connect(const char *uri, struct ctl_client **ret);
void ctl_close(struct ctl_client *client); /* NULL is allowed */

/* Called for each event while a command runs; message is borrowed. Return false to end early. */
typedef bool ctl_on_event(void *context, const char *name, json_t *message);

/* Run a command: registers `event` (may be NULL), sends, hands events over, unregisters. request is
 * finished and cleared. *ret_response is the caller's, NULL unless CTL_DONE. Failures of the
 * connection are said on stderr. A response with success = no is not a failure of this call. */
enum ctl_status ctl_run(struct ctl_client *client, struct cyg_vici_writer *request,
                        const char *event, ctl_on_event *on_event, void *context,
                        json_t **ret_response);

/* Begin a request for ctl_run. */
void ctl_request(struct cyg_vici_writer *w, const char *command);

/* Listen to an event until the connection ends or on_event returns false. */
enum ctl_status ctl_listen(struct ctl_client *client, const char *event, ctl_on_event *on_event,
                           void *context);

/* The same with messages as they came, for values that are bytes; until stop_fd can be read or
 * `until` (CYG_NEVER: without end), then CTL_DONE too. message is borrowed. */
typedef bool ctl_on_message(void *context, struct cyg_span message);
enum ctl_status ctl_listen_raw(struct ctl_client *client, const char *event,
                               ctl_on_message *on_message, void *context, int stop_fd,
                               cyg_usec until);
