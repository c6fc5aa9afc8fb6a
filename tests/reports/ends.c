/* ends.c - tests that end, or whose children do, in ways gcov knows nothing of.  tests/coverage.sh looks for the lines
 * with "counted" in a comment: each has to have run in the test of that name, and nothing with "never" anywhere. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <torc/trial.h>

static volatile int way;

static void leave(void)
{
    way = 1; /* counted: ends.a_child_leaves */
    _exit(0);
}

static void stop(void)
{
    way = 2; /* counted: ends.a_child_aborts */
    abort();
}

static void stay(void)
{
    way = 3; /* never */
}

static void in_a_child(void (*function)(void))
{
    pid_t child = fork();

    if (child == 0) {
        function();
        stay();
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void stop_unhandled(void)
{
    signal(SIGABRT, SIG_DFL);
    way = 7; /* counted: ends.a_child_aborts_that_handles_nothing */
    abort();
}

TORC_TEST(a_child_leaves)
{
    (void)trial;
    in_a_child(leave);
    return NULL;
}

TORC_TEST(a_child_aborts)
{
    (void)trial;
    in_a_child(stop);
    return NULL;
}

TORC_TEST(a_child_aborts_that_handles_nothing)
{
    (void)trial;
    in_a_child(stop_unhandled);
    return NULL;
}

TORC_TEST(it_crashes, .fails = "it crashed")
{
    (void)trial;
    way = 4; /* counted: ends.it_crashes */
    *(volatile int *)(uintptr_t)way = 1;
    return NULL;
}

TORC_TEST(it_leaves, .fails = "it ended its process")
{
    (void)trial;
    way = 5; /* counted: ends.it_leaves */
    _exit(3);
}

TORC_TEST(it_takes_too_long, .fails = "it took more than", .real_limit_ns = TORC_SECOND)
{
    (void)trial;
    way = 6; /* counted: ends.it_takes_too_long */
    for (;;)
        pause();
}
