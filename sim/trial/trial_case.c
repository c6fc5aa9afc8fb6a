/* trial_case.c - one run of one test: its stages, each where CMocka catches what fails in it. */
#include "trial_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trial_crash.h"
#include "trial_stack.h"
#include "trial_state.h"

/* Worlds in the middle of something, which nothing can be done with any more; a list, so that they are not leaks. */
static struct torc_trial *abandoned;

/* Where the run's standard error can be read. */
static int said_descriptor = -1;

/* How many events are told of a run that fails. */
static uint64_t events_told;

extern const struct torc_guard_place *torc_guard_set(const struct torc_guard_place *place)
    __attribute__((weak));

/* --- stages ---------------------------------------------------------------------------------------- */

static bool call(struct torc_trial *trial, torc_trial_fn *function, const char *whose)
{
    struct torc_deferred *deferred = function == NULL ? NULL : function(trial);

    return deferred == NULL || torci_trial_wait(trial, whose, deferred);
}

static void tear_down(struct torc_trial *trial)
{
    if (!trial->tear_down_wanted)
        return;
    trial->tear_down_wanted = false;
    (void)call(trial, trial->test->group->tear_down, "the deferred of the tear-down");
}

static void clean_up(struct torc_trial *trial)
{
    while (trial->clean_up_count > 0) {
        struct torci_trial_clean_up one = trial->clean_ups[--trial->clean_up_count];
        struct torc_deferred *deferred = one.call(one.arg);

        if (deferred != NULL)
            (void)torci_trial_wait(trial, "the deferred of a clean-up", deferred);
    }
}

/* All of it, if nothing goes wrong. */
static void run_stages(void **state)
{
    struct torc_trial *trial = *state;
    const struct torc_trial_group *group = trial->test->group;

    torci_trial_catch_signals();
    if (group == NULL || call(trial, group->set_up, "the deferred of the set-up")) {
        trial->tear_down_wanted = group != NULL;
        (void)call(trial, trial->test->function, "the deferred it returned");
    }
    tear_down(trial);
    clean_up(trial);
}

/* What is still to be done when an assertion has ended the rest. */
static void run_last_stages(void **state)
{
    struct torc_trial *trial = *state;

    torci_trial_catch_signals();
    trial->broken = torci_trial_is_broken(trial);
    if (trial->broken)
        return;
    tear_down(trial);
    clean_up(trial);
}

/* --- CMocka ---------------------------------------------------------------------------------------- */

static off_t said_bytes(void)
{
    return lseek(said_descriptor, 0, SEEK_END);
}

static void read_said(off_t from, char *text, size_t size)
{
    ssize_t bytes = pread(said_descriptor, text, size - 1, from);

    text[bytes > 0 ? bytes : 0] = '\0';
}

static void note_end(struct torc_trial *trial, off_t from)
{
    char text[8192];

    read_said(from, text, sizeof text);
    if (trial->exit == TORCI_TRIAL_SKIPPED_ITSELF) {
        trial->outcome->verdict = TORCI_TRIAL_SKIPPED;
    } else if (strstr(text, ": Skipped!\n") != NULL && trial->outcome->signal_number == 0) {
        trial->exit = TORCI_TRIAL_SKIPPED_ITSELF;
        trial->outcome->verdict = TORCI_TRIAL_SKIPPED;
        snprintf(trial->outcome->reason, sizeof trial->outcome->reason, "skip()");
    } else if (trial->outcome->signal_number != 0) {
        torci_trial_tell_crash(trial->outcome, trial->outcome->signal_number, text);
    } else {
        torci_trial_fail_text(trial->outcome, text);
    }
}

/* Runs them where CMocka catches what fails; whether they came to their end by themselves. */
static bool guarded(struct torc_trial *trial, void (*stages)(void **state))
{
    off_t from = said_bytes();
    void *state = trial;
    int left;

    trial->exit = TORCI_TRIAL_NO_EXIT;
    trial->outcome->signal_number = 0;
    torci_trial_note_stack();
    left = _run_test(trial->test->name, stages, &state, UNIT_TEST_FUNCTION_TYPE_TEARDOWN, NULL);
    if (left != 0)
        torci_trial_back_on_stack();
    fflush(stdout);
    if (torc_guard_set != NULL)
        (void)torc_guard_set(NULL);
    if (left != 0 && trial->exit != TORCI_TRIAL_ENDED)
        note_end(trial, from);
    return left == 0;
}

/* --- a run ----------------------------------------------------------------------------------------- */

static void note_armed(const struct torc_trial *trial)
{
    for (size_t i = 0; i < trial->armed_count; i++)
        if (trial->armed[i].struck(trial->armed[i].host, trial->armed[i].number) == 0)
            torci_trial_fail(trial->outcome, "an armed fault never struck: %s", trial->armed[i].text);
}

static void judge_ground(struct torc_trial *trial)
{
    bool passed = trial->outcome->verdict == TORCI_TRIAL_PASSED;

    torci_trial_settle(trial);
    if (passed) {
        note_armed(trial);
        torci_trial_note_leftovers(trial);
        torci_trial_stop_ground(trial);
    }
}

static void free_trial(struct torc_trial *trial)
{
    torci_trial_free_ground(trial);
    torc_trace_free(trial->trace);
    torci_trial_free_errors(trial);
    free(trial->clean_ups);
    free(trial->armed);
    free(trial);
}

/* A callback that fails in here leaves the world behind, too. */
static void last_look(void **state)
{
    torci_trial_catch_signals();
    judge_ground(*state);
}

/* Whether all has been done that was to be. */
static bool run_whole(struct torc_trial *trial)
{
    bool ended;

    if (guarded(trial, run_stages))
        return true;
    ended = trial->exit == TORCI_TRIAL_ENDED;
    return guarded(trial, run_last_stages) && ended && !trial->broken;
}

/* A world that no turn was left in the middle of can be freed, as that runs none of its code; a live reactor would run
 * some. */
static void leave_ground(struct torc_trial *trial, bool whole)
{
    if (whole || (!trial->broken && trial->platform == NULL)) {
        free_trial(trial);
        return;
    }
    trial->next_abandoned = abandoned;
    abandoned = trial;
}

static int tell_event(void *arg, const char *line, size_t bytes)
{
    struct torci_trial_outcome *outcome = arg;

    torci_trial_fail(outcome, "%.*s", (int)bytes - 1, line);
    return 0;
}

static void tell_events(struct torc_trial *trial)
{
    uint64_t count = trial->trace == NULL ? 0 : torc_trace_count(trial->trace);
    int code;

    if (count == 0 || trial->outcome->verdict != TORCI_TRIAL_FAILED)
        return;
    torci_trial_fail(trial->outcome, "the last of %llu events:", (unsigned long long)count);
    code = torc_trace_write_kept(trial->trace, events_told, tell_event, trial->outcome);
    if (code != 0)
        torci_trial_fail(trial->outcome, "they cannot be told: %s", torc_error_text(code));
}

static void run_and_judge(struct torc_trial *trial)
{
    bool whole = run_whole(trial);

    trial->outcome->virtual_ns = trial->world != NULL ? torc_world_now(trial->world) : 0;
    if (whole && !guarded(trial, last_look)) {
        whole = false;
        trial->broken = true;
    }
    torci_trial_note_errors(trial);
    tell_events(trial);
    leave_ground(trial, whole);
}

void torci_trial_run_once(const struct torci_trial_case *one, struct torci_trial_sweep *sweep,
                          struct torci_trial_outcome *outcome)
{
    struct torc_trial *trial = calloc(1, sizeof *trial);

    outcome->verdict = TORCI_TRIAL_PASSED;
    if (trial == NULL) {
        torci_trial_fail(outcome, "there is no memory for its run");
        return;
    }
    trial->observer.emit = torci_trial_observe;
    trial->test = one->test;
    trial->parameter = one->parameter;
    trial->outcome = outcome;
    trial->sweep = sweep;
    trial->keeps_events = events_told > 0;
    torci_trial_begin(trial, one->way == TORCI_TRIAL_LIVE);
    run_and_judge(trial);
}

static uint64_t real_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * TORC_SECOND + (uint64_t)now.tv_nsec;
}

void torci_trial_run_case(const struct torci_trial_case *one, int said, bool own_process, uint64_t events,
                          struct torci_trial_outcome *outcome)
{
    uint64_t began_ns = real_ns();
    uint64_t limit_ns = one->test->real_limit_ns != 0 ? one->test->real_limit_ns : TORCI_TRIAL_REAL_LIMIT_NS;

    said_descriptor = said;
    events_told = events;
    torci_trial_arm_crash(outcome, own_process, limit_ns);
    if (one->way == TORCI_TRIAL_SWEPT)
        torci_trial_run_sweep(one, outcome);
    else
        torci_trial_run_once(one, NULL, outcome);
    torci_trial_disarm_crash();
    torci_trial_judge(outcome, one->test);
    outcome->real_ns = real_ns() - began_ns;
    outcome->done = true;
}
