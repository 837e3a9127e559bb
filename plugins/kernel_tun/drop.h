/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts about packets, as counters of the worker. */
#pragma once

#include <cygnet/base.h>

enum drop {
    DROP_NONE = 0, /* the packet is good so far */
#define DROP(name, words) DROP_##name,
#include "drop.def"
    DROP_COUNT,
};

/* The words of a verdict; "" for DROP_NONE. */
const char *drop_words(enum drop drop);
