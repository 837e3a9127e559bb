/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ike-message, ours alone: every IKE message that was sent or taken, in clear, for `cygnetctl
 * capture`. The engine has hidden the secrets in it. */
#include "commands.h"

#include <inttypes.h>
#include <time.h>

/* Microseconds since 1970 of a moment of CLOCK_BOOTTIME. */
static uint64_t wall_of(cyg_usec when)
{
    struct timespec wall;
    const cyg_usec now = cyg_time_now();
    clock_gettime(CLOCK_REALTIME, &wall);
    return (uint64_t)wall.tv_sec * CYG_SEC + (uint64_t)wall.tv_nsec / 1000u
           - (now > when ? now - when : 0);
}

static void put_end(struct cyg_vici_writer *w, const char *host, const char *port,
                    const struct cyg_address *address)
{
    char text[CYG_ADDRESS_TEXT];
    cyg_vici_key(w, host, "%s", cyg_address_format(address, text, sizeof text));
    cyg_vici_key(w, port, "%u", address->port);
}

void message_event(struct server *server, const struct cyg_event *event)
{
    static const char name[] = "ike-message";
    if (!server_is_wanted(server, name)) {
        return;
    }
    struct cyg_vici_writer w;
    const uint64_t wall = wall_of(event->when);
    cyg_vici_begin(&w, CYG_VICI_EVENT, name);
    cyg_vici_key(&w, "time", "%" PRIu64 ".%06" PRIu64, wall / CYG_SEC, wall % CYG_SEC);
    cyg_vici_key(&w, "ikesa-name", "%s", event->name);
    cyg_vici_key(&w, "ikesa-uniqueid", "%u", event->ike_uniqueid);
    cyg_vici_key(&w, "direction", "%s", event->sent ? "sent" : "received");
    put_end(&w, "local-host", "local-port", &event->path.local);
    put_end(&w, "remote-host", "remote-port", &event->path.remote);
    cyg_vici_value(&w, "message", event->message);
    server_event(server, name, &w);
}
