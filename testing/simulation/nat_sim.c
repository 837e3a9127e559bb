/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAT: detection, the float to port 4500, UDP encapsulation, keepalives, mappings that change,
 * every way of announcing it (RFC 3947 and the drafts). */
#include "simulation/suites.h"

#include <string.h>

/* a behind a box, b outside; b knows a by its identity. */
static struct sim_pair behind_one_box(struct sim *s, struct sim_nat **ret_nat, bool keep_ports)
{
    struct sim_pair p = { sim_host(s, "a", "10.9.0.1"), sim_host(s, "b", "198.51.100.1") };
    *ret_nat = sim_nat(s, "box", "203.0.113.1", keep_ports);
    sim_nat_behind(*ret_nat, p.a);
    sim_tunnel(p.a, p.b);
    sim_peers(p.a, "b.local_id = a.example.org");
    sim_peers(p.b, "a.remote_addrs = %any\na.remote_id = a.example.org");
    return p;
}

static bool uses_port(struct sim *s, size_t from, uint16_t port)
{
    for (size_t i = from; i < sim_tape_len(s); i++) {
        const struct sim_frame *f = sim_tape(s, i);
        if (f->protocol == 17 && (f->dst.port != port && f->src.port != port)) {
            return false;
        }
    }
    return true;
}

static void floats_to_4500_and_encapsulates(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, sim_chance(s, 500));
    struct cyg_ike_record ike[1];
    size_t n, children;
    sim_tape_start(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(uses_port(s, 4, 4500)); /* MM1 to MM4 on 500, MM5 and on on 4500 */
    SIM_REQUIRE_EQUAL(sim_tape(s, 3)->src.port, 500);
    SIM_REQUIRE_EQUAL(sim_tape(s, 4)->dst.port, 4500);
    SIM_REQUIRE(sim_sa(p.a, 0)->udp_encap && sim_sa(p.b, 0)->udp_encap);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    engine_list(sim_engine(p.a), sim_now(s), 0, ike, 1, &n, NULL, 0, &children);
    SIM_REQUIRE(n == 1 && ike[0].nat_local && !ike[0].nat_remote && ike[0].nat_any);
    engine_list(sim_engine(p.b), sim_now(s), 0, ike, 1, &n, NULL, 0, &children);
    SIM_REQUIRE(n == 1 && !ike[0].nat_local && ike[0].nat_remote && ike[0].nat_any);
}

static void only_who_is_behind_keeps_alive(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, false);
    sim_nat_timeout(nat, 30 * CYG_SEC);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    bool keeps_a = sim_sa(p.a, 0)->keepalive || sim_sa(p.a, 1)->keepalive;
    bool keeps_b = sim_sa(p.b, 0)->keepalive || sim_sa(p.b, 1)->keepalive;
    SIM_REQUIRE(keeps_a && !keeps_b);
    sim_run(s, 600 * CYG_SEC);
    SIM_REQUIRE(sim_ping(p.b, "10.2.0.1", "10.1.0.1")); /* the mapping still stands */
}

static void every_way_of_announcing_it_works(struct sim *s)
{
    static const char *const ways[] = { "both", "rfc", "drafts", "none" };
    struct sim_pair p = sim_pair(s);
    for (size_t i = 0; i < CYG_LEN(ways); i++) {
        for (size_t k = 0; k < CYG_LEN(ways); k++) {
            sim_peersf(p.a, "b.nat_vids = %s", ways[i]);
            sim_peersf(p.b, "a.nat_vids = %s", ways[k]);
            SIM_REQUIRE(sim_up(p.a, p.b, 1));
            SIM_REQUIRE(!sim_sa(p.a, 0)->udp_encap);
            SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
            SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
        }
    }
}

static void drafts_float_too(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, false);
    sim_peersf(p.a, "b.nat_vids = drafts");
    sim_peersf(p.b, "a.nat_vids = %s", sim_chance(s, 500) ? "drafts" : "both");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_sa(p.a, 0)->udp_encap && sim_sa(p.b, 0)->udp_encap);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

static void encapsulation_can_be_forced(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    if (sim_chance(s, 500)) {
        sim_peers(p.a, "b.encap = yes");
    } else {
        sim_peers(p.b, "a.encap = yes");
    }
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_sa(p.a, 0)->udp_encap && sim_sa(p.b, 0)->udp_encap);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

static void both_ends_behind_boxes(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, sim_chance(s, 500));
    struct sim_nat *other = sim_nat(s, "other", "203.0.113.2", true);
    sim_nat_behind(other, p.b);
    sim_nat_forward(other, 500, p.b);
    sim_nat_forward(other, 4500, p.b);
    sim_peers(p.a, "b.remote_addrs = 203.0.113.2\nb.remote_id = b.example.org");
    sim_peers(p.b, "a.local_id = b.example.org");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_sa(p.a, 0)->udp_encap && sim_sa(p.b, 0)->udp_encap);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

static void two_behind_one_box(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, true);
    struct sim_host *c = sim_host(s, "c", "10.9.0.3");
    sim_nat_behind(nat, c);
    sim_tunnel(c, p.b);
    sim_peers(c, "b.local_id = c.example.org");
    sim_peers(p.b, "c.remote_addrs = %any\nc.remote_id = c.example.org");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_run_order(c, sim_initiate(c, "b", "net"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_keys_agree(s));
    SIM_REQUIRE_EQUAL(sim_sas(p.b), 4);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    SIM_REQUIRE(sim_ping_pair(c, p.b));
}

/* The box restarts: authentic ESP from the new port moves the SA (H-151), and IKE follows. */
static void a_changed_mapping_is_followed(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, true);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_nat_forget(nat);
    if (sim_chance(s, 300)) {
        sim_nat_move(nat, "203.0.113.77");
    }
    SIM_REQUIRE(!sim_ping(p.b, "10.2.0.1", "10.1.0.1"));
    SIM_REQUIRE(sim_ping(p.a, "10.1.0.1", "10.2.0.1"));
    SIM_REQUIRE(sim_run_idle(s, CYG_SEC));
    SIM_REQUIRE(sim_ping(p.b, "10.2.0.1", "10.1.0.1"));
    SIM_REQUIRE(sim_keys_agree(s));
    /* The other end can begin an exchange, too. */
    SIM_REQUIRE(sim_run_order(p.b, sim_terminate(p.b, "a", NULL), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

/* An authenticated IKE message from the new port moves the SA as well. */
static void a_changed_mapping_is_learned_from_ike(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, true);
    sim_peers(p.a, "b.two.esp_proposals = aes128-sha256\nb.two.local_ts = 10.1.0.0/16\n"
                   "b.two.remote_ts = 10.22.0.0/16");
    sim_peers(p.b, "a.two.esp_proposals = aes128-sha256\na.two.local_ts = 10.22.0.0/16\n"
                   "a.two.remote_ts = 10.1.0.0/16");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_nat_forget(nat);
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "two"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 2));
    SIM_REQUIRE(sim_ping(p.b, "10.2.0.1", "10.1.0.1"));
}

static void transport_mode_behind_a_box(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, false);
    sim_peers(p.a, "b.net.mode = transport\nb.net.local_ts = dynamic[udp/1701]\n"
                   "b.net.remote_ts = dynamic[udp/1701]");
    sim_peers(p.b, "a.net.mode = transport\na.net.local_ts = dynamic[udp/1701]\n"
                   "a.net.remote_ts = dynamic[udp/1701]");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_sa(p.a, 0)->mode, CYG_MODE_TRANSPORT);
    SIM_REQUIRE(sim_sa(p.a, 0)->udp_encap);
}

/* A stranger repeats what he has seen from his own address: nobody moves (H-151). */
static void a_replay_from_elsewhere_moves_nothing(struct sim *s)
{
    struct sim_nat *nat;
    struct sim_pair p = behind_one_box(s, &nat, true);
    sim_tape_start(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    struct cyg_sa_spec before = *sim_sa(p.b, 0);
    for (size_t i = 0; i < sim_tape_len(s); i++) {
        struct sim_frame frame = *sim_tape(s, i);
        frame.src = (struct cyg_address){ 4, 31337, { 203, 0, 113, 66 } };
        sim_replay(s, &frame, i * 100 * CYG_MSEC);
    }
    sim_run(s, 30 * CYG_SEC);
    SIM_REQUIRE(sim_run_idle(s, 120 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
    SIM_REQUIRE(cyg_endpoint_equal(&before.path.remote, &sim_sa(p.b, 0)->path.remote));
    SIM_REQUIRE_EQUAL(sim_kernel_ops(p.b, CYG_KERNEL_SA_MOVE), 0);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

static const struct sim_test tests[] = {
    SIM_TEST(floats_to_4500_and_encapsulates, 1),
    SIM_TEST(only_who_is_behind_keeps_alive, 0),
    SIM_TEST(every_way_of_announcing_it_works, 0),
    SIM_TEST(drafts_float_too, 1),
    SIM_TEST(encapsulation_can_be_forced, 1),
    SIM_TEST(both_ends_behind_boxes, 1),
    SIM_TEST(two_behind_one_box, 1),
    SIM_TEST(a_changed_mapping_is_followed, 1),
    SIM_TEST(a_changed_mapping_is_learned_from_ike, 1),
    SIM_TEST(transport_mode_behind_a_box, 1),
    SIM_TEST(a_replay_from_elsewhere_moves_nothing, 1),
};

const struct sim_suite nat_suite = { "nat", tests, CYG_LEN(tests) };
