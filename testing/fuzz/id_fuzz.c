/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of an identification payload, through to identity and selector. */
#include "codec/id.h"
#include "fuzz/fuzz.h"

#include <cygnet/selector.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span body = { data, len };
    struct id id;
    struct cyg_error err = { 0 };
    if (len > FUZZ_DATAGRAM) {
        return 0;
    }
    if (id_decode(body, &id, &err) != CYG_OK) {
        FUZZ_CHECK(err.reason == CYG_R_ID_SHORT && len < 4);
        return 0;
    }
    struct cyg_writer w = fuzz_writer(len);
    uint8_t *room = w.begin;
    id_encode(&id, &w);
    FUZZ_CHECK(cyg_span_equal(cyg_writer_span(&w), body));
    free(room);

    struct cyg_identity identity;
    struct cyg_selector selector;
    char text[CYG_IDENTITY_TEXT];
    if (cyg_identity_of(id.type, id.data, &identity, &err) == CYG_OK) {
        FUZZ_CHECK(cyg_span_equal((struct cyg_span){ identity.data, identity.len }, id.data));
        (void)cyg_identity_format(&identity, text, sizeof(text));
    }
    if (cyg_selector_of(id.type, id.protocol, id.port, id.data, &selector, &err) == CYG_OK) {
        uint8_t type;
        uint8_t bytes[32];
        size_t n;
        struct cyg_selector again;
        cyg_selector_to_id(&selector, &type, bytes, &n);
        FUZZ_CHECK(
            cyg_selector_of(type, id.protocol, id.port, (struct cyg_span){ bytes, n }, &again, &err)
                == CYG_OK
            && cyg_selector_equal(&selector, &again));
        (void)cyg_selector_format(&selector, text, sizeof(text));
    }
    return 0;
}
