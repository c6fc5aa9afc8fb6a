#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "reactor_internal.h"
#include "tests/support/reactor_fixture.h"

/* The argument of a job: a line, and what the work answers. */
struct job {
    struct line line;
    int answer;
};

static int work(void *arg)
{
    struct job *job = arg;
    (void)journal_call(&job->line);
    return job->answer;
}

static struct torc_result note_result(struct torc_result result, void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "",
                  result.kind == TORC_RESULT_VALUE
                      ? "value"
                      : torc_error_name(torc_failure_code(result.as.failure)));
    if (result.kind == TORC_RESULT_FAILURE)
        line->code = torc_failure_check(result.as.failure, &torc_failure_job_failed);
    torc_result_drop(result);
    return torc_value(NULL);
}

static struct torc_deferred *run(struct fixture *fixture, struct job *job)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_run_job(fixture->reactor, work, job, journal_drop, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, note_result, &job->line, NULL), 0);
    return deferred;
}

TORC_TEST(a_job_that_answers_0_gives_its_argument, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct job job = {line(fixture, "work"), 0};
    torc_deferred_drop(run(fixture, &job));
    scripted_finish_job(&fixture->platform, 0);
    assert_string_equal(fixture->journal.text, "work ");
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "work value ~work ");
    return NULL;
}

static void note_end(void *arg, int result)
{
    journal_write(((struct job *)arg)->line.journal, "", torc_error_name(result));
}

TORC_TEST(a_job_without_a_deferred_tells_what_it_answered, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct job job = {line(fixture, "work"), TORC_EIO};
    assert_int_equal(torc_submit_job(fixture->reactor, work, note_end, &job), 0);
    scripted_finish_job(&fixture->platform, 0);
    assert_string_equal(fixture->journal.text, "work ");
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "work TORC_EIO ");
    return NULL;
}

TORC_TEST(a_job_without_a_deferred_that_cannot_be_submitted_is_not_told, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct job job = {line(fixture, "work"), 0};
    fixture->platform.submit_code = TORC_ELIMIT;
    assert_int_equal(torc_submit_job(fixture->reactor, work, note_end, &job), TORC_ELIMIT);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "");
    return NULL;
}

TORC_TEST(a_job_that_answers_an_error_fails_after_its_argument_is_dropped, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct job job = {line(fixture, "work"), TORC_EIO};
    torc_deferred_drop(run(fixture, &job));
    scripted_finish_job(&fixture->platform, 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "work ~work TORC_EIO ");
    assert_true(job.line.code);
    return NULL;
}

TORC_TEST(cancelling_does_not_stop_the_work, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_reactor_counts counts;
    struct job job = {line(fixture, "work"), 0};
    struct torc_deferred *deferred = run(fixture, &job);
    torc_deferred_cancel(deferred);
    torc_deferred_drop(deferred);
    assert_string_equal(fixture->journal.text, "TORC_ECANCELED ");
    torc_reactor_count(fixture->reactor, &counts);
    assert_int_equal(counts.jobs, 1);
    scripted_finish_job(&fixture->platform, 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "TORC_ECANCELED work ~work ");
    assert_string_equal(fixture->log.journal.text, "");
    return NULL;
}

TORC_TEST(the_number_of_jobs_is_limited, .group = &with_own_fixture)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    options.jobs_max = 2;
    struct fixture *fixture = fixture_new(&options);
    torc_trial_set_state(trial, fixture);
    struct job job = {line(fixture, "work"), 0};
    struct torc_deferred *deferred = NULL;
    torc_deferred_drop(run(fixture, &job));
    torc_deferred_drop(run(fixture, &job));
    assert_int_equal(torc_run_job(fixture->reactor, work, &job, journal_drop, &deferred),
                     TORC_ELIMIT);
    assert_null(deferred);
    scripted_finish_job(&fixture->platform, 1);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    torc_deferred_drop(run(fixture, &job));
    scripted_finish_job(&fixture->platform, 0);
    scripted_finish_job(&fixture->platform, 2);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    return NULL;
}

TORC_TEST(a_job_the_platform_refuses_leaves_nothing_behind, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_scope_counts counts;
    struct job job = {line(fixture, "work"), 0};
    struct torc_deferred *deferred = NULL;
    fixture->platform.submit_code = TORC_ELIMIT;
    assert_int_equal(torc_run_job(fixture->reactor, work, &job, journal_drop, &deferred),
                     TORC_ELIMIT);
    assert_null(deferred);
    torc_scope_count(torc_reactor_scope(fixture->reactor), &counts);
    assert_int_equal(counts.deferreds, 0);
    assert_int_equal(counts.errors_logged, 0);
    assert_string_equal(fixture->journal.text, "");
    fixture->platform.submit_code = 0;
    torc_deferred_drop(run(fixture, &job));
    scripted_finish_job(&fixture->platform, 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    return NULL;
}

TORC_TEST(an_event_for_a_job_that_is_over_is_dropped, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct job first = {line(fixture, "first"), 0}, second = {line(fixture, "second"), 0};
    torc_deferred_drop(run(fixture, &first));
    uint64_t token = fixture->platform.jobs[0].token;
    assert_int_equal(torci_token_kind(token), TORCI_TOKEN_JOB);
    scripted_finish_job(&fixture->platform, 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    torc_deferred_drop(run(fixture, &second)); /* in the same slot */
    scripted_push_event(&fixture->platform, token, TORC_EVENT_JOB, TORC_EIO);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "first value ~first ");
    scripted_finish_job(&fixture->platform, 1);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "first value ~first second value ~second ");
    return NULL;
}

static int use_the_reactor(void *arg)
{
    struct line *line = arg;
    line->code = torc_call_from_thread(line->reactor, journal_call, line, NULL);
    (void)torc_reactor_stop(line->reactor);
    return 0;
}

TORC_TEST(a_job_may_call_from_thread_and_nothing_else, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line called = line(fixture, "called");
    struct torc_deferred *deferred;
    assert_int_equal(torc_run_job(fixture->reactor, use_the_reactor, &called, NULL, &deferred), 0);
    torc_deferred_drop(deferred);
    assert_true(
        SCRIPTED_IS_FATAL(&fixture->platform, scripted_finish_job(&fixture->platform, 0)));
    fixture->platform.elsewhere = false;
    assert_int_equal(called.code, 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "called ");
    scripted_push_event(&fixture->platform, fixture->platform.jobs[0].token, TORC_EVENT_JOB, 0);
    return NULL;
}

TORC_TEST(the_shutdown_waits_for_jobs, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line during = line(fixture, "during");
    struct job job = {line(fixture, "work"), 0};
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    torc_deferred_drop(run(fixture, &job));
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_DURING, "shutdown",
                                              journal_trigger, &during, NULL, NULL),
                     0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    scripted_finish_job(&fixture->platform, 0);
    turn_all(fixture);
    assert_string_equal(fixture->journal.text, "work value ~work during ");
    struct torc_deferred *deferred = NULL;
    assert_int_equal(torc_run_job(fixture->reactor, work, &job, journal_drop, &deferred),
                     TORC_ECLOSED);
    return NULL;
}

TORC_TEST(the_shutdown_names_a_job_it_does_not_wait_for)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    options.shutdown_timeout_ns = 100;
    struct fixture *fixture = fixture_new(&options);
    struct job job = {line(fixture, "work"), 0};
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    torc_deferred_drop(run(fixture, &job));
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), TORC_ENOTRUNNING);
    assert_non_null(strstr(fixture->log.journal.text,
                           "the shutdown goes on without the job made at "));
    scripted_finish_job(&fixture->platform, 0);
    torc_reactor_free(fixture->reactor);
    assert_string_equal(fixture->journal.text, "work value ~work ");
    assert_int_equal(scripted_end(&fixture->platform), 0);
    free(fixture);
    return NULL;
}

static void finish_the_job(struct scripted_platform *platform, void *arg)
{
    (void)arg;
    scripted_finish_job(platform, 0);
}

TORC_TEST(freeing_waits_for_jobs)
{
    const struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct fixture *fixture = fixture_new(&options);
    struct job job = {line(fixture, "work"), 0};
    fixture->platform.idle = finish_the_job;
    torc_deferred_drop(run(fixture, &job));
    torc_reactor_free(fixture->reactor);
    assert_string_equal(fixture->journal.text, "work value ~work ");
    assert_int_equal(scripted_end(&fixture->platform), 0);
    free(fixture);
    return NULL;
}

TORC_TEST(freeing_leaves_a_job_that_cannot_end_where_time_is_driven)
{
    const struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct fixture *fixture = fixture_new(&options);
    struct job job = {line(fixture, "work"), 0};
    fixture->platform.ops.driven = true;
    fixture->platform.steady = true;
    fixture->platform.woken = true;
    torc_deferred_drop(run(fixture, &job));
    torc_reactor_free(fixture->reactor);
    assert_string_equal(fixture->journal.text, "");
    assert_int_equal(scripted_end(&fixture->platform), 0);
    free(fixture);
    return NULL;
}

TORC_TRIAL_MAIN
