/* Each of these has to fail, in its own way: fails.expected has what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT_TESTING
#include <cmocka.h>

#include <torc/trial.h>

/* --- assertions ------------------------------------------------------------------------------------ */

TORC_TEST(an_assertion_in_the_test)
{
    assert_int_equal(1, 2);
    return NULL;
}

static struct torc_failure *assert_something(void *arg)
{
    (void)arg;
    assert_string_equal("here", "there");
    return NULL;
}

static void in(struct torc_trial *trial, uint64_t delay_ns, torc_call_fn *call)
{
    torc_trial_need(trial, torc_call_later(torc_reactor_clock(torc_trial_reactor(trial)), delay_ns, call, NULL, NULL, NULL));
}

TORC_TEST(an_assertion_in_a_callback)
{
    in(trial, TORC_SECOND, assert_something);
    torc_trial_run(trial, 2 * TORC_SECOND);
    return NULL;
}

static int work(void *arg)
{
    assert_null(arg);
    return 0;
}

TORC_TEST(an_assertion_in_a_job)
{
    static int something;
    struct torc_deferred *done = NULL;

    torc_trial_need(trial, torc_run_job(torc_trial_reactor(trial), work, &something, NULL, &done));
    return done;
}

TORC_TEST(a_live_assertion_in_a_callback, .places = TORC_ON_LIVE)
{
    in(trial, 0, assert_something);
    torc_trial_run(trial, 10 * TORC_SECOND);
    return NULL;
}

TORC_TEST(a_live_assertion_in_a_job, .places = TORC_ON_LIVE)
{
    static int something;
    struct torc_deferred *done = NULL;

    torc_trial_need(trial, torc_run_job(torc_trial_reactor(trial), work, &something, NULL, &done));
    return done;
}

static struct torc_deferred *fail_in_clean_up(void *arg)
{
    (void)arg;
    fail_msg("this clean-up %s", "fails");
    return NULL;
}

TORC_TEST(an_assertion_in_a_clean_up)
{
    torc_trial_add_clean_up(trial, fail_in_clean_up, NULL);
    return NULL;
}

static struct torc_deferred *fail_in_fixture(struct torc_trial *trial)
{
    (void)trial;
    fail();
    return NULL;
}

static const struct torc_trial_group bad_set_up = {"bad_set_up", fail_in_fixture, NULL};
static const struct torc_trial_group bad_tear_down = {"bad_tear_down", NULL, fail_in_fixture};

TORC_TEST(an_assertion_in_a_set_up, .group = &bad_set_up)
{
    abort();
}

TORC_TEST(an_assertion_in_a_tear_down, .group = &bad_tear_down)
{
    return NULL;
}

static struct torc_deferred *say(void *arg)
{
    print_message("%s\n", (const char *)arg);
    return NULL;
}

static const char first[] = "the clean-up that was added first";
static const char second[] = "the clean-up that was added second";

TORC_TEST(an_assertion_after_which_clean_ups_run_in_reverse)
{
    torc_trial_add_clean_up(trial, say, (void *)(uintptr_t)first);
    torc_trial_add_clean_up(trial, say, (void *)(uintptr_t)second);
    assert_true(false);
    return NULL;
}

/* --- CMocka ---------------------------------------------------------------------------------------- */

TORC_TEST(a_leak_of_test_malloc)
{
    assert_non_null(test_malloc(7));
    return NULL;
}

int mocked(void);
int mocked(void)
{
    return (int)mock();
}

TORC_TEST(a_value_that_no_mock_returned)
{
    will_return(mocked, 7);
    return NULL;
}

TORC_TEST(a_mock_without_a_value)
{
    mocked();
    return NULL;
}

/* --- crashes ---------------------------------------------------------------------------------------- */

TORC_TEST(a_crash)
{
    volatile int *volatile nowhere = (volatile int *)(uintptr_t)64;

    *nowhere = 1;
    return NULL;
}

TORC_TEST(an_abort)
{
    abort();
}

TORC_TEST(an_exit)
{
    exit(3);
}

TORC_TEST(a_test_that_never_ends, .real_limit_ns = 50 * TORC_MILLISECOND)
{
    for (volatile bool on = true; on;)
        ;
    return NULL;
}

/* --- deferreds -------------------------------------------------------------------------------------- */

static struct torc_deferred *unfired(struct torc_trial *trial)
{
    struct torc_deferred *deferred = NULL;
    struct torc_source source;

    torc_trial_need(trial, torc_deferred_new(torc_trial_scope(trial), NULL, NULL, &source, &deferred));
    return deferred;
}

static struct torc_deferred *failed(struct torc_trial *trial)
{
    struct torc_deferred *deferred = NULL;
    struct torc_scope *scope = torc_trial_scope(trial);
    /* One line: compilers differ on where a longer call is. */
    struct torc_failure *failure = torc_failure_new(scope, &torc_failure_timeout, TORC_ETIMEDOUT, NULL, "no answer");

    torc_trial_need(trial, torc_deferred_fired(scope, torc_fail(failure), &deferred));
    return deferred;
}

static struct torc_deferred *succeeded(struct torc_trial *trial)
{
    struct torc_deferred *deferred = NULL;

    torc_trial_need(trial, torc_deferred_fired(torc_trial_scope(trial), torc_value(NULL), &deferred));
    return deferred;
}

TORC_TEST(a_deferred_that_fails)
{
    return failed(trial);
}

TORC_TEST(a_deferred_that_never_fires)
{
    return unfired(trial);
}

TORC_TEST(a_live_deferred_that_never_fires, .places = TORC_ON_LIVE)
{
    return unfired(trial);
}

static struct torc_failure *go_on(void *arg)
{
    struct torc_trial *trial = arg;

    torc_trial_need(trial, torc_call_later(torc_reactor_clock(torc_trial_reactor(trial)), TORC_SECOND, go_on, trial, NULL,
                                           NULL));
    return NULL;
}

TORC_TEST(a_deferred_that_does_not_fire_in_time, .virtual_limit_ns = 3 * TORC_SECOND)
{
    (void)go_on(trial);
    return unfired(trial);
}

static struct torc_failure *go_on_at_once(void *arg)
{
    struct torc_trial *trial = arg;

    torc_trial_need(trial, torc_call_soon(torc_trial_reactor(trial), go_on_at_once, trial, NULL));
    return NULL;
}

TORC_TEST(a_deferred_that_no_time_passes_for)
{
    (void)go_on_at_once(trial);
    return unfired(trial);
}

TORC_TEST(a_deferred_that_is_left)
{
    torc_deferred_drop(unfired(trial));
    return NULL;
}

TORC_TEST(a_failure_nobody_handles)
{
    torc_deferred_drop(failed(trial));
    return NULL;
}

TORC_TEST(a_failure_nobody_handles_in_a_deferred_that_is_kept)
{
    (void)failed(trial);
    return NULL;
}

TORC_TEST(no_success)
{
    (void)torc_success_result_of(failed(trial));
    return NULL;
}

TORC_TEST(no_success_yet)
{
    (void)torc_success_result_of(unfired(trial));
    return NULL;
}

TORC_TEST(no_failure)
{
    (void)torc_failure_result_of(succeeded(trial), &torc_failure_timeout);
    return NULL;
}

TORC_TEST(another_failure)
{
    (void)torc_failure_result_of(failed(trial), &torc_failure_limit);
    return NULL;
}

TORC_TEST(a_result_where_none_is_expected)
{
    torc_assert_no_result(succeeded(trial));
    return NULL;
}

TORC_TEST(a_value_where_a_failure_is_expected)
{
    return torc_assert_failure(trial, succeeded(trial), &torc_failure_timeout);
}

TORC_TEST(a_failure_where_another_is_expected)
{
    return torc_assert_failure(trial, failed(trial), &torc_failure_limit);
}

static struct torc_deferred *clean_up_that_fails(void *arg)
{
    return failed(arg);
}

TORC_TEST(a_clean_up_whose_deferred_fails)
{
    torc_trial_add_clean_up(trial, clean_up_that_fails, trial);
    return NULL;
}

/* --- what is left ----------------------------------------------------------------------------------- */

static struct torc_failure *no_one(void *arg)
{
    (void)arg;
    return NULL;
}

static struct torc_failure *log_failure(void *arg)
{
    return torc_failure_new(arg, &torc_failure_limit, TORC_ELIMIT, NULL, "too many");
}

TORC_TEST(an_error_that_is_logged)
{
    torc_trial_need(trial, torc_call_soon(torc_trial_reactor(trial), log_failure, torc_trial_scope(trial), NULL));
    torc_trial_run(trial, 0);
    (void)torc_flush_logged_errors(trial, &torc_failure_timeout);
    return NULL;
}

TORC_TEST(a_timed_call_that_is_left)
{
    in(trial, TORC_SECOND, no_one);
    return NULL;
}

static struct torc_failure *received(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    (void)self;
    (void)data;
    (void)bytes;
    return NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    free(self);
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer, struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {.size = sizeof ops, .data_received = received, .connection_lost = lost};
    struct torc_protocol *protocol = calloc(1, sizeof *protocol);

    (void)self;
    (void)peer;
    if (protocol == NULL)
        return torc_failure_no_memory();
    protocol->ops = &ops;
    *out = protocol;
    return NULL;
}

static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops, .build_protocol = build};

TORC_TEST(a_listener_and_a_connection_that_are_left)
{
    static struct torc_factory factory = {.ops = &factory_ops};
    struct torc_address address = torc_host_address(torc_trial_host(trial), 7000);
    struct torc_listener listener;

    torc_trial_need(trial, torc_listen(torc_trial_reactor(trial), &address, &factory, NULL, &listener));
    torc_trial_need(trial, torc_connect(torc_trial_reactor(trial), &address, &factory, NULL, NULL));
    return NULL;
}

TORC_TEST(a_live_timed_call_that_is_left, .places = TORC_ON_LIVE)
{
    in(trial, 3600 * TORC_SECOND, no_one);
    return NULL;
}

TORC_TEST(a_deferred_with_a_value_that_is_left, .places = TORC_ON_SIM | TORC_ON_LIVE)
{
    (void)succeeded(trial);
    return NULL;
}

TORC_TEST(a_file_descriptor_that_is_left, .places = TORC_ON_SIM | TORC_ON_LIVE)
{
    assert_non_null(fopen("/dev/null", "r"));
    return NULL;
}

TORC_TEST(memory_that_is_left, .places = TORC_ON_SIM | TORC_ON_LIVE)
{
    assert_non_null(torc_alloc(torc_trial_scope(trial), 24));
    return NULL;
}

TORC_TEST(a_failure_that_is_left, .places = TORC_ON_SIM | TORC_ON_LIVE)
{
    assert_non_null(torc_failure_new(torc_trial_scope(trial), &torc_failure_limit, TORC_ELIMIT, NULL, "kept"));
    return NULL;
}

TORC_TEST(a_host_that_leaves_memory)
{
    struct torc_host *other = torc_trial_add_host(trial, "other");

    assert_non_null(torc_alloc(torc_reactor_scope(torc_host_reactor(other)), 24));
    return NULL;
}

static struct torc_result never(void *arg)
{
    return torc_await(unfired(arg));
}

TORC_TEST(a_host_that_does_not_stop)
{
    struct torc_host *other = torc_trial_add_host(trial, "other");

    torc_trial_need(trial, torc_reactor_add_trigger(torc_host_reactor(other), TORC_BEFORE, "shutdown", never, trial, NULL,
                                                    NULL));
    return NULL;
}

TORC_TEST(a_fault_that_never_strikes)
{
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;

    fault.site = "connect.fail";
    fault.option = 1;
    torc_trial_arm(trial, torc_trial_host(trial), &fault);
    return NULL;
}

TORC_TEST(a_fault_of_a_statement_that_never_strikes)
{
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.sql = "^INSERT";
    fault.code = 5;
    torc_trial_arm_database(trial, torc_trial_host(trial), &fault);
    return NULL;
}

TORC_TEST(a_fault_of_the_disk_that_never_strikes)
{
    struct torc_disk_fault fault = TORC_DISK_FAULT_INIT;

    fault.kind = TORC_DISK_LIE;
    fault.operations = TORC_DISK_SYNC;
    torc_trial_arm_disk(trial, torc_trial_host(trial), &fault);
    return NULL;
}

TORC_TEST(a_fault_there_is_not)
{
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;

    fault.site = "conect.fail";
    torc_trial_arm(trial, torc_trial_host(trial), &fault);
    return NULL;
}

/* --- faults ----------------------------------------------------------------------------------------- */

TORC_TEST(memory_is_lost_where_memory_is_short, .sweep = "alloc.fail")
{
    struct torc_scope *scope = torc_trial_scope(trial);
    void *one = torc_alloc(scope, 8);
    void *other = one == NULL ? NULL : torc_alloc(scope, 8);

    if (other != NULL) {
        torc_release(scope, one, 8);
        torc_release(scope, other, 8);
    }
    return NULL;
}

TORC_TEST(a_crash_where_memory_is_short, .sweep = "alloc.fail")
{
    char *text = torc_alloc(torc_trial_scope(trial), 8);

    *(volatile char *)((uintptr_t)text + (text == NULL ? 64 : 0)) = 'x';
    torc_release(torc_trial_scope(trial), text, 8);
    return NULL;
}

TORC_TEST(a_sweep_of_nothing, .sweep = "connect.fail")
{
    return NULL;
}

/* --- marks ------------------------------------------------------------------------------------------ */

TORC_TEST(a_todo_that_is_done, .todo = "somebody")
{
    return NULL;
}

TORC_TEST(a_failure_that_does_not_come, .fails = "0x1 != 0x2")
{
    return NULL;
}

TORC_TEST(a_failure_that_is_another, .fails = "0x1 != 0x2")
{
    assert_int_equal(3, 4);
    return NULL;
}

TORC_TEST(what_was_printed_is_told)
{
    print_message("a line, and an error\n");
    print_error("on its way\n");
    fail();
    return NULL;
}
