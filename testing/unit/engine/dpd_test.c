/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* R-U-THERE as somebody on the path can use it: the Message ID of an old one is forgotten some day,
 * so only its number tells that it is old (H-068, H-083, H-151). */
#include "codec/notify.h"
#include "engine/crypt.h"
#include "engine/exchange_kinds.h"
#include "engine/outgoing.h"
#include "simulation/sim.h"
#include "unit/test.h"

#include <string.h>

static struct ike_sa *sa_of(struct sim_host *h)
{
    return TABLE_OWNER(struct ike_sa, by_cookie, sim_engine(h)->sas);
}

/* Our engine does not ask yet: as it would. */
static void send_r_u_there(struct sim_host *h, uint32_t number)
{
    struct ike_sa *sa = sa_of(h);
    struct exchange *x = NULL;
    struct outgoing o;
    uint32_t id;
    uint8_t spi[2 * COOKIE_LEN];
    const uint8_t data[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number };
    memcpy(spi, sa->cookie_i, COOKIE_LEN);
    memcpy(spi + COOKIE_LEN, sa->cookie_r, COOKIE_LEN);
    const struct notify n = { .doi = DOI_IPSEC,
                              .protocol = PROTOCOL_ISAKMP,
                              .type = NOTIFY_R_U_THERE,
                              .spi = cyg_span_of_array(spi),
                              .data = cyg_span_of_array(data) };
    assert_int_equal(message_ids_new(sa, &id, NULL), CYG_OK);
    assert_int_equal(exchange_new(sa, &informational_initiator, id, &x, NULL), CYG_OK);
    assert_int_equal(crypt_iv(sa, crypt_last_block(sa), id, x->iv), CYG_OK);
    exchange_work_begin(x, 1);
    outgoing_begin(&o, x, PROTECT_HASH_1);
    builder_payload_begin(&o.b, PAYLOAD_N);
    notify_encode(&n, &o.w);
    builder_payload_end(&o.b);
    assert_int_equal(outgoing_send(&o, NULL), CYG_OK);
    exchange_end(x, NULL);
}

static void test_an_old_one_does_not_move_the_path(void **state)
{
    (void)state;
    struct sim *s = sim_new(1, false);
    struct sim_host *a = sim_host(s, "a", "10.0.0.1"), *b = sim_host(s, "b", "198.51.100.1");
    const struct cyg_address elsewhere = { 4, 4500, { 203, 0, 113, 66 } };
    sim_nat_behind(sim_nat(s, "nat", "192.0.2.1", true), a);
    sim_tunnel(a, b);
    sim_peers(a, "b.local_id = a@example.org");
    sim_peers(b, "a.remote_addrs = %any\na.remote_id = a@example.org");
    assert_true(sim_run_order(a, sim_initiate(a, "b", "net"), 60 * CYG_SEC));
    sim_run(s, CYG_SEC);
    assert_true(sa_of(b)->nat_remote);
    struct cyg_path path = sa_of(b)->path;

    sim_tape_start(s);
    send_r_u_there(a, 5);
    sim_run(s, 200 * CYG_MSEC);
    struct sim_frame old = *sim_tape(s, 0);
    assert_int_equal(sa_of(b)->dpd_number, 5);
    for (uint32_t i = 6; i < 6 + 2 * MESSAGE_IDS_INFO; i++) { /* theirs and ours: all forgotten */
        send_r_u_there(a, i);
        sim_run(s, 200 * CYG_MSEC);
    }
    size_t said = sim_tape_len(s);
    cyg_usec heard = sa_of(b)->heard;
    sim_run(s, CYG_SEC);
    sim_inject(s, &elsewhere, &old.dst, (struct cyg_span){ old.bytes, old.len }, 0);
    sim_run(s, CYG_SEC);
    assert_int_equal(sim_tape_len(s), said + 1); /* taken and acknowledged, as charon wants it */
    assert_int_equal(sa_of(b)->heard, heard);
    assert_true(cyg_endpoint_equal(&sa_of(b)->path.remote, &path.remote));

    sim_cut(a, b, true); /* a fresh one that only arrives from elsewhere */
    send_r_u_there(a, 1000);
    sim_run(s, CYG_SEC);
    struct sim_frame fresh = *sim_tape(s, said + 1);
    sim_inject(s, &elsewhere, &fresh.dst, (struct cyg_span){ fresh.bytes, fresh.len }, 0);
    sim_run(s, CYG_SEC);
    assert_true(cyg_endpoint_equal(&sa_of(b)->path.remote, &elsewhere));
    sim_free(s);
}

TEST_MAIN(cmocka_unit_test(test_an_old_one_does_not_move_the_path));
