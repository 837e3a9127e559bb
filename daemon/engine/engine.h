/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protocol engine: IKEv1 without I/O. Time, packets, results and random bytes come in; packets,
 * jobs, data-plane operations and events go out through one table of functions given at creation.
 * No socket, file, clock, thread, randomness or global: a seed fixes every datagram, so the daemon,
 * the unit tests, the simulator, the fuzzers and the benchmark all run this same engine.
 * Thread: one thread owns an engine; only engine_job_run is called elsewhere. Time: `now` is
 * CLOCK_BOOTTIME in microseconds and never goes back. Source: RFC 2407, 2408, 2409, 3947, 3706. */
#pragma once

#include <cygnet/auth.h>
#include <cygnet/control.h>
#include <cygnet/crypto.h>
#include <cygnet/host.h>
#include <cygnet/kernel.h>
#include <cygnet/store.h>
#include <cygnet/time.h>

struct engine;

/* Slow work: immutable input, run on another thread, found again by its id. */
struct engine_job;

/* What the engine may do to the world. context is passed back as given. All are called on the
 * engine's thread, from inside engine_* functions, and must not call back into the engine. */
struct engine_world {
    void *context;

    /* Send one IKE datagram. The non-ESP marker is io's business: it goes in front exactly when the
     * local port is not the plain IKE port (PROTOCOL "Float"). Losing it is allowed. */
    void (*send)(void *context, const struct cyg_path *path, struct cyg_span datagram);

    /* Run engine_job_run(job) on a thread of the lane, then engine_job_done(job). `stranger`: the
     * work is for an SA not yet authenticated. Anything but CYG_OK: not taken, the engine keeps
     * (and frees) the job. */
    enum cyg_code (*job)(void *context, enum cyg_lane lane, bool stranger, struct engine_job *job);

    /* Submit to the data plane; answered by engine_kernel_done with the tag. */
    enum cyg_code (*kernel)(void *context, const struct cyg_kernel_op *op);

    /* Something happened that a person, a log or a service may want to know. */
    void (*event)(void *context, const struct cyg_event *event);

    /* Fill with random bytes fit for keys. Not CYG_OK: the exchange ends (H-061). */
    enum cyg_code (*random)(void *context, uint8_t *out, size_t len);

    /* NULL, as it should be: keys stay here. Else called when the key of an IKE SA's cipher is
     * made, for a tool that decrypts what it captured; both spans are borrowed for the call. */
    void (*ike_key)(void *context, struct cyg_span cookie_i, struct cyg_span key);
};

struct engine_settings {
    uint16_t port, nat_t_port;      /* 500, 4500 */
    cyg_usec retransmit_first;      /* 4 s */
    double retransmit_base;         /* 1.8 */
    unsigned retransmit_tries;      /* 5 */
    cyg_usec half_open_timeout;     /* 30 s after the last valid message */
    unsigned half_open_max;         /* table of handshakes that we answer; 4096 */
    unsigned half_open_per_address; /* 5, known prefixes 64 */
    uint32_t min_lifetime_s;        /* 60 */
    unsigned max_exchanges;         /* 0: max(16, flow pairs + 4) */
    unsigned max_children;          /* child SAs per peer; 100 */
    unsigned max_ike_sas; /* of peers that begin them, beyond it they are refused; 100 000 */
    unsigned max_ike_sas_per_identity; /* the same for one of them; 100 */
    cyg_usec childless_timeout;        /* an IKE SA so long without child ends; CYG_NEVER */
    bool trust_clear_errors;           /* after_grace */
    bool aggressive_plain_hash;        /* reserved for aggressive mode */
    cyg_usec poll_interval; /* of the store, for changed peers; 1 s; CYG_NEVER: live = no */
};

/* The defaults above. */
void engine_settings_default(struct engine_settings *ret);

/* Providers the engine uses; all borrowed, must outlive it. */
struct engine_providers {
    const struct cyg_crypto *crypto;
    const struct cyg_auth_ops *auth[8]; /* enabled methods, NULL behind the last */
    void *auth_self[8];
    const struct cyg_kernel_ops *kernel; /* capabilities and supports only; work goes by world */
    void *kernel_self;
    const struct cyg_store_ops *store; /* called inside jobs only */
    void *store_self;
};

/* Make an engine; everything is copied but what the providers point to. CYG_NOMEM, or CYG_INTERNAL
 * when no random bytes can be had. */
CYG_MUST_USE enum cyg_code engine_new(cyg_usec now, const struct engine_settings *settings,
                                      const struct engine_providers *providers,
                                      const struct engine_world *world, struct engine **ret);

/* Free everything, silently: no messages, no operations. Jobs still out are given back with
 * engine_job_free. NULL is allowed. */
void engine_free(struct engine *engine);

/* A datagram came in on this path (local: the address it was sent to, with the port of our socket;
 * the marker is already taken off). */
void engine_packet(struct engine *engine, cyg_usec now, const struct cyg_path *path,
                   struct cyg_span datagram);

/* Do what is due. Returns the next deadline, CYG_NEVER if there is none. Call it also after any
 * other function here has returned: they may have set an earlier one. */
cyg_usec engine_timer(struct engine *engine, cyg_usec now);

/* On a worker thread: do the work. */
void engine_job_run(struct engine_job *job);
/* Back on the engine's thread: take the result; frees the job. */
void engine_job_done(struct engine *engine, cyg_usec now, struct engine_job *job);
/* Free a job whose engine is gone; wipes its secrets. */
void engine_job_free(struct engine_job *job);
/* How much later than `now` the work may be finished; storage jobs carry it to the store. */
cyg_usec engine_job_deadline(const struct engine_job *job);

/* ICMP says that this address and port can't be reached. Nobody has proved it: it is recorded for
 * what we are beginning there, and changes nothing else. */
void engine_unreachable(struct engine *engine, cyg_usec now, const struct cyg_address *remote);

void engine_kernel_done(struct engine *engine, cyg_usec now, uint64_t tag,
                        const struct cyg_kernel_result *result);
void engine_kernel_event(struct engine *engine, cyg_usec now, const struct cyg_kernel_event *event);

/* Initiate, terminate, look for changed peers, shut down. The result comes as CYG_EVENT_ORDER_DONE
 * with the order's id. */
void engine_order(struct engine *engine, cyg_usec now, const struct cyg_order *order);

/* Copy records of IKE SAs with uniqueid above `after`: see struct cyg_host.list_sas. Traffic
 * counters are those of the last data-plane query; asking starts a new one, at most every 100 ms
 * for each child. */
void engine_list(struct engine *engine, cyg_usec now, uint32_t after,
                 struct cyg_ike_record *ret_ike, size_t max_ike, size_t *ret_n_ike,
                 struct cyg_child_record *ret_children, size_t max_children,
                 size_t *ret_n_children);

/* Numbers for tests, statistics and properties A and B. ike_sas: without the handshakes of
 * half_open. */
struct engine_counts {
    size_t ike_sas, half_open, exchanges, children, jobs, kernel_ops, queued_bytes;
    uint64_t packets, dropped, handshakes_done, handshakes_failed;
};
void engine_counts(const struct engine *engine, struct engine_counts *ret);
