/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands about the daemon itself: version, cygnet-plugins. */
#include "commands.h"

#include <cygnet/version.h>

#include <sys/utsname.h>

void command_version(struct client *client, struct cyg_span message)
{
    (void)message;
    struct utsname system = { 0 };
    (void)uname(&system);
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_key(&w, "daemon", "cygnetd");
    cyg_vici_key(&w, "version", "%s", cyg_version());
    cyg_vici_key(&w, "sysname", "%s", system.sysname);
    cyg_vici_key(&w, "release", "%s", system.release);
    cyg_vici_key(&w, "machine", "%s", system.machine);
    client_reply(client, &w);
}

static const char *feature_type_name(uint8_t type)
{
    static const char *const names[CYG_FEATURE_TYPES] = {
        [CYG_FEATURE_CIPHER] = "cipher",
        [CYG_FEATURE_HASH] = "hash",
        [CYG_FEATURE_MAC] = "mac",
        [CYG_FEATURE_GROUP] = "group",
        [CYG_FEATURE_RNG] = "rng",
        [CYG_FEATURE_AUTH] = "auth",
        [CYG_FEATURE_KERNEL_IPSEC] = "kernel-ipsec",
        [CYG_FEATURE_KERNEL_NET] = "kernel-net",
        [CYG_FEATURE_STORE] = "store",
        [CYG_FEATURE_FETCHER] = "fetcher",
        [CYG_FEATURE_SERVICE] = "service",
    };
    return type < CYG_FEATURE_TYPES && names[type] != NULL ? names[type] : "plugin";
}

/* One event for each line of the loader's records. */
void command_plugins(struct client *client, struct cyg_span message)
{
    (void)message;
    const struct cyg_host *host = server_host(client_server(client));
    struct cyg_plugin_record records[16];
    size_t from = 0, n;
    while ((n = host->list_plugins(host->daemon, from, records, CYG_LEN(records))) > 0) {
        for (size_t i = 0; i < n; i++) {
            const struct cyg_plugin_record *r = &records[i];
            struct cyg_vici_writer w;
            cyg_vici_begin(&w, CYG_VICI_EVENT, "cygnet-plugin");
            cyg_vici_key(&w, "plugin", "%s", r->plugin);
            cyg_vici_key(&w, "summary", "%s", r->summary);
            cyg_vici_key(&w, "type", "%s", feature_type_name(r->feature_type));
            cyg_vici_key(&w, "feature", "%s", r->feature);
            cyg_vici_bool(&w, "loaded", r->loaded);
            cyg_vici_bool(&w, "chosen", r->chosen);
            cyg_vici_key(&w, "problem", "%s", r->problem);
            client_event(client, "cygnet-plugin", &w);
        }
        from += n;
    }
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    client_reply(client, &w);
}
