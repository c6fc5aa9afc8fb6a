/* behaviour_map.c - open addressing in shared memory.  A slot is taken once and for ever; its number only sinks, so
 * processes need no lock. */
#include "behaviour_map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SLOTS = 65536 };

struct slot {
    atomic_uint_least64_t behaviour; /* 0: free */
    atomic_uint_least64_t after;     /* the number, counted down from the highest; 0: none yet */
};

struct torci_behaviour_map {
    struct slot *slots; /* shared */
    struct counts *counts; /* shared */
    uint64_t *visited;     /* `after` of each slot as it was visited */
    unsigned changes;      /* when they were */
};

struct counts {
    atomic_uint slots;   /* that are taken */
    atomic_uint changes;
};

enum { MAP_BYTES = SLOTS * sizeof(struct slot) + sizeof(struct counts) };

struct torci_behaviour_map *torci_behaviour_map_new(void)
{
    struct torci_behaviour_map *map = calloc(1, sizeof *map);
    void *shared;

    if (map == NULL)
        return NULL;
    map->visited = calloc(SLOTS, sizeof *map->visited);
    shared = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (map->visited == NULL || shared == MAP_FAILED) {
        free(map->visited);
        free(map);
        return NULL;
    }
    map->slots = shared;
    map->counts = (struct counts *)(void *)(map->slots + SLOTS);
    return map;
}

void torci_behaviour_map_free(struct torci_behaviour_map *map)
{
    if (map == NULL)
        return;
    munmap(map->slots, MAP_BYTES);
    free(map->visited);
    free(map);
}

/* The slot of a behaviour; NULL: there is none left. */
static struct slot *find(struct torci_behaviour_map *map, uint64_t behaviour)
{
    for (size_t at = (size_t)(behaviour >> 16) % SLOTS;; at = (at + 1) % SLOTS) {
        uint_least64_t there = atomic_load(&map->slots[at].behaviour);

        if (there == 0) {
            if (atomic_load(&map->counts->slots) >= TORCI_BEHAVIOURS_MAX)
                return NULL;
            if (atomic_compare_exchange_strong(&map->slots[at].behaviour, &there, behaviour)) {
                atomic_fetch_add(&map->counts->slots, 1);
                return &map->slots[at];
            }
        }
        if (there == behaviour)
            return &map->slots[at];
    }
}

void torci_behaviour_map_add(struct torci_behaviour_map *map, uint64_t behaviour, uint64_t number)
{
    struct slot *slot = find(map, behaviour);
    uint_least64_t after = UINT64_MAX - number;
    uint_least64_t there;

    if (slot == NULL)
        return;
    there = atomic_load(&slot->after);
    if (there >= after)
        return;
    while (there < after && !atomic_compare_exchange_weak(&slot->after, &there, after))
        continue;
    atomic_fetch_add(&map->counts->changes, 1);
}

int torci_behaviour_map_visit_new(struct torci_behaviour_map *map,
                                  int (*visit)(void *arg, uint64_t behaviour, uint64_t number), void *arg)
{
    unsigned changes = atomic_load(&map->counts->changes);
    int status = 0;

    if (changes == map->changes)
        return 0;
    map->changes = changes;
    for (size_t i = 0; i < SLOTS && status == 0; i++) {
        uint64_t after = atomic_load(&map->slots[i].after);

        if (after == map->visited[i])
            continue;
        map->visited[i] = after;
        status = visit(arg, atomic_load(&map->slots[i].behaviour), UINT64_MAX - after);
    }
    return status;
}
