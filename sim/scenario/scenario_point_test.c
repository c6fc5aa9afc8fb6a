/* hold, release, held(): jobs that wait at a point of their code. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define STATION "scn 1\nhost a module=station\nhost b module=station\nhost p peer\n"

TORC_TEST(a_job_is_held_from_hold_to_release)
{
    expect_run(STATION "0 a hold \"station.half\"\n0 p call a work as W\n"
                       "5ms expect held(a, \"station.half\") == 1\n"
                       "10ms a release \"station.half\" as R\nR+0..1ms W expect result\n"
                       "+1ms expect held(a, \"station.half\") == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(other_hosts_and_other_points_are_not_held)
{
    expect_run(STATION "0 a hold \"station.half\" optional\n0 b hold \"station.other\" optional\n"
                       "0 p call b work as W\n+0..1ms W expect result\n"
                       "end expect held(b, \"station.half\") == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_trigger_sees_that_a_job_is_held_at_once)
{
    expect_run(STATION "0 a hold \"station.half\"\n7ms p call a work as W\n"
                       "when held(a, \"station.half\") : a kill as K\nK+0 expect t == 7ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_is_still_held_is_released_at_the_end_of_the_timeline)
{
    expect_run(STATION "0 a hold \"station.half\"\n0 p call a work as W\nW expect result\n"
                       "end expect leaks == 0\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "0 a hold \"station.half\"\n0 p call a work as W\nW+5ms b kill\n"
                       "W expect result\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_hold_that_no_job_came_to_fails_unless_it_is_optional)
{
    expect_run(STATION "0 a hold \"station.hlaf\"\n1ms p call a work as W\n+0..1ms W expect result\n",
               TORC_SCENARIO_FAIL, "no job came to the point that line 5 holds");
    expect_run(STATION "0 a hold \"station.hlaf\" optional\n1ms p call a work as W\n"
                       "+0..1ms W expect result\n",
               TORC_SCENARIO_PASS, NULL);
    /* The second line is reached, the first was not. */
    expect_run(STATION "0 a hold \"station.half\"\n1ms a release \"station.half\"\n"
                       "2ms a hold \"station.half\"\n3ms p call a work as W\nW expect result\n",
               TORC_SCENARIO_FAIL, "no job came to the point that line 5 holds");
    return NULL;
}

TORC_TEST(a_line_that_holds_a_point_comes_before_a_decision)
{
    /* Nothing is decided, so the times of the lines stand. */
    struct torc_scenario_report *report =
        station_run(STATION "decide a point.hold 0 = 5s\n0 a hold \"station.half\"\n0 p call a work as W\n"
                            "10ms a release \"station.half\" as R\nR+0..1ms W expect result\n",
                    NULL);

    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    assert_int_equal(report->decision_count, 0);
    assert_int_equal(report->drift, 1);
    torc_scenario_report_free(report);
    /* A second job is asked about again, and is one that waits, as long as it does. */
    expect_run(STATION "decide a point.hold 1 = 100ms\n0 a hold \"station.half\"\n0 p call a work as W\n"
                       "10ms a release \"station.half\"\n20ms p call a work as X\n"
                       "when t > 20ms && held(a, \"station.half\") : p listen 1 as HELD\n"
                       "HELD+100ms expect t == 120ms && held(a, \"station.half\") == 1\n"
                       "HELD+101ms expect held(a, \"station.half\") == 0\nend expect leaks == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_job_that_a_decision_holds_is_let_go_when_the_timeline_is_over_or_its_host_dies)
{
    expect_run(STATION "decide a point.hold 0 = 5s\n0 p call a work as W\n10ms p listen 1\nend expect t < 5s\n"
                       "end expect leaks == 0\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "decide a point.hold 0 = 5s\n0 p call a work as W\n10ms faults off\n"
                       "11ms p listen 1\nalways t < 11ms || held(a, \"station.half\") == 0\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "decide a point.hold 0 = 5s\n1ms p call a work as W\n"
                       "when held(a, \"station.half\") : a kill as K\nK+1ms a restart\nK+2ms p call a work as X\n"
                       "end expect leaks == 0\nend expect running(a)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_is_decided_at_a_point_is_a_function_of_the_decisions)
{
    static const char text[] = STATION "decide a point.hold 1.. = 100ms\n0 p call a work as W\n"
                                       "1ms p call a work as X\n1ms p call a work as Y\n500ms p listen 1\n";
    struct torc_scenario_report *first = station_run(text, NULL);
    struct torc_scenario_report *second = station_run(text, NULL);

    assert_int_equal(first->decision_count, 2);
    assert_string_equal(first->decisions[1].site, "point.hold");
    assert_string_equal(first->digest, second->digest);
    torc_scenario_report_free(first);
    torc_scenario_report_free(second);
    return NULL;
}

TORC_TEST(lines_that_make_no_sense_are_refused)
{
    expect_refused(STATION "0 p hold \"x\"\n", "a peer runs no jobs");
    expect_refused(STATION "0 a hold\n", "at which point? hold \"orders.before_commit\"");
    expect_refused(STATION "0 a release station.half\n", "at which point? release");
    expect_refused(STATION "0 a hold \"\"\n", "the name of the point is empty");
    expect_refused(STATION "0 a hold \"x\" optinal\n", "did you mean 'optional'?");
    expect_refused(STATION "0 a release \"x\" optional\n", "'release' takes nothing more");
    expect_refused(STATION "0 a hodl \"x\"\n", "did you mean 'hold'?");
    expect_refused(STATION "0 expect held(a)\n", "held takes a host that runs a module, and a point");
    expect_refused(STATION "0 expect held(p, \"x\")\n", "held takes a host that runs a module, and a point");
    expect_refused(STATION "0 expect held(a, \"\")\n", "held takes a host that runs a module, and a point");
    expect_refused(STATION "0 expect held(c, \"x\")\n", "c");
    expect_refused(STATION "0 expect held(a, \"x\") == \"y\"\n", "a number and a string are never equal");
    return NULL;
}

TORC_TEST(they_are_printed_as_they_are_written)
{
    expect_canonical("scn 1\nhost a module=station\n0         a hold \"station.half\" optional as H\n"
                     "when held(a, \"station.half\") optional : a release \"station.half\"\n");
    return NULL;
}

TORC_TRIAL_MAIN
