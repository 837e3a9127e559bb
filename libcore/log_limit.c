/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A log that a stranger cannot flood (H-104): the first record of a reason from a network is
 * written, what follows within ten seconds is counted, and the count is written afterwards. The
 * table is small and keyed by a secret, so that nobody can choose what collides; whoever comes from
 * too many networks at once runs into the limit for all of them together. */
#include "log_internal.h"

#include <string.h>

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

/* The reason, the source's network (/24, /64), and the peer where one is known. Never 0. */
static uint64_t key_of(const struct log_limit *limit, const struct cyg_event *event)
{
    const struct cyg_address *a = &event->path.remote;
    uint64_t hash = mix(limit->seed, &event->error.reason, sizeof event->error.reason);
    hash = mix(hash, &a->family, 1);
    hash = mix(hash, a->bytes, a->family == 4 ? 3 : 8);
    hash = mix(hash, event->name, strnlen(event->name, sizeof event->name));
    return hash != 0 ? hash : 1;
}

static bool is_limited(const struct cyg_event *event)
{
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    if (event->path.remote.family == 0) {
        return false; /* nobody outside caused it */
    }
    return event->name[0] == '\0' || (info != NULL && info->reaction != CYG_REACT_NONE);
}

/* Lines of one key in LOG_LIMIT_TIME: a complaint is told once; of what merely happened, such as
 * the messages of a handshake, as many as an honest stranger causes. */
static unsigned burst_of(const struct cyg_event *event)
{
    const struct cyg_reason_info *info = cyg_reason_info(event->error.reason);
    return info != NULL && info->code == CYG_OK ? 8 : 1;
}

/* The slot of a key, or the one to be taken for it: a free one, else the oldest that has nothing to
 * tell, else the oldest. */
static struct log_limit_slot *slot_of(struct log_limit *limit, uint64_t key)
{
    struct log_limit_slot *set =
        &limit->slots[key % (LOG_LIMIT_SLOTS / LOG_LIMIT_WAYS) * LOG_LIMIT_WAYS];
    struct log_limit_slot *best = &set[0];
    for (size_t i = 0; i < LOG_LIMIT_WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        bool quieter = set[i].counted == 0 && best->counted > 0;
        bool older = set[i].since < best->since && (set[i].counted == 0) == (best->counted == 0);
        if (set[i].key == 0 || (best->key != 0 && (quieter || older))) {
            best = &set[i];
        }
    }
    limit->left_out += best->counted; /* it goes without having been told */
    *best = (struct log_limit_slot){ .key = 0 };
    return best;
}

/* Of all limited lines only so many in a second. */
static bool take_line(struct log_limit *limit, cyg_usec now)
{
    if (now - limit->second >= CYG_SEC) {
        limit->second = now;
        limit->lines = 0;
    }
    if (limit->lines >= LOG_LIMIT_LINES) {
        limit->left_out++;
        return false;
    }
    limit->lines++;
    return true;
}

bool log_limit_take(struct log_limit *limit, const struct cyg_event *event, cyg_usec now,
                    uint64_t *ret_repeats)
{
    *ret_repeats = 0;
    if (!is_limited(event)) {
        return true;
    }
    uint64_t key = key_of(limit, event);
    struct log_limit_slot *slot = slot_of(limit, key);
    const bool running = slot->key == key && now - slot->since < LOG_LIMIT_TIME;
    if (running && slot->lines >= burst_of(event)) {
        slot->counted++;
        slot->last = *event;
        slot->last.message = (struct cyg_span){ NULL, 0 };
        slot->last.ike = NULL;
        slot->last.children = NULL;
        slot->last.n_children = 0;
        return false;
    }
    if (!take_line(limit, now)) {
        return false;
    }
    if (running) {
        slot->lines++;
        return true;
    }
    *ret_repeats = slot->key == key ? slot->counted : 0;
    *slot = (struct log_limit_slot){ .key = key, .since = now, .lines = 1 };
    return true;
}

bool log_limit_sweep(struct log_limit *limit, cyg_usec now, struct cyg_event *ret,
                     uint64_t *ret_counted)
{
    struct log_limit_slot *slot = &limit->slots[limit->sweep];
    limit->sweep = (limit->sweep + 1) % LOG_LIMIT_SLOTS;
    if (slot->key == 0 || now - slot->since < LOG_LIMIT_TIME) {
        return false;
    }
    bool counted = slot->counted > 0;
    if (counted) {
        *ret = slot->last;
        *ret_counted = slot->counted;
    }
    *slot = (struct log_limit_slot){ .key = 0 };
    return counted;
}

uint64_t log_limit_left_out(struct log_limit *limit, cyg_usec now)
{
    uint64_t n = limit->left_out;
    if (n == 0 || now - limit->second < CYG_SEC) {
        return 0;
    }
    limit->left_out = 0;
    return n;
}
