/* The reactor with every acquisition failing in turn: whatever was taken runs or is dropped, and the
 * shutdown comes to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/reactor.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"
#include "tests/support/scripted_platform.h"

enum { EACH = 12 };

struct life {
    struct scripted_platform *platform;
    struct torc_reactor *reactor;
    struct torc_source held[2 * EACH]; /* what triggers of `before` wait for */
    int held_count;
    int taken;
    int dropped;
    int called;
    int fired; /* results of jobs */
    int jobs;
};

static struct torc_failure *count_call(void *arg)
{
    ((struct life *)arg)->called++;
    return NULL;
}

static void count_drop(void *arg)
{
    ((struct life *)arg)->dropped++;
}

static struct torc_result count_trigger(void *arg)
{
    (void)count_call(arg);
    return torc_value(NULL);
}

static struct torc_result hold(void *arg)
{
    struct life *life = arg;
    struct torc_source source;
    struct torc_deferred *deferred;
    if (torc_deferred_new(torc_reactor_scope(life->reactor), NULL, NULL, &source, &deferred) != 0)
        return torc_fail(torc_failure_no_memory());
    life->held[life->held_count++] = source;
    return torc_await(deferred);
}

static int work(void *arg)
{
    (void)arg;
    return 0;
}

static int fail_to_work(void *arg)
{
    (void)arg;
    return TORC_EIO;
}

static struct torc_result count_result(struct torc_result result, void *arg)
{
    ((struct life *)arg)->fired++;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void add_triggers(struct life *life, const char *event)
{
    for (int i = 0; i < EACH; i++) {
        enum torc_phase phase = (enum torc_phase)(i % 3);
        struct torc_trigger trigger;
        if (torc_reactor_add_trigger(life->reactor, phase, event, i == 0 ? hold : count_trigger,
                                     life, count_drop, &trigger) != 0)
            continue;
        life->taken++;
        if (i == 3)
            (void)torc_reactor_remove_trigger(life->reactor, trigger);
    }
}

static void run_jobs(struct life *life)
{
    for (int i = 0; i < EACH; i++) {
        struct torc_deferred *deferred;
        if (torc_run_job(life->reactor, i % 2 ? work : fail_to_work, life, count_drop, &deferred))
            continue;
        life->taken++;
        if (torc_deferred_add_both(deferred, count_result, life, NULL) == 0)
            life->jobs++;
        torc_deferred_drop(deferred);
    }
}

static void make_calls(struct life *life)
{
    for (uint64_t i = 0; i < EACH; i++) {
        if (torc_call_later(torc_reactor_clock(life->reactor), i, count_call, life, count_drop,
                            NULL) == 0)
            life->taken++;
        if (torc_call_soon(life->reactor, count_call, life, count_drop) == 0)
            life->taken++;
        if (torc_call_from_thread(life->reactor, count_call, life, count_drop) == 0)
            life->taken++;
        if (torc_call_when_running(life->reactor, count_call, life, count_drop) == 0)
            life->taken++;
    }
}

static void turn_all(struct life *life)
{
    while (torc_reactor_next_at(life->reactor) <= life->platform->now_ns)
        (void)torc_reactor_turn(life->reactor, 0);
}

static void release_held(struct life *life)
{
    for (int i = 0; i < life->held_count; i++)
        (void)torc_source_fire(life->held[i], torc_value(NULL));
    life->held_count = 0;
}

static void finish_jobs(struct life *life)
{
    for (size_t i = 0; i < life->platform->job_count; i++) {
        if (!life->platform->jobs[i].finished)
            scripted_finish_job(life->platform, i);
    }
}

/* Everything up to the point where only ending is left. */
static void begin(struct life *life)
{
    add_triggers(life, "startup");
    add_triggers(life, "shutdown");
    add_triggers(life, "of the user");
    make_calls(life);
    (void)!torc_reactor_start(life->reactor);
    turn_all(life);
    release_held(life);
    turn_all(life);
    make_calls(life);
    run_jobs(life);
    (void)!torc_reactor_fire_event(life->reactor, "of the user");
    turn_all(life);
}

static const char *end(struct life *life)
{
    release_held(life);
    turn_all(life);
    if (torc_reactor_stop(life->reactor) != 0)
        return "it was not running";
    life->platform->now_ns += 5;
    turn_all(life);
    release_held(life);
    turn_all(life);
    finish_jobs(life);
    (void)torc_reactor_turn(life->reactor, 0);
    turn_all(life);
    if (torc_reactor_running(life->reactor))
        return "the shutdown is stuck";
    return life->fired == life->jobs ? NULL : "a job's deferred did not fire";
}

static const char *live(struct torc_test_allocator *allocator, void *arg)
{
    static struct scripted_platform platform;
    struct life life = {.platform = &platform};
    (void)arg;
    scripted_init(&platform);
    platform.memory = &allocator->base;
    if (torc_reactor_new(&platform.base, NULL, &life.reactor) != 0)
        return NULL;
    begin(&life);
    const char *wrong = end(&life);
    torc_reactor_free(life.reactor);
    if (!wrong && life.taken != life.dropped)
        wrong = "an argument was not dropped once";
    return wrong;
}

TORC_TEST(a_life_survives_every_failing_acquisition)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(live, NULL, &runs));
    assert_true(runs > 100);
    return NULL;
}

TORC_TEST(ending_needs_no_memory)
{
    static struct scripted_platform platform;
    struct torc_test_allocator allocator;
    struct life life = {.platform = &platform};
    torc_test_allocator_init(&allocator);
    scripted_init(&platform);
    platform.memory = &allocator.base;
    assert_int_equal(torc_reactor_new(&platform.base, NULL, &life.reactor), 0);
    begin(&life);
    torc_test_allocator_fail_at(&allocator, 1, true);
    assert_null(end(&life));
    torc_reactor_free(life.reactor);
    assert_int_equal(life.taken, life.dropped);
    assert_int_equal(torc_test_allocator_blocks(&allocator), 0);
    torc_test_allocator_clear(&allocator);
    return NULL;
}

TORC_TRIAL_MAIN
