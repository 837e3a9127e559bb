/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a delete payload: every SPI lies inside, and it is written again to the same bytes.
 */
#include "codec/delete.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span body = { data, len };
    struct delete_payload d;
    struct cyg_error err = { 0 };
    if (len > FUZZ_DATAGRAM) {
        return 0;
    }
    if (delete_decode(body, &d, &err) != CYG_OK) {
        FUZZ_CHECK(cyg_reason_info(err.reason) != NULL && err.offset <= len);
        return 0;
    }
    struct cyg_writer w = fuzz_writer(len);
    uint8_t *room = w.begin;
    delete_encode(&d, &w);
    FUZZ_CHECK(cyg_span_equal(cyg_writer_span(&w), body));
    for (size_t i = 0; i < d.n; i++) {
        struct cyg_span spi = delete_spi(&d, i);
        FUZZ_CHECK(spi.len == d.spi_size && spi.data >= data && spi.data + spi.len <= data + len);
    }
    free(room);
    return 0;
}
