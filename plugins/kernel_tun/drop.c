/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drop.h"

static const char *const words[DROP_COUNT] = {
    "",
#define DROP(name, words) words,
#include "drop.def"
};

const char *drop_words(enum drop drop)
{
    return words[drop];
}
