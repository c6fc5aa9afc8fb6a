#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/sim.h>
#include <torc/trial.h>

#include "world.h"

/* A module that remembers its option and can refuse to start. */
struct counter {
    struct torc_reactor *reactor;
    int64_t value;
};

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    struct counter *counter;

    if (torc_options_integer(options, "value") < 0)
        return torc_failure_static(&torc_failure_error);
    counter = torc_alloc(torc_reactor_scope(reactor), sizeof *counter);
    if (counter == NULL)
        return torc_failure_static(&torc_failure_out_of_memory);
    counter->reactor = reactor;
    counter->value = torc_options_integer(options, "value");
    *out_instance = counter;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct counter *counter = instance;

    torc_release(torc_reactor_scope(counter->reactor), counter, sizeof *counter);
    return NULL;
}

static int64_t read_value(void *instance)
{
    return ((struct counter *)instance)->value;
}

static const char *read_role(void *instance)
{
    (void)instance;
    return "counter";
}

/* Adds to the value; fires with a text, or fails, a little later or at once. */
struct later {
    struct torc_source source;
    struct torc_reactor *reactor;
    bool fail;
};

static struct torc_failure *fire_later(void *arg)
{
    struct later *later = arg;
    struct torc_result result = torc_value((void *)(uintptr_t)"done");

    if (later->fail)
        result = torc_fail(torc_failure_static(&torc_failure_limit));
    (void)torc_source_fire(later->source, result);
    return NULL;
}

static void release_later(void *arg)
{
    struct later *later = arg;

    torc_release(torc_reactor_scope(later->reactor), later, sizeof *later);
}

static int call_add(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct counter *counter = instance;
    struct torc_scope *scope = torc_reactor_scope(counter->reactor);
    struct later *later;
    int64_t by = torc_options_integer(arguments, "by");

    if (by == 0)
        return TORC_EINVAL;
    counter->value += by;
    later = torc_alloc(scope, sizeof *later);
    if (later == NULL)
        return TORC_ENOMEM;
    later->reactor = counter->reactor;
    later->fail = by < 0;
    if (torc_deferred_new(scope, NULL, NULL, &later->source, out) != 0)
        return TORC_ENOMEM;
    return torc_call_later(torc_reactor_clock(counter->reactor), 5, fire_later, later,
                           release_later, NULL);
}

static struct torc_result keep_text(struct torc_result result, void *arg)
{
    *(const char **)arg = result.kind == TORC_RESULT_FAILURE
                              ? torc_failure_type(result.as.failure)->name
                              : result.as.value;
    torc_result_drop(result);
    return torc_value(NULL);
}

static const struct torc_option add_parameters[] = {
    {"by", TORC_OPTION_INTEGER, NULL, "how much"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_module_call calls[] = {
    {"add", "adds to the value", add_parameters, call_add},
    {NULL, NULL, NULL, NULL},
};
static const struct torc_option options[] = {
    {"value", TORC_OPTION_INTEGER, "7", "what the probe says"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_probe probes[] = {
    {"value", "the option", read_value, NULL},
    {"role", "always counter", NULL, read_role},
    {NULL, NULL, NULL, NULL},
};
static const struct torc_module module = {
    sizeof module, "counter", "1", "counts nothing", options, probes, start, stop, NULL, NULL, calls,
};

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct torc_world *world;
    struct torc_host *host;

    torc_trial_need(trial, torc_world_new(NULL, &world));
    torc_trial_need(trial, torc_world_add_host(world, "a", NULL, &host));
    torc_trial_set_state(trial, world);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    torc_world_free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group in_world = {.set_up = set_up, .tear_down = tear_down};

static int64_t probe_number(struct torc_host *host, const char *name)
{
    int64_t number = -1;
    const char *text = NULL;

    assert_int_equal(torc_host_probe(host, name, &number, &text), 0);
    assert_null(text);
    return number;
}

TORC_TEST(a_module_starts_with_its_options_and_answers_probes, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_host *host = torc_world_find_host(world, "a");
    static const char *const pairs[] = {"value", "42", NULL};
    char error[128];
    int64_t number = 0;
    const char *text = NULL;

    assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ENOTFOUND);
    assert_int_equal(torc_host_start_module(host, &module, pairs, error, sizeof error), 0);
    assert_int_equal(probe_number(host, "value"), 42);
    assert_int_equal(torc_host_probe(host, "role", &number, &text), 0);
    assert_string_equal(text, "counter");
    assert_int_equal(torc_host_probe(host, "x", &number, &text), TORC_ENOTFOUND);
    assert_int_equal(torc_host_start_module(host, &module, pairs, error, sizeof error), TORC_EBUSY);
    return NULL;
}

TORC_TEST(it_starts_again_with_the_host, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_host *host = torc_world_find_host(world, "a");
    char value[] = "42";
    const char *const pairs[] = {"value", value, NULL};
    char error[128];
    int64_t number = 0;
    const char *text = NULL;

    assert_int_equal(torc_host_start_module(host, &module, pairs, error, sizeof error), 0);
    value[0] = 'x'; /* the pairs were copied */
    torc_host_kill(host);
    assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ECLOSED);
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(probe_number(host, "value"), 42);
    return NULL;
}

TORC_TEST(what_is_wrong_comes_back_as_a_sentence, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_host *host = torc_world_find_host(world, "a");
    static const char *const unknown[] = {"valeu", "42", NULL};
    static const char *const refused[] = {"value", "-1", NULL};
    char error[128];

    assert_int_equal(torc_host_start_module(host, &module, unknown, error, sizeof error),
                     TORC_ENOTFOUND);
    assert_non_null(strstr(error, "valeu"));
    assert_int_not_equal(torc_host_start_module(host, &module, refused, error, sizeof error), 0);
    assert_non_null(strstr(error, "counter"));
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    assert_int_equal(probe_number(host, "value"), 7);
    torc_host_kill(host);
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), TORC_ECLOSED);
    return NULL;
}

TORC_TEST(it_is_stopped_with_the_reactor, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_host *host = torc_world_find_host(world, "a");
    enum torc_verdict verdict;
    char error[128];

    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    torc_host_signal(host, TORC_SIGNAL_TERMINATE);
    assert_int_equal(torc_world_run(world, TORC_NEVER, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_STOPPED);
    {
        int64_t number;
        const char *text;
        assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ECLOSED);
    }
    return NULL;
}

static const char *answer_of(struct torc_world *world, const char *by)
{
    struct torc_host *host = torc_world_find_host(world, "a");
    const char *const pairs[] = {"by", by, NULL};
    struct torc_deferred *deferred;
    enum torc_verdict verdict;
    const char *text = NULL;
    char error[128];

    assert_int_equal(torc_host_call(host, "add", pairs, &deferred, error, sizeof error), 0);
    assert_int_equal(torc_deferred_add_both(deferred, keep_text, &text, NULL), 0);
    torc_deferred_drop(deferred);
    assert_null(text);
    assert_int_equal(torc_world_run(world, TORC_NEVER, &verdict), 0);
    return text;
}

TORC_TEST(a_call_reaches_the_module_and_its_answer_comes_back, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_host *host = torc_world_find_host(world, "a");
    char error[128];

    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    assert_string_equal(answer_of(world, "3"), "done");
    assert_int_equal(probe_number(host, "value"), 10);
    assert_string_equal(answer_of(world, "-1"), "limit");
    return NULL;
}

TORC_TEST(a_call_that_cannot_be_says_why, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_host *host = torc_world_find_host(world, "a");
    static const char *const wrong[] = {"by", "three", NULL};
    static const char *const zero[] = {"by", "0", NULL};
    struct torc_deferred *deferred = NULL;
    char error[128];

    assert_int_equal(torc_host_call(host, "add", NULL, &deferred, error, sizeof error),
                     TORC_ENOTFOUND);
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    assert_int_equal(torc_host_call(host, "ad", NULL, &deferred, error, sizeof error),
                     TORC_ENOTFOUND);
    assert_string_equal(error, "module counter has no call 'ad'; did you mean 'add'?");
    assert_int_equal(torc_host_call(host, "add", NULL, &deferred, error, sizeof error),
                     TORC_ESYNTAX);
    assert_non_null(strstr(error, "by"));
    assert_int_equal(torc_host_call(host, "add", wrong, &deferred, error, sizeof error),
                     TORC_ESYNTAX);
    assert_int_equal(torc_host_call(host, "add", zero, &deferred, error, sizeof error),
                     TORC_EINVAL);
    torc_host_kill(host);
    assert_int_equal(torc_host_call(host, "add", NULL, &deferred, error, sizeof error),
                     TORC_ECLOSED);
    assert_null(deferred);
    return NULL;
}

static int write_line(void *arg, const char *line, size_t bytes)
{
    char *text = arg;

    static const char kind[] = "\"k\":\"call\"";

    if (memmem(line, bytes, kind, sizeof kind - 1) != NULL)
        strncat(text, line, bytes);
    return 0;
}

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* One has just ended, and nobody has heard of it yet. */
static void job_done(struct torc_host *host)
{
    struct torc_platform *platform = torci_host_platform(host);

    assert_int_equal(platform->ops->submit(platform, do_nothing, NULL, 7), 0);
    while (!host->jobs_done_head)
        assert_int_equal(torc_world_step(host->world), 0);
}

/* What comes from outside goes back to nothing, whatever happened last. */
TORC_TEST(a_call_and_its_answer_are_traced, .group = &in_world)
{
    static char text[2000];
    static const char *const pairs[] = {"by", "3", NULL};
    struct torc_world_options options_of_world;
    struct torc_trace *trace;
    struct torc_world *world;
    struct torc_host *host;
    struct torc_deferred *deferred;
    enum torc_verdict verdict;
    char error[128];

    torc_world_options_init(&options_of_world);
    assert_int_equal(torc_trace_new(write_line, text, &trace), 0);
    options_of_world.trace = trace;
    assert_int_equal(torc_world_new(&options_of_world, &world), 0);
    assert_int_equal(torc_world_add_host(world, "a", NULL, &host), 0);
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    job_done(host);
    assert_int_equal(torc_host_call(host, "add", pairs, &deferred, error, sizeof error), 0);
    torc_deferred_drop(deferred);
    assert_int_equal(torc_world_run(world, TORC_NEVER, &verdict), 0);
    assert_string_equal(
        text, "{\"n\":4,\"t\":0,\"host\":\"a\",\"k\":\"call\",\"what\":\"begin\",\"number\":1,"
              "\"name\":\"add\",\"text\":\"by=3\"}\n"
              "{\"n\":6,\"t\":5,\"host\":\"a\",\"k\":\"call\",\"cause\":5,\"what\":\"result\","
              "\"number\":1,\"name\":\"add\",\"text\":\"done\"}\n");
    torc_world_free(world);
    torc_trace_free(trace);
    return NULL;
}

static struct torc_result hold_shutdown(void *arg)
{
    return torc_await(*(struct torc_deferred **)arg);
}

/* Something else holds the shutdown while the module is gone already. */
TORC_TEST(a_module_that_has_stopped_is_not_asked_any_more, .group = &in_world)
{
    struct torc_world *world = torc_trial_state(trial);
    struct torc_deferred *held;
    struct torc_deferred *called;
    struct torc_source source;
    struct torc_host *host;
    enum torc_verdict verdict;
    const char *text;
    int64_t number;
    char error[200];

    assert_int_equal(torc_world_add_host(world, "srv", NULL, &host), 0);
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    assert_int_equal(torc_deferred_new(torc_reactor_scope(torc_host_reactor(host)), NULL, NULL,
                                       &source, &held),
                     0);
    assert_int_equal(torc_reactor_add_trigger(torc_host_reactor(host), TORC_BEFORE, "shutdown",
                                              hold_shutdown, &held, NULL, NULL),
                     0);
    assert_int_equal(torc_host_probe(host, "value", &number, &text), 0);
    assert_int_equal(torc_reactor_stop(torc_host_reactor(host)), 0);
    assert_int_equal(torc_world_run(world, 1000, &verdict), 0);
    assert_true(torc_reactor_running(torc_host_reactor(host)));
    assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ECLOSED);
    assert_int_equal(torc_host_call(host, "add", NULL, &called, error, sizeof error), TORC_ECLOSED);
    assert_int_equal(torc_source_fire(source, torc_value(NULL)), 0);
    assert_int_equal(torc_world_run(world, 2000, &verdict), 0);
    return NULL;
}

TORC_TRIAL_MAIN
