/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stats, get-counters, reset-counters: numbers of the daemon under charon's names. What charon
 * counts for IKEv2 alone stays 0; cygnet-… are ours. */
#include "commands.h"
#include "service.h"

#include <inttypes.h>
#include <malloc.h>
#include <time.h>

/* Counters, and what they were when they were reset. */
static struct cyg_counts counts_now(struct client *client)
{
    const struct cyg_host *host = client_vici(client)->host;
    struct cyg_counts counts = { 0 };
    host->counts(host->daemon, &counts);
    return counts;
}

/* As charon words it: the largest unit of which there are more than two. */
static void put_uptime(struct cyg_vici_writer *w, const struct vici *vici)
{
    static const struct {
        const char *name;
        uint64_t seconds;
    } units[] = { { "days", 86400 }, { "hours", 3600 }, { "minutes", 60 }, { "seconds", 1 } };
    const uint64_t up = (cyg_time_now() - vici->started) / CYG_SEC;
    size_t unit = 0;
    while (unit + 1 < CYG_LEN(units) && up <= 2 * units[unit].seconds) {
        unit++;
    }
    const uint64_t n = up / units[unit].seconds;
    const time_t since = (time_t)vici->started_wall;
    struct tm tm = { 0 };
    char text[64] = "";
    (void)localtime_r(&since, &tm);
    (void)strftime(text, sizeof text, "%b %d %H:%M:%S %Y", &tm);
    cyg_vici_section(w, "uptime");
    cyg_vici_key(w, "running", "%" PRIu64 " %.*s", n, n == 1 ? 6 : 7, units[unit].name);
    cyg_vici_key(w, "since", "%s", text);
    cyg_vici_section_end(w);
}

/* Threads by what they do: charon's priorities are our lanes. Storage answers handshakes: high. */
static void put_workers(struct cyg_vici_writer *w, const struct cyg_counts *c)
{
    static const char *const names[] = { "critical", "high", "medium", "low" };
    static const enum cyg_lane lanes[] = { CYG_LANE_CRYPTO, CYG_LANE_STORAGE,
                                           CYG_LANE_STORAGE_WRITE, CYG_LANE_SLOW };
    uint32_t total = 0, active = 0;
    for (size_t i = 0; i < CYG_LANES; i++) {
        total += c->lanes[i].threads;
        active += c->lanes[i].active;
    }
    cyg_vici_section(w, "workers");
    cyg_vici_key(w, "total", "%" PRIu32, total);
    cyg_vici_key(w, "idle", "%" PRIu32, total - active);
    cyg_vici_section(w, "active");
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        cyg_vici_key(w, names[i], "%" PRIu32, c->lanes[lanes[i]].active);
    }
    cyg_vici_section_end(w);
    cyg_vici_section_end(w);
    cyg_vici_section(w, "queues");
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        cyg_vici_key(w, names[i], "%" PRIu32, c->lanes[lanes[i]].queued);
    }
    cyg_vici_section_end(w);
}

static void put_plugins(struct cyg_vici_writer *w, const struct cyg_host *host)
{
    struct cyg_plugin_record records[16];
    size_t from = 0, n;
    cyg_vici_list(w, "plugins");
    while ((n = host->list_plugins(host->daemon, from, records, CYG_LEN(records))) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (records[i].feature_type == 0 && records[i].loaded) {
                cyg_vici_item(w, "%s", records[i].plugin);
            }
        }
        from += n;
    }
    cyg_vici_list_end(w);
}

void command_stats(struct client *client, struct cyg_span message)
{
    const struct vici *vici = client_vici(client);
    const struct cyg_counts c = counts_now(client);
    const struct mallinfo2 memory = mallinfo2();
    struct cyg_vici_writer w;
    (void)message;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    put_uptime(&w, vici);
    put_workers(&w, &c);
    cyg_vici_key(&w, "scheduled", "%" PRIu64, c.jobs);
    cyg_vici_section(&w, "ikesas");
    cyg_vici_key(&w, "total", "%" PRIu64, c.ike_sas + c.half_open);
    cyg_vici_key(&w, "half-open", "%" PRIu64, c.half_open);
    cyg_vici_section_end(&w);
    put_plugins(&w, vici->host);
    cyg_vici_section(&w, "mallinfo");
    cyg_vici_key(&w, "sbrk", "%zu", memory.arena);
    cyg_vici_key(&w, "mmap", "%zu", memory.hblkhd);
    cyg_vici_key(&w, "used", "%zu", memory.uordblks);
    cyg_vici_key(&w, "free", "%zu", memory.fordblks);
    cyg_vici_section_end(&w);
    client_reply(client, &w);
}

/* --- Counters --- */

static void put_counters(struct cyg_vici_writer *w, const struct cyg_counts *now,
                         const struct cyg_counts *base)
{
    static const char *const ikev2[] = {
        "ike-init-in-req",      "ike-init-in-resp",     "ike-init-out-req",
        "ike-init-out-resp",    "ike-auth-in-req",      "ike-auth-in-resp",
        "ike-auth-out-req",     "ike-auth-out-resp",    "create-child-in-req",
        "create-child-in-resp", "create-child-out-req", "create-child-out-resp",
        "info-in-req",          "info-in-resp",         "info-out-req",
        "info-out-resp",
    };
    cyg_vici_section(w, ""); /* charon: the connection's name, none for all */
    cyg_vici_key(w, "ike-rekey-init", "0");
    cyg_vici_key(w, "ike-rekey-resp", "0");
    cyg_vici_key(w, "child-rekey", "0"); /* renewal is not built: M4 */
    cyg_vici_key(w, "invalid", "%" PRIu64, now->dropped - base->dropped);
    cyg_vici_key(w, "invalid-spi", "0"); /* as the data plane counts them: its log */
    for (size_t i = 0; i < CYG_LEN(ikev2); i++) {
        cyg_vici_key(w, ikev2[i], "0");
    }
    cyg_vici_key(w, "cygnet-packets", "%" PRIu64, now->packets - base->packets);
    cyg_vici_key(w, "cygnet-handshakes-done", "%" PRIu64,
                 now->handshakes_done - base->handshakes_done);
    cyg_vici_key(w, "cygnet-handshakes-failed", "%" PRIu64,
                 now->handshakes_failed - base->handshakes_failed);
    cyg_vici_section_end(w);
}

/* name: of a connection; all: every connection that has counters. What charon counts by connection
 * is renewal and IKEv2: of IKEv1 without renewal nothing, and its answers are these. */
void command_get_counters(struct client *client, struct cyg_span message)
{
    char name[CYG_NAME_MAX] = "";
    const bool one = cyg_vici_get_text(message, "name", name, sizeof name);
    const bool all = cyg_vici_get_bool(message, "all", false);
    const struct cyg_counts now = counts_now(client);
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_section(&w, "counters");
    if (!one && !all) {
        put_counters(&w, &now, &client_vici(client)->counted);
    }
    cyg_vici_section_end(&w);
    cyg_vici_bool(&w, "success", !one);
    if (one) {
        put_failure(&w, &(struct cyg_error){ .reason = CYG_R_COUNTERS_NAME,
                                             .got_quote = cyg_quote_text(name) });
    }
    client_reply(client, &w);
}

void command_reset_counters(struct client *client, struct cyg_span message)
{
    struct cyg_span name;
    struct cyg_vici_writer w;
    if (!cyg_vici_get(message, "name", &name)) { /* those of a connection are not there */
        client_vici(client)->counted = counts_now(client);
    }
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", true);
    client_reply(client, &w);
}
