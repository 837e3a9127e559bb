/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VICI server over a real socket and the daemon's own control thread, with a host of the
 * test's that lists made-up SAs and takes orders without carrying them out. One for each test. */
#pragma once

#include "unit/test.h"
#include "vici_client.h"

#include "control_vici/service.h"
#include "io/control.h"
#include "io/lanes.h"

#include <stdatomic.h>

#define SAS 600u /* more than two pages of list-sas */

struct world {
    struct control *control;
    struct lanes *lanes;
    struct vici *vici;
    uint32_t sas;
    atomic_uint listings, answered; /* pages of SAs, and what was asked besides */
    unsigned held;       /* so many pages each wait until so many of the others were answered */
    atomic_bool overdue; /* one waited in vain */
    char log[4096];      /* the control thread's */
    struct cyg_host host;
    struct server *server;
    char folder[64], path[96];
    struct cyg_order last_order; /* written on the control thread, read after a reply */
    enum cyg_code start_code;
    struct cyg_error start_error;
    const char *group; /* who may connect besides root; NULL: nobody */
    bool hurries;      /* timers run a thousand times as fast */
};

extern struct world world;

int server_setup(void **state);
int server_teardown(void **state);
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)

/* On the control thread, with &world. */
void start_on_control(void *context);
void stop_on_control(void *context);

void assert_text(struct cyg_span message, const char *key, const char *want);
/* That the daemon goes on for others: the second thing to be seen after every hostile row. */
void assert_serves(void);
