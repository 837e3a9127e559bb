/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vectors/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the test that runs; a test program has one thread. */
static json_t *document;
static uint8_t *kept[64];
static size_t n_kept;

const char *vectors_path(const char *relative)
{
    static char path[4096];
    const char *top = getenv("CYG_VECTORS");
    const char *source = getenv("CYG_SRCDIR");
    if (top != NULL && *top != '\0') {
        snprintf(path, sizeof path, "%s/%s", top, relative);
    } else {
        snprintf(path, sizeof path, "%s/../shared/vectors/%s", source != NULL ? source : ".",
                 relative);
    }
    return access(path, R_OK) == 0 ? path : NULL;
}

const json_t *vectors_load(const char *relative, const char *array)
{
    const char *path = vectors_path(relative);
    if (path == NULL) {
        test_skip("the vectors are not there, see CYG_VECTORS");
    }
    json_error_t error;
    document = json_load_file(path, 0, &error);
    if (document == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    const json_t *found = json_object_get(document, array);
    assert_true(json_is_array(found));
    return found;
}

static unsigned digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF", *at = strchr(digits, c);
    assert_true(c != '\0' && at != NULL);
    size_t index = (size_t)(at - digits);
    return (unsigned)(index < 16 ? index : index - 6);
}

struct cyg_span vectors_bytes(const json_t *entry, const char *field)
{
    const char *text = json_string_value(json_object_get(entry, field));
    if (text == NULL) {
        fail_msg("no field %s", field);
    }
    size_t len = strlen(text) / 2;
    assert_int_equal(strlen(text) % 2, 0);
    assert_true(n_kept < sizeof kept / sizeof kept[0]);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    kept[n_kept++] = bytes;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return (struct cyg_span){ bytes, len };
}

const char *vectors_text(const json_t *entry, const char *field)
{
    const char *text = json_string_value(json_object_get(entry, field));
    return text != NULL ? text : "";
}

size_t vectors_number(const json_t *entry, const char *field)
{
    const json_t *value = json_object_get(entry, field);
    assert_true(json_is_integer(value) && json_integer_value(value) >= 0);
    return (size_t)json_integer_value(value);
}

void vectors_release(void)
{
    while (n_kept > 0) {
        free(kept[--n_kept]);
    }
}

void vectors_end(const char *what, size_t run, size_t not_for_us)
{
    vectors_release();
    json_decref(document);
    document = NULL;
    printf("# %s: %zu vectors, %zu more not for us\n", what, run, not_for_us);
    assert_true(run > 0);
}

void vectors_assert_equal(const json_t *entry, struct cyg_span got, struct cyg_span want,
                          const char *file, int line)
{
    if (!cyg_span_equal(got, want)) {
        char *text = json_dumps(entry, JSON_COMPACT);
        print_error("differs (%zu bytes, expected %zu) in %s\n", got.len, want.len, text);
        free(text);
        _fail(file, line);
    }
}
