/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client of the VICI server: his buffers, his packets, and the command that runs. */
#include "server_internal.h"
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTPUT_MAX    (4u << 20)   /* bytes that wait for a client, then he is dropped */
#define OUTPUT_ENOUGH (256u << 10) /* a listing makes no more while so much waits */
/* H-169: a packet once begun must be whole by then, and a connection must say something. Those that
 * have may be silent for ever: a program that waits for events does nothing else. */
#define IDLE_PACKET (10 * CYG_SEC)
#define IDLE_SILENT (30 * CYG_SEC)

/* A packet that waits to be written. */
struct output {
    struct output *next;
    size_t len, written;
    uint8_t data[];
};

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

void client_set_state(struct client *client, void *state, void (*release)(void *state))
{
    client->state = state;
    client->release = release;
}

void *client_state(struct client *client)
{
    return client->state;
}

/* --- They come and go --- */

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

void client_close(struct client *c)
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

void client_send(struct client *c, struct cyg_span packet)
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

void client_flush(struct client *c)
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

bool client_is_registered(const struct client *c, int event)
{
    return event >= 0 && (c->events >> event & 1) != 0;
}

void client_event(struct client *client, const char *name, struct cyg_vici_writer *packet)
{
    if (client_is_registered(client, server_event_index(cyg_span_str(name)))) {
        client_send(client, cyg_vici_finish(packet));
    }
    cyg_vici_writer_clear(packet);
}

void client_reply(struct client *client, struct cyg_vici_writer *packet)
{
    client_send(client, cyg_vici_finish(packet));
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
    client_send(c, cyg_vici_finish(&w));
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
    const int event = server_event_index(name);
    if (event < 0 || (!on && !client_is_registered(c, event))) {
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
        client_flush(c);
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

/* --- The connection --- */

bool client_is_idle(const struct client *c)
{
    return c->command == NULL && c->events == 0 && c->got == 0 && c->first == NULL;
}

bool client_begin(struct client *c, struct server *server, int fd, const struct listen_peer *who)
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
