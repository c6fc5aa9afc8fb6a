/* Timed calls: order, rounds, what now is, and what becomes of handles. */
#include "conformance.h"

struct timed {
    struct conf *c;
    const char *name;
    uint64_t seen_ns; /* now, in the call */
    bool called;
    unsigned dropped;
    struct torc_timer self, other;
    int codes[3];
    unsigned rounds;
};

static struct torc_clock *clock_of(struct conf *c)
{
    return torc_reactor_clock(c->client);
}

static struct torc_failure *timed_call(void *arg)
{
    struct timed *timed = arg;

    timed->called = true;
    timed->seen_ns = torc_clock_now(clock_of(timed->c));
    note(timed->c, "%s", timed->name);
    return NULL;
}

static void timed_drop(void *arg)
{
    ((struct timed *)arg)->dropped++;
}

static struct timed timed_make(struct conf *c, const char *name)
{
    struct timed timed;

    memset(&timed, 0, sizeof timed);
    timed.c = c;
    timed.name = name;
    return timed;
}

static bool arm(struct timed *timed, uint64_t delay_ns)
{
    return torc_call_later(clock_of(timed->c), delay_ns, timed_call, timed, timed_drop,
                           &timed->self) == 0;
}

BODY(equal_deadlines_run_in_insertion_order)
{
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    struct timed calls[8];
    size_t i;

    for (i = 0; i < 8; i++) {
        calls[i] = timed_make(c, names[i]);
        CHECK(c, arm(&calls[i], TORC_MILLISECOND));
    }
    CHECK(c, run_until(c, &calls[7].called));
    CHECK_NOTES(c, "0 1 2 3 4 5 6 7");
}

BODY(calls_run_in_the_order_of_their_deadlines)
{
    struct timed a = timed_make(c, "30"), b = timed_make(c, "10"), d = timed_make(c, "20");

    CHECK(c, arm(&a, 3 * TORC_MILLISECOND));
    CHECK(c, arm(&b, 1 * TORC_MILLISECOND));
    CHECK(c, arm(&d, 2 * TORC_MILLISECOND));
    CHECK(c, run_until(c, &a.called));
    CHECK_NOTES(c, "10 20 30");
}

BODY(now_in_a_call_is_not_before_its_deadline_and_grows)
{
    struct timed a = timed_make(c, "a"), b = timed_make(c, "b");
    uint64_t began = torc_clock_now(clock_of(c));

    CHECK(c, arm(&a, 2 * TORC_MILLISECOND));
    CHECK(c, arm(&b, 9 * TORC_MILLISECOND));
    CHECK(c, run_until(c, &b.called));
    CHECK(c, a.seen_ns >= began + 2 * TORC_MILLISECOND);
    CHECK(c, b.seen_ns >= began + 9 * TORC_MILLISECOND);
}

/* As far as a slow machine wants, so that not both are due in one turn, and not so far that a coarse clock tells them
 * apart. */
BODY(calls_far_apart_run_in_turns_of_their_own)
{
    struct timed a = timed_make(c, "a"), b = timed_make(c, "b");

    CHECK(c, arm(&a, 5 * TORC_MILLISECOND));
    CHECK(c, arm(&b, 45 * TORC_MILLISECOND));
    CHECK(c, run_until(c, &b.called));
    CHECK(c, b.seen_ns > a.seen_ns);
}

static struct torc_failure *arm_zero(void *arg)
{
    struct timed *timed = arg;
    struct timed *inner = (struct timed *)(void *)timed + 1;

    note(timed->c, "%s", timed->name);
    timed->called = true;
    return arm(inner, 0) ? NULL : torc_failure_no_memory();
}

BODY(a_call_with_delay_0_made_in_a_call_waits_for_the_next_round)
{
    struct timed calls[2] = {timed_make(c, "outer"), timed_make(c, "inner")};
    struct timed later = timed_make(c, "second");

    CHECK(c, torc_call_later(clock_of(c), 0, arm_zero, &calls[0], NULL, NULL) == 0);
    CHECK(c, arm(&later, 0));
    CHECK(c, run_until(c, &calls[1].called));
    CHECK_NOTES(c, "outer second inner");
}

static struct torc_failure *rearm(void *arg)
{
    struct timed *timed = arg;

    if (++timed->rounds == 100)
        timed->called = true;
    else if (torc_call_later(clock_of(timed->c), 0, rearm, timed, NULL, NULL) != 0)
        return torc_failure_no_memory();
    return NULL;
}

BODY(a_call_that_rearms_itself_with_delay_0_does_not_starve_others)
{
    struct timed spinner = timed_make(c, "spinner"), other = timed_make(c, "other");

    CHECK(c, torc_call_later(clock_of(c), 0, rearm, &spinner, NULL, NULL) == 0);
    CHECK(c, arm(&other, 0));
    CHECK(c, run_until(c, &other.called));
    CHECK(c, spinner.rounds < 100);
    CHECK(c, run_until(c, &spinner.called));
}

static struct torc_failure *failing_call(void *arg)
{
    struct timed *timed = arg;

    note(timed->c, "%s", timed->name);
    return torc_failure_new(torc_reactor_scope(timed->c->client), &torc_failure_invalid_argument,
                            TORC_EINVAL, NULL, "a call that fails");
}

BODY(a_failing_call_is_logged_and_the_others_run)
{
    struct timed bad = timed_make(c, "bad"), good = timed_make(c, "good");

    CHECK(c, torc_call_later(clock_of(c), 0, failing_call, &bad, NULL, NULL) == 0);
    CHECK(c, arm(&good, 0));
    CHECK(c, run_until(c, &good.called));
    CHECK_NOTES(c, "bad good");
    CHECK(c, c->errors_logged == 1);
}

BODY(a_cancelled_call_does_not_run_and_its_argument_is_dropped_once)
{
    struct timed a = timed_make(c, "a"), b = timed_make(c, "b");

    CHECK(c, arm(&a, TORC_MILLISECOND));
    CHECK(c, arm(&b, 2 * TORC_MILLISECOND));
    CHECK(c, torc_timer_active(a.self));
    CHECK(c, torc_timer_cancel(a.self) == 0);
    CHECK(c, a.dropped == 1);
    CHECK(c, !torc_timer_active(a.self));
    CHECK(c, torc_timer_cancel(a.self) == TORC_ECANCELED);
    CHECK(c, run_until(c, &b.called));
    CHECK_NOTES(c, "b");
    CHECK(c, a.dropped == 1 && b.dropped == 1);
    CHECK(c, torc_timer_cancel(b.self) == TORC_ECALLED);
}

static struct torc_failure *cancel_self(void *arg)
{
    struct timed *timed = arg;

    timed->codes[0] = torc_timer_cancel(timed->self);
    timed->codes[1] = torc_timer_reset(timed->self, 0);
    timed->codes[2] = torc_timer_delay(timed->self, 0);
    timed->called = true;
    return NULL;
}

BODY(a_call_is_called_already_inside_itself)
{
    struct timed a = timed_make(c, "a");

    CHECK(c, torc_call_later(clock_of(c), 0, cancel_self, &a, NULL, &a.self) == 0);
    CHECK(c, run_until(c, &a.called));
    CHECK(c, a.codes[0] == TORC_ECALLED);
    CHECK(c, a.codes[1] == TORC_ECALLED);
    CHECK(c, a.codes[2] == TORC_ECALLED);
}

static struct torc_failure *cancel_other(void *arg)
{
    struct timed *timed = arg;

    note(timed->c, "%s", timed->name);
    timed->codes[0] = torc_timer_cancel(timed->other);
    return NULL;
}

BODY(a_call_can_cancel_another_that_is_due_at_the_same_time)
{
    struct timed a = timed_make(c, "a"), b = timed_make(c, "b"), end = timed_make(c, "end");

    CHECK(c, torc_call_later(clock_of(c), 0, cancel_other, &a, NULL, &a.self) == 0);
    CHECK(c, arm(&b, 0));
    CHECK(c, arm(&end, 0));
    a.other = b.self;
    CHECK(c, run_until(c, &end.called));
    CHECK_NOTES(c, "a end");
    CHECK(c, a.codes[0] == 0 && b.dropped == 1);
}

BODY(reset_counts_from_now_and_delay_from_the_deadline)
{
    struct timed a = timed_make(c, "a"), b = timed_make(c, "b");
    uint64_t deadline, before;

    CHECK(c, arm(&a, 10 * TORC_SECOND));
    CHECK(c, arm(&b, 10 * TORC_SECOND));
    deadline = torc_timer_deadline(b.self);
    before = torc_clock_now(clock_of(c));
    CHECK(c, torc_timer_reset(a.self, 2 * TORC_MILLISECOND) == 0);
    CHECK(c, torc_timer_deadline(a.self) >= before + 2 * TORC_MILLISECOND);
    CHECK(c, torc_timer_deadline(a.self) <= torc_clock_now(clock_of(c)) + 2 * TORC_MILLISECOND);
    CHECK(c, torc_timer_delay(b.self, TORC_MILLISECOND) == 0);
    CHECK(c, torc_timer_deadline(b.self) == deadline + TORC_MILLISECOND);
    CHECK(c, torc_timer_delay(b.self, -(int64_t)(10 * TORC_SECOND)) == 0);
    CHECK(c, run_until(c, &a.called) && run_until(c, &b.called));
    CHECK_NOTES(c, "b a");
}

BODY(a_later_reset_moves_a_call_behind_its_equals)
{
    struct timed a = timed_make(c, "a"), b = timed_make(c, "b"), d = timed_make(c, "d");

    CHECK(c, arm(&a, TORC_MILLISECOND));
    CHECK(c, arm(&b, TORC_MILLISECOND));
    CHECK(c, arm(&d, TORC_MILLISECOND));
    CHECK(c, torc_timer_reset(a.self, TORC_MILLISECOND) == 0);
    CHECK(c, run_until(c, &a.called));
    CHECK_NOTES(c, "b d a");
}

BODY(a_negative_delay_is_at_the_earliest_now)
{
    struct timed a = timed_make(c, "a");
    uint64_t before;

    CHECK(c, arm(&a, TORC_MILLISECOND));
    before = torc_clock_now(clock_of(c));
    CHECK(c, torc_timer_delay(a.self, INT64_MIN) == 0);
    CHECK(c, torc_timer_deadline(a.self) >= before);
    CHECK(c, run_until(c, &a.called));
}

BODY(a_call_at_the_end_of_time_never_runs)
{
    struct timed a = timed_make(c, "never"), b = timed_make(c, "b");

    CHECK(c, arm(&a, UINT64_MAX));
    CHECK(c, arm(&b, 0));
    CHECK(c, torc_timer_deadline(a.self) == TORC_NEVER);
    CHECK(c, run_until(c, &b.called));
    CHECK_NOTES(c, "b");
    CHECK(c, torc_timer_cancel(a.self) == 0);
}

BODY(a_call_soon_runs_after_this_returns_and_before_later_ones)
{
    struct timed a = timed_make(c, "soon"), b = timed_make(c, "later");

    CHECK(c, arm(&b, TORC_MILLISECOND));
    CHECK(c, torc_call_soon(c->client, timed_call, &a, timed_drop) == 0);
    CHECK(c, !a.called);
    CHECK(c, run_until(c, &b.called));
    CHECK_NOTES(c, "soon later");
    CHECK(c, a.dropped == 1);
}

static struct torc_result timed_out(struct torc_result result, void *arg)
{
    struct timed *timed = arg;

    timed->called = true;
    if (result.kind == TORC_RESULT_FAILURE)
        note(timed->c, "%s", torc_failure_type(result.as.failure)->name);
    else
        note(timed->c, "value");
    torc_result_drop(result);
    return torc_value(NULL);
}

BODY(a_deferred_with_a_timeout_fails_when_its_time_is_up)
{
    struct timed a = timed_make(c, "a");
    struct torc_source source;
    struct torc_deferred *deferred;

    CHECK(c, torc_deferred_new(torc_reactor_scope(c->client), NULL, NULL, &source, &deferred) == 0);
    CHECK(c, torc_deferred_add_timeout(deferred, clock_of(c), TORC_MILLISECOND) == 0);
    CHECK(c, torc_deferred_add_both(deferred, timed_out, &a, NULL) == 0);
    CHECK(c, run_until(c, &a.called));
    CHECK_NOTES(c, "timeout");
    CHECK(c, torc_source_fire(source, torc_value(NULL)) == TORC_ECANCELED);
    CHECK(c, torc_source_fire(source, torc_value(NULL)) == TORC_EFIRED);
    torc_deferred_drop(deferred);
}

BODY(a_deferred_that_fires_in_time_takes_its_timeout_with_it)
{
    struct timed a = timed_make(c, "a");
    struct torc_source source;
    struct torc_deferred *deferred;
    size_t pending = torc_clock_pending(clock_of(c));

    CHECK(c, torc_deferred_new(torc_reactor_scope(c->client), NULL, NULL, &source, &deferred) == 0);
    CHECK(c, torc_deferred_add_timeout(deferred, clock_of(c), TORC_SECOND) == 0);
    CHECK(c, torc_clock_pending(clock_of(c)) == pending + 1);
    CHECK(c, torc_deferred_add_both(deferred, timed_out, &a, NULL) == 0);
    CHECK(c, torc_source_fire(source, torc_value(NULL)) == 0);
    CHECK(c, torc_clock_pending(clock_of(c)) == pending);
    CHECK_NOTES(c, "value");
    torc_deferred_drop(deferred);
}
