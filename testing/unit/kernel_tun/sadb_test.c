/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/kernel_tun/rig.h"
#include "unit/test.h"

#include "unit/crypto_gnutls/crypto.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cyg_policy_spec policy(const char *local, const char *remote, uint32_t reqid)
{
    return (struct cyg_policy_spec){ .reqid = reqid,
                                     .protocol = CYG_IPSEC_ESP,
                                     .mode = CYG_MODE_TUNNEL,
                                     .flow = { rig_selector(local), rig_selector(remote) } };
}

static enum cyg_code add(struct sadb *db, const char *local, const char *remote, uint32_t reqid,
                         struct cyg_error *err)
{
    struct cyg_policy_spec spec = policy(local, remote, reqid);
    struct policy *added;
    bool is_new;
    return sadb_policy_add(db, &spec, &added, &is_new, err);
}

/* The request id of the policy that a UDP packet falls under; 0: none. */
static uint32_t find(const struct sadb *db, const char *source, const char *destination,
                     uint16_t source_port, uint16_t destination_port)
{
    uint8_t packet[128];
    struct inner p;
    size_t len = rig_udp(packet, source, destination, source_port, destination_port, 0);
    assert_int_equal(inner_parse((struct cyg_span){ packet, len }, &p), DROP_NONE);
    const struct policy *found = sadb_policy_for(db, &p);
    return found != NULL ? found->group->reqid : 0;
}

static void test_narrow_before_wide(void **state)
{
    (void)state;
    struct sadb db;
    struct cyg_error err;
    assert_int_equal(sadb_init(&db), CYG_OK);
    assert_int_equal(add(&db, "0.0.0.0/0", "0.0.0.0/0", 1, &err), CYG_OK);
    assert_int_equal(add(&db, "10.1.0.0/16", "10.2.0.0/16", 2, &err), CYG_OK);
    assert_int_equal(add(&db, "10.1.0.0/16", "10.2.3.0/24", 3, &err), CYG_OK);
    assert_int_equal(add(&db, "10.1.0.0/16[udp]", "10.2.3.0/24[udp/53]", 4, &err), CYG_OK);
    assert_int_equal(add(&db, "10.1.0.0/16", "10.2.3.5-10.2.3.6", 5, &err), CYG_OK); /* range */
    assert_int_equal(add(&db, "fd01::/16", "fd02::/16", 6, &err), CYG_OK);
    assert_int_equal(find(&db, "10.1.0.1", "10.2.0.1", 1, 2), 2);
    assert_int_equal(find(&db, "10.1.0.1", "10.2.3.1", 1, 2), 3);
    assert_int_equal(find(&db, "10.1.0.1", "10.2.3.1", 1, 53), 4);
    assert_int_equal(find(&db, "10.1.0.1", "10.2.3.1", 53, 1), 3);
    assert_int_equal(find(&db, "10.1.0.1", "10.2.3.5", 1, 2), 5);
    assert_int_equal(find(&db, "10.9.0.1", "10.2.3.5", 1, 2), 1);
    assert_int_equal(find(&db, "fd01::1", "fd02::1", 1, 2), 6);
    assert_int_equal(find(&db, "fd01::1", "fd03::1", 1, 2), 0);
    sadb_clear(&db);
}

static void test_given_priority_counts(void **state)
{
    (void)state;
    struct sadb db;
    struct cyg_error err;
    struct policy *added;
    bool is_new;
    assert_int_equal(sadb_init(&db), CYG_OK);
    assert_int_equal(add(&db, "10.1.0.0/16", "10.2.3.0/24", 3, &err), CYG_OK);
    struct cyg_policy_spec wide = policy("10.1.0.0/16", "10.2.0.0/16", 2);
    wide.priority = 5;
    assert_int_equal(sadb_policy_add(&db, &wide, &added, &is_new, &err), CYG_OK);
    assert_int_equal(find(&db, "10.1.0.1", "10.2.3.1", 1, 2), 2);
    sadb_clear(&db);
}

static void test_a_flow_has_one_holder(void **state)
{
    (void)state;
    struct sadb db;
    struct cyg_error err;
    assert_int_equal(sadb_init(&db), CYG_OK);
    static const char *const flows[][2] = { { "10.1.0.0/16", "10.2.0.0/16" },
                                            { "10.1.0.1-10.1.0.6", "10.2.0.0/16" },
                                            { "10.1.0.0/16[tcp]", "10.2.0.0/16[tcp/80]" } };
    for (size_t i = 0; i < CYG_LEN(flows); i++) {
        const char *l = flows[i][0], *r = flows[i][1];
        assert_int_equal(add(&db, l, r, 1, &err), CYG_OK);
        assert_int_equal(add(&db, l, r, 2, &err), CYG_REFUSED);
        assert_int_equal(err.reason, CYG_R_POLICY_HELD);
        assert_int_equal(err.got, 1);
        assert_int_equal(add(&db, l, r, 1, &err), CYG_OK); /* again: the same one */
        struct cyg_policy_spec mine = policy(l, r, 1), other = policy(l, r, 2);
        assert_int_equal(sadb_policy_remove(&db, &other), CYG_NOT_FOUND);
        assert_int_equal(sadb_policy_remove(&db, &mine), CYG_OK);
        assert_int_equal(sadb_policy_remove(&db, &mine), CYG_NOT_FOUND);
        assert_int_equal(add(&db, l, r, 2, &err), CYG_OK);
    }
    /* A /32 range is a host. */
    assert_int_equal(add(&db, "10.9.0.1", "10.2.0.1", 1, &err), CYG_OK);
    assert_int_equal(add(&db, "10.9.0.1/32", "10.2.0.1-10.2.0.1", 2, &err), CYG_REFUSED);
    sadb_clear(&db);
}

static void test_what_policies_refuse(void **state)
{
    (void)state;
    struct sadb db;
    struct cyg_error err;
    struct policy *added;
    bool is_new;
    assert_int_equal(sadb_init(&db), CYG_OK);
    assert_int_equal(add(&db, "10.1.0.0/16", "fd00::/8", 1, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_POLICY_FLOW);
    struct cyg_policy_spec pass = policy("10.1.0.0/16", "10.2.0.0/16", 1);
    pass.action = 1;
    assert_int_equal(sadb_policy_add(&db, &pass, &added, &is_new, &err), CYG_UNSUPPORTED);
    assert_int_equal(err.reason, CYG_R_POLICY_ACTION);
    sadb_clear(&db);
}

/* All prefix lengths at once: more shapes than there is room for. */
static void test_more_shapes_than_room(void **state)
{
    (void)state;
    struct sadb db;
    struct cyg_error err;
    assert_int_equal(sadb_init(&db), CYG_OK);
    uint32_t reqid = 1;
    for (unsigned l = 16; l <= 32; l++) {
        for (unsigned r = 16; r <= 32; r++) {
            char local[32], remote[32];
            snprintf(local, sizeof(local), "10.1.0.0/%u", l);
            snprintf(remote, sizeof(remote), "10.2.0.0/%u", r);
            assert_int_equal(add(&db, local, remote, reqid++, &err), CYG_OK);
        }
    }
    assert_int_equal(db.n_shapes, SADB_SHAPES_MAX);
    assert_int_equal(find(&db, "10.1.0.0", "10.2.0.0", 1, 2), reqid - 1);
    assert_int_equal(find(&db, "10.1.255.1", "10.2.255.1", 1, 2), 1);
    for (unsigned l = 16; l <= 32; l++) { /* all can be found again */
        for (unsigned r = 16; r <= 32; r++) {
            char local[32], remote[32];
            snprintf(local, sizeof(local), "10.1.0.0/%u", l);
            snprintf(remote, sizeof(remote), "10.2.0.0/%u", r);
            assert_int_equal(add(&db, local, remote, 9999, &err), CYG_REFUSED);
            struct cyg_policy_spec spec = policy(local, remote, (l - 16) * 17 + r - 16 + 1);
            assert_int_equal(sadb_policy_remove(&db, &spec), CYG_OK);
        }
    }
    assert_int_equal(find(&db, "10.1.0.0", "10.2.0.0", 1, 2), 0);
    sadb_clear(&db);
}

static void test_ten_thousand_policies(void **state)
{
    (void)state;
    struct sadb db;
    struct cyg_error err;
    assert_int_equal(sadb_init(&db), CYG_OK);
    for (unsigned i = 0; i < 10000; i++) {
        char remote[32];
        snprintf(remote, sizeof(remote), "172.%u.%u.%u/32", 16 + i / 4096, i / 16 % 256, i % 16);
        assert_int_equal(add(&db, "10.1.0.0/16", remote, i + 1, &err), CYG_OK);
    }
    assert_int_equal(db.n_shapes, 1);
    assert_int_equal(find(&db, "10.1.0.1", "172.17.3.7", 1, 2), 4096 + 3 * 16 + 7 + 1);
    assert_int_equal(find(&db, "10.1.0.1", "172.17.3.16", 1, 2), 0);
    sadb_clear(&db);
}

static void test_spis(void **state)
{
    (void)state;
    struct sadb db;
    assert_int_equal(sadb_init(&db), CYG_OK);
    assert_int_equal(sadb_reserve(&db, 0), CYG_REFUSED);
    assert_int_equal(sadb_reserve(&db, 255), CYG_REFUSED);
    assert_int_equal(sadb_reserve(&db, 256), CYG_OK);
    assert_int_equal(sadb_reserve(&db, 256), CYG_REFUSED);
    assert_null(sadb_find_inbound(&db, 256));
    assert_int_equal(sadb_release(&db, 256), CYG_OK);
    assert_int_equal(sadb_release(&db, 256), CYG_NOT_FOUND);

    struct rig_options options = { 0 };
    struct cyg_sa_spec spec = rig_spec(&options, true);
    struct sa *sa;
    struct cyg_error err;
    assert_int_equal(sadb_reserve(&db, spec.spi), CYG_OK);
    assert_int_equal(sadb_add(&db, &spec, test_crypto(), &sa, &err), CYG_OK);
    assert_ptr_equal(sadb_find_inbound(&db, spec.spi), sa);
    assert_int_equal(sadb_release(&db, spec.spi), CYG_NOT_FOUND); /* an SA has taken it */
    assert_int_equal(sadb_add(&db, &spec, test_crypto(), &sa, &err), CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_SA_SPI);
    assert_int_equal(db.inbound.count, 1);
    sadb_clear(&db);
}

/* Outbound SPIs are the peers' choice: the same one twice is no clash. */
static void test_the_same_spi_of_two_peers(void **state)
{
    (void)state;
    struct sadb db;
    struct rig_options options = { 0 };
    struct cyg_sa_spec a = rig_spec(&options, false), b = a;
    struct sa *sa_a, *sa_b;
    struct cyg_error err;
    assert_int_equal(sadb_init(&db), CYG_OK);
    b.reqid = 8;
    b.path.remote.bytes[3] = 77;
    assert_int_equal(sadb_add(&db, &a, test_crypto(), &sa_a, &err), CYG_OK);
    assert_int_equal(sadb_add(&db, &b, test_crypto(), &sa_b, &err), CYG_OK);
    assert_ptr_equal(sadb_find(&db, &a), sa_a);
    assert_ptr_equal(sadb_find(&db, &b), sa_b);
    b.reqid = 0; /* by the endpoint then */
    assert_ptr_equal(sadb_find(&db, &b), sa_b);
    b.path.remote.port++;
    assert_null(sadb_find(&db, &b));
    sadb_clear(&db);
}

static void test_what_sas_refuse(void **state)
{
    (void)state;
    struct sadb db;
    struct rig_options options = { 0 };
    const struct cyg_sa_spec good = rig_spec(&options, true);
    struct cyg_error err;
    struct sa *sa = NULL;
    assert_int_equal(sadb_init(&db), CYG_OK);
    struct {
        struct cyg_sa_spec spec;
        uint16_t reason;
    } cases[8];
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        cases[i].spec = good;
    }
    cases[0].spec.protocol = CYG_IPSEC_AH;
    cases[0].reason = CYG_R_SA_PROTOCOL;
    cases[1].spec.mode = 9;
    cases[1].reason = CYG_R_SA_PATH;
    cases[2].spec.path.remote.family = 6;
    cases[2].reason = CYG_R_SA_PATH;
    cases[3].spec.path.remote.port = 0;
    cases[3].reason = CYG_R_SA_PATH;
    cases[4].spec.spi = 255;
    cases[4].reason = CYG_R_SA_SPI;
    cases[5].spec.cipher = CYG_ALG_AES128; /* H-163: no integrity */
    cases[5].reason = CYG_R_SA_ALGORITHM;
    cases[6].spec.cipher_key.len--;
    cases[6].reason = CYG_R_SA_KEY_SIZE;
    cases[7].spec.flow.local = rig_selector("fd01::/16");
    cases[7].reason = CYG_R_POLICY_FLOW;
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        assert_int_not_equal(sadb_add(&db, &cases[i].spec, test_crypto(), &sa, &err), CYG_OK);
        assert_int_equal(err.reason, cases[i].reason);
        assert_null(sa);
    }
    assert_int_equal(db.inbound.count + db.groups.count, 0); /* nothing has stayed */
    sadb_clear(&db);
}

static void test_queue_gives_orders_in_turn(void **state)
{
    (void)state;
    struct queue q;
    assert_int_equal(queue_init(&q), CYG_OK);
    for (unsigned i = 0; i < 100; i++) {
        struct order order = { .op.tag = i };
        assert_int_equal(queue_put(&q, &order), CYG_OK);
    }
    unsigned n = 0;
    for (struct order *o = queue_take(&q), *next; o != NULL; o = next) {
        next = o->next;
        assert_int_equal(o->op.tag, n++);
        order_free(o);
    }
    assert_int_equal(n, 100);
    assert_null(queue_take(&q));
    queue_clear(&q);
}

#define QUEUE_WRITERS 3u
#define QUEUE_ORDERS  20000u /* of each */

static void *put_orders(void *context)
{
    for (unsigned i = 0; i < QUEUE_ORDERS; i++) {
        struct order order = { .op = { .type = CYG_KERNEL_SA_REMOVE, .tag = i } };
        if (queue_put(context, &order) != CYG_OK) {
            return NULL; /* the taker misses it */
        }
        sched_yield(); /* so that the queue is empty again and again */
    }
    return NULL;
}

/* The taker sleeps until the eventfd says something: one lost wake-up and it sleeps for ever. */
static void test_queue_loses_no_wake_up(void **state)
{
    (void)state;
    struct queue q;
    pthread_t writers[QUEUE_WRITERS];
    assert_int_equal(queue_init(&q), CYG_OK);
    for (unsigned i = 0; i < QUEUE_WRITERS; i++) {
        assert_int_equal(pthread_create(&writers[i], NULL, put_orders, &q), 0);
    }
    for (unsigned n = 0; n < QUEUE_WRITERS * QUEUE_ORDERS;) {
        struct pollfd wait = { .fd = q.event, .events = POLLIN };
        assert_int_equal(poll(&wait, 1, -1), 1);
        for (struct order *o = queue_take(&q), *next; o != NULL; o = next) {
            next = o->next;
            n++;
            order_free(o);
        }
    }
    for (unsigned i = 0; i < QUEUE_WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i], NULL), 0);
    }
    queue_clear(&q);
}

/* However many orders wait, one wake-up is enough, and the next needs one of its own. */
static void test_queue_wakes_once_for_all_that_waits(void **state)
{
    (void)state;
    struct queue q;
    assert_int_equal(queue_init(&q), CYG_OK);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 10; i++) {
            struct order order = { .op.tag = i };
            assert_int_equal(queue_put(&q, &order), CYG_OK);
        }
        uint64_t events = 0;
        assert_int_equal(read(q.event, &events, sizeof(events)), sizeof(events));
        assert_int_equal(events, 1);
        for (struct order *o = queue_take(&q), *next; o != NULL; o = next) {
            next = o->next;
            order_free(o);
        }
    }
    queue_clear(&q);
}

TEST_MAIN(cmocka_unit_test(test_narrow_before_wide), cmocka_unit_test(test_given_priority_counts),
          cmocka_unit_test(test_a_flow_has_one_holder), cmocka_unit_test(test_what_policies_refuse),
          cmocka_unit_test(test_more_shapes_than_room),
          cmocka_unit_test(test_ten_thousand_policies), cmocka_unit_test(test_spis),
          cmocka_unit_test(test_the_same_spi_of_two_peers), cmocka_unit_test(test_what_sas_refuse),
          cmocka_unit_test(test_queue_gives_orders_in_turn),
          cmocka_unit_test(test_queue_loses_no_wake_up),
          cmocka_unit_test(test_queue_wakes_once_for_all_that_waits));
