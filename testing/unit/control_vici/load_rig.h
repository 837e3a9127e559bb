/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VICI service with a real store and one client, for tests of what is loaded over VICI. One for
 * each test; in the client's texts, blanks stand between all words. */
#pragma once

#include "fake_daemon.h"
#include "unit/test.h"
#include "vici_client.h"

#include <cygnet/peer.h>

struct load_rig {
    char folder[64];
    struct fake_daemon *fake;
    int fd;
};

extern struct load_rig rig;

int load_setup(void **state);
int load_teardown(void **state);
#define LOAD_TEST(name) cmocka_unit_test_setup_teardown(name, load_setup, load_teardown)

/* The next packet, until the next call. */
const struct packet *receive(void);
/* Put "name { key = value  list = [ a b ] }". */
void put_text(struct cyg_vici_writer *w, const char *text);
/* Send a command with such a text; its response. */
const struct packet *command(const char *name, const char *text);
/* A value of a message, until the next call. */
const char *text_of(const struct packet *p, const char *key);
void assert_done(const char *name, const char *text);
void assert_refused(const char *name, const char *text, const char *reason);
/* A message on one line, until the next call. */
const char *flatten(struct cyg_span message);
/* The peer as the store has it, NULL if not at all; the caller releases. */
struct cyg_peer *stored(const char *name);

#define ROUNDS "local { auth = psk id = a.example } remote { auth = psk id = b.example }"
#define PLAIN  "version = 1 remote_addrs = [ 198.51.100.7 ] " ROUNDS
#define GW \
    "gw { " PLAIN " children { net { local_ts = [ 10.1.0.0/16 ] remote_ts = [ 10.2.0.0/16 ] } } }"
