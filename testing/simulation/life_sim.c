/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How SAs end: lifetimes, deletes, orders, restarts, changed peers; and that nothing stays. */
#include "simulation/suites.h"

#include <string.h>

/* ---- lifetimes ---- */

static void the_shorter_lifetime_counts_at_both_ends(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    bool a_is_shorter = sim_chance(s, 500);
    sim_peersf(p.a, "b.net.life_time = %d", a_is_shorter ? 120 : 3600);
    sim_peersf(p.b, "a.net.life_time = %d", a_is_shorter ? 3600 : 120);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_run(s, 100 * CYG_SEC);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    sim_run(s, 30 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    SIM_REQUIRE_EQUAL(sim_policies(p.a) + sim_policies(p.b), 0);
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_CHILD_DOWN), 1);
    SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_CHILD_DOWN), 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
}

/* H-108: nobody makes us spin. */
static void a_lifetime_that_is_too_short_is_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.life_time = 20");
    uint64_t order = sim_initiate(p.a, "b", "net");
    SIM_REQUIRE(!sim_run_order(p.a, order, 300 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    SIM_REQUIRE(sim_said(p.b, "20") && sim_said(p.b, "60"));
}

static void phase_1_ends_in_time_and_its_children_stay(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.lifetime = 7200");
    sim_peers(p.b, "a.lifetime = 200");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_run(s, 190 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
    sim_run(s, 30 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 0);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 0);
}

static void bytes_used_up_end_the_pair(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.life_bytes = 1000000");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    bool limited = false;
    for (size_t i = 0; i < sim_sas(p.b); i++) {
        limited |= sim_sa(p.b, i)->life_bytes > 0;
    }
    SIM_REQUIRE(limited); /* negotiated, not only local */
    for (size_t i = 0; i < sim_sas(p.a); i++) {
        if (sim_sa(p.a, i)->inbound) {
            sim_sa_expire(p.a, sim_sa(p.a, i)->spi);
            break;
        }
    }
    sim_run(s, 10 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    SIM_REQUIRE(sim_settled(s));
}

/* ---- orders ---- */

static void a_terminated_child_goes_at_both_ends(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    struct sim_host *other = who == p.a ? p.b : p.a;
    SIM_REQUIRE(sim_run_order(who, sim_terminate(who, sim_name(other), "net"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas + sim_counts(p.b).ike_sas, 2);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
}

static void a_terminated_peer_goes_at_both_ends(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    struct sim_host *other = who == p.a ? p.b : p.a;
    SIM_REQUIRE(sim_run_order(who, sim_terminate(who, sim_name(other), NULL), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_IKE_DOWN), 1);
    SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_IKE_DOWN), 1);
}

/* swanctl's loading of a changed child: what is up ends, and its IKE SA with it or not. */
static void end_child(struct sim *s, struct sim_host *h, bool idle_too, bool again)
{
    const struct cyg_order order = { .type = CYG_ORDER_TERMINATE,
                                     .ike = "b",
                                     .child = "net",
                                     .idle_too = idle_too,
                                     .again = again };
    SIM_REQUIRE(sim_run_order(h, sim_order(h, &order), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
}

static void an_idle_ike_sa_ends_with_its_last_child_when_told_to(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(
        p.a,
        "b.more.esp_proposals = aes128gcm16\nb.more.local_ts = 10.11.0.0/16\nb.more.remote_ts = 10.12.0.0/16");
    sim_peers(
        p.b,
        "a.more.esp_proposals = aes128gcm16\na.more.local_ts = 10.12.0.0/16\na.more.remote_ts = 10.11.0.0/16");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "more"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    end_child(s, p.a, true, false); /* "more" still needs it */
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 2);
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", "more"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1); /* nobody said so */
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    end_child(s, p.a, true, false);
    SIM_REQUIRE(sim_nothing_left(s));
}

static void a_terminated_child_comes_again_when_told_to(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    bool new_ike = sim_chance(s, 500);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    end_child(s, p.a, new_ike, true);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_CHILD_DOWN), 1);
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_CHILD_UP), 2);
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_IKE_UP), new_ike ? 2 : 1);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

static void what_is_not_up_does_not_come_again(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    const struct cyg_order order = {
        .type = CYG_ORDER_TERMINATE, .ike = "b", .child = "net", .idle_too = true, .again = true
    };
    const uint64_t id = sim_order(p.a, &order);
    SIM_REQUIRE(!sim_run_order(p.a, id, 60 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_result(p.a, id)->reason, CYG_R_NO_SUCH_SA);
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

static void unique_ids_name_what_is_to_go(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct cyg_ike_record ike[1];
    struct cyg_child_record child[1];
    size_t n, n_children;
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    engine_list(sim_engine(p.a), sim_now(s), 0, ike, 1, &n, child, 1, &n_children);
    SIM_REQUIRE(n == 1 && n_children == 1);
    struct cyg_order order = { .type = CYG_ORDER_TERMINATE, .child_id = child[0].uniqueid };
    SIM_REQUIRE(sim_run_order(p.a, sim_order(p.a, &order), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    order = (struct cyg_order){ .type = CYG_ORDER_TERMINATE, .ike_id = ike[0].uniqueid };
    SIM_REQUIRE(sim_run_order(p.a, sim_order(p.a, &order), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

static void both_ends_terminate_at_once(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    const char *child = sim_chance(s, 500) ? "net" : NULL;
    uint64_t from_a = sim_terminate(p.a, "b", child);
    sim_run(s, sim_below(s, 8000));
    uint64_t from_b = sim_terminate(p.b, "a", child);
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, from_a) != NULL && sim_result(p.b, from_b) != NULL);
    SIM_REQUIRE_EQUAL(sim_sas(p.a) + sim_sas(p.b), 0);
    SIM_REQUIRE(sim_settled(s));
}

/* At any moment of a handshake: the order to begin fails or had succeeded, nothing stays. */
static void terminated_in_the_middle_of_it(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    uint64_t up = sim_initiate(p.a, "b", "net");
    sim_run(s, sim_below(s, 200 * CYG_MSEC));
    struct sim_host *who = sim_chance(s, 700) ? p.a : p.b;
    uint64_t down = sim_terminate(who, who == p.a ? "b" : "a", NULL);
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, up) != NULL);
    SIM_REQUIRE(sim_result(who, down) != NULL);
    SIM_REQUIRE(sim_settled(s));
    if (who == p.a && sim_succeeded(who, down)) {
        SIM_REQUIRE_EQUAL(sim_sas(p.a), 0);
    }
}

static void a_host_that_shuts_down_says_so(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    uint64_t order = sim_order(p.a, &(struct cyg_order){ .type = CYG_ORDER_SHUTDOWN });
    SIM_REQUIRE(sim_run_order(p.a, order, 10 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 10 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

static void a_shutdown_in_the_middle_of_it(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    uint64_t up = sim_initiate(p.a, "b", "net");
    sim_run(s, sim_below(s, 200 * CYG_MSEC));
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    uint64_t order = sim_order(who, &(struct cyg_order){ .type = CYG_ORDER_SHUTDOWN });
    SIM_REQUIRE(sim_run_order(who, order, 30 * CYG_SEC));
    SIM_REQUIRE(who != p.a || sim_result(p.a, up) != NULL);
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, up) != NULL);
    SIM_REQUIRE_EQUAL(sim_sas(who), 0);
    SIM_REQUIRE_EQUAL(sim_reserved(who), 0);
}

/* What still waits for the store ends too, and nothing new begins. */
static void a_shutdown_ends_orders_that_have_no_sa_yet(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    const struct sim_jobs slow = { .limit = 64, .min_us = 2 * CYG_SEC, .max_us = 2 * CYG_SEC };
    sim_jobs_set(p.a, CYG_LANE_STORAGE, &slow);
    uint64_t looked_up = sim_initiate(p.a, "b", "net");
    sim_run(s, 2100 * CYG_MSEC); /* it wants the secret now */
    uint64_t begun = sim_initiate(p.a, "b", "net");
    sim_run(s, 100 * CYG_MSEC);
    uint64_t down = sim_order(p.a, &(struct cyg_order){ .type = CYG_ORDER_SHUTDOWN });
    uint64_t late = sim_initiate(p.a, "b", "net");
    SIM_REQUIRE(sim_run_order(p.a, down, 10 * CYG_MSEC));
    const struct cyg_error *results[] = { sim_result(p.a, looked_up), sim_result(p.a, begun),
                                          sim_result(p.a, late) };
    for (size_t i = 0; i < CYG_LEN(results); i++) {
        SIM_REQUIRE(results[i] != NULL);
        SIM_REQUIRE_EQUAL(results[i]->reason, CYG_R_SHUTDOWN);
    }
    SIM_REQUIRE(sim_run_idle(s, 10 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

/* A Delete is sent once and not acknowledged: lost, the other end keeps its SA for its lifetime. */
static void a_lost_delete_ends_with_the_lifetime(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.life_time = 300\nb.lifetime = 300");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_cut(p.a, p.b, true);
    (void)sim_terminate(p.a, "b", NULL);
    sim_run(s, 60 * CYG_SEC);
    SIM_REQUIRE(sim_settled(s));
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 0);
    SIM_REQUIRE_EQUAL(sim_sas(p.b), 2);
    sim_run(s, 300 * CYG_SEC);
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

/* ---- restarts, uniqueness ---- */

static void who_restarts_replaces_his_old_sas(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    struct sim_host *who = sim_chance(s, 500) ? p.a : p.b;
    struct sim_host *other = who == p.a ? p.b : p.a;
    sim_stop(who);
    sim_run(s, sim_below(s, 100) * CYG_SEC);
    sim_start(who);
    SIM_REQUIRE(sim_run_order(who, sim_initiate(who, sim_name(other), "net"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* unique = replace: the same identity from elsewhere, newest wins. It says INITIAL-CONTACT, so the
 * old one's SAs are taken for dead; the old host itself is not told (nobody may be there). */
static void the_newest_of_one_identity_wins(struct sim *s)
{
    struct sim_host *a = sim_host(s, "a", "192.0.2.1"), *b = sim_host(s, "b", "198.51.100.1");
    struct sim_host *c = sim_host(s, "c", "192.0.2.99");
    sim_tunnel(a, b);
    sim_tunnel(c, b);
    sim_peers(a, "b.local_id = road@example.org");
    sim_peers(c, "b.local_id = road@example.org\nb.net.local_ts = 10.1.0.0/16");
    sim_peers(b, "delete c\na.remote_addrs = %any\na.remote_id = road@example.org");
    SIM_REQUIRE(sim_up(a, b, 1));
    SIM_REQUIRE(sim_run_order(c, sim_initiate(c, "b", "net"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_counts(b).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_sas(b), 2);
    SIM_REQUIRE(sim_ping(b, "10.2.0.1", "10.1.0.1"));
    SIM_REQUIRE_EQUAL(sim_sas(c), 2);
    SIM_REQUIRE(!sim_ping(a, "10.1.0.1", "10.2.0.1"));
}

static void unique_keep_refuses_the_newcomer(struct sim *s)
{
    struct sim_host *a = sim_host(s, "a", "192.0.2.1"), *b = sim_host(s, "b", "198.51.100.1");
    struct sim_host *c = sim_host(s, "c", "192.0.2.99");
    sim_tunnel(a, b);
    sim_tunnel(c, b);
    sim_peers(a, "b.local_id = road@example.org");
    sim_peers(c, "b.local_id = road@example.org\nb.net.local_ts = 10.1.0.0/16");
    sim_peers(b, "delete c\na.remote_addrs = %any\na.remote_id = road@example.org\n"
                 "a.unique = keep");
    sim_peers(a, "b.unique = never"); /* no INITIAL-CONTACT either way */
    sim_peers(c, "b.unique = never");
    SIM_REQUIRE(sim_up(a, b, 1));
    SIM_REQUIRE(!sim_run_order(c, sim_initiate(c, "b", "net"), 300 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(a, b, 1));
    SIM_REQUIRE(sim_ping_pair(a, b));
    SIM_REQUIRE_EQUAL(sim_sas(c), 0);
}

/* ---- live changes ---- */

static void a_deleted_peer_goes_within_two_seconds(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_peers(p.a, "delete b");
    sim_run(s, 2 * CYG_SEC);
    SIM_REQUIRE(sim_run_idle(s, 10 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s)); /* the other end was told */
}

static void a_changed_peer_counts_from_the_next_negotiation(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_peers(p.a, "b.two.esp_proposals = aes256gcm16\nb.two.local_ts = 10.1.0.0/16\n"
                   "b.two.remote_ts = 10.22.0.0/16");
    sim_peers(p.b, "a.two.esp_proposals = aes256gcm16\na.two.local_ts = 10.22.0.0/16\n"
                   "a.two.remote_ts = 10.1.0.0/16");
    sim_run(s, 3 * CYG_SEC);
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "two"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_ping(p.a, "10.1.0.1", "10.22.0.1"));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b)); /* what stood stays */
}

/* How many children of a host live this long, as was agreed. */
static size_t living(struct sim_host *h, cyg_usec life)
{
    static struct cyg_ike_record ikes[64];
    static struct cyg_child_record children[64];
    size_t n, n_children, found = 0;
    engine_list(sim_engine(h), sim_now(sim_of(h)), 0, ikes, CYG_LEN(ikes), &n, children,
                CYG_LEN(children), &n_children);
    for (size_t i = 0; i < n_children; i++) {
        found += children[i].expires_at - children[i].installed == life;
    }
    return found;
}

/* More rows change than are read anew at once, and again while that goes on: what the store has
 * told once reaches every SA, with the newest value. */
static void many_changed_peers_are_all_read_anew(struct sim *s)
{
    enum {
        N = 60
    };
    const struct sim_jobs slow = { .limit = 256, .min_us = 2 * CYG_SEC, .max_us = 4 * CYG_SEC };
    struct sim_host *a = sim_host(s, "a", "192.0.2.1"), *spokes[N];
    for (int i = 0; i < N; i++) {
        char name[16], address[32];
        snprintf(name, sizeof name, "s%d", i);
        snprintf(address, sizeof address, "198.51.100.%d", i + 1);
        spokes[i] = sim_host(s, name, address);
        sim_tunnel(a, spokes[i]);
        sim_peersf(a, "s%d.net.life_time = 1800", i);
        SIM_REQUIRE(sim_run_order(a, sim_initiate(a, name, "net"), 60 * CYG_SEC));
    }
    sim_run(s, 3 * CYG_SEC);
    sim_jobs_set(a, CYG_LANE_STORAGE, &slow);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++) {
            sim_peersf(a, "s%d.net.life_time = %d", i,
                       round == 0 ? 1800 : 1500); /* the first says what it was */
        }
        sim_run(s, 2500 * CYG_MSEC + sim_below(s, CYG_SEC)); /* some have come back */
    }
    sim_run(s, 120 * CYG_SEC);
    SIM_REQUIRE_EQUAL(living(a, 1500 * CYG_SEC), N);
    SIM_REQUIRE_EQUAL(sim_sas(a), 2 * N);
}

static void a_peer_deleted_in_the_middle_of_it(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, sim_below(s, 200 * CYG_MSEC));
    bool at_a = sim_chance(s, 500);
    sim_peers(at_a ? p.a : p.b, at_a ? "delete b" : "delete a");
    sim_run(s, 3 * CYG_SEC);
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    sim_run(s, 3 * CYG_SEC);
    SIM_REQUIRE(sim_settled(s));
    SIM_REQUIRE_EQUAL(sim_sas(at_a ? p.a : p.b), 0);
}

static void start_action_start_runs_by_itself(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.start_action = start");
    sim_run(s, 3 * CYG_SEC);
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* ---- memory ---- */

/* After some rounds, one more costs nothing that stays (H-107). */
static void rounds_leave_no_memory_behind(struct sim *s)
{
    struct sim_pair p = sim_pair_by_chance(s);
    size_t before = 0;
    for (int round = 0; round < 12; round++) {
        SIM_REQUIRE(sim_up(p.a, p.b, 0));
        SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
        sim_run(s, 200 * CYG_SEC); /* kept replies go after two minutes */
        SIM_REQUIRE(sim_nothing_left(s));
        if (round == 5) {
            before = sim_memory_bytes();
        }
    }
    SIM_REQUIRE(sim_memory_bytes() <= before);
}

static void failed_rounds_leave_no_memory_behind(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    static const char *const spoilt[] = { "b.secret = another", "b.proposals = 3des-md5-modp1024",
                                          "b.net.esp_proposals = 3des-md5",
                                          "b.net.remote_ts = 10.99.0.0/16",
                                          "b.local_id = nobody@example.org" };
    size_t before = 0;
    sim_peers(p.b, "a.remote_id = 192.0.2.1");
    sim_peersf(p.a, "%s", spoilt[sim_below(s, CYG_LEN(spoilt))]);
    for (int round = 0; round < 14; round++) { /* 8 failures of a peer are remembered */
        uint64_t order = sim_initiate(p.a, "b", "net");
        SIM_REQUIRE(!sim_run_order(p.a, order, 300 * CYG_SEC));
        (void)sim_terminate(p.a, "b", NULL);
        sim_run(s, 200 * CYG_SEC);
        SIM_REQUIRE(sim_nothing_left(s));
        if (round == 10) {
            before = sim_memory_bytes();
        }
    }
    SIM_REQUIRE(sim_memory_bytes() <= before);
}

static const struct sim_test tests[] = {
    SIM_TEST(the_shorter_lifetime_counts_at_both_ends, 1),
    SIM_TEST(a_lifetime_that_is_too_short_is_refused, 0),
    SIM_TEST(phase_1_ends_in_time_and_its_children_stay, 0),
    SIM_TEST(bytes_used_up_end_the_pair, 0),
    SIM_TEST(a_terminated_child_goes_at_both_ends, 1),
    SIM_TEST(a_terminated_peer_goes_at_both_ends, 1),
    SIM_TEST(an_idle_ike_sa_ends_with_its_last_child_when_told_to, 0),
    SIM_TEST(a_terminated_child_comes_again_when_told_to, 1),
    SIM_TEST(what_is_not_up_does_not_come_again, 0),
    SIM_TEST(unique_ids_name_what_is_to_go, 0),
    SIM_TEST(both_ends_terminate_at_once, 2),
    SIM_TEST(terminated_in_the_middle_of_it, 6),
    SIM_TEST(a_host_that_shuts_down_says_so, 0),
    SIM_TEST(a_shutdown_in_the_middle_of_it, 3),
    SIM_TEST(a_shutdown_ends_orders_that_have_no_sa_yet, 0),
    SIM_TEST(a_lost_delete_ends_with_the_lifetime, 0),
    SIM_TEST(who_restarts_replaces_his_old_sas, 2),
    SIM_TEST(the_newest_of_one_identity_wins, 0),
    SIM_TEST(unique_keep_refuses_the_newcomer, 0),
    SIM_TEST(start_action_start_runs_by_itself, 0),
    SIM_TEST(a_deleted_peer_goes_within_two_seconds, 0),
    SIM_TEST(a_changed_peer_counts_from_the_next_negotiation, 0),
    SIM_TEST(many_changed_peers_are_all_read_anew, 1),
    SIM_TEST(a_peer_deleted_in_the_middle_of_it, 3),
    SIM_TEST(rounds_leave_no_memory_behind, 2),
    SIM_TEST(failed_rounds_leave_no_memory_behind, 2),
};

const struct sim_suite life_suite = { "life", tests, CYG_LEN(tests) };
