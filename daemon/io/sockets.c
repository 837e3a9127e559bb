/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IKE sockets. libuv's UDP handles give no IP_PKTINFO, hence plain sockets watched by uv_poll.
 */
#include "sockets.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH          16u
#define MARKER_LEN     4u
#define RECEIVE_BUFFER (4 << 20) /* bytes asked for: a burst of 2 000 first messages fits */

struct ike_socket {
    int fd;
    struct cyg_address local; /* as bound, with port */
    bool nat_t;
};

struct sockets {
    struct ike_socket socket[SOCKETS_MAX];
    size_t n;
    uint32_t mark;
    struct sockets_counts counts;
    uint8_t *buffers; /* BATCH times SOCKETS_DATAGRAM_MAX */
};

static int set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* A bound UDP socket; shared: SO_REUSEPORT, so that a back end may take its ESP. -1 and errno. */
static int bound_socket(const struct cyg_address *local, bool shared, uint32_t mark)
{
    struct sockaddr_storage sa;
    const socklen_t len = cyg_address_to_sockaddr(local, &sa);
    const bool v6 = local->family == 6;
    const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int failed = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)
                          | set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                    : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (shared) {
        failed |= set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    }
    if (mark != 0) {
        failed |= set_option(fd, SOL_SOCKET, SO_MARK, (int)mark);
    }
    if (failed != 0 || bind(fd, (struct sockaddr *)&sa, len) != 0) {
        const int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    /* Only as much as the system allows; not having it is no failure. */
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) != 0) {
        (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
    }
    return fd;
}

static enum cyg_code open_one(struct sockets *s, const struct cyg_address *local, bool nat_t,
                              struct cyg_error *err)
{
    if (s->n == SOCKETS_MAX) {
        return CYG_FAIL(err, CYG_R_TOO_MANY_SOCKETS, .want = SOCKETS_MAX);
    }
    /* Without SO_REUSEPORT first: two daemons must not share a port unnoticed. */
    const int probe = bound_socket(local, false, 0);
    int fd = -1;
    if (probe >= 0) {
        close(probe);
        fd = bound_socket(local, nat_t, s->mark);
    }
    if (fd >= 0) { /* what ICMP says is good to know, and no more */
        (void)(local->family == 6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
                                  : set_option(fd, IPPROTO_IP, IP_RECVERR, 1));
    }
    if (fd < 0) {
        const int why = errno;
        return CYG_FAIL(err, why == EADDRINUSE ? CYG_R_PORT_IN_USE : CYG_R_SOCKET_FAILED,
                        .got = local->port, .got_quote = cyg_quote_text(strerrordesc_np(why)),
                        .want_quote =
                            cyg_quote(CYG_QUOTE_ADDRESS,
                                      (struct cyg_span){ (const uint8_t *)local, sizeof *local }));
    }
    s->socket[s->n++] = (struct ike_socket){ .fd = fd, .local = *local, .nat_t = nat_t };
    return CYG_OK;
}

/* Whether the system has the family at all. */
static bool has_family(uint8_t family)
{
    const int fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

static enum cyg_code open_ports(struct sockets *s, struct cyg_address local, uint16_t port,
                                uint16_t nat_t_port, struct cyg_error *err)
{
    local.port = port;
    enum cyg_code code = open_one(s, &local, false, err);
    if (code == CYG_OK) {
        local.port = nat_t_port;
        code = open_one(s, &local, true, err);
    }
    return code;
}

enum cyg_code sockets_open(const struct cyg_address *addresses, size_t n, uint16_t port,
                           uint16_t nat_t_port, uint32_t mark, struct sockets **ret,
                           struct cyg_error *err)
{
    struct sockets *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    s->mark = mark;
    s->buffers = malloc((size_t)BATCH * SOCKETS_DATAGRAM_MAX);
    enum cyg_code code = s->buffers != NULL ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
    for (size_t i = 0; code == CYG_OK && i < n; i++) {
        if (addresses[i].family != 0) {
            code = open_ports(s, addresses[i], port, nat_t_port, err);
            continue;
        }
        for (uint8_t family = 4; code == CYG_OK && family <= 6; family = (uint8_t)(family + 2)) {
            if (has_family(family)) {
                code =
                    open_ports(s, (struct cyg_address){ .family = family }, port, nat_t_port, err);
            }
        }
    }
    if (code != CYG_OK) {
        sockets_close(s);
        return code;
    }
    *ret = s;
    return CYG_OK;
}

void sockets_close(struct sockets *sockets)
{
    if (sockets == NULL) {
        return;
    }
    for (size_t i = 0; i < sockets->n; i++) {
        close(sockets->socket[i].fd);
    }
    free(sockets->buffers);
    free(sockets);
}

size_t sockets_count(const struct sockets *sockets)
{
    return sockets->n;
}

int sockets_fd(const struct sockets *sockets, size_t index)
{
    return sockets->socket[index].fd;
}

/* The address a datagram was sent to. False: to a broadcast or multicast address, or not known. */
static bool destination_of(struct msghdr *msg, uint16_t port, struct cyg_address *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            /* The header's destination differs from the local address for a broadcast. */
            if (info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr) {
                return false;
            }
            return cyg_address_of((struct cyg_span){ (const uint8_t *)&info.ipi_addr, 4 }, port,
                                  ret)
                   == CYG_OK;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            return cyg_address_of((struct cyg_span){ (const uint8_t *)&info.ipi6_addr, 16 }, port,
                                  ret)
                       == CYG_OK
                   && !cyg_address_is_multicast(ret);
        }
    }
    return false;
}

/* Addresses that no honest peer has, ourselves included (H-016). */
static bool may_answer(const struct cyg_path *path)
{
    return path->remote.port != 0 && !cyg_address_is_any(&path->remote)
           && !cyg_address_is_multicast(&path->remote)
           && !cyg_endpoint_equal(&path->remote, &path->local);
}

static void take_datagram(struct sockets *s, const struct ike_socket *socket,
                          const struct cyg_path *path, struct cyg_span bytes,
                          sockets_receive *receive, void *context)
{
    if (!may_answer(path)) {
        s->counts.bad_address++;
        return;
    }
    if (!socket->nat_t) {
        receive(context, path, bytes);
        return;
    }
    struct cyg_reader r = cyg_reader_of(bytes);
    if (bytes.len == 1) {
        s->counts.keepalives++; /* 0xff, RFC 3948 2.3; any other single byte means nothing either */
        return;
    }
    const uint32_t marker = cyg_reader_u32(&r);
    if (!cyg_reader_ok(&r)) {
        s->counts.short_datagrams++;
    } else if (marker != 0) {
        s->counts.esp++;
    } else {
        receive(context, path, cyg_reader_rest(&r));
    }
}

void sockets_readable(struct sockets *s, size_t index, sockets_receive *receive, void *context)
{
    const struct ike_socket *socket = &s->socket[index];
    struct mmsghdr messages[BATCH] = { 0 };
    struct iovec parts[BATCH];
    struct sockaddr_storage from[BATCH];
    union {
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
        struct cmsghdr align;
    } control[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){ s->buffers + i * SOCKETS_DATAGRAM_MAX, SOCKETS_DATAGRAM_MAX };
        messages[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
                                               .msg_namelen = sizeof from[i],
                                               .msg_iov = &parts[i],
                                               .msg_iovlen = 1,
                                               /* cppcheck-suppress legacyUninitvar ; its address */
                                               .msg_control = control[i].bytes,
                                               .msg_controllen = sizeof control[i].bytes };
    }
    const int got = recvmmsg(socket->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        struct msghdr *msg = &messages[i].msg_hdr;
        struct cyg_path path;
        s->counts.received++;
        if (!destination_of(msg, socket->local.port, &path.local)
            || cyg_address_from_sockaddr(msg->msg_name, &path.remote) != CYG_OK) {
            s->counts.bad_address++;
            continue;
        }
        take_datagram(s, socket, &path,
                      (struct cyg_span){ msg->msg_iov->iov_base, messages[i].msg_len }, receive,
                      context);
    }
}

/* Whether the error queue's message is somebody's word that the address can't be reached. */
static bool says_unreachable(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        const bool is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR)
                              || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
        struct sock_extended_err e;
        if (!is_error || c->cmsg_len < CMSG_LEN(sizeof e)) {
            continue;
        }
        memcpy(&e, CMSG_DATA(c), sizeof e);
        return (e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6)
               && (e.ee_errno == ECONNREFUSED || e.ee_errno == EHOSTUNREACH
                   || e.ee_errno == ENETUNREACH || e.ee_errno == EACCES);
    }
    return false;
}

void sockets_failed(struct sockets *s, size_t index, sockets_unreachable *unreachable,
                    void *context)
{
    for (size_t i = 0; i < BATCH; i++) {
        struct sockaddr_storage to;
        union {
            uint8_t bytes[256];
            struct cmsghdr align;
        } control;
        struct cyg_address remote;
        struct msghdr msg = { .msg_name = &to,
                              .msg_namelen = sizeof to,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
        if (recvmsg(s->socket[index].fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            return;
        }
        if (says_unreachable(&msg)
            && cyg_address_from_sockaddr((const struct sockaddr *)&to, &remote) == CYG_OK) {
            unreachable(context, &remote);
        }
    }
}

/* The socket to send from: same port and family, its own address before any. */
static const struct ike_socket *socket_for(const struct sockets *s, const struct cyg_path *path)
{
    const struct ike_socket *best = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct ike_socket *socket = &s->socket[i];
        const bool port_fits =
            path->local.port == 0 ? !socket->nat_t : socket->local.port == path->local.port;
        if (!port_fits || socket->local.family != path->remote.family) {
            continue;
        }
        if (cyg_address_equal(&socket->local, &path->local)) {
            return socket;
        }
        if (cyg_address_is_any(&socket->local) || cyg_address_is_any(&path->local)) {
            best = best != NULL ? best : socket;
        }
    }
    return best;
}

/* Name the source address in the control data, unless any will do. */
static void name_source(struct msghdr *msg, const struct cyg_address *local)
{
    if (cyg_address_is_any(local)) {
        msg->msg_control = NULL;
        msg->msg_controllen = 0;
        return;
    }
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    if (c == NULL) {
        cyg_unreachable(); /* the caller gave room */
    }
    if (local->family == 4) {
        struct in_pktinfo info = { 0 };
        memcpy(&info.ipi_spec_dst, local->bytes, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        msg->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = { 0 };
        memcpy(&info.ipi6_addr, local->bytes, 16);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        msg->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

void sockets_send(struct sockets *s, const struct cyg_path *path, struct cyg_span datagram)
{
    static const uint8_t marker[MARKER_LEN];
    const struct ike_socket *socket = socket_for(s, path);
    if (socket == NULL) {
        s->counts.send_failed++;
        return;
    }
    struct sockaddr_storage to;
    union {
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec parts[2] = { { (void *)(uintptr_t)marker, MARKER_LEN },
                              { (void *)(uintptr_t)datagram.data, datagram.len } };
    struct msghdr msg = { .msg_name = &to,
                          .msg_namelen = cyg_address_to_sockaddr(&path->remote, &to),
                          .msg_iov = socket->nat_t ? parts : parts + 1,
                          .msg_iovlen = socket->nat_t ? 2 : 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes };
    name_source(&msg, &path->local);
    /* What ICMP has said of an earlier datagram is reported once, instead of sending this one. */
    ssize_t sent = sendmsg(socket->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        sent = sendmsg(socket->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (sent < 0) {
        s->counts.send_failed++;
    } else {
        s->counts.sent++;
    }
}

void sockets_each(const struct sockets *sockets,
                  void (*callback)(void *context, const struct cyg_ike_socket *socket),
                  void *context)
{
    for (size_t i = 0; i < sockets->n; i++) {
        const struct ike_socket *socket = &sockets->socket[i];
        callback(context, &(struct cyg_ike_socket){
                              .fd = socket->fd, .local = socket->local, .nat_t = socket->nat_t });
    }
}

/* Of the two sockets that share the port, give the second (index 1, bound later) every datagram
 * whose first four bytes are not zero. A load beyond the end of a shorter datagram ends the filter
 * with 0, the IKE socket: so keepalives stay there. The filter sees the UDP payload. */
static int split_by_marker(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 1),
    };
    struct sock_fprog program = { .len = CYG_LEN(code), .filter = code };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

enum cyg_code sockets_esp(struct sockets *s, const struct cyg_address *local, int *ret_fd,
                          struct cyg_error *err)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct ike_socket *socket = &s->socket[i];
        if (!socket->nat_t || !cyg_endpoint_equal(&socket->local, local)
            || socket->local.family != local->family) {
            continue;
        }
        const int fd = bound_socket(local, true, s->mark);
        if (fd >= 0 && split_by_marker(socket->fd) == 0) {
            *ret_fd = fd;
            return CYG_OK;
        }
        const int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return CYG_FAIL(err, CYG_R_SOCKET_FAILED, .got = local->port,
                        .got_quote = cyg_quote_text(strerrordesc_np(why)),
                        .want_quote =
                            cyg_quote(CYG_QUOTE_ADDRESS,
                                      (struct cyg_span){ (const uint8_t *)local, sizeof *local }));
    }
    return CYG_FAIL(err, CYG_R_NO_SUCH_SOCKET, .got = local->port,
                    .want_quote =
                        cyg_quote(CYG_QUOTE_ADDRESS,
                                  (struct cyg_span){ (const uint8_t *)local, sizeof *local }));
}

void sockets_get_counts(const struct sockets *sockets, struct sockets_counts *ret)
{
    *ret = sockets->counts;
}
