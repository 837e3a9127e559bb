/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fuzz targets share: a property that does not hold ends the run, and the room to write what
 * was read. An input is never longer than a datagram. */
#pragma once

#include <cygnet/span.h>
#include <cygnet/writer.h>

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_DATAGRAM 65535u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Like assert, but never compiled out. */
#define FUZZ_CHECK(property)                                                              \
    do {                                                                                  \
        if (!(property)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property); \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

/* Call what must not crash, whatever it says. */
#define FUZZ_CALL(call) ((void)!(call))

/* A writer over a heap block of size bytes: AddressSanitizer sees a byte more. Free w.begin. */
static inline struct cyg_writer fuzz_writer(size_t size)
{
    uint8_t *room = malloc(size > 0 ? size : 1);
    if (room == NULL) {
        abort();
    }
    return cyg_writer_of(room, size > 0 ? size : 1);
}
