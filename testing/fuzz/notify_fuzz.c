/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a notification payload, read and written again to the same bytes. */
#include "codec/notify.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span body = { data, len };
    struct notify n;
    struct cyg_error err = { 0 };
    uint32_t number;
    if (len > FUZZ_DATAGRAM) {
        return 0;
    }
    if (notify_decode(body, &n, &err) != CYG_OK) {
        FUZZ_CHECK(err.reason == CYG_R_NOTIFY_SHORT && err.offset <= len);
        return 0;
    }
    if (notify_dpd(&n, &number, &err) == CYG_OK) {
        FUZZ_CHECK(len == 28);
    }
    struct cyg_writer w = fuzz_writer(len);
    uint8_t *room = w.begin;
    notify_encode(&n, &w);
    FUZZ_CHECK(cyg_span_equal(cyg_writer_span(&w), body));
    free(room);
    return 0;
}
