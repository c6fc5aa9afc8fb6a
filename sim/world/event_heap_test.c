#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "event_heap.h"

static void *resize(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    (void)ctx;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_bytes);
}

static const struct torc_allocator allocator = {resize, NULL, NULL};

static void add(struct torci_event_heap *heap, uint64_t t_ns, uint64_t order)
{
    assert_int_equal(torci_event_heap_reserve(heap, &allocator), 0);
    torci_event_heap_add(heap, t_ns, order)->subject = NULL;
}

/* Returns the sequence of the first. */
static uint64_t take(struct torci_event_heap *heap)
{
    uint64_t order = heap->events[0].order;

    torci_event_heap_pop(heap);
    return order & ((UINT64_C(1) << 46) - 1);
}

TORC_TEST(time_comes_before_class_before_host_before_sequence)
{
    struct torci_event_heap heap = {NULL, 0, 0};

    add(&heap, 2, TORCI_EVENT_ORDER(TORCI_EVENT_NETWORK, 1, 1));
    add(&heap, 1, TORCI_EVENT_ORDER(TORCI_EVENT_JOB, 1, 2));
    add(&heap, 1, TORCI_EVENT_ORDER(TORCI_EVENT_NETWORK, 2, 3));
    add(&heap, 1, TORCI_EVENT_ORDER(TORCI_EVENT_NETWORK, 1, 5));
    add(&heap, 1, TORCI_EVENT_ORDER(TORCI_EVENT_NETWORK, 1, 4));
    assert_int_equal(take(&heap), 4);
    assert_int_equal(take(&heap), 5);
    assert_int_equal(take(&heap), 3);
    assert_int_equal(take(&heap), 2);
    assert_int_equal(take(&heap), 1);
    assert_int_equal(heap.count, 0);
    torci_event_heap_destroy(&heap, &allocator);
    return NULL;
}

TORC_TEST(the_first_can_be_delayed)
{
    struct torci_event_heap heap = {NULL, 0, 0};

    add(&heap, 1, 1);
    add(&heap, 5, 2);
    torci_event_heap_delay(&heap, 7, 3);
    assert_int_equal(take(&heap), 2);
    assert_int_equal(heap.events[0].t_ns, 7);
    assert_int_equal(take(&heap), 3);
    torci_event_heap_destroy(&heap, &allocator);
    return NULL;
}

/* A thousand keys from a small generator, with many equal times, come out sorted. */
TORC_TEST(any_order_in_comes_out_in_order)
{
    struct torci_event_heap heap = {NULL, 0, 0};
    uint32_t noise = 1;
    uint64_t last_t_ns = 0;
    uint64_t last_order = 0;
    uint64_t i;

    for (i = 1; i <= 1000; i++) {
        noise = noise * 1664525 + 1013904223;
        add(&heap, noise >> 24, i);
    }
    for (i = 0; i < 1000; i++) {
        struct torci_event first = heap.events[0];

        assert_true(first.t_ns > last_t_ns ||
                    (first.t_ns == last_t_ns && first.order > last_order));
        last_t_ns = first.t_ns;
        last_order = first.order;
        torci_event_heap_pop(&heap);
    }
    torci_event_heap_destroy(&heap, &allocator);
    return NULL;
}

TORC_TRIAL_MAIN
