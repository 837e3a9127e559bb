/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See limit.h. */
#include "limit.h"

#include "engine_internal.h"

#include <string.h>

static size_t slot_of(const struct engine *engine, const struct cyg_address *source, uint32_t what)
{
    uint8_t key[12] = { source->family };
    size_t prefix = source->family == 4 ? 3 : 6;
    memcpy(key + 1, source->bytes, prefix);
    for (size_t i = 0; i < 4; i++) {
        key[8 + i] = (uint8_t)(what >> (8 * i));
    }
    return (size_t)(engine_hash(engine, cyg_span_of_array(key)) % LIMIT_SLOTS);
}

bool limit_take(struct engine *engine, struct limit *limit, const struct cyg_address *source,
                uint32_t what, uint32_t *ret_suppressed)
{
    size_t slot = slot_of(engine, source, what);
    cyg_usec now = engine->now;
    if (now - limit->second >= CYG_SEC) {
        limit->second = now;
        limit->in_second = 0;
    }
    if (now < limit->next[slot] || limit->in_second >= limit->burst) {
        limit->suppressed[slot]++;
        return false;
    }
    limit->in_second++;
    limit->next[slot] = cyg_usec_add(now, limit->every);
    if (ret_suppressed != NULL) {
        *ret_suppressed = limit->suppressed[slot];
    }
    limit->suppressed[slot] = 0;
    return true;
}
