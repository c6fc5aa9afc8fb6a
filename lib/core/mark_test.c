#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/mark.h>
#include <torc/trial.h>

#include "tests/support/reactor_fixture.h"

struct counting {
    struct torc_mark_observer base;
    struct journal journal;
};

static void write_mark(struct torc_mark_observer *self, const struct torc_mark *mark, bool held)
{
    struct counting *counting = (struct counting *)(void *)self;
    journal_write(&counting->journal, held ? "+" : "-", mark->name);
}

static void pass(struct torc_reactor *reactor, int value)
{
    TORC_SOMETIMES(reactor, value > 1, "test.sometimes");
    TORC_ALWAYS(reactor, value < 9, "test.always");
    TORC_REACHABLE(reactor, "test.reachable");
    if (value > 100)
        TORC_UNREACHABLE(reactor, "test.unreachable");
}

TORC_TEST(marks_are_told_to_the_observer, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct counting counting = {.base.mark = write_mark};
    pass(fixture->reactor, 1);
    torc_reactor_observe_marks(fixture->reactor, &counting.base);
    pass(fixture->reactor, 1);
    pass(fixture->reactor, 101);
    torc_reactor_observe_marks(fixture->reactor, NULL);
    pass(fixture->reactor, 1);
    assert_string_equal(counting.journal.text,
                        "-test.sometimes +test.always +test.reachable "
                        "+test.sometimes -test.always +test.reachable -test.unreachable ");
    return NULL;
}

static void write_point(struct torc_mark_observer *self, const char *name)
{
    journal_write(&((struct counting *)(void *)self)->journal, "at ", name);
}

TORC_TEST(points_are_told_to_an_observer_that_wants_them, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct counting counting = {.base.mark = write_mark};
    TORC_POINT(fixture->reactor, "test.unobserved");
    torc_reactor_observe_marks(fixture->reactor, &counting.base);
    TORC_POINT(fixture->reactor, "test.unwanted");
    counting.base.point = write_point;
    TORC_POINT(fixture->reactor, "test.point");
    torc_reactor_observe_marks(fixture->reactor, NULL);
    assert_string_equal(counting.journal.text, "at test.point ");
    return NULL;
}

TORC_TEST(the_catalogue_holds_marks_that_were_never_reached)
{
    size_t found = 0;
    for (const struct torc_mark *mark = __start_torc_marks; mark < __stop_torc_marks; mark++)
        found += strncmp(mark->name, "test.", 5) == 0 && strstr(mark->site, "mark_test.c:") != NULL;
    assert_int_equal(found, 4);
    return NULL;
}

TORC_TRIAL_MAIN
