/* slot_table.h - objects named by index and generation, so that a stale name is found out.
 *
 * Slots do not move and their memory is not returned before clear.  A slot's generation is odd while
 * it is in use and goes up by one at each taking and giving back. */
#ifndef TORCI_SLOT_TABLE_H
#define TORCI_SLOT_TABLE_H

#include <stdbool.h>

#include <torc/scope.h>

/* First member of what lies in the table. */
struct torci_slot {
    uint32_t generation;
    uint32_t index;
};

#define TORCI_SLOTS_A_CHUNK 32u

struct torci_slots {
    struct torc_scope *scope;
    unsigned char **chunks;
    uint32_t chunk_count, chunk_capacity;
    uint32_t free_first; /* index + 1 of the slot given back last; 0: none */
    uint32_t used;       /* slots ever taken */
    uint32_t live;       /* in use now */
    size_t slot_bytes;
};

void torci_slots_init(struct torci_slots *slots, struct torc_scope *scope, size_t slot_bytes);
/* Takes a slot, zeroed but for its name.  NULL: no memory. */
TORC_CHECKED void *torci_slots_take(struct torci_slots *slots);
void torci_slots_give_back(struct torci_slots *slots, struct torci_slot *slot);
/* The first slot in use with an index of at least `from`, or NULL. */
void *torci_slots_next(const struct torci_slots *slots, uint32_t from);
void torci_slots_clear(struct torci_slots *slots);

static inline struct torci_slot *torci_slots_at(const struct torci_slots *slots, uint32_t index)
{
    return (struct torci_slot *)(void *)(slots->chunks[index / TORCI_SLOTS_A_CHUNK] +
                                         (index % TORCI_SLOTS_A_CHUNK) * slots->slot_bytes);
}

/* The slot in use that has this name, or NULL.  Only the bits of `mask` of the generation count. */
static inline void *torci_slots_find(const struct torci_slots *slots, uint32_t index,
                                     uint32_t generation, uint32_t mask)
{
    struct torci_slot *slot;

    if (index >= slots->used || (generation & 1) == 0)
        return NULL;
    slot = torci_slots_at(slots, index);
    return ((slot->generation ^ generation) & mask) == 0 ? slot : NULL;
}

#endif
