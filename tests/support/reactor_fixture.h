/* reactor_fixture.h - a reactor on a scripted platform, with a journal, for one test.
 *
 * set_up and tear_down are for cmocka_unit_test_setup_teardown; the second fails if memory was not
 * given back. */
#ifndef TORC_TESTS_REACTOR_FIXTURE_H
#define TORC_TESTS_REACTOR_FIXTURE_H

#include <stdlib.h>

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

static inline int set_up(void **state)
{
    const struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    *state = fixture_new(&options);
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    torc_reactor_free(fixture->reactor);
    size_t blocks = scripted_end(&fixture->platform);
    free(fixture);
    return blocks == 0 ? 0 : -1;
}

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
