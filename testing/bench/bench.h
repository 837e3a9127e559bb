/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What benchmarks share: figures on standard output, one a line, for testing/bench/run; CPU time;
 * and an engine in a world small enough to disappear from what is measured: its jobs are done at
 * once on the caller's thread, its data plane only hands out SPIs, its peers are numbers.
 *
 * Peer n has the address 10.0.0.0 + n, the identity pN.bench, and behind it the host 100.64.0.0 +
 * n; the gateway is gw.bench with BENCH_NET behind it, and "secret" is everybody's. A host plays
 * the gateway or all of the peers. Thread: one. */
#pragma once

#include "engine/engine.h"

#define BENCH_NET     "192.168.0.0/16"
#define BENCH_GATEWAY "192.0.2.1"
#define BENCH_PEERS   4000000u /* numbers are below */

/* "name <tab> value <tab> unit"; dots in the name are the levels of the table. */
void bench_figure(double value, const char *unit, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* Seconds of CPU of this thread. */
double bench_seconds(void);

/* The middle one; sorts. */
double bench_median(double *values, size_t n);

/* Say why and exit. */
void bench_die(const char *why, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Of another process: seconds of CPU of all its threads; bytes of memory that are its own;
 * datagrams that the kernel has dropped in its network namespace since no socket had room. */
double bench_process_cpu(unsigned pid);
double bench_process_memory(unsigned pid);
double bench_process_overflows(unsigned pid);

struct bench_settings {
    bool gateway;
    const char *ike, *esp; /* proposals */
    struct cyg_address gateway_address;
    unsigned half_open_max; /* 0: as configured by default */
    const struct cyg_crypto *crypto;
    const struct cyg_store_ops *store; /* NULL: peers by number, in memory */
    void *store_self;
    /* Sends are handed out here, from inside bench_host_*; must not call back. */
    void (*send)(void *context, const struct cyg_path *path, struct cyg_span datagram);
    void *context;
};

struct bench_host {
    unsigned up, failed; /* children since the begin; orders that ended otherwise */
    char failure[256];   /* the first */
    struct engine *engine;
    struct bench_settings settings;
    struct cyg_proposal ike, esp;
    struct cyg_selector net;
    struct cyg_peer **peers;
    size_t room_peers;
    struct engine_job **jobs;
    uint64_t *answers; /* tags of data-plane operations to be answered */
    size_t n_jobs, room_jobs, n_answers, room_answers;
    uint32_t next_spi;
};

struct bench_host *bench_host_new(const struct bench_settings *settings);
void bench_host_free(struct bench_host *host);

/* Make the peers from..to-1 beforehand, so that it is not measured. */
void bench_host_prepare(struct bench_host *host, unsigned from, unsigned to);

/* On the peers' side: bring up number n. */
void bench_host_initiate(struct bench_host *host, unsigned n);

void bench_host_receive(struct bench_host *host, const struct cyg_path *path,
                        struct cyg_span datagram);

/* Do what is due. Returns the next deadline. */
cyg_usec bench_host_run(struct bench_host *host);

struct cyg_address bench_peer_address(unsigned n);
