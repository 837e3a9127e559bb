/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the sets of vectors that lie outside the tree: JSON files, bytes as hex. Every helper ends
 * the running test when the file does not have the expected form. */
#pragma once

#include "unit/test.h"

#include <cygnet/span.h>

#include <jansson.h>

/* The path of a file of the vectors, "dh/modp_groups.json", borrowed until the next call; NULL when
 * the folder is not there ($CYG_VECTORS, else ../shared/vectors beside the source folder). */
const char *vectors_path(const char *relative);

/* Load a file and give the array of that name in it (not inside json_array_foreach, which evaluates
 * its array again and again); skips the test when there is no such file. The
 * array is freed by vectors_end. */
const json_t *vectors_load(const char *relative, const char *array);

/* The bytes that a field holds as hex: an exact heap copy that lives until vectors_release. */
struct cyg_span vectors_bytes(const json_t *entry, const char *field);

/* A field that is text, borrowed; "" when it is absent or null. */
const char *vectors_text(const json_t *entry, const char *field);

/* A field that is a number not below 0. */
size_t vectors_number(const json_t *entry, const char *field);

/* Free what vectors_bytes gave; call it after each entry. */
void vectors_release(void);

/* Print how many vectors were run and how many of the file do not apply to us; none run fails.
 * Frees what vectors_load gave. */
void vectors_end(const char *what, size_t run, size_t not_for_us);

/* Fails, with the place in the file, unless both are equal. */
#define assert_bytes_equal(entry, got, want) \
    vectors_assert_equal((entry), (got), (want), __FILE__, __LINE__)
void vectors_assert_equal(const json_t *entry, struct cyg_span got, struct cyg_span want,
                          const char *file, int line);
