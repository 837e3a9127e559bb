/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VICI connection of cygnetctl. */
#include "client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct ctl_client {
    int fd;
    uint8_t *packet; /* the last one received, CYG_VICI_PACKET_MAX bytes of room */
};

/* A received packet, borrowed until the next one. */
struct received {
    enum cyg_vici_packet type;
    struct cyg_span name, message;
};

static enum ctl_status lost(const char *why)
{
    fprintf(stderr, "cygnetctl: the connection to cygnetd was lost: %s\n", why);
    return CTL_FAILED;
}

enum ctl_status ctl_connect(const char *uri, struct ctl_client **ret)
{
    static const char scheme[] = "unix://";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    *ret = NULL;
    const char *path = uri + sizeof scheme - 1;
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0 || strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "cygnetctl: %s: must be unix:// and a path\n", uri);
        return CTL_USAGE;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    struct ctl_client *client = calloc(1, sizeof *client);
    uint8_t *packet = malloc(CYG_VICI_PACKET_MAX);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client == NULL || packet == NULL || fd < 0
        || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        const int why = errno;
        fprintf(stderr, "cygnetctl: %s: %s%s\n", path, strerror(why),
                why == ENOENT || why == ECONNREFUSED ? " (does cygnetd run?)" : "");
        if (fd >= 0) {
            close(fd);
        }
        free(packet);
        free(client);
        return why == EACCES ? CTL_PERMISSION : CTL_NOT_FOUND;
    }
    client->fd = fd;
    client->packet = packet;
    *ret = client;
    return CTL_DONE;
}

void ctl_close(struct ctl_client *client)
{
    if (client != NULL) {
        close(client->fd);
        free(client->packet);
        free(client);
    }
}

static enum ctl_status send_all(struct ctl_client *client, struct cyg_span bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = send(client->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return lost(strerror(errno));
        }
        bytes = cyg_span_after(bytes, n > 0 ? (size_t)n : 0);
    }
    return CTL_DONE;
}

static enum ctl_status read_all(struct ctl_client *client, uint8_t *to, size_t len)
{
    while (len > 0) {
        const ssize_t n = recv(client->fd, to, len, 0);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return lost(n == 0 ? "it was closed" : strerror(errno));
        }
        if (n > 0) {
            to += n;
            len -= (size_t)n;
        }
    }
    return CTL_DONE;
}

static enum ctl_status receive(struct ctl_client *client, struct received *ret)
{
    uint8_t head[4];
    enum ctl_status status = read_all(client, head, sizeof head);
    if (status != CTL_DONE) {
        return status;
    }
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(head));
    const uint32_t len = cyg_reader_u32(&r);
    if (len > CYG_VICI_PACKET_MAX) {
        return lost("a packet is too long");
    }
    status = read_all(client, client->packet, len);
    if (status == CTL_DONE
        && (cyg_vici_packet((struct cyg_span){ client->packet, len }, &ret->type, &ret->name,
                            &ret->message, NULL)
                != CYG_OK
            || cyg_vici_check(ret->message, NULL) != CYG_OK)) {
        return lost("a packet is malformed");
    }
    return status;
}

/* A value as JSON: text where it is UTF-8, else escaped. */
static json_t *text_of(struct cyg_span value)
{
    json_t *text = json_stringn((const char *)value.data, value.len);
    char escaped[512];
    return text != NULL ? text : json_string(cyg_escape(value, escaped, sizeof escaped));
}

/* The tree of a message that passed cyg_vici_check: sections are objects, lists arrays. */
static json_t *tree_of(struct cyg_span message)
{
    json_t *stack[CYG_VICI_DEPTH_MAX + 2] = { json_object() }; /* a list is a level too */
    size_t top = 0;
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    char name[256];
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        if (e.name.len > 0) {
            memcpy(name, e.name.data, e.name.len); /* at most 255 bytes */
        }
        name[e.name.len] = '\0';
        switch (e.type) {
        case CYG_VICI_SECTION_START:
        case CYG_VICI_LIST_START: {
            json_t *inner = e.type == CYG_VICI_LIST_START ? json_array() : json_object();
            json_object_set_new(stack[top], name, inner);
            stack[++top] = inner;
            break;
        }
        case CYG_VICI_SECTION_END:
        case CYG_VICI_LIST_END:
            top--;
            break;
        case CYG_VICI_KEY_VALUE:
            json_object_set_new(stack[top], name, text_of(e.value));
            break;
        case CYG_VICI_LIST_ITEM:
            json_array_append_new(stack[top], text_of(e.value));
            break;
        }
    }
    return stack[0];
}

void ctl_request(struct cyg_vici_writer *w, const char *command)
{
    cyg_vici_begin(w, CYG_VICI_CMD_REQUEST, command);
}

/* Hand one event over; false: enough. */
static bool hand_over(const struct received *got, ctl_on_event *on_event, void *context)
{
    char name[256] = "";
    memcpy(name, got->name.data, got->name.len);
    json_t *tree = tree_of(got->message);
    const bool more = on_event == NULL || on_event(context, name, tree);
    json_decref(tree);
    return more;
}

static enum ctl_status set_event(struct ctl_client *client, const char *event, bool on,
                                 ctl_on_event *on_event, void *context)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, on ? CYG_VICI_EVENT_REGISTER : CYG_VICI_EVENT_UNREGISTER, event);
    enum ctl_status status = send_all(client, cyg_vici_finish(&w));
    cyg_vici_writer_clear(&w);
    struct received got = { 0 };
    while (status == CTL_DONE && (status = receive(client, &got)) == CTL_DONE
           && got.type == CYG_VICI_EVENT) {
        (void)hand_over(&got, on_event, context);
    }
    if (status == CTL_DONE && got.type != CYG_VICI_EVENT_CONFIRM) {
        fprintf(stderr, "cygnetctl: the daemon does not know the event %s\n", event);
        return CTL_FAILED;
    }
    return status;
}

enum ctl_status ctl_run(struct ctl_client *client, struct cyg_vici_writer *request,
                        const char *event, ctl_on_event *on_event, void *context,
                        json_t **ret_response)
{
    *ret_response = NULL;
    enum ctl_status status =
        event != NULL ? set_event(client, event, true, on_event, context) : CTL_DONE;
    if (status == CTL_DONE) {
        const struct cyg_span packet = cyg_vici_finish(request);
        status = packet.len > 0 ? send_all(client, packet) : CTL_FAILED;
    }
    cyg_vici_writer_clear(request);
    struct received got = { 0 };
    while (status == CTL_DONE && (status = receive(client, &got)) == CTL_DONE
           && got.type == CYG_VICI_EVENT) {
        (void)hand_over(&got, on_event, context);
    }
    if (status != CTL_DONE) {
        return status;
    }
    if (got.type != CYG_VICI_CMD_RESPONSE) {
        fputs("cygnetctl: the daemon does not know this command\n", stderr);
        return CTL_FAILED;
    }
    json_t *response = tree_of(got.message);
    if (event != NULL) {
        status = set_event(client, event, false, on_event, context);
    }
    if (status == CTL_DONE) {
        *ret_response = response;
    } else {
        json_decref(response);
    }
    return status;
}

enum ctl_status ctl_listen(struct ctl_client *client, const char *event, ctl_on_event *on_event,
                           void *context)
{
    enum ctl_status status = set_event(client, event, true, on_event, context);
    struct received got = { 0 };
    while (status == CTL_DONE && (status = receive(client, &got)) == CTL_DONE) {
        if (got.type == CYG_VICI_EVENT && !hand_over(&got, on_event, context)) {
            break;
        }
    }
    return status;
}

/* Whether the daemon has sent something; false: enough was waited. */
static bool await(const struct ctl_client *client, int stop_fd, cyg_usec until)
{
    struct pollfd fds[2] = { { .fd = client->fd, .events = POLLIN },
                             { .fd = stop_fd, .events = POLLIN } };
    for (;;) {
        const cyg_usec now = cyg_time_now();
        const cyg_usec left_ms = until > now ? (until - now + CYG_MSEC - 1) / CYG_MSEC : 0;
        const int n = poll(fds, CYG_LEN(fds),
                           until == CYG_NEVER  ? -1
                           : left_ms > INT_MAX ? INT_MAX
                                               : (int)left_ms);
        if (fds[1].revents != 0 || (n == 0 && until <= cyg_time_now())) {
            return false;
        }
        if (n > 0) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return true; /* the read that follows says what is wrong */
        }
    }
}

enum ctl_status ctl_listen_raw(struct ctl_client *client, const char *event,
                               ctl_on_message *on_message, void *context, int stop_fd,
                               cyg_usec until)
{
    enum ctl_status status = set_event(client, event, true, NULL, NULL);
    struct received got = { 0 };
    while (status == CTL_DONE && await(client, stop_fd, until)
           && (status = receive(client, &got)) == CTL_DONE) {
        if (got.type == CYG_VICI_EVENT && !on_message(context, got.message)) {
            break;
        }
    }
    return status;
}
