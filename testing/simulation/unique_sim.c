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

/* Nothing that an authenticated peer can fill is without bound (H-101, H-103). */
static void crowd(struct sim *s, bool per_identity, enum cyg_reason reason)
{
    static const char *const addresses[] = { "198.51.100.1", "198.51.100.2", "198.51.100.3" };
    struct engine_settings settings;
    engine_settings_default(&settings);
    *(per_identity ? &settings.max_ike_sas_per_identity : &settings.max_ike_sas) = 2;
    struct sim_host *a = sim_host_with(s, "a", "192.0.2.1", &settings), *others[3];
    for (size_t i = 0; i < CYG_LEN(others); i++) {
        const char name[] = { (char)('b' + i), '\0' };
        others[i] = sim_host(s, name, addresses[i]);
        sim_tunnel(a, others[i]);
        sim_peers(others[i], "a.local_id = crowd@example.org\na.unique = never");
    }
    sim_peers(a, "delete c\ndelete d\nb.remote_addrs = %any\nb.remote_id = crowd@example.org\n"
                 "b.unique = no");
    SIM_REQUIRE(sim_run_order(others[0], sim_initiate(others[0], "a", NULL), SETTLE));
    SIM_REQUIRE(sim_run_order(others[1], sim_initiate(others[1], "a", NULL), SETTLE));
    SIM_REQUIRE(!sim_run_order(others[2], sim_initiate(others[2], "a", NULL), SETTLE));
    SIM_REQUIRE_EQUAL(sim_reasons(a, reason), 1);
    SIM_REQUIRE_EQUAL(sim_counts(a).ike_sas, 2);
    SIM_REQUIRE(sim_run_order(others[0], sim_terminate(others[0], "a", NULL), SETTLE));
    SIM_REQUIRE(sim_run_order(others[2], sim_initiate(others[2], "a", NULL), SETTLE));
}

static void one_identity_has_no_more_than_its_share(struct sim *s)
{
    crowd(s, true, CYG_R_IKE_SAS_TOO_MANY);
}

static void there_are_no_more_than_the_setting_says(struct sim *s)
{
    crowd(s, false, CYG_R_IKE_SAS_FULL);
}

static void an_sa_without_child_ends_when_the_setting_says(struct sim *s)
{
    struct engine_settings settings;
    engine_settings_default(&settings);
    settings.childless_timeout = 60 * CYG_SEC;
    struct sim_host *a = sim_host_with(s, "a", "192.0.2.1", &settings);
    struct sim_host *b = sim_host(s, "b", "198.51.100.1");
    sim_tunnel(a, b);
    SIM_REQUIRE(sim_run_order(b, sim_initiate(b, "a", NULL), SETTLE));
    sim_run(s, 50 * CYG_SEC);
    SIM_REQUIRE(sim_up(a, b, 1));
    sim_run(s, 200 * CYG_SEC);
    SIM_REQUIRE(sim_is_up(a, b, 1)); /* it had one in time */
    SIM_REQUIRE(sim_run_order(b, sim_terminate(b, "a", "net"), SETTLE));
    sim_run(s, 50 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_counts(a).ike_sas, 1);
    sim_run(s, 20 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_reasons(a, CYG_R_IKE_CHILDLESS), 1);
    sim_run(s, SETTLE);
    SIM_REQUIRE(sim_nothing_left(s)); /* the peer was told */
}

static const struct sim_test tests[] = {
    SIM_TEST(an_order_goes_on_under_the_newer_sa, 2),
    SIM_TEST(a_child_in_the_making_ends_with_its_own_sa, 4),
    SIM_TEST(one_identity_has_no_more_than_its_share, 0),
    SIM_TEST(there_are_no_more_than_the_setting_says, 0),
    SIM_TEST(an_sa_without_child_ends_when_the_setting_says, 0),
};

const struct sim_suite unique_suite = { "unique", tests, CYG_LEN(tests) };
