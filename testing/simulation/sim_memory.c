/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the memory of the code under test, and lets an allocation of it fail. The programs are
 * linked with -Wl,--wrap=malloc (calloc, realloc, free, strdup), so every call in our own objects
 * comes here; only what is allocated between sim_memory_enter and _leave is counted. What libraries
 * allocate inside themselves is not seen. */
#include "simulation/sim_internal.h"

#include <malloc.h>
#include <stdlib.h>

/* The linker's names. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern void *__real_malloc(size_t size);
extern void *__real_calloc(size_t n, size_t size);
extern void *__real_realloc(void *old, size_t size);
extern void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);

/* The pieces that count: a hash set of addresses with linear probing. The one mutable global of the
 * test bed: malloc has no context. */
struct piece {
    uintptr_t address; /* 0: free; 1: was used */
    size_t size;
};

static struct {
    bool inside;
    unsigned fail_in;
    size_t bytes, pieces, used, room;
    struct piece *table;
} memory;

static size_t slot_of(uintptr_t address, size_t room)
{
    return (size_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 20) & (room - 1);
}

static void put(struct piece *table, size_t room, uintptr_t address, size_t size)
{
    size_t slot = slot_of(address, room);
    while (table[slot].address > 1) {
        slot = (slot + 1) & (room - 1);
    }
    table[slot] = (struct piece){ address, size };
}

static void grow(void)
{
    size_t room = memory.pieces * 4 < 1024 ? 1024 : 1;
    while (room < memory.pieces * 4) {
        room *= 2;
    }
    struct piece *table = __real_calloc(room, sizeof(*table));
    if (table == NULL) {
        abort();
    }
    for (size_t i = 0; i < memory.room; i++) {
        if (memory.table[i].address > 1) {
            put(table, room, memory.table[i].address, memory.table[i].size);
        }
    }
    __real_free(memory.table);
    memory.table = table;
    memory.room = room;
    memory.used = memory.pieces;
}

static void note(void *address, size_t size)
{
    if (!memory.inside || address == NULL) {
        return;
    }
    if (memory.used * 2 >= memory.room) {
        grow();
    }
    put(memory.table, memory.room, (uintptr_t)address, size);
    memory.used++;
    memory.pieces++;
    memory.bytes += size;
}

static bool forget(const void *address)
{
    if (address == NULL || memory.room == 0) {
        return false;
    }
    size_t slot = slot_of((uintptr_t)address, memory.room);
    while (memory.table[slot].address != 0) {
        if (memory.table[slot].address == (uintptr_t)address) {
            memory.bytes -= memory.table[slot].size;
            memory.pieces--;
            memory.table[slot] = (struct piece){ 1, 0 };
            return true;
        }
        slot = (slot + 1) & (memory.room - 1);
    }
    return false;
}

static bool fails(void)
{
    return memory.inside && memory.fail_in > 0 && --memory.fail_in == 0;
}

void *__wrap_malloc(size_t size)
{
    if (fails()) {
        return NULL;
    }
    void *memory_new = __real_malloc(size);
    note(memory_new, size);
    return memory_new;
}

void *__wrap_calloc(size_t n, size_t size)
{
    if (fails()) {
        return NULL;
    }
    void *memory_new = __real_calloc(n, size);
    note(memory_new, n * size);
    return memory_new;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails()) {
        return NULL;
    }
    bool counted = forget(old);
    void *memory_new = __real_realloc(old, size);
    bool inside = memory.inside;
    memory.inside |= counted; /* it stays the engine's, whoever resizes it */
    note(memory_new, size);
    memory.inside = inside;
    return memory_new;
}

void __wrap_free(void *address)
{
    (void)forget(address);
    __real_free(address);
}

char *__wrap_strdup(const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = __wrap_malloc(len);
    if (copy != NULL) {
        memcpy(copy, text, len);
    }
    return copy;
}

void *sim_alloc(size_t size)
{
    void *address = __real_calloc(1, size > 0 ? size : 1);
    if (address == NULL) {
        abort();
    }
    return address;
}

void *sim_resize(void *old, size_t size)
{
    void *address = __real_realloc(old, size);
    if (address == NULL) {
        abort();
    }
    return address;
}

void sim_release(void *address)
{
    __real_free(address);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void *sim_copy(const void *data, size_t len)
{
    void *copy = sim_alloc(len);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

void sim_memory_enter(unsigned nth)
{
    memory.inside = true;
    memory.fail_in = nth;
}

unsigned sim_memory_leave(void)
{
    unsigned left = memory.fail_in;
    memory.inside = false;
    memory.fail_in = 0;
    return left;
}

size_t sim_memory_bytes(void)
{
    return memory.bytes;
}

size_t sim_memory_pieces(void)
{
    return memory.pieces;
}
