#include "database_fixture.h"

#include <stdio.h>
#include <string.h>

static void note_error(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct database_fixture *fixture =
        (struct database_fixture *)(void *)((char *)self -
                                            offsetof(struct database_fixture, observer));
    if (event->level < TORC_LOG_ERROR)
        return;
    fixture->errors_logged++;
    snprintf(fixture->last_error, sizeof fixture->last_error, "%s", event->message);
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct database_fixture *fixture = calloc(1, sizeof *fixture);
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    assert_non_null(fixture);
    fixture->observer.emit = note_error;
    options.observer = &fixture->observer;
    test_directory_make(fixture->directory);
    snprintf(fixture->path, sizeof fixture->path, "%s/main.sqlite", fixture->directory);
    torc_trial_need(trial, torc_live_new(NULL, &fixture->platform));
    torc_trial_need(trial, torc_reactor_new(fixture->platform, &options, &fixture->reactor));
    torc_trial_need(trial, torc_reactor_start(fixture->reactor));
    torc_trial_set_state(trial, fixture);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_scope_counts counts;
    struct torc_reactor_counts left;
    torc_scope_count(torc_reactor_scope(fixture->reactor), &counts);
    torc_reactor_count(fixture->reactor, &left);
    torc_reactor_free(fixture->reactor);
    torc_live_free(fixture->platform);
    test_directory_remove(fixture->directory);
    assert_int_equal(counts.deferreds, 0);
    assert_int_equal(counts.failures, 0);
    assert_int_equal(counts.unhandled, 0);
    assert_int_equal(left.jobs, 0);
    assert_int_equal(left.timers, 0);
    free(fixture);
    return NULL;
}

const struct torc_trial_group with_database = {.set_up = set_up, .tear_down = tear_down};

void database_turn_until(struct database_fixture *fixture, const bool *flag)
{
    while (!*flag)
        assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
}

struct awaited {
    bool done;
    struct torc_result result;
};

static struct torc_result arrived(struct torc_result result, void *arg)
{
    struct awaited *awaited = arg;
    awaited->done = true;
    awaited->result = result;
    return torc_value(NULL);
}

struct torc_result database_await(struct database_fixture *fixture, struct torc_deferred *deferred)
{
    struct awaited awaited = {false, {TORC_RESULT_VALUE, {NULL}, NULL}};
    assert_int_equal(torc_deferred_add_both(deferred, arrived, &awaited, NULL), 0);
    torc_deferred_drop(deferred);
    database_turn_until(fixture, &awaited.done);
    return awaited.result;
}

void *database_await_value(struct database_fixture *fixture, struct torc_deferred *deferred)
{
    struct torc_result result = database_await(fixture, deferred);
    if (result.kind == TORC_RESULT_FAILURE) {
        char text[512];
        torc_failure_describe(result.as.failure, text, sizeof text);
        torc_result_drop(result);
        fail_msg("%s", text);
    }
    return result.as.value;
}

struct torc_failure *database_await_failure(struct database_fixture *fixture,
                                            struct torc_deferred *deferred)
{
    struct torc_result result = database_await(fixture, deferred);
    assert_int_equal(result.kind, TORC_RESULT_FAILURE);
    return result.as.failure;
}

struct torc_pool *database_pool(struct database_fixture *fixture,
                                const struct torc_pool_options *options)
{
    struct torc_pool_options own = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    if (options)
        own = *options;
    if (!own.path)
        own.path = fixture->path;
    assert_int_equal(torc_pool_new(fixture->reactor, &own, &pool), 0);
    return pool;
}

void database_pool_end(struct database_fixture *fixture, struct torc_pool *pool)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_close(pool, &deferred), 0);
    assert_null(database_await_value(fixture, deferred));
    torc_pool_free(pool);
}

void database_run(struct database_fixture *fixture, struct torc_pool *pool, const char *sql)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, sql, TORC_NO_PARAMETERS, &deferred), 0);
    torc_rows_free(database_await_value(fixture, deferred));
}

int64_t database_integer(struct database_fixture *fixture, struct torc_pool *pool, const char *sql)
{
    struct torc_deferred *deferred;
    int64_t number = 0;
    assert_int_equal(torc_pool_query(pool, sql, TORC_NO_PARAMETERS, &deferred), 0);
    struct torc_rows *rows = database_await_value(fixture, deferred);
    assert_int_equal(torc_rows_integer(rows, 0, 0, &number), 0);
    torc_rows_free(rows);
    return number;
}
