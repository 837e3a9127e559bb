/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See records.h. */
#include "records.h"

#include "events.h"

#include <string.h>

#define RECORDS_STEP 4u /* most exchanges have fewer */

struct records {
    struct record *items;
    uint8_t *quotes;
    uint16_t n, capacity, quotes_used, quotes_capacity;
};

/* Make room for one more, from the arena: what is outgrown stays there until the end, so sizes
 * double. */
static bool make_room(struct exchange *x, size_t quote_bytes)
{
    if (x->records == NULL) {
        x->records = arena_take(&x->arena, sizeof *x->records);
        if (x->records == NULL) {
            return false;
        }
    }
    struct records *r = x->records;
    if (r->n == r->capacity) {
        uint16_t capacity = (uint16_t)(r->capacity == 0 ? RECORDS_STEP : r->capacity * 2u);
        struct record *items =
            capacity > RECORDS_MAX ? NULL : arena_take(&x->arena, capacity * sizeof *items);
        if (items == NULL) {
            return false;
        }
        if (r->n > 0) {
            memcpy(items, r->items, r->n * sizeof *items);
        }
        r->items = items;
        r->capacity = capacity;
    }
    if (r->quotes_used + quote_bytes > r->quotes_capacity) {
        uint16_t capacity = r->quotes_capacity == 0 ? 256 : RECORDS_QUOTE_MAX;
        uint8_t *quotes =
            r->quotes_used + quote_bytes > capacity ? NULL : arena_take(&x->arena, capacity);
        if (quotes == NULL) {
            return false;
        }
        if (r->quotes_used > 0) {
            memcpy(quotes, r->quotes, r->quotes_used);
        }
        r->quotes = quotes;
        r->quotes_capacity = capacity;
    }
    return true;
}

static void keep(struct exchange *x, const struct cyg_error *err)
{
    size_t quote_bytes = (size_t)err->got_quote.len + err->want_quote.len;
    if (!make_room(x, quote_bytes)) {
        return;
    }
    struct records *r = x->records;
    r->items[r->n++] = (struct record){
        .got = err->got,
        .want = err->want,
        .offset = err->offset,
        .reason = err->reason,
        .quotes_at = r->quotes_used,
        .payload = err->payload,
        .level = err->level,
        .got_kind = err->got_quote.kind,
        .got_len = err->got_quote.len,
        .want_kind = err->want_quote.kind,
        .want_len = err->want_quote.len,
    };
    if (quote_bytes > 0) {
        memcpy(r->quotes + r->quotes_used, err->got_quote.data, err->got_quote.len);
        memcpy(r->quotes + r->quotes_used + err->got_quote.len, err->want_quote.data,
               err->want_quote.len);
        r->quotes_used = (uint16_t)(r->quotes_used + quote_bytes);
    }
}

/* A stranger's handshake is shown whole or not at all: one in ten seconds from each source and
 * reason (H-104). */
static bool is_shown(struct exchange *x, const struct cyg_error *err)
{
    if (x->half_open == NULL || x->sa->principal != NULL) {
        return true;
    }
    if (x->shown == 0) {
        struct engine *engine = x->engine;
        bool take = limit_take(engine, &engine->limit_log, &x->sa->path.remote, err->reason, NULL);
        x->shown = take ? 1 : 2;
        if (take) {
            ike_sa_number(x->sa);
        }
    }
    return x->shown == 1;
}

void records_add(struct exchange *x, const struct cyg_error *err)
{
    keep(x, err);
    if (is_shown(x, err)) {
        if (x->work.unread > 0) {
            events_unread(x, &x->work.path, x->work.unread);
            x->work.unread = 0;
        }
        events_log(x->engine, x->sa, &x->sa->path, x->order_id, err);
    }
}

size_t records_count(const struct exchange *x)
{
    return x->records == NULL ? 0 : x->records->n;
}

void records_get(const struct exchange *x, size_t n, struct cyg_error *ret)
{
    const struct records *r = x->records;
    const struct record *record = &r->items[n];
    const uint8_t *quotes = r->quotes + record->quotes_at;
    *ret = (struct cyg_error){
        .reason = record->reason,
        .payload = record->payload,
        .level = record->level,
        .offset = record->offset,
        .got = record->got,
        .want = record->want,
        .got_quote = { .kind = record->got_kind, .len = record->got_len },
        .want_quote = { .kind = record->want_kind, .len = record->want_len },
    };
    if (record->got_len > 0) {
        memcpy(ret->got_quote.data, quotes, record->got_len);
    }
    if (record->want_len > 0) {
        memcpy(ret->want_quote.data, quotes + record->got_len, record->want_len);
    }
}
