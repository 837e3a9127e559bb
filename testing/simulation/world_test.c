/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test bed itself: a test that could not fail proves nothing, so what the scenarios rely on is
 * shown here to notice what it must. With stand_in.c instead of the engine. */
#include "unit/test.h"

#include "simulation/sim_kernel.h"
#include "simulation/sim_store.h"
#include "simulation/suites.h"

#include <stdlib.h>

const struct sim_suite *const sim_suites[] = { NULL };

struct pair {
    struct sim *s;
    struct sim_host *a, *b;
};

static struct pair pair_new(uint64_t seed)
{
    struct pair p = { .s = sim_new(seed, false) };
    p.a = sim_host(p.s, "a", "192.0.2.1");
    p.b = sim_host(p.s, "b", "198.51.100.1 2001:db8::1");
    return p;
}

/* ---- network ---- */

static void test_question_and_answer_take_two_delays_and_a_job(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    cyg_usec begin = sim_now(p.s);
    assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), CYG_SEC));
    cyg_usec took = sim_now(p.s) - begin;
    assert_true(took >= 2 * sim_good_link.delay_us);
    assert_true(took <= 2 * sim_good_link.delay_us + 2000);
    assert_true(sim_run_idle(p.s, CYG_SEC));
    sim_free(p.s);
}

static void test_bounded_loss_always_lets_it_through(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct pair p = pair_new(seed);
        struct sim_link bad = sim_bad_link(p.s, true);
        bad.loss_permille = 900;
        sim_link_all(p.s, &bad);
        assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), 120 * CYG_SEC));
        sim_free(p.s);
    }
}

static void test_a_cut_ends_with_a_reason(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    sim_cut(p.a, p.b, true);
    uint64_t order = sim_initiate(p.a, "198.51.100.1", "");
    assert_false(sim_run_order(p.a, order, 300 * CYG_SEC));
    assert_int_equal(sim_result(p.a, order)->reason, CYG_R_BUSY);
    assert_true(sim_is_idle(p.s));
    sim_free(p.s);
}

static uint64_t trace_of(uint64_t seed)
{
    struct pair p = pair_new(seed);
    struct sim_link bad = sim_bad_link(p.s, false);
    sim_link_all(p.s, &bad);
    (void)sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), 300 * CYG_SEC);
    uint64_t trace = sim_trace(p.s);
    sim_free(p.s);
    return trace;
}

static void test_a_seed_fixes_every_datagram(void **state)
{
    (void)state;
    assert_true(trace_of(7) == trace_of(7));
    assert_true(trace_of(7) != trace_of(8));
}

static void test_long_datagrams_do_not_fit_a_short_line(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    struct sim_link narrow = sim_good_link;
    narrow.mtu = 63;
    sim_link_from_to(p.a, p.b, &narrow);
    assert_false(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), 300 * CYG_SEC));
    narrow.mtu = 64;
    sim_link_from_to(p.a, p.b, &narrow);
    assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), 300 * CYG_SEC));
    sim_free(p.s);
}

static enum sim_verdict spy(struct sim *s, struct sim_frame *frame, void *context)
{
    struct sim_frame *seen = context;
    (void)s;
    *seen = *frame;
    return SIM_PASS;
}

static void test_a_nat_box_shows_its_own_address_and_forgets(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    struct sim_frame seen = { .at = 0 };
    struct sim_nat *nat = sim_nat(p.s, "box", "203.0.113.1", true);
    struct sim_host *inside = sim_host(p.s, "c", "10.0.0.1");
    sim_nat_behind(nat, inside);
    sim_nat_behind(nat, p.a);
    sim_tap(p.s, spy, &seen);
    assert_true(sim_run_order(inside, sim_initiate(inside, "198.51.100.1", ""), CYG_SEC));
    assert_true(cyg_address_equal(&seen.dst, &(struct cyg_address){ 4, 0, { 203, 0, 113, 1 } }));
    assert_int_equal(seen.dst.port, 500); /* the first one keeps his port */
    assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), CYG_SEC));
    uint16_t second = seen.dst.port;
    assert_int_not_equal(second, 500);
    sim_nat_forget(nat);
    assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1:4500", ""), CYG_SEC));
    assert_int_not_equal(seen.dst.port, second);
    assert_int_equal(seen.len, 64 + 4);
    /* From outside nobody is reached but by a mapping. */
    assert_false(sim_run_order(p.b, sim_initiate(p.b, "10.0.0.1", ""), 300 * CYG_SEC));
    sim_free(p.s);
}

static void test_who_is_switched_off_does_not_answer(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    uint64_t order = sim_initiate(p.a, "198.51.100.1", "");
    sim_run(p.s, sim_good_link.delay_us + 1); /* b's job runs */
    sim_stop(p.b);
    sim_run(p.s, CYG_SEC);
    assert_null(sim_result(p.a, order));
    sim_start(p.b);
    assert_true(sim_run_order(p.a, order, 10 * CYG_SEC));
    sim_free(p.s);
}

static void test_a_full_lane_is_busy(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    sim_jobs_set(p.b, CYG_LANE_CRYPTO, &(struct sim_jobs){ .limit = 1, .max_us = 10 });
    assert_false(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), 300 * CYG_SEC));
    sim_jobs_set(p.b, CYG_LANE_CRYPTO, &(struct sim_jobs){ .limit = 2, .max_us = 10 });
    assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), CYG_SEC));
    sim_free(p.s);
}

static void test_the_tape_can_be_replayed_from_a_stranger(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    uint64_t sent, received;
    sim_tape_start(p.s);
    assert_true(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), CYG_SEC));
    assert_int_equal(sim_tape_len(p.s), 2);
    assert_int_equal(sim_frame_ike(sim_tape(p.s, 0)).len, 64);
    struct sim_frame frame = *sim_tape(p.s, 0);
    frame.src = (struct cyg_address){ 4, 777, { 203, 0, 113, 66 } };
    sim_replay(p.s, &frame, 0);
    sim_run(p.s, CYG_SEC);
    sim_traffic(p.b, &frame.src, &sent, &received);
    assert_int_equal(sent, 64);
    assert_int_equal(received, 64);
    sim_free(p.s);
}

/* ---- failures ---- */

static void test_random_source_and_memory_fail_when_told(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    sim_fail_random(p.a, 1);
    assert_false(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), CYG_SEC));
    assert_int_equal(sim_random_left(p.a), 0);
    sim_fail_memory(p.b, 1);
    assert_false(sim_run_order(p.a, sim_initiate(p.a, "198.51.100.1", ""), CYG_SEC));
    assert_int_equal(sim_memory_left(p.b), 0);
    sim_free(p.s);
}

static void test_memory_is_counted(void **state)
{
    (void)state;
    size_t pieces = sim_memory_pieces(), bytes = sim_memory_bytes();
    struct pair p = pair_new(1);
    assert_int_equal(sim_memory_pieces(), pieces + 2); /* two engines */
    sim_memory_enter(0);
    char *volatile lost = strdup("lost"); /* volatile: a compiler may leave it out */
    (void)sim_memory_leave();
    sim_free(p.s);
    assert_int_equal(sim_memory_pieces(), pieces + 1);
    assert_int_equal(sim_memory_bytes(), bytes + 5);
    free(lost);
    assert_int_equal(sim_memory_bytes(), bytes);
}

/* ---- data plane ---- */

static struct cyg_kernel_op sa_op(const struct sim_host *h, const struct sim_host *other,
                                  uint32_t spi, bool inbound, uint8_t key)
{
    struct cyg_kernel_op op = { .type = CYG_KERNEL_SA_ADD,
                                .sa = { .spi = spi,
                                        .reqid = 1,
                                        .inbound = inbound,
                                        .protocol = CYG_IPSEC_ESP,
                                        .mode = CYG_MODE_TUNNEL,
                                        .cipher = CYG_ALG_AES128,
                                        .integ = CYG_ALG_SHA256,
                                        .path = { h->addresses[0], other->addresses[0] },
                                        .cipher_key = { { key }, 16 },
                                        .integ_key = { { key }, 32 },
                                        .replay_window = 64 } };
    char text[32];
    (void)snprintf(text, sizeof(text), "10.%zu.0.0/16", h->index + 1);
    assert_int_equal(cyg_selector_parse(cyg_span_str(text), &op.sa.flow.local, NULL), CYG_OK);
    (void)snprintf(text, sizeof(text), "10.%zu.0.0/16", other->index + 1);
    assert_int_equal(cyg_selector_parse(cyg_span_str(text), &op.sa.flow.remote, NULL), CYG_OK);
    return op;
}

static uint32_t reserved_spi(struct sim_host *h)
{
    struct cyg_kernel_op op = { .type = CYG_KERNEL_SPI_RESERVE };
    assert_int_equal(sim_kernel_submit(h, &op), CYG_OK);
    sim_run(h->sim, CYG_SEC);
    return h->kernel->reserved[h->kernel->n_reserved - 1];
}

static void add_policy(struct sim_host *h, const struct cyg_sa_spec *sa)
{
    struct cyg_kernel_op op = { .type = CYG_KERNEL_POLICY_ADD,
                                .policy = { .reqid = sa->reqid, .flow = sa->flow } };
    assert_int_equal(sim_kernel_submit(h, &op), CYG_OK);
}

static void tunnel_by_hand(struct pair p, uint8_t key_a, uint8_t key_b)
{
    uint32_t spi_a = reserved_spi(p.a), spi_b = reserved_spi(p.b);
    struct cyg_kernel_op ops[] = { sa_op(p.a, p.b, spi_a, true, key_a),
                                   sa_op(p.a, p.b, spi_b, false, key_b),
                                   sa_op(p.b, p.a, spi_b, true, key_b),
                                   sa_op(p.b, p.a, spi_a, false, key_a) };
    for (size_t i = 0; i < CYG_LEN(ops); i++) {
        assert_int_equal(sim_kernel_submit(i < 2 ? p.a : p.b, &ops[i]), CYG_OK);
    }
    add_policy(p.a, &ops[0].sa);
    add_policy(p.b, &ops[2].sa);
    sim_run(p.s, CYG_SEC);
    assert_false(sim_failed(p.s));
}

static void test_keys_that_agree_carry_traffic(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    tunnel_by_hand(p, 1, 2);
    assert_true(sim_keys_agree(p.s));
    assert_true(sim_ping_pair(p.a, p.b));
    sim_free(p.s);
}

static void test_every_difference_is_seen(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    tunnel_by_hand(p, 1, 2);
    struct cyg_sa_spec *spec = &p.a->kernel->sas[0].spec, right = *spec;
    spec->cipher_key.data[15] ^= 1;
    assert_false(sim_keys_agree(p.s));
    assert_false(sim_ping_pair(p.a, p.b));
    *spec = right;
    spec->integ = CYG_ALG_SHA256_96;
    assert_false(sim_keys_agree(p.s));
    *spec = right;
    spec->mode = CYG_MODE_TRANSPORT;
    assert_false(sim_keys_agree(p.s));
    *spec = right;
    spec->flow.remote.to.bytes[3] ^= 1;
    assert_false(sim_keys_agree(p.s));
    *spec = right;
    spec->path.remote.bytes[3] ^= 1;
    assert_false(sim_keys_agree(p.s));
    *spec = right;
    spec->spi ^= 1;
    assert_false(sim_keys_agree(p.s));
    *spec = right;
    assert_true(sim_keys_agree(p.s));
    p.a->kernel->n_policies = 0;
    assert_false(sim_keys_agree(p.s));
    sim_free(p.s);
}

/* Submit one operation that makes no sense; the run must fail. */
static void refuses(void (*spoil)(struct cyg_kernel_op *op))
{
    struct pair p = pair_new(1);
    struct cyg_kernel_op op = sa_op(p.a, p.b, reserved_spi(p.a), true, 1);
    spoil(&op);
    (void)sim_kernel_submit(p.a, &op);
    sim_run(p.s, CYG_SEC);
    assert_true(sim_failed(p.s));
    sim_free(p.s);
}

static void spoil_spi(struct cyg_kernel_op *op)
{
    op->sa.spi ^= 1;
}

static void spoil_key(struct cyg_kernel_op *op)
{
    op->sa.cipher_key.len = 24;
}

static void spoil_integ(struct cyg_kernel_op *op)
{
    op->sa.integ = CYG_ALG_NONE;
}

static void spoil_type(struct cyg_kernel_op *op)
{
    op->type = CYG_KERNEL_SA_REMOVE;
}

static void spoil_encap(struct cyg_kernel_op *op)
{
    op->sa.udp_encap = true;
}

static void test_orders_without_sense_fail_the_run(void **state)
{
    (void)state;
    refuses(spoil_spi);
    refuses(spoil_key);
    refuses(spoil_integ);
    refuses(spoil_type);
    refuses(spoil_encap);
}

static void test_engine_and_data_plane_must_agree(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    assert_true(sim_nothing_left(p.s));
    tunnel_by_hand(p, 1, 2);
    assert_false(sim_nothing_left(p.s));
    assert_false(sim_settled(p.s)); /* the stand-in knows of no child */
    sim_check_always(p.s);
    assert_true(sim_failed(p.s));
    sim_free(p.s);
}

static void test_one_iv_for_two_messages_fails_the_run(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    struct cyg_path path = { p.a->addresses[0], p.b->addresses[0] };
    uint8_t datagram[32] = { 1, [18] = 5, [19] = 1, [20] = 9, [27] = 32 };
    path.local.port = path.remote.port = 500;
    sim_host_send(p.a, &path, cyg_span_of_array(datagram));
    sim_host_send(p.a, &path, cyg_span_of_array(datagram));
    assert_false(sim_failed(p.s)); /* repeated byte for byte */
    datagram[31] = 1;
    sim_host_send(p.a, &path, cyg_span_of_array(datagram));
    assert_true(sim_failed(p.s));
    sim_free(p.s);
}

/* ---- store ---- */

static void test_lines_become_peers(void **state)
{
    (void)state;
    struct pair p = pair_new(1);
    const struct cyg_store_ops *ops = sim_store_ops_table();
    struct cyg_path path = { p.a->addresses[0], p.b->addresses[0] };
    struct cyg_candidates *found = NULL;
    struct cyg_peer *peer = NULL;
    struct cyg_peer_changes *changes = NULL;
    sim_tunnel(p.a, p.b);
    sim_peers(p.a, "any.remote_addrs = %any\nany.proposals = aes128-sha1-modp1024\n"
                   "b.net.mode = transport\nb.two.local_ts = 10.0.0.1, 10.0.0.2\n");
    assert_int_equal(ops->candidates(p.a->store, &path, 0, &found, NULL), CYG_OK);
    assert_int_equal(found->n, 2);
    assert_string_equal(found->items[0].peer_name, "b"); /* the longer prefix first */
    assert_true(found->items[0].has_secret);
    assert_false(found->items[1].has_secret);
    cyg_candidates_free(found);
    assert_int_equal(ops->peer_by_name(p.a->store, "b", "two", 0, &peer, NULL), CYG_OK);
    assert_int_equal(peer->n_children, 2);
    assert_int_equal(peer->children[0].mode, CYG_MODE_TRANSPORT);
    assert_int_equal(peer->children[1].n_local_ts, 2);
    cyg_peer_release(peer);
    assert_int_equal(ops->poll(p.a->store, 0, &changes, NULL), CYG_OK);
    assert_int_equal(changes->n, 2);
    cyg_peer_changes_free(changes);
    sim_peers(p.a, "delete b.two\n");
    assert_int_equal(ops->peer_by_name(p.a->store, "b", "two", 0, &peer, NULL), CYG_NOT_FOUND);
    sim_peers(p.a, "delete b\n");
    assert_int_equal(ops->poll(p.a->store, 0, &changes, NULL), CYG_OK);
    assert_int_equal(changes->n, 1);
    assert_true(changes->items[0].gone);
    cyg_peer_changes_free(changes);
    assert_false(sim_failed(p.s));
    sim_peers(p.a, "b.propsals = aes128-sha1-modp1024\n");
    assert_true(sim_failed(p.s));
    sim_free(p.s);
}

/* ---- crypto ---- */

static void test_toy_ciphers_need_key_and_iv(void **state)
{
    (void)state;
    static const enum cyg_alg algs[] = { CYG_ALG_3DES, CYG_ALG_AES128, CYG_ALG_AES256 };
    for (size_t i = 0; i < CYG_LEN(algs); i++) {
        const struct cyg_alg_info *info = cyg_alg_info(algs[i]);
        uint8_t key[32] = { 1 }, iv[16] = { 2 }, clear[64] = { 3 }, secret[64], again[64];
        struct cyg_span k = { key, info->key_bits / 8 }, v = { iv, info->block };
        assert_int_equal(cyg_cbc_once(sim_crypto(), algs[i], true, k, v, clear, secret, 64),
                         CYG_OK);
        memcpy(again, secret, 64);
        assert_int_equal(cyg_cbc_once(sim_crypto(), algs[i], false, k, v, again, again, 64),
                         CYG_OK);
        assert_memory_equal(again, clear, 64); /* in place, too */
        iv[0] ^= 1;
        assert_int_equal(cyg_cbc_once(sim_crypto(), algs[i], false, k, v, secret, again, 64),
                         CYG_OK);
        assert_memory_not_equal(again, clear, info->block);
        assert_memory_equal(again + info->block, clear + info->block, 64u - info->block);
        iv[0] ^= 1;
        key[k.len - 1] ^= 1;
        assert_int_equal(cyg_cbc_once(sim_crypto(), algs[i], false, k, v, secret, again, 64),
                         CYG_OK);
        assert_memory_not_equal(again + 32, clear + 32, 16);
    }
}

static void test_toy_hashes_cover_everything_and_no_boundary(void **state)
{
    (void)state;
    const struct cyg_span whole[] = { cyg_span_str("abcdefghijkl") };
    const struct cyg_span parts[] = { cyg_span_str("abc"), cyg_span_str(""),
                                      cyg_span_str("defghijkl") };
    const struct cyg_span other[] = { cyg_span_str("abcdefghijk\0l") };
    uint8_t a[32], b[32], key[] = { 1, 2 };
    struct cyg_span k = cyg_span_of_array(key);
    assert_int_equal(cyg_mac_once(sim_crypto(), CYG_ALG_SHA256, k, whole, 1, a), CYG_OK);
    assert_int_equal(cyg_mac_once(sim_crypto(), CYG_ALG_SHA256_96, k, parts, 3, b), CYG_OK);
    assert_memory_equal(a, b, 32);
    assert_int_equal(cyg_mac_once(sim_crypto(), CYG_ALG_SHA256, k, other, 1, b), CYG_OK);
    assert_memory_not_equal(a, b, 32);
    key[1] ^= 1;
    assert_int_equal(cyg_mac_once(sim_crypto(), CYG_ALG_SHA256, k, whole, 1, b), CYG_OK);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(cyg_hash_once(sim_crypto(), CYG_ALG_SHA256, whole, 1, b), CYG_OK);
    assert_memory_not_equal(a, b, 32);
}

static void test_toy_groups_agree_and_refuse(void **state)
{
    (void)state;
    const struct cyg_group_ops *ops = sim_crypto()->group[CYG_ALG_MODP2048].ops;
    uint8_t random_a[40], random_b[40], public_a[256], public_b[256];
    struct cyg_secret a, b, shared_a, shared_b;
    size_t n = ops->random_bytes(NULL, CYG_ALG_MODP2048);
    memset(random_a, 1, sizeof(random_a));
    memset(random_b, 2, sizeof(random_b));
    assert_int_equal(
        ops->generate(NULL, CYG_ALG_MODP2048, (struct cyg_span){ random_a, n }, &a, public_a),
        CYG_OK);
    assert_int_equal(
        ops->generate(NULL, CYG_ALG_MODP2048, (struct cyg_span){ random_b, n }, &b, public_b),
        CYG_OK);
    assert_int_equal(
        ops->shared(NULL, CYG_ALG_MODP2048, &a, cyg_span_of_array(public_b), &shared_a, NULL),
        CYG_OK);
    assert_int_equal(
        ops->shared(NULL, CYG_ALG_MODP2048, &b, cyg_span_of_array(public_a), &shared_b, NULL),
        CYG_OK);
    assert_int_equal(shared_a.len, 256);
    assert_memory_equal(shared_a.data, shared_b.data, 256);
    struct cyg_error err;
    public_a[255] ^= 1;
    assert_int_equal(
        ops->shared(NULL, CYG_ALG_MODP2048, &b, cyg_span_of_array(public_a), &shared_b, &err),
        CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_DH_PUBLIC_BAD);
    assert_int_equal(ops->shared(NULL, CYG_ALG_MODP2048, &b, (struct cyg_span){ public_b, 255 },
                                 &shared_b, &err),
                     CYG_REFUSED);
    assert_int_equal(err.reason, CYG_R_DH_PUBLIC_SIZE);
}

TEST_MAIN(cmocka_unit_test(test_question_and_answer_take_two_delays_and_a_job),
          cmocka_unit_test(test_bounded_loss_always_lets_it_through),
          cmocka_unit_test(test_a_cut_ends_with_a_reason),
          cmocka_unit_test(test_a_seed_fixes_every_datagram),
          cmocka_unit_test(test_long_datagrams_do_not_fit_a_short_line),
          cmocka_unit_test(test_a_nat_box_shows_its_own_address_and_forgets),
          cmocka_unit_test(test_who_is_switched_off_does_not_answer),
          cmocka_unit_test(test_a_full_lane_is_busy),
          cmocka_unit_test(test_the_tape_can_be_replayed_from_a_stranger),
          cmocka_unit_test(test_random_source_and_memory_fail_when_told),
          cmocka_unit_test(test_memory_is_counted),
          cmocka_unit_test(test_keys_that_agree_carry_traffic),
          cmocka_unit_test(test_every_difference_is_seen),
          cmocka_unit_test(test_orders_without_sense_fail_the_run),
          cmocka_unit_test(test_engine_and_data_plane_must_agree),
          cmocka_unit_test(test_one_iv_for_two_messages_fails_the_run),
          cmocka_unit_test(test_lines_become_peers),
          cmocka_unit_test(test_toy_ciphers_need_key_and_iv),
          cmocka_unit_test(test_toy_hashes_cover_everything_and_no_boundary),
          cmocka_unit_test(test_toy_groups_agree_and_refuse));
