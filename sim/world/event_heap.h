/* event_heap.h - what is to happen, smallest (time, class, host, sequence) first.  Hosts' turns
 * have a heap of their own (world.c); this one holds the rest. */
#ifndef TORCI_EVENT_HEAP_H
#define TORCI_EVENT_HEAP_H

#include <torc/scope.h>

struct torc_world;

/* In the order in which they happen at one time.  Turns come between the last two: a job that goes on
 * without time passing does not keep the reactors from running. */
enum torci_event_class { TORCI_EVENT_NETWORK, TORCI_EVENT_JOB, TORCI_EVENT_JOB_GOES_ON };

struct torci_event_kind {
    /* The event is due and still the first of the heap: takes it off, then does it. */
    void (*happen)(struct torc_world *world, void *subject);
    /* The world ends before it was due: releases the subject.  NULL: nothing to release. */
    void (*drop)(struct torc_world *world, void *subject);
};

struct torci_event {
    uint64_t t_ns;
    uint64_t order; /* at that time: TORCI_EVENT_ORDER */
    const struct torci_event_kind *kind;
    void *subject;
};
/* Class, host and sequence in one number, which keeps an event at 32 bytes.  Hosts are numbered in 16 bits, and
 * sequences have 46: at ten million events a second they last for 80 days. */
#define TORCI_EVENT_ORDER(class, host_number, sequence)                                                \
    ((uint64_t)(class) << 62 | (uint64_t)(host_number) << 46 | (sequence))
#define TORCI_EVENT_CLASS(order) ((enum torci_event_class)((order) >> 62))

struct torci_event_heap {
    struct torci_event *events;
    size_t count;
    size_t capacity;
};

/* Makes room for one more.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_event_heap_reserve(struct torci_event_heap *heap,
                                          const struct torc_allocator *allocator);
/* Adds an event with that key, for which there is room; the caller fills in the rest of it at
 * once. */
struct torci_event *torci_event_heap_add(struct torci_event_heap *heap, uint64_t t_ns, uint64_t order);
/* The smallest is events[0]. */
void torci_event_heap_pop(struct torci_event_heap *heap);
/* Gives the first another key, not smaller than it had: cheaper than pop and push. */
void torci_event_heap_delay(struct torci_event_heap *heap, uint64_t t_ns, uint64_t sequence);
void torci_event_heap_destroy(struct torci_event_heap *heap, const struct torc_allocator *allocator);

#endif
