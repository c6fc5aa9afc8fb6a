/* What happens to a host as a whole, seen from its own code: clocks, pauses, stalls, late timers, sudden ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/disk.h>
#include <torc/host_fault.h>
#include <torc/trial.h>

#include "job.h"
#include "raw_host.h"

#define MS TORC_MILLISECOND

/* A module that ticks every 10 ms and remembers when, in the world's time and in its own. */
static struct ticks {
    struct torc_world *world;
    size_t starts;
    size_t count;
    uint64_t at_ns[64];
    uint64_t own_ns[64];
    int64_t step; /* option of the life that runs */
} ticks;

static struct torc_failure *tick(void *arg)
{
    struct torc_reactor *reactor = arg;

    if (ticks.count < 64) {
        ticks.at_ns[ticks.count] = torc_world_now(ticks.world);
        ticks.own_ns[ticks.count++] = torc_reactor_now(reactor);
    }
    return torc_call_later(torc_reactor_clock(reactor), 10 * MS, tick, reactor, NULL, NULL) == 0
               ? NULL
               : torc_failure_static(&torc_failure_out_of_memory);
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    ticks.starts++;
    ticks.step = torc_options_integer(options, "step");
    *out_instance = reactor;
    return torc_call_later(torc_reactor_clock(reactor), 10 * MS, tick, reactor, NULL, NULL) == 0
               ? NULL
               : torc_failure_static(&torc_failure_out_of_memory);
}

static struct torc_deferred *stop(void *instance)
{
    (void)instance;
    return NULL;
}

static const struct torc_option options[] = {
    {"step", TORC_OPTION_INTEGER, "1", "anything"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_module module = {.size = sizeof module, .name = "ticks", .options = options,
                                          .start = start, .stop = stop};

/* A world whose host `a` ticks; `decisions` are taken. */
static struct torc_world *ticking(const struct torc_decision *decisions, size_t count,
                                  struct torc_decision_list **out_list)
{
    struct torc_world_options world_options;
    struct torc_world *world;
    struct torc_host *host;
    char error[100];

    torc_world_options_init(&world_options);
    if (count > 0) {
        assert_int_equal(torc_decision_list_new(NULL, out_list), 0);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(torc_decision_list_add(*out_list, &decisions[i]), 0);
        world_options.decider = torc_decision_list_decider(*out_list);
    }
    assert_int_equal(torc_world_new(&world_options, &world), 0);
    memset(&ticks, 0, sizeof ticks);
    ticks.world = world;
    assert_int_equal(torc_world_add_host(world, "a", NULL, &host), 0);
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    return world;
}

static struct torc_host *host_of(struct torc_world *world)
{
    return torc_world_find_host(world, "a");
}

static void run_until(struct torc_world *world, uint64_t until_ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(world, until_ns, &verdict), 0);
}

/* --- clocks --------------------------------------------------------------------------------------- */

TORC_TEST(a_fast_host_ticks_early_and_sees_its_own_due_times)
{
    struct torc_world *world = ticking(NULL, 0, NULL);

    assert_int_equal(torc_host_set_drift(host_of(world), 50000), 0);
    run_until(world, 100 * MS);
    assert_int_equal(ticks.count, 10);
    for (size_t i = 0; i < ticks.count; i++) {
        uint64_t due_ns = (i > 0 ? ticks.own_ns[i - 1] : 0) + 10 * MS;

        assert_in_range(ticks.own_ns[i], due_ns, due_ns + 1);
    }
    assert_int_equal(ticks.at_ns[0], 9523810); /* 10 ms / 1.05, rounded up */
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_slow_host_ticks_late)
{
    struct torc_world *world = ticking(NULL, 0, NULL);

    assert_int_equal(torc_host_set_drift(host_of(world), -100000), 0);
    run_until(world, 100 * MS);
    assert_int_equal(ticks.count, 9);
    assert_int_equal(ticks.at_ns[0], 11111112);
    assert_int_equal(ticks.own_ns[0], 10 * MS);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_drift_that_ends_leaves_the_host_with_the_time_it_has)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);

    assert_int_equal(torc_host_set_drift(host, 100000), 0);
    run_until(world, 1000 * MS);
    assert_int_equal(torc_host_now(host), 1100 * MS);
    assert_int_equal(torc_host_set_drift(host, 0), 0);
    run_until(world, 2000 * MS);
    assert_int_equal(torc_host_now(host), 2100 * MS);
    assert_int_equal(torc_host_set_drift(host, 100001), TORC_EINVAL);
    assert_int_equal(torc_host_set_drift(host, -100001), TORC_EINVAL);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(drift_is_in_both_clocks_and_a_step_in_the_wall_clock_only)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);
    uint64_t start_ns = torc_host_wall(host);

    assert_int_equal(torc_host_set_drift(host, -1000), 0);
    run_until(world, 1000 * MS);
    assert_int_equal(torc_host_wall(host), start_ns + 999 * MS);
    torc_host_step_clock(host, -(int64_t)(3600 * TORC_SECOND));
    assert_int_equal(torc_host_wall(host), start_ns + 999 * MS - 3600 * TORC_SECOND);
    assert_int_equal(torc_host_now(host), 999 * MS);
    assert_int_equal(torc_reactor_wall(torc_host_reactor(host)), torc_host_wall(host));
    torc_host_step_clock(host, INT64_MIN);
    assert_int_equal(torc_host_wall(host), 0);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(clocks_outlive_a_kill)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);
    uint64_t wall_ns;

    torc_host_step_clock(host, 5000);
    assert_int_equal(torc_host_set_drift(host, 100000), 0);
    run_until(world, 1000 * MS);
    wall_ns = torc_host_wall(host);
    torc_host_kill(host);
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(torc_reactor_wall(torc_host_reactor(host)), wall_ns);
    assert_int_equal(torc_reactor_now(torc_host_reactor(host)), 1100 * MS);
    torc_world_free(world);
    return NULL;
}

/* --- pauses and stalls ----------------------------------------------------------------------------- */

TORC_TEST(a_paused_host_runs_nothing_until_its_pause_ends)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);

    assert_int_equal(torc_host_pause(host, 25 * MS), 0);
    assert_true(torc_host_paused(host));
    run_until(world, 24 * MS);
    assert_int_equal(ticks.count, 0);
    run_until(world, 30 * MS);
    assert_int_equal(ticks.count, 1);
    assert_int_equal(ticks.at_ns[0], 25 * MS);
    assert_false(torc_host_paused(host));
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_pause_without_end_ends_when_the_host_is_resumed)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);

    assert_int_equal(torc_host_pause(host, TORC_NEVER), 0);
    assert_int_equal(torc_world_next_at(world), TORC_NEVER);
    run_until(world, 1000 * MS);
    torc_host_resume(host);
    run_until(world, 1000 * MS);
    assert_int_equal(ticks.at_ns[0], 1000 * MS);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(turning_faults_off_resumes_hosts_and_ends_stalls)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);

    assert_int_equal(torc_host_pause(host, TORC_NEVER), 0);
    assert_int_equal(torc_host_stall(host, 5000 * MS), 0);
    run_until(world, 33 * MS);
    torc_world_set_faults(world, false);
    run_until(world, 40 * MS);
    assert_int_equal(ticks.at_ns[0], 33 * MS);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(only_a_host_with_a_reactor_that_is_up_is_paused_or_stalls)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *raw;

    assert_int_equal(torci_world_add_raw_host(world, "raw", NULL, NULL, &raw), 0);
    assert_int_equal(torc_host_pause(raw, MS), TORC_EINVAL);
    assert_int_equal(torc_host_stall(raw, MS), TORC_EINVAL);
    assert_int_equal(torc_host_set_drift(raw, 1), TORC_EINVAL);
    torc_host_kill(host_of(world));
    assert_int_equal(torc_host_pause(host_of(world), MS), TORC_ECLOSED);
    assert_int_equal(torc_host_stall(host_of(world), MS), TORC_ECLOSED);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_kill_ends_a_pause)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);

    assert_int_equal(torc_host_pause(host, 5000 * MS), 0);
    torc_host_kill(host);
    assert_int_equal(torc_host_restart(host), 0);
    run_until(world, 15 * MS);
    assert_int_equal(ticks.count, 1);
    torc_world_free(world);
    return NULL;
}

/* Yields for 5 ms, three times. */
struct work {
    struct torc_world *world;
    uint64_t at_ns[4];
    size_t count;
};

static int do_work(void *arg)
{
    struct work *work = arg;

    for (int i = 0; i < 3; i++) {
        work->at_ns[work->count++] = torc_world_now(work->world);
        torci_job_yield(work->world, 5 * MS);
    }
    work->at_ns[work->count++] = torc_world_now(work->world);
    return 0;
}

static struct work begin_work(struct torc_world *world)
{
    struct work work = {.world = world};

    return work;
}

static void run_job(struct torc_host *host, struct work *work)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_run_job(torc_host_reactor(host), do_work, work, NULL, &deferred), 0);
    torc_deferred_drop(deferred);
}

TORC_TEST(jobs_of_a_paused_host_wait_too)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);
    struct work begun = begin_work(world);
    struct work fresh = begin_work(world);

    run_job(host, &begun);
    run_until(world, 2 * MS);
    run_job(host, &fresh);
    assert_int_equal(torc_host_pause(host, TORC_NEVER), 0);
    run_until(world, 50 * MS);
    assert_int_equal(begun.count, 1);
    assert_int_equal(fresh.count, 0);
    torc_host_resume(host);
    run_until(world, 100 * MS);
    assert_int_equal(begun.at_ns[1], 50 * MS);
    assert_int_equal(begun.at_ns[3], 60 * MS);
    assert_int_equal(fresh.at_ns[0], 50 * MS);
    assert_int_equal(fresh.at_ns[3], 65 * MS);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_paused_host_is_killed_with_jobs_that_wait)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);
    struct work begun = begin_work(world);
    struct work fresh = begin_work(world);

    run_job(host, &begun);
    run_until(world, 2 * MS);
    run_job(host, &fresh);
    assert_int_equal(torc_host_pause(host, TORC_NEVER), 0);
    run_until(world, 50 * MS);
    torc_host_kill(host);
    assert_int_equal(begun.count, 4); /* brought to its end */
    assert_int_equal(fresh.count, 0);
    assert_int_equal(torc_host_restart(host), 0);
    run_until(world, 100 * MS);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_stall_holds_turns_and_no_jobs)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);
    struct work work = begin_work(world);

    run_job(host, &work);
    assert_int_equal(torc_host_stall(host, 12 * MS), 0);
    run_until(world, 30 * MS);
    assert_int_equal(work.at_ns[3], 15 * MS);
    assert_int_equal(ticks.at_ns[0], 12 * MS); /* it was due at 10 */
    assert_int_equal(ticks.at_ns[1], 22 * MS);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_paused_host_is_not_called)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_deferred *deferred;
    char error[100];

    assert_int_equal(torc_host_pause(host_of(world), TORC_NEVER), 0);
    assert_int_equal(
        torc_host_call(host_of(world), "any", NULL, &deferred, error, sizeof error), TORC_EBUSY);
    assert_string_equal(error, "host a is paused");
    torc_world_free(world);
    return NULL;
}

static void note_sentence(void *arg, const char *text)
{
    bool *found = arg;

    *found = *found || strcmp(text, "a: paused") == 0;
}

TORC_TEST(a_paused_host_is_described_as_that)
{
    struct torc_world *world = ticking(NULL, 0, NULL);
    bool found = false;

    torc_world_describe(world, note_sentence, &found);
    assert_false(found);
    assert_int_equal(torc_host_pause(host_of(world), TORC_NEVER), 0);
    torc_world_describe(world, note_sentence, &found);
    assert_true(found);
    torc_world_free(world);
    return NULL;
}

/* --- another module ------------------------------------------------------------------------------- */

TORC_TEST(a_restart_may_bring_other_options)
{
    static const char *const pairs[] = {"step", "7", NULL};
    struct torc_world *world = ticking(NULL, 0, NULL);
    struct torc_host *host = host_of(world);
    struct torc_host *bare;

    assert_int_equal(torc_host_set_module(host, NULL, pairs), TORC_EBUSY);
    torc_host_kill(host);
    assert_int_equal(torc_host_set_module(host, NULL, pairs), 0);
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(ticks.step, 7);
    torc_host_kill(host);
    assert_int_equal(torc_host_set_module(host, &module, NULL), 0); /* keeps the options */
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(ticks.step, 7);
    assert_int_equal(ticks.starts, 3);
    assert_int_equal(torc_world_add_host(world, "bare", NULL, &bare), 0);
    torc_host_kill(bare);
    assert_int_equal(torc_host_set_module(bare, &module, NULL), TORC_ENOTFOUND);
    torc_world_free(world);
    return NULL;
}

/* --- what is decided ------------------------------------------------------------------------------ */

static void run_decided(const char *site, uint64_t k, uint64_t value, uint64_t until_ns)
{
    struct torc_decision decision = {"a", site, k, value, false};
    struct torc_decision_list *list;
    struct torc_world *world = ticking(&decision, 1, &list);

    run_until(world, until_ns);
    assert_int_equal(torc_decision_list_drift(list, NULL), 0);
    torc_world_free(world);
    torc_decision_list_free(list);
}

TORC_TEST(a_timer_may_be_late)
{
    static const uint64_t late_ns[] = {MS, 50 * MS, 2000 * MS};

    for (uint64_t value = 1; value <= 3; value++) {
        run_decided("timer.late", 1, value, 3000 * MS);
        assert_int_equal(ticks.at_ns[0], 10 * MS);
        assert_int_equal(ticks.at_ns[1], 20 * MS + late_ns[value - 1]);
        assert_int_equal(ticks.at_ns[2], 30 * MS + late_ns[value - 1]);
    }
    return NULL;
}

TORC_TEST(a_turn_may_stall_the_loop)
{
    static const uint64_t at_ns[] = {20 * MS, 210 * MS, 5010 * MS};

    for (uint64_t value = 1; value <= 3; value++) {
        run_decided("loop.stall", 0, value, 6000 * MS);
        assert_int_equal(ticks.at_ns[0], 10 * MS);
        assert_int_equal(ticks.at_ns[1], at_ns[value - 1]);
    }
    return NULL;
}

TORC_TEST(the_wall_clock_may_be_set)
{
    static const int64_t steps_s[] = {3600, -3600, -10};

    for (uint64_t value = 1; value <= 3; value++) {
        struct torc_decision decision = {"a", "clock.step", 1, value, false};
        struct torc_decision_list *list;
        struct torc_world *world = ticking(&decision, 1, &list);
        uint64_t start_ns = torc_host_wall(host_of(world));

        run_until(world, 10 * MS);
        assert_int_equal(torc_host_wall(host_of(world)), start_ns + 10 * MS);
        run_until(world, 20 * MS);
        assert_int_equal(torc_host_wall(host_of(world)),
                         start_ns + 20 * MS + (uint64_t)(steps_s[value - 1] * (int64_t)TORC_SECOND));
        assert_int_equal(ticks.at_ns[1], 20 * MS);
        torc_world_free(world);
        torc_decision_list_free(list);
    }
    return NULL;
}

TORC_TEST(a_host_may_be_paused_and_its_next_turn_takes_place)
{
    struct torc_decision decision = {"a", "host.fault", 0, 3, true};
    struct torc_decision_list *list;
    struct torc_world *world = ticking(&decision, 1, &list);

    run_until(world, 130 * MS);
    assert_int_equal(ticks.count, 2);
    assert_int_equal(ticks.at_ns[0], 60 * MS);
    assert_int_equal(ticks.at_ns[1], 120 * MS);
    torc_world_free(world);
    torc_decision_list_free(list);
    return NULL;
}

struct watcher {
    struct torc_host_watcher watcher;
    size_t down;
    size_t up;
    bool had_reactor;
    int code;
};

static void goes_down(struct torc_host_watcher *self, struct torc_host *host)
{
    struct watcher *watcher = (struct watcher *)(void *)self;

    watcher->down++;
    watcher->had_reactor = torc_host_reactor(host) != NULL;
}

static void came_up(struct torc_host_watcher *self, struct torc_host *host, int code)
{
    struct watcher *watcher = (struct watcher *)(void *)self;

    watcher->up++;
    watcher->code = code != 0 ? code : torc_host_up(host) ? 0 : -1;
}

TORC_TEST(a_host_may_be_killed_or_lose_its_power_and_comes_up_100_ms_later)
{
    for (uint64_t value = 1; value <= 2; value++) {
        struct torc_decision decision = {"a", "host.fault", 2, value, false};
        struct torc_decision_list *list;
        struct torc_world *world = ticking(&decision, 1, &list);
        struct watcher watcher = {{goes_down, came_up}, 0, 0, false, -1};

        torc_world_watch_hosts(world, &watcher.watcher);
        run_until(world, 100 * MS);
        assert_int_equal(ticks.count, 2);
        assert_false(torc_host_up(host_of(world)));
        assert_int_equal(watcher.down, 1);
        assert_true(watcher.had_reactor);
        run_until(world, 145 * MS);
        assert_int_equal(watcher.up, 1);
        assert_int_equal(watcher.code, 0);
        assert_int_equal(ticks.starts, 2);
        assert_int_equal(ticks.at_ns[2], 140 * MS); /* killed at 30, up at 130 */
        torc_world_free(world);
        torc_decision_list_free(list);
    }
    return NULL;
}

TORC_TEST(who_kills_the_host_again_or_spares_it_keeps_it_down)
{
    struct torc_decision decision = {"a", "host.fault", 0, 1, true};

    for (int spare = 0; spare < 2; spare++) {
        struct torc_decision_list *list;
        struct torc_world *world = ticking(&decision, 1, &list);

        run_until(world, 50 * MS);
        if (spare)
            torc_host_spare(host_of(world));
        else
            torc_host_kill(host_of(world));
        run_until(world, 1000 * MS);
        assert_false(torc_host_up(host_of(world)));
        assert_int_equal(torc_host_restart(host_of(world)), 0);
        run_until(world, 2000 * MS);
        assert_int_equal(torc_host_up(host_of(world)), spare); /* and then nothing is asked */
        torc_world_free(world);
        torc_decision_list_free(list);
    }
    return NULL;
}

static void kill_it(void *arg)
{
    torc_host_kill(arg);
}

TORC_TEST(who_kills_it_again_or_cuts_its_power_while_the_world_runs_keeps_it_down_too)
{
    struct torc_decision decision = {"a", "host.fault", 2, 1, false};
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;

    for (int cuts = 0; cuts < 2; cuts++) {
        struct torc_decision_list *list;
        struct torc_world *world = ticking(&decision, 1, &list);
        struct torc_host *killer;

        assert_int_equal(torci_world_add_raw_host(world, "k", kill_it, host_of(world), &killer), 0);
        if (cuts == 0) {
            torci_host_wake_at(killer, 50 * MS);
        } else {
            run_until(world, 50 * MS);
            assert_int_equal(torc_host_cut_power(host_of(world), &cut), TORC_ECLOSED);
        }
        run_until(world, 1000 * MS);
        assert_int_equal(ticks.count, 2);
        assert_false(torc_host_up(host_of(world)));
        torc_world_free(world);
        torc_decision_list_free(list);
    }
    return NULL;
}

TORC_TEST(nothing_is_decided_with_faults_off)
{
    static const char *const sites[] = {"host.fault", "timer.late", "loop.stall", "clock.step"};

    for (size_t i = 0; i < 4; i++) {
        struct torc_decision decision = {"a", sites[i], 0, 1, true};
        struct torc_decision_list *list;
        struct torc_world *world = ticking(&decision, 1, &list);
        uint64_t wall_ns = torc_host_wall(host_of(world));

        torc_world_set_faults(world, false);
        run_until(world, 100 * MS);
        assert_int_equal(ticks.count, 10);
        assert_int_equal(ticks.at_ns[9], 100 * MS);
        assert_int_equal(torc_host_wall(host_of(world)), wall_ns + 100 * MS);
        torc_world_free(world);
        torc_decision_list_free(list);
    }
    return NULL;
}

TORC_TRIAL_MAIN
