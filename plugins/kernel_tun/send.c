/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending ESP in batches: packets of one SA and one length are one message that the kernel, or the
 * network card, cuts (UDP_SEGMENT); messages go out with one sendmmsg. */
#include "worker_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>

#define CONTROL_BYTES 128u
#define WAIT_MS       10 /* for room in the socket's buffer, then packets are dropped */

/* One message as the kernel wants it. */
struct wire {
    struct sockaddr_storage to;
    struct iovec part;
    _Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES];
};

static bool extends(const struct outgoing *last, const struct sa *sa, uint8_t tos, bool df,
                    size_t len)
{
    return last->sa == sa && !last->closed && last->tos == tos && last->df == df
           && sa->socket->segments && last->count < SEND_SEGMENTS && len <= last->segment
           && last->len + len <= SEND_BYTES;
}

uint8_t *send_room(struct worker *w, struct sa *sa, uint8_t tos, bool df, size_t len)
{
    struct send_batch *b = &w->send;
    if (b->used + len > SEND_ARENA) {
        send_flush(w);
    }
    uint8_t *room = b->arena + b->used;
    if (b->n > 0 && extends(&b->messages[b->n - 1], sa, tos, df, len)) {
        struct outgoing *last = &b->messages[b->n - 1];
        last->len += len;
        last->count++;
        last->closed = len < last->segment; /* only the last one may be shorter */
        b->used += len;
        return room;
    }
    if (b->n == SEND_MESSAGES) {
        send_flush(w);
        room = b->arena;
    }
    b->messages[b->n++] = (struct outgoing){
        .sa = sa, .data = room, .len = len, .segment = len, .count = 1, .tos = tos, .df = df
    };
    b->used += len;
    return room;
}

void send_undo(struct worker *w, size_t len)
{
    struct send_batch *b = &w->send;
    struct outgoing *last = &b->messages[b->n - 1];
    b->used -= len;
    last->len -= len;
    last->closed = false;
    if (--last->count == 0) {
        b->n--;
    }
}

static void add_control(struct msghdr *hdr, int level, int type, const void *value, size_t len)
{
    struct cmsghdr *c =
        (struct cmsghdr *)(void *)((uint8_t *)hdr->msg_control + hdr->msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), value, len);
    hdr->msg_controllen += CMSG_SPACE(len);
}

static void add_source(struct msghdr *hdr, const struct cyg_address *local)
{
    if (local->family == 4) {
        struct in_pktinfo info = { 0 };
        memcpy(&info.ipi_spec_dst, local->bytes, 4);
        add_control(hdr, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    } else {
        struct in6_pktinfo info = { 0 };
        memcpy(&info.ipi6_addr, local->bytes, 16);
        add_control(hdr, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
}

static void fill(struct mmsghdr *message, struct wire *wire, const struct cyg_path *path, bool raw,
                 uint8_t tos, const uint8_t *data, size_t len, size_t segment)
{
    memset(&wire->control, 0, sizeof(wire->control));
    struct cyg_address remote = path->remote;
    if (raw) {
        remote.port = 0; /* in IPv6 a raw socket takes it for the protocol */
    }
    wire->part = (struct iovec){ (void *)(uintptr_t)data, len };
    *message =
        (struct mmsghdr){ .msg_hdr = { .msg_name = &wire->to,
                                       .msg_namelen = cyg_address_to_sockaddr(&remote, &wire->to),
                                       .msg_iov = &wire->part,
                                       .msg_iovlen = 1,
                                       .msg_control = wire->control } };
    struct msghdr *hdr = &message->msg_hdr;
    add_source(hdr, &path->local);
    if (tos != 0) {
        const int value = tos;
        bool v4 = path->remote.family == 4;
        add_control(hdr, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &value,
                    sizeof(value));
    }
    if (segment < len) {
        const uint16_t value = (uint16_t)segment;
        add_control(hdr, IPPROTO_UDP, UDP_SEGMENT, &value, sizeof(value));
    }
}

/* Hand over as many messages as the kernel takes; waits once for room. An error that an earlier
 * packet has left behind on the socket (IP_RECVERR) is no reason to drop this one: hence two
 * tries. Returns how many were sent; errno when not all. */
static unsigned send_messages(struct esp_socket *s, struct mmsghdr *messages, unsigned n)
{
    unsigned sent = 0, tries = 0;
    while (sent < n) {
        int got = sendmmsg(s->fd, messages + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (got > 0) {
            sent += (unsigned)got;
            tries = 0;
            continue;
        }
        if (got == 0 || tries++ == 2 || errno == EMSGSIZE || errno == EIO || errno == EINVAL) {
            break;
        }
        if (errno == EAGAIN || errno == ENOBUFS) {
            struct pollfd wait = { .fd = s->fd, .events = POLLOUT };
            if (poll(&wait, 1, WAIT_MS) == 0) {
                break;
            }
        }
    }
    return sent;
}

/* The packets of one message one by one, where the device can't cut them. */
static void send_uncut(struct worker *w, struct esp_socket *s, const struct outgoing *o)
{
    struct wire wires[SEND_SEGMENTS];
    struct mmsghdr messages[SEND_SEGMENTS];
    unsigned n = 0;
    for (size_t at = 0; at < o->len && n < SEND_SEGMENTS; at += o->segment, n++) {
        size_t len = o->len - at < o->segment ? o->len - at : o->segment;
        fill(&messages[n], &wires[n], &o->sa->path, s->raw, o->tos, o->data + at, len, len);
    }
    unsigned sent = send_messages(s, messages, n);
    w->drops[DROP_SEND] += n - sent;
}

/* The first message that the kernel did not take. */
static void refused(struct worker *w, struct esp_socket *s, const struct outgoing *o, int error)
{
    if (o->count > 1 && (error == EIO || error == EINVAL)) {
        s->segments = false; /* no checksum offload on this way: UDP_SEGMENT can't work */
        send_uncut(w, s, o);
        return;
    }
    w->drops[DROP_SEND] += o->count;
    if (error == EMSGSIZE) {
        measure_path(w, o->sa); /* the route has changed to a smaller device */
    }
}

/* Messages that share a socket and its DF setting. */
static void send_run(struct worker *w, const struct outgoing *run, unsigned n)
{
    struct wire wires[SEND_MESSAGES];
    struct mmsghdr messages[SEND_MESSAGES];
    struct esp_socket *s = run->sa->socket;
    esp_socket_set_df(s, run->df);
    for (unsigned i = 0; i < n; i++) {
        const struct outgoing *o = &run[i];
        fill(&messages[i], &wires[i], &o->sa->path, s->raw, o->tos, o->data, o->len, o->segment);
        if (o->sa->keepalive != NULL) {
            o->sa->keepalive->last_sent = w->now;
        }
    }
    for (unsigned done = 0; done < n;) {
        done += send_messages(s, messages + done, n - done);
        if (done < n) {
            refused(w, s, &run[done], errno);
            done++;
        }
    }
}

void send_flush(struct worker *w)
{
    struct send_batch *b = &w->send;
    for (unsigned from = 0, to; from < b->n; from = to) {
        const struct outgoing *first = &b->messages[from];
        for (to = from + 1; to < b->n; to++) {
            const struct outgoing *o = &b->messages[to];
            if (o->sa->socket != first->sa->socket || o->df != first->df) {
                break;
            }
        }
        send_run(w, first, to - from);
    }
    b->n = 0;
    b->used = 0;
}

bool send_one(struct esp_socket *socket, const struct cyg_path *path, struct cyg_span datagram)
{
    struct wire wire;
    struct mmsghdr message;
    fill(&message, &wire, path, socket->raw, 0, datagram.data, datagram.len, datagram.len);
    return send_messages(socket, &message, 1) == 1;
}
