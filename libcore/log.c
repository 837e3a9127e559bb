/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: where it goes and what is in it. */
#include "log_internal.h"
#include "text_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#    define SD_JOURNAL_SUPPRESS_LOCATION /* our own line numbers tell nobody anything */
#    include <systemd/sd-journal.h>
#endif

#define GROUP_LEVEL(name)                                              \
    {                                                                  \
        .type = CYG_SETTING_INT, .key = (name), .min = -1, .max = 4,   \
        .help = "level of this group; the common level where not set", \
    }

const struct cyg_setting cyg_log_settings[] = {
    { .type = CYG_SETTING_STRING,
      .key = "target",
      .fallback = "stderr",
      .help = "stderr, journal, or the whole path of a file" },
    { .type = CYG_SETTING_INT,
      .key = "level",
      .fallback = "1",
      .min = -1,
      .max = 4,
      .help = "how much is told: -1 nothing, 0 failures, 1 what happens, 2 to 4 details" },
    { .type = CYG_SETTING_BOOL, .key = "json", .fallback = "no", .help = "one JSON object a line" },
    GROUP_LEVEL("dmn"),
    GROUP_LEVEL("mgr"),
    GROUP_LEVEL("ike"),
    GROUP_LEVEL("chd"),
    GROUP_LEVEL("job"),
    GROUP_LEVEL("cfg"),
    GROUP_LEVEL("knl"),
    GROUP_LEVEL("net"),
    GROUP_LEVEL("asn"),
    GROUP_LEVEL("enc"),
    GROUP_LEVEL("esp"),
    GROUP_LEVEL("lib"),
    { .type = CYG_SETTING_END },
};

enum target {
    TARGET_STDERR = 1,
    TARGET_FILE,
    TARGET_JOURNAL,
};

/* So many bytes go into a pipe as one, whoever else writes into it. */
#define PENDING_MAX 4096u
_Static_assert(PENDING_MAX > LOG_LINE_MAX && PENDING_MAX <= PIPE_BUF, "no room for a line");

struct cyg_log {
    pthread_mutex_t mutex;
    enum target target;
    int fd;     /* of the file; stderr is not ours */
    char *path; /* of the file */
    bool json;
    int8_t levels[CYG_LOG_GROUPS];
    struct log_limit limit;
    size_t n_pending;
    char pending[PENDING_MAX]; /* whole lines that wait for cyg_log_flush */
};

/* ---- opening ---- */

static int8_t level_of(const struct cyg_settings *settings, size_t group)
{
    char key[4];
    for (size_t i = 0; i < sizeof key; i++) { /* the settings are in lower case */
        char c = log_group_names[group][i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        key[i] = c;
    }
    if (cyg_settings_string(settings, "log", key) == NULL) {
        return (int8_t)cyg_settings_int(settings, "log", "level");
    }
    return (int8_t)cyg_settings_int(settings, "log", key);
}

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

static enum cyg_code open_target(struct cyg_log *log, const char *target, struct cyg_error *err)
{
    log->fd = -1;
    if (strcmp(target, "stderr") == 0) {
        log->target = TARGET_STDERR;
        return CYG_OK;
    }
    if (strcmp(target, "journal") == 0) {
#ifdef HAVE_SYSTEMD
        log->target = TARGET_JOURNAL;
        return CYG_OK;
#else
        return CYG_FAIL(err, CYG_R_LOG_NO_JOURNAL);
#endif
    }
    if (target[0] != '/') {
        return CYG_FAIL(err, CYG_R_LOG_TARGET, .got_quote = cyg_quote_text(target));
    }
    log->target = TARGET_FILE;
    log->path = strdup(target);
    if (log->path == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    log->fd = open_file(target);
    if (log->fd < 0) {
        char text[64];
        return CYG_FAIL(err, CYG_R_LOG_FILE, .got_quote = cyg_quote_text(target),
                        .want_quote = cyg_quote_text(strerror_r(errno, text, sizeof text)));
    }
    return CYG_OK;
}

enum cyg_code cyg_log_new(const struct cyg_settings *settings, struct cyg_log **ret,
                          int8_t *ret_level, struct cyg_error *err)
{
    struct cyg_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    (void)pthread_mutex_init(&log->mutex, NULL); /* cannot fail with glibc */
    log->json = cyg_settings_bool(settings, "log", "json");
    /* Only against chosen collisions in a table of counters: a failure leaves the zero seed. */
    (void)!getrandom(&log->limit.seed, sizeof log->limit.seed, GRND_NONBLOCK);
    int8_t highest = -1;
    for (size_t i = 0; i < CYG_LOG_GROUPS; i++) {
        log->levels[i] = level_of(settings, i);
        if (log->levels[i] > highest) {
            highest = log->levels[i];
        }
    }
    enum cyg_code code = open_target(log, cyg_settings_string(settings, "log", "target"), err);
    if (code != CYG_OK) {
        cyg_log_free(log);
        return code;
    }
    if (ret_level != NULL) {
        *ret_level = highest;
    }
    *ret = log;
    return CYG_OK;
}

/* ---- writing ---- */

/* One write of whole lines: several processes may append to a file. What does not go is lost: a
 * full disk must not stop the daemon. */
static void write_pending(struct cyg_log *log)
{
    const int fd = log->target == TARGET_FILE ? log->fd : STDERR_FILENO;
    ssize_t written = 0;
    if (log->n_pending > 0) {
        do {
            written = write(fd, log->pending, log->n_pending);
        } while (written < 0 && errno == EINTR);
    }
    log->n_pending = 0;
}

static void add_line(struct cyg_log *log, const char *line, size_t len)
{
    if (log->n_pending + len + 1 > PENDING_MAX) {
        write_pending(log);
    }
    memcpy(log->pending + log->n_pending, line, len);
    log->n_pending += len;
    log->pending[log->n_pending++] = '\n';
}

#ifdef HAVE_SYSTEMD
/* journald's catalogue knows a record by this id: ours and the reason's number in the last four
 * digits. */
#    define MESSAGE_ID_PREFIX "7b0c1e5d9a3f4e0f8c66cf2a1d93"

static int priority_of(const struct cyg_event *event)
{
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    if (info != NULL && (info->code == CYG_INTERNAL || info->code == CYG_NOMEM)) {
        return 3; /* LOG_ERR */
    }
    return event->level <= 0 ? 5 : event->level == 1 ? 6 : 7; /* notice, info, debug */
}

static const char *cookie_text(const uint8_t cookie[8], char text[17])
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ cookie, 8 });
    snprintf(text, 17, "%016" PRIx64, cyg_reader_u64(&r));
    return text;
}

static void write_journal(const struct cyg_event *event, uint64_t repeats)
{
    char text[LOG_LINE_MAX], name[CYG_NAME_MAX * 4], spi_i[17], spi_r[17];
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    log_line_message(event, repeats, text);
    struct cyg_span raw = { (const uint8_t *)event->name,
                            strnlen(event->name, sizeof event->name) };
    (void)sd_journal_send(
        "MESSAGE=%s", text, "MESSAGE_ID=" MESSAGE_ID_PREFIX "%04x", event->error.reason,
        "PRIORITY=%d", priority_of(event), "GROUP=%s", log_group_names[event->group], "LEVEL=%d",
        event->level, "REASON=%s", info != NULL ? info->name : "", "INITIATOR_SPI=%s",
        cookie_text(event->cookie_i, spi_i), "RESPONDER_SPI=%s",
        cookie_text(event->cookie_r, spi_r), "IKE_SA_UNIQUE_ID=%" PRIu32, event->ike_uniqueid,
        "IKE_SA_NAME=%s", cyg_escape(raw, name, sizeof name), NULL);
}
#else
static void write_journal(const struct cyg_event *event, uint64_t repeats)
{
    (void)event;
    (void)repeats;
}
#endif

static void write_event(struct cyg_log *log, const struct cyg_event *event, uint64_t repeats)
{
    char line[LOG_LINE_MAX];
    if (log->target == TARGET_JOURNAL) {
        write_journal(event, repeats);
        return;
    }
    size_t len = log->json ? log_line_json(event, repeats, line)
                           : log_line_text(event, log->target == TARGET_FILE, repeats, line);
    add_line(log, line, len);
}

/* A record of the log's own. */
static void write_count(struct cyg_log *log, enum cyg_reason reason, uint64_t count)
{
    const struct cyg_event event = { .type = CYG_EVENT_LOG,
                                     .group = CYG_LOG_DMN,
                                     .error = { .reason = (uint16_t)reason, .got = count } };
    if (count > 0 && log->levels[CYG_LOG_DMN] >= 0) {
        write_event(log, &event, 0);
    }
}

/* Tell what was counted, where its time is over: a few places of the table at a time. */
static void write_counted(struct cyg_log *log, cyg_usec now, size_t places)
{
    for (size_t i = 0; i < places; i++) {
        struct cyg_event last;
        uint64_t counted;
        if (log_limit_sweep(&log->limit, now, &last, &counted)) {
            write_event(log, &last, counted - 1);
        }
    }
    write_count(log, CYG_R_LOG_LEFT_OUT, log_limit_left_out(&log->limit, now));
}

void cyg_log_event(struct cyg_log *log, const struct cyg_event *event, uint64_t dropped)
{
    if (event->type != CYG_EVENT_LOG || event->group >= CYG_LOG_GROUPS) {
        return;
    }
    cyg_usec now = cyg_time_now();
    uint64_t repeats;
    (void)pthread_mutex_lock(&log->mutex);
    write_count(log, CYG_R_LOG_LOST, dropped);
    if (event->level <= log->levels[event->group]
        && log_limit_take(&log->limit, event, now, &repeats)) {
        write_event(log, event, repeats);
    }
    write_counted(log, now, 8);
    (void)pthread_mutex_unlock(&log->mutex);
}

void cyg_log_flush(struct cyg_log *log)
{
    (void)pthread_mutex_lock(&log->mutex);
    write_pending(log);
    (void)pthread_mutex_unlock(&log->mutex);
}

void cyg_log_reopen(struct cyg_log *log)
{
    (void)pthread_mutex_lock(&log->mutex);
    write_pending(log);
    if (log->target == TARGET_FILE) {
        int fd = open_file(log->path);
        if (fd >= 0) { /* else the old one goes on */
            (void)close(log->fd);
            log->fd = fd;
        }
    }
    (void)pthread_mutex_unlock(&log->mutex);
}

void cyg_log_free(struct cyg_log *log)
{
    if (log == NULL) {
        return;
    }
    if (log->target == TARGET_STDERR || log->target == TARGET_JOURNAL || log->fd >= 0) {
        write_counted(log, CYG_NEVER, LOG_LIMIT_SLOTS);
        write_pending(log);
    }
    if (log->fd >= 0) {
        (void)close(log->fd);
    }
    (void)pthread_mutex_destroy(&log->mutex);
    free(log->path);
    free(log);
}
