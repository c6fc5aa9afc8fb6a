/* trial_ground.c - what a test stands on: a world, or a live reactor. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <torc/live.h>

#include "trial_state.h"

#define STOP_LIMIT_NS (60 * TORC_SECOND)
#define EVENT_BYTES 65536
#define STEPS_AT_ONE_TIME_MAX 100000

/* --- making --------------------------------------------------------------------------------------- */

static size_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static int add_host(struct torc_trial *trial, const char *name, struct torc_host **out)
{
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
    int code;

    trial->hosts = torci_trial_grow(trial->hosts, trial->host_count, sizeof *trial->hosts);
    options.observer = &trial->observer;
    code = torc_world_add_host(trial->world, name, &options, out);
    if (code == 0)
        trial->hosts[trial->host_count++] = *out;
    return code;
}

static int make_trace(struct torc_trial *trial)
{
    int code;

    if (!trial->keeps_events || trial->trace != NULL)
        return 0;
    code = torc_trace_new(NULL, NULL, &trial->trace);
    return code != 0 ? code : torc_trace_keep(trial->trace, EVENT_BYTES);
}

static int make_world(struct torc_trial *trial)
{
    struct torc_world_options options;
    struct torc_host *host;
    int code = make_trace(trial);

    if (code != 0)
        return code;
    torc_world_options_init(&options);
    options.trace = trial->trace;
    options.seed = trial->test->seed;
    options.decider = trial->sweep != NULL ? &trial->sweep->decider : NULL;
    code = torc_world_new(&options, &trial->world);
    if (code != 0)
        return code;
    code = add_host(trial, "test", &host);
    if (code != 0) {
        torc_world_free(trial->world);
        trial->world = NULL;
        return code;
    }
    trial->reactor = torc_host_reactor(host);
    return 0;
}

static void *resize_and_count(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torci_live_slots *slots = (struct torci_live_slots *)(uintptr_t)self->ops;
    void *block = slots->own->resize(self, ptr, old_bytes, new_bytes);

    if (block != NULL || new_bytes == 0) {
        atomic_fetch_add(&slots->bytes_in_use, new_bytes);
        atomic_fetch_sub(&slots->bytes_in_use, old_bytes);
    }
    return block;
}

static void count_memory(struct torc_trial *trial)
{
    trial->slots.own = trial->platform->ops;
    trial->slots.ops = *trial->platform->ops;
    trial->slots.ops.resize = resize_and_count;
    trial->platform->ops = &trial->slots.ops;
}

static int make_live(struct torc_trial *trial)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    int code;

    options.observer = &trial->observer;
    code = torc_live_new(NULL, &trial->platform);
    if (code != 0)
        return code;
    count_memory(trial);
    code = torc_reactor_new(trial->platform, &options, &trial->reactor);
    if (code == 0) {
        code = torc_reactor_start(trial->reactor);
        if (code == 0)
            return 0;
        torc_reactor_free(trial->reactor);
        trial->reactor = NULL;
    }
    torc_live_free(trial->platform);
    trial->platform = NULL;
    return code;
}

void torci_trial_begin(struct torc_trial *trial, bool live)
{
    trial->live = live;
    trial->descriptors = open_descriptors();
}

void torci_trial_stand(struct torc_trial *trial)
{
    int code;

    if (trial->reactor != NULL)
        return;
    code = trial->live ? make_live(trial) : make_world(trial);
    if (code != 0)
        torci_trial_end(trial, "its world cannot be made: %s", torc_error_text(code));
}

void torci_trial_free_ground(struct torc_trial *trial)
{
    torc_world_free(trial->world);
    trial->world = NULL;
    if (trial->platform != NULL) {
        torc_reactor_free(trial->reactor);
        torc_live_free(trial->platform);
        trial->platform = NULL;
    }
    trial->reactor = NULL;
    free(trial->hosts);
    trial->hosts = NULL;
}

struct torc_host *torc_trial_add_host(struct torc_trial *trial, const char *name)
{
    struct torc_host *host = NULL;

    if (torc_trial_world(trial) == NULL)
        torci_trial_end(trial, "torc_trial_add_host: a live test has no simulated hosts");
    torc_trial_need(trial, add_host(trial, name, &host));
    return host;
}

/* --- time ------------------------------------------------------------------------------------------ */

static uint64_t now(const struct torc_trial *trial)
{
    return trial->world != NULL ? torc_world_now(trial->world) : torc_reactor_now(trial->reactor);
}

static void run_live(struct torc_trial *trial, uint64_t until_ns)
{
    while (torc_reactor_now(trial->reactor) < until_ns && torc_reactor_turn(trial->reactor, until_ns) == 0)
        ;
}

static int run_until(struct torc_trial *trial, uint64_t until_ns, enum torc_verdict *verdict)
{
    if (trial->world != NULL)
        return torc_world_run(trial->world, until_ns, verdict);
    run_live(trial, until_ns);
    *verdict = TORC_VERDICT_DEADLINE;
    return 0;
}

void torc_trial_run(struct torc_trial *trial, uint64_t span_ns)
{
    enum torc_verdict verdict;
    int code;

    torci_trial_stand(trial);
    code = run_until(trial, now(trial) + span_ns, &verdict);
    if (code != 0)
        torci_trial_end(trial, "the world does not run: %s", torc_error_text(code));
    if (verdict == TORC_VERDICT_LIVELOCK)
        torci_trial_end(trial, "turns go on and time does not");
}

void torci_trial_settle(struct torc_trial *trial)
{
    enum torc_verdict verdict;

    if (trial->reactor == NULL)
        return;
    if (trial->world != NULL) {
        (void)run_until(trial, now(trial), &verdict);
        return;
    }
    (void)torc_reactor_iterate(trial->reactor, 0);
    (void)torc_reactor_iterate(trial->reactor, 0);
}

static uint64_t virtual_limit(const struct torc_trial *trial)
{
    return trial->test->virtual_limit_ns != 0 ? trial->test->virtual_limit_ns : TORCI_TRIAL_VIRTUAL_LIMIT_NS;
}

/* --- waiting --------------------------------------------------------------------------------------- */

enum wait_end { WAIT_GOES_ON, WAIT_NOTHING_LEFT, WAIT_LIMIT, WAIT_NO_TIME };

struct wait {
    uint64_t until_ns;
    uint64_t at_ns;
    unsigned steps_here;
};

static enum wait_end step_world(struct torc_trial *trial, struct wait *wait)
{
    uint64_t next_ns = torc_world_next_at(trial->world);

    if (next_ns == TORC_NEVER)
        return WAIT_NOTHING_LEFT;
    if (next_ns > wait->until_ns)
        return WAIT_LIMIT;
    wait->steps_here = next_ns == wait->at_ns ? wait->steps_here + 1 : 0;
    wait->at_ns = next_ns;
    if (wait->steps_here > STEPS_AT_ONE_TIME_MAX)
        return WAIT_NO_TIME;
    return torc_world_step(trial->world) == 0 ? WAIT_GOES_ON : WAIT_NOTHING_LEFT;
}

/* Nothing can happen to a reactor with nothing open but what other threads call. */
static enum wait_end step_live(struct torc_trial *trial)
{
    struct torc_reactor_counts counts;

    torc_reactor_count(trial->reactor, &counts);
    if (counts.timers + counts.listeners + counts.connections + counts.jobs + counts.thread_calls == 0)
        return WAIT_NOTHING_LEFT;
    return torc_reactor_turn(trial->reactor, TORC_NEVER) == 0 ? WAIT_GOES_ON : WAIT_NOTHING_LEFT;
}

static bool tell_end(struct torc_trial *trial, const char *whose, const struct torc_deferred *deferred,
                     enum wait_end end)
{
    const char *site = torc_deferred_site(deferred);

    if (end == WAIT_NOTHING_LEFT)
        torci_trial_fail(trial->outcome, "%s, made at %s, has not fired, and nothing is left to happen", whose, site);
    else if (end == WAIT_LIMIT)
        torci_trial_fail(trial->outcome, "%s, made at %s, has not fired within %llu ms of virtual time", whose, site,
                         (unsigned long long)((trial->test->virtual_limit_ns != 0 ? trial->test->virtual_limit_ns
                                                                                  : TORCI_TRIAL_VIRTUAL_LIMIT_NS) /
                                              TORC_MILLISECOND));
    else
        torci_trial_fail(trial->outcome, "%s, made at %s, has not fired: turns go on and time does not", whose, site);
    return false;
}

static bool tell_result(struct torc_trial *trial, const char *whose, struct torc_result result)
{
    char text[1024];

    if (result.kind != TORC_RESULT_FAILURE || torc_trial_struck(trial)) {
        torc_result_drop(result);
        return true;
    }
    (void)torc_failure_describe(result.as.failure, text, sizeof text);
    torc_result_drop(result);
    torci_trial_fail(trial->outcome, "%s failed: %s", whose, text);
    return false;
}

bool torci_trial_wait(struct torc_trial *trial, const char *whose, struct torc_deferred *deferred)
{
    struct wait wait = {0, TORC_NEVER, 0};
    enum wait_end end = WAIT_GOES_ON;
    struct torc_result result;
    bool fired;
    bool passed;

    torci_trial_stand(trial);
    wait.until_ns = now(trial) + virtual_limit(trial);
    while (!(fired = torc_deferred_take(deferred, &result) == 0) && end == WAIT_GOES_ON)
        end = trial->world != NULL ? step_world(trial, &wait) : step_live(trial);
    passed = fired ? tell_result(trial, whose, result) : tell_end(trial, whose, deferred, end);
    torc_deferred_drop(deferred);
    return passed;
}

bool torci_trial_is_broken(struct torc_trial *trial)
{
    enum torc_verdict verdict;

    if (trial->reactor == NULL)
        return false;
    if (trial->world != NULL)
        return torc_world_run(trial->world, 0, &verdict) == TORC_EMISUSE;
    return torc_reactor_iterate(trial->reactor, 0) == TORC_EMISUSE;
}

/* --- the end --------------------------------------------------------------------------------------- */

static void note_leftover(void *arg, const char *text)
{
    struct torc_trial *trial = arg;

    torci_trial_fail(trial->outcome, "left behind: %s", text);
}

void torci_trial_note_leftovers(struct torc_trial *trial)
{
    if (trial->reactor != NULL)
        torc_reactor_describe(trial->reactor, note_leftover, trial);
}

static bool all_stopped(const struct torc_trial *trial)
{
    for (size_t i = 0; i < trial->host_count; i++)
        if (torc_host_up(trial->hosts[i]) && torc_reactor_running(torc_host_reactor(trial->hosts[i])))
            return false;
    return true;
}

/* `bytes` are those left when the reactor has been freed; the counts were made before. */
static void note_leaks(struct torc_trial *trial, const char *whose, const struct torc_scope_counts *counts,
                       uint64_t bytes)
{
    if (bytes > 0)
        torci_trial_fail(trial->outcome, "%s leaks %llu bytes of memory", whose, (unsigned long long)bytes);
    if (counts->deferreds > counts->deferreds_unfired)
        torci_trial_fail(trial->outcome, "%s leaks deferreds that have fired: %zu", whose,
                         counts->deferreds - counts->deferreds_unfired);
    if (counts->failures > 0)
        torci_trial_fail(trial->outcome, "%s leaks failures: %zu", whose, counts->failures);
}

static void retire(struct torc_trial *trial, struct torc_host *host)
{
    struct torc_scope_counts counts;
    char whose[128];
    uint64_t bytes = 0;

    if (!torc_host_up(host))
        return;
    if (host != trial->hosts[0])
        torc_reactor_describe(torc_host_reactor(host), note_leftover, trial);
    torc_scope_count(torc_reactor_scope(torc_host_reactor(host)), &counts);
    snprintf(whose, sizeof whose, "host %s", torc_host_name(host));
    if (torc_host_retire(host, &bytes) != 0)
        torci_trial_fail(trial->outcome, "%s did not stop within a minute", whose);
    note_leaks(trial, whose, &counts, bytes);
}

static void stop_world(struct torc_trial *trial)
{
    uint64_t until_ns = now(trial) + STOP_LIMIT_NS;
    int code = 0;

    for (size_t i = 0; i < trial->host_count; i++)
        if (torc_host_up(trial->hosts[i]))
            (void)torc_reactor_stop(torc_host_reactor(trial->hosts[i])); /* or it has stopped itself */
    while (code == 0 && !all_stopped(trial) && torc_world_next_at(trial->world) <= until_ns) {
        code = torc_world_step(trial->world);
    }
    for (size_t i = 0; i < trial->host_count; i++)
        retire(trial, trial->hosts[i]);
}

static void stop_live(struct torc_trial *trial)
{
    struct torc_scope_counts counts;

    (void)torc_reactor_stop(trial->reactor);
    while (torc_reactor_turn(trial->reactor, TORC_NEVER) == 0)
        ;
    torc_scope_count(torc_reactor_scope(trial->reactor), &counts);
    torc_reactor_free(trial->reactor);
    trial->reactor = NULL;
    note_leaks(trial, "the live reactor", &counts, atomic_load(&trial->slots.bytes_in_use));
}

void torci_trial_stop_ground(struct torc_trial *trial)
{
    size_t left;

    if (trial->world != NULL)
        stop_world(trial);
    if (trial->platform != NULL)
        stop_live(trial);
    torci_trial_free_ground(trial);
    left = open_descriptors();
    if (left > trial->descriptors)
        torci_trial_fail(trial->outcome, "file descriptors are left open: %zu", left - trial->descriptors);
}
