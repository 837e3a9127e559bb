/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the daemon and its plugins: cygnet.conf in libconfuse's syntax. Every section is a
 * table of options; an unknown or wrong key is refused with file, line and what would be right.
 * Ownership: strings returned are borrowed and live as long as the settings. Thread: immutable
 * after loading. */
#pragma once

#include <cygnet/error.h>

enum cyg_setting_type {
    CYG_SETTING_END = 0,
    CYG_SETTING_STRING,
    CYG_SETTING_INT,   /* min..max */
    CYG_SETTING_BOOL,  /* yes, no, true, false, on, off */
    CYG_SETTING_TIME,  /* "4h", "30m", "90s", "90"; seconds */
    CYG_SETTING_BYTES, /* "4G", "512k"; bytes */
    CYG_SETTING_LIST,  /* of strings */
};

struct cyg_setting {
    enum cyg_setting_type type; /* CYG_SETTING_END ends the table */
    const char *key;
    const char *fallback; /* as it would be written; NULL: none, must be given if `required` */
    int64_t min, max;     /* of INT, TIME, BYTES; both 0: no bounds */
    const char *help;     /* one sentence for the man page and error messages */
    bool required;
};

struct cyg_settings;

/* Values of a section: "" is the top level, else "listen", "log", or a plugin's name. A key that is
 * not in its table is our own bug. */
CYG_PUBLIC const char *cyg_settings_string(const struct cyg_settings *s, const char *section,
                                           const char *key); /* NULL: not set, no fallback */
CYG_PUBLIC int64_t cyg_settings_int(const struct cyg_settings *s, const char *section,
                                    const char *key); /* INT, TIME (s), BYTES */
CYG_PUBLIC bool cyg_settings_bool(const struct cyg_settings *s, const char *section,
                                  const char *key);
CYG_PUBLIC size_t cyg_settings_list_len(const struct cyg_settings *s, const char *section,
                                        const char *key);
CYG_PUBLIC const char *cyg_settings_list_at(const struct cyg_settings *s, const char *section,
                                            const char *key, size_t index);
