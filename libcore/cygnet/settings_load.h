/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading cygnet.conf: for the daemon, not for plugins. Two passes, since each plugin declares the
 * options of its own section: the first reads `plugins` and `plugin_dir` alone and lets every other
 * section be; the second knows all tables and refuses what none of them has. Thread: one. */
#pragma once

#include <cygnet/settings.h>

/* A section and the table of its options; name "" is the top level. Borrowed while loading. */
struct cyg_settings_section {
    const char *name;
    const struct cyg_setting *options;
};

/* First pass: only the top-level options named in `options` are read and checked. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_settings_peek(const char *path,
                                                        const struct cyg_setting *options,
                                                        struct cyg_settings **ret,
                                                        struct cyg_error *err);

/* Second pass: every section and key must be known. err: file and line in the quotes (got_quote:
 * "FILE:LINE: what", want_quote: what would be right). */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_settings_load(const char *path,
                                                        const struct cyg_settings_section *sections,
                                                        size_t n, struct cyg_settings **ret,
                                                        struct cyg_error *err);

/* NULL is allowed. */
CYG_PUBLIC void cyg_settings_free(struct cyg_settings *settings);
