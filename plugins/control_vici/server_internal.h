/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What client.c and server.c know of each other; the rest of the plugin uses server.h. Thread:
 * control. */
#pragma once

#include "listen.h"
#include "server.h"

#define LENGTH_BYTES 4u /* in front of a packet */

struct output; /* a packet that waits to be written */

struct client {
    struct server *server; /* NULL: free slot */
    int fd;
    struct listen_peer peer;
    uint32_t watch, idle_timer;
    uint64_t since; /* the server's count of packets and connections at his last one */
    uint64_t ticket;
    uint8_t length[LENGTH_BYTES];
    size_t got; /* bytes of length and packet so far */
    uint8_t *packet;
    size_t packet_room; /* bytes allocated at packet, less than packet_len while it arrives */
    size_t packet_len;  /* as claimed */
    struct output *first, **end;
    size_t output_bytes;
    uint64_t events;               /* bit n: registered for server_events[n] */
    const struct command *command; /* that runs, else NULL */
    bool is_dropped;
    bool (*more)(struct client *client);
    void *state;
    void (*release)(void *state);
};

struct server {
    const struct cyg_host *host;
    struct vici *vici;
    struct listener *listener;
    uint32_t watch, pause_timer;
    bool was_full, stopping;
    uint64_t last_ticket, last_since;
    struct client clients[CLIENTS_MAX];
};

/* The place of an event in server_events; -1: there is none. */
int server_event_index(struct cyg_span name);

/* Take the slot c for a connection. False: no memory; fd is still the caller's. */
bool client_begin(struct client *c, struct server *server, int fd, const struct listen_peer *who);
/* End command and connection; the slot is free. */
void client_close(struct client *c);

/* Whether it waits for nothing, so that closing it loses nothing but the connection. */
bool client_is_idle(const struct client *c);
/* Whether he wants the event of this index, which may be -1. */
bool client_is_registered(const struct client *c, int event);

/* Queue a packet, copied. Who has too much unread already is dropped (H-172). */
void client_send(struct client *c, struct cyg_span packet);
/* Write as much of what is queued as the socket takes. */
void client_flush(struct client *c);
