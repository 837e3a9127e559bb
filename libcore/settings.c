/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings: loading them by libconfuse into typed values, and handing these out. */
#include "settings_internal.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the values ---- */

struct section *settings_section(const struct cyg_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n; i++) {
        if (strcmp(settings->sections[i].name, name) == 0) {
            return &settings->sections[i];
        }
    }
    return NULL;
}

struct entry *settings_entry(const struct section *section, const char *key)
{
    for (size_t i = 0; i < section->n; i++) {
        if (strcmp(section->entries[i].row->key, key) == 0) {
            return &section->entries[i];
        }
    }
    return NULL;
}

static const struct entry *must_find(const struct cyg_settings *s, const char *section,
                                     const char *key)
{
    const struct section *in = settings_section(s, section);
    const struct entry *entry = in != NULL ? settings_entry(in, key) : NULL;
    if (entry == NULL) {
        cyg_bug(__FILE__, __LINE__, "a setting is asked for that no table has");
    }
    return entry;
}

const char *cyg_settings_string(const struct cyg_settings *s, const char *section, const char *key)
{
    return must_find(s, section, key)->string;
}

int64_t cyg_settings_int(const struct cyg_settings *s, const char *section, const char *key)
{
    return must_find(s, section, key)->number;
}

bool cyg_settings_bool(const struct cyg_settings *s, const char *section, const char *key)
{
    return must_find(s, section, key)->number != 0;
}

size_t cyg_settings_list_len(const struct cyg_settings *s, const char *section, const char *key)
{
    return must_find(s, section, key)->list_len;
}

const char *cyg_settings_list_at(const struct cyg_settings *s, const char *section, const char *key,
                                 size_t index)
{
    const struct entry *entry = must_find(s, section, key);
    return index < entry->list_len ? entry->list[index] : NULL;
}

static void clear_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->list_len; i++) {
        free(entry->list[i]);
    }
    free(entry->list);
    free(entry->string);
}

void cyg_settings_free(struct cyg_settings *settings)
{
    if (settings == NULL) {
        return;
    }
    for (size_t i = 0; i < settings->n; i++) {
        struct section *section = &settings->sections[i];
        for (size_t j = 0; j < section->n; j++) {
            clear_entry(&section->entries[j]);
        }
        free(section->entries);
        free(section->name);
    }
    free(settings->sections);
    free(settings);
}
CYG_DEFINE_CLEANUP(struct cyg_settings *, cyg_settings_free);

static size_t table_len(const struct cyg_setting *options)
{
    size_t n = 0;
    while (options != NULL && options[n].type != CYG_SETTING_END) {
        n++;
    }
    return n;
}

static enum cyg_code add_section(struct cyg_settings *settings,
                                 const struct cyg_settings_section *from)
{
    size_t n = table_len(from->options);
    if (settings_section(settings, from->name) != NULL) {
        cyg_bug(__FILE__, __LINE__, "two tables for one section of the settings");
    }
    char *name = strdup(from->name);
    struct entry *entries = calloc(n + 1, sizeof *entries);
    if (name == NULL || entries == NULL) {
        free(name);
        free(entries);
        return CYG_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        entries[i].row = &from->options[i];
    }
    settings->sections[settings->n++] =
        (struct section){ .name = name, .entries = entries, .n = n };
    return CYG_OK;
}

/* All sections, without values. The top level is always there. */
static enum cyg_code new_settings(const struct cyg_settings_section *sections, size_t n,
                                  struct cyg_settings **ret)
{
    CYG_CLEANUP(cyg_settings_freep) struct cyg_settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL) {
        return CYG_NOMEM;
    }
    settings->sections = calloc(n + 1, sizeof *settings->sections);
    if (settings->sections == NULL) {
        return CYG_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (add_section(settings, &sections[i]) != CYG_OK) {
            return CYG_NOMEM;
        }
    }
    if (settings_section(settings, "") == NULL) {
        const struct cyg_settings_section top = { "", NULL };
        if (add_section(settings, &top) != CYG_OK) {
            return CYG_NOMEM;
        }
    }
    *ret = CYG_TAKE(settings);
    return CYG_OK;
}

/* ---- libconfuse ---- */

static void fill_options(const struct section *section, cfg_opt_t *opts)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct cyg_setting *row = section->entries[i].row;
        opts[i] = row->type == CYG_SETTING_LIST
                      ? (cfg_opt_t)CFG_STR_LIST(row->key, NULL, CFGF_NODEFAULT)
                      : (cfg_opt_t)CFG_STR(row->key, NULL, CFGF_NODEFAULT);
    }
}

/* Options of the top level and of each section: opts[i] belongs to sections[i]. */
static enum cyg_code make_options(const struct cyg_settings *settings, cfg_opt_t **opts)
{
    cfg_opt_t *top = NULL;
    size_t at = 0;
    for (size_t i = 0; i < settings->n; i++) {
        const struct section *section = &settings->sections[i];
        bool is_top = section->name[0] == '\0';
        /* calloc'd zeros end each array, as CFG_END() does. */
        opts[i] = calloc(section->n + (is_top ? settings->n : 0) + 1, sizeof **opts);
        if (opts[i] == NULL) {
            return CYG_NOMEM;
        }
        fill_options(section, opts[i]);
        if (is_top) {
            top = opts[i];
            at = section->n;
        }
    }
    if (top == NULL) {
        cyg_unreachable(); /* new_settings has seen to it */
    }
    for (size_t i = 0; i < settings->n; i++) {
        if (opts[i] != top) {
            top[at++] = (cfg_opt_t)CFG_SEC(settings->sections[i].name, opts[i], CFGF_NONE);
        }
    }
    return CYG_OK;
}

static cfg_t *make_cfg(const struct cyg_settings *settings)
{
    cfg_t *cfg = NULL;
    cfg_opt_t **opts = calloc(settings->n, sizeof(cfg_opt_t *));
    if (opts == NULL) {
        return NULL;
    }
    if (make_options(settings, opts) == CYG_OK) {
        for (size_t i = 0; i < settings->n; i++) {
            if (settings->sections[i].name[0] == '\0') {
                cfg = cfg_init(opts[i], CFGF_NONE); /* copies everything */
            }
        }
    }
    for (size_t i = 0; i < settings->n; i++) {
        free(opts[i]);
    }
    free(opts);
    return cfg;
}

/* libconfuse tells its error function nothing but the section it is in, and a variable of ours is
 * against the rules: the first message waits in that section's title, which nobody uses. */
CYG_PRINTF(2, 0) static void keep_message(cfg_t *cfg, const char *format, va_list arguments)
{
    char text[128];
    if (cfg->title == NULL && vsnprintf(text, sizeof text, format, arguments) > 0) {
        cfg->title = strdup(text);
    }
}

static enum cyg_code syntax_error(const struct scan *scan, cfg_t *cfg, struct cyg_error *err)
{
    cfg_t *where = cfg;
    for (size_t i = 0; i < scan->settings->n; i++) {
        const char *name = scan->settings->sections[i].name;
        cfg_t *section = name[0] != '\0' ? cfg_getsec(cfg, name) : NULL;
        if (section != NULL && section->title != NULL) {
            where = section;
        }
    }
    struct place at = settings_scan_place(scan, where->line > 0 ? (uint32_t)where->line : 1);
    return CYG_FAIL(err, CYG_R_SETTINGS_SYNTAX, .offset = at.line,
                    .got_quote = settings_quote(at, where->title != NULL ? where->title : ""));
}

static enum cyg_code wrong_value(const struct section *section, const struct entry *entry,
                                 const char *text, struct cyg_error *err)
{
    char what[160];
    snprintf(what, sizeof what, "%s%s%s = %s", section->name, section->name[0] != '\0' ? "." : "",
             entry->row->key, text);
    return CYG_FAIL(err, CYG_R_SETTINGS_VALUE, .offset = entry->place.line,
                    .got_quote = settings_quote(entry->place, what),
                    .want_quote = settings_want(entry->row));
}

static enum cyg_code take_list(struct entry *entry, cfg_opt_t *opt)
{
    entry->is_set = true;
    for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
        const char *text = cfg_opt_getnstr(opt, i);
        if (settings_list_add(entry, text, strlen(text)) != CYG_OK) {
            return CYG_NOMEM;
        }
    }
    return CYG_OK;
}

static enum cyg_code take_fallback(struct entry *entry)
{
    const struct cyg_setting *row = entry->row;
    enum cyg_code code = row->type == CYG_SETTING_LIST
                             ? settings_list_fallback(entry, row->fallback)
                             : settings_value(entry, row->fallback);
    if (code == CYG_MALFORMED) {
        cyg_bug(__FILE__, __LINE__, "a setting's fallback is no value of its type");
    }
    return code;
}

static enum cyg_code take_entry(const struct scan *scan, const struct section *section,
                                struct entry *entry, cfg_t *cfg, struct cyg_error *err)
{
    const struct cyg_setting *row = entry->row;
    cfg_opt_t *opt = cfg_getopt(cfg, row->key);
    enum cyg_code code = CYG_OK;
    if (entry->place.file != NULL && row->type == CYG_SETTING_LIST) {
        code = take_list(entry, opt);
    } else if (entry->place.file != NULL) {
        const char *text = cfg_opt_getnstr(opt, 0);
        code = settings_value(entry, text != NULL ? text : "");
        if (code == CYG_MALFORMED) {
            return wrong_value(section, entry, text != NULL ? text : "", err);
        }
    } else if (row->fallback != NULL) {
        code = take_fallback(entry);
    } else if (row->required) {
        struct place at =
            section->place.file != NULL ? section->place : (struct place){ scan->files[0], 0 };
        char what[128];
        snprintf(what, sizeof what, "%s%s%s", section->name, section->name[0] != '\0' ? "." : "",
                 row->key);
        return CYG_FAIL(err, CYG_R_SETTINGS_MISSING, .offset = at.line,
                        .got_quote = settings_quote(at, what), .want_quote = settings_want(row));
    }
    return code == CYG_OK ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
}

static enum cyg_code take_values(const struct scan *scan, cfg_t *cfg, struct cyg_error *err)
{
    for (size_t i = 0; i < scan->settings->n; i++) {
        struct section *section = &scan->settings->sections[i];
        cfg_t *from = section->name[0] == '\0' ? cfg : cfg_getsec(cfg, section->name);
        for (size_t j = 0; j < section->n; j++) {
            enum cyg_code code = take_entry(scan, section, &section->entries[j], from, err);
            if (code != CYG_OK) {
                return code;
            }
        }
    }
    return CYG_OK;
}

/* The names of files live in the scan, which ends. */
static void forget_places(struct cyg_settings *settings)
{
    for (size_t i = 0; i < settings->n; i++) {
        settings->sections[i].place.file = NULL;
        for (size_t j = 0; j < settings->sections[i].n; j++) {
            settings->sections[i].entries[j].place.file = NULL;
        }
    }
}

static enum cyg_code parse(struct scan *scan, const char *path, struct cyg_error *err)
{
    enum cyg_code code = settings_scan(scan, path, err);
    if (code != CYG_OK) {
        return code;
    }
    cfg_t *cfg = make_cfg(scan->settings);
    if (cfg == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    cfg_set_error_function(cfg, keep_message);
    code = cfg_parse_buf(cfg, scan->text.data) == CFG_SUCCESS ? take_values(scan, cfg, err)
                                                              : syntax_error(scan, cfg, err);
    cfg_free(cfg);
    return code;
}

static enum cyg_code load(const char *path, const struct cyg_settings_section *sections, size_t n,
                          bool peek, struct cyg_settings **ret, struct cyg_error *err)
{
    CYG_CLEANUP(cyg_settings_freep) struct cyg_settings *settings = NULL;
    if (new_settings(sections, n, &settings) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    struct scan scan = { .settings = settings, .peek = peek };
    enum cyg_code code = parse(&scan, path, err);
    forget_places(settings);
    settings_scan_clear(&scan);
    if (code == CYG_OK) {
        *ret = CYG_TAKE(settings);
    }
    return code;
}

enum cyg_code cyg_settings_peek(const char *path, const struct cyg_setting *options,
                                struct cyg_settings **ret, struct cyg_error *err)
{
    const struct cyg_settings_section top = { "", options };
    return load(path, &top, 1, true, ret, err);
}

enum cyg_code cyg_settings_load(const char *path, const struct cyg_settings_section *sections,
                                size_t n, struct cyg_settings **ret, struct cyg_error *err)
{
    return load(path, sections, n, false, ret, err);
}
