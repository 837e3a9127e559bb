/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a negotiation failed, told in plain words at both ends: each symptom is made for real between
 * two engines, and what they say is read. Numbers: FEATURES 4. With charon and a real data plane:
 * testing/interop/scenarios/explain_*.sh. */
#include "simulation/suites.h"

#include <stdlib.h>
#include <string.h>

#define LONG (300 * CYG_SEC)

/* The order fails for this reason, and everybody calms down. */
static bool fails_for(struct sim *s, struct sim_host *h, const char *peer, enum cyg_reason reason)
{
    uint64_t order = sim_initiate(h, peer, "net");
    if (sim_run_order(h, order, LONG) || sim_result(h, order) == NULL) {
        return sim_complain(s, "it did not fail");
    }
    if (sim_result(h, order)->reason != reason) {
        return sim_complain(s, "it failed for reason %u, not %u", sim_result(h, order)->reason,
                            (unsigned)reason);
    }
    return sim_run_idle(s, LONG);
}

/* Whether the newest record with this reason says all of these. */
static bool says(const struct sim_host *h, enum cyg_reason reason, const char *first,
                 const char *second)
{
    char text[1024];
    const struct cyg_error *record = sim_record(h, reason);
    if (record == NULL) {
        return sim_complain(sim_of(h), "nothing with reason %u was said", (unsigned)reason);
    }
    cyg_error_format(record, text, sizeof text);
    return (strstr(text, first) != NULL && strstr(text, second) != NULL)
           || sim_complain(sim_of(h), "it was said: %s", text);
}

/* ---- 1: phase 1 proposals ---- */

static void no_common_ike_proposal(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.proposals = aes128-sha1-modp1024, 3des-md5-modp1024");
    sim_peers(p.b, "a.proposals = aes128-sha256-modp2048");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_REFUSED_PROPOSALS_HINT));
    SIM_REQUIRE(says(p.a, CYG_R_REFUSED_PROPOSALS_HINT, "we offered aes128-sha1-modp1024",
                     "NO-PROPOSAL-CHOSEN (not proof)"));
    SIM_REQUIRE(says(p.a, CYG_R_WE_OFFERED, "3des-md5-modp1024", ""));
    SIM_REQUIRE(says(p.b, CYG_R_NO_PROPOSAL_IKE, "nearest: aes128-sha1-modp1024",
                     "we allow: aes128-sha256-modp2048"));
    SIM_REQUIRE(says(p.b, CYG_R_DIFFERS_HASH_GROUP, "hash and group differ",
                     "Add aes128-sha1-modp1024 to the proposals here"));
    SIM_REQUIRE(says(p.b, CYG_R_DIFFERS_ALL, "3des-md5-modp1024", "cipher, hash and group differ"));
}

/* ---- 2: phase 2 proposals ---- */

static void no_common_esp_proposal(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes256-sha1");
    sim_peers(p.b, "a.net.esp_proposals = aes128gcm16");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_ESP_REFUSED));
    SIM_REQUIRE(says(p.a, CYG_R_ESP_REFUSED, "10.1.0.0/16 === 10.2.0.0/16", "aes256-sha1"));
    SIM_REQUIRE(says(p.b, CYG_R_NO_PROPOSAL_ESP, "10.2.0.0/16 === 10.1.0.0/16", "child \"net\""));
    SIM_REQUIRE(says(p.b, CYG_R_DIFFERS_CIPHER_HASH, "aes256-sha1", "aes128gcm16"));
}

static void one_side_wants_pfs(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128gcm16-modp2048");
    sim_peers(p.b, "a.net.esp_proposals = aes128gcm16");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_ESP_REFUSED));
    SIM_REQUIRE(says(p.b, CYG_R_PFS_UNWANTED, "The peer wants PFS", "aes128gcm16-modp2048"));
    SIM_REQUIRE(fails_for(s, p.b, "a", CYG_R_ESP_REFUSED));
    SIM_REQUIRE(says(p.a, CYG_R_PFS_LACKING, "without PFS", "aes128gcm16-modp2048"));
}

static void two_modes(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.local_ts = dynamic\nb.net.remote_ts = dynamic\nb.net.mode = transport");
    sim_peers(p.b, "a.net.local_ts = dynamic\na.net.remote_ts = dynamic");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_ESP_REFUSED));
    SIM_REQUIRE(says(p.b, CYG_R_DIFFERS_MODE, "in mode 2", "the child has mode 1"));
}

/* ---- 3, 4: the secret ---- */

static void another_secret(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.secret = another");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_NO_ANSWER_PROOF));
    SIM_REQUIRE(says(p.a, CYG_R_NO_ANSWER_PROOF, "the pre-shared keys differ", "sent 6 times"));
    SIM_REQUIRE(says(p.b, CYG_R_KEY_DIFFERS, "Message 5 from 192.0.2.1", "we used the key for"));
    SIM_REQUIRE(says(p.b, CYG_R_MESSAGE_UNREAD, "Received from 192.0.2.1", "can't be read"));
    SIM_REQUIRE_EQUAL(sim_reasons(p.b, CYG_R_HALF_OPEN_TIMEOUT), 0);
}

/* charon answers an undecryptable MM5 encrypted with its own keys: seen by who cannot read it. */
static enum sim_verdict answer_message_5(struct sim *s, struct sim_frame *frame, void *context)
{
    struct cyg_span ike = sim_frame_ike(frame);
    const uint16_t *notify = context;
    if (!frame->genuine || ike.len < 28 || ike.data[18] != 2 || (ike.data[19] & 1) == 0) {
        return SIM_PASS;
    }
    uint8_t bytes[64] = { 0 };
    memcpy(bytes, ike.data, 16);
    bytes[17] = 0x10;
    bytes[18] = 5;
    bytes[19] = *notify == 0;
    bytes[23] = 77;
    if (*notify != 0) {
        static const uint8_t head[] = { 0, 0, 0, 12, 0, 0, 0, 1, 1, 0 };
        bytes[16] = 11;
        bytes[27] = 40;
        memcpy(bytes + 28, head, sizeof head);
        bytes[39] = (uint8_t)*notify;
    } else {
        bytes[16] = 8;
        bytes[27] = 28 + 32;
    }
    sim_inject(s, &frame->dst, &frame->src, (struct cyg_span){ bytes, bytes[27] }, CYG_MSEC);
    return SIM_DROP;
}

static void message_5_is_refused_in_clear(struct sim *s)
{
    static uint16_t notify = 16;
    struct sim_pair p = sim_pair(s);
    cyg_usec begin = sim_now(s);
    sim_tap(s, answer_message_5, &notify);
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_REFUSED_MESSAGE5_HINT));
    SIM_REQUIRE(sim_now(s) - begin < 40 * CYG_SEC);
    SIM_REQUIRE(says(p.a, CYG_R_REFUSED_MESSAGE5_HINT, "unprotected refusal (16, not proof)",
                     "Compare the key"));
}

static void message_5_is_answered_under_other_keys(struct sim *s)
{
    static uint16_t notify = 0;
    struct sim_pair p = sim_pair(s);
    sim_tap(s, answer_message_5, &notify);
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_REFUSED_UNREADABLE_HINT));
    SIM_REQUIRE(says(p.a, CYG_R_REFUSED_UNREADABLE_HINT, "under keys that are not ours",
                     "the pre-shared keys differ"));
}

/* ---- 21: one address, several secrets ---- */

static void several_peers_with_keys_of_their_own(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.b, "delete a\n"
                   "one.remote_addrs = %any\none.secret = first\n"
                   "one.proposals = aes256-sha256-modp2048\n"
                   "two.remote_addrs = %any\ntwo.secret = second\n"
                   "two.proposals = aes256-sha256-modp2048\n"
                   "three.remote_addrs = %any\nthree.secret = third\n"
                   "three.proposals = aes256-sha256-modp3072");
    sim_peers(p.a, "b.secret = second");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_NO_ANSWER_PROOF));
    SIM_REQUIRE(says(p.b, CYG_R_KEY_AMBIGUOUS, "2 peers fit the address and the proposal",
                     "that of \"one\" was taken, not that of two."));
}

/* ---- 5, 6: flows ---- */

struct flow_case {
    const char *local, *remote; /* that a asks for: its own side, b's side */
    enum cyg_reason reason;
};

/* b has 10.2.0.0/24 here and 10.1.0.0/24 there. */
static const struct flow_case flow_cases[] = {
    { "10.1.0.0/24", "10.2.0.0/16", CYG_R_FLOW_LOCAL_WIDER },
    { "10.1.0.0/24", "10.2.0.7", CYG_R_FLOW_LOCAL_NARROWER },
    { "10.1.0.0/24", "10.3.0.0/24", CYG_R_FLOW_LOCAL_OTHER },
    { "10.1.0.0/16", "10.2.0.0/24", CYG_R_FLOW_REMOTE_WIDER },
    { "10.1.0.7", "10.2.0.0/24", CYG_R_FLOW_REMOTE_NARROWER },
    { "10.4.0.0/24", "10.2.0.0/24", CYG_R_FLOW_REMOTE_OTHER },
    { "10.1.0.0/16", "10.2.0.0/16", CYG_R_NO_FLOW },
};

static void another_flow_is_asked_for(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.b, "a.net.local_ts = 10.2.0.0/24\na.net.remote_ts = 10.1.0.0/24");
    for (size_t i = 0; i < CYG_LEN(flow_cases); i++) {
        const struct flow_case *c = &flow_cases[i];
        sim_peersf(p.a, "b.net.local_ts = %s\nb.net.remote_ts = %s", c->local, c->remote);
        sim_run(s, 2 * CYG_SEC);
        SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_FLOW_REFUSED));
        SIM_REQUIRE(says(p.a, CYG_R_FLOW_REFUSED, c->remote, "child \"net\""));
        SIM_REQUIRE(says(p.b, c->reason, c->local, "nearest here is 10.2.0.0/24 === 10.1.0.0/24"));
    }
    SIM_REQUIRE(says(p.b, CYG_R_NEAREST_CHILD, "\"net\" comes nearest",
                     "local_ts = 10.2.0.0/24; remote_ts = 10.1.0.0/24"));
}

static void some_of_several_flows_are_refused(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.local_ts = 10.1.0.0/24, 10.1.1.0/24\n"
                   "b.net.remote_ts = 10.2.0.0/24, 10.2.1.0/24");
    sim_peers(p.b, "a.net.local_ts = 10.2.0.0/24\na.net.remote_ts = 10.1.0.0/24");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_FLOWS_REFUSED));
    SIM_REQUIRE_EQUAL(sim_reasons(p.a, CYG_R_FLOW_REFUSED), 3);
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 2);
}

/* The quick modes of one side, as the wire shows them. */
struct quick_modes {
    const struct sim_host *from;
    uint32_t first, open; /* Message IDs: of the first one; of the one under way, 0: none */
    bool together;        /* one began before the one before it was over */
    bool drop_first;
};

static enum sim_verdict watch_quick_modes(struct sim *s, struct sim_frame *frame, void *context)
{
    struct quick_modes *q = context;
    struct cyg_span ike = sim_frame_ike(frame);
    (void)s;
    if (ike.len < 28 || (ike.data[18] != 32 && ike.data[18] != 5)) {
        return SIM_PASS;
    }
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ ike.data + 20, 4 });
    uint32_t id = cyg_reader_u32(&r);
    if (ike.data[18] == 5) {
        q->open = 0; /* a refusal */
    } else if (frame->from == q->from) {
        q->first = q->first == 0 ? id : q->first;
        q->together |= q->open != 0 && q->open != id;
        q->open = q->open == id ? 0 : id;
    }
    return q->drop_first && id == q->first ? SIM_DROP : SIM_PASS;
}

static void two_children(struct sim_pair p)
{
    sim_peers(
        p.a,
        "b.net.local_ts = 10.1.0.0/24, 10.1.1.0/24\n"
        "b.net.remote_ts = 10.2.0.0/24, 10.2.1.0/24\n"
        "b.more.esp_proposals = aes128gcm16\nb.more.local_ts = 10.1.2.0/24\nb.more.remote_ts = 10.2.2.0/24");
    sim_peers(
        p.b,
        "a.net.local_ts = 10.2.0.0/24\na.net.remote_ts = 10.1.0.0/24\n"
        "a.more.esp_proposals = aes128gcm16\na.more.local_ts = 10.2.2.0/24\na.more.remote_ts = 10.1.2.0/24");
}

/* charon drops what it has agreed to and waits to be confirmed when it refuses something else. */
static void flows_come_up_one_after_the_other(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct quick_modes q = { .from = p.a };
    two_children(p);
    sim_tap(s, watch_quick_modes, &q);
    uint64_t net = sim_initiate(p.a, "b", "net"), more = sim_initiate(p.a, "b", "more");
    SIM_REQUIRE(sim_run_idle(s, LONG));
    SIM_REQUIRE_EQUAL(sim_result(p.a, net)->reason, CYG_R_FLOWS_REFUSED);
    SIM_REQUIRE(sim_succeeded(p.a, more));
    SIM_REQUIRE(!q.together);
    SIM_REQUIRE_EQUAL(sim_sas(p.a), 4);
}

static void a_silent_flow_holds_no_other_up(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct quick_modes q = { .from = p.a, .drop_first = true };
    two_children(p);
    sim_tap(s, watch_quick_modes, &q);
    (void)sim_initiate(p.a, "b", "net");
    sim_run(s, CYG_SEC);
    uint64_t more = sim_initiate(p.a, "b", "more");
    SIM_REQUIRE(sim_run_order(p.a, more, 20 * CYG_SEC));
    SIM_REQUIRE(sim_run_idle(s, LONG));
}

/* ---- 7: up, but nothing passes ---- */

static void lost_packets(struct sim_host *h, unsigned n)
{
    while (n-- > 0) {
        (void)!sim_ping(h, "10.1.0.7", "10.2.0.7");
    }
}

static void the_peer_truncates_sha256(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha256\nb.net.sha256_96 = yes");
    sim_peers(p.b, "a.net.esp_proposals = aes128-sha256");
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "net"), LONG));
    lost_packets(p.a, 3);
    sim_run(s, 90 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_reasons(p.b, CYG_R_SHA256_TRUNCATED), 0);
    sim_run(s, 40 * CYG_SEC);
    SIM_REQUIRE(says(p.b, CYG_R_SHA256_TRUNCATED,
                     "In 120 s 3 packets of 10.2.0.0/16 === 10.1.0.0/16",
                     "Try sha256_96 = 1 in the row of child \"net\""));
    lost_packets(p.a, 3);
    sim_run(s, 600 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_reasons(p.b, CYG_R_SHA256_TRUNCATED), 1); /* once is enough */
    SIM_REQUIRE_EQUAL(sim_reasons(p.a, CYG_R_SHA256_TRUNCATED), 0); /* nothing came there */
}

static enum sim_verdict spoil_esp(struct sim *s, struct sim_frame *frame, void *context)
{
    (void)s;
    (void)context;
    if (sim_frame_ike(frame).len == 0 && frame->len > 40) {
        frame->bytes[frame->len - 1] ^= 1; /* of the ICV */
    }
    return SIM_PASS;
}

/* With any other algorithm nothing is truncated: the keys differ, or somebody spoils the packets.
 */
static void nothing_passes_with_another_algorithm(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha1");
    sim_peers(p.b, "a.net.esp_proposals = aes128-sha1");
    SIM_REQUIRE(sim_run_order(p.a, sim_initiate(p.a, "b", "net"), LONG));
    sim_tap(s, spoil_esp, NULL);
    lost_packets(p.a, 3);
    sim_run(s, 130 * CYG_SEC);
    SIM_REQUIRE(says(p.b, CYG_R_INTEGRITY_ONLY,
                     "In 120 s 3 packets of 10.2.0.0/16 === 10.1.0.0/16 failed integrity",
                     "different keys or algorithms for child \"net\""));
    SIM_REQUIRE_EQUAL(sim_reasons(p.b, CYG_R_SHA256_TRUNCATED), 0);
    SIM_REQUIRE_EQUAL(sim_reasons(p.a, CYG_R_INTEGRITY_ONLY), 0);
}

static void packets_are_too_long_for_the_tunnel(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    sim_too_big(p.a, 1420, 1358);
    SIM_REQUIRE(says(p.a, CYG_R_TUNNEL_MTU,
                     "the path to the peer carries 1420 bytes, ESP leaves 1358", "clamp the MSS"));
}

static void traffic_that_passes_is_no_symptom(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.net.esp_proposals = aes128-sha256");
    sim_peers(p.b, "a.net.esp_proposals = aes128-sha256");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    unsigned before = sim_kernel_ops(p.b, CYG_KERNEL_SA_QUERY);
    SIM_REQUIRE(sim_ping_pair(p.a, p.b));
    sim_run(s, 1000 * CYG_SEC);
    SIM_REQUIRE_EQUAL(sim_kernel_ops(p.b, CYG_KERNEL_SA_QUERY) - before, 2);
    SIM_REQUIRE_EQUAL(sim_reasons(p.b, CYG_R_SHA256_TRUNCATED), 0);
    SIM_REQUIRE_EQUAL(sim_reasons(p.b, CYG_R_INTEGRITY_ONLY), 0);
}

/* ---- 8, 17: identities ---- */

static void the_responder_has_another_name(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.b, "a.local_id = 192.168.1.2");
    sim_peers(p.a, "b.remote_id = b.example.org");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_PEER_IDENTITY_PRIVATE));
    SIM_REQUIRE(says(p.a, CYG_R_PEER_IDENTITY_PRIVATE, "calls itself 192.168.1.2",
                     "its row expects b.example.org"));
    sim_peers(p.b, "a.local_id = else.example.org");
    sim_run(s, 2 * CYG_SEC);
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_PEER_IDENTITY));
}

static void the_initiator_is_refused_by_its_name(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_peers(p.a, "b.local_id = branch3.example.org");
    sim_peers(p.b, "a.remote_id = a.example.org");
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_REFUSED_IDENTITY));
    SIM_REQUIRE(
        says(p.a, CYG_R_REFUSED_IDENTITY, "the keys agree", "refused us as branch3.example.org"));
    SIM_REQUIRE(says(p.b, CYG_R_PEER_NO_IDENTITY_FITS, "branch3.example.org: 1 fit",
                     "they expect a.example.org"));
}

/* ---- 18: one flow, two peers ---- */

static void another_peer_holds_the_flow(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct sim_host *c = sim_host(s, "c", "203.0.113.1");
    sim_tunnel(p.b, c);
    sim_peers(p.b, "c.net.local_ts = 10.2.0.0/16\nc.net.remote_ts = 10.1.0.0/16");
    sim_peers(c, "b.net.local_ts = 10.1.0.0/16\nb.net.remote_ts = 10.2.0.0/16");
    SIM_REQUIRE(sim_up(p.a, p.b, 1));
    SIM_REQUIRE(fails_for(s, p.b, "c", CYG_R_POLICY_HELD_BY));
    SIM_REQUIRE(says(p.b, CYG_R_POLICY_HELD_BY, "10.2.0.0/16 === 10.1.0.0/16 is already held by",
                     "peer a, child net."));
}

/* ---- 11: silence ---- */

static void nobody_answers_message_1(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    sim_stop(p.b);
    SIM_REQUIRE(fails_for(s, p.a, "b", CYG_R_NO_ANSWER_FIRST));
    SIM_REQUIRE(says(p.a, CYG_R_NO_ANSWER_FIRST, "6 tries to 198.51.100.1[500]",
                     "port unreachable seen: no"));
}

static void icmp_says_that_nobody_listens(struct sim *s)
{
    struct sim_pair p = sim_pair(s);
    struct cyg_address other = *sim_address(p.b, 0);
    sim_stop(p.b);
    uint64_t order = sim_initiate(p.a, "b", "net");
    sim_run(s, CYG_SEC);
    other.port = 500;
    for (size_t i = 0; i < 3; i++) {
        engine_unreachable(sim_engine(p.a), sim_now(s), &other);
    }
    SIM_REQUIRE_EQUAL(sim_reasons(p.a, CYG_R_UNREACHABLE_SEEN), 1);
    SIM_REQUIRE(sim_result(p.a, order) == NULL); /* said, not acted upon */
    SIM_REQUIRE(!sim_run_order(p.a, order, LONG));
    SIM_REQUIRE_EQUAL(sim_result(p.a, order)->reason, CYG_R_NO_ANSWER_UNREACHABLE);
    SIM_REQUIRE(says(p.a, CYG_R_NO_ANSWER_UNREACHABLE, "6 tries to 198.51.100.1[500]",
                     "ICMP unreachable seen: yes"));
}

/* Lets the first messages of a pass, then no more. */
static enum sim_verdict drop_behind(struct sim *s, struct sim_frame *frame, void *context)
{
    (void)s;
    unsigned *left = context;
    if (*left == 0) {
        return SIM_DROP;
    }
    *left -= frame->genuine;
    return SIM_PASS;
}

static void the_peer_falls_silent(struct sim *s)
{
    static const struct {
        unsigned messages;
        enum cyg_reason reason;
    } rows[] = { { 2, CYG_R_NO_ANSWER_KEY }, { 4, CYG_R_NO_ANSWER_PROOF } };
    struct sim_pair p = sim_pair(s);
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        unsigned left = rows[i].messages;
        sim_tap(s, drop_behind, &left);
        SIM_REQUIRE(fails_for(s, p.a, "b", rows[i].reason));
    }
}

static const struct sim_test tests[] = {
    SIM_TEST(no_common_ike_proposal, 0),
    SIM_TEST(no_common_esp_proposal, 0),
    SIM_TEST(one_side_wants_pfs, 0),
    SIM_TEST(two_modes, 0),
    SIM_TEST(another_secret, 0),
    SIM_TEST(message_5_is_refused_in_clear, 0),
    SIM_TEST(message_5_is_answered_under_other_keys, 0),
    SIM_TEST(several_peers_with_keys_of_their_own, 0),
    SIM_TEST(another_flow_is_asked_for, 0),
    SIM_TEST(some_of_several_flows_are_refused, 0),
    SIM_TEST(flows_come_up_one_after_the_other, 0),
    SIM_TEST(a_silent_flow_holds_no_other_up, 0),
    SIM_TEST(the_peer_truncates_sha256, 0),
    SIM_TEST(nothing_passes_with_another_algorithm, 0),
    SIM_TEST(packets_are_too_long_for_the_tunnel, 0),
    SIM_TEST(traffic_that_passes_is_no_symptom, 0),
    SIM_TEST(the_responder_has_another_name, 0),
    SIM_TEST(the_initiator_is_refused_by_its_name, 0),
    SIM_TEST(another_peer_holds_the_flow, 0),
    SIM_TEST(nobody_answers_message_1, 0),
    SIM_TEST(icmp_says_that_nobody_listens, 0),
    SIM_TEST(the_peer_falls_silent, 0),
};
const struct sim_suite explain_suite = { "explain", tests, CYG_LEN(tests) };
