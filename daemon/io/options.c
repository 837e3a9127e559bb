/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's own settings: tables, defaults, and what they become. */
#include "daemon_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define PLUGINS_MAX  64u
#define SECTIONS_MAX (PLUGINS_MAX + 8u)

static const struct cyg_setting top_options[] = {
    { CYG_SETTING_LIST, "plugins", NULL, 0, 0, "plugins to load, by name", true },
    { CYG_SETTING_STRING, "plugin_dir", CYG_PLUGIN_DIR, 0, 0, "folder of the plugins", false },
    { CYG_SETTING_INT, "worker_threads", "2", 1, 64, "threads for Diffie-Hellman", false },
    { CYG_SETTING_BOOL, "live", "yes", 0, 0, "act on changed peers within two seconds", false },
    { CYG_SETTING_END, NULL, NULL, 0, 0, NULL, false },
};

static const struct cyg_setting listen_options[] = {
    { CYG_SETTING_INT, "port", "500", 1, 65535, "UDP port of IKE", false },
    { CYG_SETTING_INT, "nat_t_port", "4500", 1, 65535, "UDP port of NAT traversal", false },
    { CYG_SETTING_LIST, "addresses", "%any", 0, 0, "addresses to listen on, or %any", false },
    { CYG_SETTING_INT, "mark", "49398", 0, 4294967295, "mark of our own packets, 0: none", false },
    { CYG_SETTING_END, NULL, NULL, 0, 0, NULL, false },
};

static const struct cyg_setting ike_options[] = {
    { CYG_SETTING_TIME, "retransmit_timeout", "4s", 1, 60, "time to the first repetition", false },
    { CYG_SETTING_INT, "retransmit_base", "180", 100, 400, "growth of it, per cent", false },
    { CYG_SETTING_INT, "retransmit_tries", "5", 0, 20, "repetitions before giving up", false },
    { CYG_SETTING_TIME, "half_open_timeout", "30s", 1, 600, "end of a handshake left alone",
      false },
    { CYG_SETTING_INT, "half_open_max", "4096", 16, 1048576, "handshakes answered at once", false },
    { CYG_SETTING_INT, "half_open_per_address", "5", 1, 65536, "of these from one address", false },
    { CYG_SETTING_TIME, "min_lifetime", "60s", 1, 86400, "shortest lifetime accepted", false },
    { CYG_SETTING_INT, "max_exchanges", "0", 0, 65536, "unfinished per SA, 0: by its flows",
      false },
    { CYG_SETTING_INT, "max_children", "100", 1, 65536, "child SAs of one peer", false },
    { CYG_SETTING_INT, "max_ike_sas", "100000", 1, 10000000, "begun by peers, of all", false },
    { CYG_SETTING_INT, "max_ike_sas_per_identity", "100", 1, 65536, "begun by one identity",
      false },
    { CYG_SETTING_TIME, "childless_timeout", "0s", 0, 86400,
      "end of an IKE SA that has no child so long, 0: never", false },
    { CYG_SETTING_BOOL, "trust_clear_errors", "yes", 0, 0,
      "a peer's unproven refusal ends an attempt after a grace of 8 s", false },
    { CYG_SETTING_END, NULL, NULL, 0, 0, NULL, false },
};

static const struct cyg_setting crypto_options[] = {
    { CYG_SETTING_LIST, "prefer", NULL, 0, 0, "ALGORITHM=PLUGIN where several offer it", false },
    { CYG_SETTING_END, NULL, NULL, 0, 0, NULL, false },
};

static const struct cyg_setting wireshark_options[] = {
    { CYG_SETTING_STRING, "keys", NULL, 0, 0, "folder to write all keys to, for Wireshark", false },
    { CYG_SETTING_END, NULL, NULL, 0, 0, NULL, false },
};

size_t options_sections(const struct cyg_loader *loader, struct cyg_settings_section *ret,
                        size_t max)
{
    const struct cyg_settings_section own[] = {
        { "", top_options },    { "listen", listen_options }, { "log", cyg_log_settings },
        { "ike", ike_options }, { "crypto", crypto_options }, { "wireshark", wireshark_options },
    };
    size_t n = 0;
    for (; n < CYG_LEN(own) && n < max; n++) {
        ret[n] = own[n];
    }
    return n + cyg_loader_sections(loader, ret + n, max - n);
}

size_t options_list(const struct cyg_settings *settings, const char *section, const char *key,
                    const char **ret, size_t max)
{
    size_t n = cyg_settings_list_len(settings, section, key);
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++) {
        ret[i] = cyg_settings_list_at(settings, section, key, i);
    }
    return n;
}

/* A plugin that cannot be opened is left out; the others go on. */
static void on_problem(void *context, const char *plugin, const struct cyg_error *error)
{
    (void)context;
    char text[512];
    fprintf(stderr, "cygnetd: plugin %s: %s\n", plugin, cyg_error_format(error, text, sizeof text));
}

enum cyg_code options_load(const char *path, struct cyg_loader **ret_loader,
                           struct cyg_settings **ret, struct cyg_error *err)
{
    struct cyg_settings *first = NULL;
    enum cyg_code code = cyg_settings_peek(path, top_options, &first, err);
    if (code != CYG_OK) {
        return code;
    }
    const char *names[PLUGINS_MAX];
    const size_t n = options_list(first, "", "plugins", names, PLUGINS_MAX);
    struct cyg_loader *loader = NULL;
    code = cyg_loader_open(cyg_settings_string(first, "", "plugin_dir"), names, n, on_problem, NULL,
                           &loader, err);
    cyg_settings_free(first);
    if (code != CYG_OK) {
        return code;
    }
    struct cyg_settings_section sections[SECTIONS_MAX];
    size_t n_sections = options_sections(loader, sections, SECTIONS_MAX);
    code = cyg_settings_load(path, sections, n_sections, ret, err);
    if (code != CYG_OK) {
        cyg_loader_free(loader);
        return code;
    }
    *ret_loader = loader;
    return CYG_OK;
}

enum cyg_code options_addresses(const struct cyg_settings *settings, struct cyg_address *ret,
                                size_t max, size_t *ret_n, struct cyg_error *err)
{
    const size_t n = cyg_settings_list_len(settings, "listen", "addresses");
    if (n > max) {
        return CYG_FAIL(err, CYG_R_TOO_MANY_SOCKETS, .want = max);
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = cyg_settings_list_at(settings, "listen", "addresses", i);
        enum cyg_code code = cyg_address_parse(cyg_span_str(text), false, &ret[i], err);
        if (code != CYG_OK) {
            return code;
        }
    }
    *ret_n = n;
    return CYG_OK;
}

static cyg_usec seconds(const struct cyg_settings *s, const char *key)
{
    return (cyg_usec)cyg_settings_int(s, "ike", key) * CYG_SEC;
}

static unsigned number(const struct cyg_settings *s, const char *key)
{
    return (unsigned)cyg_settings_int(s, "ike", key);
}

void options_engine(const struct cyg_settings *s, struct engine_settings *ret)
{
    engine_settings_default(ret);
    ret->port = (uint16_t)cyg_settings_int(s, "listen", "port");
    ret->nat_t_port = (uint16_t)cyg_settings_int(s, "listen", "nat_t_port");
    ret->retransmit_first = seconds(s, "retransmit_timeout");
    ret->retransmit_base = (double)cyg_settings_int(s, "ike", "retransmit_base") / 100.0;
    ret->retransmit_tries = number(s, "retransmit_tries");
    ret->half_open_timeout = seconds(s, "half_open_timeout");
    ret->half_open_max = number(s, "half_open_max");
    ret->half_open_per_address = number(s, "half_open_per_address");
    ret->min_lifetime_s = (uint32_t)cyg_settings_int(s, "ike", "min_lifetime");
    ret->max_exchanges = number(s, "max_exchanges");
    ret->max_children = number(s, "max_children");
    ret->max_ike_sas = number(s, "max_ike_sas");
    ret->max_ike_sas_per_identity = number(s, "max_ike_sas_per_identity");
    ret->childless_timeout = seconds(s, "childless_timeout");
    if (ret->childless_timeout == 0) {
        ret->childless_timeout = CYG_NEVER;
    }
    ret->trust_clear_errors = cyg_settings_bool(s, "ike", "trust_clear_errors");
    ret->poll_interval = cyg_settings_bool(s, "", "live") ? CYG_SEC : CYG_NEVER;
}

enum cyg_code daemon_check_settings(const char *path, struct cyg_error *err)
{
    struct cyg_loader *loader = NULL;
    struct cyg_settings *settings = NULL;
    enum cyg_code code = options_load(path, &loader, &settings, err);
    if (code == CYG_OK) {
        struct cyg_address addresses[SOCKETS_MAX];
        size_t n;
        code = options_addresses(settings, addresses, CYG_LEN(addresses), &n, err);
    }
    cyg_settings_free(settings);
    cyg_loader_free(loader);
    return code;
}
