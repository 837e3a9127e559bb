/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vendor IDs. */
#include "vid.h"

#define FRAGMENTATION_MAIN 0x80000000u /* flag of main and aggressive mode */

/* Bytes of a string literal, its NUL left out. */
#define BYTES(literal)                                  \
    {                                                   \
        (const uint8_t *)(literal), sizeof(literal) - 1 \
    }

static const struct vid_info vids[] = {
#define VID(vid, text, how, more, bytes) \
    { .id = VID_##vid, .name = (text), .rule = VID_##how, .extra = (more), .data = BYTES(bytes) },
#define VID_SENT(vid, text, how, more, bytes, version) \
    { .id = VID_##vid,                                 \
      .name = (text),                                  \
      .rule = VID_##how,                               \
      .extra = (more),                                 \
      .data = BYTES(bytes),                            \
      .send = BYTES(bytes version) },
#include "vid.def"
};
_Static_assert(CYG_LEN(vids) == VID_COUNT - 1, "a vendor ID without a row");

static bool vid_matches(const struct vid_info *v, struct cyg_span body)
{
    size_t more = body.len - v->data.len; /* used only when body is long enough */
    if (!cyg_span_equal(cyg_span_first(body, v->data.len), v->data)) {
        return false;
    }
    switch (v->rule) {
    case VID_EXACT:
        return more == 0;
    case VID_VERSION:
        return more == v->extra;
    case VID_PREFIX:
        return true;
    }
    cyg_unreachable();
}

const struct vid_info *vid_identify(struct cyg_span body)
{
    for (size_t i = 0; i < CYG_LEN(vids); i++) {
        if (vid_matches(&vids[i], body)) {
            return &vids[i];
        }
    }
    return NULL;
}

const struct vid_info *vid_info(enum vid_id id)
{
    return id > VID_UNKNOWN && id < VID_COUNT ? &vids[id - 1] : NULL;
}

struct cyg_span vid_version(const struct vid_info *v, struct cyg_span body)
{
    return cyg_span_after(body, v->data.len);
}

uint32_t vid_fragmentation_flags(struct cyg_span body)
{
    const struct vid_info *v = vid_identify(body);
    if (v != NULL && v->id == VID_FRAGMENTATION_BARE) {
        return FRAGMENTATION_MAIN;
    }
    if (v == NULL || v->id != VID_FRAGMENTATION) {
        return 0;
    }
    struct cyg_reader r = cyg_reader_of(vid_version(v, body));
    return cyg_reader_u32(&r);
}
