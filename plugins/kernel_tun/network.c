/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "routes.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_MTU 1400u /* until an SA says what its path carries */
#define PORTS_MAX 32u

struct network {
    const struct cyg_host *host;
    struct worker_options options;
    char device[IFNAMSIZ];
    unsigned ifindex;
    struct queue *undo;
    struct queue orders;
    struct netlink *nl;
    struct filter *filter;
    struct routes *routes;
    pthread_t thread;
    bool is_running;
    bool valid_mark_was_set; /* we have set src_valid_mark: put it back */
    bool filter_is_stale;    /* a commit failed and what stands could not be made anew either */
};

/* --- System settings --- */

static bool read_sysctl(const char *name, char *value, size_t size)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, value, size - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    value[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* Best effort: read-only in some containers; the filter protects all the same. */
static bool write_sysctl(const char *name, const char *value)
{
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, value, strlen(value)) > 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static const char *valid_mark = "/proc/sys/net/ipv4/conf/all/src_valid_mark";

static void set_sysctls(struct network *n)
{
    char name[96], value[8];
    snprintf(name, sizeof(name), "/proc/sys/net/ipv4/conf/%s/rp_filter", n->device);
    (void)write_sysctl(name, "1"); /* strict: what comes out of the tunnel must belong into it */
    snprintf(name, sizeof(name), "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", n->device);
    (void)write_sysctl(name, "1"); /* no link-local address: nobody to speak to with it */
    /* ESP that comes from a protected address (transport mode, 0.0.0.0/0) carries our mark since
     * prerouting; a strict check on its device has to look the way back up with it. */
    if (read_sysctl(valid_mark, value, sizeof(value)) && value[0] == '0') {
        n->valid_mark_was_set = write_sysctl(valid_mark, "1");
    }
}

/* --- The thread --- */

/* Orders whose routes are set and whose filter is not committed yet. */
struct batch {
    struct order *first, **last;
};

static void answer(struct network *n, const struct order *order,
                   const struct cyg_kernel_result *result)
{
    if (order->op.tag != 0) {
        n->host->kernel_done(n->host->daemon, order->op.tag, result);
    }
}

/* A policy that can't be set: the worker forgets it, the engine hears why. */
static void refuse(struct network *n, const struct order *order, enum cyg_code code,
                   const struct cyg_error *error)
{
    struct order undo = { .op = order->op, .quiet = true };
    undo.op.type = CYG_KERNEL_POLICY_REMOVE;
    enum cyg_code put = queue_put(n->undo, &undo);
    (void)put; /* without memory the policy stays, without routes: nothing gets in */
    const struct cyg_kernel_result result = { .code = code, .error = *error };
    answer(n, order, &result);
}

static void set_mtu(struct network *n, size_t mtu)
{
    int error = netlink_link(n->nl, n->ifindex, mtu);
    if (error != 0) {
        const struct cyg_error record = { .reason = CYG_R_TUN_LINK,
                                          .got_quote = cyg_quote_text(n->device),
                                          .want_quote = cyg_quote_text(strerror(error)) };
        n->host->log(n->host->daemon, CYG_LOG_KNL, 1, &record);
    }
}

/* Routes at once; answered when the filter is committed. */
static void run_order(struct network *n, struct order *order, struct batch *batch)
{
    struct cyg_error error = { 0 };
    enum cyg_code code = CYG_OK;
    if (order->mtu != 0) {
        set_mtu(n, order->mtu);
        order_free(order);
        return;
    }
    if (order->op.type == CYG_KERNEL_POLICY_ADD) {
        code = routes_add(n->routes, &order->op.policy.flow, &error);
    } else {
        routes_remove(n->routes, &order->op.policy.flow);
    }
    if (code != CYG_OK) {
        refuse(n, order, code, &error);
        order_free(order);
        return;
    }
    order->next = NULL;
    *batch->last = order;
    batch->last = &order->next;
}

static enum cyg_code commit_filter(struct network *n, struct cyg_error *err)
{
    if (n->filter_is_stale) {
        routes_restart_filter(n->routes);
    }
    enum cyg_code code = filter_commit(n->filter, err);
    n->filter_is_stale = code != CYG_OK;
    return code;
}

/* The policies of a batch whose filter can't be set are taken back, and the filter is made anew
 * from those that are left. Until that works the one of before stands: nothing clear gets in. */
static void take_back(struct network *n, struct batch *batch, enum cyg_code code,
                      const struct cyg_error *error)
{
    for (struct order *order = batch->first; order != NULL; order = order->next) {
        if (order->op.type == CYG_KERNEL_POLICY_ADD) {
            routes_remove(n->routes, &order->op.policy.flow);
            refuse(n, order, code, error);
        }
    }
    struct cyg_error again;
    if (commit_filter(n, &again) != CYG_OK) {
        n->host->log(n->host->daemon, CYG_LOG_KNL, 1, &again);
    }
}

static void finish(struct network *n, struct batch *batch)
{
    struct cyg_error error = { 0 };
    enum cyg_code code =
        n->filter != NULL && batch->first != NULL ? commit_filter(n, &error) : CYG_OK;
    if (code != CYG_OK) {
        take_back(n, batch, code, &error);
    }
    for (struct order *order = batch->first, *next; order != NULL; order = next) {
        next = order->next;
        if (code == CYG_OK || order->op.type != CYG_KERNEL_POLICY_ADD) {
            answer(n, order, &(struct cyg_kernel_result){ .code = CYG_OK });
        }
        order_free(order);
    }
}

static void *run(void *context)
{
    struct network *n = context;
    bool stop = false;
    while (!stop) {
        struct pollfd wait = { .fd = n->orders.event, .events = POLLIN };
        (void)poll(&wait, 1, -1);
        struct batch batch = { .last = &batch.first };
        for (struct order *order = queue_take(&n->orders), *next; order != NULL; order = next) {
            next = order->next;
            if (order->stop) {
                stop = true;
                order_free(order);
            } else {
                run_order(n, order, &batch);
            }
        }
        finish(n, &batch);
    }
    return NULL;
}

/* --- Start and end --- */

struct ports {
    uint16_t items[PORTS_MAX];
    size_t n;
};

static void gather_port(void *context, const struct cyg_ike_socket *socket)
{
    struct ports *ports = context;
    for (size_t i = 0; i < ports->n; i++) {
        if (ports->items[i] == socket->local.port) {
            return;
        }
    }
    if (ports->n < PORTS_MAX) {
        ports->items[ports->n++] = socket->local.port;
    }
}

static enum cyg_code link_failed(const struct network *n, int error, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_TUN_LINK, .got_quote = cyg_quote_text(n->device),
                    .want_quote = cyg_quote_text(strerror(error)));
}

static enum cyg_code set_up(struct network *n, struct cyg_error *err)
{
    n->ifindex = if_nametoindex(n->device);
    n->nl = netlink_open();
    if (n->ifindex == 0 || n->nl == NULL) {
        return link_failed(n, errno, err);
    }
    set_sysctls(n);
    int error = netlink_link(n->nl, n->ifindex, n->options.mtu != 0 ? n->options.mtu : FIRST_MTU);
    for (size_t i = 0; i < n->options.n_addresses && error == 0; i++) {
        error = netlink_address(n->nl, true, n->ifindex, &n->options.addresses[i]);
    }
    if (error != 0) {
        return link_failed(n, error, err);
    }
    if (n->options.filter) {
        struct ports ports = { 0 };
        n->host->each_socket(n->host->daemon, gather_port, &ports);
        enum cyg_code code =
            filter_open(n->device, n->host->socket_mark, ports.items, ports.n, &n->filter, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    const struct routes_options routes = { .ifindex = n->ifindex,
                                           .table = n->options.table,
                                           .priority = n->options.priority,
                                           .mark = n->host->socket_mark };
    return routes_open(n->nl, n->filter, &routes, &n->routes, err);
}

CYG_DEFINE_CLEANUP(struct network *, network_free);

enum cyg_code network_new(const struct cyg_host *host, const struct worker_options *options,
                          const char *device, struct queue *undo, struct network **ret,
                          struct cyg_error *err)
{
    CYG_CLEANUP(network_freep) struct network *n = calloc(1, sizeof(*n));
    if (n == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    n->host = host;
    n->options = *options;
    n->undo = undo;
    n->orders.event = -1;
    snprintf(n->device, sizeof(n->device), "%s", device);
    enum cyg_code code = set_up(n, err);
    if (code != CYG_OK) {
        return code;
    }
    sigset_t all, old;
    sigfillset(&all);
    int failed = queue_init(&n->orders) == CYG_OK ? 0 : ENOMEM;
    pthread_sigmask(SIG_SETMASK, &all, &old);
    failed = failed != 0 ? failed : pthread_create(&n->thread, NULL, run, n);
    if (failed == 0) {
        (void)pthread_setname_np(n->thread, "tun-network");
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed != 0) {
        return link_failed(n, failed, err);
    }
    n->is_running = true;
    *ret = CYG_TAKE(n);
    return CYG_OK;
}

void network_free(struct network *n)
{
    if (n == NULL) {
        return;
    }
    if (n->is_running && queue_put(&n->orders, &(struct order){ .stop = true }) == CYG_OK) {
        pthread_join(n->thread, NULL);
    }
    routes_close(n->routes);
    filter_close(n->filter);
    netlink_close(n->nl);
    if (n->valid_mark_was_set) {
        (void)write_sysctl(valid_mark, "0");
    }
    queue_clear(&n->orders);
    free(n);
}

enum cyg_code network_put(struct network *n, const struct order *order)
{
    return queue_put(&n->orders, order);
}
