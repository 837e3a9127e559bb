/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sockets that carry ESP: UDP ones shared with the IKE port (RFC 3948), raw ones of IP protocol
 * 50, receiving in batches. Every socket has the daemon's mark, so that nothing they send is routed
 * into the tunnel. Thread: the worker's. */
#pragma once

#include <cygnet/host.h>

#include <sys/socket.h>

#define ESP_SOCKETS_MAX 32u
#define DATAGRAM_MAX    65535u
#define RECEIVE_BATCH   16u

struct esp_socket {
    int fd;
    bool raw;                 /* protocol 50 without UDP */
    struct cyg_address bound; /* of UDP; any address has family 4 or 6 and zero bytes */
    uint8_t family;
    bool segments; /* UDP_SEGMENT works */
    int df;        /* what IP_MTU_DISCOVER stands at: 0, 1, -1 not known */
};

struct esp_sockets {
    const struct cyg_host *host;
    int epoll; /* where new ones are added, with the struct esp_socket as data */
    unsigned n;
    struct esp_socket items[ESP_SOCKETS_MAX];
    struct {
        bool is_open;
        int fd;
    } probes[2]; /* of path_mtu, for IPv4 and IPv6, made when first needed */
};

/* The socket for a local endpoint (UDP) or address family (raw), opened when it is not there yet.
 * CYG_R_ESP_SOCKET. */
CYG_MUST_USE enum cyg_code esp_sockets_udp(struct esp_sockets *s, const struct cyg_address *local,
                                           struct esp_socket **ret, struct cyg_error *err);
CYG_MUST_USE enum cyg_code esp_sockets_raw(struct esp_sockets *s, const struct cyg_address *local,
                                           struct esp_socket **ret, struct cyg_error *err);
void esp_sockets_close(struct esp_sockets *s);

/* Set or leave the DF bit of what is sent next. With DF the kernel's own idea of the path MTU is
 * not used: it believes ICMP messages of strangers (H-167). */
void esp_socket_set_df(struct esp_socket *s, bool df);

/* The MTU of the path as the kernel knows it (device, route), 0: not known. */
size_t path_mtu(struct esp_sockets *s, const struct cyg_path *path, uint32_t mark);

/* What came in on a socket: one datagram, or several of `segment` bytes each (the last may be
 * shorter). The bytes may be changed in place and are valid until the next receive. */
struct arrival {
    uint8_t *data;
    size_t len, segment;
    struct cyg_path path; /* ports 0 for raw */
    uint8_t tos;
    bool udp;
};

struct receive_buffers;
struct receive_buffers *receive_buffers_new(void);
void receive_buffers_free(struct receive_buffers *b);

/* Receive what is there, at most RECEIVE_BATCH; returns how many. */
unsigned esp_socket_receive(struct esp_socket *s, struct receive_buffers *b,
                            struct arrival ret[RECEIVE_BATCH]);

/* Take the next ICMP "too big" from the error queue: the MTU that it names and what it quotes of
 * our ESP packet. False: nothing is left. Others are swallowed: *ret_mtu is 0 then. */
bool esp_socket_error(struct esp_socket *s, size_t *ret_mtu, uint8_t quote[8], size_t *ret_len);
