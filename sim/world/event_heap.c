/* event_heap.c - a heap of values with four children to a node: half as many levels to go through as with two,
 * and the four lie side by side. */
#include "event_heap.h"

#include <stdbool.h>

#ifdef __GNUC__
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

#define CHILDREN 4
#define SEQUENCE_MASK ((UINT64_C(1) << 46) - 1)

static bool before(const struct torci_event *a, const struct torci_event *b)
{
    return a->t_ns != b->t_ns ? a->t_ns < b->t_ns : a->order < b->order;
}

int torci_event_heap_reserve(struct torci_event_heap *heap, const struct torc_allocator *allocator)
{
    size_t capacity = heap->capacity == 0 ? 64 : 2 * heap->capacity;
    struct torci_event *events;

    if (heap->count < heap->capacity)
        return 0;
    events = allocator->resize(allocator->ctx, heap->events, heap->capacity * sizeof *events,
                               capacity * sizeof *events);
    if (events == NULL)
        return TORC_ENOMEM;
    heap->events = events;
    heap->capacity = capacity;
    return 0;
}

/* The key is compared and stored from registers: an event passed by address would be copied with
 * wide loads that wait for the narrow stores it was just made with. */
struct torci_event *torci_event_heap_add(struct torci_event_heap *heap, uint64_t t_ns, uint64_t order)
{
    size_t at = heap->count++;
    struct torci_event *event;

    while (at > 0) {
        const struct torci_event *parent = &heap->events[(at - 1) / CHILDREN];

        if (parent->t_ns < t_ns || (parent->t_ns == t_ns && parent->order < order))
            break;
        heap->events[at] = *parent;
        at = (at - 1) / CHILDREN;
    }
    event = &heap->events[at];
    event->t_ns = t_ns;
    event->order = order;
    return event;
}

static size_t least_child(const struct torci_event_heap *heap, size_t child)
{
    size_t end = child + CHILDREN < heap->count ? child + CHILDREN : heap->count;
    size_t least = child;

    while (++child < end) {
        if (before(&heap->events[child], &heap->events[least]))
            least = child;
    }
    return least;
}

/* With very many pending, most of the time goes into waiting for memory: that of the level after the next is asked
 * for before it is known which part of it is needed. */
static void prefetch_grandchildren(const struct torci_event_heap *heap, size_t child)
{
    size_t at = CHILDREN * child + 1;

    for (size_t i = 0; i < (size_t)CHILDREN * CHILDREN && at + i < heap->count; i += 2)
        PREFETCH(&heap->events[at + i]);
}

/* Puts `event` where the first was. */
static void sink(struct torci_event_heap *heap, struct torci_event event)
{
    size_t at = 0;
    size_t child;

    while ((child = CHILDREN * at + 1) < heap->count) {
        size_t least;

        prefetch_grandchildren(heap, child);
        least = least_child(heap, child);
        if (!before(&heap->events[least], &event))
            break;
        heap->events[at] = heap->events[least];
        at = least;
    }
    heap->events[at] = event;
}

void torci_event_heap_pop(struct torci_event_heap *heap)
{
    heap->count--;
    if (heap->count > 0)
        sink(heap, heap->events[heap->count]);
    /* What is next, and after that. */
    for (size_t i = 0; i <= CHILDREN && i < heap->count; i++)
        PREFETCH(heap->events[i].subject);
}

void torci_event_heap_delay(struct torci_event_heap *heap, uint64_t t_ns, uint64_t sequence)
{
    struct torci_event event = heap->events[0];

    event.t_ns = t_ns;
    event.order = (event.order & ~SEQUENCE_MASK) | sequence;
    sink(heap, event);
}

void torci_event_heap_destroy(struct torci_event_heap *heap, const struct torc_allocator *allocator)
{
    allocator->resize(allocator->ctx, heap->events, heap->capacity * sizeof *heap->events, 0);
    heap->events = NULL;
}
