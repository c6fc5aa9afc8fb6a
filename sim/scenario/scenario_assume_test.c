/* Runs that are set aside because an assumption of the code is false. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define UNLUCKY "scn 1\nhost a module=station epoch=13 lead=10ms\nhost b module=station\n"
#define MESSAGE "set aside: the assumption \"station.lucky\" is false, "

TORC_TEST(a_run_whose_assumption_is_false_ends_there)
{
    struct torc_scenario_report *report = station_run(UNLUCKY "20ms expect running(b)\n", NULL);

    assert_int_equal(report->verdict, TORC_SCENARIO_SKIPPED);
    assert_int_equal(report->failure_count, 1);
    assert_non_null(strstr(report->failures[0].message, MESSAGE));
    assert_non_null(strstr(report->failures[0].message, "station.c:"));
    assert_int_equal(report->t_ns, 10000000);
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(one_that_is_never_reached_or_true_sets_nothing_aside)
{
    expect_run("scn 1\nhost a module=station epoch=13\n1ms expect running(a)\n", TORC_SCENARIO_PASS, NULL);
    expect_run("scn 1\nhost a module=station lead=10ms\n20ms expect a.role==\"leader\"\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_fails_at_that_moment_is_no_failure)
{
    expect_run(UNLUCKY "never a.role==\"leader\"\n", TORC_SCENARIO_SKIPPED, MESSAGE);
    expect_run(UNLUCKY "10ms expect a.role==\"follower\"\n", TORC_SCENARIO_SKIPPED, MESSAGE);
    return NULL;
}

TORC_TEST(what_failed_before_is)
{
    expect_run(UNLUCKY "5ms expect a.role==\"leader\"\n", TORC_SCENARIO_FAIL, "a.role is \"follower\"");
    return NULL;
}

TORC_TEST(nothing_is_asked_of_it_that_must_be_true_once)
{
    expect_run(UNLUCKY "20ms expect running(b)\nsometimes t > 1s\nwhen t > 1s : b kill\n",
               TORC_SCENARIO_SKIPPED, MESSAGE);
    return NULL;
}

TORC_TEST(its_verdict_has_a_name_and_a_status)
{
    assert_string_equal(torc_scenario_verdict_name(TORC_SCENARIO_SKIPPED), "skipped");
    assert_int_equal(torc_scenario_exit_status(TORC_SCENARIO_SKIPPED), 77);
    return NULL;
}

TORC_TRIAL_MAIN
