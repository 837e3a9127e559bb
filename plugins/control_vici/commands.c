/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients may ask and hear. Names are charon's; cygnet-… are ours. */
#include "commands.h"

const struct command server_commands[] = {
    { "version", command_version },
    { "stats", command_stats },
    { "reload-settings", command_reload_settings },
    { "get-algorithms", command_get_algorithms },
    { "get-counters", command_get_counters },
    { "reset-counters", command_reset_counters },
    { "list-sas", command_list_sas },
    { "list-conns", command_list_conns },
    { "list-policies", command_nothing_to_list },
    { "list-certs", command_nothing_to_list },
    { "list-authorities", command_nothing_to_list },
    { "load-conn", command_load_conn },
    { "unload-conn", command_unload_conn },
    { "get-conns", command_get_conns },
    { "load-shared", command_load_shared },
    { "unload-shared", command_unload_shared },
    { "get-shared", command_get_shared },
    { "clear-creds", command_clear_creds },
    { "flush-certs", command_flush_certs },
    { "get-keys", command_get_keys },
    { "get-authorities", command_get_authorities },
    { "get-pools", command_nothing_to_list },
    { "initiate", command_initiate },
    { "terminate", command_terminate },
    { "rekey", command_later },
    { "redirect", command_later },
    { "install", command_later },
    { "uninstall", command_uninstall },
    { "load-cert", command_later },
    { "load-key", command_later },
    { "unload-key", command_later },
    { "load-token", command_later },
    { "load-pool", command_later },
    { "unload-pool", command_later },
    { "load-authority", command_later },
    { "unload-authority", command_later },
    { "cygnet-plugins", command_plugins },
    { "explain", command_explain },
    { NULL, NULL },
};

/* At most 64: a client's registrations are bits. */
const char *const server_events[] = {
    "log",         "control-log",   "list-sa",        "list-conn",
    "list-policy", "list-cert",     "list-authority", "ike-updown",
    "ike-rekey",   "child-updown",  "child-rekey",    "cygnet-plugin",
    "ike-message", "explain-entry", "explain-live",   NULL,
};
