/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin loader and the registry of what plugins provide: for the daemon and for tests, not for
 * plugins. In this order: loader_open reads descriptors (nothing of a plugin is called),
 * loader_sections gives their settings tables, loader_load orders features by dependency, calls
 * load, runs known-answer tests and fills struct cyg_crypto; loader_free unloads in reverse order.
 * A plugin or feature that cannot be had is left out and said so (loader_records); only what makes
 * the list itself wrong (a bad path, a cycle) fails as a whole. Thread: one; look-ups any. */
#pragma once

#include <cygnet/plugin.h>
#include <cygnet/settings_load.h>

struct cyg_loader;

/* Open the named plugins in folder. A plugin that is refused is recorded with its reason and the
 * others are opened; `problem` (may be NULL) is called for each. CYG_NOMEM fails. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_loader_open(
    const char *folder, const char *const *names, size_t n,
    void (*problem)(void *context, const char *plugin, const struct cyg_error *error),
    void *context, struct cyg_loader **ret, struct cyg_error *err);

/* As if a shared object had been opened: for programs that link a plugin in, and tests. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_loader_add(struct cyg_loader *loader,
                                                     const struct cyg_plugin *plugin,
                                                     struct cyg_error *err);

/* Settings sections of the opened plugins: at most max, returns how many there are. */
CYG_PUBLIC size_t cyg_loader_sections(const struct cyg_loader *loader,
                                      struct cyg_settings_section *ret, size_t max);

/* Load. `host` goes to the plugins and must outlive them; crypto is filled, host->crypto points to
 * it. prefer: "ALGORITHM=PLUGIN" strings, the provider to take where several offer one. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_loader_load(struct cyg_loader *loader,
                                                      const struct cyg_host *host,
                                                      const char *const *prefer, size_t n_prefer,
                                                      struct cyg_crypto *crypto,
                                                      struct cyg_error *err);

/* The provider of a feature; {NULL} if there is none. key NULL: the first of the type. */
CYG_PUBLIC struct cyg_provider cyg_loader_find(const struct cyg_loader *loader,
                                               enum cyg_feature_type type, const char *key);

/* All providers of a type in load order, at most max; returns how many there are. key of each in
 * ret_keys (may be NULL). For services and authentication methods. */
CYG_PUBLIC size_t cyg_loader_each(const struct cyg_loader *loader, enum cyg_feature_type type,
                                  struct cyg_provider *ret, const char **ret_keys, size_t max);

/* Lines of `cygnetctl plugins`, from line `from`; returns how many were written. */
CYG_PUBLIC size_t cyg_loader_records(const struct cyg_loader *loader, size_t from,
                                     struct cyg_plugin_record *ret, size_t max);

/* Call unload of the plugins, in reverse order. Their code stays until the loader is freed, for
 * what is still on its way to it. NULL is allowed. */
CYG_PUBLIC void cyg_loader_unload(struct cyg_loader *loader);

/* Unload, unless it was done, and close. NULL is allowed. */
CYG_PUBLIC void cyg_loader_free(struct cyg_loader *loader);
