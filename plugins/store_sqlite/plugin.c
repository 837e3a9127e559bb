/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnet-store-sqlite: peers and secrets in a SQLite database. */
#include "store_sqlite.h"

#include <cygnet/plugin.h>

static const struct cyg_setting settings[] = {
    { .type = CYG_SETTING_STRING,
      .key = "database",
      .required = true,
      .help = "Path of the database of peers and secrets; cygnetctl db init makes one." },
    { .type = CYG_SETTING_STRING,
      .key = "history",
      .help = "Path of the history of negotiations, none: keep none; history.db beside the "
              "database." },
    { .type = CYG_SETTING_END },
};

static const struct cyg_feature features[] = {
    { .relation = CYG_PROVIDES, .type = CYG_FEATURE_STORE, .ops = &store_sqlite_ops },
    { .type = CYG_FEATURE_END },
};

static enum cyg_code load(const struct cyg_host *host, void **ret_self, struct cyg_error *err)
{
    struct store *store = NULL;
    const char *database = cyg_settings_string(host->settings, "store-sqlite", "database");
    const char *history = cyg_settings_string(host->settings, "store-sqlite", "history");
    enum cyg_code code = store_open(database, &store, err);
    if (code != CYG_OK) {
        return code;
    }
    code = store_set_history(store, database, history, err);
    if (code != CYG_OK) {
        store_close(store);
        return code;
    }
    *ret_self = store;
    return CYG_OK;
}

static void unload(void *self)
{
    store_close(self);
}

CYG_PLUGIN(.name = "store-sqlite", .summary = "peers and secrets in a SQLite database",
           .features = features, .settings = settings, .load = load, .unload = unload);
