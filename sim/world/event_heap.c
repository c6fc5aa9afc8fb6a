/* event_heap.c - a binary heap of values. */
#include "event_heap.h"

#include <stdbool.h>

static bool before(const struct torci_event *a, const struct torci_event *b)
{
    if (a->t_ns != b->t_ns)
        return a->t_ns < b->t_ns;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return a->sequence < b->sequence;
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
struct torci_event *torci_event_heap_add(struct torci_event_heap *heap, uint64_t t_ns, uint64_t rank,
                                         uint64_t sequence)
{
    size_t at = heap->count++;
    struct torci_event *event;

    while (at > 0) {
        const struct torci_event *parent = &heap->events[(at - 1) / 2];

        if (parent->t_ns < t_ns || (parent->t_ns == t_ns && (parent->rank < rank ||
                                                             (parent->rank == rank &&
                                                              parent->sequence < sequence))))
            break;
        heap->events[at] = *parent;
        at = (at - 1) / 2;
    }
    event = &heap->events[at];
    event->t_ns = t_ns;
    event->rank = rank;
    event->sequence = sequence;
    return event;
}

/* Puts `event` where the first was. */
static void sink(struct torci_event_heap *heap, struct torci_event event)
{
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(&heap->events[child + 1], &heap->events[child]))
            child++;
        if (!before(&heap->events[child], &event))
            break;
        heap->events[at] = heap->events[child];
        at = child;
    }
    heap->events[at] = event;
}

void torci_event_heap_pop(struct torci_event_heap *heap)
{
    heap->count--;
    if (heap->count > 0)
        sink(heap, heap->events[heap->count]);
}

void torci_event_heap_delay(struct torci_event_heap *heap, uint64_t t_ns, uint64_t sequence)
{
    struct torci_event event = heap->events[0];

    event.t_ns = t_ns;
    event.sequence = sequence;
    sink(heap, event);
}

void torci_event_heap_destroy(struct torci_event_heap *heap, const struct torc_allocator *allocator)
{
    allocator->resize(allocator->ctx, heap->events, heap->capacity * sizeof *heap->events, 0);
    heap->events = NULL;
}
