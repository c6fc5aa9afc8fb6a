#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>
#include <pthread.h>

#include "tests/support/reactor_fixture.h"

static void call(struct fixture *fixture, struct line *what)
{
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, what, journal_drop), 0);
}

TORC_TEST(calls_run_in_order_and_never_inline, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line a = line(fixture, "a"), b = line(fixture, "b"), c = line(fixture, "c");
    fixture->platform.elsewhere = true;
    call(fixture, &a);
    call(fixture, &b);
    call(fixture, &c);
    fixture->platform.elsewhere = false;
    assert_string_equal(fixture->journal.text, "");
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "a ~a b ~b c ~c ");
    return NULL;
}

static struct torc_failure *call_again(void *arg)
{
    struct line *line = arg;
    (void)journal_call(line);
    line->code = torc_call_from_thread(line->reactor, journal_call, line, NULL);
    return NULL;
}

TORC_TEST(a_call_made_by_a_call_waits_for_the_next_turn, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line again = line(fixture, "again");
    assert_int_equal(torc_call_from_thread(fixture->reactor, call_again, &again, NULL), 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "again ");
    assert_int_equal(torc_reactor_iterate(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(fixture->platform.last_deadline_ns, 0);
    assert_string_equal(fixture->journal.text, "again again ");
    return NULL;
}

TORC_TEST(the_first_call_that_waits_wakes_the_reactor, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line a = line(fixture, "a");
    call(fixture, &a);
    call(fixture, &a);
    assert_int_equal(atomic_load(&fixture->platform.wakes), 1);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    call(fixture, &a);
    assert_int_equal(atomic_load(&fixture->platform.wakes), 2);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    return NULL;
}

static void call_while_blocked(struct scripted_platform *platform, void *arg)
{
    struct line *line = arg;
    (void)platform;
    line->code = torc_call_from_thread(line->reactor, journal_call, line, NULL);
}

TORC_TEST(a_call_ends_a_blocking_wait, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line a = line(fixture, "a");
    fixture->platform.idle = call_while_blocked;
    fixture->platform.idle_arg = &a;
    assert_int_equal(torc_reactor_iterate(fixture->reactor, TORC_NEVER), 0);
    assert_string_equal(fixture->journal.text, "a ");
    return NULL;
}

TORC_TEST(the_number_of_waiting_calls_is_limited, .group = &with_own_fixture)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    options.thread_calls_max = 2;
    struct fixture *fixture = fixture_new(&options);
    torc_trial_set_state(trial, fixture);
    struct line a = line(fixture, "a");
    call(fixture, &a);
    call(fixture, &a);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &a, journal_drop),
                     TORC_ELIMIT);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "a ~a a ~a ");
    call(fixture, &a);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    return NULL;
}

TORC_TEST(without_memory_the_argument_is_not_taken, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_reactor_counts counts;
    struct line a = line(fixture, "a");
    fixture->platform.fail_at = atomic_load(&fixture->platform.acquisitions) + 1;
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &a, journal_drop),
                     TORC_ENOMEM);
    torc_reactor_count(fixture->reactor, &counts);
    assert_int_equal(counts.thread_calls, 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "");
    return NULL;
}

TORC_TEST(a_stopped_reactor_takes_no_calls, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line a = line(fixture, "a");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &a, journal_drop),
                     TORC_ECLOSED);
    assert_string_equal(fixture->journal.text, "");
    return NULL;
}

/* --- real threads ----------------------------------------------------------------------------- */

enum { PRODUCERS = 4, CALLS_EACH = 5000 };

struct producer {
    struct torc_reactor *reactor;
    int next;       /* the number of the call that must run now */
    int in_order;   /* calls that ran in their turn */
    int refused;
    pthread_t thread;
};

struct numbered {
    struct producer *producer;
    int number;
};

static struct torc_failure *take_number(void *arg)
{
    struct numbered *numbered = arg;
    numbered->producer->in_order += numbered->number == numbered->producer->next++;
    return NULL;
}

static void *produce(void *arg)
{
    struct producer *producer = arg;
    for (int i = 0; i < CALLS_EACH; i++) {
        struct numbered *numbered = malloc(sizeof *numbered);
        if (!numbered)
            abort();
        *numbered = (struct numbered){producer, i};
        if (torc_call_from_thread(producer->reactor, take_number, numbered, free) != 0) {
            producer->refused++;
            free(numbered);
        }
    }
    return NULL;
}

TORC_TEST(calls_of_each_thread_run_in_order, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct producer producers[PRODUCERS];
    int ran = 0;
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.reactor = fixture->reactor};
        assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
    }
    while (ran < PRODUCERS * CALLS_EACH) {
        assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
        ran = 0;
        for (int i = 0; i < PRODUCERS; i++)
            ran += producers[i].next;
    }
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_join(producers[i].thread, NULL), 0);
        assert_int_equal(producers[i].in_order, CALLS_EACH);
        assert_int_equal(producers[i].refused, 0);
    }
    return NULL;
}

TORC_TEST(calls_that_race_with_the_stop_are_run_dropped_or_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct producer producers[PRODUCERS];
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.reactor = fixture->reactor};
        assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
    }
    while (producers[0].next < CALLS_EACH / 2)
        assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_join(producers[i].thread, NULL), 0);
        assert_int_equal(producers[i].in_order, producers[i].next);
    }
    return NULL; /* tear_down finds what was neither run, dropped nor refused */
}

TORC_TRIAL_MAIN
