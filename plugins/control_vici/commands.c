/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients may ask and hear. Names are charon's; cygnet-… are ours. */
#include "commands.h"

const struct command server_commands[] = {
    { "version", command_version },
    { "list-sas", command_list_sas },
    { "list-conns", command_list_conns },
    { "initiate", command_initiate },
    { "terminate", command_terminate },
    { "cygnet-plugins", command_plugins },
    { NULL, NULL },
};

/* At most 64: a client's registrations are bits. */
const char *const server_events[] = {
    "log",        "control-log",  "list-sa",       "list-conn",
    "ike-updown", "child-updown", "cygnet-plugin", NULL,
};
