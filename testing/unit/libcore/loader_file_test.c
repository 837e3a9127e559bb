/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared objects through the loader: those of testing/plugin_bad, copied into a folder of this
 * test's own, each refused with a message of its own. */
#include "unit/test.h"

#include <cygnet/loader.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct cyg_loader *loader;
    struct cyg_crypto crypto;
    struct cyg_host host;
    struct cyg_error err;
    char problem[512]; /* of the plugin that was refused last */
    uint16_t reason;
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/cygnet-loader-XXXXXX");
    f->host = (struct cyg_host){ .size = sizeof f->host, .crypto = &f->crypto };
    *state = f;
    return mkdtemp(f->folder) != NULL ? 0 : -1;
}

static int clean(void **state)
{
    struct fixture *f = *state;
    char command[128];
    cyg_loader_free(f->loader);
    snprintf(command, sizeof command, "rm -r '%s'", f->folder);
    int result = system(command);
    free(f);
    return result;
}

static const char *in_folder(const struct fixture *f, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

/* Copy testing/plugin_bad/cygnet-NAME.so into the folder. */
static void copy_plugin(const struct fixture *f, const char *name)
{
    const char *build = getenv("CYG_BUILDDIR");
    char command[512];
    snprintf(command, sizeof command,
             "cp '%s/testing/plugin_bad/.libs/cygnet-%s.so' '%s/' && chmod 644 '%s/cygnet-%s.so'",
             build != NULL ? build : ".", name, f->folder, f->folder, name);
    assert_int_equal(system(command), 0);
}

static void write_file(const struct fixture *f, const char *name)
{
    FILE *file = fopen(in_folder(f, name), "w");
    assert_non_null(file);
    fputs("#!/bin/sh\n", file);
    fclose(file);
    chmod(in_folder(f, name), 0644);
}

static void on_problem(void *context, const char *plugin, const struct cyg_error *err)
{
    struct fixture *f = context;
    (void)plugin;
    f->reason = err->reason;
    cyg_error_format(err, f->problem, sizeof f->problem);
}

static void open_plugins(struct fixture *f, const char *const *names, size_t n)
{
    cyg_loader_free(f->loader);
    f->loader = NULL;
    f->reason = 0;
    f->problem[0] = '\0';
    assert_int_equal(cyg_loader_open(f->folder, names, n, on_problem, f, &f->loader, &f->err),
                     CYG_OK);
}

static enum cyg_code load(struct fixture *f)
{
    return cyg_loader_load(f->loader, &f->host, NULL, 0, &f->crypto, &f->err);
}

static struct cyg_plugin_record record_at(struct fixture *f, size_t index)
{
    struct cyg_plugin_record record = { .feature_type = 255 };
    assert_int_equal(cyg_loader_records(f->loader, index, &record, 1), 1);
    return record;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

/* ---- refused when opened ---- */

static const struct {
    const char *name;
    enum cyg_reason reason;
    const char *says;
} refused[] = {
    { "bad-major", CYG_R_PLUGIN_ABI_MAJOR, "\"bad-major\" was built for interface 2" },
    { "bad-minor", CYG_R_PLUGIN_ABI_MINOR, "\"bad-minor\" was built for a newer cygnet" },
    { "bad-magic", CYG_R_PLUGIN_MAGIC, "descriptor begins wrong" },
    { "bad-size", CYG_R_PLUGIN_SIZE, "24 bytes" },
    { "bad-symbol", CYG_R_PLUGIN_SYMBOL, "exports no cyg_plugin" },
    { "bad-undefined", CYG_R_PLUGIN_OPEN, "undefined symbol: nobody_defines_this" },
    { "bad-other", CYG_R_PLUGIN_OTHER_NAME, "calls itself \"somebody\"" },
    { "bad-text", CYG_R_PLUGIN_OPEN, "\"bad-text\" cannot be opened" },
    { "bad-missing", CYG_R_PLUGIN_FILE, "No such file" },
    { "bad-folder", CYG_R_PLUGIN_FILE, "no regular file" },
    { "../bad-fine", CYG_R_PLUGIN_NAME, "\"../bad-fine\" is no name of a plugin" },
    { "..", CYG_R_PLUGIN_NAME, "no name" },
    { "a/bad-fine", CYG_R_PLUGIN_NAME, "no name" },
    { "/bad-fine", CYG_R_PLUGIN_NAME, "no name" },
    { "bad-fine.so", CYG_R_PLUGIN_NAME, "no name" },
    { "Bad-Fine", CYG_R_PLUGIN_NAME, "lower-case" },
    { "bad fine", CYG_R_PLUGIN_NAME, "no name" },
    { "", CYG_R_PLUGIN_NAME, "no name" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", CYG_R_PLUGIN_NAME,
      "no name" },
};

static void test_bad_plugins_are_refused_each_in_its_own_words(void **state)
{
    struct fixture *f = *state;
    static const char *const objects[] = { "bad-major",  "bad-minor",     "bad-magic", "bad-size",
                                           "bad-symbol", "bad-undefined", "bad-other", "bad-fine" };
    for (size_t i = 0; i < CYG_LEN(objects); i++) {
        copy_plugin(f, objects[i]);
    }
    write_file(f, "cygnet-bad-text.so");
    assert_int_equal(mkdir(in_folder(f, "cygnet-bad-folder.so"), 0755), 0);
    assert_int_equal(mkdir(in_folder(f, "a"), 0755), 0);
    for (size_t i = 0; i < CYG_LEN(refused); i++) {
        /* The one behind it is taken all the same. */
        const char *const names[] = { refused[i].name, "bad-fine" };
        open_plugins(f, names, 2);
        if (f->reason != refused[i].reason || strstr(f->problem, refused[i].says) == NULL) {
            fail_msg("%s: %s", refused[i].name, f->problem);
        }
        struct cyg_plugin_record record = record_at(f, 0);
        assert_false(record.loaded);
        assert_memory_equal(record.problem, f->problem, strlen(record.problem));
        assert_true(strlen(record.problem) > 10);
        assert_int_equal(load(f), CYG_OK);
        assert_non_null(cyg_loader_find(f->loader, CYG_FEATURE_SERVICE, "bad-fine").ops);
    }
}

static void test_a_plugin_is_named_once(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-fine", "bad-fine" };
    copy_plugin(f, "bad-fine");
    open_plugins(f, names, 2);
    assert_int_equal(f->reason, CYG_R_PLUGIN_TWICE);
    assert_int_equal(load(f), CYG_OK);
    assert_true(record_at(f, 0).loaded);
}

/* ---- who may write ---- */

static void test_files_that_others_may_write_are_refused(void **state)
{
    static const struct {
        const char *path;
        mode_t mode;
    } rows[] = {
        { "cygnet-bad-fine.so", 0646 },
        { "cygnet-bad-fine.so", 0664 },
        { "", 0757 },
        { "", 0775 },
    };
    struct fixture *f = *state;
    const char *const names[] = { "bad-fine" };
    copy_plugin(f, "bad-fine");
    open_plugins(f, names, 1);
    assert_int_equal(f->reason, 0);
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct stat before;
        assert_int_equal(stat(in_folder(f, rows[i].path), &before), 0);
        assert_int_equal(chmod(in_folder(f, rows[i].path), rows[i].mode), 0);
        open_plugins(f, names, 1);
        assert_int_equal(f->reason, CYG_R_PLUGIN_WRITABLE);
        assert_contains(f->problem, "can be changed by others");
        assert_int_equal(chmod(in_folder(f, rows[i].path), before.st_mode & 07777), 0);
    }
}

/* A link is judged by where it leads. */
static void test_links_into_an_open_folder_are_refused(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-fine" };
    char target[256];
    copy_plugin(f, "bad-fine");
    assert_int_equal(mkdir(in_folder(f, "open"), 0755), 0);
    assert_int_equal(chmod(in_folder(f, "open"), 0777), 0);
    snprintf(target, sizeof target, "%s", in_folder(f, "open/real.so"));
    assert_int_equal(rename(in_folder(f, "cygnet-bad-fine.so"), target), 0);
    assert_int_equal(symlink(target, in_folder(f, "cygnet-bad-fine.so")), 0);
    open_plugins(f, names, 1);
    assert_int_equal(f->reason, CYG_R_PLUGIN_WRITABLE);
    assert_int_equal(chmod(in_folder(f, "open"), 0755), 0);
    open_plugins(f, names, 1);
    assert_int_equal(f->reason, 0);
}

static void test_files_of_other_users_are_refused(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-fine" };
    if (geteuid() != 0) {
        test_skip("only root can give a file away");
    }
    copy_plugin(f, "bad-fine");
    assert_int_equal(chown(in_folder(f, "cygnet-bad-fine.so"), 65534, 65534), 0);
    open_plugins(f, names, 1);
    assert_int_equal(f->reason, CYG_R_PLUGIN_WRITABLE);
}

static void test_a_missing_folder_is_said(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-fine" };
    assert_int_equal(cyg_loader_open("/nonexistent", names, 1, on_problem, f, &f->loader, &f->err),
                     CYG_OK);
    assert_int_equal(f->reason, CYG_R_PLUGIN_FILE);
    assert_contains(f->problem, "\"/nonexistent\"");
}

/* ---- refused when loaded ---- */

static void test_a_circle_of_plugins_is_named(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-cycle-one", "bad-cycle-two" };
    char line[512];
    copy_plugin(f, names[0]);
    copy_plugin(f, names[1]);
    open_plugins(f, names, 2);
    assert_int_equal(load(f), CYG_REFUSED);
    assert_int_equal(f->err.reason, CYG_R_FEATURE_CYCLE);
    cyg_error_format(&f->err, line, sizeof line);
    assert_contains(line, "service bad-cycle-one");
}

static void test_a_failing_load_keeps_its_own_reason(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-load" };
    copy_plugin(f, "bad-load");
    open_plugins(f, names, 1);
    assert_int_equal(load(f), CYG_OK);
    assert_false(record_at(f, 0).loaded);
    assert_contains(record_at(f, 0).problem, "no licence");
    assert_contains(record_at(f, 1).problem, "its plugin could not start");
}

static void test_a_failing_known_answer_test_is_named(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "bad-fine" };
    copy_plugin(f, "bad-fine");
    open_plugins(f, names, 1);
    assert_int_equal(load(f), CYG_OK);
    assert_true(record_at(f, 0).loaded);
    assert_true(record_at(f, 1).loaded);
    assert_false(record_at(f, 2).loaded);
    assert_contains(record_at(f, 2).problem, "known-answer test of \"sha256\" failed: \"digest\"");
    assert_null(f->crypto.hash[CYG_ALG_SHA256].ops);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, clean)

TEST_MAIN(IN_FOLDER(test_bad_plugins_are_refused_each_in_its_own_words),
          IN_FOLDER(test_a_plugin_is_named_once),
          IN_FOLDER(test_files_that_others_may_write_are_refused),
          IN_FOLDER(test_links_into_an_open_folder_are_refused),
          IN_FOLDER(test_files_of_other_users_are_refused),
          IN_FOLDER(test_a_missing_folder_is_said), IN_FOLDER(test_a_circle_of_plugins_is_named),
          IN_FOLDER(test_a_failing_load_keeps_its_own_reason),
          IN_FOLDER(test_a_failing_known_answer_test_is_named));
