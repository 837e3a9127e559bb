/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Start, loop and end of the daemon. Order of the start: settings, sockets, lanes and control
 * thread, plugins, engine, services; privileges go before the threads come. The end runs backwards.
 */
#include "daemon_internal.h"

#include "narrate.h"
#include "privileges.h"

#include <cygnet/version.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SYSTEMD
#    include <systemd/sd-daemon.h>
#endif

#define SHUTDOWN_MS 3000u /* deletes are sent within that, or not at all */

void daemon_log(struct daemon *d, int8_t level, const struct cyg_error *record)
{
    d->host.log(d, CYG_LOG_DMN, level, record);
}

static void notify(const char *state)
{
#ifdef HAVE_SYSTEMD
    (void)sd_notify(0, state);
#else
    (void)state;
#endif
}

/* --- The engine's loop --- */

static void on_engine_timer(uv_timer_t *timer);

/* The jobs of a turn are many under load: their lanes are woken once, behind the last. */
static void wake_lanes(struct daemon *d)
{
    for (unsigned lane = 0; lane < CYG_LANES; lane++) {
        if ((d->lanes_to_wake & 1u << lane) != 0) {
            lanes_wake(d->lanes, (enum cyg_lane)lane);
        }
    }
    d->lanes_to_wake = 0;
}

/* Let the engine do what is due and wait for the rest. After everything that called the engine. */
static void run_engine(struct daemon *d)
{
    const cyg_usec now = cyg_time_now();
    const cyg_usec deadline = engine_timer(d->engine, now);
    wake_lanes(d);
    if (deadline == CYG_NEVER) {
        uv_timer_stop(&d->engine_timer);
        return;
    }
    /* libuv counts milliseconds from a clock that it reads once a turn. */
    const uint64_t wait = deadline > now ? (deadline - now + CYG_MSEC - 1) / CYG_MSEC : 0;
    uv_update_time(&d->loop);
    uv_timer_start(&d->engine_timer, on_engine_timer, wait, 0);
}

static void on_engine_timer(uv_timer_t *timer)
{
    run_engine(timer->data);
}

static void on_datagram(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct daemon *d = context;
    engine_packet(d->engine, cyg_time_now(), path, datagram);
}

static void on_unreachable(void *context, const struct cyg_address *remote)
{
    struct daemon *d = context;
    engine_unreachable(d->engine, cyg_time_now(), remote);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct daemon *d = poll->data;
    const size_t index = (size_t)(poll - d->polls);
    (void)events;
    if (status < 0) { /* the error queue: libuv stops watching */
        sockets_failed(d->sockets, index, on_unreachable, d);
        uv_poll_start(poll, UV_READABLE, on_readable);
    }
    sockets_readable(d->sockets, index, on_datagram, d);
    run_engine(d);
}

static void take_mail(struct daemon *d, struct mail *mail)
{
    const cyg_usec now = cyg_time_now();
    switch (mail->type) {
    case MAIL_JOB_DONE:
        engine_job_done(d->engine, now, mail->job);
        break;
    case MAIL_KERNEL_DONE:
        engine_kernel_done(d->engine, now, mail->kernel.tag, &mail->kernel.result);
        break;
    case MAIL_KERNEL_EVENT:
        engine_kernel_event(d->engine, now, &mail->event);
        break;
    case MAIL_ORDER:
        engine_order(d->engine, now, &mail->order);
        break;
    case MAIL_PACKET:
        engine_packet(d->engine, now, &mail->packet.path,
                      (struct cyg_span){ mail->packet.data, mail->packet.len });
        break;
    case MAIL_REQUEST:
        mail->request.call(mail->request.context);
        break;
    }
}

static void on_mail(uv_async_t *async)
{
    struct daemon *d = async->data;
    for (struct mail *mail = mailbox_take_all(d->mailbox); mail != NULL;) {
        struct mail *next = mail->next;
        take_mail(d, mail);
        free(mail);
        mail = next;
    }
    run_engine(d);
}

static void wake_engine(void *context)
{
    struct daemon *d = context;
    uv_async_send(&d->mail);
}

static void order(struct daemon *d, enum cyg_order_type type, uint64_t *ret_id)
{
    const struct cyg_order what = { .type = type, .id = atomic_fetch_add(&d->last_order, 1) + 1 };
    if (ret_id != NULL) {
        *ret_id = what.id; /* known before the engine answers */
    }
    engine_order(d->engine, cyg_time_now(), &what);
    run_engine(d);
}

/* --- Services, on the control thread --- */

static void services_stopped(void *context)
{
    struct daemon *d = context;
    uv_stop(&d->loop);
}

/* Hand a call to the engine's thread. */
static void post_request(struct daemon *d, void (*call)(void *context))
{
    struct mail *mail = mail_new(MAIL_REQUEST, 0);
    if (mail != NULL) {
        mail->request.call = call;
        mail->request.context = d;
        mailbox_post(d->mailbox, mail);
    }
}

static void stop_services(void *context)
{
    struct daemon *d = context;
    while (d->n_started > 0) {
        const struct cyg_provider *service = &d->services[--d->n_started];
        const struct cyg_service_ops *ops = service->ops;
        ops->stop(service->self);
    }
    post_request(d, services_stopped);
}

static void begin_end(struct daemon *d);

static void on_start_failed(void *context)
{
    struct daemon *d = context;
    d->has_failed = true;
    begin_end(d);
}

static void start_services(void *context)
{
    struct daemon *d = context;
    for (; d->n_started < d->n_services; d->n_started++) {
        const struct cyg_provider *service = &d->services[d->n_started];
        const struct cyg_service_ops *ops = service->ops;
        struct cyg_error error = { 0 };
        if (ops->start(service->self, &error) != CYG_OK) {
            d->service_error = error;
            post_request(d, on_start_failed);
            return;
        }
    }
    struct cyg_error error = { 0 };
    if (privileges_drop(false, &error) != CYG_OK) {
        d->service_error = error;
        post_request(d, on_start_failed);
        return;
    }
    daemon_log(d, 1,
               &(struct cyg_error){ .reason = CYG_R_STARTED,
                                    .got_quote = cyg_quote_words(cyg_version()) });
    if (d->wireshark != NULL) {
        daemon_log(d, 0,
                   &(struct cyg_error){ .reason = CYG_R_KEYS_WRITTEN,
                                        .got_quote = cyg_quote_text(cyg_settings_string(
                                            d->settings, "wireshark", "keys")) });
    }
    notify("READY=1");
}

/* --- Signals and the end --- */

/* All SAs are gone, or the time is up: services next, then the loop. */
static void on_end_timer(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    uv_timer_stop(timer);
    if (!control_post(d->control, stop_services, d)) {
        uv_stop(&d->loop);
    }
}

void daemon_end_soon(struct daemon *d)
{
    uv_timer_start(&d->end_timer, on_end_timer, 0, 0);
}

static void begin_end(struct daemon *d)
{
    if (d->ending) {
        return;
    }
    d->ending = true;
    notify("STOPPING=1");
    daemon_log(d, 1, &(struct cyg_error){ .reason = CYG_R_STOPPING });
    uv_timer_start(&d->end_timer, on_end_timer, SHUTDOWN_MS, 0);
    order(d, CYG_ORDER_SHUTDOWN, &d->shutdown_order);
}

static void on_end_signal(uv_signal_t *signal, int number)
{
    (void)number;
    begin_end(signal->data);
}

/* The log's part of a reload, on the thread that writes it. */
static void reload_log(void *context)
{
    struct daemon *d = context;
    cyg_log_reopen(d->log);
}

static void on_hup(uv_signal_t *signal, int number)
{
    struct daemon *d = signal->data;
    (void)number;
    if (d->ending) {
        return;
    }
    struct cyg_error error = { 0 };
    /* What a running daemon can change is the log's file and its peers; the file is checked whole,
     * so that its errors show themselves now and not at the next start. */
    if (daemon_check_settings(d->settings_path, &error) != CYG_OK) {
        daemon_log(d, 0, &error);
        return;
    }
    (void)control_post(d->control, reload_log, d);
    order(d, CYG_ORDER_POLL_STORE, NULL);
    daemon_log(d, 1, &(struct cyg_error){ .reason = CYG_R_RELOADED });
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    notify("WATCHDOG=1");
}

/* --- Start --- */

static void on_event(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct daemon *d = context;
    cyg_log_event(d->log, event, dropped);
}

static void on_delivered(void *context)
{
    struct daemon *d = context;
    cyg_log_flush(d->log);
}

static enum cyg_code open_io(struct daemon *d, struct cyg_error *err)
{
    struct cyg_address addresses[SOCKETS_MAX];
    size_t n = 0;
    enum cyg_code code = options_addresses(d->settings, addresses, CYG_LEN(addresses), &n, err);
    if (code != CYG_OK) {
        return code;
    }
    int8_t log_level = 0;
    code = cyg_log_new(d->settings, &d->log, &log_level, err);
    if (code != CYG_OK) {
        return code;
    }
    code =
        wireshark_open(cyg_settings_string(d->settings, "wireshark", "keys"), &d->wireshark, err);
    if (code != CYG_OK) {
        return code;
    }
    struct engine_settings numbers;
    options_engine(d->settings, &numbers);
    code = sockets_open(addresses, n, numbers.port, numbers.nat_t_port, d->host.socket_mark,
                        &d->sockets, err);
    if (code != CYG_OK) {
        return code;
    }
    /* From here on threads are started: what they are to lack must be gone before. The control
     * thread, which comes first, gives the control socket to its group. */
    code = privileges_drop(true, err);
    if (code == CYG_OK && control_new(&d->control) != CYG_OK) {
        code = CYG_FAIL(err, CYG_R_LOOP_FAILED, .got_quote = cyg_quote_text("control thread"));
    }
    if (code == CYG_OK) {
        code = privileges_drop(false, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    const unsigned workers = (unsigned)cyg_settings_int(d->settings, "", "worker_threads");
    if (mailbox_new(wake_engine, d, &d->mailbox) != CYG_OK
        || lanes_new(workers, &d->lanes) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_LOOP_FAILED, .got_quote = cyg_quote_text("threads"));
    }
    control_after_delivery(d->control, on_delivered, d);
    (void)control_subscribe(d->control, CYG_EVENT_LOG, log_level, on_event, d);
    narrate_start(d->control);
    return CYG_OK;
}

static struct engine_providers find_providers(struct daemon *d)
{
    struct engine_providers p = { .crypto = &d->crypto };
    struct cyg_provider auth[CYG_LEN(p.auth)];
    size_t n = cyg_loader_each(d->loader, CYG_FEATURE_AUTH, auth, NULL, CYG_LEN(auth) - 1);
    for (size_t i = 0; i < n && i < CYG_LEN(auth) - 1; i++) {
        p.auth[i] = auth[i].ops;
        p.auth_self[i] = auth[i].self;
    }
    d->kernel = cyg_loader_find(d->loader, CYG_FEATURE_KERNEL_IPSEC, NULL);
    p.kernel = d->kernel.ops;
    p.kernel_self = d->kernel.self;
    const struct cyg_provider store = cyg_loader_find(d->loader, CYG_FEATURE_STORE, NULL);
    p.store = store.ops;
    p.store_self = store.self;
    return p;
}

/* What no daemon can work without. */
static enum cyg_code check_providers(const struct daemon *d, const struct engine_providers *p,
                                     struct cyg_error *err)
{
    const char *missing = d->crypto.rng.ops == NULL ? "random numbers"
                          : p->auth[0] == NULL      ? "an authentication method"
                          : p->kernel == NULL       ? "a data plane"
                          : p->store == NULL        ? "a store of peers"
                                                    : NULL;
    if (missing != NULL) {
        return CYG_FAIL(err, CYG_R_NO_PROVIDER, .want_quote = cyg_quote_text(missing));
    }
    return CYG_OK;
}

static bool has_history(const struct cyg_store_ops *ops)
{
    return ops->size >= offsetof(struct cyg_store_ops, history_read) + sizeof ops->history_read
           && ops->history_open != NULL && ops->history_write != NULL;
}

/* Without a history the daemon goes on, and says so (H-175, H-176). */
static enum cyg_code start_recorder(struct daemon *d, const struct engine_providers *p,
                                    struct cyg_error *err)
{
    uint64_t last = 0;
    struct cyg_error why = { 0 };
    bool keep = has_history(p->store);
    if (keep && p->store->history_open(p->store_self, &last, &why) != CYG_OK) {
        keep = false;
        if (why.reason != CYG_R_HISTORY_OFF) {
            daemon_log(d, 0, &why);
        }
    }
    return recorder_new(d->control, d->lanes, keep ? p->store : NULL, p->store_self, last,
                        &d->recorder)
                   == CYG_OK
               ? CYG_OK
               : CYG_FAIL(err, CYG_R_NOMEM);
}

static enum cyg_code start_engine(struct daemon *d, struct cyg_error *err)
{
    const char *prefer[CYG_ALG_COUNT];
    const size_t n = options_list(d->settings, "crypto", "prefer", prefer, CYG_LEN(prefer));
    enum cyg_code code = cyg_loader_load(d->loader, &d->host, prefer, n, &d->crypto, err);
    if (code != CYG_OK) {
        return code;
    }
    const struct engine_providers providers = find_providers(d);
    code = check_providers(d, &providers, err);
    if (code != CYG_OK) {
        return code;
    }
    code = start_recorder(d, &providers, err);
    if (code != CYG_OK) {
        return code;
    }
    d->n_services = cyg_loader_each(d->loader, CYG_FEATURE_SERVICE, d->services, d->service_names,
                                    DAEMON_SERVICES_MAX);
    if (d->n_services > DAEMON_SERVICES_MAX) {
        d->n_services = DAEMON_SERVICES_MAX;
    }
    struct engine_settings settings;
    options_engine(d->settings, &settings);
    const struct engine_world world = world_of(d);
    code = engine_new(cyg_time_now(), &settings, &providers, &world, &d->engine);
    return code == CYG_OK ? CYG_OK
                          : CYG_FAIL(err, CYG_R_LOOP_FAILED, .got_quote = cyg_quote_text("engine"));
}

static void init_loop(struct daemon *d)
{
    uv_loop_init(&d->loop);
    uv_async_init(&d->loop, &d->mail, on_mail);
    uv_timer_t *const timers[] = { &d->engine_timer, &d->end_timer, &d->watchdog };
    for (size_t i = 0; i < CYG_LEN(timers); i++) {
        uv_timer_init(&d->loop, timers[i]);
        timers[i]->data = d;
    }
    uv_signal_t *const signals[] = { &d->on_term, &d->on_int, &d->on_hup };
    for (size_t i = 0; i < CYG_LEN(signals); i++) {
        uv_signal_init(&d->loop, signals[i]);
        signals[i]->data = d;
    }
    d->mail.data = d;
}

enum cyg_code daemon_new(const char *settings_path, struct daemon **ret, struct cyg_error *err)
{
    struct daemon *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    d->settings_path = settings_path;
    init_loop(d);
    enum cyg_code code = privileges_harden(err);
    if (code == CYG_OK) {
        code = options_load(settings_path, &d->loader, &d->settings, err);
    }
    if (code == CYG_OK) {
        d->host = host_of(d);
        code = open_io(d, err);
    }
    if (code == CYG_OK) {
        code = start_engine(d, err);
    }
    if (code != CYG_OK) {
        daemon_free(d);
        return code;
    }
    *ret = d;
    return CYG_OK;
}

static void start_watchdog(struct daemon *d)
{
#ifdef HAVE_SYSTEMD
    uint64_t interval = 0;
    if (sd_watchdog_enabled(0, &interval) > 0) {
        const uint64_t half_ms = interval / 2000;
        uv_timer_start(&d->watchdog, on_watchdog, half_ms, half_ms);
    }
#else
    (void)d;
    (void)on_watchdog;
#endif
}

enum cyg_code daemon_run(struct daemon *d, struct cyg_error *err)
{
    for (size_t i = 0; i < sockets_count(d->sockets); i++) {
        uv_poll_init(&d->loop, &d->polls[i], sockets_fd(d->sockets, i));
        d->polls[i].data = d;
        uv_poll_start(&d->polls[i], UV_READABLE, on_readable);
    }
    uv_signal_start(&d->on_term, on_end_signal, SIGTERM);
    uv_signal_start(&d->on_int, on_end_signal, SIGINT);
    uv_signal_start(&d->on_hup, on_hup, SIGHUP);
    order(d, CYG_ORDER_POLL_STORE, NULL); /* with live = no the only look until a reload */
    start_watchdog(d);
    if (!control_post(d->control, start_services, d)) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    run_engine(d);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    if (d->has_failed) {
        *err = d->service_error;
        return CYG_INTERNAL;
    }
    return CYG_OK;
}

static void do_nothing(void *context)
{
    (void)context;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* No mail any more; finished jobs hold secrets, and somebody waits for each request. */
static void drop_mail(struct daemon *d)
{
    if (d->mailbox == NULL) {
        return;
    }
    mailbox_close(d->mailbox);
    for (struct mail *mail = mailbox_take_all(d->mailbox); mail != NULL;) {
        struct mail *next = mail->next;
        if (mail->type == MAIL_JOB_DONE) {
            engine_job_free(mail->job);
        } else if (mail->type == MAIL_REQUEST) {
            mail->request.call(mail->request.context);
        }
        free(mail);
        mail = next;
    }
}

/* The order is what makes it safe: nobody is called whose state or code has gone.
 * 1. The mailbox is closed: what asks the engine gets no for an answer, so that no job waits for a
 *    loop that does not turn any more.
 * 2. The lanes are closed: all jobs have run, and none is taken.
 * 3. A call through the control thread, behind all results of plugins' jobs: they are delivered.
 * 4. The plugins unload; they may still log, and end watches and timers.
 * 5. The control thread ends; what is left for it are records of the log.
 * 6. The plugins' code goes, then what they were given. */
void daemon_free(struct daemon *d)
{
    if (d == NULL) {
        return;
    }
    drop_mail(d);
    recorder_stop(d->recorder); /* its last job goes before the lanes close */
    lanes_close(d->lanes);
    if (d->control != NULL) {
        control_call(d->control, do_nothing, NULL);
    }
    recorder_free(d->recorder);
    engine_free(d->engine);
    cyg_loader_unload(d->loader);
    control_free(d->control);
    cyg_loader_free(d->loader);
    lanes_free(d->lanes);
    cyg_log_free(d->log);
    wireshark_close(d->wireshark);
    sockets_close(d->sockets);
    uv_walk(&d->loop, close_handle, NULL);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    uv_loop_close(&d->loop);
    mailbox_free(d->mailbox);
    cyg_settings_free(d->settings);
    free(d);
}
