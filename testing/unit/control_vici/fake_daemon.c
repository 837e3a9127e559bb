/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_daemon.h"

#include "io/control.h"
#include "io/lanes.h"
#include "sql/database.h"
#include "store_sqlite/store_sqlite.h"

#include <cygnet/history.h>

#include <cygnet/settings_load.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX 16384u

struct fake_daemon {
    struct control *control;
    struct lanes *lanes;
    struct store *store;
    struct cyg_settings *settings;
    struct cyg_host host;
    struct vici *vici;
    char folder[96], socket[128], database[128], history[128];
    pthread_mutex_t mutex;
    char orders[TEXT_MAX], log[TEXT_MAX];
    uint64_t last_order;
    unsigned reloads;
    bool started;
    struct cyg_error error;
};

/* --- SAs --- */

static struct cyg_address address(const char *text)
{
    struct cyg_address a = { 0 };
    if (cyg_address_parse(cyg_span_str(text), false, &a, NULL) != CYG_OK) {
        abort();
    }
    a.port = 4500;
    return a;
}

static struct cyg_identity identity(const char *text)
{
    struct cyg_identity id = { 0 };
    if (cyg_identity_parse(cyg_span_str(text), &id, NULL) != CYG_OK) {
        abort();
    }
    return id;
}

static struct cyg_selector selector(const char *text)
{
    struct cyg_selector s = { 0 };
    if (cyg_selector_parse(cyg_span_str(text), &s, NULL) != CYG_OK) {
        abort();
    }
    return s;
}

const struct cyg_ike_record *fake_daemon_ike(size_t index)
{
    static struct cyg_ike_record ike[2];
    const cyg_usec now = cyg_time_now();
    ike[0] = (struct cyg_ike_record){ .uniqueid = 1,
                                      .name = "branch",
                                      .state = CYG_IKE_ESTABLISHED,
                                      .initiator = true,
                                      .nat_remote = true,
                                      .nat_any = true,
                                      .cookie_i = { 0x54, 1, 2, 3, 4, 5, 6, 7 },
                                      .cookie_r = { 0x85, 1, 2, 3, 4, 5, 6, 7 },
                                      .cipher = CYG_ALG_AES128,
                                      .integ = CYG_ALG_SHA256,
                                      .group = CYG_ALG_MODP2048,
                                      .established = now - 29 * CYG_SEC,
                                      .rekey_at = now + 13497 * CYG_SEC,
                                      .reauth_at = CYG_NEVER,
                                      .expires_at = CYG_NEVER,
                                      .n_children = 1 };
    ike[0].path.local = address("192.0.2.1");
    ike[0].path.remote = address("198.51.100.7");
    ike[0].local_id = identity("a.example");
    ike[0].remote_id = identity("b.example");
    ike[1] = (struct cyg_ike_record){ .uniqueid = 2,
                                      .name = "other",
                                      .state = CYG_IKE_CONNECTING,
                                      .rekey_at = CYG_NEVER,
                                      .reauth_at = CYG_NEVER };
    ike[1].path = ike[0].path;
    ike[1].local_id = identity("a.example");
    return &ike[index];
}

const struct cyg_child_record *fake_daemon_child(size_t index)
{
    static struct cyg_child_record child;
    const cyg_usec now = cyg_time_now();
    (void)index;
    child = (struct cyg_child_record){ .uniqueid = 1,
                                       .ike_uniqueid = 1,
                                       .reqid = 1,
                                       .name = "net",
                                       .state = CYG_CHILD_INSTALLED,
                                       .mode = CYG_MODE_TUNNEL,
                                       .protocol = CYG_IPSEC_ESP,
                                       .cipher = CYG_ALG_AES128GCM16,
                                       .encap = true,
                                       .spi_in = 0xf3460e8b,
                                       .spi_out = 0x5093eac1,
                                       .bytes_in = 168,
                                       .packets_in = 2,
                                       .used_in = now - CYG_SEC,
                                       .installed = now - 29 * CYG_SEC,
                                       .rekey_at = now + 3408 * CYG_SEC,
                                       .expires_at = now + 3931 * CYG_SEC };
    child.flow.local = selector("10.1.0.0/16");
    child.flow.remote = selector("10.2.0.0/16");
    return &child;
}

static enum cyg_code list_sas(void *daemon, uint32_t after, struct cyg_ike_record *ret_ike,
                              size_t max_ike, size_t *ret_n_ike,
                              struct cyg_child_record *ret_children, size_t max_children,
                              size_t *ret_n_children)
{
    (void)daemon;
    *ret_n_ike = *ret_n_children = 0;
    for (uint32_t i = after; i < 2 && *ret_n_ike < max_ike; i++) {
        ret_ike[(*ret_n_ike)++] = *fake_daemon_ike(i);
        if (i == 0 && max_children > 0) {
            ret_children[(*ret_n_children)++] = *fake_daemon_child(0);
        }
    }
    return CYG_OK;
}

/* --- The history --- */

/* Two negotiations: 1, that branch began and that failed, in three entries; 2, of somebody unknown.
 */
static void make_entries(struct cyg_history_entry *all)
{
    for (size_t i = 0; i < FAKE_ENTRIES; i++) {
        struct cyg_history_entry *e = &all[i];
        const bool is_branch = i < 3;
        for (unsigned t = 0; t < CYG_HISTORY_TEXTS; t++) {
            *cyg_history_text(e, t) = "";
        }
        e->negotiation = is_branch ? 1 : 2;
        e->seq = is_branch ? (uint32_t)i + 1 : 1;
        e->when = INT64_C(1700000000000000) + (int64_t)i * 250000;
        e->phase = 1;
        e->ike_uniqueid = is_branch ? 1 : 2;
        e->peer = is_branch ? "branch" : "";
        e->source = is_branch ? "198.51.100.7" : "203.0.113.9";
        e->local = "192.0.2.1[500]";
        e->remote = is_branch ? "198.51.100.7[500]" : "203.0.113.9[500]";
        e->kind = CYG_HISTORY_END;
        e->result = "failed";
    }
    all[0].kind = CYG_HISTORY_MESSAGE;
    all[0].bytes = 204;
    all[0].exchange = "main mode";
    all[0].payloads = "SA: IPSEC, 1 proposal\n  P 1: ISAKMP\nVID: DPD";
    all[1].kind = CYG_HISTORY_DECISION;
    all[1].reason = CYG_R_DIFFERS_CIPHER;
    all[1].text = "The cipher differs.";
    all[1].mend = "Allow it.";
    all[1].what = "proposals";
    all[1].ours = "aes256-sha256-modp2048";
    all[1].theirs = "3des-sha256-modp2048\naes128-sha256-modp2048";
    all[1].differs = "cipher";
    all[0].result = all[1].result = "";
    all[2].reason = CYG_R_NO_PROPOSAL_IKE;
    all[2].text = "None is allowed.";
    all[3].begun_by = CYG_HISTORY_BY_NONE;
    all[3].text = "Nobody knows it.";
}

const struct cyg_history_entry *fake_daemon_entry(size_t index)
{
    static struct cyg_history_entry all[FAKE_ENTRIES];
    if (all[0].negotiation == 0) { /* once, before any other thread looks */
        make_entries(all);
    }
    return &all[index];
}

/* Before any other thread uses the store. */
static enum cyg_code write_history(struct fake_daemon *fake, struct cyg_error *err)
{
    uint64_t last = 0;
    enum cyg_code code = store_set_history(fake->store, fake->database, fake->history, err);
    if (code == CYG_OK) {
        code = store_sqlite_ops.history_open(fake->store, &last, err);
    }
    if (code == CYG_OK) {
        const struct cyg_history_drop drop = { .reason = CYG_R_NO_SA,
                                               .network = "203.0.113.0/24",
                                               .count = 412,
                                               .first = INT64_C(1700000000000000),
                                               .last = INT64_C(1700000060000000) };
        code = store_sqlite_ops.history_write(fake->store, fake_daemon_entry(0), FAKE_ENTRIES,
                                              &drop, 1, CYG_NEVER, err);
    }
    return code;
}

/* --- Orders --- */

static void note(struct fake_daemon *fake, char *text, const char *line)
{
    pthread_mutex_lock(&fake->mutex);
    const size_t at = strlen(text);
    snprintf(text + at, TEXT_MAX - at, "%s", line);
    pthread_mutex_unlock(&fake->mutex);
}

static void note_order(struct fake_daemon *fake, const struct cyg_order *order)
{
    char line[3 * CYG_NAME_MAX];
    static const char *const names[] = { [CYG_ORDER_INITIATE] = "initiate",
                                         [CYG_ORDER_TERMINATE] = "terminate",
                                         [CYG_ORDER_POLL_STORE] = "poll",
                                         [CYG_ORDER_SHUTDOWN] = "shutdown" };
    snprintf(line, sizeof line, "%s%s%s%s%s%s%s; ", names[order->type],
             order->ike[0] != '\0' ? " " : "", order->ike, order->child[0] != '\0' ? " " : "",
             order->child, order->idle_too ? " idle-too" : "", order->again ? " again" : "");
    note(fake, fake->orders, line);
}

static void progress(struct fake_daemon *fake, uint64_t id)
{
    struct cyg_event event = { .type = CYG_EVENT_LOG,
                               .when = cyg_time_now(),
                               .order_id = id,
                               .ike_uniqueid = 1,
                               .name = "branch",
                               .group = CYG_LOG_IKE,
                               .level = 1,
                               .error = { .reason = CYG_R_STARTED,
                                          .got_quote = cyg_quote_text("of the test") } };
    control_publish(fake->control, &event);
}

static enum cyg_code order(void *daemon, const struct cyg_order *order, uint64_t *ret_id)
{
    struct fake_daemon *fake = daemon;
    pthread_mutex_lock(&fake->mutex);
    *ret_id = ++fake->last_order;
    pthread_mutex_unlock(&fake->mutex);
    note_order(fake, order);
    if (strcmp(order->child, "slow") == 0 || order->type == CYG_ORDER_POLL_STORE) {
        return CYG_OK;
    }
    const bool good =
        strcmp(order->child, "net") == 0 || strcmp(order->ike, "branch") == 0 || order->ike_id == 1;
    const enum cyg_reason why =
        order->type == CYG_ORDER_TERMINATE ? CYG_R_SA_NOT_FOUND : CYG_R_CHILD_NAME_UNKNOWN;
    progress(fake, *ret_id);
    struct cyg_event done = { .type = CYG_EVENT_ORDER_DONE,
                              .when = cyg_time_now(),
                              .order_id = *ret_id };
    done.error.reason = good ? 0 : (uint16_t)why;
    done.error.got = good ? 1 : 0;
    if (!good) {
        done.error.got_quote = cyg_quote_text(order->child[0] != '\0' ? order->child : order->ike);
    }
    control_publish(fake->control, &done);
    return CYG_OK;
}

/* --- The rest of the host --- */

static size_t list_plugins(void *daemon, size_t from, struct cyg_plugin_record *ret, size_t max)
{
    static const struct cyg_plugin_record all[] = {
        { .plugin = "crypto-test", .summary = "for tests", .loaded = true },
        { .plugin = "crypto-test",
          .feature_type = CYG_FEATURE_CIPHER,
          .feature = "aes128",
          .loaded = true,
          .chosen = true },
        { .plugin = "crypto-test",
          .feature_type = CYG_FEATURE_CIPHER,
          .feature = "aes256",
          .loaded = true,
          .chosen = true },
        { .plugin = "crypto-test",
          .feature_type = CYG_FEATURE_CIPHER,
          .feature = "aes128gcm16",
          .loaded = true,
          .chosen = true },
        { .plugin = "crypto-test",
          .feature_type = CYG_FEATURE_MAC,
          .feature = "sha256",
          .loaded = true,
          .chosen = true },
        { .plugin = "crypto-test",
          .feature_type = CYG_FEATURE_GROUP,
          .feature = "modp2048",
          .loaded = true,
          .chosen = true },
        { .plugin = "kernel-test",
          .feature_type = CYG_FEATURE_KERNEL_IPSEC,
          .feature = "",
          .problem = "there is none" },
    };
    size_t n = 0;
    (void)daemon;
    for (size_t i = from; i < CYG_LEN(all) && n < max; i++) {
        ret[n++] = all[i];
    }
    return n;
}

static uint32_t subscribe(void *daemon, uint32_t mask, int8_t level,
                          void (*callback)(void *context, const struct cyg_event *event,
                                           uint64_t dropped),
                          void *context)
{
    return control_subscribe(((struct fake_daemon *)daemon)->control, mask, level, callback,
                             context);
}

static void unsubscribe(void *daemon, uint32_t id)
{
    control_unsubscribe(((struct fake_daemon *)daemon)->control, id);
}

static uint32_t watch(void *daemon, int fd, unsigned events,
                      void (*callback)(void *context, unsigned events), void *context)
{
    return control_watch(((struct fake_daemon *)daemon)->control, fd, events, callback, context);
}

static void watch_set(void *daemon, uint32_t id, unsigned events)
{
    control_watch_set(((struct fake_daemon *)daemon)->control, id, events);
}

static void unwatch(void *daemon, uint32_t id)
{
    control_unwatch(((struct fake_daemon *)daemon)->control, id);
}

static uint32_t timer(void *daemon, cyg_usec delay, void (*callback)(void *context), void *context)
{
    return control_timer(((struct fake_daemon *)daemon)->control, delay, callback, context);
}

static void timer_cancel(void *daemon, uint32_t id)
{
    control_timer_cancel(((struct fake_daemon *)daemon)->control, id);
}

struct job {
    struct fake_daemon *fake;
    void (*run)(void *context);
    void (*done)(void *context);
    void *context;
};

static void job_run(void *context)
{
    struct job *j = context;
    j->run(j->context);
}

static void job_deliver(void *context)
{
    struct job *j = context;
    j->done(j->context);
    free(j);
}

static void job_done(void *context)
{
    if (!control_post(((struct job *)context)->fake->control, job_deliver, context)) {
        abort();
    }
}

static enum cyg_code job(void *daemon, enum cyg_lane lane, void (*run)(void *context),
                         void (*done)(void *context), void *context)
{
    struct fake_daemon *fake = daemon;
    struct job *j = malloc(sizeof *j);
    if (j == NULL) {
        return CYG_NOMEM;
    }
    *j = (struct job){ .fake = fake, .run = run, .done = done, .context = context };
    return lanes_submit(fake->lanes, lane, false, job_run, job_done, j);
}

static void log_record(void *daemon, unsigned group, int8_t level, const struct cyg_error *record)
{
    struct fake_daemon *fake = daemon;
    char text[768], line[800];
    (void)group;
    (void)level;
    snprintf(line, sizeof line, "%s\n", cyg_error_format(record, text, sizeof text));
    note(fake, fake->log, line);
}

static struct cyg_provider provider(void *daemon, unsigned feature_type, const char *key)
{
    const struct fake_daemon *fake = daemon;
    (void)key;
    return feature_type == CYG_FEATURE_STORE && fake->store != NULL
               ? (struct cyg_provider){ .ops = &store_sqlite_ops, .self = fake->store }
               : (struct cyg_provider){ 0 };
}

static void counts(void *daemon, struct cyg_counts *ret)
{
    struct fake_daemon *fake = daemon;
    *ret = (struct cyg_counts){
        .ike_sas = 1, .half_open = 1, .packets = 40, .dropped = 3, .handshakes_done = 2
    };
    for (unsigned i = 0; i < CYG_LANES; i++) {
        lanes_counts(fake->lanes, (enum cyg_lane)i, &ret->lanes[i].threads, &ret->lanes[i].active,
                     &ret->lanes[i].queued);
    }
}

static void reload(void *daemon)
{
    struct fake_daemon *fake = daemon;
    note(fake, fake->orders, "reload; ");
}

/* --- Making and ending --- */

static void start_on_control(void *context)
{
    struct fake_daemon *fake = context;
    fake->started = vici_service.start(fake->vici, &fake->error) == CYG_OK;
}

static void stop_on_control(void *context)
{
    struct fake_daemon *fake = context;
    vici_service.stop(fake->vici);
}

bool fake_daemon_start(struct fake_daemon *fake)
{
    char text[768];
    control_call(fake->control, start_on_control, fake);
    if (!fake->started) {
        fprintf(stderr, "%s\n", cyg_error_format(&fake->error, text, sizeof text));
    }
    return fake->started;
}

void fake_daemon_stop(struct fake_daemon *fake)
{
    if (fake->started) {
        control_call(fake->control, stop_on_control, fake);
        fake->started = false;
    }
}

/* The settings that the plugin reads, from a file as always. */
static enum cyg_code load_settings(struct fake_daemon *fake, struct cyg_error *err)
{
    char path[128];
    const struct cyg_settings_section sections[] = { { "control-vici", vici_settings } };
    snprintf(path, sizeof path, "%s/settings", fake->folder);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return CYG_INTERNAL;
    }
    fprintf(file, "control-vici { socket = \"unix://%s\" }\n", fake->socket);
    fclose(file);
    (void)chmod(path, 0600);
    enum cyg_code code = cyg_settings_load(path, sections, CYG_LEN(sections), &fake->settings, err);
    unlink(path);
    return code;
}

static enum cyg_code open_all(struct fake_daemon *fake, bool with_store, struct cyg_error *err)
{
    enum cyg_code code = load_settings(fake, err);
    if (code == CYG_OK) {
        code = control_new(&fake->control);
    }
    if (code == CYG_OK) {
        code = lanes_new(1, &fake->lanes);
    }
    if (code == CYG_OK && with_store) {
        code = db_create(fake->database, err);
        if (code == CYG_OK) {
            code = store_open(fake->database, &fake->store, err);
        }
        if (code == CYG_OK) {
            code = write_history(fake, err);
        }
    }
    if (code != CYG_OK) {
        return code;
    }
    fake->host = (struct cyg_host){ .size = sizeof fake->host,
                                    .daemon = fake,
                                    .settings = fake->settings,
                                    .order = order,
                                    .list_sas = list_sas,
                                    .list_plugins = list_plugins,
                                    .subscribe = subscribe,
                                    .unsubscribe = unsubscribe,
                                    .watch = watch,
                                    .watch_set = watch_set,
                                    .unwatch = unwatch,
                                    .timer = timer,
                                    .timer_cancel = timer_cancel,
                                    .job = job,
                                    .log = log_record,
                                    .provider = provider,
                                    .counts = counts,
                                    .reload = reload };
    return vici_new(&fake->host, &fake->vici, err);
}

struct fake_daemon *fake_daemon_new(const char *folder, bool with_store)
{
    struct fake_daemon *fake = calloc(1, sizeof *fake);
    struct cyg_error error = { 0 };
    char text[768];
    if (fake == NULL) {
        return NULL;
    }
    pthread_mutex_init(&fake->mutex, NULL);
    snprintf(fake->folder, sizeof fake->folder, "%s", folder);
    snprintf(fake->socket, sizeof fake->socket, "%s/vici", folder);
    snprintf(fake->database, sizeof fake->database, "%s/peers.db", folder);
    snprintf(fake->history, sizeof fake->history, "%s/history.db", folder);
    if (open_all(fake, with_store, &error) != CYG_OK || !fake_daemon_start(fake)) {
        fprintf(stderr, "%s\n", cyg_error_format(&error, text, sizeof text));
        fake_daemon_free(fake);
        return NULL;
    }
    return fake;
}

void fake_daemon_free(struct fake_daemon *fake)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    if (fake == NULL) {
        return;
    }
    fake_daemon_stop(fake);
    lanes_free(fake->lanes);
    vici_free(fake->vici);
    control_free(fake->control);
    store_close(fake->store);
    for (size_t i = 0; fake->store != NULL && i < CYG_LEN(tails); i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", fake->database, tails[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s%s", fake->history, tails[i]);
        unlink(path);
    }
    cyg_settings_free(fake->settings);
    pthread_mutex_destroy(&fake->mutex);
    free(fake);
}

struct vici *fake_daemon_vici(struct fake_daemon *fake)
{
    return fake->vici;
}

const char *fake_daemon_socket(const struct fake_daemon *fake)
{
    return fake->socket;
}

static const char *take_text(struct fake_daemon *fake, char *from)
{
    static char text[TEXT_MAX];
    pthread_mutex_lock(&fake->mutex);
    memcpy(text, from, TEXT_MAX);
    from[0] = '\0';
    pthread_mutex_unlock(&fake->mutex);
    return text;
}

const char *fake_daemon_orders(struct fake_daemon *fake)
{
    return take_text(fake, fake->orders);
}

const char *fake_daemon_log(struct fake_daemon *fake)
{
    return take_text(fake, fake->log);
}

void fake_daemon_publish(struct fake_daemon *fake, const struct cyg_event *event)
{
    control_publish(fake->control, event);
}
