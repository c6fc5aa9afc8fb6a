#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "parallel.h"

/* Each process goes through its own seeds, so what the budget left undone may lie before what failed. */
TORC_TEST(a_failure_is_found_behind_a_run_that_was_not_done)
{
    const struct torci_outcome outcomes[] = {
        {.done = true, .verdict = TORC_SCENARIO_PASS},
        {.done = true, .verdict = TORC_SCENARIO_UNMET},
        {.done = false},
        {.done = true, .verdict = TORC_SCENARIO_FAIL},
        {.done = true, .verdict = -6},
    };

    assert_int_equal(torci_first_failure(outcomes, 5), 3);
    assert_int_equal(torci_first_failure(outcomes, 3), 3);
    assert_int_equal(torci_first_failure(outcomes + 4, 1), 0);
    return NULL;
}

/* The third run crashes, the fifth exits; the others are made all the same. */
static int run(void *arg, size_t index, struct torci_outcome *out)
{
    const uint64_t *events = arg;

    if (index == 2)
        raise(SIGKILL);
    if (index == 4)
        _exit(0);
    out->verdict = TORC_SCENARIO_PASS;
    out->events = *events + index;
    return 0;
}

TORC_TEST(a_run_that_ends_its_process_is_told_and_the_others_go_on)
{
    uint64_t events = 100;

    for (unsigned jobs = 1; jobs <= 3; jobs++) {
        struct torci_outcome outcomes[7] = {{0}};

        assert_int_equal(torci_parallel(jobs, run, &events, outcomes, 7, 0, NULL), 0);
        for (size_t i = 0; i < 7; i++) {
            assert_true(outcomes[i].done);
            if (i == 2)
                assert_int_equal(outcomes[i].verdict, -SIGKILL);
            else if (i == 4)
                assert_int_equal(outcomes[i].verdict, TORCI_RUN_EXITED);
            else
                assert_int_equal(outcomes[i].events, 100 + i);
        }
    }
    return NULL;
}

TORC_TEST(what_was_not_begun_in_time_is_not_done)
{
    struct torci_outcome outcomes[3] = {{0}};
    uint64_t events = 0;

    assert_int_equal(torci_parallel(2, run, &events, outcomes, 3, 1, NULL), 0);
    for (size_t i = 0; i < 3; i++)
        assert_false(outcomes[i].done);
    return NULL;
}

struct taken {
    size_t times[7];
    bool more;
};

static bool take(void *arg, const struct torci_outcome *outcomes, const size_t *indices, size_t count)
{
    struct taken *taken = arg;

    for (size_t i = 0; i < count; i++) {
        assert_true(outcomes[indices[i]].done);
        taken->times[indices[i]]++;
    }
    return taken->more;
}

TORC_TEST(each_run_is_given_to_the_sink_once_and_what_was_done_is_not_made_again)
{
    struct torci_outcome outcomes[7] = {[1] = {.done = true, .events = 7}};
    struct taken taken = {.more = true};
    struct torci_parallel_sink sink = {take, &taken};
    uint64_t events = 100;

    assert_int_equal(torci_parallel(2, run, &events, outcomes, 7, 0, &sink), 0);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(taken.times[i], i == 1 ? 0 : 1);
    assert_int_equal(outcomes[1].events, 7);
    assert_int_equal(outcomes[3].events, 103);
    return NULL;
}

TORC_TEST(a_sink_that_wants_no_more_ends_the_processes)
{
    struct torci_outcome outcomes[7] = {{0}};
    struct taken taken = {.more = false};
    struct torci_parallel_sink sink = {take, &taken};
    uint64_t events = 100;

    assert_int_equal(torci_parallel(2, run, &events, outcomes, 7, 0, &sink), ECANCELED);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return NULL;
}

/* Says that it is there, by one byte, and never ends. */
static int run_for_ever(void *arg, size_t index, struct torci_outcome *out)
{
    const int *pipe_ends = arg;

    (void)index;
    (void)out;
    if (write(pipe_ends[1], "x", 1) != 1)
        return 1;
    for (;;)
        pause();
}

/* The pipe has an end as soon as nobody is left who could write to it. */
TORC_TEST(the_processes_end_with_the_one_that_wants_their_runs)
{
    struct torci_outcome outcomes[2] = {{0}};
    int pipe_ends[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(pipe_ends), 0);
    child = fork();
    if (child == 0)
        _exit(torci_parallel(2, run_for_ever, pipe_ends, outcomes, 2, 0, NULL) != 0);
    close(pipe_ends[1]);
    for (int i = 0; i < 2; i++)
        assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(read(pipe_ends[0], &byte, 1), 0);
    close(pipe_ends[0]);
    return NULL;
}

TORC_TRIAL_MAIN
