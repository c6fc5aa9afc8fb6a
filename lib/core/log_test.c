#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/recorded_log.h"

static struct torc_test_log recorded;

static struct torc_deferred *open_scope(struct torc_trial *trial)
{
    struct torc_scope *scope;

    torc_test_log_init(&recorded);
    torc_trial_need(trial, torc_scope_new(NULL, &recorded.base, &scope));
    torc_trial_set_state(trial, scope);
    return NULL;
}

static struct torc_deferred *close_scope(struct torc_trial *trial)
{
    torc_scope_free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group in_scope = {.set_up = open_scope, .tear_down = close_scope};

TORC_TEST(a_sentence_reaches_the_observer_with_its_place, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    torc_log(scope, TORC_LOG_WARN, "test", "%d of %s", 3, "them");
    assert_int_equal(recorded.events, 1);
    assert_int_equal(recorded.level, TORC_LOG_WARN);
    assert_string_equal(recorded.name_space, "test");
    assert_string_equal(recorded.message, "3 of them");
    assert_non_null(strstr(recorded.site, "log_test.c:"));
    return NULL;
}

TORC_TEST(a_long_sentence_is_cut, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    char text[700];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    torc_log(scope, TORC_LOG_INFO, "test", "%s", text);
    assert_int_equal(strlen(recorded.message), 511);
    return NULL;
}

TORC_TEST(errors_are_counted_and_lesser_events_are_not, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_scope_counts counts;
    torc_log(scope, TORC_LOG_DEBUG, "test", "a");
    torc_log(scope, TORC_LOG_WARN, "test", "b");
    torc_log(scope, TORC_LOG_ERROR, "test", "c");
    torc_log(scope, TORC_LOG_CRITICAL, "test", "d");
    torc_scope_count(scope, &counts);
    assert_int_equal(counts.errors_logged, 2);
    assert_int_equal(recorded.events, 4);
    return NULL;
}

TORC_TEST(a_failure_is_logged_as_an_error_and_stays_the_callers, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *failure =
        torc_failure_new(scope, &torc_failure_limit, TORC_ELIMIT, NULL, "too much");
    torc_log_failure(scope, "test", "it failed", failure);
    assert_int_equal(recorded.level, TORC_LOG_ERROR);
    assert_string_equal(recorded.message, "it failed");
    assert_string_equal(recorded.site, torc_failure_site(failure));
    assert_non_null(strstr(recorded.failure, "limit: too much"));
    torc_failure_drop(failure);
    return NULL;
}

TORC_TEST(without_an_observer_events_are_only_counted, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_scope_counts counts;
    assert_ptr_equal(torc_scope_set_observer(scope, NULL), &recorded.base);
    torc_log(scope, TORC_LOG_ERROR, "test", "unheard");
    assert_int_equal(recorded.events, 0);
    torc_scope_count(scope, &counts);
    assert_int_equal(counts.errors_logged, 1);
    assert_null(torc_scope_set_observer(scope, &recorded.base));
    return NULL;
}

TORC_TEST(levels_have_names, .group = &in_scope)
{
    assert_string_equal(torc_log_level_name(TORC_LOG_DEBUG), "debug");
    assert_string_equal(torc_log_level_name(TORC_LOG_INFO), "info");
    assert_string_equal(torc_log_level_name(TORC_LOG_WARN), "warn");
    assert_string_equal(torc_log_level_name(TORC_LOG_ERROR), "error");
    assert_string_equal(torc_log_level_name(TORC_LOG_CRITICAL), "critical");
    return NULL;
}

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

TORC_TEST(an_observer_that_logs_is_not_told_of_that, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_scope_counts counts;
    struct talker talker = {{talk}, scope, 0};
    struct torc_log_observer *before = torc_scope_set_observer(scope, &talker.base);
    torc_log(scope, TORC_LOG_ERROR, "test", "first");
    assert_int_equal(talker.events, 1);
    torc_log(scope, TORC_LOG_ERROR, "test", "second");
    assert_int_equal(talker.events, 2);
    torc_scope_count(scope, &counts);
    assert_int_equal(counts.errors_logged, 4);
    torc_scope_set_observer(scope, before);
    return NULL;
}

TORC_TRIAL_MAIN
