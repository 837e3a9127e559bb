/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a fragment payload, read and written again to the same bytes. */
#include "codec/fragment.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span body = { data, len };
    struct fragment f;
    struct cyg_error err = { 0 };
    if (len > FUZZ_DATAGRAM) {
        return 0;
    }
    if (fragment_decode(body, &f, &err) != CYG_OK) {
        FUZZ_CHECK(cyg_reason_info(err.reason) != NULL && err.offset <= len);
        return 0;
    }
    FUZZ_CHECK(f.data.len == len - 4 && f.number >= 1 && f.number <= FRAGMENTS_MAX);
    struct cyg_writer w = fuzz_writer(len);
    uint8_t *room = w.begin;
    fragment_encode(&f, &w);
    FUZZ_CHECK(cyg_span_equal(cyg_writer_span(&w), body));
    free(room);
    return 0;
}
