/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left when our own code is wrong, and the clocks. */
#include <cygnet/base.h>
#include <cygnet/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void cyg_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "cygnet: bug at %s:%d: %s\n", file, line, what);
    abort();
}

cyg_usec cyg_time_now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) {
        cyg_bug(__FILE__, __LINE__, "no CLOCK_BOOTTIME");
    }
    return (cyg_usec)t.tv_sec * CYG_SEC + (cyg_usec)t.tv_nsec / 1000;
}

cyg_wall cyg_time_wall(void)
{
    return (cyg_wall)time(NULL);
}
