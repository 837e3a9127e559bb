/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine orders, on the worker's thread; and what SAs need besides packets: keepalives,
 * MTU. Policies go on to the network thread, which answers for them. */
#include "worker_internal.h"

#include <cygnet/peer.h>

#include <stdlib.h>

#define SPI_TRIES 64u

static void done(struct worker *w, uint64_t tag, const struct cyg_kernel_result *result)
{
    if (tag != 0) {
        w->host->kernel_done(w->host->daemon, tag, result);
    }
}

/* --- MTU --- */

size_t inner_mtu_of(const struct sa *sa, size_t path_mtu)
{
    size_t outer = sa->path.remote.family == 4 ? 20 : 40, least = outer == 20 ? 576 : 1280;
    size_t mtu = path_mtu > least ? path_mtu : least;
    size_t inner = esp_payload_max(&sa->keys, mtu - outer - (sa->udp_encap ? 8 : 0));
    return inner + (sa->mode == CYG_MODE_TRANSPORT ? outer : 0);
}

/* The link's MTU is that of the narrowest SA, but never less than IPv6 needs to work at all. */
static void set_link_mtu(struct worker *w)
{
    const size_t mtu = w->least_mtu < 1280 ? 1280 : w->least_mtu;
    if (w->options.mtu != 0 || w->least_mtu == 0 || mtu == w->link_mtu) {
        return;
    }
    if (network_put(w->network, &(struct order){ .mtu = mtu }) == CYG_OK) {
        w->link_mtu = mtu;
    }
}

void measure_path(struct worker *w, struct sa *sa)
{
    size_t mtu = path_mtu(&w->sockets, &sa->path, w->host->socket_mark), old = sa->inner_mtu;
    sa->inner_mtu = inner_mtu_of(sa, mtu != 0 ? mtu : 1500);
    if (w->least_mtu == 0 || sa->inner_mtu < w->least_mtu) {
        w->least_mtu = sa->inner_mtu;
        set_link_mtu(w);
    } else if (old == w->least_mtu && sa->inner_mtu != old) {
        w->mtu_stale = true;
    }
}

static void least_mtu(void *context, struct sa *sa)
{
    size_t *least = context;
    if (*least == 0 || sa->inner_mtu < *least) {
        *least = sa->inner_mtu;
    }
}

void mtu_run(struct worker *w)
{
    if (w->mtu_stale) {
        w->mtu_stale = false;
        w->least_mtu = 0;
        sadb_each(&w->sadb.outbound, least_mtu, &w->least_mtu);
        set_link_mtu(w);
    }
}

/* --- Keepalives, RFC 3948 4 --- */

static bool same_path(const struct cyg_path *a, const struct cyg_path *b)
{
    return cyg_endpoint_equal(&a->local, &b->local) && cyg_endpoint_equal(&a->remote, &b->remote);
}

static void keepalive_hold(struct worker *w, struct sa *sa)
{
    struct keepalive *k = w->keepalives;
    while (k != NULL && !same_path(&k->path, &sa->path)) {
        k = k->next;
    }
    if (k == NULL) {
        k = calloc(1, sizeof(*k));
        if (k == NULL) {
            return; /* traffic itself still holds the mapping */
        }
        *k = (struct keepalive){
            .next = w->keepalives, .path = sa->path, .socket = sa->socket, .last_sent = w->now
        };
        w->keepalives = k;
    }
    k->uses++;
    sa->keepalive = k;
}

static void keepalive_release(struct worker *w, struct sa *sa)
{
    struct keepalive *k = sa->keepalive;
    sa->keepalive = NULL;
    if (k == NULL || --k->uses > 0) {
        return;
    }
    for (struct keepalive **at = &w->keepalives; *at != NULL; at = &(*at)->next) {
        if (*at == k) {
            *at = k->next;
            free(k);
            return;
        }
    }
}

void keepalives_run(struct worker *w)
{
    static const uint8_t keepalive[1] = { 0xff };
    const cyg_usec after = w->options.keepalive_s * CYG_SEC;
    for (struct keepalive *k = w->keepalives; k != NULL; k = k->next) {
        if (w->now - k->last_sent >= after) {
            (void)send_one(k->socket, &k->path, cyg_span_of_array(keepalive));
            k->last_sent = w->now;
        }
    }
}

void keepalives_clear(struct worker *w)
{
    while (w->keepalives != NULL) {
        struct keepalive *k = w->keepalives;
        w->keepalives = k->next;
        free(k);
    }
}

/* --- SAs --- */

void tell_expired(struct worker *w, struct sa *sa)
{
    if (sa->told_expired) {
        return;
    }
    sa->told_expired = true;
    const struct cyg_kernel_event event = { .type = CYG_KERNEL_EVENT_SA_EXPIRED,
                                            .spi = sa->spi,
                                            .reqid = sa->reqid,
                                            .inbound = sa->inbound,
                                            .path = sa->path };
    w->host->kernel_event(w->host->daemon, &event);
}

static void reserve_spi(struct worker *w, struct cyg_kernel_result *result)
{
    const struct cyg_provider *rng = &w->host->crypto->rng;
    const struct cyg_rng_ops *ops = rng->ops;
    uint32_t spi = 0;
    result->code = CYG_REFUSED;
    for (unsigned i = 0; i < SPI_TRIES && result->code == CYG_REFUSED; i++) {
        if (ops == NULL || ops->fill(rng->self, (uint8_t *)&spi, sizeof(spi)) != CYG_OK) {
            result->code = CYG_FAIL(&result->error, CYG_R_CRYPTO_FAILED,
                                    .got_quote = cyg_quote_text("random numbers"));
            return;
        }
        result->code = sadb_reserve(&w->sadb, spi);
    }
    result->spi = spi;
    if (result->code == CYG_NOMEM) {
        result->code = CYG_FAIL(&result->error, CYG_R_NOMEM);
    } else if (result->code != CYG_OK) {
        result->code = CYG_FAIL(&result->error, CYG_R_SA_LIMIT, .want = SADB_SAS_MAX);
    }
}

/* The socket of the SA's path; sending SAs also get their MTU and keepalives. */
static enum cyg_code connect_sa(struct worker *w, struct sa *sa, bool keepalive,
                                struct cyg_error *err)
{
    struct esp_socket *socket = NULL;
    enum cyg_code code = sa->udp_encap
                             ? esp_sockets_udp(&w->sockets, &sa->path.local, &socket, err)
                             : esp_sockets_raw(&w->sockets, &sa->path.local, &socket, err);
    if (code != CYG_OK) {
        return code;
    }
    sa->socket = socket;
    keepalive_release(w, sa);
    if (keepalive && sa->udp_encap) {
        keepalive_hold(w, sa);
    }
    if (!sa->inbound) {
        measure_path(w, sa);
    }
    return CYG_OK;
}

static void add_sa(struct worker *w, const struct cyg_sa_spec *spec,
                   struct cyg_kernel_result *result)
{
    struct sa *sa = NULL;
    if (w->tun_gone) {
        result->code =
            CYG_FAIL(&result->error, CYG_R_TUN_GONE, .got_quote = cyg_quote_text(w->tun.name),
                     .want_quote = cyg_quote_text("some time ago"));
        return;
    }
    result->code = sadb_add(&w->sadb, spec, w->host->crypto, &sa, &result->error);
    if (result->code != CYG_OK) {
        return;
    }
    result->code = connect_sa(w, sa, spec->keepalive, &result->error);
    if (result->code != CYG_OK) {
        sadb_remove(&w->sadb, sa);
    }
}

static void remove_sa(struct worker *w, struct sa *sa)
{
    w->mtu_stale |= !sa->inbound && sa->inner_mtu == w->least_mtu;
    keepalive_release(w, sa);
    sadb_remove(&w->sadb, sa);
}

static void move_sa(struct worker *w, struct sa *sa, const struct cyg_sa_spec *spec,
                    struct cyg_kernel_result *result)
{
    const struct cyg_path old = sa->path;
    uint8_t family = spec->path.local.family;
    if (family != spec->path.remote.family || family != old.local.family
        || (sa->udp_encap && (spec->path.local.port == 0 || spec->path.remote.port == 0))) {
        result->code = CYG_FAIL(&result->error, CYG_R_SA_PATH, .got = sa->mode);
        return;
    }
    sa->path = spec->path;
    result->code = connect_sa(w, sa, spec->keepalive, &result->error);
    if (result->code != CYG_OK) {
        sa->path = old;
        return;
    }
    sa->told_at = sa->path.remote;
}

static void query_sa(const struct sa *sa, struct cyg_kernel_result *result)
{
    result->bytes = sa->bytes;
    result->packets = sa->packets;
    result->last_used = sa->last_used;
    result->integrity_failures = sa->integrity_failures;
    result->replays = sa->replays;
}

static void known_sa(struct worker *w, const struct cyg_kernel_op *op,
                     struct cyg_kernel_result *result)
{
    struct sa *sa = sadb_find(&w->sadb, &op->sa);
    if (sa == NULL) {
        result->code = CYG_FAIL(&result->error, CYG_R_SA_UNKNOWN, .got = op->sa.spi);
        return;
    }
    if (op->type == CYG_KERNEL_SA_REMOVE) {
        remove_sa(w, sa);
    } else if (op->type == CYG_KERNEL_SA_MOVE) {
        move_sa(w, sa, &op->sa, result);
    } else {
        query_sa(sa, result);
    }
}

/* --- Policies --- */

/* The network thread carries on and answers, unless nothing has changed for it. */
static void change_policy(struct worker *w, const struct order *order,
                          struct cyg_kernel_result *result, bool *ret_answered)
{
    const struct cyg_policy_spec *spec = &order->op.policy;
    struct policy *policy;
    bool changed = false;
    if (order->op.type == CYG_KERNEL_POLICY_ADD) {
        result->code = sadb_policy_add(&w->sadb, spec, &policy, &changed, &result->error);
    } else if (sadb_policy_remove(&w->sadb, spec) == CYG_OK) {
        changed = true;
    } else {
        result->code = CYG_FAIL(
            &result->error, CYG_R_POLICY_UNKNOWN, .got = spec->reqid,
            .got_quote = cyg_quote(CYG_QUOTE_FLOW, (struct cyg_span){ (const uint8_t *)&spec->flow,
                                                                      sizeof(spec->flow) }));
    }
    if (result->code != CYG_OK || !changed || order->quiet) {
        return;
    }
    result->code = network_put(w->network, order);
    *ret_answered = result->code == CYG_OK;
    if (!*ret_answered) {
        enum cyg_code undone = sadb_policy_remove(&w->sadb, spec);
        (void)undone;
        result->code = CYG_FAIL(&result->error, CYG_R_BUSY);
    }
}

static void run_order(struct worker *w, const struct order *order)
{
    const struct cyg_kernel_op *op = &order->op;
    struct cyg_kernel_result result = { .code = CYG_OK };
    bool answered = false;
    switch (op->type) {
    case CYG_KERNEL_SPI_RESERVE:
        reserve_spi(w, &result);
        break;
    case CYG_KERNEL_SPI_RELEASE:
        if (sadb_release(&w->sadb, op->sa.spi) != CYG_OK) {
            result.code = CYG_FAIL(&result.error, CYG_R_SPI_UNKNOWN, .got = op->sa.spi);
        }
        break;
    case CYG_KERNEL_SA_ADD:
        add_sa(w, &op->sa, &result);
        break;
    case CYG_KERNEL_SA_REMOVE:
    case CYG_KERNEL_SA_MOVE:
    case CYG_KERNEL_SA_QUERY:
        known_sa(w, op, &result);
        break;
    case CYG_KERNEL_POLICY_ADD:
    case CYG_KERNEL_POLICY_REMOVE:
        change_policy(w, order, &result, &answered);
        break;
    }
    if (!answered) {
        done(w, op->tag, &result);
    }
}

void orders_run(struct worker *w)
{
    for (struct order *order = queue_take(&w->orders), *next; order != NULL; order = next) {
        next = order->next;
        if (order->stop) {
            w->stop = true;
        } else {
            run_order(w, order);
        }
        order_free(order);
    }
}
