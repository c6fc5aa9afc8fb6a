#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/reactor_fixture.h"

static void on(struct fixture *fixture, enum torc_phase phase, const char *event,
               torc_trigger_fn *trigger, struct line *arg)
{
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, phase, event, trigger, arg, NULL,
                                              NULL),
                     0);
}

/* --- a whole life ----------------------------------------------------------------------------- */

static struct torc_result note_running(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, torc_reactor_running(line->reactor) ? "+" : "-", line->word);
    return torc_value(NULL);
}

TORC_TEST(a_life_runs_its_phases_in_order, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line b = line(fixture, "before-startup"), d = line(fixture, "during-startup"),
                a = line(fixture, "after-startup"), w = line(fixture, "when-running"),
                t = line(fixture, "thread"), s = line(fixture, "stop"),
                x = line(fixture, "before-shutdown"), y = line(fixture, "during-shutdown"),
                z = line(fixture, "after-shutdown");
    on(fixture, TORC_AFTER, "startup", note_running, &a);
    on(fixture, TORC_DURING, "startup", note_running, &d);
    on(fixture, TORC_BEFORE, "startup", note_running, &b);
    on(fixture, TORC_AFTER, "shutdown", note_running, &z);
    on(fixture, TORC_DURING, "shutdown", note_running, &y);
    on(fixture, TORC_BEFORE, "shutdown", note_running, &x);
    assert_int_equal(torc_call_when_running(fixture->reactor, journal_call, &w, NULL), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &t, NULL), 0);
    assert_int_equal(torc_call_soon(fixture->reactor, journal_stop, &s, NULL), 0);
    assert_int_equal(torc_reactor_run(fixture->reactor), 0);
    assert_string_equal(fixture->journal.text,
                        "-before-startup +during-startup +after-startup when-running thread stop "
                        "+before-shutdown -during-shutdown -after-shutdown ");
    assert_int_equal(s.code, 0);
    assert_int_equal(torc_reactor_run(fixture->reactor), TORC_ENOTRESTARTABLE);
    assert_int_equal(torc_reactor_start(fixture->reactor), TORC_ENOTRESTARTABLE);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), TORC_ENOTRUNNING);
    return NULL;
}

TORC_TEST(starting_twice_is_an_error, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_start(fixture->reactor), TORC_ERUNNING);
    assert_int_equal(torc_reactor_run(fixture->reactor), TORC_ERUNNING);
    return NULL;
}

TORC_TEST(turn_needs_a_reactor_that_was_started_and_iterate_does_not, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line call = line(fixture, "call");
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    assert_int_equal(torc_call_later(fixture->clock, 10, journal_call, &call, NULL, NULL), 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 5), 0);
    assert_string_equal(fixture->journal.text, "");
    assert_int_equal(torc_reactor_iterate(fixture->reactor, TORC_NEVER), 0);
    assert_string_equal(fixture->journal.text, "call ");
    assert_false(torc_reactor_running(fixture->reactor));
    return NULL;
}

/* --- startup ---------------------------------------------------------------------------------- */

TORC_TEST(a_deferred_before_startup_delays_running, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line waits = line(fixture, "waits"), during = line(fixture, "during"),
                timer = line(fixture, "timer");
    on(fixture, TORC_BEFORE, "startup", journal_trigger_waits, &waits);
    on(fixture, TORC_DURING, "startup", note_running, &during);
    assert_int_equal(torc_call_soon(fixture->reactor, journal_call, &timer, NULL), 0);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_false(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_reactor_start(fixture->reactor), TORC_ERUNNING);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    assert_int_equal(torc_source_fire(waits.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_string_equal(fixture->journal.text, "waits timer +during ");
    return NULL;
}

TORC_TEST(stop_ends_a_startup_that_is_held, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line waits = line(fixture, "waits"), never = line(fixture, "never"),
                shutdown = line(fixture, "shutdown");
    on(fixture, TORC_BEFORE, "startup", journal_trigger_waits, &waits);
    assert_int_equal(torc_call_when_running(fixture->reactor, journal_call, &never, journal_drop),
                     0);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &shutdown);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);
    assert_string_equal(fixture->journal.text, "waits shutdown ~never ");
    return NULL;
}

TORC_TEST(a_call_when_running_is_made_at_once_if_it_is, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line call = line(fixture, "call"), bad = line(fixture, "bad");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_call_when_running(fixture->reactor, journal_call, &call, journal_drop),
                     0);
    assert_int_equal(torc_call_when_running(fixture->reactor, journal_failure, &bad, NULL), 0);
    assert_string_equal(fixture->journal.text, "call ~call bad ");
    assert_string_equal(fixture->log.journal.text,
                        "while running a call that waited for the reactor ");
    return NULL;
}

/* --- stop ------------------------------------------------------------------------------------- */

TORC_TEST(stop_returns_at_once_and_a_second_one_is_an_error, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line during = line(fixture, "during");
    assert_int_equal(torc_reactor_stop(fixture->reactor), TORC_ENOTRUNNING);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_reactor_stop(fixture->reactor), TORC_ENOTRUNNING);
    assert_string_equal(fixture->journal.text, "");
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_string_equal(fixture->journal.text, "during ");
    assert_int_equal(torc_reactor_stop(fixture->reactor), TORC_ENOTRUNNING);
    assert_int_equal(torc_reactor_crash(fixture->reactor), TORC_ENOTRUNNING);
    return NULL;
}

TORC_TEST(timers_go_on_while_a_deferred_holds_the_shutdown, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line first = line(fixture, "first"), second = line(fixture, "second"),
                during = line(fixture, "during"), timer = line(fixture, "timer"),
                thread = line(fixture, "thread");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &first);
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &second);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    assert_int_equal(torc_call_later(fixture->clock, 5, journal_call, &timer, NULL, NULL), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &thread, NULL), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(torc_source_fire(second.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_source_fire(first.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 5);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_string_equal(fixture->journal.text, "first second thread timer during ");
    assert_false(torc_reactor_running(fixture->reactor));
    return NULL;
}

TORC_TEST(a_trigger_added_while_the_shutdown_is_held_runs_too, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line first = line(fixture, "first"), added = line(fixture, "added"),
                during = line(fixture, "during");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &first);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &added);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 0);
    assert_int_equal(torc_source_fire(first.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "first added ");
    assert_int_equal(torc_source_fire(added.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "first added during ");
    return NULL;
}

TORC_TEST(a_failing_trigger_is_logged_and_the_rest_run, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line bad = line(fixture, "bad"), waits = line(fixture, "waits"),
                worse = line(fixture, "worse"), last = line(fixture, "last");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_fails, &bad);
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &waits);
    on(fixture, TORC_DURING, "shutdown", journal_trigger_fails, &worse);
    on(fixture, TORC_AFTER, "shutdown", journal_trigger, &last);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_source_fire(waits.source, torc_fail(torc_failure_no_memory())), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "bad waits worse last ");
    assert_string_equal(fixture->log.journal.text,
                        "while running a trigger while running a trigger while running a trigger ");
    return NULL;
}

TORC_TEST(a_shutdown_held_too_long_says_by_whom_and_goes_on, .group = &with_own_fixture)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    options.shutdown_timeout_ns = 100;
    struct fixture *fixture = fixture_new(&options);
    torc_trial_set_state(trial, fixture);
    struct line waits = line(fixture, "waits"), during = line(fixture, "during");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &waits);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    fixture->platform.now_ns = 10;
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 110);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 109), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_false(torc_reactor_running(fixture->reactor));
    assert_string_equal(fixture->journal.text, "waits during ");
    assert_non_null(strstr(fixture->log.journal.text,
                           "the shutdown goes on without the deferred made at "));
    assert_non_null(strstr(fixture->log.journal.text, "journal.h:"));
    torc_source_drop(waits.source);
    return NULL;
}

static struct torc_result submit_everything(void *arg)
{
    struct line *lines = arg;
    struct torc_reactor *reactor = lines->reactor;
    struct torc_deferred *deferred;
    (void)journal_trigger(lines);
    lines[0].code = torc_call_soon(reactor, journal_call, lines, NULL);
    lines[1].code = torc_call_from_thread(reactor, journal_call, lines, NULL);
    lines[2].code = torc_run_job(reactor, NULL, NULL, NULL, &deferred);
    lines[3].code = torc_call_when_running(reactor, journal_call, lines, NULL);
    lines[4].code = torc_reactor_add_trigger(reactor, TORC_BEFORE, "shutdown", journal_trigger,
                                             lines, NULL, NULL);
    lines[5].code = torc_reactor_add_trigger(reactor, TORC_AFTER, "shutdown", journal_trigger,
                                             &lines[5], NULL, NULL);
    return torc_value(NULL);
}

TORC_TEST(work_submitted_after_before_shutdown_is_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line lines[6];
    for (int i = 0; i < 6; i++)
        lines[i] = line(fixture, i == 5 ? "after" : "during");
    on(fixture, TORC_DURING, "shutdown", submit_everything, lines);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(lines[i].code, TORC_ECLOSED);
    assert_int_equal(lines[5].code, 0);
    assert_string_equal(fixture->journal.text, "during after ");
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_AFTER, "shutdown",
                                              journal_trigger, lines, NULL, NULL),
                     TORC_ECLOSED);
    return NULL;
}

static struct torc_result call_back_later(void *arg)
{
    struct line *line = arg;
    (void)journal_trigger(line);
    line->code = torc_call_from_thread(line->reactor, journal_call, line, journal_drop);
    return torc_value(NULL);
}

TORC_TEST(a_thread_call_that_comes_too_late_is_dropped, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line late = line(fixture, "late");
    on(fixture, TORC_BEFORE, "shutdown", call_back_later, &late);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(late.code, 0);
    assert_string_equal(fixture->journal.text, "late ~late ");
    return NULL;
}

/* --- crash ------------------------------------------------------------------------------------ */

TORC_TEST(crash_leaves_after_the_turn_without_triggers_and_can_run_again, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line crash = line(fixture, "crash"), same_turn = line(fixture, "same-turn"),
                shutdown = line(fixture, "shutdown"), stop = line(fixture, "stop"),
                started = line(fixture, "started");
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &shutdown);
    assert_int_equal(torc_reactor_crash(fixture->reactor), TORC_ENOTRUNNING);
    assert_int_equal(torc_call_soon(fixture->reactor, journal_crash, &crash, NULL), 0);
    assert_int_equal(torc_call_soon(fixture->reactor, journal_call, &same_turn, NULL), 0);
    assert_int_equal(torc_reactor_run(fixture->reactor), 0);
    assert_string_equal(fixture->journal.text, "crash same-turn ");
    assert_false(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);

    on(fixture, TORC_AFTER, "startup", journal_trigger, &started);
    assert_int_equal(torc_call_soon(fixture->reactor, journal_stop, &stop, NULL), 0);
    assert_int_equal(torc_reactor_run(fixture->reactor), 0);
    assert_string_equal(fixture->journal.text, "crash same-turn started stop shutdown ");
    return NULL;
}

TORC_TEST(crash_ends_a_shutdown_that_is_held, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line waits = line(fixture, "waits"), during = line(fixture, "during"),
                stop = line(fixture, "stop");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &waits);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_reactor_crash(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);
    torc_source_drop(waits.source);
    assert_string_equal(fixture->journal.text, "waits ");
    assert_int_equal(torc_call_soon(fixture->reactor, journal_stop, &stop, NULL), 0);
    assert_int_equal(torc_reactor_run(fixture->reactor), 0);
    assert_string_equal(fixture->journal.text, "waits stop during ");
    return NULL;
}

TORC_TEST(crash_in_a_trigger_leaves_the_later_ones_for_the_next_start, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line crash = line(fixture, "crash"), next = line(fixture, "next"),
                before = line(fixture, "before"), during = line(fixture, "during");
    on(fixture, TORC_BEFORE, "startup", journal_trigger_crashes, &crash);
    on(fixture, TORC_BEFORE, "startup", journal_trigger, &next);
    assert_int_equal(torc_reactor_run(fixture->reactor), 0);
    assert_string_equal(fixture->journal.text, "crash ");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_string_equal(fixture->journal.text, "crash next ");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_crashes, &before);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);
    assert_string_equal(fixture->journal.text, "crash next before ");
    return NULL;
}

/* --- signals ---------------------------------------------------------------------------------- */

static struct fixture *with_signals(struct torc_trial *trial)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    options.watch_signals = true;
    struct fixture *fixture = fixture_new(&options);
    torc_trial_set_state(trial, fixture);
    return fixture;
}

TORC_TEST(a_signal_stops_the_reactor, .group = &with_own_fixture)
{
    struct fixture *fixture = with_signals(trial);
    struct line during = line(fixture, "during");
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_false(fixture->platform.signals_watched);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_true(fixture->platform.signals_watched);
    scripted_signal(&fixture->platform, TORC_SIGNAL_TERMINATE);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_string_equal(fixture->journal.text, "during ");
    assert_int_equal(torc_reactor_exit_signal(fixture->reactor), TORC_SIGNAL_TERMINATE);
    assert_false(fixture->platform.signals_watched);
    return NULL;
}

TORC_TEST(a_second_signal_crashes_it, .group = &with_own_fixture)
{
    struct fixture *fixture = with_signals(trial);
    struct line waits = line(fixture, "waits"), during = line(fixture, "during");
    on(fixture, TORC_BEFORE, "shutdown", journal_trigger_waits, &waits);
    on(fixture, TORC_DURING, "shutdown", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    scripted_signal(&fixture->platform, TORC_SIGNAL_INTERRUPT);
    turn_all(fixture);
    scripted_signal(&fixture->platform, TORC_SIGNAL_TERMINATE);
    turn_all(fixture);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), TORC_ENOTRUNNING);
    assert_string_equal(fixture->journal.text, "waits ");
    assert_int_equal(torc_reactor_exit_signal(fixture->reactor), TORC_SIGNAL_INTERRUPT);
    assert_false(fixture->platform.signals_watched);
    assert_non_null(strstr(fixture->log.journal.text, "a second signal"));
    torc_source_drop(waits.source);
    return NULL;
}

TORC_TEST(signals_are_let_alone_unless_asked_for, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_false(fixture->platform.signals_watched);
    assert_int_equal(torc_reactor_exit_signal(fixture->reactor), 0);
    return NULL;
}

static int no_signals(struct torc_platform *self, bool watch, uint64_t token)
{
    (void)self;
    (void)watch;
    (void)token;
    return TORC_ENOTSUP;
}

TORC_TEST(a_platform_without_signals_is_logged, .group = &with_own_fixture)
{
    struct fixture *fixture = with_signals(trial);
    fixture->platform.ops.signals = no_signals;
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_non_null(strstr(fixture->log.journal.text, "signals are not watched: "));
    return NULL;
}

TORC_TRIAL_MAIN
