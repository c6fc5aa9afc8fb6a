#include "tests/support/deferred_fixture.h"

/* --- pairs ------------------------------------------------------------------------------------ */

TORC_TEST(callbacks_run_in_order_each_with_the_result_of_the_one_before, .group = &in_scope)
{
    struct ends d = make();
    add_look(d.sink, "a");
    add(d.sink, then_nine, NULL, NULL);
    for (int i = 0; i < 20; i++)
        add_look(d.sink, i % 2 ? "c" : "b");
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_source_fire(d.source, number(5)), 0);
    assert_memory_equal(fixture.trace, "a=5 b=9 c=9 b=9 ", 16);
    assert_int_equal(strlen(fixture.trace), 21 * 4);
    assert_int_equal(fixture.args_dropped, 22);
    torc_deferred_drop(d.sink);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(of_a_pair_exactly_one_runs_and_never_sees_the_others_failure, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, then_fail, look, a_failure());
    add(d.sink, look, then_nine, "skipped");
    add(d.sink, look, then_fail, "after");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "after=9 ");
    assert_int_equal(fixture.args_dropped, 3);
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(a_missing_half_passes_the_result_on, .group = &in_scope)
{
    struct ends d = make(), e = make();
    add(d.sink, NULL, look, "e");
    add(d.sink, NULL, NULL, NULL);
    add_look(d.sink, "end");
    assert_int_equal(torc_source_fire(d.source, number(2)), 0);
    add(e.sink, look, NULL, "c");
    add_look(e.sink, "end");
    assert_int_equal(torc_source_fire(e.source, torc_fail(a_failure())), 0);
    assert_string_equal(fixture.trace, "end=2 end!limit ");
    add(e.sink, NULL, then_nine, NULL);
    torc_deferred_drop(d.sink);
    torc_deferred_drop(e.sink);
    assert_int_equal(fixture.log.events, 0);
    return NULL;
}

TORC_TEST(adding_to_a_fired_one_runs_the_pair_before_returning, .group = &in_scope)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_deferred_fired(fixture.scope, number(3), &deferred), 0);
    assert_true(torc_deferred_has_fired(deferred));
    add_look(deferred, "a");
    assert_string_equal(fixture.trace, "a=3 ");
    assert_int_equal(fixture.args_dropped, 1);
    torc_deferred_drop(deferred);
    return NULL;
}

static struct torc_result add_another(struct torc_result result, void *deferred)
{
    note("a");
    add_look(deferred, "added");
    note("a-end");
    return result;
}

TORC_TEST(a_pair_added_by_a_callback_runs_after_the_present_ones, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, add_another, NULL, d.sink);
    add_look(d.sink, "b");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "a a-end b=1 added=1 ");
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(a_failure_that_is_null_is_an_error_all_the_same, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, then_fail, NULL, NULL);
    add_look(d.sink, "a");
    add(d.sink, NULL, then_nine, NULL);
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "a!error ");
    torc_deferred_drop(d.sink);
    return NULL;
}

/* --- firing twice, stale sources -------------------------------------------------------------- */

TORC_TEST(a_second_fire_is_refused_and_its_value_released, .group = &in_scope)
{
    struct ends d = make();
    assert_true(torc_source_waiting(d.source));
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_false(torc_source_waiting(d.source));
    assert_int_equal(torc_source_fire(d.source, torc_owned(NULL, count_value)), TORC_EFIRED);
    assert_int_equal(torc_source_fire(d.source, torc_fail(a_failure())), TORC_EFIRED);
    assert_int_equal(fixture.values_dropped, 1);
    assert_int_equal(counts().failures, 0);
    torc_deferred_drop(d.sink);
    assert_int_equal(torc_source_fire(d.source, torc_owned(NULL, count_value)), TORC_ESTALE);
    assert_int_equal(fixture.values_dropped, 2);
    assert_int_equal(fixture.log.events, 0);
    return NULL;
}

static struct torc_result fire_again(struct torc_result result, void *source)
{
    assert_int_equal(torc_source_fire(*(struct torc_source *)source, number(2)), TORC_EFIRED);
    return result;
}

TORC_TEST(a_fire_within_its_own_callback_is_refused, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, fire_again, NULL, &d.source);
    add_look(d.sink, "a");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "a=1 ");
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(a_stale_source_does_nothing_to_the_next_deferred_in_its_slot, .group = &in_scope)
{
    struct ends old = make(), new;
    struct torc_source zero = {NULL, 0, 0}, far = old.source;
    torc_deferred_drop(old.sink);
    assert_int_equal(torc_source_fire(old.source, number(1)), 0);
    new = make();
    assert_int_equal(new.source.index, old.source.index);
    assert_int_equal(torc_source_fire(old.source, number(1)), TORC_ESTALE);
    torc_source_drop(old.source);
    assert_false(torc_source_waiting(old.source));
    assert_true(torc_source_waiting(new.source));
    assert_int_equal(torc_source_fire(zero, number(1)), TORC_ESTALE);
    far.index = 1000000;
    assert_int_equal(torc_source_fire(far, number(1)), TORC_ESTALE);
    zero.scope = fixture.scope;
    assert_int_equal(torc_source_fire(zero, number(1)), TORC_ESTALE);
    torc_source_drop(new.source);
    torc_deferred_drop(new.sink);
    return NULL;
}

TORC_TEST(a_deferred_is_no_result_to_fire_with, .group = &in_scope)
{
    struct ends d = make(), e = make();
    struct torc_deferred *out = NULL;
    assert_int_equal(torc_source_fire(d.source, torc_await(e.sink)), TORC_EINVAL);
    assert_true(torc_source_waiting(d.source));
    assert_int_equal(torc_source_fire(e.source, number(1)), 0);
    assert_int_equal(counts().deferreds, 1);
    e = make();
    assert_int_equal(torc_deferred_fired(fixture.scope, torc_await(e.sink), &out), TORC_EINVAL);
    assert_null(out);
    torc_deferred_drop(e.sink);
    torc_deferred_drop(d.sink);
    return NULL;
}

/* --- the end ---------------------------------------------------------------------------------- */

TORC_TEST(a_deferred_dies_when_both_ends_have_happened_in_either_order, .group = &in_scope)
{
    struct ends d = make();
    assert_int_equal(torc_source_fire(d.source, torc_owned(NULL, count_value)), 0);
    assert_int_equal(counts().deferreds, 1);
    torc_deferred_drop(d.sink);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(fixture.values_dropped, 1);

    d = make();
    add_look(d.sink, "late");
    torc_deferred_drop(d.sink);
    assert_int_equal(counts().deferreds, 1);
    assert_int_equal(torc_source_fire(d.source, torc_owned((void *)7, count_value)), 0);
    assert_string_equal(fixture.trace, "late=7 ");
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(fixture.values_dropped, 2);
    torc_deferred_drop(NULL);
    return NULL;
}

TORC_TEST(a_dropped_source_fires_with_a_failure_that_names_the_creation_site, .group = &in_scope)
{
    struct ends d = make();
    struct torc_result result;
    torc_source_drop(d.source);
    assert_int_equal(counts().failures, 1);
    assert_int_equal(torc_deferred_take(d.sink, &result), 0);
    assert_int_equal(result.kind, TORC_RESULT_FAILURE);
    assert_ptr_equal(torc_failure_type(result.as.failure), &torc_failure_deferred_error);
    assert_string_equal(torc_failure_site(result.as.failure), "made.c:1");
    assert_string_equal(torc_failure_message(result.as.failure), "the source was dropped");
    torc_deferred_drop(d.sink);
    torc_source_drop(d.source);
    /* The failure outlives its deferred, whose slot is not used anew before. */
    d = make();
    assert_string_equal(torc_failure_message(result.as.failure), "the source was dropped");
    torc_failure_drop(result.as.failure);
    assert_int_equal(counts().failures, 0);
    torc_deferred_drop(d.sink);
    torc_source_drop(d.source);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(counts().failures, 0);
    return NULL;
}

TORC_TEST(an_unhandled_failure_is_reported_at_once_when_the_sink_is_dropped, .group = &in_scope)
{
    struct ends d = make();
    assert_int_equal(torc_source_fire(d.source, torc_fail(a_failure())), 0);
    assert_int_equal(fixture.log.events, 0);
    torc_deferred_drop(d.sink);
    assert_int_equal(fixture.log.events, 1);
    assert_int_equal(fixture.log.level, TORC_LOG_CRITICAL);
    assert_string_equal(fixture.log.name_space, "torc.deferred");
    assert_string_equal(fixture.log.site, "made.c:1");
    assert_string_equal(fixture.log.failure, "limit: wrong (here.c:1)");
    assert_int_equal(counts().unhandled, 1);
    assert_int_equal(counts().errors_logged, 1);
    assert_int_equal(counts().failures, 0);
    return NULL;
}

TORC_TEST(an_unhandled_failure_is_reported_at_once_when_the_sink_is_gone, .group = &in_scope)
{
    struct ends d = make();
    add_look(d.sink, "a");
    torc_deferred_drop(d.sink);
    assert_int_equal(torc_source_fire(d.source, torc_fail(a_failure())), 0);
    assert_int_equal(counts().unhandled, 1);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(a_handled_or_taken_failure_is_not_reported, .group = &in_scope)
{
    struct ends d = make(), e = make();
    struct torc_result result;
    add(d.sink, NULL, then_nine, NULL);
    assert_int_equal(torc_source_fire(d.source, torc_fail(a_failure())), 0);
    torc_deferred_drop(d.sink);
    assert_int_equal(torc_source_fire(e.source, torc_fail(a_failure())), 0);
    assert_int_equal(torc_deferred_take(e.sink, &result), 0);
    torc_result_drop(result);
    add_look(e.sink, "after");
    torc_deferred_drop(e.sink);
    assert_string_equal(fixture.trace, "after=0 ");
    assert_int_equal(counts().unhandled, 0);
    return NULL;
}

static struct torc_result drop_itself(struct torc_result result, void *deferred)
{
    torc_deferred_drop(deferred);
    assert_int_equal(counts().deferreds, 1);
    return result;
}

TORC_TEST(one_dropped_in_its_own_callback_dies_after_the_last_of_them, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, drop_itself, NULL, d.sink);
    add_look(d.sink, "b");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "b=1 ");
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(one_dropped_in_a_callback_added_after_the_fire_dies_too, .group = &in_scope)
{
    struct ends d = make();
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    add(d.sink, drop_itself, NULL, d.sink);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

/* --- pause and take --------------------------------------------------------------------------- */

TORC_TEST(nothing_runs_while_paused, .group = &in_scope)
{
    struct ends d = make();
    struct torc_result result;
    add_look(d.sink, "a");
    torc_deferred_pause(d.sink);
    torc_deferred_pause(d.sink);
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_true(torc_deferred_has_fired(d.sink));
    add_look(d.sink, "b");
    assert_int_equal(torc_deferred_take(d.sink, &result), TORC_EAGAIN);
    assert_int_equal(torc_deferred_unpause(d.sink), 0);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_deferred_unpause(d.sink), 0);
    assert_string_equal(fixture.trace, "a=1 b=1 ");
    assert_int_equal(torc_deferred_unpause(d.sink), TORC_EINVAL);
    torc_deferred_drop(d.sink);
    return NULL;
}

static struct torc_result pause_it(struct torc_result result, void *deferred)
{
    torc_deferred_pause(deferred);
    return result;
}

TORC_TEST(a_callback_may_pause_its_own_deferred, .group = &in_scope)
{
    struct ends d = make();
    add(d.sink, pause_it, NULL, d.sink);
    add_look(d.sink, "b");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "");
    torc_deferred_drop(d.sink);
    assert_int_equal(counts().deferreds, 1);
    assert_int_equal(torc_deferred_unpause(d.sink), 0);
    assert_string_equal(fixture.trace, "b=1 ");
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(an_unfired_deferred_has_no_result_to_take, .group = &in_scope)
{
    struct ends d = make();
    struct torc_result result;
    assert_int_equal(torc_deferred_take(d.sink, &result), TORC_EAGAIN);
    torc_source_drop(d.source);
    assert_int_equal(torc_deferred_take(d.sink, &result), 0);
    torc_result_drop(result);
    torc_deferred_drop(d.sink);
    return NULL;
}

/* --- cancelling ------------------------------------------------------------------------------- */

TORC_TEST(cancelling_without_a_canceller_swallows_one_late_fire, .group = &in_scope)
{
    struct ends d = make();
    add_look(d.sink, "a");
    torc_deferred_cancel(d.sink);
    assert_string_equal(fixture.trace, "a!cancelled ");
    torc_deferred_cancel(d.sink);
    assert_false(torc_source_waiting(d.source));
    torc_source_drop(d.source);
    assert_int_equal(torc_source_fire(d.source, torc_owned(NULL, count_value)), TORC_ECANCELED);
    assert_int_equal(torc_source_fire(d.source, torc_owned(NULL, count_value)), TORC_EFIRED);
    assert_int_equal(fixture.values_dropped, 2);
    assert_int_equal(fixture.log.events, 0);
    add(d.sink, NULL, then_nine, NULL);
    torc_deferred_drop(d.sink);
    return NULL;
}

enum canceller_does { NOTHING, FIRE, FAIL, DROP_SOURCE, CANCEL_AGAIN, DROP_SINK_AND_FIRE };

struct canceller {
    enum canceller_does what;
    struct torc_deferred *sink;
    int calls;
};

static void cancel_it(struct torc_source source, void *arg)
{
    struct canceller *canceller = arg;
    canceller->calls++;
    note(torc_source_waiting(source) ? "waiting" : "not-waiting");
    switch (canceller->what) {
    case NOTHING:
        break;
    case DROP_SINK_AND_FIRE:
        torc_deferred_drop(canceller->sink);
        /* fall through */
    case FIRE:
        assert_int_equal(torc_source_fire(source, number(4)), 0);
        break;
    case FAIL:
        assert_int_equal(torc_source_fire(source, torc_fail(a_failure())), 0);
        break;
    case DROP_SOURCE:
        torc_source_drop(source);
        break;
    case CANCEL_AGAIN:
        torc_deferred_cancel(canceller->sink);
        break;
    }
}

static struct torc_source cancelled_with(struct canceller *canceller, enum canceller_does what)
{
    struct ends d;
    memset(canceller, 0, sizeof *canceller);
    canceller->what = what;
    assert_int_equal(torc_deferred_new(fixture.scope, cancel_it, canceller, &d.source, &d.sink), 0);
    canceller->sink = d.sink;
    add_look(d.sink, "a");
    torc_deferred_cancel(d.sink);
    assert_int_equal(canceller->calls, 1);
    return d.source;
}

static void finish(struct torc_deferred *deferred)
{
    add(deferred, NULL, then_nine, NULL);
    torc_deferred_drop(deferred);
}

TORC_TEST(a_canceller_that_does_nothing_makes_the_next_fire_an_error, .group = &in_scope)
{
    struct canceller canceller;
    struct torc_source source = cancelled_with(&canceller, NOTHING);
    assert_string_equal(fixture.trace, "waiting a!cancelled ");
    assert_int_equal(torc_source_fire(source, number(1)), TORC_EFIRED);
    torc_deferred_cancel(canceller.sink);
    assert_int_equal(canceller.calls, 1);
    finish(canceller.sink);
    return NULL;
}

TORC_TEST(what_the_canceller_fires_stands, .group = &in_scope)
{
    struct canceller canceller;
    struct torc_source source = cancelled_with(&canceller, FIRE);
    assert_string_equal(fixture.trace, "waiting a=4 ");
    assert_int_equal(torc_source_fire(source, number(1)), TORC_EFIRED);
    finish(canceller.sink);
    fixture.trace[0] = 0;
    cancelled_with(&canceller, FAIL);
    assert_string_equal(fixture.trace, "waiting a!limit ");
    finish(canceller.sink);
    return NULL;
}

TORC_TEST(a_canceller_may_drop_the_source_or_cancel_again, .group = &in_scope)
{
    struct canceller canceller;
    cancelled_with(&canceller, DROP_SOURCE);
    assert_string_equal(fixture.trace, "waiting a!cancelled ");
    finish(canceller.sink);
    fixture.trace[0] = 0;
    cancelled_with(&canceller, CANCEL_AGAIN);
    assert_string_equal(fixture.trace, "waiting a!cancelled ");
    finish(canceller.sink);
    return NULL;
}

TORC_TEST(a_canceller_may_end_the_deferred, .group = &in_scope)
{
    struct canceller canceller;
    cancelled_with(&canceller, DROP_SINK_AND_FIRE);
    assert_string_equal(fixture.trace, "waiting a=4 ");
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(cancelling_a_paused_one_fires_it_and_its_callbacks_wait, .group = &in_scope)
{
    struct ends d = make();
    add_look(d.sink, "a");
    torc_deferred_pause(d.sink);
    torc_deferred_cancel(d.sink);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_deferred_unpause(d.sink), 0);
    assert_string_equal(fixture.trace, "a!cancelled ");
    finish(d.sink);
    return NULL;
}

TORC_TEST(a_cancelled_deferred_with_nobody_left_is_reported, .group = &in_scope)
{
    struct ends d = make();
    torc_deferred_cancel(d.sink);
    torc_deferred_drop(d.sink);
    assert_int_equal(counts().unhandled, 1);
    assert_int_equal(torc_source_fire(d.source, number(1)), TORC_ESTALE);
    return NULL;
}

TORC_TRIAL_MAIN
