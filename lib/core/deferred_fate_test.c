/* What becomes of deferreds that a test cancels, fails or withholds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

struct one {
    struct torc_scope *scope;
    struct torc_source source;
    struct torc_deferred *sink;
    int calls; /* of callbacks */
    struct torc_result got;
    int cancels; /* of the canceller */
    struct torc_result answer; /* what it fires; a value NULL: it does not */
    int drops;
};

static struct torc_result note(struct torc_result result, void *arg)
{
    struct one *one = arg;

    one->calls++;
    one->got = result;
    return torc_value(NULL);
}

static void answer_cancel(struct torc_source source, void *arg)
{
    struct one *one = arg;

    one->cancels++;
    if (one->answer.as.value != NULL)
        assert_int_equal(torc_source_fire(source, one->answer), 0);
}

static void count_drop(void *arg)
{
    ++*(int *)arg;
}

static void open_one(struct one *one, bool cancellable)
{
    assert_int_equal(torc_scope_new(NULL, NULL, &one->scope), 0);
    assert_int_equal(torc_deferred_new(one->scope, cancellable ? answer_cancel : NULL, one, &one->source,
                                       &one->sink), 0);
    assert_int_equal(torc_deferred_add_both(one->sink, note, one, NULL), 0);
}

/* Nothing of it is left. */
static void close_one(struct one *one)
{
    struct torc_scope_counts counts;

    torc_deferred_drop(one->sink);
    torc_result_drop(one->got);
    torc_scope_count(one->scope, &counts);
    assert_int_equal(counts.deferreds, 0);
    assert_int_equal(counts.failures, 0);
    torc_scope_free(one->scope);
}

static size_t unfired(const struct one *one)
{
    struct torc_scope_counts counts;

    torc_scope_count(one->scope, &counts);
    return counts.deferreds_unfired;
}

static const struct torc_failure_type *type_got(const struct one *one)
{
    assert_int_equal(one->got.kind, TORC_RESULT_FAILURE);
    return torc_failure_type(one->got.as.failure);
}

static struct torc_failure *injected(struct one *one)
{
    return torc_failure_new(one->scope, &torc_failure_database_io, TORC_EIO, NULL, "injected");
}

/* --- failed --------------------------------------------------------------------------------------- */

TORC_TEST(one_that_is_failed_fires_with_that_and_the_first_fire_after_it_is_no_error)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, false);
    assert_true(torc_scope_fail_unfired(one.scope, 0, injected(&one)));
    assert_int_equal(one.calls, 1);
    assert_ptr_equal(type_got(&one), &torc_failure_database_io);
    assert_false(torc_source_waiting(one.source));
    assert_int_equal(torc_source_fire(one.source, torc_owned(&one.drops, count_drop)), TORC_ECANCELED);
    assert_int_equal(torc_source_fire(one.source, torc_owned(&one.drops, count_drop)), TORC_EFIRED);
    assert_int_equal(one.drops, 2);
    assert_int_equal(one.calls, 1);
    close_one(&one);
    return NULL;
}

TORC_TEST(who_works_for_one_that_is_failed_is_told_to_stop)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, true);
    assert_true(torc_scope_fail_unfired(one.scope, 0, injected(&one)));
    assert_int_equal(one.cancels, 1);
    assert_ptr_equal(type_got(&one), &torc_failure_database_io);
    close_one(&one);
    return NULL;
}

TORC_TEST(the_failure_stands_before_the_one_its_canceller_has)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, true);
    one.answer = torc_fail(torc_failure_new(one.scope, &torc_failure_limit, TORC_ELIMIT, NULL, "own"));
    assert_true(torc_scope_fail_unfired(one.scope, 0, injected(&one)));
    assert_int_equal(one.calls, 1);
    assert_ptr_equal(type_got(&one), &torc_failure_database_io);
    close_one(&one);
    return NULL;
}

TORC_TEST(a_value_that_its_canceller_has_stands_before_the_failure)
{
    struct one one = {0};
    int value = 7;

    (void)trial;
    open_one(&one, true);
    one.answer = torc_value(&value);
    assert_true(torc_scope_fail_unfired(one.scope, 0, injected(&one)));
    assert_int_equal(one.got.kind, TORC_RESULT_VALUE);
    assert_ptr_equal(one.got.as.value, &value);
    close_one(&one);
    return NULL;
}

TORC_TEST(a_failure_for_one_there_is_not_is_released)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, false);
    assert_false(torc_scope_fail_unfired(one.scope, 1, injected(&one)));
    assert_int_equal(one.calls, 0);
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), 0);
    close_one(&one);
    return NULL;
}

/* --- withheld ------------------------------------------------------------------------------------- */

TORC_TEST(what_a_withheld_one_is_fired_with_is_dropped_and_nobody_is_told)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, true);
    assert_true(torc_scope_withhold_unfired(one.scope, 0));
    assert_true(torc_source_waiting(one.source));
    assert_int_equal(torc_source_fire(one.source, torc_owned(&one.drops, count_drop)), 0);
    assert_int_equal(one.drops, 1);
    assert_int_equal(one.calls, 0);
    assert_false(torc_source_waiting(one.source));
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), TORC_EFIRED);
    assert_int_equal(unfired(&one), 1);
    torc_deferred_cancel(one.sink);
    assert_int_equal(one.cancels, 0); /* who fired it is done, and may have let go of `arg` */
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), TORC_EFIRED);
    assert_ptr_equal(type_got(&one), &torc_failure_cancelled);
    close_one(&one);
    return NULL;
}

TORC_TEST(a_withheld_one_that_was_not_fired_yet_is_cancelled_as_any)
{
    struct one one = {0};
    int value = 7;

    (void)trial;
    open_one(&one, true);
    one.answer = torc_value(&value);
    assert_true(torc_scope_withhold_unfired(one.scope, 0));
    torc_deferred_cancel(one.sink);
    assert_int_equal(one.cancels, 1);
    assert_ptr_equal(one.got.as.value, &value);
    close_one(&one);
    return NULL;
}

TORC_TEST(a_source_that_is_dropped_of_a_withheld_one_tells_nobody)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, false);
    assert_true(torc_scope_withhold_unfired(one.scope, 0));
    torc_source_drop(one.source);
    torc_source_drop(one.source);
    assert_int_equal(one.calls, 0);
    torc_deferred_cancel(one.sink);
    assert_ptr_equal(type_got(&one), &torc_failure_cancelled);
    close_one(&one);
    return NULL;
}

TORC_TEST(a_withheld_one_that_nobody_waits_for_fires)
{
    struct one one = {0};
    struct torc_source source;
    struct torc_deferred *sink;

    (void)trial;
    open_one(&one, false);
    assert_int_equal(torc_deferred_new(one.scope, NULL, NULL, &source, &sink), 0);
    assert_true(torc_scope_withhold_unfired(one.scope, 1));
    assert_int_equal(torc_source_fire(source, torc_value(NULL)), 0);
    assert_true(torc_deferred_has_fired(sink));
    torc_deferred_drop(sink);
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), 0);
    close_one(&one);
    return NULL;
}

TORC_TEST(what_is_chained_to_a_withheld_one_is_dropped)
{
    struct one one = {0};
    struct torc_deferred *fired;

    (void)trial;
    open_one(&one, false);
    assert_true(torc_scope_withhold_unfired(one.scope, 0));
    assert_int_equal(torc_deferred_fired(one.scope, torc_owned(&one.drops, count_drop), &fired), 0);
    assert_int_equal(torc_deferred_chain(fired, one.source), 0);
    torc_deferred_drop(fired);
    assert_int_equal(one.drops, 1);
    assert_int_equal(one.calls, 0);
    torc_deferred_cancel(one.sink);
    close_one(&one);
    return NULL;
}

static struct torc_result then_await(struct torc_result result, void *arg)
{
    torc_result_drop(result);
    return torc_await(arg);
}

TORC_TEST(when_withholding_ends_those_are_cancelled_that_were_fired_and_nobody_can_cancel)
{
    struct one held = {0}, let_go = {0};
    struct torc_deferred *outer;

    (void)trial;
    open_one(&held, false);
    open_one(&let_go, false);
    assert_int_equal(torc_deferred_fired(let_go.scope, torc_value(NULL), &outer), 0);
    assert_int_equal(torc_deferred_add_both(outer, then_await, let_go.sink, NULL), 0);
    torc_deferred_drop(outer);
    let_go.sink = NULL;
    assert_true(torc_scope_withhold_unfired(held.scope, 0));
    assert_true(torc_scope_withhold_unfired(let_go.scope, 0));
    assert_int_equal(torc_source_fire(let_go.source, torc_value(NULL)), 0);
    assert_int_equal(torc_source_fire(held.source, torc_value(NULL)), 0);
    torc_scope_release_withheld(let_go.scope);
    torc_scope_release_withheld(held.scope);
    assert_ptr_equal(type_got(&let_go), &torc_failure_cancelled);
    assert_int_equal(held.calls, 0);
    torc_deferred_cancel(held.sink);
    assert_ptr_equal(type_got(&held), &torc_failure_cancelled);
    close_one(&held);
    close_one(&let_go);
    return NULL;
}

TORC_TEST(when_withholding_ends_what_was_not_fired_yet_fires_as_ever)
{
    struct one one = {0};

    (void)trial;
    open_one(&one, true);
    assert_true(torc_scope_withhold_unfired(one.scope, 0));
    torc_deferred_drop(one.sink);
    torc_scope_release_withheld(one.scope);
    one.sink = NULL;
    assert_int_equal(one.calls, 0);
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), 0);
    assert_int_equal(one.calls, 1);
    close_one(&one);
    return NULL;
}

/* --- noted ---------------------------------------------------------------------------------------- */

TORC_TEST(each_is_told_of_once_the_oldest_first)
{
    static const char *const places[] = {"a.c:1", "b.c:2"};
    struct one one = {0};
    struct torc_source sources[2];
    struct torc_deferred *sinks[2];
    const char *place = NULL;
    size_t index = 9;

    (void)trial;
    open_one(&one, false);
    assert_true(torc_scope_note_unfired(one.scope, &index, &place));
    assert_int_equal(index, 0);
    assert_false(torc_scope_note_unfired(one.scope, &index, &place));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(torc_deferred_new_at(places[i], one.scope, NULL, NULL, &sources[i], &sinks[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(torc_scope_note_unfired(one.scope, &index, &place));
        assert_int_equal(index, 1 + i);
        assert_string_equal(place, places[i]);
    }
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), 0);
    assert_false(torc_scope_note_unfired(one.scope, &index, &place));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(torc_source_fire(sources[i], torc_value(NULL)), 0);
        torc_deferred_drop(sinks[i]);
    }
    close_one(&one);
    return NULL;
}

TORC_TEST(what_is_there_already_can_be_left_out)
{
    struct one one = {0};
    struct torc_source source;
    struct torc_deferred *sink;
    const char *place;
    size_t index;

    (void)trial;
    open_one(&one, false);
    torc_scope_note_all_unfired(one.scope);
    assert_false(torc_scope_note_unfired(one.scope, &index, &place));
    assert_int_equal(torc_deferred_new(one.scope, NULL, NULL, &source, &sink), 0);
    assert_true(torc_scope_note_unfired(one.scope, &index, &place));
    assert_int_equal(index, 1);
    torc_scope_note_all_unfired(one.scope);
    assert_false(torc_scope_note_unfired(one.scope, &index, &place));
    assert_int_equal(torc_source_fire(source, torc_value(NULL)), 0);
    torc_deferred_drop(sink);
    assert_int_equal(torc_source_fire(one.source, torc_value(NULL)), 0);
    close_one(&one);
    return NULL;
}

TORC_TRIAL_MAIN
