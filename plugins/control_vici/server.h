/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VICI server: one listening socket, clients with bounded buffers, commands and events. All of
 * it lives on the control thread. A client has one command at a time; what it sends meanwhile waits
 * unread. What a client does not read is bounded, then the client is dropped, never waited for
 * (H-172). Source: the description of the VICI protocol in strongSwan's documentation. */
#pragma once

#include <cygnet/plugin.h>
#include <cygnet/vici.h>

struct server;
struct client;

#define CLIENTS_MAX        64u
#define CLIENTS_OF_MEMBERS 48u /* of all members of the group together */
#define CLIENTS_PER_MEMBER 16u

/* One command of the protocol. `message` has passed cyg_vici_check and is valid during the call.
 * It ends with client_reply or client_fail, at once or later. */
struct command {
    const char *name;
    void (*run)(struct client *client, struct cyg_span message);
};

/* The tables: ended by a row of NULL; an event's name ended by NULL. */
extern const struct command server_commands[];
extern const char *const server_events[];

/* Listen at uri; group: see listen.h, NULL for none. */
CYG_MUST_USE enum cyg_code server_start(const struct cyg_host *host, const char *uri,
                                        const char *group, struct server **ret,
                                        struct cyg_error *err);
void server_stop(struct server *server); /* NULL is allowed */

const struct cyg_host *server_host(const struct server *server);
/* The service that it belongs to, for client_vici. */
struct vici;
void server_set_vici(struct server *server, struct vici *vici);

/* Send a finished event packet to every client that registered its name. */
void server_event(struct server *server, const char *name, struct cyg_vici_writer *packet);
/* The same but to clients whose command runs: for an event that is a command's answer too. */
void server_event_idle(struct server *server, const char *name, struct cyg_vici_writer *packet);
/* Whether any client registered it, so that making it is worth while. */
bool server_is_wanted(const struct server *server, const char *name);

/* --- One client, while a command of his runs --- */

struct server *client_server(struct client *client);
/* The name of the command that runs. */
const char *client_command(const struct client *client);

/* End the command with this packet (CYG_VICI_CMD_RESPONSE); the writer is cleared. */
void client_reply(struct client *client, struct cyg_vici_writer *packet);
/* Put errmsg, cygnet-code (timeout, not-found, failed) and cygnet-reason (name of the row). */
void put_failure(struct cyg_vici_writer *w, const struct cyg_error *error);
/* End it with success = no and the failure. */
void client_fail(struct client *client, const struct cyg_error *error);

/* An event for this client alone, if he registered it; the writer is cleared. */
void client_event(struct client *client, const char *name, struct cyg_vici_writer *packet);

/* A listing: more(client) is called whenever there is room for output, until the command ends.
 * True: it has more at once; false: the command has ended, or it has started something and calls
 * client_wake when that is done. */
void client_stream(struct client *client, bool (*more)(struct client *client));
void client_wake(struct client *client);

/* State of the running command: freed with `release` when the command ends or the client goes. */
void client_set_state(struct client *client, void *state, void (*release)(void *state));
void *client_state(struct client *client);

/* A name for a command that outlives its client, for results that come later; NULL when the client
 * is gone or the command has ended. */
uint64_t client_ticket(const struct client *client);
struct client *server_find_ticket(struct server *server, uint64_t ticket);

/* The next client, from NULL on, whose command is `run`; NULL behind the last. */
struct client *server_next_running(struct server *server, struct client *after,
                                   void (*run)(struct client *client, struct cyg_span message));
