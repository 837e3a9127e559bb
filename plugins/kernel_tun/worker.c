/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker's thread, from its making to its end. */
#include "worker_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS       16
#define TICK_MS      1000
#define TELL_DROPS_S 30u

static void write_to_tun(void *context, const struct iovec *parts, unsigned n)
{
    struct worker *w = context;
    if (!tun_write(&w->tun, parts, n)) {
        count_drop(w, DROP_TUN);
    }
}

/* A line for each reason that has dropped packets since the last time. */
static void tell_drops(struct worker *w)
{
    w->told_at = w->now;
    for (unsigned i = 1; i < DROP_COUNT; i++) {
        uint64_t new = w->drops[i] - w->told_drops[i];
        if (new == 0 || i == DROP_KEEPALIVE || i == DROP_DUMMY || i == DROP_INNER_MORE) {
            continue;
        }
        w->told_drops[i] = w->drops[i];
        const struct cyg_error record = { .reason = CYG_R_DATA_PLANE_DROPS,
                                          .got = new,
                                          .got_quote = cyg_quote_text(drop_words((enum drop)i)) };
        w->host->log(w->host->daemon, CYG_LOG_ESP, 2, &record);
    }
}

/* `ip link del`, or another program that took it: its descriptor would be ready for ever. Whoever
 * does that is root, and may be about to end us; making the device anew would fight him. */
static void lose_tun(struct worker *w)
{
    const struct cyg_error record = { .reason = CYG_R_TUN_GONE,
                                      .got_quote = cyg_quote_text(w->tun.name),
                                      .want_quote = cyg_quote_text(strerror(errno)) };
    w->host->log(w->host->daemon, CYG_LOG_KNL, 0, &record);
    w->tun_gone = true;
    (void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->tun.fd, NULL);
}

static void run_event(struct worker *w, const struct epoll_event *event)
{
    if (event->data.ptr == &w->orders) {
        orders_run(w);
    } else if (event->data.ptr == &w->tun) {
        if (!outbound_run(w)) {
            lose_tun(w);
        }
    } else {
        struct esp_socket *socket = event->data.ptr;
        if ((event->events & EPOLLERR) != 0) {
            inbound_errors(w, socket);
        }
        inbound_run(w, socket);
    }
}

static void *run(void *context)
{
    struct worker *w = context;
    struct epoll_event events[EVENTS];
    while (!w->stop) {
        /* Wakes by itself only while there is something to look after. */
        bool ticks = w->keepalives != NULL || w->mtu_stale;
        int n = epoll_wait(w->epoll, events, EVENTS, ticks ? TICK_MS : -1);
        w->now = cyg_time_now();
        for (int i = 0; i < n && !w->stop; i++) {
            run_event(w, &events[i]);
        }
        if (w->now - w->keepalive_scan >= CYG_SEC) {
            w->keepalive_scan = w->now;
            keepalives_run(w);
            mtu_run(w);
        }
        if (w->now - w->told_at >= TELL_DROPS_S * CYG_SEC) {
            tell_drops(w);
        }
    }
    tell_drops(w);
    return NULL;
}

static enum cyg_code internal(struct cyg_error *err, const char *what)
{
    return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text(what));
}

static enum cyg_code watch(struct worker *w, int fd, void *what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };
    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? CYG_OK : CYG_INTERNAL;
}

static enum cyg_code make_parts(struct worker *w, struct cyg_error *err)
{
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->read_buffer = malloc(TUN_READ_MAX);
    w->send.arena = malloc(SEND_ARENA);
    w->receive = receive_buffers_new();
    w->scratch = malloc(SCRATCH_BYTES);
    if (w->read_buffer == NULL || w->send.arena == NULL || w->receive == NULL || w->scratch == NULL
        || sadb_init(&w->sadb) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (w->epoll < 0 || queue_init(&w->orders) != CYG_OK
        || watch(w, w->orders.event, &w->orders) != CYG_OK) {
        return internal(err, "epoll");
    }
    w->sockets = (struct esp_sockets){ .host = w->host, .epoll = w->epoll };
    w->ivs_used = IV_POOL;
    enum cyg_code code = tun_open(w->options.device, w->options.offload, &w->tun, err);
    if (code != CYG_OK) {
        return code;
    }
    if (w->options.offload && !w->tun.uso) {
        const struct cyg_error record = { .reason = CYG_R_DATA_PLANE_OFFLOAD,
                                          .got_quote = cyg_quote_text(
                                              w->tun.tso ? "UDP segmentation of the TUN device"
                                                         : "segmentation of the TUN device") };
        w->host->log(w->host->daemon, CYG_LOG_KNL, 1, &record);
    }
    w->gro.udp = w->tun.uso;
    w->gro.write = write_to_tun;
    w->gro.context = w;
    return watch(w, w->tun.fd, &w->tun) == CYG_OK ? CYG_OK : internal(err, "epoll_ctl");
}

/* The thread takes no signals: they are the main thread's. */
static enum cyg_code start(struct worker *w, struct cyg_error *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&w->thread, NULL, run, w);
    if (failed == 0) {
        (void)pthread_setname_np(w->thread, "tun");
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed != 0) {
        return internal(err, strerror(failed));
    }
    w->is_running = true;
    return CYG_OK;
}

CYG_DEFINE_CLEANUP(struct worker *, worker_free);

enum cyg_code worker_new(const struct cyg_host *host, const struct worker_options *options,
                         struct worker **ret, struct cyg_error *err)
{
    CYG_CLEANUP(worker_freep) struct worker *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    w->host = host;
    w->options = *options;
    w->epoll = w->tun.fd = w->orders.event = -1;
    enum cyg_code code = make_parts(w, err);
    if (code == CYG_OK) {
        code = network_new(host, options, w->tun.name, &w->orders, &w->network, err);
    }
    if (code == CYG_OK) {
        code = start(w, err);
    }
    if (code == CYG_OK) {
        *ret = CYG_TAKE(w);
    }
    return code;
}

void worker_free(struct worker *w)
{
    if (w == NULL) {
        return;
    }
    if (w->is_running && queue_put(&w->orders, &(struct order){ .stop = true }) == CYG_OK) {
        pthread_join(w->thread, NULL);
    }
    network_free(w->network);
    esp_sockets_close(&w->sockets);
    tun_close(&w->tun);
    sadb_clear(&w->sadb);
    keepalives_clear(w);
    fragments_clear(&w->fragments);
    queue_clear(&w->orders);
    if (w->epoll >= 0) {
        close(w->epoll);
    }
    receive_buffers_free(w->receive);
    free(w->read_buffer);
    free(w->send.arena);
    free(w->scratch);
    cyg_wipe(w->ivs, sizeof(w->ivs));
    free(w);
}

enum cyg_code worker_submit(struct worker *w, const struct cyg_kernel_op *op)
{
    struct order order = { .op = *op };
    enum cyg_code code = queue_put(&w->orders, &order);
    cyg_wipe(&order, sizeof(order));
    return code;
}
