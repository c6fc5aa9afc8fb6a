#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/log.h>
#include <torc/trial.h>

#include "clock_internal.h"

enum { SEEN_MAX = 32 };

/* What happened, as text: calls append their letter and the time they saw. */
struct fixture {
    struct torc_scope *scope;
    struct torc_clock *clock;
    char journal[256];
    size_t length;
    uint64_t seen_ns[SEEN_MAX];
    size_t seen;
    int dropped;
    int codes[8];
    size_t code_count;
    struct torc_timer timer; /* for calls that act on one */
    uint64_t delay_ns;
    torci_alarm alarm;
};

struct noted {
    struct fixture *fixture;
    char letter;
};

static void note(struct fixture *fixture, char letter)
{
    if (fixture->length + 1 < sizeof fixture->journal)
        fixture->journal[fixture->length++] = letter;
    if (fixture->seen < SEEN_MAX)
        fixture->seen_ns[fixture->seen++] = torc_clock_now(fixture->clock);
}

static struct torc_failure *note_letter(void *arg)
{
    struct noted *noted = arg;
    note(noted->fixture, noted->letter);
    return NULL;
}

static void count_drop(void *arg)
{
    struct noted *noted = arg;
    noted->fixture->dropped++;
}

static void begin(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    assert_int_equal(torc_scope_new(NULL, NULL, &fixture->scope), 0);
    assert_int_equal(torc_clock_new(fixture->scope, &fixture->clock), 0);
}

static void end(struct fixture *fixture)
{
    struct torc_scope_counts counts, none;
    struct torc_scope *empty;
    torc_clock_free(fixture->clock);
    torc_scope_count(fixture->scope, &counts);
    assert_int_equal(torc_scope_new(NULL, NULL, &empty), 0);
    torc_scope_count(empty, &none);
    torc_scope_free(empty);
    assert_int_equal(counts.bytes_in_use, none.bytes_in_use);
    torc_scope_free(fixture->scope);
}

static struct torc_timer later(struct noted *noted, uint64_t delay_ns)
{
    struct torc_timer timer;
    assert_int_equal(torc_call_later(noted->fixture->clock, delay_ns, note_letter, noted,
                                     count_drop, &timer),
                     0);
    return timer;
}

TORC_TEST(calls_run_by_deadline_then_in_the_order_they_were_asked_for)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted[] = {{&fixture, 'a'}, {&fixture, 'b'}, {&fixture, 'c'}, {&fixture, 'd'}};
    later(&noted[0], 20);
    later(&noted[1], 10);
    later(&noted[2], 20);
    later(&noted[3], 10);
    assert_int_equal(torc_clock_pending(fixture.clock), 4);
    assert_int_equal(torc_clock_advance(fixture.clock, 20), 0);
    assert_string_equal(fixture.journal, "bdac");
    assert_int_equal(fixture.dropped, 4);
    end(&fixture);
    return NULL;
}

TORC_TEST(each_call_sees_its_own_due_time)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    later(&noted, 3);
    later(&noted, 7);
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    assert_int_equal(fixture.seen_ns[0], 3);
    assert_int_equal(fixture.seen_ns[1], 7);
    assert_int_equal(torc_clock_now(fixture.clock), 10);
    end(&fixture);
    return NULL;
}

TORC_TEST(a_call_is_never_made_before_call_later_returns)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    later(&noted, 0);
    assert_string_equal(fixture.journal, "");
    assert_int_equal(torc_clock_advance(fixture.clock, 0), 0);
    assert_string_equal(fixture.journal, "a");
    end(&fixture);
    return NULL;
}

static struct torc_failure *arm_another(void *arg)
{
    struct noted *noted = arg;
    struct fixture *fixture = noted->fixture;
    note(fixture, noted->letter);
    noted->letter++;
    if (noted->letter < 'd' &&
        torc_call_later(fixture->clock, fixture->delay_ns, arm_another, noted, NULL, NULL))
        note(fixture, '!');
    return NULL;
}

TORC_TEST(a_call_armed_within_the_span_runs_too)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    fixture.delay_ns = 5;
    assert_int_equal(torc_call_later(fixture.clock, 1, arm_another, &noted, NULL, NULL), 0);
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    assert_string_equal(fixture.journal, "ab");
    assert_int_equal(fixture.seen_ns[1], 6);
    end(&fixture);
    return NULL;
}

TORC_TEST(a_call_with_no_delay_armed_in_a_call_runs_after_all_due_then)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted first = {&fixture, 'a'}, second = {&fixture, 'x'};
    assert_int_equal(torc_call_later(fixture.clock, 5, arm_another, &first, NULL, NULL), 0);
    later(&second, 5);
    assert_int_equal(torc_clock_advance_to_next(fixture.clock), 0);
    assert_string_equal(fixture.journal, "ax"); /* the new one waits for the next round */
    assert_int_equal(torc_clock_advance(fixture.clock, 0), 0);
    assert_string_equal(fixture.journal, "axbc");
    end(&fixture);
    return NULL;
}

TORC_TEST(advance_to_next_runs_everything_due_then)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torc_clock_advance_to_next(fixture.clock), TORC_ENOTFOUND);
    later(&noted, 5);
    later(&noted, 5);
    later(&noted, 6);
    assert_int_equal(torc_clock_advance_to_next(fixture.clock), 0);
    assert_string_equal(fixture.journal, "aa");
    assert_int_equal(torc_clock_now(fixture.clock), 5);
    end(&fixture);
    return NULL;
}

TORC_TEST(a_cancelled_call_does_not_run_and_drops_its_argument_once)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    struct torc_timer timer = later(&noted, 5);
    assert_true(torc_timer_active(timer));
    assert_int_equal(torc_timer_deadline(timer), 5);
    assert_int_equal(torc_timer_cancel(timer), 0);
    assert_int_equal(fixture.dropped, 1);
    assert_false(torc_timer_active(timer));
    assert_int_equal(torc_timer_deadline(timer), TORC_NEVER);
    assert_int_equal(torc_timer_cancel(timer), TORC_ECANCELED);
    assert_int_equal(torc_timer_reset(timer, 1), TORC_ECANCELED);
    assert_int_equal(torc_timer_delay(timer, 1), TORC_ECANCELED);
    assert_int_equal(torc_clock_pending(fixture.clock), 0);
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    assert_string_equal(fixture.journal, "");
    assert_int_equal(fixture.dropped, 1);
    end(&fixture);
    return NULL;
}

TORC_TEST(a_call_that_was_called_says_so)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    struct torc_timer timer = later(&noted, 5);
    assert_int_equal(torc_clock_advance(fixture.clock, 5), 0);
    assert_int_equal(torc_timer_cancel(timer), TORC_ECALLED);
    assert_int_equal(torc_timer_reset(timer, 1), TORC_ECALLED);
    assert_int_equal(torc_timer_delay(timer, 1), TORC_ECALLED);
    later(&noted, 5); /* takes the place */
    assert_int_equal(torc_timer_cancel(timer), TORC_ESTALE);
    assert_false(torc_timer_active(timer));
    end(&fixture);
    return NULL;
}

TORC_TEST(a_zero_handle_is_stale)
{
    struct torc_timer timer = {NULL, 0, 0};
    assert_int_equal(torc_timer_cancel(timer), TORC_ESTALE);
    assert_false(torc_timer_active(timer));
    assert_int_equal(torc_timer_deadline(timer), TORC_NEVER);
    return NULL;
}

static struct torc_failure *touch_itself(void *arg)
{
    struct noted *noted = arg;
    struct fixture *fixture = noted->fixture;
    struct noted *other = noted + 1;
    if (torc_call_later(fixture->clock, 1, note_letter, other, NULL, NULL))
        note(fixture, '!');
    fixture->codes[0] = torc_timer_cancel(fixture->timer);
    fixture->codes[1] = torc_timer_reset(fixture->timer, 1);
    fixture->codes[2] = torc_timer_delay(fixture->timer, 1);
    fixture->codes[3] = torc_timer_active(fixture->timer);
    return NULL;
}

TORC_TEST(a_call_is_called_already_inside_itself)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted[] = {{&fixture, 'a'}, {&fixture, 'b'}};
    assert_int_equal(torc_call_later(fixture.clock, 1, touch_itself, noted, count_drop,
                                     &fixture.timer),
                     0);
    assert_int_equal(torc_clock_advance(fixture.clock, 1), 0);
    assert_int_equal(fixture.codes[0], TORC_ECALLED);
    assert_int_equal(fixture.codes[1], TORC_ECALLED);
    assert_int_equal(fixture.codes[2], TORC_ECALLED);
    assert_int_equal(fixture.codes[3], 0);
    assert_int_equal(fixture.dropped, 1);
    end(&fixture);
    return NULL;
}

TORC_TEST(reset_counts_from_now_and_delay_from_the_schedule)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    struct torc_timer timer = later(&noted, 100);
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    assert_int_equal(torc_timer_reset(timer, 50), 0);
    assert_int_equal(torc_timer_deadline(timer), 60);
    assert_int_equal(torc_timer_delay(timer, 50), 0);
    assert_int_equal(torc_timer_deadline(timer), 110);
    assert_int_equal(torc_timer_delay(timer, -80), 0);
    assert_int_equal(torc_timer_deadline(timer), 30);
    assert_int_equal(torc_timer_delay(timer, -80), 0);
    assert_int_equal(torc_timer_deadline(timer), 10); /* at the earliest now */
    assert_int_equal(torc_timer_delay(timer, INT64_MIN), 0);
    assert_int_equal(torc_timer_deadline(timer), 10);
    assert_int_equal(torc_clock_advance(fixture.clock, 0), 0);
    assert_string_equal(fixture.journal, "a");
    end(&fixture);
    return NULL;
}

TORC_TEST(reset_and_delay_make_a_call_the_last_of_its_deadline)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted[] = {{&fixture, 'a'}, {&fixture, 'b'}, {&fixture, 'c'}};
    struct torc_timer first = later(&noted[0], 10);
    struct torc_timer second = later(&noted[1], 10);
    later(&noted[2], 10);
    assert_int_equal(torc_timer_reset(first, 10), 0);
    assert_int_equal(torc_timer_delay(second, 0), 0);
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    assert_string_equal(fixture.journal, "cab");
    end(&fixture);
    return NULL;
}

static struct torc_failure *reset_the_other(void *arg)
{
    struct noted *noted = arg;
    note(noted->fixture, noted->letter);
    noted->fixture->codes[0] = torc_timer_reset(noted->fixture->timer, 5);
    return NULL;
}

TORC_TEST(a_call_may_be_reset_in_the_round_it_was_due_in)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted[] = {{&fixture, 'a'}, {&fixture, 'b'}};
    assert_int_equal(torc_call_later(fixture.clock, 10, reset_the_other, &noted[0], NULL, NULL), 0);
    fixture.timer = later(&noted[1], 10);
    assert_int_equal(torc_clock_advance(fixture.clock, 14), 0);
    assert_int_equal(fixture.codes[0], 0);
    assert_string_equal(fixture.journal, "a");
    assert_int_equal(torc_clock_advance(fixture.clock, 1), 0);
    assert_string_equal(fixture.journal, "ab");
    end(&fixture);
    return NULL;
}

static struct torc_failure *cancel_the_other(void *arg)
{
    struct noted *noted = arg;
    note(noted->fixture, noted->letter);
    noted->fixture->codes[0] = torc_timer_cancel(noted->fixture->timer);
    return NULL;
}

TORC_TEST(a_call_may_be_cancelled_in_the_round_it_was_due_in)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted[] = {{&fixture, 'a'}, {&fixture, 'b'}};
    assert_int_equal(torc_call_later(fixture.clock, 10, cancel_the_other, &noted[0], NULL, NULL),
                     0);
    fixture.timer = later(&noted[1], 10);
    assert_int_equal(torc_clock_advance(fixture.clock, 20), 0);
    assert_int_equal(fixture.codes[0], 0);
    assert_string_equal(fixture.journal, "a");
    end(&fixture);
    return NULL;
}

TORC_TEST(a_deadline_past_the_end_of_time_never_comes)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    struct torc_timer timer = later(&noted, TORC_NEVER - 5);
    assert_int_equal(torc_timer_deadline(timer), TORC_NEVER);
    assert_true(torc_timer_active(timer));
    assert_int_equal(torc_clock_advance_to_next(fixture.clock), TORC_ENOTFOUND);
    assert_int_equal(torc_clock_advance(fixture.clock, TORC_NEVER), 0);
    assert_string_equal(fixture.journal, "");
    assert_int_equal(torc_timer_delay(timer, INT64_MAX), 0);
    assert_int_equal(torc_timer_deadline(timer), TORC_NEVER);
    end(&fixture);
    assert_int_equal(fixture.dropped, 1);
    return NULL;
}

TORC_TEST(freeing_drops_what_is_pending)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    for (int i = 0; i < 50; i++)
        later(&noted, (uint64_t)i);
    end(&fixture);
    assert_int_equal(fixture.dropped, 50);
    assert_string_equal(fixture.journal, "");
    torc_clock_free(NULL);
    return NULL;
}

static struct torc_failure *free_the_clock(void *arg)
{
    struct noted *noted = arg;
    torc_clock_free(noted->fixture->clock);
    return NULL;
}

TORC_TEST(a_call_may_free_its_clock)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torc_call_later(fixture.clock, 1, free_the_clock, &noted, count_drop, NULL),
                     0);
    later(&noted, 1);
    later(&noted, 2);
    assert_int_equal(torc_clock_advance(fixture.clock, 10), 0);
    assert_int_equal(fixture.dropped, 3);
    assert_string_equal(fixture.journal, "");
    fixture.clock = NULL;
    end(&fixture);
    return NULL;
}

static struct torc_failure *advance_inside(void *arg)
{
    struct noted *noted = arg;
    noted->fixture->codes[0] = torc_clock_advance(noted->fixture->clock, 1);
    noted->fixture->codes[1] = torc_clock_advance_to_next(noted->fixture->clock);
    return NULL;
}

TORC_TEST(advancing_inside_a_call_is_misuse)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torc_call_later(fixture.clock, 1, advance_inside, &noted, NULL, NULL), 0);
    assert_int_equal(torc_clock_advance(fixture.clock, 1), 0);
    assert_int_equal(fixture.codes[0], TORC_EMISUSE);
    assert_int_equal(fixture.codes[1], TORC_EMISUSE);
    end(&fixture);
    return NULL;
}

static struct torc_failure *return_a_failure(void *arg)
{
    struct noted *noted = arg;
    return torc_failure_new(noted->fixture->scope, &torc_failure_error, TORC_EIO, NULL, "no");
}

TORC_TEST(a_failing_call_is_logged_and_the_next_runs)
{
    struct fixture fixture;
    struct torc_scope_counts counts;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torc_call_later(fixture.clock, 1, return_a_failure, &noted, count_drop,
                                     NULL),
                     0);
    later(&noted, 1);
    assert_int_equal(torc_clock_advance(fixture.clock, 1), 0);
    assert_string_equal(fixture.journal, "a");
    assert_int_equal(fixture.dropped, 2);
    torc_scope_count(fixture.scope, &counts);
    assert_int_equal(counts.errors_logged, 1);
    assert_int_equal(counts.failures, 0);
    end(&fixture);
    return NULL;
}

static void count_visit(void *arg, uint64_t deadline_ns, const char *site)
{
    uint64_t *sum = arg;
    *sum += deadline_ns + (strstr(site, "clock_test.c:") ? 1000 : 0);
}

TORC_TEST(what_is_pending_can_be_visited_with_its_site)
{
    struct fixture fixture;
    uint64_t sum = 0;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    later(&noted, 1);
    struct torc_timer timer = later(&noted, 50);
    later(&noted, 3);
    assert_int_equal(torc_timer_cancel(timer), 0);
    torc_clock_visit(fixture.clock, count_visit, &sum);
    assert_int_equal(sum, 2004);
    end(&fixture);
    return NULL;
}

/* --- alarms ----------------------------------------------------------------------------------- */

static struct torc_failure *ring_again(void *arg)
{
    struct noted *noted = arg;
    note(noted->fixture, noted->letter);
    if (noted->fixture->seen < 3)
        torci_alarm_set(noted->fixture->clock, noted->fixture->alarm, 10);
    return NULL;
}

TORC_TEST(an_alarm_rings_whenever_it_was_set)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torci_alarm_new(fixture.clock, TORC_HERE, ring_again, &noted, &fixture.alarm),
                     0);
    assert_false(torci_alarm_is_set(fixture.clock, fixture.alarm));
    torci_alarm_set(fixture.clock, fixture.alarm, 5);
    torci_alarm_set(fixture.clock, fixture.alarm, 7);
    assert_true(torci_alarm_is_set(fixture.clock, fixture.alarm));
    assert_int_equal(torc_clock_pending(fixture.clock), 1);
    assert_int_equal(torc_clock_advance(fixture.clock, 100), 0);
    assert_string_equal(fixture.journal, "aaa");
    assert_int_equal(fixture.seen_ns[2], 27);
    torci_alarm_set(fixture.clock, fixture.alarm, 5);
    torci_alarm_clear(fixture.clock, fixture.alarm);
    assert_int_equal(torc_clock_advance(fixture.clock, 100), 0);
    assert_string_equal(fixture.journal, "aaa");
    torci_alarm_free(fixture.clock, fixture.alarm);
    torci_alarm_free(fixture.clock, 0);
    torci_alarm_clear(fixture.clock, 0);
    assert_false(torci_alarm_is_set(fixture.clock, 0));
    end(&fixture);
    return NULL;
}

static struct torc_failure *free_itself(void *arg)
{
    struct noted *noted = arg;
    struct fixture *fixture = noted->fixture;
    torci_alarm_free(fixture->clock, fixture->alarm);
    if (torc_call_later(fixture->clock, 1, note_letter, noted, NULL, NULL))
        note(fixture, '!');
    return NULL;
}

TORC_TEST(an_alarm_may_be_freed_inside_its_own_call)
{
    struct fixture fixture;
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    assert_int_equal(torci_alarm_new(fixture.clock, TORC_HERE, free_itself, &noted, &fixture.alarm),
                     0);
    torci_alarm_set(fixture.clock, fixture.alarm, 1);
    assert_int_equal(torc_clock_advance(fixture.clock, 2), 0);
    assert_string_equal(fixture.journal, "a");
    end(&fixture);
    return NULL;
}

TORC_TEST(alarms_need_no_memory_to_be_set)
{
    struct fixture fixture;
    struct torc_scope_counts before, after;
    torci_alarm alarms[100];
    begin(&fixture);
    struct noted noted = {&fixture, 'a'};
    for (int i = 0; i < 100; i++)
        assert_int_equal(torci_alarm_new(fixture.clock, TORC_HERE, note_letter, &noted, &alarms[i]),
                         0);
    torc_scope_count(fixture.scope, &before);
    for (uint64_t i = 0; i < 10000; i++)
        torci_alarm_set(fixture.clock, alarms[i % 100], 20000 - i);
    torc_scope_count(fixture.scope, &after);
    assert_int_equal(before.bytes_in_use, after.bytes_in_use);
    assert_int_equal(torc_clock_pending(fixture.clock), 100);
    for (int i = 0; i < 100; i++)
        torci_alarm_free(fixture.clock, alarms[i]);
    assert_int_equal(torc_clock_pending(fixture.clock), 0);
    end(&fixture);
    return NULL;
}

TORC_TRIAL_MAIN
