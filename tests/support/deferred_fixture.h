/* deferred_fixture.h - what the tests of deferreds share: a scope on a watched allocator, and callbacks
 * that write down what they saw. */
#ifndef TORC_TEST_DEFERRED_FIXTURE_H
#define TORC_TEST_DEFERRED_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/deferred.h>
#include <torc/format.h>
#include <torc/trial.h>

#include "tests/support/failing_allocator.h"
#include "tests/support/recorded_log.h"

struct fixture {
    struct torc_test_allocator allocator;
    struct torc_test_log log;
    struct torc_scope *scope;
    char trace[1000]; /* words with a blank after each */
    int values_dropped;
    int args_dropped;
};

static struct fixture fixture;

static inline struct torc_deferred *open_scope(struct torc_trial *trial)
{
    memset(&fixture, 0, sizeof fixture);
    torc_test_allocator_init(&fixture.allocator);
    torc_test_log_init(&fixture.log);
    torc_trial_need(trial, torc_scope_new(&fixture.allocator.base, &fixture.log.base, &fixture.scope));
    return NULL;
}

static inline struct torc_deferred *close_scope(struct torc_trial *trial)
{
    size_t left;
    (void)trial;
    torc_scope_free(fixture.scope);
    left = torc_test_allocator_blocks(&fixture.allocator);
    torc_test_allocator_clear(&fixture.allocator);
    assert_int_equal(left, 0);
    return NULL;
}

static const struct torc_trial_group in_scope = {.set_up = open_scope, .tear_down = close_scope};

static inline struct torc_scope_counts counts(void)
{
    struct torc_scope_counts now;
    torc_scope_count(fixture.scope, &now);
    return now;
}

static inline void note(const char *word)
{
    size_t length = strlen(fixture.trace);
    torc_format(fixture.trace + length, sizeof fixture.trace - length, "%s ", word);
}

/* Numbers as values, and values that count their release. */
static inline struct torc_result number(intptr_t n)
{
    return torc_value((void *)n);
}

static inline void count_value(void *value)
{
    (void)value;
    fixture.values_dropped++;
}

static inline void count_arg(void *arg)
{
    (void)arg;
    fixture.args_dropped++;
}

static inline struct torc_failure *a_failure(void)
{
    return torc_failure_new_at("here.c:1", fixture.scope, &torc_failure_limit, TORC_ELIMIT, NULL,
                               "wrong");
}

/* Writes "word=value" or "word!type" and passes the result on. */
static inline struct torc_result look(struct torc_result result, void *word)
{
    char text[100];
    if (result.kind == TORC_RESULT_FAILURE)
        torc_format(text, sizeof text, "%s!%s", (const char *)word,
                    torc_failure_type(result.as.failure)->name);
    else
        torc_format(text, sizeof text, "%s=%td", (const char *)word, (intptr_t)result.as.value);
    note(text);
    return result;
}

/* Releases what comes and returns the failure given as `arg`, the deferred, or value 9. */
static inline struct torc_result then_fail(struct torc_result result, void *failure)
{
    torc_result_drop(result);
    return torc_fail(failure);
}

static inline struct torc_result then_await(struct torc_result result, void *deferred)
{
    torc_result_drop(result);
    return torc_await(deferred);
}

static inline struct torc_result then_nine(struct torc_result result, void *arg)
{
    (void)arg;
    torc_result_drop(result);
    return number(9);
}

/* A deferred with both its ends. */
struct ends {
    struct torc_source source;
    struct torc_deferred *sink;
};

static inline struct ends make(void)
{
    struct ends ends;
    assert_int_equal(
        torc_deferred_new_at("made.c:1", fixture.scope, NULL, NULL, &ends.source, &ends.sink), 0);
    return ends;
}

static inline void add(struct torc_deferred *deferred, torc_callback_fn *callback,
                       torc_callback_fn *errback, const void *arg)
{
    void *given = (void *)(uintptr_t)arg;
    assert_int_equal(torc_deferred_add(deferred, callback, errback, given, count_arg), 0);
}

static inline void add_look(struct torc_deferred *deferred, const char *word)
{
    add(deferred, look, look, word);
}

#endif
