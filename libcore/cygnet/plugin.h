/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one header a plugin needs. A plugin is one shared object `cygnet-NAME.so` that exports one
 * symbol, `cyg_plugin`, made by CYG_PLUGIN. Its features are a static list; the loader checks the
 * ABI before it calls anything of the plugin, orders features by their dependencies, tests every
 * algorithm, and unloads in reverse order. ABI: another major, or a newer minor than the daemon's,
 * is refused; every ops struct begins with its size, new members come at the end, absent means
 * NULL. */
#pragma once

#include <cygnet/auth.h>
#include <cygnet/control.h>
#include <cygnet/crypto.h>
#include <cygnet/host.h>
#include <cygnet/kernel.h>
#include <cygnet/settings.h>
#include <cygnet/store.h>

#define CYG_PLUGIN_MAGIC 0x43594750u /* "CYGP" */
#define CYG_ABI_MAJOR    1u
#define CYG_ABI_MINOR    0u

enum cyg_feature_type {
    CYG_FEATURE_END = 0,
    CYG_FEATURE_CIPHER,       /* key: keyword of algorithm.def; ops: struct cyg_cipher_ops */
    CYG_FEATURE_HASH,         /* key: keyword; struct cyg_hash_ops */
    CYG_FEATURE_MAC,          /* key: keyword of the hash; struct cyg_mac_ops */
    CYG_FEATURE_GROUP,        /* key: keyword; struct cyg_group_ops */
    CYG_FEATURE_RNG,          /* key: NULL; struct cyg_rng_ops */
    CYG_FEATURE_AUTH,         /* key: ISAKMP method number in decimal; struct cyg_auth_ops */
    CYG_FEATURE_KERNEL_IPSEC, /* key: NULL; struct cyg_kernel_ops */
    CYG_FEATURE_KERNEL_NET,   /* key: NULL; reserved */
    CYG_FEATURE_STORE,        /* key: NULL; struct cyg_store_ops */
    CYG_FEATURE_FETCHER,      /* key: URL scheme; struct cyg_fetcher */
    CYG_FEATURE_SERVICE,      /* key: its name; struct cyg_service_ops */
    CYG_FEATURE_TYPES,
};

/* Rows of a feature list. DEPENDS and SOFT rows belong to the PROVIDES row before them. */
enum cyg_feature_relation {
    CYG_PROVIDES = 0,
    CYG_DEPENDS, /* without it the feature is left out, and said so */
    CYG_SOFT,    /* loaded after it where it is there */
};

struct cyg_feature {
    enum cyg_feature_relation relation;
    enum cyg_feature_type type; /* CYG_FEATURE_END ends the list */
    const char *key;            /* NULL or "*" in DEPENDS, SOFT: any of the type */
    const void *ops;            /* NULL in DEPENDS, SOFT */
};

/* Gets a file: CRL, OCSP. On a worker thread; may block. Body freed by the caller with free(). */
struct cyg_fetcher {
    size_t size;
    enum cyg_code (*fetch)(void *self, const char *url, uint8_t **ret_body, size_t *ret_len,
                           struct cyg_error *err);
    size_t max_bytes;
};

/* A service starts after all plugins are loaded and stops before any is unloaded; both are called
 * on the control thread, where its watches, timers and events run too. */
struct cyg_service_ops {
    size_t size;
    enum cyg_code (*start)(void *self, struct cyg_error *err);
    void (*stop)(void *self);
};

struct cyg_plugin {
    uint32_t magic;
    uint16_t abi_major, abi_minor;
    size_t size;
    const char *name;    /* as in cygnet-NAME.so */
    const char *summary; /* one line */
    const struct cyg_feature *features;
    const struct cyg_setting *settings; /* of the section with the plugin's name; may be NULL */

    /* Make the instance that is passed as `self` to all ops. May be NULL: self is NULL then. */
    enum cyg_code (*load)(const struct cyg_host *host, void **ret_self, struct cyg_error *err);
    void (*unload)(void *self);
};

/* Export the descriptor: CYG_PLUGIN(.name = "auth-psk", .summary = …, .features = …); */
#define CYG_PLUGIN(...)                                                                  \
    extern const struct cyg_plugin cyg_plugin;                                           \
    CYG_PUBLIC const struct cyg_plugin cyg_plugin = { .magic = CYG_PLUGIN_MAGIC,         \
                                                      .abi_major = CYG_ABI_MAJOR,        \
                                                      .abi_minor = CYG_ABI_MINOR,        \
                                                      .size = sizeof(struct cyg_plugin), \
                                                      __VA_ARGS__ }
