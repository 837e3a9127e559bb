/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the simulation share among themselves; scenarios use sim.h only. */
#pragma once

#include "simulation/sim.h"

#include "simulation/sim_random.h"

#include <stdarg.h>
#include <string.h>

/* The pre-shared key that sim_tunnel gives; must never be seen in a record, event or datagram. */
#define SIM_SECRET    "swordfish-of-the-sim"

#define SIM_HOSTS_MAX 64u
#define SIM_NATS_MAX  4u

/* Streams of the seed, so that one part's drawing does not move the others. Hosts take theirs from
 * SIM_STREAM_HOST on. */
enum sim_stream {
    SIM_STREAM_TEST = 1,
    SIM_STREAM_NET,
    SIM_STREAM_NAT,
    SIM_STREAM_HOST = 100, /* + 4 * index: random source, jobs, data plane, store */
};

/* ---- memory (sim_memory.c): the simulation's own is not counted as the engine's ---- */

void *sim_alloc(size_t size); /* zeroed; aborts when there is none */
void *sim_resize(void *old, size_t size);
void *sim_copy(const void *data, size_t len);
void sim_release(void *memory);

/* From here on allocations count as those of the code under test, and the nth fails where nth is
 * not 0. sim_memory_leave gives back what is left of the count. Not nested. */
void sim_memory_enter(unsigned nth);
unsigned sim_memory_leave(void);

/* Make room for one more element in a vector of `count`: doubling, from 16. */
#define SIM_GROW(vector, count, room)                                    \
    do {                                                                 \
        if ((count) == (room)) {                                         \
            (room) = (room) == 0 ? 16 : (room)*2;                        \
            (vector) = sim_resize((vector), (room) * sizeof(*(vector))); \
        }                                                                \
    } while (0)

/* ---- secrets that the toy algorithms have seen since sim_new (sim_secrets.c) ---- */

#define SIM_SECRET_BYTES 8u /* as many of each are known; shorter ones are not kept */

void sim_secrets_clear(void);
void sim_secret_seen(struct cyg_span secret);
bool sim_is_secret(const uint8_t bytes[SIM_SECRET_BYTES]);
size_t sim_secrets(void);

/* ---- the world ---- */

struct sim_event {
    cyg_usec at;
    uint64_t number; /* events of one moment happen in the order in which they were made */
    bool under_way;  /* counts for sim_is_idle */
    void (*run)(struct sim *s, void *what);
    void (*drop)(void *what); /* frees `what`: after run, or when the simulation ends before */
    void *what;
};

struct sim_link_row {
    const struct sim_host *from, *to;
    struct sim_link link;
};

struct sim {
    uint64_t seed;
    cyg_usec now;
    struct pcg random, net_random, nat_random;

    struct sim_event *events; /* a heap: parents before children */
    size_t n_events, room_events;
    uint64_t next_event;
    size_t under_way;
    uint64_t trace;
    uint64_t pings;
    unsigned spins; /* timer calls at one moment: an engine that never gets ahead is stopped */

    struct sim_host *hosts[SIM_HOSTS_MAX];
    size_t n_hosts;
    struct sim_nat *nats[SIM_NATS_MAX];
    size_t n_nats;
    const struct sim_host *visited; /* whose engine runs now */

    struct sim_link link;
    struct sim_link_row *links;
    size_t n_links, room_links;
    uint8_t losses[1024]; /* of datagrams by hash; a collision only makes the line better */
    enum sim_verdict (*tap)(struct sim *s, struct sim_frame *frame, void *context);
    void *tap_context;
    bool taping;
    struct sim_frame *tape;
    size_t n_tape, room_tape;

    bool failed;
    char failure[1024], complaint[256];

    bool tell;
    FILE *story;
    char *story_text;
    size_t story_len;
};

/* Queue an event; what is freed by drop (which may be NULL). */
void sim_event(struct sim *s, cyg_usec at, bool under_way, void (*run)(struct sim *s, void *what),
               void (*drop)(void *what), void *what);

/* Add bytes to a 64-bit hash (FNV-1a). */
uint64_t sim_hash(uint64_t hash, struct cyg_span bytes);
#define SIM_HASH_START 0xcbf29ce484222325u

/* A rule of the world itself was broken by an engine, such as an operation out of order: the run
 * fails. */
#define SIM_BROKEN(s, ...) sim_fail((s), __FILE__, __LINE__, __VA_ARGS__)

/* ---- hosts ---- */

struct sim_log_row {
    cyg_usec when;
    enum cyg_event_type type;
    uint64_t order_id;
    struct cyg_error error;
};

struct sim_lane {
    struct sim_jobs jobs;
    size_t queued;
    unsigned begun;
};

struct sim_traffic_row {
    struct cyg_address other;
    uint64_t sent, received;
};

struct sim_host {
    struct sim *sim;
    char name[32];
    size_t index;
    struct cyg_address addresses[2];
    size_t n_addresses;
    struct sim_nat *nat; /* NULL: none */

    struct engine *engine; /* NULL: powered off */
    struct engine_settings settings;
    uint64_t boot; /* what was under way for an earlier boot is lost */
    cyg_usec armed;
    uint64_t last_order;
    struct pcg random, job_random;
    unsigned fail_random, fail_memory;

    struct sim_lane lanes[CYG_LANES];
    struct sim_store *store;
    struct sim_kernel *kernel;

    struct sim_log_row *log;
    size_t n_log, room_log;
    struct sim_traffic_row *traffic;
    size_t n_traffic, room_traffic;
    struct sim_once *once; /* encrypted messages sent, see sim_check.c */
    size_t n_once, room_once;
    struct sim_up *up; /* SAs that were said to be up and not down again, see sim_check.c */
    size_t n_up, room_up;
};

/* Around every call of an engine: nothing calls back into it, memory counts as its own, and the
 * timer is asked afterwards. enter: false when the host is off. */
bool sim_enter(struct sim_host *h);
void sim_leave(struct sim_host *h);
void sim_host_free(struct sim_host *h);

/* Start an engine's surroundings and stop them. */
enum cyg_code sim_job_start(void *context, enum cyg_lane lane, bool stranger,
                            struct engine_job *job);
enum cyg_code sim_kernel_submit(void *context, const struct cyg_kernel_op *op);
void sim_host_send(void *context, const struct cyg_path *path, struct cyg_span datagram);

struct sim_kernel *sim_kernel_new(struct sim_host *h);
void sim_kernel_free(struct sim_kernel *kernel);
void sim_kernel_reset(struct sim_kernel *kernel);
bool sim_kernel_has_policy(const struct sim_kernel *kernel, uint32_t reqid,
                           const struct cyg_flow *flow);
const struct cyg_kernel_ops *sim_kernel_ops_table(void);

struct sim_store *sim_store_new(struct sim_host *h);
void sim_store_free(struct sim_store *store);
const struct cyg_store_ops *sim_store_ops_table(void);

/* ---- network ---- */

/* Put a datagram on the wire as its sender sends it. */
void sim_net_send(struct sim *s, struct sim_host *from, const struct cyg_address *src,
                  const struct cyg_address *dst, uint8_t protocol, struct cyg_span bytes);
void sim_net_clear(struct sim *s);

/* Change the sender into the outside one, making a mapping. */
void sim_nat_out(struct sim_nat *nat, struct sim_host *from, struct cyg_address *src);
/* Find the host behind a box that an outside address and port lead to, and its inner address.
 * touch: the mapping is used now. */
struct sim_host *sim_nat_in(struct sim_nat *nat, struct cyg_address *dst, bool touch);
bool sim_nat_has(const struct sim_nat *nat, const struct cyg_address *address);
void sim_nat_free(struct sim_nat *nat);

/* The host that an address (with port) leads to, or NULL, for a sender in the network behind `nat`
 * (NULL: outside); *address becomes the one that the host itself has. */
struct sim_host *sim_resolve(struct sim *s, const struct sim_nat *nat, struct cyg_address *address,
                             bool touch);
void sim_traffic_note(struct sim_host *h, const struct cyg_address *other, size_t sent,
                      size_t received);

/* Something arrived at a host's own address. */
void sim_host_receive(struct sim_host *h, const struct cyg_path *path, uint8_t protocol,
                      struct cyg_span bytes);
void sim_kernel_receive(struct sim_host *h, const struct cyg_path *path, bool udp,
                        struct cyg_span bytes);

/* ---- toy crypto shared with the data plane ---- */
void sim_toy_mac(enum cyg_alg alg, struct cyg_span key, const struct cyg_span *parts, size_t n,
                 uint8_t *out, size_t len);

/* ---- checks that hold always ---- */
void sim_check_sent(struct sim_host *h, struct cyg_span datagram);
/* Look at what a host says: up and down come in pairs. */
void sim_check_event(struct sim_host *h, const struct cyg_event *event);

/* ---- story ---- */
void sim_story_event(struct sim_host *h, const struct cyg_event *event);
void sim_story_frame(struct sim *s, const struct sim_frame *frame, const char *fate);
void sim_story_kernel(struct sim_host *h, const struct cyg_kernel_op *op, const char *fate);
void sim_story_host(struct sim_host *h, const char *what);
