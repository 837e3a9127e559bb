/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event as one line: charon's form for people, JSON for programs. */
#include "log_internal.h"
#include "text_internal.h"

#include <inttypes.h>
#include <time.h>

const char *const log_group_names[CYG_LOG_GROUPS] = {
    [CYG_LOG_DMN] = "DMN", [CYG_LOG_MGR] = "MGR", [CYG_LOG_IKE] = "IKE", [CYG_LOG_CHD] = "CHD",
    [CYG_LOG_JOB] = "JOB", [CYG_LOG_CFG] = "CFG", [CYG_LOG_KNL] = "KNL", [CYG_LOG_NET] = "NET",
    [CYG_LOG_ASN] = "ASN", [CYG_LOG_ENC] = "ENC", [CYG_LOG_ESP] = "ESP", [CYG_LOG_LIB] = "LIB",
};

static const char *group_name(const struct cyg_event *event)
{
    return event->group < CYG_LOG_GROUPS ? log_group_names[event->group] : "DMN";
}

/* Calendar time, UTC, of something that happened `when`. */
static void add_time(struct text *t, cyg_usec when)
{
    struct timespec now;
    struct tm calendar;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t at = (int64_t)now.tv_sec * (int64_t)CYG_SEC + now.tv_nsec / 1000;
    cyg_usec boot = cyg_time_now();
    if (when != 0 && when <= boot) {
        at -= (int64_t)(boot - when);
    }
    time_t seconds = (time_t)(at / (int64_t)CYG_SEC);
    if (gmtime_r(&seconds, &calendar) != NULL) {
        text_add(t, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", calendar.tm_year + 1900,
                 calendar.tm_mon + 1, calendar.tm_mday, calendar.tm_hour, calendar.tm_min,
                 calendar.tm_sec, (unsigned)(at % (int64_t)CYG_SEC / 1000));
    }
}

static void add_message(struct text *t, const struct cyg_event *event, uint64_t repeats)
{
    char text[LOG_LINE_MAX];
    text_add_string(t, cyg_error_format(&event->error, text, sizeof text));
    if (repeats > 0) {
        text_add(t, " (and %" PRIu64 " more like this)", repeats);
    }
}

void log_line_message(const struct cyg_event *event, uint64_t repeats, char text[LOG_LINE_MAX])
{
    struct text t = text_of(text, LOG_LINE_MAX);
    add_message(&t, event, repeats);
}

/* Peers' names come from a database that others write. */
static const char *safe_name(const struct cyg_event *event, char *buffer, size_t size)
{
    struct cyg_span name = { (const uint8_t *)event->name,
                             strnlen(event->name, sizeof event->name) };
    return cyg_escape(name, buffer, size);
}

size_t log_line_text(const struct cyg_event *event, bool with_time, uint64_t repeats,
                     char line[LOG_LINE_MAX])
{
    struct text t = text_of(line, LOG_LINE_MAX);
    char text[CYG_ADDRESS_TEXT * 3];
    if (with_time) {
        add_time(&t, event->when);
        text_add(&t, " ");
    }
    text_add(&t, "[%s] ", group_name(event));
    if (event->name[0] != '\0') {
        text_add(&t, "<%s|%" PRIu32 "> ", safe_name(event, text, sizeof text), event->ike_uniqueid);
    } else if (event->path.remote.family != 0) { /* nobody's: then where it came from */
        text_add(&t, "<%s> ", cyg_endpoint_format(&event->path.remote, text, sizeof text));
    }
    add_message(&t, event, repeats);
    return t.len;
}

/* Our texts hold printable ASCII only, so these two are all that JSON wants escaped. */
static void add_json_string(struct text *t, const char *key, const char *value)
{
    text_add(t, ",\"%s\":\"", key);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            text_add_bytes(t, "\\", 1);
        }
        text_add_bytes(t, value, 1);
    }
    text_add(t, "\"");
}

/* As list-sas and captures show it; left out while it is not known. */
static void add_json_cookie(struct text *t, const char *key, const uint8_t cookie[8])
{
    char text[17];
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ cookie, 8 });
    const uint64_t value = cyg_reader_u64(&r);
    if (value != 0) {
        snprintf(text, sizeof text, "%016" PRIx64, value);
        add_json_string(t, key, text);
    }
}

size_t log_line_json(const struct cyg_event *event, uint64_t repeats, char line[LOG_LINE_MAX])
{
    struct text t = text_of(line, LOG_LINE_MAX - 3); /* room for the end of a cut string */
    char text[LOG_LINE_MAX];
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    text_add(&t, "{\"time\":\"");
    add_time(&t, event->when);
    text_add(&t, "\",\"level\":%d", event->level);
    add_json_string(&t, "group", group_name(event));
    text_add(&t, ",\"id\":%u", event->error.reason);
    add_json_string(&t, "reason", info != NULL ? info->name : "");
    if (event->name[0] != '\0') {
        text_add(&t, ",\"ike\":%" PRIu32, event->ike_uniqueid);
        add_json_string(&t, "name", safe_name(event, text, sizeof text));
    }
    add_json_cookie(&t, "initiator-spi", event->cookie_i);
    add_json_cookie(&t, "responder-spi", event->cookie_r);
    if (event->path.remote.family != 0) {
        add_json_string(&t, "local", cyg_endpoint_format(&event->path.local, text, sizeof text));
        add_json_string(&t, "remote", cyg_endpoint_format(&event->path.remote, text, sizeof text));
    }
    if (repeats > 0) {
        text_add(&t, ",\"repeats\":%" PRIu64, repeats);
    }
    add_json_string(&t, "text", cyg_error_format(&event->error, text, sizeof text));
    bool cut = t.len + 1 >= t.size;
    t.size = LOG_LINE_MAX;
    if (cut) { /* inside the text: give up what may be half an escape */
        while (t.len > 0 && line[t.len - 1] == '\\') {
            t.len--;
        }
        text_add(&t, "\"");
    }
    text_add(&t, "}");
    return t.len;
}
