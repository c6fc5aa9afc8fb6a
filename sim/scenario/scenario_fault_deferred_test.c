/* on deferred: results that are awaited and do not come, or come otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "scenario_model.h"
#include "tests/support/station.h"

#define HOST "scn 1\nhost a module=station\n"
#define REST HOST "0 x call a rest as d1\n"

TORC_TEST(one_that_fails_fails_with_what_is_said_at_once)
{
    (void)trial;
    expect_run(REST "on deferred a site~\"station\" : fail database_busy\n+0 d1 expect failure database_busy\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(REST "on deferred a : fail\n+0 d1 expect failure error\nend expect leaks == 0\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(one_that_is_cancelled_fails_as_cancelled)
{
    (void)trial;
    expect_run(REST "on deferred a : cancel\n+0 d1 expect failure cancelled\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(who_waits_for_one_that_never_fires_is_stuck_but_for_a_time_out)
{
    (void)trial;
    expect_run(REST "on deferred a site~\"station\" : never\n1s expect running(a)\n", TORC_SCENARIO_STUCK,
               "a deferred has not fired");
    expect_run(HOST "0 x call a rest limit=50ms as d1\non deferred a site~\"station\" : never\n"
                    "+50ms d1 expect failure timeout\nend expect leaks == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(one_that_never_fires_keeps_no_module_from_stopping)
{
    (void)trial;
    expect_run(REST "on deferred a : never\n+20ms a signal term\n+1ms expect !running(a)\n"
                    "d1 expect failure cancelled\nend expect leaks == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(it_strikes_the_one_that_is_said)
{
    (void)trial;
    expect_run(REST "+20ms x call a rest as d2\n+20ms x call a rest as d3\n+20ms x call a rest as d4\n"
                    "on deferred a n=2 times=2 : fail limit\nd1 expect result\nd2 expect failure limit\n"
                    "d3 expect failure limit\nd4 expect result\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(one_made_elsewhere_is_left_alone_and_the_fault_is_missed)
{
    (void)trial;
    expect_run(REST "on deferred a site~\"elsewhere\" : fail\nd1 expect result\n", TORC_SCENARIO_FAIL,
               "the fault of line 4 never struck");
    expect_run(REST "on deferred a site~\"elsewhere\" optional : fail\nd1 expect result\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_fault_survives_a_restart)
{
    (void)trial;
    expect_run(REST "+20ms a kill\n+1ms a restart\n+1ms x call a rest as d2\n"
                    "on deferred a n=2 : fail\nd1 expect result\nd2 expect failure error\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_makes_no_sense_is_refused_with_its_place)
{
    (void)trial;
    expect_refused(HOST "on deferred\n", "which host's deferreds? on deferred HOST");
    expect_refused("scn 1\nhost a module=station\non deferred b : fail\n", "t.scn:3:13: unknown host 'b'");
    expect_refused("scn 1\nhost p peer\non deferred p : fail\n", "t.scn:3:13: a peer runs no module and has no deferreds");
    expect_refused(HOST "on deferred a\n", "after a ':' comes what happens: fail, never or cancel");
    expect_refused(HOST "on deferred a :\n", "what happens then? fail, never or cancel");
    expect_refused(HOST "on deferred a : nevr\n", "t.scn:3:17: unknown fault 'nevr' of a deferred; did you mean 'never'?");
    expect_refused(HOST "on deferred a : fail database_buzy\n",
                   "t.scn:3:22: the library has no failure 'database_buzy'; did you mean 'database_busy'?");
    expect_refused(HOST "on deferred a : never again\n", "t.scn:3:23: 'never' takes nothing more");
    expect_refused(HOST "on deferred a sits~\"x\" : never\n", "unknown key 'sits'; did you mean 'site'?");
    expect_refused(HOST "on deferred a site=\"x\" : never\n", "site is a pattern");
    return NULL;
}

TORC_TRIAL_MAIN
