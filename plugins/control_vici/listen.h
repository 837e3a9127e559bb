/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening socket: where it may stand, and who may connect (H-171). Thread: one. */
#pragma once

#include <cygnet/error.h>

struct listener;

/* Listen on "unix:///path". Its folder is made, 0750, if it is missing; it must be a real folder
 * that nobody but root and our user may write to. What stands there must be a socket that nobody
 * serves any more. The socket gets mode 0660 and the group, if one is named. */
CYG_MUST_USE enum cyg_code listener_open(const char *uri, const char *group, struct listener **ret,
                                         struct cyg_error *err);

/* The folder of a uri that listener_open has taken. */
#define LISTEN_PATH_MAX 108u
void listener_folder(const char *uri, char ret[LISTEN_PATH_MAX]);

int listener_fd(const struct listener *listener);

/* Who has connected. */
struct listen_peer {
    unsigned uid;
    bool is_trusted; /* root or our own user; the others are of the group */
};

/* Take a connection whose peer is root, our own user, or of the group; -1: none, or refused.
 * *ret_full: there are no descriptors or no memory for it (it still waits). */
int listener_accept(struct listener *listener, struct listen_peer *ret, bool *ret_full);

/* Close and remove the socket. NULL is allowed. */
void listener_close(struct listener *listener);
