/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many IKEv1 peers in one process, against any gateway over UDP: brings tunnels up, some at a time,
 * and tells what each cost the gateway, whose process it reads in /proc: CPU of all its threads at
 * several numbers of established tunnels, and memory. The peers' addresses (bench.h) must be local
 * here (ip route add local 10.0.0.0/8 dev lo) and lead here from the gateway. How the gateway has
 * to be configured: testing/bench/lab.
 *   testing/bench/load --pid PID --name NAME [--group GROUP] [--at 1,1000] [--batch N] [--window N]
 *                      [--among PEERS] */
#include "bench.h"

#include "io/sockets.h"
#include "unit/crypto_gnutls/crypto.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 8u

struct load {
    struct bench_host *host;
    struct sockets *sockets;
    const char *name, *group;
    unsigned pid, window, batch, among, next;
    unsigned at[STEPS];
    size_t n_at;
};

/* ---- the peers ---- */

static void send_datagram(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct load *l = context;
    sockets_send(l->sockets, path, datagram);
}

static void received(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct load *l = context;
    bench_host_receive(l->host, path, datagram);
    (void)bench_host_run(l->host);
}

/* Wait for datagrams or the next deadline, at most so long, and do what is due. */
static void turn(struct load *l, cyg_usec limit)
{
    struct pollfd fds[SOCKETS_MAX];
    const size_t n = sockets_count(l->sockets);
    const cyg_usec due = bench_host_run(l->host), now = cyg_time_now();
    const cyg_usec wait = due <= now ? 0 : due - now < limit ? due - now : limit;
    for (size_t i = 0; i < n; i++) {
        fds[i] = (struct pollfd){ .fd = sockets_fd(l->sockets, i), .events = POLLIN };
    }
    if (poll(fds, n, (int)((wait + 999) / 1000)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (fds[i].revents != 0) {
                sockets_readable(l->sockets, i, received, l);
            }
        }
    }
}

/* Bring up so many more. With --among, numbers are spread over all the peers there are. */
static void bring_up(struct load *l, unsigned count)
{
    const unsigned first = l->host->up;
    unsigned begun = 0;
    while (l->host->up - first < count) {
        while (begun < count && begun - (l->host->up - first) < l->window) {
            const uint64_t n = l->next++;
            const uint64_t spread = n * 2654435761u % (l->among > 0 ? l->among : BENCH_PEERS);
            bench_host_initiate(l->host, (unsigned)(l->among > 0 ? spread + 1 : n));
            (void)bench_host_run(l->host);
            begun++;
        }
        turn(l, CYG_SEC);
        if (l->host->failed > 0) {
            bench_die("%s: tunnel %u does not come up: %s", l->name, l->next - 1, l->host->failure);
        }
    }
}

/* Let the gateway finish with the last ones. */
static void settle(struct load *l)
{
    const cyg_usec until = cyg_time_now() + CYG_SEC / 2;
    while (cyg_time_now() < until) {
        turn(l, CYG_SEC / 20);
    }
}

static void run(struct load *l)
{
    bring_up(l, 32); /* tables, caches, threads */
    settle(l);
    const unsigned first = l->host->up;
    const double memory = bench_process_memory(l->pid);
    for (size_t i = 0; i < l->n_at; i++) {
        if (l->at[i] > l->host->up) {
            bring_up(l, l->at[i] - l->host->up);
            settle(l);
        }
        const unsigned up = l->host->up;
        if (up >= 1000) {
            bench_figure((bench_process_memory(l->pid) - memory) / (up - first), "bytes",
                         "load.%s.%s.memory_%u", l->name, l->group, l->at[i]);
        }
        const double cpu = bench_process_cpu(l->pid);
        bring_up(l, l->batch);
        settle(l);
        bench_figure((bench_process_cpu(l->pid) - cpu) / l->batch * 1e6, "us", "load.%s.%s.cpu_%u",
                     l->name, l->group, l->at[i]);
    }
}

/* ---- the command line ---- */

static void parse_steps(struct load *l, const char *text)
{
    char *end;
    for (l->n_at = 0; l->n_at < STEPS && *text != '\0'; text = *end == ',' ? end + 1 : end) {
        l->at[l->n_at++] = (unsigned)strtoul(text, &end, 10);
        if (end == text) {
            bench_die("not numbers: %s", text);
        }
    }
}

static void parse_options(struct load *l, int argc, char **argv)
{
    static const struct option options[] = {
        { "pid", required_argument, NULL, 'p' },   { "name", required_argument, NULL, 'n' },
        { "group", required_argument, NULL, 'g' }, { "at", required_argument, NULL, 'a' },
        { "batch", required_argument, NULL, 'b' }, { "window", required_argument, NULL, 'w' },
        { "among", required_argument, NULL, 'm' }, { NULL, 0, NULL, 0 },
    };
    for (int c = getopt_long(argc, argv, "", options, NULL); c != -1;
         c = getopt_long(argc, argv, "", options, NULL)) {
        unsigned *number = c == 'p'   ? &l->pid
                           : c == 'b' ? &l->batch
                           : c == 'w' ? &l->window
                           : c == 'm' ? &l->among
                                      : NULL;
        if (number != NULL) {
            *number = (unsigned)strtoul(optarg, NULL, 10);
        } else if (c == 'n') {
            l->name = optarg;
        } else if (c == 'g') {
            l->group = optarg;
        } else if (c == 'a') {
            parse_steps(l, optarg);
        } else {
            bench_die("see the head of load.c");
        }
    }
    if (l->pid == 0 || l->batch == 0 || l->window == 0) {
        bench_die("--pid is needed; nothing may be 0");
    }
}

int main(int argc, char **argv)
{
    static struct load l = { .name = "gateway",
                             .group = "ecp256",
                             .at = { 1 },
                             .n_at = 1,
                             .batch = 200,
                             .window = 16,
                             .next = 1 };
    parse_options(&l, argc, argv);
    struct cyg_error err = { 0 };
    struct cyg_address any = { 0 };
    char ike[64];
    (void)snprintf(ike, sizeof ike, "aes256-sha256-%s", l.group);
    struct bench_settings settings = { .ike = ike,
                                       .esp = "aes256gcm16",
                                       .crypto = test_crypto(),
                                       .send = send_datagram,
                                       .context = &l };
    if (cyg_address_parse(cyg_span_str("%any4"), false, &any, &err) != CYG_OK
        || cyg_address_parse(cyg_span_str(BENCH_GATEWAY), false, &settings.gateway_address, &err)
               != CYG_OK
        || sockets_open(&any, 1, 500, 4500, 0, &l.sockets, &err) != CYG_OK) {
        char text[256];
        bench_die("no sockets: %s", cyg_error_format(&err, text, sizeof text));
    }
    l.host = bench_host_new(&settings);
    run(&l);
    bench_host_free(l.host);
    sockets_close(l.sockets);
    return 0;
}
