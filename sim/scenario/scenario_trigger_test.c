/* Triggers, and names of any action. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define STATION "scn 1\nhost a module=station lead=10ms\nhost b module=station\nhost p peer\n"

TORC_TEST(a_trigger_fires_once_and_at_once)
{
    expect_run("scn 1\nhost a module=station lead=10ms reign=5ms\nhost b module=station\n"
               "when a.role==\"leader\" : b kill as K\n"
               "K+0 expect t == 10ms && !running(b)\n"
               "K+1ms b restart\nK+1s expect running(b)\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("scn 1\nhost a module=station lead=10ms reign=5ms\nhost b module=station\n"
               "when a.role==\"leader\" : b kill\n"
               "30ms b restart\n+0 a restart\n+0 a kill\n+0 a restart\n1s expect running(b)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_trigger_is_looked_at_before_the_next_event)
{
    /* Both change at one instant, one after the other. */
    expect_run("scn 1\nhost a module=station lead=10ms\nhost b module=station lead=10ms\n"
               "when a.role==\"leader\" && b.role==\"follower\" : b kill as K\n"
               "never b.role==\"leader\"\nK+0 expect t == 10ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_condition_that_is_true_from_the_beginning_fires_then)
{
    expect_run(STATION "when running(a) : b kill as K\nK+0 expect t == 0 && !running(b)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_trigger_may_be_the_moment_for_another_one)
{
    expect_run(STATION "when !running(b) : p listen 9 as L\n"
                       "when a.role==\"leader\" : b kill as K\n"
                       "L+0 expect t == 10ms\nK+0 expect t == 10ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(the_timeline_is_open_for_a_trigger)
{
    expect_run("scn 1\nhost a module=station lead=9s\nhost b module=station\n"
               "when a.role==\"leader\" : b kill\nend expect !running(b)\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("scn 1\nhost a module=station lead=11s\nhost b module=station\n"
               "when a.role==\"leader\" : b kill\nend expect running(b)\n",
               TORC_SCENARIO_UNMET, "this never happened: a.role is \"follower\"");
    expect_run("scn 1\nhost a module=station lead=11s\nhost b module=station\nhost p peer\n"
               "when a.role==\"leader\" : b kill\n5s p listen 1\nend expect !running(b)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_trigger_that_never_fires_is_unmet_unless_it_is_optional)
{
    expect_run(STATION "when b.role==\"leader\" : a kill\n", TORC_SCENARIO_UNMET,
               "this never happened: b.role is \"follower\"");
    expect_run(STATION "when b.role==\"leader\" optional : a kill\nend expect running(a)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(lines_of_a_trigger_that_never_fires_are_skipped)
{
    struct torc_scenario_report *report = station_run(
        STATION "when b.role==\"leader\" optional : a crash restart=+1s as P\nP+1s b kill\n"
                "P.end+1s b kill\nend expect running(b)\n",
        NULL);

    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    assert_int_equal(report->lines_skipped, 3);
    assert_non_null(strstr(station_told, "is skipped: its condition has not happened: when"));
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(lines_whose_trigger_is_gone_are_skipped)
{
    struct torc_scenario_report *report =
        station_run(STATION "P+1s b kill\nP.end+1s b kill\nend expect running(b)\n", NULL);

    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    assert_int_equal(report->lines_skipped, 2);
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(an_action_with_a_duration_ends_when_that_is_over)
{
    expect_run(STATION "5ms b crash restart=+20ms as P\nP+0 expect t == 5ms && !running(b)\n"
                       "P.end+0 expect t == 25ms && running(b)\nP.end+1ms a kill as Q\n"
                       "Q+0 expect t == 26ms\nQ.end+2ms expect t == 28ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(an_expectation_ends_when_it_is_met)
{
    expect_run(STATION "3ms expect a.role==\"leader\" within 1s as led\n"
                       "led+1ms expect t == 4ms\nled.end+1ms expect t == 11ms\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("scn 1\nhost p,q peer\nlink p<->q delay=1ms\n0 q listen 9\n+0 q accept 9 as s\n"
               "+0 p connect q:9 as c\nc+0 c send \"x\" as sent\n"
               "c+0 s expect \"x\" within=1s as got\ngot.end+0 expect t == 3ms\n"
               "sent.end+0 expect t == 2ms\ngot.end+1ms c close as closed\n"
               "closed+0 s expect close within=1s\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(an_expectation_can_wait_for_a_trigger)
{
    expect_run("scn 1\nhost p,q peer\nlink p<->q delay=1ms\n0 q listen 9\n+0 q accept 9 as s\n"
               "+0 p connect q:9 as c\nwhen t > 1ms : s expect \"x\" within=1s as got\n"
               "c+5ms c send \"x\"\ngot.end+0 expect t == 8ms\ngot.end+0 c close\n+0 s expect close within=1s\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(parameters_stand_for_any_part)
{
    expect_run(STATION "param who=a.role==\"leader\"\nparam act=kill\nparam name=K\n"
                       "when $who : b $act as $name\n$name+0 expect t == 10ms && !running(b)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_is_printed_is_what_was_read)
{
    expect_canonical("scn 1\nhost a,b module=station lead=10ms\n"
                     "when count(role==\"leader\") > 0 && t>2s optional : b crash disk=keep restart=+1s as P  # once\n"
                     "P+1s      a kill as Q\n"
                     "P.end+0   b kill\n"
                     "Q.end+0   expect !running(a) within 1s as R\n");
    return NULL;
}

TORC_TEST(mistakes_are_shown_where_they_are)
{
    expect_refused(STATION "when a.role==\"leader\"\n", "t.scn:5:22: after a ' : ' comes what happens");
    expect_refused(STATION "when a.role==\"leader\" :\n", "after a ' : ' comes what happens");
    expect_refused(STATION "when : b kill\n", "t.scn:5:6: the condition is missing");
    expect_refused(STATION "when optional : b kill\n", "t.scn:5:6: the condition is missing");
    expect_refused(STATION "when a.role== : b kill\n", "the condition is not complete");
    expect_refused(STATION "when running(a) : b kil\n", "t.scn:5:21: unknown verb 'kil'; did you mean 'kill'?");
    expect_refused(STATION "when running(a) : +1s b kill\n",
                   "t.scn:5:19: it happens when the condition is true; name it");
    expect_refused(STATION "when running(a) : b kill as b\n", "'b' is the name of a host already");
    expect_refused(STATION "0 b kill as P\nwhen running(a) : b kill as P\n",
                   "t.scn:6:29: 'P' is made by line 5 already");
    expect_refused(STATION "0 b kill as\n", "as what? the name is missing");
    expect_refused(STATION "0 b kill as P\n+0 P send \"x\"\n",
                   "'P' is neither a connection nor a call");
    expect_refused(STATION "0 b kill as P\n+0 P expect result \"x\"\n",
                   "'P' is neither a connection nor a call");
    expect_refused(STATION "wehn running(a) : b kill\n", "did you mean 'when'?");
    return NULL;
}

TORC_TRIAL_MAIN
