#include "tests/support/deferred_fixture.h"

#include <torc/clock.h>

static struct torc_clock *clock_in_scope;

static struct torc_deferred *open_clock(struct torc_trial *trial)
{
    (void)open_scope(trial);
    torc_trial_need(trial, torc_clock_new(fixture.scope, &clock_in_scope));
    return NULL;
}

static struct torc_deferred *close_clock(struct torc_trial *trial)
{
    torc_clock_free(clock_in_scope);
    clock_in_scope = NULL;
    return close_scope(trial);
}

static const struct torc_trial_group with_clock = {.set_up = open_clock, .tear_down = close_clock};

static void advance(uint64_t delta_ns)
{
    assert_int_equal(torc_clock_advance(clock_in_scope, delta_ns), 0);
}

static void add_timeout(struct torc_deferred *deferred, uint64_t delay_ns)
{
    assert_int_equal(torc_deferred_add_timeout(deferred, clock_in_scope, delay_ns), 0);
}

/* Consumes whatever failure is left, and the sink. */
static void finish(struct torc_deferred *deferred)
{
    add(deferred, NULL, then_nine, NULL);
    torc_deferred_drop(deferred);
}

TORC_TEST(a_deferred_that_is_late_fails_with_timeout, .group = &with_clock)
{
    struct ends d = make();
    add_look(d.sink, "before");
    add_timeout(d.sink, 10);
    add_look(d.sink, "after");
    advance(9);
    assert_string_equal(fixture.trace, "");
    advance(1);
    assert_string_equal(fixture.trace, "before!cancelled after!timeout ");
    assert_int_equal(torc_clock_pending(clock_in_scope), 0);
    assert_int_equal(torc_source_fire(d.source, number(1)), TORC_ECANCELED);
    finish(d.sink);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(a_result_in_time_removes_the_timer, .group = &with_clock)
{
    struct ends d = make();
    add_timeout(d.sink, 10);
    assert_int_equal(torc_clock_pending(clock_in_scope), 1);
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_int_equal(torc_clock_pending(clock_in_scope), 0);
    advance(20);
    add_look(d.sink, "a");
    assert_string_equal(fixture.trace, "a=1 ");
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(one_that_has_its_result_needs_no_timer, .group = &with_clock)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_deferred_fired(fixture.scope, number(1), &deferred), 0);
    add_timeout(deferred, 10);
    assert_int_equal(torc_clock_pending(clock_in_scope), 0);
    torc_deferred_drop(deferred);
    return NULL;
}

TORC_TEST(a_cancel_by_hand_stays_cancelled_and_removes_the_timer, .group = &with_clock)
{
    struct ends d = make();
    add_timeout(d.sink, 10);
    add_look(d.sink, "a");
    torc_deferred_cancel(d.sink);
    assert_string_equal(fixture.trace, "a!cancelled ");
    assert_int_equal(torc_clock_pending(clock_in_scope), 0);
    finish(d.sink);
    return NULL;
}

TORC_TEST(the_timeout_covers_only_what_was_added_before_it, .group = &with_clock)
{
    struct ends d = make(), inner = make();
    add_timeout(d.sink, 10);
    add(d.sink, then_await, NULL, inner.sink);
    add_look(d.sink, "end");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    advance(20);
    assert_string_equal(fixture.trace, "");
    assert_int_equal(torc_source_fire(inner.source, number(2)), 0);
    assert_string_equal(fixture.trace, "end=2 ");
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(the_timeout_of_one_that_waits_cancels_the_innermost, .group = &with_clock)
{
    struct ends d = make(), inner = make();
    add(d.sink, then_await, NULL, inner.sink);
    add_timeout(d.sink, 10);
    add_look(d.sink, "end");
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    advance(10);
    assert_string_equal(fixture.trace, "end!timeout ");
    assert_false(torc_source_waiting(inner.source));
    finish(d.sink);
    return NULL;
}

static void fire_five(struct torc_source source, void *arg)
{
    (void)arg;
    assert_int_equal(torc_source_fire(source, number(5)), 0);
}

static void fire_limit(struct torc_source source, void *arg)
{
    (void)arg;
    assert_int_equal(torc_source_fire(source, torc_fail(a_failure())), 0);
}

TORC_TEST(what_the_canceller_gives_at_the_timeout_stands, .group = &with_clock)
{
    struct ends d, e;
    assert_int_equal(torc_deferred_new(fixture.scope, fire_five, NULL, &d.source, &d.sink), 0);
    assert_int_equal(torc_deferred_new(fixture.scope, fire_limit, NULL, &e.source, &e.sink), 0);
    add_timeout(d.sink, 10);
    add_timeout(e.sink, 10);
    add_look(d.sink, "d");
    add_look(e.sink, "e");
    advance(10);
    assert_string_equal(fixture.trace, "d=5 e!limit ");
    finish(d.sink);
    finish(e.sink);
    return NULL;
}

TORC_TEST(the_earlier_of_two_timeouts_counts, .group = &with_clock)
{
    struct ends d = make();
    add_timeout(d.sink, 20);
    add_timeout(d.sink, 10);
    add_look(d.sink, "a");
    advance(10);
    assert_string_equal(fixture.trace, "a!timeout ");
    assert_int_equal(torc_clock_pending(clock_in_scope), 0);
    finish(d.sink);
    return NULL;
}

TORC_TEST(a_timer_that_finds_the_deferred_fired_and_paused_leaves_its_result, .group = &with_clock)
{
    struct ends d = make();
    add_timeout(d.sink, 10);
    add_look(d.sink, "a");
    torc_deferred_pause(d.sink);
    torc_deferred_cancel(d.sink);
    advance(10);
    assert_int_equal(torc_deferred_unpause(d.sink), 0);
    assert_string_equal(fixture.trace, "a!cancelled ");
    finish(d.sink);
    return NULL;
}

TORC_TEST(one_dropped_by_its_owner_times_out_and_is_reported, .group = &with_clock)
{
    struct ends d = make();
    add_timeout(d.sink, 10);
    torc_deferred_drop(d.sink);
    advance(10);
    assert_int_equal(counts().unhandled, 1);
    assert_string_equal(fixture.log.failure, "timeout: timed out");
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

TORC_TEST(a_clock_may_be_freed_before_the_deferred, .group = &with_clock)
{
    struct ends d = make();
    add_timeout(d.sink, 10);
    torc_clock_free(clock_in_scope);
    clock_in_scope = NULL;
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(a_scope_may_be_freed_before_the_clock_of_another, .group = &with_clock)
{
    struct torc_scope *other;
    struct ends d;
    assert_int_equal(torc_scope_new(&fixture.allocator.base, NULL, &other), 0);
    assert_int_equal(torc_deferred_new(other, NULL, NULL, &d.source, &d.sink), 0);
    add_timeout(d.sink, 10);
    torc_scope_free(other);
    assert_int_equal(torc_clock_pending(clock_in_scope), 0);
    advance(10);
    return NULL;
}

TORC_TEST(without_memory_nothing_is_changed, .group = &with_clock)
{
    struct ends d = make();
    int code = TORC_ENOMEM;
    uint64_t k;
    for (int i = 0; i < 3; i++)
        add_look(d.sink, "a");
    for (k = 1; code == TORC_ENOMEM; k++) {
        assert_int_equal(torc_clock_pending(clock_in_scope), 0);
        torc_test_allocator_fail_at(&fixture.allocator, k, true);
        code = torc_deferred_add_timeout(d.sink, clock_in_scope, 10);
    }
    assert_int_equal(code, 0);
    assert_true(k > 3); /* the shared record, the timer, the pair */
    torc_test_allocator_fail_at(&fixture.allocator, 0, false);
    advance(10);
    finish(d.sink);
    return NULL;
}

TORC_TRIAL_MAIN
