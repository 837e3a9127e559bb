/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of an attribute payload, and the same bytes as a bare list of attributes: the check
 * agrees with the walk, and what is written again is the same. */
#include "codec/mode_config.h"
#include "fuzz/fuzz.h"

/* Write the list again behind what w holds. */
static size_t attributes_again(struct cyg_span list, struct cyg_writer *w)
{
    struct attribute a;
    size_t n = 0;
    for (; attribute_next(&list, &a); n++) {
        FUZZ_CHECK(a.has_value == (a.raw.len >= 1 && a.raw.len <= 8) && a.type <= 0x7fff);
        if (a.basic) {
            attribute_encode(w, a.type, a.value);
        } else {
            attribute_encode_tlv(w, a.type, a.raw);
        }
    }
    return n;
}

static void check_list(struct cyg_span list)
{
    struct cyg_error err = { 0 };
    struct cyg_writer w = fuzz_writer(list.len);
    uint8_t *room = w.begin;
    bool ok = attributes_check(list, &err) == CYG_OK;
    size_t n = attributes_again(list, &w);
    bool same = list.len == cyg_writer_offset(&w) && cyg_writer_ok(&w)
                && cyg_span_equal(cyg_writer_span(&w), list);
    FUZZ_CHECK(ok == (same && n <= ATTRIBUTES_MAX));
    FUZZ_CHECK(ok || err.offset <= list.len);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span body = { data, len };
    struct mode_config c;
    struct cyg_error err = { 0 };
    if (len > FUZZ_DATAGRAM) {
        return 0;
    }
    check_list(body);
    if (mode_config_decode(body, &c, &err) != CYG_OK) {
        FUZZ_CHECK(cyg_reason_info(err.reason) != NULL && err.offset <= len);
        return 0;
    }
    struct cyg_writer w = fuzz_writer(len);
    uint8_t *room = w.begin;
    mode_config_encode(c.type, c.identifier, &w);
    attributes_again(c.attributes, &w);
    FUZZ_CHECK(cyg_span_equal(cyg_writer_span(&w), body));
    free(room);
    return 0;
}
