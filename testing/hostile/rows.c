/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups, and the variants of a row counted out. */
#include "hostile/hostile.h"

#include <stdlib.h>

const struct group *const hostile_groups[] = {
#define GROUP(letter) &hostile_group_##letter,
#include "hostile/groups.def"
#undef GROUP
    NULL,
};

static size_t values_of(const struct variant *v)
{
    return v->to > v->a ? (size_t)(v->to - v->a) + 1 : 1;
}

size_t row_variants(const struct row *row)
{
    size_t n = 0;
    for (size_t i = 0; i < row->n; i++) {
        n += values_of(&row->variants[i]);
    }
    return n;
}

struct variant row_variant(const struct row *row, size_t number)
{
    for (size_t i = 0; i < row->n; i++) {
        struct variant v = row->variants[i];
        size_t n = values_of(&v);
        if (number < n) {
            v.a += number;
            return v;
        }
        number -= n;
    }
    abort();
}
