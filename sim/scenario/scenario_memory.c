/* Piles: memory that is only added to, and freed as a whole. */
#include <stdlib.h>
#include <string.h>

#include "scenario_model.h"

enum { BLOCK_BYTES = 16384 };

struct torci_pile_block {
    struct torci_pile_block *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

void *torci_pile_alloc(struct torci_pile *pile, size_t bytes)
{
    struct torci_pile_block *block = pile->blocks;
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
        block->next = pile->blocks;
        pile->blocks = block;
    }
    memory = (char *)block->data + block->used;
    block->used += bytes;
    memset(memory, 0, bytes);
    return memory;
}

const char *torci_pile_copy(struct torci_pile *pile, const char *text, size_t bytes)
{
    char *copy = torci_pile_alloc(pile, bytes + 1);

    if (copy != NULL && bytes > 0)
        memcpy(copy, text, bytes);
    return copy;
}

void torci_pile_free(struct torci_pile *pile)
{
    struct torci_pile_block *block = pile->blocks;

    while (block != NULL) {
        struct torci_pile_block *next = block->next;

        free(block);
        block = next;
    }
    pile->blocks = NULL;
}

void *torci_scenario_alloc(struct torc_scenario *scenario, size_t bytes)
{
    return torci_pile_alloc(&scenario->pile, bytes);
}

const char *torci_scenario_copy(struct torc_scenario *scenario, const char *text, size_t bytes)
{
    return torci_pile_copy(&scenario->pile, text, bytes);
}

void torc_scenario_free(struct torc_scenario *scenario)
{
    if (scenario == NULL)
        return;
    torci_pile_free(&scenario->pile);
    free(scenario);
}
