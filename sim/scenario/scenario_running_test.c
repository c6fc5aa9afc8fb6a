/* Which hosts run, and come up again; when the timeline is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define STATION "scn 1\nhost a module=station\nhost b module=station\nhost p peer\n"

TORC_TEST(a_host_whose_module_could_not_start_does_not_run)
{
    (void)trial;
    expect_run(STATION "decide a alloc.fail 0.. = ENOMEM\n10ms p listen 1\n"
                       "always !running(a) && running(b) && running(p)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_host_that_was_stopped_comes_up_again)
{
    (void)trial;
    expect_run(STATION "10ms a signal term\n+1ms expect !running(a)\n+0 a restart\n+0 expect running(a)\n"
                       "end expect leaks == 0 && a.epoch == 1\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "10ms a signal term\n+1ms a restart epoch=5\n+1ms expect a.epoch == 5\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_it_left_behind_when_it_was_stopped_is_told_at_the_end)
{
    (void)trial;
    expect_run("scn 1\nhost a module=litter\n10ms a signal term\n+1ms a restart\nend expect leaks == 0\n",
               TORC_SCENARIO_FAIL, "leaks is 2");
    return NULL;
}

TORC_TEST(each_time_that_something_was_left_is_told)
{
    struct torc_scenario_report *report =
        station_run("scn 1\nhost a module=litter\n10ms a signal term\n+1ms a restart\n+1ms a signal term\n+1ms a restart\n"
                    "end expect leaks == 0\n",
                    NULL);
    size_t told = 0;

    (void)trial;
    assert_int_equal(report->failure_count, 1);
    for (const char *at = report->failures[0].detail; (at = strstr(at, "a leaves ")) != NULL; at++)
        told++;
    assert_int_equal(told, 3);
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(one_that_is_up_is_not_started_again)
{
    (void)trial;
    expect_run(STATION "10ms a restart epoch=5\n+1ms expect a.epoch == 1\n", TORC_SCENARIO_PASS, NULL);
    assert_non_null(strstr(station_told, "a is up already"));
    return NULL;
}

/* The host is killed again and again, as long as faults go on: its turns never end. */
TORC_TEST(what_is_expected_eventually_and_without_end_lets_decided_faults_cease)
{
    (void)trial;
    expect_run("scn 1\nhost a module=station lead=30ms\nhost p peer\ndecide a host.fault 0.. = kill\n"
               "250ms p listen 1\neventually a.role==\"leader\"\nalways t < 10s\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(and_what_waits_for_it_still_comes)
{
    (void)trial;
    expect_run("scn 1\nhost a module=station lead=30ms\nhost p peer\neventually a.role==\"leader\" as L\n"
               "L.end+5ms expect t == 35ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TRIAL_MAIN
