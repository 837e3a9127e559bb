/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands about the daemon itself: version, cygnet-plugins. */
#include "commands.h"

#include <cygnet/algorithm.h>
#include <cygnet/version.h>

#include <string.h>
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

/* --- get-algorithms --- */

/* Which of charon's sections an algorithm stands in, by what gives it. */
struct algorithm_section {
    const char *name;
    uint8_t type; /* enum cyg_feature_type */
    bool aead;
};

/* The name that charon has for it; NULL: not of this section. */
static const char *algorithm_name(const struct algorithm_section *section,
                                  const struct cyg_plugin_record *r)
{
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(r->feature));
    if (r->feature_type != section->type || !r->chosen || info == NULL) {
        return NULL;
    }
    if (section->type == CYG_FEATURE_CIPHER && (info->icv > 0) != section->aead) {
        return NULL;
    }
    return section->name[0] == 'p' ? info->charon_prf : info->charon;
}

/* Records of one name stand for several key sizes: it is put once. */
static bool was_put(const struct algorithm_section *section, const struct cyg_host *host,
                    size_t before, const char *name)
{
    struct cyg_plugin_record record;
    for (size_t i = 0; i < before; i++) {
        const char *other = host->list_plugins(host->daemon, i, &record, 1) == 1
                                ? algorithm_name(section, &record)
                                : NULL;
        if (other != NULL && strcmp(other, name) == 0) {
            return true;
        }
    }
    return false;
}

void command_get_algorithms(struct client *client, struct cyg_span message)
{
    static const struct algorithm_section sections[] = {
        { "encryption", CYG_FEATURE_CIPHER, false }, { "integrity", CYG_FEATURE_MAC, false },
        { "aead", CYG_FEATURE_CIPHER, true },        { "prf", CYG_FEATURE_MAC, false },
        { "dh", CYG_FEATURE_GROUP, false },
    };
    const struct cyg_host *host = server_host(client_server(client));
    struct cyg_plugin_record record;
    struct cyg_vici_writer w;
    (void)message;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    for (size_t s = 0; s < CYG_LEN(sections); s++) {
        cyg_vici_section(&w, sections[s].name);
        for (size_t i = 0; host->list_plugins(host->daemon, i, &record, 1) == 1; i++) {
            const char *name = algorithm_name(&sections[s], &record);
            if (name != NULL && name[0] != '\0' && !was_put(&sections[s], host, i, name)) {
                cyg_vici_key(&w, name, "%s", record.plugin);
            }
        }
        cyg_vici_section_end(&w);
    }
    client_reply(client, &w);
}

/* As SIGHUP: settings that can be are read again, and peers looked at. */
void command_reload_settings(struct client *client, struct cyg_span message)
{
    const struct cyg_host *host = server_host(client_server(client));
    struct cyg_vici_writer w;
    (void)message;
    host->reload(host->daemon);
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", true);
    client_reply(client, &w);
}
