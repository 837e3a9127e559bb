/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the loader share. loader_file.c: from a name to a checked descriptor;
 * loader_features.c: are the feature lists well-formed, what fulfils what; loader.c: order, load,
 * look-ups. */
#pragma once

#include <cygnet/loader.h>

#define LOADER_FEATURES_MAX 4096u /* of all plugins together */

struct plugin {
    char name[CYG_NAME_MAX];
    void *handle;                  /* of dlopen; NULL when it was added */
    const struct cyg_plugin *desc; /* NULL: refused, `problem` says why */
    void *self;
    bool tried, loaded;
    struct cyg_error problem;
};

enum feature_state {
    FEATURE_WAITING = 0,
    FEATURE_READY,
    FEATURE_LEFT_OUT,
};

struct feature {
    size_t plugin;                 /* index */
    const struct cyg_feature *row; /* PROVIDES; its DEPENDS and SOFT follow */
    enum cyg_alg alg;              /* of CIPHER, HASH, MAC, GROUP */
    enum feature_state state;
    bool chosen;
    struct cyg_error problem; /* of LEFT_OUT */
};

struct cyg_loader {
    struct plugin *plugins;
    size_t n_plugins;
    struct feature *features;
    size_t n_features;
    size_t *order; /* indexes of ready features, as they came up */
    size_t n_order;
    size_t *load_order; /* indexes of plugins whose load was called */
    size_t n_load_order;
};

/* Open one file and check all of its descriptor that can be checked without calling anything. */
CYG_MUST_USE enum cyg_code loader_file_open(const char *folder, struct plugin *plugin,
                                            struct cyg_error *err);
CYG_MUST_USE enum cyg_code loader_check_descriptor(const struct plugin *plugin,
                                                   const struct cyg_plugin *desc,
                                                   struct cyg_error *err);
/* Close it again; under a sanitizer it stays, else reports have no names. */
void loader_file_close(struct plugin *plugin);

/* Whether the list of features is well-formed. */
CYG_MUST_USE enum cyg_code loader_check_features(const struct cyg_plugin *desc,
                                                 struct cyg_error *err);

/* "cipher aes256", "service vici", "store" */
struct cyg_quote loader_feature_quote(const struct cyg_feature *row);

/* The algorithm that a key of the type names; NONE for other types, or when there is none. */
enum cyg_alg loader_feature_alg(enum cyg_feature_type type, const char *key);

/* Whether `provided` is what a DEPENDS or SOFT row, or a look-up, wants. */
bool loader_fulfils(const struct feature *provided, enum cyg_feature_type type, const char *key);

/* Call load of each plugin and bring up its features, in order. Features that cannot be had are
 * left out with their problem; only a circle fails. */
CYG_MUST_USE enum cyg_code loader_bring_up(struct cyg_loader *loader, const struct cyg_host *host,
                                           struct cyg_error *err);
