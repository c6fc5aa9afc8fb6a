/* The arena a scenario lives in: freed as a whole. */
#include <stdlib.h>
#include <string.h>

#include "scenario_model.h"

enum { BLOCK_BYTES = 16384 };

struct torci_arena_block {
    struct torci_arena_block *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

void *torci_scenario_alloc(struct torc_scenario *scenario, size_t bytes)
{
    struct torci_arena_block *block = scenario->blocks;
    size_t size;
    void *memory;

    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
    if (block == NULL || block->size - block->used < bytes) {
        size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        block = malloc(sizeof(*block) + size);
        if (block == NULL)
            return NULL;
        block->used = 0;
        block->size = size;
        block->next = scenario->blocks;
        scenario->blocks = block;
    }
    memory = (char *)block->data + block->used;
    block->used += bytes;
    memset(memory, 0, bytes);
    return memory;
}

const char *torci_scenario_copy(struct torc_scenario *scenario, const char *text, size_t bytes)
{
    char *copy = torci_scenario_alloc(scenario, bytes + 1);

    if (copy != NULL && bytes > 0)
        memcpy(copy, text, bytes);
    return copy;
}

void torc_scenario_free(struct torc_scenario *scenario)
{
    struct torci_arena_block *block;

    if (scenario == NULL)
        return;
    block = scenario->blocks;
    while (block != NULL) {
        struct torci_arena_block *next = block->next;

        free(block);
        block = next;
    }
    free(scenario);
}
