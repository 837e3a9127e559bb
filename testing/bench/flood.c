/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Honest peers of a gateway while it is flooded (H-097, H-098, H-104, H-156): half of them are
 * configured with their address, half are only found by %any. Tells how many came up within three
 * tries of their first message and how long it took, and what the flood cost the gateway, whose
 * process it reads in /proc. Peers and addresses as for load.c; spoofed sources are 172.16.0.0/12,
 * which must lead here from the gateway and nowhere from here. Needs CAP_NET_RAW.
 *   testing/bench/flood --pid PID --mode MODE [--rate N] [--seconds N] [--peers N] [--settle N]
 * MODE: none; sources: first messages of as many senders as there are messages; source: of one;
 * silent: main mode up to message 4 from senders that are really there, then silence; keepalives:
 * NAT keepalives; bytes: datagrams of one byte to port 500. */
#include "bench.h"

#include "io/sockets.h"
#include "unit/crypto_gnutls/crypto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS_MAX   256u
#define THREE_TRIES (16 * CYG_SEC) /* 0, 4 and 11.2 s, and an answer before the fourth at 24 s */
#define BATCH       32u
#define IP_UDP      28u
#define SILENT_FROM 65536u /* numbers of the peers that fall silent: 10.1.0.0 and so on */

/* A first message of main mode: aes256-sha256-ecp256 with a pre-shared key, 86400 s; NAT-T. The
 * first eight bytes are the cookie. */
static const uint8_t first_message[] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    1,    0x10, 2,    0,    0,    0,    0,    0,    0,    0,    0,    108,  13,   0,    0,    60,
    0,    0,    0,    1,    0,    0,    0,    1,    0,    0,    0,    48,   1,    1,    0,    1,
    0,    0,    0,    40,   1,    1,    0,    0,    0x80, 1,    0,    7,    0x80, 14,   1,    0,
    0x80, 2,    0,    4,    0x80, 4,    0,    19,   0x80, 3,    0,    1,    0x80, 11,   0,    1,
    0,    12,   0,    4,    0,    1,    0x51, 0x80, 0,    0,    0,    20,   0x4a, 0x13, 0x1c, 0x81,
    0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45, 0x2f,
};
_Static_assert(sizeof first_message == 108, "its Length");

struct honest {
    struct bench_host *host;
    cyg_usec begun, up; /* 0: not yet */
};

struct flood {
    unsigned pid, rate, seconds, peers, settle;
    const char *mode;
    struct sockets *sockets;
    struct honest honest[PEERS_MAX];
    struct bench_host *silent;
    unsigned n_silent;
    struct cyg_address gateway;
    pthread_t thread;
    atomic_bool over;
    _Atomic uint64_t sent;
};

/* ---- the flood, on a thread of its own ---- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13; /* xorshift: these are no secrets */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One datagram with its IP and UDP headers; the kernel fills in the rest. Returns its length. */
static size_t make_packet(const struct flood *f, uint64_t random, uint8_t *out)
{
    const bool keepalive = strcmp(f->mode, "keepalives") == 0;
    const bool byte = strcmp(f->mode, "bytes") == 0;
    const bool one = strcmp(f->mode, "source") == 0;
    const size_t len = keepalive || byte ? 1 : sizeof first_message;
    const uint32_t source = htonl(0xac100000u + (one ? 7u : (uint32_t)(random >> 44)));
    const uint16_t port = htons(keepalive ? 4500 : 500), udp_len = htons((uint16_t)(len + 8));
    memset(out, 0, IP_UDP);
    out[0] = 0x45;
    out[8] = 64;
    out[9] = 17;
    memcpy(out + 12, &source, 4);
    memcpy(out + 16, f->gateway.bytes, 4);
    memcpy(out + 20, &port, 2);
    memcpy(out + 22, &port, 2);
    memcpy(out + 24, &udp_len, 2);
    memcpy(out + IP_UDP, first_message, len);
    if (len == 1) {
        out[IP_UDP] = 0xff;
    } else {
        random |= 1;
        memcpy(out + IP_UDP, &random, 8);
    }
    return IP_UDP + len;
}

static void *flood_run(void *context)
{
    struct flood *f = context;
    static uint8_t bytes[BATCH][IP_UDP + sizeof first_message];
    struct iovec iov[BATCH];
    struct mmsghdr messages[BATCH];
    struct sockaddr_in to = { .sin_family = AF_INET };
    uint64_t state = cyg_time_now() | 1, sent = 0;
    memcpy(&to.sin_addr, f->gateway.bytes, 4);
    const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0) {
        bench_die("no raw socket: %s", strerror(errno));
    }
    const cyg_usec begin = cyg_time_now();
    while (!atomic_load(&f->over)) {
        const uint64_t due = (cyg_time_now() - begin) * f->rate / CYG_SEC;
        if (due < sent + BATCH) {
            (void)usleep(500);
            continue;
        }
        for (size_t i = 0; i < BATCH; i++) {
            iov[i].iov_base = bytes[i];
            iov[i].iov_len = make_packet(f, next_random(&state), bytes[i]);
            messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to,
                                                         .msg_namelen = sizeof to,
                                                         .msg_iov = &iov[i],
                                                         .msg_iovlen = 1 } };
        }
        const int n = sendmmsg(fd, messages, BATCH, 0);
        sent += n > 0 ? (uint64_t)n : 0;
        atomic_store(&f->sent, sent);
    }
    (void)close(fd);
    return NULL;
}

/* ---- the peers ---- */

static void send_datagram(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct flood *f = context;
    sockets_send(f->sockets, path, datagram);
}

/* Nothing behind message 3: from message 5 on all is encrypted. */
static void send_unencrypted(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct flood *f = context;
    if (datagram.len > 19 && (datagram.data[19] & 1u) == 0) {
        atomic_fetch_add(&f->sent, 1);
        sockets_send(f->sockets, path, datagram);
    }
}

static void received(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct flood *f = context;
    const uint8_t *a = path->local.bytes;
    const unsigned n = (unsigned)a[1] << 16 | (unsigned)a[2] << 8 | a[3];
    struct bench_host *host = n >= 1 && n <= f->peers                 ? f->honest[n - 1].host
                              : n >= SILENT_FROM && f->silent != NULL ? f->silent
                                                                      : NULL;
    if (host != NULL) {
        bench_host_receive(host, path, datagram);
        (void)bench_host_run(host);
    }
}

/* Read what came, do what is due, for so long. */
static void turn(struct flood *f, cyg_usec limit)
{
    struct pollfd fds[SOCKETS_MAX];
    const size_t n = sockets_count(f->sockets);
    for (size_t i = 0; i < n; i++) {
        fds[i] = (struct pollfd){ .fd = sockets_fd(f->sockets, i), .events = POLLIN };
    }
    if (poll(fds, n, (int)(limit / 1000)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (fds[i].revents != 0) {
                sockets_readable(f->sockets, i, received, f);
            }
        }
    }
    const cyg_usec now = cyg_time_now();
    for (unsigned i = 0; i < f->peers; i++) {
        struct honest *h = &f->honest[i];
        (void)bench_host_run(h->host);
        if (h->begun != 0 && h->up == 0 && h->host->up > 0) {
            h->up = now;
        }
    }
    if (f->silent != NULL) {
        (void)bench_host_run(f->silent);
    }
}

static bool all_up(const struct flood *f)
{
    for (unsigned i = 0; i < f->peers; i++) {
        if (f->honest[i].up == 0) {
            return false;
        }
    }
    return true;
}

/* Honest peers begin one after the other, evenly; those who fall silent as the rate says. */
static void negotiate(struct flood *f)
{
    const cyg_usec begin = cyg_time_now(), length = f->seconds * CYG_SEC;
    const bool silent = strcmp(f->mode, "silent") == 0;
    unsigned begun = 0;
    for (cyg_usec now = begin; now < begin + length + THREE_TRIES; now = cyg_time_now()) {
        if (now >= begin + length && all_up(f)) {
            break;
        }
        while (begun < f->peers && now >= begin + length * begun / f->peers) {
            f->honest[begun].begun = cyg_time_now();
            bench_host_initiate(f->honest[begun].host, begun + 1);
            begun++;
        }
        while (silent && now < begin + length && f->n_silent < (now - begin) * f->rate / CYG_SEC) {
            bench_host_initiate(f->silent, SILENT_FROM + f->n_silent++);
        }
        turn(f, CYG_MSEC);
    }
}

/* ---- what is told ---- */

static void tell_class(struct flood *f, const char *class, unsigned from, unsigned to)
{
    double times[PEERS_MAX], longest = 0;
    size_t n = 0;
    for (unsigned i = from; i < to; i++) {
        const struct honest *h = &f->honest[i];
        if (h->up != 0 && h->up - h->begun <= THREE_TRIES) {
            times[n] = (double)(h->up - h->begun) / 1000;
            longest = times[n] > longest ? times[n] : longest;
            n++;
        }
    }
    bench_figure((double)n * 100 / (to - from), "%", "flood.%s.%s_up", f->mode, class);
    if (n > 0) {
        bench_figure(bench_median(times, n), "ms", "flood.%s.%s_median", f->mode, class);
        bench_figure(longest, "ms", "flood.%s.%s_longest", f->mode, class);
    }
}

static void run(struct flood *f)
{
    const double cpu = bench_process_cpu(f->pid), memory = bench_process_memory(f->pid);
    const double overflows = bench_process_overflows(f->pid);
    const bool raw = strcmp(f->mode, "none") != 0 && strcmp(f->mode, "silent") != 0;
    const cyg_usec begin = cyg_time_now();
    if (raw && pthread_create(&f->thread, NULL, flood_run, f) != 0) {
        bench_die("no thread");
    }
    negotiate(f);
    atomic_store(&f->over, true);
    if (raw) {
        (void)pthread_join(f->thread, NULL);
    }
    const double took = (double)(cyg_time_now() - begin) / 1e6,
                 used = bench_process_cpu(f->pid) - cpu;
    const uint64_t sent = atomic_load(&f->sent);
    tell_class(f, "known", 0, f->peers / 2);
    tell_class(f, "unknown", f->peers / 2, f->peers);
    bench_figure(used / took * 100, "% CPU", "flood.%s.cpu", f->mode);
    if (sent > 0) {
        bench_figure((double)sent / took, "1/s", "flood.%s.rate", f->mode);
        bench_figure((bench_process_overflows(f->pid) - overflows) * 100 / (double)sent, "%",
                     "flood.%s.overflow", f->mode);
        bench_figure(used / (double)sent * 1e6, "us", "flood.%s.per_message", f->mode);
    }
    bench_figure((bench_process_memory(f->pid) - memory) / 1024, "KiB", "flood.%s.memory_during",
                 f->mode);
    (void)sleep(f->settle);
    bench_figure((bench_process_memory(f->pid) - memory) / 1024, "KiB", "flood.%s.memory_after",
                 f->mode);
}

/* ---- the command line ---- */

static void parse_options(struct flood *f, int argc, char **argv)
{
    static const struct option options[] = {
        { "pid", required_argument, NULL, 'p' },
        { "mode", required_argument, NULL, 'm' },
        { "rate", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' },
        { "peers", required_argument, NULL, 'n' },
        { "settle", required_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    for (int c = getopt_long(argc, argv, "", options, NULL); c != -1;
         c = getopt_long(argc, argv, "", options, NULL)) {
        unsigned *number = c == 'p'   ? &f->pid
                           : c == 'r' ? &f->rate
                           : c == 's' ? &f->seconds
                           : c == 'n' ? &f->peers
                           : c == 't' ? &f->settle
                                      : NULL;
        if (number != NULL) {
            *number = (unsigned)strtoul(optarg, NULL, 10);
        } else if (c == 'm') {
            f->mode = optarg;
        } else {
            bench_die("see the head of flood.c");
        }
    }
    if (f->pid == 0 || f->rate == 0 || f->seconds == 0 || f->peers < 2 || f->peers > PEERS_MAX) {
        bench_die("--pid is needed; nothing may be 0; at most %u peers", PEERS_MAX);
    }
}

int main(int argc, char **argv)
{
    static struct flood f = { .mode = "none", .rate = 20000, .seconds = 10, .peers = 50 };
    parse_options(&f, argc, argv);
    struct cyg_error err = { 0 };
    struct cyg_address any = { 0 };
    if (cyg_address_parse(cyg_span_str("%any4"), false, &any, &err) != CYG_OK
        || cyg_address_parse(cyg_span_str(BENCH_GATEWAY), false, &f.gateway, &err) != CYG_OK
        || sockets_open(&any, 1, 500, 4500, 0, &f.sockets, &err) != CYG_OK) {
        char text[256];
        bench_die("no sockets: %s", cyg_error_format(&err, text, sizeof text));
    }
    struct bench_settings settings = { .ike = "aes256-sha256-ecp256",
                                       .esp = "aes256gcm16",
                                       .gateway_address = f.gateway,
                                       .crypto = test_crypto(),
                                       .send = send_datagram,
                                       .context = &f };
    for (unsigned i = 0; i < f.peers; i++) {
        f.honest[i].host = bench_host_new(&settings);
    }
    if (strcmp(f.mode, "silent") == 0) {
        settings.send = send_unencrypted;
        f.silent = bench_host_new(&settings);
    }
    run(&f);
    for (unsigned i = 0; i < f.peers; i++) {
        bench_host_free(f.honest[i].host);
    }
    if (f.silent != NULL) {
        bench_host_free(f.silent);
    }
    sockets_close(f.sockets);
    return 0;
}
