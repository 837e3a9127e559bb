/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnet-kernel-tun: ESP in user space on a TUN device, for systems whose kernel has none. */
#include "esp.h"
#include "worker.h"

#include <cygnet/plugin.h>

#include <stdlib.h>
#include <string.h>

#define NAME "kernel-tun"

struct plugin {
    const struct cyg_host *host;
    struct worker *worker;
};

static uint32_t tun_capabilities(void *self)
{
    (void)self;
    return CYG_KERNEL_TUNNEL | CYG_KERNEL_TRANSPORT | CYG_KERNEL_RAW_ESP | CYG_KERNEL_UDP_ENCAP;
}

static bool tun_supports(void *self, enum cyg_alg cipher, enum cyg_alg integ)
{
    const struct plugin *plugin = self;
    return esp_supports(plugin->host->crypto, cipher, integ);
}

static enum cyg_code tun_submit(void *self, const struct cyg_kernel_op *op)
{
    const struct plugin *plugin = self;
    return worker_submit(plugin->worker, op);
}

static const struct cyg_setting settings[] = {
    { .type = CYG_SETTING_STRING,
      .key = "device",
      .fallback = "cygnet0",
      .help = "Name of the TUN device." },
    { .type = CYG_SETTING_INT,
      .key = "mtu",
      .fallback = "0",
      .min = 0,
      .max = 65535,
      .help = "MTU of the device; 0: by the paths of the SAs." },
    { .type = CYG_SETTING_LIST,
      .key = "addresses",
      .help = "Addresses to put on the device, for example \"10.9.0.1/32\"." },
    { .type = CYG_SETTING_INT,
      .key = "table",
      .fallback = "4500",
      .min = 1,
      .max = 2000000000,
      .help = "First of the 120 routing tables that are ours." },
    { .type = CYG_SETTING_INT,
      .key = "priority",
      .fallback = "220",
      .min = 1,
      .max = 32000,
      .help = "First of the 271 priorities of our routing rules." },
    { .type = CYG_SETTING_BOOL,
      .key = "filter",
      .fallback = "yes",
      .help = "Drop clear packets of protected flows (nftables)." },
    { .type = CYG_SETTING_BOOL,
      .key = "fragments",
      .fallback = "yes",
      .help = "Let later fragments out of the tunnel where no port decides." },
    { .type = CYG_SETTING_BOOL,
      .key = "copy_dscp",
      .fallback = "yes",
      .help = "Copy the DSCP of inner packets to the outer header." },
    { .type = CYG_SETTING_BOOL,
      .key = "offload",
      .fallback = "yes",
      .help = "Take large packets from the kernel and cut them here." },
    { .type = CYG_SETTING_TIME,
      .key = "keepalive",
      .fallback = "20s",
      .min = 1,
      .max = 3600,
      .help = "Send a NAT keepalive after so long without a packet." },
    { .type = CYG_SETTING_END },
};

static enum cyg_code wrong(const char *key, const char *value, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_TUN_SETTING, .got_quote = cyg_quote_text(value),
                    .want_quote = cyg_quote_text(key));
}

/* The name goes into file names and nftables' text. */
static bool is_device_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(name);
    return len > 0 && len < IFNAMSIZ && strspn(name, letters) == len;
}

static enum cyg_code read_options(const struct cyg_settings *s, struct worker_options *ret,
                                  struct cyg_error *err)
{
    struct worker_options o = {
        .mtu = (size_t)cyg_settings_int(s, NAME, "mtu"),
        .keepalive_s = (uint32_t)cyg_settings_int(s, NAME, "keepalive"),
        .table = (uint32_t)cyg_settings_int(s, NAME, "table"),
        .priority = (uint32_t)cyg_settings_int(s, NAME, "priority"),
        .filter = cyg_settings_bool(s, NAME, "filter"),
        .fragments = cyg_settings_bool(s, NAME, "fragments"),
        .copy_dscp = cyg_settings_bool(s, NAME, "copy_dscp"),
        .offload = cyg_settings_bool(s, NAME, "offload"),
    };
    const char *device = cyg_settings_string(s, NAME, "device");
    if (!is_device_name(device)) {
        return wrong("device", device, err);
    }
    memcpy(o.device, device, strlen(device));
    if (o.mtu != 0 && o.mtu < 576) {
        return wrong("mtu", "less than 576", err);
    }
    o.n_addresses = cyg_settings_list_len(s, NAME, "addresses");
    if (o.n_addresses > CYG_LEN(o.addresses)) {
        return wrong("addresses", "more than 16 of them", err);
    }
    for (size_t i = 0; i < o.n_addresses; i++) {
        enum cyg_code code = cyg_prefix_parse(
            cyg_span_str(cyg_settings_list_at(s, NAME, "addresses", i)), &o.addresses[i], err);
        if (code != CYG_OK) {
            return code;
        }
    }
    *ret = o;
    return CYG_OK;
}

static enum cyg_code tun_load(const struct cyg_host *host, void **ret_self, struct cyg_error *err)
{
    struct worker_options options;
    enum cyg_code code = read_options(host->settings, &options, err);
    if (code != CYG_OK) {
        return code;
    }
    struct plugin *plugin = calloc(1, sizeof(*plugin));
    if (plugin == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    plugin->host = host;
    code = worker_new(host, &options, &plugin->worker, err);
    if (code != CYG_OK) {
        free(plugin);
        return code;
    }
    *ret_self = plugin;
    return CYG_OK;
}

static void tun_unload(void *self)
{
    struct plugin *plugin = self;
    worker_free(plugin->worker);
    free(plugin);
}

static const struct cyg_kernel_ops ops = { .size = sizeof(struct cyg_kernel_ops),
                                           .capabilities = tun_capabilities,
                                           .supports = tun_supports,
                                           .submit = tun_submit };

static const struct cyg_feature features[] = {
    { .relation = CYG_PROVIDES, .type = CYG_FEATURE_KERNEL_IPSEC, .ops = &ops },
    { .relation = CYG_DEPENDS, .type = CYG_FEATURE_RNG },
    { .relation = CYG_DEPENDS, .type = CYG_FEATURE_CIPHER },
    { .type = CYG_FEATURE_END },
};

CYG_PLUGIN(.name = NAME, .summary = "ESP in user space on a TUN device", .features = features,
           .settings = settings, .load = tun_load, .unload = tun_unload);
