/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a vendor ID: what it is taken for follows the row's own rule. */
#include "codec/vid.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span body = { data, len };
    const struct vid_info *v = vid_identify(body);
    uint32_t flags = vid_fragmentation_flags(body);
    if (v == NULL) {
        FUZZ_CHECK(flags == 0);
        return 0;
    }
    size_t more = vid_version(v, body).len;
    FUZZ_CHECK(vid_info(v->id) == v && len == v->data.len + more);
    FUZZ_CHECK(v->rule == VID_PREFIX || more == (v->rule == VID_EXACT ? 0 : v->extra));
    FUZZ_CHECK(flags == 0 || v->id == VID_FRAGMENTATION || v->id == VID_FRAGMENTATION_BARE);
    return 0;
}
