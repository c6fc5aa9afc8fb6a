/* reactor_fixture.h - a reactor on a scripted platform, with a journal, for one test.
 *
 * It is the state of tests in the group with_fixture; those in with_own_fixture make their own first.  Either fails if
 * memory was not given back. */
#ifndef TORC_TESTS_REACTOR_FIXTURE_H
#define TORC_TESTS_REACTOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/journal.h"
#include "tests/support/scripted_platform.h"

struct fixture {
    struct scripted_platform platform;
    struct journal_observer log; /* warnings and errors */
    struct journal journal;
    struct torc_reactor_options options;
    struct torc_reactor *reactor;
    struct torc_clock *clock;
};

static inline struct fixture *fixture_new(const struct torc_reactor_options *options)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        abort();
    scripted_init(&fixture->platform);
    fixture->log.base.emit = journal_observe;
    fixture->options = *options;
    fixture->options.observer = &fixture->log.base;
    if (torc_reactor_new(&fixture->platform.base, &fixture->options, &fixture->reactor) != 0)
        abort();
    fixture->clock = torc_reactor_clock(fixture->reactor);
    return fixture;
}

static inline struct torc_deferred *set_up(struct torc_trial *trial)
{
    const struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    torc_trial_set_state(trial, fixture_new(&options));
    return NULL;
}

static inline void fixture_free(struct fixture *fixture)
{
    torc_reactor_free(fixture->reactor);
    size_t blocks = scripted_end(&fixture->platform);
    free(fixture);
    assert_int_equal(blocks, 0);
}

static inline struct torc_deferred *tear_down(struct torc_trial *trial)
{
    fixture_free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};
static const struct torc_trial_group with_own_fixture = {.tear_down = tear_down};

/* An argument for the callbacks of journal.h. */
static inline struct line line(struct fixture *fixture, const char *word)
{
    return (struct line){.journal = &fixture->journal, .word = word, .reactor = fixture->reactor};
}

/* Turns without waiting, until there is nothing to do at once. */
static inline void turn_all(struct fixture *fixture)
{
    do {
        if (torc_reactor_turn(fixture->reactor, 0) != 0)
            return;
    } while (torc_reactor_next_at(fixture->reactor) <= fixture->platform.now_ns);
}

#endif
