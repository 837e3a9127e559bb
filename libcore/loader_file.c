/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a plugin's name to its descriptor. Nothing of the plugin is called here, but opening a
 * shared object runs its constructors: hence the checks of who can write the file come first. */
#include "loader_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cyg_code cannot_use(const char *path, const char *why, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_PLUGIN_FILE, .got_quote = cyg_quote_text(path),
                    .want_quote = cyg_quote_text(why));
}

/* Whether only root and we can change it (H-180). */
static enum cyg_code check_owner(const char *path, bool folder, struct cyg_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        char text[64];
        return cannot_use(path, strerror_r(errno, text, sizeof text), err);
    }
    if (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
        return cannot_use(path, folder ? "it is no folder" : "it is no regular file", err);
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (st.st_uid != 0 && st.st_uid != geteuid())) {
        return CYG_FAIL(err, CYG_R_PLUGIN_WRITABLE, .got_quote = cyg_quote_text(path));
    }
    return CYG_OK;
}

/* The file and the folder that it really lies in, behind symbolic links. path is changed. */
static enum cyg_code check_file(char *path, struct cyg_error *err)
{
    enum cyg_code code = check_owner(path, false, err);
    char *slash = strrchr(path, '/');
    if (code == CYG_OK && slash != NULL) {
        *slash = '\0';
        code = check_owner(path[0] != '\0' ? path : "/", true, err);
        *slash = '/';
    }
    return code;
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = strlen(name);
    return n > 0 && n < CYG_NAME_MAX && strspn(name, letters) == n && name[0] != '-';
}

enum cyg_code loader_check_descriptor(const struct plugin *plugin, const struct cyg_plugin *desc,
                                      struct cyg_error *err)
{
    struct cyg_quote name = cyg_quote_text(plugin->name);
    if (desc->magic != CYG_PLUGIN_MAGIC) {
        return CYG_FAIL(err, CYG_R_PLUGIN_MAGIC, .got_quote = name);
    }
    if (desc->abi_major != CYG_ABI_MAJOR) {
        return CYG_FAIL(err, CYG_R_PLUGIN_ABI_MAJOR, .got_quote = name, .got = desc->abi_major,
                        .want = CYG_ABI_MAJOR);
    }
    if (desc->abi_minor > CYG_ABI_MINOR) {
        return CYG_FAIL(err, CYG_R_PLUGIN_ABI_MINOR, .got_quote = name, .got = desc->abi_minor,
                        .want = CYG_ABI_MINOR);
    }
    if (desc->size < sizeof *desc) {
        return CYG_FAIL(err, CYG_R_PLUGIN_SIZE, .got_quote = name, .got = desc->size,
                        .want = sizeof *desc);
    }
    if (desc->name == NULL || strcmp(desc->name, plugin->name) != 0) {
        return CYG_FAIL(err, CYG_R_PLUGIN_OTHER_NAME, .got_quote = name,
                        .want_quote = cyg_quote_text(desc->name != NULL ? desc->name : ""));
    }
    return loader_check_features(desc, err);
}

static enum cyg_code open_object(const char *path, struct plugin *plugin, struct cyg_error *err)
{
    struct cyg_quote name = cyg_quote_text(plugin->name);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *why = dlerror();
        size_t n = strlen(path);
        if (why != NULL && strncmp(why, path, n) == 0) { /* "PATH: what is wrong" */
            why += n + strspn(why + n, ": ");
        }
        return CYG_FAIL(err, CYG_R_PLUGIN_OPEN, .got_quote = name,
                        .want_quote = cyg_quote_text(why != NULL ? why : "unknown"));
    }
    const struct cyg_plugin *desc = dlsym(handle, "cyg_plugin");
    enum cyg_code code = desc != NULL ? loader_check_descriptor(plugin, desc, err)
                                      : CYG_FAIL(err, CYG_R_PLUGIN_SYMBOL, .got_quote = name);
    plugin->handle = handle;
    if (code != CYG_OK) {
        loader_file_close(plugin);
        return code;
    }
    plugin->desc = desc;
    return CYG_OK;
}

enum cyg_code loader_file_open(const char *folder, struct plugin *plugin, struct cyg_error *err)
{
    char path[PATH_MAX];
    if (!is_name(plugin->name)) {
        return CYG_FAIL(err, CYG_R_PLUGIN_NAME, .got_quote = cyg_quote_text(plugin->name));
    }
    int n = snprintf(path, sizeof path, "%s/cygnet-%s.so", folder, plugin->name);
    if (n < 0 || (size_t)n >= sizeof path) {
        return cannot_use(folder, "the name is too long", err);
    }
    enum cyg_code code = check_owner(folder, true, err);
    if (code != CYG_OK) {
        return code;
    }
    char *real = realpath(path, NULL);
    if (real == NULL) {
        char text[64];
        return cannot_use(path, strerror_r(errno, text, sizeof text), err);
    }
    code = check_file(real, err);
    if (code == CYG_OK) {
        code = open_object(real, plugin, err);
    }
    free(real);
    return code;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define STAY_OPEN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) \
        || __has_feature(memory_sanitizer)
#        define STAY_OPEN 1
#    endif
#endif

void loader_file_close(struct plugin *plugin)
{
#ifndef STAY_OPEN
    if (plugin->handle != NULL) {
        (void)dlclose(plugin->handle);
    }
#endif
    plugin->handle = NULL;
    plugin->desc = NULL;
}
