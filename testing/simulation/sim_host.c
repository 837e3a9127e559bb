/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host: an engine with its surroundings, as daemon/io would be, and a diary of what it said.
 * What io does and the engine does not is done here too: the non-ESP marker, the choice of a source
 * address, who gets a datagram of port 4500. */
#include "simulation/sim_internal.h"

/* What hosts use; set at most once, by the runner, before the first one is made. */
static const struct cyg_crypto *chosen_crypto;
static const struct cyg_auth_ops *chosen_psk;

void sim_use_crypto(const struct cyg_crypto *crypto, const struct cyg_auth_ops *psk)
{
    chosen_crypto = crypto;
    chosen_psk = psk;
}

/* ---- the engine's surroundings ---- */

bool sim_enter(struct sim_host *h)
{
    if (h->engine == NULL || h->sim->failed) {
        return false;
    }
    if (h->sim->visited != NULL) {
        cyg_unreachable(); /* the world called an engine from inside one */
    }
    h->sim->visited = h;
    sim_memory_enter(h->fail_memory);
    return true;
}

static void timer_run(struct sim *s, void *what)
{
    struct sim_host *h = what;
    if (h->armed <= s->now) {
        h->armed = CYG_NEVER;
        if (sim_enter(h)) {
            sim_leave(h);
        }
    }
}

void sim_leave(struct sim_host *h)
{
    struct sim *s = h->sim;
    cyg_usec next;
    do {
        next = engine_timer(h->engine, s->now);
    } while (next <= s->now && ++s->spins < 10000);
    h->fail_memory = sim_memory_leave();
    s->visited = NULL;
    if (next <= s->now) {
        SIM_BROKEN(s, "%s: engine_timer wants the same moment for ever", h->name);
        return;
    }
    if (next < h->armed) {
        h->armed = next;
        sim_event(s, next, false, timer_run, NULL, h);
    }
}

static enum cyg_code host_random(void *context, uint8_t *out, size_t len)
{
    struct sim_host *h = context;
    if (h->fail_random > 0 && --h->fail_random == 0) {
        return CYG_INTERNAL;
    }
    pcg_fill(&h->random, out, len);
    return CYG_OK;
}

/* What io's sockets do with a source address that is left open. */
static bool choose_source(const struct sim_host *h, struct cyg_address *local, uint8_t family)
{
    for (size_t i = 0; i < h->n_addresses; i++) {
        bool fits = cyg_address_is_any(local) ? h->addresses[i].family == family
                                              : cyg_address_equal(&h->addresses[i], local);
        if (fits) {
            uint16_t port = local->port;
            *local = h->addresses[i];
            local->port = port;
            return true;
        }
    }
    return false;
}

void sim_host_send(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct sim_host *h = context;
    struct sim *s = h->sim;
    struct cyg_address local = path->local;
    if (local.port == 0) {
        local.port = h->settings.port;
    }
    if (path->remote.port == 0 || cyg_address_is_any(&path->remote)) {
        SIM_BROKEN(s, "%s sends to no address or port 0", h->name);
        return;
    }
    if (datagram.len > 65535 - 28 - 4) {
        SIM_BROKEN(s, "%s sends a datagram of %zu bytes", h->name, datagram.len);
        return;
    }
    if (!choose_source(h, &local, path->remote.family)) {
        sim_tell(s, "%s cannot send: its source address is not its own", h->name);
        return; /* as sendmsg would fail */
    }
    sim_check_sent(h, datagram);
    if (local.port == h->settings.port) {
        sim_net_send(s, h, &local, &path->remote, 17, datagram);
        return;
    }
    uint8_t *marked = sim_alloc(datagram.len + 4);
    memcpy(marked + 4, datagram.data, datagram.len);
    sim_net_send(s, h, &local, &path->remote, 17, (struct cyg_span){ marked, datagram.len + 4 });
    sim_release(marked);
}

void sim_host_receive(struct sim_host *h, const struct cyg_path *path, uint8_t protocol,
                      struct cyg_span bytes)
{
    static const uint8_t marker[4];
    if (protocol == 50) {
        sim_kernel_receive(h, path, false, bytes);
        return;
    }
    if (path->local.port == h->settings.nat_t_port) {
        if (bytes.len < 4 || memcmp(bytes.data, marker, 4) != 0) {
            sim_kernel_receive(h, path, true, bytes); /* ESP, keepalives, dirt */
            return;
        }
        bytes = cyg_span_after(bytes, 4);
    } else if (path->local.port != h->settings.port) {
        return; /* nobody listens */
    }
    if (sim_enter(h)) {
        /* An exact copy, so that AddressSanitizer sees a read of one byte more. */
        uint8_t *copy = sim_copy(bytes.data, bytes.len);
        engine_packet(h->engine, h->sim->now, path, (struct cyg_span){ copy, bytes.len });
        memset(copy, 0xa5, bytes.len); /* whoever kept a pointer into it notices */
        sim_release(copy);
        sim_leave(h);
    }
}

/* ---- what it says ---- */

static void check_record(struct sim_host *h, const struct cyg_error *error)
{
    char text[1024];
    (void)cyg_error_format(error, text, sizeof(text));
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) {
            SIM_BROKEN(h->sim, "%s publishes a record with byte %02x in it: reason %u", h->name,
                       (unsigned char)*c, error->reason);
            return;
        }
    }
    if (strstr(text, SIM_SECRET) != NULL) {
        SIM_BROKEN(h->sim, "%s publishes a secret: reason %u", h->name, error->reason);
    }
}

static void host_event(void *context, const struct cyg_event *event)
{
    struct sim_host *h = context;
    if (h->sim->tell) {
        sim_story_event(h, event);
    }
    if (event->type == CYG_EVENT_MESSAGE) {
        return;
    }
    if (event->error.reason != 0) {
        check_record(h, &event->error);
    }
    sim_check_event(h, event);
    SIM_GROW(h->log, h->n_log, h->room_log);
    h->log[h->n_log++] = (struct sim_log_row){
        .when = event->when, .type = event->type, .order_id = event->order_id, .error = event->error
    };
}

unsigned sim_events(const struct sim_host *h, enum cyg_event_type type)
{
    unsigned n = 0;
    for (size_t i = 0; i < h->n_log; i++) {
        n += h->log[i].type == type;
    }
    return n;
}

unsigned sim_reasons(const struct sim_host *h, enum cyg_reason reason)
{
    unsigned n = 0;
    for (size_t i = 0; i < h->n_log; i++) {
        n += h->log[i].error.reason == reason && h->log[i].type != CYG_EVENT_EXCHANGE_END;
    }
    return n;
}

const struct cyg_error *sim_record(const struct sim_host *h, enum cyg_reason reason)
{
    for (size_t i = h->n_log; i > 0; i--) {
        if (h->log[i - 1].error.reason == reason) {
            return &h->log[i - 1].error;
        }
    }
    return NULL;
}

bool sim_said(const struct sim_host *h, const char *text)
{
    for (size_t i = 0; i < h->n_log; i++) {
        char line[1024];
        if (h->log[i].error.reason != 0
            && strstr(cyg_error_format(&h->log[i].error, line, sizeof(line)), text) != NULL) {
            return true;
        }
    }
    return false;
}

/* ---- orders ---- */

uint64_t sim_order(struct sim_host *h, const struct cyg_order *order)
{
    struct cyg_order copy = *order;
    copy.id = ++h->last_order;
    if (sim_enter(h)) {
        engine_order(h->engine, h->sim->now, &copy);
        sim_leave(h);
    }
    return copy.id;
}

static uint64_t order_by_name(struct sim_host *h, enum cyg_order_type type, const char *ike,
                              const char *child)
{
    struct cyg_order order = { .type = type };
    (void)snprintf(order.ike, sizeof(order.ike), "%s", ike != NULL ? ike : "");
    (void)snprintf(order.child, sizeof(order.child), "%s", child != NULL ? child : "");
    sim_tell(h->sim, "%s is told to %s %s/%s", h->name,
             type == CYG_ORDER_INITIATE ? "initiate" : "terminate", order.ike, order.child);
    return sim_order(h, &order);
}

uint64_t sim_initiate(struct sim_host *h, const char *ike, const char *child)
{
    return order_by_name(h, CYG_ORDER_INITIATE, ike, child);
}

uint64_t sim_terminate(struct sim_host *h, const char *ike, const char *child)
{
    return order_by_name(h, CYG_ORDER_TERMINATE, ike, child);
}

void sim_reload(struct sim_host *h)
{
    (void)sim_order(h, &(const struct cyg_order){ .type = CYG_ORDER_POLL_STORE });
}

const struct cyg_error *sim_result(const struct sim_host *h, uint64_t order)
{
    for (size_t i = 0; i < h->n_log; i++) {
        if (h->log[i].type == CYG_EVENT_ORDER_DONE && h->log[i].order_id == order) {
            return &h->log[i].error;
        }
    }
    return NULL;
}

bool sim_succeeded(const struct sim_host *h, uint64_t order)
{
    const struct cyg_error *result = sim_result(h, order);
    return result != NULL && result->reason == 0;
}

struct waiting {
    const struct sim_host *host;
    uint64_t order;
};

static bool order_condition(struct sim *s, void *context)
{
    const struct waiting *w = context;
    (void)s;
    return sim_result(w->host, w->order) != NULL;
}

bool sim_run_order(struct sim_host *h, uint64_t order, cyg_usec limit)
{
    struct waiting w = { h, order };
    return sim_run_until(h->sim, limit, order_condition, &w) && sim_succeeded(h, order);
}

/* ---- making and ending ---- */

static struct engine_world world_of(struct sim_host *h)
{
    return (struct engine_world){ .context = h,
                                  .send = sim_host_send,
                                  .job = sim_job_start,
                                  .kernel = sim_kernel_submit,
                                  .event = host_event,
                                  .random = host_random };
}

static void addresses_parse(struct sim_host *h, const char *text)
{
    struct cyg_span rest = cyg_span_str(text);
    while (rest.len > 0 && h->n_addresses < CYG_LEN(h->addresses)) {
        const uint8_t *blank = memchr(rest.data, ' ', rest.len);
        size_t len = blank != NULL ? (size_t)(blank - rest.data) : rest.len;
        if (cyg_address_parse(cyg_span_first(rest, len), false, &h->addresses[h->n_addresses++],
                              NULL)
            != CYG_OK) {
            SIM_BROKEN(h->sim, "not an address: %s", text);
            return;
        }
        rest = cyg_span_after(rest, len + 1);
    }
}

void sim_start(struct sim_host *h)
{
    struct sim *s = h->sim;
    struct engine_providers providers = {
        .crypto = chosen_crypto != NULL ? chosen_crypto : sim_crypto(),
        .auth = { chosen_psk != NULL ? chosen_psk : sim_auth_psk() },
        .kernel = sim_kernel_ops_table(),
        .kernel_self = h->kernel,
        .store = sim_store_ops_table(),
        .store_self = h->store
    };
    struct engine_world world = world_of(h);
    if (h->engine != NULL || s->failed) {
        return;
    }
    sim_story_host(h, "starts");
    h->armed = CYG_NEVER;
    h->n_up = 0;
    s->visited = h;
    sim_memory_enter(0);
    enum cyg_code code = engine_new(s->now, &h->settings, &providers, &world, &h->engine);
    (void)sim_memory_leave();
    s->visited = NULL;
    if (code != CYG_OK) {
        h->engine = NULL;
        SIM_BROKEN(s, "%s: engine_new failed: %d", h->name, code);
        return;
    }
    if (sim_enter(h)) {
        sim_leave(h); /* asks for the first deadline */
    }
}

void sim_stop(struct sim_host *h)
{
    if (h->engine == NULL) {
        return;
    }
    sim_story_host(h, "is switched off");
    h->sim->visited = h;
    engine_free(h->engine);
    h->sim->visited = NULL;
    h->engine = NULL;
    h->boot++;
    for (size_t i = 0; i < CYG_LANES; i++) {
        h->lanes[i].queued = 0;
    }
    sim_kernel_reset(h->kernel);
}

struct sim_host *sim_host_with(struct sim *s, const char *name, const char *addresses,
                               const struct engine_settings *settings)
{
    struct sim_host *h = sim_alloc(sizeof(*h));
    if (s->n_hosts == SIM_HOSTS_MAX) {
        cyg_unreachable();
    }
    h->sim = s;
    h->index = s->n_hosts;
    s->hosts[s->n_hosts++] = h;
    (void)snprintf(h->name, sizeof(h->name), "%s", name);
    addresses_parse(h, addresses);
    h->settings = *settings;
    h->random = pcg_of(s->seed, SIM_STREAM_HOST + 4 * h->index);
    h->job_random = pcg_of(s->seed, SIM_STREAM_HOST + 4 * h->index + 1);
    for (size_t i = 0; i < CYG_LANES; i++) {
        h->lanes[i].jobs = (struct sim_jobs){ .limit = 256, .min_us = 50, .max_us = 2000 };
    }
    h->kernel = sim_kernel_new(h);
    h->store = sim_store_new(h);
    sim_start(h);
    return h;
}

struct sim_host *sim_host(struct sim *s, const char *name, const char *addresses)
{
    struct engine_settings settings;
    engine_settings_default(&settings);
    return sim_host_with(s, name, addresses, &settings);
}

void sim_host_free(struct sim_host *h)
{
    sim_stop(h);
    sim_kernel_free(h->kernel);
    sim_store_free(h->store);
    sim_release(h->log);
    sim_release(h->traffic);
    sim_release(h->once);
    sim_release(h->up);
    sim_release(h);
}

/* ---- looking at it ---- */

struct sim *sim_of(const struct sim_host *h)
{
    return h->sim;
}

const char *sim_name(const struct sim_host *h)
{
    return h->name;
}

const struct cyg_address *sim_address(const struct sim_host *h, size_t index)
{
    return &h->addresses[index];
}

struct engine *sim_engine(struct sim_host *h)
{
    return h->engine;
}

struct engine_counts sim_counts(const struct sim_host *h)
{
    struct engine_counts counts = { 0 };
    if (h->engine != NULL) {
        engine_counts(h->engine, &counts);
    }
    return counts;
}

void sim_fail_random(struct sim_host *h, unsigned nth)
{
    h->fail_random = nth;
}

void sim_fail_memory(struct sim_host *h, unsigned nth)
{
    h->fail_memory = nth;
}

unsigned sim_random_left(const struct sim_host *h)
{
    return h->fail_random;
}

unsigned sim_memory_left(const struct sim_host *h)
{
    return h->fail_memory;
}

/* Grows by one row per address that it talks to. */
static struct sim_traffic_row *traffic_row(struct sim_host *h, const struct cyg_address *other)
{
    for (size_t i = 0; i < h->n_traffic; i++) {
        if (cyg_address_equal(&h->traffic[i].other, other)) {
            return &h->traffic[i];
        }
    }
    SIM_GROW(h->traffic, h->n_traffic, h->room_traffic);
    h->traffic[h->n_traffic] = (struct sim_traffic_row){ .other = *other };
    return &h->traffic[h->n_traffic++];
}

void sim_traffic_note(struct sim_host *h, const struct cyg_address *other, size_t sent,
                      size_t received)
{
    struct sim_traffic_row *row = traffic_row(h, other);
    row->sent += sent;
    row->received += received;
}

void sim_traffic(const struct sim_host *h, const struct cyg_address *other, uint64_t *ret_sent,
                 uint64_t *ret_received)
{
    *ret_sent = *ret_received = 0;
    for (size_t i = 0; i < h->n_traffic; i++) {
        if (cyg_address_equal(&h->traffic[i].other, other)) {
            *ret_sent = h->traffic[i].sent;
            *ret_received = h->traffic[i].received;
        }
    }
}
