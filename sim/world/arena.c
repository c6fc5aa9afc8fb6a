/* arena.c - blocks of the C library's allocator on a list.  They are not carved from slabs, so that
 * AddressSanitizer and valgrind see the bounds and the end of each. */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#include <torc/sim.h>

#define FILL 0xa5

/* In front of each block; keeps what follows aligned for any object. */
struct torci_arena_block {
    _Alignas(max_align_t) struct torci_arena_block *previous;
    struct torci_arena_block *next;
};

static bool is_refused(struct torci_arena *arena)
{
    if (arena->fail_armed && arena->fail_after == 0) {
        arena->fail_armed = arena->fail_forever;
        return true;
    }
    if (arena->fail_armed)
        arena->fail_after--;
    return arena->refuses != NULL && arena->refuses(arena);
}

bool torci_arena_admit(struct torci_arena *arena, uint64_t bytes)
{
    arena->acquisitions++;
    if (arena->exempt)
        return true;
    if (is_refused(arena))
        return false;
    return arena->bytes_max == 0 || (arena->bytes_in_use <= arena->bytes_max &&
                                     bytes <= arena->bytes_max - arena->bytes_in_use);
}

bool torci_arena_exempt(struct torci_arena *arena, bool exempt)
{
    bool before = arena->exempt;

    arena->exempt = exempt;
    return before;
}

static void unlink_block(struct torci_arena *arena, struct torci_arena_block *block)
{
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        arena->blocks = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
}

static void link_block(struct torci_arena *arena, struct torci_arena_block *block)
{
    block->previous = NULL;
    block->next = arena->blocks;
    if (block->next != NULL)
        block->next->previous = block;
    arena->blocks = block;
}

/* The higher of two, then, for the next request of that size, the lower one. */
static struct torci_arena_block *allocate_in_turn(struct torci_arena *arena, size_t bytes)
{
    struct torci_arena_block *first;
    struct torci_arena_block *second;

    if (arena->spare != NULL && arena->spare_bytes == bytes) {
        first = arena->spare;
        arena->spare = NULL;
        return first;
    }
    first = malloc(bytes);
    second = malloc(bytes);
    if (first == NULL || second == NULL) {
        free(second);
        return first;
    }
    free(arena->spare);
    arena->spare = (uintptr_t)first < (uintptr_t)second ? first : second;
    arena->spare_bytes = bytes;
    return arena->spare == first ? second : first;
}

static struct torci_arena_block *reallocate(struct torci_arena *arena,
                                            struct torci_arena_block *block, size_t old_bytes,
                                            size_t new_bytes)
{
    struct torci_arena_block *moved;

    if (block == NULL && (arena->perturb & TORC_PERTURB_ADDRESSES) != 0)
        moved = allocate_in_turn(arena, sizeof *block + new_bytes);
    else
        moved = realloc(block, sizeof *block + new_bytes);
    if (moved != NULL && (arena->perturb & TORC_PERTURB_MEMORY) != 0 && new_bytes > old_bytes)
        memset((uint8_t *)(moved + 1) + old_bytes, FILL, new_bytes - old_bytes);
    return moved;
}

void *torci_arena_resize(struct torci_arena *arena, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torci_arena_block *block = ptr == NULL ? NULL : (struct torci_arena_block *)ptr - 1;
    struct torci_arena_block *moved;

    if (ptr == NULL)
        old_bytes = 0;
    if (new_bytes == 0) {
        if (block != NULL) {
            unlink_block(arena, block);
            arena->bytes_in_use -= old_bytes;
            if (arena->spoils)
                memset(ptr, FILL, old_bytes);
            free(block);
        }
        return NULL;
    }
    if (new_bytes > old_bytes && !torci_arena_admit(arena, new_bytes - old_bytes))
        return NULL;
    if (new_bytes > SIZE_MAX - sizeof *block)
        return NULL;
    if (block != NULL)
        unlink_block(arena, block);
    moved = reallocate(arena, block, old_bytes, new_bytes);
    if (moved == NULL) {
        if (block != NULL)
            link_block(arena, block);
        return block != NULL && new_bytes <= old_bytes ? ptr : NULL;
    }
    link_block(arena, moved);
    arena->bytes_in_use = arena->bytes_in_use - old_bytes + new_bytes;
    return moved + 1;
}

void torci_arena_drop(struct torci_arena *arena)
{
    free(arena->spare);
    arena->spare = NULL;
    while (arena->blocks != NULL) {
        struct torci_arena_block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    arena->bytes_in_use = 0;
}
