/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data attributes. */
#include "attribute.h"

#define ATTRIBUTE_AF 0x8000u /* RFC 2408 3.3: set in TV form */

/* Read one; false when it is cut. */
static bool attribute_read(struct cyg_reader *r, struct cyg_span left, struct attribute *ret)
{
    uint16_t type = cyg_reader_u16(r);
    bool basic = (type & ATTRIBUTE_AF) != 0;
    size_t len = 2;
    if (!basic) {
        len = cyg_reader_u16(r);
    }
    struct cyg_span raw = cyg_reader_take(r, len);
    if (!cyg_reader_ok(r)) {
        return false;
    }
    uint64_t value = 0;
    bool has_value = raw.len >= 1 && raw.len <= 8;
    for (size_t i = 0; has_value && i < raw.len; i++) {
        value = value << 8 | raw.data[i];
    }
    *ret = (struct attribute){ .type = (uint16_t)(type & ~ATTRIBUTE_AF),
                               .basic = basic,
                               .has_value = has_value,
                               .value = value,
                               .raw = raw,
                               .whole = cyg_span_first(left, cyg_reader_offset(r)) };
    return true;
}

bool attribute_next(struct cyg_span *rest, struct attribute *ret)
{
    struct cyg_reader r = cyg_reader_of(*rest);
    if (rest->len == 0 || !attribute_read(&r, *rest, ret)) {
        return false;
    }
    *rest = cyg_span_after(*rest, ret->whole.len);
    return true;
}

enum cyg_code attributes_check(struct cyg_span list, struct cyg_error *err)
{
    struct cyg_span rest = list;
    struct attribute a;
    size_t n = 0;
    while (n <= ATTRIBUTES_MAX && attribute_next(&rest, &a)) {
        n++;
    }
    uint32_t offset = (uint32_t)(list.len - rest.len);
    if (n > ATTRIBUTES_MAX) {
        return CYG_FAIL(err, CYG_R_ATTRIBUTES_TOO_MANY, .level = 3, .offset = offset, .got = n,
                        .want = ATTRIBUTES_MAX);
    }
    if (rest.len > 0) {
        return CYG_FAIL(err, CYG_R_ATTRIBUTE_CUT, .level = 3, .offset = offset, .got = rest.len);
    }
    return CYG_OK;
}

void attribute_encode(struct cyg_writer *w, uint16_t type, uint64_t value)
{
    if (value <= UINT16_MAX) {
        cyg_writer_u16(w, (uint16_t)(type | ATTRIBUTE_AF));
        cyg_writer_u16(w, (uint16_t)value);
        return;
    }
    cyg_writer_u16(w, type);
    if (value <= UINT32_MAX) {
        cyg_writer_u16(w, 4);
        cyg_writer_u32(w, (uint32_t)value);
    } else {
        cyg_writer_u16(w, 8);
        cyg_writer_u64(w, value);
    }
}

void attribute_encode_tlv(struct cyg_writer *w, uint16_t type, struct cyg_span value)
{
    cyg_writer_u16(w, type);
    struct cyg_block block = cyg_writer_open(w, 0);
    block.counts_from += 2; /* the length counts the value alone */
    cyg_writer_bytes(w, value);
    cyg_writer_close(w, block);
}
