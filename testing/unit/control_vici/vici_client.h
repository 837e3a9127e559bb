/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VICI client for tests: packets over a real socket, checked as they come in. A failure ends the
 * running test; nothing waits longer than 5 s. */
#pragma once

#include <cygnet/vici.h>

#include <stdbool.h>
#include <stdint.h>

struct packet {
    uint8_t bytes[65536];
    size_t len;
    enum cyg_vici_packet type;
    struct cyg_span name, message; /* in bytes */
};

int vici_client_connect(const char *path);
void vici_client_send_raw(int fd, struct cyg_span bytes);
/* Finishes and clears the writer. */
void vici_client_send(int fd, struct cyg_vici_writer *w);
/* One whole packet, its message checked; false: the connection ended. */
bool vici_client_read(int fd, struct packet *p);
/* A command without a message. */
void vici_client_request(int fd, const char *command);
/* Register for an event and read that it was confirmed. */
void vici_client_register(int fd, const char *event);
