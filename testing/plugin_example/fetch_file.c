/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole plugin outside the tree: CRLs from local files, for URLs that begin with "file:". */
#include <cygnet/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cyg_fetcher fetcher;

static enum cyg_code fetch(void *self, const char *url, uint8_t **ret_body, size_t *ret_len,
                           struct cyg_error *err)
{
    (void)self;
    FILE *file = strncmp(url, "file:", 5) == 0 ? fopen(url + 5, "rb") : NULL;
    uint8_t *body = file != NULL ? malloc(fetcher.max_bytes) : NULL;
    size_t len = body != NULL ? fread(body, 1, fetcher.max_bytes, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    if (body == NULL) {
        return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text(url));
    }
    *ret_body = body;
    *ret_len = len;
    return CYG_OK;
}

static const struct cyg_fetcher fetcher = { sizeof fetcher, fetch, .max_bytes = 1 << 20 };
static const struct cyg_feature features[] = {
    { .type = CYG_FEATURE_FETCHER, .key = "file", .ops = &fetcher },
    { .type = CYG_FEATURE_END },
};
CYG_PLUGIN(.name = "fetch-file", .summary = "CRLs from local files", .features = features);
