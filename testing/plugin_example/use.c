/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the plugin fetch-file from the folder of the first argument by the real loader, fetches the
 * URL of the second and prints what came. Built against an installed cygnet, as the plugin is. */
#include <cygnet/loader.h>

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what, const struct cyg_error *err)
{
    char text[512];
    fprintf(stderr, "%s: %s\n", what, cyg_error_format(err, text, sizeof text));
    return EXIT_FAILURE;
}

static void on_problem(void *context, const char *plugin, const struct cyg_error *err)
{
    (void)context;
    fail(plugin, err);
}

static int fetch(const struct cyg_loader *loader, const char *url)
{
    struct cyg_provider p = cyg_loader_find(loader, CYG_FEATURE_FETCHER, "file");
    const struct cyg_fetcher *fetcher = p.ops;
    struct cyg_error err = { 0 };
    uint8_t *body;
    size_t len;
    if (fetcher == NULL) {
        return fail("no fetcher", &err);
    }
    if (fetcher->fetch(p.self, url, &body, &len, &err) != CYG_OK) {
        return fail(p.plugin, &err);
    }
    fwrite(body, 1, len, stdout);
    free(body);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *const names[] = { "fetch-file" };
    struct cyg_loader *loader;
    struct cyg_crypto crypto;
    struct cyg_error err = { 0 };
    const struct cyg_host host = { .size = sizeof host, .crypto = &crypto };
    if (argc != 3
        || cyg_loader_open(argv[1], names, 1, on_problem, NULL, &loader, &err) != CYG_OK) {
        return fail("open", &err);
    }
    int status = cyg_loader_load(loader, &host, NULL, 0, &crypto, &err) == CYG_OK
                     ? fetch(loader, argv[2])
                     : fail("load", &err);
    cyg_loader_free(loader);
    return status;
}
