/* timer_heap.h - timed calls in the order (deadline, order of arming).
 *
 * Two arrays.  A slot is a timed call: what to call, when, and the generation of the handles on it.
 * The queue is a heap with four children to a node whose entries carry their key, so that finding the
 * earliest touches no slot; the four children share a cache line.
 *
 * An entry is a promise to look at its slot when its time comes, no more.  A slot has at most one entry
 * that counts, the one whose order is the slot's `queued_order`, and that entry is never later than
 * the slot's deadline.  So clearing a slot, or setting it to a later time, leaves the queue as it is;
 * the entry is put right when it comes to the top.  Only setting a slot earlier adds an entry, and
 * leaves one that is stale.  The queue has twice as many places as there are slots; when it is full, at
 * least half of it is stale or cleared and is thrown out in place.  So setting never allocates, and
 * what is cancelled takes no memory for long.
 *
 * The top entry always tells the truth.
 *
 * Orders are 32 bits wide, which keeps an entry at 16 bytes.  When they run out, the entries are
 * sorted and numbered anew from 1: a pause of n log n once in four thousand million armings. */
#ifndef TORCI_TIMER_HEAP_H
#define TORCI_TIMER_HEAP_H

#include <torc/clock.h>

#include "scope_pool.h"

enum torci_timer_state {
    TORCI_TIMER_FREE_CALLED,   /* free; the last call made from it was called */
    TORCI_TIMER_FREE_CANCELED, /* free; the last one was cancelled */
    TORCI_TIMER_IDLE,          /* taken, not set; or being called */
    TORCI_TIMER_SET
};

struct torci_timer_slot {
    torc_call_fn *call;
    void *arg;
    torc_drop_fn *drop_arg;
    const char *site;
    uint64_t deadline_ns;
    uint32_t order;        /* of the last arming */
    uint32_t queued_order; /* of the entry that counts; 0: none */
    uint32_t generation;   /* counted up each time the slot is taken */
    uint32_t next_free;
    uint8_t state; /* enum torci_timer_state */
    bool alarm;    /* stays taken after it was called */
    uint8_t padding[6];
};

struct torci_timer_entry {
    uint64_t deadline_ns;
    uint32_t order;
    uint32_t slot;
};

struct torci_timer_heap {
    struct torc_scope *scope;
    struct torci_timer_slot *slots;
    struct torci_timer_entry *entries; /* the first is at TORCI_TIMER_ROOT */
    void *slots_block;                 /* what was allocated; `slots` and `entries` are aligned in it */
    void *entries_block;
    uint32_t slot_capacity;
    uint32_t slot_count; /* ever taken */
    uint32_t free_head;
    uint32_t entry_count;
    uint32_t entry_capacity;
    uint32_t pending; /* slots that are set */
    uint32_t next_order;
    uint32_t round_end; /* pop gives nothing of this order or a later one */
};

/* Parent and children of an entry are found by shifts, and children are aligned, if the root is here:
 * the children of i are 4 (i - 2) and the three after it. */
#define TORCI_TIMER_ROOT 3u
#define TORCI_TIMER_NO_SLOT UINT32_MAX

void torci_timer_heap_init(struct torci_timer_heap *heap, struct torc_scope *scope);
/* Frees the arrays; what the slots hold has been dropped before. */
void torci_timer_heap_free(struct torci_timer_heap *heap);

/* Behind the functions below, which are here so that arming and cancelling are a call less deep. */
TORC_CHECKED int torci_timer_heap_add_slot(struct torci_timer_heap *heap);
void torci_timer_heap_renumber(struct torci_timer_heap *heap);
void torci_timer_heap_push(struct torci_timer_heap *heap, uint32_t slot);
void torci_timer_heap_settle(struct torci_timer_heap *heap);

static inline void torci_timer_heap_settle_if_top(struct torci_timer_heap *heap, uint32_t slot)
{
    if (heap->entries[TORCI_TIMER_ROOT].slot == slot) /* there is one, if of an empty queue an old one */
        torci_timer_heap_settle(heap);
}

/* Takes a slot, idle, with a generation of its own; call, arg, drop_arg, site and alarm are the
 * caller's to fill.
 * Errors: TORC_ENOMEM. */
TORC_CHECKED static inline int torci_timer_heap_take(struct torci_timer_heap *heap,
                                                     uint32_t *out_slot)
{
    int error = heap->free_head == TORCI_TIMER_NO_SLOT
                    ? torci_timer_heap_add_slot(heap)
                    : torci_scope_admit(heap->scope, sizeof *heap->slots);
    if (error)
        return error;
    uint32_t index = heap->free_head;
    struct torci_timer_slot *slot = &heap->slots[index];
    heap->free_head = slot->next_free;
    slot->state = TORCI_TIMER_IDLE;
    slot->alarm = false;
    slot->generation = slot->generation == UINT32_MAX ? 1 : slot->generation + 1;
    *out_slot = index;
    return 0;
}

/* Clears one that may be set: it is idle then. */
static inline void torci_timer_heap_clear(struct torci_timer_heap *heap, uint32_t index)
{
    struct torci_timer_slot *slot = &heap->slots[index];
    if (slot->state != TORCI_TIMER_SET)
        return;
    slot->state = TORCI_TIMER_IDLE;
    heap->pending--;
    torci_timer_heap_settle_if_top(heap, index);
}

/* Gives a slot back; it is cleared first if need be.  `state`: which of the free ones. */
static inline void torci_timer_heap_give(struct torci_timer_heap *heap, uint32_t index,
                                         enum torci_timer_state state)
{
    struct torci_timer_slot *slot = &heap->slots[index];
    torci_timer_heap_clear(heap, index);
    slot->state = (uint8_t)state;
    slot->next_free = heap->free_head;
    heap->free_head = index;
}

/* Sets a slot that is taken, or sets it anew: it is the last of all set for that deadline. */
static inline void torci_timer_heap_set(struct torci_timer_heap *heap, uint32_t index,
                                        uint64_t deadline_ns)
{
    if (heap->next_order == UINT32_MAX)
        torci_timer_heap_renumber(heap);
    struct torci_timer_slot *slot = &heap->slots[index];
    bool queued = slot->queued_order != 0 && slot->deadline_ns <= deadline_ns;
    heap->pending += slot->state != TORCI_TIMER_SET;
    slot->state = TORCI_TIMER_SET;
    slot->deadline_ns = deadline_ns;
    slot->order = heap->next_order++;
    if (!queued)
        torci_timer_heap_push(heap, index);
    torci_timer_heap_settle_if_top(heap, index);
}

/* The earliest deadline; TORC_NEVER if none is set. */
static inline uint64_t torci_timer_heap_next(const struct torci_timer_heap *heap)
{
    return heap->entry_count ? heap->entries[TORCI_TIMER_ROOT].deadline_ns : TORC_NEVER;
}

/* From here on pop gives only what was set before this call. */
static inline void torci_timer_heap_begin_round(struct torci_timer_heap *heap)
{
    heap->round_end = heap->next_order;
}

/* Makes the earliest slot idle, if it is due, and names it; TORCI_TIMER_NO_SLOT if none is. */
uint32_t torci_timer_heap_pop(struct torci_timer_heap *heap, uint64_t now_ns);

#endif
