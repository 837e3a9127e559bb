/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ISAKMP header: read, checked, written again to the same bytes. */
#include "codec/message.h"
#include "fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span datagram = { data, len };
    struct header h;
    struct cyg_error err = { 0 };
    if (header_decode(datagram, &h, &err) != CYG_OK) {
        FUZZ_CHECK(len < HEADER_LEN && err.reason == CYG_R_HEADER_SHORT);
        return 0;
    }
    uint8_t again[HEADER_LEN];
    struct cyg_writer w = cyg_writer_of(again, sizeof(again));
    header_encode(&h, &w);
    FUZZ_CHECK(cyg_writer_ok(&w) && memcmp(again, data, HEADER_LEN) == 0);
    for (int tail = 0; tail <= 1; tail++) {
        if (header_check(&h, len, tail == 1, &err) == CYG_OK) {
            FUZZ_CHECK(h.length > HEADER_LEN && h.length <= len);
            FUZZ_CHECK(tail == 1 || h.length == len);
            FUZZ_CHECK(header_body(&h, datagram).len == h.length - HEADER_LEN);
        } else {
            FUZZ_CHECK(cyg_reason_info(err.reason) != NULL && err.offset < HEADER_LEN);
        }
    }
    return 0;
}
