/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several IKE SAs of one identity: what is under way when a newer one replaces an older one, how
 * many there may be. */
#include "simulation/suites.h"

#define SETTLE (250 * CYG_SEC)
#define FLOWS  8u

/* Host a has a row b, whose identity two machines have: b, and c that stands in for it. Eight
 * flows; a's data plane is slow, so that bringing them up takes a while. Nobody says
 * INITIAL-CONTACT. */
struct cluster {
    struct sim_host *a, *b, *c;
};

static struct cluster cluster_new(struct sim *s)
{
    struct cluster t = { sim_host(s, "a", "192.0.2.1"), sim_host(s, "b", "198.51.100.1"),
                         sim_host(s, "c", "198.51.100.2") };
    char nets[FLOWS * 20];
    size_t len = 0;
    for (unsigned i = 0; i < FLOWS; i++) {
        len +=
            (size_t)snprintf(nets + len, sizeof nets - len, "%s10.2.%u.0/24", i > 0 ? "," : "", i);
    }
    sim_tunnel(t.a, t.b);
    sim_tunnel(t.a, t.c);
    sim_peersf(t.a,
               "delete c\nb.remote_addrs = 198.51.100.1,198.51.100.2\n"
               "b.remote_id = cluster@example.org\nb.net.remote_ts = %s",
               nets);
    sim_peersf(t.b, "a.local_id = cluster@example.org\na.unique = never\na.net.local_ts = %s",
               nets);
    sim_peersf(t.c, "a.local_id = cluster@example.org\na.unique = never\na.net.local_ts = %s",
               nets);
    struct sim_kernel_settings slow = sim_kernel_get(t.a);
    slow.min_us = slow.max_us = 200 * CYG_MSEC;
    sim_kernel_set(t.a, &slow);
    return t;
}

/* The flows that are left come up under the newer IKE SA; those that a quick mode is making just
 * then stay with the older one until they are up, and belong to nobody who has gone. */
static void an_order_goes_on_under_the_newer_sa(struct sim *s)
{
    struct cluster t = cluster_new(s);
    uint64_t order = sim_initiate(t.a, "b", "net");
    sim_run(s, 500 * CYG_MSEC + sim_below(s, 300 * CYG_MSEC));
    SIM_REQUIRE(sim_result(t.a, order) == NULL && sim_counts(t.a).exchanges > 0);
    SIM_REQUIRE(sim_run_order(t.c, sim_initiate(t.c, "a", NULL), CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_reasons(t.a, CYG_R_IKE_REPLACED), 1);
    SIM_REQUIRE(sim_result(t.a, order) == NULL);
    SIM_REQUIRE(sim_run_order(t.a, order, SETTLE));
    sim_run(s, CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_sas(t.a), 2 * FLOWS);
    SIM_REQUIRE(sim_sas(t.c) >= 4); /* not all with the one that was replaced */
    SIM_REQUIRE_EQUAL(sim_sas(t.b) + sim_sas(t.c), 2 * FLOWS);
}

/* The older one, the newer one or both end while a quick mode of the older one is making a child:
 * that is its quick mode's alone. */
static void a_child_in_the_making_ends_with_its_own_sa(struct sim *s)
{
    struct cluster t = cluster_new(s);
    uint64_t order = sim_initiate(t.a, "b", "net");
    sim_run(s, 500 * CYG_MSEC + sim_below(s, 300 * CYG_MSEC));
    SIM_REQUIRE(sim_run_order(t.c, sim_initiate(t.c, "a", NULL), CYG_SEC));
    sim_run(s, sim_below(s, 100 * CYG_MSEC));
    struct sim_host *who[] = { t.c, t.b, t.a };
    size_t chosen = sim_below(s, 3);
    (void)sim_terminate(who[chosen], chosen == 2 ? "b" : "a", NULL);
    sim_run(s, sim_below(s, 500 * CYG_MSEC));
    (void)sim_terminate(t.a, "b", NULL);
    SIM_REQUIRE(sim_run_idle(s, SETTLE));
    SIM_REQUIRE(sim_result(t.a, order) != NULL);
    sim_run(s, SETTLE);
    SIM_REQUIRE_EQUAL(sim_sas(t.a) + sim_reserved(t.a) + sim_policies(t.a), 0);
}

static const struct sim_test tests[] = {
    SIM_TEST(an_order_goes_on_under_the_newer_sa, 2),
    SIM_TEST(a_child_in_the_making_ends_with_its_own_sa, 4),
};

const struct sim_suite unique_suite = { "unique", tests, CYG_LEN(tests) };
