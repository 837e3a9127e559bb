/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message IDs that were used in an IKE SA (H-068): a small ring that doubles when it is full, up to
 * 1024, then forgets the oldest. */
#include "exchange.h"
#include "ike_sa.h"

#include <stdlib.h>
#include <string.h>

static bool has(const struct message_ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->n; i++) {
        if (ids->items[i] == id) {
            return true;
        }
    }
    return false;
}

bool message_ids_used(const struct ike_sa *sa, uint32_t id)
{
    return has(&sa->ids, id) || has(&sa->info_ids, id);
}

static void grow(struct message_ids *ids)
{
    uint16_t capacity = (uint16_t)(ids->capacity == 0 ? MESSAGE_IDS_MIN : ids->capacity * 2u);
    uint32_t *items = realloc(ids->items, capacity * sizeof *items);
    if (items != NULL) {
        ids->items = items;
        ids->capacity = capacity;
        ids->next = ids->n;
    }
}

void message_ids_add(struct ike_sa *sa, uint32_t id, bool informational)
{
    struct message_ids *ids = informational ? &sa->info_ids : &sa->ids;
    uint16_t max = informational ? MESSAGE_IDS_INFO : MESSAGE_IDS_MAX;
    if (ids->n == ids->capacity && ids->capacity < max) {
        grow(ids);
    }
    if (ids->capacity == 0 || message_ids_used(sa, id)) {
        return;
    }
    ids->items[ids->next] = id;
    ids->next = (uint16_t)((ids->next + 1u) % ids->capacity);
    if (ids->n < ids->capacity) {
        ids->n++;
    }
}

enum cyg_code message_ids_new(struct ike_sa *sa, uint32_t *ret, struct cyg_error *err)
{
    for (unsigned tries = 0; tries < 100; tries++) {
        uint8_t bytes[4];
        enum cyg_code code = engine_random(sa->engine, bytes, sizeof bytes, err);
        if (code != CYG_OK) {
            return code;
        }
        struct cyg_reader r = cyg_reader_of(cyg_span_of_array(bytes));
        uint32_t id = cyg_reader_u32(&r);
        const struct exchange *x = sa->exchanges;
        while (x != NULL && x->message_id != id) {
            x = x->next;
        }
        if (id != 0 && x == NULL && !message_ids_used(sa, id)) {
            *ret = id;
            return CYG_OK;
        }
    }
    return CYG_FAIL(err, CYG_R_RANDOM_FAILED); /* 100 used ones in a row are no randomness */
}
