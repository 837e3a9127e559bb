/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Main mode between two engines: what comes up, what is refused and why, what happens when
 * something is missing, late, doubled or lost. */
#include "simulation/suites.h"

#include <string.h>

/* Phase 1 alone. */
static bool phase1_up(struct sim *s, struct sim_pair p)
{
    uint64_t order = sim_initiate(p.a, "b", NULL);
    return sim_run_order(p.a, order, 300 * CYG_SEC) && sim_run_idle(s, 300 * CYG_SEC)
           && sim_counts(p.a).ike_sas == 1 && sim_counts(p.b).ike_sas == 1 && sim_settled(s);
}

static unsigned sent_of_exchange(struct sim *s, const struct sim_host *from, uint8_t exchange)
{
    unsigned n = 0;
    for (size_t i = 0; i < sim_tape_len(s); i++) {
        struct cyg_span ike = sim_frame_ike(sim_tape(s, i));
        n += sim_tape(s, i)->from == from && ike.len > 0 && ike.data[18] == exchange;
    }
    return n;
}

static void comes_up_in_six_messages(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct cyg_ike_record ike[2][2];
    size_t n, children;
    sim_tape_start(s);
    SIM_REQUIRE(phase1_up(s, p));
    SIM_REQUIRE_EQUAL(sent_of_exchange(s, p.a, 2), 3);
    SIM_REQUIRE_EQUAL(sent_of_exchange(s, p.b, 2), 3);
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_IKE_UP), 1);
    SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_IKE_UP), 1);
    engine_list(sim_engine(p.a), sim_now(s), 0, ike[0], 2, &n, NULL, 0, &children);
    SIM_REQUIRE_EQUAL(n, 1);
    engine_list(sim_engine(p.b), sim_now(s), 0, ike[1], 2, &n, NULL, 0, &children);
    SIM_REQUIRE_EQUAL(n, 1);
    SIM_REQUIRE(memcmp(ike[0][0].cookie_i, ike[1][0].cookie_i, 8) == 0);
    SIM_REQUIRE(memcmp(ike[0][0].cookie_r, ike[1][0].cookie_r, 8) == 0);
    SIM_REQUIRE(ike[0][0].initiator && !ike[1][0].initiator);
    SIM_REQUIRE_EQUAL(ike[0][0].state, CYG_IKE_ESTABLISHED);
    SIM_REQUIRE_EQUAL(ike[1][0].state, CYG_IKE_ESTABLISHED);
    SIM_REQUIRE(cyg_identity_equal(&ike[0][0].local_id, &ike[1][0].remote_id));
    SIM_REQUIRE(cyg_identity_equal(&ike[1][0].local_id, &ike[0][0].remote_id));
    SIM_REQUIRE_EQUAL(ike[1][0].cipher, CYG_ALG_AES256);
    SIM_REQUIRE_EQUAL(ike[1][0].integ, CYG_ALG_SHA256);
    SIM_REQUIRE_EQUAL(ike[1][0].group, CYG_ALG_MODP2048);
    SIM_REQUIRE(!ike[0][0].nat_any && !ike[1][0].nat_any);
}

/* Every cipher with every hash (and so every key expansion of RFC 2409 App. B), every group. */
static void every_algorithm_comes_up(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    for (int c = 1; c < CYG_ALG_COUNT; c++) {
        const struct cyg_alg_info *cipher = cyg_alg_info((enum cyg_alg)c);
        for (int h = 1; h < CYG_ALG_COUNT; h++) {
            const struct cyg_alg_info *hash = cyg_alg_info((enum cyg_alg)h);
            if (cipher->kind != CYG_ALG_KIND_CIPHER || cipher->ike == 0
                || hash->kind != CYG_ALG_KIND_INTEG || hash->ike == 0) {
                continue;
            }
            sim_peersf(p.a, "b.proposals = %s-%s-modp1024", cipher->keyword, hash->keyword);
            sim_peersf(p.b, "a.proposals = %s-%s-modp1024", cipher->keyword, hash->keyword);
            SIM_REQUIRE(sim_up(p.a, p.b, 1));
            SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
            SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
            SIM_REQUIRE(sim_nothing_left(s));
        }
    }
}

static void every_group_comes_up(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    for (int g = 1; g < CYG_ALG_COUNT; g++) {
        const struct cyg_alg_info *group = cyg_alg_info((enum cyg_alg)g);
        if (group->kind != CYG_ALG_KIND_GROUP) {
            continue;
        }
        sim_peersf(p.a, "b.proposals = aes128-sha1-%s\nb.net.esp_proposals = aes128-sha1-%s",
                   group->keyword, group->keyword);
        sim_peersf(p.b, "a.proposals = aes128-sha1-%s\na.net.esp_proposals = aes128-sha1-%s",
                   group->keyword, group->keyword);
        SIM_REQUIRE(sim_up(p.a, p.b, 1));
        SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
        SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
        SIM_REQUIRE(sim_nothing_left(s));
    }
}

static enum cyg_alg chosen_cipher(struct sim *s, struct sim_host *h)
{
    struct cyg_ike_record ike[1];
    size_t n, children;
    engine_list(sim_engine(h), sim_now(s), 0, ike, 1, &n, NULL, 0, &children);
    return n == 1 ? (enum cyg_alg)ike[0].cipher : CYG_ALG_NONE;
}

static void the_initiators_order_counts(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.proposals = 3des-md5-modp1024, aes128-sha256-modp2048, aes256-sha1-modp1024");
    sim_peers(p.b, "a.proposals = aes256-sha1-modp1024, aes128-sha256-modp2048");
    SIM_REQUIRE(phase1_up(s, p));
    SIM_REQUIRE_EQUAL(chosen_cipher(s, p.b), CYG_ALG_AES128);
    SIM_REQUIRE_EQUAL(chosen_cipher(s, p.a), CYG_ALG_AES128);
}

static void the_responders_order_counts_if_it_is_told(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.proposals = 3des-md5-modp1024, aes128-sha256-modp2048, aes256-sha1-modp1024");
    sim_peers(p.b, "a.prefer_own = yes\n"
                   "a.proposals = aes256-sha1-modp1024, aes128-sha256-modp2048");
    SIM_REQUIRE(phase1_up(s, p));
    SIM_REQUIRE_EQUAL(chosen_cipher(s, p.b), CYG_ALG_AES256);
    SIM_REQUIRE_EQUAL(chosen_cipher(s, p.a), CYG_ALG_AES256);
}

static void ipv6_comes_up(struct sim *s)
{
    struct sim_pair p = { sim_host(s, "a", "2001:db8::a"), sim_host(s, "b", "2001:db8::b") };
    sim_tunnel(p.a, p.b);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
}

/* The responder is found by its identity when its address is not known. */
static void a_peer_from_anywhere_is_found_by_identity(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.local_id = a.example.org");
    sim_peers(p.b, "delete a\n"
                   "one.remote_addrs = %any\none.proposals = aes256-sha256-modp2048\n"
                   "one.secret = common\none.remote_id = other.example.org\n"
                   "two.remote_addrs = %any\ntwo.proposals = aes256-sha256-modp2048\n"
                   "two.secret = common\ntwo.remote_id = A.example.ORG\n"
                   "two.net.local_ts = 10.2.0.0/16\ntwo.net.remote_ts = 10.1.0.0/16\n"
                   "two.net.esp_proposals = aes128-sha256");
    sim_peers(p.a, "b.secret = common");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    struct cyg_ike_record ike[1];
    size_t n, children;
    engine_list(sim_engine(p.b), sim_now(s), 0, ike, 1, &n, NULL, 0, &children);
    SIM_REQUIRE_EQUAL(n, 1);
    SIM_REQUIRE(strcmp(ike[0].name, "two") == 0);
}

/* ---- refusals ---- */

/* A refused attempt: an order that fails with something said at both ends; then nothing is left. */
static bool fails_and_leaves_nothing(struct sim *s, struct sim_pair p)
{
    uint64_t order = sim_initiate(p.a, "b", "net");
    if (sim_run_order(p.a, order, 300 * CYG_SEC) || sim_result(p.a, order) == NULL) {
        return false;
    }
    return sim_run_idle(s, 300 * CYG_SEC) && sim_nothing_left(s);
}

static void other_proposals_are_refused_with_both_sides_named(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    cyg_usec begin = sim_now(s);
    sim_peers(p.a, "b.proposals = 3des-md5-modp1024");
    SIM_REQUIRE(fails_and_leaves_nothing(s, p));
    SIM_REQUIRE(sim_now(s) - begin < 60 * CYG_SEC);
    SIM_REQUIRE(sim_said(p.b, "3des-md5-modp1024"));
    SIM_REQUIRE(sim_said(p.b, "aes256-sha256-modp2048"));
    SIM_REQUIRE(sim_said(p.a, "NO-PROPOSAL-CHOSEN"));
}

static void another_secret_is_suspected(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.secret = another");
    SIM_REQUIRE(fails_and_leaves_nothing(s, p));
    SIM_REQUIRE(sim_said(p.b, "pre-shared key"));
    SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_IKE_UP), 0);
    SIM_REQUIRE_EQUAL(sim_events(p.a, CYG_EVENT_IKE_UP), 0);
    sim_peers(p.b, "a.secret = another");
    sim_run(s, 2 * CYG_SEC); /* the store is asked for changes once a second */
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
}

static void another_identity_of_the_initiator_is_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.local_id = somebody.example.org");
    sim_peers(p.b, "a.remote_id = a.example.org");
    SIM_REQUIRE(fails_and_leaves_nothing(s, p));
    SIM_REQUIRE_EQUAL(sim_events(p.b, CYG_EVENT_IKE_UP), 0);
}

static void another_identity_of_the_responder_is_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.b, "a.local_id = somebody.example.org");
    sim_peers(p.a, "b.remote_id = b.example.org");
    uint64_t order = sim_initiate(p.a, "b", "net");
    SIM_REQUIRE(!sim_run_order(p.a, order, 300 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    SIM_REQUIRE(sim_said(p.a, "somebody.example.org"));
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 0);
    SIM_REQUIRE(sim_run_idle(s, 300 * CYG_SEC));
}

static void an_unknown_address_gets_no_state(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.b, "delete a");
    SIM_REQUIRE(fails_and_leaves_nothing(s, p));
    SIM_REQUIRE_EQUAL(sim_kernel_ops(p.b, CYG_KERNEL_SPI_RESERVE), 0);
}

static void a_peer_without_secret_is_said_to_have_none(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.b, "delete a\na.remote_addrs = 192.0.2.1\na.proposals = aes256-sha256-modp2048");
    SIM_REQUIRE(fails_and_leaves_nothing(s, p));
    SIM_REQUIRE(sim_said(p.b, "pre-shared key") || sim_said(p.b, "secret"));
}

static void unknown_names_are_said_to_be_unknown(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    uint64_t order = sim_initiate(p.a, "nobody", "net");
    SIM_REQUIRE(!sim_run_order(p.a, order, 10 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    order = sim_initiate(p.a, "b", "nothing");
    SIM_REQUIRE(!sim_run_order(p.a, order, 10 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    order = sim_terminate(p.a, "nobody", NULL);
    SIM_REQUIRE(!sim_run_order(p.a, order, 10 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    SIM_REQUIRE(sim_nothing_left(s));
}

/* ---- time ---- */

static void repeats_with_growing_pauses_then_gives_up(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_tape_start(s);
    sim_stop(p.b);
    uint64_t order = sim_initiate(p.a, "b", "net");
    SIM_REQUIRE(!sim_run_order(p.a, order, 300 * CYG_SEC));
    SIM_REQUIRE(sim_result(p.a, order) != NULL);
    /* 5 tries after the first, 4 s * 1.8^n apart (FEATURES.md): 4, 7.2, 12.96, 23.3, 42 s, and
     * the pause behind the last. */
    SIM_REQUIRE_EQUAL(sim_tape_len(s), 6);
    cyg_usec pause = 4 * CYG_SEC;
    for (size_t i = 1; i < sim_tape_len(s); i++) {
        cyg_usec seen = sim_tape(s, i)->at - sim_tape(s, i - 1)->at;
        SIM_REQUIRE(seen >= pause - pause / 50 && seen <= pause + pause / 50);
        SIM_REQUIRE_EQUAL(sim_tape(s, i)->len, sim_tape(s, 0)->len);
        SIM_REQUIRE(memcmp(sim_tape(s, i)->bytes, sim_tape(s, 0)->bytes, sim_tape(s, 0)->len) == 0);
        pause = pause * 18 / 10;
    }
    SIM_REQUIRE(sim_run_idle(s, CYG_SEC));
    SIM_REQUIRE(sim_nothing_left(s));
}

static void a_silent_initiator_is_forgotten_30_s_after_its_last_message(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    (void)sim_initiate(p.a, "b", "net");
    sim_run(s, 12 * CYG_MSEC); /* MM1, MM2, and MM3 is sent */
    sim_stop(p.a);
    sim_run(s, CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).half_open, 1);
    sim_run(s, 28 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).half_open, 1);
    sim_run(s, 2 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).half_open, 0);
    SIM_REQUIRE(sim_nothing_left(s));
}

static void an_initiator_that_comes_back_is_served_at_once(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    (void)sim_initiate(p.a, "b", "net");
    sim_run(s, 1000 * (1 + sim_below(s, 60)));
    sim_stop(p.a);
    sim_start(p.a);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_run(s, 60 * CYG_SEC);
    SIM_REQUIRE(sim_is_up(p.a, p.b, 1));
}

/* ---- lines ---- */

static void every_message_doubled(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct sim_link doubling = sim_good_link;
    doubling.dup_permille = 1000;
    doubling.jitter_us = sim_below(s, 2000 * CYG_MSEC);
    sim_link_all(s, &doubling);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE_EQUAL(sim_counts(p.a).ike_sas, 1);
    SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
}

/* Each message of the handshake is lost once, alone. */
struct loser {
    size_t seen, lost;
};

static enum sim_verdict lose_one(struct sim *s, struct sim_frame *frame, void *context)
{
    struct loser *l = context;
    (void)s;
    (void)frame;
    return l->seen++ == l->lost ? SIM_DROP : SIM_PASS;
}

static void each_message_lost_once(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    for (size_t i = 0; i < 9; i++) {
        struct loser loser = { .lost = i };
        sim_tap(s, lose_one, &loser);
        SIM_REQUIRE(sim_up(p.a, p.b, 1));
        SIM_REQUIRE_EQUAL(sim_counts(p.b).ike_sas, 1);
        sim_tap(s, NULL, NULL);
        SIM_REQUIRE(sim_run_order(p.a, sim_terminate(p.a, "b", NULL), 60 * CYG_SEC));
        SIM_REQUIRE(sim_run_idle(s, 60 * CYG_SEC));
        SIM_REQUIRE(sim_nothing_left(s));
    }
}

static const struct sim_test tests[] = {
    SIM_TEST(comes_up_in_six_messages, 0),
    SIM_TEST(every_algorithm_comes_up, 0),
    SIM_TEST(every_group_comes_up, 0),
    SIM_TEST(the_initiators_order_counts, 0),
    SIM_TEST(the_responders_order_counts_if_it_is_told, 0),
    SIM_TEST(ipv6_comes_up, 0),
    SIM_TEST(a_peer_from_anywhere_is_found_by_identity, 0),
    SIM_TEST(other_proposals_are_refused_with_both_sides_named, 0),
    SIM_TEST(another_secret_is_suspected, 0),
    SIM_TEST(another_identity_of_the_initiator_is_refused, 0),
    SIM_TEST(another_identity_of_the_responder_is_refused, 0),
    SIM_TEST(an_unknown_address_gets_no_state, 0),
    SIM_TEST(a_peer_without_secret_is_said_to_have_none, 0),
    SIM_TEST(unknown_names_are_said_to_be_unknown, 0),
    SIM_TEST(repeats_with_growing_pauses_then_gives_up, 0),
    SIM_TEST(a_silent_initiator_is_forgotten_30_s_after_its_last_message, 0),
    SIM_TEST(an_initiator_that_comes_back_is_served_at_once, 2),
    SIM_TEST(every_message_doubled, 2),
    SIM_TEST(each_message_lost_once, 0),
};

const struct sim_suite main_mode_suite = { "main_mode", tests, CYG_LEN(tests) };
