/* Deferreds of a host that are struck: which of them count, and what happens to the host meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/decision.h>
#include <torc/deferred_fault.h>
#include <torc/trial.h>

/* A module whose calls wait until it is stopped, or until they are cancelled. */
struct waiting {
    struct torc_reactor *reactor;
    struct torc_source sources[8];
    size_t count;
};

static struct torc_host *victim; /* that a canceller kills; NULL: none */
static bool renews;              /* a canceller makes another one */

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out_instance)
{
    struct waiting *waiting = torc_alloc_zero(torc_reactor_scope(reactor), sizeof *waiting);

    (void)options;
    if (waiting == NULL)
        return torc_failure_no_memory();
    waiting->reactor = reactor;
    *out_instance = waiting;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct waiting *waiting = instance;

    for (size_t i = 0; i < waiting->count; i++)
        torc_source_drop(waiting->sources[i]);
    torc_release(torc_reactor_scope(waiting->reactor), waiting, sizeof *waiting);
    return NULL;
}

static int make_one(struct waiting *waiting, struct torc_deferred **out);

static void end_one(struct torc_source source, void *arg)
{
    struct torc_deferred *next;

    (void)source;
    if (victim != NULL)
        torc_host_kill(victim);
    if (renews) {
        assert_int_equal(make_one(arg, &next), 0);
        torc_deferred_drop(next);
    }
}

static int make_one(struct waiting *waiting, struct torc_deferred **out)
{
    assert_in_range(waiting->count, 0, sizeof waiting->sources / sizeof waiting->sources[0] - 1);
    return torc_deferred_new(torc_reactor_scope(waiting->reactor), end_one, waiting, &waiting->sources[waiting->count++],
                             out);
}

static struct torc_failure *do_nothing(void *arg)
{
    (void)arg;
    return NULL;
}

/* And there is a turn. */
static int call_wait(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct torc_clock *clock = torc_reactor_clock(((struct waiting *)instance)->reactor);

    (void)arguments;
    assert_int_equal(torc_call_later(clock, 1, do_nothing, NULL, NULL, NULL), 0);
    return make_one(instance, out);
}

static const struct torc_option no_options[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};
static const struct torc_option parameters[] = {
    {"word", TORC_OPTION_TEXT, "x", "nothing"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_module_call calls[] = {{"wait", "waits", parameters, call_wait}, {NULL, NULL, NULL, NULL}};
static const struct torc_module module = {
    sizeof module, "waiting", "1", "waits", no_options, NULL, start, stop, NULL, NULL, calls,
};

static bool withholds; /* the decider, whatever it is asked about */

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    (void)self;
    return withholds && strcmp(question->site, "deferred.fail") == 0 ? 3 : question->drawn;
}

static struct torc_decider decider = {.decide = decide};

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct torc_world_options options;
    struct torc_world *world;
    struct torc_host *host;
    char error[128];

    victim = NULL;
    renews = false;
    withholds = false;
    torc_world_options_init(&options);
    options.decider = &decider;
    torc_trial_need(trial, torc_world_new(&options, &world));
    torc_trial_set_state(trial, world);
    torc_trial_need(trial, torc_world_add_host(world, "a", NULL, &host));
    torc_trial_need(trial, torc_host_start_module(host, &module, NULL, error, sizeof error));
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    torc_world_free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group in_world = {.set_up = set_up, .tear_down = tear_down};

static struct torc_host *host_of(struct torc_trial *trial)
{
    return torc_world_find_host(torc_trial_state(trial), "a");
}

static int call(struct torc_host *host, struct torc_deferred **out)
{
    static const char *const pairs[] = {"word", "told", NULL};
    char error[128];

    return torc_host_call(host, "wait", pairs, out, error, sizeof error);
}

/* The fault's number. */
static uint32_t arm(struct torc_host *host, const char *option, uint64_t n)
{
    struct torc_deferred_fault fault = TORC_DEFERRED_FAULT_INIT;
    uint32_t number = 0;

    assert_int_equal(torc_decision_option(torc_decision_find_site("deferred.fail"), option, &fault.option), 0);
    fault.place = "deferred_fault_test";
    fault.n = n;
    assert_int_equal(torc_host_add_deferred_fault(host, &fault, &number), 0);
    return number;
}

static bool has_fired(struct torc_deferred *deferred)
{
    bool fired = torc_deferred_has_fired(deferred);
    struct torc_result result;

    if (fired && torc_deferred_take(deferred, &result) == 0)
        torc_result_drop(result);
    torc_deferred_drop(deferred);
    return fired;
}

TORC_TEST(those_that_were_made_before_the_fault_was_added_do_not_count, .group = &in_world)
{
    struct torc_host *host = host_of(trial);
    struct torc_deferred *old, *first, *second;
    uint32_t number;

    assert_int_equal(call(host, &old), 0);
    number = arm(host, "errback", 2);
    assert_int_equal(call(host, &first), 0);
    assert_int_equal(torc_host_deferred_fault_struck(host, number), 0);
    assert_int_equal(call(host, &second), 0);
    assert_int_equal(torc_host_deferred_fault_struck(host, number), 1);
    assert_false(has_fired(old));
    assert_false(has_fired(first));
    assert_true(has_fired(second));
    return NULL;
}

TORC_TEST(one_that_kills_its_host_ends_the_call_that_made_it, .group = &in_world)
{
    struct torc_host *host = host_of(trial);
    struct torc_deferred *deferred;

    (void)arm(host, "cancel", 1);
    victim = host;
    assert_int_equal(call(host, &deferred), TORC_ECLOSED);
    assert_false(torc_host_up(host));
    assert_int_equal(torc_host_restart(host), 0);
    return NULL;
}

/* Or a fault that strikes for ever would never be done. */
TORC_TEST(one_that_is_made_when_another_is_struck_is_left_until_later, .group = &in_world)
{
    struct torc_deferred_fault fault = TORC_DEFERRED_FAULT_INIT;
    struct torc_host *host = host_of(trial);
    struct torc_deferred *first, *second;
    uint32_t number = 0;

    fault.option = 1;
    fault.place = "deferred_fault_test";
    fault.times = UINT64_MAX;
    assert_int_equal(torc_host_add_deferred_fault(host, &fault, &number), 0);
    renews = true;
    assert_int_equal(call(host, &first), 0);
    assert_int_equal(torc_host_deferred_fault_struck(host, number), 1);
    renews = false;
    assert_int_equal(call(host, &second), 0);
    assert_int_equal(torc_host_deferred_fault_struck(host, number), 3);
    assert_true(has_fired(first));
    assert_true(has_fired(second));
    return NULL;
}

TORC_TEST(with_faults_off_none_is_struck, .group = &in_world)
{
    struct torc_host *host = host_of(trial);
    uint32_t number = arm(host, "cancel", 1);
    struct torc_deferred *off, *on;

    torc_world_set_faults(torc_trial_state(trial), false);
    assert_int_equal(call(host, &off), 0);
    assert_int_equal(torc_host_deferred_fault_struck(host, number), 0);
    torc_world_set_faults(torc_trial_state(trial), true);
    assert_int_equal(call(host, &on), 0);
    assert_int_equal(torc_host_deferred_fault_struck(host, number), 1);
    assert_false(has_fired(off));
    assert_true(has_fired(on));
    return NULL;
}

static void count_withheld(void *arg, const char *site, bool withheld)
{
    (void)site;
    *(size_t *)arg += withheld;
}

TORC_TEST(one_that_is_withheld_is_not_asked_about_again, .group = &in_world)
{
    struct torc_host *host = host_of(trial);
    struct torc_deferred *deferreds[3];
    enum torc_verdict verdict;
    size_t withheld = 0;

    withholds = true;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(call(host, &deferreds[i]), 0);
        assert_int_equal(torc_world_run(torc_trial_state(trial), (i + 1) * TORC_SECOND, &verdict), 0);
    }
    torc_scope_visit_unfired(torc_reactor_scope(torc_host_reactor(host)), count_withheld, &withheld);
    assert_int_equal(withheld, 3);
    for (size_t i = 0; i < 3; i++)
        assert_false(has_fired(deferreds[i]));
    return NULL;
}

TORC_TEST(what_is_no_fault_of_a_deferred_is_refused, .group = &in_world)
{
    struct torc_host *host = host_of(trial);
    struct torc_deferred_fault fault = TORC_DEFERRED_FAULT_INIT;

    assert_int_equal(torc_host_add_deferred_fault(host, &fault, NULL), TORC_EINVAL);
    fault.option = 4;
    assert_int_equal(torc_host_add_deferred_fault(host, &fault, NULL), TORC_EINVAL);
    fault.option = 1;
    fault.place = "[";
    assert_int_equal(torc_host_add_deferred_fault(host, &fault, NULL), TORC_ESYNTAX);
    fault.place = NULL;
    fault.size--;
    assert_int_equal(torc_host_add_deferred_fault(host, &fault, NULL), TORC_EINVAL);
    assert_int_equal(torc_host_deferred_fault_struck(host, 1), 0);
    return NULL;
}

TORC_TRIAL_MAIN
