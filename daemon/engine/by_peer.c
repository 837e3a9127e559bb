/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See by_peer.h. */
#include "by_peer.h"

#include "ike_sa.h"

#include <stdlib.h>
#include <utlist.h>

#define KEY_LEN 9u

struct row_use {
    struct table_item by_key; /* engine->rows */
    struct ike_sa *sas;       /* never empty */
    uint8_t key[KEY_LEN];     /* source, row id */
};

static void make_key(uint8_t source, int64_t id, uint8_t ret[KEY_LEN])
{
    struct cyg_writer w = cyg_writer_of(ret, KEY_LEN);
    cyg_writer_u8(&w, source);
    cyg_writer_u64(&w, (uint64_t)id);
}

static struct row_use *find(const struct engine *engine, uint8_t source, int64_t id)
{
    uint8_t key[KEY_LEN];
    make_key(source, id, key);
    return TABLE_OWNER(struct row_use, by_key,
                       table_find(engine, engine->rows, cyg_span_of_array(key)));
}

enum cyg_code by_peer_join(struct ike_sa *sa, struct cyg_peer *peer)
{
    struct engine *engine = sa->engine;
    struct row_use *row = find(engine, peer->source, peer->id);
    if (row == NULL) {
        row = calloc(1, sizeof *row);
        if (row == NULL) {
            return CYG_NOMEM;
        }
        make_key(peer->source, peer->id, row->key);
        if (!table_add(engine, &engine->rows, &row->by_key, cyg_span_of_array(row->key))) {
            free(row);
            return CYG_NOMEM;
        }
    }
    sa->peer = peer;
    sa->row = row;
    DL_APPEND2(row->sas, sa, row_prev, row_next);
    return CYG_OK;
}

void by_peer_leave(struct ike_sa *sa)
{
    struct row_use *row = sa->row;
    if (row == NULL) {
        return;
    }
    DL_DELETE2(row->sas, sa, row_prev, row_next);
    sa->row = NULL;
    if (row->sas == NULL) {
        table_remove(&sa->engine->rows, &row->by_key);
        free(row);
    }
}

struct ike_sa *by_peer_first(const struct engine *engine, uint8_t source, int64_t id)
{
    const struct row_use *row = find(engine, source, id);
    return row == NULL ? NULL : row->sas;
}
