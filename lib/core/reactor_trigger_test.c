#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/reactor_fixture.h"

static struct torc_trigger on(struct fixture *fixture, enum torc_phase phase, const char *event,
                              torc_trigger_fn *trigger, struct line *arg)
{
    struct torc_trigger handle;
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, phase, event, trigger, arg,
                                              journal_drop, &handle),
                     0);
    return handle;
}

TORC_TEST(triggers_of_a_phase_run_in_the_order_they_were_added, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static const char *const words[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"};
    struct line lines[12];
    for (size_t i = 0; i < 12; i++) {
        lines[i] = line(fixture, words[i]);
        on(fixture, i % 2 ? TORC_BEFORE : TORC_AFTER, "x", journal_trigger, &lines[i]);
    }
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_string_equal(fixture->journal.text,
                        "1 ~1 3 ~3 5 ~5 7 ~7 9 ~9 11 ~11 0 ~0 2 ~2 4 ~4 6 ~6 8 ~8 10 ~10 ");
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "unheard of"), 0);
    return NULL;
}

TORC_TEST(a_removed_trigger_does_not_run, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line a = line(fixture, "a"), b = line(fixture, "b"), c = line(fixture, "c");
    on(fixture, TORC_BEFORE, "x", journal_trigger, &a);
    struct torc_trigger second = on(fixture, TORC_BEFORE, "x", journal_trigger, &b);
    struct torc_trigger third = on(fixture, TORC_BEFORE, "x", journal_trigger, &c);
    assert_int_equal(torc_reactor_remove_trigger(fixture->reactor, second), 0);
    assert_string_equal(fixture->journal.text, "~b ");
    assert_int_equal(torc_reactor_remove_trigger(fixture->reactor, second), TORC_ESTALE);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_int_equal(torc_reactor_remove_trigger(fixture->reactor, third), TORC_ESTALE);
    assert_int_equal(torc_reactor_remove_trigger(fixture->reactor, (struct torc_trigger){99, 1}),
                     TORC_ESTALE);
    assert_string_equal(fixture->journal.text, "~b a ~a c ~c ");
    return NULL;
}

TORC_TEST(no_such_phase, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, (enum torc_phase)3, "x",
                                              journal_trigger, NULL, NULL, NULL),
                     TORC_EINVAL);
    return NULL;
}

TORC_TEST(the_reactors_own_events_cannot_be_fired, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "startup"), TORC_EINVAL);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "shutdown"), TORC_EINVAL);
    return NULL;
}

struct adding {
    struct line base;
    struct line added;
    enum torc_phase phase;
};

static struct torc_result add_another(void *arg)
{
    struct adding *adding = arg;
    (void)journal_trigger(&adding->base);
    adding->base.code = torc_reactor_add_trigger(adding->base.reactor, adding->phase, "x",
                                                 journal_trigger, &adding->added, NULL, NULL);
    return torc_value(NULL);
}

TORC_TEST(a_trigger_added_while_firing_runs_if_its_phase_is_not_over, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct adding same = {line(fixture, "a"), line(fixture, "same"), TORC_DURING};
    struct adding later = {line(fixture, "b"), line(fixture, "later"), TORC_AFTER};
    struct adding over = {line(fixture, "c"), line(fixture, "over"), TORC_BEFORE};
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_DURING, "x", add_another,
                                              &same, NULL, NULL),
                     0);
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_DURING, "x", add_another,
                                              &later, NULL, NULL),
                     0);
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_DURING, "x", add_another,
                                              &over, NULL, NULL),
                     0);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_string_equal(fixture->journal.text, "a b c same later ");
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_string_equal(fixture->journal.text, "a b c same later over ");
    return NULL;
}

TORC_TEST(an_event_waits_for_its_before_deferreds_and_is_busy, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line waits = line(fixture, "waits"), during = line(fixture, "during");
    on(fixture, TORC_BEFORE, "x", journal_trigger_waits, &waits);
    on(fixture, TORC_DURING, "x", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), TORC_EBUSY);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "waits ~waits ");
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    assert_int_equal(torc_source_fire(waits.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "waits ~waits during ~during ");
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    return NULL;
}

static struct torc_result fire_inside(void *arg)
{
    struct line *line = arg;
    line->code = torc_reactor_fire_event(line->reactor, "x");
    return torc_value(NULL);
}

TORC_TEST(firing_an_event_inside_itself_is_busy, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line inside = line(fixture, "");
    on(fixture, TORC_AFTER, "x", fire_inside, &inside);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_int_equal(inside.code, TORC_EBUSY);
    return NULL;
}

static struct torc_result return_fired(void *arg)
{
    struct line *line = arg;
    struct torc_deferred *deferred;
    (void)journal_trigger(line);
    line->code = torc_deferred_fired(torc_reactor_scope(line->reactor),
                                     torc_owned(line, journal_drop), &deferred);
    return line->code ? torc_value(NULL) : torc_await(deferred);
}

TORC_TEST(a_deferred_that_has_fired_does_not_hold, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line fired = line(fixture, "fired"), during = line(fixture, "during");
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_BEFORE, "x", return_fired,
                                              &fired, NULL, NULL),
                     0);
    on(fixture, TORC_DURING, "x", journal_trigger, &during);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_string_equal(fixture->journal.text, "fired ~fired during ~during ");
    return NULL;
}

TORC_TEST(only_before_waits_for_a_deferred, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line waits = line(fixture, "waits"), after = line(fixture, "after");
    on(fixture, TORC_DURING, "x", journal_trigger_waits, &waits);
    on(fixture, TORC_AFTER, "x", journal_trigger, &after);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_string_equal(fixture->journal.text, "waits ~waits after ~after ");
    assert_int_equal(torc_source_fire(waits.source, torc_value(NULL)), 0);
    return NULL;
}

static struct torc_result return_nested(struct torc_result result, void *arg)
{
    struct line *line = arg;
    struct torc_deferred *inner;
    torc_result_drop(result);
    line->code = torc_deferred_new(torc_reactor_scope(line->reactor), NULL, NULL, &line->source,
                                   &inner);
    return line->code ? torc_value(NULL) : torc_await(inner);
}

static struct torc_result return_a_chain(void *arg)
{
    struct line *line = arg;
    struct torc_deferred *outer;
    line->code =
        torc_deferred_fired(torc_reactor_scope(line->reactor), torc_value(NULL), &outer);
    if (line->code)
        return torc_value(NULL);
    line->code = torc_deferred_add_callback(outer, return_nested, line, NULL);
    return torc_await(outer);
}

TORC_TEST(a_deferred_that_waits_for_another_holds, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line chain = line(fixture, ""), during = line(fixture, "during");
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_BEFORE, "x", return_a_chain,
                                              &chain, NULL, NULL),
                     0);
    on(fixture, TORC_DURING, "x", journal_trigger, &during);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_fire_event(fixture->reactor, "x"), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    assert_string_equal(fixture->journal.text, "");
    assert_int_equal(torc_source_fire(chain.source, torc_value(NULL)), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_string_equal(fixture->journal.text, "during ~during ");
    return NULL;
}

TORC_TRIAL_MAIN
