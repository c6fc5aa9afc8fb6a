/* Waiting for other deferreds, chaining, and the end of a scope with deferreds in it. */
#include "tests/support/deferred_fixture.h"

/* --- waiting ---------------------------------------------------------------------------------- */

TORC_TEST(the_result_of_an_awaited_one_moves_here, .group = &in_scope)
{
    struct ends outer = make(), inner = make();
    add(outer.sink, then_await, NULL, inner.sink);
    add_look(outer.sink, "outer");
    add_look(inner.sink, "inner");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_source_fire(inner.source, torc_owned((void *)2, count_value)), 0);
    assert_string_equal(fixture.trace, "inner=2 outer=2 ");
    assert_int_equal(counts().deferreds, 1);
    assert_int_equal(fixture.values_dropped, 0);
    torc_deferred_drop(outer.sink);
    assert_int_equal(fixture.values_dropped, 1);
    return NULL;
}

TORC_TEST(a_result_that_is_there_already_is_taken_at_once, .group = &in_scope)
{
    struct ends outer = make();
    struct torc_deferred *inner;
    assert_int_equal(torc_deferred_fired(fixture.scope, torc_fail(a_failure()), &inner), 0);
    add(outer.sink, then_await, NULL, inner);
    add_look(outer.sink, "outer");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_string_equal(fixture.trace, "outer!limit ");
    assert_int_equal(counts().deferreds, 1);
    assert_int_equal(counts().unhandled, 0);
    torc_deferred_drop(outer.sink);
    assert_int_equal(counts().unhandled, 1);
    return NULL;
}

TORC_TEST(a_paused_one_holds_up_whoever_waits_for_it, .group = &in_scope)
{
    struct ends outer = make(), inner = make();
    add(outer.sink, then_await, NULL, inner.sink);
    add_look(outer.sink, "outer");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    torc_deferred_pause(inner.sink);
    assert_int_equal(torc_source_fire(inner.source, number(2)), 0);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_deferred_unpause(inner.sink), 0);
    assert_string_equal(fixture.trace, "outer=2 ");
    torc_deferred_drop(outer.sink);
    return NULL;
}

TORC_TEST(a_paused_waiter_gets_its_result_and_runs_later, .group = &in_scope)
{
    struct ends outer = make(), inner = make();
    struct torc_result result;
    add(outer.sink, then_await, NULL, inner.sink);
    add_look(outer.sink, "outer");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_int_equal(torc_deferred_take(outer.sink, &result), TORC_EAGAIN);
    torc_deferred_pause(outer.sink);
    assert_int_equal(torc_source_fire(inner.source, number(2)), 0);
    assert_int_equal(counts().deferreds, 1);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_deferred_unpause(outer.sink), 0);
    assert_string_equal(fixture.trace, "outer=2 ");
    torc_deferred_drop(outer.sink);
    return NULL;
}

TORC_TEST(a_callback_that_returns_its_own_deferred_gets_a_failure, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, then_await, NULL, d.sink);
    add_look(d.sink, "a");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "a!deferred_error ");
    torc_deferred_drop(d.sink);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(counts().unhandled, 1);
    return NULL;
}

TORC_TEST(a_circle_of_waiting_is_refused_where_it_would_close, .group = &in_scope)
{
    struct ends d[5];
    for (int i = 0; i < 5; i++)
        d[i] = make();
    for (int i = 0; i < 5; i++) {
        add(d[i].sink, then_await, NULL, d[(i + 1) % 5].sink);
        assert_int_equal(torc_source_fire(d[i].source, number(1)), 0);
    }
    /* The last one could not wait for the first, which therefore has the failure and is still ours. */
    add_look(d[0].sink, "a");
    assert_string_equal(fixture.trace, "a!deferred_error ");
    assert_int_equal(counts().deferreds, 1);
    torc_deferred_drop(d[0].sink);
    return NULL;
}

TORC_TEST(one_that_was_given_away_cannot_be_waited_for, .group = &in_scope)
{
    struct ends a = make(), b = make(), inner = make(), dropped = make();
    add(a.sink, then_await, NULL, inner.sink);
    add(b.sink, then_await, NULL, inner.sink);
    add_look(b.sink, "b");
    assert_int_equal(torc_source_fire(a.source, number(1)), 0);
    assert_int_equal(torc_source_fire(b.source, number(1)), 0);
    assert_string_equal(fixture.trace, "b!deferred_error ");
    torc_deferred_drop(dropped.sink);
    add(b.sink, NULL, then_await, dropped.sink);
    add(b.sink, NULL, then_await, NULL);
    add_look(b.sink, "again");
    assert_string_equal(fixture.trace, "b!deferred_error again!deferred_error ");
    torc_deferred_drop(a.sink);
    torc_deferred_drop(b.sink);
    assert_int_equal(torc_source_fire(inner.source, number(2)), 0);
    assert_int_equal(torc_source_fire(dropped.source, number(2)), 0);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(counts().failures, 0);
    return NULL;
}

static struct torc_result fire_other(struct torc_result result, void *ends)
{
    note("in");
    assert_int_equal(torc_source_fire(((struct ends *)ends)->source, number(8)), 0);
    note("out");
    return result;
}

TORC_TEST(waiting_for_one_whose_callback_is_running_now_works, .group = &in_scope)
{
    struct ends outer = make(), inner = make();
    /* inner's callback fires outer, whose callback then waits for inner. */
    add(inner.sink, fire_other, NULL, &outer);
    add_look(inner.sink, "inner");
    add(outer.sink, then_await, NULL, inner.sink);
    add_look(outer.sink, "outer");
    assert_int_equal(torc_source_fire(inner.source, number(3)), 0);
    assert_string_equal(fixture.trace, "in out inner=3 outer=3 ");
    torc_deferred_drop(outer.sink);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

static void fire_from_drop(void *ends)
{
    fixture.args_dropped++;
    assert_int_equal(torc_source_fire(((struct ends *)ends)->source, number(8)), 0);
}

static struct torc_result await_first(struct torc_result result, void *ends)
{
    (void)result;
    return torc_await(((struct ends *)ends)->sink);
}

TORC_TEST(an_arg_that_fires_the_awaited_one_as_it_is_released_does_no_harm, .group = &in_scope)
{
    struct ends outer = make(), inner = make();
    assert_int_equal(torc_deferred_add(outer.sink, await_first, NULL, &inner, fire_from_drop), 0);
    add_look(outer.sink, "outer");
    torc_deferred_drop(outer.sink);
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_string_equal(fixture.trace, "outer=8 ");
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(cancelling_the_outer_one_reaches_the_innermost, .group = &in_scope)
{
    struct ends outer = make(), middle = make(), inner = make();
    add(outer.sink, then_await, NULL, middle.sink);
    add_look(outer.sink, "outer");
    add(middle.sink, then_await, NULL, inner.sink);
    add_look(middle.sink, "middle");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_int_equal(torc_source_fire(middle.source, number(1)), 0);
    torc_deferred_cancel(outer.sink);
    assert_string_equal(fixture.trace, "middle!cancelled outer!cancelled ");
    assert_int_equal(torc_source_fire(inner.source, number(1)), TORC_ESTALE);
    add(outer.sink, NULL, then_nine, NULL);
    torc_deferred_drop(outer.sink);
    assert_int_equal(counts().unhandled, 0);
    return NULL;
}

/* --- chaining --------------------------------------------------------------------------------- */

TORC_TEST(a_chained_result_goes_over_and_leaves_null, .group = &in_scope)
{
    struct ends from = make(), to = make();
    add_look(to.sink, "to");
    assert_int_equal(torc_deferred_chain(from.sink, to.source), 0);
    add_look(from.sink, "from");
    assert_int_equal(torc_source_fire(from.source, torc_fail(a_failure())), 0);
    assert_string_equal(fixture.trace, "to!limit from=0 ");
    torc_deferred_drop(from.sink);
    assert_int_equal(counts().unhandled, 0);
    torc_deferred_drop(to.sink);
    assert_int_equal(counts().unhandled, 1);
    return NULL;
}

TORC_TEST(a_result_its_target_does_not_take_stays, .group = &in_scope)
{
    struct ends from = make(), to = make();
    assert_int_equal(torc_source_fire(to.source, number(1)), 0);
    assert_int_equal(torc_source_fire(from.source, torc_owned((void *)6, count_value)), 0);
    assert_int_equal(torc_deferred_chain(from.sink, to.source), 0);
    assert_int_equal(torc_deferred_chain(from.sink, from.source), 0);
    torc_deferred_drop(to.sink);
    assert_int_equal(torc_deferred_chain(from.sink, to.source), 0);
    add_look(from.sink, "from");
    assert_string_equal(fixture.trace, "from=6 ");
    torc_deferred_drop(from.sink);
    assert_int_equal(fixture.values_dropped, 1);
    return NULL;
}

TORC_TEST(a_cancelled_target_swallows_one_result, .group = &in_scope)
{
    struct ends from = make(), to = make();
    assert_int_equal(torc_deferred_chain(from.sink, to.source), 0);
    torc_deferred_cancel(to.sink);
    assert_true(torc_source_waiting(from.source));
    assert_int_equal(torc_source_fire(from.source, torc_owned(NULL, count_value)), 0);
    assert_int_equal(fixture.values_dropped, 1);
    assert_int_equal(torc_source_fire(to.source, number(1)), TORC_EFIRED);
    torc_deferred_drop(from.sink);
    add(to.sink, NULL, then_nine, NULL);
    torc_deferred_drop(to.sink);
    return NULL;
}

TORC_TEST(a_chained_target_that_waits_holds_up_nobody, .group = &in_scope)
{
    struct ends from = make(), to = make(), inner = make();
    add(to.sink, then_await, NULL, inner.sink);
    add_look(to.sink, "to");
    assert_int_equal(torc_deferred_chain(from.sink, to.source), 0);
    add_look(from.sink, "from");
    torc_deferred_drop(from.sink);
    assert_int_equal(torc_source_fire(from.source, number(1)), 0);
    assert_string_equal(fixture.trace, "from=0 ");
    torc_deferred_drop(to.sink);
    assert_int_equal(torc_source_fire(inner.source, number(2)), 0);
    assert_string_equal(fixture.trace, "from=0 to=2 ");
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

/* --- a scope freed with deferreds in it ------------------------------------------------------- */

TORC_TEST(a_freed_scope_releases_what_its_deferreds_hold, .group = &in_scope)
{
    struct ends unfired = make(), paused = make(), outer = make(), inner = make(), failed = make();
    for (int i = 0; i < 12; i++)
        add_look(unfired.sink, "never");
    add_look(paused.sink, "never");
    torc_deferred_pause(paused.sink);
    assert_int_equal(torc_source_fire(paused.source, torc_owned(NULL, count_value)), 0);
    add(outer.sink, then_await, NULL, inner.sink);
    add_look(outer.sink, "never");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_int_equal(torc_deferred_chain(inner.sink, unfired.source), 0);
    torc_source_drop(failed.source);
    torc_scope_free(fixture.scope);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(fixture.args_dropped, 15);
    assert_int_equal(fixture.values_dropped, 1);
    /* The failure nobody handled is still reported. */
    assert_int_equal(fixture.log.events, 1);
    assert_string_equal(fixture.log.failure, "deferred_error: the source was dropped (made.c:1)");
    assert_int_equal(torc_test_allocator_blocks(&fixture.allocator), 0);
    fixture.scope = NULL;
    return NULL;
}

struct meddler {
    struct ends others[2];
    int answers[5];
    struct torc_deferred *made;
};

/* What a user's drop function may well do to others while their scope goes. */
static void meddle(void *arg)
{
    const struct torc_source source_of_nothing = {NULL, 0, 0};
    struct meddler *meddler = arg;
    struct torc_source source;
    fixture.args_dropped++;
    for (int i = 0; i < 2; i++) {
        torc_deferred_cancel(meddler->others[i].sink);
        torc_deferred_drop(meddler->others[i].sink);
        torc_source_drop(meddler->others[i].source);
    }
    meddler->answers[0] = torc_source_fire(meddler->others[0].source, number(1));
    meddler->answers[1] = torc_deferred_add(meddler->others[1].sink, then_nine, NULL, NULL, NULL);
    meddler->answers[3] = torc_deferred_chain(meddler->others[1].sink, source_of_nothing);
    meddler->answers[4] = torc_deferred_fired(fixture.scope, number(1), &meddler->made);
    meddler->answers[2] = torc_deferred_new(fixture.scope, NULL, NULL, &source, &meddler->made);
}

TORC_TEST(what_drop_functions_do_to_a_scope_being_freed_has_no_effect, .group = &in_scope)
{
    struct meddler meddler = {0};
    struct ends between;
    meddler.others[0] = make();
    between = make();
    meddler.others[1] = make();
    add_look(meddler.others[0].sink, "never");
    add_look(meddler.others[1].sink, "never");
    assert_int_equal(torc_deferred_add(between.sink, then_nine, then_nine, &meddler, meddle), 0);
    torc_scope_free(fixture.scope);
    fixture.scope = NULL;
    assert_string_equal(fixture.trace, "");
    assert_int_equal(fixture.args_dropped, 3);
    assert_int_equal(meddler.answers[0], TORC_ESTALE);
    assert_int_equal(meddler.answers[1], TORC_ECLOSED);
    for (int i = 2; i < 5; i++)
        assert_int_equal(meddler.answers[i], TORC_ECLOSED);
    assert_null(meddler.made);
    assert_int_equal(fixture.log.events, 0);
    return NULL;
}

TORC_TEST(a_waiter_in_another_scope_is_told, .group = &in_scope)
{
    struct torc_scope *other;
    struct ends outer = make(), inner;
    assert_int_equal(torc_scope_new(&fixture.allocator.base, NULL, &other), 0);
    assert_int_equal(torc_deferred_new(other, NULL, NULL, &inner.source, &inner.sink), 0);
    add(outer.sink, then_await, NULL, inner.sink);
    add_look(outer.sink, "outer");
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    torc_scope_free(other);
    assert_string_equal(fixture.trace, "outer!deferred_error ");
    torc_deferred_drop(outer.sink);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(one_awaited_from_another_scope_loses_its_sink, .group = &in_scope)
{
    struct torc_scope *other;
    struct ends outer, inner = make();
    assert_int_equal(torc_scope_new(&fixture.allocator.base, NULL, &other), 0);
    assert_int_equal(torc_deferred_new(other, NULL, NULL, &outer.source, &outer.sink), 0);
    add(outer.sink, then_await, NULL, inner.sink);
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    torc_scope_free(other);
    assert_int_equal(counts().deferreds, 1);
    assert_int_equal(torc_source_fire(inner.source, torc_fail(a_failure())), 0);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(counts().unhandled, 1);
    return NULL;
}

TORC_TRIAL_MAIN
