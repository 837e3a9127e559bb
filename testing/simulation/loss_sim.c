/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be claimed on any line (PROTOCOL.md "What the simulation can claim"): property A, with
 * bounded loss the tunnel comes up and keys agree; property B, with any loss, everything settles.
 */
#include "simulation/suites.h"

/* 4 s * (1 + 1.8 + ... + 1.8^5), the last pause included, and 30 s half-open, and some. */
#define SETTLE (250 * CYG_SEC)
/* The same for an order: phase 1, then quick mode, then the responder's tries with its answer. */
#define SETTLE_ORDER (3 * SETTLE)

/* Property A. */
static void with_bounded_loss_it_comes_up(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    struct sim_link bad = sim_bad_link(s, true);
    sim_link_all(s, &bad);
    SIM_REQUIRE(sim_up(p.a, p.b, 0));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
    sim_link_all(s, &sim_good_link);
    SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

/* Property A where one direction is worse than the other: up to three losses of one answer. */
static void with_lost_answers_it_comes_up(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    struct sim_link there = sim_bad_link(s, true), back = there;
    bool none = sim_chance(s, 500);
    there.loss_permille = none ? 0 : 500;
    back.loss_permille = 500;
    back.max_loss = none ? 3 : 2;
    sim_link_from_to(p.a, p.b, &there);
    sim_link_from_to(p.b, p.a, &back);
    SIM_REQUIRE(sim_up(p.a, p.b, 0));
}

/* Whatever may happen in the meantime. */
static void something_happens(struct sim *s, struct sim_pair p)
{
    struct sim_link link = sim_bad_link(s, false);
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    const char *other = who == p.a ? "b" : "a";
    switch (sim_below(s, 7)) {
    case 0:
    case 1:
        (void)sim_initiate(who, other, "net");
        break;
    case 2:
        (void)sim_terminate(who, other, sim_chance(s, 500) ? "net" : NULL);
        break;
    case 3:
        sim_cut(p.a, p.b, true);
        break;
    case 4:
        sim_cut(p.a, p.b, false);
        break;
    case 5:
        sim_link_all(s, &link);
        break;
    default:
        if (sim_chance(s, 300)) {
            sim_stop(who);
            sim_start(who);
        }
        break;
    }
}

/* The end that remembers less begins: it has nothing that misleads it. */
static bool comes_up_again(struct sim *s, struct sim_pair p)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (sim_run_order(p.a, sim_initiate(p.a, "b", "net"), SETTLE_ORDER)
            && sim_run_idle(s, SETTLE)) {
            return true;
        }
        (void)sim_terminate(p.a, "b", NULL); /* a dead IKE SA; DPD is not built yet */
        (void)sim_run_idle(s, SETTLE);
    }
    return false;
}

/* Property B, and that a good line mends everything. */
static void with_any_loss_it_settles(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    struct sim_link bad = sim_bad_link(s, false);
    sim_link_all(s, &bad);
    (void)sim_initiate(p.a, "b", "net");
    for (uint32_t i = 2 + sim_below(s, 8); i > 0; i--) {
        sim_run(s, sim_chance(s, 500) ? sim_below(s, 300 * CYG_MSEC) : sim_below(s, 40) * CYG_SEC);
        something_happens(s, p);
    }
    sim_run(s, SETTLE_ORDER);
    SIM_REQUIRE(sim_settled(s));
    sim_link_all(s, &sim_good_link);
    SIM_REQUIRE(comes_up_again(s, p));
    SIM_REQUIRE(sim_settled(s));
}

/* A line that is cut for a while at any moment of a handshake, but shorter than the tries. */
static void a_short_cut_does_no_harm(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, sim_below(s, 100 * CYG_MSEC));
    sim_cut(p.a, p.b, true);
    sim_run(s, 1 + sim_below(s, 20) * CYG_SEC);
    sim_cut(p.a, p.b, false);
    SIM_REQUIRE(sim_run_order(p.a, order, SETTLE));
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
}

/* Everything arrives, but late and in any order. */
static void any_order_of_arrival(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    const struct sim_link jumbled = { .delay_us = 1,
                                      .jitter_us = 3 * CYG_SEC,
                                      .dup_permille = 400,
                                      .reorder_permille = 300,
                                      .reorder_us = 20 * CYG_SEC };
    sim_link_all(s, &jumbled);
    SIM_REQUIRE(sim_up(p.a, p.b, 0));
    sim_run(s, SETTLE);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
}

static void datagrams_above_the_lines_size_end_with_a_reason(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct sim_link narrow = sim_good_link;
    narrow.mtu = 200 + sim_below(s, 300); /* MM3 with modp2048 has about 350 bytes */
    sim_peers(p.a, "b.proposals = aes256-sha256-modp8192");
    sim_peers(p.b, "a.proposals = aes256-sha256-modp8192");
    sim_link_all(s, &narrow);
    uint64_t order = sim_initiate(p.a, "b", "net");
    SIM_REQUIRE(!sim_run_order(p.a, order, SETTLE));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_nothing_left(s));
}

/* Several peers at once, each on its own line. */
static void a_crowd_comes_up(struct sim *s)
{
    struct sim_host *center = sim_host(s, "center", "198.51.100.1");
    struct sim_host *branch[8];
    uint64_t orders[CYG_LEN(branch)];
    struct sim_link bad = sim_bad_link(s, true);
    sim_link_all(s, &bad);
    for (size_t i = 0; i < CYG_LEN(branch); i++) {
        char name[16], address[32];
        (void)snprintf(name, sizeof(name), "branch%zu", i);
        (void)snprintf(address, sizeof(address), "192.0.2.%zu", i + 1);
        branch[i] = sim_host(s, name, address);
        sim_tunnel(branch[i], center);
        orders[i] = sim_initiate(branch[i], "center", "net");
    }
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    sim_link_all(s, &sim_good_link);
    for (size_t i = 0; i < CYG_LEN(branch); i++) {
        SIM_REQUIRE(sim_succeeded(branch[i], orders[i]));
        SIM_REQUIRE(sim_ping_pair(branch[i], center));
    }
    SIM_REQUIRE(sim_keys_agree(s));
    SIM_REQUIRE(sim_settled(s));
}

static const struct sim_test tests[] = {
    SIM_TEST(with_bounded_loss_it_comes_up, 30),
    SIM_TEST(with_lost_answers_it_comes_up, 10),
    SIM_TEST(with_any_loss_it_settles, 30),
    SIM_TEST(a_short_cut_does_no_harm, 6),
    SIM_TEST(any_order_of_arrival, 6),
    SIM_TEST(datagrams_above_the_lines_size_end_with_a_reason, 1),
    SIM_TEST(a_crowd_comes_up, 3),
};

const struct sim_suite loss_suite = { "loss", tests, CYG_LEN(tests) };
