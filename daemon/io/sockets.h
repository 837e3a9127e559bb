/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IKE sockets: UDP on the IKE port and the NAT-T port of every configured address, with the
 * destination of each datagram known (IP_PKTINFO), in batches. The non-ESP marker (RFC 3948 2.2) is
 * put on and taken off here: exactly on sockets whose port is not the plain IKE port. ESP that
 * arrives here because no back end took it is counted and dropped, as are keepalives and what H-016
 * names. Thread: the engine's, but for sockets_each and sockets_esp. */
#pragma once

#include <cygnet/host.h>
#include <cygnet/settings.h>

struct sockets;

#define SOCKETS_MAX          64u
#define SOCKETS_DATAGRAM_MAX 65507u

struct sockets_counts {
    uint64_t received, sent, send_failed, keepalives, esp, short_datagrams, bad_address;
};

/* One datagram in; path.local has the address it was sent to. */
typedef void sockets_receive(void *context, const struct cyg_path *path, struct cyg_span datagram);

/* Open and bind. Addresses: "%any" (both families), "%any4", "%any6" or one address. Fails, naming
 * address and port, also when another process holds the port. */
CYG_MUST_USE enum cyg_code sockets_open(const struct cyg_address *addresses, size_t n,
                                        uint16_t port, uint16_t nat_t_port, uint32_t mark,
                                        struct sockets **ret, struct cyg_error *err);
void sockets_close(struct sockets *sockets);

/* File descriptors to be watched for reading, and what to do then: reads at most a batch. */
size_t sockets_count(const struct sockets *sockets);
int sockets_fd(const struct sockets *sockets, size_t index);
void sockets_readable(struct sockets *sockets, size_t index, sockets_receive *receive,
                      void *context);

/* Said of where we have sent to: ICMP, so not proof. */
typedef void sockets_unreachable(void *context, const struct cyg_address *remote);

/* Take at most a batch of what ICMP says; libuv calls that an error of the socket. */
void sockets_failed(struct sockets *sockets, size_t index, sockets_unreachable *unreachable,
                    void *context);

/* Send from path.local to path.remote; a local port of 0 means the IKE port. Failure is loss. */
void sockets_send(struct sockets *sockets, const struct cyg_path *path, struct cyg_span datagram);

void sockets_each(const struct sockets *sockets,
                  void (*callback)(void *context, const struct cyg_ike_socket *socket),
                  void *context);

/* See struct cyg_host.esp_socket. */
CYG_MUST_USE enum cyg_code sockets_esp(struct sockets *sockets, const struct cyg_address *local,
                                       int *ret_fd, struct cyg_error *err);

void sockets_get_counts(const struct sockets *sockets, struct sockets_counts *ret);
