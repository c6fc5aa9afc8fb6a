/* The reactor: life, system events, calls from threads, jobs, signals. */
#include "conformance.h"

struct step {
    struct conf *c;
    const char *name;
    bool done;
    unsigned dropped;
    struct torc_source source;
    struct torc_deferred *deferred;
    int code;
    int work_result;
    unsigned worked;
};

static struct step step_make(struct conf *c, const char *name)
{
    struct step step;

    memset(&step, 0, sizeof step);
    step.c = c;
    step.name = name;
    return step;
}

static void step_drop(void *arg)
{
    ((struct step *)arg)->dropped++;
}

static struct torc_failure *step_call(void *arg)
{
    struct step *step = arg;

    step->done = true;
    note(step->c, "%s", step->name);
    return NULL;
}

static struct torc_result step_trigger(void *arg)
{
    struct step *step = arg;

    step->done = true;
    note(step->c, "%s%s", step->name, torc_reactor_running(step->c->client) ? "" : "!");
    return torc_value(NULL);
}

static struct torc_result waiting_trigger(void *arg)
{
    struct step *step = arg;

    note(step->c, "%s", step->name);
    if (torc_deferred_new(torc_reactor_scope(step->c->client), NULL, NULL, &step->source,
                          &step->deferred) != 0)
        return torc_value(NULL);
    return torc_await(step->deferred);
}

static struct torc_result failing_trigger(void *arg)
{
    struct step *step = arg;

    note(step->c, "%s", step->name);
    return torc_fail(torc_failure_new(torc_reactor_scope(step->c->client), &torc_failure_error,
                                      TORC_EINVAL, NULL, "a trigger that fails"));
}

static bool add(struct conf *c, enum torc_phase phase, const char *event, torc_trigger_fn *trigger,
                struct step *step, struct torc_trigger *out)
{
    return torc_reactor_add_trigger(c->client, phase, event, trigger, step, step_drop, out) == 0;
}

BODY(shutdown_runs_before_during_and_after_each_in_order)
{
    static struct step a, b, d, e;

    a = step_make(c, "before-1");
    b = step_make(c, "before-2");
    d = step_make(c, "during");
    e = step_make(c, "after");
    CHECK(c, add(c, TORC_AFTER, "shutdown", step_trigger, &e, NULL));
    CHECK(c, add(c, TORC_DURING, "shutdown", step_trigger, &d, NULL));
    CHECK(c, add(c, TORC_BEFORE, "shutdown", step_trigger, &a, NULL));
    CHECK(c, add(c, TORC_BEFORE, "shutdown", step_trigger, &b, NULL));
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, torc_reactor_running(c->client));
    CHECK(c, torc_reactor_stop(c->client) == TORC_ENOTRUNNING);
    CHECK(c, run_until(c, &e.done));
    CHECK_NOTES(c, "before-1 before-2 during! after!");
    CHECK(c, a.dropped == 1 && b.dropped == 1 && d.dropped == 1 && e.dropped == 1);
}

static struct torc_failure *fire_step(void *arg)
{
    struct step *step = arg;

    note(step->c, "fire");
    step->code = torc_source_fire(step->source, torc_value(NULL));
    return NULL;
}

BODY(a_deferred_before_shutdown_holds_it_while_timers_run)
{
    static struct step held, during;

    held = step_make(c, "held");
    during = step_make(c, "during");
    CHECK(c, add(c, TORC_BEFORE, "shutdown", waiting_trigger, &held, NULL));
    CHECK(c, add(c, TORC_DURING, "shutdown", step_trigger, &during, NULL));
    CHECK(c, torc_call_later(torc_reactor_clock(c->client), 2 * TORC_MILLISECOND, fire_step, &held,
                             NULL, NULL) == 0);
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, run_until(c, &during.done));
    CHECK_NOTES(c, "held fire during!");
}

BODY(a_failing_trigger_is_logged_and_the_rest_run)
{
    static struct step bad, good;

    bad = step_make(c, "bad");
    good = step_make(c, "good");
    CHECK(c, add(c, TORC_BEFORE, "shutdown", failing_trigger, &bad, NULL));
    CHECK(c, add(c, TORC_BEFORE, "shutdown", step_trigger, &good, NULL));
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, run_until(c, &good.done));
    CHECK_NOTES(c, "bad good");
    CHECK(c, c->errors_logged == 1);
}

BODY(a_removed_trigger_does_not_run)
{
    static struct step a, b;
    struct torc_trigger trigger;

    a = step_make(c, "a");
    b = step_make(c, "b");
    CHECK(c, add(c, TORC_BEFORE, "shutdown", step_trigger, &a, &trigger));
    CHECK(c, add(c, TORC_DURING, "shutdown", step_trigger, &b, NULL));
    CHECK(c, torc_reactor_remove_trigger(c->client, trigger) == 0);
    CHECK(c, a.dropped == 1);
    CHECK(c, torc_reactor_remove_trigger(c->client, trigger) == TORC_ESTALE);
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, run_until(c, &b.done));
    CHECK_NOTES(c, "b!");
}

BODY(an_event_of_the_users_runs_its_three_phases)
{
    static struct step a, b, d;

    a = step_make(c, "before");
    b = step_make(c, "during");
    d = step_make(c, "after");
    CHECK(c, add(c, TORC_AFTER, "persist", step_trigger, &d, NULL));
    CHECK(c, add(c, TORC_BEFORE, "persist", waiting_trigger, &a, NULL));
    CHECK(c, add(c, TORC_DURING, "persist", step_trigger, &b, NULL));
    CHECK(c, torc_reactor_fire_event(c->client, "persist") == 0);
    CHECK_NOTES(c, "before");
    CHECK(c, torc_reactor_fire_event(c->client, "persist") == TORC_EBUSY);
    CHECK(c, torc_source_fire(a.source, torc_value(NULL)) == 0);
    CHECK(c, run_until(c, &d.done));
    CHECK_NOTES(c, "before during after");
    CHECK(c, torc_reactor_fire_event(c->client, "shutdown") == TORC_EINVAL);
}

BODY(call_when_running_runs_at_once_while_running)
{
    static struct step a;

    a = step_make(c, "now");
    CHECK(c, torc_call_when_running(c->client, step_call, &a, step_drop) == 0);
    CHECK_NOTES(c, "now");
    CHECK(c, a.dropped == 1);
}

BODY(a_crashed_reactor_can_be_started_again)
{
    static struct step before, again;

    before = step_make(c, "before");
    again = step_make(c, "again");
    CHECK(c, add(c, TORC_BEFORE, "shutdown", step_trigger, &before, NULL));
    CHECK(c, torc_reactor_crash(c->client) == 0);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, !torc_reactor_running(c->client));
    CHECK(c, torc_reactor_crash(c->client) == TORC_ENOTRUNNING);
    CHECK_NOTES(c, "");
    CHECK(c, torc_reactor_start(c->client) == 0);
    CHECK(c, torc_call_soon(c->client, step_call, &again, NULL) == 0);
    CHECK(c, run_until(c, &again.done));
}

BODY(a_stopped_reactor_cannot_be_started_again)
{
    static struct step after;

    after = step_make(c, "after");
    CHECK(c, add(c, TORC_AFTER, "shutdown", step_trigger, &after, NULL));
    CHECK(c, torc_reactor_start(c->client) == TORC_ERUNNING);
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, run_until(c, &after.done));
    CHECK(c, torc_reactor_start(c->client) == TORC_ENOTRESTARTABLE);
    CHECK(c, torc_call_from_thread(c->client, step_call, &after, NULL) == TORC_ECLOSED);
}

BODY(calls_from_threads_run_in_order_and_never_at_once)
{
    static struct step a, b, d;

    a = step_make(c, "a");
    b = step_make(c, "b");
    d = step_make(c, "d");
    CHECK(c, torc_call_from_thread(c->client, step_call, &a, step_drop) == 0);
    CHECK(c, torc_call_from_thread(c->client, step_call, &b, step_drop) == 0);
    CHECK(c, torc_call_from_thread(c->client, step_call, &d, step_drop) == 0);
    CHECK_NOTES(c, "");
    CHECK(c, run_until(c, &d.done));
    CHECK_NOTES(c, "a b d");
    CHECK(c, a.dropped == 1 && b.dropped == 1 && d.dropped == 1);
}

static struct torc_failure *thread_call_soon(void *arg)
{
    struct step *step = arg;

    note(step->c, "thread");
    if (torc_call_soon(step->c->client, step_call, step, NULL) != 0)
        return torc_failure_no_memory();
    return NULL;
}

static struct torc_failure *thread_call_thread(void *arg)
{
    struct step *step = arg;

    note(step->c, "outer");
    if (torc_call_from_thread(step->c->client, step_call, step, NULL) != 0)
        return torc_failure_no_memory();
    return NULL;
}

BODY(a_call_soon_made_in_a_call_from_a_thread_runs_in_the_same_turn)
{
    static struct step soon, next;

    soon = step_make(c, "soon");
    next = step_make(c, "next");
    CHECK(c, torc_call_from_thread(c->client, thread_call_soon, &soon, NULL) == 0);
    CHECK(c, torc_call_from_thread(c->client, thread_call_thread, &next, NULL) == 0);
    CHECK(c, run_until(c, &next.done));
    CHECK_NOTES(c, "thread outer soon next");
}

static int work(void *arg)
{
    struct step *step = arg;

    step->worked++;
    return step->work_result;
}

static struct torc_result job_done(struct torc_result result, void *arg)
{
    struct step *step = arg;

    step->done = true;
    if (result.kind == TORC_RESULT_FAILURE)
        note(step->c, "%s(%s)", torc_failure_type(result.as.failure)->name,
             torc_error_name(torc_failure_code(result.as.failure)));
    else
        note(step->c, "%s", result.as.value == step ? step->name : "another value");
    torc_result_drop(result);
    return torc_value(NULL);
}

BODY(a_job_fires_its_deferred_with_its_argument)
{
    static struct step job;
    struct torc_deferred *deferred;

    job = step_make(c, "job");
    CHECK(c, torc_run_job(c->client, work, &job, NULL, &deferred) == 0);
    CHECK(c, torc_deferred_add_both(deferred, job_done, &job, NULL) == 0);
    CHECK(c, !job.done);
    CHECK(c, run_until(c, &job.done));
    CHECK_NOTES(c, "job");
    CHECK(c, job.worked == 1);
    torc_deferred_drop(deferred);
}

BODY(a_job_that_fails_fires_a_failure_of_its_code)
{
    static struct step job;
    struct torc_deferred *deferred;

    job = step_make(c, "job");
    job.work_result = TORC_EIO;
    CHECK(c, torc_run_job(c->client, work, &job, step_drop, &deferred) == 0);
    CHECK(c, torc_deferred_add_both(deferred, job_done, &job, NULL) == 0);
    CHECK(c, run_until(c, &job.done));
    CHECK_NOTES(c, "job_failed(TORC_EIO)");
    CHECK(c, job.dropped == 1);
    torc_deferred_drop(deferred);
}

BODY(cancelling_a_jobs_deferred_does_not_stop_the_work)
{
    static struct step job, other;
    struct torc_deferred *deferred, *later;

    job = step_make(c, "job");
    other = step_make(c, "other");
    CHECK(c, torc_run_job(c->client, work, &job, step_drop, &deferred) == 0);
    CHECK(c, torc_deferred_add_both(deferred, job_done, &job, NULL) == 0);
    torc_deferred_cancel(deferred);
    CHECK_NOTES(c, "cancelled(TORC_ECANCELED)");
    torc_deferred_drop(deferred);
    CHECK(c, torc_run_job(c->client, work, &other, NULL, &later) == 0);
    CHECK(c, torc_deferred_add_both(later, job_done, &other, NULL) == 0);
    CHECK(c, run_until(c, &other.done));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, job.worked == 1 && job.dropped == 1);
    torc_deferred_drop(later);
}

static int work_that_calls(void *arg)
{
    struct step *step = arg;

    return torc_call_from_thread(step->c->client, step_call, step, NULL);
}

BODY(a_job_can_call_into_the_reactor)
{
    static struct step job;
    struct torc_deferred *deferred;

    job = step_make(c, "called");
    CHECK(c, torc_run_job(c->client, work_that_calls, &job, NULL, &deferred) == 0);
    CHECK(c, run_until(c, &job.done));
    CHECK_NOTES(c, "called");
    run_for(c, 5 * TORC_MILLISECOND);
    torc_deferred_drop(deferred);
}

BODY(many_jobs_are_all_done)
{
    static struct step job;
    struct torc_deferred *deferred;
    struct torc_reactor_counts counts;
    unsigned i;

    job = step_make(c, NULL);
    for (i = 0; i < 20; i++) {
        CHECK(c, torc_run_job(c->client, work_that_calls, &job, NULL, &deferred) == 0);
        torc_deferred_drop(deferred);
    }
    torc_reactor_count(c->client, &counts);
    CHECK(c, counts.jobs == 20);
    for (i = 0; i < 10000 && counts.jobs > 0; i++) {
        run_for(c, TORC_MILLISECOND);
        torc_reactor_count(c->client, &counts);
    }
    CHECK(c, counts.jobs == 0);
}

BODY(shutdown_waits_for_jobs)
{
    static struct step job, during;
    struct torc_deferred *deferred;

    job = step_make(c, "job");
    during = step_make(c, "during");
    CHECK(c, add(c, TORC_DURING, "shutdown", step_trigger, &during, NULL));
    CHECK(c, torc_run_job(c->client, work, &job, NULL, &deferred) == 0);
    CHECK(c, torc_deferred_add_both(deferred, job_done, &job, NULL) == 0);
    torc_deferred_drop(deferred);
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, run_until(c, &during.done));
    CHECK_NOTES(c, "job during!");
}

BODY(a_signal_to_terminate_stops_the_reactor)
{
    static struct step before, after;

    before = step_make(c, "before");
    after = step_make(c, "after");
    CHECK(c, torc_reactor_add_trigger(c->server, TORC_BEFORE, "shutdown", step_trigger, &before,
                                      NULL, NULL) == 0);
    CHECK(c, torc_reactor_add_trigger(c->server, TORC_AFTER, "shutdown", step_trigger, &after, NULL,
                                      NULL) == 0);
    c->ops->signal(c, TORC_SIGNAL_TERMINATE);
    CHECK(c, run_until(c, &after.done));
    CHECK(c, before.done);
    CHECK(c, torc_reactor_exit_signal(c->server) == TORC_SIGNAL_TERMINATE);
}

BODY(an_interrupt_stops_the_reactor)
{
    static struct step after;

    after = step_make(c, "after");
    CHECK(c, torc_reactor_add_trigger(c->server, TORC_AFTER, "shutdown", step_trigger, &after, NULL,
                                      NULL) == 0);
    c->ops->signal(c, TORC_SIGNAL_INTERRUPT);
    CHECK(c, run_until(c, &after.done));
    CHECK(c, torc_reactor_exit_signal(c->server) == TORC_SIGNAL_INTERRUPT);
}

BODY(random_bytes_differ_from_draw_to_draw)
{
    uint64_t a = 0, b = 0;

    torc_reactor_random(c->client, "conformance.random", &a, sizeof a);
    torc_reactor_random(c->client, "conformance.random", &b, sizeof b);
    CHECK(c, a != b);
    CHECK(c, a != 0 && b != 0);
}

BODY(the_time_of_day_is_after_2019_and_does_not_go_back)
{
    uint64_t first = torc_reactor_wall(c->client);

    CHECK(c, first > UINT64_C(1546300800) * TORC_SECOND);
    run_for(c, 2 * TORC_MILLISECOND);
    CHECK(c, torc_reactor_wall(c->client) > first);
}

static void say_text(void *arg, const char *text)
{
    struct step *step = arg;

    (void)text;
    step->worked++;
}

BODY(what_is_left_is_counted_and_described)
{
    static struct step a, lines;
    struct torc_reactor_counts before, counts;
    struct torc_timer timer;

    a = step_make(c, "a");
    lines = step_make(c, "lines");
    torc_reactor_count(c->client, &before);
    CHECK(c, torc_call_later(torc_reactor_clock(c->client), TORC_SECOND, step_call, &a, NULL,
                             &timer) == 0);
    torc_reactor_count(c->client, &counts);
    CHECK(c, counts.timers == before.timers + 1);
    torc_reactor_describe(c->client, say_text, &lines);
    CHECK(c, lines.worked >= 1);
    CHECK(c, torc_timer_cancel(timer) == 0);
}
