#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/recorded_log.h"

static struct torc_test_log recorded;

static int open_scope(void **state)
{
    torc_test_log_init(&recorded);
    return torc_scope_new(NULL, &recorded.base, (struct torc_scope **)state);
}

static int close_scope(void **state)
{
    torc_scope_free(*state);
    return 0;
}

static void a_sentence_reaches_the_observer_with_its_place(void **state)
{
    torc_log(*state, TORC_LOG_WARN, "test", "%d of %s", 3, "them");
    assert_int_equal(recorded.events, 1);
    assert_int_equal(recorded.level, TORC_LOG_WARN);
    assert_string_equal(recorded.name_space, "test");
    assert_string_equal(recorded.message, "3 of them");
    assert_non_null(strstr(recorded.site, "log_test.c:"));
}

static void a_long_sentence_is_cut(void **state)
{
    char text[700];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    torc_log(*state, TORC_LOG_INFO, "test", "%s", text);
    assert_int_equal(strlen(recorded.message), 511);
}

static void errors_are_counted_and_lesser_events_are_not(void **state)
{
    struct torc_scope_counts counts;
    torc_log(*state, TORC_LOG_DEBUG, "test", "a");
    torc_log(*state, TORC_LOG_WARN, "test", "b");
    torc_log(*state, TORC_LOG_ERROR, "test", "c");
    torc_log(*state, TORC_LOG_CRITICAL, "test", "d");
    torc_scope_count(*state, &counts);
    assert_int_equal(counts.errors_logged, 2);
    assert_int_equal(recorded.events, 4);
}

static void a_failure_is_logged_as_an_error_and_stays_the_callers(void **state)
{
    struct torc_failure *failure =
        torc_failure_new(*state, &torc_failure_limit, TORC_ELIMIT, NULL, "too much");
    torc_log_failure(*state, "test", "it failed", failure);
    assert_int_equal(recorded.level, TORC_LOG_ERROR);
    assert_string_equal(recorded.message, "it failed");
    assert_string_equal(recorded.site, torc_failure_site(failure));
    assert_non_null(strstr(recorded.failure, "limit: too much"));
    torc_failure_drop(failure);
}

static void without_an_observer_events_are_only_counted(void **state)
{
    struct torc_scope_counts counts;
    assert_ptr_equal(torc_scope_set_observer(*state, NULL), &recorded.base);
    torc_log(*state, TORC_LOG_ERROR, "test", "unheard");
    assert_int_equal(recorded.events, 0);
    torc_scope_count(*state, &counts);
    assert_int_equal(counts.errors_logged, 1);
    assert_null(torc_scope_set_observer(*state, &recorded.base));
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(torc_log_level_name(TORC_LOG_DEBUG), "debug");
    assert_string_equal(torc_log_level_name(TORC_LOG_INFO), "info");
    assert_string_equal(torc_log_level_name(TORC_LOG_WARN), "warn");
    assert_string_equal(torc_log_level_name(TORC_LOG_ERROR), "error");
    assert_string_equal(torc_log_level_name(TORC_LOG_CRITICAL), "critical");
}

#define IN_SCOPE(test) cmocka_unit_test_setup_teardown(test, open_scope, close_scope)

struct talker {
    struct torc_log_observer base;
    struct torc_scope *scope;
    unsigned events;
};

static void talk(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct talker *talker = (struct talker *)(void *)self;
    (void)event;
    if (talker->events++ < 100)
        torc_log(talker->scope, TORC_LOG_ERROR, "test", "about what was said");
}

static void an_observer_that_logs_is_not_told_of_that(void **state)
{
    struct torc_scope_counts counts;
    struct talker talker = {{talk}, *state, 0};
    struct torc_log_observer *before = torc_scope_set_observer(*state, &talker.base);
    torc_log(*state, TORC_LOG_ERROR, "test", "first");
    assert_int_equal(talker.events, 1);
    torc_log(*state, TORC_LOG_ERROR, "test", "second");
    assert_int_equal(talker.events, 2);
    torc_scope_count(*state, &counts);
    assert_int_equal(counts.errors_logged, 4);
    torc_scope_set_observer(*state, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCOPE(a_sentence_reaches_the_observer_with_its_place),
        IN_SCOPE(a_long_sentence_is_cut),
        IN_SCOPE(errors_are_counted_and_lesser_events_are_not),
        IN_SCOPE(a_failure_is_logged_as_an_error_and_stays_the_callers),
        IN_SCOPE(without_an_observer_events_are_only_counted),
        IN_SCOPE(an_observer_that_logs_is_not_told_of_that),
        IN_SCOPE(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
