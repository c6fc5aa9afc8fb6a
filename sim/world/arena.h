/* arena.h - the memory of one host: every block is found again when the host is killed, the bytes
 * have a budget, and the k-th acquisition can be made to fail. */
#ifndef TORCI_ARENA_H
#define TORCI_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct torci_arena_block;

struct torci_arena {
    struct torci_arena_block *blocks;
    uint64_t bytes_in_use;
    uint64_t bytes_max;    /* 0: no limit */
    uint64_t acquisitions; /* asked for so far, refused ones too */
    uint64_t fail_after;   /* armed: so many more are admitted */
    bool fail_armed;
    bool fail_forever;
    bool exempt; /* torci_arena_exempt */
    bool (*refuses)(struct torci_arena *arena); /* asked at each acquisition; or NULL */
    unsigned perturb; /* of enum torc_perturbation */
    bool spoils;      /* what is released is overwritten, so that who still uses it is found out */
    struct torci_arena_block *spare; /* with PERTURB_ADDRESSES: for the next request of that size */
    size_t spare_bytes;
};

/* Whether one more acquisition is granted; counts it. */
bool torci_arena_admit(struct torci_arena *arena, uint64_t bytes);

/* As struct torc_allocator.  What grows a block is an acquisition; what frees or shrinks it never
 * fails. */
void *torci_arena_resize(struct torci_arena *arena, void *ptr, size_t old_bytes, size_t new_bytes);

/* From now on nothing is refused, or again what is to be: for what the world asks for in the host's memory, and the
 * host does not.  Such acquisitions are counted.  Returns what it was before. */
bool torci_arena_exempt(struct torci_arena *arena, bool exempt);

/* Frees every block.  Counts and limits stay. */
void torci_arena_drop(struct torci_arena *arena);

#endif
