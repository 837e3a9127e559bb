/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine without a network: what it would send, order and say is only noted. For tests of its
 * parts; engines that talk to each other are the simulation's business. */
#pragma once

#include "engine/exchange.h"

#define FIXTURE_KEEP 64u

struct fixture {
    struct engine *engine;
    struct cyg_crypto crypto;
    cyg_usec now;
    size_t sent, jobs, n_records;
    struct cyg_error records[FIXTURE_KEEP]; /* the published ones, oldest first */
    uint64_t chance;
};

/* Make one with these settings; NULL: the defaults. Ends the test when that fails. */
void fixture_init(struct fixture *f, const struct engine_settings *settings);
void fixture_clear(struct fixture *f);

/* The same for cmocka_unit_test_prestate_setup_teardown; *state: the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* An IKE SA with one exchange of a kind, as responder from 203.0.113.n. */
struct exchange *fixture_exchange(struct fixture *f, const struct exchange_kind *kind);

/* How many records with this reason were published. */
size_t fixture_said(const struct fixture *f, enum cyg_reason reason);

/* 203.0.113.host[port] to 192.0.2.1[500]. */
struct cyg_path fixture_path(uint8_t host, uint16_t port);
