/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See arena.h. Blocks are small, for a handshake that has only seen its first message must stay
 * below 1 KiB (H-097). */
#include "arena.h"

#include <cygnet/secret.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN 256u

struct arena_block {
    struct arena_block *next;
    uint32_t size, used;
    alignas(max_align_t) uint8_t data[];
};

static size_t round_up(size_t size)
{
    const size_t align = alignof(max_align_t);
    return (size + align - 1) / align * align;
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > ARENA_MAX) {
        return NULL;
    }
    size = round_up(size);
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < size) {
        size_t capacity = size < BLOCK_MIN ? BLOCK_MIN : size;
        if (arena->total + capacity > ARENA_MAX) {
            return NULL;
        }
        block = calloc(1, sizeof *block + capacity);
        if (block == NULL) {
            return NULL;
        }
        block->size = (uint32_t)capacity;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->total += (uint32_t)capacity;
    }
    void *taken = block->data + block->used;
    block->used += (uint32_t)size;
    return taken;
}

enum cyg_code arena_copy(struct arena *arena, struct cyg_span bytes, struct cyg_span *ret)
{
    uint8_t *copy = arena_take(arena, bytes.len);
    if (copy == NULL) {
        return CYG_NOMEM;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    *ret = (struct cyg_span){ copy, bytes.len };
    return CYG_OK;
}

void arena_clear(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        cyg_wipe(block->data, block->size); /* nonces, secrets, clear text of messages */
        free(block);
    }
    arena->total = 0;
}
