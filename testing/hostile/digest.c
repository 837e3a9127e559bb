/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine's state as a number: equal before and after what changed nothing. What counts attempts
 * (decryptions in this second, repeated answers, log limits) is not state in this sense. */
#include "hostile/stage_sim.h"

#include "engine/child_sa.h"
#include "engine/exchange.h"

struct sum {
    uint64_t value;
};

static void add(struct sum *sum, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        sum->value = (sum->value ^ bytes[i]) * 0x100000001b3u;
    }
}

#define ADD(sum, variable) add((sum), &(variable), sizeof(variable))

static void add_address(struct sum *sum, const struct cyg_address *a)
{
    ADD(sum, a->family);
    ADD(sum, a->port);
    add(sum, a->bytes, sizeof(a->bytes));
}

static void add_path(struct sum *sum, const struct cyg_path *path)
{
    add_address(sum, &path->local);
    add_address(sum, &path->remote);
}

static void add_ids(struct sum *sum, const struct message_ids *ids)
{
    ADD(sum, ids->n);
    ADD(sum, ids->next);
    if (ids->n > 0) {
        add(sum, ids->items, ids->n * sizeof(ids->items[0]));
    }
}

static void add_exchange(struct sum *sum, const struct exchange *x)
{
    ADD(sum, x->id);
    ADD(sum, x->state);
    ADD(sum, x->message_id);
    ADD(sum, x->seen);
    ADD(sum, x->suspended);
    ADD(sum, x->tries);
    ADD(sum, x->heard);
    ADD(sum, x->timer.at);
    add(sum, x->iv, sizeof(x->iv));
}

static void add_child(struct sum *sum, const struct child_sa *child)
{
    ADD(sum, child->uniqueid);
    ADD(sum, child->spi_in);
    ADD(sum, child->spi_out);
    ADD(sum, child->expires);
    ADD(sum, child->state);
    ADD(sum, child->timer.at);
    add_path(sum, &child->path);
}

static void add_sa(struct sum *sum, const struct ike_sa *sa)
{
    ADD(sum, sa->uniqueid);
    ADD(sum, sa->state);
    ADD(sum, sa->cookie_r);
    ADD(sum, sa->expires);
    ADD(sum, sa->heard);
    ADD(sum, sa->dpd_any);
    ADD(sum, sa->dpd_number);
    ADD(sum, sa->nat_local);
    ADD(sum, sa->nat_remote);
    ADD(sum, sa->natt);
    ADD(sum, sa->timer.at);
    add_path(sum, &sa->path);
    add_ids(sum, &sa->ids);
    add_ids(sum, &sa->info_ids);
    if (sa->keys != NULL) {
        ADD(sum, sa->keys->iv);
        ADD(sum, sa->keys->iv_before);
        ADD(sum, sa->keys->has_before);
    }
    for (const struct exchange *x = sa->exchanges; x != NULL; x = x->next) {
        add_exchange(sum, x);
    }
    for (const struct child_sa *child = sa->children; child != NULL; child = child->next) {
        add_child(sum, child);
    }
}

uint64_t engine_digest(const struct engine *engine)
{
    struct sum sum = { 0xcbf29ce484222325u };
    for (struct table_item *item = engine->sas; item != NULL; item = table_next(item)) {
        add_sa(&sum, TABLE_OWNER(struct ike_sa, by_cookie, item));
    }
    return sum.value;
}
