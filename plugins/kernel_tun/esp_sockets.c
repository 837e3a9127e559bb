/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the sockets of ESP. */
#include "esp_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BUFFER_BYTES (4 << 20) /* a burst of a fast sender while this thread waits for a core */

static void set(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void set_options(struct esp_socket *s)
{
    if (s->family == 4) {
        set(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
        set(s->fd, IPPROTO_IP, IP_RECVTOS, 1);
        set(s->fd, IPPROTO_IP, IP_RECVERR, 1);
    } else {
        set(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set(s->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set(s->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    int bytes = BUFFER_BYTES;
    if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
        set(s->fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
    }
    if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0) {
        set(s->fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
    }
    if (!s->raw) {
        set(s->fd, IPPROTO_UDP, UDP_GRO, 1);
        int zero = 0;
        s->segments = setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &zero, sizeof(zero)) == 0;
    }
}

static enum cyg_code failed(const struct cyg_address *local, int error, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_ESP_SOCKET, .got_quote = cyg_quote_text(strerror(error)),
                    .want_quote =
                        cyg_quote(CYG_QUOTE_ADDRESS,
                                  (struct cyg_span){ (const uint8_t *)local, sizeof(*local) }));
}

/* Take an open descriptor into the list and the loop. */
static enum cyg_code enter(struct esp_sockets *s, struct esp_socket new, struct esp_socket **ret,
                           const struct cyg_address *local, struct cyg_error *err)
{
    struct esp_socket *socket = &s->items[s->n];
    *socket = new;
    set_options(socket);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = socket };
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, socket->fd, &event) != 0) {
        int error = errno;
        close(socket->fd);
        return failed(local, error, err);
    }
    s->n++;
    *ret = socket;
    return CYG_OK;
}

static bool serves(const struct cyg_address *bound, const struct cyg_address *local)
{
    return bound->family == local->family && bound->port == local->port
           && (cyg_address_is_any(bound) || cyg_address_equal(bound, local));
}

/* The listening socket for an endpoint: one bound to the very address before one to any. */
struct wanted {
    const struct cyg_address *local;
    struct cyg_address found;
    bool exact;
};

static void look_at_listener(void *context, const struct cyg_ike_socket *listener)
{
    struct wanted *wanted = context;
    if (!listener->nat_t || wanted->exact || !serves(&listener->local, wanted->local)) {
        return;
    }
    wanted->found = listener->local;
    wanted->exact = cyg_address_equal(&listener->local, wanted->local);
}

enum cyg_code esp_sockets_udp(struct esp_sockets *s, const struct cyg_address *local,
                              struct esp_socket **ret, struct cyg_error *err)
{
    struct wanted wanted = { .local = local };
    s->host->each_socket(s->host->daemon, look_at_listener, &wanted);
    if (wanted.found.family == 0) {
        return failed(local, EADDRNOTAVAIL, err);
    }
    for (unsigned i = 0; i < s->n; i++) {
        if (!s->items[i].raw && cyg_endpoint_equal(&s->items[i].bound, &wanted.found)) {
            *ret = &s->items[i];
            return CYG_OK;
        }
    }
    if (s->n == ESP_SOCKETS_MAX) {
        return failed(local, EMFILE, err);
    }
    int fd = -1;
    enum cyg_code code = s->host->esp_socket(s->host->daemon, &wanted.found, &fd, err);
    if (code != CYG_OK) {
        return code;
    }
    return enter(
        s,
        (struct esp_socket){ .fd = fd, .bound = wanted.found, .family = local->family, .df = -1 },
        ret, local, err);
}

enum cyg_code esp_sockets_raw(struct esp_sockets *s, const struct cyg_address *local,
                              struct esp_socket **ret, struct cyg_error *err)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->items[i].raw && s->items[i].family == local->family) {
            *ret = &s->items[i];
            return CYG_OK;
        }
    }
    if (s->n == ESP_SOCKETS_MAX) {
        return failed(local, EMFILE, err);
    }
    int fd = socket(local->family == 6 ? AF_INET6 : AF_INET,
                    SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ESP);
    if (fd < 0) {
        return failed(local, errno, err);
    }
    int mark = (int)s->host->socket_mark;
    if (mark != 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0) {
        int error = errno;
        close(fd);
        return failed(local, error, err);
    }
    return enter(s, (struct esp_socket){ .fd = fd, .raw = true, .family = local->family, .df = -1 },
                 ret, local, err);
}

void esp_sockets_close(struct esp_sockets *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        close(s->items[i].fd);
    }
    s->n = 0;
    for (unsigned i = 0; i < CYG_LEN(s->probes); i++) {
        if (s->probes[i].is_open) {
            close(s->probes[i].fd);
        }
        s->probes[i].is_open = false;
    }
}

void esp_socket_set_df(struct esp_socket *s, bool df)
{
    if (s->df == df) {
        return;
    }
    s->df = df;
    if (s->family == 4) {
        set(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, df ? IP_PMTUDISC_PROBE : IP_PMTUDISC_OMIT);
    } else {
        /* Routers cut nothing in IPv6: then the kernel does, by the MTU that it has learnt. */
        set(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, df ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT);
    }
}

/* A socket that path_mtu connects, and takes back: making one for each SA would cost more than all
 * the rest of an SA's look at its path. */
static int probe_of(struct esp_sockets *s, bool v6, uint32_t mark)
{
    if (!s->probes[v6].is_open) {
        int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return -1;
        }
        if (mark != 0) {
            set(fd, SOL_SOCKET, SO_MARK, (int)mark);
        }
        s->probes[v6].fd = fd;
        s->probes[v6].is_open = true;
    }
    return s->probes[v6].fd;
}

size_t path_mtu(struct esp_sockets *s, const struct cyg_path *path, uint32_t mark)
{
    struct sockaddr_storage to;
    struct cyg_address remote = path->remote;
    remote.port = remote.port != 0 ? remote.port : 9; /* any port will do: nothing is sent */
    socklen_t len = cyg_address_to_sockaddr(&remote, &to);
    bool v6 = remote.family == 6;
    int fd = probe_of(s, v6, mark);
    int mtu = 0;
    socklen_t size = sizeof(mtu);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, len) != 0
        || getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &size)
               != 0) {
        mtu = 0;
    }
    /* Its source address would be that of the next path, too. */
    const struct sockaddr none = { .sa_family = AF_UNSPEC };
    if (fd >= 0 && connect(fd, &none, sizeof(none)) != 0) {
        close(fd);
        s->probes[v6].is_open = false;
    }
    return mtu > 0 ? (size_t)mtu : 0;
}
