/* Jobs of raw hosts, and of a host with a reactor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/host_fault.h>
#include <torc/sim.h>
#include <torc/trial.h>

#include "job.h"

struct teller {
    struct torc_world *world;
    struct torc_platform *platform;
    struct torc_platform_event events[16];
    uint64_t at_ns[16];
    size_t count;
    char order[64];
    size_t steps;
};

struct work {
    struct teller *teller;
    char name;
    uint64_t delay_ns;
    int result;
    bool in_reactor;
    unsigned char depth[20000];
};

static void turn(void *arg)
{
    struct teller *teller = arg;
    size_t n = teller->platform->ops->wait(teller->platform, 0, teller->events + teller->count,
                                           16 - teller->count);

    while (n-- > 0)
        teller->at_ns[teller->count++] = torc_world_now(teller->world);
}

static void note(struct work *work)
{
    work->teller->order[work->teller->steps++] = work->name;
}

static int run_work(void *arg)
{
    struct work *work = arg;
    unsigned char frame[20000]; /* a real piece of the stack, alive over the yield */

    memset(frame, work->name, sizeof frame);
    work->in_reactor = work->teller->platform->ops->in_reactor(work->teller->platform);
    note(work);
    torci_job_yield(work->teller->world, work->delay_ns);
    note(work);
    memcpy(work->depth, frame, sizeof frame);
    return work->result;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct teller teller;
    struct torc_host *host;

    memset(&teller, 0, sizeof teller);
    torc_trial_need(trial, torc_world_new(NULL, &teller.world));
    assert_int_equal(torci_world_add_raw_host(teller.world, "h", turn, &teller, &host), 0);
    teller.platform = torci_host_platform(host);
    torc_trial_set_state(trial, &teller);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    torc_world_free(((struct teller *)torc_trial_state(trial))->world);
    return NULL;
}

static const struct torc_trial_group with_teller = {.set_up = set_up, .tear_down = tear_down};

static void submit(struct work *work, struct teller *teller, char name, uint64_t delay_ns)
{
    memset(work, 0, sizeof *work);
    work->teller = teller;
    work->name = name;
    work->delay_ns = delay_ns;
    work->result = -name;
    assert_int_equal(teller->platform->ops->submit(teller->platform, run_work, work, (uint64_t)name),
                     0);
}

TORC_TEST(jobs_begin_in_order_and_overlap_where_they_yield, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    static struct work a;
    static struct work b;
    enum torc_verdict verdict;

    submit(&a, teller, 'a', 20);
    submit(&b, teller, 'b', 10);
    assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    assert_string_equal(teller->order, "abba");
    assert_int_equal(teller->count, 2);
    assert_int_equal(teller->events[0].token, 'b');
    assert_int_equal(teller->events[0].events, TORC_EVENT_JOB);
    assert_int_equal(teller->events[0].result, -'b');
    assert_int_equal(teller->at_ns[0], 10);
    assert_int_equal(teller->at_ns[1], 20);
    assert_int_equal(a.depth[19999], 'a');
    assert_false(a.in_reactor);
    assert_true(teller->platform->ops->in_reactor(teller->platform));
    return NULL;
}

TORC_TEST(jobs_that_go_on_at_one_time_do_so_in_the_order_they_yielded, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    static struct work a;
    static struct work b;
    enum torc_verdict verdict;

    submit(&a, teller, 'a', 10);
    submit(&b, teller, 'b', 10);
    assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    assert_string_equal(teller->order, "abab");
    return NULL;
}

TORC_TEST(stacks_are_used_again, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    static struct work work[12];
    enum torc_verdict verdict;
    size_t i;

    for (i = 0; i < 12; i++) {
        submit(&work[i], teller, (char)('a' + (int)i), 1);
        assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    }
    assert_int_equal(teller->count, 12);
    assert_string_equal(teller->order, "aabbccddeeffgghhiijjkkll");
    return NULL;
}

TORC_TEST(a_killed_hosts_jobs_end_at_once_and_are_not_told, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    static struct work a;
    static struct work b;
    enum torc_verdict verdict;
    struct torc_host *host = torc_world_find_host(teller->world, "h");

    submit(&a, teller, 'a', 1000);
    assert_int_equal(torc_world_run(teller->world, 10, &verdict), 0);
    submit(&b, teller, 'b', 1000);
    torc_host_kill(host);
    assert_string_equal(teller->order, "aa"); /* what has not begun does not */
    assert_int_equal(a.depth[19999], 'a');
    assert_int_equal(torc_world_now(teller->world), 10);
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    assert_string_equal(teller->order, "aa");
    assert_int_equal(teller->count, 0);
    return NULL;
}

static int run_for_ever(void *arg)
{
    struct work *work = arg;

    while (work->result >= 0) {
        torci_job_yield(work->teller->world, 1);
        work->result++;
    }
    return 0;
}

TORC_TEST(a_job_that_does_not_end_when_its_host_is_killed_is_left, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    static struct work a;
    struct torc_host *host = torc_world_find_host(teller->world, "h");
    enum torc_verdict verdict;

    memset(&a, 0, sizeof a);
    a.teller = teller;
    assert_int_equal(teller->platform->ops->submit(teller->platform, run_for_ever, &a, 1), 0);
    assert_int_equal(torc_world_run(teller->world, 10, &verdict), 0);
    assert_int_equal(a.result, 10);
    torc_host_kill(host);
    assert_int_equal(a.result, 10 + 100000 + 1);
    assert_int_equal(torc_world_now(teller->world), 10);
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    assert_int_equal(a.result, 10 + 100000 + 1);
    assert_int_equal(teller->count, 0);
    return NULL;
}

TORC_TEST(a_world_is_freed_with_jobs_under_way, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    static struct work a;
    static struct work b;
    enum torc_verdict verdict;

    submit(&a, teller, 'a', 1000);
    assert_int_equal(torc_world_run(teller->world, 10, &verdict), 0);
    submit(&b, teller, 'b', 1000);
    return NULL;
}

struct patience {
    struct torc_world *world;
    bool called;
    bool saw_call;
};

/* As a job that polls: it goes on at once, again and again. */
static int wait_for_call(void *arg)
{
    struct patience *patience = arg;
    int i;

    for (i = 0; i < 100 && !patience->called; i++)
        torci_job_yield(patience->world, 0);
    patience->saw_call = patience->called;
    return 0;
}

static struct torc_failure *call_soon(void *arg)
{
    ((struct patience *)arg)->called = true;
    return NULL;
}

TORC_TEST(a_job_that_goes_on_without_time_lets_turns_run_first, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    struct patience patience = {teller->world, false, false};
    struct torc_host *host;
    struct torc_deferred *deferred;
    enum torc_verdict verdict;

    assert_int_equal(torc_world_add_host(teller->world, "r", NULL, &host), 0);
    assert_int_equal(
        torc_run_job(torc_host_reactor(host), wait_for_call, &patience, NULL, &deferred), 0);
    torc_deferred_drop(deferred);
    assert_int_equal(torc_call_soon(torc_host_reactor(host), call_soon, &patience, NULL), 0);
    assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    assert_true(patience.saw_call);
    return NULL;
}

/* --- through a reactor ---------------------------------------------------------------------- */

static int answer(void *arg)
{
    *(int *)arg += 1;
    return 0;
}

static struct torc_result seen(struct torc_result result, void *arg)
{
    *(int *)arg += 10 * *(int *)result.as.value;
    return result;
}

TORC_TEST(a_job_of_a_reactor_fires_its_deferred, .group = &with_teller)
{
    struct teller *teller = torc_trial_state(trial);
    struct torc_host *host;
    struct torc_deferred *deferred;
    enum torc_verdict verdict;
    int number = 4;
    int total = 0;

    assert_int_equal(torc_world_add_host(teller->world, "r", NULL, &host), 0);
    assert_int_equal(torc_run_job(torc_host_reactor(host), answer, &number, NULL, &deferred), 0);
    assert_int_equal(torc_deferred_add_callback(deferred, seen, &total, NULL), 0);
    torc_deferred_drop(deferred);
    assert_int_equal(torc_world_run(teller->world, TORC_NEVER, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_QUIESCENT);
    assert_int_equal(number, 5);
    assert_int_equal(total, 50);
    return NULL;
}

/* --- without memory ------------------------------------------------------------------------------ */

/* While it refuses, what it is given back is overwritten and kept. */
struct refuser {
    bool refusing;
    void *kept[256];
    size_t kept_count;
};

static void *refuser_resize(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct refuser *refuser = ctx;

    if (!refuser->refusing && new_bytes > 0)
        return realloc(ptr, new_bytes);
    if (new_bytes > 0)
        return NULL;
    if (!refuser->refusing) {
        free(ptr);
    } else if (ptr != NULL) {
        assert_true(refuser->kept_count < 256);
        memset(ptr, 0xdd, old_bytes);
        refuser->kept[refuser->kept_count++] = ptr;
    }
    return NULL;
}

static int count(void *arg)
{
    ++*(int *)arg;
    return 0;
}

static void submit_many(struct torc_host *host, int *counter)
{
    struct torc_platform *platform = torci_host_platform(host);

    for (uint64_t i = 1; i <= 64; i++)
        assert_int_equal(platform->ops->submit(platform, count, counter, i), 0);
}

TORC_TEST(jobs_that_cannot_go_on_after_a_pause_for_want_of_memory_are_gone)
{
    struct refuser refuser = {.refusing = false};
    struct torc_world_options options;
    struct torc_world *world;
    struct torc_host *host;
    enum torc_verdict verdict;
    int counter = 0;

    torc_world_options_init(&options);
    options.allocator = (struct torc_allocator){.resize = refuser_resize, .ctx = &refuser};
    assert_int_equal(torc_world_new(&options, &world), 0);
    assert_int_equal(torc_world_add_host(world, "h", NULL, &host), 0);
    submit_many(host, &counter);
    assert_int_equal(torc_host_pause(host, TORC_NEVER), 0);
    assert_int_equal(torc_world_run(world, TORC_SECOND, &verdict), 0);
    submit_many(host, &counter); /* all the room there is for events */
    refuser.refusing = true;
    torc_host_resume(host);
    assert_int_equal(torc_world_run(world, TORC_NEVER, &verdict), TORC_ENOMEM);
    refuser.refusing = false;
    assert_int_equal(refuser.kept_count, 64);
    torc_world_free(world);
    while (refuser.kept_count > 0)
        free(refuser.kept[--refuser.kept_count]);
    return NULL;
}

TORC_TRIAL_MAIN
