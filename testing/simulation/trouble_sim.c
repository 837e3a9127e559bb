/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trouble on our own side: full lanes, slow jobs, a data plane that refuses or fails, a store that
 * is busy, no random bytes, no memory. What was begun ends with a reason, nothing stays half
 * installed, and the next attempt succeeds. */
#include "simulation/suites.h"

#define SETTLE (250 * CYG_SEC)

/* One attempt that may fail: it ends, tells why, and leaves nothing half done. */
static bool attempt_ends(struct sim *s, struct sim_pair p)
{
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, SETTLE);
    const struct cyg_error *result = sim_result(p.a, order);
    if (result == NULL || !sim_settled(s)) {
        return false;
    }
    /* Some flows of several may stand. One that succeeded may have gone again: the other end could
     * not install it. */
    bool partly = result->reason == 0 || result->reason == CYG_R_FLOWS_PARTLY
                  || result->reason == CYG_R_FLOWS_REFUSED;
    return partly || sim_sas(p.a) + sim_policies(p.a) == 0
           || sim_complain(s, "a failed attempt has left SAs or policies");
}

/* Then one without trouble. What stands from before may have to go first: without DPD an end that
 * lost its SA cannot tell the other. */
static bool then_comes_up(struct sim *s, struct sim_pair p)
{
    (void)sim_terminate(p.a, "b", NULL);
    (void)sim_terminate(p.b, "a", NULL);
    sim_run(s, SETTLE);
    return sim_nothing_left(s) && sim_up(p.a, p.b, 0);
}

static void full_lanes_only_delay(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    const struct sim_jobs full = { .limit = sim_below(s, 3), .min_us = 1, .max_us = CYG_SEC };
    const struct sim_jobs open = { .limit = 64, .min_us = 1, .max_us = CYG_SEC };
    enum cyg_lane lane = sim_chance(s, 500) ? CYG_LANE_CRYPTO : CYG_LANE_STORAGE;
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    sim_jobs_set(who, lane, &full);
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, 10 * CYG_SEC);
    sim_jobs_set(who, lane, &open);
    SIM_REQUIRE(sim_run_order(p.a, order, SETTLE));
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
}

/* Jobs slower than the peer's patience: retransmissions are absorbed, results come. */
static void slow_jobs_absorb_what_is_repeated(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    const struct sim_jobs slow = { .limit = 64, .min_us = 2 * CYG_SEC, .max_us = 9 * CYG_SEC };
    sim_jobs_set(p.b, CYG_LANE_CRYPTO, &slow);
    if (sim_chance(s, 500)) {
        sim_jobs_set(p.a, CYG_LANE_CRYPTO, &slow);
    }
    SIM_REQUIRE(sim_up(p.a, p.b, 0));
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
}

/* Results that come when nobody waits any more (H-062). */
static void results_come_too_late(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    const struct sim_jobs slow = { .limit = 64, .min_us = 1 * CYG_SEC, .max_us = 300 * CYG_SEC };
    const struct sim_jobs fast = { .limit = 64, .min_us = 10, .max_us = CYG_MSEC };
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    enum cyg_lane lane = sim_chance(s, 500) ? CYG_LANE_CRYPTO : CYG_LANE_STORAGE;
    sim_jobs_set(who, lane, &slow);
    (void)sim_initiate(p.a, "b", "net");
    sim_run(s, sim_below(s, 60) * CYG_SEC);
    (void)sim_terminate(p.a, "b", NULL);
    sim_run(s, 2 * SETTLE);
    sim_jobs_set(who, lane, &fast);
    SIM_REQUIRE(sim_run_idle(s, 2 * SETTLE));
    SIM_REQUIRE(sim_settled(s));
}

static void a_store_that_is_busy_only_delays(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    sim_store_failing(p.b, 1000);
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, 6 * CYG_SEC);
    sim_store_failing(p.b, 0);
    SIM_REQUIRE(sim_run_order(p.a, order, SETTLE));
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
}

static void a_store_that_fails_now_and_then(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    sim_store_failing(p.a, 300);
    sim_store_failing(p.b, 300);
    SIM_REQUIRE(attempt_ends(s, p));
    sim_store_failing(p.a, 0);
    sim_store_failing(p.b, 0);
    SIM_REQUIRE(then_comes_up(s, p));
}

/* Each operation of the data plane in turn is not taken, or fails, at each end. */
static void each_operation_of_the_data_plane_fails(struct sim *s)
{
    static const enum cyg_kernel_op_type types[] = { CYG_KERNEL_SPI_RESERVE, CYG_KERNEL_SA_ADD,
                                                     CYG_KERNEL_POLICY_ADD };
    struct sim_pair p = sim_pair(s);
    for (size_t i = 0; i < CYG_LEN(types);
         i++) { /* what undoes is never refused by this data plane */
        for (unsigned how = 0; how < 4; how++) {
            struct sim_host *who = (how & 1) != 0 ? p.a : p.b;
            for (unsigned nth = 1; nth <= 2; nth++) {
                sim_kernel_fail(who, types[i], nth, (how & 2) != 0);
                SIM_REQUIRE(attempt_ends(s, p));
                sim_kernel_fail(who, types[i], 0, false);
                SIM_REQUIRE(then_comes_up(s, p));
                (void)sim_terminate(p.a, "b", NULL);
                sim_run(s, SETTLE);
                SIM_REQUIRE(sim_nothing_left(s));
            }
        }
    }
}

static void a_data_plane_that_fails_now_and_then(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    struct sim_kernel_settings good[2] = { sim_kernel_get(p.a), sim_kernel_get(p.b) };
    struct sim_kernel_settings bad = good[0];
    bad.refuse_permille = sim_below(s, 400);
    bad.fail_permille = sim_below(s, 400);
    sim_kernel_set(p.a, &bad);
    sim_kernel_set(p.b, &bad);
    SIM_REQUIRE(attempt_ends(s, p));
    sim_kernel_set(p.a, &good[0]);
    sim_kernel_set(p.b, &good[1]);
    SIM_REQUIRE(then_comes_up(s, p));
}

/* H-061: the nth request for random bytes fails, for every n that a tunnel needs. */
static void no_random_bytes_at_each_point(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    for (int end = 0; end < 2; end++) {
        struct sim_host *who = end == 0 ? p.a : p.b;
        bool reached = true;
        for (unsigned nth = 1; reached && nth < 200; nth++) {
            sim_fail_random(who, nth);
            SIM_REQUIRE(attempt_ends(s, p));
            reached = sim_random_left(who) == 0;
            sim_fail_random(who, 0);
            SIM_REQUIRE(then_comes_up(s, p));
            (void)sim_terminate(p.a, "b", NULL);
            sim_run(s, SETTLE);
        }
        SIM_REQUIRE(!reached);
    }
}

/* H-106: an allocation fails; which one, the seed says. That exchange ends, the engine lives. */
static void no_memory_at_some_point(struct sim *s)
{
    struct sim_pair p = sim_chance(s, 500) ? sim_pair(s) : sim_pair_by_chance(s);
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    sim_fail_memory(who, 1 + sim_below(s, 150));
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, SETTLE);
    sim_fail_memory(who, 0);
    (void)order; /* even its result may have needed memory */
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(then_comes_up(s, p));
}

/* H-106: the nth allocation fails, for every n that a tunnel needs, at either end. */
static void no_memory_at_each_point(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    for (int end = 0; end < 2; end++) {
        struct sim_host *who = end == 0 ? p.a : p.b;
        bool reached = true;
        for (unsigned nth = 1; reached && nth < 1000; nth++) {
            sim_fail_memory(who, nth);
            (void)sim_initiate(p.a, "b", "net");
            sim_run(s, 60 * CYG_SEC);
            reached = sim_memory_left(who) == 0;
            sim_fail_memory(who, 0);
            sim_run(s, SETTLE);
            SIM_REQUIRE(sim_run_idle(s, SETTLE));
            SIM_REQUIRE(then_comes_up(s, p));
            (void)sim_terminate(p.a, "b", NULL);
            sim_run(s, SETTLE);
        }
        SIM_REQUIRE(!reached);
    }
}

static const struct sim_test tests[] = {
    SIM_TEST(full_lanes_only_delay, 5),
    SIM_TEST(slow_jobs_absorb_what_is_repeated, 3),
    SIM_TEST(results_come_too_late, 4),
    SIM_TEST(a_store_that_is_busy_only_delays, 2),
    SIM_TEST(a_store_that_fails_now_and_then, 3),
    SIM_TEST(each_operation_of_the_data_plane_fails, 0),
    SIM_TEST(a_data_plane_that_fails_now_and_then, 5),
    SIM_TEST(no_random_bytes_at_each_point, 0),
    SIM_TEST(no_memory_at_some_point, 15),
    SIM_TEST(no_memory_at_each_point, 0),
};

const struct sim_suite trouble_suite = { "trouble", tests, CYG_LEN(tests) };
