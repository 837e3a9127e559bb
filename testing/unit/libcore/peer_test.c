/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/peer_build.h>
#include <cygnet/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cyg_prefix prefix(const char *text)
{
    struct cyg_prefix p;
    assert_int_equal(cyg_prefix_parse(cyg_span_str(text), &p, NULL), CYG_OK);
    return p;
}

static struct cyg_proposal proposal(enum cyg_proposal_for protocol, const char *text)
{
    struct cyg_proposal p;
    assert_int_equal(cyg_proposal_parse(protocol, cyg_span_str(text), &p, NULL), CYG_OK);
    return p;
}

static struct cyg_selector selector(const char *text)
{
    struct cyg_selector s;
    assert_int_equal(cyg_selector_parse(cyg_span_str(text), &s, NULL), CYG_OK);
    return s;
}

/* A peer with something in every list; `change` changes one thing. */
enum change {
    CHANGE_NOTHING = 0,
    /* of phase 1 */
    CHANGE_LOCAL_ADDR,
    CHANGE_REMOTE_ADDR,
    CHANGE_INITIATE_TO,
    CHANGE_PROPOSAL,
    CHANGE_PROPOSAL_ORDER,
    CHANGE_LOCAL_ID,
    CHANGE_REMOTE_ID,
    CHANGE_METHOD,
    CHANGE_UNIQUE,
    CHANGE_LIFETIME,
    CHANGE_SECRET,
    /* of the second child */
    CHANGE_CHILD_NAME,
    CHANGE_CHILD_PROPOSAL,
    CHANGE_CHILD_LOCAL_TS,
    CHANGE_CHILD_REMOTE_TS,
    CHANGE_CHILD_MODE,
    CHANGE_CHILD_LIFE,
    CHANGES
};

static void build_child(struct cyg_peer_build *b, enum change change)
{
    struct cyg_proposal esp = proposal(
        CYG_PROPOSAL_ESP, change == CHANGE_CHILD_PROPOSAL ? "aes128-sha256" : "aes256-sha256");
    struct cyg_selector local =
        selector(change == CHANGE_CHILD_LOCAL_TS ? "10.2.0.0/16" : "10.1.0.0/16");
    struct cyg_selector remote =
        selector(change == CHANGE_CHILD_REMOTE_TS ? "10.4.0.0/16[tcp]" : "10.4.0.0/16");
    struct cyg_peer_child *c = cyg_peer_build_child(b, change == CHANGE_CHILD_NAME ? "w" : "web");
    c->mode = change == CHANGE_CHILD_MODE ? CYG_MODE_TRANSPORT : CYG_MODE_TUNNEL;
    c->life_bytes = change == CHANGE_CHILD_LIFE ? 5 : 6;
    cyg_peer_build_child_proposal(b, &esp);
    cyg_peer_build_local_ts(b, &local);
    cyg_peer_build_remote_ts(b, &remote);
    cyg_peer_build_remote_ts(b, &local);
}

static struct cyg_peer *build(enum change change)
{
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *b = cyg_peer_build_new("branch7");
    struct cyg_prefix local = prefix(change == CHANGE_LOCAL_ADDR ? "192.0.2.9" : "192.0.2.1");
    struct cyg_prefix remote = prefix(change == CHANGE_REMOTE_ADDR ? "0.0.0.0/1" : "0.0.0.0/0");
    struct cyg_address to =
        prefix(change == CHANGE_INITIATE_TO ? "192.0.2.3" : "192.0.2.2").address;
    struct cyg_proposal first = proposal(CYG_PROPOSAL_IKE, "aes256-sha256-modp2048");
    struct cyg_proposal second =
        proposal(CYG_PROPOSAL_IKE,
                 change == CHANGE_PROPOSAL ? "aes128-sha1-modp1024" : "aes128-sha1-modp2048");
    assert_non_null(b);
    struct cyg_peer *f = cyg_peer_build_fields(b);
    assert_int_equal(f->auth_method, 1);
    assert_int_equal(f->keyingtries, 1);
    f->id = 42;
    f->unique = change == CHANGE_UNIQUE ? CYG_UNIQUE_KEEP : CYG_UNIQUE_REPLACE;
    f->auth_method = change == CHANGE_METHOD ? 3 : 1;
    f->lifetime_s = change == CHANGE_LIFETIME ? 60 : 3600;
    const char *id = change == CHANGE_LOCAL_ID ? "x" : "gw.example.org";
    assert_int_equal(cyg_identity_parse(cyg_span_str(id), &f->local_id, NULL), CYG_OK);
    id = change == CHANGE_REMOTE_ID ? "y" : "branch7.example.org";
    assert_int_equal(cyg_identity_parse(cyg_span_str(id), &f->remote_id, NULL), CYG_OK);
    f->references = 99; /* what does not count in the template */
    f->n_children = 99;
    f->name = "nobody";
    cyg_peer_build_local_addr(b, &local);
    cyg_peer_build_remote_addr(b, &remote);
    cyg_peer_build_initiate_to(b, &to);
    cyg_peer_build_proposal(b, change == CHANGE_PROPOSAL_ORDER ? &second : &first);
    cyg_peer_build_proposal(b, change == CHANGE_PROPOSAL_ORDER ? &first : &second);
    build_child(b, CHANGE_NOTHING);
    build_child(b, change);
    cyg_peer_build_mix(b, cyg_span_str(change == CHANGE_SECRET ? "secreT" : "secret"));
    struct cyg_peer *peer = NULL;
    assert_int_equal(cyg_peer_build_finish(b, &peer, NULL), CYG_OK);
    return peer;
}

static void test_packs_everything_into_one_block(void **state)
{
    (void)state;
    char text[256];
    struct cyg_peer *p = build(CHANGE_NOTHING); /* the builder is gone: everything was copied */
    assert_string_equal(p->name, "branch7");
    assert_int_equal(p->references, 1);
    assert_int_equal(p->id, 42);
    assert_int_equal(p->n_local_addrs, 1);
    assert_int_equal(p->n_remote_addrs, 1);
    assert_int_equal(p->n_initiate_to, 1);
    assert_int_equal(p->n_proposals, 2);
    assert_int_equal(p->n_children, 2);
    assert_int_equal(p->remote_addrs[0].bits, 0);
    assert_string_equal(cyg_address_format(&p->initiate_to[0], text, sizeof text), "192.0.2.2");
    assert_string_equal(cyg_proposal_format(&p->proposals[1], text, sizeof text),
                        "aes128-sha1-modp2048");
    const struct cyg_peer_child *c = &p->children[1];
    assert_string_equal(c->name, "web");
    assert_int_equal(c->replay_window, 64);
    assert_int_equal(c->life_bytes, 6);
    assert_int_equal(c->n_proposals, 1);
    assert_int_equal(c->n_local_ts, 1);
    assert_int_equal(c->n_remote_ts, 2);
    assert_string_equal(cyg_selector_format(&c->remote_ts[0], text, sizeof text), "10.4.0.0/16");
    assert_string_equal(cyg_selector_format(&c->remote_ts[1], text, sizeof text), "10.1.0.0/16");
    cyg_peer_release(p);
}

static void test_hashes_tell_what_changed(void **state)
{
    (void)state;
    struct cyg_peer *same = build(CHANGE_NOTHING);
    for (enum change change = CHANGE_NOTHING; change < CHANGES; change++) {
        struct cyg_peer *p = build(change);
        bool phase1 = change > CHANGE_NOTHING && change < CHANGE_CHILD_NAME;
        bool child = change >= CHANGE_CHILD_NAME;
        if ((p->phase1_hash != same->phase1_hash) != phase1
            || (p->children[1].hash != same->children[1].hash) != child
            || p->children[0].hash != same->children[0].hash) {
            fail_msg("change %d", (int)change);
        }
        cyg_peer_release(p);
    }
    cyg_peer_release(same);
}

static void test_a_peer_with_nothing_is_possible(void **state)
{
    (void)state;
    struct cyg_peer_build *b = cyg_peer_build_new("");
    struct cyg_peer *p = NULL;
    assert_int_equal(cyg_peer_build_finish(b, &p, NULL), CYG_OK);
    cyg_peer_build_free(b);
    assert_string_equal(p->name, "");
    assert_int_equal(p->n_children, 0);
    cyg_peer_release(p);
    cyg_peer_build_free(NULL);
    cyg_peer_release(NULL);
    assert_null(cyg_peer_hold(NULL));
}

static void test_bounds_are_kept_and_named(void **state)
{
    (void)state;
    const struct cyg_prefix any = prefix("%any");
    const struct cyg_proposal ike = proposal(CYG_PROPOSAL_IKE, "default");
    const struct cyg_selector ts = selector("dynamic");
    static const size_t bounds[] = { CYG_PEER_ADDRESSES, CYG_PEER_ADDRESSES, CYG_PEER_ADDRESSES,
                                     CYG_PEER_PROPOSALS, CYG_PEER_CHILDREN,  CYG_PEER_PROPOSALS,
                                     CYG_PEER_SELECTORS, CYG_PEER_SELECTORS };
    for (size_t list = 0; list < CYG_LEN(bounds); list++) {
        for (size_t extra = 0; extra < 2; extra++) {
            struct cyg_peer_build *b = cyg_peer_build_new("x");
            struct cyg_peer *p = NULL;
            struct cyg_error err = { 0 };
            if (list > 4) {
                cyg_peer_build_child(b, "c");
            }
            for (size_t i = 0; i < bounds[list] + extra; i++) {
                switch (list) {
                case 0:
                    cyg_peer_build_local_addr(b, &any);
                    break;
                case 1:
                    cyg_peer_build_remote_addr(b, &any);
                    break;
                case 2:
                    cyg_peer_build_initiate_to(b, &any.address);
                    break;
                case 3:
                    cyg_peer_build_proposal(b, &ike);
                    break;
                case 4:
                    cyg_peer_build_child(b, "c")->mode = CYG_MODE_TRANSPORT; /* never NULL */
                    break;
                case 5:
                    cyg_peer_build_child_proposal(b, &ike);
                    break;
                case 6:
                    cyg_peer_build_local_ts(b, &ts);
                    break;
                default:
                    cyg_peer_build_remote_ts(b, &ts);
                    break;
                }
            }
            enum cyg_code code = cyg_peer_build_finish(b, &p, &err);
            assert_int_equal(code, extra == 0 ? CYG_OK : CYG_LIMIT);
            assert_int_equal(err.reason, extra == 0 ? 0 : CYG_R_PEER_TOO_BIG);
            assert_int_equal(err.want, extra == 0 ? 0 : bounds[list]);
            assert_int_equal(p == NULL, extra == 1);
            cyg_peer_release(p);
            cyg_peer_build_free(b);
        }
    }
}

static void test_long_names_are_refused(void **state)
{
    (void)state;
    char name[CYG_PEER_NAME + 2];
    memset(name, 'a', sizeof name);
    for (int of_child = 0; of_child < 2; of_child++) {
        for (size_t len = CYG_PEER_NAME; len <= CYG_PEER_NAME + 1; len++) {
            char cut[CYG_PEER_NAME + 2];
            snprintf(cut, sizeof cut, "%.*s", (int)len, name);
            struct cyg_peer_build *b = cyg_peer_build_new(of_child ? "x" : cut);
            if (of_child) {
                cyg_peer_build_child(b, cut);
            }
            struct cyg_peer *p = NULL;
            assert_int_equal(cyg_peer_build_finish(b, &p, NULL),
                             len == CYG_PEER_NAME ? CYG_OK : CYG_LIMIT);
            cyg_peer_release(p);
            cyg_peer_build_free(b);
        }
    }
}

static void test_the_last_reference_frees(void **state)
{
    (void)state;
    struct cyg_peer *p = build(CHANGE_NOTHING);
    assert_ptr_equal(cyg_peer_hold(p), p);
    assert_int_equal(p->references, 2);
    cyg_peer_release(p);
    assert_int_equal(p->references, 1);
    assert_string_equal(p->name, "branch7");
    cyg_peer_release(p); /* LeakSanitizer sees it if not */
}

static void test_candidates_and_changes_are_freed(void **state)
{
    (void)state;
    struct cyg_candidates *c = calloc(1, sizeof *c + sizeof(struct cyg_candidate));
    assert_non_null(c);
    c->n = 1;
    c->items = (struct cyg_candidate *)(void *)(c + 1);
    memset(c->items[0].secret.data, 0xaa, sizeof c->items[0].secret.data);
    cyg_candidates_free(c);
    cyg_candidates_free(NULL);
    struct cyg_peer_changes *changes = calloc(1, sizeof *changes);
    cyg_peer_changes_free(changes);
    cyg_peer_changes_free(NULL);
}

TEST_MAIN(cmocka_unit_test(test_packs_everything_into_one_block),
          cmocka_unit_test(test_hashes_tell_what_changed),
          cmocka_unit_test(test_a_peer_with_nothing_is_possible),
          cmocka_unit_test(test_bounds_are_kept_and_named),
          cmocka_unit_test(test_long_names_are_refused),
          cmocka_unit_test(test_the_last_reference_frees),
          cmocka_unit_test(test_candidates_and_changes_are_freed));
