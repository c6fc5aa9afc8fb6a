/* What tests can do. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_TESTING
#include <cmocka.h>

#include <torc/trial.h>

/* --- a group ---------------------------------------------------------------------------------------- */

struct fixture {
    struct torc_scope *scope;
    char order[16];
};

static struct torc_failure *fire(void *arg)
{
    struct torc_source *source = arg;

    torc_source_fire(*source, torc_value(NULL));
    return NULL;
}

/* Fires a second later. */
static struct torc_deferred *a_second(struct torc_trial *trial)
{
    static struct torc_source source;
    struct torc_deferred *deferred = NULL;

    torc_trial_need(trial, torc_deferred_new(torc_trial_scope(trial), NULL, NULL, &source, &deferred));
    if (torc_call_later(torc_reactor_clock(torc_trial_reactor(trial)), TORC_SECOND, fire, &source, NULL, NULL) != 0) {
        torc_source_fire(source, torc_value(NULL));
        torc_deferred_drop(deferred);
        torc_trial_need(trial, TORC_ENOMEM);
    }
    return deferred;
}

static int mocked(void)
{
    return mock_type(int);
}

static struct torc_deferred *release(void *arg)
{
    struct fixture *fixture = arg;

    torc_release(fixture->scope, fixture, sizeof *fixture);
    return NULL;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct fixture *fixture = torc_alloc_zero(torc_trial_scope(trial), sizeof *fixture);

    if (fixture == NULL)
        torc_trial_need(trial, TORC_ENOMEM);
    fixture->scope = torc_trial_scope(trial);
    torc_trial_add_clean_up(trial, release, fixture);
    torc_trial_set_state(trial, fixture);
    will_return(mocked, 5);
    return a_second(trial);
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct fixture *fixture = torc_trial_state(trial);

    assert_ptr_equal(fixture->scope, torc_trial_scope(trial));
    return a_second(trial);
}

static const struct torc_trial_group grouped = {"grouped", set_up, tear_down};

TORC_TEST(a_set_up_is_waited_for, .group = &grouped)
{
    assert_int_equal(mocked(), 5);
    assert_int_equal(torc_reactor_now(torc_trial_reactor(trial)), TORC_SECOND);
    return NULL;
}

static struct torc_deferred *add_letter(void *arg, char letter)
{
    struct fixture *fixture = arg;

    fixture->order[strlen(fixture->order)] = letter;
    return NULL;
}

static struct torc_deferred *clean_up_first(void *arg)
{
    struct fixture *fixture = arg;

    (void)add_letter(arg, '1');
    assert_string_equal(fixture->order, "21");
    free(fixture);
    return NULL;
}

static struct torc_deferred *clean_up_second(void *arg)
{
    return add_letter(arg, '2');
}

TORC_TEST(clean_ups_run_in_reverse)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    torc_trial_add_clean_up(trial, clean_up_first, fixture);
    torc_trial_add_clean_up(trial, clean_up_second, fixture);
    return NULL;
}

/* --- time ------------------------------------------------------------------------------------------- */

TORC_TEST(a_test_waits_in_both_worlds, .places = TORC_ON_SIM | TORC_ON_LIVE)
{
    struct torc_source source;
    struct torc_deferred *deferred = NULL;

    torc_trial_need(trial, torc_deferred_new(torc_trial_scope(trial), NULL, NULL, &source, &deferred));
    torc_assert_no_result(deferred);
    torc_trial_need(trial, torc_call_soon(torc_trial_reactor(trial), fire, &source, NULL));
    torc_trial_run(trial, TORC_MILLISECOND);
    torc_result_drop(torc_success_result_of(deferred));
    assert_true((torc_trial_world(trial) == NULL) == (torc_trial_host(trial) == NULL));
    return NULL;
}

static size_t descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

TORC_TEST(a_reactor_is_made_when_it_is_asked_for, .places = TORC_ON_LIVE)
{
    size_t before = descriptors();

    assert_ptr_equal(torc_trial_reactor(trial), torc_trial_reactor(trial));
    assert_true(descriptors() > before);
    return NULL;
}

TORC_TEST(an_hour_is_short, .virtual_limit_ns = 7200 * TORC_SECOND)
{
    torc_trial_run(trial, 3600 * TORC_SECOND);
    return a_second(trial);
}

TORC_TEST(every_world_begins_at_zero)
{
    assert_int_equal(torc_reactor_now(torc_trial_reactor(trial)), 0);
    return NULL;
}

/* --- failures --------------------------------------------------------------------------------------- */

static struct torc_deferred *failed(struct torc_trial *trial)
{
    struct torc_deferred *deferred = NULL;

    torc_trial_need(trial, torc_deferred_fired(torc_trial_scope(trial),
                                               torc_fail(torc_failure_static(&torc_failure_connection_refused)), &deferred));
    return deferred;
}

TORC_TEST(a_failure_is_taken_by_its_type_or_that_of_an_ancestor)
{
    torc_failure_drop(torc_failure_result_of(failed(trial), &torc_failure_connect_error));
    torc_failure_drop(torc_failure_result_of(failed(trial), NULL));
    return torc_assert_failure(trial, failed(trial), &torc_failure_connection_refused);
}

TORC_TEST(errors_that_are_flushed_are_no_failure)
{
    torc_deferred_drop(failed(trial));
    torc_deferred_drop(failed(trial));
    assert_int_equal(torc_flush_logged_errors(trial, &torc_failure_timeout), 0);
    assert_int_equal(torc_flush_logged_errors(trial, &torc_failure_connect_error), 2);
    assert_int_equal(torc_flush_logged_errors(trial, NULL), 0);
    return NULL;
}

/* --- faults ----------------------------------------------------------------------------------------- */

TORC_TEST(an_armed_fault_strikes)
{
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;

    fault.site = "alloc.fail";
    fault.option = 1;
    torc_trial_arm(trial, torc_trial_host(trial), &fault);
    assert_null(torc_alloc(torc_trial_scope(trial), 8));
    return NULL;
}

TORC_TEST(memory_may_be_short_anywhere, .sweep = "alloc.fail", .group = &grouped)
{
    void *some = torc_alloc(torc_trial_scope(trial), 100);

    assert_int_equal(mocked(), 5);
    if (some == NULL)
        torc_trial_need(trial, TORC_ENOMEM);
    assert_false(torc_trial_struck(trial) && some == NULL);
    torc_release(torc_trial_scope(trial), some, 100);
    return a_second(trial);
}

/* --- marks ------------------------------------------------------------------------------------------ */

static const char *const sizes[] = {"1", "20", "300", NULL};

static struct torc_deferred *count_up(struct torc_trial *trial)
{
    static int number = 40;

    number++;
    torc_trial_set_state(trial, &number);
    return NULL;
}

static const struct torc_trial_group counted = {.set_up = count_up};

TORC_TEST(a_group_without_a_name_has_that_of_the_file, .group = &counted, .subject = "forty-one")
{
    assert_int_equal(*(int *)torc_trial_state(trial), 41);
    assert_string_equal(torc_trial_subject(trial), "forty-one");
    return NULL;
}

TORC_TEST(parameters_are_given_one_by_one, .parameters = sizes)
{
    assert_in_range(atoi(torc_trial_parameter(trial)), 1, 300);
    assert_true(strlen(torc_trial_parameter(trial)) <= 3);
    return NULL;
}

TORC_TEST(a_test_that_is_skipped, .skip = "it is too warm")
{
    abort();
}

TORC_TEST(a_test_that_skips_itself)
{
    torc_trial_skip(trial, "there is no reason");
}

TORC_TEST(a_test_that_cmocka_skips)
{
    skip();
    return NULL;
}

TORC_TEST(a_todo, .todo = "the second half")
{
    fail();
    return NULL;
}

TORC_TEST(a_test_that_has_to_fail, .fails = "0x1 != 0x2")
{
    assert_int_equal(1, 2);
    return NULL;
}

TORC_TEST(a_host_that_is_added_is_stopped_in_order)
{
    struct torc_host *other = torc_trial_add_host(trial, "other");

    assert_true(torc_host_up(other));
    return NULL;
}

TORC_TEST(what_test_malloc_gives_is_given_back)
{
    test_free(test_malloc(5));
    return NULL;
}
