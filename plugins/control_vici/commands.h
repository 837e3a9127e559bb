/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands and events, each in the file of its subject; the table is in commands.c. */
#pragma once

#include "server.h"

#include <cygnet/time.h>

/* list_sas.c */
void command_list_sas(struct client *client, struct cyg_span message);
/* A number above 0 of a message, 0 if it is not there or is none. */
uint32_t get_id(struct cyg_span message, const char *key);
/* One IKE SA as list-sas, ike-updown and child-updown show it: opens a section of its name, which
 * the caller ends. */
void put_ike_begin(struct cyg_vici_writer *w, const struct cyg_ike_record *ike, cyg_usec now);
/* Its section child-sas. is_down: they have just ended. */
void put_child_sas(struct cyg_vici_writer *w, const struct cyg_child_record *children,
                   size_t n_children, bool is_down, cyg_usec now);

/* list_conns.c */
void command_list_conns(struct client *client, struct cyg_span message);

/* orders.c */
void command_initiate(struct client *client, struct cyg_span message);
void command_terminate(struct client *client, struct cyg_span message);
/* Progress and results of orders, as events of the daemon. */
void orders_event(struct server *server, const struct cyg_event *event);

/* log.c: the event `log`, and the lines of control-log. */
void log_event(struct server *server, const struct cyg_event *event);
/* Put the keys of one line of log: group, level, ikesa-name, ikesa-uniqueid, msg. */
void put_log(struct cyg_vici_writer *w, const struct cyg_event *event);

/* enum cyg_log_group, charon's names. */
const char *log_group_name(uint8_t group);

/* updown.c: ike-updown, child-updown */
void updown_event(struct server *server, const struct cyg_event *event);

/* messages.c: ike-message, the clear text of every message */
void message_event(struct server *server, const struct cyg_event *event);

/* explain.c */
void command_explain(struct client *client, struct cyg_span message);
/* An entry of the history, as it is made. */
void explain_event(struct server *server, const struct cyg_event *event);

/* load_conn.c */
void command_load_conn(struct client *client, struct cyg_span message);
void command_unload_conn(struct client *client, struct cyg_span message);
void command_get_conns(struct client *client, struct cyg_span message);

/* shared.c */
void command_load_shared(struct client *client, struct cyg_span message);
void command_unload_shared(struct client *client, struct cyg_span message);
void command_get_shared(struct client *client, struct cyg_span message);
void command_clear_creds(struct client *client, struct cyg_span message);

/* not_built.c */
void command_later(struct client *client, struct cyg_span message);
void command_uninstall(struct client *client, struct cyg_span message);
void command_get_keys(struct client *client, struct cyg_span message);
void command_get_authorities(struct client *client, struct cyg_span message);
void command_flush_certs(struct client *client, struct cyg_span message);
void command_nothing_to_list(struct client *client, struct cyg_span message);

/* stats.c */
void command_stats(struct client *client, struct cyg_span message);
void command_get_counters(struct client *client, struct cyg_span message);
void command_reset_counters(struct client *client, struct cyg_span message);

/* daemon.c */
void command_version(struct client *client, struct cyg_span message);
void command_plugins(struct client *client, struct cyg_span message);
void command_get_algorithms(struct client *client, struct cyg_span message);
void command_reload_settings(struct client *client, struct cyg_span message);
