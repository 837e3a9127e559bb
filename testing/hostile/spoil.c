/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See spoil.h. */
#include "hostile/spoil.h"

#include <stdlib.h>
#include <string.h>

void spoil_u8(struct draft *d, const struct variant *v)
{
    d->out[v->a] = (uint8_t)v->b;
}

static void set_u32(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

void spoil_u32(struct draft *d, const struct variant *v)
{
    set_u32(d->out + v->a, v->b);
}

void spoil_bit(struct draft *d, const struct variant *v)
{
    d->out[v->a / 8] ^= (uint8_t)(1u << v->a % 8);
}

static void set_length(struct draft *d, uint64_t length)
{
    if (length > DRAFT_OUT) {
        abort();
    }
    if (length > d->out_len) {
        memset(d->out + d->out_len, 0x5a, length - d->out_len);
    }
    d->out_len = length;
}

void spoil_length(struct draft *d, const struct variant *v)
{
    set_length(d, v->a);
}

void spoil_length_fits(struct draft *d, const struct variant *v)
{
    set_length(d, v->a);
    if (d->out_len >= HEADER_LEN) {
        set_u32(d->out + 24, d->out_len);
    }
}

void spoil_tail(struct draft *d, const struct variant *v)
{
    set_length(d, d->out_len + v->b);
}

void make_flags(struct draft *d, const struct variant *v)
{
    d->header.flags = (uint8_t)((d->header.flags & FLAG_ENCRYPTION) | v->a);
}

void make_message_id(struct draft *d, const struct variant *v)
{
    d->header.message_id = (uint32_t)v->a;
}

void make_exchange(struct draft *d, const struct variant *v)
{
    d->header.exchange = (uint8_t)v->a;
}

void make_without(struct draft *d, const struct variant *v)
{
    draft_remove(d, (uint8_t)v->a);
}

void make_twice(struct draft *d, const struct variant *v)
{
    const struct part *p = draft_find(d, (uint8_t)v->a, 0);
    if (p == NULL) {
        abort();
    }
    (void)draft_add(d, p->type, (struct cyg_span){ p->body, p->len });
}

void make_first(struct draft *d, const struct variant *v)
{
    uint8_t *body = draft_take(d, v->b);
    memset(body, 0x33, v->b);
    (void)draft_insert(d, 0, (uint8_t)v->a, (struct cyg_span){ body, v->b });
}

void make_with(struct draft *d, const struct variant *v)
{
    (void)draft_fill(d, (uint8_t)v->a, 0x33, v->b);
}

void make_resized(struct draft *d, const struct variant *v)
{
    draft_resize(d, (uint8_t)v->a, v->b);
}

void make_sa(struct draft *d, const struct variant *v)
{
    draft_sa(d, v->text);
}
