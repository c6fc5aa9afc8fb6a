#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "timer_heap.h"

enum { MODEL_MAX = 400 };

/* The plainest thing that could be right: an array, searched for the least (deadline, order). */
struct model {
    struct torc_scope *scope;
    struct torci_timer_heap heap;
    uint32_t slots[MODEL_MAX];
    uint64_t deadlines[MODEL_MAX]; /* TORC_NEVER: not set */
    uint64_t orders[MODEL_MAX];
    uint64_t next_order;
    uint64_t random;
};

static uint64_t draw(struct model *model, uint64_t limit)
{
    model->random = model->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (model->random >> 33) % limit;
}

static void model_init(struct model *model, uint64_t seed)
{
    assert_int_equal(torc_scope_new(NULL, NULL, &model->scope), 0);
    torci_timer_heap_init(&model->heap, model->scope);
    model->next_order = 1;
    model->random = seed;
    for (size_t i = 0; i < MODEL_MAX; i++) {
        assert_int_equal(torci_timer_heap_take(&model->heap, &model->slots[i]), 0);
        model->deadlines[i] = TORC_NEVER;
    }
}

static void model_end(struct model *model)
{
    struct torc_scope_counts counts;
    torci_timer_heap_free(&model->heap);
    torc_scope_count(model->scope, &counts);
    struct torc_scope *empty;
    struct torc_scope_counts none;
    assert_int_equal(torc_scope_new(NULL, NULL, &empty), 0);
    torc_scope_count(empty, &none);
    assert_int_equal(counts.bytes_in_use, none.bytes_in_use);
    torc_scope_free(empty);
    torc_scope_free(model->scope);
}

static void model_set(struct model *model, size_t i, uint64_t deadline_ns)
{
    torci_timer_heap_set(&model->heap, model->slots[i], deadline_ns);
    model->deadlines[i] = deadline_ns;
    model->orders[i] = model->next_order++;
}

static void model_clear(struct model *model, size_t i)
{
    torci_timer_heap_clear(&model->heap, model->slots[i]);
    model->deadlines[i] = TORC_NEVER;
}

static size_t model_first(const struct model *model)
{
    size_t first = MODEL_MAX;
    for (size_t i = 0; i < MODEL_MAX; i++) {
        if (model->deadlines[i] == TORC_NEVER)
            continue;
        if (first == MODEL_MAX || model->deadlines[i] < model->deadlines[first] ||
            (model->deadlines[i] == model->deadlines[first] &&
             model->orders[i] < model->orders[first]))
            first = i;
    }
    return first;
}

static size_t model_pending(const struct model *model)
{
    size_t pending = 0;
    for (size_t i = 0; i < MODEL_MAX; i++)
        pending += model->deadlines[i] != TORC_NEVER;
    return pending;
}

static void check_next(const struct model *model)
{
    size_t first = model_first(model);
    assert_int_equal(torci_timer_heap_next(&model->heap),
                     first == MODEL_MAX ? TORC_NEVER : model->deadlines[first]);
}

static void pop_one(struct model *model)
{
    size_t first = model_first(model);
    torci_timer_heap_begin_round(&model->heap);
    uint32_t slot = torci_timer_heap_pop(&model->heap, TORC_NEVER - 1);
    if (first == MODEL_MAX) {
        assert_int_equal(slot, TORCI_TIMER_NO_SLOT);
    } else {
        assert_int_equal(slot, model->slots[first]);
        model->deadlines[first] = TORC_NEVER;
    }
}

/* Deadlines from `span` values, so that equal ones are common if it is small. */
static void run_against_model(uint64_t seed, uint64_t span, uint32_t first_order)
{
    struct model model;
    model_init(&model, seed);
    model.heap.next_order = first_order;
    for (int step = 0; step < 20000; step++) {
        size_t i = draw(&model, MODEL_MAX);
        uint64_t what = draw(&model, 8);
        if (what < 4)
            model_set(&model, i, draw(&model, span));
        else if (what < 6)
            model_clear(&model, i);
        else
            pop_one(&model);
        check_next(&model);
        assert_int_equal(model.heap.pending, model_pending(&model));
        assert_true(model.heap.entry_count <= model.heap.entry_capacity);
    }
    while (model_first(&model) != MODEL_MAX)
        pop_one(&model);
    pop_one(&model);
    model_end(&model);
}

TORC_TEST(any_sequence_pops_as_a_plain_search_would)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run_against_model(seed, 1000000, 1);
        run_against_model(seed, 50, 1);
        run_against_model(seed, 2, 1);
    }
    return NULL;
}

TORC_TEST(order_survives_numbering_anew)
{
    for (uint32_t left = 1; left < 2000; left += 499)
        run_against_model(left, 20, UINT32_MAX - left);
    return NULL;
}

TORC_TEST(equal_deadlines_pop_in_the_order_they_were_set)
{
    struct model model;
    model_init(&model, 1);
    for (size_t i = 0; i < MODEL_MAX; i++)
        model_set(&model, (i * 7) % MODEL_MAX, 10);
    torci_timer_heap_begin_round(&model.heap);
    for (size_t i = 0; i < MODEL_MAX; i++)
        assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[(i * 7) % MODEL_MAX]);
    model_end(&model);
    return NULL;
}

TORC_TEST(what_is_not_due_is_not_popped)
{
    struct model model;
    model_init(&model, 1);
    model_set(&model, 0, 10);
    torci_timer_heap_begin_round(&model.heap);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 9), TORCI_TIMER_NO_SLOT);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[0]);
    model_end(&model);
    return NULL;
}

TORC_TEST(what_is_set_in_a_round_waits_for_the_next)
{
    struct model model;
    model_init(&model, 1);
    model_set(&model, 0, 10);
    model_set(&model, 1, 10);
    torci_timer_heap_begin_round(&model.heap);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[0]);
    model_set(&model, 2, 10);
    model_set(&model, 1, 10);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), TORCI_TIMER_NO_SLOT);
    torci_timer_heap_begin_round(&model.heap);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[2]);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[1]);
    model_end(&model);
    return NULL;
}

TORC_TEST(a_round_ends_at_the_same_place_when_numbering_anew)
{
    struct model model;
    model_init(&model, 1);
    model.heap.next_order = UINT32_MAX - 4;
    model_set(&model, 0, 10);
    model_set(&model, 1, 10);
    model_set(&model, 2, 99);
    torci_timer_heap_begin_round(&model.heap);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[0]);
    model_set(&model, 3, 10);
    model_set(&model, 4, 10);
    assert_true(model.heap.next_order < 10); /* it did number anew */
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[1]);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), TORCI_TIMER_NO_SLOT);
    torci_timer_heap_begin_round(&model.heap);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[3]);
    assert_int_equal(torci_timer_heap_pop(&model.heap, 10), model.slots[4]);
    assert_int_equal(torci_timer_heap_next(&model.heap), 99);
    model_end(&model);
    return NULL;
}

TORC_TEST(setting_and_clearing_for_ever_takes_no_more_memory)
{
    struct model model;
    model_init(&model, 1);
    for (size_t i = 0; i < MODEL_MAX; i++)
        model_set(&model, i, 1000000);
    uint32_t slots = model.heap.slot_capacity;
    uint32_t entries = model.heap.entry_capacity;
    for (uint64_t i = 0; i < 100000; i++)
        model_set(&model, i % MODEL_MAX, 900000 - i);
    for (uint64_t i = 0; i < 100000; i++) {
        model_clear(&model, i % MODEL_MAX);
        model_set(&model, i % MODEL_MAX, 700000 - i);
    }
    assert_int_equal(model.heap.slot_capacity, slots);
    assert_int_equal(model.heap.entry_capacity, entries);
    while (model_first(&model) != MODEL_MAX)
        pop_one(&model);
    model_end(&model);
    return NULL;
}

TORC_TEST(setting_later_touches_no_entry_until_it_comes_up)
{
    struct model model;
    model_init(&model, 1);
    model_set(&model, 0, 5);
    model_set(&model, 1, 10);
    for (uint64_t i = 0; i < 1000; i++)
        model_set(&model, 1, 10 + i);
    assert_int_equal(model.heap.entry_count, 2);
    assert_int_equal(torci_timer_heap_next(&model.heap), 5);
    model_clear(&model, 0);
    assert_int_equal(torci_timer_heap_next(&model.heap), 1009);
    model_end(&model);
    return NULL;
}

TORC_TEST(a_slot_that_was_given_back_has_another_generation)
{
    struct model model;
    uint32_t slot = 0;
    model_init(&model, 1);
    model_set(&model, 3, 10);
    uint32_t generation = model.heap.slots[model.slots[3]].generation;
    torci_timer_heap_give(&model.heap, model.slots[3], TORCI_TIMER_FREE_CANCELED);
    assert_int_equal(model.heap.pending, 0);
    assert_int_equal(torci_timer_heap_next(&model.heap), TORC_NEVER);
    assert_int_equal(torci_timer_heap_take(&model.heap, &slot), 0);
    assert_int_equal(slot, model.slots[3]);
    assert_int_not_equal(model.heap.slots[slot].generation, generation);
    model_end(&model);
    return NULL;
}

TORC_TEST(generation_zero_is_never_given)
{
    struct model model;
    uint32_t slot = 0;
    model_init(&model, 1);
    model.heap.slots[model.slots[0]].generation = UINT32_MAX;
    torci_timer_heap_give(&model.heap, model.slots[0], TORCI_TIMER_FREE_CALLED);
    assert_int_equal(torci_timer_heap_take(&model.heap, &slot), 0);
    assert_int_equal(model.heap.slots[slot].generation, 1);
    model_end(&model);
    return NULL;
}

TORC_TRIAL_MAIN
