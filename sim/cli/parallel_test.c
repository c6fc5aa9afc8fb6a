#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "parallel.h"

/* Each process goes through its own seeds, so what the budget left undone may lie before what failed. */
static void a_failure_is_found_behind_a_run_that_was_not_done(void **state)
{
    const struct torci_outcome outcomes[] = {
        {.done = true, .verdict = TORC_SCENARIO_PASS},
        {.done = true, .verdict = TORC_SCENARIO_UNMET},
        {.done = false},
        {.done = true, .verdict = TORC_SCENARIO_FAIL},
        {.done = true, .verdict = -6},
    };

    (void)state;
    assert_int_equal(torci_first_failure(outcomes, 5), 3);
    assert_int_equal(torci_first_failure(outcomes, 3), 3);
    assert_int_equal(torci_first_failure(outcomes + 4, 1), 0);
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

static void a_run_that_ends_its_process_is_told_and_the_others_go_on(void **state)
{
    uint64_t events = 100;

    (void)state;
    for (unsigned jobs = 1; jobs <= 3; jobs++) {
        struct torci_outcome outcomes[7] = {{0}};

        assert_int_equal(torci_parallel(jobs, run, &events, outcomes, 7, 0), 0);
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
}

static void what_was_not_begun_in_time_is_not_done(void **state)
{
    struct torci_outcome outcomes[3] = {{0}};
    uint64_t events = 0;

    (void)state;
    assert_int_equal(torci_parallel(2, run, &events, outcomes, 3, 1), 0);
    for (size_t i = 0; i < 3; i++)
        assert_false(outcomes[i].done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_ends_its_process_is_told_and_the_others_go_on),
        cmocka_unit_test(what_was_not_begun_in_time_is_not_done),
        cmocka_unit_test(a_failure_is_found_behind_a_run_that_was_not_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
