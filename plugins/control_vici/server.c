/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VICI server: who may connect, and events to all. What one client says and hears is in
 * client.c. */
#include "server_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCEPT_PAUSE (100 * CYG_MSEC) /* while there are no descriptors */

const struct cyg_host *server_host(const struct server *server)
{
    return server->host;
}

void server_set_vici(struct server *server, struct vici *vici)
{
    server->vici = vici;
}

struct client *server_find_ticket(struct server *server, uint64_t ticket)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        if (c->server != NULL && c->command != NULL && c->ticket == ticket) {
            return c;
        }
    }
    return NULL;
}

struct client *server_next_running(struct server *server, struct client *after,
                                   void (*run)(struct client *client, struct cyg_span message))
{
    for (size_t i = after != NULL ? (size_t)(after - server->clients) + 1 : 0; i < CLIENTS_MAX;
         i++) {
        struct client *c = &server->clients[i];
        if (c->server != NULL && c->command != NULL && c->command->run == run) {
            return c;
        }
    }
    return NULL;
}

/* --- Events --- */

int server_event_index(struct cyg_span name)
{
    for (int i = 0; server_events[i] != NULL; i++) {
        if (cyg_span_equal(name, cyg_span_str(server_events[i]))) {
            return i;
        }
    }
    return -1;
}

bool server_is_wanted(const struct server *server, const char *name)
{
    const int event = server_event_index(cyg_span_str(name));
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (server->clients[i].server != NULL && client_is_registered(&server->clients[i], event)) {
            return true;
        }
    }
    return false;
}

/* `busy` false: not to clients whose command runs, for events that are also answers. */
static void send_event(struct server *server, const char *name, struct cyg_vici_writer *packet,
                       bool busy)
{
    const int event = server_event_index(cyg_span_str(name));
    const struct cyg_span bytes = cyg_vici_finish(packet);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        if (c->server != NULL && client_is_registered(c, event) && (busy || c->command == NULL)) {
            client_send(c, bytes);
        }
    }
    cyg_vici_writer_clear(packet);
}

void server_event(struct server *server, const char *name, struct cyg_vici_writer *packet)
{
    send_event(server, name, packet, true);
}

void server_event_idle(struct server *server, const char *name, struct cyg_vici_writer *packet)
{
    send_event(server, name, packet, false);
}

/* --- Connections --- */

/* A slot for somebody, perhaps that of one who does nothing: connections that are left open lock
 * nobody out. Members of the group push out only their own, have a share each, and leave some to
 * root (H-169). NULL: refused. */
static struct client *find_slot(struct server *server, const struct listen_peer *who)
{
    struct client *free_slot = NULL, *idle = NULL;
    unsigned own = 0, members = 0;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        if (c->server == NULL) {
            free_slot = c;
            continue;
        }
        members += !c->peer.is_trusted;
        own += c->peer.uid == who->uid;
        if (client_is_idle(c) && (who->is_trusted || c->peer.uid == who->uid)
            && (idle == NULL || c->since < idle->since)) {
            idle = c;
        }
    }
    const bool may_grow =
        who->is_trusted || (own < CLIENTS_PER_MEMBER && members < CLIENTS_OF_MEMBERS);
    if (free_slot != NULL && may_grow) {
        return free_slot;
    }
    if (idle != NULL) {
        client_close(idle);
    }
    return idle;
}

static void on_pause_over(void *context)
{
    struct server *server = context;
    server->pause_timer = 0;
    server->host->watch_set(server->host->daemon, server->watch, CYG_WATCH_READ);
}

/* Who waits to be taken would wake us without end. */
static void pause_accepting(struct server *server)
{
    const struct cyg_host *host = server->host;
    if (!server->was_full) {
        host->log(host->daemon, CYG_LOG_CFG, 0,
                  &(struct cyg_error){ .reason = CYG_R_VICI_ACCEPT,
                                       .got_quote = cyg_quote_text(strerror(errno)) });
    }
    server->was_full = true;
    server->pause_timer = host->timer(host->daemon, ACCEPT_PAUSE, on_pause_over, server);
    if (server->pause_timer != 0) {
        host->watch_set(host->daemon, server->watch, 0);
    }
}

static void on_connection(void *context, unsigned events)
{
    struct server *server = context;
    struct listen_peer who;
    bool full = false;
    (void)events;
    const int fd = listener_accept(server->listener, &who, &full);
    if (full) {
        pause_accepting(server);
    }
    if (fd < 0) {
        return;
    }
    server->was_full = false;
    struct client *c = find_slot(server, &who);
    if (c == NULL || !client_begin(c, server, fd, &who)) {
        close(fd);
    }
}

enum cyg_code server_start(const struct cyg_host *host, const char *uri, const char *group,
                           struct server **ret, struct cyg_error *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    server->host = host;
    enum cyg_code code = listener_open(uri, group, &server->listener, err);
    if (code == CYG_OK) {
        server->watch = host->watch(host->daemon, listener_fd(server->listener), CYG_WATCH_READ,
                                    on_connection, server);
        code = server->watch != 0 ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (code != CYG_OK) {
        server_stop(server);
        return code;
    }
    *ret = server;
    return CYG_OK;
}

void server_stop(struct server *server)
{
    if (server == NULL) {
        return;
    }
    server->stopping = true;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (server->clients[i].server != NULL) {
            client_flush(&server->clients[i]); /* the answer to who asked us to end */
            client_close(&server->clients[i]);
        }
    }
    if (server->pause_timer != 0) {
        server->host->timer_cancel(server->host->daemon, server->pause_timer);
    }
    if (server->watch != 0) {
        server->host->unwatch(server->host->daemon, server->watch);
    }
    listener_close(server->listener);
    free(server);
}
