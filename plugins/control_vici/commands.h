/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands and events, each in the file of its subject; the table is in commands.c. */
#pragma once

#include "server.h"

#include <cygnet/time.h>

/* list_sas.c */
void command_list_sas(struct client *client, struct cyg_span message);
/* A number above 0 of a message, 0 if it is not there or is none. */
uint32_t get_id(struct cyg_span message, const char *key);
/* One IKE SA as list-sas, ike-updown and child-updown show it: a section of its name. */
void put_ike_sa(struct cyg_vici_writer *w, const struct cyg_ike_record *ike,
                const struct cyg_child_record *children, size_t n_children, cyg_usec now);

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

/* updown.c: ike-updown, child-updown */
void updown_event(struct server *server, const struct cyg_event *event);

/* daemon.c */
void command_version(struct client *client, struct cyg_span message);
void command_plugins(struct client *client, struct cyg_span message);
