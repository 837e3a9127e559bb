/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quick mode: SA pairs for flows, in tunnel and transport mode, with and without PFS, many at once,
 * and what is refused. */
#include "simulation/suites.h"

#include <string.h>

static void comes_up_in_three_messages(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_tape_start(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_tape_len(s), 9);
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_CHILD_UP), 1);
    SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_CHILD_UP), 1);
    SIM_REQUIRE_EQUAL(sim_policies(p.a), 1);
    SIM_REQUIRE_EQUAL(sim_policies(p.b), 1);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    SIM_REQUIRE(!sim_sa(p.a, 0)->udp_encap);
    /* A child that stands already needs nothing more. */
    SIM_REQUIRE_EQUAL(sim_sa(p.a, 0)->mode, CYG_MODE_TUNNEL);
}

/* Each local_ts x remote_ts pair is an SA pair of its own; the order is done when all stand. */
static void flows_come_up_together(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.local_ts = 10.1.0.0/24, 10.1.1.0/24\n"
                   "b.net.remote_ts = 10.2.0.0/24, 10.2.1.0/24, 10.2.2.7");
    sim_peers(p.b, "a.net.local_ts = 10.2.0.0/24, 10.2.1.0/24, 10.2.2.7\n"
                   "a.net.remote_ts = 10.1.0.0/24, 10.1.1.0/24");
    SIM_REQUIRE(sim_up(p.a, p.b, 6));
    SIM_REQUIRE_EQUAL(sim_policies(p.a), 6);
    SIM_REQUIRE_EQUAL(sim_policies(p.b), 6);
    SIM_REQUIRE(sim_ping(p.a, "10.1.1.9", "10.2.2.7"));
    SIM_REQUIRE(sim_ping(p.b, "10.2.1.1", "10.1.0.1"));
    SIM_REQUIRE(!sim_ping(p.a, "10.1.1.9", "10.2.2.8"));
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_CHILD_UP), 1);
}

/* The second child of a peer goes under the IKE SA that stands. */
static void a_second_child_shares_the_ike_sa(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.two.esp_proposals = aes256gcm16\nb.two.local_ts = 10.1.0.0/16\n"
                   "b.two.remote_ts = 10.22.0.0/16");
    sim_peers(p.b, "a.two.esp_proposals = aes256gcm16\na.two.local_ts = 10.22.0.0/16\n"
                   "a.two.remote_ts = 10.1.0.0/16");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_run_order(p.b, sim_initiate(p.b, "a", "two"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 2));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
    SIM_REQUIRE(sim_ping(p.a, "10.1.0.1", "10.22.0.1"));
}

static void every_esp_algorithm_comes_up(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    for (int c = 1; c < CYG_ALG_COUNT; c++) {
        const struct cyg_alg_info *cipher = cyg_alg_info((enum cyg_alg)c);
        for (int h = 1; h < CYG_ALG_COUNT; h++) {
            const struct cyg_alg_info *integ = cyg_alg_info((enum cyg_alg)h);
            if (cipher->kind != CYG_ALG_KIND_CIPHER || cipher->key_bits == 0
                || integ->kind != CYG_ALG_KIND_INTEG || c == CYG_ALG_DES) {
                continue;
            }
            const char *separator = cipher->icv > 0 ? "" : "-";
            const char *word = cipher->icv > 0 ? "" : integ->keyword;
            sim_peersf(p.a, "b.net.esp_proposals = %s%s%s", cipher->keyword, separator, word);
            sim_peersf(p.b, "a.net.esp_proposals = %s%s%s", cipher->keyword, separator, word);
            SIM_REQUIRE(sim_up(p.a, p.b, 1));
            SIM_REQUIRE_EQUAL(sim_sa(p.a, 0)->cipher, cipher->id);
            SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
            SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
        }
    }
    SIM_REQUIRE(sim_nothing_left(s));
}

static void pfs_makes_other_keys(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha256-ecp256");
    sim_peers(p.b, "a.net.esp_proposals = aes128-sha256-ecp256");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

static void transport_mode_comes_up(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.mode = transport\nb.net.local_ts = dynamic\nb.net.remote_ts = dynamic");
    sim_peers(p.b, "a.net.mode = transport\na.net.local_ts = dynamic\na.net.remote_ts = dynamic");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_sa(p.a, 0)->mode, CYG_MODE_TRANSPORT);
    SIM_REQUIRE(sim_ping(p.a, "192.0.2.1", "198.51.100.1"));
}

static void protocols_and_ports_select(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.mode = transport\nb.net.local_ts = dynamic[udp/1701]\n"
                   "b.net.remote_ts = dynamic[udp]");
    sim_peers(p.b, "a.net.mode = transport\na.net.local_ts = dynamic[udp]\n"
                   "a.net.remote_ts = dynamic[udp/1701]");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_sa(p.b, 0)->flow.remote.port, 1701);
    SIM_REQUIRE_EQUAL(sim_sa(p.b, 0)->flow.remote.protocol, 17);
}

/* IPv4 and IPv6 inside of each other. */
static void inner_and_outer_family_may_differ(struct sim *s)
{
    struct sim_host *a = sim_host(s, "a", "192.0.2.1 2001:db8::a");
    struct sim_host *b = sim_host(s, "b", "198.51.100.1 2001:db8::b");
    for (int i = 0; i < 4; i++) {
        bool outer = (i & 1) != 0, inner = (i & 2) != 0;
        sim_tunnel(a, b);
        if (outer) {
            sim_peers(a, "b.local_addrs = 2001:db8::a\nb.remote_addrs = 2001:db8::b");
            sim_peers(b, "a.local_addrs = 2001:db8::b\na.remote_addrs = 2001:db8::a");
        }
        if (inner) {
            sim_peers(a, "b.net.local_ts = fd01::/64\nb.net.remote_ts = fd02::/64");
            sim_peers(b, "a.net.local_ts = fd02::/64\na.net.remote_ts = fd01::/64");
        }
        SIM_REQUIRE(sim_up(a, b, 1));
        SIM_REQUIRE_EQUAL(sim_sa(a, 0)->path.remote.family, outer ? 6 : 4);
        SIM_REQUIRE(inner ? sim_ping(a, "fd01::1", "fd02::1") : sim_ping_pair(a, b));
        SIM_REQUIRE(sim_run_order(a, sim_terminate(a, "b", NULL), 60 * CYG_SEC));
        SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
        SIM_REQUIRE(sim_nothing_left(s));
    }
}

/* ---- refusals: the order fails, the IKE SA stays, nothing is half installed ---- */

static bool child_fails(struct sim *s, struct sim_pair p)
{
    uint64_t order = sim_initiate(p.a, "b", "net");
    if (sim_run_order(p.a, order, 300 * CYG_SEC) || sim_result(p.a, order) == NULL) {
        return false;
    }
    return sim_run_idle(s, 300 * CYG_SEC) && sim_sas(p.a) == 0 && sim_sas(p.b) == 0
           && sim_policies(p.a) == 0 && sim_policies(p.b) == 0 && sim_settled(s);
}

static void other_esp_proposals_are_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = 3des-md5");
    SIM_REQUIRE(child_fails(s, p));
    SIM_REQUIRE(sim_said(p.b, "3des-md5"));
    SIM_REQUIRE(sim_said(p.b, "aes128-sha256"));
    SIM_REQUIRE(sim_said(p.a, "NO-PROPOSAL-CHOSEN"));
    sim_peers(p.a, "b.net.esp_proposals = 3des-md5, aes128-sha256");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
}

static void another_pfs_group_is_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha256-modp2048");
    sim_peers(p.b, "a.net.esp_proposals = aes128-sha256-ecp256");
    SIM_REQUIRE(child_fails(s, p));
    SIM_REQUIRE(sim_said(p.b, "modp2048"));
    SIM_REQUIRE(sim_said(p.b, "ecp256"));
}

static void pfs_at_one_end_only_is_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha256-modp2048");
    SIM_REQUIRE(child_fails(s, p));
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha256");
    sim_peers(p.b, "a.net.esp_proposals = aes128-sha256-modp2048");
    SIM_REQUIRE(child_fails(s, p));
}

static void other_flows_are_refused_with_both_sides_named(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.remote_ts = 10.77.0.0/16");
    SIM_REQUIRE(child_fails(s, p));
    SIM_REQUIRE(sim_said(p.b, "10.77.0.0/16"));
    SIM_REQUIRE(sim_said(p.b, "10.2.0.0/16"));
    SIM_REQUIRE(sim_said(p.a, "INVALID-ID-INFORMATION"));
}

static void another_mode_is_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.mode = transport\nb.net.local_ts = dynamic\nb.net.remote_ts = dynamic");
    sim_peers(p.b, "a.net.local_ts = dynamic\na.net.remote_ts = dynamic");
    SIM_REQUIRE(child_fails(s, p));
    SIM_REQUIRE(sim_said(p.b, "transport"));
    SIM_REQUIRE(sim_said(p.b, "tunnel"));
}

static void what_a_data_plane_cannot_is_not_offered(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct sim_kernel_settings kernel = sim_kernel_get(p.b);
    kernel.capabilities &= ~(uint32_t)CYG_KERNEL_TRANSPORT;
    sim_kernel_set(p.b, &kernel);
    sim_peers(p.a, "b.net.mode = transport\nb.net.local_ts = dynamic\nb.net.remote_ts = dynamic");
    sim_peers(p.b, "a.net.mode = transport\na.net.local_ts = dynamic\na.net.remote_ts = dynamic");
    SIM_REQUIRE(child_fails(s, p));
}

/* ---- many at once ---- */

#define MANY 12

/* H-071: each has its IV, whatever the order. */
static void many_children_at_once(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct sim_link bad = sim_bad_link(s, true);
    uint64_t orders[MANY];
    char name[16];
    for (unsigned i = 0; i < MANY; i++) {
        sim_peersf(p.a,
                   "b.c%u.esp_proposals = aes128-sha256%s\nb.c%u.local_ts = 10.1.%u.0/24\n"
                   "b.c%u.remote_ts = 10.2.%u.0/24",
                   i, i % 3 == 0 ? "-ecp256" : "", i, i, i, i);
        sim_peersf(p.b,
                   "a.c%u.esp_proposals = aes128-sha256%s\na.c%u.local_ts = 10.2.%u.0/24\n"
                   "a.c%u.remote_ts = 10.1.%u.0/24",
                   i, i % 3 == 0 ? "-ecp256" : "", i, i, i, i);
    }
    sim_link_all(s, &bad);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "c%u", i);
        orders[i] = sim_initiate(p.a, "b", name);
    }
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    for (unsigned i = 0; i < MANY; i++) {
        SIM_REQUIRE(sim_succeeded(p.a, orders[i]));
    }
    SIM_REQUIRE(sim_is_up(p.a, p.b, MANY));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
    sim_link_all(s, &sim_good_link);
    SIM_REQUIRE(sim_ping(p.a, "10.1.7.1", "10.2.7.1"));
}

/* Both ends begin, both phases or only the second. Both orders succeed, and traffic flows. */
static void both_ends_begin_at_once(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct sim_link line = sim_bad_link(s, true);
    sim_link_all(s, &line);
    if (sim_chance(s, 500)) {
        SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", NULL), 300 * CYG_SEC));
        SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    }
    uint64_t from_a = sim_initiate(p.a, "b", "net");
    sim_run(s, sim_below(s, 3) * sim_below(s, 300000));
    uint64_t from_b = sim_initiate(p.b, "a", "net");
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
    SIM_REQUIRE(sim_succeeded(p.a, from_a));
    SIM_REQUIRE(sim_succeeded(p.b, from_b));
    sim_link_all(s, &sim_good_link);
    sim_run(s, 60 * CYG_SEC);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* The same child twice, one after the other: done at once, or one more pair; never a failure, and
 * what the newest pair sends arrives. */
static void the_same_child_again(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "net"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
    SIM_REQUIRE(sim_run_order(p.b, sim_initiate(p.b, "a", "net"), 60 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 0));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* ---- who repeats what ---- */

struct rule {
    const struct sim_host *from;
    uint8_t exchange;
    unsigned number, seen; /* datagrams of that exchange from there: this one is lost */
};

static enum sim_verdict lose_numbered(struct sim *s, struct sim_frame *frame, void *context)
{
    struct rule *rule = context;
    struct cyg_span ike = sim_frame_ike(frame);
    (void)s;
    bool counts = frame->from == rule->from && ike.len > 0 && ike.data[18] == rule->exchange;
    return counts && ++rule->seen == rule->number ? SIM_DROP : SIM_PASS;
}

/* QM3 is lost: the responder repeats QM2 by timer, the initiator answers it with QM3. */
static void the_responder_repeats_its_message_until_the_third_comes(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct rule rule = { .from = p.a, .exchange = 32, .number = 2 };
    sim_tap(s, lose_numbered, &rule);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(rule.seen >= 3);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* The responder receives before it sends: inbound stands when QM2 goes out (DESIGN.md). */
static void traffic_that_overtakes_the_third_message_is_received(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct rule rule = { .from = p.a, .exchange = 32, .number = 2 };
    sim_tap(s, lose_numbered, &rule);
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "net"), 60 * CYG_SEC));
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 2);
    SIM_REQUIRE(sim_ping(p.a, "10.1.0.1", "10.2.0.1"));
    SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
}

static const struct sim_test tests[] = {
    SIM_TEST(comes_up_in_three_messages, 0),
    SIM_TEST(flows_come_up_together, 0),
    SIM_TEST(a_second_child_shares_the_ike_sa, 0),
    SIM_TEST(every_esp_algorithm_comes_up, 0),
    SIM_TEST(pfs_makes_other_keys, 0),
    SIM_TEST(transport_mode_comes_up, 0),
    SIM_TEST(protocols_and_ports_select, 0),
    SIM_TEST(inner_and_outer_family_may_differ, 0),
    SIM_TEST(other_esp_proposals_are_refused, 0),
    SIM_TEST(another_pfs_group_is_refused, 0),
    SIM_TEST(pfs_at_one_end_only_is_refused, 0),
    SIM_TEST(other_flows_are_refused_with_both_sides_named, 0),
    SIM_TEST(another_mode_is_refused, 0),
    SIM_TEST(what_a_data_plane_cannot_is_not_offered, 0),
    SIM_TEST(many_children_at_once, 4),
    SIM_TEST(both_ends_begin_at_once, 6),
    SIM_TEST(the_same_child_again, 1),
    SIM_TEST(the_responder_repeats_its_message_until_the_third_comes, 0),
    SIM_TEST(traffic_that_overtakes_the_third_message_is_received, 0),
};

const struct sim_suite quick_mode_suite = { "quick_mode", tests, CYG_LEN(tests) };
