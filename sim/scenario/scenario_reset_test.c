/* reset after=: a connection that is reset at a byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

/* Two peers: the one sends "ABCDEF" in one, the other resets. */
#define PEERS "scn 1\nhost a,b peer\nlink a<->b delay=1ms\n0 b listen 80\n0 a connect b:80 as c\n0 b accept 80 as s\n"

TORC_TEST(it_is_reset_at_that_byte)
{
    (void)trial;
    expect_run(PEERS "+5ms s reset after=4B\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCD\"\n"
                     "s.end+1ms expect t == 12ms\nc expect reset\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(PEERS "+5ms s reset after=4\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCDE\"\nc expect reset\n",
               TORC_SCENARIO_FAIL, "");
    return NULL;
}

TORC_TEST(what_came_before_the_line_counts)
{
    (void)trial;
    expect_run(PEERS "+5ms c send \"ABCDEF\"\n+5ms s reset after=6B\n+0 c expect nothing\n+1ms c expect reset\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(too_few_bytes_are_a_failure_unless_it_is_optional)
{
    (void)trial;
    expect_run(PEERS "+5ms s reset after=7B\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCDEF\"\n", TORC_SCENARIO_FAIL,
               "s was not reset: 6 of 7 bytes have come");
    expect_run(PEERS "+5ms s reset after=7B optional\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCDEF\"\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(of_two_bytes_the_first_is_where_it_is_reset)
{
    (void)trial;
    expect_run(PEERS "+5ms s reset after=4B\n+0 s reset after=6B\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCD\"\n"
                     "s.end+1ms expect t == 12ms\nc expect reset\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(PEERS "+5ms s reset after=7B\n+0 s reset after=9B\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCDEF\"\n",
               TORC_SCENARIO_FAIL, "s was not reset: 6 of 7 bytes have come");
    expect_run(PEERS "+5ms s reset after=7B optional\n+0 s reset after=9B\n+5ms c send \"ABCDEF\"\n+0..1ms s expect \"ABCDEF\"\n",
               TORC_SCENARIO_FAIL, "s was not reset: 6 of 9 bytes have come");
    return NULL;
}

TORC_TEST(one_that_was_never_made_is_not_reset_and_that_is_no_failure)
{
    (void)trial;
    expect_run("scn 1\nhost a,b peer\n+5ms s reset after=7B\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(mistakes_are_shown_where_they_are)
{
    (void)trial;
    expect_refused(PEERS "+5ms s reset after=0\n", "t.scn:7:20: after nothing is at once: say reset");
    expect_refused(PEERS "+5ms s reset after=4x\n", "t.scn:7:20: a size is a number of bytes");
    expect_refused(PEERS "+5ms s reset aftr=4\n", "t.scn:7:14: unknown key 'aftr'; did you mean 'after'?");
    expect_refused(PEERS "+5ms s reset optional\n", "t.scn:7:14: a reset at once always happens");
    expect_refused(PEERS "+5ms s reset now\n", "t.scn:7:14: 'now' has no meaning after 'reset'");
    return NULL;
}

TORC_TRIAL_MAIN
