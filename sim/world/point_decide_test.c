/* Points: jobs that a decision holds, each for a time. */
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

#define MS TORC_MILLISECOND

enum { JOBS = 8 };

struct bench;

struct work {
    struct bench *bench;
    const char *point;
    char name;
};

struct bench {
    struct torc_decision_list *list;
    struct torc_world *world;
    struct torc_host *host;
    bool refusing; /* memory */
    bool refuse_in_job; /* from there on */
    struct work works[JOBS];
    size_t work_count;
    char order[64];
    uint64_t at_ns[64]; /* when */
    size_t steps;
};

static void note(struct bench *bench, char what)
{
    assert_true(bench->steps < sizeof bench->order - 1);
    bench->at_ns[bench->steps] = torc_world_now(bench->world);
    bench->order[bench->steps++] = what;
}

/* A small letter before the point, a capital after it. */
static int pass(void *arg)
{
    struct work *work = arg;

    note(work->bench, work->name);
    work->bench->refusing = work->bench->refuse_in_job;
    TORC_POINT(torc_host_reactor(work->bench->host), work->point);
    note(work->bench, (char)(work->name - 'a' + 'A'));
    return 0;
}

static void *resize_unless(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return ((struct bench *)ctx)->refusing ? NULL : realloc(ptr, new_bytes);
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct bench bench;
    struct torc_world_options options;

    memset(&bench, 0, sizeof bench);
    torc_trial_need(trial, torc_decision_list_new(NULL, &bench.list));
    torc_world_options_init(&options);
    options.decider = torc_decision_list_decider(bench.list);
    options.allocator = (struct torc_allocator){.resize = resize_unless, .ctx = &bench};
    torc_trial_need(trial, torc_world_new(&options, &bench.world));
    torc_trial_need(trial, torc_world_add_host(bench.world, "h", NULL, &bench.host));
    torc_trial_set_state(trial, &bench);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct bench *bench = torc_trial_state(trial);

    torc_world_free(bench->world);
    torc_decision_list_free(bench->list);
    return NULL;
}

static const struct torc_trial_group with_bench = {.set_up = set_up, .tear_down = tear_down};

static void decide(struct bench *bench, uint64_t k, const char *option)
{
    struct torc_decision decision = {"h", "point.hold", k, 0, false};

    assert_int_equal(torc_decision_option(torc_decision_find_site("point.hold"), option, &decision.value), 0);
    assert_int_equal(torc_decision_list_add(bench->list, &decision), 0);
}

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

static uint64_t drift(const struct bench *bench)
{
    size_t first;

    return torc_decision_list_drift(bench->list, &first);
}

TORC_TEST(a_job_is_held_for_the_time_that_is_decided_and_others_pass_it, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "5s");
    decide(bench, 1, "1ms");
    decide(bench, 3, "100ms");
    submit(bench, 'a', "here");
    submit(bench, 'b', "here");
    submit(bench, 'c', "here");
    submit(bench, 'd', "elsewhere");
    run(bench, 0);
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 2);
    assert_int_equal(torc_host_point_waiting(bench->host, "elsewhere"), 1);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "abcCdBDA");
    assert_int_equal(bench->at_ns[5], MS);
    assert_int_equal(bench->at_ns[6], 100 * MS);
    assert_int_equal(bench->at_ns[7], 5000 * MS);
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 0);
    assert_int_equal(torc_decision_list_decided(bench->list, TORC_SITE_TIME), 3);
    return NULL;
}

TORC_TEST(where_a_line_holds_nothing_is_decided_but_the_question_counts, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint32_t number;

    decide(bench, 0, "1ms");
    decide(bench, 1, "100ms");
    assert_int_equal(torc_host_hold_point(bench->host, "here", &number), 0);
    submit(bench, 'a', "here");
    run(bench, 1000 * MS);
    assert_string_equal(bench->order, "a");
    assert_int_equal(torc_host_hold_stopped(bench->host, number), 1);
    torc_host_release_point(bench->host, "here");
    submit(bench, 'b', "here");
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "abAB");
    assert_int_equal(bench->at_ns[3], 1100 * MS);
    assert_int_equal(torc_decision_list_decided(bench->list, TORC_SITE_TIME), 1);
    assert_int_equal(drift(bench), 1);
    return NULL;
}

TORC_TEST(a_release_lets_go_whom_a_decision_holds_and_once, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "100ms");
    decide(bench, 1, "100ms");
    submit(bench, 'a', "here");
    submit(bench, 'b', "elsewhere");
    run(bench, 10 * MS);
    torc_host_release_point(bench->host, "here");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 0);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "abAB");
    assert_int_equal(bench->at_ns[2], 10 * MS);
    assert_int_equal(bench->at_ns[3], 100 * MS);
    return NULL;
}

TORC_TEST(one_that_is_held_again_is_not_let_go_by_the_time_before, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "100ms");
    decide(bench, 1, "5s");
    submit(bench, 'a', "here");
    run(bench, 10 * MS);
    torc_host_release_point(bench->host, NULL);
    submit(bench, 'b', "here");
    run(bench, 1000 * MS);
    assert_string_equal(bench->order, "abA");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 1);
    run(bench, TORC_NEVER);
    assert_int_equal(bench->at_ns[3], 5010 * MS);
    return NULL;
}

TORC_TEST(if_its_point_is_held_meanwhile_a_job_waits_for_the_release, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint32_t number;

    decide(bench, 0, "100ms");
    decide(bench, 1, "100ms");
    submit(bench, 'a', "here");
    submit(bench, 'b', "elsewhere");
    run(bench, 10 * MS);
    assert_int_equal(torc_host_hold_point(bench->host, "here", &number), 0);
    assert_int_equal(torc_host_hold_stopped(bench->host, number), 1);
    run(bench, 1000 * MS);
    assert_string_equal(bench->order, "abB");
    torc_host_release_point(bench->host, "here");
    run(bench, TORC_NEVER);
    assert_int_equal(bench->at_ns[3], 1000 * MS);
    assert_int_equal(torc_host_hold_stopped(bench->host, number), 1);
    return NULL;
}

TORC_TEST(faults_off_lets_go_whom_a_decision_holds_and_holds_nobody_more, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "5s");
    decide(bench, 2, "1ms");
    decide(bench, 3, "100ms");
    assert_int_equal(torc_host_hold_point(bench->host, "held", NULL), 0);
    submit(bench, 'a', "here");
    submit(bench, 'b', "held");
    run(bench, 10 * MS);
    torc_world_set_faults(bench->world, false);
    submit(bench, 'c', "here");
    run(bench, 1000 * MS);
    assert_string_equal(bench->order, "abcCA");
    assert_int_equal(bench->at_ns[4], 10 * MS);
    assert_int_equal(torc_host_point_waiting(bench->host, "held"), 1);
    torc_world_set_faults(bench->world, true);
    submit(bench, 'd', "here");
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "abcCAdD");
    assert_int_equal(bench->at_ns[6], 1100 * MS);
    return NULL;
}

TORC_TEST(of_a_host_that_is_spared_no_job_is_held, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "5s");
    decide(bench, 1, "5s");
    submit(bench, 'a', "here");
    run(bench, 10 * MS);
    torc_host_spare(bench->host);
    submit(bench, 'b', "here");
    run(bench, 20 * MS);
    assert_string_equal(bench->order, "abBA");
    return NULL;
}

TORC_TEST(a_job_that_a_decision_holds_when_its_host_is_killed_comes_to_its_end, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "100ms");
    decide(bench, 1, "5s");
    submit(bench, 'a', "here");
    run(bench, 10 * MS);
    torc_host_kill(bench->host);
    assert_string_equal(bench->order, "aA");
    assert_int_equal(torc_host_restart(bench->host), 0);
    submit(bench, 'b', "here");
    run(bench, 1000 * MS);
    assert_string_equal(bench->order, "aAb");
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 1);
    run(bench, TORC_NEVER);
    assert_int_equal(bench->at_ns[3], 5010 * MS);
    return NULL;
}

TORC_TEST(a_job_whose_time_is_over_while_its_host_is_paused_goes_on_after_that, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    decide(bench, 0, "1ms");
    submit(bench, 'a', "here");
    run(bench, 0);
    assert_int_equal(torc_host_pause(bench->host, 50 * MS), 0);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "aA");
    assert_int_equal(bench->at_ns[1], 50 * MS);
    return NULL;
}

static struct torc_failure *pass_in_a_turn(void *arg)
{
    (void)pass(arg);
    return NULL;
}

TORC_TEST(nothing_is_asked_at_a_point_in_code_of_the_reactor, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct work work = {bench, "here", 'a'};

    decide(bench, 0, "1ms");
    assert_int_equal(torc_call_soon(torc_host_reactor(bench->host), pass_in_a_turn, &work, NULL), 0);
    run(bench, TORC_NEVER);
    assert_string_equal(bench->order, "aA");
    assert_int_equal(drift(bench), 1);
    submit(bench, 'b', "here");
    run(bench, TORC_NEVER);
    assert_int_equal(bench->at_ns[3], MS);
    assert_int_equal(drift(bench), 0);
    return NULL;
}

TORC_TEST(without_memory_for_the_time_the_world_ends_and_leaves_nothing, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    enum torc_verdict verdict;

    decide(bench, 1, "1ms");
    submit(bench, 'a', "here");
    run(bench, TORC_NEVER);
    bench->refuse_in_job = true;
    submit(bench, 'b', "here");
    assert_int_equal(torc_world_run(bench->world, TORC_NEVER, &verdict), TORC_ENOMEM);
    assert_int_equal(torc_host_point_waiting(bench->host, "here"), 1);
    return NULL;
}

/* --- who asks ------------------------------------------------------------------------------------ */

struct asked {
    struct torc_decider decider; /* first */
    char about[64];
    uint64_t count;
};

static uint64_t listen_to(struct torc_decider *self, const struct torc_question *question)
{
    struct asked *asked = (struct asked *)(void *)self;

    if (strcmp(question->site, "point.hold") != 0)
        return question->drawn;
    assert_int_equal(question->options, 4);
    assert_int_equal(question->k, asked->count++);
    strncat(asked->about, question->about, sizeof asked->about - strlen(asked->about) - 1);
    return question->drawn;
}

TORC_TEST(a_question_tells_its_point)
{
    static struct bench bench;
    struct asked asked = {.decider = {listen_to}};
    struct torc_world_options options;

    memset(&bench, 0, sizeof bench);
    torc_world_options_init(&options);
    options.decider = &asked.decider;
    assert_int_equal(torc_world_new(&options, &bench.world), 0);
    assert_int_equal(torc_world_add_host(bench.world, "h", NULL, &bench.host), 0);
    submit(&bench, 'a', "here,");
    submit(&bench, 'b', "there");
    run(&bench, TORC_NEVER);
    assert_string_equal(asked.about, "here,there");
    assert_string_equal(bench.order, "aAbB");
    torc_world_free(bench.world);
    return NULL;
}

TORC_TRIAL_MAIN
