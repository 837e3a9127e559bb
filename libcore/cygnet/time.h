/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two clocks. cyg_usec is CLOCK_BOOTTIME in microseconds: it goes on while the machine sleeps,
 * as the peer's does, and never jumps; every deadline and lifetime is one. cyg_wall is the calendar
 * in seconds since 1970: for people, certificates and history only. They are never mixed. */
#pragma once

#include <cygnet/base.h>

typedef uint64_t cyg_usec;
typedef int64_t cyg_wall;

#define CYG_SEC   ((cyg_usec)1000000)
#define CYG_MSEC  ((cyg_usec)1000)
#define CYG_NEVER UINT64_MAX

/* a + b, or CYG_NEVER where that overflows or a is CYG_NEVER. */
static inline cyg_usec cyg_usec_add(cyg_usec a, cyg_usec b)
{
    cyg_usec sum;
    return __builtin_add_overflow(a, b, &sum) ? CYG_NEVER : sum;
}

/* Now, by either clock. Not for the engine, which is told. */
CYG_PUBLIC cyg_usec cyg_time_now(void);
CYG_PUBLIC cyg_wall cyg_time_wall(void);
