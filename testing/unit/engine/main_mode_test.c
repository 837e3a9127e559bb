/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Main mode and quick mode between two engines, message by message: what each says and in which
 * state it then is. Loss, disorder and everything else is the simulation's business. */
#include "engine/exchange_kinds.h"
#include "engine/main_mode.h"
#include "engine/quick_mode.h"
#include "simulation/sim.h"
#include "unit/test.h"

struct talk {
    struct sim *s;
    struct sim_host *a, *b;
};

static struct talk talk_new(void)
{
    struct talk t = { .s = sim_new(1, false) };
    t.a = sim_host(t.s, "a", "192.0.2.1");
    t.b = sim_host(t.s, "b", "198.51.100.1");
    sim_tunnel(t.a, t.b);
    sim_tape_start(t.s);
    return t;
}

/* The state of a host's only exchange of a type; -1: it has none. */
static int state_of(struct sim_host *h, uint8_t type)
{
    const struct engine *engine = sim_engine(h);
    for (struct table_item *i = engine->sas; i != NULL; i = table_next(i)) {
        const struct ike_sa *sa = TABLE_OWNER(struct ike_sa, by_cookie, i);
        for (const struct exchange *x = sa->exchanges; x != NULL; x = x->next) {
            if (x->kind->type == type) {
                return x->state;
            }
        }
    }
    return -1;
}

static bool tape_has(struct sim *s, void *context)
{
    return sim_tape_len(s) >= *(size_t *)context;
}

/* Run until the nth message (from 1) is on the wire. It is from this host, encrypted or not, of
 * this exchange type and with these payloads in clear ones. */
static void expect(struct talk *t, size_t n, const struct sim_host *from, uint8_t type,
                   bool encrypted, uint32_t present)
{
    struct message m;
    struct header h;
    assert_true(sim_run_until(t->s, CYG_SEC, tape_has, &n));
    assert_int_equal(sim_tape_len(t->s), n);
    const struct sim_frame *frame = sim_tape(t->s, n - 1);
    assert_ptr_equal(frame->from, from);
    assert_int_equal(header_decode(sim_frame_ike(frame), &h, NULL), CYG_OK);
    assert_int_equal(h.exchange, type);
    assert_int_equal((h.flags & FLAG_ENCRYPTION) != 0, encrypted);
    assert_int_equal(h.flags & ~FLAG_ENCRYPTION, 0);
    assert_int_equal(h.message_id == 0, type == EXCHANGE_MAIN);
    if (!encrypted) {
        assert_int_equal(message_decode(sim_frame_ike(frame), &m, NULL), CYG_OK);
        assert_int_equal(m.present & present, present);
    }
}

/* H-097: what the store says of a configured prefix decides which part of the table counts. */
static void test_a_configured_prefix_makes_a_source_known(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        bool known;
    } rows[] = { { "192.0.2.1", true },
                 { "192.0.2.0/24", true },
                 { "192.0.0.0/9", true },
                 { "192.0.0.0/8", false },
                 { "%any", false } };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct talk t = talk_new();
        bool known = rows[i].known;
        sim_peersf(t.b, "a.remote_addrs = %s", rows[i].prefix);
        (void)sim_initiate(t.a, "b", "net");
        expect(&t, 2, t.b, EXCHANGE_MAIN, false, PL(SA));
        const struct half_open *h = &sim_engine(t.b)->half_open;
        assert_int_equal(h->n[HALF_OPEN_KNOWN], known);
        assert_int_equal(h->n[HALF_OPEN_UNKNOWN], !known);
        sim_free(t.s);
    }
}

static void test_main_mode_then_quick_mode(void **state)
{
    (void)state;
    struct talk t = talk_new();
    uint64_t order = sim_initiate(t.a, "b", "net");

    /* HDR, SA, VIDs --> */
    expect(&t, 1, t.a, EXCHANGE_MAIN, false, PL(SA) | PL(VID));
    assert_int_equal(state_of(t.a, EXCHANGE_MAIN), MM_I_OFFERED);
    assert_int_equal(sim_counts(t.b).half_open, 0);

    /* <-- HDR, SA, VIDs */
    expect(&t, 2, t.b, EXCHANGE_MAIN, false, PL(SA) | PL(VID));
    assert_int_equal(state_of(t.b, EXCHANGE_MAIN), MM_R_CHOSEN);
    assert_int_equal(sim_counts(t.b).half_open, 1);

    /* HDR, KE, Ni, NAT-D, NAT-D --> */
    expect(&t, 3, t.a, EXCHANGE_MAIN, false, PL(KE) | PL(NONCE) | PL(NATD));
    assert_int_equal(state_of(t.a, EXCHANGE_MAIN), MM_I_SHARED);

    /* <-- HDR, KE, Nr, NAT-D, NAT-D */
    expect(&t, 4, t.b, EXCHANGE_MAIN, false, PL(KE) | PL(NONCE) | PL(NATD));
    assert_int_equal(state_of(t.b, EXCHANGE_MAIN), MM_R_KEYED);

    /* HDR*, IDii, HASH_I, N(INITIAL-CONTACT) --> */
    expect(&t, 5, t.a, EXCHANGE_MAIN, true, 0);
    assert_int_equal(state_of(t.a, EXCHANGE_MAIN), MM_I_PROVED);
    assert_int_equal(sim_events(t.b, CYG_EVENT_IKE_UP), 0);

    /* <-- HDR*, IDir, HASH_R; the responder's handshake is over */
    expect(&t, 6, t.b, EXCHANGE_MAIN, true, 0);
    assert_int_equal(state_of(t.b, EXCHANGE_MAIN), -1);
    assert_int_equal(sim_counts(t.b).half_open, 0);
    assert_int_equal(sim_events(t.b, CYG_EVENT_IKE_UP), 1);
    assert_int_equal(sim_events(t.a, CYG_EVENT_IKE_UP), 0);

    /* HDR*, HASH(1), SA, Ni, IDci, IDcr --> */
    expect(&t, 7, t.a, EXCHANGE_QUICK, true, 0);
    assert_int_equal(state_of(t.a, EXCHANGE_MAIN), -1);
    assert_int_equal(state_of(t.a, EXCHANGE_QUICK), QM_I_OFFERED);
    assert_int_equal(sim_events(t.a, CYG_EVENT_IKE_UP), 1);
    assert_int_equal(sim_sas(t.a), 0);

    /* <-- HDR*, HASH(2), SA, Nr, IDci, IDcr; inbound is installed */
    expect(&t, 8, t.b, EXCHANGE_QUICK, true, 0);
    assert_int_equal(state_of(t.b, EXCHANGE_QUICK), QM_R_ANSWERED);
    assert_int_equal(sim_sas(t.b), 1);
    assert_int_equal(sim_policies(t.b), 0);

    /* HDR*, HASH(3) --> both directions are installed before */
    expect(&t, 9, t.a, EXCHANGE_QUICK, true, 0);
    assert_int_equal(state_of(t.a, EXCHANGE_QUICK), -1);
    assert_int_equal(sim_sas(t.a), 2);
    assert_int_equal(sim_policies(t.a), 1);
    assert_true(sim_succeeded(t.a, order));

    /* and the responder installs outbound and policy */
    assert_true(sim_run_idle(t.s, CYG_SEC));
    assert_int_equal(state_of(t.b, EXCHANGE_QUICK), -1);
    assert_int_equal(sim_sas(t.b), 2);
    assert_int_equal(sim_policies(t.b), 1);
    assert_int_equal(sim_tape_len(t.s), 9);
    assert_true(sim_keys_agree(t.s));
    sim_free(t.s);
}

/* 100 idle pairs: what an IKE SA with one child costs once its handshake is forgotten. */
static void test_an_idle_sa_takes_less_than_two_kib(void **state)
{
    (void)state;
    struct talk t = talk_new();
    enum {
        PAIRS = 50
    };
    assert_true(sim_run_order(t.a, sim_initiate(t.a, "b", "net"), CYG_SEC));
    sim_run(t.s, 300 * CYG_SEC);
    sim_peers(t.a, "b.secret = x"); /* one secret for all peers of an address */
    sim_peers(t.b, "a.secret = x");
    for (unsigned i = 0; i < PAIRS; i++) {
        sim_peersf(t.a,
                   "p%u.local_addrs = 192.0.2.1\np%u.remote_addrs = 198.51.100.1\np%u.secret = x\n"
                   "p%u.local_id = a%u.example.org\np%u.remote_id = b.example.org\n"
                   "p%u.proposals = aes256-sha256-modp2048\np%u.net.local_ts = 10.%u.0.0/16\n"
                   "p%u.net.remote_ts = 10.200.0.0/16\np%u.net.esp_proposals = aes128-sha256",
                   i, i, i, i, i, i, i, i, i + 10, i, i);
        sim_peersf(t.b,
                   "p%u.local_addrs = 198.51.100.1\np%u.remote_addrs = 192.0.2.1\np%u.secret = x\n"
                   "p%u.local_id = b.example.org\np%u.remote_id = a%u.example.org\n"
                   "p%u.proposals = aes256-sha256-modp2048\np%u.net.local_ts = 10.200.0.0/16\n"
                   "p%u.net.remote_ts = 10.%u.0.0/16\np%u.net.esp_proposals = aes128-sha256",
                   i, i, i, i, i, i, i, i, i, i + 10, i);
    }
    size_t peers = sim_memory_bytes();
    for (unsigned i = 0; i < PAIRS; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "p%u", i);
        assert_true(sim_run_order(t.a, sim_initiate(t.a, name, "net"), 10 * CYG_SEC));
    }
    sim_run(t.s, 300 * CYG_SEC);
    size_t each = (sim_memory_bytes() - peers) / (2 * PAIRS);
    print_message("# %zu bytes for an idle IKE SA with one child, its peer's snapshots included\n",
                  each);
    assert_int_equal(sim_counts(t.b).ike_sas, PAIRS + 1);
    assert_true(each <= 2048);
    sim_free(t.s);
}

TEST_MAIN(cmocka_unit_test(test_a_configured_prefix_makes_a_source_known),
          cmocka_unit_test(test_main_mode_then_quick_mode),
          cmocka_unit_test(test_an_idle_sa_takes_less_than_two_kib));
