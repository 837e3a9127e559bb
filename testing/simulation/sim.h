/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The simulation: engines on a simulated network with a virtual clock, one seed driving everything,
 * so that a failure is replayed by its number. A scenario makes hosts, gives them peers as lines of
 * text, gives orders, lets time run and requires things; the runner (run.c) does the rest: every
 * run ends with the checks that hold always (sim_check.c), and a run that fails is run once more
 * with its story told. Ownership: everything belongs to the struct sim. Time: virtual, it starts at
 * SIM_START. Thread: one simulation, one thread. Models: picoquic's sim_link, chrony's simulation
 * (STYLE.md 1). What can be claimed: PROTOCOL.md "What the simulation can claim". */
#pragma once

#include "engine/engine.h"

#include <stdio.h>

struct sim;
struct sim_host;
struct sim_nat;

#define SIM_START (1000 * CYG_SEC) /* not 0: a time of 0 must not mean "never" by accident */

/* ---- suites: what a scenario file exports ---- */

struct sim_test {
    const char *name; /* the claim, with underscores */
    void (*run)(struct sim *s);
    unsigned weight;  /* its part of the seeds of a run; 0: once, nothing in it is left to chance */
    const char *todo; /* what is not built or mended yet: until then it may fail; NULL */
};

/* Rows of a table: the function is the name. */
#define SIM_TEST(function, seeds)        \
    {                                    \
#        function, function, seeds, NULL \
    }
#define SIM_TODO(function, seeds, why)  \
    {                                   \
#        function, function, seeds, why \
    }

struct sim_suite {
    const char *name; /* main_mode for main_mode_sim.c */
    const struct sim_test *tests;
    size_t n;
};

/* The scenario fails and returns, here, unless the condition holds. In a void function whose
 * simulation is called s. */
#define SIM_REQUIRE(condition)                                 \
    do {                                                       \
        if (!(condition)) {                                    \
            sim_fail(s, __FILE__, __LINE__, "%s", #condition); \
            return;                                            \
        }                                                      \
    } while (0)

/* The same for two numbers, telling both. */
#define SIM_REQUIRE_EQUAL(seen, wanted)                                                         \
    do {                                                                                        \
        unsigned long long seen_ = (unsigned long long)(seen);                                  \
        unsigned long long wanted_ = (unsigned long long)(wanted);                              \
        if (seen_ != wanted_) {                                                                 \
            sim_fail(s, __FILE__, __LINE__, "%s is %llu, not %s (%llu)", #seen, seen_, #wanted, \
                     wanted_);                                                                  \
            return;                                                                             \
        }                                                                                       \
    } while (0)

/* Note a failure; the first one counts. */
CYG_PRINTF(4, 5) void sim_fail(struct sim *s, const char *file, int line, const char *format, ...);
bool sim_failed(const struct sim *s);

/* ---- the world (sim.c) ---- */

/* `tell`: keep the story. Never NULL: aborts when there is no memory, here as everywhere. */
struct sim *sim_new(uint64_t seed, bool tell);
void sim_free(struct sim *s);

cyg_usec sim_now(const struct sim *s);
uint64_t sim_seed(const struct sim *s);

/* Chance for scenarios; the network, hosts, jobs and data planes have streams of their own. */
uint32_t sim_below(struct sim *s, uint32_t limit);
bool sim_chance(struct sim *s, unsigned permille);

/* Let time run. sim_run_until: until the condition holds (true) or the time is over (false);
 * asked after every event. sim_run_idle: until nothing is under way, see sim_is_idle. */
void sim_run(struct sim *s, cyg_usec duration);
bool sim_run_until(struct sim *s, cyg_usec limit, bool (*condition)(struct sim *s, void *context),
                   void *context);
bool sim_run_idle(struct sim *s, cyg_usec limit);

/* Whether no datagram, job or data-plane operation is under way, and no engine has an exchange or
 * a half-open handshake. */
bool sim_is_idle(const struct sim *s);

/* Call a function at a time; `what` stays the caller's. */
void sim_at(struct sim *s, cyg_usec when, void (*call)(struct sim *s, void *what), void *what);

/* A hash over every datagram sent so far, with its time: equal for equal seeds. */
uint64_t sim_trace(const struct sim *s);

/* ---- hosts (sim_host.c) ---- */

/* Make a host and start its engine. addresses: one or two, separated by a blank. */
struct sim_host *sim_host(struct sim *s, const char *name, const char *addresses);

/* The same with settings of its own, see engine_settings_default. */
struct sim_host *sim_host_with(struct sim *s, const char *name, const char *addresses,
                               const struct engine_settings *settings);

/* Power off without a word, and start again with nothing remembered: SAs of the data plane too. */
void sim_stop(struct sim_host *h);
void sim_start(struct sim_host *h);

struct sim *sim_of(const struct sim_host *h);
const char *sim_name(const struct sim_host *h);
const struct cyg_address *sim_address(const struct sim_host *h, size_t index);
struct engine *sim_engine(struct sim_host *h); /* NULL while stopped; for listings and counts */
struct engine_counts sim_counts(const struct sim_host *h);

/* Orders; each returns the id under which the result will come. */
uint64_t sim_order(struct sim_host *h, const struct cyg_order *order);
uint64_t sim_initiate(struct sim_host *h, const char *ike, const char *child);
uint64_t sim_terminate(struct sim_host *h, const char *ike, const char *child);

/* Whether an order is done, and how: reason 0 is success. NULL while it is not. */
const struct cyg_error *sim_result(const struct sim_host *h, uint64_t order);
bool sim_succeeded(const struct sim_host *h, uint64_t order);

/* Run until the order is done; true if it succeeded. */
bool sim_run_order(struct sim_host *h, uint64_t order, cyg_usec limit);

/* How often an event of this type, or a record with this reason, was published. */
unsigned sim_events(const struct sim_host *h, enum cyg_event_type type);
unsigned sim_reasons(const struct sim_host *h, enum cyg_reason reason);

/* The newest record with this reason; NULL if there was none. */
const struct cyg_error *sim_record(const struct sim_host *h, enum cyg_reason reason);

/* Whether any published record's sentence contains the text. */
bool sim_said(const struct sim_host *h, const char *text);

/* Failures: the nth call from now on (1: the next) of the random source, or of malloc inside the
 * engine, fails; 0: none. What is left of the count afterwards: 0 means that it has failed. */
void sim_fail_random(struct sim_host *h, unsigned nth);
void sim_fail_memory(struct sim_host *h, unsigned nth);
unsigned sim_random_left(const struct sim_host *h);
unsigned sim_memory_left(const struct sim_host *h);

/* Bytes that the code under test holds in the whole process, and their number. */
size_t sim_memory_bytes(void);
size_t sim_memory_pieces(void);

/* ---- peers (sim_store.c) ---- */

/* Change a host's peers by lines "PEER.KEY = VALUE" and "PEER.CHILD.KEY = VALUE", keys and values
 * as in swanctl.conf; lists are separated by commas; "PEER.secret = TEXT" or 0x hex; a line
 * "delete PEER" or "delete PEER.CHILD". A later line replaces an earlier one. A line that does not
 * parse fails the run. Engines see it at their next query; sim_reload tells them to look. */
void sim_peers(struct sim_host *h, const char *lines);
CYG_PRINTF(2, 3) void sim_peersf(struct sim_host *h, const char *format, ...);
void sim_reload(struct sim_host *h);

/* A tunnel between two hosts, on both the peer named as the other host and a child "net": first
 * addresses, aes256-sha256-modp2048 and aes128-sha256, 10.N.0.0/16 behind host N (counted from 1),
 * a common secret. Refine it with sim_peers. */
void sim_tunnel(struct sim_host *a, struct sim_host *b);

/* How the store behaves: each query waits a time of the storage lane's; permille of the queries
 * fail as busy. */
void sim_store_failing(struct sim_host *h, unsigned permille);

/* ---- the network (sim_link.c, sim_nat.c) ---- */

struct sim_link {
    unsigned loss_permille, dup_permille;
    unsigned reorder_permille; /* these are held back by up to reorder_us */
    cyg_usec delay_us, jitter_us, reorder_us;
    size_t mtu;        /* UDP payload; longer ones are lost; 0: no limit */
    unsigned max_loss; /* of the same bytes between the same ends; 0: no bound */
    bool cut;          /* nothing passes */
};

/* A good line: 5 ms, no jitter. What everything uses unless told otherwise. */
extern const struct sim_link sim_good_link;

/* A bad one out of the seed: loss up to 30 %, duplicates, reordering, delays up to 300 ms.
 * bounded: property A, no datagram is lost more than once. */
struct sim_link sim_bad_link(struct sim *s, bool bounded);

void sim_link_all(struct sim *s, const struct sim_link *link);
/* Datagrams from a to b only. */
void sim_link_from_to(struct sim_host *a, struct sim_host *b, const struct sim_link *link);
void sim_link_between(struct sim_host *a, struct sim_host *b, const struct sim_link *link);
void sim_cut(struct sim_host *a, struct sim_host *b, bool cut);

/* A NAT box. It keeps port numbers where they are free (the first host behind it), else it takes
 * ports by chance; keep_ports false: always by chance. */
struct sim_nat *sim_nat(struct sim *s, const char *name, const char *outside, bool keep_ports);
void sim_nat_behind(struct sim_nat *nat, struct sim_host *h);
/* Datagrams to the outside address and port go to this host, for responders behind a NAT. */
void sim_nat_forward(struct sim_nat *nat, uint16_t port, struct sim_host *h);
/* Forget the mappings, as a box does that restarts: the next ones have other ports. */
void sim_nat_forget(struct sim_nat *nat);
/* From now on the box has this outside address (and no mapping). */
void sim_nat_move(struct sim_nat *nat, const char *outside);
/* A mapping unused for this long is forgotten; 0: never (so it is by default). */
void sim_nat_timeout(struct sim_nat *nat, cyg_usec idle);

/* A datagram on the wire between NAT boxes, as someone on the path sees it: with non-ESP marker. */
struct sim_frame {
    cyg_usec at;
    struct cyg_address src, dst; /* with ports */
    struct sim_host *from, *to;  /* from NULL: injected; to NULL: leads nowhere */
    uint8_t protocol;            /* 17, 50 */
    bool genuine;                /* an engine or data plane sent it, just now */
    uint8_t *bytes;
    size_t len;
};

enum sim_verdict {
    SIM_PASS = 0,
    SIM_DROP,
};

/* Somebody on the path: sees every datagram (injected ones too) before the link's fate, may change
 * its bytes in place (len may shrink) and may drop it. One for each simulation; NULL: nobody. */
void sim_tap(struct sim *s,
             enum sim_verdict (*tap)(struct sim *s, struct sim_frame *frame, void *context),
             void *context);

/* Keep a copy of every genuine datagram; they are numbered from 0. */
void sim_tape_start(struct sim *s);
size_t sim_tape_len(const struct sim *s);
const struct sim_frame *sim_tape(const struct sim *s, size_t index);

/* Put bytes on the wire with any sender, after a delay; they are copied. No loss, no NAT on the
 * sender's side. */
void sim_inject(struct sim *s, const struct cyg_address *src, const struct cyg_address *dst,
                struct cyg_span bytes, cyg_usec delay);
/* The same datagram again, from and to the same addresses. */
void sim_replay(struct sim *s, const struct sim_frame *frame, cyg_usec delay);

/* Where the ISAKMP message begins in a datagram: 4 behind a marker. Empty for ESP, keepalives. */
struct cyg_span sim_frame_ike(const struct sim_frame *frame);

/* What a host sent to an address, and received from it, in bytes (any port): for bounds on replies
 * to those who have proved nothing. */
void sim_traffic(const struct sim_host *h, const struct cyg_address *other, uint64_t *ret_sent,
                 uint64_t *ret_received);

/* ---- jobs (sim_jobs.c) ---- */

struct sim_jobs {
    unsigned limit;          /* of a lane's queue; a stranger's job needs half of it free */
    cyg_usec min_us, max_us; /* how long a job takes, by chance */
};

void sim_jobs_set(struct sim_host *h, enum cyg_lane lane, const struct sim_jobs *jobs);

/* How many jobs of a lane were taken so far. */
unsigned sim_jobs_begun(const struct sim_host *h, enum cyg_lane lane);

/* ---- the data plane (sim_kernel.c) ---- */

struct sim_kernel_settings {
    uint32_t capabilities;    /* enum cyg_kernel_capability */
    cyg_usec min_us, max_us;  /* until an answer, by chance; in order */
    unsigned refuse_permille; /* of the operations are not taken */
    unsigned fail_permille;   /* of those taken are answered with an error */
};

void sim_kernel_set(struct sim_host *h, const struct sim_kernel_settings *settings);
struct sim_kernel_settings sim_kernel_get(const struct sim_host *h);

/* The nth operation of this type from now on (1: the next) is not taken (answer false), or fails.
 */
void sim_kernel_fail(struct sim_host *h, enum cyg_kernel_op_type type, unsigned nth, bool answer);
unsigned sim_kernel_fail_left(const struct sim_host *h);

/* What is installed. */
size_t sim_sas(const struct sim_host *h); /* both directions */
size_t sim_policies(const struct sim_host *h);
size_t sim_reserved(const struct sim_host *h); /* SPIs that no SA took yet */
const struct cyg_sa_spec *sim_sa(const struct sim_host *h, size_t index);

/* How many operations of a type were submitted. */
unsigned sim_kernel_ops(const struct sim_host *h, enum cyg_kernel_op_type type);

/* Send one packet of this flow, addresses as text, through the tunnel; true if it came out at the
 * other host, decrypted by an SA whose flow allows it, within a second of virtual time. */
bool sim_ping(struct sim_host *from, const char *src, const char *dst);
/* Between the networks of two hosts of sim_tunnel, both ways. */
bool sim_ping_pair(struct sim_host *a, struct sim_host *b);

/* The data plane tells that a packet did not fit into the newest outbound SA. Units: bytes. */
void sim_too_big(struct sim_host *h, uint32_t path_bytes, uint32_t inner_bytes);

/* Tell the engine that its inbound SA has expired by bytes. */
void sim_sa_expire(struct sim_host *h, uint32_t spi);

/* ---- crypto (sim_crypto.c) ---- */

/* Toy algorithms for every row of algorithm.def: fast, structurally right (a wrong key, IV, length
 * or public value really fails), worthless as cryptography. */
const struct cyg_crypto *sim_crypto(void);
const struct cyg_auth_ops *sim_auth_psk(void);

/* Hosts made from now on use these instead; for the runner, once. */
void sim_use_crypto(const struct cyg_crypto *crypto, const struct cyg_auth_ops *psk);

/* ---- two hosts (sim_pair.c): what most scenarios begin with ---- */

struct sim_pair {
    struct sim_host *a, *b;
};

/* a, 192.0.2.1, and b, 198.51.100.1, with sim_tunnel between them. */
struct sim_pair sim_pair(struct sim *s);

/* The same out of the seed, for properties: IPv4 or IPv6, inside and outside, a NAT box before
 * none, one or both, algorithms, PFS, one to four flows, slow or fast jobs and data planes. Always
 * one that must come up. */
struct sim_pair sim_pair_by_chance(struct sim *s);

/* Initiate "net" at a, let time run until both ends are idle; whether the order succeeded, keys
 * agree, there are `pairs` SA pairs at each end and everything has settled. */
bool sim_up(struct sim_host *a, struct sim_host *b, size_t pairs);
/* Only what sim_up requires in the end, for whoever initiated himself. */
bool sim_is_up(struct sim_host *a, struct sim_host *b, size_t pairs);

/* ---- checks (sim_check.c): true, or false and the reason in sim_complaint ---- */

/* Whether every SA of every running host has its partner: SPI, keys, algorithms, mode,
 * encapsulation, mirrored flows, paths that lead to each other; and policies stand for both. */
bool sim_keys_agree(struct sim *s);
/* Property B for this moment (at most 2 s later, for the store is polled): idle, no reservation
 * left, and each SA without partner has an owner that will end it and has a reason. */
bool sim_settled(struct sim *s);
/* No SA, policy, reservation, exchange or handshake is left anywhere. */
bool sim_nothing_left(struct sim *s);
const char *sim_complaint(const struct sim *s);
/* For checks of one's own: note why, return false. */
CYG_PRINTF(2, 3) bool sim_complain(struct sim *s, const char *format, ...);

/* ---- the story (sim_story.c) ---- */

/* What happened, one line each, in order; "" unless it was told to be kept. Borrowed. */
const char *sim_story(struct sim *s);
/* A line of one's own. */
CYG_PRINTF(2, 3) void sim_tell(struct sim *s, const char *format, ...);
