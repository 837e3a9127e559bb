/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets, buffers and dispatch of the VICI server. */
#include "server.h"

#include "listen.h"
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LENGTH_BYTES  4u
#define OUTPUT_MAX    (4u << 20)   /* bytes that wait for a client, then he is dropped */
#define OUTPUT_ENOUGH (256u << 10) /* a listing makes no more while so much waits */
/* H-169: a packet once begun must be whole by then, and a connection must say something. Those that
 * have may be silent for ever: a program that waits for events does nothing else. */
#define IDLE_PACKET  (10 * CYG_SEC)
#define IDLE_SILENT  (30 * CYG_SEC)
#define ACCEPT_PAUSE (100 * CYG_MSEC) /* while there are no descriptors */

/* A packet that waits to be written. */
struct output {
    struct output *next;
    size_t len, written;
    uint8_t data[];
};

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

const struct cyg_host *server_host(const struct server *server)
{
    return server->host;
}

void server_set_vici(struct server *server, struct vici *vici)
{
    server->vici = vici;
}

struct server *client_server(struct client *client)
{
    return client->server;
}

struct vici *client_vici(struct client *client)
{
    return client->server->vici;
}

const char *client_command(const struct client *client)
{
    return client->command->name;
}

uint64_t client_ticket(const struct client *client)
{
    return client->ticket;
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

void client_set_state(struct client *client, void *state, void (*release)(void *state))
{
    client->state = state;
    client->release = release;
}

void *client_state(struct client *client)
{
    return client->state;
}

/* --- Clients come and go --- */

static void end_command(struct client *c)
{
    c->command = NULL;
    c->more = NULL;
    if (c->release != NULL) {
        c->release(c->state);
    }
    c->state = NULL;
    c->release = NULL;
}

static void idle_stop(struct client *c)
{
    if (c->idle_timer != 0) {
        c->server->host->timer_cancel(c->server->host->daemon, c->idle_timer);
        c->idle_timer = 0;
    }
}

static void forget_packet(struct client *c)
{
    cyg_wipe(c->packet, c->packet_room);
    free(c->packet);
    c->packet = NULL;
    c->packet_room = 0;
    c->got = 0;
    idle_stop(c);
}

static void registrations_changed(struct server *server)
{
    if (server->vici != NULL && !server->stopping) {
        vici_registrations_changed(server->vici);
    }
}

static void client_close(struct client *c)
{
    const struct cyg_host *host = c->server->host;
    end_command(c);
    forget_packet(c);
    host->unwatch(host->daemon, c->watch);
    close(c->fd);
    while (c->first != NULL) {
        struct output *next = c->first->next;
        cyg_wipe(c->first->data, c->first->len);
        free(c->first);
        c->first = next;
    }
    struct server *server = c->server;
    *c = (struct client){ 0 };
    registrations_changed(server);
}

/* Closing at once would pull the client away under its callers; its next turn ends it. */
static void client_drop(struct client *c)
{
    if (!c->is_dropped) {
        c->is_dropped = true;
        (void)shutdown(c->fd, SHUT_RDWR);
        c->server->host->watch_set(c->server->host->daemon, c->watch, CYG_WATCH_READ);
    }
}

static void on_idle(void *context)
{
    struct client *c = context;
    c->idle_timer = 0;
    client_drop(c);
}

static void idle_start(struct client *c, cyg_usec delay)
{
    const struct cyg_host *host = c->server->host;
    idle_stop(c);
    c->idle_timer = host->timer(host->daemon, delay, on_idle, c);
}

/* Read while no command runs, write while something waits. */
static void update_watch(struct client *c)
{
    const unsigned events = (c->command != NULL && !c->is_dropped ? 0u : CYG_WATCH_READ)
                            | (c->first != NULL && !c->is_dropped ? CYG_WATCH_WRITE : 0u);
    c->server->host->watch_set(c->server->host->daemon, c->watch, events);
}

/* --- Output --- */

static void queue_packet(struct client *c, struct cyg_span packet)
{
    struct output *out = NULL;
    if (c->is_dropped) {
        return;
    }
    if (packet.len > 0 && c->output_bytes + packet.len <= OUTPUT_MAX) {
        out = malloc(sizeof *out + packet.len);
    }
    if (out == NULL) {
        client_drop(c); /* too slow, or no memory: a gap in the stream would confuse it */
        return;
    }
    *out = (struct output){ .len = packet.len };
    memcpy(out->data, packet.data, packet.len);
    *c->end = out;
    c->end = &out->next;
    c->output_bytes += packet.len;
    update_watch(c);
}

static void write_output(struct client *c)
{
    while (c->first != NULL) {
        struct output *out = c->first;
        const ssize_t n =
            send(c->fd, out->data + out->written, out->len - out->written, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                client_drop(c);
            }
            return;
        }
        out->written += (size_t)n;
        if (out->written < out->len) {
            return;
        }
        c->output_bytes -= out->len;
        c->first = out->next;
        if (c->first == NULL) {
            c->end = &c->first;
        }
        cyg_wipe(out->data, out->len);
        free(out);
    }
}

static int event_index(struct cyg_span name)
{
    for (int i = 0; server_events[i] != NULL; i++) {
        if (cyg_span_equal(name, cyg_span_str(server_events[i]))) {
            return i;
        }
    }
    return -1;
}

static bool is_registered(const struct client *c, int event)
{
    return event >= 0 && (c->events >> event & 1) != 0;
}

void client_event(struct client *client, const char *name, struct cyg_vici_writer *packet)
{
    if (is_registered(client, event_index(cyg_span_str(name)))) {
        queue_packet(client, cyg_vici_finish(packet));
    }
    cyg_vici_writer_clear(packet);
}

bool server_is_wanted(const struct server *server, const char *name)
{
    const int event = event_index(cyg_span_str(name));
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (server->clients[i].server != NULL && is_registered(&server->clients[i], event)) {
            return true;
        }
    }
    return false;
}

/* `busy` false: not to clients whose command runs, for events that are also answers. */
static void send_event(struct server *server, const char *name, struct cyg_vici_writer *packet,
                       bool busy)
{
    const int event = event_index(cyg_span_str(name));
    const struct cyg_span bytes = cyg_vici_finish(packet);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        if (c->server != NULL && is_registered(c, event) && (busy || c->command == NULL)) {
            queue_packet(c, bytes);
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

void client_reply(struct client *client, struct cyg_vici_writer *packet)
{
    queue_packet(client, cyg_vici_finish(packet));
    cyg_vici_writer_clear(packet);
    end_command(client);
    update_watch(client);
}

/* What a program can act on without reading the text; ours, charon has none. */
static const char *failure_class(const struct cyg_error *error)
{
    const struct cyg_reason_info *info = cyg_reason_info(error->reason);
    if (error->reason == CYG_R_ORDER_TIMEOUT) {
        return "timeout";
    }
    return info != NULL && info->code == CYG_NOT_FOUND ? "not-found" : "failed";
}

void put_failure(struct cyg_vici_writer *w, const struct cyg_error *error)
{
    char text[768];
    const struct cyg_reason_info *info = cyg_reason_info(error->reason);
    cyg_vici_key(w, "errmsg", "%s", cyg_error_format(error, text, sizeof text));
    cyg_vici_key(w, "cygnet-code", "%s", failure_class(error));
    cyg_vici_key(w, "cygnet-reason", "%s", info != NULL ? info->name : "");
}

void client_fail(struct client *client, const struct cyg_error *error)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", false);
    put_failure(&w, error);
    client_reply(client, &w);
}

void client_stream(struct client *client, bool (*more)(struct client *client))
{
    client->more = more;
    client_wake(client);
}

void client_wake(struct client *client)
{
    while (client->more != NULL && client->output_bytes < OUTPUT_ENOUGH && !client->is_dropped
           && client->more(client)) {
    }
}

/* --- Input --- */

static void answer(struct client *c, enum cyg_vici_packet type)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, type, NULL);
    queue_packet(c, cyg_vici_finish(&w));
    cyg_vici_writer_clear(&w);
}

static void run_command(struct client *c, struct cyg_span name, struct cyg_span message)
{
    const struct command *command = server_commands;
    while (command->name != NULL && !cyg_span_equal(name, cyg_span_str(command->name))) {
        command++;
    }
    if (command->name == NULL) {
        answer(c, CYG_VICI_CMD_UNKNOWN);
        return;
    }
    struct cyg_error error = { 0 };
    c->command = command;
    c->ticket = ++c->server->last_ticket;
    if (cyg_vici_check(message, &error) != CYG_OK) {
        client_fail(c, &error);
        return;
    }
    command->run(c, message);
}

static void register_event(struct client *c, struct cyg_span name, bool on)
{
    const int event = event_index(name);
    if (event < 0 || (!on && !is_registered(c, event))) {
        answer(c, CYG_VICI_EVENT_UNKNOWN);
        return;
    }
    const uint64_t bit = (uint64_t)1 << event;
    c->events = on ? c->events | bit : c->events & ~bit;
    registrations_changed(c->server);
    answer(c, CYG_VICI_EVENT_CONFIRM);
}

static void take_packet(struct client *c, struct cyg_span packet)
{
    enum cyg_vici_packet type;
    struct cyg_span name, message;
    if (cyg_vici_packet(packet, &type, &name, &message, NULL) != CYG_OK) {
        client_drop(c);
        return;
    }
    switch (type) {
    case CYG_VICI_CMD_REQUEST:
        run_command(c, name, message);
        break;
    case CYG_VICI_EVENT_REGISTER:
        register_event(c, name, true);
        break;
    case CYG_VICI_EVENT_UNREGISTER:
        register_event(c, name, false);
        break;
    case CYG_VICI_CMD_RESPONSE:
    case CYG_VICI_CMD_UNKNOWN:
    case CYG_VICI_EVENT_CONFIRM:
    case CYG_VICI_EVENT_UNKNOWN:
    case CYG_VICI_EVENT:
        client_drop(c); /* a server's words */
        break;
    }
}

/* Read up to `want` bytes in all into at; true when they are there. */
static bool fill(struct client *c, uint8_t *at, size_t have, size_t want)
{
    const ssize_t n = recv(c->fd, at + have, want - have, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        c->is_dropped = true; /* gone */
    }
    c->got += n > 0 ? (size_t)n : 0;
    return n > 0 && (size_t)n == want - have;
}

/* Read the packet whose length is known by now. Its buffer follows what has arrived: doubled as
 * bytes come, never made by the claim (H-169). */
static bool read_packet(struct client *c)
{
    const size_t have = c->got - LENGTH_BYTES;
    size_t room = have < 4096 ? 4096 : 2 * have;
    room = room < c->packet_len ? room : c->packet_len;
    uint8_t *packet = malloc(room);
    if (packet == NULL) {
        c->is_dropped = true;
        return false;
    }
    if (have > 0) {
        memcpy(packet, c->packet, have);
        cyg_wipe(c->packet, have);
    }
    free(c->packet);
    c->packet = packet;
    c->packet_room = room;
    return fill(c, packet, have, room) && room == c->packet_len;
}

static void read_length(struct client *c)
{
    if (c->got == 0) {
        idle_start(c, IDLE_PACKET);
        c->since = ++c->server->last_since;
    }
    if (!fill(c, c->length, c->got, LENGTH_BYTES)) {
        return;
    }
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(c->length));
    c->packet_len = cyg_reader_u32(&r);
    if (c->packet_len == 0 || c->packet_len > CYG_VICI_PACKET_MAX) {
        c->is_dropped = true;
    }
}

static void read_input(struct client *c)
{
    if (c->got < LENGTH_BYTES) {
        read_length(c);
    } else if (read_packet(c)) {
        /* The command may outlive this call, the packet does not. */
        uint8_t *packet = c->packet;
        const size_t len = c->packet_len;
        c->packet = NULL;
        c->packet_room = 0;
        forget_packet(c);
        take_packet(c, (struct cyg_span){ packet, len });
        cyg_wipe(packet, len);
        free(packet);
    }
}

static void on_client(void *context, unsigned events)
{
    struct client *c = context;
    if ((events & CYG_WATCH_WRITE) != 0 && !c->is_dropped) {
        write_output(c);
        client_wake(c);
    }
    if ((events & CYG_WATCH_READ) != 0 && c->command == NULL && !c->is_dropped) {
        read_input(c);
    }
    if (c->is_dropped) {
        client_close(c);
        return;
    }
    update_watch(c);
}

/* --- Connections --- */

/* Whether it waits for nothing, so that closing it loses nothing but the connection. */
static bool is_idle(const struct client *c)
{
    return c->command == NULL && c->events == 0 && c->got == 0 && c->first == NULL;
}

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
        if (is_idle(c) && (who->is_trusted || c->peer.uid == who->uid)
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

static bool client_begin(struct client *c, struct server *server, int fd,
                         const struct listen_peer *who)
{
    const struct cyg_host *host = server->host;
    *c = (struct client){ .server = server, .fd = fd, .peer = *who, .since = ++server->last_since };
    c->end = &c->first;
    c->watch = host->watch(host->daemon, fd, CYG_WATCH_READ, on_client, c);
    if (c->watch == 0) {
        *c = (struct client){ 0 };
        return false;
    }
    idle_start(c, IDLE_SILENT);
    return true;
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
            write_output(&server->clients[i]); /* the answer to who asked us to end */
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
