#include "timer_heap.h"

#include <string.h>

#define CACHE_LINE 64u
#define SLOTS_AT_FIRST 16u
#define SLOTS_MAX (UINT32_C(1) << 28) /* the children of the last entry still have 32-bit indices */
#define PREFETCH_DISTANCE 16u

_Static_assert(sizeof(struct torci_timer_slot) <= CACHE_LINE, "a slot fills one cache line");
_Static_assert(sizeof(struct torci_timer_entry) * 4 == CACHE_LINE, "siblings share a cache line");

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

static bool before(const struct torci_timer_entry *a, const struct torci_timer_entry *b)
{
    return a->deadline_ns < b->deadline_ns ||
           (a->deadline_ns == b->deadline_ns && a->order < b->order);
}

static uint32_t parent_of(uint32_t i)
{
    return i / 4 + 2;
}

static uint32_t first_child_of(uint32_t i)
{
    return 4 * (i - 2);
}

/* One past the last entry. */
static uint32_t end_of(const struct torci_timer_heap *heap)
{
    return TORCI_TIMER_ROOT + heap->entry_count;
}

/* --- memory ----------------------------------------------------------------------------------- */

static size_t block_bytes(uint32_t count, size_t each)
{
    return (size_t)count * each + CACHE_LINE;
}

static void *aligned(void *block)
{
    uintptr_t address = (uintptr_t)block;
    return (char *)block + ((CACHE_LINE - address % CACHE_LINE) % CACHE_LINE);
}

/* Doubles both arrays, or changes nothing. */
static int grow(struct torci_timer_heap *heap)
{
    uint32_t old_slots = heap->slot_capacity;
    uint32_t old_places = heap->entry_capacity + TORCI_TIMER_ROOT;
    uint32_t slots = old_slots ? old_slots * 2 : SLOTS_AT_FIRST;
    uint32_t places = slots * 2 + TORCI_TIMER_ROOT;
    if (slots > SLOTS_MAX)
        return TORC_ENOMEM; /* no error path: so many timed calls take more than 16 gigabytes */
    void *slots_block =
        torc_alloc(heap->scope, block_bytes(slots, sizeof(struct torci_timer_slot)));
    if (!slots_block)
        return TORC_ENOMEM;
    void *entries_block =
        torc_alloc(heap->scope, block_bytes(places, sizeof(struct torci_timer_entry)));
    if (!entries_block) {
        torc_release(heap->scope, slots_block,
                     block_bytes(slots, sizeof(struct torci_timer_slot)));
        return TORC_ENOMEM;
    }
    if (old_slots) {
        memcpy(aligned(slots_block), heap->slots, heap->slot_count * sizeof *heap->slots);
        memcpy(aligned(entries_block), heap->entries, end_of(heap) * sizeof *heap->entries);
        torc_release(heap->scope, heap->slots_block,
                     block_bytes(old_slots, sizeof *heap->slots));
        torc_release(heap->scope, heap->entries_block,
                     block_bytes(old_places, sizeof *heap->entries));
    } else {
        memset(aligned(entries_block), 0, (TORCI_TIMER_ROOT + 1) * sizeof *heap->entries);
    }
    heap->slots_block = slots_block;
    heap->slots = aligned(slots_block);
    heap->entries_block = entries_block;
    heap->entries = aligned(entries_block);
    heap->slot_capacity = slots;
    heap->entry_capacity = slots * 2;
    return 0;
}

void torci_timer_heap_init(struct torci_timer_heap *heap, struct torc_scope *scope)
{
    memset(heap, 0, sizeof *heap);
    heap->scope = scope;
    heap->free_head = TORCI_TIMER_NO_SLOT;
    heap->next_order = 1;
}

void torci_timer_heap_free(struct torci_timer_heap *heap)
{
    if (heap->slot_capacity) {
        torc_release(heap->scope, heap->slots_block,
                     block_bytes(heap->slot_capacity, sizeof *heap->slots));
        torc_release(heap->scope, heap->entries_block,
                     block_bytes(heap->entry_capacity + TORCI_TIMER_ROOT,
                                 sizeof *heap->entries));
    }
    torci_timer_heap_init(heap, heap->scope);
}

/* --- the queue -------------------------------------------------------------------------------- */

/* Moves the hole at `i` up until `entry` fits, and puts it there. */
static void sift_up(struct torci_timer_entry *entries, uint32_t i, struct torci_timer_entry entry)
{
    while (i > TORCI_TIMER_ROOT) {
        uint32_t parent = parent_of(i);
        if (!before(&entry, &entries[parent]))
            break;
        entries[i] = entries[parent];
        i = parent;
    }
    entries[i] = entry;
}

static uint32_t least_child(const struct torci_timer_entry *entries, uint32_t child, uint32_t end)
{
    uint32_t least = child;
    if (child + 4 <= end) {
        uint32_t left = before(&entries[child + 1], &entries[child]) ? child + 1 : child;
        uint32_t right = before(&entries[child + 3], &entries[child + 2]) ? child + 3 : child + 2;
        return before(&entries[right], &entries[left]) ? right : left;
    }
    for (uint32_t i = child + 1; i < end; i++) {
        if (before(&entries[i], &entries[least]))
            least = i;
    }
    return least;
}

/* Moves the hole at `i` down until `entry` fits, and puts it there. */
static void sift_down(struct torci_timer_entry *entries, uint32_t i, uint32_t end,
                      struct torci_timer_entry entry)
{
    for (uint32_t child; (child = first_child_of(i)) < end;) {
        uint32_t least = least_child(entries, child, end);
        if (!before(&entries[least], &entry))
            break;
        entries[i] = entries[least];
        i = least;
    }
    entries[i] = entry;
}

/* Takes the top away.  The hole goes to a leaf first, since the last entry, which fills it, mostly
 * belongs near one: that saves a comparison on every level. */
static void remove_top(struct torci_timer_heap *heap)
{
    struct torci_timer_entry *entries = heap->entries;
    heap->entry_count--;
    uint32_t end = end_of(heap);
    struct torci_timer_entry last = entries[end];
    uint32_t i = TORCI_TIMER_ROOT;
    for (uint32_t child; (child = first_child_of(i)) < end;) {
        uint32_t grandchild = first_child_of(child);
        if (grandchild + 16 <= end) {
            PREFETCH(&entries[grandchild]);
            PREFETCH(&entries[grandchild + 4]);
            PREFETCH(&entries[grandchild + 8]);
            PREFETCH(&entries[grandchild + 12]);
        }
        uint32_t least = least_child(entries, child, end);
        entries[i] = entries[least];
        i = least;
    }
    if (heap->entry_count == 0)
        return;
    sift_up(entries, i, last);
    /* What is popped after the new top is among its children: fetch their slots meanwhile. */
    uint32_t child = first_child_of(TORCI_TIMER_ROOT);
    for (uint32_t last_child = child + 3; child <= last_child && child < end; child++)
        PREFETCH(&heap->slots[entries[child].slot]);
}

/* Throws out every entry that does not stand for a slot that is set, and gives the others the keys of
 * their slots. */
static void compact(struct torci_timer_heap *heap)
{
    struct torci_timer_entry *entries = heap->entries;
    uint32_t end = end_of(heap);
    uint32_t kept = TORCI_TIMER_ROOT;
    for (uint32_t i = TORCI_TIMER_ROOT; i < end; i++) {
        if (i + PREFETCH_DISTANCE < end)
            PREFETCH(&heap->slots[entries[i + PREFETCH_DISTANCE].slot]);
        uint32_t index = entries[i].slot;
        struct torci_timer_slot *slot = &heap->slots[index];
        if (slot->queued_order != entries[i].order)
            continue;
        if (slot->state != TORCI_TIMER_SET) {
            slot->queued_order = 0;
            continue;
        }
        slot->queued_order = slot->order;
        entries[kept++] = (struct torci_timer_entry){slot->deadline_ns, slot->order, index};
    }
    heap->entry_count = kept - TORCI_TIMER_ROOT;
    if (heap->entry_count < 2)
        return;
    for (uint32_t i = parent_of(kept - 1); i >= TORCI_TIMER_ROOT; i--)
        sift_down(entries, i, kept, entries[i]);
}

/* Sorts what is pending.  A heap whose least entry goes to the end, again and again, is sorted the
 * wrong way round. */
static void sort(struct torci_timer_entry *entries, uint32_t end)
{
    for (uint32_t last = end; last-- > TORCI_TIMER_ROOT + 1;) {
        struct torci_timer_entry entry = entries[last];
        entries[last] = entries[TORCI_TIMER_ROOT];
        sift_down(entries, TORCI_TIMER_ROOT, last, entry);
    }
    for (uint32_t low = TORCI_TIMER_ROOT, high = end; low + 1 < high; low++) {
        struct torci_timer_entry entry = entries[low];
        entries[low] = entries[--high];
        entries[high] = entry;
    }
}

/* Numbers what is pending from 1.  What was set in this round is not due before the last that pop may
 * still give, so the round ends at the first of it. */
void torci_timer_heap_renumber(struct torci_timer_heap *heap)
{
    compact(heap);
    struct torci_timer_entry *entries = heap->entries;
    uint32_t end = end_of(heap);
    uint32_t old_round_end = heap->round_end;
    sort(entries, end);
    heap->next_order = 1;
    heap->round_end = 0;
    for (uint32_t i = TORCI_TIMER_ROOT; i < end; i++) {
        struct torci_timer_slot *slot = &heap->slots[entries[i].slot];
        uint32_t order = heap->next_order++;
        if (heap->round_end == 0 && entries[i].order >= old_round_end)
            heap->round_end = order;
        entries[i].order = slot->order = slot->queued_order = order;
    }
    if (heap->round_end == 0)
        heap->round_end = heap->next_order;
}

void torci_timer_heap_push(struct torci_timer_heap *heap, uint32_t index)
{
    struct torci_timer_slot *slot = &heap->slots[index];
    if (heap->entry_count == heap->entry_capacity) {
        slot->queued_order = 0; /* its old entry is stale now, not to be kept beside the new one */
        compact(heap);
    }
    slot->queued_order = slot->order;
    heap->entry_count++;
    sift_up(heap->entries, end_of(heap) - 1,
            (struct torci_timer_entry){slot->deadline_ns, slot->order, index});
}

/* Puts the top right until it tells the truth. */
void torci_timer_heap_settle(struct torci_timer_heap *heap)
{
    while (heap->entry_count) {
        struct torci_timer_entry *top = &heap->entries[TORCI_TIMER_ROOT];
        struct torci_timer_slot *slot = &heap->slots[top->slot];
        if (slot->queued_order == top->order) {
            if (slot->state == TORCI_TIMER_SET) {
                if (slot->order == top->order)
                    return;
                slot->queued_order = slot->order;
                sift_down(heap->entries, TORCI_TIMER_ROOT, end_of(heap),
                          (struct torci_timer_entry){slot->deadline_ns, slot->order, top->slot});
                continue;
            }
            slot->queued_order = 0;
        }
        remove_top(heap);
    }
}

/* --- slots ------------------------------------------------------------------------------------ */

/* Makes one more free slot. */
int torci_timer_heap_add_slot(struct torci_timer_heap *heap)
{
    bool full = heap->slot_count == heap->slot_capacity;
    int error = full ? grow(heap) : torci_scope_admit(heap->scope, sizeof *heap->slots);
    if (error)
        return error;
    uint32_t index = heap->slot_count++;
    memset(&heap->slots[index], 0, sizeof heap->slots[index]);
    heap->slots[index].next_free = TORCI_TIMER_NO_SLOT;
    heap->free_head = index;
    return 0;
}

uint32_t torci_timer_heap_pop(struct torci_timer_heap *heap, uint64_t now_ns)
{
    if (!heap->entry_count)
        return TORCI_TIMER_NO_SLOT;
    struct torci_timer_entry top = heap->entries[TORCI_TIMER_ROOT];
    if (top.deadline_ns > now_ns || top.order >= heap->round_end)
        return TORCI_TIMER_NO_SLOT;
    struct torci_timer_slot *slot = &heap->slots[top.slot];
    slot->state = TORCI_TIMER_IDLE;
    slot->queued_order = 0;
    heap->pending--;
    remove_top(heap);
    torci_timer_heap_settle(heap);
    return top.slot;
}
