/* White-box: the slots deferreds live in. */
#include "tests/support/deferred_fixture.h"

#include "deferred_state.h"

TORC_TEST(a_freed_slot_is_the_next_one_taken_under_a_new_generation, .group = &in_scope)
{
    struct ends first = make(), second = make(), third;
    torc_deferred_drop(first.sink);
    assert_int_equal(torc_source_fire(first.source, number(1)), 0);
    third = make();
    assert_ptr_equal(third.sink, first.sink);
    assert_int_equal(third.source.index, first.source.index);
    assert_int_equal(third.source.generation, first.source.generation + 1);
    torc_deferred_drop(second.sink);
    torc_deferred_drop(third.sink);
    return NULL;
}

TORC_TEST(slots_are_found_by_index_over_many_chunks, .group = &in_scope)
{
    enum { MANY = TORCI_SLOTS_IN_CHUNK * 10 + 3 };
    static struct ends all[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        all[i] = make();
        assert_int_equal(all[i].source.index, i);
    }
    for (uint32_t i = 0; i < MANY; i++)
        assert_ptr_equal(torci_deferred_find(fixture.scope, i, all[i].source.generation),
                         all[i].sink);
    assert_null(torci_deferred_find(fixture.scope, MANY + TORCI_SLOTS_IN_CHUNK, 1));
    assert_int_equal(counts().deferreds, MANY);
    return NULL;
}

TORC_TEST(a_slot_with_no_generation_left_is_not_taken_again, .group = &in_scope)
{
    struct ends last = make(), next;
    last.sink->generation = last.source.generation = UINT32_MAX;
    torc_deferred_drop(last.sink);
    assert_int_equal(torc_source_fire(last.source, number(1)), 0);
    assert_int_equal(torc_source_fire(last.source, number(1)), TORC_ESTALE);
    next = make();
    assert_int_not_equal(next.source.index, last.source.index);
    torc_deferred_drop(next.sink);
    return NULL;
}

TORC_TEST(a_kept_failure_of_its_own_parks_the_slot, .group = &in_scope)
{
    struct ends first = make(), second;
    struct torc_result result;
    torc_source_drop(first.source);
    assert_int_equal(torc_deferred_take(first.sink, &result), 0);
    torc_deferred_drop(first.sink);
    second = make();
    assert_int_not_equal(second.source.index, first.source.index);
    torc_result_drop(result);
    torc_deferred_drop(second.sink);
    second = make();
    assert_int_equal(second.source.index, first.source.index);
    torc_deferred_drop(second.sink);
    return NULL;
}

TORC_TEST(ends_of_ended_deferreds_may_be_used_until_the_scope_is_freed, .group = &in_scope)
{
    struct ends first = make(), second = make();
    struct torc_result result;
    torc_source_drop(second.source);
    assert_int_equal(torc_deferred_take(second.sink, &result), 0);
    add_look(first.sink, "never");
    torci_scope_end_deferreds(fixture.scope);
    assert_int_equal(fixture.args_dropped, 1);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(counts().deferreds_unfired, 0);
    torc_deferred_cancel(first.sink);
    torc_deferred_drop(first.sink);
    torc_deferred_drop(second.sink);
    assert_int_equal(torc_source_fire(first.source, number(1)), TORC_ESTALE);
    torc_result_drop(result); /* second's own failure */
    assert_int_equal(counts().failures, 0);
    torci_scope_end_deferreds(fixture.scope);
    assert_int_equal(fixture.args_dropped, 1);
    assert_string_equal(fixture.trace, "");
    return NULL;
}

TORC_TRIAL_MAIN
