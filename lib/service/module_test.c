#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/module.h>
#include <torc/trial.h>

#include <tests/support/reactor_fixture.h>

/* A module whose every step is seen. */
static struct {
    int started;
    int stopped;
    bool fails;
    bool takes_time;
    struct torc_source source;
} seen;

static struct torc_scope *seen_scope;

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    (void)options;
    seen.started++;
    seen_scope = torc_reactor_scope(reactor);
    if (seen.fails)
        return torc_failure_new(seen_scope, &torc_failure_listen_error, TORC_EADDRINUSE, NULL,
                                "in use");
    *out_instance = &seen;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct torc_deferred *deferred = NULL;

    if (instance == &seen)
        seen.stopped++;
    if (seen.takes_time &&
        torc_deferred_new(seen_scope, NULL, NULL, &seen.source, &deferred) != 0)
        deferred = NULL;
    return deferred;
}

static const struct torc_option no_options[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};

static const struct torc_module module = {
    .size = sizeof(module),
    .name = "seen",
    .version = "1",
    .doc = "",
    .options = no_options,
    .start = start,
    .stop = stop,
};

static struct torc_deferred *set_up_module(struct torc_trial *trial)
{
    memset(&seen, 0, sizeof(seen));
    return set_up(trial);
}

static const struct torc_trial_group with_module = {.set_up = set_up_module, .tear_down = tear_down};

static void turns(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++)
        (void)torc_reactor_turn(fixture->reactor, 0);
}

TORC_TEST(a_module_is_stopped_before_the_reactor_is, .group = &with_module)
{
    struct fixture *fixture = torc_trial_state(trial);
    void *instance = NULL;

    assert_null(torc_module_start(&module, fixture->reactor, NULL, &instance));
    assert_ptr_equal(instance, &seen);
    assert_int_equal(seen.started, 1);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    turns(fixture, 5);
    assert_int_equal(seen.stopped, 1);
    assert_false(torc_reactor_running(fixture->reactor));
    return NULL;
}

TORC_TEST(the_shutdown_waits_until_it_has_stopped, .group = &with_module)
{
    struct fixture *fixture = torc_trial_state(trial);

    seen.takes_time = true;
    assert_null(torc_module_start(&module, fixture->reactor, NULL, NULL));
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    turns(fixture, 5);
    assert_int_equal(seen.stopped, 1);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_source_fire(seen.source, torc_value(NULL)), 0);
    turns(fixture, 5);
    assert_false(torc_reactor_running(fixture->reactor));
    return NULL;
}

/* The reactor's stop acquires too, so every acquisition from there on fails. */
TORC_TEST(the_shutdown_waits_though_there_is_no_memory, .group = &with_module)
{
    struct fixture *fixture = torc_trial_state(trial);

    seen.takes_time = true;
    assert_null(torc_module_start(&module, fixture->reactor, NULL, NULL));
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    fixture->platform.fail_at = atomic_load(&fixture->platform.acquisitions) + 1;
    fixture->platform.fail_on = true;
    turns(fixture, 5);
    assert_int_equal(seen.stopped, 1);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_source_fire(seen.source, torc_value(NULL)), 0);
    turns(fixture, 5);
    assert_false(torc_reactor_running(fixture->reactor));
    return NULL;
}

TORC_TEST(a_module_that_does_not_start_is_not_stopped, .group = &with_module)
{
    struct fixture *fixture = torc_trial_state(trial);
    void *instance = &fixture;
    struct torc_failure *failure;

    seen.fails = true;
    failure = torc_module_start(&module, fixture->reactor, NULL, &instance);
    assert_non_null(failure);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_listen_error);
    torc_failure_drop(failure);
    assert_ptr_equal(instance, &fixture);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    turns(fixture, 5);
    assert_int_equal(seen.stopped, 0);
    return NULL;
}

TORC_TEST(a_table_that_is_too_short_is_refused, .group = &with_module)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_module old = module;
    struct torc_failure *failure;

    old.size = offsetof(struct torc_module, marks_begin);
    failure = torc_module_start(&old, fixture->reactor, NULL, NULL);
    assert_non_null(failure);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_invalid_argument);
    torc_failure_drop(failure);
    assert_int_equal(seen.started, 0);
    return NULL;
}

TORC_TRIAL_MAIN
