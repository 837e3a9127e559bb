/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wipes what GMP frees. GMP's memory functions belong to the whole process and have no context, so
 * those that were in force before are kept in a static. */
#include "provider.h"

#include <string.h>

/* Written only while plugins are loaded and unloaded, see provider.h. */
static struct {
    void *(*allocate)(size_t size);
    void *(*reallocate)(void *pointer, size_t old_size, size_t new_size);
    void (*release)(void *pointer, size_t size);
    unsigned users;
} before;

static void wiping_release(void *pointer, size_t size)
{
    cyg_wipe(pointer, size);
    before.release(pointer, size);
}

static void *wiping_reallocate(void *pointer, size_t old_size, size_t new_size)
{
    void *moved = before.allocate(new_size); /* GMP's functions never return NULL */
    memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    wiping_release(pointer, old_size);
    return moved;
}

void gmp_memory_wipe(void)
{
    if (before.users++ == 0) {
        mp_get_memory_functions(&before.allocate, &before.reallocate, &before.release);
        mp_set_memory_functions(before.allocate, wiping_reallocate, wiping_release);
    }
}

void gmp_memory_restore(void)
{
    if (--before.users == 0) {
        mp_set_memory_functions(before.allocate, before.reallocate, before.release);
    }
}
