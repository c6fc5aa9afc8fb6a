#include "slot_table.h"

#include <string.h>

#include "scope_pool.h"

void torci_slots_init(struct torci_slots *slots, struct torc_scope *scope, size_t slot_bytes)
{
    memset(slots, 0, sizeof *slots);
    slots->scope = scope;
    slots->slot_bytes = (slot_bytes + 15) & ~(size_t)15;
}

static size_t chunk_bytes(const struct torci_slots *slots)
{
    return TORCI_SLOTS_A_CHUNK * slots->slot_bytes;
}

static bool add_chunk(struct torci_slots *slots)
{
    unsigned char *chunk;

    if (slots->chunk_count == slots->chunk_capacity) {
        uint32_t capacity = slots->chunk_capacity ? 2 * slots->chunk_capacity : 8;
        unsigned char **chunks =
            torc_resize(slots->scope, slots->chunks, slots->chunk_capacity * sizeof *chunks,
                        capacity * sizeof *chunks);

        if (chunks == NULL)
            return false;
        slots->chunks = chunks;
        slots->chunk_capacity = capacity;
    }
    chunk = torc_alloc_zero(slots->scope, chunk_bytes(slots));
    if (chunk == NULL)
        return false;
    slots->chunks[slots->chunk_count++] = chunk;
    return true;
}

/* A free slot keeps the index of the next free one, plus 1, in its own index. */
void *torci_slots_take(struct torci_slots *slots)
{
    struct torci_slot *slot;
    uint32_t index, generation;

    if (torci_scope_admit(slots->scope, slots->slot_bytes) != TORC_OK)
        return NULL;
    if (slots->free_first != 0) {
        index = slots->free_first - 1;
        slot = torci_slots_at(slots, index);
        slots->free_first = slot->index;
    } else {
        if (slots->used == slots->chunk_count * TORCI_SLOTS_A_CHUNK && !add_chunk(slots))
            return NULL;
        index = slots->used++;
        slot = torci_slots_at(slots, index);
    }
    generation = slot->generation + 1;
    memset(slot, 0, slots->slot_bytes);
    slot->generation = generation;
    slot->index = index;
    slots->live++;
    return slot;
}

void torci_slots_give_back(struct torci_slots *slots, struct torci_slot *slot)
{
    uint32_t index = slot->index;

    slot->generation++;
    slot->index = slots->free_first;
    slots->free_first = index + 1;
    slots->live--;
}

void *torci_slots_next(const struct torci_slots *slots, uint32_t from)
{
    uint32_t index;

    for (index = from; index < slots->used; index++) {
        struct torci_slot *slot = torci_slots_at(slots, index);

        if (slot->generation & 1)
            return slot;
    }
    return NULL;
}

void torci_slots_clear(struct torci_slots *slots)
{
    uint32_t i;

    for (i = 0; i < slots->chunk_count; i++)
        torc_release(slots->scope, slots->chunks[i], chunk_bytes(slots));
    torc_release(slots->scope, slots->chunks, slots->chunk_capacity * sizeof *slots->chunks);
    torci_slots_init(slots, slots->scope, slots->slot_bytes);
}
