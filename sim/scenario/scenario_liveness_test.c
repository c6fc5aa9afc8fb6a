/* The end of the timeline: what must come true eventually, and faults that cease. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define STATION "scn 1\nhost a module=station lead=30ms\nhost b module=station\nhost p peer\n"

TORC_TEST(without_a_time_it_counts_from_when_all_else_is_over)
{
    expect_run(STATION "eventually a.role==\"leader\" within 10ms\n20ms p listen 1\n", TORC_SCENARIO_PASS,
               NULL);
    expect_run(STATION "eventually a.role==\"leader\" within 9ms\n20ms p listen 1\n", TORC_SCENARIO_FAIL,
               "a.role is \"follower\"");
    expect_run(STATION "20ms p listen 1 as L\nL+5ms b kill\neventually a.role==\"leader\" within 5ms as led\n"
                       "led.end+0 expect t == 30ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(with_a_time_it_counts_from_that)
{
    expect_run(STATION "20ms p listen 1\n+1ms eventually a.role==\"leader\" within 9ms\n1s p listen 2\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "20ms p listen 1\n+1ms eventually a.role==\"leader\" within 8ms\n1s p listen 2\n",
               TORC_SCENARIO_FAIL, "a.role is \"follower\"");
    return NULL;
}

TORC_TEST(triggers_and_what_follows_them_come_first)
{
    expect_run(STATION "eventually running(b) within 0\nwhen a.role==\"leader\" : b crash restart=+1s as P\n"
                       "P.end+1s p listen 1 as L\nL+0 expect t == 2030ms\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "eventually !running(b) within 1m\n"
                       "when a.role==\"leader\" : b crash restart=+1s as P\n",
               TORC_SCENARIO_FAIL, "running(b) is 1");
    return NULL;
}

TORC_TEST(faults_can_be_turned_off_and_on)
{
    expect_run(STATION "decide a host.fault 0.. = kill\n150ms faults off\n+1s p listen 1\n"
                       "always t < 300ms || running(a)\nsometimes !running(a)\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "decide a host.fault 0.. = kill\n1150ms p listen 1\n"
                       "always t < 300ms || running(a)\n",
               TORC_SCENARIO_FAIL, "running(a) is 0");
    expect_run(STATION "decide a host.fault 0.. = kill\n0 faults off\n29ms faults on\n+1ms p listen 1\n"
                       "sometimes t == 30ms && !running(a)\nalways t != 29ms || running(a)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(faults_off_resumes_paused_hosts)
{
    expect_run(STATION "decide a host.fault 0 = pause-5s\n1s faults off\n+1s p listen 1\n"
                       "always t <= 1s || a.role==\"leader\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "decide a host.fault 0 = pause-5s\n2s p listen 1\n"
                       "always t <= 1s || a.role==\"leader\"\n",
               TORC_SCENARIO_FAIL, "a.role is \"follower\"");
    return NULL;
}

TORC_TEST(decided_faults_cease_when_the_timeline_is_over)
{
    expect_run(STATION "decide a host.fault 0.. = kill\n250ms p listen 1\n"
                       "eventually a.role==\"leader\" within 500ms\nsometimes !running(a)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_must_come_true_eventually_is_not_let_go)
{
    expect_run(STATION "decide a host.fault 0 = kill\n1s p listen 1\n50ms expect b.role==\"leader\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "decide a host.fault 0 = kill\n1s p listen 1\neventually b.role==\"leader\" within 1s\n",
               TORC_SCENARIO_FAIL, "b.role is \"follower\"");
    return NULL;
}

TORC_TEST(but_without_a_host_that_could_not_start)
{
    expect_run(STATION "decide a alloc.fail 0.. = ENOMEM\n1s p listen 1\n"
                       "eventually a.role==\"leader\" within 1s\n",
               TORC_SCENARIO_PASS, NULL);
    assert_non_null(strstr(station_told, "let go: a.role has no value"));
    return NULL;
}

TORC_TEST(what_is_printed_is_what_was_read)
{
    expect_canonical("scn 1\nhost a module=station\n0         faults off    # healthy\n+1s       faults on as F\n"
                     "eventually count(role==\"leader\")==1 within 10s as led\n");
    return NULL;
}

TORC_TEST(mistakes_are_shown_where_they_are)
{
    expect_refused(STATION "0 faults of\n", "t.scn:5:10: faults are off or on, not 'of'; did you mean 'off'?");
    expect_refused(STATION "0 faults off now\n", "t.scn:5:14: 'faults' takes nothing more");
    expect_refused(STATION "0 faults\n", "t.scn:5:9: faults are off or on");
    expect_refused(STATION "end faults off\n", "at the end nothing more is done, only expected");
    expect_refused(STATION "eventually t > 1s within\n", "t.scn:5:19: the condition ends before this");
    return NULL;
}

TORC_TRIAL_MAIN
