/* Points: jobs that wait in the middle of what they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/host_fault.h>
#include <torc/point.h>
#include <torc/sim.h>
#include <torc/trial.h>

#include "job.h"

struct bench;

struct work {
    struct bench *bench;
    const char *point;
    char name;
};

/* The work lies here, since a job that waits goes on when the world is freed. */
struct bench {
    struct torc_world *world;
    struct torc_host *host;
    char order[64];
    size_t steps;
    struct work works[4];
    size_t work_count;
};

static void note(struct bench *bench, char what)
{
    assert_true(bench->steps < sizeof bench->order - 1);
    bench->order[bench->steps++] = what;
}

/* A small letter before the point, a capital after it. */
static int pass(void *arg)
{
    struct work *work = arg;

    note(work->bench, work->name);
    TORC_POINT(torc_host_reactor(work->bench->host), work->point);
    note(work->bench, (char)(work->name - 'a' + 'A'));
    return 0;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct bench bench;

    memset(&bench, 0, sizeof bench);
    torc_trial_need(trial, torc_world_new(NULL, &bench.world));
    torc_trial_need(trial, torc_world_add_host(bench.world, "h", NULL, &bench.host));
    torc_trial_set_state(trial, &bench);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    torc_world_free(((struct bench *)torc_trial_state(trial))->world);
    return NULL;
}

static const struct torc_trial_group with_bench = {.set_up = set_up, .tear_down = tear_down};

static void submit(struct bench *bench, char name, const char *point)
{
    struct work *work = &bench->works[bench->work_count++];
    struct torc_deferred *deferred;

    *work = (struct work){bench, point, name};
    assert_int_equal(torc_run_job(torc_host_reactor(bench->host), pass, work, NULL, &deferred), 0);
    torc_deferred_drop(deferred);
}

static void run(struct bench *bench, uint64_t until_ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(bench->world, until_ns, &verdict), 0);
}

TORC_TEST(a_job_waits_at_a_point_that_is_held_until_it_is_released, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint32_t number;

    assert_int_equal(torc_host_hold_point(bench->host, "here", &number), 0);
    submit(bench, 'a', "here");
    submit(bench, 'b', "elsewhere");
    run(bench, TORC_SECOND);
    assert_string_equal(bench->order, "abB");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 1);
    assert_int_equal(torc_host_point_waiting(bench->host, "elsewhere"), 0);
    torc_host_release_point(bench->host, "elsewhere");
    run(bench, 2 * TORC_SECOND);
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 1);
    torc_host_release_point(bench->host, "here");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 0);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "abBA");
    assert_int_equal(torc_world_now(bench->world), 2 * TORC_SECOND);
    assert_int_equal(torc_host_hold_stopped(bench->host, number), 1);
    return NULL;
}

TORC_TEST(jobs_that_waited_go_on_in_the_order_they_came, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    assert_int_equal(torc_host_hold_point(bench->host, "here", NULL), 0);
    for (size_t i = 0; i < 3; i++)
        submit(bench, (char)('a' + i), "here");
    run(bench, TORC_SECOND);
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 3);
    torc_host_release_point(bench->host, NULL);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "abcABC");
    return NULL;
}

TORC_TEST(a_point_that_is_released_holds_no_more_and_each_hold_counts_its_own, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint32_t first;
    uint32_t second;

    assert_int_equal(torc_host_hold_point(bench->host, "here", &first), 0);
    torc_host_release_point(bench->host, "here");
    submit(bench, 'a', "here");
    run(bench, TORC_SECOND);
    assert_string_equal(bench->order, "aA");
    assert_int_equal(torc_host_hold_point(bench->host, "here", &second), 0);
    submit(bench, 'b', "here");
    run(bench, 2 * TORC_SECOND);
    assert_string_equal(bench->order, "aAb");
    assert_int_equal(torc_host_hold_stopped(bench->host, first), 0);
    assert_int_equal(torc_host_hold_stopped(bench->host, second), 1);
    return NULL;
}

static struct torc_failure *pass_in_a_turn(void *arg)
{
    (void)pass(arg);
    return NULL;
}

TORC_TEST(a_point_in_code_of_the_reactor_does_nothing, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct work work = {bench, "here", 'a'};
    uint32_t number;

    assert_int_equal(torc_host_hold_point(bench->host, "here", &number), 0);
    assert_int_equal(torc_call_soon(torc_host_reactor(bench->host), pass_in_a_turn, &work, NULL), 0);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "aA");
    assert_int_equal(torc_host_hold_stopped(bench->host, number), 0);
    return NULL;
}

TORC_TEST(a_job_that_waits_when_its_host_is_killed_comes_to_its_end, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    assert_int_equal(torc_host_hold_point(bench->host, "here", NULL), 0);
    submit(bench, 'a', "here");
    run(bench, TORC_SECOND);
    torc_host_kill(bench->host);
    assert_string_equal(bench->order, "aA");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 0);
    torc_host_release_point(bench->host, "elsewhere");
    assert_int_equal(torc_host_restart(bench->host), 0);
    submit(bench, 'b', "here");
    run(bench, 2 * TORC_SECOND);
    assert_string_equal(bench->order, "aAb");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 1);
    return NULL;
}

TORC_TEST(what_is_released_while_the_host_is_paused_goes_on_after_that, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    assert_int_equal(torc_host_hold_point(bench->host, "here", NULL), 0);
    submit(bench, 'a', "here");
    run(bench, TORC_SECOND);
    assert_int_equal(torc_host_pause(bench->host, TORC_NEVER), 0);
    torc_host_release_point(bench->host, "here");
    run(bench, 2 * TORC_SECOND);
    assert_string_equal(bench->order, "a");
    torc_host_resume(bench->host);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "aA");
    return NULL;
}

TORC_TEST(a_raw_host_or_a_point_without_a_name_cannot_be_held, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_host *raw;

    assert_int_equal(torci_world_add_raw_host(bench->world, "raw", NULL, NULL, &raw), 0);
    assert_int_equal(torc_host_hold_point(raw, "here", NULL), TORC_EINVAL);
    assert_int_equal(torc_host_hold_point(bench->host, "", NULL), TORC_EINVAL);
    return NULL;
}

/* --- without memory ------------------------------------------------------------------------------ */

static void *resize_unless(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return *(bool *)ctx ? NULL : realloc(ptr, new_bytes);
}

TORC_TEST(without_memory_nothing_is_held)
{
    struct torc_world_options options;
    bool refusing = false;
    struct torc_host *host;
    struct torc_world *world;

    torc_world_options_init(&options);
    options.allocator = (struct torc_allocator){.resize = resize_unless, .ctx = &refusing};
    assert_int_equal(torc_world_new(&options, &world), 0);
    assert_int_equal(torc_world_add_host(world, "h", NULL, &host), 0);
    refusing = true;
    assert_int_equal(torc_host_hold_point(host, "here", NULL), TORC_ENOMEM);
    refusing = false;
    assert_int_equal(torc_host_hold_stopped(host, 0), 0);
    torc_world_free(world);
    return NULL;
}

TORC_TRIAL_MAIN
