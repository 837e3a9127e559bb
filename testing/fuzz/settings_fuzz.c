/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnet.conf and what it includes. The input is up to three files, each behind a line "--- NAME":
 * without one, all of it is cygnet.conf. They are written into a folder of their own, and an
 * include finds nothing outside of it: the linker gives us glob. Both passes of the loader run;
 * what they take has the types and bounds of its table, what they refuse has a reason, a sentence,
 * and for what stands in a file its place. H-180. */
#include "fuzz/fuzz.h"

#include <cygnet/settings_load.h>

#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 3u
#define BIG       (64u * 1024u)

static const struct cyg_setting top_options[] = {
    { CYG_SETTING_LIST, "plugins", NULL, 0, 0, "", true },
    { CYG_SETTING_STRING, "plugin_dir", "/usr/lib/cygnet/plugins", 0, 0, "", false },
    { CYG_SETTING_INT, "worker_threads", "2", 1, 64, "", false },
    { CYG_SETTING_BOOL, "live", "yes", 0, 0, "", false },
    { 0 },
};
static const struct cyg_setting listen_options[] = {
    { CYG_SETTING_INT, "port", "500", 0, 65535, "", false },
    { CYG_SETTING_LIST, "addresses", "%any", 0, 0, "", false },
    { CYG_SETTING_TIME, "timeout", "30s", 1, 86400, "", false },
    { CYG_SETTING_BYTES, "buffer", "4M", 4096, INT64_MAX, "", false },
    { 0 },
};
static const struct cyg_setting store_options[] = {
    { CYG_SETTING_STRING, "database", NULL, 0, 0, "", true },
    { CYG_SETTING_INT, "offset", "-1", -1, 4, "", false },
    { 0 },
};
static const struct cyg_settings_section sections[] = {
    { "", top_options },
    { "listen", listen_options },
    { "store-sqlite", store_options },
};

static char folder[64];

/* ---- nothing outside the folder ---- */

/* The linker's names. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern int __real_glob(const char *pattern, int flags, int (*errfunc)(const char *path, int number),
                       glob_t *ret);
int __wrap_glob(const char *pattern, int flags, int (*errfunc)(const char *path, int number),
                glob_t *ret);

int __wrap_glob(const char *pattern, int flags, int (*errfunc)(const char *path, int number),
                glob_t *ret)
{
    size_t len = strlen(folder);
    if (strncmp(pattern, folder, len) != 0 || strchr(pattern + len + 1, '/') != NULL) {
        memset(ret, 0, sizeof(*ret));
        return GLOB_NOMATCH;
    }
    return __real_glob(pattern, flags, errfunc, ret);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- the files ---- */

static void remove_folder(void)
{
    static const char *const names[] = { "cygnet.conf", "b.conf", "c.conf" };
    char path[128];
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static void make_folder(void)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof(folder), "%s/cygnet-settings-XXXXXX", tmp);
    FUZZ_CHECK(mkdtemp(folder) != NULL);
    FUZZ_CHECK(atexit(remove_folder) == 0);
}

static void write_file(const char *name, struct cyg_span bytes)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    FUZZ_CHECK(file != NULL);
    FUZZ_CHECK(bytes.len == 0 || fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    FUZZ_CHECK(fclose(file) == 0 && chmod(path, 0644) == 0);
}

/* Cut the input at the lines that say so. */
static void write_files(struct cyg_span input)
{
    static const char *const names[FILES_MAX] = { "cygnet.conf", "b.conf", "c.conf" };
    static const char mark[] = "\n---\n";
    for (size_t i = 0; i < FILES_MAX; i++) {
        const uint8_t *cut =
            input.len > 0 ? memmem(input.data, input.len, mark, strlen(mark)) : NULL;
        size_t len = cut != NULL && i + 1 < FILES_MAX ? (size_t)(cut - input.data) + 1 : input.len;
        write_file(names[i], cyg_span_first(input, len));
        input = cyg_span_after(input, len < input.len ? len + strlen(mark) - 1 : len);
    }
}

/* ---- what must hold ---- */

static void check_value(const struct cyg_settings *s, const char *section,
                        const struct cyg_setting *row)
{
    switch (row->type) {
    case CYG_SETTING_STRING: {
        const char *text = cyg_settings_string(s, section, row->key);
        FUZZ_CHECK(text == NULL || strlen(text) < 1024u * 1024u);
        FUZZ_CHECK(text != NULL || !row->required);
        break;
    }
    case CYG_SETTING_LIST:
        for (size_t i = 0; i < cyg_settings_list_len(s, section, row->key); i++) {
            FUZZ_CHECK(cyg_settings_list_at(s, section, row->key, i) != NULL);
        }
        break;
    case CYG_SETTING_BOOL:
        (void)cyg_settings_bool(s, section, row->key);
        break;
    case CYG_SETTING_INT:
    case CYG_SETTING_TIME:
    case CYG_SETTING_BYTES: {
        int64_t value = cyg_settings_int(s, section, row->key);
        FUZZ_CHECK(value >= row->min && value <= row->max);
        break;
    }
    case CYG_SETTING_END:
        break;
    }
}

static void check_settings(const struct cyg_settings *s)
{
    for (size_t i = 0; i < CYG_LEN(sections); i++) {
        for (const struct cyg_setting *row = sections[i].options; row->type != CYG_SETTING_END;
             row++) {
            check_value(s, sections[i].name, row);
        }
    }
}

static void check_refusal(enum cyg_code code, const struct cyg_error *err)
{
    char text[1024];
    FUZZ_CHECK(code != CYG_INTERNAL && cyg_reason_info(err->reason) != NULL);
    FUZZ_CHECK(strlen(cyg_error_format(err, text, sizeof(text))) > 0);
    for (const char *c = text; *c != '\0'; c++) {
        FUZZ_CHECK((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_settings *peeked = NULL, *loaded = NULL;
    struct cyg_error err = { 0 };
    char path[128];
    if (folder[0] == '\0') {
        make_folder();
    }
    if (len > BIG) {
        return 0;
    }
    write_files((struct cyg_span){ data, len });
    (void)snprintf(path, sizeof(path), "%s/cygnet.conf", folder);
    enum cyg_code peek = cyg_settings_peek(path, top_options, &peeked, &err);
    if (peek != CYG_OK) {
        check_refusal(peek, &err);
        FUZZ_CHECK(peeked == NULL);
    }
    err = (struct cyg_error){ 0 };
    enum cyg_code load = cyg_settings_load(path, sections, CYG_LEN(sections), &loaded, &err);
    if (load == CYG_OK) {
        FUZZ_CHECK(peek == CYG_OK); /* the first pass is not stricter than the second */
        check_settings(loaded);
    } else {
        check_refusal(load, &err);
        FUZZ_CHECK(loaded == NULL);
    }
    cyg_settings_free(peeked);
    cyg_settings_free(loaded);
    return 0;
}
