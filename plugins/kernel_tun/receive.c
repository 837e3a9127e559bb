/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Receiving ESP in batches: recvmmsg, each message perhaps many datagrams (UDP_GRO). */
#include "esp_sockets.h"

#include <cygnet/span.h>

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_BYTES 256u

struct slot {
    struct sockaddr_storage from;
    struct iovec part;
    _Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES];
    uint8_t data[DATAGRAM_MAX + 1];
};

struct receive_buffers {
    struct mmsghdr messages[RECEIVE_BATCH];
    struct slot slots[RECEIVE_BATCH];
};

struct receive_buffers *receive_buffers_new(void)
{
    return malloc(sizeof(struct receive_buffers));
}

void receive_buffers_free(struct receive_buffers *b)
{
    free(b);
}

static void prepare(struct receive_buffers *b)
{
    for (unsigned i = 0; i < RECEIVE_BATCH; i++) {
        struct slot *slot = &b->slots[i];
        slot->part = (struct iovec){ slot->data, sizeof(slot->data) };
        b->messages[i].msg_hdr = (struct msghdr){ .msg_name = &slot->from,
                                                  .msg_namelen = sizeof(slot->from),
                                                  .msg_iov = &slot->part,
                                                  .msg_iovlen = 1,
                                                  .msg_control = slot->control,
                                                  .msg_controllen = CONTROL_BYTES };
    }
}

static void set_local(struct arrival *a, const void *address, size_t len)
{
    struct cyg_address local;
    if (cyg_address_of((struct cyg_span){ address, len }, 0, &local) == CYG_OK) {
        a->path.local = local;
    }
}

/* One control message: to which address, with which TOS, how the message is made up. */
static void read_control(const struct cmsghdr *c, struct arrival *a)
{
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        set_local(a, &info.ipi_addr, 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        set_local(a, &info.ipi6_addr, 16);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
        a->tos = *CMSG_DATA(c);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
        int value;
        memcpy(&value, CMSG_DATA(c), sizeof(value));
        a->tos = (uint8_t)value;
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
        int value;
        memcpy(&value, CMSG_DATA(c), sizeof(value));
        if (value > 0) {
            a->segment = (size_t)value;
        }
    }
}

/* A raw IPv4 socket gives the IP header too. */
static bool strip_ipv4(struct arrival *a)
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ a->data, a->len });
    size_t header = (cyg_reader_u8(&r) & 15u) * 4u;
    a->tos = cyg_reader_u8(&r);
    cyg_reader_take(&r, 14);
    struct cyg_span to = cyg_reader_take(&r, 4);
    if (!cyg_reader_ok(&r) || header < 20 || header > a->len) {
        return false;
    }
    set_local(a, to.data, to.len);
    a->data += header;
    a->len -= header;
    return true;
}

static bool arrival_of(const struct esp_socket *s, struct slot *slot, struct mmsghdr *message,
                       struct arrival *ret)
{
    struct msghdr *hdr = &message->msg_hdr;
    struct arrival a = { .data = slot->data, .len = message->msg_len, .udp = !s->raw };
    if ((hdr->msg_flags & MSG_TRUNC) != 0
        || cyg_address_from_sockaddr((struct sockaddr *)&slot->from, &a.path.remote) != CYG_OK) {
        return false;
    }
    for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c != NULL; c = CMSG_NXTHDR(hdr, c)) {
        read_control(c, &a);
    }
    if (s->raw) {
        a.path.remote.port = 0;
        if (s->family == 4 && !strip_ipv4(&a)) {
            return false;
        }
    } else {
        a.path.local.port = s->bound.port;
    }
    if (a.segment == 0 || a.segment > a.len) {
        a.segment = a.len;
    }
    *ret = a;
    return a.len > 0;
}

unsigned esp_socket_receive(struct esp_socket *s, struct receive_buffers *b,
                            struct arrival ret[RECEIVE_BATCH])
{
    prepare(b);
    int got = recvmmsg(s->fd, b->messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
    unsigned n = 0;
    for (int i = 0; i < got; i++) {
        if (arrival_of(s, &b->slots[i], &b->messages[i], &ret[n])) {
            n++;
        }
    }
    return n;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): recvmsg writes to quote */
bool esp_socket_error(struct esp_socket *s, size_t *ret_mtu, uint8_t quote[8], size_t *ret_len)
{
    _Alignas(struct cmsghdr) uint8_t control[512];
    struct iovec part = { quote, 8 };
    struct msghdr hdr = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    ssize_t got = recvmsg(s->fd, &hdr, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got < 0) {
        return false;
    }
    *ret_mtu = 0;
    *ret_len = (size_t)got;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&hdr); c != NULL; c = CMSG_NXTHDR(&hdr, c)) {
        bool is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR)
                        || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (!is_error) {
            continue;
        }
        struct sock_extended_err error;
        memcpy(&error, CMSG_DATA(c), sizeof(error));
        if (error.ee_errno == EMSGSIZE && error.ee_origin != SO_EE_ORIGIN_LOCAL) {
            *ret_mtu = error.ee_info;
        }
    }
    return true;
}
