/* How scenarios are laid out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <torc/scenario.h>
#include <torc/trial.h>

#define HEAD "scn 1\nhost cli,srv peer\n"

static void collect(void *arg, const char *text)
{
    strncat(arg, text, 4000 - strlen(arg));
}

static void print(const char *text, char printed[4096])
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "a.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    printed[0] = '\0';
    torc_scenario_print(scenario, collect, printed);
    torc_scenario_free(scenario);
}

/* HEAD and `text` are printed as HEAD and `expected`, and that as itself. */
static void lays_out(const char *text, const char *expected)
{
    char given[4096];
    char wanted[4096];
    char printed[4096];

    snprintf(given, sizeof(given), HEAD "%s", text);
    snprintf(wanted, sizeof(wanted), HEAD "%s", expected);
    print(given, printed);
    assert_string_equal(printed, wanted);
    print(wanted, printed);
    assert_string_equal(printed, wanted);
}

TORC_TEST(words_have_one_blank_between_them)
{
    lays_out("link\t cli<->srv   delay=1ms \n0 cli   connect srv:1  as c\n+0\tc send \"a  b\"\n",
             "link cli<->srv delay=1ms\n0         cli connect srv:1 as c\n+0        c send \"a  b\"\n");
    return NULL;
}

TORC_TEST(what_happens_is_in_one_column_of_its_block)
{
    lays_out("0 srv listen 9\n1.000001s cli connect srv:9 as c\n100ms..200ms c expect connected\n\n+0 c close\n",
             "0            srv listen 9\n1.000001s    cli connect srv:9 as c\n"
             "100ms..200ms c expect connected\n\n+0        c close\n");
    return NULL;
}

TORC_TEST(assertions_and_campaigns_stand_in_the_same_column)
{
    lays_out("0 srv listen 9\nalways t < 1s\nnever t > 1s\nsometimes t > 0\nexplore seeds=1..2\nsweep k=1..\n",
             "0         srv listen 9\nalways    t < 1s\nnever     t > 1s\nsometimes t > 0\n"
             "explore   seeds=1..2\nsweep     k=1..\n");
    return NULL;
}

TORC_TEST(a_time_far_longer_than_others_stands_out)
{
    lays_out("0 srv listen 9\n+0 cli connect srv:9 as connection_of_the_client\n"
             "connection_of_the_client+1ms connection_of_the_client close\n",
             "0         srv listen 9\n+0        cli connect srv:9 as connection_of_the_client\n"
             "connection_of_the_client+1ms connection_of_the_client close\n");
    return NULL;
}

TORC_TEST(comments_behind_lines_are_in_one_column_of_their_block)
{
    lays_out("0 srv listen 9 # one\n+0 cli connect srv:9 as c #two  \n+0 c close\n\n+0 cli kill # three\n",
             "0         srv listen 9              # one\n+0        cli connect srv:9 as c    #two\n"
             "+0        c close\n\n+0        cli kill  # three\n");
    return NULL;
}

TORC_TEST(a_comment_behind_a_long_line_pushes_no_other)
{
    lays_out("0 cli connect srv:9 as c # one\n"
             "+0 c send \"0123456789012345678901234567890123456789012345678901234567890\" # two\n",
             "0         cli connect srv:9 as c    # one\n"
             "+0        c send \"0123456789012345678901234567890123456789012345678901234567890\"  # two\n");
    return NULL;
}

TORC_TEST(a_comment_that_goes_on_stays_below)
{
    lays_out("0 srv listen 9   # one\n   # and more\n   # and more\n# of its own\n   # too\n+0 srv kill\n   # too\n",
             "0         srv listen 9  # one\n                        # and more\n"
             "                        # and more\n# of its own\n# too\n+0        srv kill\n# too\n");
    return NULL;
}

TORC_TEST(of_several_empty_lines_one_stays)
{
    char printed[4096];

    lays_out("\n  \n\n0 srv listen 9\n\n# why\n\n\n\n+0 srv kill\n\t\n\n",
             "\n0         srv listen 9\n\n# why\n\n+0        srv kill\n");
    print("\n\n\nscn 1\n\n\n", printed);
    assert_string_equal(printed, "scn 1\n");
    return NULL;
}

TORC_TEST(parameters_stay_parameters_and_lines_end_with_a_newline)
{
    lays_out("param at=5ms\r\nparam what=\"a   b\"\r\n$at  cli connect srv:1 as c\r\n+0 c send $what",
             "param at=5ms\nparam what=\"a   b\"\n$at       cli connect srv:1 as c\n+0        c send $what\n");
    return NULL;
}

TORC_TRIAL_MAIN
