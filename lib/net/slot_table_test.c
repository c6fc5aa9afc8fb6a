#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "slot_table.h"
#include "tests/support/failing_allocator.h"

struct thing {
    struct torci_slot slot;
    char body[40];
};

struct fixture {
    struct torc_test_allocator allocator;
    struct torc_scope *scope;
    struct torci_slots slots;
};

static void begin(struct fixture *f)
{
    torc_test_allocator_init(&f->allocator);
    assert_int_equal(torc_scope_new(&f->allocator.base, NULL, &f->scope), 0);
    torci_slots_init(&f->slots, f->scope, sizeof(struct thing));
}

static void finish(struct fixture *f)
{
    torci_slots_clear(&f->slots);
    torc_scope_free(f->scope);
    assert_int_equal(torc_test_allocator_blocks(&f->allocator), 0);
    torc_test_allocator_clear(&f->allocator);
}

TORC_TEST(a_slot_is_found_by_its_name_until_it_is_given_back)
{
    struct fixture f;
    begin(&f);
    assert_null(torci_slots_find(&f.slots, 0, 1, UINT32_MAX));
    struct thing *thing = torci_slots_take(&f.slots);
    assert_non_null(thing);
    struct torci_slot name = thing->slot;
    assert_ptr_equal(torci_slots_find(&f.slots, name.index, name.generation, UINT32_MAX), thing);
    assert_null(torci_slots_find(&f.slots, name.index + 1, name.generation, UINT32_MAX));
    assert_null(torci_slots_find(&f.slots, name.index, 0, UINT32_MAX));
    torci_slots_give_back(&f.slots, &thing->slot);
    assert_null(torci_slots_find(&f.slots, name.index, name.generation, UINT32_MAX));
    assert_null(torci_slots_find(&f.slots, name.index, name.generation + 1, UINT32_MAX));
    assert_ptr_equal(torci_slots_take(&f.slots), thing);
    assert_null(torci_slots_find(&f.slots, name.index, name.generation, UINT32_MAX));
    finish(&f);
    return NULL;
}

TORC_TEST(a_slot_taken_again_is_zero)
{
    struct fixture f;
    begin(&f);
    struct thing *thing = torci_slots_take(&f.slots);
    assert_non_null(thing);
    memset(thing->body, 7, sizeof thing->body);
    torci_slots_give_back(&f.slots, &thing->slot);
    thing = torci_slots_take(&f.slots);
    assert_non_null(thing);
    for (size_t i = 0; i < sizeof thing->body; i++)
        assert_int_equal(thing->body[i], 0);
    finish(&f);
    return NULL;
}

TORC_TEST(slots_do_not_move_and_are_visited_in_order)
{
    enum { COUNT = 300 };
    struct thing *things[COUNT];
    struct fixture f;
    uint32_t visited = 0;
    begin(&f);
    for (uint32_t i = 0; i < COUNT; i++) {
        things[i] = torci_slots_take(&f.slots);
        assert_non_null(things[i]);
        assert_int_equal(things[i]->slot.index, i);
    }
    for (uint32_t i = 0; i < COUNT; i += 3)
        torci_slots_give_back(&f.slots, &things[i]->slot);
    for (struct thing *at = torci_slots_next(&f.slots, 0); at;
         at = torci_slots_next(&f.slots, at->slot.index + 1), visited++) {
        assert_int_not_equal(at->slot.index % 3, 0);
        assert_ptr_equal(at, things[at->slot.index]);
    }
    assert_int_equal(visited, COUNT - COUNT / 3);
    assert_int_equal(f.slots.live, visited);
    finish(&f);
    return NULL;
}

TORC_TEST(without_memory_no_slot_is_taken_and_none_is_harmed)
{
    struct fixture f;
    begin(&f);
    for (uint64_t k = 1; k <= 3; k++) {
        torc_test_allocator_fail_at(&f.allocator, k, true);
        assert_null(torci_slots_take(&f.slots));
        assert_int_equal(f.slots.live, 0);
    }
    torc_test_allocator_fail_at(&f.allocator, 0, false);
    struct thing *thing = torci_slots_take(&f.slots);
    assert_non_null(thing);
    assert_int_equal(thing->slot.index, 0);
    finish(&f);
    return NULL;
}

TORC_TEST(a_token_names_a_slot_by_the_bits_it_has)
{
    const uint32_t mask = UINT32_C(0x0fffffff);
    struct fixture f;
    begin(&f);
    struct thing *thing = torci_slots_take(&f.slots);
    assert_non_null(thing);
    thing->slot.generation = UINT32_C(0x50000001);
    assert_ptr_equal(torci_slots_find(&f.slots, 0, UINT32_C(0x10000001), mask), thing);
    assert_null(torci_slots_find(&f.slots, 0, UINT32_C(0x10000001), UINT32_MAX));
    finish(&f);
    return NULL;
}

TORC_TRIAL_MAIN
