/* Timed calls with every acquisition failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "clock_internal.h"
#include "tests/support/oom_sweep.h"

enum { CALLS = 40 };

struct tally {
    int taken;
    int dropped;
    int called;
    int rung;
};

static struct torc_failure *count_call(void *arg)
{
    struct tally *tally = arg;
    tally->called++;
    return NULL;
}

static struct torc_failure *count_ring(void *arg)
{
    struct tally *tally = arg;
    tally->rung++;
    return NULL;
}

static void count_drop(void *arg)
{
    struct tally *tally = arg;
    tally->dropped++;
}

static void use_timers(struct torc_clock *clock, struct tally *tally)
{
    struct torc_timer timers[CALLS];
    int count = 0;
    for (uint64_t i = 0; i < CALLS; i++) {
        if (torc_call_later(clock, i % 7 + 1, count_call, tally, count_drop, &timers[count]) == 0)
            count++;
    }
    tally->taken += count;
    for (int i = 0; i < count; i += 3)
        (void)torc_timer_cancel(timers[i]);
    for (int i = 1; i < count; i += 3)
        (void)torc_timer_reset(timers[i], 3);
    for (int i = 2; i < count; i += 3)
        (void)torc_timer_delay(timers[i], -2);
}

static const char *body(struct torc_test_allocator *allocator, void *arg)
{
    struct tally tally = {0};
    struct torc_scope *scope;
    struct torc_clock *clock;
    torci_alarm alarm = 0;
    (void)arg;
    if (torc_scope_new(&allocator->base, NULL, &scope) != 0)
        return NULL;
    if (torc_clock_new(scope, &clock) == 0) {
        if (torci_alarm_new(clock, TORC_HERE, count_ring, &tally, &alarm) == 0)
            torci_alarm_set(clock, alarm, 4);
        use_timers(clock, &tally);
        (void)torc_clock_advance(clock, 2);
        use_timers(clock, &tally);
        (void)torc_clock_advance(clock, 3);
        use_timers(clock, &tally);
        torci_alarm_free(clock, alarm);
        torc_clock_free(clock);
    }
    torc_scope_free(scope);
    if (alarm && tally.rung != 1)
        return "the alarm did not ring once";
    return tally.taken == tally.dropped ? NULL : "an argument was not dropped once";
}

TORC_TEST(timed_calls_survive_every_failing_acquisition)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(body, NULL, &runs));
    assert_true(runs > CALLS); /* those that need no new memory are counted too */
    return NULL;
}

TORC_TEST(nothing_but_call_later_needs_memory)
{
    struct torc_test_allocator allocator;
    struct tally tally = {0};
    struct torc_scope *scope;
    struct torc_clock *clock;
    struct torc_timer timers[CALLS];
    torc_test_allocator_init(&allocator);
    assert_int_equal(torc_scope_new(&allocator.base, NULL, &scope), 0);
    assert_int_equal(torc_clock_new(scope, &clock), 0);
    for (uint64_t i = 0; i < CALLS; i++)
        assert_int_equal(torc_call_later(clock, i, count_call, &tally, count_drop, &timers[i]), 0);
    torc_test_allocator_fail_at(&allocator, 1, true);
    for (int i = 0; i < CALLS; i += 2)
        assert_int_equal(torc_timer_cancel(timers[i]), 0);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(torc_timer_reset(timers[i % (CALLS / 2) * 2 + 1], 2000 - i), 0);
    assert_int_equal(torc_clock_advance(clock, 3000), 0);
    assert_int_equal(tally.called, CALLS / 2);
    assert_int_equal(tally.dropped, CALLS);
    assert_int_equal(allocator.failed, 0);
    torc_clock_free(clock);
    torc_scope_free(scope);
    assert_int_equal(torc_test_allocator_blocks(&allocator), 0);
    torc_test_allocator_clear(&allocator);
    return NULL;
}

TORC_TRIAL_MAIN
